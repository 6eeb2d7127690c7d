// SPDX-License-Identifier: Apache-2.0
//! Bytes outside of heaps, counted by how many refer to them. One scheduler: the count is a plain number.
#![expect(unsafe_code, reason = "counts the references to memory of its own")]

use alloc::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error, realloc};
use core::ops::Range;
use core::ptr::NonNull;
use core::slice;

use super::usage::BINARIES;
use crate::last_words::{self, Exhausted};
use crate::term::{Boxed, Kind, Term, layout};

/// Flag of a refc binary on a heap: a sub-binary of it may be appended to (`PB_IS_WRITABLE` of OTP's `erl_binary.h`).
pub const WRITABLE: u64 = 1;
/// Flag of a writable refc binary: it was appended to after the last collection, so it will be again (`PB_ACTIVE_WRITER`).
pub const ACTIVE: u64 = 2;

#[repr(C)]
struct Start {
    references: usize,
    capacity: usize,
}

/// A reference to a block of bytes. Cloning counts up, dropping counts down, the last frees.
#[derive(Debug)]
pub struct BinaryBlock(NonNull<Start>);

impl BinaryBlock {
    /// From the number that an object keeps to the word that has the capacity, in bytes.
    pub const CAPACITY: usize = core::mem::offset_of!(Start, capacity);

    /// A block of `capacity` bytes, all 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::try_new(capacity).unwrap_or_else(|| {
            last_words::say(Exhausted::Binary(capacity as u128));
            handle_alloc_error(block_layout(capacity).unwrap_or(Layout::new::<Start>()))
        })
    }

    /// A block of `capacity` bytes, all 0, if there is memory for it.
    #[must_use]
    pub fn try_new(capacity: usize) -> Option<Self> {
        let layout = block_layout(capacity)?;
        // SAFETY: the layout is not empty, since it has room for the start.
        let memory = unsafe { alloc_zeroed(layout) }.cast::<Start>();
        let block = NonNull::new(memory)?;
        // SAFETY: the memory is ours, and large enough for the start.
        unsafe { block.write(Start { references: 1, capacity }) };
        BINARIES.add(capacity);
        Some(Self(block))
    }

    /// A block with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let block = Self::new(bytes.len());
        // SAFETY: nobody else knows the new block, and it has room for the bytes.
        unsafe { block.data().copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        block
    }

    /// A block with these bytes so many times.
    #[must_use]
    pub fn repeated(bytes: &[u8], times: usize) -> Self {
        let block = Self::new(bytes.len().saturating_mul(times));
        for index in 0..times {
            // SAFETY: nobody else knows the new block, and it has room for the bytes so many times.
            unsafe {
                let place = block.data().add(index * bytes.len());
                place.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
            }
        }
        block
    }

    /// The address of its first byte.
    #[must_use]
    pub fn data(&self) -> NonNull<u8> {
        // SAFETY: the bytes follow the start.
        unsafe { self.0.add(1).cast() }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn capacity(&self) -> usize {
        // SAFETY: a block lives as long as a reference.
        unsafe { self.0.as_ref().capacity }
    }

    /// How many refer to it.
    #[must_use]
    pub fn references(&self) -> usize {
        // SAFETY: a block lives as long as a reference.
        unsafe { self.0.as_ref().references }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the bytes are there and were set when the block was made; who writes to them has asked for no other references in use.
        unsafe { slice::from_raw_parts(self.data().as_ptr(), self.capacity()) }
    }

    /// Its bytes, to be written by the only one who refers to it.
    #[must_use]
    pub fn bytes_mut(&mut self) -> Option<&mut [u8]> {
        // SAFETY: there is no other reference through which anybody could look.
        (self.references() == 1)
            .then(|| unsafe { slice::from_raw_parts_mut(self.data().as_ptr(), self.capacity()) })
    }

    /// Makes it longer or shorter; it may move. New bytes are 0. Gives whether there is memory for it; else it stays as it is.
    ///
    /// # Safety
    /// No reference to it but this may be left, and no address of its bytes may be used afterwards.
    pub unsafe fn resize(&mut self, capacity: usize) -> bool {
        let old = self.capacity();
        let (Some(from), Some(to)) = (block_layout(old), block_layout(capacity)) else { return false };
        // SAFETY: the memory was allocated with this layout, and the new size is not 0.
        let memory = unsafe { realloc(self.0.cast().as_ptr(), from, to.size()) }.cast::<Start>();
        let Some(block) = NonNull::new(memory) else { return false };
        self.0 = block;
        BINARIES.remove(old);
        BINARIES.add(capacity);
        // SAFETY: the block is ours and has room for `capacity` bytes, of which those after the old ones are set here.
        unsafe {
            (*block.as_ptr()).capacity = capacity;
            if capacity > old {
                self.data().add(old).write_bytes(0, capacity - old);
            }
        }
        true
    }

    /// Makes it longer or shorter, if this is the only reference to it; it may move. New bytes are 0. Gives whether it is so; else it stays as it is.
    #[must_use]
    pub fn set_capacity(&mut self, capacity: usize) -> bool {
        // SAFETY: there is no other reference, and whoever has an address of the bytes has it from a borrow that has ended.
        self.references() == 1 && unsafe { self.resize(capacity) }
    }

    /// The reference as a number that an object on a heap keeps.
    #[must_use]
    pub fn into_raw(self) -> u64 {
        let raw = self.0.as_ptr().expose_provenance() as u64;
        core::mem::forget(self);
        raw
    }

    /// The reference that a number stands for.
    ///
    /// # Safety
    /// The number has to come from [`into_raw`](Self::into_raw), and each may be taken back once.
    #[must_use]
    pub unsafe fn from_raw(raw: u64) -> Self {
        let start = core::ptr::with_exposed_provenance_mut(raw as usize);
        // SAFETY: the number was made of a pointer that is not null.
        Self(unsafe { NonNull::new_unchecked(start) })
    }
}

impl Clone for BinaryBlock {
    fn clone(&self) -> Self {
        // SAFETY: a block lives as long as a reference, and there is one thread.
        unsafe { (*self.0.as_ptr()).references += 1 };
        Self(self.0)
    }
}

impl Drop for BinaryBlock {
    fn drop(&mut self) {
        // SAFETY: a block lives as long as a reference; the last one frees it with the layout that it was made with.
        unsafe {
            let start = self.0.as_ptr();
            (*start).references -= 1;
            if (*start).references == 0
                && let Some(layout) = block_layout((*start).capacity)
            {
                BINARIES.remove((*start).capacity);
                dealloc(start.cast(), layout);
            }
        }
    }
}

/// Another reference to the block in which the bytes of a binary are, and where in it they are. None if they are on the heap, or do not
/// begin at a byte.
#[must_use]
pub fn shared_bytes(term: Term) -> Option<(BinaryBlock, Range<usize>)> {
    let bits = term.as_bits().filter(|bits| bits.is_binary() && bits.offset() == 0)?;
    let boxed = term.as_boxed()?;
    let origin = match boxed.header().kind() {
        // SAFETY: this word of a sub-binary is the term of its original.
        Kind::SubBinary => unsafe { Term::from_raw(boxed.words()[layout::SUB_ORIGIN - 1]) }.as_boxed()?,
        _ => boxed,
    };
    if origin.header().kind() != Kind::RefcBinary {
        return None;
    }
    // SAFETY: the reference that the object has is not given up.
    let block = core::mem::ManuallyDrop::new(unsafe {
        BinaryBlock::from_raw(origin.words()[layout::REFC_BLOCK - 1])
    });
    let start = bits.base().addr() - block.data().addr().get();
    Some((BinaryBlock::clone(&block), start..start + bits.len() / 8))
}

/// The bytes that a bitstring keeps alive: those of its original, with the room behind them.
#[must_use]
pub fn kept_bytes(term: Term) -> Option<usize> {
    let bits = term.as_bits()?;
    let boxed = term.as_boxed()?;
    let origin = match boxed.header().kind() {
        // SAFETY: this word of a sub-binary is the term of its original.
        Kind::SubBinary => unsafe { Term::from_raw(boxed.words()[layout::SUB_ORIGIN - 1]) }.as_boxed()?,
        Kind::RefcBinary => boxed,
        _ => return Some(bits.len() / 8),
    };
    if origin.header().kind() != Kind::RefcBinary {
        return Some(origin.words()[layout::HEAP_BYTES - 1] as usize);
    }
    // SAFETY: the reference that the object has is not given up.
    let block = core::mem::ManuallyDrop::new(unsafe {
        BinaryBlock::from_raw(origin.words()[layout::REFC_BLOCK - 1])
    });
    Some(block.capacity())
}

/// How many refer to the block of a refc binary, and how many bytes it has room for.
pub(super) fn references_and_capacity(binary: Boxed) -> (usize, usize) {
    // SAFETY: a live refc binary holds a reference, which stays its own.
    let block = core::mem::ManuallyDrop::new(unsafe {
        BinaryBlock::from_raw(binary.words()[layout::REFC_BLOCK - 1])
    });
    (block.references(), block.capacity())
}

fn block_layout(capacity: usize) -> Option<Layout> {
    let size = size_of::<Start>().checked_add(capacity)?;
    Layout::from_size_align(size, align_of::<Start>()).ok()
}
