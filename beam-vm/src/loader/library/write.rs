// SPDX-License-Identifier: Apache-2.0
//! The writer of libraries. The same modules give the same bytes, in whatever order they come.
//!
//! A record is two parts, each [compressed](super::packed): what is needed when a module is loaded, and its code, which waits until one of its
//! functions is called. They are numbers, one after the other:
//!
//! ```text
//! md5                16 bytes
//! chunks             attributes and compile information: each its length plus one and its bytes, or 0
//! words              all, and those of instructions
//! literals           count, their words, whether they have no large map; each: length, external term
//! shared             count; each: length, external term: what lives as long as the machine
//! module             its name
//! functions          count; each: name, arity, words from the one before to its func_info, words from there to its first instruction, bytes of its
//!                    code, words behind the code that are its own; then the word of the last instruction, which belongs to none
//! exports            count; each: function, word of its first instruction
//! lambdas            count; each: arity, free variables, old index, old unique number, word of its first instruction
//! on_load            0, or the word of the function's first instruction plus one
//! lines              length, bytes: see `code::lines`
//!
//! code               of each function, and of the last instruction:
//! - instructions     count; each: 2 * number + whether a label is there; operands
//! - blocks           count; each: 2 * length + whether it is a table to look up in; constants
//! ```
//!
//! An operand is a number, or a distance ([`fold`]), or a constant, as its kind says. A constant is 4 times something, and what is told by the rest:
//! 0 a word ([`fold`]), 1 an atom, 2 a literal, shared ones after the module's own, 3 a word in the eight bytes that follow.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::{LoadError, Made, make};
use super::packed::pack;
use super::{HEADER, MAGIC, MODULE, STAMP};
use crate::atom::Atom;
use crate::beam_file::ChunkId;
use crate::emu::assemble::{Block, Layout, ShapeLine, read_operand};
use crate::emu::native;
use crate::emu::operand::Kind;
use crate::etf::{EncodeOptions, Encoder, Keep, Origin};
use crate::numbers::{checksum, fold, put};
use crate::platform::NoPlatform;
use crate::term::{Export, Term, layout};
use crate::vm::{StartError, Vm};

/// Names that are written once each, and their numbers.
struct Names<K> {
    numbers: BTreeMap<K, u32>,
    in_order: Vec<K>,
}

impl<K: Clone + Ord> Names<K> {
    const fn new() -> Self {
        Self { numbers: BTreeMap::new(), in_order: Vec::new() }
    }

    fn number(&mut self, name: K) -> u32 {
        let Self { numbers, in_order } = self;
        *numbers.entry(name.clone()).or_insert_with(|| {
            in_order.push(name);
            in_order.len() as u32 - 1
        })
    }
}

/// A function: module, name and arity.
type Function = (String, String, u32);

/// Translates modules and collects them.
pub struct LibraryBuilder {
    vm: Vm,
    layouts: Vec<Layout>,
    /// The modules by the sums of their files, with the files' lengths.
    modules: BTreeMap<u64, (usize, Vec<u8>)>,
    names: Vocabulary,
}

/// The names that records refer to.
struct Vocabulary {
    atoms: Names<String>,
    functions: Names<Function>,
}

impl LibraryBuilder {
    /// No modules.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new() -> Result<Self, StartError> {
        let mut vm = Vm::new(Box::new(NoPlatform))?;
        // Whether there will be machine code is known when the module is loaded: without, its calls are counted for nothing.
        vm.calls_before_machine_code = Some(native::CALLS);
        let names = Vocabulary { atoms: Names::new(), functions: Names::new() };
        Ok(Self { vm, layouts: Layout::all(), modules: BTreeMap::new(), names })
    }

    /// Verifies and translates a module. Modules in an order that is always the same give a library that is always the same.
    ///
    /// # Errors
    /// [`LoadError`], as when it is loaded.
    pub fn add(&mut self, file: &[u8]) -> Result<(), LoadError> {
        let made = make(&mut self.vm, file.to_vec(), None)?;
        let record = Writer {
            layouts: &self.layouts,
            vm: &self.vm,
            made: &made,
            names: &mut self.names,
            shared: Vec::new(),
        }
        .record();
        self.modules.insert(checksum(file), (file.len(), record));
        // SAFETY: the record has copies of the literals, and nothing else of the module is kept.
        #[expect(unsafe_code, reason = "gives literals back that nobody has")]
        unsafe {
            self.vm.literals.release(made.instance.literals);
        }
        Ok(())
    }

    /// How many modules there are.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.modules.len()
    }

    /// The library.
    #[must_use]
    pub fn build(self) -> Vec<u8> {
        let Vocabulary { mut atoms, functions } = self.names;
        let mut rows = Vec::new();
        for (module, function, arity) in functions.in_order {
            for number in [atoms.number(module), atoms.number(function), arity] {
                rows.extend(number.to_le_bytes());
            }
        }
        let (mut tables, mut texts, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for text in &atoms.in_order {
            texts.extend_from_slice(text.as_bytes());
            tables.extend((texts.len() as u32).to_le_bytes());
        }
        tables.extend_from_slice(&rows);
        for (sum, (length, record)) in &self.modules {
            tables.extend(sum.to_le_bytes());
            for number in [*length, records.len(), record.len(), 0] {
                tables.extend((number as u32).to_le_bytes());
            }
            tables.extend(checksum(record).to_le_bytes());
            records.extend_from_slice(record);
        }
        debug_assert_eq!(tables.len() - 4 * atoms.in_order.len() - rows.len(), MODULE * self.modules.len());
        tables.extend_from_slice(&texts);
        let mut packed = Vec::new();
        pack(&mut packed, &tables);
        let mut out = Vec::with_capacity(HEADER + packed.len() + records.len());
        out.extend_from_slice(&MAGIC);
        out.extend(STAMP.to_le_bytes());
        let counts = [atoms.in_order.len(), rows.len() / super::FUNCTION, self.modules.len(), texts.len()];
        counts.iter().for_each(|count| out.extend((*count as u32).to_le_bytes()));
        out.extend(checksum(&packed).to_le_bytes());
        out.extend((packed.len() as u64).to_le_bytes());
        out.extend_from_slice(&packed);
        out.extend_from_slice(&records);
        out
    }
}

/// A function's instructions and blocks.
struct Stream {
    /// Its first word.
    start: u32,
    bytes: Vec<u8>,
    /// How many words behind the code are its own.
    behind: u32,
}

/// Writes the record of one module.
struct Writer<'a> {
    layouts: &'a [Layout],
    vm: &'a Vm,
    made: &'a Made,
    names: &'a mut Vocabulary,
    /// Terms that live as long as the machine.
    shared: Vec<Term>,
}

impl Writer<'_> {
    fn record(mut self) -> Vec<u8> {
        let instance = &self.made.instance;
        let mut head = instance.md5().to_vec();
        for id in [ChunkId::ATTRIBUTES, ChunkId::COMPILE_INFO] {
            match instance.chunk(id) {
                Some(bytes) => {
                    put(&mut head, bytes.len() as u64 + 1);
                    head.extend_from_slice(bytes);
                }
                None => head.push(0),
            }
        }
        put(&mut head, instance.words.len() as u64);
        put(&mut head, u64::from(self.made.code_words));
        // What is shared is known when the code is written, and is read before.
        let code = self.code();
        self.literals(&mut head);
        self.names_and_places(&mut head, &code);
        let code: Vec<u8> = code.into_iter().flat_map(|stream| stream.bytes).collect();
        let mut out = Vec::new();
        pack(&mut out, &head);
        pack(&mut out, &code);
        out
    }

    fn literals(&self, out: &mut Vec<u8>) {
        let own = &self.made.literals;
        let own: Vec<Vec<u8>> = own.iter().map(|term| self.term(*term)).collect();
        put(out, own.len() as u64);
        put(out, self.made.instance.literals.used() as u64);
        put(out, u64::from(!own.iter().any(|bytes| may_have_large_map(bytes))));
        let shared = self.shared.iter().map(|term| self.term(*term));
        own.iter().for_each(|bytes| put_bytes(out, bytes));
        put(out, self.shared.len() as u64);
        shared.for_each(|bytes| put_bytes(out, &bytes));
    }

    fn term(&self, term: Term) -> Vec<u8> {
        let mut encoder = Encoder::new(term, EncodeOptions::default(), Keep::Together);
        let origin = Origin { atoms: &self.vm.atoms, node: self.vm.node };
        let mut all = usize::MAX;
        while !encoder.run(origin, &mut all) {}
        encoder.into_bytes()
    }

    fn names_and_places(&mut self, out: &mut Vec<u8>, code: &[Stream]) {
        let instance = &self.made.instance;
        let module = self.atom(instance.module);
        put(out, u64::from(module));
        put(out, instance.functions.len() as u64);
        let mut before = 0;
        for (function, stream) in instance.functions.iter().zip(code) {
            let name = self.atom(function.name);
            for number in [name, function.arity, function.start - before, function.entry - function.start] {
                put(out, u64::from(number));
            }
            put(out, stream.bytes.len() as u64);
            put(out, u64::from(stream.behind));
            before = function.start;
        }
        put(out, code.last().map_or(0, |stream| u64::from(stream.start)));
        put(out, instance.exports.len() as u64);
        for (name, arity, word) in &instance.exports {
            let number = self.function(instance.module, *name, *arity);
            put(out, u64::from(number));
            put(out, u64::from(*word));
        }
        put(out, instance.lambdas.len() as u64);
        for (entry, word) in &instance.lambdas {
            for number in [entry.arity, entry.free, entry.old_index, entry.old_uniq, *word] {
                put(out, u64::from(number));
            }
        }
        put(out, instance.on_load.map_or(0, |word| u64::from(word) + 1));
        let lines = instance.lines.bytes();
        put(out, lines.len() as u64);
        out.extend_from_slice(lines);
    }

    /// The functions' instructions and blocks, and what belongs to none.
    fn code(&mut self) -> Vec<Stream> {
        let made = self.made;
        let lines: Vec<ShapeLine> = made.shape.lines().collect();
        // The last instruction is behind all functions: what no program reaches.
        let tail = lines.last().map_or(0, |line| line.word);
        let starts = made.instance.functions.iter().map(|function| function.start).chain([tail]);
        let starts: Vec<u32> = starts.collect();
        let ends = starts[1..].iter().copied().chain([u32::MAX]);
        let stream = |(start, end)| {
            let is_within = |word: u32| (start..end).contains(&word);
            let lines = lines.iter().filter(|line| is_within(line.word)).copied();
            let blocks = made.blocks.iter().filter(|block| is_within(block.instruction)).copied();
            self.stream(start, &lines.collect::<Vec<_>>(), &blocks.collect::<Vec<_>>())
        };
        starts.iter().copied().zip(ends).map(stream).collect()
    }

    fn stream(&mut self, start: u32, lines: &[ShapeLine], blocks: &[Block]) -> Stream {
        let (instance, made) = (&self.made.instance, self.made);
        let mut out = Vec::new();
        put(&mut out, lines.len() as u64);
        for line in lines {
            put(&mut out, u64::from(line.number) << 1 | u64::from(line.has_label));
            let layout = &self.layouts[usize::from(line.number)];
            for (kind, offset) in layout.operands() {
                let word = read_operand(&instance.words, line.word as usize, kind, offset);
                self.operand(&mut out, kind, word);
            }
        }
        put(&mut out, blocks.len() as u64);
        let mut behind = 0;
        for block in blocks {
            let len = instance.words[block.start as usize];
            behind += 1 + len as u32;
            put(&mut out, len << 1 | u64::from(block.is_table));
            for word in block.start + 1..=block.start + len as u32 {
                let raw = instance.words[word as usize];
                if made.constants.binary_search(&word).is_ok() {
                    self.constant(&mut out, raw);
                } else {
                    plain(&mut out, raw);
                }
            }
        }
        Stream { start, bytes: out, behind }
    }

    fn operand(&mut self, out: &mut Vec<u8>, kind: Kind, word: u64) {
        match kind {
            Kind::L | Kind::Fail | Kind::Words | Kind::ListOf => {
                put(out, fold(i64::from(word as u32 as i32)));
            }
            Kind::S | Kind::C => self.constant(out, word),
            Kind::I => self.constant(out, i64::from(word as u32 as i32) as u64),
            Kind::E => {
                let exports = &self.made.exports;
                let entry =
                    exports.iter().find(|entry| core::ptr::from_ref::<Export>(entry).addr() as u64 == word);
                let number =
                    entry.map_or(0, |entry| self.function(entry.module, entry.function, entry.arity));
                put(out, u64::from(number));
            }
            Kind::Lam => {
                let mut lambdas = self.made.instance.lambdas();
                let place = lambdas.position(|entry| core::ptr::from_ref(entry).addr() as u64 == word);
                put(out, place.unwrap_or(0) as u64);
            }
            Kind::X | Kind::Y | Kind::D | Kind::R | Kind::N16 | Kind::N32 | Kind::N64 | Kind::B => {
                put(out, word)
            }
        }
    }

    fn constant(&mut self, out: &mut Vec<u8>, word: u64) {
        // A register, or the count of a segment, has the tag of a header.
        if word & 3 == 0 {
            return plain(out, word);
        }
        // SAFETY: the assembler has put a term there.
        #[expect(unsafe_code, reason = "makes a term of a constant's word")]
        let term = unsafe { Term::from_raw(word) };
        if let Some(atom) = term.as_atom() {
            let number = self.atom(atom);
            return put(out, u64::from(number) << 2 | 1);
        }
        if term.is_immediate() {
            return plain(out, word);
        }
        let own = &self.made.literals;
        let known = own.iter().chain(&self.shared).position(|known| known.raw() == word);
        let place = known.unwrap_or_else(|| {
            self.shared.push(term);
            own.len() + self.shared.len() - 1
        });
        put(out, (place as u64) << 2 | 2);
    }

    fn atom(&mut self, atom: Atom) -> u32 {
        self.names.atoms.number(self.vm.atoms.text(atom).to_string())
    }

    fn function(&mut self, module: Atom, function: Atom, arity: u32) -> u32 {
        let text = |atom| self.vm.atoms.text(atom).to_string();
        self.names.functions.number((text(module), text(function), arity))
    }
}

/// Whether an external term may have a map of more than 32 associations in it. Its shape depends on the numbers of atoms, so its size does too.
fn may_have_large_map(bytes: &[u8]) -> bool {
    let is_large = |window: &[u8; 5]| {
        let [tag, count @ ..] = *window;
        tag == crate::etf::tag::MAP && u32::from_be_bytes(count) as usize > layout::MAP_SMALL_LIMIT
    };
    bytes.array_windows().any(is_large)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A word that means the same everywhere.
fn plain(out: &mut Vec<u8>, word: u64) {
    let folded = fold(word as i64);
    if folded < 1 << 62 {
        put(out, folded << 2);
    } else {
        out.push(3);
        out.extend(word.to_le_bytes());
    }
}
