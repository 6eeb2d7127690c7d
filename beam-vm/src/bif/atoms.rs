// SPDX-License-Identifier: Apache-2.0
//! Atoms from and to texts.

use alloc::string::String;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, AtomError, predefined};
use crate::heap::build;
use crate::term::Term;

/// The most characters that an atom can have.
const MAX_CHARACTERS: usize = 255;

fn raise(error: AtomError) -> Raise {
    match error {
        AtomError::TooLong | AtomError::TableFull { .. } => Raise::SYSTEM_LIMIT,
        _ => Raise::BADARG,
    }
}

/// `atom_to_list/1`
pub fn atom_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let atom = args[0].as_atom().ok_or(Raise::BADARG)?;
    let text = cx.vm.atoms.text(atom);
    Ok(build::string(&mut cx.process.heap, text))
}

/// What bytes of a text mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Latin1,
    Utf8,
}

fn encoding(term: Term) -> Result<Encoding, Raise> {
    match term.as_atom() {
        Some(predefined::LATIN1) => Ok(Encoding::Latin1),
        Some(predefined::UTF8 | predefined::UNICODE) => Ok(Encoding::Utf8),
        _ => Err(Raise::BADARG),
    }
}

/// `atom_to_binary/2`
pub fn atom_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let atom = args[0].as_atom().ok_or(Raise::BADARG)?;
    let encoding = encoding(args[1])?;
    let text = cx.vm.atoms.text(atom);
    if encoding == Encoding::Utf8 {
        return Ok(build::binary(&mut cx.process.heap, text.as_bytes()));
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    Ok(build::binary(&mut cx.process.heap, &bytes.ok_or(Raise::BADARG)?))
}

/// The text of a list of characters.
fn text(list: Term) -> Result<String, Raise> {
    let mut text = String::new();
    let mut rest = list;
    let mut count = 0;
    while let Some(cell) = rest.as_cons() {
        let code = cell.head().as_small().and_then(|code| u32::try_from(code).ok()).ok_or(Raise::BADARG)?;
        text.push(char::from_u32(code).ok_or(Raise::BADARG)?);
        count += 1;
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    if count > MAX_CHARACTERS { Err(Raise::SYSTEM_LIMIT) } else { Ok(text) }
}

/// `list_to_atom/1`
pub fn list_to_atom(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = text(args[0])?;
    cx.vm.atoms.insert(&text).map(Term::atom).map_err(raise)
}

/// `list_to_existing_atom/1`
pub fn list_to_existing_atom(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = text(args[0]).map_err(|_| Raise::BADARG)?;
    cx.vm.atoms.find(&text).map(Term::atom).ok_or(Raise::BADARG)
}

fn bytes(term: Term) -> Result<Vec<u8>, Raise> {
    let bits = term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)?;
    Ok(bits.bytes().collect())
}

/// `binary_to_atom/2`
pub fn binary_to_atom(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bytes, encoding) = (bytes(args[0])?, encoding(args[1])?);
    let atom = match encoding {
        Encoding::Latin1 => cx.vm.atoms.insert_latin1(&bytes),
        Encoding::Utf8 => cx.vm.atoms.insert_utf8(&bytes),
    };
    atom.map(Term::atom).map_err(raise)
}

/// `binary_to_existing_atom/2`
pub fn binary_to_existing_atom(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bytes, encoding) = (bytes(args[0])?, encoding(args[1])?);
    let atom: Option<Atom> = match encoding {
        Encoding::Latin1 => cx.vm.atoms.find_latin1(&bytes),
        Encoding::Utf8 => cx.vm.atoms.find_utf8(&bytes),
    };
    atom.map(Term::atom).ok_or(Raise::BADARG)
}
