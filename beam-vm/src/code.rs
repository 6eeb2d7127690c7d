// SPDX-License-Identifier: Apache-2.0
//! The code that is loaded: modules in up to two versions, the entries of their functions and lambdas, and which line an instruction
//! comes from.
//!
//! Entries are made when somebody first names a function, and never move or go: an import, a fun `fun M:F/A` or a spawn may name a function
//! long before its module is loaded, and calls it afterwards. What a module's end takes away is the address in the entry.

mod breakpoints;
mod entries;
mod instance;
mod lines;
mod preloaded;
mod prepared;
mod purge;
mod ways_in;

pub use entries::{Entries, LambdaName};
pub use instance::{Function, Instance, Source};
pub(crate) use lines::Place;
pub use lines::{LineTable, Location};
pub use preloaded::{PRELOADED, Presence, is_preloaded};
pub use prepared::{PreparedCode, PreparedTable};
pub use purge::{Purge, Purged};
pub(crate) use ways_in::WaysIn;

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
    /// One whose `on_load` function is still to say whether it may become the current one, with the entry of that function.
    pub on_load: Option<(Box<Instance>, &'static Export)>,
}

impl Versions {
    fn instances(&self) -> impl Iterator<Item = &Instance> {
        let on_load = self.on_load.as_ref().map(|(instance, _)| instance);
        self.current.iter().chain(&self.old).chain(on_load).map(Box::as_ref)
    }
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
    /// Modules that were there before anything was loaded.
    pub preloaded: Vec<Atom>,
    /// Code that waits to be loaded.
    pub prepared: PreparedTable,
    /// The purge that is under way.
    purge: Option<Purge>,
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

    /// The entries of all functions.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = &'static Export> + '_ {
        self.entries.exports()
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

    /// The modules that have any version, in the order of their first loading.
    pub fn known(&self) -> impl DoubleEndedIterator<Item = Atom> + '_ {
        let has_any = |versions: &Versions| versions.current.is_some() || versions.old.is_some();
        self.order.iter().copied().filter(move |module| self.modules.get(module).is_some_and(has_any))
    }

    /// Whether a version of a module was ever there.
    #[must_use]
    pub fn is_known(&self, module: Atom) -> bool {
        self.modules.contains_key(&module)
    }

    /// The versions of a module, made if nobody knows it yet.
    fn versions(&mut self, module: Atom) -> &mut Versions {
        match self.modules.entry(module) {
            Entry::Occupied(occupied) => occupied.into_mut(),
            Entry::Vacant(vacant) => {
                self.order.push(module);
                vacant.insert(Versions::default())
            }
        }
    }

    /// Whether a module has two versions, so that no further one can be loaded.
    #[must_use]
    pub fn is_full(&self, module: Atom) -> bool {
        self.modules.get(&module).is_some_and(|versions| {
            (versions.current.is_some() && versions.old.is_some()) || versions.on_load.is_some()
        })
    }

    /// Makes an instance the current version of its module; what was current becomes old.
    ///
    /// # Errors
    /// [`NotPurged`] when there is an old version besides.
    pub fn install(&mut self, instance: Box<Instance>) -> Result<(), NotPurged> {
        let module = instance.module();
        if self.is_full(module) {
            return Err(NotPurged);
        }
        let addresses = instance.addresses();
        self.ranges.insert(addresses.start, (addresses.end, module));
        self.make_current(instance);
        Ok(())
    }

    fn make_current(&mut self, instance: Box<Instance>) {
        let module = instance.module();
        self.entries.unbind_module(module);
        instance.bind(&mut self.entries);
        let versions = self.versions(module);
        if let Some(current) = versions.current.replace(instance) {
            versions.old = Some(current);
        }
    }

    /// Keeps an instance until its `on_load` function has returned. Its lambdas can be called, its functions only by itself.
    ///
    /// # Errors
    /// [`NotPurged`] when the module has an old and a current version, or another one that waits.
    pub fn install_for_on_load(&mut self, instance: Box<Instance>) -> Result<(), NotPurged> {
        let module = instance.module();
        if self.is_full(module) {
            return Err(NotPurged);
        }
        let addresses = instance.addresses();
        self.ranges.insert(addresses.start, (addresses.end, module));
        instance.bind_lambdas();
        let entry = instance.on_load_entry();
        self.versions(module).on_load = Some((instance, entry));
        Ok(())
    }

    /// The function that decides whether a module may become current.
    #[must_use]
    pub fn on_load_entry(&self, module: Atom) -> Option<&'static Export> {
        self.modules.get(&module)?.on_load.as_ref().map(|(_, entry)| *entry)
    }

    /// Makes a module whose `on_load` function has returned `ok` the current version. False if there is none, or no room for it.
    pub fn finish_on_load(&mut self, module: Atom) -> bool {
        let Some(versions) = self.modules.get_mut(&module) else { return false };
        if versions.current.is_some() && versions.old.is_some() {
            return false;
        }
        let Some((instance, _)) = versions.on_load.take() else { return false };
        self.make_current(instance);
        true
    }

    /// Whether a module has an old version.
    #[must_use]
    pub fn has_old(&self, module: Atom) -> bool {
        self.modules.get(&module).is_some_and(|versions| versions.old.is_some())
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

    /// The instance that an instruction belongs to.
    #[must_use]
    pub fn instance_at(&self, address: usize) -> Option<&Instance> {
        let (start, (end, module)) = self.ranges.range(..=address).next_back()?;
        if address >= *end {
            return None;
        }
        let versions = self.modules.get(module)?;
        let saved = self.purge.iter().filter_map(|purge| purge.saved());
        versions.instances().chain(saved).find(|instance| instance.addresses().start == *start)
    }

    /// Makes calls go to functions of the instance at an address that were not there when it was loaded: to the one to which a way in leads, or to all.
    pub(crate) fn shorten_ways(&self, address: usize, which: Option<usize>) {
        let Some(instance) = self.instance_at(address) else { return };
        let all = 0..instance.ways_in.count();
        let which = which.map_or(all, |index| index..index + 1);
        which.for_each(|index| instance.shorten(&self.entries, index));
    }

    /// The same, to be changed.
    pub fn instance_at_mut(&mut self, address: usize) -> Option<&mut Instance> {
        let (start, (end, module)) = self.ranges.range(..=address).next_back()?;
        if address >= *end {
            return None;
        }
        let versions = self.modules.get_mut(module)?;
        let Versions { current, old, on_load } = versions;
        let on_load = on_load.as_mut().map(|(instance, _)| instance);
        let saved = self.purge.iter_mut().filter_map(Purge::saved_mut);
        let instances = current.iter_mut().chain(old).chain(on_load).map(Box::as_mut).chain(saved);
        instances.into_iter().find(|instance| instance.addresses().start == *start)
    }

    /// Where an instruction comes from.
    #[must_use]
    pub fn locate(&self, address: usize) -> Option<Location> {
        self.instance_at(address)?.locate(address)
    }
}
