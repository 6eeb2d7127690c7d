// SPDX-License-Identifier: Apache-2.0
//! Any bitstring as where its bits are: a first byte, bits before its first bit in it, and a number of bits.
#![expect(unsafe_code, reason = "reads the bytes of live binaries")]

use core::slice;

use super::boxed::Boxed;
use super::{Kind, Term, layout};

/// The bits of a live bitstring.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    base: *const u8,
    offset: usize,
    size: usize,
}

impl Bits {
    /// The bits of a slice, which has to be alive as long as the handle is used.
    ///
    /// # Safety
    /// The bytes from `base` on have to hold `offset + size` bits that stay there while the handle is used.
    #[must_use]
    #[inline]
    pub const unsafe fn new(base: *const u8, offset: usize, size: usize) -> Self {
        // SAFETY: the bytes before the first bit are part of what the caller promises.
        Self { base: unsafe { base.add(offset / 8) }, offset: offset % 8, size }
    }

    /// The address of the byte in which the first bit is.
    #[must_use]
    #[inline]
    pub const fn base(self) -> *const u8 {
        self.base
    }

    /// How many bits of the first byte are not part of it: 0 to 7.
    #[must_use]
    #[inline]
    pub const fn offset(self) -> usize {
        self.offset
    }

    /// How many bits there are.
    #[must_use]
    #[inline]
    pub const fn len(self) -> usize {
        self.size
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.size == 0
    }

    /// Whether the number of bits is a multiple of 8: a binary.
    #[must_use]
    #[inline]
    pub const fn is_binary(self) -> bool {
        self.size.is_multiple_of(8)
    }

    /// The bytes that its bits touch. The first and the last may have bits of others.
    #[must_use]
    #[inline]
    pub fn touched(&self) -> &[u8] {
        // SAFETY: the bits are there while the handle is used.
        unsafe { slice::from_raw_parts(self.base, (self.offset + self.size).div_ceil(8)) }
    }

    /// The bytes, if it is a binary that begins at a byte.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        (self.offset == 0 && self.is_binary()).then(|| self.touched())
    }

    /// Byte `index` of it, shifted into place; the last may be partial, then its low bits are 0.
    #[must_use]
    pub fn byte(&self, index: usize) -> u8 {
        let touched = self.touched();
        let value = if self.offset == 0 {
            touched[index]
        } else {
            let low = touched.get(index + 1).copied().unwrap_or(0);
            touched[index] << self.offset | low >> (8 - self.offset)
        };
        let left = self.size - 8 * index;
        if left >= 8 { value } else { value & !(0xFF >> left) }
    }

    /// All its bytes, shifted into place; see [`byte`](Self::byte).
    #[inline]
    pub fn bytes(&self) -> impl ExactSizeIterator<Item = u8> + '_ {
        (0..self.size.div_ceil(8)).map(|index| self.byte(index))
    }

    /// Part of it. The caller has checked that it is one.
    #[must_use]
    #[inline]
    pub fn slice(self, from: usize, size: usize) -> Self {
        assert!(from.checked_add(size).is_some_and(|end| end <= self.size), "a slice is within its bits");
        // SAFETY: what is within bits that are there, is there.
        unsafe { Self::new(self.base, self.offset + from, size) }
    }
}

impl Term {
    /// The bits of a bitstring. A match state is none.
    #[must_use]
    pub fn as_bits(self) -> Option<Bits> {
        let boxed = self.as_boxed()?;
        match boxed.header().kind() {
            Kind::HeapBinary | Kind::RefcBinary => Some(whole(boxed)),
            Kind::SubBinary => {
                let packed = boxed.word(layout::SUB_BITS);
                let (tail, head) = ((packed & 0xFF) as usize, (packed >> 8 & 0xFF) as usize);
                let bytes = boxed.word(layout::SUB_BYTES) as usize;
                let offset = boxed.word(layout::SUB_OFFSET) as usize;
                let origin = boxed.term_at(layout::SUB_ORIGIN).as_boxed()?;
                // SAFETY: whoever made the sub-binary has checked that it is within its original.
                Some(unsafe { Bits::new(whole(origin).base, 8 * offset + head, 8 * bytes + tail) })
            }
            _ => None,
        }
    }

    /// The bytes of a heap binary that has few.
    #[must_use]
    #[inline]
    pub fn as_short_bytes(self) -> Option<ShortBytes> {
        let boxed = self.as_boxed()?;
        if boxed.header().kind() != Kind::HeapBinary {
            return None;
        }
        let len = boxed.word(layout::HEAP_BYTES) as usize;
        // What is behind the last byte may be anything.
        let rest = u64::MAX >> (len.wrapping_neg() % 8 * 8);
        match len {
            1..=8 => Some(ShortBytes { len, words: [boxed.word(layout::HEAP_DATA) & rest, 0] }),
            9..=16 => {
                let [first, second] = [0, 1].map(|index| boxed.word(layout::HEAP_DATA + index));
                Some(ShortBytes { len, words: [first, second & rest] })
            }
            _ => None,
        }
    }

    /// The bytes of a binary that begins at a byte; none for other bitstrings.
    #[must_use]
    #[inline]
    pub fn is_bitstring(self) -> bool {
        self.as_boxed().is_some_and(|boxed| {
            matches!(boxed.header().kind(), Kind::HeapBinary | Kind::RefcBinary | Kind::SubBinary)
        })
    }
}

/// One to sixteen bytes, as keys often are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShortBytes {
    /// How many there are.
    pub len: usize,
    /// The bytes, the first the lowest; all others are 0.
    pub words: [u64; 2],
}

/// The bits of a heap or refc binary.
#[inline]
fn whole(boxed: Boxed) -> Bits {
    let base = match boxed.header().kind() {
        Kind::RefcBinary => core::ptr::with_exposed_provenance(boxed.word(layout::REFC_DATA) as usize),
        // SAFETY: the bytes of a heap binary follow its size.
        _ => unsafe { boxed.address().add(layout::HEAP_DATA).cast::<u8>().as_ptr().cast_const() },
    };
    const { assert!(layout::HEAP_BYTES == layout::REFC_BYTES) };
    Bits { base, offset: 0, size: 8 * boxed.word(layout::HEAP_BYTES) as usize }
}
