// SPDX-License-Identifier: Apache-2.0
//! Flags of processes.

use super::{BADOPT, badarg_with, find, settle};
use crate::atom::{Atom, predefined};
use crate::bif::memory::{max_heap_size, max_heap_size_map};
use crate::bif::{BifResult, Context, Raise};
use crate::heap::HeapLimits;
use crate::process::{MessagePlace, Priority};
use crate::term::{Term, View};

/// The priority of a name.
pub(super) fn priority(term: Term) -> Option<Priority> {
    match term.as_atom()? {
        predefined::MAX => Some(Priority::Max),
        predefined::HIGH => Some(Priority::High),
        predefined::NORMAL => Some(Priority::Normal),
        predefined::LOW => Some(Priority::Low),
        _ => None,
    }
}

/// The name of a priority.
pub(super) fn priority_atom(priority: Priority) -> Term {
    Term::atom(match priority {
        Priority::Max => predefined::MAX,
        Priority::High => predefined::HIGH,
        Priority::Normal => predefined::NORMAL,
        Priority::Low => predefined::LOW,
    })
}

/// Where messages are kept.
pub(in crate::bif) fn message_place(term: Term) -> Option<MessagePlace> {
    match term.as_atom()? {
        predefined::ON_HEAP => Some(MessagePlace::OnHeap),
        predefined::OFF_HEAP => Some(MessagePlace::OffHeap),
        _ => None,
    }
}

/// The name of where messages are kept.
pub(in crate::bif) fn message_place_atom(place: MessagePlace) -> Term {
    Term::atom(match place {
        MessagePlace::OnHeap => predefined::ON_HEAP,
        MessagePlace::OffHeap => predefined::OFF_HEAP,
    })
}

/// A number of words, as large as heaps of at least that size are.
pub(super) fn heap_words(term: Term) -> Option<u32> {
    let words = usize::try_from(term.as_small()?).ok()?;
    Some(HeapLimits::rounded(words))
}

/// The most calls that can be kept.
const SAVED_CALLS_MAX: i64 = 10_000;

fn saved_calls(term: Term) -> Option<u32> {
    let count = term.as_small().filter(|count| (0..=SAVED_CALLS_MAX).contains(count))?;
    u32::try_from(count).ok()
}

/// `process_flag/2`
pub fn process_flag(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let value = args[1];
    match args[0].view() {
        View::Atom(flag) => set(cx, flag, value),
        View::Tuple(pair) if pair.len() == 2 => {
            let is_nodes = pair.elements()[0] == Term::atom(predefined::MONITOR_NODES);
            if is_nodes { monitor_nodes(cx, pair.elements()[1], value) } else { Err(BADOPT) }
        }
        _ => Err(BADOPT),
    }
}

fn set(cx: &mut Context<'_>, flag: Atom, value: Term) -> BifResult {
    let process = &mut *cx.process;
    let boolean = || value.as_boolean().ok_or(Raise::BADARG);
    Ok(match flag {
        predefined::TRAP_EXIT => Term::boolean(core::mem::replace(&mut process.trap_exit, boolean()?)),
        predefined::PRIORITY => {
            let wanted = priority(value).ok_or(Raise::BADARG)?;
            priority_atom(core::mem::replace(&mut process.priority, wanted))
        }
        predefined::ERROR_HANDLER => {
            let module = value.as_atom().ok_or(Raise::BADARG)?;
            Term::atom(core::mem::replace(&mut process.error_handler, module))
        }
        predefined::MIN_HEAP_SIZE => {
            let words = heap_words(value).ok_or(Raise::BADARG)?;
            Term::count(core::mem::replace(&mut process.heap.limits_mut().min_words, words) as usize)
        }
        predefined::MIN_BIN_VHEAP_SIZE => {
            let words = heap_words(value).ok_or(Raise::BADARG)?;
            Term::count(core::mem::replace(&mut process.heap.limits_mut().min_binary_words, words) as usize)
        }
        predefined::FULLSWEEP_AFTER => {
            let count = value.as_small().filter(|count| *count >= 0).ok_or(Raise::BADARG)? as u16;
            Term::count(usize::from(core::mem::replace(
                &mut process.heap.limits_mut().fullsweep_after,
                count,
            )))
        }
        predefined::MAX_HEAP_SIZE => {
            let before = *process.heap.limits();
            max_heap_size(value, &cx.vm.heap_limits, process.heap.limits_mut())?;
            max_heap_size_map(&mut process.heap, &before)
        }
        predefined::MESSAGE_QUEUE_DATA => {
            let place = message_place(value).ok_or(Raise::BADARG)?;
            message_place_atom(core::mem::replace(&mut process.message_place, place))
        }
        predefined::SAVE_CALLS => {
            let count = saved_calls(value).ok_or(badarg_with(predefined::NONE))?;
            let before = process.keep_calls(count);
            keep_own_calls(cx, count);
            Term::count(before as usize)
        }
        predefined::SENSITIVE => {
            Term::boolean(core::mem::replace(&mut process.extension_mut().sensitive, boolean()?))
        }
        predefined::SCHEDULER => {
            value.as_small().filter(|number| (0..=1).contains(number)).ok_or(Raise::BADARG)?;
            Term::small_cut(0)
        }
        predefined::MONITOR_NODES => monitor_nodes(cx, Term::NIL, value)?,
        _ => return Err(BADOPT),
    })
}

/// The calls of the process that runs are kept, or are not any longer.
fn keep_own_calls(cx: &mut Context<'_>, most: u32) {
    if most == 0 {
        cx.vm.calls_end();
    } else if !cx.vm.tracing.detours.is_on() {
        cx.vm.calls_soon(cx.process);
    }
}

/// `process_flag({monitor_nodes, Options}, _)`: how often the process has asked to be told of nodes.
fn monitor_nodes(cx: &mut Context<'_>, options: Term, value: Term) -> BifResult {
    let wanted = value.as_boolean().ok_or(Raise::BADARG)?;
    if super::super::lists::proper(options).is_none() && options.as_map().is_none() {
        return Err(BADOPT);
    }
    let count = &mut cx.process.extension_mut().node_monitors;
    let before = *count;
    *count = if wanted { before + 1 } else { 0 };
    Ok(Term::count(before as usize))
}

/// `erts_internal:process_flag/3`: what is wrong is told as an atom.
pub fn process_flag_of(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let badarg = Ok(Term::atom(predefined::BADARG));
    settle(cx, args[0], args)?;
    let Some(process) = args[0].as_pid().and_then(|pid| find(cx, pid)) else {
        return Ok(Term::atom(predefined::BADTYPE));
    };
    if args[1] != Term::atom(predefined::SAVE_CALLS) {
        return badarg;
    }
    let Some(count) = saved_calls(args[2]) else { return badarg };
    let (before, pid) = (process.keep_calls(count), process.pid);
    if pid == cx.process.pid {
        keep_own_calls(cx, count);
    } else if count > 0 {
        cx.vm.tracing.is_used = true;
    }
    Ok(Term::count(before as usize))
}
