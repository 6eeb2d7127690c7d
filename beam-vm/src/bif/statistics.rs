// SPDX-License-Identifier: Apache-2.0
//! What the machine counts.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::Term;

/// What `statistics/1` has told last, since it tells the difference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    reductions: u64,
    exact_reductions: u64,
    runtime: u64,
    wall_clock: u64,
}

/// A total and how much it has grown since it was told last.
fn growing(cx: &mut Context<'_>, total: u64, told: impl Fn(&mut Told) -> &mut u64) -> Term {
    let before = core::mem::replace(told(&mut cx.vm.told), total);
    let heap = cx.heap();
    let parts = [build::unsigned(heap, total), build::unsigned(heap, total - before)];
    build::tuple(heap, &parts)
}

/// Reductions of all processes, the one that calls included.
fn reductions(cx: &Context<'_>) -> u64 {
    cx.vm.reductions + (cx.vm.slice - cx.process.reductions_left).max(0) as u64
}

/// `statistics/1`
pub fn statistics(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let item = args[0].as_atom().ok_or(Raise::BADARG)?;
    let waiting = cx.vm.queue.len();
    let one = |cx: &mut Context<'_>, value: usize| build::list(cx.heap(), &[Term::count(value)]);
    Ok(match item {
        predefined::REDUCTIONS => {
            let total = reductions(cx);
            growing(cx, total, |told| &mut told.reductions)
        }
        predefined::EXACT_REDUCTIONS => {
            let total = reductions(cx);
            growing(cx, total, |told| &mut told.exact_reductions)
        }
        predefined::WALL_CLOCK => {
            let now = cx.vm.platform.monotonic() / 1_000_000;
            growing(cx, now, |told| &mut told.wall_clock)
        }
        predefined::RUNTIME => {
            let busy = cx.vm.platform.monotonic().saturating_sub(cx.vm.rested) / 1_000_000;
            growing(cx, busy, |told| &mut told.runtime)
        }
        predefined::CONTEXT_SWITCHES => {
            let turns = build::unsigned(&mut cx.process.heap, cx.vm.turns);
            build::tuple(cx.heap(), &[turns, Term::small_cut(0)])
        }
        predefined::GARBAGE_COLLECTION => {
            let heap = &mut cx.process.heap;
            let collections = build::unsigned(heap, cx.vm.collector.collections);
            let reclaimed = build::unsigned(heap, cx.vm.collector.reclaimed);
            build::tuple(heap, &[collections, reclaimed, Term::small_cut(0)])
        }
        predefined::RUN_QUEUE
        | predefined::TOTAL_RUN_QUEUE_LENGTHS
        | predefined::TOTAL_RUN_QUEUE_LENGTHS_ALL => Term::count(waiting),
        predefined::RUN_QUEUE_LENGTHS | predefined::RUN_QUEUE_LENGTHS_ALL => one(cx, waiting),
        // The process that asks is active too.
        predefined::TOTAL_ACTIVE_TASKS | predefined::TOTAL_ACTIVE_TASKS_ALL => Term::count(waiting + 1),
        predefined::ACTIVE_TASKS | predefined::ACTIVE_TASKS_ALL => one(cx, waiting + 1),
        predefined::SCHEDULER_WALL_TIME
        | predefined::SCHEDULER_WALL_TIME_ALL
        | predefined::MICROSTATE_ACCOUNTING => Term::atom(predefined::UNDEFINED),
        _ => return Err(Raise::BADARG),
    })
}
