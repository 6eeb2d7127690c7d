// SPDX-License-Identifier: Apache-2.0
//! `erlang:decode_packet/3`

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::packet::{self, Content, Limits, Next, Packet};
use crate::term::Term;

/// Bytes that are looked at in a reduction.
const BYTES: usize = 500;

fn limits(kind: Packet, options: Term) -> Option<Limits> {
    let mut limits = Limits::default();
    let mut rest = options;
    while let Some(cell) = rest.as_cons() {
        let option = cell.head().as_tuple()?;
        let [name, value] = *option.elements() else { return None };
        let value = value.as_small().and_then(|value| u32::try_from(value).ok())?;
        match name.as_atom()? {
            predefined::PACKET_SIZE => limits.packet = value,
            predefined::LINE_LENGTH => limits.line = value,
            predefined::LINE_DELIMITER if kind == Packet::Line => {
                limits.delimiter = u8::try_from(value).ok()?;
            }
            _ => return None,
        }
        rest = cell.tail();
    }
    rest.is_nil().then_some(limits)
}

/// `decode_packet/3`
pub fn decode_packet(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    // Bits after the last byte are part of the rest.
    let all = args[1].as_bits().ok_or(Raise::BADARG)?;
    let bits = all.slice(0, all.len() / 8 * 8);
    // The short name of records of TLS is one for sockets alone.
    let kind = Some(args[0]).filter(|kind| *kind != Term::atom(predefined::SSL)).and_then(Packet::of_term);
    let kind = kind.ok_or(Raise::BADARG)?;
    let limits = limits(kind, args[2]).ok_or(Raise::BADARG)?;
    let copy: alloc::vec::Vec<u8>;
    let bytes = match bits.as_bytes() {
        Some(bytes) => bytes,
        None => {
            copy = bits.bytes().collect();
            &copy
        }
    };
    let mut next = Next::default();
    let known = kind.length(bytes, &limits, &mut next);
    let length = match known {
        Ok(Some(length)) if length <= bytes.len() => length,
        _ => {
            cx.bump((bytes.len() / BYTES) as u32);
            let atom = Term::atom;
            let pair = match known {
                Ok(Some(length)) => [atom(predefined::MORE), Term::count(length)],
                Ok(None) => [atom(predefined::MORE), atom(predefined::UNDEFINED)],
                Err(_) => [atom(predefined::ERROR), atom(predefined::INVALID)],
            };
            return Ok(build::tuple(cx.heap(), &pair));
        }
    };
    cx.bump((length / BYTES) as u32);
    let heap = cx.heap();
    let packet = match kind.content(&bytes[..length], &mut next) {
        Content::Body(body) => {
            let start = body.as_ptr().addr() - bytes.as_ptr().addr();
            build::sub_bits(heap, args[1], 8 * start, 8 * body.len())
        }
        content => packet::build(heap, &content),
    };
    let rest = build::sub_bits(heap, args[1], 8 * length, all.len() - 8 * length);
    Ok(build::tuple(heap, &[Term::atom(predefined::OK), packet, rest]))
}
