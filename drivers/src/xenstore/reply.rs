// SPDX-License-Identifier: Apache-2.0
//! What xenstored answers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZero;

use super::error::{Broken, Error, Refusal};
use super::path;
use super::permission::Permission;
use super::request::TransactionId;
use super::store::misfit;
use super::wire::{Kind, single, strings};
use crate::memory::DomId;

/// The result of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// It is done.
    Done,
    /// A node's value.
    Value(Vec<u8>),
    /// The names of a node's children.
    Names(Names),
    /// Some of the names.
    Part(Part),
    /// A node's permissions, the owner first.
    Permissions(Vec<Permission>),
    /// A transaction is open.
    Transaction(TransactionId),
    /// A domain's own directory.
    DomainPath(String),
    /// Whether the domain talks to xenstored.
    Introduced(bool),
}

/// A value as what it stands for.
impl Reply {
    /// The value of a node that was read.
    pub fn value(self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Value(value) => Ok(value),
            _ => Err(misfit("a value")),
        }
    }

    /// The value as text.
    pub fn text(self) -> Result<String, Error> {
        String::from_utf8(self.value()?).map_err(|_| Error::Value { expected: "UTF-8 text" })
    }

    /// The value as a decimal number.
    pub fn number(self) -> Result<u64, Error> {
        self.text()?.parse().map_err(|_| Error::Value { expected: "a decimal number of 64 bits" })
    }

    /// The value as the number of a domain.
    pub fn domain(self) -> Result<DomId, Error> {
        u16::try_from(self.number()?)
            .map(DomId)
            .map_err(|_| Error::Value { expected: "the number of a domain" })
    }
}

/// Names of children.
///
/// They stay in one block as they came, each with a NUL at its end: a message may hold two thousand of them, and
/// as many allocations would be what a hostile xenstored could wish for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Names(String);

impl Names {
    /// Reads a list as it lies on the wire; each entry must be a legal name.
    pub fn parse(list: &[u8]) -> Option<Self> {
        if !strings(list)?.all(path::is_name) {
            return None;
        }
        core::str::from_utf8(list).ok().map(|text| Self(text.to_string()))
    }

    /// The names, in the order of xenstored.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\0')
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of the list on the wire: by how much it moves the offset of the next part.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// Appends another list.
    pub fn append(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }
}

/// A piece of a long list of children.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Changes whenever the list does: pieces of different generations do not fit together.
    pub generation: u64,
    /// The names in this piece.
    pub names: Names,
    /// Whether the list ends here.
    pub is_last: bool,
}

/// Reads the answer to a request of kind `asked`. The outer error means that the answer is none.
pub fn parse(asked: Kind, answered: Kind, payload: Vec<u8>) -> Result<Result<Reply, Error>, Broken> {
    if answered == Kind::Error {
        let word = single(&payload).ok_or(Broken::Malformed { what: "the name of an error" })?;
        return Ok(Err(Error::Refused(Refusal::from_word(word))));
    }
    let reply = match asked {
        Kind::Read => Reply::Value(payload),
        Kind::Directory => {
            Reply::Names(Names::parse(&payload).ok_or(Broken::Malformed { what: "a list of children" })?)
        }
        Kind::DirectoryPart => {
            Reply::Part(part(&payload).ok_or(Broken::Malformed { what: "a part of a list" })?)
        }
        Kind::GetPerms => {
            let list = permissions(&payload).ok_or(Broken::Malformed { what: "a list of permissions" })?;
            Reply::Permissions(list)
        }
        Kind::TransactionStart => {
            let id = single(&payload).and_then(|text| text.parse().ok()).and_then(NonZero::new);
            Reply::Transaction(TransactionId(id.ok_or(Broken::Malformed { what: "a transaction's number" })?))
        }
        Kind::GetDomainPath => {
            let text = single(&payload).filter(|text| path::check(text).is_ok());
            Reply::DomainPath(text.ok_or(Broken::Malformed { what: "a path" })?.to_string())
        }
        Kind::IsDomainIntroduced => match single(&payload) {
            Some("T") => Reply::Introduced(true),
            Some("F") => Reply::Introduced(false),
            _ => return Err(Broken::Malformed { what: "a truth value" }),
        },
        _ => match single(&payload) {
            Some("OK") => Reply::Done,
            _ => return Err(Broken::Malformed { what: "an acknowledgement" }),
        },
    };
    Ok(Ok(reply))
}

/// A part is the generation and then names; an empty name after the last says that the list ends.
fn part(payload: &[u8]) -> Option<Part> {
    let cut = payload.iter().position(|byte| *byte == 0)?;
    let generation = core::str::from_utf8(&payload[..cut]).ok()?.parse().ok()?;
    let list = &payload[cut + 1..];
    let (list, is_last) = match list {
        [0] => (&list[..0], true),
        [body @ .., 0, 0] => (&list[..body.len() + 1], true),
        _ => (list, false),
    };
    Some(Part { generation, names: Names::parse(list)?, is_last })
}

fn permissions(payload: &[u8]) -> Option<Vec<Permission>> {
    let list: Vec<_> = strings(payload)?.map(Permission::parse).collect::<Option<_>>()?;
    if list.is_empty() { None } else { Some(list) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(kind: Kind, payload: &[u8]) -> Option<Reply> {
        parse(kind, kind, payload.to_vec()).ok().map(|result| result.unwrap())
    }

    fn list(names: &[&str]) -> Names {
        let mut list = Names::default();
        names.iter().for_each(|name| list.append(&Names(name.to_string() + "\0")));
        assert!(list.iter().eq(names.iter().copied()));
        list
    }

    #[test]
    fn well_formed_answers_are_read() {
        assert_eq!(reply(Kind::Read, b"v\0w"), Some(Reply::Value(b"v\0w".to_vec())));
        assert_eq!(reply(Kind::Directory, b"a\0bc\0"), Some(Reply::Names(list(&["a", "bc"]))));
        assert_eq!(reply(Kind::Directory, b""), Some(Reply::Names(list(&[]))));
        assert_eq!(reply(Kind::Write, b"OK\0"), Some(Reply::Done));
        let id = TransactionId(NonZero::new(12).unwrap());
        assert_eq!(reply(Kind::TransactionStart, b"12\0"), Some(Reply::Transaction(id)));
        assert_eq!(reply(Kind::IsDomainIntroduced, b"F\0"), Some(Reply::Introduced(false)));
        let home = "/local/domain/3";
        assert_eq!(
            reply(Kind::GetDomainPath, b"/local/domain/3\0"),
            Some(Reply::DomainPath(home.to_string()))
        );
    }

    #[test]
    fn parts_say_whether_the_list_ends() {
        let part = |payload| match reply(Kind::DirectoryPart, payload) {
            Some(Reply::Part(Part { generation, names, is_last })) => {
                Some((generation, names.bytes(), names, is_last))
            }
            _ => None,
        };
        assert_eq!(part(b"5\0a\0bc\0"), Some((5, 5, list(&["a", "bc"]), false)));
        assert_eq!(part(b"5\0a\0bc\0\0"), Some((5, 5, list(&["a", "bc"]), true)));
        assert_eq!(part(b"5\0\0"), Some((5, 0, list(&[]), true)));
        assert_eq!(part(b"5\0"), Some((5, 0, list(&[]), false)));
        assert_eq!(part(b"x\0a\0"), None);
        assert_eq!(part(b"5"), None);
        assert_eq!(part(b"5\0a\0\0\0"), None);
    }

    #[test]
    fn refusals_are_named() {
        let refused = |word: &[u8]| parse(Kind::Read, Kind::Error, word.to_vec()).unwrap();
        assert_eq!(refused(b"ENOENT\0"), Err(Error::Refused(Refusal::NotFound)));
        assert_eq!(refused(b"EAGAIN"), Err(Error::Refused(Refusal::Conflict)));
        assert_eq!(refused(b"EWHAT\0"), Err(Error::Refused(Refusal::Unknown)));
    }

    #[test]
    fn malformed_answers_are_told_apart_from_refusals() {
        for (kind, payload) in [
            (Kind::Write, &b"KO\0"[..]),
            (Kind::Directory, b"a/b\0"),
            (Kind::Directory, b"a"),
            (Kind::Directory, b"a\0\0b\0"),
            (Kind::GetPerms, b""),
            (Kind::GetPerms, b"z1\0"),
            (Kind::TransactionStart, b"0\0"),
            (Kind::TransactionStart, b"-1\0"),
            (Kind::GetDomainPath, b"\0"),
            (Kind::IsDomainIntroduced, b"X\0"),
        ] {
            assert!(matches!(parse(kind, kind, payload.to_vec()), Err(Broken::Malformed { .. })), "{kind:?}");
        }
        assert!(parse(Kind::Read, Kind::Error, b"\xff\0".to_vec()).is_err());
    }
}
