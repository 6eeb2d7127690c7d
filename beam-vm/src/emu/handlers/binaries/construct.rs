// SPDX-License-Identifier: Apache-2.0
//! `bs_create_bin`: all segments of a binary at once. Their sizes come first, so that the binary is made with its size and written in place.
//!
//! The order in which errors are found is that of stock's native code: all sizes first, then what is appended to, then what is written.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::outside;
use super::room::{collect_keeping, is_free, state};
use super::segments::{Part, Parts, SegmentKind, SizeKind, Sizes};
use crate::atom::{Atom, predefined};
use crate::bif::Raise;
use crate::bits::{
    APPEND_WORDS, Building, Unwritable, Writer, append, append_private, utf8_size, utf16_size,
};
use crate::emu::collect::Outcome;
use crate::emu::dispatch::{State, go, handlers, jump, next, slow};
use crate::emu::operand::{D, Dest, Fail, I5, ListOf, N16, N32, S, Source};
use crate::emu::{Machine, call, exception};
use crate::heap::{BinaryBlock, ProcessHeap, build};
use crate::term::{Bits, Term, layout};

/// `Fail Words Live Dst Segments`
type Create = I5<Fail, N32, N16, D, ListOf>;

/// What became of the instruction.
#[repr(u64)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    /// It has had its effect.
    Done,
    /// The machine's fault has reason and cause.
    Failed,
    /// There was a collection; it has to be done again.
    Again,
    /// The process has ended.
    Stopped,
}

/// Why there is no binary.
#[derive(Clone, Copy)]
struct Failure {
    reason: Atom,
    number: u32,
    kind: Atom,
    what: Atom,
    value: Term,
}

impl Failure {
    fn new(part: &Part<'_>, reason: Atom, what: Atom, value: Term) -> Self {
        let kind = match part.segment.kind {
            SegmentKind::Integer => predefined::INTEGER,
            SegmentKind::Float => predefined::FLOAT,
            SegmentKind::Utf8 => predefined::UTF8,
            SegmentKind::Utf16 => predefined::UTF16,
            SegmentKind::Utf32 => predefined::UTF32,
            _ => predefined::BINARY,
        };
        Self { reason, number: part.segment.number, kind, what, value }
    }
}

/// A number of bits that no bitstring can have.
const TOO_MANY: usize = 1 << 62;

/// The bits of a segment whose size is a term.
fn size_of(part: &Part<'_>, size: Term) -> Result<usize, Failure> {
    if let Some(units) = size.as_small() {
        let bits = usize::try_from(units).ok().map(|units| units.checked_mul(usize::from(part.segment.unit)));
        return match bits {
            Some(Some(bits)) if bits < TOO_MANY => Ok(bits),
            Some(_) => Err(Failure::new(part, predefined::SYSTEM_LIMIT, predefined::SIZE, size)),
            None => Err(Failure::new(part, predefined::BADARG, predefined::SIZE, size)),
        };
    }
    let is_large = size.as_big().is_some_and(|big| !big.is_negative());
    let reason = if is_large { predefined::SYSTEM_LIMIT } else { predefined::BADARG };
    Err(Failure::new(part, reason, predefined::SIZE, size))
}

/// The bits of a segment whose size follows from its value.
fn size_of_value(part: &Part<'_>, value: Term) -> Result<usize, Failure> {
    Ok(match part.segment.kind {
        SegmentKind::Utf8 => utf8_size(value),
        SegmentKind::Utf16 => utf16_size(value),
        SegmentKind::Utf32 => 32,
        _ => {
            let bits = value.as_bits();
            bits.ok_or_else(|| Failure::new(part, predefined::BADARG, predefined::TYPE, value))?.len()
        }
    })
}

/// A bitstring whose bits have to be a number of units.
fn whole_units(part: &Part<'_>, value: Term) -> Result<Bits, Failure> {
    let bits = value.as_bits();
    let bits = bits.ok_or_else(|| Failure::new(part, predefined::BADARG, predefined::TYPE, value))?;
    if bits.len().is_multiple_of(usize::from(part.segment.unit)) {
        Ok(bits)
    } else {
        Err(Failure::new(part, predefined::BADARG, predefined::UNIT, value))
    }
}

/// Whether others are appended to a segment.
fn is_first(part: &Part<'_>) -> bool {
    matches!(part.segment.kind, SegmentKind::Append | SegmentKind::PrivateAppend)
}

/// Bits of all segments but the one that is appended to.
#[inline(never)]
unsafe fn total(s: &State, parts: Parts<'_>) -> Result<usize, Failure> {
    let mut bits = 0_usize;
    for part in parts.filter(|part| !is_first(part)) {
        // SAFETY: the operands are those of the instruction at `s.ip`.
        let (value, size) = unsafe { (part.value.get(s), part.size.get(s)) };
        bits = match part.segment.size {
            SizeKind::Known => add(&part, bits, size.small_value() as usize, size)?,
            SizeKind::Units => add(&part, bits, size_of(&part, size)?, size)?,
            SizeKind::Whole => add(&part, bits, size_of_value(&part, value)?, value)?,
        };
    }
    Ok(bits)
}

fn add(part: &Part<'_>, bits: usize, more: usize, value: Term) -> Result<usize, Failure> {
    let sum = bits.checked_add(more).filter(|sum| *sum < TOO_MANY);
    sum.ok_or_else(|| Failure::new(part, predefined::SYSTEM_LIMIT, predefined::SIZE, value))
}

/// Writes a segment.
#[inline(never)]
unsafe fn write(s: &State, writer: &mut Writer<'_>, part: &Part<'_>) -> Result<(), Failure> {
    // SAFETY: the operands are those of the instruction at `s.ip`.
    unsafe {
        let segment = part.segment;
        let (kind, flags) = (segment.kind, segment.flags);
        if kind == SegmentKind::String {
            let bits = part.size.get(s).small_value() as usize;
            let bytes = core::slice::from_raw_parts(part.string.as_ptr().cast(), 8 * part.string.len());
            writer.bytes(bytes, bits);
            return Ok(());
        }
        let value = part.value.get(s);
        let size = part.size.get(s);
        let bits = match segment.size {
            SizeKind::Known => size.small_value() as usize,
            SizeKind::Units => size.small_value() as usize * usize::from(segment.unit),
            SizeKind::Whole if kind == SegmentKind::Binary => whole_units(part, value)?.len(),
            SizeKind::Whole => 0,
        };
        let written = match kind {
            SegmentKind::Integer => writer.integer(value, bits, flags),
            SegmentKind::Float => writer.float(value, bits, flags),
            SegmentKind::Utf8 => writer.utf8(value),
            SegmentKind::Utf16 => writer.utf16(value, flags),
            SegmentKind::Utf32 => writer.utf32(value, flags),
            _ => writer.bitstring(value, bits),
        };
        written.map_err(|error| match error {
            Unwritable::Type => Failure::new(part, predefined::BADARG, predefined::TYPE, value),
            Unwritable::Invalid => {
                Failure::new(part, predefined::BADARG, predefined::INVALID, Term::count(bits))
            }
            Unwritable::NoFloat => Failure::new(part, predefined::BADARG, predefined::NO_FLOAT, value),
            Unwritable::Short => Failure::new(part, predefined::BADARG, predefined::SHORT, value),
            Unwritable::Unit => Failure::new(part, predefined::BADARG, predefined::UNIT, value),
        })
    }
}

/// Words that a binary of some bits takes on the heap.
pub(super) fn words_of(bits: usize) -> usize {
    let bytes = bits.div_ceil(8);
    let whole = if bytes <= layout::HEAP_BINARY_LIMIT {
        layout::HEAP_DATA + bytes.div_ceil(8)
    } else {
        layout::REFC_SIZE
    };
    whole + if bits.is_multiple_of(8) { 0 } else { layout::SUB_SIZE }
}

/// A binary of some bits to be written. None if there is no memory for it.
#[inline]
pub(super) fn begin(heap: &mut ProcessHeap, bits: usize) -> Option<(Term, Building)> {
    let bytes = bits.div_ceil(8);
    let (whole, building) = if bytes <= layout::HEAP_BINARY_LIMIT {
        let (term, place) = build::heap_binary(heap, bytes);
        (term, Building::new(place, bytes, 0))
    } else {
        let block = BinaryBlock::try_new(bytes)?;
        let building = Building::new(block.data(), bytes, 0);
        (build::refc_binary(heap, block, bytes, 0), building)
    };
    let term = if bits.is_multiple_of(8) { whole } else { build::sub_binary(heap, whole, 0, bits) };
    Some((term, building))
}

/// Makes the binary, or says why not.
#[inline(always)]
unsafe fn make(s: &mut State) -> Result<Became, Failure> {
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*s.ip.cast::<Create>();
        let words = op.e.get(s);
        let (summary, mut parts) = Parts::new(words);
        let bits = match summary.sizes {
            Sizes::Known => summary.known_bits as usize,
            Sizes::Open => total(s, parts)?,
        };
        let mut rest = parts;
        let first = rest.next().filter(is_first);
        if let Some(first) = &first {
            whole_units(first, first.value.get(s))?;
            parts = rest;
        }
        let needed = if first.is_some() { APPEND_WORDS } else { words_of(bits) } + op.b.0 as usize;
        if !is_free(s, needed) {
            return Ok(make_room(s, needed));
        }
        let heap = &mut (*(*s.m).process).heap;
        let made = match &first {
            None => begin(heap, bits),
            Some(first) => {
                let value = first.value.get(s);
                value.as_bits().and_then(|before| match first.segment.kind {
                    SegmentKind::PrivateAppend => append_private(heap, value, &before, bits),
                    _ => append(heap, value, &before, bits),
                })
            }
        };
        let Some((term, building)) = made else { return Err(no_memory(s, words)) };
        let mut writer = building.writer();
        loop {
            let before = parts;
            if let Some((value, bits, flags)) = parts.next_known_integer()
                && writer.short_integer(value.get(s), bits, flags).is_some()
            {
                continue;
            }
            parts = before;
            match parts.next() {
                Some(part) => write(s, &mut writer, &part)?,
                None => break,
            }
        }
        op.d.set(s, term);
        Ok(Became::Done)
    }
}

/// Collects, and keeps what the segments are made of.
#[cold]
unsafe fn make_room(s: &mut State, needed: usize) -> Became {
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*s.ip.cast::<Create>();
        let operands = Parts::new(op.e.get(s)).1.flat_map(|part| [part.value, part.size]);
        match collect_keeping(s, needed, usize::from(op.c.0), operands) {
            Outcome::GoOn => Became::Again,
            Outcome::Stopped => Became::Stopped,
        }
    }
}

/// There is no memory for the binary, which is said of its first segment.
#[cold]
unsafe fn no_memory(s: &State, words: &'static [S]) -> Failure {
    // SAFETY: as for the handler that calls.
    let about = |part: Part<'_>| unsafe {
        Failure::new(&part, predefined::SYSTEM_LIMIT, predefined::SIZE, part.size.get(s))
    };
    let none = Failure {
        reason: predefined::SYSTEM_LIMIT,
        number: 1,
        kind: predefined::BINARY,
        what: predefined::SIZE,
        value: Term::NIL,
    };
    Parts::new(words).1.next().map_or(none, about)
}

#[inline(never)]
unsafe extern "sysv64" fn create(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> Became {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        match make(&mut s) {
            Ok(became) => became,
            Err(failure) => {
                let heap = &mut (*(*m).process).heap;
                let cause = [
                    Term::count(failure.number as usize),
                    Term::atom(failure.kind),
                    Term::atom(failure.what),
                    failure.value,
                ];
                (*m).fault.reason = Term::atom(failure.reason);
                (*m).fault.cause = build::tuple(heap, &cause);
                Became::Failed
            }
        }
    }
}

call::slow_paths! {
    /// Raises what [`create`] has left in the machine's fault.
    fn raise_failure(s) {
        let fault = (*s.m).fault;
        exception::raise(s, Raise::ErrorWithCause(fault.reason, fault.cause))
    }
}

/// The end of an instruction that may raise or collect.
macro_rules! finish {
    ($s:ident, $op:ident, $became:expr) => {{
        let became = $became;
        if became == Became::Done {
            call::look_soon(&mut $s);
            next!($s, $op)
        }
        match became {
            Became::Again => go($s),
            Became::Stopped => {}
            _ if $op.a.0 != 0 => jump!($s, $op.a.0),
            _ => slow!($s, raise_failure),
        }
    }};
}

pub(super) use finish;

handlers! {
    /// `bs_create_bin Fail Words Live Dst Segments`
    fn create_bin(s, op: Create) {
        finish!(s, op, outside!(s, create))
    }
}
