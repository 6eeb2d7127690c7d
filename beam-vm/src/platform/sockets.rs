// SPDX-License-Identifier: Apache-2.0
//! Sockets: connections and datagrams of whatever network the platform has, be it the host's or a stack of our own.
//!
//! Nothing here waits, as with [`Streams`](super::Streams): what cannot be done now is done when [`Event::Socket`] says so. Sockets are numbers
//! of the platform, which are good for one run of the machine.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Errno, Event, Interest};

/// A socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId(pub u32);

/// Why something cannot be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketError {
    /// It is under way, or there is nothing to read, or no room to write now.
    NotNow,
    /// It has failed.
    Posix(Errno),
}

/// What an operation on a socket gives.
pub type SocketResult<T> = Result<T, SocketError>;

/// Families of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IP, version 4.
    V4,
    /// IP, version 6.
    V6,
    /// Names of this machine.
    Local,
}

/// What goes through a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketKind {
    /// A stream of bytes: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagram,
}

/// The address of an end of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// IP, version 4.
    V4 {
        /// The host.
        ip: [u8; 4],
        /// The port.
        port: u16,
    },
    /// IP, version 6.
    V6 {
        /// The host.
        ip: [u8; 16],
        /// The port.
        port: u16,
        /// The flow.
        flow: u32,
        /// The interface of an address that is good on one alone.
        scope: u32,
    },
    /// A name of this machine: a path, or a name that begins with a zero byte; empty if there is none.
    Local(Vec<u8>),
    /// None.
    Unspecified,
    /// Of another family.
    Unknown,
}

impl Address {
    /// The port, if addresses of its family have one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::V4 { port, .. } | Self::V6 { port, .. } => Some(*port),
            Self::Local(_) | Self::Unspecified | Self::Unknown => None,
        }
    }
}

/// What may be asked of a socket or told to it: whole numbers, 0 and 1 for no and yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketOption {
    /// `SO_REUSEADDR`
    ReuseAddress,
    /// `SO_KEEPALIVE`
    KeepAlive,
    /// `SO_DONTROUTE`
    DontRoute,
    /// `SO_BROADCAST`
    Broadcast,
    /// `SO_SNDBUF`
    SendBuffer,
    /// `SO_RCVBUF`
    ReceiveBuffer,
    /// `SO_PRIORITY`
    Priority,
    /// `IP_TOS`
    TypeOfService,
    /// `IP_TTL`
    TimeToLive,
    /// `IP_RECVTOS`
    ReceiveTypeOfService,
    /// `IP_RECVTTL`
    ReceiveTimeToLive,
    /// `IPV6_TCLASS`
    TrafficClass,
    /// `IPV6_RECVTCLASS`
    ReceiveTrafficClass,
    /// `IPV6_V6ONLY`
    V6Only,
    /// `TCP_NODELAY`
    NoDelay,
    /// `TCP_CORK`
    NoPush,
    /// `IP_MULTICAST_TTL` or `IPV6_MULTICAST_HOPS`
    MulticastTtl,
    /// `IP_MULTICAST_LOOP` or `IPV6_MULTICAST_LOOP`
    MulticastLoop,
    /// `IPV6_MULTICAST_IF`: the number of an interface.
    MulticastInterface,
}

/// What happens to what was not sent when a socket is closed: `SO_LINGER`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Linger {
    /// Whether it is sent for some time, or given up at once if that is 0.
    pub is_on: bool,
    /// Seconds.
    pub seconds: i32,
}

/// A group of hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// The group, the address of the interface, and its number if that is not 0.
    V4([u8; 4], [u8; 4], u32),
    /// The group and the number of the interface.
    V6([u8; 16], u32),
}

/// Whether to be in a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Membership {
    /// From now on.
    Join,
    /// No longer.
    Leave,
}

/// An option by the numbers of the host's system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawOption {
    /// The protocol.
    pub level: i32,
    /// The option.
    pub name: i32,
}

impl RawOption {
    /// The name of the interface to which a socket is bound: `SO_BINDTODEVICE`.
    pub const BIND_TO_DEVICE: Self = Self { level: 1, name: 25 };
}

/// What comes or goes beside a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ancillary {
    /// The type of service of version 4.
    pub type_of_service: Option<i32>,
    /// The traffic class of version 6.
    pub traffic_class: Option<i32>,
    /// The hops that are left.
    pub time_to_live: Option<i32>,
}

/// A datagram that has come; its bytes are in the buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// How many bytes.
    pub len: usize,
    /// From whom.
    pub from: Address,
    /// What has come beside it.
    pub ancillary: Ancillary,
}

/// Which ways a connection is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// Nothing more is received.
    Read,
    /// Nothing more is sent.
    Write,
    /// Both.
    Both,
}

/// A network interface, one for each address of it; the one without an address tells the hardware's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What it is and can.
    pub flags: InterfaceFlags,
    /// Its address.
    pub address: Option<Address>,
    /// The mask of the address.
    pub netmask: Option<Address>,
    /// The address that all hosts of its net have.
    pub broadcast: Option<Address>,
    /// The address of the other end.
    pub destination: Option<Address>,
    /// The address of the hardware.
    pub hardware: Option<Vec<u8>>,
}

/// What an interface is and can.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InterfaceFlags {
    /// It is in use.
    pub is_up: bool,
    /// It reaches all hosts of its net at once.
    pub has_broadcast: bool,
    /// It leads to this machine.
    pub is_loopback: bool,
    /// It leads to one host.
    pub is_point_to_point: bool,
    /// It is connected.
    pub is_running: bool,
    /// It reaches groups of hosts.
    pub has_multicast: bool,
}

/// What a platform can do with sockets.
pub trait Sockets {
    /// Makes a socket.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn open(&mut self, family: Family, kind: SocketKind) -> SocketResult<SocketId>;

    /// A socket that has an interface of Ethernet in place of the network: it reads and writes frames, one at a time.
    ///
    /// # Errors
    /// [`SocketError::Posix`]: `ENODEV`, `EBUSY`, or that it cannot be had.
    fn open_frames(&mut self, _interface: &[u8]) -> SocketResult<SocketId> {
        Err(SocketError::Posix(Errno::ENOTSUP))
    }

    /// The socket of a descriptor that this process has.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn adopt(&mut self, _descriptor: i32) -> SocketResult<SocketId> {
        Err(SocketError::Posix(Errno::ENOTSUP))
    }

    /// The number by which the host's system knows a socket.
    fn descriptor(&mut self, _socket: SocketId) -> Option<i32> {
        None
    }

    /// Gives a socket an address.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn bind(&mut self, socket: SocketId, address: &Address) -> SocketResult<()>;

    /// Lets others connect to a socket.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn listen(&mut self, socket: SocketId, backlog: u16) -> SocketResult<()>;

    /// Takes a connection.
    ///
    /// # Errors
    /// [`SocketError`].
    fn accept(&mut self, socket: SocketId) -> SocketResult<SocketId>;

    /// Connects a socket, or says to whom its datagrams go. [`SocketError::NotNow`]: it can be written when that is done.
    ///
    /// # Errors
    /// [`SocketError`].
    fn connect(&mut self, socket: SocketId, address: &Address) -> SocketResult<()>;

    /// Forgets to whom datagrams go.
    fn disconnect(&mut self, socket: SocketId);

    /// How connecting has ended.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn outcome(&mut self, socket: SocketId) -> SocketResult<()>;

    /// The address of this end.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn name(&mut self, socket: SocketId) -> SocketResult<Address>;

    /// The address of the other end.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn peer(&mut self, socket: SocketId) -> SocketResult<Address>;

    /// Reads bytes of a stream; none at its end.
    ///
    /// # Errors
    /// [`SocketError`].
    fn receive(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<usize>;

    /// Writes as many bytes of several pieces as there is room for.
    ///
    /// # Errors
    /// [`SocketError`].
    fn send(&mut self, socket: SocketId, pieces: &[&[u8]]) -> SocketResult<usize>;

    /// Reads a datagram; what does not fit is lost.
    ///
    /// # Errors
    /// [`SocketError`].
    fn receive_from(&mut self, socket: SocketId, buffer: &mut [u8]) -> SocketResult<Datagram>;

    /// Sends a datagram, to whom the socket is connected to if to nobody else.
    ///
    /// # Errors
    /// [`SocketError`].
    fn send_to(
        &mut self,
        socket: SocketId,
        bytes: &[u8],
        to: Option<&Address>,
        ancillary: &Ancillary,
    ) -> SocketResult<usize>;

    /// Closes ways of a connection.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn shutdown(&mut self, socket: SocketId, how: Shutdown) -> SocketResult<()>;

    /// An option.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn option(&mut self, socket: SocketId, option: SocketOption) -> SocketResult<i32>;

    /// Sets an option.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn set_option(&mut self, socket: SocketId, option: SocketOption, value: i32) -> SocketResult<()>;

    /// What happens to what was not sent.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn linger(&mut self, socket: SocketId) -> SocketResult<Linger>;

    /// Says what happens to what was not sent.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn set_linger(&mut self, socket: SocketId, linger: Linger) -> SocketResult<()>;

    /// The address of the interface through which datagrams to groups go: `IP_MULTICAST_IF`.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn group_interface(&mut self, _socket: SocketId) -> SocketResult<[u8; 4]> {
        Err(SocketError::Posix(Errno::ENOPROTOOPT))
    }

    /// Says through which interface datagrams to groups go.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn set_group_interface(&mut self, _socket: SocketId, _address: [u8; 4]) -> SocketResult<()> {
        Err(SocketError::Posix(Errno::ENOPROTOOPT))
    }

    /// What has come beside the last packet of a stream: `IP_PKTOPTIONS`.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn packet_options(&mut self, _socket: SocketId) -> SocketResult<Ancillary> {
        Ok(Ancillary::default())
    }

    /// Joins or leaves a group.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn member(&mut self, _socket: SocketId, _group: Group, _membership: Membership) -> SocketResult<()> {
        Err(SocketError::Posix(Errno::ENOPROTOOPT))
    }

    /// Reads an option of the host's system into a buffer.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn raw_option(
        &mut self,
        _socket: SocketId,
        _option: RawOption,
        _value: &mut [u8],
    ) -> SocketResult<usize> {
        Err(SocketError::Posix(Errno::ENOPROTOOPT))
    }

    /// Sets an option of the host's system.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn set_raw_option(&mut self, _socket: SocketId, _option: RawOption, _value: &[u8]) -> SocketResult<()> {
        Err(SocketError::Posix(Errno::ENOPROTOOPT))
    }

    /// Says what is to be told of a socket from now on, as long as it is so.
    fn watch(&mut self, socket: SocketId, interest: Interest);

    /// Lets go of a socket.
    fn close(&mut self, socket: SocketId);

    /// Appends what has happened, without waiting for more.
    fn poll(&mut self, events: &mut Vec<Event>);

    /// The name of this host.
    fn host_name(&mut self) -> Vec<u8>;

    /// The network interfaces and their addresses.
    ///
    /// # Errors
    /// [`SocketError::Posix`].
    fn interfaces(&mut self) -> SocketResult<Vec<Interface>>;

    /// The port of a service.
    fn service_port(&mut self, _name: &[u8], _protocol: &[u8]) -> Option<u16> {
        None
    }

    /// The name of the service of a port.
    fn service_name(&mut self, _port: u16, _protocol: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
