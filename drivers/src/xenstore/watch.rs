// SPDX-License-Identifier: Apache-2.0
//! Watches and what they have reported.
//!
//! Events come at xenstored's pace and are taken at ours, so their number has to be bounded without losing
//! the fact that something has changed. An event equal to one that is not yet taken is the same news and is
//! dropped. When too much has piled up all the same, the events of the watch at hand are replaced by a single one
//! of [`Scope::Everything`], which asks the taker to look at the whole subtree again, as it did at first.

use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use core::fmt;

use super::error::{Broken, Error};
use super::path::is_at_or_below;
use super::wire::strings;

/// How many watches can be registered.
pub const WATCHES_MAX: usize = 256;

/// How many events of [`Scope::Node`] can wait to be taken. Each watch may have one more, of the other scope.
pub const EVENTS_MAX: usize = 64;

/// How many bytes of paths these events can have.
pub const EVENT_BYTES_MAX: usize = 16 << 10;

/// Stands for a watch in events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WatchToken(pub(crate) u32);

impl fmt::Display for WatchToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much an event says to have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The node that the event names.
    Node,
    /// More than was kept: anything at or below the node, which is the watched one.
    Everything,
}

/// Something has changed at or below a watched node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WatchEvent {
    /// The watch.
    pub token: WatchToken,
    /// The node, relative if the watch is.
    pub path: String,
    /// How much of it.
    pub scope: Scope,
}

/// The watches of a connection and the events that are not yet taken.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    next: u32,
    nodes: BTreeMap<WatchToken, String>,
    events: VecDeque<WatchEvent>,
}

impl Watches {
    /// Registers a watch; its events are kept from now on.
    pub(crate) fn add(&mut self, path: &str) -> Result<WatchToken, Error> {
        if self.nodes.len() >= WATCHES_MAX {
            return Err(Error::TooMany { limit: WATCHES_MAX });
        }
        loop {
            let token = WatchToken(self.next);
            self.next = self.next.wrapping_add(1);
            // After four thousand million watches a number may still belong to an old one.
            if let Entry::Vacant(entry) = self.nodes.entry(token) {
                entry.insert(path.to_string());
                return Ok(token);
            }
        }
    }

    /// Ends a watch, forgets its events and says what it watched.
    pub(crate) fn remove(&mut self, token: WatchToken) -> Option<String> {
        self.events.retain(|event| event.token != token);
        self.nodes.remove(&token)
    }

    /// Ends all watches.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.events.clear();
    }

    /// The next event, of one watch or of any.
    pub(crate) fn take(&mut self, token: Option<WatchToken>) -> Option<WatchEvent> {
        let at = self.events.iter().position(|event| token.is_none_or(|token| event.token == token))?;
        self.events.remove(at)
    }

    /// How many events wait to be taken.
    pub(crate) fn pending(&self) -> usize {
        self.events.len()
    }

    /// Takes in the payload of an event: a path and a token. Events of watches that have ended are still on
    /// their way now and then and mean nothing. So does a path outside of the watch, except that something
    /// happened.
    pub(crate) fn report(&mut self, payload: &[u8]) -> Result<(), Broken> {
        let malformed = Broken::Malformed { what: "a path and a token" };
        let mut fields = strings(payload).ok_or(malformed)?;
        let (Some(path), Some(token)) = (fields.next(), fields.next()) else {
            return Err(malformed);
        };
        let Some(token) = token.parse().ok().map(WatchToken) else {
            return Ok(());
        };
        let Some(node) = self.nodes.get(&token) else {
            return Ok(());
        };
        let mut same = self.events.iter().filter(|event| event.token == token);
        if same.any(|event| event.scope == Scope::Everything || event.path == path) {
            return Ok(());
        }
        let (count, bytes) = self
            .events
            .iter()
            .filter(|event| event.scope == Scope::Node)
            .fold((0, 0), |(count, bytes), event| (count + 1, bytes + event.path.len()));
        if count < EVENTS_MAX && bytes + path.len() <= EVENT_BYTES_MAX && is_at_or_below(path, node) {
            self.events.push_back(WatchEvent { token, path: path.to_string(), scope: Scope::Node });
        } else {
            let all = WatchEvent { token, path: node.clone(), scope: Scope::Everything };
            self.events.retain(|event| event.token != token);
            self.events.push_back(all);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::format;
    use std::vec::Vec;

    use super::*;

    fn payload(path: &str, token: WatchToken) -> Vec<u8> {
        format!("{path}\0{token}\0").into_bytes()
    }

    #[test]
    fn equal_news_is_kept_once() {
        let mut watches = Watches::default();
        let token = watches.add("device").unwrap();
        for path in ["device", "device/vif", "device", "device/vif"] {
            watches.report(&payload(path, token)).unwrap();
        }
        let taken: Vec<_> = core::iter::from_fn(|| watches.take(None)).map(|event| event.path).collect();
        assert_eq!(taken, ["device", "device/vif"]);
        watches.report(&payload("device", token)).unwrap();
        assert_eq!(watches.pending(), 1, "once taken it is news again");
    }

    #[test]
    fn a_flood_becomes_one_event_of_everything() {
        let mut watches = Watches::default();
        let quiet = watches.add("control").unwrap();
        let busy = watches.add("device").unwrap();
        watches.report(&payload("control", quiet)).unwrap();
        for i in 0..10_000 {
            watches.report(&payload(&format!("device/{i}"), busy)).unwrap();
        }
        assert_eq!(watches.pending(), 2);
        assert_eq!(
            watches.take(Some(busy)).unwrap(),
            WatchEvent { token: busy, path: "device".into(), scope: Scope::Everything }
        );
        assert_eq!(watches.take(None).unwrap().scope, Scope::Node);
    }

    #[test]
    fn long_paths_count_by_their_bytes() {
        let mut watches = Watches::default();
        let token = watches.add("a").unwrap();
        for i in 0..10 {
            watches.report(&payload(&format!("a/{i}{}", "x".repeat(3000)), token)).unwrap();
        }
        assert!(watches.events.iter().map(|event| event.path.len()).sum::<usize>() <= EVENT_BYTES_MAX);
    }

    #[test]
    fn events_of_ended_watches_are_ignored() {
        let mut watches = Watches::default();
        let token = watches.add("a").unwrap();
        watches.report(&payload("a", token)).unwrap();
        assert_eq!(watches.remove(token).as_deref(), Some("a"));
        assert_eq!(watches.pending(), 0);
        watches.report(&payload("a", token)).unwrap();
        watches.report(b"a\0not-a-number\0").unwrap();
        assert_eq!(watches.take(None), None);
    }

    #[test]
    fn a_path_outside_of_the_watch_is_not_handed_up() {
        let mut watches = Watches::default();
        let token = watches.add("a").unwrap();
        watches.report(&payload("/etc/passwd", token)).unwrap();
        assert_eq!(
            watches.take(None).unwrap(),
            WatchEvent { token, path: "a".into(), scope: Scope::Everything }
        );
    }

    #[test]
    fn an_event_has_two_fields() {
        let mut watches = Watches::default();
        for payload in [&b""[..], b"a\0", b"a\x000", b"\xff\x000\0"] {
            assert!(watches.report(payload).is_err());
        }
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_no_watch_is_forgotten(
            reports in prop::collection::vec((0u32..6, 0usize..4, 0usize..3000), 0..150),
        ) {
            let mut watches = Watches::default();
            let tokens = ["a", "b", "ab", "/"].map(|path| watches.add(path).unwrap());
            let mut touched: Vec<WatchToken> = Vec::new();
            for (token, top, len) in reports {
                let path = format!("{}/{}", ["a", "b", "ab", "/x"][top], "y".repeat(len / 10 * 10));
                watches.report(&payload(&path, WatchToken(token))).unwrap();
                touched.extend(tokens.get(token as usize));
                prop_assert!(watches.pending() <= EVENTS_MAX + tokens.len());
                let bytes: usize = watches.events.iter().map(|event| event.path.len()).sum();
                prop_assert!(bytes <= EVENT_BYTES_MAX + 8);
            }
            for token in touched {
                prop_assert!(watches.events.iter().any(|event| event.token == token));
            }
        }
    }
}
