// SPDX-License-Identifier: Apache-2.0
//! `erl_crash.dump`: all that a machine was when it ended, in version 0.5 of the format that OTP's `crashdump_viewer` reads (ERTS User's Guide,
//! "How to Interpret the Erlang Crash Dumps").
//!
//! A machine that ends for want of memory has none for its dump, so it is written as it is found, piece by piece. Heaps are written whole, from
//! the first object to the last, with what nobody refers to any more: so nothing has to be marked or remembered.
//! On a platform that has a console for it ([`DumpPlace`](crate::platform::DumpPlace)) it goes there, between two lines that say so, when there is no file for it, when the file cannot be
//! written, and when memory is out.

mod code;
mod external;
mod heap;
mod objects;
mod ports;
mod process;
mod sink;
mod system;
mod tables;
mod term;

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::bif::system::GREETING;
use crate::platform::{Errno, FileHandle, FileResult, NoPlatform, OpenModes, Remove};
use crate::process::Process;
use crate::vm::Vm;
use sink::{Destination, Limits, Sink};

/// What stands before it on a console.
const BEGIN: &str = "-----BEGIN ERL_CRASH_DUMP-----\n";
/// What stands behind it on a console.
const END: &str = "-----END ERL_CRASH_DUMP-----\n";

/// What a machine has that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    /// Some memory: whoever writes a file may use it.
    Left,
    /// None.
    Exhausted,
}

/// A machine that is over, seen by those who write of it.
#[derive(Clone, Copy)]
struct Scene<'a> {
    vm: &'a Vm,
    /// The process that is outside of the table.
    running: Option<&'a Process>,
    /// The monotonic clock, in milliseconds.
    now: u64,
}

impl Vm {
    /// Writes the dump, unless the environment says that there shall be none. Tells on the console where it is.
    pub(crate) fn write_crash_dump(&mut self, running: Option<&Process>, slogan: &str, memory: Memory) {
        let Some(limits) = Limits::of(&self.environment) else { return };
        let place = self.platform.dump_place();
        let named = self.environment.get(b"ERL_CRASH_DUMP".as_slice());
        let name = named.map(Vec::as_slice).or(place.file().map(str::as_bytes)).map(<[u8]>::to_vec);
        let is_console_sure = place.has_console() && memory == Memory::Exhausted;
        if let Some(name) = name.filter(|_| !is_console_sure) {
            self.complain("\nCrash dump is being written to: ");
            self.platform.complain(&name);
            self.complain("...");
            match self.dump_to_file(running, slogan, limits, &name) {
                Err(error) if place.has_console() => self.complain(&alloc::format!("failed: {error}\n")),
                _ => return,
            }
        }
        self.platform.complain(BEGIN.as_bytes());
        // A console takes all.
        let _ = self.dump_to(running, slogan, limits, Destination::Console);
        self.platform.complain(END.as_bytes());
    }

    /// Writes it to a file. What there is of it when it cannot be written to its end stays where nobody else writes it.
    fn dump_to_file(
        &mut self,
        running: Option<&Process>,
        slogan: &str,
        limits: Limits,
        name: &[u8],
    ) -> FileResult<()> {
        let modes = OpenModes { write: true, create: true, truncate: true, ..OpenModes::default() };
        let file: FileHandle = self.platform.files().open(name, modes)?;
        // As stock's; that nobody else may read it is no reason to have none.
        let _ = self.platform.files().change(name, crate::platform::Change::Permissions(0o640));
        let (result, error) = self.dump_to(running, slogan, limits, Destination::File(file));
        if let Some(error) = error {
            if self.platform.dump_place().has_console() {
                // Half of a dump would only take the room that others need at the next start.
                let _ = self.platform.files().remove(name, Remove::File);
            }
            return Err(error);
        }
        if result.is_ok() {
            self.complain("done\n");
        }
        Ok(())
    }

    /// Writes it, and gives whether it is whole, and why a file has not taken it.
    fn dump_to(
        &mut self,
        running: Option<&Process>,
        slogan: &str,
        limits: Limits,
        destination: Destination,
    ) -> (fmt::Result, Option<Errno>) {
        let seconds = self.platform.system_time().div_euclid(1_000_000_000);
        let local = seconds + i64::from(self.platform.utc_offset(seconds));
        let now = self.platform.monotonic() / 1_000_000;
        let platform = core::mem::replace(&mut self.platform, Box::new(NoPlatform));
        let mut sink = Sink::new(platform, destination, limits, now);
        let scene = Scene { vm: self, running, now };
        let result = scene.write(&mut sink, local, slogan).and_then(|()| sink.flush());
        let (platform, error) = sink.close();
        self.platform = platform;
        (result, error)
    }
}

/// What `system_info/1` gives as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// `info`
    System,
    /// `procs`
    Processes,
    /// `loaded`
    Modules,
    /// `dist`
    Distribution,
}

impl Vm {
    /// A part of a dump, of a machine that goes on.
    pub(crate) fn report(&mut self, running: &Process, part: Part) -> Vec<u8> {
        let now = self.platform.monotonic() / 1_000_000;
        let mut sink = Sink::in_memory();
        let scene = Scene { vm: self, running: Some(running), now };
        let out = &mut sink;
        // Memory has room, or the machine ends.
        let _ = match part {
            Part::System => scene
                .memory(out)
                .and_then(|()| scene.index_tables(out))
                .and_then(|()| scene.allocated_areas(out)),
            Part::Processes => scene.processes(out),
            Part::Modules => scene.modules(out),
            Part::Distribution => out.write_str("=no_distribution\n"),
        };
        sink.into_text()
    }
}

impl Scene<'_> {
    fn write(self, out: &mut Sink, local: i64, slogan: &str) -> fmt::Result {
        let vm = self.vm;
        write!(out, "=erl_crash_dump:0.5\n{}", crate::bif::time::Moment(local))?;
        write!(out, "\nSlogan: {slogan}\nSystem version: {GREETING}Taints: \nAtoms: {}\n", vm.atoms.count())?;
        writeln!(out, "Calling Thread: scheduler:1")?;
        self.scheduler(out)?;
        self.memory(out)?;
        self.index_tables(out)?;
        self.allocated_areas(out)?;
        self.processes(out)?;
        self.ports(out)?;
        self.tables(out)?;
        self.timers(out)?;
        writeln!(out, "=node:{}\n=no_distribution", self.atom(vm.node.name))?;
        self.modules(out)?;
        self.lambdas(out)?;
        self.heaps(out)?;
        self.persistent_terms(out)?;
        self.literals(out)?;
        self.binaries(out)?;
        self.atoms(out)?;
        writeln!(out, "=end")
    }

    /// The atoms, the newest first.
    fn atoms(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=atoms")?;
        let atoms = &self.vm.atoms;
        for atom in (0..atoms.count()).rev().filter_map(|index| atoms.get(index)) {
            writeln!(out, "{}", self.atom(atom))?;
        }
        Ok(())
    }
}
