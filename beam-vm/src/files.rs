// SPDX-License-Identifier: Apache-2.0
//! Open files as programs hold them: by a reference, while a process owns each. A file is closed by a program, or when its owner ends, never
//! because nobody has a reference any more: closing may take long, and a collection may not (`prim_file_nif.c`).
//!
//! The files of an owner that ends are closed by a process of module `prim_file`, one message for each, or at once where there is no such
//! process.

mod waits;

pub use waits::FileWaits;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::Cell;

use crate::atom::predefined;
use crate::heap::{Fragment, Magic, MagicObject, build};
use crate::platform::{FileHandle, FileRequest};
use crate::process::{Lookup, Process, RefNumbers};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What may be done with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileState {
    /// Anything.
    Open,
    /// It waits to be closed, as its owner has ended.
    Orphaned,
    /// Nothing: its handle may be another's.
    Closed,
}

/// An open file.
#[derive(Debug)]
pub struct OpenFile {
    /// Its number in the platform.
    pub handle: FileHandle,
    /// The process with which it goes.
    pub owner: LocalPid,
    /// What the references to it are.
    pub numbers: RefNumbers,
    /// What may be done with it.
    pub state: Cell<FileState>,
}

/// The open files of a process.
#[derive(Default)]
pub struct OwnedFiles(BTreeMap<FileHandle, Magic>);

impl core::fmt::Debug for OwnedFiles {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Process {
    /// Makes an open file of the platform one of this process.
    pub fn own_file(&mut self, handle: FileHandle, numbers: RefNumbers) -> Magic {
        let state = Cell::new(FileState::Open);
        let file = Magic::new(MagicObject::File(OpenFile { handle, owner: self.pid, numbers, state }));
        self.extension_mut().files.0.insert(handle, Magic::clone(&file));
        file
    }

    fn disown_file(&mut self, handle: FileHandle) {
        self.extension_mut().files.0.remove(&handle);
    }
}

impl Vm {
    /// Says that nothing may be done with a file any more. Gives what is to be closed, unless it is already. `running` is the process that
    /// runs, which is outside of the table.
    pub fn give_up_file(&mut self, file: &OpenFile, running: &mut Process) -> Option<FileHandle> {
        if file.state.replace(FileState::Closed) == FileState::Closed {
            return None;
        }
        if file.owner == running.pid {
            running.disown_file(file.handle);
        } else if let Lookup::Process(owner) = self.processes.lookup(file.owner) {
            owner.disown_file(file.handle);
        }
        Some(file.handle)
    }

    /// Sees to it that the files of a process that has ended are closed.
    pub fn orphan_files(&mut self, files: OwnedFiles) {
        for magic in files.0.into_values() {
            let MagicObject::File(file) = &*magic else { continue };
            if file.state.get() != FileState::Open {
                continue;
            }
            match self.file_janitor.filter(|pid| self.processes.is_alive(*pid)) {
                Some(janitor) => {
                    file.state.set(FileState::Orphaned);
                    let numbers = file.numbers;
                    let mut fragment = Fragment::default();
                    let reference = build::magic(&mut fragment, numbers, Magic::clone(&magic));
                    let message = [Term::atom(predefined::CLOSE), reference];
                    let message = build::tuple(&mut fragment, &message);
                    self.deliver_fragment(janitor, message, fragment);
                }
                None => {
                    file.state.set(FileState::Closed);
                    self.begin_for_nobody(FileRequest::Close(file.handle));
                }
            }
        }
    }
}

/// The bytes of a path as natives get it: those of `prim_file:internal_name2native/1`, with a NUL at the end and nowhere else.
#[must_use]
pub fn native_path(term: Term) -> Option<Vec<u8>> {
    let bits = term.as_bits().filter(|bits| bits.is_binary())?;
    let mut path: Vec<u8> = match bits.as_bytes() {
        Some(bytes) => bytes.to_vec(),
        None => bits.bytes().collect(),
    };
    let end = path.iter().position(|byte| *byte == 0)?;
    let ends_there = path[end..].iter().all(|byte| *byte == 0);
    path.truncate(end);
    ends_there.then_some(path)
}
