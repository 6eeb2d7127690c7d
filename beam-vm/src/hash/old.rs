// SPDX-License-Identifier: Apache-2.0
//! `erlang:phash/2`: the older portable hash, byte by byte, some work at a time.

use alloc::vec::Vec;

use super::Portable;
use crate::atom::AtomTable;
use crate::term::{Big, Cons, REF_NUMBERS_MAX, Term, View};

/// Primes just above 2^28; the numbers are stock's names for them.
const PRIME_1: u32 = 268_440_163;
const PRIME_2: u32 = 268_439_161;
const PRIME_3: u32 = 268_435_459;
const PRIME_4: u32 = 268_436_141;
const PRIME_5: u32 = 268_438_633;
const PRIME_6: u32 = 268_437_017;
const PRIME_8: u32 = 268_437_511;
const PRIME_9: u32 = 268_439_627;
const PRIME_10: u32 = 268_440_479;
const PRIME_11: u32 = 268_440_577;
const PRIME_12: u32 = 268_440_581;
const PRIME_13: u32 = 268_440_593;
const PRIME_14: u32 = 268_440_611;

/// What is still to be hashed, the next last.
enum Rest {
    Term(Term),
    /// The rest of a list: a cell, or what the list ends in.
    Tail(Term),
    /// The list has ended.
    EndOfList,
    /// The elements of a tuple or the variables of a fun from a place on.
    Elements {
        of: Term,
        from: usize,
    },
    /// All elements of a tuple have been hashed.
    EndOfTuple(u32),
    /// The bytes of a bitstring from a place on.
    Bytes {
        of: Term,
        from: usize,
    },
    /// A map, by the newer hash.
    Map(Portable),
}

/// A hash that is being made.
pub struct Old {
    hash: u32,
    stack: Vec<Rest>,
}

/// Bytes or elements that count as one element of work when they are taken together.
const AT_ONCE: usize = 32;

impl Old {
    /// The hash of a term, not begun yet.
    #[must_use]
    pub fn new(term: Term) -> Self {
        Self { hash: 0, stack: [Rest::Term(term)].into() }
    }

    /// Does work for about `budget` small terms, and counts it down. Gives the hash when it is done.
    pub fn run(&mut self, atoms: &AtomTable, budget: &mut usize) -> Option<u32> {
        while let Some(mut rest) = self.stack.pop() {
            if *budget == 0 {
                self.stack.push(rest);
                return None;
            }
            *budget -= 1;
            match rest {
                Rest::Term(term) => self.term(atoms, term),
                Rest::Tail(term) => match term.as_cons() {
                    Some(cell) => self.list(cell),
                    None => self.stack.extend([Rest::EndOfList, Rest::Term(term)]),
                },
                Rest::EndOfList => self.hash = self.hash.wrapping_mul(PRIME_8),
                Rest::Elements { of, from } => self.elements(of, from),
                Rest::EndOfTuple(arity) => self.step(PRIME_9, arity),
                Rest::Bytes { of, from } => self.bytes(of, from),
                Rest::Map(ref mut map) => match map.run(atoms, budget) {
                    Some(hash) => self.step(PRIME_13, PRIME_14.wrapping_add(hash)),
                    None => {
                        self.stack.push(rest);
                        return None;
                    }
                },
            }
        }
        Some(self.hash)
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for rest in &mut self.stack {
            match rest {
                Rest::Term(term)
                | Rest::Tail(term)
                | Rest::Elements { of: term, .. }
                | Rest::Bytes { of: term, .. } => visit(term),
                Rest::Map(map) => map.roots(visit),
                Rest::EndOfList | Rest::EndOfTuple(_) => {}
            }
        }
    }

    fn step(&mut self, prime: u32, value: u32) {
        self.hash = self.hash.wrapping_mul(prime).wrapping_add(value);
    }

    fn word(&mut self, prime: u32, word: u32) {
        for byte in word.to_le_bytes() {
            self.step(prime, u32::from(byte));
        }
    }

    fn identity(&mut self, word: u32, prime: u32, last: u32) {
        self.word(prime, word);
        self.hash = self.hash.wrapping_mul(last);
    }

    fn term(&mut self, atoms: &AtomTable, term: Term) {
        match term.view() {
            View::Nil => self.step(PRIME_3, 1),
            View::Atom(atom) => self.step(PRIME_1, atoms.hash(atom)),
            View::Small(value) => {
                let magnitude = value.unsigned_abs();
                self.word(PRIME_2, magnitude as u32);
                if magnitude >> 32 != 0 {
                    self.word(PRIME_2, (magnitude >> 32) as u32);
                }
                self.hash = self.hash.wrapping_mul(if value < 0 { PRIME_4 } else { PRIME_3 });
            }
            View::Big(big) => self.big(big),
            View::Float(value) => {
                let bits = if value == 0.0 { 0 } else { value.to_bits() };
                self.step(PRIME_6, bits as u32 ^ (bits >> 32) as u32);
            }
            View::Bits(_) => self.stack.push(Rest::Bytes { of: term, from: 0 }),
            View::Cons(cell) => self.list(cell),
            View::Tuple(tuple) => {
                self.stack.push(Rest::EndOfTuple(tuple.len() as u32));
                self.stack.push(Rest::Elements { of: term, from: 0 });
            }
            View::Map(_) => self.stack.push(Rest::Map(Portable::new(term))),
            View::Export(export) => {
                let entry = export.entry();
                self.step(PRIME_11, entry.arity);
                self.step(PRIME_1, atoms.hash(entry.module));
                self.step(PRIME_1, atoms.hash(entry.function));
            }
            View::Fun(fun) => {
                let entry = fun.entry();
                self.step(PRIME_10, entry.free);
                self.step(PRIME_1, atoms.hash(entry.module));
                self.step(PRIME_2, entry.old_index);
                self.step(PRIME_2, entry.old_uniq);
                self.stack.push(Rest::Elements { of: term, from: 0 });
            }
            View::Pid(pid) => self.identity(pid.number(), PRIME_5, PRIME_6),
            View::ExternalPid(pid) => self.identity(pid.data() as u32, PRIME_5, PRIME_6),
            View::Port(port) => self.port(port.0),
            View::ExternalPort(port) => self.port(port.data()),
            View::Reference(reference) => {
                self.identity(reference.numbers(&mut [0; REF_NUMBERS_MAX])[0], PRIME_9, PRIME_10);
            }
            View::ExternalReference(reference) => {
                self.identity(reference.numbers(&mut [0; REF_NUMBERS_MAX])[0], PRIME_9, PRIME_10);
            }
            View::MapNode(_) | View::MatchState(_) | View::None => {}
        }
    }

    fn port(&mut self, number: u64) {
        if number >> 32 != 0 {
            self.word(PRIME_11, (number >> 32) as u32);
        }
        self.identity(number as u32, PRIME_9, PRIME_10);
    }

    /// The bytes of the magnitude, the last limb's upper half only if it is not 0.
    fn big(&mut self, big: Big) {
        let integer = big.integer();
        if let [first @ .., last] = integer.limbs() {
            for limb in first {
                self.word(PRIME_2, *limb as u32);
                self.word(PRIME_2, (*limb >> 32) as u32);
            }
            self.word(PRIME_2, *last as u32);
            if *last >> 32 != 0 {
                self.word(PRIME_2, (*last >> 32) as u32);
            }
        }
        self.hash = self.hash.wrapping_mul(if big.is_negative() { PRIME_4 } else { PRIME_3 });
    }

    /// Bytes of a list count less than other integers do.
    fn list(&mut self, mut cell: Cons) {
        for _ in 0..AT_ONCE {
            let Some(byte) = cell.head().as_small().and_then(|value| u8::try_from(value).ok()) else {
                return self.stack.extend([Rest::Tail(cell.tail()), Rest::Term(cell.head())]);
            };
            self.step(PRIME_2, u32::from(byte));
            match cell.tail().as_cons() {
                Some(next) => cell = next,
                None => return self.stack.push(Rest::Tail(cell.tail())),
            }
        }
        self.stack.push(Rest::Tail(cell.term()));
    }

    fn elements(&mut self, of: Term, from: usize) {
        let view = of.view();
        let elements = match &view {
            View::Tuple(tuple) => tuple.elements(),
            View::Fun(fun) => fun.env(),
            _ => return,
        };
        let stop = elements.len().min(from + AT_ONCE);
        if stop < elements.len() {
            self.stack.push(Rest::Elements { of, from: stop });
        }
        self.stack.extend(elements[from..stop].iter().rev().map(|term| Rest::Term(*term)));
    }

    fn bytes(&mut self, of: Term, from: usize) {
        let Some(bits) = of.as_bits() else { return };
        let whole = bits.len() / 8;
        let stop = whole.min(from + AT_ONCE);
        for index in from..stop {
            self.step(PRIME_1, u32::from(bits.byte(index)));
        }
        if stop < whole {
            self.stack.push(Rest::Bytes { of, from: stop });
            return;
        }
        let last = bits.len() % 8;
        if last > 0 {
            self.step(PRIME_1, u32::from(bits.byte(whole) >> (8 - last)));
            self.step(PRIME_12, last as u32);
        }
        self.step(PRIME_4, whole as u32);
    }
}
