// SPDX-License-Identifier: Apache-2.0
//! What is sent. What the network does not take at once waits; when that is much, who sends waits too.

use alloc::vec::Vec;

use super::super::reply::Failure;
use super::super::{Due, Status};
use super::{SendTimeout, Tcp, end, state};
use crate::atom::{Atom, predefined};
use crate::platform::{Errno, SocketError};
use crate::port::{Busy, Port, Reach};

/// Sends what a process has written. It is told how that went, at once or when it need not wait any more.
pub(crate) fn output(port: &mut Port, reach: &mut Reach<'_>, bytes: Vec<u8>) {
    let sender = reach.caller();
    let Some(own) = state(port) else { return };
    own.inet.sender = sender;
    if own.inet.status != Status::Connected {
        let failure = match core::mem::take(&mut own.untold.sender) {
            true if own.untold.was_reset => Failure::Posix(Errno::ECONNRESET),
            true => Failure::Closed,
            false => Failure::Posix(Errno::ENOTCONN),
        };
        let reason = reach.reason(failure);
        return port.reply(reach, sender, Err(reason));
    }
    if own.pending_shutdown.is_some() {
        return end::send_failed(port, reach, Errno::EPIPE);
    }
    let length = (bytes.len() as u32).to_be_bytes();
    let header = length[4 - own.inet.packet.prefix()..].to_vec();
    own.inet.statistics.sent(header.len() + bytes.len());
    if own.backlog.is_empty() {
        at_once(port, reach, header, bytes);
    } else {
        append(port, reach, header, bytes);
    }
    super::watch(port, reach);
}

/// Tells the sender how it went, which is told once.
fn answer(port: &mut Port, reach: &mut Reach<'_>, result: Result<(), Atom>) {
    let sender = state(port).and_then(|own| own.inet.sender.take());
    port.reply(reach, sender, result);
}

/// Appends to what waits already.
fn append(port: &mut Port, reach: &mut Reach<'_>, header: Vec<u8>, bytes: Vec<u8>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    own.backlog.push(header);
    own.backlog.push(bytes);
    if (own.backlog.len() as u64) < own.bytes.high as u64 {
        return answer(port, reach, Ok(()));
    }
    match own.send_timeout {
        Some(0) => return answer(port, reach, Err(predefined::TIMEOUT)),
        Some(time) => own.send_timer = Some(reach.set_timer(id, Due::Send, time)),
        None => {}
    }
    port.set_busy(reach, Busy::Yes);
}

/// Sends as much as can be sent at once.
fn at_once(port: &mut Port, reach: &mut Reach<'_>, header: Vec<u8>, bytes: Vec<u8>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    let whole = header.len() + bytes.len();
    if whole == 0 {
        return answer(port, reach, Ok(()));
    }
    let mut sent = 0;
    if own.delays {
        if own.delay_timer.is_none() {
            own.delay_timer = Some(reach.set_timer(id, Due::Delayed, 0));
        }
    } else {
        let Some(socket) = own.inet.socket else { return };
        let Some(all) = reach.sockets() else { return };
        match all.send(socket, &[&header, &bytes]) {
            Ok(count) => sent = count,
            Err(SocketError::NotNow) => {}
            Err(SocketError::Posix(error)) => return end::send_failed(port, reach, error),
        }
    }
    if sent < whole {
        own.backlog.push(header);
        own.backlog.push(bytes);
        own.backlog.advance(sent);
    }
    answer(port, reach, Ok(()));
}

/// Sends more of what waits.
pub(super) fn write(port: &mut Port, reach: &mut Reach<'_>) {
    loop {
        let Some(own) = state(port) else { return };
        let Some(socket) = own.inet.socket else { return };
        let Some(bytes) = own.backlog.next() else { break };
        let Some(all) = reach.sockets() else { return };
        match all.send(socket, &[bytes]) {
            Ok(count) => own.backlog.advance(count),
            Err(SocketError::NotNow) => return,
            Err(SocketError::Posix(error)) => return end::send_failed(port, reach, error),
        }
        if own.backlog.len() as u64 <= own.bytes.low as u64 && port.is_busy {
            let sender = no_longer_busy(port, reach);
            port.reply(reach, sender, Ok(()));
        }
    }
    all_sent(port, reach);
}

/// Nothing waits any more.
fn all_sent(port: &mut Port, reach: &mut Reach<'_>) {
    port.tell_subscribers(reach);
    let Some(own) = state(port) else { return };
    if let Some(how) = own.pending_shutdown.take() {
        let Some(socket) = own.inet.socket else { return };
        let Some(all) = reach.sockets() else { return };
        match all.shutdown(socket, how) {
            Ok(()) => own.is_shut = true,
            Err(SocketError::NotNow) => {}
            Err(SocketError::Posix(error)) => return end::send_failed(port, reach, error),
        }
    }
    port.drained(reach);
}

/// Lets senders go on; gives who has waited for the answer.
pub(super) fn no_longer_busy(port: &mut Port, reach: &mut Reach<'_>) -> Option<crate::term::LocalPid> {
    port.set_busy(reach, Busy::No);
    let own: &mut Tcp = state(port)?;
    if let Some(timer) = own.send_timer.take() {
        reach.vm.timers.cancel(timer);
    }
    own.inet.sender.take()
}

/// A sender has waited long enough. The port is not busy any more, else the next one would wait without end.
pub(super) fn waited(port: &mut Port, reach: &mut Reach<'_>) {
    let sender = no_longer_busy(port, reach);
    port.reply(reach, sender, Err(predefined::TIMEOUT));
    if state(port).is_some_and(|own| own.after_timeout == SendTimeout::Close) {
        end::close(port, reach);
    }
}
