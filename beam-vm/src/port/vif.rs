// SPDX-License-Identifier: Apache-2.0
//! Frames of a network interface as they are: `open_port({spawn_driver, "vif eth1"}, [binary])`, or `net_vif:open/2` as LING had it. The owner gets `{Port, {data, Frame}}`, and
//! writes frames to the port. While it is open the network does without the interface.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::descriptor::give;
use super::input::Piece;
use super::{Driver, Port, Reach, State};
use crate::atom::predefined;
use crate::platform::{Interest, SocketError, SocketId};

/// Bytes of the longest frame: a packet of 64 KiB that a device has gathered, and its headers.
const LONGEST: usize = 65_536 + 64;
/// Frames that are read before others have their turn.
const AT_ONCE: usize = 64;
/// With so many bytes that wait, who writes has to wait too.
const BUSY: usize = 64 * 1024;

/// The state of the driver.
#[derive(Debug)]
pub struct Vif {
    socket: SocketId,
    /// How many messages may wait at the owner; frames that come then are lost, as on a wire.
    mailbox_limit: Option<usize>,
    waiting: VecDeque<Vec<u8>>,
    /// Bytes of those.
    bytes: usize,
}

impl Vif {
    /// A driver of an interface that a socket has.
    #[must_use]
    pub const fn new(socket: SocketId, mailbox_limit: Option<usize>) -> Self {
        Self { socket, mailbox_limit, waiting: VecDeque::new(), bytes: 0 }
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub const fn backlog(&self) -> usize {
        self.bytes
    }

    /// Gives up what waits to be written.
    pub fn drop_backlog(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }
}

fn state(port: &mut Port) -> Option<&mut Vif> {
    match &mut port.driver {
        Driver::Vif(vif) => Some(vif),
        _ => None,
    }
}

fn watch(port: &mut Port, reach: &mut Reach<'_>) {
    let (id, is_open) = (port.id, port.state == State::Open);
    let Some(own) = state(port) else { return };
    let interest = Interest { read: is_open, write: !own.waiting.is_empty() };
    let socket = own.socket;
    reach.watch_socket(id, socket, interest);
}

/// Begins to read.
pub(super) fn start(port: &mut Port, reach: &mut Reach<'_>) {
    watch(port, reach);
}

/// Writes a frame. One that no interface takes ends the port with the reason.
pub(super) fn output(port: &mut Port, reach: &mut Reach<'_>, frame: Vec<u8>) {
    let Some(own) = state(port) else { return };
    own.bytes += frame.len();
    own.waiting.push_back(frame);
    write(port, reach);
}

fn write(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    while let Some(frame) = own.waiting.front() {
        match reach.sockets().map(|all| all.send(own.socket, &[frame])) {
            Some(Ok(_)) => {
                own.bytes -= frame.len();
                own.waiting.pop_front();
            }
            Some(Err(SocketError::NotNow)) => break,
            Some(Err(SocketError::Posix(error))) => {
                let reason = reach.posix(error);
                return port.fail(reach, reason);
            }
            None => return port.fail(reach, predefined::EINVAL),
        }
    }
    watch(port, reach);
    port.settle(reach, BUSY);
}

/// Does what the interface is ready for.
pub(super) fn ready(port: &mut Port, reach: &mut Reach<'_>, ready: Interest) {
    if ready.write {
        write(port, reach);
    }
    if ready.read && port.state == State::Open {
        read(port, reach);
    }
}

/// Sends what has come to the owner.
fn read(port: &mut Port, reach: &mut Reach<'_>) {
    let (id, owner, form) = (port.id, port.connected, port.framing.form);
    let Some(own) = state(port) else { return };
    let (socket, limit) = (own.socket, own.mailbox_limit);
    let mut buffer = core::mem::take(&mut reach.vm.ports.buffer);
    if buffer.len() < LONGEST {
        buffer.resize(LONGEST, 0);
    }
    for _ in 0..AT_ONCE {
        let Some(Ok(count)) = reach.sockets().map(|all| all.receive(socket, &mut buffer)) else { break };
        port.input += count as u64;
        reach.vm.ports.traffic.0 += count as u64;
        let waiting = reach.find(owner).map_or(0, |process| process.mailbox.len());
        if limit.is_none_or(|limit| waiting < limit) {
            give(reach, id, owner, form, Piece::Data(&buffer[..count]));
        }
    }
    reach.vm.ports.buffer = buffer;
}

/// Lets go of the interface.
pub(super) fn stop(port: &mut Port, reach: &mut Reach<'_>) {
    if let Some(own) = state(port) {
        let socket = own.socket;
        reach.close_socket(socket);
    }
}
