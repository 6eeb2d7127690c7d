// SPDX-License-Identifier: Apache-2.0
//! From a record to an instance, whose functions are expanded later. What a record is made of, `write` says.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::expand::{Row, Stored, prepare};
use super::packed::Packed;
use super::{Library, Record};
use crate::atom::Atom;
use crate::code::{Function, Instance, LambdaName, LineTable, Source, WaysIn};
use crate::copy;
use crate::emu::assemble::Shape;
use crate::etf;
use crate::heap::{Fragment, LiteralArea};
use crate::numbers::Numbers;
use crate::term::{FunEntry, Term};
use crate::vm::Vm;

/// Makes an instance of a record. None where the record is not as it should be, or there is no room.
pub(super) fn read(vm: &mut Vm, library: &mut Library, record: &Record) -> Option<Instance> {
    let mut parts = Numbers::new(record.bytes);
    let (head, code) = (Packed::read(&mut parts)?.expand()?, Packed::read(&mut parts)?);
    let mut numbers = Numbers::new(&head);
    let md5: [u8; 16] = *numbers.take(16)?.first_chunk()?;
    let source = Source::Stored { attributes: chunk(&mut numbers)?, compile_info: chunk(&mut numbers)? };
    let (size, code_words) = (numbers.size()?, numbers.short()?);
    // No word takes less than a byte.
    if size > head.len() + code.len() || code_words as usize > size {
        return None;
    }
    let (literals, terms) = literals(vm, &mut numbers)?;
    let mut reader = Reader { vm, library, numbers, size, md5 };
    match reader.rest(source, code, code_words, terms) {
        Some(parts) => Some(parts.instance(literals, md5)),
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
fn chunk(numbers: &mut Numbers<'_>) -> Option<Option<Box<[u8]>>> {
    match numbers.size()? {
        0 => Some(None),
        len => numbers.take(len - 1).map(|bytes| Some(bytes.into())),
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
    words: Vec<u64>,
    source: Source,
    stored: Stored,
    ways_in: WaysIn,
    functions: Vec<Function>,
    exports: Vec<(Atom, u32, u32)>,
    lambdas: Vec<(&'static FunEntry, u32)>,
    lines: LineTable,
    on_load: Option<u32>,
    module: Atom,
}

impl Parts {
    fn instance(self, literals: LiteralArea, md5: [u8; 16]) -> Instance {
        Instance {
            module: self.module,
            words: self.words.into_boxed_slice(),
            shape: Shape::default(),
            stored: Some(self.stored),
            ways_in: self.ways_in,
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
    numbers: Numbers<'a>,
    /// How many words the module has.
    size: usize,
    md5: [u8; 16],
}

impl Reader<'_> {
    fn rest(
        &mut self,
        source: Source,
        code: Packed<'static>,
        code_words: u32,
        terms: Vec<Term>,
    ) -> Option<Parts> {
        let module = self.numbers.size()?;
        let module = self.library.atom(self.vm, module)?;
        let (functions, rows) = self.functions(code_words)?;
        let mut exports = Vec::with_capacity(functions.len());
        for _ in 0..self.numbers.size()? {
            let (function, word) = (self.numbers.size()?, self.numbers.short()?);
            let export = self.library.function(self.vm, function)?;
            exports.push((export.function, export.arity, self.place(word)?));
        }
        let lambdas = self.lambdas(module)?;
        let on_load = match self.numbers.short()? {
            0 => None,
            word => Some(self.place(word - 1)?),
        };
        let lines = LineTable(self.numbers.bytes()?.into());
        let stored = Stored { code, rows, terms, code_words, size: self.size };
        let ways_in = WaysIn::new(u32::try_from(self.size).ok()?, exports.len() + lambdas.len())?;
        // Zeros of the platform's allocator: pages whose functions nobody calls get no memory.
        let mut words = vec![0; ways_in.end() as usize];
        let arities = exports.iter().map(|(_, arity, _)| *arity);
        let arities = arities.chain(lambdas.iter().map(|(entry, _)| entry.arity + entry.free));
        for (index, arity) in arities.enumerate() {
            prepare(&mut words, ways_in.instruction(index), Some(arity))?;
        }
        stored.prepare(&mut words, on_load)?;
        Some(Parts { words, source, stored, ways_in, functions, exports, lambdas, lines, on_load, module })
    }

    /// A word of the code.
    fn place(&self, word: u32) -> Option<u32> {
        ((word as usize) < self.size).then_some(word)
    }

    fn functions(&mut self, code_words: u32) -> Option<(Vec<Function>, Vec<Row>)> {
        let count = self.numbers.size()?.min(self.numbers.left());
        let (mut functions, mut rows) = (Vec::with_capacity(count), Vec::with_capacity(count + 1));
        let (mut start, mut at, mut behind) = (0_u32, 0_u32, code_words);
        for _ in 0..count {
            let name = self.numbers.size()?;
            let name = self.library.atom(self.vm, name)?;
            let arity = self.numbers.short()?;
            start = start.checked_add(self.numbers.short()?)?;
            let entry = start.checked_add(self.numbers.short()?)?;
            functions.push(Function { name, arity, start, entry: self.place(entry)? });
            rows.push(Row { at, start, entry, behind, arity: Some(arity) });
            at = at.checked_add(self.numbers.short()?)?;
            behind = behind.checked_add(self.numbers.short()?)?;
        }
        let start = self.numbers.short()?;
        rows.push(Row { at, start, entry: self.place(start)?, behind, arity: None });
        Some((functions, rows))
    }

    fn lambdas(&mut self, module: Atom) -> Option<Vec<(&'static FunEntry, u32)>> {
        let count = self.numbers.short()?;
        let mut lambdas = Vec::with_capacity((count as usize).min(self.numbers.left()));
        for index in 0..count {
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
            let word = self.numbers.short()?;
            lambdas.push((self.vm.code.lambda(&name), self.place(word)?));
        }
        Some(lambdas)
    }
}
