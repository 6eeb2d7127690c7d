// SPDX-License-Identifier: Apache-2.0
//! The commands that both drivers have.

use alloc::vec::Vec;

use super::reply::{Answer, Failure};
use super::{Inet, Status, address, interfaces, options};
use crate::atom::predefined;
use crate::heap::build;
use crate::platform::{Address, Errno, Family, SocketKind, SocketResult};
use crate::port::{Port, Reach};
use crate::term::{LocalPid, Term};

/// What `prim_inet` adds to the numbers of its commands.
pub const BASE: u32 = 0x03F1_A300;

/// The numbers of commands.
pub mod command {
    pub const OPEN: u32 = 1;
    pub const CLOSE: u32 = 2;
    pub const CONNECT: u32 = 3;
    pub const PEER: u32 = 4;
    pub const NAME: u32 = 5;
    pub const BIND: u32 = 6;
    pub const SETOPTS: u32 = 7;
    pub const GETOPTS: u32 = 8;
    pub const GETSTAT: u32 = 11;
    pub const GETHOSTNAME: u32 = 12;
    pub const FDOPEN: u32 = 13;
    pub const GETFD: u32 = 14;
    pub const GETTYPE: u32 = 15;
    pub const GETSTATUS: u32 = 16;
    pub const GETSERVBYNAME: u32 = 17;
    pub const GETSERVBYPORT: u32 = 18;
    pub const SETNAME: u32 = 19;
    pub const SETPEER: u32 = 20;
    pub const GETIFLIST: u32 = 21;
    pub const IFGET: u32 = 22;
    pub const SUBSCRIBE: u32 = 24;
    pub const GETIFADDRS: u32 = 25;
    pub const ACCEPT: u32 = 26;
    pub const LISTEN: u32 = 27;
    pub const IGNOREFD: u32 = 28;
    pub const GETLADDRS: u32 = 29;
    pub const GETPADDRS: u32 = 30;
    pub const TCP_RECV: u32 = 42;
    pub const TCP_UNRECV: u32 = 43;
    pub const TCP_SHUTDOWN: u32 = 44;
    pub const TCP_SENDFILE: u32 = 45;
    pub const PACKET_RECV: u32 = 60;
}

/// To be told when all is sent.
const SUBSCRIBE_EMPTY: u8 = 1;

/// Does a command. Options that were set may make the driver do something: then `after` does it.
pub fn control(
    port: &mut Port,
    reach: &mut Reach<'_>,
    number: u32,
    data: &[u8],
    after: impl FnOnce(&mut Port, &mut Reach<'_>, options::After),
) -> Answer {
    match number {
        command::SETOPTS => {
            let then = options::set(port, reach, data)?;
            after(port, reach, then);
            Ok(Vec::new())
        }
        command::GETOPTS => options::get(port, reach, data),
        command::PEER => peer(port, reach),
        command::NAME => name(port, reach),
        command::SETNAME | command::SETPEER => pretend(port, number, data),
        command::BIND => bind(port, reach, data),
        command::GETLADDRS => names(port, reach, data, name),
        command::GETPADDRS => names(port, reach, data, peer),
        command::GETSTAT => {
            let pending = port.driver.backlog();
            port.inet().ok_or(Failure::INVALID)?.statistics.answer(data, pending)
        }
        command::SUBSCRIBE => subscribe(port, reach, data),
        command::GETHOSTNAME => Ok(reach.sockets().ok_or(Failure::INVALID)?.host_name()),
        command::GETFD => {
            let socket = port.inet().and_then(|inet| inet.socket).ok_or(Failure::INVALID)?;
            let number = reach.sockets().and_then(|all| all.descriptor(socket)).ok_or(Failure::INVALID)?;
            Ok(number.to_be_bytes().to_vec())
        }
        command::IGNOREFD => ignore(port, data),
        command::GETTYPE => kind(port),
        command::GETSTATUS => {
            let is_busy = port.is_busy;
            let inet = port.inet().ok_or(Failure::INVALID)?;
            forget_dead(inet, reach);
            Ok(inet.status_bits(is_busy).to_be_bytes().to_vec())
        }
        command::GETSERVBYNAME => service_port(reach, data),
        command::GETSERVBYPORT => service_name(reach, data),
        command::GETIFADDRS => Ok(interfaces::all(&reach.sockets().ok_or(Failure::INVALID)?.interfaces()?)),
        command::GETIFLIST => Ok(interfaces::names(&reach.sockets().ok_or(Failure::INVALID)?.interfaces()?)),
        command::IFGET => interfaces::items(&reach.sockets().ok_or(Failure::INVALID)?.interfaces()?, data),
        _ => Err(Failure::BadPort),
    }
}

/// Leaves the socket to another port, or takes it back.
fn ignore(port: &mut Port, data: &[u8]) -> Answer {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    if inet.status != Status::Connected {
        return Err(Failure::Posix(Errno::ENOTCONN));
    }
    match (inet.kind, data) {
        (SocketKind::Stream, [wanted @ 0..=1]) if inet.is_ignored != (*wanted == 1) => {
            inet.is_ignored = *wanted == 1;
            Ok(Vec::new())
        }
        _ => Err(Failure::INVALID),
    }
}

/// Makes the port's socket.
///
/// # Errors
/// [`Failure`].
pub fn open(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let [family, kind] = *data else { return Err(Failure::INVALID) };
    let family = address::family(family).ok_or(Failure::Posix(Errno::EAFNOSUPPORT))?;
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let kind = match kind {
        1 => SocketKind::Stream,
        2 if inet.kind == SocketKind::Datagram => SocketKind::Datagram,
        _ => return Err(Failure::INVALID),
    };
    if inet.is_open() {
        return Err(Failure::BadSequence);
    }
    if inet.namespace.as_ref().is_some_and(|name| !name.is_empty()) {
        return Err(Failure::Posix(Errno::ENOTSUP));
    }
    let socket = reach.sockets().ok_or(Failure::Posix(Errno::ENETDOWN))?.open(family, kind)?;
    let inet = port.inet().ok_or(Failure::INVALID)?;
    (inet.socket, inet.family, inet.status) = (Some(socket), family, Status::Open);
    Ok(Vec::new())
}

/// Makes the port's socket of a descriptor that there is.
///
/// # Errors
/// [`Failure`].
pub fn adopt(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let mut rest = data;
    let [family, _] = address::take(&mut rest)?;
    let number = i32::from_be_bytes(address::take(&mut rest)?);
    let family = address::family(family).ok_or(Failure::Posix(Errno::EAFNOSUPPORT))?;
    if port.inet().is_none_or(|inet| inet.is_open()) {
        return Err(Failure::BadSequence);
    }
    let all = reach.sockets().ok_or(Failure::Posix(Errno::ENETDOWN))?;
    let socket = all.adopt(number)?;
    let has_family = match all.name(socket) {
        Ok(Address::V4 { .. }) => family == Family::V4,
        Ok(Address::V6 { .. }) => family == Family::V6,
        Ok(Address::Local(_)) => family == Family::Local,
        Ok(_) | Err(_) => false,
    };
    if !has_family {
        all.close(socket);
        return Err(Failure::INVALID);
    }
    let is_connected = all.peer(socket).is_ok();
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let status = if is_connected { Status::Connected } else { Status::Open };
    (inet.socket, inet.family, inet.status) = (Some(socket), family, status);
    Ok(number.to_be_bytes().to_vec())
}

/// An address that a program has said, or that the platform knows.
fn known(said: Option<&Address>, ask: impl FnOnce() -> Option<SocketResult<Address>>) -> Answer {
    let mut data = Vec::new();
    match said {
        Some(address) => address::encode(address, &mut data),
        None => address::encode(&ask().ok_or(Failure::Posix(Errno::EBADF))??, &mut data),
    }
    Ok(data)
}

fn name(port: &mut Port, reach: &mut Reach<'_>) -> Answer {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let socket = inet.socket;
    known(inet.name.as_ref(), || Some(reach.sockets()?.name(socket?)))
}

fn peer(port: &mut Port, reach: &mut Reach<'_>) -> Answer {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    if inet.status != Status::Connected {
        return Err(Failure::Posix(Errno::ENOTCONN));
    }
    let socket = inet.socket;
    known(inet.peer.as_ref(), || Some(reach.sockets()?.peer(socket?)))
}

/// All addresses of an end: one, since a connection here has no more.
fn names(
    port: &mut Port,
    reach: &mut Reach<'_>,
    data: &[u8],
    one: impl FnOnce(&mut Port, &mut Reach<'_>) -> Answer,
) -> Answer {
    if data.len() != 4 {
        return Err(Failure::INVALID);
    }
    if port.inet().is_none_or(|inet| !inet.is_open()) {
        return Err(Failure::BadPort);
    }
    one(port, reach)
}

/// What the address of an end is to be from now on, for who asks.
fn pretend(port: &mut Port, number: u32, data: &[u8]) -> Answer {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let mut rest = data;
    let address = match data {
        [] => None,
        _ => Some(address::decode(&mut rest, inet.family)?),
    };
    let place = if number == command::SETNAME { &mut inet.name } else { &mut inet.peer };
    *place = address;
    Ok(Vec::new())
}

fn bind(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    if data.len() < 2 {
        return Err(Failure::INVALID);
    }
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let socket = inet.socket.filter(|_| inet.status == Status::Open).ok_or(Failure::BadPort)?;
    let mut rest = data;
    let address = address::decode(&mut rest, inet.family)?;
    let all = reach.sockets().ok_or(Failure::BadPort)?;
    all.bind(socket, &address)?;
    let bound = match address.port() {
        Some(0) => all.name(socket)?.port().unwrap_or(0),
        port => port.unwrap_or(0),
    };
    Ok(bound.to_be_bytes().to_vec())
}

fn kind(port: &mut Port) -> Answer {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let kind: u32 = match inet.kind {
        SocketKind::Stream => 1,
        SocketKind::Datagram => 2,
    };
    let family = u32::from(address::code_of(inet.family));
    Ok([family.to_be_bytes(), kind.to_be_bytes()].concat())
}

/// Forgets what was asked for by processes that have ended since.
fn forget_dead(inet: &mut Inet, reach: &mut Reach<'_>) {
    inet.requests.retain(|request| {
        let is_alive = reach.is_alive(request.caller);
        if let Some(timer) = request.timer.filter(|_| !is_alive) {
            reach.vm.timers.cancel(timer);
        }
        is_alive
    });
}

/// Tells how much is to be sent, and when that is done if it is something.
fn subscribe(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let pending = port.driver.backlog() as u32;
    let caller = reach.caller();
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let mut answer = Vec::new();
    for event in data {
        if *event != SUBSCRIBE_EMPTY {
            return Err(Failure::Unknown);
        }
        answer.push(*event);
        answer.extend_from_slice(&pending.to_be_bytes());
        if pending > 0 {
            inet.subscribers.extend(caller);
        }
    }
    Ok(answer)
}

fn service_port(reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let mut rest = data;
    let name = text(&mut rest)?;
    let protocol = text(&mut rest)?;
    let port = reach.sockets().and_then(|all| all.service_port(name, protocol));
    Ok(port.ok_or(Failure::INVALID)?.to_be_bytes().to_vec())
}

fn service_name(reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let mut rest = data;
    let port = u16::from_be_bytes(address::take(&mut rest)?);
    let protocol = text(&mut rest)?;
    reach.sockets().and_then(|all| all.service_name(port, protocol)).ok_or(Failure::INVALID)
}

/// Text after its length.
fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Failure> {
    let [len] = address::take(rest)?;
    let (text, after) = rest.split_at_checked(usize::from(len)).ok_or(Failure::INVALID)?;
    *rest = after;
    Ok(text)
}

impl Port {
    /// Tells who wants to know that all is sent.
    pub(super) fn tell_subscribers(&mut self, reach: &mut Reach<'_>) {
        let id = self.id;
        let Some(inet) = self.inet() else { return };
        let subscribers: Vec<LocalPid> = core::mem::take(&mut inet.subscribers);
        for pid in subscribers {
            reach
                .tell(pid, |heap| build::tuple(heap, &[Term::atom(predefined::EMPTY_OUT_Q), Term::port(id)]));
        }
    }

    /// Ends the requests with an error.
    pub(super) fn fail_requests(&mut self, reach: &mut Reach<'_>, reason: crate::atom::Atom) {
        while let Some(request) = self.inet().and_then(|inet| inet.requests.pop_front()) {
            self.request_fails(reach, &request, reason);
        }
    }

    /// Lets go of the socket.
    pub(super) fn close_socket(&mut self, reach: &mut Reach<'_>) {
        let Some(inet) = self.inet() else { return };
        inet.status = Status::Closed;
        if let Some(socket) = inet.socket.take() {
            reach.close_socket(socket);
        }
    }
}
