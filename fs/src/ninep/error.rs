// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with a server.

use alloc::string::String;
use core::fmt;

use crate::Errno;

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// It is shorter than what is in it.
    Short,
    /// It is longer than what is in it.
    Long,
    /// Its size is not that of any message that was agreed on.
    Size,
    /// It is of another kind than what was asked for.
    Kind,
    /// It has another tag than what was asked.
    Tag,
    /// A walk has gone further than it was asked to.
    Walk,
    /// It has more bytes than were asked for, or says that more were written than were sent.
    Count,
    /// A name is none: it is empty, too long, or has a slash or a zero in it.
    Name,
    /// A folder has more entries than anybody makes.
    Folder,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "a message shorter than what is in it",
            Self::Long => "a message longer than what is in it",
            Self::Size => "a message of a size that was not agreed on",
            Self::Kind => "an answer of another kind than what was asked for",
            Self::Tag => "an answer to what was not asked",
            Self::Walk => "a walk further than asked for",
            Self::Count => "more bytes than asked for",
            Self::Name => "a name that is none",
            Self::Folder => "a folder with too many entries",
        })
    }
}

impl core::error::Error for Malformed {}

/// Why nothing comes from a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// There is no connection.
    Gone,
    /// It has not answered for too long.
    TimedOut,
    /// Nobody listens there.
    Refused,
    /// Nothing leads there.
    Unreachable,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the connection is gone",
            Self::TimedOut => "the server does not answer",
            Self::Refused => "nothing listens at its address and port",
            Self::Unreachable => {
                "there is no way to its address: no interface is up, or no route leads there"
            }
        })
    }
}

impl core::error::Error for Lost {}

/// Why a server's tree cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// It cannot be spoken with.
    Lost(Lost),
    /// It does not keep to the protocol.
    Malformed(Malformed),
    /// It does not speak 9P2000.L.
    Version {
        /// What it speaks.
        spoken: String,
    },
    /// It takes short messages only.
    MessageSize {
        /// Their most bytes.
        size: u32,
    },
    /// It refuses the user, or the tree.
    Attach(Errno),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(lost) => lost.fmt(f),
            Self::Malformed(malformed) => write!(f, "the server breaks the protocol: {malformed}"),
            Self::Version { spoken } => write!(f, "the server does not speak 9P2000.L but {spoken:?}"),
            Self::MessageSize { size } => write!(
                f,
                "the server takes messages of {size} bytes at most, and {} are needed",
                super::connection::LEAST
            ),
            Self::Attach(errno) => write!(f, "the server refuses to attach: error {}", errno.0),
        }
    }
}

impl core::error::Error for Error {}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// Why something is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The server says so, or it cannot be asked for.
    Refused(Errno),
    /// The connection is of no use any longer.
    Broken(Error),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno)
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Broken(malformed.into())
    }
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        Self::Broken(lost.into())
    }
}

impl Failure {
    /// What a program is told.
    #[must_use]
    pub const fn errno(&self) -> Errno {
        match self {
            Self::Refused(errno) => *errno,
            Self::Broken(_) => Errno::EIO,
        }
    }
}
