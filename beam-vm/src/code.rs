// SPDX-License-Identifier: Apache-2.0
//! The code that is loaded: modules in up to two versions, the entries of their functions and lambdas, and which line an instruction
//! comes from.
//!
//! Entries are made when somebody first names a function, and never move or go: an import, a fun `fun M:F/A` or a spawn may name a function
//! long before its module is loaded, and calls it afterwards. What a module's end takes away is the address in the entry.

mod entries;
mod instance;
mod lines;

pub use entries::{Entries, LambdaName};
pub use instance::{Function, Instance};
pub(crate) use lines::Place;
pub use lines::{LineTable, Location};

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::atom::Atom;
use crate::bif::BifIndex;
use crate::term::{Export, FunEntry};

/// The versions of a module.
#[derive(Debug, Default)]
pub struct Versions {
    /// The one that calls with a module's name go to.
    pub current: Option<Box<Instance>>,
    /// The one before, until it is purged.
    pub old: Option<Box<Instance>>,
}

/// All code.
#[derive(Debug, Default)]
pub struct Code {
    entries: Entries,
    modules: HashMap<Atom, Versions>,
    /// Where the code of each instance begins, to find an instruction's instance.
    ranges: BTreeMap<usize, (usize, Atom)>,
    /// Modules in the order of their first loading.
    order: Vec<Atom>,
}

/// Why a module cannot become the current one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotPurged;

impl Code {
    /// No code.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The entry of a function, made if nobody has named it yet.
    pub fn export(&mut self, module: Atom, function: Atom, arity: u32) -> &'static Export {
        self.entries.export(module, function, arity)
    }

    /// The entry of a function, if somebody has named it.
    #[must_use]
    pub fn find_export(&self, module: Atom, function: Atom, arity: u32) -> Option<&'static Export> {
        self.entries.find(module, function, arity)
    }

    /// Makes an entry that of a BIF.
    pub fn bind_bif(&mut self, module: Atom, function: Atom, arity: u32, bif: BifIndex) {
        self.entries.export(module, function, arity).bind_bif(bif);
    }

    /// The entry of a lambda, made if neither code nor an external term has named it yet.
    pub fn lambda(&mut self, name: &LambdaName) -> &'static FunEntry {
        self.entries.lambda(name)
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// A module.
    #[must_use]
    pub fn module(&self, module: Atom) -> Option<&Versions> {
        self.modules.get(&module)
    }

    /// The current version of a module.
    #[must_use]
    pub fn current(&self, module: Atom) -> Option<&Instance> {
        self.modules.get(&module)?.current.as_deref()
    }

    /// The modules that have a current version, in the order of their first loading.
    pub fn loaded(&self) -> impl Iterator<Item = Atom> + '_ {
        self.order.iter().copied().filter(|module| self.current(*module).is_some())
    }

    /// Bytes of the instructions of all versions.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ranges.iter().map(|(start, (end, _))| end - start).sum()
    }

    /// The modules that have any version.
    pub fn known(&self) -> impl Iterator<Item = Atom> + '_ {
        self.order.iter().copied()
    }

    /// Makes an instance the current version of its module; what was current becomes old.
    ///
    /// # Errors
    /// [`NotPurged`] when there is an old version besides.
    pub fn install(&mut self, instance: Instance) -> Result<(), NotPurged> {
        let module = instance.module();
        let versions = match self.modules.entry(module) {
            Entry::Occupied(occupied) => occupied.into_mut(),
            Entry::Vacant(vacant) => {
                self.order.push(module);
                vacant.insert(Versions::default())
            }
        };
        if versions.current.is_some() && versions.old.is_some() {
            return Err(NotPurged);
        }
        if let Some(current) = versions.current.take() {
            versions.old = Some(current);
        }
        self.entries.unbind_module(module);
        let instance = Box::new(instance);
        instance.bind(&mut self.entries);
        let addresses = instance.addresses();
        self.ranges.insert(addresses.start, (addresses.end, module));
        versions.current = Some(instance);
        Ok(())
    }

    /// Makes the current version old: `erlang:delete_module/1`. Nothing happens when there is none.
    ///
    /// # Errors
    /// [`NotPurged`] when there is an old version already.
    pub fn delete(&mut self, module: Atom) -> Result<bool, NotPurged> {
        let Some(versions) = self.modules.get_mut(&module) else { return Ok(false) };
        if versions.current.is_none() {
            return Ok(false);
        }
        if versions.old.is_some() {
            return Err(NotPurged);
        }
        versions.old = versions.current.take();
        self.entries.unbind_module(module);
        Ok(true)
    }

    /// Takes the old version out: nobody may use it any more. Its lambdas call the error handler from now on.
    pub fn take_old(&mut self, module: Atom) -> Option<Box<Instance>> {
        let old = self.modules.get_mut(&module)?.old.take()?;
        self.ranges.remove(&old.addresses().start);
        old.unbind_lambdas();
        Some(old)
    }

    /// The instance that an instruction belongs to.
    #[must_use]
    pub fn instance_at(&self, address: usize) -> Option<&Instance> {
        let (start, (end, module)) = self.ranges.range(..=address).next_back()?;
        if address >= *end {
            return None;
        }
        let versions = self.modules.get(module)?;
        let both = versions.current.iter().chain(versions.old.iter());
        both.map(Box::as_ref).find(|instance| instance.addresses().start == *start)
    }

    /// Where an instruction comes from.
    #[must_use]
    pub fn locate(&self, address: usize) -> Option<Location> {
        self.instance_at(address)?.locate(address)
    }
}
