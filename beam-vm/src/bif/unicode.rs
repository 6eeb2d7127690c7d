// SPDX-License-Identifier: Apache-2.0
//! Module `unicode`, as far as stock does it in C: Latin-1 and UTF-8. Other encodings are done in Erlang.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::chardata::{self, Converter, Encoding, End, Listing};
use crate::heap::build;
use crate::process::Parked;
use crate::term::{Bits, Term};

/// Elements of chardata that are converted in a reduction; 16 bytes of a binary are as much as an element.
const ELEMENTS: usize = 12;

/// Characters of a list that are made in a reduction.
const CHARACTERS: usize = 20;

/// Bytes of a binary that are looked at in a reduction.
const BYTES: usize = 1000;

fn encoding(term: Term) -> Option<Encoding> {
    match term.as_atom()? {
        predefined::LATIN1 => Some(Encoding::Latin1),
        predefined::UNICODE | predefined::UTF8 => Some(Encoding::Utf8),
        _ => None,
    }
}

/// Goes on in `unicode`'s own function for other encodings.
fn trap(cx: &mut Context<'_>, function: Atom, args: &[Term]) -> Raise {
    let export = cx.vm.code.export(predefined::UNICODE, function, 2);
    cx.trap_to(export, args)
}

/// Whether a binary is UTF-8 as it is.
fn is_utf8(bits: &Bits, encoding: Encoding) -> bool {
    match (encoding, bits.as_bytes()) {
        (Encoding::Latin1, _) => chardata::is_ascii(bits),
        (Encoding::Utf8, Some(bytes)) => core::str::from_utf8(bytes).is_ok(),
        (Encoding::Utf8, None) => core::str::from_utf8(&bits.bytes().collect::<Vec<u8>>()).is_ok(),
    }
}

/// Converts as far as the time slice goes.
fn convert(cx: &mut Context<'_>, args: &[Term], mut converter: Converter) -> Result<(Vec<u8>, End), Raise> {
    let most = cx.vm.loop_limits.characters;
    match cx.work_at_most(most, ELEMENTS, |cx, budget| converter.run(&mut cx.process.heap, budget)) {
        Ok(Some(end)) => Ok((converter.into_bytes(), end)),
        Ok(None) => Err(cx.park(Parked::Characters(converter), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// The result, or `{error, Result, Rest}` or `{incomplete, Result, Rest}`.
fn finish(cx: &mut Context<'_>, converted: Term, end: End) -> Term {
    let (tag, rest) = match end {
        End::Complete => return converted,
        End::Incomplete(rest) => (predefined::INCOMPLETE, rest),
        End::Error(rest) => (predefined::ERROR, rest),
    };
    build::tuple(cx.heap(), &[Term::atom(tag), converted, rest])
}

/// `unicode:characters_to_binary/2`
pub fn characters_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(encoding) = encoding(args[1]) else {
        return Err(trap(cx, predefined::CHARACTERS_TO_BINARY_INT, args));
    };
    let converter = match cx.take_parked() {
        Some(Parked::Characters(converter)) => converter,
        _ => {
            let only = args[0].as_cons().filter(|cell| cell.tail().is_nil()).map(|cell| cell.head());
            let chardata = only.filter(|term| term.is_bitstring()).unwrap_or(args[0]);
            if let Some(bits) = chardata.as_bits().filter(|bits| bits.is_binary()) {
                cx.bump((bits.len() / 8 / BYTES) as u32);
                if is_utf8(&bits, encoding) {
                    return Ok(chardata);
                }
            }
            Converter::new(chardata, encoding)
        }
    };
    let (bytes, end) = convert(cx, args, converter)?;
    let binary = build::binary(cx.heap(), &bytes);
    Ok(finish(cx, binary, end))
}

/// `unicode:characters_to_list/2`
pub fn characters_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(encoding) = encoding(args[1]) else {
        return Err(trap(cx, predefined::CHARACTERS_TO_LIST_INT, args));
    };
    let listing = match cx.take_parked() {
        Some(Parked::Listing(listing)) => listing,
        parked => {
            let converter = match parked {
                Some(Parked::Characters(converter)) => converter,
                _ => Converter::new(args[0], encoding),
            };
            let (utf8, end) = convert(cx, args, converter)?;
            Listing::new(utf8, end)
        }
    };
    list(cx, args, listing)
}

fn list(cx: &mut Context<'_>, args: &[Term], mut listing: Listing) -> BifResult {
    let most = cx.vm.loop_limits.characters;
    if !cx.work_at_most(most, CHARACTERS, |cx, budget| listing.run(&mut cx.process.heap, budget)) {
        return Err(cx.park(Parked::Listing(listing), args));
    }
    Ok(finish(cx, listing.list(), listing.end()))
}

/// `unicode:bin_is_7bit/1`
pub fn bin_is_7bit(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(bits) = args[0].as_bits().filter(|bits| bits.is_binary()) else {
        return Ok(Term::boolean(false));
    };
    cx.bump((bits.len() / 8 / BYTES) as u32);
    Ok(Term::boolean(chardata::is_ascii(&bits)))
}
