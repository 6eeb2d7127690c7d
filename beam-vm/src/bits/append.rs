// SPDX-License-Identifier: Apache-2.0
//! Appending to a binary in place, where nobody can see the difference.
//!
//! What `<<Bin/binary, …>>` makes is a sub-binary that may be appended to, of a refc binary with room behind its bytes. The next append to
//! that sub-binary writes there; the older one loses the right, so two appends to the same binary do not meet. The capacities are those of
//! stock, because `binary:referenced_byte_size/1` tells them.
#![expect(unsafe_code, reason = "grows a binary that only one sub-binary may append to")]

use core::ptr::NonNull;

use super::Building;
use super::copy::copy;
use crate::heap::{ACTIVE, BinaryBlock, ProcessHeap, WRITABLE, build};
use crate::term::{Bits, Boxed, Kind, Term, layout};

/// The least capacity of a binary that is copied so that it can be appended to, in bytes.
const LEAST: usize = 256;
/// From here on a binary that is full grows by a fifth instead of its size.
const LARGE: usize = 1 << 24;
/// The bit of a sub-binary that says that it may be appended to.
pub const SUB_WRITABLE: u64 = 1 << 16;

/// Words that appending takes on the heap at most.
pub const APPEND_WORDS: usize = layout::REFC_SIZE + layout::SUB_SIZE;

/// An empty binary with room for some bytes: `bs_init_writable`. None if there is no memory for it.
pub fn init_writable(heap: &mut ProcessHeap, bytes: usize) -> Option<Term> {
    let block = BinaryBlock::try_new(bytes)?;
    let whole = build::refc_binary(heap, block, 0, WRITABLE | ACTIVE);
    Some(writable_part(heap, whole, 0))
}

/// A sub-binary of the first bits of a refc binary that may be appended to.
fn writable_part(heap: &mut ProcessHeap, whole: Term, bits: usize) -> Term {
    let part = build::sub_binary(heap, whole, 0, bits);
    if let Some(boxed) = part.as_boxed() {
        // SAFETY: a new sub-binary has this word.
        unsafe {
            let packed = boxed.address().add(layout::SUB_BITS);
            packed.write(packed.read() | SUB_WRITABLE);
        }
    }
    part
}

/// A bitstring and room for more bits behind it, which are to be written. None if there is no memory for it.
pub fn append(heap: &mut ProcessHeap, first: Term, bits: &Bits, more: usize) -> Option<(Term, Building)> {
    let total = bits.len().checked_add(more)?;
    if let Some((sub, whole)) = writable(first, bits) {
        // SAFETY: the sub-binary ends where the refc binary does, and nobody else may append to it.
        let building = unsafe { grow(heap, whole, bits.len(), total) }?;
        // SAFETY: a sub-binary has this word.
        unsafe {
            let packed = sub.address().add(layout::SUB_BITS);
            packed.write(packed.read() & !SUB_WRITABLE);
        }
        return Some((writable_part(heap, whole.term(), total), building));
    }
    let bytes = total.div_ceil(8);
    let mut block = BinaryBlock::try_new(bytes.checked_mul(2)?.max(LEAST))?;
    copy(block.bytes_mut()?, 0, bits);
    let building = Building::new(block.data(), block.capacity(), bits.len());
    let whole = build::refc_binary(heap, block, bytes, WRITABLE | ACTIVE);
    Some((writable_part(heap, whole, total), building))
}

/// As [`append`], where nobody but the comprehension that builds the bitstring has it: the sub-binary itself grows.
pub fn append_private(
    heap: &mut ProcessHeap,
    first: Term,
    bits: &Bits,
    more: usize,
) -> Option<(Term, Building)> {
    let Some((sub, whole)) = writable(first, bits) else { return append(heap, first, bits, more) };
    let total = bits.len().checked_add(more)?;
    // SAFETY: the sub-binary ends where the refc binary does, and nobody else may append to it.
    let building = unsafe { grow(heap, whole, bits.len(), total) }?;
    // SAFETY: a sub-binary has these words.
    unsafe {
        sub.address().add(layout::SUB_BYTES).write((total / 8) as u64);
        sub.address().add(layout::SUB_BITS).write((total % 8) as u64 | SUB_WRITABLE);
    }
    Some((first, building))
}

/// The sub-binary and its original, if it may be appended to in place.
fn writable(first: Term, bits: &Bits) -> Option<(Boxed, Boxed)> {
    let sub = first.as_boxed().filter(|boxed| boxed.header().kind() == Kind::SubBinary)?;
    let words = sub.words();
    if words[layout::SUB_BITS - 1] & SUB_WRITABLE == 0 {
        return None;
    }
    // SAFETY: this word of a sub-binary is the term of its original.
    let whole = unsafe { Term::from_raw(words[layout::SUB_ORIGIN - 1]) }.as_boxed()?;
    let refc = whole.words();
    let is_writable =
        whole.header().kind() == Kind::RefcBinary && refc[layout::REFC_FLAGS - 1] & WRITABLE != 0;
    (is_writable && refc[layout::REFC_BYTES - 1] as usize == bits.len().div_ceil(8)).then_some((sub, whole))
}

/// Makes room for `total` bits in a refc binary of which `used` are in use.
///
/// # Safety
/// `used` is the number of bits that the binary has in use, and no address of the bytes may be kept.
unsafe fn grow(heap: &mut ProcessHeap, whole: Boxed, used: usize, total: usize) -> Option<Building> {
    let needed = total.div_ceil(8);
    // SAFETY: the words are those of a live refc binary; the block's reference is the object's, and goes back to it.
    unsafe {
        let place = whole.address().add(layout::REFC_BLOCK);
        let size = whole.address().add(layout::REFC_BYTES);
        let mut block = BinaryBlock::from_raw(place.read());
        let enough = block.capacity() >= needed || {
            let capacity = if needed > LARGE { needed.checked_add(needed / 5) } else { Some(2 * needed) };
            capacity.is_some_and(|capacity| enlarge(&mut block, used.div_ceil(8), capacity))
        };
        let first: NonNull<u8> = block.data();
        let building = Building::new(first, block.capacity(), used);
        whole.address().add(layout::REFC_DATA).write(first.as_ptr().expose_provenance() as u64);
        place.write(block.into_raw());
        let flags = whole.address().add(layout::REFC_FLAGS);
        flags.write(flags.read() | ACTIVE);
        if !enough {
            return None;
        }
        heap.count_binary_words((needed - size.read() as usize) / 8);
        size.write(needed as u64);
        Some(building)
    }
}

/// Gives a block another capacity, or puts a copy in its place if others refer to it.
///
/// # Safety
/// As for [`BinaryBlock::resize`], if nobody else refers to the block.
unsafe fn enlarge(block: &mut BinaryBlock, used: usize, capacity: usize) -> bool {
    if block.references() == 1 {
        // SAFETY: this is the only reference, and the caller keeps no address.
        return unsafe { block.resize(capacity) };
    }
    let Some(mut larger) = BinaryBlock::try_new(capacity) else { return false };
    if let Some(bytes) = larger.bytes_mut() {
        bytes[..used].copy_from_slice(&block.bytes()[..used]);
    }
    *block = larger;
    true
}
