// SPDX-License-Identifier: Apache-2.0
//! Construction one segment an instruction, as compilers before OTP 25 wrote it: an instruction that makes the binary with its size, then one
//! for each segment. Between them nothing collects, so the machine keeps where the next bit goes.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::construct::{Became, begin, finish, raise_failure, words_of};
use super::outside;
use super::room::{collect_keeping, is_free, state};
use crate::atom::{Atom, predefined};
use crate::bits::{
    APPEND_WORDS, Flags, Unwritable, Writer, append, append_private, init_writable, utf8_size, utf16_size,
};
use crate::emu::collect::Outcome;
use crate::emu::dispatch::{State, go, handlers, jump, next, slow};
use crate::emu::operand::{D, Dest, Fail, I2, I3, I4, I5, I6, N16, N32, S, Source, Words};
use crate::emu::{Machine, call};
use crate::heap::build;
use crate::term::{Bits, Term};

/// `Fail Size Words Live Unit Dst`
type Init = I6<Fail, S, N32, N16, N16, D>;
/// `Fail Bits Words (Unit and Live) Bin Dst`
type Append = I6<Fail, S, N32, N32, S, D>;
/// `Fail Bits Unit Bin Dst`
type PrivateAppend = I5<Fail, S, N16, S, D>;
/// `Fail Size (Unit and Flags) Value`
type Put = I4<Fail, S, N32, S>;
/// `Fail Flags Value`
type PutCodePoint = I3<Fail, N16, S>;

/// The bits that no bitstring can have.
const TOO_MANY: usize = 1 << 62;

/// Units as bits.
fn bits_of(size: Term, unit: usize) -> Result<usize, Atom> {
    match size.as_small() {
        Some(units) => {
            let units = usize::try_from(units).map_err(|_| predefined::BADARG)?;
            units.checked_mul(unit).filter(|bits| *bits < TOO_MANY).ok_or(predefined::SYSTEM_LIMIT)
        }
        None if size.as_big().is_some_and(|big| !big.is_negative()) => Err(predefined::SYSTEM_LIMIT),
        None => Err(predefined::BADARG),
    }
}

/// Puts the reason of an error into the machine's fault.
unsafe fn became(m: *mut Machine, result: Result<Became, Atom>) -> Became {
    match result {
        Ok(became) => became,
        Err(reason) => {
            // SAFETY: the machine is there while instructions are done.
            unsafe {
                (*m).fault.reason = Term::atom(reason);
                (*m).fault.cause = Term::NIL;
            }
            Became::Failed
        }
    }
}

/// Declares functions for [`outside`].
macro_rules! steps {
    ($(fn $name:ident / $inner:ident($s:ident, $op:ident: $layout:ty) $body:block)*) => {$(
        #[inline(always)]
        unsafe fn $inner($s: &mut State) -> Result<Became, Atom> {
            // SAFETY: as for the handler that calls.
            unsafe {
                let $op = &*$s.ip.cast::<$layout>();
                $body
            }
        }

        #[inline(never)]
        unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) -> Became {
            let mut s = state(ip, hp, sp, m, fcalls);
            // SAFETY: as for the handler that calls.
            unsafe {
                became(m, $inner(&mut s))
            }
        }
    )*};
}

/// Makes room, or says what became of the instruction for want of it.
unsafe fn room(s: &mut State, words: usize, live: usize, operands: &[S]) -> Option<Became> {
    if is_free(s, words) {
        return None;
    }
    // SAFETY: the instruction has had no effect yet.
    let outcome = unsafe { collect_keeping(s, words, live, operands.iter().copied()) };
    Some(if outcome == Outcome::GoOn { Became::Again } else { Became::Stopped })
}

/// Writes a segment.
unsafe fn put(
    m: *mut Machine,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), Unwritable>,
) -> Result<Became, Atom> {
    // SAFETY: the instruction that made the binary has set this, and nothing was collected since.
    unsafe {
        let building = (*m).building;
        let mut writer = building.writer();
        let written = write(&mut writer);
        (*m).building = building.after(&writer);
        written.map(|()| Became::Done).map_err(|_| predefined::BADARG)
    }
}

/// Unit and flags of their common operand.
fn split(operand: N32) -> (usize, Flags) {
    ((operand.0 >> 8) as usize, Flags(operand.0 as u8))
}

steps! {
    fn do_init / try_init(s, op: Init) {
        let bits = bits_of(op.b.get(s), usize::from(op.e.0))?;
        if let Some(became) = room(s, words_of(bits) + op.c.0 as usize, usize::from(op.d.0), &[op.b]) {
            return Ok(became);
        }
        let (term, building) = begin(&mut s.process().heap, bits).ok_or(predefined::SYSTEM_LIMIT)?;
        (*s.m).building = building;
        op.f.set(s, term);
        Ok(Became::Done)
    }

    fn do_append / try_append(s, op: Append) {
        let (unit, live) = ((op.d.0 >> 16) as usize, op.d.0 as u16);
        let more = bits_of(op.b.get(s), 1)?;
        let before = op.e.get(s).as_bits().filter(|bits| bits.len().is_multiple_of(unit)).ok_or(predefined::BADARG)?;
        if let Some(became) = room(s, APPEND_WORDS + op.c.0 as usize, usize::from(live), &[op.b, op.e]) {
            return Ok(became);
        }
        let first = op.e.get(s);
        let (term, building) = append(&mut s.process().heap, first, &before, more).ok_or(predefined::SYSTEM_LIMIT)?;
        (*s.m).building = building;
        op.f.set(s, term);
        Ok(Became::Done)
    }

    fn do_private_append / try_private_append(s, op: PrivateAppend) {
        let more = bits_of(op.b.get(s), 1)?;
        let first = op.d.get(s);
        let unit = usize::from(op.c.0);
        let before = first.as_bits().filter(|bits| bits.len().is_multiple_of(unit)).ok_or(predefined::BADARG)?;
        let (term, building) =
            append_private(&mut s.process().heap, first, &before, more).ok_or(predefined::SYSTEM_LIMIT)?;
        (*s.m).building = building;
        op.e.set(s, term);
        Ok(Became::Done)
    }

    fn do_put_integer / try_put_integer(s, op: Put) {
        let (unit, flags) = split(op.c);
        let bits = bits_of(op.b.get(s), unit)?;
        put(s.m, |writer| writer.integer(op.d.get(s), bits, flags))
    }

    fn do_put_float / try_put_float(s, op: Put) {
        let (unit, flags) = split(op.c);
        let bits = bits_of(op.b.get(s), unit)?;
        put(s.m, |writer| writer.float(op.d.get(s), bits, flags))
    }

    fn do_put_binary / try_put_binary(s, op: Put) {
        let bits = bits_of(op.b.get(s), split(op.c).0)?;
        put(s.m, |writer| writer.bitstring(op.d.get(s), bits))
    }

    fn do_put_binary_all / try_put_binary_all(s, op: PutCodePoint) {
        let value = op.c.get(s);
        let bits = value.as_bits().map_or(0, Bits::len);
        if !bits.is_multiple_of(usize::from(op.b.0)) {
            return Err(predefined::BADARG);
        }
        put(s.m, |writer| writer.bitstring(value, bits))
    }

    fn do_put_utf8 / try_put_utf8(s, op: PutCodePoint) {
        put(s.m, |writer| writer.utf8(op.c.get(s)))
    }

    fn do_put_utf16 / try_put_utf16(s, op: PutCodePoint) {
        put(s.m, |writer| writer.utf16(op.c.get(s), Flags(op.b.0 as u8)))
    }

    fn do_put_utf32 / try_put_utf32(s, op: PutCodePoint) {
        put(s.m, |writer| writer.utf32(op.c.get(s), Flags(op.b.0 as u8)))
    }

    fn do_put_string / try_put_string(s, op: I2<N32, Words>) {
        let words = op.b.get(s);
        let bytes = core::slice::from_raw_parts(words.as_ptr().cast::<u8>(), 8 * words.len());
        put(s.m, |writer| { writer.bytes(bytes, op.a.0 as usize); Ok(()) })
    }

    fn do_add / try_add(s, op: I5<Fail, S, S, N16, D>) {
        let first = bits_of(op.b.get(s), 1)?;
        let second = bits_of(op.c.get(s), usize::from(op.d.0))?;
        let sum = first.checked_add(second).filter(|sum| *sum < TOO_MANY).ok_or(predefined::SYSTEM_LIMIT)?;
        let term = build::unsigned(&mut s.process().heap, sum as u64);
        op.e.set(s, term);
        Ok(Became::Done)
    }
}

#[inline(never)]
unsafe extern "sysv64" fn do_init_writable(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> Became {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        if let Some(became) = room(&mut s, APPEND_WORDS, 0, &[S(0)]) {
            return became;
        }
        let bytes =
            s.x()[0].as_small().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(DEFAULT_BYTES);
        let heap = &mut s.process().heap;
        // What is asked for is a guess; without memory for it the binary grows as it is built.
        if let Some(term) = init_writable(heap, bytes).or_else(|| init_writable(heap, DEFAULT_BYTES)) {
            s.x()[0] = term;
        }
        Became::Done
    }
}

/// Bytes of a binary that is to be built if nobody knows better.
const DEFAULT_BYTES: usize = 1024;

handlers! {
    /// `bs_init_writable`: x0 has a guess of the bytes, and gets the binary.
    fn init_writable_binary(s, op: crate::emu::operand::I0) {
        match outside!(s, do_init_writable) {
            Became::Again => go(s),
            Became::Stopped => {}
            _ => {
                call::look_soon(&mut s);
                next!(s, op)
            }
        }
    }

    /// `bs_init2`, `bs_init_bits`: `Fail Size Words Live Unit Dst`
    fn init(s, op: Init) {
        finish!(s, op, outside!(s, do_init))
    }

    /// `bs_append Fail Bits Words (Unit and Live) Bin Dst`
    fn append_to(s, op: Append) {
        finish!(s, op, outside!(s, do_append))
    }

    /// `bs_private_append Fail Bits Unit Bin Dst`
    fn append_to_private(s, op: PrivateAppend) {
        finish!(s, op, outside!(s, do_private_append))
    }

    /// `bs_put_integer Fail Size (Unit and Flags) Value`
    fn put_integer(s, op: Put) {
        finish!(s, op, outside!(s, do_put_integer))
    }

    /// `bs_put_float Fail Size (Unit and Flags) Value`
    fn put_float(s, op: Put) {
        finish!(s, op, outside!(s, do_put_float))
    }

    /// `bs_put_binary Fail Size (Unit and Flags) Value`
    fn put_binary(s, op: Put) {
        finish!(s, op, outside!(s, do_put_binary))
    }

    /// `bs_put_binary Fail all Unit Value`
    fn put_binary_all(s, op: PutCodePoint) {
        finish!(s, op, outside!(s, do_put_binary_all))
    }

    /// `bs_put_utf8 Fail Flags Value`
    fn put_utf8(s, op: PutCodePoint) {
        finish!(s, op, outside!(s, do_put_utf8))
    }

    /// `bs_put_utf16 Fail Flags Value`
    fn put_utf16(s, op: PutCodePoint) {
        finish!(s, op, outside!(s, do_put_utf16))
    }

    /// `bs_put_utf32 Fail Flags Value`
    fn put_utf32(s, op: PutCodePoint) {
        finish!(s, op, outside!(s, do_put_utf32))
    }

    /// `bs_put_string Bits String`
    fn put_string(s, op: I2<N32, Words>) {
        outside!(s, do_put_string);
        next!(s, op)
    }

    /// `bs_add Fail A B Unit Dst`: `A + B * Unit`
    fn add(s, op: I5<Fail, S, S, N16, D>) {
        finish!(s, op, outside!(s, do_add))
    }

    /// `bs_utf8_size Src Dst`: bytes
    fn code_point_bytes(s, op: I2<S, D>) {
        op.b.set(&s, Term::count(utf8_size(op.a.get(&s)) / 8));
        next!(s, op)
    }

    /// `bs_utf16_size Src Dst`: bytes
    fn code_point_bytes16(s, op: I2<S, D>) {
        op.b.set(&s, Term::count(utf16_size(op.a.get(&s)) / 8));
        next!(s, op)
    }
}
