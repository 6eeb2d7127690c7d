// SPDX-License-Identifier: Apache-2.0
//! Objects of the machine that a program holds by a reference: what stock calls magic binaries. Counted like binaries.
//!
//! The object is one of a closed set, so that frozen memory needs no address of code.

#![expect(unsafe_code, reason = "takes another reference to what a term refers to")]

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use crate::buffer::Buffer;
use crate::code::PreparedCode;
use crate::files::OpenFile;
use crate::matchspec::Program;
use crate::search::{Job, Pattern};
use crate::term::{Term, View};
use crate::zstream::Zstream;

/// What a magic reference stands for.
pub enum MagicObject {
    /// An array of 64-bit numbers: `atomics`.
    Atomics {
        /// The numbers.
        values: Vec<Cell<u64>>,
        /// Whether they are signed.
        signed: bool,
    },
    /// A queue of bytes of module `prim_buffer`.
    Buffer(RefCell<Buffer>),
    /// An array of signed 64-bit numbers: `counters`.
    Counters(Vec<Cell<u64>>),
    /// An open file.
    File(OpenFile),
    /// A compiled match specification.
    MatchProgram(Rc<Program>),
    /// Code that is prepared and not loaded yet.
    Prepared(PreparedCode),
    /// What module `binary` looks for.
    Pattern(Rc<Pattern>),
    /// A search of module `binary` that was put aside.
    Search(RefCell<Job>),
    /// A stream of module `zlib`.
    Zstream(RefCell<Zstream>),
}

/// A counted object of the machine.
pub type Magic = Rc<MagicObject>;

/// The object that a term stands for, if it is such a reference.
#[must_use]
pub fn magic_of(term: Term) -> Option<Magic> {
    let View::Reference(reference) = term.view() else { return None };
    let object = core::ptr::with_exposed_provenance::<MagicObject>(reference.magic_block()?);
    // SAFETY: a live magic reference has a reference to its object, which was made by `Rc::into_raw`.
    unsafe {
        Magic::increment_strong_count(object);
        Some(Magic::from_raw(object))
    }
}
