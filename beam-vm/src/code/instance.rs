// SPDX-License-Identifier: Apache-2.0
//! One version of a module: its instructions, literals, functions, and the file's chunks that programs ask for.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::ops::Range;

use super::{Entries, LineTable, Location, WaysIn};
use crate::atom::{Atom, predefined};
use crate::beam_file::{self, ChunkId};
use crate::emu::assemble::Shape;
use crate::emu::native::{self, Native};
use crate::heap::LiteralArea;
use crate::loader::Stored;
use crate::platform::Platform;
use crate::term::{Export, FunEntry};

/// A function of a module.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: Atom,
    /// Its arity.
    pub arity: u32,
    /// Where its func_info is, in words.
    pub start: u32,
    /// Where its first instruction is, in words.
    pub entry: u32,
}

/// Where a module's code comes from.
#[derive(Debug)]
pub enum Source {
    /// A file.
    File(Box<beam_file::Module>),
    /// A library, which has kept what programs ask for.
    Stored {
        /// The chunk with the attributes.
        attributes: Option<Box<[u8]>>,
        /// The chunk with what the compiler says of itself.
        compile_info: Option<Box<[u8]>>,
    },
}

/// One version of a module.
#[derive(Debug)]
pub struct Instance {
    pub(crate) module: Atom,
    pub(crate) words: Box<[u64]>,
    /// What its functions are expanded from, if some are not yet: their words are not there.
    pub(crate) stored: Option<Stored>,
    /// The ways into functions that are expanded later: the words behind all others.
    pub(crate) ways_in: WaysIn,
    /// Which instructions the words are, until they have got machine code.
    pub(crate) shape: Shape,
    /// Its machine code, to which some of the words lead.
    pub(crate) native: Option<Native>,
    /// All functions in the order of the code.
    pub(crate) functions: Vec<Function>,
    /// Names, arities and entries of those that others may call, in the order of the file.
    pub(crate) exports: Vec<(Atom, u32, u32)>,
    pub(crate) lambdas: Vec<(&'static FunEntry, u32)>,
    pub(crate) lines: LineTable,
    pub(crate) literals: LiteralArea,
    pub(crate) md5: [u8; 16],
    pub(crate) source: Source,
    /// Where the function is that is to be called before others may use the module, in words.
    pub(crate) on_load: Option<u32>,
}

impl Instance {
    /// The module.
    #[must_use]
    pub fn module(&self) -> Atom {
        self.module
    }

    /// The bytes of a chunk of its file that programs ask for, if the file had it.
    #[must_use]
    pub fn chunk(&self, id: ChunkId) -> Option<&[u8]> {
        match (&self.source, id) {
            (Source::File(file), id) => file.chunk(id),
            (Source::Stored { attributes, .. }, ChunkId::ATTRIBUTES) => attributes.as_deref(),
            (Source::Stored { compile_info, .. }, ChunkId::COMPILE_INFO) => compile_info.as_deref(),
            (Source::Stored { .. }, _) => None,
        }
    }

    /// The module's MD5.
    #[must_use]
    pub fn md5(&self) -> [u8; 16] {
        self.md5
    }

    /// All functions in the order of the code.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Names and arities of those that others may call, in the order of the file.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (Atom, u32)> + DoubleEndedIterator + '_ {
        self.exports.iter().map(|(name, arity, _)| (*name, *arity))
    }

    /// The entries of its lambdas.
    pub fn lambdas(&self) -> impl ExactSizeIterator<Item = &'static FunEntry> + '_ {
        self.lambdas.iter().map(|(entry, _)| *entry)
    }

    /// Makes machine code of its instructions, once: where that cannot be, it will not be later either.
    pub fn make_machine_code(&mut self, space: &native::Space, platform: &mut dyn Platform) {
        let shape = core::mem::take(&mut self.shape);
        if !shape.is_empty() {
            self.native = native::translate(&mut self.words, &shape, space, platform);
        }
    }

    /// The addresses of its instructions.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.words.as_ptr().addr();
        start..start + size_of_val(&*self.words)
    }

    /// Its instructions as the assembler has made them, whether there is machine code or not, if they are all there ([`Vm::complete`](crate::vm::Vm::complete)).
    #[must_use]
    pub fn instructions(&self) -> Box<[u64]> {
        let mut words: Box<[u64]> = self.words[..self.words.len() - self.ways_in.words()].into();
        if let Some(native) = &self.native {
            native.restore(&mut words);
        }
        words
    }

    /// The addresses of its literals.
    #[must_use]
    pub fn literal_addresses(&self) -> Range<usize> {
        self.literals.addresses()
    }

    /// The instruction at a word.
    #[must_use]
    pub fn address(&self, word: u32) -> *const u64 {
        &raw const self.words[word as usize]
    }

    /// The function that is to be called before others may use the module.
    #[must_use]
    pub fn on_load(&self) -> Option<*const u64> {
        self.on_load.map(|word| self.address(word))
    }

    /// Makes calls go to its functions.
    pub(super) fn bind(&self, entries: &mut Entries) {
        for (index, (name, arity, word)) in self.exports.iter().enumerate() {
            let entry = entries.export(self.module, *name, *arity);
            if entry.bif.get() == 0 {
                entry.address.set(self.way_in(index, *word));
            }
        }
        self.bind_lambdas();
    }

    /// Makes calls of its lambdas go to it.
    pub(super) fn bind_lambdas(&self) {
        for (index, (entry, word)) in self.lambdas.iter().enumerate() {
            entry.address.set(self.way_in(self.exports.len() + index, *word));
        }
    }

    /// Where calls of a function go: to its way in, or to its first instruction when it is there for sure.
    fn way_in(&self, index: usize, entry: u32) -> *const u64 {
        match &self.stored {
            Some(_) => self.address(self.ways_in.instruction(index)),
            None => self.address(entry),
        }
    }

    /// The first instruction of the function that a word leads to: ways in lead elsewhere, all others to themselves.
    pub(crate) fn led_to(&self, word: u32) -> u32 {
        let Some(index) = self.ways_in.index(word) else { return word };
        let own = self.exports.get(index).map(|(_, _, entry)| *entry);
        own.or_else(|| self.lambdas.get(index - self.exports.len()).map(|(_, entry)| *entry)).unwrap_or(word)
    }

    /// Makes calls that would take a way in go to the function itself.
    pub(super) fn shorten(&self, entries: &Entries, index: usize) {
        let way = self.address(self.ways_in.instruction(index));
        let (address, word) = match self.exports.get(index) {
            Some((name, arity, word)) => {
                let Some(entry) = entries.find(self.module, *name, *arity) else { return };
                (&entry.address, *word)
            }
            None => match self.lambdas.get(index - self.exports.len()) {
                Some((entry, word)) => (&entry.address, *word),
                None => return,
            },
        };
        if address.get() == way {
            address.set(self.address(word));
        }
    }

    /// Makes calls of its lambdas go to the error handler, where no other version has the same. Gives those, and where they went.
    pub(super) fn unbind_lambdas(&self) -> Vec<(&'static FunEntry, *const u64)> {
        let own = self.addresses();
        let lambdas = self.lambdas.iter().map(|(entry, _)| (*entry, entry.address.get()));
        let bound: Vec<_> = lambdas.filter(|(_, address)| own.contains(&address.addr())).collect();
        for (entry, _) in &bound {
            entry.unbind();
        }
        bound
    }

    /// An entry of its own for the function that is to be called first. It lives as long as the machine: traces may show it.
    pub(super) fn on_load_entry(&self) -> &'static Export {
        let word = self.on_load.unwrap_or(0);
        let function = self.functions.iter().find(|function| function.entry == word);
        let entry: &'static Export = Box::leak(Box::new(Export {
            address: Cell::new(self.address(word)),
            module: self.module,
            function: function.map_or(predefined::NO_TEXT, |function| function.name),
            bif: Cell::new(0),
            arity: 0,
            stub: Cell::new([0; 2]),
        }));
        entry
    }

    /// What is left of an instance that nobody runs any more: its literals.
    #[must_use]
    pub fn into_literals(self: Box<Self>) -> LiteralArea {
        self.literals
    }

    /// How many bytes after the beginning of its function an instruction is.
    #[must_use]
    pub fn offset(&self, address: usize) -> Option<usize> {
        let offset = self.offset_led_to(address)?;
        let after = self.functions.partition_point(|function| function.start as usize <= offset / 8);
        self.functions[..after].last().map(|function| offset - 8 * function.start as usize)
    }

    /// How many bytes after the beginning an instruction is, or the function that a way in leads to.
    fn offset_led_to(&self, address: usize) -> Option<usize> {
        let offset = address.checked_sub(self.addresses().start)?;
        let word = u32::try_from(offset / 8).ok()?;
        Some(8 * self.led_to(word) as usize + offset % 8)
    }

    /// Where an instruction of it comes from.
    #[must_use]
    pub fn locate(&self, address: usize) -> Option<Location> {
        let word = u32::try_from(self.offset_led_to(address)? / 8).ok()?;
        let after = self.functions.partition_point(|function| function.start <= word);
        let function = self.functions[..after].last()?;
        let line = self.lines.find(word, function.start);
        Some(Location { module: self.module, function: function.name, arity: function.arity, line })
    }
}
