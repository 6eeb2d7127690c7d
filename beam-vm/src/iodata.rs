// SPDX-License-Identifier: Apache-2.0
//! The bytes of iodata, some at a time: a walk that can stop anywhere and go on after terms have moved.

use alloc::vec::Vec;

use crate::term::Term;

/// The term is no iodata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotIodata;

/// What is still to be done, the next last.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// A list, or what it ends in, or a binary.
    Term(Term),
    /// A binary from a byte on.
    Bytes(Term, usize),
}

/// A walk over iodata.
#[derive(Debug)]
pub struct Walk {
    stack: Vec<Rest>,
    buffer: Vec<u8>,
}

/// Bytes that are given at once at most.
const AT_ONCE: usize = 4096;

/// Bytes of a binary that are as much work as an element of a list.
const BYTES_AN_ELEMENT: usize = 16;

impl Walk {
    /// A walk that has not begun.
    #[must_use]
    pub fn new(iodata: Term) -> Self {
        Self { stack: [Rest::Term(iodata)].into(), buffer: Vec::new() }
    }

    /// Gives bytes for about `budget` elements of work, which it counts down. Says whether that were all.
    ///
    /// # Errors
    /// [`NotIodata`].
    pub fn run(&mut self, budget: &mut usize, sink: &mut dyn FnMut(&[u8])) -> Result<bool, NotIodata> {
        while let Some(rest) = self.stack.pop() {
            if *budget == 0 {
                self.stack.push(rest);
                self.flush(sink);
                return Ok(false);
            }
            *budget -= 1;
            match rest {
                Rest::Term(term) => self.term(term, budget, sink)?,
                Rest::Bytes(term, from) => self.bytes(term, from, budget, sink),
            }
        }
        self.flush(sink);
        Ok(true)
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for rest in &mut self.stack {
            let (Rest::Term(term) | Rest::Bytes(term, _)) = rest;
            visit(term);
        }
    }

    fn term(&mut self, term: Term, budget: &mut usize, sink: &mut dyn FnMut(&[u8])) -> Result<(), NotIodata> {
        let mut list = term;
        while let Some(cell) = list.as_cons() {
            let Some(value) = cell.head().as_small() else {
                self.stack.push(Rest::Term(cell.tail()));
                self.stack.push(Rest::Term(cell.head()));
                return Ok(());
            };
            self.buffer.push(u8::try_from(value).map_err(|_| NotIodata)?);
            if self.buffer.len() == AT_ONCE {
                self.flush(sink);
            }
            list = cell.tail();
            if *budget == 0 {
                break;
            }
            *budget -= 1;
        }
        if list.is_cons() {
            self.stack.push(Rest::Term(list));
        } else if list.as_bits().is_some_and(|bits| bits.is_binary()) {
            self.stack.push(Rest::Bytes(list, 0));
        } else if !list.is_nil() {
            return Err(NotIodata);
        }
        Ok(())
    }

    fn bytes(&mut self, term: Term, from: usize, budget: &mut usize, sink: &mut dyn FnMut(&[u8])) {
        let Some(bits) = term.as_bits() else { return };
        let end = bits.len() / 8;
        let to = end.min(from + AT_ONCE);
        *budget = budget.saturating_sub((to - from) / BYTES_AN_ELEMENT);
        if to < end {
            self.stack.push(Rest::Bytes(term, to));
        }
        match bits.as_bytes() {
            Some(bytes) if to - from > 64 => {
                self.flush(sink);
                sink(&bytes[from..to]);
            }
            Some(bytes) => self.buffer.extend_from_slice(&bytes[from..to]),
            None => self.buffer.extend((from..to).map(|index| bits.byte(index))),
        }
        if self.buffer.len() >= AT_ONCE {
            self.flush(sink);
        }
    }

    fn flush(&mut self, sink: &mut dyn FnMut(&[u8])) {
        if !self.buffer.is_empty() {
            sink(&self.buffer);
            self.buffer.clear();
        }
    }
}
