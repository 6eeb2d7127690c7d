// SPDX-License-Identifier: Apache-2.0
//! `erlang:trace/3`, `trace_pattern/3`, `trace_info/2`, `trace_delivered/1` (`erts/emulator/beam/erl_bif_trace.c`).
//!
//! A tracer is a process or a port, be it by itself or as the state of module `erl_tracer`. Other tracer modules have to be libraries in C, and
//! stock refuses those that are not.

mod events;
mod info;
mod monitor;
mod on_load;
mod patterns;
mod sequences;

pub use events::{From, received, sent};
pub use info::{trace_delivered, trace_info};
pub use monitor::{system_monitor0, system_monitor1, system_monitor2, system_profile0, system_profile2};
pub use on_load::loaded;
pub use patterns::trace_pattern;
pub use sequences::{
    process_token, reset, seq_trace, seq_trace_info, seq_trace_print, seq_trace_print2, set_token,
    set_tracer, token_item,
};

use super::processes::find_there;
use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::process::Process;
use crate::term::{LocalPid, LocalPort, Term, View};
use crate::trace::{Flag, Flags, Tracee, Tracer};

const BADOPT: Raise = Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));

/// What a list of flags says.
#[derive(Clone, Copy, Default)]
pub struct Wanted {
    /// The flags.
    pub flags: Flags,
    /// Who is to be told, if that is said.
    pub tracer: Option<Tracer>,
}

/// A tracer that is there: a pid, a port, or one of them behind `erl_tracer` (`erts_term_to_tracer`).
#[must_use]
pub fn read_tracer(cx: &Context<'_>, parts: &[Term]) -> Option<Tracer> {
    let state = match *parts {
        [state] => state,
        [module, state] if module == Term::atom(predefined::ERL_TRACER) => state,
        _ => return None,
    };
    let tracer = match state.view() {
        View::Pid(pid) => Tracer::Process(pid),
        View::Port(port) => Tracer::Port(port),
        _ => return None,
    };
    cx.vm.is_tracer_there(tracer, cx.process.pid).then_some(tracer)
}

/// Reads a list of flags. None if something else is in it.
#[must_use]
pub fn read_flags(cx: &Context<'_>, list: Term) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::CPU_TIMESTAMP) => return None,
            Some(name) => wanted.flags = wanted.flags.with(Flags::named(name)?),
            None => match cell.head().as_tuple()?.elements() {
                [name, tracer @ ..] if *name == Term::atom(predefined::TRACER) => {
                    wanted.tracer = Some(read_tracer(cx, tracer)?);
                }
                _ => return None,
            },
        }
        rest = cell.tail();
    }
    rest.is_nil().then_some(wanted)
}

/// Whether flags are set or taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Set,
    Clear,
}

/// How something is traced after a change; none if it may not be changed: nobody has two tracers.
fn changed(
    cx: &Context<'_>,
    before: Tracee,
    how: How,
    flags: Flags,
    tracer: Option<Tracer>,
) -> Option<Tracee> {
    let other = before.tracer.filter(|other| tracer.is_some_and(|tracer| tracer != *other));
    if other.is_some_and(|other| cx.vm.is_tracer_there(other, cx.process.pid)) {
        return None;
    }
    let flags = match how {
        How::Set => before.flags.with(flags),
        How::Clear => before.flags.without(flags),
    };
    let tracer = tracer.or(before.tracer).filter(|_| !flags.is_empty());
    Some(Tracee { flags, tracer })
}

/// A change of how processes and ports are traced.
#[derive(Clone, Copy)]
struct Change {
    how: How,
    flags: Flags,
    tracer: Option<Tracer>,
}

impl Change {
    /// Changes a process. Gives whether there is such a process, and it may be changed.
    fn process(self, cx: &mut Context<'_>, pid: LocalPid) -> Option<bool> {
        let is_own = pid == cx.process.pid;
        let before = if is_own {
            cx.process.extension().map(|extension| extension.tracee)
        } else {
            find_there(cx, pid)?.extension().map(|extension| extension.tracee)
        };
        let before = before.unwrap_or_default();
        let Some(after) = changed(cx, before, self.how, self.flags, self.tracer) else { return Some(false) };
        if after == before {
            return Some(true);
        }
        if is_own {
            cx.process.extension_mut().tracee = after;
        } else if let Some(process) = find_there(cx, pid) {
            process.extension_mut().tracee = after;
        }
        Some(true)
    }

    /// Changes a port.
    fn port(self, cx: &mut Context<'_>, id: LocalPort) -> Option<bool> {
        let before = cx.vm.ports.get(id)?.tracee;
        let Some(after) = changed(cx, before, self.how, self.flags, self.tracer) else { return Some(false) };
        cx.vm.ports.get_mut(id)?.tracee = after;
        Some(true)
    }

    /// Changes how new processes or ports are traced.
    fn new_ones(self, before: Tracee, kept: Flags) -> Tracee {
        let flags = match self.how {
            How::Set => before.flags.with(self.flags.and(kept)),
            How::Clear => before.flags.without(self.flags.and(kept)),
        };
        let tracer = self.tracer.or(before.tracer).filter(|_| !flags.is_empty());
        Tracee { flags, tracer }
    }
}

/// Says in the log that somebody is traced already.
fn log_second_tracer(cx: &mut Context<'_>) {
    let (own, leader) = (cx.process.pid, cx.process.group_leader);
    let text = "** can only have one tracer per process\n";
    cx.vm.log(predefined::ERROR, own, leader, text, &mut |_| alloc::vec::Vec::new());
}

/// `erts_internal:trace/3`
pub fn trace(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wanted = read_flags(cx, args[2]).ok_or(BADOPT)?;
    let how = if args[1].as_boolean().ok_or(Raise::BADARG)? { How::Set } else { How::Clear };
    let own = (how == How::Set).then_some(Tracer::Process(cx.process.pid));
    let change = Change { how, flags: wanted.flags, tracer: wanted.tracer.or(own) };
    cx.vm.tracing.is_used = true;
    let one = match args[0].view() {
        View::Pid(pid) => Some(change.process(cx, pid)),
        View::Port(port) => Some(change.port(cx, port)),
        _ => None,
    };
    if let Some(one) = one {
        return match one {
            Some(true) => Ok(Term::count(1)),
            Some(false) => {
                log_second_tracer(cx);
                Err(Raise::BADARG)
            }
            None => Err(Raise::BADARG),
        };
    }
    trace_many(cx, args[0].as_atom().ok_or(Raise::BADARG)?, change)
}

/// Whom a name of several is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    Processes,
    Ports,
}

fn trace_many(cx: &mut Context<'_>, whom: Atom, change: Change) -> BifResult {
    let (existing, new, kind) = match whom {
        predefined::ALL => (true, true, Kind::All),
        predefined::PROCESSES => (true, true, Kind::Processes),
        predefined::PORTS => (true, true, Kind::Ports),
        predefined::EXISTING => (true, false, Kind::All),
        predefined::EXISTING_PROCESSES => (true, false, Kind::Processes),
        predefined::EXISTING_PORTS => (true, false, Kind::Ports),
        predefined::NEW => (false, true, Kind::All),
        predefined::NEW_PROCESSES => (false, true, Kind::Processes),
        predefined::NEW_PORTS => (false, true, Kind::Ports),
        _ => return Err(Raise::BADARG),
    };
    let mut count = 0;
    if existing {
        let has = |kinds: Flags| !change.flags.and(kinds).is_empty();
        let modifiers = has(Flags::MODIFIERS);
        let own_flags = |kind: Kind, flags: Flags| match kind {
            Kind::All => has(flags) || modifiers,
            _ => has(flags.with(Flags::MODIFIERS)),
        };
        if kind != Kind::Ports && own_flags(kind, Flags::OF_PROCESSES.without(Flags::MODIFIERS)) {
            let pids: alloc::vec::Vec<LocalPid> = cx.vm.processes.pids().collect();
            count += pids.into_iter().filter(|pid| change.process(cx, *pid) == Some(true)).count();
        }
        if kind != Kind::Processes && own_flags(kind, Flags::OF_PORTS.without(Flags::MODIFIERS)) {
            let ports = cx.vm.ports.ids();
            count += ports.into_iter().filter(|port| change.port(cx, *port) == Some(true)).count();
        }
    }
    if new && kind != Kind::Ports {
        let before = cx.vm.tracing.new_processes;
        cx.vm.tracing.new_processes = change.new_ones(before, Flags::OF_PROCESSES);
    }
    if new && kind != Kind::Processes {
        let before = cx.vm.tracing.new_ports;
        cx.vm.tracing.new_ports = change.new_ones(before, Flags::OF_PORTS);
    }
    Ok(Term::count(count))
}

/// What match specifications do to the process that calls: takes flags away and sets others. Gives whether that changed anything.
pub fn change_own(cx: &mut Context<'_>, clear: Flags, set: Flags, tracer: Option<Tracer>) -> bool {
    let before = cx.process.extension().map_or(Tracee::default(), |extension| extension.tracee);
    let flags = before.flags.without(clear).with(set);
    let tracer = tracer.or(before.tracer).filter(|_| !flags.is_empty());
    let flags = if tracer.is_some() { flags } else { Flags::NONE };
    let after = Tracee { flags, tracer };
    if after == before {
        return false;
    }
    cx.process.extension_mut().tracee = after;
    cx.vm.tracing.is_used = true;
    true
}

/// The same of any process. None if there is no such process.
pub fn change_other(
    cx: &mut Context<'_>,
    pid: LocalPid,
    clear: Flags,
    set: Flags,
    tracer: Option<Tracer>,
) -> Option<bool> {
    if pid == cx.process.pid {
        return Some(change_own(cx, clear, set, tracer));
    }
    let process = find_there(cx, pid)?;
    let tracee = &mut process.extension_mut().tracee;
    let before = *tracee;
    let flags = before.flags.without(clear).with(set);
    *tracee = match tracer.or(before.tracer).filter(|_| !flags.is_empty()) {
        Some(tracer) => Tracee { flags, tracer: Some(tracer) },
        None => Tracee::default(),
    };
    let is_changed = *tracee != before;
    cx.vm.tracing.is_used = true;
    Some(is_changed)
}

/// Whether a new process is linked to its parent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IsLinked {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Makes a new process traced as its parent says, or as all new ones are. Tells of it.
pub fn spawned(
    cx: &mut Context<'_>,
    child: &mut Process,
    function: [Term; 2],
    arguments: &[Term],
    is_linked: IsLinked,
) {
    let is_linked = is_linked == IsLinked::Yes;
    if !cx.vm.tracing.is_used {
        return;
    }
    let parent = cx.process.tracee();
    if cx.vm.tracing.new_processes.tracer.is_some() {
        child.extension_mut().tracee = cx.vm.tracing.new_processes;
    }
    let own = cx.process.pid;
    let arguments = crate::heap::build::list(cx.heap(), arguments);
    let call = crate::heap::build::tuple(cx.heap(), &[function[0], function[1], arguments]);
    let (parent_term, child_term) = (Term::pid(own), Term::pid(child.pid));
    if let Some(tracee) = parent {
        let (spawn, first_spawn) = (Flag::SetOnSpawn, Flag::SetOnFirstSpawn);
        let (link, first_link) = (Flag::SetOnLink, Flag::SetOnFirstLink);
        let mut kept = tracee.flags;
        let mut child_flags = child.tracee().unwrap_or_default().flags;
        let mut is_passed = false;
        if kept.has(spawn) {
            child_flags = child_flags.with(kept);
            is_passed = true;
        }
        if kept.has(first_spawn) {
            let once = Flags::of(spawn).with(Flags::of(first_spawn));
            child_flags = child_flags.with(kept).without(once);
            kept = kept.without(once);
            is_passed = true;
        }
        if is_linked && (kept.has(link) || kept.has(first_link)) {
            child_flags = child_flags.with(kept);
            if kept.has(first_link) {
                let once = Flags::of(link).with(Flags::of(first_link));
                child_flags = child_flags.without(once);
                kept = kept.without(once);
            }
            is_passed = true;
        }
        if is_passed {
            child.extension_mut().tracee = Tracee { flags: child_flags, tracer: tracee.tracer };
            cx.process.extension_mut().tracee.flags = kept;
        }
        let event = [Term::atom(predefined::SPAWN), child_term, call];
        let told = parent.filter(|_| !cx.process.is_sensitive());
        cx.vm.trace_event_of(own, told, Flag::Procs, &event);
        if is_linked {
            let event = [Term::atom(predefined::LINK), child_term];
            cx.vm.trace_event_of(own, told, Flag::Procs, &event);
        }
    }
    let tracee = child.tracee();
    let event = [Term::atom(predefined::SPAWNED), parent_term, call];
    cx.vm.trace_event_of(child.pid, tracee, Flag::Procs, &event);
    if is_linked {
        let event = [Term::atom(predefined::GETTING_LINKED), parent_term];
        cx.vm.trace_event_of(child.pid, tracee, Flag::Procs, &event);
    }
}
