// SPDX-License-Identifier: Apache-2.0
//! Going through a large map from any leaf on, at each level the first child first, which is the order of iterators. Where it is can be kept as a number and taken up again in
//! the same map: the places of the children on the way down, four bits each with the root's lowest, 31 bits for that of a collision node,
//! and above them a 1.

use alloc::vec::Vec;

use super::tree::{LEVELS, Node};
use crate::term::{Cons, Map};

/// Bits of a place.
const BITS: usize = 4;
/// Nodes on a way that have places of so many bits.
const PLACES: usize = LEVELS as usize;
/// Bits of the place in a collision node and all before.
const ALL_BITS: usize = 63;

/// The leaves that are still to come.
pub struct Leaves {
    /// The nodes on the way to the next leaf, each with the place of the child.
    way: Vec<(Node, usize)>,
}

impl Leaves {
    /// All leaves of a large map.
    #[must_use]
    pub fn new(map: Map) -> Self {
        let mut way = Vec::with_capacity(PLACES + 1);
        way.push((Node::root(map), 0));
        Self { way }
    }

    /// The leaves from where [`position`](Self::position) said; none if that is no place of the map.
    #[must_use]
    pub fn resume(map: Map, position: u64) -> Option<Self> {
        let bits = position.checked_ilog2()? as usize;
        let levels = match bits {
            ALL_BITS => PLACES + 1,
            4..=32 if bits.is_multiple_of(BITS) => bits / BITS,
            _ => return None,
        };
        let mut leaves = Self { way: Vec::with_capacity(PLACES + 1) };
        let mut node = Node::root(map);
        for level in 0..levels {
            let mask = if level == PLACES { (1 << (ALL_BITS - BITS * PLACES)) - 1 } else { 0xF };
            let place = (position >> (BITS * level) & mask) as usize;
            if place >= node.len() {
                return None;
            }
            leaves.way.push((node, place));
            if level + 1 < levels {
                node = Node::inner(node.child(place))?;
            }
        }
        Some(leaves)
    }

    /// Where it is. None if there are no more leaves.
    #[must_use]
    pub fn position(&mut self) -> Option<u64> {
        self.settle()?;
        let places = self.way.iter().rev().fold(0, |places, (_, place)| places << BITS | *place as u64);
        let bits = if self.way.len() > PLACES { ALL_BITS } else { BITS * self.way.len() };
        Some(places | 1 << bits)
    }

    /// Leaves nodes whose children were all given. None if that is the root.
    #[inline]
    fn settle(&mut self) -> Option<()> {
        while let (node, place) = self.way.last()?
            && *place == node.len()
        {
            self.way.pop();
            self.way.last_mut()?.1 += 1;
        }
        Some(())
    }

    /// The next leaf.
    #[expect(clippy::should_implement_trait, reason = "nobody uses it as an iterator")]
    pub fn next(&mut self) -> Option<Cons> {
        loop {
            self.settle()?;
            let (node, place) = self.way.last_mut()?;
            let child = node.child(*place);
            if let Some(leaf) = child.as_cons() {
                *place += 1;
                return Some(leaf);
            }
            let inner = Node::inner(child)?;
            self.way.push((inner, 0));
        }
    }
}
