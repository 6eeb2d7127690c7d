// SPDX-License-Identifier: Apache-2.0
//! Modules that were verified and translated before: at a start little of a module is done, and reading its file, following every way through its
//! functions and choosing its instructions takes a hundred times as long as doing them. So whoever makes an image has the loader do that,
//! and keeps what comes out with names in the place of what differs between machines: atoms, functions, lambdas, literals, handlers.
//!
//! A library never stands for a file. A module is asked for with the bytes of its file, as ever; if the library has the module of the same bytes
//! it is taken from there, and loaded from the file if not, or if anything is wrong. Nothing but the time tells one from the other.
//!
//! ```text
//! header, 48 bytes    0 "VOXOZLIB"        8 stamp u64: of the virtual machine that has made it
//!                    16 atoms u32        20 functions u32        24 modules u32     28 bytes of texts u32
//!                    32 checksum u64, of the tables              40 bytes of the tables u64
//! tables, compressed:
//! atoms               for each where its text ends u32
//! functions           for each the number of module and function, and the arity: u32
//! modules             for each, by the sum of their files: 0 sum u64    8 length of the file u32    12 start u32 of the record
//!                    16 length u32 of the record     20 zero u32     24 checksum u64
//! texts               of the atoms, one after the other
//! records             see `write`
//! ```
//!
//! Numbers in records are as short as they can be (`numbers`). What a record says is believed once its checksum is right: it is to be trusted as
//! the kernel is that lies beside it in the image. A damaged one is not used.

mod expand;
mod packed;
mod read;
mod streams;
mod write;

#[cfg(test)]
mod tests;

use packed::Packed;
use streams::Streams;

pub use expand::Stored;
pub use write::LibraryBuilder;

use alloc::vec;
use alloc::vec::Vec;

use super::LoadError;
use crate::atom::Atom;
use crate::code::Instance;
use crate::emu::assemble::Layout;
use crate::numbers::{Numbers, checksum};
use crate::term::Export;
use crate::vm::Vm;

const MAGIC: [u8; 8] = *b"VOXOZLIB";
const HEADER: usize = 48;
const FUNCTION: usize = 12;
const MODULE: usize = 32;

/// What the virtual machine's own sources come to. Records of another one are of no use: its instructions may be others.
pub const STAMP: u64 = {
    // The build script has made the text.
    match u64::from_str_radix(env!("VOXOZ_VM_STAMP"), 16) {
        Ok(stamp) => stamp,
        Err(_) => panic!("the build script writes hexadecimal digits"),
    }
};

/// Modules that were translated before.
pub struct Library {
    /// What is known of atoms, functions and modules.
    tables: Vec<u8>,
    records: &'static [u8],
    /// The atoms by their numbers, those that were asked for.
    atoms: Vec<Option<Atom>>,
    /// The functions by their numbers, those that were asked for.
    functions: Vec<Option<&'static Export>>,
    layouts: Vec<Layout>,
    places: Places,
    streams: Streams,
}

/// Where the parts of a library begin.
#[derive(Clone, Copy)]
struct Places {
    functions: usize,
    modules: usize,
    texts: usize,
}

/// Why a library is of no use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LibraryError {
    /// It is none, or damaged.
    Damaged,
    /// It was made by another virtual machine.
    OtherMachine,
}

impl core::fmt::Display for LibraryError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Damaged => "the library of modules is damaged",
            Self::OtherMachine => {
                "the library of modules was made for another version of the virtual machine"
            }
        })
    }
}

impl core::error::Error for LibraryError {}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The record of a module.
struct Record {
    bytes: &'static [u8],
}

/// The parts of a library whose tables are as they were written.
struct Parts<'a> {
    tables: Vec<u8>,
    records: &'a [u8],
    atoms: usize,
    functions: usize,
    places: Places,
}

impl<'a> Parts<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, LibraryError> {
        let damaged = LibraryError::Damaged;
        let count = |at| u32_at(bytes, at).map(|count| count as usize).ok_or(damaged);
        if !bytes.starts_with(&MAGIC) {
            return Err(damaged);
        }
        if u64_at(bytes, 8) != Some(STAMP) {
            return Err(LibraryError::OtherMachine);
        }
        let (atoms, functions, modules, texts) = (count(16)?, count(20)?, count(24)?, count(28)?);
        let packed = u64_at(bytes, 40).and_then(|len| usize::try_from(len).ok()).ok_or(damaged)?;
        let (packed, records) =
            bytes.get(HEADER..).and_then(|rest| rest.split_at_checked(packed)).ok_or(damaged)?;
        if u64_at(bytes, 32) != Some(checksum(packed)) {
            return Err(damaged);
        }
        let tables = Packed::read(&mut Numbers::new(packed)).and_then(|tables| tables.expand());
        let tables = tables.ok_or(damaged)?;
        let functions_at = 4 * atoms;
        let modules_at = functions_at + FUNCTION * functions;
        let texts_at = modules_at + MODULE * modules;
        if tables.len() != texts_at + texts {
            return Err(damaged);
        }
        let places = Places { functions: functions_at, modules: modules_at, texts: texts_at };
        Ok(Self { tables, records, atoms, functions, places })
    }

    /// The rows of the modules.
    fn rows(&self) -> &[[u8; MODULE]] {
        self.tables[self.places.modules..self.places.texts].as_chunks().0
    }
}

/// What there is to say of a library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many modules it has.
    pub modules: usize,
    /// How many bytes it would have if it were not compressed.
    pub expanded: usize,
}

/// Looks into a library.
///
/// # Errors
/// [`LibraryError`].
pub fn summary(bytes: &[u8]) -> Result<Summary, LibraryError> {
    let parts = Parts::open(bytes)?;
    let mut expanded = HEADER + parts.tables.len();
    for row in parts.rows() {
        let record = record_of(row, parts.records).ok_or(LibraryError::Damaged)?;
        let mut numbers = Numbers::new(record);
        for _ in 0..2 {
            expanded += Packed::read(&mut numbers).ok_or(LibraryError::Damaged)?.len();
        }
    }
    Ok(Summary { modules: parts.rows().len(), expanded })
}

/// The bytes of the record that a row tells of, if they are as they were written.
fn record_of<'a>(row: &[u8; MODULE], records: &'a [u8]) -> Option<&'a [u8]> {
    let bytes = records.get(u32_at(row, 12)? as usize..)?.get(..u32_at(row, 16)? as usize)?;
    (checksum(bytes) == u64_at(row, 24)?).then_some(bytes)
}

impl Library {
    /// A library whose tables are as they were written.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub fn open(bytes: &'static [u8]) -> Result<Self, LibraryError> {
        let Parts { tables, records, atoms, functions, places } = Parts::open(bytes)?;
        Ok(Self {
            tables,
            records,
            atoms: vec![None; atoms],
            functions: vec![None; functions],
            layouts: Layout::all(),
            places,
            streams: Streams::new(),
        })
    }

    /// The record of the module whose file has these bytes.
    fn record(&self, file: &[u8]) -> Option<Record> {
        let (rows, _) = self.tables.get(self.places.modules..self.places.texts)?.as_chunks::<MODULE>();
        let sum = checksum(file);
        let place = rows.binary_search_by_key(&sum, |row| u64_at(row, 0).unwrap_or(0)).ok()?;
        let row = rows.get(place)?;
        if u32_at(row, 8)? as usize != file.len() {
            return None;
        }
        record_of(row, self.records).map(|bytes| Record { bytes })
    }

    /// An atom by its number.
    #[inline]
    fn atom(&mut self, vm: &mut Vm, number: usize) -> Option<Atom> {
        match self.atoms.get(number)? {
            Some(atom) => Some(*atom),
            None => self.new_atom(vm, number),
        }
    }

    #[cold]
    fn new_atom(&mut self, vm: &mut Vm, number: usize) -> Option<Atom> {
        let end = |number: usize| u32_at(&self.tables, 4 * number).map(|end| end as usize);
        let start = if number == 0 { 0 } else { end(number - 1)? };
        let text = self.tables.get(self.places.texts + start..self.places.texts + end(number)?)?;
        let atom = vm.atoms.insert_utf8(text).ok()?;
        self.atoms[number] = Some(atom);
        Some(atom)
    }

    /// A function by its number.
    #[inline]
    fn function(&mut self, vm: &mut Vm, number: usize) -> Option<&'static Export> {
        match self.functions.get(number)? {
            Some(export) => Some(export),
            None => self.new_function(vm, number),
        }
    }

    #[cold]
    fn new_function(&mut self, vm: &mut Vm, number: usize) -> Option<&'static Export> {
        let at = self.places.functions + FUNCTION * number;
        let [module, function, arity] = [0, 4, 8].map(|offset| u32_at(&self.tables, at + offset));
        let (module, function) = (self.atom(vm, module? as usize)?, self.atom(vm, function? as usize)?);
        let export = vm.code.export(module, function, arity?);
        self.functions[number] = Some(export);
        Some(export)
    }
}

/// The module of a file, if the machine's library has it. `expected` is the name that it has to have.
///
/// # Errors
/// [`LoadError::OtherModule`].
pub fn find(vm: &mut Vm, file: &[u8], expected: Option<Atom>) -> Result<Option<Instance>, LoadError> {
    let Some(mut library) = vm.library.take() else { return Ok(None) };
    let instance = library.record(file).and_then(|record| read::read(vm, &mut library, &record));
    vm.library = Some(library);
    match instance {
        Some(instance) if expected.is_some_and(|expected| expected != instance.module) => {
            let module = instance.module;
            // SAFETY: nobody has seen the module's literals.
            #[expect(unsafe_code, reason = "gives literals back that nobody has seen")]
            unsafe {
                vm.literals.release(instance.literals);
            }
            Err(LoadError::OtherModule(module))
        }
        found => Ok(found),
    }
}
