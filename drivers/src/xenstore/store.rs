// SPDX-License-Identifier: Apache-2.0
//! Requests as plain calls, for those who can wait: inside of a transaction and outside.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::{Broken, Error, Refusal};
use super::permission::Permission;
use super::reply::{Names, Reply};
use super::request::Request;
use crate::memory::DomId;

/// The most bytes that a list of children may have, put together from all of its parts.
pub const LIST_MAX: usize = 256 << 10;

/// How often a list in parts is begun anew because it has changed meanwhile.
const LIST_ATTEMPTS: u32 = 16;

/// Something that carries out requests one by one: a [`Session`](super::Session) or a transaction in it.
///
/// Code that reads or writes nodes takes a `&mut dyn Store` and leaves it to its caller whether that happens in a
/// transaction.
pub trait Store {
    /// Carries out a request and waits for its result.
    fn call(&mut self, request: &Request<'_>) -> Result<Reply, Error>;

    /// A node's value.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, Error> {
        self.call(&Request::Read { path })?.value()
    }

    /// A node's value as text.
    fn read_string(&mut self, path: &str) -> Result<String, Error> {
        self.call(&Request::Read { path })?.text()
    }

    /// A node's value as a decimal number.
    fn read_u64(&mut self, path: &str) -> Result<u64, Error> {
        self.call(&Request::Read { path })?.number()
    }

    /// A node's value as the number of a domain.
    fn read_domain(&mut self, path: &str) -> Result<DomId, Error> {
        self.call(&Request::Read { path })?.domain()
    }

    /// What reading a node yields, or `None` when there is no such node.
    fn read_if_exists(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.read(path) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is such a node.
    fn exists(&mut self, path: &str) -> Result<bool, Error> {
        Ok(self.read_if_exists(path)?.is_some())
    }

    /// Writes a node's value; makes the node, and those above it, if there is none.
    fn write(&mut self, path: &str, value: &[u8]) -> Result<(), Error> {
        done(self.call(&Request::Write { path, value })?)
    }

    /// Makes a node without a value, unless it is there.
    fn mkdir(&mut self, path: &str) -> Result<(), Error> {
        done(self.call(&Request::Mkdir { path })?)
    }

    /// Removes a node and all below it.
    fn rm(&mut self, path: &str) -> Result<(), Error> {
        done(self.call(&Request::Rm { path })?)
    }

    /// The names of a node's children, however many there are, up to [`LIST_MAX`] bytes.
    fn list(&mut self, path: &str) -> Result<Names, Error> {
        match self.call(&Request::Directory { path }) {
            Ok(Reply::Names(names)) => Ok(names),
            Err(Error::Refused(Refusal::TooBig)) => list_in_parts(self, path),
            Ok(_) => Err(misfit("a list of children")),
            Err(error) => Err(error),
        }
    }

    /// A node's permissions, the owner first.
    fn permissions(&mut self, path: &str) -> Result<Vec<Permission>, Error> {
        match self.call(&Request::GetPerms { path })? {
            Reply::Permissions(permissions) => Ok(permissions),
            _ => Err(misfit("a list of permissions")),
        }
    }

    /// Writes a node's permissions.
    fn set_permissions(&mut self, path: &str, permissions: &[Permission]) -> Result<(), Error> {
        done(self.call(&Request::SetPerms { path, permissions })?)
    }

    /// A domain's own directory.
    fn domain_path(&mut self, domain: DomId) -> Result<String, Error> {
        match self.call(&Request::GetDomainPath(domain))? {
            Reply::DomainPath(path) => Ok(path),
            _ => Err(misfit("a path")),
        }
    }

    /// Whether a domain talks to xenstored.
    fn is_introduced(&mut self, domain: DomId) -> Result<bool, Error> {
        match self.call(&Request::IsDomainIntroduced(domain))? {
            Reply::Introduced(is_introduced) => Ok(is_introduced),
            _ => Err(misfit("a truth value")),
        }
    }
}

/// The client hands out only replies that fit their request; a `Store` of another make might not.
pub(super) fn misfit(what: &'static str) -> Error {
    Error::Broken(Broken::Malformed { what })
}

pub(super) fn done(reply: Reply) -> Result<(), Error> {
    if reply == Reply::Done { Ok(()) } else { Err(misfit("an acknowledgement")) }
}

fn list_in_parts<S: Store + ?Sized>(store: &mut S, path: &str) -> Result<Names, Error> {
    for _ in 0..LIST_ATTEMPTS {
        if let Some(names) = list_one_generation(store, path)? {
            return Ok(names);
        }
    }
    Err(Error::Contended { attempts: LIST_ATTEMPTS })
}

/// Puts a list together from its parts, or `None` when it changed on the way.
fn list_one_generation<S: Store + ?Sized>(store: &mut S, path: &str) -> Result<Option<Names>, Error> {
    let mut names = Names::default();
    let mut generation = None;
    loop {
        let offset = names.bytes();
        let Reply::Part(part) = store.call(&Request::DirectoryPart { path, offset })? else {
            return Err(misfit("a part of a list"));
        };
        if *generation.get_or_insert(part.generation) != part.generation {
            return Ok(None);
        }
        if part.names.is_empty() && !part.is_last {
            return Err(Error::Value { expected: "a list that comes to an end" });
        }
        let len = names.bytes() + part.names.bytes();
        if len > LIST_MAX {
            return Err(Error::TooLong { len, limit: LIST_MAX });
        }
        names.append(&part.names);
        if part.is_last {
            return Ok(Some(names));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xenstore::reply::Part;

    /// Serves one list in parts of a kilobyte, whatever is asked for, and never ends it.
    struct Endless {
        names: Names,
        generation: u64,
        growth: u64,
        parts: u32,
    }

    impl Endless {
        fn new(list: &[u8], growth: u64) -> Self {
            Self { names: Names::parse(list).unwrap(), generation: 0, growth, parts: 0 }
        }
    }

    impl Store for Endless {
        fn call(&mut self, request: &Request<'_>) -> Result<Reply, Error> {
            if matches!(request, Request::Directory { .. }) {
                return Err(Refusal::TooBig.into());
            }
            self.parts += 1;
            self.generation += self.growth;
            Ok(Reply::Part(Part { generation: self.generation, names: self.names.clone(), is_last: false }))
        }
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let mut store = Endless::new(&b"name\0".repeat(200), 0);
        assert_eq!(store.list("a"), Err(Error::TooLong { len: 263_000, limit: LIST_MAX }));
        assert_eq!(store.parts, 263);
    }

    #[test]
    fn a_list_that_always_changes_is_given_up() {
        let mut store = Endless::new(b"name\0", 1);
        assert_eq!(store.list("a"), Err(Error::Contended { attempts: LIST_ATTEMPTS }));
        assert_eq!(store.parts, 2 * LIST_ATTEMPTS);
    }

    #[test]
    fn a_list_that_does_not_go_on_is_given_up() {
        let mut store = Endless::new(b"", 0);
        assert_eq!(store.list("a"), Err(Error::Value { expected: "a list that comes to an end" }));
    }
}
