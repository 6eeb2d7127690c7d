// SPDX-License-Identifier: Apache-2.0
//! Lists of bytes, binaries and lists, made one.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::heap::{ProcessHeap, build};
use crate::iodata::Walk;
use crate::process::Parked;
use crate::term::{Bits, Term, View};

/// Elements that are taken in a reduction; 16 bytes of a binary are as much as an element.
const ELEMENTS: usize = 16;

/// `iolist_to_binary/1`
pub fn iolist_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0].as_bits().is_some_and(Bits::is_binary) {
        return Ok(args[0]);
    }
    list_to_binary(cx, args)
}

/// `list_to_binary/1`
pub fn list_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_list() {
        return Err(Raise::BADARG);
    }
    let (mut bytes, mut walk) = match cx.take_parked() {
        Some(Parked::Bytes(bytes, walk)) => (bytes, walk),
        _ => (Vec::new(), Walk::new(args[0])),
    };
    match cx.work(ELEMENTS, |_, budget| walk.run(budget, &mut |part| bytes.extend_from_slice(part))) {
        Ok(true) => Ok(build::binary(cx.heap(), &bytes)),
        Ok(false) => Err(cx.park(Parked::Bytes(bytes, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// `iolist_size/1`
pub fn iolist_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (mut size, mut walk) = match cx.take_parked() {
        Some(Parked::Size(size, walk)) => (size, walk),
        _ => (0, Walk::new(args[0])),
    };
    match cx.work(ELEMENTS, |_, budget| walk.run(budget, &mut |part| size += part.len())) {
        Ok(true) => Ok(Term::count(size)),
        Ok(false) => Err(cx.park(Parked::Size(size, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// `list_to_bitstring/1`
pub fn list_to_bitstring(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_list() {
        return Err(Raise::BADARG);
    }
    let gathered = gather(args[0]).ok_or(Raise::BADARG)?;
    cx.bump((gathered.bytes.len() / 100) as u32);
    Ok(build::bitstring(cx.heap(), &gathered.bytes, gathered.bits()))
}

/// Bits that are gathered from a list of lists, bytes and bitstrings.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// Bits of the last byte that are in use, if not all are.
    partial: usize,
}

impl Gathered {
    fn push_byte(&mut self, byte: u8) {
        if self.partial == 0 {
            self.bytes.push(byte);
        } else if let Some(last) = self.bytes.last_mut() {
            *last |= byte >> self.partial;
            self.bytes.push(byte << (8 - self.partial));
        }
    }

    fn push_bits(&mut self, bits: &Bits) {
        if let (0, Some(bytes)) = (self.partial, bits.as_bytes()) {
            self.bytes.extend_from_slice(bytes);
            return;
        }
        let whole = bits.len() / 8;
        for index in 0..whole {
            self.push_byte(bits.byte(index));
        }
        let left = bits.len() % 8;
        if left > 0 {
            let byte = bits.byte(whole);
            self.push_byte(byte);
            let used = self.partial + left;
            if self.partial > 0 && used <= 8 {
                self.bytes.pop();
            }
            self.partial = used % 8;
        }
    }

    /// How many bits there are.
    fn bits(&self) -> usize {
        8 * self.bytes.len() - if self.partial == 0 { 0 } else { 8 - self.partial }
    }
}

/// Gathers an iolist whose binaries may be bitstrings.
fn gather(list: Term) -> Option<Gathered> {
    let mut gathered = Gathered::default();
    let mut stack = Vec::new();
    let mut next = Some(list);
    while let Some(term) = next {
        match term.view() {
            View::Nil => next = stack.pop(),
            View::Bits(bits) => {
                gathered.push_bits(&bits);
                next = stack.pop();
            }
            View::Cons(cell) => {
                if let Some(value) = cell.head().as_small() {
                    gathered.push_byte(u8::try_from(value).ok()?);
                    next = Some(cell.tail());
                } else {
                    stack.push(cell.tail());
                    next = Some(cell.head());
                }
            }
            _ => return None,
        }
    }
    Some(gathered)
}

/// Binaries shorter than this are copied together; what is collected is filled up to this many bytes before a longer one.
const SMALL: usize = 256;

/// The binaries of an iovec: stock's rule for what is copied and what is kept.
#[derive(Default)]
struct Vector {
    binaries: Vec<Term>,
    collected: Vec<u8>,
}

impl Vector {
    fn add(&mut self, heap: &mut ProcessHeap, term: Term, bits: &Bits) {
        let size = bits.len() / 8;
        let mut from = 0;
        if size >= SMALL && !self.collected.is_empty() {
            from = SMALL.saturating_sub(self.collected.len());
            self.collected.extend((0..from).map(|index| bits.byte(index)));
        }
        if size - from < SMALL {
            return self.collected.extend((from..size).map(|index| bits.byte(index)));
        }
        self.flush(heap);
        self.binaries.push(if from == 0 {
            term
        } else {
            build::sub_bits(heap, term, 8 * from, 8 * (size - from))
        });
    }

    fn flush(&mut self, heap: &mut ProcessHeap) {
        if !self.collected.is_empty() {
            self.binaries.push(build::binary(heap, &self.collected));
            self.collected.clear();
        }
    }
}

/// `iolist_to_iovec/1`
pub fn iolist_to_iovec(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut vector = Vector::default();
    let mut elements = 0;
    let mut stack = Vec::new();
    let mut next = Some(args[0]);
    while let Some(term) = next {
        elements += 1;
        match term.view() {
            View::Nil => next = stack.pop(),
            View::Bits(bits) if bits.is_binary() => {
                vector.add(cx.heap(), term, &bits);
                next = stack.pop();
            }
            View::Cons(cell) => {
                if let Some(value) = cell.head().as_small() {
                    vector.collected.push(u8::try_from(value).map_err(|_| Raise::BADARG)?);
                    next = Some(cell.tail());
                } else {
                    stack.push(cell.tail());
                    next = Some(cell.head());
                }
            }
            _ => return Err(Raise::BADARG),
        }
    }
    cx.bump((elements / ELEMENTS) as u32);
    vector.flush(cx.heap());
    Ok(build::list(cx.heap(), &vector.binaries))
}
