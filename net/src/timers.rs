// SPDX-License-Identifier: Apache-2.0
//! Which socket has to be looked at when. Each has at most one time.

use alloc::collections::{BTreeMap, BTreeSet};

use smoltcp::time::Instant;

use crate::stack::SocketNumber;

/// Times of sockets.
#[derive(Debug, Default)]
pub struct Timers {
    order: BTreeSet<(Instant, SocketNumber)>,
    due: BTreeMap<SocketNumber, Instant>,
}

impl Timers {
    /// Says when a socket has to be looked at, in place of what was said before.
    pub fn set(&mut self, socket: SocketNumber, at: Option<Instant>) {
        if let Some(before) = match at {
            Some(at) => self.due.insert(socket, at),
            None => self.due.remove(&socket),
        } {
            self.order.remove(&(before, socket));
        }
        if let Some(at) = at {
            self.order.insert((at, socket));
        }
    }

    /// Takes a socket whose time has come.
    pub fn take_due(&mut self, now: Instant) -> Option<SocketNumber> {
        let (at, socket) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.order.pop_first();
        self.due.remove(&socket);
        Some(socket)
    }

    /// The first of all times.
    pub fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_socket_has_one_time() {
        let mut timers = Timers::default();
        let [one, other] = [1, 2].map(SocketNumber);
        timers.set(one, Some(Instant::from_millis(5)));
        timers.set(other, Some(Instant::from_millis(3)));
        timers.set(one, Some(Instant::from_millis(2)));
        assert_eq!(timers.next(), Some(Instant::from_millis(2)));
        assert_eq!(timers.take_due(Instant::from_millis(1)), None);
        assert_eq!(timers.take_due(Instant::from_millis(9)), Some(one));
        timers.set(other, None);
        assert_eq!((timers.take_due(Instant::from_millis(9)), timers.next()), (None, None));
    }
}
