// SPDX-License-Identifier: Apache-2.0
//! Code in a dump: modules, lambdas, and what stands for an address.

use core::fmt::{self, Write};

use super::Scene;
use super::external::Base64;
use super::sink::Sink;
use crate::atom::Atom;
use crate::beam_file::ChunkId;
use crate::code::Instance;
use crate::print::PrintedAtom;

/// An address of code, by the function that it is in.
pub(super) struct Place<'a> {
    scene: Scene<'a>,
    address: usize,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vm = self.scene.vm;
        if let Some(instance) = vm.code.instance_at(self.address)
            && let Some(place) = instance.locate(self.address)
            && let Some(offset) = instance.offset(self.address)
        {
            let names = [place.module, place.function].map(|atom| self.scene.atom(atom));
            return write!(f, "{}:{}/{} + {offset}", names[0], names[1], place.arity);
        }
        let own = vm.instructions.as_ptr_range();
        if (own.start.addr()..own.end.addr()).contains(&self.address) {
            return f.write_str("<terminate process normally>");
        }
        f.write_str("unknown function")
    }
}

impl<'a> Scene<'a> {
    /// An atom as text.
    pub(super) fn atom(self, atom: Atom) -> PrintedAtom<'a> {
        PrintedAtom(self.vm.atoms.text(atom))
    }

    /// The function that an address is in.
    pub(super) fn place(self, address: usize) -> Place<'a> {
        Place { scene: self, address }
    }

    /// All modules.
    pub(super) fn modules(self, out: &mut Sink) -> fmt::Result {
        let code = &self.vm.code;
        let versions = || code.known().filter_map(|module| Some((module, code.module(module)?)));
        let size = |instance: Option<&Instance>| instance.map_or(0, |instance| instance.addresses().len());
        let current: usize = versions().map(|(_, versions)| size(versions.current.as_deref())).sum();
        let old: usize = versions().map(|(_, versions)| size(versions.old.as_deref())).sum();
        writeln!(out, "=loaded_modules\nCurrent code: {current}\nOld code: {old}")?;
        for (module, versions) in versions() {
            writeln!(out, "=mod:{}", self.atom(module))?;
            match &versions.current {
                Some(instance) => self.version(out, "Current", instance)?,
                None => writeln!(out, "Current size: 0")?,
            }
            if let Some(instance) = &versions.old {
                self.version(out, "Old", instance)?;
            }
        }
        Ok(())
    }

    fn version(self, out: &mut Sink, which: &str, instance: &Instance) -> fmt::Result {
        writeln!(out, "{which} size: {}", instance.addresses().len())?;
        let chunks = [("attributes", ChunkId::ATTRIBUTES), ("compilation info", ChunkId::COMPILE_INFO)];
        for (name, id) in chunks {
            if let Some(bytes) = instance.chunk(id) {
                write!(out, "{which} {name}: ")?;
                Base64::of(out, bytes.iter().copied())?;
                writeln!(out)?;
            }
        }
        Ok(())
    }

    /// The lambdas of all modules.
    pub(super) fn lambdas(self, out: &mut Sink) -> fmt::Result {
        for entry in self.vm.code.entries().lambdas() {
            let module = self.atom(entry.module);
            writeln!(out, "=fun\nModule: {module}\nUniq: {}\nIndex: {}", entry.old_uniq, entry.old_index)?;
            // How many refer to it is not counted: entries stay.
            writeln!(out, "Address: {:#018x}\nRefc: 1", entry.address.get().addr())?;
        }
        Ok(())
    }
}
