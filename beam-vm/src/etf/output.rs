// SPDX-License-Identifier: Apache-2.0
//! Where encoded bytes go: together, in parts with large binaries left where they are, or only counted.

use alloc::vec::Vec;

use crate::term::{Term, layout};

/// A part of an encoded term.
#[derive(Debug)]
pub enum Part {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The whole bytes of this binary, which begins at a byte.
    Binary(Term),
}

/// What is kept of encoded bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// All, one after the other.
    Together,
    /// All, with binaries apart: `term_to_iovec`.
    Apart,
    /// Their number.
    Number,
}

/// Encoded bytes.
#[derive(Debug)]
pub struct Output {
    keep: Keep,
    /// The bytes that are not in `bytes`.
    apart: usize,
    parts: Vec<Part>,
    bytes: Vec<u8>,
}

/// A place where a number is still to be written.
#[derive(Clone, Copy, Debug)]
pub struct Later {
    /// How many bytes there are before it.
    pub position: usize,
    part: usize,
    at: usize,
}

impl Output {
    pub fn new(keep: Keep) -> Self {
        Self { keep, apart: 0, parts: Vec::new(), bytes: Vec::new() }
    }

    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if self.keep == Keep::Number {
            self.apart += bytes.len();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    pub fn put_all(&mut self, bytes: impl ExactSizeIterator<Item = u8>) {
        if self.keep == Keep::Number {
            self.apart += bytes.len();
        } else {
            self.bytes.extend(bytes);
        }
    }

    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    /// A tag and a number of 16 bits.
    #[inline]
    pub fn tag_u16(&mut self, tag: u8, value: usize) {
        let [a, b] = (value as u16).to_be_bytes();
        self.put(&[tag, a, b]);
    }

    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    /// A tag and a number of 32 bits.
    #[inline]
    pub fn tag_u32(&mut self, tag: u8, value: u32) {
        let [a, b, c, d] = value.to_be_bytes();
        self.put(&[tag, a, b, c, d]);
    }

    /// Leaves room for a number of 32 bits.
    pub fn later(&mut self) -> Later {
        let place = Later { position: self.len(), part: self.parts.len(), at: self.bytes.len() };
        self.u32(0);
        place
    }

    /// Writes a number where room was left.
    pub fn fill(&mut self, place: Later, value: u32) {
        let bytes = match self.parts.get_mut(place.part) {
            Some(Part::Bytes(bytes)) => bytes,
            _ => &mut self.bytes,
        };
        if let Some(room) = bytes.get_mut(place.at..place.at + 4) {
            room.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.apart + self.bytes.len()
    }

    /// Takes the whole bytes of a binary without copying them, if that is worthwhile and wanted.
    pub fn put_apart(&mut self, binary: Term) -> bool {
        let Some(bits) = binary.as_bits() else { return false };
        let bytes = bits.len() / 8;
        match self.keep {
            Keep::Number => {}
            Keep::Apart if bytes > layout::HEAP_BINARY_LIMIT && bits.offset() == 0 => {
                let before = core::mem::take(&mut self.bytes);
                self.apart += before.len();
                self.parts.extend([Part::Bytes(before), Part::Binary(binary)]);
            }
            _ => return false,
        }
        self.apart += bytes;
        true
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for part in &mut self.parts {
            if let Part::Binary(binary) = part {
                visit(binary);
            }
        }
    }

    /// All bytes, unless they were kept apart.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// All parts.
    pub fn into_parts(mut self) -> Vec<Part> {
        if !self.bytes.is_empty() {
            self.parts.push(Part::Bytes(self.bytes));
        }
        self.parts
    }
}
