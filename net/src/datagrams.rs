// SPDX-License-Identifier: Apache-2.0
//! A socket of UDP: one of smoltcp's for each interface over which datagrams have come or gone.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::udp;
use smoltcp::wire::{IpEndpoint, IpListenEndpoint};

use crate::beside::Beside;
use crate::error::Error;
use crate::frame::Ends;
use crate::link::LinkId;
use crate::options::Options;
use crate::stack::Family;

/// Bytes of the shortest datagram that is reckoned with when the number of datagrams that may wait is settled.
const USUAL: usize = 256;

/// A datagram that has come; its bytes are in the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Received {
    /// How many bytes.
    pub len: usize,
    /// From whom.
    pub from: SocketAddr,
    /// What its header says besides.
    pub beside: Beside,
}

/// smoltcp's socket for one interface.
pub struct Side {
    /// smoltcp's set.
    pub set: SocketSet<'static>,
    handle: SocketHandle,
}

impl Side {
    fn new(at: SocketAddr, options: &Options) -> Option<Self> {
        let buffer = |bytes: usize| {
            udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; bytes / USUAL + 1], vec![0; bytes])
        };
        let mut socket = udp::Socket::new(buffer(options.receive_buffer), buffer(options.send_buffer.most()));
        socket.set_hop_limit(Some(options.time_to_live.max(1)));
        let addr = Some(at.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_multicast()).map(Into::into);
        socket.bind(IpListenEndpoint { addr, port: at.port() }).ok()?;
        let mut set = SocketSet::new(Vec::with_capacity(1));
        let handle = set.add(socket);
        Some(Self { set, handle })
    }

    fn socket(&mut self) -> &mut udp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    fn socket_ref(&self) -> &udp::Socket<'static> {
        self.set.get(self.handle)
    }
}

/// A socket of UDP.
pub struct Datagrams {
    /// Where, once it was bound.
    pub at: Option<SocketAddr>,
    /// Whose addresses it has.
    pub family: Family,
    /// From whom alone datagrams are taken, and to whom they go if nobody says otherwise.
    pub peer: Option<SocketAddr>,
    /// Whence they go there.
    pub source: Option<IpAddr>,
    /// Whether nobody has taken what was sent to the peer, and the program has not been told.
    pub is_refused: bool,
    /// What is said of it.
    pub options: Options,
    /// Nobody uses it any more; what waits to be sent is.
    pub is_orphan: bool,
    /// The interface whose turn to be read it is.
    turn: usize,
    /// smoltcp's sockets.
    pub sides: BTreeMap<LinkId, Side>,
}

impl Datagrams {
    /// A socket that is bound nowhere.
    pub const fn new(family: Family, options: Options) -> Self {
        let sides = BTreeMap::new();
        Self {
            at: None,
            family,
            peer: None,
            source: None,
            is_refused: false,
            options,
            is_orphan: false,
            turn: 0,
            sides,
        }
    }

    /// Whether a datagram is for it.
    pub fn takes(&self, to: SocketAddr, from: SocketAddr) -> bool {
        let Some(at) = self.at.filter(|at| at.port() == to.port()) else { return false };
        self.is_at(at.ip(), to.ip()) && self.peer.is_none_or(|peer| peer == from)
    }

    /// Whether a datagram that was sent between these ends is of it.
    pub fn has_sent(&self, ends: Ends) -> bool {
        self.peer == Some(ends.remote) && self.at.is_some_and(|at| self.is_at(at.ip(), ends.local.ip()))
    }

    fn is_at(&self, at: IpAddr, address: IpAddr) -> bool {
        match (at, address) {
            (IpAddr::V6(own), IpAddr::V4(to)) => {
                !self.options.v6_only && (own.is_unspecified() || own.to_ipv4_mapped() == Some(to))
            }
            (own, to) => {
                own.is_ipv4() == to.is_ipv4() && (own.is_unspecified() || own == to || to.is_multicast())
            }
        }
    }

    /// smoltcp's socket for an interface.
    pub fn side(&mut self, link: LinkId) -> Option<&mut Side> {
        let at = self.at?;
        let at = SocketAddr::new(unmapped(at.ip()), at.port());
        if !self.sides.contains_key(&link) {
            self.sides.insert(link, Side::new(at, &self.options)?);
        }
        self.sides.get_mut(&link)
    }

    /// Whether a datagram or an error waits to be read.
    pub fn is_readable(&self) -> bool {
        self.is_refused || self.sides.values().any(|side| side.socket_ref().can_recv())
    }

    /// Whether a datagram waits to be sent.
    pub fn is_sending(&self) -> bool {
        self.sides.values().any(|side| side.socket_ref().send_queue() > 0)
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        !self.sides.values().any(|side| side.socket_ref().can_recv() || side.socket_ref().send_queue() > 0)
    }

    /// Tells once that nobody has taken what was sent, as Linux does, to whoever reads or sends next.
    fn tell_refused(&mut self) -> Result<(), Error> {
        if core::mem::take(&mut self.is_refused) { Err(Error::Refused) } else { Ok(()) }
    }

    /// Reads a datagram; what does not fit is lost.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Received, Error> {
        self.tell_refused()?;
        let count = self.sides.len();
        for step in 0..count {
            let turn = (self.turn + step) % count;
            let Some(side) = self.sides.values_mut().nth(turn) else { break };
            if let Ok((bytes, meta)) = side.socket().recv() {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                let from = SocketAddr::new(meta.endpoint.addr.into(), meta.endpoint.port);
                self.turn = turn + 1;
                return Ok(Received { len, from, beside: Beside::of_number(meta.meta.id) });
            }
        }
        Err(Error::NotNow)
    }

    /// Puts a datagram before an interface.
    pub fn send(&mut self, link: LinkId, bytes: &[u8], to: SocketAddr, beside: Beside) -> Result<(), Error> {
        self.tell_refused()?;
        let side = self.side(link).ok_or(Error::Invalid)?;
        let mut to = udp::UdpMetadata::from(IpEndpoint::new(to.ip().into(), to.port()));
        to.meta.id = beside.number();
        side.socket().send_slice(bytes, to).map_err(|error| match error {
            udp::SendError::Unaddressable => Error::Unreachable,
            udp::SendError::BufferFull if bytes.len() > side.socket().payload_send_capacity() => {
                Error::TooLong
            }
            udp::SendError::BufferFull => Error::NotNow,
        })
    }

    /// Lets what is said of it hold for smoltcp's sockets.
    pub fn apply(&mut self) {
        for side in self.sides.values_mut() {
            side.socket().set_hop_limit(Some(self.options.time_to_live.max(1)));
        }
    }
}

/// An address of version 4 that stands in one of version 6.
pub fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}
