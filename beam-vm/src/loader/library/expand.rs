// SPDX-License-Identifier: Apache-2.0
//! Functions of a library's modules, one by one when they are first called: at a start that is one in ten.
//!
//! Until then the word of a function's first instruction leads to [`expand_function`], its arity stands before it, as whoever has used up its time
//! there looks at it, and all other words are zero. Nobody comes to these: jumps stay within a function, and calls of it, lambdas and exports lead to the
//! first instruction. What is to be done with a module's instructions as such (breakpoints, machine code, a listing) has all functions expanded before.

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
    pub(super) code: Code,
    /// The functions in the order of the code, and behind them what belongs to none.
    pub(super) rows: Vec<Row>,
    /// The literals.
    pub(super) terms: Vec<Term>,
    /// Words of instructions.
    pub(super) code_words: u32,
    /// All words.
    pub(super) size: usize,
}

/// The instructions and blocks of a module.
#[derive(Debug)]
pub(super) enum Code {
    /// As they are in the library.
    Packed(Packed<'static>),
    /// Since one of its functions was called.
    Expanded(Vec<u8>),
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
}

impl Stored {
    /// Expands the bytes of instructions and blocks.
    fn unpack(&mut self) -> Option<()> {
        if let Code::Packed(packed) = &self.code {
            self.code = Code::Expanded(packed.expand()?);
        }
        Some(())
    }

    /// The words of a function, and those behind the code that belong to it.
    fn places(&self, index: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (row, next) = (self.rows.get(index)?, self.rows.get(index + 1));
        let end = next.map_or(self.code_words, |next| next.start);
        let end_behind = next.map_or(self.size, |next| next.behind as usize);
        let (words, behind) = (row.start as usize..end as usize, row.behind as usize..end_behind);
        (words.start <= words.end && behind.start <= behind.end && end_behind <= self.size)
            .then_some((words, behind))
    }

    /// Lets the words of functions lead to where they are expanded.
    pub(super) fn prepare(&self, words: &mut [u64]) -> Option<()> {
        for row in &self.rows {
            *words.get_mut(row.entry as usize)? = u64::from(code(Operation::ExpandFunction));
            if let Some(arity) = row.arity {
                *words.get_mut((row.entry as usize).checked_sub(1)?)? = u64::from(arity) << 32;
            }
        }
        Some(())
    }
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
    /// A function of so many words, and the lines of its shape.
    fn function(&mut self, words: usize, behind: usize, lines: &mut Shape) -> Option<Expanded> {
        let mut expanded = Expanded { words: vec![0; words], behind: vec![0; behind] };
        self.instructions(&mut expanded.words, lines)?;
        self.blocks(&mut expanded.behind)?;
        Some(expanded)
    }

    fn instructions(&mut self, words: &mut [u64], lines: &mut Shape) -> Option<()> {
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
        let Some(mut stored) = instance.stored.take() else { return };
        let rows = 0..stored.rows.len();
        let made = self.expand(&mut stored, &instance.lambdas, rows.clone());
        instance.put(&stored, rows, &made);
        if let Some((_, shape)) = made {
            instance.shape = shape;
        }
    }

    /// Expands all functions of the module that has an address.
    pub fn complete_at(&mut self, address: usize) {
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        let Some(mut stored) = instance.stored.take() else { return };
        let lambdas = core::mem::take(&mut instance.lambdas);
        let rows = 0..stored.rows.len();
        let made = self.expand(&mut stored, &lambdas, rows.clone());
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        instance.lambdas = lambdas;
        instance.put(&stored, rows, &made);
        if let Some((_, shape)) = made {
            instance.shape = shape;
        }
    }

    /// Expands the function whose first instruction is at an address.
    // What is kept on the native stack here would have to go before the instruction that follows.
    #[inline(never)]
    pub(crate) fn expand_function(&mut self, address: usize) {
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        let word = (address - instance.addresses().start) / 8;
        let Some(mut stored) = instance.stored.take() else { return };
        let found = stored.rows.binary_search_by_key(&word, |row| row.entry as usize);
        let lambdas = core::mem::take(&mut instance.lambdas);
        let rows = found.map_or(0..0, |row| row..row + 1);
        let made = self.expand(&mut stored, &lambdas, rows.clone());
        let Some(instance) = self.code.instance_at_mut(address) else { return };
        instance.lambdas = lambdas;
        instance.put(&stored, rows, &made);
        instance.stored = Some(stored);
    }

    fn expand(
        &mut self,
        stored: &mut Stored,
        lambdas: &[(&'static FunEntry, u32)],
        rows: Range<usize>,
    ) -> Option<(Vec<Expanded>, Shape)> {
        stored.unpack()?;
        let (stored, mut library) = (&*stored, self.library.take()?);
        let mut shape = Shape::with_capacity(0, stored.code_words);
        let mut expand = |row: usize| {
            let (words, behind) = stored.places(row)?;
            let Code::Expanded(code) = &stored.code else { return None };
            let numbers = Numbers::new(code.get(stored.rows[row].at as usize..)?);
            let (vm, terms) = (&mut *self, stored.terms.as_slice());
            Reader { vm, library: &mut library, numbers, terms, lambdas }.function(
                words.len(),
                behind.len(),
                &mut shape,
            )
        };
        let made: Option<Vec<Expanded>> = rows.map(&mut expand).collect();
        self.library = Some(library);
        Some((made?, shape))
    }
}

impl Instance {
    /// Puts expanded functions to their places. If they could not be, since the library is not what it was, whoever calls one of them ends.
    fn put(&mut self, stored: &Stored, rows: Range<usize>, made: &Option<(Vec<Expanded>, Shape)>) {
        let words = &mut self.words;
        match made {
            Some((made, _)) => {
                for (row, expanded) in rows.zip(made) {
                    let Some((code, behind)) = stored.places(row) else { continue };
                    words[code].copy_from_slice(&expanded.words);
                    words[behind].copy_from_slice(&expanded.behind);
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
