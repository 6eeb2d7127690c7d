// SPDX-License-Identifier: Apache-2.0
//! Where terms are: the heap of a process, fragments beside it, and literal areas that are never collected.
//!
//! Whoever makes terms sees an [`Heap`]: a place that gives words. [`build`] has the makers of each kind of term on top of it, so
//! that a codec or a BIF does the same for a process, a message or a literal. A maker never collects: a process's heap that is full gives
//! words from a fragment, which the next collection takes in. So terms in hand stay where they are until a BIF returns.

mod binary;
mod block;
pub mod build;
mod fragment;
mod info;
mod literal;
mod magic;
mod process;
mod usage;

#[cfg(test)]
mod tests;

pub use binary::{ACTIVE, BinaryBlock, WRITABLE, kept_bytes, shared_bytes};
pub(crate) use block::{WordBlock, copy_new_words, copy_words};
pub use fragment::Fragment;
pub use info::BinaryInfo;
pub use literal::{LiteralArea, LiteralSpace};
pub use magic::{Magic, MagicObject, magic_of};
pub use process::{BlockSize, Generations, HeapLimits, OffHeap, ProcessHeap, RESERVED};
pub(crate) use process::{next_word, release};
pub use usage::{binary_bytes, heap_bytes};

use core::ptr::NonNull;

/// A place for terms.
pub trait Heap {
    /// `words` words that nobody uses, one after the other, 8-byte aligned. They have to be made an object, or more, before anybody
    /// looks at the heap.
    fn allocate(&mut self, words: usize) -> NonNull<u64>;

    /// The list of the off-heap objects of this heap. A new one is put in front, which passes the reference that it has to the heap.
    fn off_heap(&mut self) -> &mut OffHeap;

    /// Gives back the last `words` words of what was allocated last. A heap may ignore it if it then keeps the words as a tuple.
    fn give_back(&mut self, at: NonNull<u64>, words: usize);
}
