// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between a client and xenstored.
//!
//! Three things are kept apart: a request that was never sent because it cannot be right, one that xenstored
//! refused ([`Refusal`]), and a connection that is of no use any more ([`Broken`]).

use core::fmt;

use xen_hypervisor_sys::io::xs_wire::XSD_ERRORS;

use super::path::PathError;
use crate::byte_ring::RingError;

/// The errors that xenstored answers with: our name, the word on the wire, what it means.
macro_rules! refusals {
    ($($name:ident = $word:literal, $meaning:literal;)*) => {
        /// Why xenstored refused a request.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Refusal {
            $(#[doc = concat!("`", $word, "`: ", $meaning, ".")] $name,)*
            /// A word that the protocol does not have.
            Unknown,
        }

        impl Refusal {
            /// All that the protocol has.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            const WORDS: &[&str] = &[$($word),*];

            /// The word on the wire.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                    Self::Unknown => "unknown error",
                }
            }

            /// What the word means.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                    Self::Unknown => "a word that the protocol does not have",
                }
            }
        }
    };
}

refusals! {
    Invalid = "EINVAL", "the request makes no sense";
    Forbidden = "EACCES", "no permission";
    Exists = "EEXIST", "it exists already";
    IsDirectory = "EISDIR", "it is a directory";
    NotFound = "ENOENT", "there is no such node";
    NoMemory = "ENOMEM", "xenstored is out of memory";
    NoSpace = "ENOSPC", "a quota of xenstored is used up";
    Io = "EIO", "xenstored failed to read or write";
    NotEmpty = "ENOTEMPTY", "it is not empty";
    Unsupported = "ENOSYS", "this xenstored does not know the request";
    ReadOnly = "EROFS", "the tree cannot be written";
    Busy = "EBUSY", "too much is under way";
    Conflict = "EAGAIN", "somebody else changed what the transaction used";
    Connected = "EISCONN", "the domain is connected already";
    TooBig = "E2BIG", "the answer exceeds a message";
    NotPermitted = "EPERM", "not for this domain";
}

// The list above adds names and meanings to the header's own table, in its order; a word that differs does not build.
const _: () = {
    assert!(Refusal::ALL.len() == XSD_ERRORS.len());
    let mut row = 0;
    while row < XSD_ERRORS.len() {
        let (ours, theirs) = (Refusal::WORDS[row].as_bytes(), XSD_ERRORS[row].errstring.as_bytes());
        assert!(ours.len() == theirs.len());
        let mut at = 0;
        while at < ours.len() {
            assert!(ours[at] == theirs[at]);
            at += 1;
        }
        row += 1;
    }
};

impl Refusal {
    /// The refusal that a word on the wire stands for.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.iter().copied().find(|refusal| refusal.word() == word).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.meaning())
    }
}

impl core::error::Error for Refusal {}

/// Why a connection to xenstored is of no use any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    /// A ring's index is impossible.
    Ring(RingError),
    /// A message announces more payload than the protocol allows.
    TooLong {
        /// What it announces.
        len: u32,
    },
    /// A message of a kind that no answer has.
    UnknownKind {
        /// The number of the kind.
        kind: u32,
    },
    /// An answer to a request that is not under way.
    UnknownRequest {
        /// The id that the answer names.
        request: u32,
    },
    /// An answer of another kind than its request.
    WrongKind {
        /// The id of the request.
        request: u32,
        /// The number of the answer's kind.
        kind: u32,
    },
    /// A payload that is not what its kind demands.
    Malformed {
        /// What it should have been.
        what: &'static str,
    },
    /// xenstored has given the connection up and says why in the ring's error field.
    Deactivated {
        /// The field's value: 1 communication, 2 ring index, 3 protocol violation, 4 out of memory.
        code: u32,
    },
    /// The ring's connection field says that the ring is not connected, and it was not us who reset it.
    Disconnected {
        /// The field's value.
        state: u32,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection to xenstore broken: ")?;
        match self {
            Self::Ring(error) => error.fmt(f),
            Self::TooLong { len } => {
                write!(f, "message of {len} bytes, the limit is {}", super::wire::PAYLOAD_MAX)
            }
            Self::UnknownKind { kind } => write!(f, "message of unknown kind {kind}"),
            Self::UnknownRequest { request } => {
                write!(f, "answer to request {request}, which is not under way")
            }
            Self::WrongKind { request, kind } => {
                write!(f, "answer of kind {kind} does not fit request {request}")
            }
            Self::Malformed { what } => write!(f, "message is not {what}"),
            Self::Deactivated { code } => write!(f, "xenstored gave up with error {code}"),
            Self::Disconnected { state } => write!(f, "xenstored left the ring in state {state}"),
        }
    }
}

impl core::error::Error for Broken {}

impl From<RingError> for Broken {
    fn from(error: RingError) -> Self {
        Self::Ring(error)
    }
}

/// Why a request brought no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// xenstored refused it.
    Refused(Refusal),
    /// The path cannot exist.
    Path(PathError),
    /// The request, or a list that was put together from several answers, is longer than allowed.
    TooLong {
        /// Its bytes.
        len: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// Too many requests or watches are open already.
    TooMany {
        /// How many there can be.
        limit: usize,
    },
    /// A request that was never made, or whose result was taken or given up.
    UnknownRequest,
    /// A watch that is not, or no longer, registered.
    UnknownWatch,
    /// A transaction met conflicts at each attempt.
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// A node's value is not of the form that was asked for.
    Value {
        /// The form.
        expected: &'static str,
    },
    /// The connection is of no use any more.
    Broken(Broken),
}

impl Error {
    /// Whether xenstored said that there is no such node.
    pub fn is_not_found(&self) -> bool {
        *self == Self::Refused(Refusal::NotFound)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "xenstore refused: {refusal}"),
            Self::Path(error) => error.fmt(f),
            Self::TooLong { len, limit } => write!(f, "{len} bytes for xenstore, the limit is {limit}"),
            Self::TooMany { limit } => write!(f, "more than {limit} xenstore requests or watches open"),
            Self::UnknownRequest => f.write_str("no such xenstore request, or its result was taken"),
            Self::UnknownWatch => f.write_str("no such xenstore watch"),
            Self::Contended { attempts } => {
                write!(f, "xenstore transaction met a conflict in {attempts} attempts")
            }
            Self::Value { expected } => write!(f, "xenstore value is not {expected}"),
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Path(error) => Some(error),
            Self::Broken(broken) => Some(broken),
            _ => None,
        }
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}
