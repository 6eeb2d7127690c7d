// SPDX-License-Identifier: Apache-2.0
//! Names of processes, and lists of all of them.

use alloc::vec::Vec;

use super::{badarg_with, find, find_there, settle};
use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context, Raise, ports};
use crate::heap::build;
use crate::term::{Term, View};
use crate::trace::Flag;

/// `register/2`
pub fn register(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    const NONE: Raise = badarg_with(predefined::NONE);
    let name = args[0].as_atom().filter(|name| *name != predefined::UNDEFINED).ok_or(NONE)?;
    let pid = match args[1].view() {
        View::Pid(pid) => pid,
        View::Port(_) if is_taken(cx, name) => return Err(NONE),
        View::Port(port) => {
            ports::register(cx, name, port).map_err(badarg_with)?;
            return Ok(Term::boolean(true));
        }
        _ => return Err(NONE),
    };
    if is_taken(cx, name) {
        let is_alive = find_there(cx, pid).is_some();
        return Err(if is_alive { NONE } else { badarg_with(predefined::NOTALIVE) });
    }
    let Some(process) = find_there(cx, pid) else { return Err(badarg_with(predefined::NOTALIVE)) };
    let extension = process.extension_mut();
    if extension.registered.is_some() {
        return Err(badarg_with(predefined::REGISTERED_NAME));
    }
    extension.registered = Some(name);
    let tracee = process.watched();
    cx.vm.trace_event_of(pid, tracee, Flag::Procs, &[Term::atom(predefined::REGISTER), args[0]]);
    cx.vm.registry.insert(name, pid);
    Ok(Term::boolean(true))
}

/// Whether a process or port has a name.
fn is_taken(cx: &Context<'_>, name: Atom) -> bool {
    cx.vm.registry.contains_key(&name) || cx.vm.ports.names.contains_key(&name)
}

/// `unregister/1`
pub fn unregister(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    if let Some(id) = cx.vm.ports.names.remove(&name) {
        if let Some(port) = cx.vm.ports.get_mut(id) {
            port.registered = None;
            let tracee = port.tracee;
            cx.vm.trace_port(id, tracee, Flag::Ports, &[Term::atom(predefined::UNREGISTER), args[0]]);
        }
        return Ok(Term::boolean(true));
    }
    let pid = cx.vm.registry.remove(&name).ok_or(Raise::BADARG)?;
    if let Some(process) = find_there(cx, pid) {
        process.extension_mut().registered = None;
        let tracee = process.watched();
        cx.vm.trace_event_of(pid, tracee, Flag::Procs, &[Term::atom(predefined::UNREGISTER), args[0]]);
    }
    Ok(Term::boolean(true))
}

/// `whereis/1`
pub fn whereis(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    let process = cx.vm.registry.get(&name).map(|pid| Term::pid(*pid));
    let port = cx.vm.ports.names.get(&name).map(|port| Term::port(*port));
    Ok(process.or(port).unwrap_or(Term::atom(predefined::UNDEFINED)))
}

/// `registered/0`
pub fn registered(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let names = cx.vm.registry.keys().chain(cx.vm.ports.names.keys());
    let names: Vec<Term> = names.map(|name| Term::atom(*name)).collect();
    Ok(build::list(cx.heap(), &names))
}

/// `processes/0`
pub fn processes(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let pids: Vec<Term> = cx.vm.processes.pids().map(Term::pid).collect();
    cx.bump((pids.len() / 20) as u32);
    Ok(build::list(cx.heap(), &pids))
}

/// `group_leader/0`
pub fn group_leader(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(cx.process.group_leader)
}

/// `erts_internal:group_leader/2`: what is wrong is told as an atom.
pub fn set_group_leader(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_leader = matches!(args[0].view(), View::Pid(_) | View::ExternalPid(_));
    let View::Pid(pid) = args[1].view() else { return Ok(Term::atom(predefined::BADARG)) };
    if !is_leader {
        return Ok(Term::atom(predefined::BADARG));
    }
    settle(cx, args[1], args)?;
    if pid == cx.process.pid {
        cx.process.group_leader = args[0];
        return Ok(Term::boolean(true));
    }
    let literals = cx.vm.literals.addresses();
    match find(cx, pid) {
        Some(process) => {
            process.group_leader = crate::copy::copy(args[0], &mut process.heap, &literals);
            Ok(Term::boolean(true))
        }
        None => Ok(Term::atom(predefined::BADARG)),
    }
}

/// `erts_internal:group_leader/3`: the result is sent with a reference.
pub fn set_group_leader_reply(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_leader = matches!(args[0].view(), View::Pid(_) | View::ExternalPid(_));
    if !is_leader || args[1].as_pid().is_none() || !matches!(args[2].view(), View::Reference(_)) {
        return Err(Raise::BADARG);
    }
    let result = set_group_leader(cx, args)?;
    let answer = build::tuple(cx.heap(), &[args[2], result]);
    cx.answer(answer);
    Ok(Term::atom(predefined::OK))
}

/// `erts_internal:is_system_process/1`
pub fn is_system_process(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    let process = find(cx, pid);
    let is_system =
        process.and_then(|process| process.extension()).is_some_and(|extension| extension.is_system);
    Ok(Term::boolean(is_system))
}
