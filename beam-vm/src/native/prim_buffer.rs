// SPDX-License-Identifier: Apache-2.0
//! The natives of module `prim_buffer` (`erts/emulator/nifs/common/prim_buffer_nif.c`).

use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::buffer::{Buffer, Piece};
use crate::heap::{Magic, MagicObject, build, magic_of, shared_bytes};
use crate::term::{Term, View};

/// Binaries that are appended at once.
const AT_ONCE: usize = 64;
/// Bytes that are copied or looked at in a reduction.
const BYTES: usize = 1 << 10;

/// Does something with the buffer of a reference.
fn with<R>(term: Term, act: impl FnOnce(RefMut<'_, Buffer>) -> R) -> Result<R, Raise> {
    let object = magic_of(term).ok_or(Raise::BADARG)?;
    match &*object {
        MagicObject::Buffer(buffer) => Ok(act(buffer.borrow_mut())),
        _ => Err(Raise::BADARG),
    }
}

/// A number of bytes. One that needs more than 64 bits is none.
fn count(term: Term) -> Result<usize, Raise> {
    let count = match term.view() {
        View::Small(value) => u64::try_from(value).ok(),
        View::Big(big) => big.integer().to_u64(),
        _ => None,
    };
    count.map(|count| count as usize).ok_or(Raise::BADARG)
}

/// `new/0`
pub fn new(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let numbers = cx.vm.new_reference();
    let buffer = MagicObject::Buffer(RefCell::new(Buffer::default()));
    Ok(build::magic(cx.heap(), numbers, Magic::new(buffer)))
}

/// `size/1`
pub fn size(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    with(args[0], |buffer| Term::count(buffer.len()))
}

/// `peek_head/1`: the first bytes as they were written.
pub fn peek_head(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (block, part) = with(args[0], |mut buffer| buffer.head())?.ok_or(Raise::BADARG)?;
    let end = part.end;
    let whole = build::refc_binary(cx.heap(), block, end, 0);
    if part.start == 0 {
        return Ok(whole);
    }
    Ok(build::sub_binary(cx.heap(), whole, 8 * part.start, 8 * part.len()))
}

/// `copying_read/2`
pub fn copying_read(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let count = count(args[1])?;
    let mut bytes = Vec::new();
    let is_there = with(args[0], |mut buffer| buffer.take(count, |some| bytes.extend_from_slice(some)))?;
    if !is_there {
        return Err(Raise::BADARG);
    }
    cx.bump((count / BYTES) as u32);
    Ok(build::binary(cx.heap(), &bytes))
}

/// `skip/2`
pub fn skip(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let count = count(args[1])?;
    if with(args[0], |mut buffer| buffer.take(count, |_| {}))? {
        Ok(Term::atom(predefined::OK))
    } else {
        Err(Raise::BADARG)
    }
}

fn piece(term: Term) -> Result<Piece, Raise> {
    if let Some((block, part)) = shared_bytes(term) {
        return Ok(Piece::Shared(block, part));
    }
    let bits = term.as_bits().ok_or(Raise::BADARG)?;
    // As on stock, bits that make no byte are left out.
    Ok(Piece::Copied(bits.slice(0, bits.len() / 8 * 8).bytes().collect()))
}

/// `write/2`: a list of binaries.
pub fn write(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut rest = args[1];
    loop {
        let mut pieces = Vec::new();
        while pieces.len() < AT_ONCE
            && let Some(cell) = rest.as_cons()
        {
            pieces.push(piece(cell.head())?);
            rest = cell.tail();
        }
        if !rest.is_list() {
            return Err(Raise::BADARG);
        }
        cx.bump(1);
        with(args[0], |mut buffer| buffer.write(pieces))?;
        if rest.is_nil() {
            return Ok(Term::atom(predefined::OK));
        }
        if cx.is_out_of_reductions() {
            return Err(cx.yield_with(&[args[0], rest]));
        }
    }
}

/// `find_byte_index/2`
pub fn find_byte_index(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let byte = args[1].as_small().and_then(|byte| u8::try_from(byte).ok()).ok_or(Raise::BADARG)?;
    let (size, place) = with(args[0], |mut buffer| (buffer.len(), buffer.find(byte)))?;
    cx.bump((place.unwrap_or(size) / BYTES) as u32);
    Ok(match place {
        Some(place) => build::tuple(cx.heap(), &[Term::atom(predefined::OK), Term::count(place)]),
        None => Term::atom(predefined::NOT_FOUND),
    })
}

/// `try_lock/1`
pub fn try_lock(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let was_locked = with(args[0], |mut buffer| core::mem::replace(&mut buffer.is_locked, true))?;
    Ok(Term::atom(if was_locked { predefined::BUSY } else { predefined::ACQUIRED }))
}

/// `unlock/1`
pub fn unlock(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    if with(args[0], |mut buffer| core::mem::replace(&mut buffer.is_locked, false))? {
        Ok(Term::atom(predefined::OK))
    } else {
        Err(Raise::error(predefined::LOCK_ORDER_VIOLATION))
    }
}
