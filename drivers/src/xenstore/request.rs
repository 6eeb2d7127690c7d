// SPDX-License-Identifier: Apache-2.0
//! What a client asks of xenstored, and how that lies on the wire.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::num::NonZero;

use super::error::Error;
use super::path;
use super::permission::{self, Permission};
use super::wire::{Header, Kind, PAYLOAD_MAX};
use crate::memory::DomId;

/// A transaction that xenstored has opened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TransactionId(pub NonZero<u32>);

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All that it wrote is to become visible at once.
    Commit,
    /// Nothing that it wrote is to stay.
    Abort,
}

/// One request. Watches are asked for through the client, which chooses their tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request<'a> {
    /// The names of a node's children.
    Directory {
        /// The node.
        path: &'a str,
    },
    /// As many of the names as fit a message, from a byte offset in the whole list on.
    DirectoryPart {
        /// The node.
        path: &'a str,
        /// The offset.
        offset: usize,
    },
    /// A node's value.
    Read {
        /// The node.
        path: &'a str,
    },
    /// Writes a node's value; makes the node, and those above it, if there is none.
    Write {
        /// The node.
        path: &'a str,
        /// Its new value: any bytes.
        value: &'a [u8],
    },
    /// Makes a node without a value, unless it is there.
    Mkdir {
        /// The node.
        path: &'a str,
    },
    /// Removes a node and all below it.
    Rm {
        /// The node.
        path: &'a str,
    },
    /// A node's permissions.
    GetPerms {
        /// The node.
        path: &'a str,
    },
    /// Writes a node's permissions.
    SetPerms {
        /// The node.
        path: &'a str,
        /// The new list, the owner first.
        permissions: &'a [Permission],
    },
    /// Opens a transaction.
    TransactionStart,
    /// Closes the transaction that the request is sent in.
    TransactionEnd(Outcome),
    /// A domain's own directory.
    GetDomainPath(DomId),
    /// Whether a domain talks to xenstored.
    IsDomainIntroduced(DomId),
    /// Ends all watches and open transactions of this connection.
    ResetWatches,
}

impl Request<'_> {
    /// The kind of its message.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Directory { .. } => Kind::Directory,
            Self::DirectoryPart { .. } => Kind::DirectoryPart,
            Self::Read { .. } => Kind::Read,
            Self::Write { .. } => Kind::Write,
            Self::Mkdir { .. } => Kind::Mkdir,
            Self::Rm { .. } => Kind::Rm,
            Self::GetPerms { .. } => Kind::GetPerms,
            Self::SetPerms { .. } => Kind::SetPerms,
            Self::TransactionStart => Kind::TransactionStart,
            Self::TransactionEnd(_) => Kind::TransactionEnd,
            Self::GetDomainPath(_) => Kind::GetDomainPath,
            Self::IsDomainIntroduced(_) => Kind::IsDomainIntroduced,
            Self::ResetWatches => Kind::ResetWatches,
        }
    }

    /// The whole message, if the request can be right.
    pub fn frame(&self, request: u32, transaction: Option<TransactionId>) -> Result<Vec<u8>, Error> {
        let number;
        let list;
        let (node, rest): (Option<&str>, &[u8]) = match *self {
            Self::Directory { path }
            | Self::Read { path }
            | Self::Mkdir { path }
            | Self::Rm { path }
            | Self::GetPerms { path } => (Some(path), b""),
            Self::DirectoryPart { path, offset } => {
                number = terminated(offset);
                (Some(path), &number)
            }
            Self::Write { path, value } => (Some(path), value),
            Self::SetPerms { path, permissions } => {
                list = permission::encode(permissions);
                (Some(path), list.as_bytes())
            }
            Self::TransactionStart | Self::ResetWatches => (None, b"\0"),
            Self::TransactionEnd(Outcome::Commit) => (None, b"T\0"),
            Self::TransactionEnd(Outcome::Abort) => (None, b"F\0"),
            Self::GetDomainPath(domain) | Self::IsDomainIntroduced(domain) => {
                number = terminated(domain.0);
                (None, &number)
            }
        };
        if let Some(node) = node {
            path::check(node)?;
        }
        frame(self.kind(), request, transaction, node, rest)
    }
}

/// The message that registers a watch or ends it.
pub(crate) fn watch_frame(kind: Kind, request: u32, node: &str, token: &str) -> Result<Vec<u8>, Error> {
    path::check_watchable(node)?;
    frame(kind, request, None, Some(node), &terminated(token))
}

/// A field that ends with a NUL.
fn terminated(field: impl ToString) -> Vec<u8> {
    let mut bytes = field.to_string().into_bytes();
    bytes.push(0);
    bytes
}

/// A message of a header, a path and the bytes behind it.
fn frame(
    kind: Kind,
    request: u32,
    transaction: Option<TransactionId>,
    node: Option<&str>,
    rest: &[u8],
) -> Result<Vec<u8>, Error> {
    let len = node.map_or(0, |node| node.len() + 1) + rest.len();
    if len > PAYLOAD_MAX {
        return Err(Error::TooLong { len, limit: PAYLOAD_MAX });
    }
    let transaction = transaction.map_or(0, |id| id.0.get());
    let header = Header { kind: kind.number(), request, transaction, len: len as u32 };
    let mut bytes = Vec::with_capacity(Header::SIZE + len);
    bytes.extend_from_slice(&header.encode());
    if let Some(node) = node {
        bytes.extend_from_slice(node.as_bytes());
        bytes.push(0);
    }
    bytes.extend_from_slice(rest);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::xenstore::path::PathError;
    use crate::xenstore::permission::Access;

    fn payload(request: Request<'_>) -> Vec<u8> {
        let frame = request.frame(9, None).unwrap();
        let header = Header::decode(frame[..16].try_into().unwrap());
        assert_eq!((header.kind, header.request, header.transaction), (request.kind().number(), 9, 0));
        assert_eq!(header.len as usize, frame.len() - 16);
        frame[16..].to_vec()
    }

    #[test]
    fn fields_lie_as_the_protocol_says() {
        assert_eq!(payload(Request::Read { path: "a/b" }), b"a/b\0");
        assert_eq!(payload(Request::Write { path: "a", value: b"x\0y" }), b"a\0x\0y");
        assert_eq!(payload(Request::DirectoryPart { path: "a", offset: 4000 }), b"a\x004000\0");
        assert_eq!(payload(Request::TransactionStart), b"\0");
        assert_eq!(payload(Request::TransactionEnd(Outcome::Commit)), b"T\0");
        assert_eq!(payload(Request::TransactionEnd(Outcome::Abort)), b"F\0");
        assert_eq!(payload(Request::GetDomainPath(DomId(0))), b"0\0");
        let permissions = [(0, Access::None), (7, Access::Read)]
            .map(|(domain, access)| Permission { domain: DomId(domain), access });
        assert_eq!(payload(Request::SetPerms { path: "a", permissions: &permissions }), b"a\0n0\0r7\0");
        let watch = watch_frame(Kind::Watch, 1, "@releaseDomain", "5").unwrap();
        assert_eq!(&watch[16..], b"@releaseDomain\x005\0");
    }

    #[test]
    fn a_transaction_is_named_in_the_header() {
        let id = TransactionId(NonZero::new(77).unwrap());
        let frame = Request::Read { path: "a" }.frame(1, Some(id)).unwrap();
        assert_eq!(Header::decode(frame[..16].try_into().unwrap()).transaction, 77);
    }

    #[test]
    fn what_cannot_be_right_is_not_sent() {
        let error = Request::Read { path: "a\0b" }.frame(1, None).unwrap_err();
        assert_eq!(error, Error::Path(PathError::Illegal { byte: 0, at: 1 }));
        let value = vec![0; PAYLOAD_MAX];
        let error = Request::Write { path: "a", value: &value }.frame(1, None).unwrap_err();
        assert_eq!(error, Error::TooLong { len: PAYLOAD_MAX + 2, limit: PAYLOAD_MAX });
        assert!(Request::Write { path: "a", value: &value[2..] }.frame(1, None).is_ok());
    }
}
