// SPDX-License-Identifier: Apache-2.0
//! Blocks: the symbols of one are collected, then written in the way that takes the fewest bytes: stored, with the fixed codes, or with codes
//! of their own (RFC 1951 section 3.2.3).

use alloc::vec::Vec;

use super::bits::BitWriter;
use super::codes::{
    CODE_LENGTH_EXTRA, CODE_LENGTH_ORDER, DISTANCE_EXTRA, END_OF_BLOCK, FIRST_LENGTH, FIXED_DISTANCE_CODES,
    FIXED_DISTANCES, FIXED_LENGTHS, FIXED_LITERAL_CODES, LENGTH_BASE, LENGTH_EXTRA, LENGTH_SYMBOL, LITERALS,
    MIN_MATCH, distance_symbol,
};
use super::options::MemoryLevel;
use super::tree::{CODE_LENGTH_KIND, Cost, DISTANCE_KIND, LITERAL_KIND, Tree};

/// A literal, or a match.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    /// How far back; 0 for a literal.
    distance: u16,
    /// The byte, or the length less [`MIN_MATCH`].
    value: u8,
}

/// Whether blocks follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Others follow.
    Middle,
    /// It is the last.
    Last,
}

/// Kinds of blocks as they are written.
const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;

/// The block that is being collected, and what was written before.
#[derive(Debug)]
pub(super) struct Blocks {
    /// What was written.
    pub bits: BitWriter,
    symbols: Vec<Symbol>,
    limit: usize,
    literals: Tree,
    distances: Tree,
}

impl Blocks {
    pub fn new(memory: MemoryLevel) -> Self {
        let limit = memory.symbols() - 1;
        let mut blocks = Self {
            bits: BitWriter::default(),
            symbols: Vec::with_capacity(limit),
            limit,
            literals: Tree::default(),
            distances: Tree::default(),
        };
        blocks.begin();
        blocks
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bits.clear();
        self.begin();
    }

    fn begin(&mut self) {
        self.symbols.clear();
        self.literals.seen = [0; LITERALS];
        self.distances.seen = [0; LITERALS];
        self.literals.seen[END_OF_BLOCK] = 1;
    }

    /// Whether there is no symbol.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Adds a literal. Gives whether the block is full.
    #[inline]
    pub fn literal(&mut self, byte: u8) -> bool {
        self.literals.seen[usize::from(byte)] += 1;
        self.push(Symbol { distance: 0, value: byte })
    }

    /// Adds a match. Gives whether the block is full.
    #[inline]
    pub fn found(&mut self, distance: usize, length: usize) -> bool {
        let (distance, value) = (distance as u16, (length - MIN_MATCH) as u8);
        self.literals.seen[FIRST_LENGTH + usize::from(LENGTH_SYMBOL[usize::from(value)])] += 1;
        self.distances.seen[distance_symbol(distance - 1)] += 1;
        self.push(Symbol { distance, value })
    }

    #[inline]
    fn push(&mut self, symbol: Symbol) -> bool {
        self.symbols.push(symbol);
        self.symbols.len() == self.limit
    }

    /// Writes the block and begins the next. `plain` are its bytes, if they are still in the window.
    pub fn write(&mut self, plain: Option<&[u8]>, place: Place) {
        let mut cost = Cost::default();
        self.literals.build(&LITERAL_KIND, &mut cost);
        self.distances.build(&DISTANCE_KIND, &mut cost);
        let description = Description::new(&self.literals, &self.distances, &mut cost);
        let bytes = |bits: isize| (bits + 3).cast_unsigned().div_ceil(8);
        let fixed = bytes(cost.fixed);
        let least = bytes(cost.dynamic).min(fixed);
        match plain {
            Some(plain) if plain.len() + 4 <= least => self.write_stored(plain, place),
            _ if fixed == least => self.write_fixed(place),
            _ => self.write_dynamic(&description, place),
        }
        self.begin();
        if place == Place::Last {
            self.bits.align();
        }
    }

    fn head(&mut self, kind: u32, place: Place) {
        self.bits.put(kind << 1 | u32::from(place == Place::Last), 3);
    }

    /// Writes the head of a block of `len` stored bytes, which follow.
    pub fn begin_stored(&mut self, len: usize, place: Place) {
        self.head(STORED, place);
        self.bits.align();
        let len = len as u16;
        self.bits.put_bytes(&len.to_le_bytes());
        self.bits.put_bytes(&(!len).to_le_bytes());
    }

    /// Writes bytes as they are.
    pub fn write_stored(&mut self, plain: &[u8], place: Place) {
        self.begin_stored(plain.len(), place);
        self.bits.put_bytes(plain);
    }

    fn write_fixed(&mut self, place: Place) {
        self.head(FIXED, place);
        let literals = (&FIXED_LITERAL_CODES[..], &FIXED_LENGTHS[..]);
        let distances = (&FIXED_DISTANCE_CODES[..], &FIXED_DISTANCES[..]);
        write_symbols(&mut self.bits, &self.symbols, literals, distances);
    }

    fn write_dynamic(&mut self, description: &Description, place: Place) {
        self.head(DYNAMIC, place);
        description.write(&mut self.bits, &self.literals, &self.distances);
        let literals = (&self.literals.codes[..], &self.literals.lengths[..]);
        let distances = (&self.distances.codes[..], &self.distances.lengths[..]);
        write_symbols(&mut self.bits, &self.symbols, literals, distances);
    }
}

/// Codes and their lengths.
type Codes<'a> = (&'a [u16], &'a [u8]);

fn write_symbols(bits: &mut BitWriter, symbols: &[Symbol], literals: Codes<'_>, distances: Codes<'_>) {
    let mut code = |of: Codes<'_>, symbol: usize, extra: u32, extra_bits: u8| {
        let len = u32::from(of.1[symbol]);
        bits.put(u32::from(of.0[symbol]) | extra << len, len + u32::from(extra_bits));
    };
    for symbol in symbols {
        let value = usize::from(symbol.value);
        if symbol.distance == 0 {
            code(literals, value, 0, 0);
            continue;
        }
        let length = usize::from(LENGTH_SYMBOL[value]);
        let extra = symbol.value - LENGTH_BASE[length];
        code(literals, FIRST_LENGTH + length, u32::from(extra), LENGTH_EXTRA[length]);
        let distance = symbol.distance - 1;
        let place = distance_symbol(distance);
        let extra_bits = DISTANCE_EXTRA[place];
        let extra = distance & ((1 << extra_bits) - 1);
        code(distances, place, u32::from(extra), extra_bits);
    }
    code(literals, END_OF_BLOCK, 0, 0);
}

/// How codes are described: their lengths, with runs of the same length put together, in a code of their own (RFC 1951 section 3.2.7).
struct Description {
    code: Tree,
    /// How many lengths of codes for lengths are written.
    written: usize,
}

/// The same length as before, 3 to 6 times.
const REPEAT: usize = 16;
/// No code, 3 to 10 times.
const FEW_ZEROS: usize = 17;
/// No code, 11 to 138 times.
const MANY_ZEROS: usize = 18;

/// Gives the symbols for the lengths of a code, with the value of extra bits.
fn describe(lengths: &[u8], mut symbol: impl FnMut(usize, usize)) {
    let mut before = None;
    let mut rest = lengths;
    while let Some(&length) = rest.first() {
        // The first of a run of codes is written as it is, so that there is something to repeat.
        let most = match length {
            0 => 138,
            _ if before == Some(length) => 6,
            _ => 7,
        };
        let run = rest.iter().take(most).take_while(|other| **other == length).count();
        let value = usize::from(length);
        match run {
            11.. if length == 0 => symbol(MANY_ZEROS, run - 11),
            3.. if length == 0 => symbol(FEW_ZEROS, run - 3),
            4.. if before != Some(length) && length > 0 => {
                symbol(value, 0);
                symbol(REPEAT, run - 4);
            }
            3.. if before == Some(length) => symbol(REPEAT, run - 3),
            _ => (0..run).for_each(|_| symbol(value, 0)),
        }
        before = Some(length);
        rest = &rest[run..];
    }
}

impl Description {
    fn new(literals: &Tree, distances: &Tree, cost: &mut Cost) -> Self {
        let mut code = Tree::default();
        for tree in [literals, distances] {
            describe(&tree.lengths[..=tree.last], |symbol, _| code.seen[symbol] += 1);
        }
        code.build(&CODE_LENGTH_KIND, cost);
        let has_code = |symbol: &usize| code.lengths[*symbol] > 0;
        let written = CODE_LENGTH_ORDER.iter().rposition(has_code).map_or(4, |place| (place + 1).max(4));
        cost.dynamic += 3 * written as isize + 5 + 5 + 4;
        Self { code, written }
    }

    fn write(&self, bits: &mut BitWriter, literals: &Tree, distances: &Tree) {
        bits.put((literals.last + 1 - FIRST_LENGTH) as u32, 5);
        bits.put(distances.last as u32, 5);
        bits.put((self.written - 4) as u32, 4);
        for symbol in &CODE_LENGTH_ORDER[..self.written] {
            bits.put(u32::from(self.code.lengths[*symbol]), 3);
        }
        for tree in [literals, distances] {
            describe(&tree.lengths[..=tree.last], |symbol, extra| {
                bits.put(u32::from(self.code.codes[symbol]), u32::from(self.code.lengths[symbol]));
                bits.put(extra as u32, u32::from(CODE_LENGTH_EXTRA[symbol]));
            });
        }
    }
}
