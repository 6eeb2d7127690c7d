// SPDX-License-Identifier: Apache-2.0
//! Bytes to terms: `{Tag, Value}`, where a value is a binary or a list of such pairs.

use alloc::vec::Vec;

use crate::heap::{Heap, build};
use crate::term::Term;

/// Stock does not go deeper.
const MOST_DEPTH: usize = 585;

/// Bytes of a value that are as much work as an element.
const BYTES_AN_ELEMENT: usize = 64;

const CLASS: u8 = 0xC0;
const CONSTRUCTED: u8 = 0x20;
const NUMBER: u8 = 0x1F;
const INDEFINITE: u8 = 0x80;

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A tag is too large, or nothing comes after it.
    Tag,
    /// A length is not there or makes no sense.
    Length,
    /// A value is not all there.
    Value,
    /// It is nested too deeply.
    Depth,
}

/// What is wrong, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BerError {
    /// What.
    pub fault: Fault,
    /// At which byte it was found.
    pub at: usize,
}

/// How a list of elements ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// At this byte.
    At(usize),
    /// With two bytes that are 0, which come before this one.
    Zeros(usize),
}

impl End {
    const fn limit(self) -> usize {
        let (Self::At(limit) | Self::Zeros(limit)) = self;
        limit
    }
}

/// A list of elements that is not complete.
#[derive(Clone, Copy, Debug)]
struct Open {
    tag: u32,
    end: End,
    /// Its first element among those that are done.
    first: usize,
}

/// An element that is being read.
#[derive(Debug, Default)]
pub struct BerReader {
    at: usize,
    open: Vec<Open>,
    done: Vec<Term>,
}

impl BerReader {
    /// Reads elements of the same bytes for so much work, which it counts down. Gives `{{Tag, Value}, Rest}` when it is done.
    ///
    /// # Errors
    /// [`BerError`]
    pub fn run<H: Heap>(
        &mut self,
        bytes: &[u8],
        heap: &mut H,
        budget: &mut usize,
    ) -> Result<Option<Term>, BerError> {
        let found = self.go_on(bytes, heap, budget).map_err(|fault| BerError { fault, at: self.at })?;
        let Some(element) = found else { return Ok(None) };
        let rest = build::binary(heap, &bytes[self.at..]);
        Ok(Some(build::tuple(heap, &[element, rest])))
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        self.done.iter_mut().for_each(visit);
    }

    fn go_on<H: Heap>(
        &mut self,
        bytes: &[u8],
        heap: &mut H,
        budget: &mut usize,
    ) -> Result<Option<Term>, Fault> {
        while *budget > 0 {
            *budget -= 1;
            let limit = self.open.last().map_or(bytes.len(), |open| open.end.limit());
            let before = self.at;
            self.element(&bytes[..limit], heap)?;
            *budget = budget.saturating_sub((self.at - before) / BYTES_AN_ELEMENT);
            while let Some(open) = self.open.last().copied() {
                let is_complete = match open.end {
                    End::At(end) => self.at >= end,
                    End::Zeros(limit) if self.at + 1 >= limit => return Err(Fault::Length),
                    End::Zeros(_) => bytes[self.at..].starts_with(&[0, 0]),
                };
                if !is_complete {
                    break;
                }
                if let End::Zeros(_) = open.end {
                    self.at += 2;
                }
                self.open.pop();
                let list = build::list(heap, &self.done[open.first..]);
                self.done.truncate(open.first);
                self.finish(open.tag, list, heap);
            }
            if self.open.is_empty() {
                return Ok(self.done.pop());
            }
        }
        Ok(None)
    }

    fn finish<H: Heap>(&mut self, tag: u32, value: Term, heap: &mut H) {
        let pair = build::tuple(heap, &[Term::small_cut(i64::from(tag)), value]);
        self.done.push(pair);
    }

    /// Reads a tag and a length, and the value if it is no list.
    fn element<H: Heap>(&mut self, bytes: &[u8], heap: &mut H) -> Result<(), Fault> {
        if self.at + 2 > bytes.len() {
            return Err(Fault::Value);
        }
        let is_list = bytes[self.at] & CONSTRUCTED != 0;
        let tag = self.tag(bytes)?;
        let length = *bytes.get(self.at).ok_or(Fault::Tag)?;
        if self.open.len() >= MOST_DEPTH {
            return Err(Fault::Depth);
        }
        let first = self.done.len();
        if length == INDEFINITE {
            self.at += 1;
            if self.at + 1 >= bytes.len() || !is_list {
                return Err(Fault::Length);
            }
            self.open.push(Open { tag, end: End::Zeros(bytes.len()), first });
            // What is opened here may be complete already.
            return Ok(());
        }
        let length = self.length(length, bytes)?;
        if length > bytes.len() - (self.at + 1) {
            return Err(Fault::Value);
        }
        self.at += 1;
        let end = self.at + length;
        if is_list {
            self.open.push(Open { tag, end: End::At(end), first });
        } else {
            let value = build::binary(heap, &bytes[self.at..end]);
            self.at = end;
            self.finish(tag, value, heap);
        }
        Ok(())
    }

    /// The class and number of a tag, of which there are two bytes.
    fn tag(&mut self, bytes: &[u8]) -> Result<u32, Fault> {
        let first = bytes[self.at];
        let class = u32::from(first & CLASS) << 10;
        if first & NUMBER != NUMBER {
            self.at += 1;
            return Ok(class | u32::from(first & NUMBER));
        }
        // Two bytes of the tag, and one of the length.
        if self.at + 3 > bytes.len() {
            return Err(Fault::Value);
        }
        self.at += 1;
        let mut number = 0;
        if bytes[self.at] >= 128 {
            number = u32::from(bytes[self.at] & 0x7F) << 7;
            self.at += 1;
        }
        if bytes[self.at] >= 128 {
            return Err(Fault::Tag);
        }
        number |= u32::from(bytes[self.at]);
        self.at += 1;
        Ok(class | number)
    }

    /// A length whose first byte is known; its last byte is not counted yet.
    fn length(&mut self, first: u8, bytes: &[u8]) -> Result<usize, Fault> {
        if first < INDEFINITE {
            return Ok(usize::from(first));
        }
        let count = usize::from(first & 0x7F);
        if count > bytes.len() - (self.at + 1) {
            return Err(Fault::Length);
        }
        let mut length = 0usize;
        for _ in 0..count {
            self.at += 1;
            if length >= 1 << 24 {
                return Err(Fault::Length);
            }
            length = length << 8 | usize::from(bytes[self.at]);
        }
        Ok(length)
    }
}
