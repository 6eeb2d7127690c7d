// SPDX-License-Identifier: Apache-2.0
//! Which sockets can be read or written, told as long as it is so and somebody wants to know. Only sockets of which something has
//! changed are looked at.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{Socket, SocketNumber, Stack};

/// What can be done with a socket, or is to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Readiness {
    /// There is something to read, or its end, or a connection to accept.
    pub read: bool,
    /// There is room to write, or making the connection has ended.
    pub write: bool,
}

/// Who wants to know what.
#[derive(Default)]
pub struct Watched {
    interest: BTreeMap<SocketNumber, Readiness>,
    /// Sockets that have to be looked at.
    candidates: BTreeSet<SocketNumber>,
}

impl Watched {
    /// Something has changed.
    pub fn touch(&mut self, socket: SocketNumber) {
        if self.interest.contains_key(&socket) {
            self.candidates.insert(socket);
        }
    }

    /// Nobody wants to know any more.
    pub fn forget(&mut self, socket: SocketNumber) {
        self.interest.remove(&socket);
        self.candidates.remove(&socket);
    }
}

impl Stack {
    /// Says what is to be told of a socket from now on.
    pub fn watch(&mut self, socket: SocketNumber, interest: Readiness) {
        if interest == Readiness::default() {
            self.watched.forget(socket);
        } else {
            self.watched.interest.insert(socket, interest);
            self.watched.candidates.insert(socket);
        }
    }

    /// Whether anything is ready that somebody wants to know of.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        self.watched.candidates.iter().any(|socket| self.ready(*socket).is_some())
    }

    /// Tells what is ready.
    pub fn take_ready(&mut self, ready: &mut Vec<(SocketNumber, Readiness)>) {
        let candidates = core::mem::take(&mut self.watched.candidates);
        for socket in candidates {
            if let Some(readiness) = self.ready(socket) {
                ready.push((socket, readiness));
                // As long as it is so it is told again.
                self.watched.candidates.insert(socket);
            }
        }
    }

    fn ready(&self, number: SocketNumber) -> Option<Readiness> {
        let interest = self.watched.interest.get(&number)?;
        let (read, write) = match self.sockets.get(number.0)? {
            Socket::Fresh(_) => (false, false),
            Socket::Listener(listener) => (!listener.ready.is_empty(), false),
            Socket::Connection(connection) => {
                let is_fed = !self.budget.starved.contains(&number);
                (connection.is_readable(), is_fed && connection.is_writable())
            }
            Socket::Datagrams(datagrams) => (datagrams.is_readable(), true),
            Socket::Frames(frames) => (frames.is_readable(), frames.is_writable()),
        };
        let ready = Readiness { read: read && interest.read, write: write && interest.write };
        (ready != Readiness::default()).then_some(ready)
    }
}
