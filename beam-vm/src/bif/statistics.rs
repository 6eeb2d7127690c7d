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

/// When the measuring of wall time began, and how long nobody had run before: nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct WallTime {
    began: u64,
    rested: u64,
}

/// The one scheduler's number, the time in which somebody ran, and all time, since it is measured.
fn wall_time(cx: &mut Context<'_>) -> Term {
    let Some(WallTime { began, rested }) = cx.vm.wall_time else { return Term::atom(predefined::UNDEFINED) };
    let total = cx.vm.platform.monotonic() - began;
    let active = total.saturating_sub(cx.vm.rested - rested);
    let heap = cx.heap();
    let parts = [Term::count(1), build::unsigned(heap, active), build::unsigned(heap, total)];
    let one = build::tuple(heap, &parts);
    build::list(heap, &[one])
}

/// `erts_internal:scheduler_wall_time/1`: whether wall time is measured. Gives whether it was.
pub fn scheduler_wall_time(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let was_measured = cx.vm.wall_time.is_some();
    if args[0] == Term::boolean(false) {
        cx.vm.wall_time = None;
    } else if !was_measured {
        cx.vm.wall_time = Some(WallTime { began: cx.vm.platform.monotonic(), rested: cx.vm.rested });
    }
    Ok(Term::boolean(was_measured))
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
            let up = cx.vm.up() / 1_000_000;
            growing(cx, up, |told| &mut told.wall_clock)
        }
        predefined::RUNTIME => {
            let busy = cx.vm.busy() / 1_000_000;
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
        predefined::SCHEDULER_WALL_TIME | predefined::SCHEDULER_WALL_TIME_ALL => wall_time(cx),
        predefined::MICROSTATE_ACCOUNTING => super::accounting::counters(cx),
        predefined::IO => {
            let (input, output) = cx.vm.ports.traffic;
            let mut pair = |name, bytes| {
                let bytes = build::unsigned(cx.heap(), bytes);
                build::tuple(cx.heap(), &[Term::atom(name), bytes])
            };
            let pairs = [pair(predefined::INPUT, input), pair(predefined::OUTPUT, output)];
            build::tuple(cx.heap(), &pairs)
        }
        _ => return Err(Raise::BADARG),
    })
}
