// SPDX-License-Identifier: Apache-2.0
//! Blocks: their heads, codes and symbols (RFC 1951 section 3.2).

use super::stream::{Inflate, Mode, Stop};
use super::table::{Completeness, Entry, Meaning, Table};
use crate::deflate::Buffers;

/// Bits that the first table of literals and lengths takes.
const LITERAL_ROOT: usize = 10;
/// Bits that the first table of distances takes.
const DISTANCE_ROOT: usize = 9;
/// Bits of the longest code for lengths of codes.
const CODE_LENGTH_ROOT: usize = 7;

/// The order of lengths of codes for lengths of codes.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The symbol that ends a block.
const END_OF_BLOCK: usize = 256;

/// The most that a symbol writes.
const MOST_WRITTEN: usize = 258;

/// Bytes of input with which a symbol and its extra bits are there whatever they are.
const MOST_READ: usize = 8;

fn literal_meaning(symbol: usize) -> Meaning {
    const BASES: [u16; 29] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163,
        195, 227, 258,
    ];
    const EXTRA: [u8; 29] =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    match symbol {
        0..END_OF_BLOCK => Meaning::Literal(symbol as u8),
        END_OF_BLOCK => Meaning::End,
        257..286 => Meaning::From(BASES[symbol - 257], EXTRA[symbol - 257]),
        _ => Meaning::Invalid,
    }
}

fn distance_meaning(symbol: usize) -> Meaning {
    match symbol {
        0..4 => Meaning::From(symbol as u16 + 1, 0),
        4..30 => {
            let extra = symbol / 2 - 1;
            Meaning::From(((2 + symbol % 2) << extra) as u16 + 1, extra as u8)
        }
        _ => Meaning::Invalid,
    }
}

impl Inflate {
    /// Does a step of a block.
    pub(super) fn block(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        match self.mode {
            Mode::Block => self.block_head(io),
            Mode::StoredHead => {
                self.need(32, io)?;
                let (len, inverse) = (self.peek(16), (self.bits >> 16 & 0xFFFF) as u32);
                if len != !inverse & 0xFFFF {
                    return Err(Stop::Bad);
                }
                self.drop_bits(32);
                self.mode = Mode::Stored(len as usize);
                Ok(())
            }
            Mode::Stored(left) => self.stored(left, io),
            Mode::Counts => self.counts(io),
            Mode::CodeLengths(have) => self.code_lengths(have, io),
            Mode::Lengths(have) => self.lengths(have, io),
            Mode::Symbol => self.symbol(io),
            Mode::Literal(byte) => {
                if io.put(&[byte]) == 0 {
                    return Err(Stop::Room);
                }
                self.mode = Mode::Symbol;
                Ok(())
            }
            Mode::LengthExtra { base, extra } => {
                let length = base + self.number(u32::from(extra), io)? as u16;
                self.mode = Mode::Distance { length };
                Ok(())
            }
            Mode::Distance { length } => {
                let entry = self.entry(io, |stream| &stream.distances)?;
                if !entry.is_from() {
                    return Err(Stop::Bad);
                }
                let (base, extra) = (entry.value() as u16, entry.extra() as u8);
                self.mode = Mode::DistanceExtra { length, base, extra };
                Ok(())
            }
            Mode::DistanceExtra { length, base, extra } => {
                let distance = base + self.number(u32::from(extra), io)? as u16;
                self.mode = Mode::Match { length, distance };
                Ok(())
            }
            Mode::Match { length, distance } => {
                if io.room() == 0 {
                    return Err(Stop::Room);
                }
                let done = self.copy_match(usize::from(distance), usize::from(length), io)?;
                let left = length - done as u16;
                self.mode = if left > 0 { Mode::Match { length: left, distance } } else { Mode::Symbol };
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn block_head(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if self.is_last {
            self.mode = Mode::LastBlock;
            return Ok(());
        }
        let head = self.number(3, io)?;
        self.is_last = head & 1 == 1;
        self.mode = match head >> 1 {
            0 => {
                self.drop_bits(self.count % 8);
                Mode::StoredHead
            }
            1 => {
                self.fixed_codes();
                Mode::Symbol
            }
            2 => Mode::Counts,
            _ => return Err(Stop::Bad),
        };
        Ok(())
    }

    fn stored(&mut self, left: usize, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if left == 0 {
            self.mode = Mode::Block;
            return Ok(());
        }
        let bytes = io.take(left.min(io.room()));
        if bytes.is_empty() {
            return Err(if io.rest().is_empty() { Stop::Input } else { Stop::Room });
        }
        io.put(bytes);
        self.mode = Mode::Stored(left - bytes.len());
        Ok(())
    }

    fn fixed_codes(&mut self) {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        let all = Completeness::AllButOne;
        // These codes are complete.
        let _ = self.literals.build(&lengths, LITERAL_ROOT, all, literal_meaning);
        let _ = self.distances.build(&[5; 32], DISTANCE_ROOT, all, distance_meaning);
    }

    fn counts(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let counts = self.number(14, io)?;
        self.lengths.literals = (counts & 0x1F) as usize + 257;
        self.lengths.distances = (counts >> 5 & 0x1F) as usize + 1;
        self.lengths.code_lengths = (counts >> 10) as usize + 4;
        if self.lengths.literals > 286 || self.lengths.distances > 30 {
            return Err(Stop::Bad);
        }
        self.lengths.all[..ORDER.len()].fill(0);
        self.mode = Mode::CodeLengths(0);
        Ok(())
    }

    fn code_lengths(&mut self, have: usize, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if have < self.lengths.code_lengths {
            self.lengths.all[ORDER[have]] = self.number(3, io)? as u8;
            self.mode = Mode::CodeLengths(have + 1);
            return Ok(());
        }
        let meaning = |symbol| Meaning::Literal(symbol as u8);
        let lengths = &self.lengths.all[..ORDER.len()];
        // The table of literals is not in use between blocks.
        let built = self.literals.build(lengths, CODE_LENGTH_ROOT, Completeness::All, meaning);
        built.map_err(|_| Stop::Bad)?;
        self.mode = Mode::Lengths(0);
        Ok(())
    }

    fn lengths(&mut self, have: usize, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let wanted = self.lengths.literals + self.lengths.distances;
        if have == wanted {
            return self.codes();
        }
        // The code and its extra bits are taken together, or not at all.
        let entry = self.peek_entry(io, |stream| &stream.literals)?;
        let (symbol, bits) = (entry.value() as u8, entry.bits());
        let (extra, least, value) = match symbol {
            0..16 => {
                self.drop_bits(bits);
                self.lengths.all[have] = symbol;
                self.mode = Mode::Lengths(have + 1);
                return Ok(());
            }
            16 => (2, 3, have.checked_sub(1).map(|before| self.lengths.all[before])),
            17 => (3, 3, Some(0)),
            _ => (7, 11, Some(0)),
        };
        self.need(bits + extra, io)?;
        self.drop_bits(bits);
        let value = value.ok_or(Stop::Bad)?;
        let times = least + self.peek(extra) as usize;
        self.drop_bits(extra);
        if have + times > wanted {
            return Err(Stop::Bad);
        }
        self.lengths.all[have..have + times].fill(value);
        self.mode = Mode::Lengths(have + times);
        Ok(())
    }

    /// Makes the tables of the block's codes.
    fn codes(&mut self) -> Result<(), Stop> {
        let (literals, rest) = self.lengths.all.split_at(self.lengths.literals);
        let distances = &rest[..self.lengths.distances];
        if literals[END_OF_BLOCK] == 0 {
            return Err(Stop::Bad);
        }
        let all = Completeness::AllButOne;
        let built = self.literals.build(literals, LITERAL_ROOT, all, literal_meaning);
        let built =
            built.and_then(|()| self.distances.build(distances, DISTANCE_ROOT, all, distance_meaning));
        built.map_err(|_| Stop::Bad)?;
        self.mode = Mode::Symbol;
        Ok(())
    }

    /// The entry of the next code, which is all there.
    fn peek_entry(&mut self, io: &mut Buffers<'_>, table: fn(&Self) -> &Table) -> Result<Entry, Stop> {
        loop {
            let entry = table(self).look_up(self.bits);
            if entry.bits() <= self.count {
                return Ok(entry);
            }
            self.pull(io)?;
        }
    }

    fn entry(&mut self, io: &mut Buffers<'_>, table: fn(&Self) -> &Table) -> Result<Entry, Stop> {
        let entry = self.peek_entry(io, table)?;
        self.drop_bits(entry.bits());
        Ok(entry)
    }

    fn symbol(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if io.rest().len() >= MOST_READ && io.room() >= MOST_WRITTEN {
            return self.many_symbols(io);
        }
        let entry = self.entry(io, |stream| &stream.literals)?;
        self.mode = if entry.is_literal() {
            Mode::Literal(entry.value() as u8)
        } else if entry.is_from() {
            Mode::LengthExtra { base: entry.value() as u16, extra: entry.extra() as u8 }
        } else if entry.is_end() {
            Mode::Block
        } else {
            return Err(Stop::Bad);
        };
        Ok(())
    }

    /// Decodes while there is so much input and room that neither has to be looked at within a symbol.
    fn many_symbols(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let result = loop {
            let Some(ahead) = io.rest().first_chunk::<MOST_READ>() else { break Ok(()) };
            if io.room() < MOST_WRITTEN {
                break Ok(());
            }
            // At least 56 bits, of which a match takes at most 15 + 5 + 15 + 13.
            self.bits |= u64::from_le_bytes(*ahead) << self.count;
            let more = (63 - self.count) / 8;
            io.skip(more as usize);
            self.count += 8 * more;
            let entry = self.literals.look_up(self.bits);
            self.drop_bits(entry.bits());
            if entry.is_literal() {
                io.put(&[entry.value() as u8]);
                continue;
            }
            if !entry.is_from() {
                self.mode = Mode::Block;
                break if entry.is_end() { Ok(()) } else { Err(Stop::Bad) };
            }
            let length = entry.value() + self.peek(entry.extra()) as usize;
            self.drop_bits(entry.extra());
            let entry = self.distances.look_up(self.bits);
            self.drop_bits(entry.bits());
            if !entry.is_from() {
                break Err(Stop::Bad);
            }
            let distance = entry.value() + self.peek(entry.extra()) as usize;
            self.drop_bits(entry.extra());
            if let Err(stop) = self.copy_match(distance, length, io) {
                break Err(stop);
            }
        };
        // What is after the last symbol may belong to somebody else.
        let whole = self.count / 8;
        io.give_back(whole as usize);
        self.count %= 8;
        self.bits &= (1 << self.count) - 1;
        result
    }

    /// Copies as much of a match as there is room for, and says how much.
    #[inline]
    fn copy_match(&mut self, distance: usize, length: usize, io: &mut Buffers<'_>) -> Result<usize, Stop> {
        let (at, length) = (io.written(), length.min(io.room()));
        let mut done = 0;
        if let Some(back) = distance.checked_sub(at - self.began).filter(|back| *back > 0) {
            if back > self.reach {
                return Err(Stop::Bad);
            }
            done = back.min(length);
            self.history.copy(back, &mut io.output_mut()[at..at + done]);
        }
        let output = io.output_mut();
        while done < length {
            let (from, to) = (at + done - distance, at + done);
            // No further than what is there, which doubles if the match overlaps itself.
            let step = (length - done).min(distance);
            output.copy_within(from..from + step, to);
            done += step;
        }
        io.advance(length);
        Ok(length)
    }
}
