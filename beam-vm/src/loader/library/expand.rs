// SPDX-License-Identifier: Apache-2.0
//! Functions of a library's modules, one by one when they are first called: at a start that is one in ten.
//!
//! Until then all of its words are zero, and nobody comes to them: jumps stay within a function, exports and lambdas have ways in of their own
//! (`code::ways_in`), and a function that calls others of its module is expanded before. When it is, the words of their first instructions are made to lead to
//! `expand_function`, with the arity before, as whoever has used up its time there looks at it. What is to be done with a module's instructions as
//! such (breakpoints, machine code, a listing) has all functions expanded before.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::Library;
use super::packed::Packed;
use crate::code::Instance;
use crate::emu::assemble::{Shape, put};
use crate::emu::operand::Kind;
use crate::emu::table::{Operation, code};
use crate::numbers::{Numbers, unfold};
use crate::term::{FunEntry, Term};
use crate::vm::Vm;

/// The functions of a module in a library.
#[derive(Debug)]
pub struct Stored {
    /// What `write` says of instructions and blocks.
    pub(super) code: Packed<'static>,
    /// The functions in the order of the code, and behind them what belongs to none.
    pub(super) rows: Vec<Row>,
    /// The literals.
    pub(super) terms: Vec<Term>,
    /// Words of instructions.
    pub(super) code_words: u32,
    /// All words.
    pub(super) size: usize,
}

/// Where a function is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Where it begins in the bytes.
    pub at: u32,
    /// Its words.
    pub start: u32,
    /// Where its first instruction is.
    pub entry: u32,
    /// Where the words behind the code begin that its instructions refer to.
    pub behind: u32,
    /// Its arity; none of what is no function.
    pub arity: Option<u32>,
}

/// Words of a function, and those behind the code that it refers to.
struct Expanded {
    words: Vec<u64>,
    behind: Vec<u64>,
    /// Words outside of it that it goes to: first instructions of others.
    calls: Vec<u32>,
}

impl Stored {
    /// The words of a function, and those behind the code that belong to it.
    fn places(&self, index: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (row, next) = (self.rows.get(index)?, self.rows.get(index + 1));
        let end = next.map_or(self.code_words, |next| next.start);
        let end_behind = next.map_or(self.size, |next| next.behind as usize);
        let (words, behind) = (row.start as usize..end as usize, row.behind as usize..end_behind);
        (words.start <= words.end && behind.start <= behind.end && end_behind <= self.size)
            .then_some((words, behind))
    }

    /// Lets the words of functions lead to where they are expanded that are called in other ways than those of [`WaysIn`](crate::code::WaysIn): the one that
    /// is called when the module is loaded, and what belongs to none.
    pub(super) fn prepare(&self, words: &mut [u64], on_load: Option<u32>) -> Option<()> {
        let others = self.rows.iter().filter(|row| row.arity.is_none() || on_load == Some(row.entry));
        others.map(|row| prepare(words, row.entry, row.arity)).collect()
    }

    /// The function whose first instruction is at a word.
    fn row_at(&self, entry: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&entry, |row| row.entry).ok()
    }
}

/// Lets the word of a first instruction lead to where its function is expanded.
pub(super) fn prepare(words: &mut [u64], entry: u32, arity: Option<u32>) -> Option<()> {
    *words.get_mut(entry as usize)? = u64::from(code(Operation::ExpandFunction));
    if let Some(arity) = arity {
        *words.get_mut((entry as usize).checked_sub(1)?)? = u64::from(arity) << 32;
    }
    Some(())
}

/// Reads instructions.
struct Reader<'a> {
    vm: &'a mut Vm,
    library: &'a mut Library,
    numbers: Numbers<'a>,
    terms: &'a [Term],
    lambdas: &'a [(&'static FunEntry, u32)],
}

impl Reader<'_> {
    /// A function that has these words and so many behind the code, and the lines of its shape.
    fn function(&mut self, words: Range<usize>, behind: usize, lines: &mut Shape) -> Option<Expanded> {
        let mut expanded =
            Expanded { words: vec![0; words.len()], behind: vec![0; behind], calls: Vec::new() };
        self.instructions(words.start, &mut expanded, lines)?;
        self.blocks(&mut expanded.behind)?;
        Some(expanded)
    }

    fn instructions(&mut self, start: usize, expanded: &mut Expanded, lines: &mut Shape) -> Option<()> {
        let Expanded { words, calls, .. } = expanded;
        let mut at = 0;
        for _ in 0..self.numbers.size()? {
            let line = self.numbers.size()?;
            let layout = *self.library.layouts.get(line >> 1)?;
            // Every operand is within the instruction.
            if at + layout.words() > words.len() {
                return None;
            }
            words[at] = u64::from(layout.code());
            for (kind, offset) in layout.operands() {
                let value = self.operand(kind)?;
                if let Kind::L | Kind::Fail = kind {
                    let to = at.wrapping_add_signed(value as isize);
                    if to >= words.len() {
                        calls.push(u32::try_from(start.wrapping_add(to)).ok()?);
                    }
                }
                put(words, at, offset, kind.size(), value);
            }
            lines.push(line as u16);
            at += layout.words();
        }
        (at == words.len()).then_some(())
    }

    #[inline]
    fn operand(&mut self, kind: Kind) -> Option<u64> {
        Some(match kind {
            Kind::X | Kind::Y | Kind::D | Kind::R | Kind::N16 | Kind::N32 | Kind::N64 | Kind::B => {
                self.numbers.next()?
            }
            Kind::L | Kind::Fail | Kind::Words | Kind::ListOf => unfold(self.numbers.next()?) as u64,
            Kind::S | Kind::C | Kind::I => self.constant()?,
            Kind::E => {
                let number = self.numbers.size()?;
                let export = self.library.function(self.vm, number)?;
                core::ptr::from_ref(export).expose_provenance() as u64
            }
            Kind::Lam => {
                let (entry, _) = self.lambdas.get(self.numbers.size()?)?;
                core::ptr::from_ref(*entry).expose_provenance() as u64
            }
        })
    }

    #[inline]
    fn constant(&mut self) -> Option<u64> {
        let number = self.numbers.next()?;
        let what = (number >> 2) as usize;
        Some(match number & 3 {
            0 => unfold(number >> 2) as u64,
            1 => Term::atom(self.library.atom(self.vm, what)?).raw(),
            2 => self.terms.get(what)?.raw(),
            _ => u64::from_le_bytes(*self.numbers.take(8)?.first_chunk()?),
        })
    }

    /// What stands behind the code.
    fn blocks(&mut self, words: &mut [u64]) -> Option<()> {
        let mut at = 0;
        for _ in 0..self.numbers.size()? {
            let header = self.numbers.size()?;
            let (len, is_table) = (header >> 1, header & 1 == 1);
            *words.get_mut(at)? = len as u64;
            let block = words.get_mut(at + 1..)?.get_mut(..len)?;
            for word in &mut *block {
                *word = self.constant()?;
            }
            if is_table {
                sort(block);
            }
            at += 1 + len;
        }
        (at == words.len()).then_some(())
    }
}

/// Puts a table in the order of its values, which are the first half, and targets the second: atoms have other numbers here.
fn sort(table: &mut [u64]) {
    let (values, targets) = table.split_at_mut(table.len() / 2);
    if values.is_sorted() {
        return;
    }
    let mut pairs: Vec<(u64, u64)> = values.iter().copied().zip(targets.iter().copied()).collect();
    pairs.sort_unstable();
    for (place, (value, target)) in pairs.into_iter().enumerate() {
        (values[place], targets[place]) = (value, target);
    }
}

impl Vm {
    /// Expands all functions of an instance.
    pub fn complete(&mut self, instance: &mut Instance) {
        let Some(stored) = instance.stored.take() else { return };
        let rows = 0..stored.rows.len();
        let made = self.expand(&stored, &instance.lambdas, rows.clone());
        instance.put(&stored, rows, &made);
        if let Some((_, shape)) = made {
            instance.shape = shape;
        }
    }

    /// Expands all functions of the module that has an address.
    pub fn complete_at(&mut self, address: usize) {
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        let Some(stored) = instance.stored.take() else { return };
        let lambdas = core::mem::take(&mut instance.lambdas);
        let rows = 0..stored.rows.len();
        let made = self.expand(&stored, &lambdas, rows.clone());
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        instance.lambdas = lambdas;
        instance.put(&stored, rows, &made);
        if let Some((_, shape)) = made {
            instance.shape = shape;
        }
        self.code.shorten_ways(address, None);
    }

    /// Expands the function whose first instruction, or a way into which, is at an address, if that is still to be done. Gives where its first
    /// instruction is.
    // What is kept on the native stack here would have to go before the instruction that follows.
    #[inline(never)]
    pub(crate) fn expand_function(&mut self, address: *const u64) -> *const u64 {
        let at = address.addr();
        let Some(instance) = self.code.instance_at_mut(at) else { return address };
        let word = ((at - instance.addresses().start) / 8) as u32;
        let entry = instance.led_to(word);
        let (first, way) = (instance.address(entry), instance.ways_in.index(word));
        if instance.is_expanded(entry) {
            if way.is_some() {
                self.code.shorten_ways(at, way);
            }
            return first;
        }
        let Some(stored) = instance.stored.take() else { return address };
        let lambdas = core::mem::take(&mut instance.lambdas);
        let rows = stored.row_at(entry).map_or(0..0, |row| row..row + 1);
        let made = self.expand(&stored, &lambdas, rows.clone());
        let Some(instance) = self.code.instance_at_mut(at) else { return address };
        instance.lambdas = lambdas;
        instance.put(&stored, rows, &made);
        instance.stored = Some(stored);
        if way.is_some() {
            self.code.shorten_ways(at, way);
        }
        first
    }

    fn expand(
        &mut self,
        stored: &Stored,
        lambdas: &[(&'static FunEntry, u32)],
        rows: Range<usize>,
    ) -> Option<(Vec<Expanded>, Shape)> {
        let mut library = self.library.take()?;
        let is_last = rows.len() == stored.rows.len();
        let made = library.streams.take(stored.code).and_then(|code| {
            let made = self.expand_from(&mut library, &code, stored, lambdas, rows);
            if !is_last {
                library.streams.keep(stored.code, code);
            }
            made
        });
        self.library = Some(library);
        made
    }

    fn expand_from(
        &mut self,
        library: &mut Library,
        code: &[u8],
        stored: &Stored,
        lambdas: &[(&'static FunEntry, u32)],
        rows: Range<usize>,
    ) -> Option<(Vec<Expanded>, Shape)> {
        let mut shape = Shape::with_capacity(0, stored.code_words);
        let mut expand = |row: usize| {
            let (words, behind) = stored.places(row)?;
            let numbers = Numbers::new(code.get(stored.rows[row].at as usize..)?);
            let (vm, terms) = (&mut *self, stored.terms.as_slice());
            Reader { vm, library, numbers, terms, lambdas }.function(words, behind.len(), &mut shape)
        };
        let made: Option<Vec<Expanded>> = rows.map(&mut expand).collect();
        Some((made?, shape))
    }
}

impl Instance {
    /// Whether a function's first instruction is there.
    fn is_expanded(&self, entry: u32) -> bool {
        let first = self.words[entry as usize];
        first != 0 && first != u64::from(code(Operation::ExpandFunction))
    }

    /// Puts expanded functions to their places. If they could not be, since the library is not what it was, whoever calls one of them ends.
    fn put(&mut self, stored: &Stored, rows: Range<usize>, made: &Option<(Vec<Expanded>, Shape)>) {
        let words = &mut self.words;
        match made {
            Some((made, _)) => {
                for (row, expanded) in rows.zip(made) {
                    let Some((code, behind)) = stored.places(row) else { continue };
                    words[code].copy_from_slice(&expanded.words);
                    words[behind].copy_from_slice(&expanded.behind);
                    for entry in &expanded.calls {
                        let Some(row) = stored.row_at(*entry).filter(|_| words[*entry as usize] == 0) else {
                            continue;
                        };
                        let _ = prepare(words, *entry, stored.rows[row].arity);
                    }
                }
            }
            None => {
                for row in &stored.rows[rows] {
                    words[row.entry as usize] = u64::from(code(Operation::Unreachable));
                }
            }
        }
    }
}
