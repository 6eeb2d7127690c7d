// SPDX-License-Identifier: Apache-2.0
//! Terms to bytes. Lengths come before what they are the lengths of, so it is written from the end to the beginning.

use alloc::vec::Vec;

use crate::term::{Term, View};

/// The term is none of `{Tag, Value}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotTagged;

/// Bytes that are as much work as an element.
const BYTES_AN_ELEMENT: usize = 64;

const CONSTRUCTED: u8 = 0x20;

/// What is still to be done.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// A term.
    Element(Term),
    /// Length and tag of a list, whose elements begin at this byte, counted from the end.
    Head(u32, usize),
}

/// A term that is being written.
#[derive(Debug)]
pub struct BerWriter {
    tasks: Vec<Task>,
    /// The bytes from the last on.
    reversed: Vec<u8>,
}

impl BerWriter {
    /// A term of which nothing is written yet.
    #[must_use]
    pub fn new(term: Term) -> Self {
        Self { tasks: Vec::from([Task::Element(term)]), reversed: Vec::new() }
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for task in &mut self.tasks {
            if let Task::Element(term) = task {
                visit(term);
            }
        }
    }

    /// Writes for so much work, which it counts down. Says whether it is done.
    ///
    /// # Errors
    /// [`NotTagged`]
    pub fn run(&mut self, budget: &mut usize) -> Result<bool, NotTagged> {
        while let Some(task) = self.tasks.pop() {
            let before = self.reversed.len();
            match task {
                Task::Element(term) => self.element(term, budget)?,
                Task::Head(tag, end) => self.head(tag, self.reversed.len() - end, CONSTRUCTED),
            }
            let work = 1 + (self.reversed.len() - before) / BYTES_AN_ELEMENT;
            *budget = budget.saturating_sub(work);
            if *budget == 0 {
                break;
            }
        }
        Ok(self.tasks.is_empty())
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.reversed.reverse();
        self.reversed
    }

    fn element(&mut self, term: Term, budget: &mut usize) -> Result<(), NotTagged> {
        let pair = term.as_tuple().ok_or(NotTagged)?;
        let [tag, value, ..] = *pair.elements() else { return Err(NotTagged) };
        let tag = tag.as_small().and_then(|tag| u32::try_from(tag).ok()).ok_or(NotTagged)?;
        match value.view() {
            View::Nil | View::Cons(_) => {
                self.tasks.push(Task::Head(tag, self.reversed.len()));
                let mut rest = value;
                while let Some(cell) = rest.as_cons() {
                    self.tasks.push(Task::Element(cell.head()));
                    rest = cell.tail();
                    *budget = budget.saturating_sub(1);
                }
                if rest.is_nil() { Ok(()) } else { Err(NotTagged) }
            }
            _ => {
                let bits = value.as_bits().filter(|bits| bits.is_binary()).ok_or(NotTagged)?;
                match bits.as_bytes() {
                    Some(bytes) => self.reversed.extend(bytes.iter().rev()),
                    None => self.reversed.extend((0..bits.len() / 8).rev().map(|index| bits.byte(index))),
                }
                self.head(tag, bits.len() / 8, 0);
                Ok(())
            }
        }
    }

    /// Writes length and tag.
    fn head(&mut self, tag: u32, length: usize, form: u8) {
        if length < 128 {
            self.reversed.push(length as u8);
        } else {
            let bytes = length.to_le_bytes();
            let count = 8 - length.leading_zeros() as usize / 8;
            self.reversed.extend_from_slice(&bytes[..count]);
            self.reversed.push(0x80 | count as u8);
        }
        let first = form | (tag >> 10 & 0xC0) as u8;
        let number = tag & 0xFFFF;
        if number <= 30 {
            self.reversed.push(first | number as u8);
            return;
        }
        self.reversed.push(number as u8 & 0x7F);
        let mut more = number >> 7;
        while more > 0 {
            self.reversed.push(more as u8 & 0x7F | 0x80);
            more >>= 7;
        }
        self.reversed.push(first | 0x1F);
    }
}
