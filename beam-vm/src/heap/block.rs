// SPDX-License-Identifier: Apache-2.0
//! Blocks of words: what heaps are made of.
#![expect(unsafe_code, reason = "owns memory that terms are written to")]

use alloc::alloc::{Layout, alloc, dealloc};
use core::ptr::NonNull;

use super::usage::HEAPS;
use crate::last_words::{self, Exhausted};

/// A block that is freed with its owner.
#[derive(Debug)]
pub(crate) struct WordBlock {
    start: NonNull<u64>,
    words: usize,
}

impl WordBlock {
    /// A block of at least one word; what is in it is nobody's business. The addresses of its words may be kept in terms.
    ///
    /// # Panics
    /// When there is no memory, with stock's words.
    pub(crate) fn new(words: usize) -> Self {
        let words = words.max(1);
        let memory = match layout(words) {
            // SAFETY: the layout is not empty.
            Some(layout) => NonNull::new(unsafe { alloc(layout) }.cast::<u64>()),
            None => None,
        };
        let Some(start) = memory else { out_of_memory(words) };
        let _ = start.expose_provenance();
        HEAPS.add(8 * words);
        Self { start, words }
    }

    /// The block that [`into_raw`](Self::into_raw) has given up; there is none at a null pointer.
    ///
    /// # Safety
    /// Address and length are what `into_raw` gave, and each is taken back once.
    pub(crate) unsafe fn from_raw(start: *mut u64, words: usize) -> Option<Self> {
        NonNull::new(start).map(|start| Self { start, words })
    }

    /// Address and length; the caller has to free it.
    pub(crate) const fn into_raw(self) -> (*mut u64, usize) {
        let raw = (self.start.as_ptr(), self.words);
        core::mem::forget(self);
        raw
    }

    /// Its first word.
    pub(crate) const fn start(&self) -> NonNull<u64> {
        self.start
    }

    /// How many words it has.
    pub(crate) const fn words(&self) -> usize {
        self.words
    }

    /// Sets all words.
    pub(crate) fn fill(&mut self, word: u64) {
        for index in 0..self.words {
            // SAFETY: the word is in the block.
            unsafe { self.start.add(index).write(word) };
        }
    }
}

impl Drop for WordBlock {
    fn drop(&mut self) {
        HEAPS.remove(8 * self.words);
        if let Some(layout) = layout(self.words) {
            // SAFETY: the block was allocated with this layout, and nobody has terms in it any more.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

fn layout(words: usize) -> Option<Layout> {
    Layout::array::<u64>(words).ok()
}

/// The end of the machine: there is no memory for a heap.
#[cold]
fn out_of_memory(words: usize) -> ! {
    let what = Exhausted::Heap(words as u128 * 8);
    last_words::say(what);
    panic!("{what}")
}

/// Copies the words of an object. Most objects are small: a call to copy them would take longer than the copy.
///
/// # Safety
/// Both have as many words, and they do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_words(from: *const u64, to: *mut u64, words: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        match words {
            0 => {}
            1 => to.write(from.read()),
            2 => to.cast::<[u64; 2]>().write(from.cast::<[u64; 2]>().read()),
            3 => to.cast::<[u64; 3]>().write(from.cast::<[u64; 3]>().read()),
            4 => to.cast::<[u64; 4]>().write(from.cast::<[u64; 4]>().read()),
            5 => to.cast::<[u64; 5]>().write(from.cast::<[u64; 5]>().read()),
            6 => to.cast::<[u64; 6]>().write(from.cast::<[u64; 6]>().read()),
            // The first words and the last, of which some may be the same.
            7..=8 => ends::<4>(from, to, words),
            9..=16 => ends::<8>(from, to, words),
            _ => to.copy_from_nonoverlapping(from, words),
        }
    }
}

/// Copies words that were mostly written one at a time just now. A processor holds up a wider load of such words until they are in its
/// cache, so they are read as they were written.
///
/// # Safety
/// As for [`copy_words`].
#[inline(always)]
pub(crate) unsafe fn copy_new_words(from: *const u64, to: *mut u64, words: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        if words > NEW_WORDS {
            return to.copy_from_nonoverlapping(from, words);
        }
        for index in 0..words {
            // The volatile load stays as narrow as it is.
            to.add(index).write(from.add(index).read_volatile());
        }
    }
}

/// How many words are likely to be new: more take their time to be written.
const NEW_WORDS: usize = 16;

/// Copies the first `N` words and the last.
///
/// # Safety
/// As for [`copy_words`], and there are `N` words at least.
#[inline(always)]
unsafe fn ends<const N: usize>(from: *const u64, to: *mut u64, words: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        let first = from.cast::<[u64; N]>().read();
        let last = from.add(words - N).cast::<[u64; N]>().read();
        to.cast::<[u64; N]>().write(first);
        to.add(words - N).cast::<[u64; N]>().write(last);
    }
}
