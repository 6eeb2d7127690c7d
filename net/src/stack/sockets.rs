// SPDX-License-Identifier: Apache-2.0
//! What can be done with sockets. Nothing here waits, and nothing is sent before the next [`run`](Stack::run).

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Family, Fresh, Kind, LinkId, Socket, SocketNumber, Stack};
use crate::beside::Beside;
use crate::claim::Claim;
use crate::connection::Connection;
use crate::datagrams::{Datagrams, Received, unmapped};
use crate::error::Error;
use crate::frame::Ends;
use crate::listener::Listener;
use crate::options::{BUFFER_MAX, BUFFER_MIN, Options, SendBuffer, Shutdown};
use crate::ports;

/// How many connections may wait to be accepted at most: Linux's `somaxconn`.
const BACKLOG_MAX: usize = 4096;

impl Family {
    const fn unspecified(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        }
    }

    /// An address as sockets of this family show it.
    fn show(self, address: SocketAddr) -> SocketAddr {
        match (self, address.ip()) {
            (Self::V6, IpAddr::V4(four)) => SocketAddr::new(four.to_ipv6_mapped().into(), address.port()),
            _ => address,
        }
    }

    /// An address that was given to a socket of this family.
    fn read(self, address: SocketAddr) -> Result<SocketAddr, Error> {
        match (self, address.ip()) {
            (Self::V4, IpAddr::V6(_)) | (Self::V6, IpAddr::V4(_)) => Err(Error::Family),
            (_, ip) => Ok(SocketAddr::new(unmapped(ip), address.port())),
        }
    }
}

impl Stack {
    /// Makes a socket.
    pub fn open(&mut self, family: Family, kind: Kind) -> SocketNumber {
        let socket = match kind {
            Kind::Stream => Socket::Fresh(Fresh { family, at: None, options: Options::default() }),
            Kind::Datagram => Socket::Datagrams(Box::new(Datagrams::new(family, Options::of_datagrams()))),
        };
        SocketNumber(self.sockets.insert(socket))
    }

    fn get(&mut self, socket: SocketNumber) -> Result<&mut Socket, Error> {
        self.sockets.get_mut(socket.0).ok_or(Error::NoSocket)
    }

    /// Gives a socket an address; a port of 0 is any that is free.
    ///
    /// # Errors
    /// [`Error::AddressInUse`], [`Error::AddressNotAvailable`], [`Error::Family`], [`Error::Invalid`].
    pub fn bind(&mut self, socket: SocketNumber, address: SocketAddr) -> Result<(), Error> {
        let (family, kind, options) = match self.get(socket)? {
            Socket::Fresh(Fresh { family, at: None, options }) => (*family, Kind::Stream, *options),
            Socket::Datagrams(datagrams) if datagrams.at.is_none() => {
                (datagrams.family, Kind::Datagram, datagrams.options)
            }
            _ => return Err(Error::Invalid),
        };
        let read = family.read(address)?;
        let is_own = read.ip().is_unspecified()
            || read.ip().is_multicast()
            || read.ip().is_loopback()
            || self.links.iter().any(|link| link.has(read.ip()));
        if !is_own {
            return Err(Error::AddressNotAvailable);
        }
        let port = match address.port() {
            0 => self.free_port(kind).ok_or(Error::AddressInUse)?,
            _ if self.is_taken(kind, address, options) => return Err(Error::AddressInUse),
            port => port,
        };
        let at = SocketAddr::new(address.ip(), port);
        match self.get(socket)? {
            Socket::Fresh(fresh) => fresh.at = Some(at),
            Socket::Datagrams(datagrams) => {
                datagrams.at = Some(at);
                self.datagrams.entry(port).or_default().push(socket);
            }
            Socket::Listener(_) | Socket::Connection(_) | Socket::Frames(_) => return Err(Error::Invalid),
        }
        Ok(())
    }

    /// Whether another socket has an address of a port, which both do not want to share.
    fn is_taken(&self, kind: Kind, at: SocketAddr, options: Options) -> bool {
        let table = match kind {
            Kind::Stream => &self.listeners,
            Kind::Datagram => &self.datagrams,
        };
        let claim = Claim::new(at.ip(), options.v6_only);
        table.get(&at.port()).into_iter().flatten().any(|number| {
            let (other, others, reuses) = match self.sockets.get(number.0) {
                Some(Socket::Listener(listener)) => (Some(listener.at), listener.options, false),
                Some(Socket::Datagrams(datagrams)) => {
                    (datagrams.at, datagrams.options, datagrams.options.reuse_address)
                }
                _ => return false,
            };
            let overlaps = other.is_some_and(|other| claim.overlaps(Claim::new(other.ip(), others.v6_only)));
            overlaps && !(options.reuse_address && reuses)
        })
    }

    fn free_port(&mut self, kind: Kind) -> Option<u16> {
        let random = self.random();
        ports::choose(random, |port| match kind {
            Kind::Stream => !self.listeners.contains_key(&port),
            Kind::Datagram => !self.datagrams.contains_key(&port),
        })
    }

    /// Lets others connect to a socket.
    ///
    /// # Errors
    /// [`Error::AddressInUse`], [`Error::Invalid`], [`Error::NotSupported`].
    pub fn listen(&mut self, socket: SocketNumber, backlog: usize) -> Result<(), Error> {
        let backlog = backlog.clamp(1, BACKLOG_MAX);
        let (family, at, options) = match self.get(socket)? {
            Socket::Fresh(fresh) => (fresh.family, fresh.at, fresh.options),
            Socket::Listener(listener) => {
                listener.backlog = backlog;
                return Ok(());
            }
            Socket::Connection(_) => return Err(Error::Invalid),
            Socket::Datagrams(_) | Socket::Frames(_) => return Err(Error::NotSupported),
        };
        let at = match at {
            Some(at) => at,
            None => SocketAddr::new(
                family.unspecified(),
                self.free_port(Kind::Stream).ok_or(Error::AddressInUse)?,
            ),
        };
        if self.is_taken(Kind::Stream, at, options) {
            return Err(Error::AddressInUse);
        }
        let listener = Listener { at, family, backlog, ready: VecDeque::new(), options };
        *self.get(socket)? = Socket::Listener(listener);
        self.listeners.entry(at.port()).or_default().push(socket);
        Ok(())
    }

    /// Takes a connection that waits.
    ///
    /// # Errors
    /// [`Error::NotNow`], [`Error::Invalid`].
    pub fn accept(&mut self, socket: SocketNumber) -> Result<SocketNumber, Error> {
        match self.get(socket)? {
            Socket::Listener(listener) => listener.ready.pop_front().ok_or(Error::NotNow),
            _ => Err(Error::Invalid),
        }
    }

    /// Connects a socket: [`Error::NotNow`] says that it is under way. Datagrams go to that address from now on.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Connected`], [`Error::AddressInUse`], [`Error::NoBuffers`], [`Error::Family`].
    pub fn connect(&mut self, socket: SocketNumber, address: SocketAddr) -> Result<(), Error> {
        match self.get(socket)? {
            Socket::Fresh(fresh) => {
                let fresh = Fresh { family: fresh.family, at: fresh.at, options: fresh.options };
                self.begin_connection(socket, &fresh, address)
            }
            Socket::Datagrams(datagrams) => {
                let peer = datagrams.family.read(address)?;
                let is_bound = datagrams.at.is_some();
                let family = datagrams.family;
                let source = self.source_for(peer.ip())?;
                if !is_bound {
                    self.bind(socket, SocketAddr::new(family.unspecified(), 0))?;
                }
                if let Socket::Datagrams(datagrams) = self.get(socket)? {
                    datagrams.peer = Some(peer);
                    datagrams.source = Some(source);
                }
                Ok(())
            }
            Socket::Connection(_) | Socket::Listener(_) => Err(Error::Connected),
            Socket::Frames(_) => Err(Error::NotSupported),
        }
    }

    fn begin_connection(&mut self, socket: SocketNumber, fresh: &Fresh, to: SocketAddr) -> Result<(), Error> {
        let mut remote = fresh.family.read(to)?;
        if remote.ip().is_unspecified() {
            // Whoever connects to no address means this machine.
            remote.set_ip(match remote.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        if remote.port() == 0 {
            return Err(Error::Refused);
        }
        let link = self.route(remote.ip())?;
        let bound = fresh.at.map(|at| SocketAddr::new(unmapped(at.ip()), at.port()));
        let source = match bound.map(|at| at.ip()).filter(|ip| !ip.is_unspecified()) {
            Some(ip) => ip,
            None => self.source_for(remote.ip())?,
        };
        let port = match bound.map(|at| at.port()) {
            Some(port) => port,
            None => {
                let random = self.random();
                let is_free = |port| {
                    let ends = Ends { local: SocketAddr::new(source, port), remote };
                    !self.connections.contains_key(&ends) && !self.listeners.contains_key(&port)
                };
                ports::choose(random, is_free).ok_or(Error::AddressNotAvailable)?
            }
        };
        let ends = Ends { local: SocketAddr::new(source, port), remote };
        if self.connections.contains_key(&ends) {
            return Err(Error::AddressInUse);
        }
        let packet = self.links[usize::from(link.0)].port.packet_size(ends);
        let mut connection = Connection::new(link, ends, fresh.family, fresh.options, packet);
        let context = self.links[usize::from(link.0)].interface.context();
        let begun = connection.socket().connect(context, ends.remote, ends.local);
        if begun.is_err() {
            return Err(Error::Unreachable);
        }
        self.take_memory(connection.footprint.bytes())?;
        *self.get(socket)? = Socket::Connection(Box::new(connection));
        self.connections.insert(ends, socket);
        self.settle(socket, crate::connection::Cause::Own);
        self.mark(socket);
        Err(Error::NotNow)
    }

    /// The address that what goes to another one comes from.
    fn source_for(&self, to: IpAddr) -> Result<IpAddr, Error> {
        let link = &self.links[usize::from(self.route(to)?.0)];
        if link.has(to) {
            return Ok(to);
        }
        link.interface.get_source_address(&to.into()).map(Into::into).ok_or(Error::Unreachable)
    }

    /// Forgets to whom datagrams go.
    pub fn disconnect(&mut self, socket: SocketNumber) {
        if let Ok(Socket::Datagrams(datagrams)) = self.get(socket) {
            datagrams.peer = None;
            datagrams.source = None;
        }
    }

    /// How connecting has ended: [`Error::NotNow`] while it is under way.
    ///
    /// # Errors
    /// What has gone wrong.
    pub fn outcome(&mut self, socket: SocketNumber) -> Result<(), Error> {
        match self.get(socket)? {
            Socket::Connection(connection) => connection.outcome(),
            Socket::Fresh(_) | Socket::Listener(_) | Socket::Datagrams(_) | Socket::Frames(_) => Ok(()),
        }
    }

    /// The address of this end.
    ///
    /// # Errors
    /// [`Error::NoSocket`].
    pub fn name(&mut self, socket: SocketNumber) -> Result<SocketAddr, Error> {
        Ok(match self.get(socket)? {
            Socket::Connection(connection) => connection.family.show(connection.ends.local),
            Socket::Listener(listener) => listener.at,
            Socket::Fresh(fresh) => fresh.at.unwrap_or(SocketAddr::new(fresh.family.unspecified(), 0)),
            Socket::Datagrams(datagrams) => {
                let at = datagrams.at.unwrap_or(SocketAddr::new(datagrams.family.unspecified(), 0));
                match datagrams.source.filter(|_| at.ip().is_unspecified()) {
                    Some(source) => datagrams.family.show(SocketAddr::new(source, at.port())),
                    None => at,
                }
            }
            Socket::Frames(_) => return Err(Error::NotSupported),
        })
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// [`Error::NotConnected`].
    pub fn peer(&mut self, socket: SocketNumber) -> Result<SocketAddr, Error> {
        use smoltcp::socket::tcp::State;
        match self.get(socket)? {
            Socket::Connection(connection) => match connection.state() {
                State::SynSent | State::Closed => Err(Error::NotConnected),
                _ => Ok(connection.family.show(connection.ends.remote)),
            },
            Socket::Datagrams(datagrams) => {
                datagrams.peer.map(|peer| datagrams.family.show(peer)).ok_or(Error::NotConnected)
            }
            Socket::Fresh(_) | Socket::Listener(_) | Socket::Frames(_) => Err(Error::NotConnected),
        }
    }

    /// Reads bytes of a stream, none at its end; or a frame.
    ///
    /// # Errors
    /// [`Error::NotNow`], or what has become of the connection.
    pub fn receive(&mut self, socket: SocketNumber, buffer: &mut [u8]) -> Result<usize, Error> {
        let connection = match self.get(socket)? {
            Socket::Connection(connection) => connection,
            Socket::Frames(frames) => return frames.read(buffer).ok_or(Error::NotNow),
            _ => return Err(Error::NotConnected),
        };
        let received = connection.receive(buffer);
        // The other end may have to be told of the room.
        if received.is_ok_and(|count| count > 0) {
            self.mark(socket);
        }
        received
    }

    /// Writes as many bytes of several pieces as there is room for; or a frame, whole.
    ///
    /// # Errors
    /// [`Error::NotNow`], or what has become of the connection.
    pub fn send(&mut self, socket: SocketNumber, pieces: &[&[u8]]) -> Result<usize, Error> {
        if let Socket::Frames(_) = self.get(socket)? {
            return self.write_frame(socket, pieces);
        }
        let sent = self.send_within_budget(socket, pieces);
        if sent.is_ok_and(|count| count > 0) {
            self.mark(socket);
        }
        sent
    }

    /// Reads a datagram; what does not fit is lost.
    ///
    /// # Errors
    /// [`Error::NotNow`].
    pub fn receive_from(&mut self, socket: SocketNumber, buffer: &mut [u8]) -> Result<Received, Error> {
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        let received = datagrams.receive(buffer)?;
        Ok(Received { from: datagrams.family.show(received.from), ..received })
    }

    /// Sends a datagram, to whom the socket is connected if to nobody else.
    ///
    /// # Errors
    /// [`Error::NoDestination`], [`Error::Unreachable`], [`Error::TooLong`], [`Error::NotNow`], [`Error::Family`].
    pub fn send_to(
        &mut self,
        socket: SocketNumber,
        bytes: &[u8],
        to: Option<SocketAddr>,
    ) -> Result<usize, Error> {
        self.send_with(socket, bytes, to, Beside::default())
    }

    /// The same with what its header is to say besides.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    pub fn send_with(
        &mut self,
        socket: SocketNumber,
        bytes: &[u8],
        to: Option<SocketAddr>,
        beside: Beside,
    ) -> Result<usize, Error> {
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        let family = datagrams.family;
        let to = match to {
            Some(to) => family.read(to)?,
            None => datagrams.peer.ok_or(Error::NoDestination)?,
        };
        if datagrams.at.is_none() {
            self.bind(socket, SocketAddr::new(family.unspecified(), 0))?;
        }
        let link = self.route(to.ip())?;
        self.make_side(socket, link)?;
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        datagrams.send(link, bytes, to, beside)?;
        self.mark(socket);
        Ok(bytes.len())
    }

    /// Sees to it that a socket of UDP has one of smoltcp's for an interface.
    pub(super) fn make_side(&mut self, socket: SocketNumber, link: LinkId) -> Result<(), Error> {
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        if datagrams.sides.contains_key(&link) {
            return Ok(());
        }
        let bytes = datagrams.options.buffers();
        self.take_memory(bytes)?;
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        if datagrams.side(link).is_none() {
            self.budget.taken -= bytes;
            return Err(Error::AddressNotAvailable);
        }
        Ok(())
    }

    /// Closes ways of a connection.
    ///
    /// # Errors
    /// [`Error::NotConnected`].
    pub fn shutdown(&mut self, socket: SocketNumber, how: Shutdown) -> Result<(), Error> {
        let Socket::Connection(connection) = self.get(socket)? else { return Err(Error::NotConnected) };
        if connection.state() == smoltcp::socket::tcp::State::Closed {
            return Err(Error::NotConnected);
        }
        connection.is_deaf |= matches!(how, Shutdown::Read | Shutdown::Both);
        if matches!(how, Shutdown::Write | Shutdown::Both) {
            connection.socket().close();
        }
        self.watched.touch(socket);
        self.mark(socket);
        Ok(())
    }

    /// What is said of a socket.
    ///
    /// # Errors
    /// [`Error::NoSocket`].
    pub fn options(&mut self, socket: SocketNumber) -> Result<Options, Error> {
        Ok(match self.get(socket)? {
            Socket::Fresh(fresh) => fresh.options,
            Socket::Listener(listener) => listener.options,
            Socket::Connection(connection) => connection.options,
            Socket::Datagrams(datagrams) => datagrams.options,
            Socket::Frames(_) => return Err(Error::NotSupported),
        })
    }

    /// Says something of a socket.
    ///
    /// # Errors
    /// [`Error::NoSocket`].
    pub fn set_options(&mut self, socket: SocketNumber, options: Options) -> Result<(), Error> {
        let clamp = |bytes: usize| bytes.clamp(BUFFER_MIN, BUFFER_MAX);
        let send_buffer = match options.send_buffer {
            SendBuffer::Tuned => SendBuffer::Tuned,
            SendBuffer::Bytes(bytes) => SendBuffer::Bytes(clamp(bytes)),
        };
        let receive_buffer = clamp(options.receive_buffer);
        let options = Options { send_buffer, receive_buffer, ..options };
        match self.get(socket)? {
            Socket::Fresh(fresh) => fresh.options = options,
            Socket::Listener(listener) => listener.options = options,
            Socket::Connection(connection) => {
                connection.apply(options);
                self.settle(socket, crate::connection::Cause::Own);
                self.mark(socket);
            }
            Socket::Datagrams(datagrams) => {
                let Options { send_buffer, receive_buffer, .. } = datagrams.options;
                let settled = Options { send_buffer, receive_buffer, ..options };
                datagrams.options = settled;
                if settled != options && datagrams.is_idle() {
                    // smoltcp's sockets have their buffers for good, so they are made anew. What waits in them keeps the old ones.
                    self.resize(socket, options)?;
                }
                if let Socket::Datagrams(datagrams) = self.get(socket)? {
                    datagrams.apply();
                }
            }
            Socket::Frames(_) => return Err(Error::NotSupported),
        }
        Ok(())
    }

    /// Gives a socket of UDP in which nothing waits other buffers.
    fn resize(&mut self, socket: SocketNumber, options: Options) -> Result<(), Error> {
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        let links: Vec<LinkId> = datagrams.sides.keys().copied().collect();
        let bytes = links.len() * options.buffers();
        let before = links.len() * datagrams.options.buffers();
        self.take_memory(bytes)?;
        self.budget.taken -= before;
        let Socket::Datagrams(datagrams) = self.get(socket)? else { return Err(Error::NotSupported) };
        datagrams.options = options;
        datagrams.sides.clear();
        for link in links {
            datagrams.side(link);
        }
        Ok(())
    }

    /// Joins a group of hosts on all interfaces, or on that which has an address.
    ///
    /// # Errors
    /// [`Error::AddressNotAvailable`], [`Error::Invalid`].
    pub fn join(&mut self, group: IpAddr, at: Option<IpAddr>) -> Result<(), Error> {
        self.each_link(at, |link| link.interface.join_multicast_group(group).is_ok())
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn leave(&mut self, group: IpAddr, at: Option<IpAddr>) -> Result<(), Error> {
        self.each_link(at, |link| link.interface.leave_multicast_group(group).is_ok())
    }

    fn each_link(
        &mut self,
        at: Option<IpAddr>,
        mut act: impl FnMut(&mut crate::link::Link) -> bool,
    ) -> Result<(), Error> {
        let links = self.links.iter_mut().skip(1).filter(|link| at.is_none_or(|at| link.has(at)));
        let (mut any, mut all) = (false, true);
        for link in links {
            any = true;
            all &= act(link);
        }
        self.links_due = Some(self.now);
        match (any, all) {
            (false, _) => Err(Error::AddressNotAvailable),
            (true, false) => Err(Error::Invalid),
            (true, true) => Ok(()),
        }
    }

    /// Lets go of a socket. What was not sent is, unless it is to be given up.
    pub fn close(&mut self, socket: SocketNumber) {
        self.watched.forget(socket);
        match self.sockets.get_mut(socket.0) {
            Some(Socket::Connection(connection)) => {
                if connection.options.linger == Some(0) {
                    connection.abort();
                    connection.is_orphan = true;
                } else {
                    connection.abandon();
                }
                self.mark(socket);
            }
            Some(Socket::Listener(listener)) => {
                let waiting = core::mem::take(&mut listener.ready);
                self.forget(socket);
                for connection in waiting {
                    self.abort(connection);
                }
                for half in self.half_open.clone() {
                    if self.connection(half).is_some_and(|half| half.listener == Some(socket)) {
                        self.forget(half);
                    }
                }
            }
            Some(Socket::Datagrams(datagrams)) if datagrams.is_sending() => {
                datagrams.is_orphan = true;
                self.mark(socket);
            }
            Some(Socket::Frames(_)) => {
                self.send_frames(socket);
                self.forget(socket);
            }
            Some(Socket::Datagrams(_) | Socket::Fresh(_)) => self.forget(socket),
            None => {}
        }
    }
}
