// SPDX-License-Identifier: Apache-2.0
//! The rings of the slots: doubly linked lists through the slab, oldest entry first.
//!
//! A link is a number. Those below [`SLOTS`] are the slots themselves, which close their rings; the others are nodes. So an entry can be
//! taken out without knowing which slot it is in: when the ring is empty afterwards, the link that remains names the slot.

use alloc::vec;
use alloc::vec::Vec;

use super::slab::Slab;
use super::slot::{Occupied, SLOTS, Slot};

/// The ring of one slot.
#[derive(Clone, Copy)]
struct Ring {
    first: u32,
    last: u32,
    /// No entry has an earlier deadline. It is exact unless the earliest entry was taken out.
    earliest: u64,
}

/// The rings of all slots.
pub(super) struct Rings {
    rings: Vec<Ring>,
    occupied: Occupied,
}

impl Rings {
    pub(super) fn new() -> Self {
        let mut rings = vec![Ring { first: 0, last: 0, earliest: u64::MAX }; SLOTS as usize];
        for (ring, slot) in rings.iter_mut().zip(0..) {
            (ring.first, ring.last) = (slot, slot);
        }
        Self { rings, occupied: Occupied::default() }
    }

    /// The bytes that the rings hold.
    pub(super) fn memory(&self) -> usize {
        self.rings.capacity() * size_of::<Ring>()
    }

    /// The earliest slot that has an entry.
    pub(super) fn first_slot(&self) -> Option<Slot> {
        self.occupied.first()
    }

    /// The node that is the oldest entry of `slot`.
    pub(super) fn oldest(&self, slot: Slot) -> Option<u32> {
        self.rings[slot.number() as usize].first.checked_sub(SLOTS)
    }

    /// A deadline that is not later than any in `slot`.
    pub(super) fn earliest(&self, slot: Slot) -> u64 {
        self.rings[slot.number() as usize].earliest
    }

    /// Makes `node` the youngest entry of `slot`.
    pub(super) fn push<T: Copy>(&mut self, slab: &mut Slab<T>, slot: Slot, node: u32) {
        let link = SLOTS + node;
        let ring = &mut self.rings[slot.number() as usize];
        let previous = core::mem::replace(&mut ring.last, link);
        let entry = slab.get_mut(node);
        (entry.next, entry.previous) = (slot.number(), previous);
        ring.earliest = ring.earliest.min(entry.deadline);
        if previous == slot.number() {
            ring.first = link;
            self.occupied.set(slot);
        } else {
            slab.get_mut(previous - SLOTS).next = link;
        }
    }

    /// Takes `node` out of its ring.
    pub(super) fn unlink<T: Copy>(&mut self, slab: &mut Slab<T>, node: u32) {
        let entry = slab.get(node);
        let (next, previous) = (entry.next, entry.previous);
        match self.rings.get_mut(previous as usize) {
            Some(ring) => ring.first = next,
            None => slab.get_mut(previous - SLOTS).next = next,
        }
        match self.rings.get_mut(next as usize) {
            Some(ring) => ring.last = previous,
            None => slab.get_mut(next - SLOTS).previous = previous,
        }
        if next == previous {
            // Only a slot's own link can be on both sides: every ring has one.
            self.rings[next as usize].earliest = u64::MAX;
            self.occupied.clear(Slot::from_number(next));
        }
    }
}
