// SPDX-License-Identifier: Apache-2.0
//! What comes: read as it is wanted, cut into packets, given to who has asked or to the owner.
//!
//! A packet may say that it is longer than memory. So room is made for what is there, not for what was announced.

use alloc::vec::Vec;

use super::super::message::{self, Shape};
use super::super::reply::{Answer, Failure};
use super::super::{Active, Deliver, Due, Request, Status};
use super::{Tcp, end, own, state};
use crate::packet::{Content, Limits, Malformed, Next, Packet};
use crate::platform::{Errno, SocketError};
use crate::port::{Port, Reach};

/// The longest packet that can be asked for.
const LONGEST: u32 = 0x0400_0000;
/// The most that is read by one call.
const AT_ONCE: usize = 64 * 1024;
/// How often a socket that is ready is read before others have their turn.
const READS: usize = 16;

/// What has come and was not given yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Bytes there may be, unless a packet is known to be longer. 0 if there is no buffer.
    size: usize,
    /// Bytes that are still to come of a packet whose length is known.
    pub(super) missing: usize,
    /// Which line of HTTP's header is next.
    next: Next,
}

impl Input {
    pub(super) fn clear(&mut self) {
        (self.bytes, self.size, self.missing) = (Vec::new(), 0, 0);
    }
}

/// Whether a packet is there.
enum Remain {
    /// One of so many bytes.
    Nothing(usize),
    /// So many bytes are missing.
    Known(usize),
    /// Nobody knows; there is room for so many bytes.
    Unknown(usize),
}

/// How reading went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    /// There is nothing to be read now.
    Nothing,
    /// Something was given.
    Given,
    /// Something was read.
    Read,
    /// The connection has ended.
    Ended,
}

impl Tcp {
    fn remain(&mut self) -> Result<Remain, Malformed> {
        let there = core::mem::take(&mut self.input.bytes);
        let remain = self.input.remain(&there, self.inet.packet, &self.inet.limits);
        self.input.bytes = there;
        remain
    }
}

impl Input {
    /// What is missing of the packet that begins with what is there.
    fn remain(&mut self, there: &[u8], packet: Packet, limits: &Limits) -> Result<Remain, Malformed> {
        let limits = Limits { line: u32::try_from(self.size).unwrap_or(u32::MAX), ..*limits };
        match packet.length(there, &limits, &mut self.next)? {
            Some(length) if length <= there.len() => Ok(Remain::Nothing(length)),
            Some(length) => {
                self.size = self.size.max(length);
                Ok(Remain::Known(length - there.len()))
            }
            None if there.len() < self.size => Ok(Remain::Unknown(self.size - there.len())),
            None if limits.packet as usize > there.len() => {
                self.size = limits.packet as usize;
                Ok(Remain::Unknown(self.size - there.len()))
            }
            None => Err(Malformed),
        }
    }
}

/// Asks for a packet, or for so many bytes.
pub(super) fn request(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let port_id = port.id;
    let own = own(port)?;
    if own.inet.status != Status::Connected {
        let untold = core::mem::take(&mut own.untold);
        return Err(match untold.receiver {
            true if untold.was_reset => Failure::Posix(Errno::ECONNRESET),
            true => Failure::Closed,
            false => {
                own.untold = untold;
                Failure::Posix(Errno::ENOTCONN)
            }
        });
    }
    let [t0, t1, t2, t3, l0, l1, l2, l3] = *data else { return Err(Failure::INVALID) };
    let (timeout, wanted) = (u32::from_be_bytes([t0, t1, t2, t3]), u32::from_be_bytes([l0, l1, l2, l3]));
    if own.inet.active.is_any() || own.inet.packet != Packet::Raw && wanted != 0 {
        return Err(Failure::INVALID);
    }
    if wanted > LONGEST {
        return Err(Failure::Posix(Errno::ENOMEM));
    }
    if !own.inet.requests.is_empty() {
        return Err(Failure::Posix(Errno::EALREADY));
    }
    let id = own.inet.new_request();
    let caller = reach.caller().ok_or(Failure::INVALID)?;
    own.inet.requests.push_back(Request { id, caller, timer: None });
    let mut progress = begin(port, reach, wanted as usize);
    for _ in 0..READS {
        if progress != Progress::Read {
            break;
        }
        progress = receive(port, reach);
    }
    let Some(request) = state(port).and_then(|own| own.inet.requests.front_mut()) else {
        return Ok(id.0.to_be_bytes().to_vec());
    };
    if timeout == 0 {
        end::request_due(port, reach, id);
    } else if timeout != u32::MAX {
        request.timer = Some(reach.set_timer(port_id, Due::Request(id), timeout));
    }
    Ok(id.0.to_be_bytes().to_vec())
}

/// Puts bytes before those that have come.
pub(super) fn put_back(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let own = own(port)?;
    if own.inet.status != Status::Connected {
        return Err(Failure::Posix(Errno::ENOTCONN));
    }
    own.input.bytes.splice(0..0, data.iter().copied());
    own.input.size += data.len();
    own.input.missing = 0;
    if own.inet.active.is_any() {
        deliver_what_is_there(port, reach);
    }
    Ok(Vec::new())
}

/// Reads a socket that is ready as long as something comes of it that is wanted, up to a limit.
pub(super) fn read(port: &mut Port, reach: &mut Reach<'_>) {
    for _ in 0..READS {
        let is_wanted =
            state(port).is_some_and(|own| own.inet.active.is_any() || !own.inet.requests.is_empty());
        if !is_wanted || matches!(receive(port, reach), Progress::Nothing | Progress::Ended) {
            return;
        }
    }
}

/// The next packet, whatever its length.
fn receive(port: &mut Port, reach: &mut Reach<'_>) -> Progress {
    begin(port, reach, 0)
}

/// Gives `wanted` bytes, or a packet if that is 0, when they are there.
fn begin(port: &mut Port, reach: &mut Reach<'_>, wanted: usize) -> Progress {
    let Some(own) = state(port) else { return Progress::Ended };
    let there = own.input.bytes.len();
    if own.input.size == 0 {
        own.input.size = if wanted > 0 { wanted } else { own.inet.buffer };
        own.input.missing = wanted;
    } else if wanted > 0 {
        if there >= wanted {
            return deliver(port, reach, wanted);
        }
        own.input.size = own.input.size.max(wanted);
        own.input.missing = wanted - there;
    }
    if own.input.missing > 0 {
        let missing = own.input.missing;
        return fill(port, reach, missing);
    }
    match own.remain() {
        Err(Malformed) => end::receive_failed(port, reach, Errno::EMSGSIZE),
        Ok(Remain::Nothing(length)) => return deliver(port, reach, length),
        Ok(Remain::Known(missing)) => {
            own.input.missing = missing;
            return fill(port, reach, missing);
        }
        Ok(Remain::Unknown(room)) => return fill(port, reach, room),
    }
    Progress::Ended
}

/// Reads up to so many bytes, and gives what is complete then.
fn fill(port: &mut Port, reach: &mut Reach<'_>, room: usize) -> Progress {
    let Some(own) = state(port) else { return Progress::Ended };
    let Some(socket) = own.inet.socket else { return Progress::Ended };
    let (room, from) = (room.min(AT_ONCE), own.input.bytes.len());
    own.input.bytes.resize(from + room, 0);
    let result = match reach.sockets() {
        Some(all) => all.receive(socket, &mut own.input.bytes[from..]),
        None => Err(SocketError::Posix(Errno::EBADF)),
    };
    own.input.bytes.truncate(from + result.unwrap_or(0));
    match result {
        Err(SocketError::NotNow) => return Progress::Nothing,
        Ok(0) => end::closed_by_peer(port, reach),
        Err(SocketError::Posix(Errno::ECONNRESET)) if !own.shows_reset => end::closed_by_peer(port, reach),
        Err(SocketError::Posix(error)) => end::receive_failed(port, reach, error),
        Ok(count) => {
            port.input += count as u64;
            reach.vm.ports.traffic.0 += count as u64;
            return arrived(port, reach, count);
        }
    }
    Progress::Ended
}

fn arrived(port: &mut Port, reach: &mut Reach<'_>, count: usize) -> Progress {
    let Some(own) = state(port) else { return Progress::Ended };
    if own.input.missing > 0 {
        own.input.missing -= count;
        let length = own.input.bytes.len();
        return if own.input.missing == 0 { deliver(port, reach, length) } else { Progress::Read };
    }
    match own.remain() {
        Err(Malformed) => {
            end::receive_failed(port, reach, Errno::EMSGSIZE);
            Progress::Ended
        }
        Ok(Remain::Nothing(length)) => deliver(port, reach, length),
        Ok(Remain::Known(missing)) => {
            own.input.missing = missing;
            Progress::Read
        }
        Ok(Remain::Unknown(_)) => Progress::Read,
    }
}

/// Gives the packets that are there already, after options have changed.
pub(super) fn deliver_what_is_there(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    if own.input.size == 0 || own.input.missing > 0 {
        return;
    }
    match own.remain() {
        Ok(Remain::Nothing(length)) => {
            deliver(port, reach, length);
        }
        Ok(Remain::Known(missing)) => own.input.missing = missing,
        Ok(Remain::Unknown(_)) | Err(Malformed) => {}
    }
}

/// Gives the first packet, which has a length, and those after it as long as they are wanted.
fn deliver(port: &mut Port, reach: &mut Reach<'_>, length: usize) -> Progress {
    let Some(own) = state(port) else { return Progress::Ended };
    let bytes = core::mem::take(&mut own.input.bytes);
    let (mut from, mut length) = (0, length);
    let mut is_malformed = false;
    loop {
        give(port, reach, &bytes[from..from + length]);
        from += length;
        let Some(own) = state(port) else { return Progress::Ended };
        if !own.inet.active.is_any() || from == bytes.len() {
            break;
        }
        match own.input.remain(&bytes[from..], own.inet.packet, &own.inet.limits) {
            Ok(Remain::Nothing(next)) => length = next,
            Ok(Remain::Known(missing)) => {
                own.input.missing = missing;
                break;
            }
            Ok(Remain::Unknown(_)) => break,
            Err(Malformed) => {
                is_malformed = true;
                break;
            }
        }
    }
    let Some(own) = state(port) else { return Progress::Ended };
    if from == bytes.len() {
        own.input.clear();
    } else {
        own.input.bytes = bytes;
        own.input.bytes.drain(..from);
    }
    if is_malformed {
        end::receive_failed(port, reach, Errno::EMSGSIZE);
        return Progress::Ended;
    }
    Progress::Given
}

/// Gives a packet to who has asked, or to the owner.
fn give(port: &mut Port, reach: &mut Reach<'_>, packet: &[u8]) {
    let Some(own) = state(port) else { return };
    own.inet.statistics.received(packet.len());
    own.input.missing = 0;
    let shape = Shape { form: own.inet.form, header: own.inet.header, deliver: own.inet.deliver };
    let content = match own.inet.deliver {
        Deliver::Term => own.inet.packet.content(packet, &mut own.input.next),
        // What is in it is of no interest.
        Deliver::Port => match own.inet.packet.content(packet, &mut Next::default()) {
            body @ Content::Body(_) => body,
            _ => Content::Body(packet),
        },
    };
    if let Some(request) = own.inet.requests.pop_front() {
        return port.request_packet(reach, &request, &content, shape);
    }
    let is_last = matches!(own.inet.active, Active::Count(1));
    own.inet.active = match own.inet.active {
        Active::Count(count) if count > 1 => Active::Count(count - 1),
        Active::Always => Active::Always,
        Active::Count(_) | Active::Once | Active::Passive => Active::Passive,
    };
    port.tell_packet(reach, &content, shape);
    if is_last {
        port.tell_about(reach, message::TCP.passive);
    }
}
