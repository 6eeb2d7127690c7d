// SPDX-License-Identifier: Apache-2.0
//! Why something cannot be done: what POSIX has names for.

use core::fmt;

/// Why an operation on a socket is not done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// Nothing to read, no room to write, or still under way: EAGAIN, EINPROGRESS.
    NotNow,
    /// There is no such socket: EBADF.
    NoSocket,
    /// Not in this state of the socket: EINVAL.
    Invalid,
    /// Another socket has the address: EADDRINUSE.
    AddressInUse,
    /// No interface has the address: EADDRNOTAVAIL.
    AddressNotAvailable,
    /// The address is of another family: EAFNOSUPPORT.
    Family,
    /// There is no way to the address: ENETUNREACH.
    Unreachable,
    /// Nobody listens there: ECONNREFUSED.
    Refused,
    /// The other end has given the connection up: ECONNRESET.
    Reset,
    /// The other end does not answer: ETIMEDOUT.
    TimedOut,
    /// There is no connection: ENOTCONN.
    NotConnected,
    /// There is one already: EISCONN.
    Connected,
    /// Sending is over: EPIPE.
    Pipe,
    /// The datagram is too long: EMSGSIZE.
    TooLong,
    /// It has no address to go to: EDESTADDRREQ.
    NoDestination,
    /// The stack may not use more memory: ENOBUFS.
    NoBuffers,
    /// The kind of socket cannot do it: EOPNOTSUPP.
    NotSupported,
    /// There is no such interface: ENODEV.
    NoInterface,
    /// Somebody has the interface: EBUSY.
    InterfaceInUse,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNow => "not now",
            Self::NoSocket => "no such socket",
            Self::Invalid => "not in this state of the socket",
            Self::AddressInUse => "another socket has the address",
            Self::AddressNotAvailable => "no interface has the address",
            Self::Family => "the address is of another family",
            Self::Unreachable => "there is no way to the address",
            Self::Refused => "nobody listens there",
            Self::Reset => "the other end has given the connection up",
            Self::TimedOut => "the other end does not answer",
            Self::NotConnected => "there is no connection",
            Self::Connected => "there is a connection already",
            Self::Pipe => "sending is over",
            Self::TooLong => "the datagram is too long",
            Self::NoDestination => "the datagram has no address to go to",
            Self::NoBuffers => "the stack may not use more memory",
            Self::NotSupported => "the kind of socket cannot do it",
            Self::NoInterface => "there is no such interface",
            Self::InterfaceInUse => "somebody has the interface",
        })
    }
}

impl core::error::Error for Error {}
