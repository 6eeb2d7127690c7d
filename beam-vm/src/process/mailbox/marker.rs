// SPDX-License-Identifier: Apache-2.0
//! Markers: where a mailbox ended when a reference was made. A `receive` whose clauses all have the reference need not look before.
//!
//! There are eight at most, as in stock; the oldest makes way. One that is lost costs time, never a message.

use alloc::vec::Vec;

use crate::process::RefNumbers;

/// How many there are at most.
const COUNT: usize = 8;

/// A marker that waits for its reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarkerId(pub u32);

/// A marker: behind which place the new messages are, none if before all.
#[derive(Clone, Copy, Debug)]
struct Marker<P> {
    id: MarkerId,
    key: Option<RefNumbers>,
    last: Option<P>,
}

/// The markers of a mailbox, whose places are `P`, the oldest first.
#[derive(Debug)]
pub(super) struct Markers<P> {
    all: Vec<Marker<P>>,
    next: u32,
}

impl<P> Default for Markers<P> {
    fn default() -> Self {
        Self { all: Vec::new(), next: 0 }
    }
}

impl<P: Copy + PartialEq> Markers<P> {
    /// Makes a marker behind a place.
    pub(super) fn reserve(&mut self, last: Option<P>) -> MarkerId {
        if self.all.len() == COUNT {
            self.all.remove(0);
        }
        let id = MarkerId(self.next);
        self.next = self.next.wrapping_add(1);
        self.all.push(Marker { id, key: None, last });
        id
    }

    /// Says for which reference a marker is.
    pub(super) fn bind(&mut self, id: MarkerId, key: RefNumbers) {
        if let Some(marker) = self.all.iter_mut().rfind(|marker| marker.id == id && marker.key.is_none()) {
            marker.key = Some(key);
        }
    }

    /// Forgets the marker of a reference.
    pub(super) fn forget(&mut self, key: RefNumbers) {
        if let Some(place) = self.all.iter().rposition(|marker| marker.key == Some(key)) {
            self.all.remove(place);
        }
    }

    /// The place of a reference's marker.
    pub(super) fn find(&self, key: RefNumbers) -> Option<Option<P>> {
        self.all.iter().rfind(|marker| marker.key == Some(key)).map(|marker| marker.last)
    }

    /// A place goes, and markers behind it move to the one before.
    #[inline]
    pub(super) fn is_taken_out(&mut self, place: P, before: Option<P>) {
        for marker in self.all.iter_mut().filter(|marker| marker.last == Some(place)) {
            marker.last = before;
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.all.clear();
    }
}
