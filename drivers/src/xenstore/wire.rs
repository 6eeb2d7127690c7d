// SPDX-License-Identifier: Apache-2.0
//! The header of a xenstore message and the fields of its payload (`struct xsd_sockmsg`).
//!
//! A message is four 32-bit words and up to 4096 bytes of payload. The payload's fields are strings that end
//! with a NUL; the last field of some messages is bare bytes.

use xen_hypervisor_sys::io::xs_wire as sys;

/// Bytes of the longest payload; xenstored closes the connection over one byte more.
pub const PAYLOAD_MAX: usize = sys::XENSTORE_PAYLOAD_MAX;

/// What a message is about: our name, the header's number.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:ident,)*) => {
        /// What a message is about.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number on the wire.
            pub fn number(self) -> u32 {
                match self {
                    $(Self::$name => sys::$number,)*
                }
            }
        }
    };
}

kinds! {
    /// Lists a node's children.
    Directory = XS_DIRECTORY,
    /// Lists them from an offset on, for lists that exceed a message.
    DirectoryPart = XS_DIRECTORY_PART,
    /// Reads a node's value.
    Read = XS_READ,
    /// Writes a node's value and makes the node if there is none.
    Write = XS_WRITE,
    /// Makes an empty node if there is none.
    Mkdir = XS_MKDIR,
    /// Removes a node and all below it.
    Rm = XS_RM,
    /// Reads a node's permissions.
    GetPerms = XS_GET_PERMS,
    /// Writes them.
    SetPerms = XS_SET_PERMS,
    /// Starts to report changes at and below a node.
    Watch = XS_WATCH,
    /// Ends it.
    Unwatch = XS_UNWATCH,
    /// Ends all watches and transactions of the connection.
    ResetWatches = XS_RESET_WATCHES,
    /// Opens a transaction.
    TransactionStart = XS_TRANSACTION_START,
    /// Closes it.
    TransactionEnd = XS_TRANSACTION_END,
    /// Asks for a domain's own directory.
    GetDomainPath = XS_GET_DOMAIN_PATH,
    /// Asks whether a domain talks to xenstored.
    IsDomainIntroduced = XS_IS_DOMAIN_INTRODUCED,
    /// Reports a change, unasked.
    WatchEvent = XS_WATCH_EVENT,
    /// Refuses a request.
    Error = XS_ERROR,
}

impl Kind {
    /// The kind with this number, if it is one that a guest meets.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

/// The four words before a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The number of the message's kind.
    pub kind: u32,
    /// Chosen by the client, repeated in the answer; zero in watch events.
    pub request: u32,
    /// The transaction it belongs to, or zero.
    pub transaction: u32,
    /// Bytes of payload that follow.
    pub len: u32,
}

impl Header {
    /// Bytes of a header.
    pub const SIZE: usize = size_of::<sys::XsdSockmsg>();

    /// Writes the header as it lies on the wire.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        for (field, word) in
            bytes.chunks_exact_mut(4).zip([self.kind, self.request, self.transaction, self.len])
        {
            field.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads a header.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Self { kind: word(0), request: word(4), transaction: word(8), len: word(12) }
    }
}

/// A message that has arrived whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its header, whose length is that of the payload.
    pub header: Header,
    /// Its payload.
    pub payload: alloc::vec::Vec<u8>,
}

/// The one string that a payload consists of, without its final NUL, which some servers leave out.
pub fn single(payload: &[u8]) -> Option<&str> {
    let text = payload.strip_suffix(&[0]).unwrap_or(payload);
    if text.contains(&0) { None } else { core::str::from_utf8(text).ok() }
}

/// The strings of a payload in which each ends with a NUL. An empty payload has none.
pub fn strings(payload: &[u8]) -> Option<impl Iterator<Item = &str>> {
    let body = match payload {
        [] => None,
        [body @ .., 0] => Some(core::str::from_utf8(body).ok()?),
        _ => return None,
    };
    Some(body.into_iter().flat_map(|body| body.split('\0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn kinds_have_numbers_of_their_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(*kind));
        }
        assert_eq!(Kind::from_number(0xffff), None);
        assert_eq!(Kind::Directory.number(), 1);
        assert_eq!(Kind::DirectoryPart.number(), 22);
    }

    #[test]
    fn strings_end_with_a_nul() {
        let all = |payload| strings(payload).map(Iterator::collect::<Vec<_>>);
        assert_eq!(all(b""), Some(Vec::new()));
        assert_eq!(all(b"\0"), Some(Vec::from([""])));
        assert_eq!(all(b"a\0bc\0"), Some(Vec::from(["a", "bc"])));
        assert_eq!(all(b"a\0bc"), None);
        assert_eq!(all(b"\xff\0"), None);
        assert_eq!(single(b"OK\0"), Some("OK"));
        assert_eq!(single(b"OK"), Some("OK"));
        assert_eq!(single(b"O\0K\0"), None);
    }

    proptest! {
        #[test]
        fn headers_read_as_they_are_written(kind: u32, request: u32, transaction: u32, len: u32) {
            let header = Header { kind, request, transaction, len };
            prop_assert_eq!(Header::decode(&header.encode()), header);
        }
    }
}
