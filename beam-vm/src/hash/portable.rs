// SPDX-License-Identifier: Apache-2.0
//! `erlang:phash2/1,2`: the hash that is the same on all nodes and releases, for terms of any size, some work at a time.

use alloc::vec::Vec;

use super::jenkins::{self, Block, constant};
use crate::atom::AtomTable;
use crate::term::{Bits, Cons, REF_NUMBERS_MAX, Term, View};

/// What is still to be hashed, the next last.
enum Rest {
    Term(Term),
    /// The elements of a tuple, or the children of a large map's node, from a place on.
    Children {
        of: Term,
        from: usize,
        end: usize,
    },
    /// The bytes of a binary from a place on.
    Bytes {
        of: Term,
        from: usize,
        block: Block,
    },
    /// A key and its value have been hashed on their own.
    Pair,
    /// All pairs of a map have been hashed: what was there before.
    EndOfMap {
        hash: u32,
        pairs: u32,
    },
}

/// A hash that is being made.
pub struct Portable {
    hash: u32,
    /// The hashes of a map's pairs, put together so that their order does not matter.
    pairs: u32,
    stack: Vec<Rest>,
}

/// Bytes of a binary that count as one element of work.
const BYTES_A_STEP: usize = 64;

/// Children that are taken from a tuple at once.
const AT_ONCE: usize = 16;

impl Portable {
    /// The hash of a term, not begun yet.
    #[must_use]
    pub fn new(term: Term) -> Self {
        Self { hash: 0, pairs: 0, stack: [Rest::Term(term)].into() }
    }

    /// Does work for about `budget` small terms, and counts it down. Gives the hash when it is done.
    pub fn run(&mut self, atoms: &AtomTable, budget: &mut usize) -> Option<u32> {
        while let Some(rest) = self.stack.pop() {
            if *budget == 0 {
                self.stack.push(rest);
                return None;
            }
            *budget -= 1;
            match rest {
                Rest::Term(term) => self.term(atoms, term),
                Rest::Children { of, from, end } => self.children(of, from, end),
                Rest::Bytes { of, from, block } => self.bytes(of, from, block, budget),
                Rest::Pair => {
                    self.pairs ^= self.hash;
                    self.hash = 0;
                }
                Rest::EndOfMap { hash, pairs } => {
                    self.hash = jenkins::one(hash, self.pairs, constant(19));
                    self.pairs = pairs;
                }
            }
        }
        Some(self.hash)
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for rest in &mut self.stack {
            match rest {
                Rest::Term(term) | Rest::Children { of: term, .. } | Rest::Bytes { of: term, .. } => {
                    visit(term)
                }
                Rest::Pair | Rest::EndOfMap { .. } => {}
            }
        }
    }

    fn one(&mut self, word: u32, kind: u32) {
        self.hash = jenkins::one(self.hash, word, constant(kind));
    }

    fn two(&mut self, first: u32, second: u32, kind: u32) {
        self.hash = jenkins::two(self.hash, first, second, constant(kind));
    }

    fn term(&mut self, atoms: &AtomTable, term: Term) {
        match term.view() {
            View::Small(value) => self.small(value),
            View::Atom(atom) if self.hash == 0 => self.hash = atoms.hash(atom),
            View::Atom(atom) => self.one(atoms.hash(atom), 3),
            View::Nil if self.hash == 0 => self.hash = 3_468_870_702,
            // What stock has for the type of an empty list.
            View::Nil => self.one(NIL_TYPE, 2),
            View::Cons(cell) => self.list(cell),
            View::Tuple(tuple) => {
                self.one(tuple.len() as u32, 9);
                self.stack.push(Rest::Children { of: term, from: 0, end: tuple.len() });
            }
            View::Map(map) => {
                self.one(map.len() as u32, 16);
                if map.is_empty() {
                    return;
                }
                self.stack.push(Rest::EndOfMap { hash: self.hash, pairs: self.pairs });
                (self.hash, self.pairs) = (0, 0);
                let end = if map.is_flat() { map.len() } else { map.root_children().len() };
                self.stack.push(Rest::Children { of: term, from: 0, end });
            }
            View::MapNode(node) => {
                self.stack.push(Rest::Children { of: term, from: 0, end: node.children().len() });
            }
            View::Big(big) => {
                let kind = if big.is_negative() { 10 } else { 11 };
                for limb in big.integer().limbs() {
                    self.two(*limb as u32, (*limb >> 32) as u32, kind);
                }
            }
            View::Float(value) => {
                let bits = if value == 0.0 { 0 } else { value.to_bits() };
                self.two((bits >> 32) as u32, bits as u32, 12);
            }
            View::Bits(bits) => {
                let initial = constant(13).wrapping_add(self.hash);
                if bits.is_empty() {
                    self.hash = initial;
                } else {
                    self.stack.push(Rest::Bytes { of: term, from: 0, block: Block::new(initial) });
                }
            }
            View::Fun(fun) => {
                let entry = fun.entry();
                self.two(entry.free, atoms.hash(entry.module), 1);
                self.two(entry.old_index, entry.old_uniq, 1);
                let end = fun.env().len();
                self.stack.push(Rest::Children { of: term, from: 0, end });
            }
            View::Export(export) => {
                let entry = export.entry();
                self.two(entry.arity, atoms.hash(entry.module), 1);
                self.one(atoms.hash(entry.function), 14);
            }
            View::Pid(pid) => self.one(pid.number(), 5),
            View::ExternalPid(pid) => self.one(pid.data() as u32, 5),
            View::Port(port) => self.two(port.0 as u32, (port.0 >> 32) as u32, 6),
            View::ExternalPort(port) => self.two(port.data() as u32, (port.data() >> 32) as u32, 6),
            View::Reference(reference) => {
                let first = reference.numbers(&mut [0; REF_NUMBERS_MAX])[0];
                self.one(first, 7);
            }
            View::ExternalReference(reference) => {
                let first = reference.numbers(&mut [0; REF_NUMBERS_MAX])[0];
                self.one(first, 7);
            }
            View::MatchState(_) | View::None => {}
        }
    }

    fn small(&mut self, value: i64) {
        if (-(1 << 27)..1 << 27).contains(&value) {
            let value = value as i32;
            if value < 0 {
                self.one(value.unsigned_abs(), 1);
            }
            self.one(value as u32, 1);
        } else {
            let magnitude = value.unsigned_abs();
            self.two(magnitude as u32, (magnitude >> 32) as u32, if value < 0 { 10 } else { 11 });
        }
    }

    /// The bytes that a list begins with, four at a time, but not too many; the rest is for later.
    fn list(&mut self, mut cell: Cons) {
        let (mut word, mut count) = (0, 0);
        let mut steps = 0;
        let mut rest = cell.term();
        while let Some(byte) = cell.head().as_small().and_then(|value| u8::try_from(value).ok()) {
            word = word << 8 | u32::from(byte);
            count += 1;
            rest = cell.tail();
            if count == 4 {
                self.one(word, 4);
                (word, count) = (0, 0);
                steps += 1;
                if steps == AT_ONCE {
                    self.stack.push(Rest::Term(rest));
                    return;
                }
            }
            match rest.as_cons() {
                Some(next) => cell = next,
                None => break,
            }
        }
        if count > 0 {
            self.one(word, 4);
        }
        if rest.is_cons() {
            self.stack.push(Rest::Term(cell.tail()));
            self.stack.push(Rest::Term(cell.head()));
        } else {
            self.stack.push(Rest::Term(rest));
        }
    }

    fn children(&mut self, of: Term, from: usize, end: usize) {
        let stop = end.min(from + AT_ONCE);
        if stop < end {
            self.stack.push(Rest::Children { of, from: stop, end });
        }
        match of.view() {
            View::Tuple(tuple) => self.terms(&tuple.elements()[from..stop]),
            View::Fun(fun) => self.terms(&fun.env()[from..stop]),
            View::Map(map) if map.is_flat() => {
                for index in (from..stop).rev() {
                    self.pair(map.flat_keys().elements()[index], map.flat_values()[index]);
                }
            }
            View::Map(map) => self.nodes(&map.root_children()[from..stop]),
            View::MapNode(node) => self.nodes(&node.children()[from..stop]),
            _ => {}
        }
    }

    fn terms(&mut self, terms: &[Term]) {
        self.stack.extend(terms.iter().rev().map(|term| Rest::Term(*term)));
    }

    fn nodes(&mut self, children: &[Term]) {
        for child in children {
            match child.as_cons() {
                Some(leaf) => self.pair(leaf.head(), leaf.tail()),
                None => self.stack.push(Rest::Term(*child)),
            }
        }
    }

    fn pair(&mut self, key: Term, value: Term) {
        self.stack.extend([Rest::Pair, Rest::Term(value), Rest::Term(key)]);
    }

    fn bytes(&mut self, of: Term, from: usize, mut block: Block, budget: &mut usize) {
        let Some(bits) = of.as_bits() else { return };
        let bytes = bits.len() / 8;
        let steps = bytes / Block::STEP * Block::STEP;
        let can = (*budget + 1).saturating_mul(BYTES_A_STEP) / Block::STEP * Block::STEP;
        let to = steps.min(from.saturating_add(can.max(Block::STEP)));
        *budget = budget.saturating_sub((to - from) / BYTES_A_STEP);
        take(&mut block, &bits, from, to);
        if to < steps {
            self.stack.push(Rest::Bytes { of, from: to, block });
            return;
        }
        self.hash = block.finish((steps..bytes).map(|index| bits.byte(index)), bytes);
        let last = bits.len() % 8;
        if last > 0 {
            self.two(last as u32, u32::from(bits.byte(bytes) >> (8 - last)), 15);
        }
    }
}

fn take(block: &mut Block, bits: &Bits, from: usize, to: usize) {
    match bits.as_bytes() {
        Some(bytes) => block.update(bytes[from..to].iter().copied()),
        None => block.update((from..to).map(|index| bits.byte(index))),
    }
}

/// What stock has for the type of an empty list: `NIL_DEF`.
const NIL_TYPE: u32 = 0x2;
