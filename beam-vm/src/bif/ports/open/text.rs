// SPDX-License-Identifier: Apache-2.0
//! Names of files and texts for programs: lists of characters however deep, atoms, or binaries, whose bytes are taken as they are.

use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::term::Term;

/// The bytes of characters, in UTF-8.
pub fn characters(term: Term) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut stack = Vec::from([term]);
    if !term.is_list() {
        return None;
    }
    while let Some(term) = stack.pop() {
        if let Some(cell) = term.as_cons() {
            stack.push(cell.tail());
            stack.push(cell.head());
        } else if !term.is_nil() {
            let char =
                term.as_small().and_then(|value| u32::try_from(value).ok()).and_then(char::from_u32)?;
            if char == '\0' {
                return None;
            }
            bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Some(bytes)
}

/// The name of a file that is opened as a port: an atom, or a list of bytes, which ends as a string of C does.
pub fn vanilla_name(atoms: &AtomTable, term: Term) -> Option<Vec<u8>> {
    if let Some(atom) = term.as_atom() {
        return Some(atoms.text(atom).as_bytes().to_vec());
    }
    let mut bytes = Vec::new();
    let mut rest = term;
    while let Some(cell) = rest.as_cons() {
        bytes.push(cell.head().as_small().and_then(|byte| u8::try_from(byte).ok())?);
        rest = cell.tail();
    }
    if bytes.is_empty() || !rest.is_nil() {
        return None;
    }
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    Some(bytes)
}

/// The bytes of a name of a file.
pub fn file_name(atoms: &AtomTable, term: Term) -> Option<Vec<u8>> {
    if let Some(atom) = term.as_atom() {
        return Some(atoms.text(atom).as_bytes().to_vec());
    }
    if let Some(bits) = term.as_bits() {
        // Of bits, the whole bytes count.
        let bytes: Vec<u8> = bits.slice(0, bits.len() / 8 * 8).bytes().collect();
        return (!bytes.contains(&0)).then_some(bytes);
    }
    characters(term)
}
