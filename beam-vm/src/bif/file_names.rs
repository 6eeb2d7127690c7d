// SPDX-License-Identifier: Apache-2.0
//! Names of files between programs and the system (`erl_unicode.c`): a program has them as lists of characters, or as binaries when they are
//! none; the system has bytes, which natives get with a NUL at the end.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::Term;

/// What names of files are in the system: `+fnl`, `+fnu`, `+fna`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameEncoding {
    /// Each byte is a character.
    Latin1,
    /// UTF-8; and what a list of a folder says of a name that is not.
    Utf8(WrongName),
}

/// What is done with a name that is no UTF-8: the letter after `+fnu`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WrongName {
    /// `w`: it is left out and logged.
    Warn,
    /// `i`: it is left out.
    Ignore,
    /// `e`: it is an error.
    Fail,
}

impl Default for NameEncoding {
    fn default() -> Self {
        Self::Utf8(WrongName::Warn)
    }
}

/// `file:native_name_encoding/0`
pub fn native_name_encoding(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(match cx.vm.file_names {
        NameEncoding::Latin1 => predefined::LATIN1,
        NameEncoding::Utf8(_) => predefined::UTF8,
    }))
}

fn bytes(term: Term) -> Option<Vec<u8>> {
    let bits = term.as_bits().filter(|bits| bits.is_binary())?;
    Some(match bits.as_bytes() {
        Some(bytes) => bytes.to_vec(),
        None => bits.bytes().collect(),
    })
}

/// The bytes of a list of characters, however deep, none of which is 0.
pub(super) fn encoded(list: Term, encoding: NameEncoding) -> Option<Vec<u8>> {
    if !list.is_list() {
        return None;
    }
    let mut bytes = Vec::new();
    let mut stack = Vec::from([list]);
    while let Some(term) = stack.pop() {
        if let Some(cell) = term.as_cons() {
            if !cell.tail().is_list() {
                return None;
            }
            stack.push(cell.tail());
            stack.push(cell.head());
        } else if !term.is_nil() {
            let code =
                term.as_small().and_then(|value| u32::try_from(value).ok()).filter(|code| *code != 0)?;
            match encoding {
                NameEncoding::Latin1 => bytes.push(u8::try_from(code).ok()?),
                NameEncoding::Utf8(_) => {
                    let char = char::from_u32(code)?;
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }
    Some(bytes)
}

/// `prim_file:internal_name2native/1`: bytes with a NUL at the end.
pub fn internal_name2native(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut name = if args[0].is_bitstring() {
        // As on stock, bits that are no binary are an empty name.
        bytes(args[0]).unwrap_or_default()
    } else {
        encoded(args[0], cx.vm.file_names).ok_or(Raise::BADARG)?
    };
    if name.contains(&0) {
        return Err(Raise::BADARG);
    }
    name.push(0);
    Ok(build::binary(cx.heap(), &name))
}

/// `prim_file:internal_native2name/1`: characters, or `{error, What}` for bytes that are none.
pub fn internal_native2name(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = bytes(args[0]).ok_or(Raise::BADARG)?;
    let NameEncoding::Utf8(wrong) = cx.vm.file_names else { return Ok(build::byte_list(cx.heap(), &name)) };
    if let Ok(text) = core::str::from_utf8(&name) {
        return Ok(build::string(cx.heap(), text));
    }
    let what = match wrong {
        WrongName::Warn => predefined::WARNING,
        WrongName::Ignore => predefined::IGNORE,
        WrongName::Fail => predefined::ERROR,
    };
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), Term::atom(what)]))
}

/// `prim_file:is_translatable/1`: whether a binary is characters.
pub fn is_translatable(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = bytes(args[0]).ok_or(Raise::BADARG)?;
    let is = cx.vm.file_names == NameEncoding::Latin1 || core::str::from_utf8(&name).is_ok();
    Ok(Term::boolean(is))
}
