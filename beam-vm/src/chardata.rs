// SPDX-License-Identifier: Apache-2.0
//! Chardata (lists of lists, code points and binaries in Latin-1 or UTF-8) as UTF-8, some at a time
//! (`erts/emulator/beam/erl_unicode.c`).
//!
//! All of it is looked at first, since what is no chardata at all is `badarg` even behind a wrong character. Then it is converted up to the
//! first character that is wrong, or is not complete at the end.

use alloc::vec::Vec;

use crate::heap::{Heap, build};
use crate::term::{Bits, Term};

/// What the bytes of binaries are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Each byte is a character, and so is each integer up to 255.
    Latin1,
    /// UTF-8, of which a character may go on in the next binary.
    Utf8,
}

/// The term is no chardata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotChardata;

/// How far a conversion went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// To the end.
    Complete,
    /// To the end, where bytes of a character are missing; the bytes that are there.
    Incomplete(Term),
    /// To something that is no character; what comes from there on.
    Error(Term),
}

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Check,
    Convert,
}

/// A conversion.
#[derive(Debug)]
pub struct Converter {
    encoding: Encoding,
    phase: Phase,
    all: Term,
    /// The list or binary at which it goes on.
    current: Term,
    /// How many bytes of the binary at hand are done.
    at: usize,
    /// Where it goes on after that, the next last.
    stack: Vec<Term>,
    out: Vec<u8>,
    /// Bytes that a character begins with, which goes on in the next binary.
    begun: Begun,
}

#[derive(Clone, Copy, Debug, Default)]
struct Begun {
    bytes: [u8; 4],
    len: usize,
}

/// Bytes that are converted at once.
const BYTES_AT_ONCE: usize = 4096;

/// Bytes of a binary that are as much work as an element of a list.
const BYTES_AN_ELEMENT: usize = 16;

/// How converting one binary went on.
enum Step {
    /// It is done.
    Done,
    /// There is more.
    More,
    /// The byte at a place begins no character.
    Error(usize),
}

impl Converter {
    /// A conversion that has not begun.
    #[must_use]
    pub fn new(chardata: Term, encoding: Encoding) -> Self {
        Self {
            encoding,
            phase: Phase::Check,
            all: chardata,
            current: chardata,
            at: 0,
            stack: Vec::new(),
            out: Vec::new(),
            begun: Begun::default(),
        }
    }

    /// Does work for about `budget` elements, and counts it down. Gives how far it went when it is done.
    ///
    /// # Errors
    /// [`NotChardata`].
    pub fn run<H: Heap>(&mut self, heap: &mut H, budget: &mut usize) -> Result<Option<End>, NotChardata> {
        if self.phase == Phase::Check {
            if !self.check(budget)? {
                return Ok(None);
            }
            self.phase = Phase::Convert;
            self.current = self.all;
        }
        Ok(self.convert(heap, budget))
    }

    /// The UTF-8 that was made.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.all);
        visit(&mut self.current);
        self.stack.iter_mut().for_each(visit);
    }

    fn check(&mut self, budget: &mut usize) -> Result<bool, NotChardata> {
        loop {
            if *budget == 0 {
                return Ok(false);
            }
            *budget -= 1;
            if let Some(cell) = self.current.as_cons() {
                let head = cell.head();
                self.current = cell.tail();
                if head.is_cons() {
                    self.stack.push(cell.tail());
                    self.current = head;
                } else if !is_integer(head) && !head.is_nil() && !is_binary(head) {
                    return Err(NotChardata);
                }
                continue;
            }
            if !self.current.is_nil() && !is_binary(self.current) {
                return Err(NotChardata);
            }
            match self.stack.pop() {
                Some(next) => self.current = next,
                None => return Ok(true),
            }
        }
    }

    fn convert<H: Heap>(&mut self, heap: &mut H, budget: &mut usize) -> Option<End> {
        loop {
            if *budget == 0 {
                return None;
            }
            *budget -= 1;
            if let Some(cell) = self.current.as_cons() {
                let head = cell.head();
                if is_integer(head) {
                    if self.begun.len > 0 || !head.as_small().is_some_and(|value| self.push(value)) {
                        return Some(self.error(heap, self.current));
                    }
                    self.current = cell.tail();
                } else if head.is_cons() {
                    self.stack.push(cell.tail());
                    self.current = head;
                } else if let Some(bits) = head.as_bits() {
                    match self.binary(&bits, budget) {
                        Step::More => {}
                        Step::Done => self.current = cell.tail(),
                        Step::Error(at) => {
                            let rest = build::sub_bits(heap, head, 8 * at, bits.len() - 8 * at);
                            let rest = build::cons(heap, rest, cell.tail());
                            return Some(self.error(heap, rest));
                        }
                    }
                } else {
                    self.current = cell.tail();
                }
                continue;
            }
            if let Some(bits) = self.current.as_bits() {
                match self.binary(&bits, budget) {
                    Step::More => {}
                    Step::Done => self.current = Term::NIL,
                    Step::Error(at) => {
                        let rest = build::sub_bits(heap, self.current, 8 * at, bits.len() - 8 * at);
                        return Some(self.error(heap, rest));
                    }
                }
                continue;
            }
            match self.stack.pop() {
                Some(next) => self.current = next,
                None => return Some(self.end(heap)),
            }
        }
    }

    /// Appends a character, if it is one.
    fn push(&mut self, value: i64) -> bool {
        let limit = if self.encoding == Encoding::Latin1 { 0xFF } else { u32::MAX };
        let char = u32::try_from(value).ok().filter(|code| *code <= limit).and_then(char::from_u32);
        let Some(char) = char else { return false };
        self.out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        true
    }

    fn binary(&mut self, bits: &Bits, budget: &mut usize) -> Step {
        let end = bits.len() / 8;
        let to = end.min(self.at + BYTES_AT_ONCE);
        *budget = budget.saturating_sub((to - self.at) / BYTES_AN_ELEMENT);
        let mut unaligned = Vec::new();
        let bytes = match bits.as_bytes() {
            Some(bytes) => &bytes[self.at..to],
            None => {
                unaligned.extend((self.at..to).map(|index| bits.byte(index)));
                &unaligned
            }
        };
        let done = match self.encoding {
            Encoding::Latin1 => {
                self.out.extend(bytes.iter().flat_map(|byte| {
                    let mut utf8 = [0; 2];
                    let len = char::from(*byte).encode_utf8(&mut utf8).len();
                    utf8.into_iter().take(len)
                }));
                bytes.len()
            }
            Encoding::Utf8 => match self.utf8(bytes, end - to) {
                Ok(done) => done,
                Err(at) => return Step::Error(self.at + at),
            },
        };
        self.at += done;
        if self.at < end {
            return Step::More;
        }
        self.at = 0;
        Step::Done
    }

    /// Appends UTF-8 of which `after` more bytes of the same binary follow. Gives how many bytes are done, or where something is wrong.
    fn utf8(&mut self, bytes: &[u8], after: usize) -> Result<usize, usize> {
        let mut done = 0;
        if self.begun.len > 0 {
            let needed = length(self.begun.bytes[0]).unwrap_or(1).saturating_sub(self.begun.len);
            done = needed.min(bytes.len());
            let len = self.begun.len + done;
            self.begun.bytes[self.begun.len..len].copy_from_slice(&bytes[..done]);
            if done < needed {
                self.begun.len = len;
                return Ok(done);
            }
            if core::str::from_utf8(&self.begun.bytes[..len]).is_err() {
                return Err(0);
            }
            self.out.extend_from_slice(&self.begun.bytes[..len]);
            self.begun.len = 0;
        }
        let rest = &bytes[done..];
        let Err(error) = core::str::from_utf8(rest) else {
            self.out.extend_from_slice(rest);
            return Ok(bytes.len());
        };
        let (valid, wrong) = rest.split_at(error.valid_up_to());
        self.out.extend_from_slice(valid);
        done += valid.len();
        match length(wrong[0]) {
            Some(needed) if wrong.len() + after < needed => {
                // The last of this binary: looked at when the next one, or the end, is there.
                self.begun.bytes[..wrong.len()].copy_from_slice(wrong);
                self.begun.len = wrong.len();
                Ok(bytes.len())
            }
            Some(needed) if wrong.len() < needed && done > 0 => Ok(done),
            _ => Err(done),
        }
    }

    /// The result when `rest` is wrong: all that is still to be done, as a list.
    fn error<H: Heap>(&mut self, heap: &mut H, rest: Term) -> End {
        let mut rest = rest;
        while let Some(tail) = self.stack.pop() {
            rest = build::cons(heap, rest, tail);
        }
        if self.begun.len > 0 {
            let begun = build::binary(heap, &self.begun.bytes[..self.begun.len]);
            rest = build::list(heap, &[begun, rest]);
        }
        End::Error(rest)
    }

    fn end<H: Heap>(&mut self, heap: &mut H) -> End {
        if self.begun.len == 0 {
            return End::Complete;
        }
        let begun = &self.begun.bytes[..self.begun.len];
        let rest = build::binary(heap, begun);
        // The first byte says that there have to be more; those that are there have to be what goes on.
        let goes_on = begun[1..].iter().all(|byte| byte & 0xC0 == 0x80);
        if goes_on { End::Incomplete(rest) } else { End::Error(rest) }
    }
}

/// A list of characters that is made of UTF-8 from its end.
#[derive(Debug)]
pub struct Listing {
    utf8: Vec<u8>,
    list: Term,
    end: End,
}

impl Listing {
    /// A list that is not begun, of what a conversion has made.
    #[must_use]
    pub fn new(utf8: Vec<u8>, end: End) -> Self {
        Self { utf8, list: Term::NIL, end }
    }

    /// Makes `budget` characters, which it counts down. Says whether those were all.
    pub fn run<H: Heap>(&mut self, heap: &mut H, budget: &mut usize) -> bool {
        while let Some(last) = self.utf8.iter().rposition(|byte| byte & 0xC0 != 0x80) {
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            let char = core::str::from_utf8(&self.utf8[last..]).ok().and_then(|text| text.chars().next());
            let code = char.map_or(0, u32::from);
            self.list = build::cons(heap, Term::small_cut(i64::from(code)), self.list);
            self.utf8.truncate(last);
        }
        true
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> Term {
        self.list
    }

    /// How far the conversion went.
    #[must_use]
    pub fn end(&self) -> End {
        self.end
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.list);
        if let End::Incomplete(rest) | End::Error(rest) = &mut self.end {
            visit(rest);
        }
    }
}

fn is_integer(term: Term) -> bool {
    term.is_small() || term.as_big().is_some()
}

fn is_binary(term: Term) -> bool {
    term.as_bits().is_some_and(Bits::is_binary)
}

/// How many bytes a character has, by the first of them.
fn length(first: u8) -> Option<usize> {
    match first {
        0x00..=0x7F => Some(1),
        0xC0..=0xDF => Some(2),
        0xE0..=0xEF => Some(3),
        0xF0..=0xF7 => Some(4),
        _ => None,
    }
}

/// Whether all bytes of a binary are characters of ASCII.
#[must_use]
pub fn is_ascii(bits: &Bits) -> bool {
    match bits.as_bytes() {
        Some(bytes) => bytes.is_ascii(),
        None => bits.bytes().all(|byte| byte.is_ascii()),
    }
}
