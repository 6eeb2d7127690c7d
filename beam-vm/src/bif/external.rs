// SPDX-License-Identifier: Apache-2.0
//! Terms to and from the external term format: `term_to_binary` and its kin.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::etf::{
    DecodeError, Decoder, Deflater, EncodeOptions, Encoder, Inflater, Keep, Level, MapOrder, MinorVersion,
    Names, Origin, Part,
};
use crate::heap::{Fragment, ProcessHeap, build};
use crate::process::{Decoding, Parked};
use crate::term::Term;

/// Small terms that are encoded or decoded in a reduction.
const TERMS: usize = 10;

/// The options of encoding; the last of several counts.
fn options(list: Option<&Term>) -> Result<(EncodeOptions, Level), Raise> {
    let (mut options, mut level) = (EncodeOptions::default(), Level::NONE);
    let mut rest = list.copied().unwrap_or(Term::NIL);
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::COMPRESSED) => level = Level::DEFAULT,
            Some(predefined::DETERMINISTIC) => options.maps = MapOrder::Sorted,
            Some(_) => return Err(Raise::BADARG),
            None => {
                let pair = cell.head().as_tuple().ok_or(Raise::BADARG)?;
                let [name, value] = *pair.elements() else { return Err(Raise::BADARG) };
                let value = value.as_small().ok_or(Raise::BADARG)?;
                match name.as_atom() {
                    Some(predefined::COMPRESSED) if (0..=9).contains(&value) => level = Level(value as u8),
                    Some(predefined::MINOR_VERSION) => options.version = version(value)?,
                    _ => return Err(Raise::BADARG),
                }
            }
        }
        rest = cell.tail();
    }
    if rest.is_nil() { Ok((options, level)) } else { Err(Raise::BADARG) }
}

fn version(value: i64) -> Result<MinorVersion, Raise> {
    match value {
        0 => Ok(MinorVersion::Zero),
        1 => Ok(MinorVersion::One),
        2 => Ok(MinorVersion::Two),
        _ => Err(Raise::BADARG),
    }
}

/// Encodes the first argument as far as the time slice goes.
fn encode(cx: &mut Context<'_>, args: &[Term], mut encoder: Encoder) -> Result<Encoder, Raise> {
    let is_done = cx.work(TERMS, |cx, budget| {
        let origin = Origin { atoms: &cx.vm.atoms, node: cx.vm.node };
        encoder.run(origin, budget)
    });
    if is_done { Ok(encoder) } else { Err(cx.park(Parked::Encode(encoder), args)) }
}

fn deflate(cx: &mut Context<'_>, args: &[Term], mut deflater: Deflater) -> BifResult {
    if !cx.work(TERMS, |_, budget| deflater.run(budget)) {
        return Err(cx.park(Parked::Deflate(deflater), args));
    }
    Ok(build::binary(cx.heap(), &deflater.into_bytes()))
}

/// `term_to_binary/1,2`
pub fn term_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (options, level) = options(args.get(1))?;
    let encoder = match cx.take_parked() {
        Some(Parked::Deflate(deflater)) => return deflate(cx, args, deflater),
        Some(Parked::Encode(encoder)) => encoder,
        _ => Encoder::new(args[0], options, Keep::Together),
    };
    let bytes = encode(cx, args, encoder)?.into_bytes();
    if level == Level::NONE {
        return Ok(build::binary(cx.heap(), &bytes));
    }
    deflate(cx, args, Deflater::new(bytes, level))
}

/// `term_to_iovec/1,2`; with compression it gives a binary, as stock does.
pub fn term_to_iovec(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (options, level) = options(args.get(1))?;
    if level != Level::NONE {
        return term_to_binary(cx, args);
    }
    let encoder = match cx.take_parked() {
        Some(Parked::Encode(encoder)) => encoder,
        _ => Encoder::new(args[0], options, Keep::Apart),
    };
    let parts = encode(cx, args, encoder)?.into_parts();
    let heap = cx.heap();
    let binaries: Vec<Term> = parts.into_iter().map(|part| binary_of(heap, part)).collect();
    Ok(build::list(heap, &binaries))
}

fn binary_of(heap: &mut ProcessHeap, part: Part) -> Term {
    match part {
        Part::Bytes(bytes) => build::binary(heap, &bytes),
        Part::Binary(binary) => match binary.as_bits() {
            Some(bits) if !bits.is_binary() => build::sub_bits(heap, binary, 0, bits.len() / 8 * 8),
            _ => binary,
        },
    }
}

/// `external_size/1,2`
pub fn external_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (options, level) = options(args.get(1))?;
    // Stock knows no other options here, and not the latest form.
    if level != Level::NONE || options.maps == MapOrder::Sorted || options.version > MinorVersion::One {
        return Err(Raise::BADARG);
    }
    let encoder = match cx.take_parked() {
        Some(Parked::Encode(encoder)) => encoder,
        _ => Encoder::new(args[0], options, Keep::Number),
    };
    Ok(Term::count(encode(cx, args, encoder)?.len()))
}

/// What `binary_to_term/2` gives besides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Term,
    TermAndUsed,
}

fn decode_options(list: Option<&Term>) -> Result<(Names, Wanted), Raise> {
    let badopt = Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));
    let (mut names, mut wanted) = (Names::New, Wanted::Term);
    let mut rest = list.copied().unwrap_or(Term::NIL);
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::SAFE) => names = Names::Known,
            Some(predefined::USED) => wanted = Wanted::TermAndUsed,
            _ => return Err(badopt),
        }
        rest = cell.tail();
    }
    if rest.is_nil() { Ok((names, wanted)) } else { Err(badopt) }
}

/// `binary_to_term/1,2`
pub fn binary_to_term(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (names, wanted) = decode_options(args.get(1))?;
    let bits = args[0].as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)?;
    let mut decoding = match cx.take_parked() {
        Some(Parked::Decode(decoding)) => decoding,
        _ => {
            let source =
                if bits.as_bytes().is_some() { None } else { Some(bits.bytes().collect::<Vec<u8>>()) };
            let bytes = source.as_deref().or(bits.as_bytes()).unwrap_or_default();
            let inflater = Inflater::new(bytes).map_err(|_| Raise::BADARG)?;
            let fragment = Fragment::default();
            Box::new(Decoding { source, inflater, used: None, decoder: None, fragment })
        }
    };
    let argument = bits.as_bytes().unwrap_or_default();
    match cx.work(TERMS, |cx, budget| decode(cx, &mut decoding, argument, names, budget)) {
        Err(_) => Err(Raise::BADARG),
        Ok(None) => Err(cx.park(Parked::Decode(decoding), args)),
        Ok(Some((term, used))) => {
            cx.heap().absorb(decoding.fragment);
            if wanted == Wanted::Term {
                return Ok(term);
            }
            Ok(build::tuple(cx.heap(), &[term, Term::count(used)]))
        }
    }
}

fn decode(
    cx: &mut Context<'_>,
    decoding: &mut Decoding,
    argument: &[u8],
    names: Names,
    budget: &mut usize,
) -> Result<Option<(Term, usize)>, DecodeError> {
    if let Some(inflater) = &mut decoding.inflater {
        let bytes = decoding.source.as_deref().unwrap_or(argument);
        if !inflater.run(bytes, budget)? {
            return Ok(None);
        }
        decoding.used = Some(inflater.used());
        decoding.source = decoding.inflater.take().map(Inflater::into_bytes);
    }
    let bytes = decoding.source.as_deref().unwrap_or(argument);
    let decoder = match &mut decoding.decoder {
        Some(decoder) => decoder,
        none => none.insert(Decoder::new(bytes, names)?),
    };
    let Some(term) = decoder.run(cx.vm, &mut decoding.fragment, bytes, budget)? else { return Ok(None) };
    match decoding.used {
        Some(used) => {
            decoder.expect_end(bytes)?;
            Ok(Some((term, used)))
        }
        None => Ok(Some((term, decoder.used()))),
    }
}
