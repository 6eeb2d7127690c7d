// SPDX-License-Identifier: Apache-2.0
//! The flag `-9p`, as LING had it: `-9p HOST[:PORT] TREE PLACE`, with as many pairs of a server's tree and its place here as there are. In a guest
//! `-9p xen TAG PLACE` is the device of this tag.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::iter::Peekable;

/// The flag.
pub const FLAG: &str = "-9p";

/// What stands for a host where the server is the other end of a device of Xen.
pub const XEN: &str = "xen";

/// The port of servers for which none is named: the protocol's own (`9pfs` in IANA's registry).
const PORT: u16 = 564;

/// A tree of a server, and where it is mounted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Which of its trees.
    pub tree: String,
    /// The folder where it is mounted: an absolute path.
    pub place: String,
}

impl Share {
    /// Whether its server is the other end of a device of Xen, and what is called a tree the device's tag.
    #[must_use]
    pub fn is_of_xen(&self) -> bool {
        self.host == XEN
    }

    /// Takes what follows the flag.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn take(words: &mut Peekable<impl Iterator<Item = String>>) -> Result<Vec<Self>, String> {
        let mut own = || words.next_if(|word| !word.starts_with(['-', '+']));
        let server = own().ok_or_else(|| format!("{FLAG}: it needs a server, a tree of it and a place"))?;
        let (host, port) = address(&server)?;
        let mut shares = Vec::new();
        while let Some(tree) = own() {
            let place = own().filter(|place| place.starts_with('/'));
            let place = place.ok_or_else(|| {
                format!("{FLAG} {server} {tree}: it needs a place behind that, which begins with a slash")
            })?;
            shares.push(Self { host: host.clone(), port, tree, place });
        }
        if shares.is_empty() {
            return Err(format!("{FLAG} {server}: it needs a tree of the server and a place"));
        }
        Ok(shares)
    }
}

/// Host and port of `HOST`, `HOST:PORT`, `[HOST]:PORT` or an address of IPv6.
fn address(text: &str) -> Result<(String, u16), String> {
    let wrong = |what: &str| Err(format!("{FLAG} {text}: {what}"));
    if text.starts_with('@') {
        return wrong("the protocol of LING's own servers, 9P2000.e, is not spoken here");
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None => return wrong("behind the bracket there is no port"),
        },
        // More than one colon is an address of IPv6.
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    if host.is_empty() {
        return wrong("it names no server");
    }
    match port.map_or(Ok(PORT), str::parse) {
        Ok(port) if port != 0 => Ok((host.to_owned(), port)),
        _ => wrong("a port is a number from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn take(line: &str) -> Result<(Vec<Share>, Vec<String>), String> {
        let mut words = line.split_whitespace().map(ToString::to_string).peekable();
        let shares = Share::take(&mut words)?;
        Ok((shares, words.collect()))
    }

    #[test]
    fn trees_and_places_follow_the_server() {
        let share = |host: &str, port, tree: &str, place: &str| Share {
            host: host.into(),
            port,
            tree: tree.into(),
            place: place.into(),
        };
        let (shares, rest) = take("10.0.2.2 /srv /mnt -s x").expect("a share");
        assert_eq!((shares, rest.len()), (std::vec![share("10.0.2.2", 564, "/srv", "/mnt")], 2));
        let (shares, rest) = take("host:5640 / /a /b /c").expect("shares");
        let both = std::vec![share("host", 5640, "/", "/a"), share("host", 5640, "/b", "/c")];
        assert_eq!((&shares, rest.len()), (&both, 0));
        assert_eq!(take("[fd00::1]:70 t /p").expect("a share").0, [share("fd00::1", 70, "t", "/p")]);
        assert!(take("xen tag /p").expect("a share").0[0].is_of_xen());
        assert!(!shares[0].is_of_xen());
        assert_eq!(take("fd00::1 t /p +A 1").expect("a share").0, [share("fd00::1", 564, "t", "/p")]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, part) in [
            ("", "needs a server"),
            ("-s x", "needs a server"),
            ("host", "needs a tree"),
            ("host /a", "needs a place"),
            ("host /a b", "begins with a slash"),
            ("host /a /b /c -s", "needs a place"),
            ("@host /a /b", "9P2000.e"),
            ("host:0 /a /b", "a port"),
            ("host:x /a /b", "a port"),
            ("[::1]7 /a /b", "no port"),
            (":7 /a /b", "names no server"),
        ] {
            let why = take(line).expect_err(line);
            assert!(why.starts_with("-9p") && why.contains(part), "{line}: {why}");
        }
    }
}
