// SPDX-License-Identifier: Apache-2.0
//! `system_monitor/0,1,2` and `system_profile/0,2` (`erl_bif_trace.c`).

use alloc::vec::Vec;

use super::read_tracer;
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::term::{Term, View};
use crate::trace::{Stamp, SystemMonitor, SystemProfile, Tracer};

/// The least that is a large heap.
const LARGE: u64 = 16_384;

/// What is told, and to whom.
fn monitored(cx: &mut Context<'_>) -> Term {
    let monitor = cx.vm.system_monitor(cx.process.pid);
    let Some(to) = monitor.to else { return Term::atom(predefined::UNDEFINED) };
    let mut all = Vec::new();
    all.extend(monitor.busy_dist_port.then(|| Term::atom(predefined::BUSY_DIST_PORT)));
    all.extend(monitor.busy_port.then(|| Term::atom(predefined::BUSY_PORT)));
    let numbers = [
        (predefined::LARGE_HEAP, monitor.large_heap),
        (predefined::LONG_SCHEDULE, monitor.long_schedule),
        (predefined::LONG_GC, monitor.long_gc),
    ];
    for (name, number) in numbers.into_iter().filter(|(_, number)| *number > 0) {
        let number = build::unsigned(cx.heap(), number);
        all.push(build::tuple(cx.heap(), &[Term::atom(name), number]));
    }
    let all = build::list(cx.heap(), &all);
    build::tuple(cx.heap(), &[Term::pid(to), all])
}

/// A number that is not negative and has a word's bits at most.
fn natural(term: Term) -> Option<u64> {
    match term.view() {
        View::Small(number) => u64::try_from(number).ok(),
        View::Big(number) => number.integer().to_u64(),
        _ => None,
    }
}

fn read_monitor(cx: &Context<'_>, to: Term, list: Term) -> Option<SystemMonitor> {
    let pid = to.as_pid().filter(|pid| *pid == cx.process.pid || cx.vm.processes.is_there(*pid))?;
    let mut monitor = SystemMonitor { to: Some(pid), ..SystemMonitor::default() };
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        rest = cell.tail();
        match cell.head().as_atom() {
            Some(predefined::BUSY_PORT) => monitor.busy_port = true,
            Some(predefined::BUSY_DIST_PORT) => monitor.busy_dist_port = true,
            Some(_) => return None,
            None => {
                let pair = cell.head().as_tuple()?;
                let [name, number] = *pair.elements() else { return None };
                let number = natural(number)?;
                match name.as_atom()? {
                    predefined::LONG_GC => monitor.long_gc = number.max(1),
                    predefined::LONG_SCHEDULE => monitor.long_schedule = number.max(1),
                    predefined::LARGE_HEAP => monitor.large_heap = number.max(LARGE),
                    _ => return None,
                }
            }
        }
    }
    rest.is_nil().then_some(monitor)
}

/// `system_monitor/0`
pub fn system_monitor0(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(monitored(cx))
}

/// `system_monitor/1`
pub fn system_monitor1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0] == Term::atom(predefined::UNDEFINED) {
        return system_monitor2(cx, &[args[0], Term::NIL]);
    }
    match args[0].as_tuple().as_ref().map(|pair| pair.elements()) {
        Some([to, list]) => system_monitor2(cx, &[*to, *list]),
        _ => Err(Raise::BADARG),
    }
}

/// `system_monitor/2`
pub fn system_monitor2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_none = args[0] == Term::atom(predefined::UNDEFINED) || args[1].is_nil();
    let monitor = if is_none {
        SystemMonitor::default()
    } else {
        read_monitor(cx, args[0], args[1]).ok_or(Raise::BADARG)?
    };
    let before = monitored(cx);
    cx.vm.tracing.monitor = monitor;
    cx.vm.tracing.is_used = true;
    Ok(before)
}

fn profiled(cx: &mut Context<'_>) -> Term {
    let profile = cx.vm.system_profile(cx.process.pid);
    let Some(to) = profile.to else { return Term::atom(predefined::UNDEFINED) };
    let items = [
        (profile.is_exclusive, predefined::EXCLUSIVE),
        (profile.scheduler, predefined::SCHEDULER),
        (profile.processes, predefined::RUNNABLE_PROCS),
        (profile.ports, predefined::RUNNABLE_PORTS),
    ];
    let items: Vec<Term> =
        items.into_iter().filter(|(is_told, _)| *is_told).map(|(_, name)| Term::atom(name)).collect();
    let items = build::list(cx.heap(), &items);
    build::tuple(cx.heap(), &[to.term(), items])
}

fn read_profile(cx: &Context<'_>, to: Term, list: Term) -> Option<SystemProfile> {
    let to: Tracer = read_tracer(cx, &[to])?;
    let mut profile = SystemProfile { to: Some(to), ..SystemProfile::default() };
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        rest = cell.tail();
        match cell.head().as_atom()? {
            predefined::RUNNABLE_PROCS => profile.processes = true,
            predefined::RUNNABLE_PORTS => profile.ports = true,
            predefined::EXCLUSIVE => profile.is_exclusive = true,
            predefined::SCHEDULER => profile.scheduler = true,
            predefined::TIMESTAMP => profile.stamp = Stamp::System,
            predefined::STRICT_MONOTONIC_TIMESTAMP => profile.stamp = Stamp::Strict,
            predefined::MONOTONIC_TIMESTAMP => profile.stamp = Stamp::Monotonic,
            _ => return None,
        }
    }
    rest.is_nil().then_some(profile)
}

/// `system_profile/0`
pub fn system_profile0(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(profiled(cx))
}

/// `system_profile/2`
pub fn system_profile2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_none = args[0] == Term::atom(predefined::UNDEFINED) || args[1].is_nil();
    let profile = if is_none {
        SystemProfile::default()
    } else {
        read_profile(cx, args[0], args[1]).ok_or(Raise::BADARG)?
    };
    let before = profiled(cx);
    cx.vm.set_profile(profile);
    cx.vm.tracing.is_used = true;
    Ok(before)
}
