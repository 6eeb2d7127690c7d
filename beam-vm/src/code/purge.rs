// SPDX-License-Identifier: Apache-2.0
//! Taking the old version of a module away (`erts_internal:purge_module/2`).
//!
//! The process `erts_code_purger` prepares, asks all processes one after the other whether they run the old version, and then completes or
//! gives up. A process that was asked already could get a fun of the old version from one that was not, so from the preparation on whoever
//! calls such a fun waits. Literals of the old version are retired, as processes that do not run it may still have them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Code, Instance};
use crate::atom::Atom;
use crate::heap::LiteralArea;
use crate::process::Process;
use crate::term::{FunEntry, LocalPid};

/// The purge that is under way.
#[derive(Debug)]
pub struct Purge {
    module: Atom,
    /// The old version, if what is being purged is code whose `on_load` function has failed.
    saved: Option<Box<Instance>>,
    /// Lambdas that were bound, and to what.
    lambdas: Vec<(&'static FunEntry, *const u64)>,
    /// Processes that wait for the end.
    waiters: Vec<LocalPid>,
}

/// What a purge leaves behind.
#[derive(Debug)]
pub struct Purged {
    /// The literals, which processes may still have. None after giving up.
    pub literals: Option<LiteralArea>,
    /// Processes that have waited for the end.
    pub waiters: Vec<LocalPid>,
}

impl Purge {
    /// The version that comes back at the end.
    pub(super) fn saved(&self) -> Option<&Instance> {
        self.saved.as_deref()
    }

    /// The same, to be changed.
    pub(super) fn saved_mut(&mut self) -> Option<&mut Instance> {
        self.saved.as_deref_mut()
    }
}

impl Code {
    /// Prepares the purge of a module's old version; tells whether there is one.
    pub fn prepare_purge(&mut self, module: Atom) -> bool {
        if self.purge.is_some() {
            return false;
        }
        let Some(old) = self.modules.get(&module).and_then(|versions| versions.old.as_deref()) else {
            return false;
        };
        let lambdas = old.unbind_lambdas();
        self.purge = Some(Purge { module, saved: None, lambdas, waiters: Vec::new() });
        true
    }

    /// Prepares the purge of code whose `on_load` function has failed; tells whether there is such code.
    pub fn prepare_purge_of_on_load(&mut self, module: Atom) -> bool {
        if self.purge.is_some() {
            return false;
        }
        let Some(versions) = self.modules.get_mut(&module) else { return false };
        let Some((instance, _)) = versions.on_load.take() else { return false };
        let lambdas = instance.unbind_lambdas();
        let saved = versions.old.replace(instance);
        self.purge = Some(Purge { module, saved, lambdas, waiters: Vec::new() });
        true
    }

    /// Completes the purge of a module that was prepared. None if there is no such.
    pub fn complete_purge(&mut self, module: Atom) -> Option<Purged> {
        let purge = self.purge.take_if(|purge| purge.module == module)?;
        let versions = self.modules.get_mut(&module)?;
        let old = versions.old.take()?;
        versions.old = purge.saved;
        self.ranges.remove(&old.addresses().start);
        Some(Purged { literals: Some(old.into_literals()), waiters: purge.waiters })
    }

    /// Gives the purge of a module up. None if there is no such.
    pub fn abort_purge(&mut self, module: Atom) -> Option<Purged> {
        let purge = self.purge.take_if(|purge| purge.module == module)?;
        for (entry, address) in purge.lambdas {
            // The module may have been loaded anew with the same lambdas meanwhile.
            if !entry.is_bound() {
                entry.address.set(address);
            }
        }
        Some(Purged { literals: None, waiters: purge.waiters })
    }

    /// If a module is being purged: notes that a process waits for the end.
    pub fn wait_for_purge(&mut self, module: Atom, process: LocalPid) -> bool {
        match &mut self.purge {
            Some(purge) if purge.module == module => {
                purge.waiters.push(process);
                true
            }
            _ => false,
        }
    }

    /// Whether a process runs the old version of a module: where it goes on, or where a call returns to.
    #[must_use]
    pub fn runs_old(&self, module: Atom, process: &Process) -> bool {
        let Some(old) = self.modules.get(&module).and_then(|versions| versions.old.as_deref()) else {
            return false;
        };
        is_in(process, &old.addresses())
    }
}

fn is_in(process: &Process, code: &Range<usize>) -> bool {
    if code.contains(&process.ip.addr()) {
        return true;
    }
    process.heap.stack().iter().any(|word| {
        // Return addresses are the only words on a stack with the tag of a header.
        let address = word.as_catch().unwrap_or(if word.raw() & 3 == 0 { word.raw() } else { 0 });
        code.contains(&(address as usize))
    })
}
