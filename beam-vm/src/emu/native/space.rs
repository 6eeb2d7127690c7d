// SPDX-License-Identifier: Apache-2.0
//! Where machine code is: whole pages of a range that the platform has reserved, each either writable or executable.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ops::Range;
use core::ptr::NonNull;

use crate::platform::Reservation;

/// Bytes of a page.
const PAGE: usize = 4096;

/// What is free, by first byte, in order, with nothing free between two neighbours.
#[derive(Debug)]
struct Free(Vec<Range<usize>>);

impl Free {
    fn take(&mut self, bytes: usize) -> Option<Range<usize>> {
        let place = self.0.iter().position(|range| range.len() >= bytes)?;
        let range = &mut self.0[place];
        let taken = range.start..range.start + bytes;
        range.start = taken.end;
        if range.start == range.end {
            self.0.remove(place);
        }
        Some(taken)
    }

    fn give_back(&mut self, range: Range<usize>) {
        let place = self.0.partition_point(|free| free.start < range.start);
        self.0.insert(place, range);
        if let Some(next) = self.0.get(place + 1).cloned()
            && next.start == self.0[place].end
        {
            self.0[place].end = next.end;
            self.0.remove(place + 1);
        }
        if place > 0 && self.0[place - 1].end == self.0[place].start {
            self.0[place - 1].end = self.0[place].end;
            self.0.remove(place);
        }
    }
}

/// Room for machine code.
#[derive(Debug)]
pub struct Space {
    memory: Reservation,
    free: Rc<RefCell<Free>>,
}

impl Space {
    /// All of a reservation.
    #[must_use]
    pub fn new(memory: Reservation) -> Self {
        let start = memory.start().addr().get();
        let free = Free(alloc::vec![start..start + 8 * memory.words()]);
        Self { memory, free: Rc::new(RefCell::new(free)) }
    }

    /// Pages for so many bytes, if there are any.
    #[must_use]
    pub fn take(&self, bytes: usize) -> Option<Block> {
        let pages = self.free.borrow_mut().take(bytes.next_multiple_of(PAGE).max(PAGE))?;
        Some(Block { pages, free: Rc::clone(&self.free) })
    }

    /// The first byte of a block.
    #[must_use]
    pub fn start(&self, block: &Block) -> NonNull<u8> {
        self.memory.start().cast().with_addr(block.pages.start.try_into().expect("pages are not at 0"))
    }
}

/// Pages with the code of a module. They are free again when this goes.
#[derive(Debug)]
pub struct Block {
    pages: Range<usize>,
    free: Rc<RefCell<Free>>,
}

impl Block {
    /// Their addresses.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        self.pages.clone()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.free.borrow_mut().give_back(self.pages.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(space: &Space) -> Vec<usize> {
        space.free.borrow().0.iter().map(Range::len).collect()
    }

    #[test]
    fn what_is_given_back_becomes_one() {
        let space = Space::new(Reservation::allocate(8 * PAGE).expect("memory"));
        let [a, b, c] = [1, PAGE + 1, PAGE].map(|bytes| space.take(bytes).expect("room"));
        assert_eq!(b.addresses().len(), 2 * PAGE);
        assert_eq!(free(&space), [4 * PAGE]);
        drop(a);
        assert_eq!(free(&space), [PAGE, 4 * PAGE]);
        drop(c);
        assert_eq!(free(&space), [PAGE, 5 * PAGE]);
        assert!(space.take(6 * PAGE).is_none());
        drop(b);
        assert_eq!(free(&space), [8 * PAGE]);
    }
}
