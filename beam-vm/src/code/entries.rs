// SPDX-License-Identifier: Apache-2.0
//! The entries of functions and lambdas, by their names.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::atom::Atom;
use crate::bif::BifIndex;
use crate::emu::table::Stubs;
use crate::term::{Export, FunEntry};

/// What tells a lambda from all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LambdaName {
    /// The module.
    pub module: Atom,
    /// The arity without the free variables.
    pub arity: u32,
    /// The number of free variables.
    pub free: u32,
    /// Its place among the module's lambdas.
    pub index: u32,
    /// `old_index` of the external form.
    pub old_index: u32,
    /// `old_uniq` of the external form.
    pub old_uniq: u32,
    /// The module's MD5.
    pub uniq: [u8; 16],
}

impl LambdaName {
    fn is_of(&self, entry: &FunEntry) -> bool {
        *self
            == Self {
                module: entry.module,
                arity: entry.arity,
                free: entry.free,
                index: entry.index,
                old_index: entry.old_index,
                old_uniq: entry.old_uniq,
                uniq: entry.uniq,
            }
    }
}

/// All entries. They are leaked: programs hold their addresses in terms and code for as long as the machine lives.
#[derive(Debug, Default)]
pub struct Entries {
    exports: HashTable<&'static Export>,
    by_module: HashMap<Atom, Vec<&'static Export>>,
    lambdas: HashTable<&'static FunEntry>,
    hasher: DefaultHashBuilder,
}

impl Entries {
    fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The entry of a function, if somebody has named it.
    #[must_use]
    pub fn find(&self, module: Atom, function: Atom, arity: u32) -> Option<&'static Export> {
        let hash = self.hash((module, function, arity));
        self.exports.find(hash, |entry| is_named(entry, module, function, arity)).copied()
    }

    /// The entry of a function.
    pub fn export(&mut self, module: Atom, function: Atom, arity: u32) -> &'static Export {
        if let Some(entry) = self.find(module, function, arity) {
            return entry;
        }
        let entry: &'static Export = Box::leak(Box::new(Export {
            address: Cell::new(core::ptr::null()),
            module,
            function,
            bif: Cell::new(0),
            arity,
            stub: Cell::new(Stubs::undefined_function_words()),
        }));
        entry.unbind();
        let hash = self.hash((module, function, arity));
        let Self { exports, hasher, .. } = self;
        exports
            .insert_unique(hash, entry, |entry| hasher.hash_one((entry.module, entry.function, entry.arity)));
        self.by_module.entry(module).or_default().push(entry);
        entry
    }

    /// The entry of a lambda.
    pub fn lambda(&mut self, name: &LambdaName) -> &'static FunEntry {
        let hash = self.hash((name.module, name.index, name.uniq));
        // All of the name counts: bytes from outside may say anything, and a call believes the numbers of the entry.
        let found = self.lambdas.find(hash, |entry| name.is_of(entry));
        if let Some(entry) = found {
            return entry;
        }
        let entry: &'static FunEntry = Box::leak(Box::new(FunEntry {
            address: Cell::new(core::ptr::null()),
            uniq: name.uniq,
            module: name.module,
            index: name.index,
            old_index: name.old_index,
            old_uniq: name.old_uniq,
            free: name.free,
            arity: name.arity,
            stub: Cell::new(Stubs::undefined_lambda_words()),
        }));
        entry.unbind();
        let Self { lambdas, hasher, .. } = self;
        lambdas.insert_unique(hash, entry, |entry| hasher.hash_one((entry.module, entry.index, entry.uniq)));
        entry
    }

    /// The entries of all lambdas.
    pub fn lambdas(&self) -> impl ExactSizeIterator<Item = &'static FunEntry> + '_ {
        self.lambdas.iter().copied()
    }

    /// The entries of all functions.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = &'static Export> + '_ {
        self.exports.iter().copied()
    }

    /// The functions of a module that somebody has named.
    pub fn of_module(&self, module: Atom) -> impl Iterator<Item = &'static Export> + '_ {
        self.by_module.get(&module).into_iter().flatten().copied()
    }

    /// Takes the addresses out of a module's entries, those of BIFs excepted.
    pub fn unbind_module(&mut self, module: Atom) {
        for entry in self.of_module(module).filter(|entry| entry.bif.get() == 0) {
            entry.unbind();
        }
    }
}

fn is_named(entry: &Export, module: Atom, function: Atom, arity: u32) -> bool {
    entry.module == module && entry.function == function && entry.arity == arity
}

impl Export {
    /// Makes calls go to the error handler.
    pub fn unbind(&self) {
        self.stub.set(Stubs::undefined_function_words());
        self.address.set(self.stub.as_ptr().cast_const().cast());
    }

    /// Makes calls go to a BIF.
    pub fn bind_bif(&self, bif: BifIndex) {
        self.bif.set(bif.to_raw());
        self.stub.set(Stubs::bif_words(bif));
        self.address.set(self.stub.as_ptr().cast_const().cast());
    }

    /// Whether there is a function: code or a BIF that is here.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        match BifIndex::from_raw(self.bif.get()) {
            Some(bif) => bif.entry().implementation.is_some(),
            // The stub may also be a breakpoint before the code.
            None => {
                self.address.get() != self.stub.as_ptr().cast_const().cast()
                    || self.stub.get() != Stubs::undefined_function_words()
            }
        }
    }
}

impl FunEntry {
    /// Makes calls go to the error handler.
    pub fn unbind(&self) {
        self.stub.set(Stubs::undefined_lambda_words());
        self.address.set(self.stub.as_ptr().cast_const().cast());
    }

    /// Whether its module is loaded.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.address.get() != self.stub.as_ptr().cast_const().cast()
    }
}
