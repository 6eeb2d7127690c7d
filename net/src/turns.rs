// SPDX-License-Identifier: Apache-2.0
//! Sockets that wait for their turn: each once, the first first.

use alloc::collections::{BTreeSet, VecDeque};

use crate::stack::SocketNumber;

/// Sockets in the order in which they have begun to wait.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    order: VecDeque<SocketNumber>,
    members: BTreeSet<SocketNumber>,
}

impl Turns {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether this one does.
    pub fn contains(&self, socket: SocketNumber) -> bool {
        self.members.contains(&socket)
    }

    /// Lets one wait behind all others, unless it waits already.
    pub fn push(&mut self, socket: SocketNumber) {
        if self.members.insert(socket) {
            self.order.push_back(socket);
        }
    }

    /// Whose turn it is; it does not wait any more.
    pub fn pop(&mut self) -> Option<SocketNumber> {
        let socket = self.order.pop_front()?;
        self.members.remove(&socket);
        Some(socket)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn each_waits_once_and_in_order() {
        let mut turns = Turns::default();
        for number in [3, 1, 3, 2, 1] {
            turns.push(SocketNumber(number));
        }
        assert_eq!((turns.len(), turns.contains(SocketNumber(1))), (3, true));
        assert_eq!(turns.pop(), Some(SocketNumber(3)));
        turns.push(SocketNumber(3));
        let rest: Vec<u32> = core::iter::from_fn(|| turns.pop()).map(|socket| socket.0).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert!(turns.is_empty() && !turns.contains(SocketNumber(3)));
    }
}
