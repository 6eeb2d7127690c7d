// SPDX-License-Identifier: Apache-2.0
//! `erts_debug:get_internal_state/1` and `set_internal_state/2`: what OTP's test suites look at and turn (`erl_bif_info.c`). They raise `undef`
//! until somebody asks for them by `set_internal_state(available_internal_state, true)`. A key that has no meaning here is `badarg`.

use super::{BifResult, Context, Raise};
use crate::atom::{AtomTable, predefined};
use crate::heap::{Fragment, build};
use crate::process::Lookup;
use crate::term::Term;
use crate::vm::LoopLimits;

/// What the logger is told of the process that makes the state available.
const WARNING: &str = " enabled access to the emulator internal state.\nNOTE: This is an erts internal test feature and should *only* be used by OTP test-suites.\n";

/// The most reductions that a process is given.
const MOST_REDUCTIONS: i64 = 4000;

/// `erts_debug:get_internal_state/1`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !cx.vm.is_internal_state_available {
        return Err(Raise::UNDEF);
    }
    if let Some(name) = args[0].as_atom() {
        return match cx.vm.atoms.text(name) {
            "available_internal_state" => Ok(Term::boolean(true)),
            "force_heap_frags" => Ok(Term::boolean(false)),
            "persistent_term" => {
                let places = Term::count(cx.vm.persistent.places());
                let table = [(Term::atom(predefined::TABLE), places)];
                Ok(crate::map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &table))
            }
            "reds_left" => Ok(Term::small_cut(cx.process.reductions_left.max(0))),
            _ => Err(Raise::BADARG),
        };
    }
    let tuple = args[0].as_tuple().ok_or(Raise::BADARG)?;
    let [name, value] = tuple.elements() else { return Err(Raise::BADARG) };
    match cx.vm.atoms.text(name.as_atom().ok_or(Raise::BADARG)?) {
        "internal_hash" => Ok(Term::small_cut(i64::from(crate::hash::internal(*value)))),
        "process_status" => process_status(cx, *value),
        _ => Err(Raise::BADARG),
    }
}

/// The state of a process, be it one that `process_info` does not tell of any more.
fn process_status(cx: &mut Context<'_>, pid: Term) -> BifResult {
    let pid = pid.as_pid().ok_or(Raise::BADARG)?;
    if cx.vm.ending.iter().any(|ending| ending.pid() == pid) {
        return Ok(Term::atom(predefined::EXITING));
    }
    if matches!(cx.vm.processes.lookup(pid), Lookup::Dead) {
        return Ok(Term::atom(predefined::UNDEFINED));
    }
    let item = super::processes::info::process_info2(cx, &[Term::pid(pid), Term::atom(predefined::STATUS)])?;
    item.as_tuple().and_then(|pair| pair.elements().get(1).copied()).ok_or(Raise::BADARG)
}

/// `erts_debug:set_internal_state/2`
pub fn set(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom();
    if name == Some(predefined::AVAILABLE_INTERNAL_STATE)
        && let Some(value) = args[1].as_boolean()
    {
        if value {
            let (pid, leader) = (cx.process.pid, cx.process.group_leader);
            let text = alloc::format!("Process <0.{}.{}>{WARNING}", pid.number(), pid.serial());
            let text = &mut |heap: &mut Fragment| alloc::vec![build::string(heap, &text)];
            cx.vm.log(predefined::WARNING, pid, leader, "~s~n", text);
        }
        return Ok(Term::boolean(core::mem::replace(&mut cx.vm.is_internal_state_available, value)));
    }
    if !cx.vm.is_internal_state_available {
        return Err(Raise::UNDEF);
    }
    match cx.vm.atoms.text(name.ok_or(Raise::BADARG)?) {
        "reds_left" => {
            let left = args[1].as_small().ok_or(Raise::BADARG)?;
            if (0..=MOST_REDUCTIONS).contains(&left) {
                cx.process.reductions_left = left;
            }
            Ok(Term::boolean(true))
        }
        "fill_heap" => super::memory::garbage_collect(cx, &[Term::atom(predefined::MAJOR)]),
        "binary_loop_limit" => limit(&mut cx.vm.loop_limits.binaries, &cx.vm.atoms, args[1]),
        "re_loop_limit" => limit(&mut cx.vm.loop_limits.patterns, &cx.vm.atoms, args[1]),
        "unicode_loop_limit" => limit(&mut cx.vm.loop_limits.characters, &cx.vm.atoms, args[1]),
        "wait" => wait(cx, args),
        // As in a build of stock's emulator that is not for debugging.
        "ets_force_trap" => Ok(Term::atom(predefined::NOTSUP)),
        "mbuf" => {
            let literals = cx.vm.literals.addresses();
            Ok(crate::copy::copy(args[1], cx.heap(), &literals))
        }
        _ => Err(Raise::BADARG),
    }
}

/// Sets a limit of steps; gives the one before.
fn limit(limit: &mut usize, atoms: &AtomTable, value: Term) -> BifResult {
    let wanted = match (value.as_small(), value.as_atom()) {
        (Some(number), _) => usize::try_from(number).ok().filter(|number| *number > 0),
        (None, Some(name)) => Some(LoopLimits::NONE).filter(|_| atoms.text(name) == "default"),
        _ => None,
    };
    let wanted = wanted.ok_or(Raise::BADARG)?;
    Ok(Term::count(core::mem::replace(limit, wanted)))
}

/// Waits until what was let go of is gone. All but processes that are ending goes at once.
fn wait(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match cx.vm.atoms.text(args[1].as_atom().ok_or(Raise::BADARG)?) {
        "deallocations" | "timer_cancellations" | "aux_work" | "thread_progress" => {}
        _ => return Err(Raise::BADARG),
    }
    if cx.vm.ending.is_empty() { Ok(Term::atom(predefined::OK)) } else { Err(cx.yield_with(args)) }
}
