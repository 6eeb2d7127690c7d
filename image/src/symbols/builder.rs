// SPDX-License-Identifier: Apache-2.0
//! The writer of symbol tables: demangles, sorts, merges, and cuts what is too long.

use std::collections::{BTreeMap, HashMap};
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::SymbolError;

/// The length in bytes from which a name is cut. Names of deeply nested generics run to kilobytes and help nobody.
pub const NAME_LIMIT: usize = 240;

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
        let mut names = Vec::new();
        let mut offsets: HashMap<&str, u32> = HashMap::new();
        let mut functions = Vec::new();
        let mut next_starts = self.functions.keys().skip(1);
        for (&start, Function { size, name }) in &self.functions {
            let (Size::Guessed(size) | Size::Known(size)) = *size;
            let relative =
                u32::try_from(start - base).map_err(|_| SymbolError::TooFarApart { base, start })?;
            let room = next_starts.next().map_or(u64::MAX, |next| next - start);
            let size = u32::try_from(room.min(size)).unwrap_or(u32::MAX);
            let offset = match offsets.get(name.as_str()) {
                Some(offset) => *offset,
                None => {
                    let offset = u32::try_from(names.len()).map_err(|_| SymbolError::TooMany)?;
                    names.extend_from_slice(&(name.len() as u16).to_le_bytes());
                    names.extend_from_slice(name.as_bytes());
                    offsets.insert(name, offset);
                    offset
                }
            };
            for number in [relative, size, offset] {
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
}

/// Cuts a name that is too long at a character's end and marks the cut.
fn shortened(name: String) -> String {
    const MARK: &str = "...";
    if name.len() <= NAME_LIMIT {
        return name;
    }
    let end = name.floor_char_boundary(NAME_LIMIT - MARK.len());
    name[..end].to_string() + MARK
}
