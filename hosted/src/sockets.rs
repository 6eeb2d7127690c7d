// SPDX-License-Identifier: Apache-2.0
//! The host's sockets. Which of them are ready is told by `epoll(7)`, whatever their number; its descriptor is waited for beside the others.

mod address;
mod interfaces;
mod options;
mod raw;
mod services;

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use beam_vm::platform::{
    Address, Ancillary, Datagram, Event, Family, Group, Interest, Interface, Linger, Membership, RawOption,
    Shutdown, SocketError, SocketId, SocketKind, SocketOption, SocketResult, Sockets,
};
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::net::{self, SocketFlags, SocketType, ipproto};

/// Events that are taken at once.
const EVENTS: usize = 256;

/// A socket.
#[derive(Debug)]
struct Socket {
    file: OwnedFd,
    family: Family,
    interest: Interest,
}

/// All sockets.
#[derive(Debug, Default)]
pub struct HostSockets {
    sockets: Vec<Option<Socket>>,
    free: Vec<u32>,
    /// Who tells which are ready; made with the first socket.
    readiness: Option<OwnedFd>,
}

const NO_SOCKET: SocketError = SocketError::Posix(beam_vm::platform::Errno::EBADF);

fn error_of(error: Errno) -> SocketError {
    match error {
        Errno::AGAIN | Errno::INTR | Errno::INPROGRESS => SocketError::NotNow,
        error => SocketError::Posix(beam_vm::platform::Errno::from_raw(error.raw_os_error() as u16)),
    }
}

fn flags_of(interest: Interest) -> epoll::EventFlags {
    let mut flags = epoll::EventFlags::empty();
    flags.set(epoll::EventFlags::IN, interest.read);
    flags.set(epoll::EventFlags::OUT, interest.write);
    flags
}

impl HostSockets {
    /// What is readable when a socket is ready.
    pub fn readiness(&self) -> Option<BorrowedFd<'_>> {
        self.readiness.as_ref().map(AsFd::as_fd)
    }

    fn add(&mut self, file: OwnedFd, family: Family) -> SocketResult<SocketId> {
        if self.readiness.is_none() {
            self.readiness = Some(epoll::create(epoll::CreateFlags::CLOEXEC).map_err(error_of)?);
        }
        let socket = Some(Socket { file, family, interest: Interest::default() });
        let place = self.free.pop().unwrap_or_else(|| {
            self.sockets.push(None);
            (self.sockets.len() - 1) as u32
        });
        self.sockets[place as usize] = socket;
        Ok(SocketId(place))
    }

    fn get(&self, socket: SocketId) -> SocketResult<&Socket> {
        self.sockets.get(socket.0 as usize).and_then(Option::as_ref).ok_or(NO_SOCKET)
    }

    fn option_of(&self, socket: SocketId, option: SocketOption) -> SocketResult<(&Socket, RawOption)> {
        let socket = self.get(socket)?;
        Ok((socket, options::numbers(option, socket.family)))
    }
}

impl Sockets for HostSockets {
    fn open(&mut self, family: Family, kind: SocketKind) -> SocketResult<SocketId> {
        let (kind, protocol) = match kind {
            SocketKind::Stream => (SocketType::STREAM, ipproto::TCP),
            SocketKind::Datagram => (SocketType::DGRAM, ipproto::UDP),
        };
        let protocol = Some(protocol).filter(|_| family != Family::Local);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let file = net::socket_with(address::family(family), kind, flags, protocol).map_err(error_of)?;
        self.add(file, family)
    }

    fn adopt(&mut self, descriptor: i32) -> SocketResult<SocketId> {
        let file = raw::inherited(descriptor).ok_or(NO_SOCKET)?;
        let file = rustix::io::fcntl_dupfd_cloexec(file, 3).map_err(error_of)?;
        rustix::io::ioctl_fionbio(&file, true).map_err(error_of)?;
        let family = match net::getsockname(&file).map_err(error_of)?.address_family() {
            net::AddressFamily::INET6 => Family::V6,
            net::AddressFamily::UNIX => Family::Local,
            _ => Family::V4,
        };
        self.add(file, family)
    }

    fn descriptor(&mut self, socket: SocketId) -> Option<RawFd> {
        self.get(socket).ok().map(|socket| socket.file.as_raw_fd())
    }

    fn bind(&mut self, socket: SocketId, to: &Address) -> SocketResult<()> {
        let file = &self.get(socket)?.file;
        address::with(to, |to| net::bind(file, to)).map_err(error_of)
    }

    fn listen(&mut self, socket: SocketId, backlog: u16) -> SocketResult<()> {
        net::listen(&self.get(socket)?.file, i32::from(backlog)).map_err(error_of)
    }

    fn accept(&mut self, socket: SocketId) -> SocketResult<SocketId> {
        let listener = self.get(socket)?;
        let family = listener.family;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let file = net::accept_with(&listener.file, flags).map_err(error_of)?;
        self.add(file, family)
    }

    fn connect(&mut self, socket: SocketId, to: &Address) -> SocketResult<()> {
        let file = &self.get(socket)?.file;
        address::with(to, |to| net::connect(file, to)).map_err(error_of)
    }

    fn disconnect(&mut self, socket: SocketId) {
        if let Ok(socket) = self.get(socket) {
            // A socket that is not connected stays so.
            let _ = net::connect_unspec(&socket.file);
        }
    }

    fn outcome(&mut self, socket: SocketId) -> SocketResult<()> {
        net::sockopt::socket_error(&self.get(socket)?.file).map_err(error_of)?.map_err(error_of)
    }

    fn name(&mut self, socket: SocketId) -> SocketResult<Address> {
        let name = net::getsockname(&self.get(socket)?.file).map_err(error_of)?;
        Ok(address::read(&name))
    }

    fn peer(&mut self, socket: SocketId) -> SocketResult<Address> {
        let peer = net::getpeername(&self.get(socket)?.file).map_err(error_of)?;
        Ok(peer.map_or(Address::Local(Vec::new()), |peer| address::read(&peer)))
    }

    fn receive(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<usize> {
        rustix::io::read(&self.get(socket)?.file, buffer).map_err(error_of)
    }

    fn send(&mut self, socket: SocketId, pieces: &[&[u8]]) -> SocketResult<usize> {
        let pieces: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        // Rust's runtime ignores SIGPIPE.
        rustix::io::writev(&self.get(socket)?.file, &pieces).map_err(error_of)
    }

    fn receive_from(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<Datagram> {
        raw::receive(self.get(socket)?.file.as_fd(), buffer).map_err(error_of)
    }

    fn send_to(
        &mut self,
        socket: SocketId,
        bytes: &[u8],
        to: Option<&Address>,
        ancillary: &Ancillary,
    ) -> SocketResult<usize> {
        raw::send(self.get(socket)?.file.as_fd(), bytes, to, ancillary).map_err(error_of)
    }

    fn shutdown(&mut self, socket: SocketId, how: Shutdown) -> SocketResult<()> {
        let how = match how {
            Shutdown::Read => net::Shutdown::Read,
            Shutdown::Write => net::Shutdown::Write,
            Shutdown::Both => net::Shutdown::Both,
        };
        net::shutdown(&self.get(socket)?.file, how).map_err(error_of)
    }

    fn option(&mut self, socket: SocketId, option: SocketOption) -> SocketResult<i32> {
        let (socket, numbers) = self.option_of(socket, option)?;
        raw::number(socket.file.as_fd(), numbers).map_err(error_of)
    }

    fn set_option(&mut self, socket: SocketId, option: SocketOption, value: i32) -> SocketResult<()> {
        let (socket, numbers) = self.option_of(socket, option)?;
        raw::set_option(socket.file.as_fd(), numbers, &value.to_ne_bytes()).map_err(error_of)
    }

    fn linger(&mut self, socket: SocketId) -> SocketResult<Linger> {
        let mut value = [0; 8];
        raw::option(self.get(socket)?.file.as_fd(), options::LINGER, &mut value).map_err(error_of)?;
        let ([is_on, seconds], _) = value.as_chunks::<4>() else { return Err(NO_SOCKET) };
        Ok(Linger { is_on: i32::from_ne_bytes(*is_on) != 0, seconds: i32::from_ne_bytes(*seconds) })
    }

    fn set_linger(&mut self, socket: SocketId, linger: Linger) -> SocketResult<()> {
        let value = [i32::from(linger.is_on).to_ne_bytes(), linger.seconds.to_ne_bytes()].concat();
        raw::set_option(self.get(socket)?.file.as_fd(), options::LINGER, &value).map_err(error_of)
    }

    fn group_interface(&mut self, socket: SocketId) -> SocketResult<[u8; 4]> {
        let mut value = [0; 4];
        let file = self.get(socket)?.file.as_fd();
        raw::option(file, options::GROUP_INTERFACE, &mut value).map_err(error_of)?;
        Ok(value)
    }

    fn set_group_interface(&mut self, socket: SocketId, address: [u8; 4]) -> SocketResult<()> {
        let file = self.get(socket)?.file.as_fd();
        raw::set_option(file, options::GROUP_INTERFACE, &address).map_err(error_of)
    }

    fn packet_options(&mut self, socket: SocketId) -> SocketResult<Ancillary> {
        raw::packet_options(self.get(socket)?.file.as_fd()).map_err(error_of)
    }

    fn member(&mut self, socket: SocketId, group: Group, membership: Membership) -> SocketResult<()> {
        let (option, value) = options::membership(group, membership);
        raw::set_option(self.get(socket)?.file.as_fd(), option, &value).map_err(error_of)
    }

    fn raw_option(&mut self, socket: SocketId, option: RawOption, value: &mut [u8]) -> SocketResult<usize> {
        raw::option(self.get(socket)?.file.as_fd(), option, value).map_err(error_of)
    }

    fn set_raw_option(&mut self, socket: SocketId, option: RawOption, value: &[u8]) -> SocketResult<()> {
        raw::set_option(self.get(socket)?.file.as_fd(), option, value).map_err(error_of)
    }

    fn watch(&mut self, socket: SocketId, interest: Interest) {
        let Some(readiness) = &self.readiness else { return };
        let Some(Some(entry)) = self.sockets.get_mut(socket.0 as usize) else { return };
        let data = epoll::EventData::new_u64(u64::from(socket.0));
        let was_watched = entry.interest.is_any();
        entry.interest = interest;
        // What cannot be watched is never ready; a socket can.
        let _ = match (was_watched, interest.is_any()) {
            (false, false) => Ok(()),
            (false, true) => epoll::add(readiness, &entry.file, data, flags_of(interest)),
            (true, true) => epoll::modify(readiness, &entry.file, data, flags_of(interest)),
            (true, false) => epoll::delete(readiness, &entry.file),
        };
    }

    fn close(&mut self, socket: SocketId) {
        if let Some(place) = self.sockets.get_mut(socket.0 as usize)
            && place.take().is_some()
        {
            self.free.push(socket.0);
        }
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        let Some(readiness) = &self.readiness else { return };
        let mut ready = Vec::with_capacity(EVENTS);
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        if epoll::wait(readiness, rustix::buffer::spare_capacity(&mut ready), Some(&now)).is_err() {
            return;
        }
        for event in ready {
            let (flags, socket) = (event.flags, SocketId(event.data.u64() as u32));
            let Ok(entry) = self.get(socket) else { continue };
            // What has gone wrong is found by whoever reads or writes.
            let is_over = flags.intersects(epoll::EventFlags::HUP | epoll::EventFlags::ERR);
            let ready = Interest {
                read: entry.interest.read && (is_over || flags.contains(epoll::EventFlags::IN)),
                write: entry.interest.write && (is_over || flags.contains(epoll::EventFlags::OUT)),
            };
            if ready.is_any() {
                events.push(Event::Socket(socket, ready));
            }
        }
    }

    fn host_name(&mut self) -> Vec<u8> {
        raw::host_name()
    }

    fn interfaces(&mut self) -> SocketResult<Vec<Interface>> {
        interfaces::all().map_err(error_of)
    }

    fn service_port(&mut self, name: &[u8], protocol: &[u8]) -> Option<u16> {
        services::port(name, protocol)
    }

    fn service_name(&mut self, port: u16, protocol: &[u8]) -> Option<Vec<u8>> {
        services::name(port, protocol)
    }
}
