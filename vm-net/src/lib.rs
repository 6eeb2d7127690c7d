// SPDX-License-Identifier: Apache-2.0
//! The machine's sockets are those of the stack (`net`), over whatever wires the platform has. The machine and the stack know nothing of
//! each other; every platform that has both plugs them together with this.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod interfaces;
mod options;
mod services;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr, SocketAddrV6};

use beam_vm::platform::{
    Address, Ancillary, Datagram, Errno, Event, Family, Group, Interest, Interface, Linger, Membership,
    Shutdown, SocketError, SocketId, SocketKind, SocketOption, SocketResult, Sockets,
};
use net::{Error, Kind, Readiness, SocketNumber, Stack};

use crate::options::Kept;

/// Tells the time, in microseconds.
pub type Clock = Box<dyn FnMut() -> u64>;

/// Plugs a stack into the machine.
pub struct PluggedSockets {
    /// The stack.
    pub stack: Stack,
    /// The name of this host.
    pub host_name: Vec<u8>,
    clock: Clock,
    kept: BTreeMap<SocketId, Kept>,
    ready: Vec<(SocketNumber, Readiness)>,
}

fn error_of(error: Error) -> SocketError {
    SocketError::Posix(match error {
        Error::NotNow => return SocketError::NotNow,
        Error::NoSocket => Errno::EBADF,
        Error::Invalid => Errno::EINVAL,
        Error::AddressInUse => Errno::EADDRINUSE,
        Error::AddressNotAvailable => Errno::EADDRNOTAVAIL,
        Error::Family => Errno::EAFNOSUPPORT,
        Error::Unreachable => Errno::ENETUNREACH,
        Error::Refused => Errno::ECONNREFUSED,
        Error::Reset => Errno::ECONNRESET,
        Error::TimedOut => Errno::ETIMEDOUT,
        Error::NotConnected => Errno::ENOTCONN,
        Error::Connected => Errno::EISCONN,
        Error::Pipe => Errno::EPIPE,
        Error::TooLong => Errno::EMSGSIZE,
        Error::NoDestination => Errno::EDESTADDRREQ,
        Error::NoBuffers => Errno::ENOBUFS,
        Error::NotSupported => Errno::ENOTSUP,
        Error::NoInterface => Errno::ENODEV,
        Error::InterfaceInUse => Errno::EBUSY,
    })
}

const fn number(socket: SocketId) -> SocketNumber {
    SocketNumber(socket.0)
}

fn read(address: &Address) -> SocketResult<SocketAddr> {
    match address {
        Address::V4 { ip, port } => Ok(SocketAddr::new(IpAddr::from(*ip), *port)),
        Address::V6 { ip, port, flow, scope } => {
            Ok(SocketAddr::V6(SocketAddrV6::new((*ip).into(), *port, *flow, *scope)))
        }
        Address::Local(_) | Address::Unspecified | Address::Unknown => {
            Err(SocketError::Posix(Errno::EAFNOSUPPORT))
        }
    }
}

/// An address as the machine has it.
pub(crate) fn show(address: SocketAddr) -> Address {
    match address {
        SocketAddr::V4(four) => Address::V4 { ip: four.ip().octets(), port: four.port() },
        SocketAddr::V6(six) => Address::V6 {
            ip: six.ip().octets(),
            port: six.port(),
            flow: six.flowinfo(),
            scope: six.scope_id(),
        },
    }
}

impl PluggedSockets {
    /// Plugs a stack in.
    #[must_use]
    pub const fn new(stack: Stack, host_name: Vec<u8>, clock: Clock) -> Self {
        Self { stack, host_name, clock, kept: BTreeMap::new(), ready: Vec::new() }
    }

    /// Does what there is to do for the network.
    pub fn run(&mut self) {
        let now = (self.clock)();
        self.stack.run(now);
    }

    /// Microseconds until there is something to do, if nothing comes before: none if somebody is to be told something already.
    pub fn rest(&mut self) -> Option<u64> {
        if self.stack.has_ready() {
            return Some(0);
        }
        let due = self.stack.due()?;
        Some(due.saturating_sub((self.clock)()))
    }
}

impl Sockets for PluggedSockets {
    fn open(&mut self, family: Family, kind: SocketKind) -> SocketResult<SocketId> {
        let family = match family {
            Family::V4 => net::Family::V4,
            Family::V6 => net::Family::V6,
            // Names of this machine are for the programs of a system; here there is one.
            Family::Local => return Err(SocketError::Posix(Errno::EAFNOSUPPORT)),
        };
        let kind = match kind {
            SocketKind::Stream => Kind::Stream,
            SocketKind::Datagram => Kind::Datagram,
        };
        Ok(SocketId(self.stack.open(family, kind).0))
    }

    fn open_frames(&mut self, interface: &[u8]) -> SocketResult<SocketId> {
        let name = core::str::from_utf8(interface).map_err(|_| SocketError::Posix(Errno::ENODEV))?;
        self.stack.open_frames(name).map(|socket| SocketId(socket.0)).map_err(error_of)
    }

    fn bind(&mut self, socket: SocketId, address: &Address) -> SocketResult<()> {
        self.stack.bind(number(socket), read(address)?).map_err(error_of)
    }

    fn listen(&mut self, socket: SocketId, backlog: u16) -> SocketResult<()> {
        self.stack.listen(number(socket), backlog.into()).map_err(error_of)
    }

    fn accept(&mut self, socket: SocketId) -> SocketResult<SocketId> {
        self.stack.accept(number(socket)).map(|accepted| SocketId(accepted.0)).map_err(error_of)
    }

    fn connect(&mut self, socket: SocketId, address: &Address) -> SocketResult<()> {
        self.stack.connect(number(socket), read(address)?).map_err(error_of)
    }

    fn disconnect(&mut self, socket: SocketId) {
        self.stack.disconnect(number(socket));
    }

    fn outcome(&mut self, socket: SocketId) -> SocketResult<()> {
        self.stack.outcome(number(socket)).map_err(error_of)
    }

    fn name(&mut self, socket: SocketId) -> SocketResult<Address> {
        self.stack.name(number(socket)).map(show).map_err(error_of)
    }

    fn peer(&mut self, socket: SocketId) -> SocketResult<Address> {
        self.stack.peer(number(socket)).map(show).map_err(error_of)
    }

    fn receive(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<usize> {
        self.stack.receive(number(socket), buffer).map_err(error_of)
    }

    fn send(&mut self, socket: SocketId, pieces: &[&[u8]]) -> SocketResult<usize> {
        self.stack.send(number(socket), pieces).map_err(error_of)
    }

    fn receive_from(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<Datagram> {
        let received = self.stack.receive_from(number(socket), buffer).map_err(error_of)?;
        let ancillary = self.kept.get(&socket).map(|kept| kept.told(received.beside)).unwrap_or_default();
        Ok(Datagram { len: received.len, from: show(received.from), ancillary })
    }

    fn send_to(
        &mut self,
        socket: SocketId,
        bytes: &[u8],
        to: Option<&Address>,
        ancillary: &Ancillary,
    ) -> SocketResult<usize> {
        let to = to.map(read).transpose()?;
        let header = self.kept.get(&socket).copied().unwrap_or_default().header(ancillary);
        self.stack.send_with(number(socket), bytes, to, header).map_err(error_of)
    }

    fn shutdown(&mut self, socket: SocketId, how: Shutdown) -> SocketResult<()> {
        let how = match how {
            Shutdown::Read => net::Shutdown::Read,
            Shutdown::Write => net::Shutdown::Write,
            Shutdown::Both => net::Shutdown::Both,
        };
        self.stack.shutdown(number(socket), how).map_err(error_of)
    }

    fn option(&mut self, socket: SocketId, option: SocketOption) -> SocketResult<i32> {
        let options = self.stack.options(number(socket)).map_err(error_of)?;
        let kept = self.kept.entry(socket).or_default();
        Ok(options::get(option, &options, kept))
    }

    fn set_option(&mut self, socket: SocketId, option: SocketOption, value: i32) -> SocketResult<()> {
        let mut options = self.stack.options(number(socket)).map_err(error_of)?;
        let kept = self.kept.entry(socket).or_default();
        if options::set(option, value, &mut options, kept) {
            self.stack.set_options(number(socket), options).map_err(error_of)?;
        }
        Ok(())
    }

    fn linger(&mut self, socket: SocketId) -> SocketResult<Linger> {
        let linger = self.stack.options(number(socket)).map_err(error_of)?.linger;
        let seconds = linger.and_then(|seconds| i32::try_from(seconds).ok()).unwrap_or(0);
        Ok(Linger { is_on: linger.is_some(), seconds })
    }

    fn set_linger(&mut self, socket: SocketId, linger: Linger) -> SocketResult<()> {
        let mut options = self.stack.options(number(socket)).map_err(error_of)?;
        options.linger = linger.is_on.then(|| u32::try_from(linger.seconds).unwrap_or(0));
        self.stack.set_options(number(socket), options).map_err(error_of)
    }

    fn member(&mut self, _: SocketId, group: Group, membership: Membership) -> SocketResult<()> {
        let (group, at) = match group {
            Group::V4(group, at, _) => (IpAddr::from(group), Some(IpAddr::from(at))),
            Group::V6(group, _) => (IpAddr::from(group), None),
        };
        let at = at.filter(|at| !at.is_unspecified());
        match membership {
            Membership::Join => self.stack.join(group, at),
            Membership::Leave => self.stack.leave(group, at),
        }
        .map_err(error_of)
    }

    fn watch(&mut self, socket: SocketId, interest: Interest) {
        self.stack.watch(number(socket), Readiness { read: interest.read, write: interest.write });
    }

    fn close(&mut self, socket: SocketId) {
        self.kept.remove(&socket);
        self.stack.close(number(socket));
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        self.run();
        self.stack.take_ready(&mut self.ready);
        events.extend(self.ready.drain(..).map(|(socket, ready)| {
            Event::Socket(SocketId(socket.0), Interest { read: ready.read, write: ready.write })
        }));
    }

    fn host_name(&mut self) -> Vec<u8> {
        self.host_name.clone()
    }

    fn interfaces(&mut self) -> SocketResult<Vec<Interface>> {
        Ok(interfaces::all(&self.stack))
    }

    fn service_port(&mut self, name: &[u8], protocol: &[u8]) -> Option<u16> {
        services::port(name, protocol)
    }

    fn service_name(&mut self, port: u16, protocol: &[u8]) -> Option<Vec<u8>> {
        services::name(port, protocol)
    }
}
