// SPDX-License-Identifier: Apache-2.0
//! The segments of `bs_create_bin`.

use alloc::vec::Vec;

use super::super::LoadError;
use super::Translator;
use super::bits::{as_source, known, string_words};
use crate::atom::predefined;
use crate::beam_file::GenericOp;
use crate::emu::operand::Arg;
use crate::emu::segments::{Segment, SegmentKind, SizeKind, Sizes, Summary};
use crate::term::Term;

impl Translator<'_> {
    /// From the compiler's list, six elements a segment, to the list that the instruction has.
    pub(super) fn segments(&self, op: GenericOp, list: &[Arg]) -> Result<Arg, LoadError> {
        let mut out = Vec::with_capacity(1 + list.len() / 2);
        let mut summary = Summary { known_bits: 0, sizes: Sizes::Known };
        out.push(Arg::Number(0));
        let mut segments = list.chunks_exact(6);
        for (place, segment) in segments.by_ref().enumerate() {
            let [kind, number, unit, flags, value, size] = segment else { continue };
            let kind = kind_of(kind).ok_or(LoadError::Unsupported(op))?;
            let is_first = matches!(kind, SegmentKind::Append | SegmentKind::PrivateAppend);
            if is_first && place > 0 {
                return Err(LoadError::Unsupported(op));
            }
            let unit = known(unit).filter(|unit| *unit <= 256).ok_or(LoadError::Unsupported(op))?;
            let bits = known(size).and_then(|size| size.checked_mul(unit));
            let bits = bits.and_then(|bits| Term::small(i64::try_from(bits).ok()?));
            let (size_kind, size) = match bits {
                _ if !has_size(kind, size) => (SizeKind::Whole, Arg::Const(Term::NIL)),
                Some(bits) => (SizeKind::Known, Arg::Const(bits)),
                None => (SizeKind::Units, as_source(size)),
            };
            let sum = bits.and_then(|bits| summary.known_bits.checked_add(bits.as_small()? as u64));
            match sum.filter(|sum| size_kind == SizeKind::Known && *sum <= Summary::MOST) {
                Some(sum) => summary.known_bits = sum,
                None if is_first => {}
                None => summary.sizes = Sizes::Open,
            }
            let segment = Segment {
                kind,
                size: size_kind,
                flags: self.flags(flags),
                unit: unit as u16,
                number: known(number).unwrap_or(0) as u32,
            };
            out.push(Arg::Number(segment.encode()));
            if kind == SegmentKind::String {
                let (Arg::Number(offset), Some(bits)) = (value, known(&size)) else {
                    return Err(LoadError::Unsupported(op));
                };
                let words = string_words(self.string(*offset as usize, bits as usize / 8));
                out.extend([size, Arg::Number(words.len() as u64), Arg::Data(words)]);
            } else {
                out.extend([as_source(value), size]);
            }
        }
        out[0] = Arg::Number(summary.encode());
        if segments.remainder().is_empty() { Ok(Arg::List(out)) } else { Err(LoadError::Unsupported(op)) }
    }
}

/// Whether a segment has a size of its own.
fn has_size(kind: SegmentKind, size: &Arg) -> bool {
    let is_all = matches!(size, Arg::Const(term) if *term == Term::atom(predefined::ALL));
    match kind {
        SegmentKind::Utf8 | SegmentKind::Utf16 | SegmentKind::Utf32 => false,
        SegmentKind::Append | SegmentKind::PrivateAppend => false,
        SegmentKind::Binary => !is_all,
        _ => true,
    }
}

fn kind_of(kind: &Arg) -> Option<SegmentKind> {
    let Arg::Const(term) = kind else { return None };
    Some(match term.as_atom()? {
        predefined::INTEGER => SegmentKind::Integer,
        predefined::FLOAT => SegmentKind::Float,
        predefined::BINARY => SegmentKind::Binary,
        predefined::UTF8 => SegmentKind::Utf8,
        predefined::UTF16 => SegmentKind::Utf16,
        predefined::UTF32 => SegmentKind::Utf32,
        predefined::STRING => SegmentKind::String,
        predefined::APPEND => SegmentKind::Append,
        predefined::PRIVATE_APPEND => SegmentKind::PrivateAppend,
        _ => return None,
    })
}
