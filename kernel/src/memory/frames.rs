// SPDX-License-Identifier: Apache-2.0
//! The frame allocator: one bit per frame of the domain, set where the frame is free.
//!
//! A PV guest gains nothing from frames that are contiguous in pseudo-physical memory (the machine frames behind them are
//! scattered), so there is no buddy system: single frames, found from where the last search ended. The bitmap costs 32 KiB
//! for each GiB, catches every double free, and needs no heap, on which it would otherwise depend in a circle.

use core::ops::Range;

use drivers::memory::Pfn;

const BITS: usize = u64::BITS as usize;

/// A frame was freed that is not in use: a defect of the caller, reported rather than hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotInUse(pub Pfn);

/// The state of every frame of the domain.
pub struct FrameAllocator<'a> {
    free: &'a mut [u64],
    total: usize,
    available: usize,
    /// The word where the next search begins; every word before it is known to be empty.
    next: usize,
}

impl<'a> FrameAllocator<'a> {
    /// Words of bitmap that `total` frames need.
    #[must_use]
    pub const fn bitmap_words(total: usize) -> usize {
        total.div_ceil(BITS)
    }

    /// An allocator over `total` frames of which none is free yet.
    ///
    /// # Panics
    /// When `bitmap` is not as long as [`Self::bitmap_words`] says.
    #[must_use]
    pub fn new(bitmap: &'a mut [u64], total: usize) -> Self {
        assert_eq!(bitmap.len(), Self::bitmap_words(total), "the bitmap does not fit {total} frames");
        bitmap.fill(0);
        Self { free: bitmap, total, available: 0, next: 0 }
    }

    /// Frames of the domain.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Frames that are free.
    #[must_use]
    pub const fn available(&self) -> usize {
        self.available
    }

    /// Hands the frames of `range` over to the allocator, at start-up.
    ///
    /// # Panics
    /// When the range leaves the domain or holds a frame that is free already.
    pub fn add(&mut self, range: Range<Pfn>) {
        for pfn in range.start.0..range.end.0 {
            assert_eq!(self.release(Pfn(pfn)), Ok(()), "frame {pfn:#x} was added twice");
        }
    }

    /// Takes a free frame, whose contents are undefined; `None` when memory is full.
    pub fn allocate(&mut self) -> Option<Pfn> {
        if self.available == 0 {
            return None;
        }
        let word = (self.next..self.free.len()).find(|&word| self.free[word] != 0)?;
        let bit = self.free[word].trailing_zeros() as usize;
        self.free[word] &= self.free[word] - 1;
        self.next = word;
        self.available -= 1;
        Some(Pfn(word * BITS + bit))
    }

    /// Takes so many free frames that follow each other, from the lowest on that are free and please `accept`. For the few things
    /// that need it: it looks at every frame.
    pub fn allocate_run(&mut self, count: usize, accept: impl Fn(Pfn) -> bool) -> Option<Pfn> {
        let mut first = 0;
        let mut length = 0;
        for pfn in 0..self.total {
            if length == 0 {
                first = pfn;
            }
            length = if self.is_free(pfn) { length + 1 } else { 0 };
            if length == count {
                if accept(Pfn(first)) {
                    (first..=pfn).for_each(|pfn| self.free[pfn / BITS] &= !(1 << (pfn % BITS)));
                    self.available -= count;
                    return Some(Pfn(first));
                }
                length = 0;
            }
        }
        None
    }

    const fn is_free(&self, pfn: usize) -> bool {
        self.free[pfn / BITS] & (1 << (pfn % BITS)) != 0
    }

    /// Gives a frame back.
    ///
    /// # Errors
    /// [`NotInUse`] when the frame is free already or none of this domain; nothing changes then.
    pub fn release(&mut self, pfn: Pfn) -> Result<(), NotInUse> {
        let (word, mask) = (pfn.0 / BITS, 1 << (pfn.0 % BITS));
        if pfn.0 >= self.total || self.free[word] & mask != 0 {
            return Err(NotInUse(pfn));
        }
        self.free[word] |= mask;
        self.next = self.next.min(word);
        self.available += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn an_empty_allocator_has_nothing() {
        let mut bitmap = vec![u64::MAX; 2];
        let mut frames = FrameAllocator::new(&mut bitmap, 100);
        assert_eq!((frames.total(), frames.available(), frames.allocate()), (100, 0, None));
    }

    #[test]
    fn a_double_free_is_found_and_changes_nothing() {
        let mut bitmap = vec![0; 1];
        let mut frames = FrameAllocator::new(&mut bitmap, 10);
        frames.add(Pfn(3)..Pfn(5));
        assert_eq!(frames.release(Pfn(3)), Err(NotInUse(Pfn(3))));
        assert_eq!(frames.release(Pfn(10)), Err(NotInUse(Pfn(10))));
        assert_eq!(frames.available(), 2);
    }

    #[test]
    fn a_run_is_where_frames_follow_each_other() {
        let mut bitmap = vec![0; 3];
        let mut frames = FrameAllocator::new(&mut bitmap, 150);
        for range in [1..3, 5..8, 60..70, 100..150] {
            frames.add(Pfn(range.start)..Pfn(range.end));
        }
        assert_eq!(frames.allocate_run(3, |_| true), Some(Pfn(5)));
        assert_eq!(frames.allocate_run(8, |_| true), Some(Pfn(60)));
        assert_eq!(frames.allocate_run(2, |first| first.0 > 10), Some(Pfn(68)));
        assert_eq!(frames.available(), 2 + 50);
        assert_eq!(frames.allocate_run(51, |_| true), None);
        assert_eq!((frames.allocate(), frames.allocate()), (Some(Pfn(1)), Some(Pfn(2))));
        assert_eq!(frames.release(Pfn(6)), Ok(()));
    }

    proptest! {
        /// Against a plain set: every frame handed out was free, none is handed out twice, and nothing is lost.
        #[test]
        fn behaves_as_a_set(total in 1_usize..400, steps in prop::collection::vec(any::<(bool, u16)>(), 0..400)) {
            let mut bitmap = vec![0; FrameAllocator::bitmap_words(total)];
            let mut frames = FrameAllocator::new(&mut bitmap, total);
            frames.add(Pfn(0)..Pfn(total));
            let mut free: BTreeSet<usize> = (0..total).collect();
            let mut used: Vec<usize> = Vec::new();
            for (take, pick) in steps {
                if take {
                    match frames.allocate() {
                        Some(pfn) => {
                            prop_assert!(free.remove(&pfn.0));
                            used.push(pfn.0);
                        }
                        None => prop_assert!(free.is_empty()),
                    }
                } else if !used.is_empty() {
                    let pfn = used.swap_remove(usize::from(pick) % used.len());
                    prop_assert_eq!(frames.release(Pfn(pfn)), Ok(()));
                    free.insert(pfn);
                }
                prop_assert_eq!(frames.available(), free.len());
            }
        }
    }
}
