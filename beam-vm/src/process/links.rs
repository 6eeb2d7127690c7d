// SPDX-License-Identifier: Apache-2.0
//! The processes and ports that a process or port is linked to. Most have one link at most, which takes no allocation.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use crate::term::{LocalPid, LocalPort, Term};

/// Who can be linked to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Peer {
    /// A process.
    Process(LocalPid),
    /// A port.
    Port(LocalPort),
}

impl Peer {
    /// The identifier.
    #[must_use]
    pub const fn term(self) -> Term {
        match self {
            Self::Process(pid) => Term::pid(pid),
            Self::Port(port) => Term::port(port),
        }
    }
}

impl From<LocalPid> for Peer {
    fn from(pid: LocalPid) -> Self {
        Self::Process(pid)
    }
}

impl From<LocalPort> for Peer {
    fn from(port: LocalPort) -> Self {
        Self::Port(port)
    }
}

/// A set of processes and ports.
#[derive(Debug, Default)]
pub enum Links {
    /// None.
    #[default]
    None,
    /// One.
    One(Peer),
    /// Any number.
    Many(Box<BTreeSet<Peer>>),
}

impl Links {
    /// Puts one in; gives whether it is new.
    pub fn insert(&mut self, peer: impl Into<Peer>) -> bool {
        let peer = peer.into();
        match self {
            Self::None => *self = Self::One(peer),
            Self::One(one) if *one == peer => return false,
            Self::One(one) => *self = Self::Many(Box::new(BTreeSet::from([*one, peer]))),
            Self::Many(many) => return many.insert(peer),
        }
        true
    }

    /// Takes one out; gives whether it was there.
    pub fn remove(&mut self, peer: impl Into<Peer>) -> bool {
        let peer = peer.into();
        match self {
            Self::None => false,
            Self::One(one) if *one != peer => false,
            Self::One(_) => {
                *self = Self::None;
                true
            }
            Self::Many(many) => many.remove(&peer),
        }
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = Peer> + '_ {
        let (one, many) = match self {
            Self::None => (None, None),
            Self::One(one) => (Some(*one), None),
            Self::Many(many) => (None, Some(many.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}
