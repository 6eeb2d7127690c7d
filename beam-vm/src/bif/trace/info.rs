// SPDX-License-Identifier: Apache-2.0
//! What is traced: `trace_info/2`, and when all is told: `trace_delivered/1`.

use alloc::vec::Vec;

use super::BADOPT;
use crate::atom::{Atom, predefined};
use crate::bif::processes::settle;
use crate::bif::{BifIndex, BifResult, Context, Raise};
use crate::copy;
use crate::heap::build;
use crate::process::Lookup;
use crate::term::{LocalPid, Term};
use crate::trace::{EventPattern, Name, Pattern, Spent, Tracee, Tracer};

fn pair(cx: &mut Context<'_>, item: Term, value: Term) -> Term {
    build::tuple(cx.heap(), &[item, value])
}

/// `trace_info/2`
pub fn trace_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let item = args[1].as_atom().ok_or(Raise::BADARG)?;
    settle(cx, args[0], args)?;
    if let Some(pid) = args[0].as_pid() {
        let tracee = if pid == cx.process.pid {
            cx.process.tracee()
        } else {
            match cx.vm.processes.lookup(pid) {
                Lookup::Process(process) => process.tracee(),
                _ => return Ok(Term::atom(predefined::UNDEFINED)),
            }
        };
        let tracee = there(cx, tracee.unwrap_or_default());
        return of_process(cx, tracee, item);
    }
    if let Some(port) = args[0].as_port() {
        let tracee = cx.vm.ports.get(port).map(|port| port.tracee);
        return match tracee {
            Some(tracee) => of_process(cx, there(cx, tracee), item),
            None => Ok(Term::atom(predefined::UNDEFINED)),
        };
    }
    match args[0].as_atom() {
        Some(predefined::NEW | predefined::NEW_PROCESSES) => {
            let tracee = there(cx, cx.vm.tracing.new_processes);
            return of_process(cx, tracee, item);
        }
        Some(predefined::NEW_PORTS) => {
            let tracee = there(cx, cx.vm.tracing.new_ports);
            return of_process(cx, tracee, item);
        }
        Some(predefined::SEND) => {
            let pattern = cx.vm.tracing.sent.clone();
            return of_event(cx, &pattern, item);
        }
        Some(predefined::RECEIVE) => {
            let pattern = cx.vm.tracing.received.clone();
            return of_event(cx, &pattern, item);
        }
        Some(predefined::ON_LOAD) => return super::on_load::info(cx, item),
        _ => {}
    }
    let tuple = args[0].as_tuple().ok_or(BADOPT)?;
    let [module, function, arity] = tuple.elements() else { return Err(Raise::BADARG) };
    let names = (module.as_atom(), function.as_atom());
    let (Some(module), Some(function)) = names else { return Err(Raise::BADARG) };
    let arity = arity.as_small().and_then(|arity| u32::try_from(arity).ok()).ok_or(Raise::BADARG)?;
    of_function(cx, (module, function, arity), item)
}

/// Nothing is traced whose tracer is gone.
fn there(cx: &Context<'_>, tracee: Tracee) -> Tracee {
    match tracee.tracer {
        Some(tracer) if cx.vm.is_tracer_there(tracer, cx.process.pid) => tracee,
        _ => Tracee::default(),
    }
}

/// Of which messages is told.
fn of_event(cx: &mut Context<'_>, pattern: &EventPattern, item: Atom) -> BifResult {
    if item != predefined::MATCH_SPEC {
        return Err(Raise::BADARG);
    }
    let value = match (&pattern.pattern.program, pattern.is_on) {
        (_, false) => Term::boolean(false),
        (None, true) => Term::boolean(true),
        (Some(_), true) => source(cx, Some(&pattern.pattern)),
    };
    Ok(pair(cx, Term::atom(item), value))
}

fn of_process(cx: &mut Context<'_>, tracee: Tracee, item: Atom) -> BifResult {
    let value = match item {
        predefined::FLAGS => {
            let mut list = Term::NIL;
            for name in tracee.flags.names() {
                list = build::cons(cx.heap(), Term::atom(name), list);
            }
            list
        }
        predefined::TRACER => tracee.tracer.map_or(Term::NIL, Tracer::term),
        _ => return Err(Raise::BADARG),
    };
    Ok(pair(cx, Term::atom(item), value))
}

/// What is known of a function.
struct Facts {
    traced: Atom,
    pattern: Option<Pattern>,
    meta: Option<crate::trace::Meta>,
    count: Option<u64>,
    times: Option<Vec<(LocalPid, Spent)>>,
}

fn facts(cx: &Context<'_>, name: Name) -> Option<Facts> {
    let (module, function, arity) = name;
    let instance = cx.vm.code.current(module)?;
    let mut functions = instance.functions().iter();
    let entry = functions.find(|entry| entry.name == function && entry.arity == arity)?;
    let points = &cx.vm.tracing.points;
    let export = cx.vm.code.find_export(module, function, arity);
    let bif = export.and_then(|export| BifIndex::from_raw(export.bif.get()));
    let (point, global) = match bif {
        Some(bif) => {
            let bif = points.bifs.get(&bif);
            (bif.map(|bif| &bif.point), bif.and_then(|bif| bif.global.as_ref()))
        }
        None => {
            let point = points.local.get(&instance.address(entry.entry).addr());
            (point.map(|(_, point)| point), points.global.get(&name).map(|point| &point.pattern))
        }
    };
    let local = point.and_then(|point| point.local.clone());
    let traced = if local.is_some() {
        predefined::LOCAL
    } else if global.is_some() {
        predefined::GLOBAL
    } else {
        predefined::FALSE
    };
    Some(Facts {
        traced,
        pattern: local.or_else(|| global.cloned()),
        meta: point.and_then(|point| point.meta.clone()),
        count: point.and_then(|point| point.count).map(|count| count.calls),
        times: point.and_then(|point| point.time.as_ref()).map(|times| {
            let mut all: Vec<_> = times.of.iter().map(|(pid, spent)| (*pid, *spent)).collect();
            all.sort_unstable_by_key(|(pid, _)| *pid);
            all
        }),
    })
}

pub(super) fn source(cx: &mut Context<'_>, pattern: Option<&Pattern>) -> Term {
    match pattern {
        None => Term::boolean(false),
        Some(pattern) => match &pattern.source {
            Some(source) => copy::copy(source.0, cx.heap(), &(0..0)),
            None => Term::NIL,
        },
    }
}

fn of_function(cx: &mut Context<'_>, name: Name, item: Atom) -> BifResult {
    let Some(facts) = facts(cx, name) else {
        return Ok(pair(cx, Term::atom(item), Term::atom(predefined::UNDEFINED)));
    };
    if facts.traced == predefined::FALSE
        && facts.meta.is_none()
        && facts.count.is_none()
        && facts.times.is_none()
    {
        return Ok(pair(cx, Term::atom(item), Term::boolean(false)));
    }
    let items: &[Atom] = match item {
        predefined::ALL => &[
            predefined::TRACED,
            predefined::MATCH_SPEC,
            predefined::META,
            predefined::META_MATCH_SPEC,
            predefined::CALL_TIME,
            predefined::CALL_COUNT,
        ],
        _ => &[item],
    };
    let mut pairs = Vec::with_capacity(items.len());
    for name in items {
        let value = match *name {
            predefined::TRACED => Term::atom(facts.traced),
            predefined::MATCH_SPEC => source(cx, facts.pattern.as_ref()),
            predefined::META => facts.meta.as_ref().map_or(Term::boolean(false), |meta| meta.tracer.term()),
            predefined::META_MATCH_SPEC => source(cx, facts.meta.as_ref().map(|meta| &meta.pattern)),
            predefined::CALL_COUNT => match facts.count {
                Some(count) => build::unsigned(cx.heap(), count),
                None => Term::boolean(false),
            },
            predefined::CALL_TIME => match &facts.times {
                Some(times) => time_list(cx, times),
                None => Term::boolean(false),
            },
            _ => return Err(Raise::BADARG),
        };
        pairs.push(pair(cx, Term::atom(*name), value));
    }
    if item == predefined::ALL {
        let list = build::list(cx.heap(), &pairs);
        return Ok(pair(cx, Term::atom(item), list));
    }
    Ok(pairs[0])
}

/// `[{Pid, Calls, Seconds, Microseconds}]`
fn time_list(cx: &mut Context<'_>, times: &[(LocalPid, Spent)]) -> Term {
    let tuples: Vec<Term> = times
        .iter()
        .map(|(pid, spent)| {
            let micros = spent.time / 1000;
            let parts = [spent.calls, micros / 1_000_000, micros % 1_000_000];
            let [calls, seconds, micros] = parts.map(|part| build::unsigned(cx.heap(), part));
            build::tuple(cx.heap(), &[Term::pid(*pid), calls, seconds, micros])
        })
        .collect();
    build::list(cx.heap(), &tuples)
}

/// `trace_delivered/1`: what was told is delivered when it is told.
pub fn trace_delivered(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0].as_pid().is_none() && args[0] != Term::atom(predefined::ALL) {
        return Err(Raise::BADARG);
    }
    let numbers = cx.vm.new_reference();
    let reference = build::reference(cx.heap(), numbers, None);
    let message = [Term::atom(predefined::TRACE_DELIVERED), args[0], reference];
    let term = build::tuple(cx.heap(), &message);
    cx.answer(term);
    Ok(reference)
}
