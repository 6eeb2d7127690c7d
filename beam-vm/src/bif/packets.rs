// SPDX-License-Identifier: Apache-2.0
//! `erlang:decode_packet/3`: takes a packet from the beginning of a binary.

use alloc::borrow::Cow;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::packet::{self, Content, Limits, Next, Packet};
use crate::term::Term;

/// Bytes that are looked at in a reduction.
const BYTES: usize = 1024;

/// `{packet_size, Bytes}`, `{line_length, Bytes}`, `{line_delimiter, Byte}`
fn limits(options: Term) -> Option<Limits> {
    let mut limits = Limits::default();
    let mut rest = options;
    while let Some(cell) = rest.as_cons() {
        let tuple = cell.head().as_tuple()?;
        let [name, value] = *tuple.elements() else { return None };
        let value = u32::try_from(value.as_small()?).ok()?;
        match name.as_atom()? {
            predefined::PACKET_SIZE => limits.packet = value,
            predefined::LINE_LENGTH => limits.line = value,
            predefined::LINE_DELIMITER => limits.delimiter = u8::try_from(value).ok()?,
            _ => return None,
        }
        rest = cell.tail();
    }
    rest.is_nil().then_some(limits)
}

/// `erlang:decode_packet/3`
pub fn decode_packet(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let no_type = Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));
    let packet = Packet::of_term(args[0]).ok_or(no_type)?;
    let bits = args[1].as_bits().ok_or(Raise::BADARG)?;
    let limits = limits(args[2]).ok_or(Raise::BADARG)?;
    let size = bits.len();
    let whole = bits.slice(0, size - size % 8);
    let bytes = match whole.as_bytes() {
        Some(bytes) => Cow::Borrowed(bytes),
        None => Cow::Owned(whole.bytes().collect()),
    };
    cx.bump((bytes.len() / BYTES) as u32);
    let mut next = Next::Start;
    let error = [Term::atom(predefined::ERROR), Term::atom(predefined::INVALID)];
    let length = match packet.length(&bytes, &limits, &mut next) {
        Err(packet::Malformed) => return Ok(build::tuple(cx.heap(), &error)),
        Ok(Some(length)) if length <= bytes.len() => length,
        Ok(length) => {
            let length = length.map_or(Term::atom(predefined::UNDEFINED), Term::count);
            return Ok(build::tuple(cx.heap(), &[Term::atom(predefined::MORE), length]));
        }
    };
    let heap = &mut cx.process.heap;
    let term = match packet.content(&bytes[..length], &mut next) {
        Content::Body(body) => {
            // What goes before it is its length; what goes after it is padding.
            build::sub_binary(heap, args[1], 8 * packet.prefix(), 8 * body.len())
        }
        content => packet::build(heap, &content),
    };
    let rest = build::sub_binary(heap, args[1], 8 * length, size - 8 * length);
    Ok(build::tuple(heap, &[Term::atom(predefined::OK), term, rest]))
}
