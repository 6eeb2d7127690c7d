// SPDX-License-Identifier: Apache-2.0
//! Sending.

use super::processes::monitors::use_alias;
use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::port::Delivery;
use crate::term::{LocalPid, LocalPort, Reference, Term, View};

/// Sends a message to a process, a name, or an alias. Gives whether that could be done without a connection to another node.
///
/// # Errors
/// `badarg` if there is no such name, or if the receiver is none.
#[inline]
pub fn send(cx: &mut Context<'_>, to: Term, message: Term, by: By) -> Result<Sent, Raise> {
    cx.bump(4);
    if cx.vm.tracing.is_used {
        super::trace::sent(cx, to, message, by);
    }
    match to.as_pid() {
        Some(pid) => cx.vm.send(cx.process, pid, message),
        None => return send_elsewhere(cx, to, message),
    }
    Ok(Sent::Done)
}

/// Sends to what is no process of this node.
#[inline(never)]
fn send_elsewhere(cx: &mut Context<'_>, to: Term, message: Term) -> Result<Sent, Raise> {
    match to.view() {
        View::Atom(name) => {
            if let Some(pid) = cx.vm.registry.get(&name).copied() {
                cx.vm.send(cx.process, pid, message);
            } else {
                let port = *cx.vm.ports.names.get(&name).ok_or(Raise::BADARG)?;
                return send_to_port(cx, port, message);
            }
        }
        View::Reference(reference) => send_to_alias(cx, to, reference, message),
        View::Port(port) => return send_to_port(cx, port, message),
        View::ExternalPid(_) | View::ExternalReference(_) => return Ok(Sent::NoConnection),
        View::ExternalPort(_) => {}
        View::Tuple(tuple) => match *tuple.elements() {
            [name, node] if name.is_atom() && node.is_atom() => {
                if node.as_atom() != Some(cx.vm.node.name) {
                    return Ok(Sent::NoConnection);
                }
                if let Some(pid) = name.as_atom().and_then(|name| cx.vm.registry.get(&name).copied()) {
                    cx.vm.send(cx.process, pid, message);
                } else if let Some(port) =
                    name.as_atom().and_then(|name| cx.vm.ports.names.get(&name).copied())
                {
                    return send_to_port(cx, port, message);
                }
            }
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    }
    Ok(Sent::Done)
}

/// What sends a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The instruction. Stock takes it for a call of the BIF where it says what was called.
    Instruction,
    /// A BIF.
    Bif,
}

/// What has become of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It was sent, or there is nobody to receive it.
    Done,
    /// The receiver is on another node, and there is no connection to it.
    NoConnection,
    /// The receiver is a port that takes no more now. The process is to wait, unless it does not want to, and send again.
    Busy,
}

/// Sends to a port. What the message asks for is done at once, and that may end the process.
fn send_to_port(cx: &mut Context<'_>, port: LocalPort, message: Term) -> Result<Sent, Raise> {
    if cx.vm.tracing.sequential.is_used {
        cx.vm.sent_token(cx.process, Term::port(port), message);
    }
    let mut reach = cx.reach();
    let delivery = reach.send_to_port(port, message);
    if reach.has_ended {
        return Err(Raise::Ended);
    }
    Ok(match delivery {
        Delivery::Done => Sent::Done,
        Delivery::Busy => Sent::Busy,
    })
}

/// Sends, and waits for a port that is busy: `arguments` are those of the BIF, which is called again then.
#[inline]
pub fn send_or_wait(
    cx: &mut Context<'_>,
    to: Term,
    message: Term,
    by: By,
    arguments: &[Term],
) -> Result<Sent, Raise> {
    let sent = send(cx, to, message, by)?;
    if sent == Sent::Busy {
        let port = to.as_atom().and_then(|name| cx.vm.ports.names.get(&name).copied());
        cx.vm.tell_busy(cx.process.pid, port.map_or(to, Term::port));
        cx.process.set_arguments(arguments);
        return Err(Raise::Wait);
    }
    Ok(sent)
}

/// A reference is an alias of the process that its last numbers name, as long as that process says so.
fn send_to_alias(cx: &mut Context<'_>, to: Term, reference: Reference, message: Term) {
    let mut numbers = [0; crate::term::REF_NUMBERS_MAX];
    let [a, b, c, pid, _] = *reference.numbers(&mut numbers) else { return };
    let pid = LocalPid(pid);
    let is_there = pid == cx.process.pid || cx.vm.processes.is_there(pid);
    let token = if is_there { cx.vm.sent_token(cx.process, to, message) } else { None };
    if let Some(token) = token {
        if use_alias(cx, [a, b, c], pid) {
            cx.vm.send_with_token(cx.process, pid, message, token);
        }
        return;
    }
    if use_alias(cx, [a, b, c], pid) {
        cx.vm.send(cx.process, pid, message);
    }
}

/// `!/2`
pub fn bang(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    send_or_wait(cx, args[0], args[1], By::Bif, args)?;
    Ok(args[1])
}

/// `send/2`
pub fn send2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    bang(cx, args)
}

/// `send/3`: the options say what not to wait for: a connection, or a port that is busy. There is no other node.
pub fn send3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    const BADOPT: Raise =
        Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));
    let (mut connects, mut waits) = (true, true);
    let mut rest = args[2];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::NOSUSPEND) => waits = false,
            Some(predefined::NOCONNECT) => connects = false,
            _ => return Err(BADOPT),
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(BADOPT);
    }
    let (to, message) = (args[0], args[1]);
    let sent =
        if waits { send_or_wait(cx, to, message, By::Bif, args) } else { send(cx, to, message, By::Bif) };
    Ok(match sent? {
        Sent::Busy => Term::atom(predefined::NOSUSPEND),
        Sent::NoConnection if !connects => Term::atom(predefined::NOCONNECT),
        _ => Term::atom(predefined::OK),
    })
}
