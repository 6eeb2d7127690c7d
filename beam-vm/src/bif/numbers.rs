// SPDX-License-Identifier: Apache-2.0
//! Numbers from and to texts.

use alloc::vec;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise, arithmetic};
use crate::atom::{Atom, predefined};
use crate::heap::{ProcessHeap, build};
use crate::number::float::{self, Compact, Form};
use crate::number::integer::{self, ParseError};
use crate::term::Term;

/// Room for the text of an integer of 64 bits in any radix.
const SHORT_TEXT: usize = 72;

/// Lets somebody see the text of an integer.
fn with_text(term: Term, radix: u32, see: impl FnOnce(&[u8]) -> Term) -> BifResult {
    let whole = arithmetic::whole(term).ok_or(Raise::BADARG)?;
    Ok(whole.with(|value| {
        let bytes = integer::format_bytes(value, radix);
        if let Some(out) = [0; SHORT_TEXT].get_mut(..bytes) {
            return see(integer::format(value, radix, out));
        }
        see(integer::format(value, radix, &mut vec![0; bytes]))
    }))
}

fn radix(term: Term) -> Result<u32, Raise> {
    term.as_small().filter(|radix| (2..=36).contains(radix)).map(|radix| radix as u32).ok_or(Raise::BADARG)
}

/// `integer_to_list/1`
pub fn integer_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    with_text(args[0], 10, |text| build::byte_list(cx.heap(), text))
}

/// `integer_to_list/2`
pub fn integer_to_list2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    with_text(args[0], radix(args[1])?, |text| build::byte_list(cx.heap(), text))
}

/// `integer_to_binary/1`
pub fn integer_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    with_text(args[0], 10, |text| build::binary(cx.heap(), text))
}

/// `integer_to_binary/2`
pub fn integer_to_binary2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    with_text(args[0], radix(args[1])?, |text| build::binary(cx.heap(), text))
}

fn parse_integer(heap: &mut ProcessHeap, text: &[u8], radix: u32) -> BifResult {
    let mut out = vec![0; integer::parse_limbs(text.len(), radix)];
    match integer::parse(text, radix, &mut out) {
        Ok(extent) => Ok(build::number(heap, extent.view(&out))),
        Err(ParseError::NotAnInteger) => Err(Raise::BADARG),
        Err(ParseError::TooLarge(_)) => Err(Raise::SYSTEM_LIMIT),
    }
}

/// The bytes of a proper list of bytes.
fn list_bytes(list: Term) -> Result<Vec<u8>, Raise> {
    let mut bytes = Vec::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let byte = cell.head().as_small().and_then(|byte| u8::try_from(byte).ok()).ok_or(Raise::BADARG)?;
        bytes.push(byte);
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(bytes) } else { Err(Raise::BADARG) }
}

fn binary_bytes(term: Term) -> Result<Vec<u8>, Raise> {
    let bits = term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)?;
    Ok(bits.bytes().collect())
}

/// `list_to_integer/1`
pub fn list_to_integer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bytes = list_bytes(args[0])?;
    parse_integer(cx.heap(), &bytes, 10)
}

/// `list_to_integer/2`
pub fn list_to_integer2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bytes, radix) = (list_bytes(args[0])?, radix(args[1])?);
    parse_integer(cx.heap(), &bytes, radix)
}

/// `binary_to_integer/1`
pub fn binary_to_integer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bytes = binary_bytes(args[0])?;
    parse_integer(cx.heap(), &bytes, 10)
}

/// `binary_to_integer/2`
pub fn binary_to_integer2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bytes, radix) = (binary_bytes(args[0])?, radix(args[1])?);
    parse_integer(cx.heap(), &bytes, radix)
}

/// `erts_internal:binary_to_integer/2` of OTP 26: what fails is told by an atom, and `erlang` raises.
pub fn try_binary_to_integer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let reason = match binary_to_integer2(cx, args) {
        Ok(value) => return Ok(value),
        Err(Raise::Error(reason)) if reason == Term::atom(predefined::SYSTEM_LIMIT) => predefined::BIG,
        Err(_) => predefined::BADARG,
    };
    Ok(Term::atom(reason))
}

/// Why a list does not begin with an integer.
enum NoInteger {
    /// It begins with something else.
    Other(Atom),
    /// The integer is too large.
    TooLarge,
}

/// The integer that a list begins with, and the rest.
fn scan_list(cx: &mut Context<'_>, list: Term, radix: u32) -> Result<(Term, Term), NoInteger> {
    if list.is_nil() {
        return Err(NoInteger::Other(predefined::NO_INTEGER));
    }
    if !list.is_cons() {
        return Err(NoInteger::Other(predefined::NOT_A_LIST));
    }
    let mut text = Vec::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_small().and_then(|byte| u8::try_from(byte).ok()) {
            Some(sign @ (b'+' | b'-')) if text.is_empty() => text.push(sign),
            Some(digit) if char::from(digit).is_digit(radix) => text.push(digit),
            _ => break,
        }
        rest = cell.tail();
    }
    if matches!(*text, [] | [b'+' | b'-']) {
        return Err(NoInteger::Other(predefined::NO_INTEGER));
    }
    match parse_integer(cx.heap(), &text, radix) {
        Ok(value) => Ok((value, rest)),
        Err(_) => Err(NoInteger::TooLarge),
    }
}

/// `erts_internal:list_to_integer/2` of OTP 26: the integer that a list begins with, and the rest, or an atom.
pub fn try_list_to_integer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Ok(radix) = radix(args[1]) else { return Ok(Term::atom(predefined::BADARG)) };
    match scan_list(cx, args[0], radix) {
        Ok((value, rest)) => Ok(build::tuple(cx.heap(), &[value, rest])),
        Err(NoInteger::Other(reason)) => Ok(Term::atom(reason)),
        Err(NoInteger::TooLarge) => Ok(Term::atom(predefined::BIG)),
    }
}

/// `string:list_to_integer/1`
pub fn scan_integer(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match scan_list(cx, args[0], 10) {
        Ok((value, rest)) => Ok(build::tuple(cx.heap(), &[value, rest])),
        Err(NoInteger::Other(reason)) => {
            Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), Term::atom(reason)]))
        }
        Err(NoInteger::TooLarge) => Err(Raise::SYSTEM_LIMIT),
    }
}

/// `string:list_to_float/1`: the float that a list begins with, and the rest.
pub fn scan_float(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let failure = |cx: &mut Context<'_>, reason| {
        Ok(build::tuple(cx.heap(), &[Term::atom(predefined::ERROR), Term::atom(reason)]))
    };
    if !args[0].is_list() {
        return failure(cx, predefined::NOT_A_LIST);
    }
    let mut text = Vec::new();
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_small().and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte @ (b'0'..=b'9' | b'+' | b'-' | b'.' | b',' | b'e' | b'E')) => text.push(byte),
            _ => break,
        }
        rest = cell.tail();
    }
    let Ok((value, len)) = float::scan(&text) else { return failure(cx, predefined::NO_FLOAT) };
    let mut rest = args[0];
    for _ in 0..len {
        rest = rest.as_cons().map_or(Term::NIL, |cell| cell.tail());
    }
    let value = build::float(cx.heap(), value);
    Ok(build::tuple(cx.heap(), &[value, rest]))
}

/// The options of `float_to_list/2`; the last of several counts.
fn form(options: Term) -> Result<Form, Raise> {
    let mut form = Form::DEFAULT;
    let (mut decimals, mut compact) = (None, Compact::No);
    let mut rest = options;
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::COMPACT) => compact = Compact::Yes,
            Some(predefined::SHORT) => {
                form = Form::Short;
                decimals = None;
            }
            Some(_) => return Err(Raise::BADARG),
            None => {
                let pair = cell.head().as_tuple().ok_or(Raise::BADARG)?;
                let [name, digits] = *pair.elements() else { return Err(Raise::BADARG) };
                let digits = digits.as_small().ok_or(Raise::BADARG)?;
                match name.as_atom() {
                    // Stock takes the low 32 bits; what cannot be written is found when it is tried.
                    Some(predefined::DECIMALS) => decimals = Some(digits as i32),
                    Some(predefined::SCIENTIFIC) => {
                        form = Form::Scientific(digits as i32);
                        decimals = None;
                    }
                    _ => return Err(Raise::BADARG),
                }
            }
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    Ok(decimals.map_or(form, |digits| Form::Decimals(digits, compact)))
}

fn float_text(term: Term, form: Form) -> Result<float::Text, Raise> {
    let value = term.as_float().ok_or(Raise::BADARG)?;
    float::format(value, form).map_err(|_| Raise::BADARG)
}

/// `float_to_list/1`
pub fn float_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = float_text(args[0], Form::DEFAULT)?;
    Ok(build::byte_list(cx.heap(), text.as_bytes()))
}

/// `float_to_list/2`
pub fn float_to_list2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = float_text(args[0], form(args[1])?)?;
    Ok(build::byte_list(cx.heap(), text.as_bytes()))
}

/// `float_to_binary/1`
pub fn float_to_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = float_text(args[0], Form::DEFAULT)?;
    Ok(build::binary(cx.heap(), text.as_bytes()))
}

/// `float_to_binary/2`
pub fn float_to_binary2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = float_text(args[0], form(args[1])?)?;
    Ok(build::binary(cx.heap(), text.as_bytes()))
}

/// `list_to_float/1`
pub fn list_to_float(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let value = float::parse(&list_bytes(args[0])?).map_err(|_| Raise::BADARG)?;
    Ok(build::float(cx.heap(), value))
}

/// `binary_to_float/1`
pub fn binary_to_float(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let value = float::parse(&binary_bytes(args[0])?).map_err(|_| Raise::BADARG)?;
    Ok(build::float(cx.heap(), value))
}
