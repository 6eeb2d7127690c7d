// SPDX-License-Identifier: Apache-2.0
//! From a record to an instance: names get their places in this machine, instructions their handlers. What a record is made of, `write` says.

use alloc::vec::Vec;

use super::{Library, Record};
use crate::code::{Function, Instance, LambdaName, LineTable, Source};
use crate::copy;
use crate::emu::assemble::{Shape, put};
use crate::emu::operand::Kind;
use crate::etf;
use crate::heap::{Fragment, LiteralArea};
use crate::numbers::{Numbers, unfold};
use crate::term::{FunEntry, Term};
use crate::vm::Vm;

/// Makes an instance of a record. None where the record is not as it should be, or there is no room.
pub(super) fn read(vm: &mut Vm, library: &mut Library, record: &Record) -> Option<Instance> {
    let mut numbers = Numbers::new(record.bytes);
    let md5: [u8; 16] = *numbers.take(16)?.first_chunk()?;
    let source = Source::Stored { attributes: chunk(&mut numbers)?, compile_info: chunk(&mut numbers)? };
    let (size, code_words) = (numbers.size()?, numbers.short()?);
    let (literals, terms) = literals(vm, &mut numbers)?;
    let mut reader =
        Reader { vm, library, numbers, words: alloc::vec![0; size], terms, lambdas: Vec::new(), md5 };
    match reader.rest(source, code_words) {
        Some(parts) => Some(parts.instance(literals, reader.words, md5)),
        None => {
            // SAFETY: the words that had the literals are given up.
            #[expect(unsafe_code, reason = "gives literals back that nobody has seen")]
            unsafe {
                reader.vm.literals.release(literals);
            }
            None
        }
    }
}

/// A chunk of the file, if it had one.
fn chunk(numbers: &mut Numbers<'static>) -> Option<Option<&'static [u8]>> {
    match numbers.size()? {
        0 => Some(None),
        len => numbers.take(len - 1).map(Some),
    }
}

/// The literals of the module, and those that live as long as the machine.
fn literals(vm: &mut Vm, numbers: &mut Numbers<'_>) -> Option<(LiteralArea, Vec<Term>)> {
    let (count, words, is_exact) = (numbers.size()?, numbers.size()?, numbers.next()? == 1);
    let known = vm.literals.addresses();
    let mut terms = Vec::with_capacity(count.min(numbers.left()));
    let area = if is_exact {
        let mut area = vm.literals.area(words, vm.platform.as_mut())?;
        for _ in 0..count {
            let term = numbers.bytes().and_then(|bytes| etf::decode(vm, &mut area, bytes).ok());
            let Some(term) = term else {
                release(vm, area);
                return None;
            };
            terms.push(term);
        }
        area
    } else {
        let mut fragment = Fragment::default();
        for _ in 0..count {
            terms.push(etf::decode(vm, &mut fragment, numbers.bytes()?).ok()?);
        }
        let words = terms.iter().map(|term| copy::size_of(*term, &known)).sum();
        let mut area = vm.literals.area(words, vm.platform.as_mut())?;
        for term in &mut terms {
            *term = copy::copy(*term, &mut area, &known);
        }
        area
    };
    match shared(vm, numbers, &mut terms) {
        Some(()) => Some((area, terms)),
        None => {
            release(vm, area);
            None
        }
    }
}

#[expect(unsafe_code, reason = "gives literals back that nobody has seen")]
fn release(vm: &mut Vm, area: LiteralArea) {
    // SAFETY: who calls this gives up all that has the literals.
    unsafe { vm.literals.release(area) };
}

fn shared(vm: &mut Vm, numbers: &mut Numbers<'_>, terms: &mut Vec<Term>) -> Option<()> {
    for _ in 0..numbers.size()? {
        let mut fragment = Fragment::default();
        let term = etf::decode(vm, &mut fragment, numbers.bytes()?).ok()?;
        let keys = term.as_tuple().filter(|keys| keys.elements().iter().all(|key| key.is_immediate()));
        let term = match keys {
            Some(keys) => vm.shapes.tuple(&mut vm.literals, vm.platform.as_mut(), keys.elements())?,
            None => {
                let known = vm.literals.addresses();
                let words = copy::size_of(term, &known);
                let mut area = vm.literals.area(words, vm.platform.as_mut())?;
                copy::copy(term, &mut area, &known)
            }
        };
        terms.push(term);
    }
    Some(())
}

/// What is read after the literals.
struct Parts {
    source: Source,
    shape: Shape,
    functions: Vec<Function>,
    exports: Vec<(crate::atom::Atom, u32, u32)>,
    lambdas: Vec<(&'static FunEntry, u32)>,
    lines: LineTable,
    on_load: Option<u32>,
    module: crate::atom::Atom,
}

impl Parts {
    fn instance(self, literals: LiteralArea, words: Vec<u64>, md5: [u8; 16]) -> Instance {
        Instance {
            module: self.module,
            words: words.into_boxed_slice(),
            shape: self.shape,
            native: None,
            functions: self.functions,
            exports: self.exports,
            lambdas: self.lambdas,
            lines: self.lines,
            literals,
            md5,
            source: self.source,
            on_load: self.on_load,
        }
    }
}

struct Reader<'a> {
    vm: &'a mut Vm,
    library: &'a mut Library,
    numbers: Numbers<'static>,
    words: Vec<u64>,
    terms: Vec<Term>,
    lambdas: Vec<(&'static FunEntry, u32)>,
    md5: [u8; 16],
}

impl Reader<'_> {
    fn rest(&mut self, source: Source, code_words: u32) -> Option<Parts> {
        let module = self.numbers.size()?;
        let module = self.library.atom(self.vm, module)?;
        let functions = self.functions(code_words)?;
        let mut exports = Vec::with_capacity(functions.len());
        for _ in 0..self.numbers.size()? {
            let (function, word) = (self.numbers.size()?, self.numbers.short()?);
            let export = self.library.function(self.vm, function)?;
            exports.push((export.function, export.arity, self.place(word)?));
        }
        for index in 0..self.numbers.short()? {
            let numbers = &mut self.numbers;
            let name = LambdaName {
                module,
                arity: numbers.short()?,
                free: numbers.short()?,
                index,
                old_index: numbers.short()?,
                old_uniq: numbers.short()?,
                uniq: self.md5,
            };
            let word = numbers.short()?;
            let entry = self.vm.code.lambda(&name);
            let word = self.place(word)?;
            self.lambdas.push((entry, word));
        }
        let on_load = match self.numbers.short()? {
            0 => None,
            word => Some(self.place(word - 1)?),
        };
        let lines = LineTable::Stored(self.numbers.bytes()?);
        let shape = self.instructions(code_words)?;
        self.blocks(code_words as usize)?;
        let lambdas = core::mem::take(&mut self.lambdas);
        Some(Parts { source, shape, functions, exports, lambdas, lines, on_load, module })
    }

    /// A word of the code.
    fn place(&self, word: u32) -> Option<u32> {
        ((word as usize) < self.words.len()).then_some(word)
    }

    fn functions(&mut self, code_words: u32) -> Option<Vec<Function>> {
        let count = self.numbers.size()?;
        let mut functions = Vec::with_capacity(count.min(code_words as usize));
        let mut start = 0_u32;
        for _ in 0..count {
            let name = self.numbers.size()?;
            let name = self.library.atom(self.vm, name)?;
            let arity = self.numbers.short()?;
            start = start.checked_add(self.numbers.short()?)?;
            let entry = start.checked_add(self.numbers.short()?)?;
            functions.push(Function { name, arity, start, entry: self.place(entry)? });
        }
        Some(functions)
    }

    fn instructions(&mut self, code_words: u32) -> Option<Shape> {
        let count = self.numbers.size()?;
        let mut shape = Shape::with_capacity(count.min(code_words as usize), code_words);
        let mut at = 0;
        for _ in 0..count {
            let line = self.numbers.size()?;
            let layout = *self.library.layouts.get(line >> 1)?;
            // Every operand is within the instruction.
            if at + layout.words() > code_words as usize {
                return None;
            }
            *self.words.get_mut(at)? = u64::from(layout.code());
            for (kind, offset) in layout.operands() {
                let value = self.operand(kind)?;
                put(&mut self.words, at, offset, kind.size(), value);
            }
            shape.push(line as u16);
            at += layout.words();
        }
        (at == code_words as usize).then_some(shape)
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
    fn blocks(&mut self, mut at: usize) -> Option<()> {
        for _ in 0..self.numbers.size()? {
            let header = self.numbers.size()?;
            let (len, is_table) = (header >> 1, header & 1 == 1);
            *self.words.get_mut(at)? = len as u64;
            for place in at + 1..(at + 1).checked_add(len)? {
                let word = self.constant()?;
                *self.words.get_mut(place)? = word;
            }
            if is_table {
                sort(self.words.get_mut(at + 1..at + 1 + len)?);
            }
            at += 1 + len;
        }
        (at == self.words.len()).then_some(())
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
