// SPDX-License-Identifier: Apache-2.0
//! Markers: where a mailbox ended when a reference was made. A `receive` whose clauses all have the reference need not look before.
//!
//! There are eight at most, as in stock; the oldest makes way. One that is lost costs time, never a message.

use alloc::boxed::Box;

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

/// The markers of a mailbox, whose places are `P`.
#[derive(Debug)]
pub(super) struct Markers<P> {
    table: Option<Box<Table<P>>>,
}

#[derive(Debug)]
struct Table<P> {
    markers: [Option<Marker<P>>; COUNT],
    next: u32,
}

impl<P> Default for Markers<P> {
    fn default() -> Self {
        Self { table: None }
    }
}

impl<P: Copy + PartialEq> Markers<P> {
    /// Makes a marker behind a place.
    pub(super) fn reserve(&mut self, last: Option<P>) -> MarkerId {
        let table = self.table.get_or_insert_with(|| Box::new(Table { markers: [None; COUNT], next: 0 }));
        let id = MarkerId(table.next);
        table.next = table.next.wrapping_add(1);
        let free = table.markers.iter().position(Option::is_none);
        // Numbers are given one after the other, so the one that was given longest ago is the farthest from the next.
        let age = |marker: &Option<Marker<P>>| marker.map_or(0, |marker| id.0.wrapping_sub(marker.id.0));
        let oldest = (0..COUNT).max_by_key(|place| age(&table.markers[*place])).unwrap_or(0);
        table.markers[free.unwrap_or(oldest)] = Some(Marker { id, key: None, last });
        id
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Option<Marker<P>>> {
        self.table.iter_mut().flat_map(|table| &mut table.markers)
    }

    /// Says for which reference a marker is.
    pub(super) fn bind(&mut self, id: MarkerId, key: RefNumbers) {
        if let Some(marker) = self.all().flatten().find(|marker| marker.id == id && marker.key.is_none()) {
            marker.key = Some(key);
        }
    }

    /// Forgets the marker of a reference.
    pub(super) fn forget(&mut self, key: RefNumbers) {
        for marker in self.all() {
            if marker.is_some_and(|marker| marker.key == Some(key)) {
                *marker = None;
            }
        }
    }

    /// The place of a reference's marker.
    pub(super) fn find(&mut self, key: RefNumbers) -> Option<Option<P>> {
        self.all().flatten().find(|marker| marker.key == Some(key)).map(|marker| marker.last)
    }

    /// A place goes, and markers behind it move to the one before.
    #[inline]
    pub(super) fn is_taken_out(&mut self, place: P, before: Option<P>) {
        for marker in self.all().flatten().filter(|marker| marker.last == Some(place)) {
            marker.last = before;
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.table = None;
    }
}
