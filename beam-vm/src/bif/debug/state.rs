// SPDX-License-Identifier: Apache-2.0
//! `erts_debug:get_internal_state/1` and `set_internal_state/2`: what OTP's own test suites ask of the inside of the machine, once they have said
//! that they may (`erl_bif_info.c`). What is about stock's threads, caches and connections is not there.

use alloc::vec::Vec;

use crate::atom::{Atom, AtomTable, predefined};
use crate::bif::processes::info;
use crate::bif::{BifResult, Context, Raise};
use crate::gc::Extent;
use crate::heap::{build, kept_bytes};
use crate::process::{Lookup, Peer, Process, State, Target};
use crate::sched::SLICE;
use crate::term::{Kind, LocalPid, Term, layout};
use crate::vm::LoopLimits;

/// What stock says in its log when somebody gets access.
const NOTE: &str = "Process ~p enabled access to the emulator internal state.\n\
    NOTE: This is an erts internal test feature and should *only* be used by OTP test-suites.\n";

/// What a process is doing, for those who are not the process itself.
fn status(cx: &mut Context<'_>, pid: LocalPid) -> Atom {
    // `process_info` does not tell of it any more.
    if cx.vm.ending.iter().any(|ending| ending.pid() == pid) {
        return predefined::EXITING;
    }
    if pid == cx.process.pid {
        return predefined::RUNNING;
    }
    match cx.vm.processes.lookup(pid) {
        Lookup::Process(process) if process.suspended > 0 => predefined::SUSPENDED,
        Lookup::Process(process) => match process.state {
            State::Waiting | State::Hibernating => predefined::WAITING,
            State::Runnable => predefined::RUNNABLE,
            State::Exiting => predefined::EXITING,
        },
        Lookup::Away | Lookup::Dead => predefined::UNDEFINED,
    }
}

/// What is known of a binary's place: the bytes of the object on the heap, and those of the block that it is in, with the room behind them.
fn binary_info(cx: &mut Context<'_>, term: Term) -> Option<Term> {
    term.as_bits()?;
    let mut boxed = term.as_boxed()?;
    if boxed.header().kind() == Kind::SubBinary {
        boxed = boxed.terms().first()?.as_boxed()?;
    }
    if boxed.header().kind() != Kind::RefcBinary {
        return Some(Term::atom(predefined::HEAP_BINARY));
    }
    let word = |place: usize| boxed.words().get(place - 1).copied();
    let size = Term::count(usize::try_from(word(layout::REFC_BYTES)?).ok()?);
    let flags = Term::count(usize::try_from(word(layout::REFC_FLAGS)?).ok()?);
    let block = Term::count(kept_bytes(term)?);
    let heap = cx.heap();
    let binary = build::tuple(heap, &[Term::atom(predefined::BINARY), block]);
    Some(build::tuple(heap, &[Term::atom(predefined::REFC_BINARY), size, binary, flags]))
}

/// A list of records `erl_link`: kind, who is at the other end, `linked`, and where that is kept, which is nowhere by itself.
fn links(cx: &mut Context<'_>, of: Term) -> Option<Term> {
    let peers: Option<Vec<Peer>> = match (of.as_pid(), of.as_port()) {
        (Some(pid), _) if pid == cx.process.pid => Some(cx.process.links.iter().collect()),
        (Some(pid), _) => match cx.vm.processes.lookup(pid) {
            Lookup::Process(process) => Some(process.links.iter().collect()),
            _ => None,
        },
        (None, Some(port)) => cx.vm.ports.get(port).map(|port| port.links.iter().collect()),
        _ => return None,
    };
    let Some(peers) = peers else { return Some(Term::atom(predefined::UNDEFINED)) };
    let heap = cx.heap();
    let mut list = Term::NIL;
    for peer in peers {
        let is_port = matches!(peer, Peer::Port(_)) || of.as_port().is_some();
        let kind = if is_port { predefined::PORT } else { predefined::PROCESS };
        let names = [predefined::ERL_LINK, kind, predefined::LINKED].map(Term::atom);
        let record = build::tuple(heap, &[names[0], names[1], peer.term(), names[2], Term::small_cut(0)]);
        list = build::cons(heap, record, list);
    }
    Some(list)
}

/// A list of records `erl_monitor`: kind, `origin` or `target`, reference, who is at the other end, and the name that was asked for.
fn monitors(cx: &mut Context<'_>, pid: LocalPid) -> Term {
    let collect = |process: &Process| {
        let watched = process.extension().map(|extension| extension.monitors.sorted()).unwrap_or_default();
        (watched, process.watchers.sorted())
    };
    let found = match cx.vm.processes.lookup(pid) {
        _ if pid == cx.process.pid => Some(collect(cx.process)),
        Lookup::Process(process) => Some(collect(process)),
        _ => None,
    };
    let Some((watched, watchers)) = found else { return Term::atom(predefined::UNDEFINED) };
    // By which name a process is watched, the one that watches knows.
    let name_for = |process: &Process, numbers| match process.extension()?.monitors.get(numbers)?.target {
        Target::Name(_, name) => Some(name),
        _ => None,
    };
    let mut named = Vec::with_capacity(watchers.len());
    for (numbers, watcher) in watchers {
        let name = match cx.vm.processes.lookup(watcher) {
            _ if watcher == cx.process.pid => name_for(cx.process, numbers),
            Lookup::Process(process) => name_for(process, numbers),
            _ => None,
        };
        named.push((numbers, watcher, name.map_or(Term::NIL, Term::atom)));
    }
    let heap = cx.heap();
    let mut list = Term::NIL;
    let mut record = |kind, direction, numbers, other, extra| {
        let names = [predefined::ERL_MONITOR, kind, direction].map(Term::atom);
        let reference = build::reference(heap, numbers, None);
        let record = build::tuple(heap, &[names[0], names[1], names[2], reference, other, extra]);
        list = build::cons(heap, record, list);
    };
    for (numbers, monitor) in watched {
        let (kind, other, name) = match monitor.target {
            Target::None => continue,
            Target::Process(pid) => (predefined::PROCESS, Term::pid(pid), Term::NIL),
            Target::Name(pid, name) => (predefined::PROCESS, Term::pid(pid), Term::atom(name)),
            Target::Port(port) => (predefined::PORT, Term::port(port), Term::NIL),
            Target::PortName(port, name) => (predefined::PORT, Term::port(port), Term::atom(name)),
            Target::TimeOffset => (predefined::TIME_OFFSET, Term::atom(predefined::CLOCK_SERVICE), Term::NIL),
        };
        record(kind, predefined::ORIGIN, numbers, other, name);
    }
    for (numbers, pid, name) in named {
        record(predefined::PROCESS, predefined::TARGET, numbers, Term::pid(pid), name);
    }
    list
}

/// `erts_debug:get_internal_state/1`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !cx.vm.settings.shows_internal_state {
        return Err(Raise::UNDEF);
    }
    if let Some(pair) = args[0].as_tuple() {
        let [name, of] = *pair.elements() else { return Err(Raise::BADARG) };
        return match (name.as_atom(), of.as_pid()) {
            (Some(predefined::PROCESS_STATUS), Some(pid)) => Ok(Term::atom(status(cx, pid))),
            (Some(predefined::BINARY_INFO), None) => binary_info(cx, of).ok_or(Raise::BADARG),
            (Some(predefined::LINK_LIST), _) => links(cx, of).ok_or(Raise::BADARG),
            (Some(predefined::MONITOR_LIST), Some(pid)) => Ok(monitors(cx, pid)),
            (Some(name), _) if cx.vm.atoms.text(name) == "internal_hash" => {
                Ok(Term::small_cut(i64::from(crate::hash::internal(of))))
            }
            _ => Err(Raise::BADARG),
        };
    }
    Ok(match args[0].as_atom().ok_or(Raise::BADARG)? {
        predefined::AVAILABLE_INTERNAL_STATE => Term::boolean(true),
        predefined::FORCE_HEAP_FRAGS => Term::boolean(false),
        predefined::REDS_LEFT => Term::count(cx.process.reductions_left.max(0) as usize),
        predefined::PROCESSES => {
            let pids: Vec<Term> = cx.vm.processes.pids().map(Term::pid).collect();
            build::list(cx.heap(), &pids)
        }
        predefined::PROCESSES_BIF_INFO => {
            // The table of processes is one piece, which is looked through at once; 20 pids count as a reduction.
            let limit = cx.vm.processes.limit() as i64;
            let numbers = [0, 1, limit, limit, 0, 0, 0, 20, 0].map(Term::small_cut);
            let mut record = Vec::from([Term::atom(predefined::PTAB_LIST_BIF_INFO)]);
            record.extend(numbers);
            build::tuple(cx.heap(), &record)
        }
        predefined::PROCESS_INFO_ARGS => {
            let items = info::ALL.map(Term::atom);
            build::list(cx.heap(), &items)
        }
        predefined::CHECK_IO_DEBUG => {
            // No errors, and what is watched; drivers and NIFs watch nothing of their own.
            let ports = &cx.vm.ports;
            let watched = Term::count(ports.streams.len() + ports.sockets.len());
            build::tuple(cx.heap(), &[Term::small_cut(0), watched, Term::small_cut(0), Term::small_cut(0)])
        }
        name if cx.vm.atoms.text(name) == "persistent_term" => {
            let table = [(Term::atom(predefined::TABLE), Term::count(cx.vm.persistent.places()))];
            crate::map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &table)
        }
        _ => return Err(Raise::BADARG),
    })
}

/// `erts_debug:set_internal_state/2`
pub fn set(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let item = args[0].as_atom();
    if let (Some(predefined::AVAILABLE_INTERNAL_STATE), Some(is_on)) = (item, args[1].as_boolean()) {
        let was_on = core::mem::replace(&mut cx.vm.settings.shows_internal_state, is_on);
        if is_on {
            let (own, leader) = (cx.process.pid, cx.process.group_leader);
            cx.vm.log(predefined::WARNING, own, leader, NOTE, &mut |_| Vec::from([Term::pid(own)]));
        }
        return Ok(Term::boolean(was_on));
    }
    if !cx.vm.settings.shows_internal_state {
        return Err(Raise::UNDEF);
    }
    match item.ok_or(Raise::BADARG)? {
        predefined::REDS_LEFT => {
            let left = args[1].as_small().ok_or(Raise::BADARG)?;
            if (0..=SLICE).contains(&left) {
                cx.process.reductions_left = left;
            }
            Ok(Term::boolean(true))
        }
        predefined::FORCE_GC => {
            let pid = args[1].as_pid().filter(|pid| *pid != cx.process.pid).ok_or(Raise::BADARG)?;
            let is_there = matches!(cx.vm.processes.lookup(pid), Lookup::Process(_));
            Ok(Term::boolean(is_there && cx.vm.collect_parked(pid, Extent::Full)))
        }
        predefined::TEST_LONG_GC_SLEEP => {
            let millis =
                args[1].as_small().and_then(|millis| u64::try_from(millis).ok()).ok_or(Raise::BADARG)?;
            cx.vm.settings.collection_delay = millis.saturating_mul(1_000_000);
            Ok(Term::boolean(true))
        }
        predefined::WAIT => wait(cx, args),
        name => match cx.vm.atoms.text(name) {
            "fill_heap" => crate::bif::memory::garbage_collect(cx, &[Term::atom(predefined::MAJOR)]),
            "binary_loop_limit" => limit(&mut cx.vm.loop_limits.binaries, &cx.vm.atoms, args[1]),
            "re_loop_limit" => limit(&mut cx.vm.loop_limits.patterns, &cx.vm.atoms, args[1]),
            "unicode_loop_limit" => limit(&mut cx.vm.loop_limits.characters, &cx.vm.atoms, args[1]),
            // As in a build of stock's emulator that is not for debugging.
            "ets_force_trap" => Ok(Term::atom(predefined::NOTSUP)),
            "mbuf" => {
                let literals = cx.vm.literals.addresses();
                Ok(crate::copy::copy(args[1], cx.heap(), &literals))
            }
            _ => Err(Raise::BADARG),
        },
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

/// Waits until what was let go of is gone. All but processes that are ending and the objects of tables goes at once.
fn wait(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match cx.vm.atoms.text(args[1].as_atom().ok_or(Raise::BADARG)?) {
        "deallocations" | "timer_cancellations" | "aux_work" | "thread_progress" => {}
        _ => return Err(Raise::BADARG),
    }
    let is_done = cx.vm.ending.is_empty() && !cx.vm.tables.has_waste();
    if is_done { Ok(Term::atom(predefined::OK)) } else { Err(cx.yield_with(args)) }
}
