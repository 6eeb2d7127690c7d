// SPDX-License-Identifier: Apache-2.0
//! `erlang:trace/3`, `trace_pattern/3`, `trace_info/2`, `trace_delivered/1` (`erts/emulator/beam/erl_bif_trace.c`).
//!
//! A tracer is a process or a port, be it by itself or as the state of module `erl_tracer`. Other tracer modules have to be libraries in C, and
//! stock refuses those that are not.

mod info;
mod patterns;
mod sequences;

pub use info::{trace_delivered, trace_info};
pub use patterns::trace_pattern;
pub use sequences::{
    process_token, reset, seq_trace, seq_trace_info, seq_trace_print, seq_trace_print2, set_token,
    set_tracer, token_item,
};

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::process::{Lookup, Process};
use crate::term::{LocalPid, Term, View};
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

/// Changes how a process is traced. Gives whether that may be done: nobody has two tracers.
fn change(process: &mut Process, how: How, flags: Flags, tracer: Tracer) -> bool {
    let before = process.extension().map_or(Tracee::default(), |extension| extension.tracee);
    let after = match how {
        How::Set => {
            if before.tracer.is_some_and(|other| other != tracer) {
                return false;
            }
            before.flags.with(flags)
        }
        How::Clear => before.flags.without(flags),
    };
    let tracer = match how {
        How::Set => Some(tracer),
        How::Clear => before.tracer,
    };
    let tracee = Tracee { flags: after, tracer: tracer.filter(|_| !after.is_empty()) };
    if tracee != before {
        process.extension_mut().tracee = tracee;
    }
    true
}

/// What `erlang:trace/3` is about.
struct Whom {
    existing: bool,
    new: bool,
}

/// `erts_internal:trace/3`
pub fn trace(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wanted = read_flags(cx, args[2]).ok_or(BADOPT)?;
    let how = if args[1].as_boolean().ok_or(Raise::BADARG)? { How::Set } else { How::Clear };
    let tracer = wanted.tracer.unwrap_or(Tracer::Process(cx.process.pid));
    cx.vm.tracing.is_used = true;
    if let Some(pid) = args[0].as_pid() {
        let is_done = if pid == cx.process.pid {
            change(cx.process, how, wanted.flags, tracer)
        } else {
            match cx.vm.processes.lookup(pid) {
                Lookup::Process(process) => change(process, how, wanted.flags, tracer),
                _ => false,
            }
        };
        return if is_done { Ok(Term::count(1)) } else { Err(Raise::BADARG) };
    }
    let whom = match args[0].as_atom() {
        Some(predefined::ALL | predefined::PROCESSES) => Whom { existing: true, new: true },
        Some(predefined::EXISTING | predefined::EXISTING_PROCESSES) => Whom { existing: true, new: false },
        Some(predefined::NEW | predefined::NEW_PROCESSES) => Whom { existing: false, new: true },
        Some(predefined::PORTS | predefined::EXISTING_PORTS | predefined::NEW_PORTS) => {
            Whom { existing: false, new: false }
        }
        _ => return Err(Raise::BADARG),
    };
    let mut count = 0;
    if whom.existing {
        let pids: alloc::vec::Vec<LocalPid> =
            cx.vm.processes.pids().filter(|pid| Tracer::Process(*pid) != tracer).collect();
        for pid in pids {
            count += usize::from(if pid == cx.process.pid {
                change(cx.process, how, wanted.flags, tracer)
            } else {
                match cx.vm.processes.lookup(pid) {
                    Lookup::Process(process) => change(process, how, wanted.flags, tracer),
                    _ => false,
                }
            });
        }
    }
    if whom.new {
        let before = cx.vm.tracing.new_processes;
        let flags = match how {
            How::Set => before.flags.with(wanted.flags),
            How::Clear => before.flags.without(wanted.flags),
        };
        let tracer = if flags.is_empty() { None } else { Some(tracer) };
        cx.vm.tracing.new_processes = Tracee { flags, tracer };
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

/// Makes a new process traced as its parent says, or as all new ones are. Tells of it.
pub fn spawned(cx: &mut Context<'_>, child: &mut Process, function: [Term; 2], arguments: &[Term]) {
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
        let first = tracee.flags.has(Flag::SetOnFirstSpawn);
        if first || tracee.flags.has(Flag::SetOnSpawn) {
            let flags =
                if first { tracee.flags.without(Flags::of(Flag::SetOnFirstSpawn)) } else { tracee.flags };
            child.extension_mut().tracee = Tracee { flags, tracer: tracee.tracer };
            if first {
                cx.process.extension_mut().tracee.flags = flags;
            }
        }
        let event = [Term::atom(predefined::SPAWN), child_term, call];
        cx.vm.trace_event_of(own, parent, Flag::Procs, &event);
    }
    let tracee = child.tracee();
    let event = [Term::atom(predefined::SPAWNED), parent_term, call];
    cx.vm.trace_event_of(child.pid, tracee, Flag::Procs, &event);
}
