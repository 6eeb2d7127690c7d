// SPDX-License-Identifier: Apache-2.0
//! Links and exit signals.

use super::settle;
use crate::atom::predefined;
use crate::bif::trace::{From, received};
use crate::bif::{BifResult, Context, Raise, ports};
use crate::heap::build;
use crate::process::{Lookup, Message};
use crate::signal::{Cause, Effect, effect};
use crate::term::{Term, View};
use crate::trace::Flag;

/// Puts an exit signal of the process that calls, or of one that is not there, into its own mailbox.
fn own_exit_message(cx: &mut Context<'_>, from: Term, reason: Term) {
    let message = [Term::atom(predefined::UPPER_EXIT), from, reason];
    let term = build::tuple(cx.heap(), &message);
    if cx.vm.tracing.is_used {
        let sender = from.as_pid().map_or(From::Machine, From::Process);
        received(cx.vm, cx.process, sender, term);
    }
    cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_program(term, None));
}

/// `link/1`
pub fn link(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let own = cx.process.pid;
    match args[0].view() {
        View::Pid(pid) if pid == own => return Ok(Term::boolean(true)),
        View::Pid(pid) => {
            if let Some(ending) = cx.vm.find_ending(pid) {
                if cx.process.links.insert(pid) {
                    ending.link(own);
                    tell(cx, predefined::LINK, pid);
                }
                return Ok(Term::boolean(true));
            }
            if let Lookup::Process(other) = cx.vm.processes.lookup(pid) {
                other.links.insert(own);
                cx.process.links.insert(pid);
                let tracee = other.watched();
                tell(cx, predefined::LINK, pid);
                let event = [Term::atom(predefined::GETTING_LINKED), Term::pid(own)];
                cx.vm.trace_event_of(pid, tracee, Flag::Procs, &event);
                return Ok(Term::boolean(true));
            }
        }
        View::Port(port) if ports::link(cx, port) => return Ok(Term::boolean(true)),
        View::Port(_) | View::ExternalPid(_) => {}
        _ => return Err(Raise::BADARG),
    }
    if !cx.process.trap_exit {
        return Err(Raise::error(predefined::NOPROC));
    }
    own_exit_message(cx, args[0], Term::atom(predefined::NOPROC));
    Ok(Term::boolean(true))
}

/// Tells of what a process does with another.
fn tell(cx: &mut Context<'_>, what: crate::atom::Atom, pid: crate::term::LocalPid) {
    cx.vm.trace_event(cx.process, Flag::Procs, &[Term::atom(what), Term::pid(pid)]);
}

/// `unlink/1`
pub fn unlink(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = match args[0].view() {
        View::Pid(pid) => pid,
        View::Port(port) => {
            ports::unlink(cx, port);
            return Ok(Term::boolean(true));
        }
        View::ExternalPid(_) | View::ExternalPort(_) => return Ok(Term::boolean(true)),
        _ => return Err(Raise::BADARG),
    };
    let own = cx.process.pid;
    if cx.process.links.remove(pid) {
        tell(cx, predefined::UNLINK, pid);
        if let Lookup::Process(other) = cx.vm.processes.lookup(pid) {
            other.links.remove(own);
            let tracee = other.watched();
            let event = [Term::atom(predefined::GETTING_UNLINKED), Term::pid(own)];
            cx.vm.trace_event_of(pid, tracee, Flag::Procs, &event);
        }
    }
    Ok(Term::boolean(true))
}

/// `exit/2`
pub fn exit2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = match args[0].view() {
        View::Pid(pid) => pid,
        View::Port(port) => return ports::exit(cx, port, args[1]),
        View::ExternalPid(_) | View::ExternalPort(_) => return Ok(Term::boolean(true)),
        _ => return Err(Raise::BADARG),
    };
    let own = cx.process.pid;
    if pid != own {
        cx.vm.exit_signal(Term::pid(own), pid, args[1], Cause::Exit, None);
        return Ok(Term::boolean(true));
    }
    // A process that ends itself with `normal` ends: the exception of the rule.
    if args[1] == Term::atom(predefined::NORMAL) && !cx.process.trap_exit {
        cx.process.exit_reason = args[1];
        return Err(Raise::Ended);
    }
    own_signal(cx, args[1])
}

/// `exit_signal/2`: as others would send it, also to itself.
pub fn exit_signal(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let own = cx.process.pid;
    match args[0].view() {
        View::Pid(pid) if pid == own => own_signal(cx, args[1]),
        View::Pid(_) => exit2(cx, args),
        View::ExternalPid(_) => Ok(Term::boolean(true)),
        _ => Err(Raise::BADARG),
    }
}

/// An exit signal of a process to itself.
fn own_signal(cx: &mut Context<'_>, reason: Term) -> BifResult {
    let own = cx.process.pid;
    match effect(cx.process, reason, Cause::Exit) {
        Effect::None => Ok(Term::boolean(true)),
        Effect::Message => {
            own_exit_message(cx, Term::pid(own), reason);
            Ok(Term::boolean(true))
        }
        Effect::End(replaced) => {
            cx.process.exit_reason = replaced.map_or(reason, Term::atom);
            Err(Raise::Ended)
        }
    }
}

/// `is_process_alive/1`
pub fn is_process_alive(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    settle(cx, args[0], args)?;
    match args[0].view() {
        View::Pid(pid) => Ok(Term::boolean(cx.vm.processes.is_alive(pid))),
        _ => Err(Raise::BADARG),
    }
}

/// `erts_internal:is_process_alive/2`: the answer comes as a message.
pub fn is_process_alive_reply(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (View::Pid(pid), View::Reference(_)) = (args[0].view(), args[1].view()) else {
        return Err(Raise::BADARG);
    };
    settle(cx, args[0], args)?;
    let alive = cx.vm.processes.is_alive(pid);
    let term = build::tuple(cx.heap(), &[args[1], Term::boolean(alive)]);
    cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
    Ok(Term::atom(predefined::OK))
}
