// SPDX-License-Identifier: Apache-2.0
//! What is known of a process: `process_info/1` and `process_info/2`.
//!
//! The process that is asked about is taken out of the table for as long as that takes, unless it is the one that asks. What is found is
//! kept as `Facts`, which become terms of the process that asks when nothing of the other is borrowed any more.

mod facts;

use alloc::string::String;
use alloc::vec::Vec;

use super::{find, settle};
use crate::atom::{Atom, predefined};
use crate::bif::lists::proper;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::process::{MessagePlace, Process};
use crate::term::{LocalPid, Term};
use facts::{Facts, Subject};

/// What `process_info/1` tells, in its order.
const ITEMS: [Atom; 17] = [
    predefined::REGISTERED_NAME,
    predefined::CURRENT_FUNCTION,
    predefined::INITIAL_CALL,
    predefined::STATUS,
    predefined::MESSAGE_QUEUE_LEN,
    predefined::LINKS,
    predefined::DICTIONARY,
    predefined::TRAP_EXIT,
    predefined::ERROR_HANDLER,
    predefined::PRIORITY,
    predefined::GROUP_LEADER,
    predefined::TOTAL_HEAP_SIZE,
    predefined::HEAP_SIZE,
    predefined::STACK_SIZE,
    predefined::REDUCTIONS,
    predefined::GARBAGE_COLLECTION,
    predefined::SUSPENDING,
];

/// All items that `process_info/2` knows, in stock's order.
pub const ALL: [Atom; 36] = [
    predefined::REGISTERED_NAME,
    predefined::CURRENT_FUNCTION,
    predefined::INITIAL_CALL,
    predefined::STATUS,
    predefined::MESSAGES,
    predefined::MESSAGE_QUEUE_LEN,
    predefined::LINKS,
    predefined::MONITORS,
    predefined::MONITORED_BY,
    predefined::DICTIONARY,
    predefined::TRAP_EXIT,
    predefined::ERROR_HANDLER,
    predefined::HEAP_SIZE,
    predefined::STACK_SIZE,
    predefined::MEMORY,
    predefined::GARBAGE_COLLECTION,
    predefined::GARBAGE_COLLECTION_INFO,
    predefined::GROUP_LEADER,
    predefined::REDUCTIONS,
    predefined::PRIORITY,
    predefined::TRACE,
    predefined::BINARY,
    predefined::SEQUENTIAL_TRACE_TOKEN,
    predefined::CATCHLEVEL,
    predefined::BACKTRACE,
    predefined::LAST_CALLS,
    predefined::TOTAL_HEAP_SIZE,
    predefined::SUSPENDING,
    predefined::MIN_HEAP_SIZE,
    predefined::MIN_BIN_VHEAP_SIZE,
    predefined::MAX_HEAP_SIZE,
    predefined::CURRENT_LOCATION,
    predefined::CURRENT_STACKTRACE,
    predefined::MESSAGE_QUEUE_DATA,
    predefined::FULLSWEEP_AFTER,
    predefined::PARENT,
];

/// `erts_internal:process_display/2`: writes the stack of a process to the console.
pub fn process_display(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[1] != Term::atom(predefined::BACKTRACE) {
        return Ok(Term::atom(predefined::BADOPT));
    }
    let Some(pid) = args[0].as_pid() else { return Ok(Term::atom(predefined::BADARG)) };
    settle(cx, args[0], args)?;
    let Some(values) = tell(cx, pid, &[predefined::BACKTRACE])? else {
        return Ok(Term::atom(predefined::BADARG));
    };
    let text: Vec<u8> = values[0].as_bits().map(|bits| bits.bytes().collect()).unwrap_or_default();
    cx.vm.platform.complain(&text);
    Ok(Term::boolean(true))
}

/// The stack of the process that calls, as text.
pub fn stack_text(cx: &Context<'_>) -> String {
    Subject { vm: cx.vm, process: cx.process, is_running: true }.backtrace()
}

/// What it takes to look at another process.
const OF_ANOTHER: u32 = 20;

/// Tells items of a process; none if there is no such process.
fn tell(cx: &mut Context<'_>, pid: LocalPid, items: &[Atom]) -> Result<Option<Vec<Term>>, Raise> {
    let is_own = pid == cx.process.pid;
    let facts: Vec<_> = if is_own {
        if items.contains(&predefined::MESSAGES) {
            // What is told is a part of the heap from now on.
            cx.process.mailbox.take_in_all(&mut cx.process.heap);
        }
        let subject = Subject { vm: cx.vm, process: cx.process, is_running: true };
        items.iter().map(|item| Facts::of(&subject, *item)).collect()
    } else {
        if find(cx, pid).is_none() {
            // An item that there is not is an error even then.
            let nobody = Subject { vm: cx.vm, process: cx.process, is_running: false };
            let known = items.iter().all(|item| Facts::of(&nobody, *item).is_some());
            return if known { Ok(None) } else { Err(Raise::BADARG) };
        }
        let Some(mut process) = cx.vm.processes.take(pid) else { return Ok(None) };
        if items.contains(&predefined::MESSAGES) && process.message_place == MessagePlace::OnHeap {
            process.mailbox.take_in_all(&mut process.heap);
        }
        let facts = other(cx, &process, items);
        cx.vm.processes.park(process);
        facts
    };
    if !is_own {
        // Stock asks the other process and waits for its answer.
        cx.bump(OF_ANOTHER);
    }
    let words: usize = facts.iter().flatten().map(Facts::cost).sum();
    cx.bump((words / 10).min(4000) as u32);
    let heap = &mut cx.process.heap;
    let mut terms = Vec::with_capacity(facts.len());
    for fact in facts {
        terms.push(fact.ok_or(Raise::BADARG)?.build(heap));
    }
    Ok(Some(terms))
}

/// The facts of another process, whose terms are copied to the heap of the one that asks.
fn other(cx: &mut Context<'_>, process: &Process, items: &[Atom]) -> Vec<Option<Facts>> {
    let literals = cx.vm.literals.addresses();
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let subject = Subject { vm: cx.vm, process, is_running: false };
        let facts = Facts::of(&subject, *item);
        let heap = &mut cx.process.heap;
        all.push(facts.map(|facts| facts.map(|term| crate::copy::copy(term, heap, &literals))));
    }
    all
}

/// `process_info/1`
pub fn process_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    settle(cx, args[0], args)?;
    let Some(values) = tell(cx, pid, &ITEMS)? else { return Ok(Term::atom(predefined::UNDEFINED)) };
    let pairs = ITEMS.iter().zip(values).filter(|(item, value)| {
        // What has no name and is nowhere has no such lines.
        let may_lack = [predefined::REGISTERED_NAME, predefined::CURRENT_FUNCTION];
        !(may_lack.contains(item) && (value.is_nil() || *value == Term::atom(predefined::UNDEFINED)))
    });
    let heap = &mut cx.process.heap;
    let pairs: Vec<Term> =
        pairs.map(|(item, value)| build::tuple(heap, &[Term::atom(*item), value])).collect();
    Ok(build::list(heap, &pairs))
}

/// `process_info/2`
pub fn process_info2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    settle(cx, args[0], args)?;
    if let Some(item) = args[1].as_atom() {
        let Some(values) = tell(cx, pid, &[item])? else { return Ok(Term::atom(predefined::UNDEFINED)) };
        // The one item that has no pair if there is nothing to say.
        if item == predefined::REGISTERED_NAME && values[0].is_nil() {
            return Ok(Term::NIL);
        }
        return Ok(build::tuple(cx.heap(), &[Term::atom(item), values[0]]));
    }
    let items = proper(args[1]).ok_or(Raise::BADARG)?;
    let items: Option<Vec<Atom>> = items.into_iter().map(Term::as_atom).collect();
    let items = items.ok_or(Raise::BADARG)?;
    let Some(values) = tell(cx, pid, &items)? else { return Ok(Term::atom(predefined::UNDEFINED)) };
    let heap = &mut cx.process.heap;
    let pairs: Vec<Term> = items
        .iter()
        .zip(values)
        .map(|(item, value)| build::tuple(heap, &[Term::atom(*item), value]))
        .collect();
    Ok(build::list(heap, &pairs))
}
