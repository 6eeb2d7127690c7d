// SPDX-License-Identifier: Apache-2.0
//! The writer of symbol tables: demangles, sorts, merges, and cuts what is too long.

use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{GROUP_BITS, NAME_LIMIT, SymbolError};

/// Collects function symbols and writes them as a table.
#[derive(Clone, Debug, Default)]
pub struct SymbolTableBuilder {
    /// By start.
    functions: BTreeMap<u64, Function>,
}

#[derive(Clone, Debug)]
struct Function {
    size: Size,
    name: String,
}

/// How far a function reaches. What the linker knows outranks what has to be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    /// Up to the next function, at most.
    Guessed(u64),
    /// So many bytes.
    Known(u64),
}

impl Function {
    /// Whether this is the better name for the same address: the larger, then the first in the alphabet, so that the
    /// order in which they come does not matter.
    fn outranks(&self, other: &Self) -> bool {
        self.size > other.size || (self.size == other.size && self.name < other.name)
    }
}

impl SymbolTableBuilder {
    /// A table without functions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function by its linker symbol. Assembly often leaves the size at 0: such a function ends where the next
    /// one begins, at the latest at `limit`, the end of the code that it lies in. Of several names for one address one
    /// stays: one with a size, the largest, the first in the alphabet.
    pub fn function(&mut self, start: u64, size: u64, limit: u64, linker_name: &str) {
        let room = limit.saturating_sub(start);
        let size = if size == 0 { Size::Guessed(room) } else { Size::Known(size.min(room)) };
        let name = shortened(format!("{:#}", rustc_demangle::demangle(linker_name)));
        let function = Function { size, name };
        match self.functions.get_mut(&start) {
            Some(other) if function.outranks(other) => *other = function,
            Some(_) => {}
            None => {
                self.functions.insert(start, function);
            }
        }
    }

    /// Writes the table.
    ///
    /// # Errors
    /// When functions lie 4 GiB or more apart, or the table gets that large.
    pub fn build(&self) -> Result<Vec<u8>, SymbolError> {
        let base = self.functions.keys().next().copied().unwrap_or(0);
        let (names, numbers) = self.names()?;
        let mut functions = Vec::new();
        let mut next_starts = self.functions.keys().skip(1);
        for (&start, Function { size, name }) in &self.functions {
            let (Size::Guessed(size) | Size::Known(size)) = *size;
            let relative =
                u32::try_from(start - base).map_err(|_| SymbolError::TooFarApart { base, start })?;
            let room = next_starts.next().map_or(u64::MAX, |next| next - start);
            let size = u32::try_from(room.min(size)).unwrap_or(u32::MAX);
            for number in [relative, size, numbers[name.as_str()]] {
                functions.extend_from_slice(&number.to_le_bytes());
            }
        }
        let count = u32::try_from(self.functions.len()).map_err(|_| SymbolError::TooMany)?;
        let names_length = u32::try_from(names.len()).map_err(|_| SymbolError::TooMany)?;
        let mut table = base.to_le_bytes().to_vec();
        table.extend_from_slice(&count.to_le_bytes());
        table.extend_from_slice(&names_length.to_le_bytes());
        table.extend_from_slice(&functions);
        table.extend_from_slice(&names);
        Ok(table)
    }

    /// The names as they are written, and the number of each.
    fn names(&self) -> Result<(Vec<u8>, BTreeMap<&str, u32>), SymbolError> {
        let mut numbers: BTreeMap<&str, u32> =
            self.functions.values().map(|function| (function.name.as_str(), 0)).collect();
        let mut names = Vec::new();
        let (mut group, mut before) = (None, "");
        for (place, (name, number)) in (0_u32..).zip(&mut numbers) {
            let place = place % (1 << GROUP_BITS);
            if place == 0 {
                group = u32::try_from(names.len()).ok().and_then(|start| start.checked_mul(1 << GROUP_BITS));
                before = "";
            }
            *number = group.ok_or(SymbolError::TooMany)? | place;
            let pairs = name.bytes().zip(before.bytes());
            let shared = pairs.take_while(|(a, b)| a == b).count();
            // Neither is more than the limit of a name.
            names.extend_from_slice(&[shared as u8, (name.len() - shared) as u8]);
            names.extend_from_slice(&name.as_bytes()[shared..]);
            before = name;
        }
        Ok((names, numbers))
    }
}

const _: () = assert!(NAME_LIMIT <= u8::MAX as usize, "lengths of names are bytes");

/// Cuts a name that is too long at a character's end and marks the cut.
fn shortened(name: String) -> String {
    const MARK: &str = "...";
    if name.len() <= NAME_LIMIT {
        return name;
    }
    let end = name.floor_char_boundary(NAME_LIMIT - MARK.len());
    name[..end].to_string() + MARK
}
