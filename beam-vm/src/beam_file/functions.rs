// SPDX-License-Identifier: Apache-2.0
//! The tables of functions: imports, exports, locals and lambdas.

use alloc::vec::Vec;

use super::atoms::Atoms;
use super::fault::Fault;
use super::index::{AtomIndex, LabelIndex};
use super::reader::Reader;

const MOST_ARITY: u32 = 255;

/// A function of another module (or of this one, called as if it were another's).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Import {
    /// Its module.
    pub module: AtomIndex,
    /// Its name.
    pub function: AtomIndex,
    /// Its number of arguments.
    pub arity: u8,
}

/// A function of this module: an entry of the exports or of the locals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Export {
    /// Its name.
    pub function: AtomIndex,
    /// Its number of arguments.
    pub arity: u8,
    /// Where it starts.
    pub label: LabelIndex,
}

/// A function that funs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lambda {
    /// Its name.
    pub function: AtomIndex,
    /// Its number of arguments, free variables included.
    pub arity: u8,
    /// Where it starts.
    pub label: LabelIndex,
    /// Its number among the module's lambdas, as `erlang:fun_info/2` gives it.
    pub index: u32,
    /// How many of the arguments are free variables.
    pub free_variables: u8,
    /// A hash of the module by which OTP before R15 told funs apart; `erlang:fun_info/2` gives it as `uniq`.
    pub old_unique: u32,
}

/// What a row may refer to.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) atoms: &'a Atoms,
    /// One more than the highest label.
    pub(super) label_count: u32,
}

impl Known<'_> {
    fn atom(self, reader: &mut Reader<'_>) -> Result<AtomIndex, Fault> {
        self.atoms.check(u64::from(reader.u32()?))
    }

    fn label(self, reader: &mut Reader<'_>) -> Result<LabelIndex, Fault> {
        let number = reader.u32()?;
        let label = LabelIndex::new(number).filter(|_| number < self.label_count);
        label.ok_or(Fault::Label(u64::from(number)))
    }
}

fn arity(reader: &mut Reader<'_>) -> Result<u8, Fault> {
    match reader.u32()? {
        arity @ 0..=MOST_ARITY => Ok(arity as u8),
        arity => Err(Fault::Arity(arity)),
    }
}

pub(super) fn read_imports(chunk: &[u8], known: Known<'_>) -> Result<Vec<Import>, Fault> {
    let mut reader = Reader::new(chunk);
    let count = reader.count(12)?;
    let row = |_| {
        let module = known.atom(&mut reader)?;
        let function = known.atom(&mut reader)?;
        Ok(Import { module, function, arity: arity(&mut reader)? })
    };
    (0..count).map(row).collect()
}

pub(super) fn read_exports(chunk: &[u8], known: Known<'_>) -> Result<Vec<Export>, Fault> {
    let mut reader = Reader::new(chunk);
    let count = reader.count(12)?;
    let row = |_| {
        let function = known.atom(&mut reader)?;
        let arity = arity(&mut reader)?;
        Ok(Export { function, arity, label: known.label(&mut reader)? })
    };
    (0..count).map(row).collect()
}

/// Unlike the other tables, this one may have nothing after its rows: the module's checksum goes over whole rows.
pub(super) fn read_lambdas(chunk: &[u8], known: Known<'_>) -> Result<Vec<Lambda>, Fault> {
    let mut reader = Reader::new(chunk);
    let count = reader.count(24)?;
    let row = |_| {
        let function = known.atom(&mut reader)?;
        let arity = arity(&mut reader)?;
        let label = known.label(&mut reader)?;
        let index = reader.u32()?;
        let free_variables = reader.u32()?;
        let old_unique = reader.u32()?;
        if free_variables > u32::from(arity) {
            return Err(Fault::FreeVariables(free_variables));
        }
        Ok(Lambda { function, arity, label, index, free_variables: free_variables as u8, old_unique })
    };
    let lambdas = (0..count).map(row).collect::<Result<_, Fault>>()?;
    match reader.left() % 24 {
        0 => Ok(lambdas),
        left => Err(Fault::Trailing(left)),
    }
}
