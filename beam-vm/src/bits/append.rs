// SPDX-License-Identifier: Apache-2.0
//! Appending to a binary in place, where nobody can see the difference.
//!
//! What `<<Bin/binary, …>>` makes is a sub-binary that may be appended to, of a refc binary with room behind its bytes. The next append to
//! that sub-binary writes there; the older one loses the right, so two appends to the same binary do not meet.
#![expect(unsafe_code, reason = "grows a binary that only one sub-binary may append to")]

use crate::heap::{BinaryBlock, ProcessHeap, WRITABLE, build};
use crate::term::{Bits, Boxed, Kind, Term, layout};

/// The least room that is made for appending, in bytes.
const LEAST: usize = 256;
/// The bit of a sub-binary that says that it may be appended to.
const SUB_WRITABLE: u64 = 1 << 16;

/// An empty binary with room for some bytes: `bs_init_writable`.
pub fn init_writable(heap: &mut ProcessHeap, bytes: usize) -> Term {
    let block = BinaryBlock::new(bytes.max(LEAST));
    let whole = build::refc_binary(heap, block, 0, WRITABLE);
    writable_part(heap, whole, 0)
}

/// A sub-binary of the first bits of a refc binary that may be appended to.
fn writable_part(heap: &mut ProcessHeap, whole: Term, bits: usize) -> Term {
    let part = build::sub_bits(heap, whole, 0, bits);
    if let Some(boxed) = part.as_boxed() {
        // SAFETY: a new sub-binary has this word.
        unsafe {
            let packed = boxed.address().add(layout::SUB_BITS);
            packed.write(packed.read() | SUB_WRITABLE);
        }
    }
    part
}

/// A binary and what is appended to it.
pub fn append(heap: &mut ProcessHeap, first: Term, bits: &Bits, rest: &[u8], rest_bits: usize) -> Term {
    let total = bits.len() + rest_bits;
    if let Some((sub, whole)) = writable(first, bits) {
        // SAFETY: the sub-binary ends where the refc binary does, and nobody else may append to it.
        unsafe { grow(sub, whole, bits.len(), rest, rest_bits) };
        return writable_part(heap, whole.term(), total);
    }
    let mut bytes = BinaryBlock::new((2 * total.div_ceil(8)).max(LEAST));
    if let Some(place) = bytes.bytes_mut() {
        for (to, byte) in place.iter_mut().zip(bits.bytes()) {
            *to = byte;
        }
        write_at(place, bits.len(), rest, rest_bits);
    }
    let whole = build::refc_binary(heap, bytes, total.div_ceil(8), WRITABLE);
    writable_part(heap, whole, total)
}

/// The sub-binary and its original, if it may be appended to in place.
fn writable(first: Term, bits: &Bits) -> Option<(Boxed, Boxed)> {
    let sub = first.as_boxed().filter(|boxed| boxed.header().kind() == Kind::SubBinary)?;
    let words = sub.words();
    if words[layout::SUB_BITS - 1] & SUB_WRITABLE == 0
        || words[layout::SUB_OFFSET - 1] != 0
        || bits.offset() != 0
    {
        return None;
    }
    // SAFETY: this word of a sub-binary is the term of its original.
    let whole = unsafe { Term::from_raw(words[layout::SUB_ORIGIN - 1]) }.as_boxed()?;
    let refc = whole.words();
    let is_writable =
        whole.header().kind() == Kind::RefcBinary && refc[layout::REFC_FLAGS - 1] & WRITABLE != 0;
    (is_writable && refc[layout::REFC_BYTES - 1] as usize == bits.len().div_ceil(8)).then_some((sub, whole))
}

/// Writes bits behind the last bits of a refc binary, with more room if need be.
///
/// # Safety
/// `bits` is the number of bits that `sub` and `whole` have in use, and no address of the bytes may be kept.
unsafe fn grow(sub: Boxed, whole: Boxed, bits: usize, rest: &[u8], rest_bits: usize) {
    let needed = (bits + rest_bits).div_ceil(8);
    // SAFETY: the words are those of a live refc binary and its sub-binary; the block's reference is the object's, and goes back to it.
    unsafe {
        let packed = sub.address().add(layout::SUB_BITS);
        packed.write(packed.read() & !SUB_WRITABLE);
        let place = whole.address().add(layout::REFC_BLOCK);
        let mut block = BinaryBlock::from_raw(place.read());
        if block.capacity() < needed {
            if block.references() == 1 {
                block.resize(2 * needed);
            } else {
                let mut larger = BinaryBlock::new(2 * needed);
                let used = bits.div_ceil(8);
                if let Some(bytes) = larger.bytes_mut() {
                    bytes[..used].copy_from_slice(&block.bytes()[..used]);
                }
                block = larger;
            }
        }
        let bytes = core::slice::from_raw_parts_mut(block.data().as_ptr(), block.capacity());
        write_at(bytes, bits, rest, rest_bits);
        whole.address().add(layout::REFC_DATA).write(block.data().as_ptr().expose_provenance() as u64);
        whole.address().add(layout::REFC_BYTES).write(needed as u64);
        place.write(block.into_raw());
    }
}

/// Writes the upper bits of bytes from a bit on.
fn write_at(place: &mut [u8], at: usize, bytes: &[u8], bits: usize) {
    let (start, shift) = (at / 8, at % 8);
    let count = bits.div_ceil(8);
    if shift == 0 {
        place[start..start + count].copy_from_slice(&bytes[..count]);
        return;
    }
    for (index, byte) in bytes[..count].iter().enumerate() {
        let to = start + index;
        place[to] = place[to] & !(0xFF >> shift) | byte >> shift;
        if let Some(next) = place.get_mut(to + 1) {
            *next = byte << (8 - shift);
        }
    }
}
