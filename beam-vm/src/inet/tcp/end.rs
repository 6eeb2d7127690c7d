// SPDX-License-Identifier: Apache-2.0
//! The end of a connection: how it is noticed, and who is told what.

use super::super::reply::Failure;
use super::super::{RequestId, Status, message};
use super::{send, state};
use crate::atom::predefined;
use crate::platform::Errno;
use crate::port::{Port, Reach};
use crate::process::Peer;
use crate::term::Term;

/// Lets go of the socket and of all that was to go through it. The port stays.
pub(super) fn close(port: &mut Port, reach: &mut Reach<'_>) {
    if let Some(own) = state(port) {
        own.input.clear();
    }
    drop_output(port, reach);
    port.close_socket(reach);
    port.drained(reach);
}

/// Gives up what was to be sent.
fn drop_output(port: &mut Port, reach: &mut Reach<'_>) {
    if let Some(own) = state(port) {
        own.backlog.clear();
        if let Some(timer) = own.delay_timer.take() {
            reach.vm.timers.cancel(timer);
        }
    }
    port.tell_subscribers(reach);
}

/// Ends the port, with what was to be sent. The owner has been told in another way, so its link does not.
fn exit(port: &mut Port, reach: &mut Reach<'_>, reason: Term) {
    let owner = Peer::Process(port.connected);
    if port.links.remove(owner) {
        reach.unlink(port.id, owner);
    }
    drop_output(port, reach);
    port.close(reach, reason);
}

/// Ends what was asked for, because the connection ends.
pub(super) fn end_requests(port: &mut Port, reach: &mut Reach<'_>) {
    port.fail_requests(reach, predefined::CLOSED);
}

/// Before the port closes: what nobody is trying to send is given up.
pub(crate) fn flush(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    let is_being_sent = own.inet.socket.is_some() && own.delay_timer.is_none();
    if !is_being_sent || own.drops_when_closed {
        drop_output(port, reach);
    }
    super::watch(port, reach);
}

/// Lets go of all.
pub(crate) fn stop(port: &mut Port, reach: &mut Reach<'_>) {
    end_requests(port, reach);
    let Some(own) = state(port) else { return };
    for timer in [own.send_timer.take(), own.delay_timer.take()].into_iter().flatten() {
        reach.vm.timers.cancel(timer);
    }
    port.close_socket(reach);
}

/// Tells the owner, once.
fn tell_owner(port: &mut Port, reach: &mut Reach<'_>) {
    if let Some(own) = state(port)
        && !core::mem::replace(&mut own.is_close_told, true)
    {
        port.tell_about(reach, message::TCP.closed);
    }
}

/// The owner wants to be told what comes, but nothing will.
pub(super) fn tell_closed(port: &mut Port, reach: &mut Reach<'_>) {
    tell_owner(port, reach);
    if state(port).is_some_and(|own| own.inet.exits_on_close) {
        exit(port, reach, Term::atom(predefined::NORMAL));
    }
}

/// Who waits to send more will not.
fn end_sender(port: &mut Port, reach: &mut Reach<'_>) -> bool {
    if !port.is_busy {
        return false;
    }
    drop_output(port, reach);
    let sender = send::no_longer_busy(port, reach);
    port.reply(reach, sender, Err(predefined::CLOSED));
    true
}

/// The other end sends no more.
pub(super) fn closed_by_peer(port: &mut Port, reach: &mut Reach<'_>) {
    let was_told = end_sender(port, reach);
    let Some(own) = state(port) else { return };
    own.untold.sender |= !was_told;
    own.input.clear();
    if own.inet.active.is_any() {
        tell_owner(port, reach);
        read_ends(port, reach, Term::atom(predefined::NORMAL));
    } else {
        read_ends_passively(port, reach);
        port.fail_requests(reach, predefined::CLOSED);
    }
}

/// Reading has failed, or what was read is no packet.
pub(super) fn receive_failed(port: &mut Port, reach: &mut Reach<'_>, error: Errno) {
    end_sender(port, reach);
    let reason = reach.reason(Failure::Posix(error));
    let Some(own) = state(port) else { return };
    own.input.clear();
    if own.inet.active.is_any() {
        port.tell_error(reach, message::TCP.error, reason);
        tell_owner(port, reach);
        read_ends(port, reach, Term::atom(reason));
    } else {
        read_ends_passively(port, reach);
        port.fail_requests(reach, reason);
    }
}

fn read_ends(port: &mut Port, reach: &mut Reach<'_>, reason: Term) {
    match state(port) {
        Some(own) if own.inet.exits_on_close => exit(port, reach, reason),
        Some(own) => own.is_read_closed = true,
        None => {}
    }
}

fn read_ends_passively(port: &mut Port, reach: &mut Reach<'_>) {
    match state(port) {
        Some(own) if own.inet.exits_on_close => close(port, reach),
        Some(own) => own.is_read_closed = true,
        None => {}
    }
}

/// Sending has failed.
pub(super) fn send_failed(port: &mut Port, reach: &mut Reach<'_>, error: Errno) {
    let Some(own) = state(port) else { return };
    // A pipe that the program has not closed itself was broken by the other end.
    let is_reset =
        error == Errno::ECONNRESET || error == Errno::EPIPE && !own.is_shut && own.pending_shutdown.is_none();
    let shows_reset = is_reset && own.shows_reset;
    let sender = own.inet.sender.take();
    if port.is_busy {
        send::no_longer_busy(port, reach);
    }
    let reset = reach.reason(Failure::Posix(Errno::ECONNRESET));
    let reason = if shows_reset { reset } else { predefined::CLOSED };
    let Some(own) = state(port) else { return };
    if own.inet.active.is_any() {
        if shows_reset {
            port.tell_error(reach, message::TCP.error, reset);
        }
        tell_owner(port, reach);
        port.reply(reach, sender, Err(reason));
        if state(port).is_some_and(|own| own.inet.exits_on_close) {
            exit(port, reach, Term::atom(predefined::NORMAL));
        } else {
            close(port, reach);
        }
        return;
    }
    own.untold.sender |= sender.is_none();
    own.untold.receiver = true;
    own.untold.was_reset |= shows_reset;
    end_requests(port, reach);
    port.reply(reach, sender, Err(reason));
    close(port, reach);
}

/// A request has waited long enough.
pub(super) fn request_due(port: &mut Port, reach: &mut Reach<'_>, id: RequestId) {
    let Some(own) = state(port) else { return };
    let Some(request) = own.inet.take_request(id) else { return };
    own.input.missing = 0;
    if own.inet.status == Status::Connecting {
        // It cannot be used for another try.
        close(port, reach);
    }
    port.request_fails(reach, &request, predefined::TIMEOUT);
}
