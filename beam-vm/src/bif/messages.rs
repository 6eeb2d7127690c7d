// SPDX-License-Identifier: Apache-2.0
//! Sending.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::process::AliasKind;
use crate::term::{LocalPid, Reference, Term, View};

/// Sends a message to a process, a name, or an alias.
///
/// # Errors
/// `badarg` if there is no such name, or if the receiver is none.
pub fn send(cx: &mut Context<'_>, to: Term, message: Term) -> Result<(), Raise> {
    match to.view() {
        View::Pid(pid) => cx.vm.send(cx.process, pid, message),
        View::Atom(name) => {
            let pid = *cx.vm.registry.get(&name).ok_or(Raise::BADARG)?;
            cx.vm.send(cx.process, pid, message);
        }
        View::Reference(reference) => send_to_alias(cx, reference, message),
        View::Port(_) => {}
        View::ExternalPid(_) | View::ExternalPort(_) | View::ExternalReference(_) => {}
        View::Tuple(tuple) => match *tuple.elements() {
            [name, node] if name.is_atom() && node.is_atom() => {
                if node.as_atom() == Some(cx.vm.node.name)
                    && let Some(pid) = name.as_atom().and_then(|name| cx.vm.registry.get(&name).copied())
                {
                    cx.vm.send(cx.process, pid, message);
                }
            }
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    }
    cx.bump(4);
    Ok(())
}

/// A reference is an alias of the process that its last numbers name, as long as that process says so.
fn send_to_alias(cx: &mut Context<'_>, reference: Reference, message: Term) {
    let mut numbers = [0; crate::term::REF_NUMBERS_MAX];
    let [a, b, c, pid, _] = *reference.numbers(&mut numbers) else { return };
    let (key, pid) = ([a, b, c], LocalPid(pid));
    let extension = if pid == cx.process.pid {
        Some(cx.process.extension_mut())
    } else {
        match cx.vm.processes.lookup(pid) {
            crate::process::Lookup::Process(process) => Some(process.extension_mut()),
            _ => None,
        }
    };
    let Some(extension) = extension else { return };
    let Some(kind) = extension.aliases.get(&key).copied() else { return };
    let mut watched = None;
    if matches!(kind, AliasKind::Reply | AliasKind::ReplyDemonitor) {
        extension.aliases.remove(&key);
        extension.tags.remove(&key);
        watched = extension.monitors.remove(&key);
    }
    if let Some(monitor) = watched
        && let crate::process::Lookup::Process(target) = cx.vm.processes.lookup(monitor.target)
    {
        target.extension_mut().watchers.remove(&key);
    }
    cx.vm.send(cx.process, pid, message);
}

/// `!/2`
pub fn bang(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    send(cx, args[0], args[1])?;
    Ok(args[1])
}

/// `send/2`
pub fn send2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    bang(cx, args)
}

/// `send/3`: the options say what not to wait for; here nothing waits.
pub fn send3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut rest = args[2];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::NOSUSPEND | predefined::NOCONNECT) => {}
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    send(cx, args[0], args[1])?;
    Ok(Term::atom(predefined::OK))
}
