// SPDX-License-Identifier: Apache-2.0
//! From a term to bytes, as OTP 25 writes them, some at a time.

use alloc::vec::Vec;
use core::ops::Range;

use super::output::{Keep, Later, Output, Part};
use super::tag;
use crate::atom::{Atom, AtomTable};
use crate::heap::build::Node;
use crate::map;
use crate::number::float::{self, Form};
use crate::number::integer::{Integer, Sign};
use crate::term::{Bits, External, Fun, Kind, Map, REF_NUMBERS_MAX, Term, View, layout};

/// Which of several external forms is written: `minor_version`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MinorVersion {
    /// Floats as text.
    Zero,
    /// Floats as 64 bits. What OTP 25 takes if nothing is said.
    One,
    /// All atoms in UTF-8 besides.
    Two,
}

/// The order in which the associations of large maps are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapOrder {
    /// As programs see them.
    AsSeen,
    /// By their keys: `deterministic`.
    Sorted,
}

/// How to encode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EncodeOptions {
    /// The form.
    pub version: MinorVersion,
    /// The order of large maps.
    pub maps: MapOrder,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { version: MinorVersion::One, maps: MapOrder::AsSeen }
    }
}

/// What of the machine is needed to encode.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// The atoms.
    pub atoms: &'a AtomTable,
    /// This node.
    pub node: Node,
}

/// What is still to be encoded, the next last.
enum Rest {
    Term(Term),
    /// The elements of a tuple, variables of a fun, keys and values of a small map in turn, or children of a large map's node. Children are
    /// taken from the last to the first, all others from the first on.
    Parts {
        of: Term,
        done: usize,
        end: usize,
    },
    /// A list of which some elements were written; their number goes to a place at the end.
    List {
        rest: Term,
        count: u32,
        place: Later,
    },
    /// The associations of a map in the order of keys.
    Pairs {
        pairs: Vec<(Term, Term)>,
        done: usize,
    },
    /// The bytes of a bitstring.
    Bytes {
        of: Term,
        done: usize,
    },
    /// A fun has been written: its size goes to a place.
    EndOfFun(Later),
}

/// The longest list of bytes that is written as a string.
const STRING_LIMIT: usize = 0xFFFF;

/// Bytes of a binary that are taken at once.
const BYTES_AT_ONCE: usize = 4096;

/// Bytes of a binary that are as much work as a small term.
const BYTES_A_TERM: usize = 32;

/// Numbers of ports up to here have the older form.
const OLD_PORT_LIMIT: u64 = 1 << 28;

/// A term that is being encoded.
pub struct Encoder {
    options: EncodeOptions,
    output: Output,
    stack: Vec<Rest>,
}

impl Encoder {
    /// A term of which nothing is encoded yet.
    #[must_use]
    pub fn new(term: Term, options: EncodeOptions, keep: Keep) -> Self {
        let mut output = Output::new(keep);
        output.u8(tag::VERSION_MAGIC);
        Self { options, output, stack: [Rest::Term(term)].into() }
    }

    /// Does work for about `budget` small terms, and counts it down. Says whether it is done.
    pub fn run(&mut self, origin: Origin<'_>, budget: &mut usize) -> bool {
        while let Some(rest) = self.stack.pop() {
            if *budget == 0 {
                self.stack.push(rest);
                return false;
            }
            // What has several terms counts them itself.
            if !matches!(rest, Rest::Parts { .. } | Rest::List { .. }) {
                *budget -= 1;
            }
            match rest {
                Rest::Term(term) => self.term(origin, term, budget),
                Rest::Parts { of, done, end } => self.parts(origin, of, done, end, budget),
                Rest::List { rest, count, place } => self.list(origin, rest, count, place, budget),
                Rest::Pairs { pairs, done } => self.pairs(pairs, done),
                Rest::Bytes { of, done } => self.bytes(of, done, budget),
                Rest::EndOfFun(place) => {
                    let size = self.output.len() - place.position;
                    self.output.fill(place, size as u32);
                }
            }
        }
        true
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        self.output.roots(visit);
        for rest in &mut self.stack {
            match rest {
                Rest::Term(term)
                | Rest::Parts { of: term, .. }
                | Rest::List { rest: term, .. }
                | Rest::Bytes { of: term, .. } => visit(term),
                Rest::Pairs { pairs, .. } => {
                    for (key, value) in pairs {
                        visit(key);
                        visit(value);
                    }
                }
                Rest::EndOfFun(_) => {}
            }
        }
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.output.len()
    }

    /// Whether there are no bytes, which is never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, kept together.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.output.into_bytes()
    }

    /// The bytes and the binaries between them.
    #[must_use]
    pub fn into_parts(self) -> Vec<Part> {
        self.output.into_parts()
    }

    /// Encodes a term that has no terms in it and is short, if it is of a common kind; false if not.
    #[inline]
    fn leaf(&mut self, origin: Origin<'_>, term: Term) -> bool {
        if let Some(value) = term.as_small() {
            self.integer(value);
        } else if let Some(atom) = term.as_atom() {
            self.atom(origin.atoms, atom);
        } else if term.is_nil() {
            self.output.u8(tag::NIL);
        } else if let Some(boxed) = term.as_boxed() {
            match boxed.header().kind() {
                Kind::Float => match term.as_float() {
                    Some(value) => self.float(value),
                    None => return false,
                },
                Kind::HeapBinary | Kind::RefcBinary | Kind::SubBinary => {
                    let bits = term.as_bits();
                    let Some(bytes) = bits.as_ref().and_then(Bits::as_bytes) else { return false };
                    if bytes.len() > layout::HEAP_BINARY_LIMIT {
                        return false;
                    }
                    self.output.tag_u32(tag::BINARY, bytes.len() as u32);
                    self.output.put(bytes);
                }
                _ => return false,
            }
        } else {
            return false;
        }
        true
    }

    fn term(&mut self, origin: Origin<'_>, term: Term, budget: &mut usize) {
        if !self.leaf(origin, term) {
            self.compound(origin, term, budget);
        }
    }

    /// Encodes a term that is no leaf, or begins to.
    fn compound(&mut self, origin: Origin<'_>, term: Term, budget: &mut usize) {
        match term.view() {
            View::Cons(_) => match string_length(term, budget) {
                Some(len) => {
                    self.output.tag_u16(tag::STRING, len);
                    self.output.put_all(string(term, len));
                }
                None => {
                    self.output.u8(tag::LIST);
                    let place = self.output.later();
                    self.stack.push(Rest::List { rest: term, count: 0, place });
                }
            },
            View::Tuple(tuple) => {
                match u8::try_from(tuple.len()) {
                    Ok(len) => self.output.put(&[tag::SMALL_TUPLE, len]),
                    Err(_) => self.output.tag_u32(tag::LARGE_TUPLE, tuple.len() as u32),
                }
                self.stack.push(Rest::Parts { of: term, done: 0, end: tuple.len() });
            }
            View::Big(big) => self.big(big.integer()),
            View::Map(map) => self.map(origin, map),
            View::MapNode(node) => {
                self.stack.push(Rest::Parts { of: term, done: 0, end: node.children().len() });
            }
            View::Bits(bits) => self.bits(term, &bits),
            View::Fun(fun) => self.fun(origin, fun),
            View::Export(export) => {
                let entry = export.entry();
                self.output.u8(tag::EXPORT);
                self.atom(origin.atoms, entry.module);
                self.atom(origin.atoms, entry.function);
                self.integer(i64::from(entry.arity));
            }
            View::ExternalPid(pid) => {
                let (number, serial) = (pid.data() as u32, (pid.data() >> 32) as u32);
                self.pid(origin.atoms, home(pid), number, serial);
            }
            View::Port(port) => self.port(origin.atoms, origin.node, port.0),
            View::ExternalPort(port) => self.port(origin.atoms, home(port), port.data()),
            View::Reference(reference) => {
                let mut out = [0; REF_NUMBERS_MAX];
                self.reference(origin.atoms, origin.node, reference.numbers(&mut out));
            }
            View::ExternalReference(reference) => {
                let mut out = [0; REF_NUMBERS_MAX];
                self.reference(origin.atoms, home(reference), reference.numbers(&mut out));
            }
            View::MatchState(_) | View::None => self.output.u8(tag::NIL),
            View::Pid(pid) => self.pid(origin.atoms, origin.node, pid.number(), pid.serial()),
            View::Small(_) | View::Atom(_) | View::Nil | View::Float(_) => {
                unreachable!("these are leaves")
            }
        }
    }

    #[inline]
    fn integer(&mut self, value: i64) {
        if let Ok(byte) = u8::try_from(value) {
            self.output.put(&[tag::SMALL_INTEGER, byte]);
        } else if let Ok(value) = i32::try_from(value) {
            self.output.tag_u32(tag::INTEGER, value as u32);
        } else {
            self.big(Integer::from_i64(value, &mut [0]));
        }
    }

    fn big(&mut self, value: Integer<'_>) {
        let limbs = value.limbs();
        let unused = limbs.last().map_or(0, |last| last.leading_zeros() as usize / 8);
        let len = 8 * limbs.len() - unused;
        let sign = u8::from(value.sign() == Sign::Negative);
        match u8::try_from(len) {
            Ok(len) => self.output.put(&[tag::SMALL_BIG, len, sign]),
            Err(_) => {
                self.output.tag_u32(tag::LARGE_BIG, len as u32);
                self.output.u8(sign);
            }
        }
        for (index, limb) in limbs.iter().enumerate() {
            self.output.put(&limb.to_le_bytes()[..(len - 8 * index).min(8)]);
        }
    }

    fn float(&mut self, value: f64) {
        if self.options.version >= MinorVersion::One {
            let [a, b, c, d, e, f, g, h] = value.to_bits().to_be_bytes();
            return self.output.put(&[tag::NEW_FLOAT, a, b, c, d, e, f, g, h]);
        }
        let mut field = [0; 31];
        if let Ok(text) = float::format(value, Form::DEFAULT) {
            let text = text.as_bytes();
            field[..text.len()].copy_from_slice(text);
        }
        self.output.u8(tag::FLOAT);
        self.output.put(&field);
    }

    fn atom(&mut self, atoms: &AtomTable, atom: Atom) {
        let text = atoms.bytes(atom);
        if self.options.version < MinorVersion::Two && atoms.is_latin1(atom) {
            let characters = atoms.characters(atom);
            self.output.tag_u16(tag::ATOM, characters);
            // With a byte for each character it is ASCII.
            if text.len() == characters {
                return self.output.put(text);
            }
            for char in atoms.text(atom).chars() {
                self.output.u8(u32::from(char) as u8);
            }
            return;
        }
        match u8::try_from(text.len()) {
            Ok(len) => self.output.put(&[tag::SMALL_ATOM_UTF8, len]),
            Err(_) => {
                self.output.tag_u16(tag::ATOM_UTF8, text.len());
            }
        }
        self.output.put(text);
    }

    fn map(&mut self, origin: Origin<'_>, map: Map) {
        self.output.tag_u32(tag::MAP, map.len() as u32);
        if map.is_flat() {
            self.stack.push(Rest::Parts { of: map.term(), done: 0, end: 2 * map.len() });
        } else if self.options.maps == MapOrder::Sorted {
            let pairs = map::sorted_pairs(origin.atoms, map);
            self.stack.push(Rest::Pairs { pairs, done: 0 });
        } else {
            self.stack.push(Rest::Parts { of: map.term(), done: 0, end: map.root_children().len() });
        }
    }

    fn bits(&mut self, term: Term, bits: &Bits) {
        let rest = bits.len() % 8;
        if rest == 0 {
            self.output.tag_u32(tag::BINARY, (bits.len() / 8) as u32);
        } else {
            self.output.tag_u32(tag::BIT_BINARY, bits.len().div_ceil(8) as u32);
            self.output.u8(rest as u8);
        }
        let done = if self.output.put_apart(term) { bits.len() / 8 } else { 0 };
        self.stack.push(Rest::Bytes { of: term, done });
    }

    fn bytes(&mut self, of: Term, done: usize, budget: &mut usize) {
        let Some(bits) = of.as_bits() else { return };
        let end = bits.len().div_ceil(8);
        let to = end.min(done + BYTES_AT_ONCE);
        *budget = budget.saturating_sub((to - done) / BYTES_A_TERM);
        match bits.as_bytes() {
            Some(bytes) => self.output.put(&bytes[done..to]),
            None => self.output.put_all((done..to).map(|index| bits.byte(index))),
        }
        if to < end {
            self.stack.push(Rest::Bytes { of, done: to });
        }
    }

    fn fun(&mut self, origin: Origin<'_>, fun: Fun) {
        let entry = fun.entry();
        self.output.u8(tag::NEW_FUN);
        let place = self.output.later();
        self.output.u8(entry.arity as u8);
        self.output.put(&entry.uniq);
        self.output.u32(entry.index);
        self.output.u32(fun.env().len() as u32);
        self.atom(origin.atoms, entry.module);
        self.integer(i64::from(entry.old_index as i32));
        self.integer(i64::from(entry.old_uniq as i32));
        self.stack.push(Rest::EndOfFun(place));
        self.stack.push(Rest::Parts { of: fun.term(), done: 0, end: fun.env().len() });
        self.stack.push(Rest::Term(fun.creator()));
    }

    fn pid(&mut self, atoms: &AtomTable, node: Node, number: u32, serial: u32) {
        self.output.u8(tag::NEW_PID);
        self.atom(atoms, node.name);
        for word in [number, serial, node.creation] {
            self.output.u32(word);
        }
    }

    fn port(&mut self, atoms: &AtomTable, node: Node, number: u64) {
        if number < OLD_PORT_LIMIT {
            self.output.u8(tag::NEW_PORT);
            self.atom(atoms, node.name);
            self.output.u32(number as u32);
        } else {
            self.output.u8(tag::V4_PORT);
            self.atom(atoms, node.name);
            self.output.put(&number.to_be_bytes());
        }
        self.output.u32(node.creation);
    }

    fn reference(&mut self, atoms: &AtomTable, node: Node, numbers: &[u32]) {
        self.output.tag_u16(tag::NEWER_REFERENCE, numbers.len());
        self.atom(atoms, node.name);
        self.output.u32(node.creation);
        for number in numbers {
            self.output.u32(*number);
        }
    }

    fn parts(&mut self, origin: Origin<'_>, of: Term, done: usize, end: usize, budget: &mut usize) {
        match of.view() {
            View::Tuple(tuple) => self.terms(origin, of, done..end, |at| tuple.elements()[at], budget),
            View::Fun(fun) => self.terms(origin, of, done..end, |at| fun.env()[at], budget),
            View::Map(map) if map.is_flat() => {
                let (keys, values) = (map.flat_keys(), map.flat_values());
                let part =
                    |at: usize| if at.is_multiple_of(2) { keys.elements()[at / 2] } else { values[at / 2] };
                self.terms(origin, of, done..end, part, budget);
            }
            View::Map(map) => self.children(origin, of, map.root_children(), done..end, budget),
            View::MapNode(node) => self.children(origin, of, node.children(), done..end, budget),
            _ => {}
        }
    }

    /// Leaves are done here, so that they do not use the stack.
    #[inline]
    fn terms(
        &mut self,
        origin: Origin<'_>,
        of: Term,
        parts: Range<usize>,
        part: impl Fn(usize) -> Term,
        budget: &mut usize,
    ) {
        let end = parts.end;
        for at in parts {
            if *budget == 0 {
                return self.stack.push(Rest::Parts { of, done: at, end });
            }
            *budget -= 1;
            let term = part(at);
            if !self.leaf(origin, term) {
                if at + 1 < end {
                    self.stack.push(Rest::Parts { of, done: at + 1, end });
                }
                return self.compound(origin, term, budget);
            }
        }
    }

    /// The last is the next.
    fn children(
        &mut self,
        origin: Origin<'_>,
        of: Term,
        children: &[Term],
        parts: Range<usize>,
        budget: &mut usize,
    ) {
        let end = parts.end;
        for at in parts {
            if *budget == 0 {
                return self.stack.push(Rest::Parts { of, done: at, end });
            }
            *budget -= 1;
            let child = children[end - 1 - at];
            let rest = Rest::Parts { of, done: at + 1, end };
            let Some(pair) = child.as_cons() else {
                return self.stack.extend([rest, Rest::Term(child)]);
            };
            if !self.leaf(origin, pair.head()) {
                self.stack.push(rest);
                return self.pair(pair.head(), pair.tail());
            }
            if !self.leaf(origin, pair.tail()) {
                self.stack.push(rest);
                return self.compound(origin, pair.tail(), budget);
            }
        }
    }

    fn pair(&mut self, key: Term, value: Term) {
        self.stack.extend([Rest::Term(value), Rest::Term(key)]);
    }

    fn pairs(&mut self, pairs: Vec<(Term, Term)>, done: usize) {
        let Some((key, value)) = pairs.get(done).copied() else { return };
        self.stack.push(Rest::Pairs { pairs, done: done + 1 });
        self.pair(key, value);
    }

    /// Leaves are done here, so that most lists do not use the stack.
    fn list(&mut self, origin: Origin<'_>, list: Term, mut count: u32, place: Later, budget: &mut usize) {
        let mut rest = list;
        while let Some(cell) = rest.as_cons() {
            if *budget == 0 {
                return self.stack.push(Rest::List { rest, count, place });
            }
            *budget -= 1;
            count += 1;
            rest = cell.tail();
            let head = cell.head();
            if !self.leaf(origin, head) {
                self.stack.push(Rest::List { rest, count, place });
                return self.compound(origin, head, budget);
            }
        }
        self.output.fill(place, count);
        self.stack.push(Rest::Term(rest));
    }
}

fn home(other: External) -> Node {
    Node { name: other.node(), creation: other.creation() }
}

/// The length of a list that is written as a string.
fn string_length(list: Term, budget: &mut usize) -> Option<usize> {
    let (mut len, mut rest) = (0, list);
    while let Some(cell) = rest.as_cons() {
        let is_byte = cell.head().as_small().is_some_and(|value| (0..=255).contains(&value));
        if !is_byte || len == STRING_LIMIT {
            break;
        }
        len += 1;
        rest = cell.tail();
    }
    *budget = budget.saturating_sub(len / 16);
    rest.is_nil().then_some(len)
}

/// The bytes of a list that has only such.
fn string(list: Term, len: usize) -> impl ExactSizeIterator<Item = u8> {
    let mut rest = list;
    (0..len).map(move |_| {
        let Some(cell) = rest.as_cons() else { return 0 };
        rest = cell.tail();
        cell.head().as_small().unwrap_or(0) as u8
    })
}
