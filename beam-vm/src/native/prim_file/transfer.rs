// SPDX-License-Identifier: Apache-2.0
//! Reading and writing. A long read goes on in the next time slice; a long write tells its caller how far it has come, which then writes
//! the rest, as on stock when there are many parts.

use alloc::vec::Vec;

use super::{failed, file, int64, is_number, ok, open, path, unsigned};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::{BinaryBlock, Magic, MagicObject, build};
use crate::platform::{At, Errno, FileHandle, OpenModes};
use crate::process::Parked;
use crate::term::{Bits, Term};

/// Bytes that are read or written at once.
const PIECE: usize = 64 << 10;
/// Bytes that are read or written in a reduction.
const BYTES: usize = 1 << 10;
/// Bytes that are written before the caller is told, about a millisecond's worth.
const MOST_WRITTEN: usize = 1 << 20;
/// Parts that are written before the caller is told.
const MOST_PARTS: usize = 64;
/// No machine has so much memory.
const TOO_MUCH: u64 = 1 << 40;
/// The first bytes of a file whose size is not known.
const UNKNOWN_SIZE: usize = 16 << 10;
/// Bytes for which there is room from the beginning, when it is not known that there are as many.
const FIRST_ROOM: usize = 1 << 20;

/// Bytes that are being read.
pub struct Reading {
    block: BinaryBlock,
    done: usize,
    wanted: usize,
    /// The file of a program that only wants its bytes, which has no reference to it.
    file: Option<Magic>,
}

/// How far reading has come.
enum Progress {
    /// As far as it goes.
    All,
    /// As far as the time slice goes.
    Some,
}

impl Reading {
    /// Reading that has not begun. There is memory for `room` bytes.
    fn new(wanted: u64, room: usize) -> Result<Self, Errno> {
        if wanted > TOO_MUCH {
            return Err(Errno::ENOMEM);
        }
        let wanted = wanted as usize;
        let block = BinaryBlock::try_new(room.min(wanted)).ok_or(Errno::ENOMEM)?;
        Ok(Self { block, done: 0, wanted, file: None })
    }

    fn run(&mut self, cx: &mut Context<'_>, file: FileHandle, at: At) -> Result<Progress, Errno> {
        while self.done < self.wanted {
            if cx.is_out_of_reductions() && self.done > 0 {
                return Ok(Progress::Some);
            }
            let room = self.block.capacity();
            if self.done == room && !self.block.set_capacity(self.wanted.min(2 * room)) {
                return Err(Errno::ENOMEM);
            }
            let end = self.block.capacity().min(self.done + PIECE);
            let at = match at {
                At::Position => At::Position,
                At::Offset(offset) => At::Offset(offset.saturating_add(self.done as u64)),
            };
            let Some(bytes) = self.block.bytes_mut() else { return Err(Errno::ENOMEM) };
            let read = cx.vm.platform.files().read(file, at, &mut bytes[self.done..end])?;
            cx.bump((read / BYTES) as u32);
            if read == 0 {
                break;
            }
            self.done += read;
        }
        Ok(Progress::All)
    }

    fn into_binary(mut self, cx: &mut Context<'_>) -> Term {
        if self.done <= crate::term::layout::HEAP_BINARY_LIMIT {
            return build::binary(cx.heap(), &self.block.bytes()[..self.done]);
        }
        // If there is no memory for a smaller one, the large one does it too.
        let _ = self.block.set_capacity(self.done);
        build::refc_binary(cx.heap(), self.block, self.done, 0)
    }
}

/// Reads until there is nothing more or as many bytes as wanted. Gives none at the end of the file, and when none are wanted.
fn read(
    cx: &mut Context<'_>,
    args: &[Term],
    file: FileHandle,
    at: At,
    wanted: u64,
) -> Result<Result<Option<Term>, Errno>, Raise> {
    let mut reading = match cx.take_parked() {
        Some(Parked::Reading(reading)) => reading,
        _ => match Reading::new(wanted, FIRST_ROOM) {
            Ok(reading) => reading,
            Err(errno) => return Ok(Err(errno)),
        },
    };
    match reading.run(cx, file, at) {
        Ok(Progress::Some) => Err(cx.park(Parked::Reading(reading), args)),
        Ok(Progress::All) if reading.done == 0 => Ok(Ok(None)),
        Ok(Progress::All) => Ok(Ok(Some(reading.into_binary(cx)))),
        Err(errno) => Ok(Err(errno)),
    }
}

/// `{ok, Bytes}`, `eof` or `{error, Errno}`
fn told(cx: &mut Context<'_>, read: Result<Option<Term>, Errno>) -> BifResult {
    match read {
        Ok(Some(bytes)) => ok(cx, bytes),
        Ok(None) => Ok(Term::atom(predefined::EOF)),
        Err(errno) => failed(cx, errno),
    }
}

/// `read_nif/2`
pub fn read_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let result = match unsigned(args[1])? {
        Ok(wanted) => read(cx, args, file, At::Position, wanted)?,
        Err(errno) => Err(errno),
    };
    told(cx, result)
}

/// `pread_nif/3`
pub fn pread_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let result = match (unsigned(args[1])?, unsigned(args[2])?) {
        (Ok(offset), Ok(wanted)) => read(cx, args, file, At::Offset(offset), wanted)?,
        (Err(errno), _) | (_, Err(errno)) => Err(errno),
    };
    told(cx, result)
}

/// `read_file_nif/1`
pub fn read_file_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (handle, mut reading) = match cx.take_parked() {
        Some(Parked::Reading(mut reading)) => match reading.file.take() {
            Some(magic) => match &*magic {
                MagicObject::File(file) => {
                    (file.handle, Reading { file: Some(Magic::clone(&magic)), ..reading })
                }
                _ => return Err(Raise::BADARG),
            },
            None => return Err(Raise::BADARG),
        },
        _ => match begin(cx, args) {
            Ok(begun) => begun,
            Err(errno) => return failed(cx, errno),
        },
    };
    let result = reading.run(cx, handle, At::Position);
    if matches!(result, Ok(Progress::Some)) {
        // The process may be ended before it goes on, so it owns the file until then.
        if reading.file.is_none() {
            let numbers = cx.vm.new_reference();
            reading.file = Some(cx.process.own_file(handle, numbers));
        }
        return Err(cx.park(Parked::Reading(reading), args));
    }
    close(cx, handle, reading.file.take());
    match result {
        Ok(_) => {
            let bytes = reading.into_binary(cx);
            ok(cx, bytes)
        }
        Err(errno) => failed(cx, errno),
    }
}

/// Opens the file whose bytes are wanted, all that it has now.
fn begin(cx: &mut Context<'_>, args: &[Term]) -> Result<(FileHandle, Reading), Errno> {
    let path = path(args[0])?;
    let modes = OpenModes { read: true, ..OpenModes::default() };
    let handle = open(cx, &path, modes, false)?;
    let size = cx.vm.platform.files().handle_info(handle).map_or(0, |info| info.size);
    let reading = match size {
        0 => Reading::new(TOO_MUCH, UNKNOWN_SIZE),
        size => Reading::new(size, usize::try_from(size).unwrap_or(usize::MAX)),
    };
    if reading.is_err() {
        close(cx, handle, None);
    }
    Ok((handle, reading?))
}

/// Closes a file that was only read. Its bytes are there, whatever comes of this.
fn close(cx: &mut Context<'_>, handle: FileHandle, owned: Option<Magic>) {
    let _ = match owned.as_deref() {
        Some(MagicObject::File(file)) => cx.vm.close_file(file, cx.process),
        _ => cx.vm.platform.files().close(handle),
    };
}

/// Bytes of two numbers of 32 bits, the most significant first: how many bytes, and where.
fn pointer(bytes: [u8; 8]) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = bytes;
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

/// `ipread_s32bu_p32bu_nif/3`: reads how many bytes there are and where, and then these.
pub fn ipread_s32bu_p32bu_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    if !is_number(args[1]) || !is_number(args[2]) {
        return Err(Raise::BADARG);
    }
    let (Some(place), Some(most)) = (int64(args[1]), int64(args[2])) else {
        return failed(cx, Errno::EINVAL);
    };
    let Ok(place) = u64::try_from(place) else { return failed(cx, Errno::EINVAL) };
    if most >= 1 << 31 {
        return failed(cx, Errno::EINVAL);
    }
    let (size, offset) = match read_pointer(cx, file, place) {
        Ok(Some(pointer)) if i64::from(pointer.0) <= most => pointer,
        Ok(_) => return Ok(Term::atom(predefined::EOF)),
        Err(errno) => return failed(cx, errno),
    };
    match read(cx, args, file, At::Offset(u64::from(offset)), u64::from(size))? {
        Ok(bytes) => {
            let bytes = bytes.unwrap_or(Term::atom(predefined::EOF));
            let parts = [Term::count(size as usize), Term::count(offset as usize), bytes];
            let found = build::tuple(cx.heap(), &parts);
            ok(cx, found)
        }
        Err(errno) => failed(cx, errno),
    }
}

fn read_pointer(cx: &mut Context<'_>, file: FileHandle, place: u64) -> Result<Option<(u32, u32)>, Errno> {
    let mut bytes = [0; 8];
    let mut done = 0;
    while done < bytes.len() {
        let at = At::Offset(place.saturating_add(done as u64));
        match cx.vm.platform.files().read(file, at, &mut bytes[done..])? {
            0 => return Ok(None),
            read => done += read,
        }
    }
    Ok(Some(pointer(bytes)))
}

/// The first parts of a list of binaries that are written at once, and what follows.
struct Parts {
    binaries: Vec<Term>,
    rest: Term,
}

fn parts(list: Term) -> Result<Parts, Raise> {
    let mut binaries = Vec::new();
    let mut rest = list;
    while binaries.len() < MOST_PARTS
        && let Some(cell) = rest.as_cons()
    {
        if !cell.head().is_bitstring() {
            return Err(Raise::BADARG);
        }
        binaries.push(cell.head());
        rest = cell.tail();
    }
    if rest.is_list() { Ok(Parts { binaries, rest }) } else { Err(Raise::BADARG) }
}

/// Writes as much as may be done at once. Gives how many bytes that were, and what is left.
fn write(cx: &mut Context<'_>, file: FileHandle, at: At, parts: &Parts) -> Result<(usize, Term), Errno> {
    let sizes: Vec<usize> =
        parts.binaries.iter().map(|term| term.as_bits().map_or(0, |bits| bits.len() / 8)).collect();
    let mut written = 0;
    let mut left = MOST_WRITTEN;
    // The part at which it goes on, and how much of that is done.
    let (mut part, mut done) = (0, 0);
    while part < sizes.len() && left > 0 {
        if done == sizes[part] {
            (part, done) = (part + 1, 0);
            continue;
        }
        let at = match at {
            At::Position => At::Position,
            At::Offset(offset) => At::Offset(offset.saturating_add(written as u64)),
        };
        let count = write_some(cx, file, at, &parts.binaries[part..], done, left)?;
        cx.bump((count / BYTES) as u32);
        written += count;
        left -= count;
        done += count;
        while part < sizes.len() && done > sizes[part] {
            done -= sizes[part];
            part += 1;
        }
    }
    if part < sizes.len() && done == sizes[part] {
        (part, done) = (part + 1, 0);
    }
    let mut rest = parts.rest;
    for index in (part..sizes.len()).rev() {
        let skipped = if index == part { done } else { 0 };
        let term = parts.binaries[index];
        let term = match skipped {
            0 => term,
            skipped => build::sub_binary(cx.heap(), term, 8 * skipped, 8 * (sizes[index] - skipped)),
        };
        rest = build::cons(cx.heap(), term, rest);
    }
    Ok((written, rest))
}

/// Writes bytes of binaries, `most` of them at most, without the first ones of the first. Nothing written is no progress, which is told as an
/// error, so that nobody tries for ever.
fn write_some(
    cx: &mut Context<'_>,
    file: FileHandle,
    at: At,
    binaries: &[Term],
    skipped: usize,
    most: usize,
) -> Result<usize, Errno> {
    // As on stock, bits that make no byte are left out.
    let whole = |bits: Bits| bits.slice(0, bits.len() / 8 * 8);
    let bits: Vec<Bits> = binaries.iter().filter_map(|term| term.as_bits().map(whole)).collect();
    let mut copies: Vec<Vec<u8>> = Vec::new();
    for bits in bits.iter().filter(|bits| bits.as_bytes().is_none()) {
        copies.push(bits.bytes().take(most + skipped).collect());
    }
    let mut copies = copies.iter();
    let mut slices: Vec<&[u8]> = Vec::with_capacity(bits.len());
    let (mut skip, mut room) = (skipped, most);
    for bits in &bits {
        let bytes: &[u8] = match bits.as_bytes() {
            Some(bytes) => bytes,
            None => copies.next().map_or(&[], Vec::as_slice),
        };
        let bytes = &bytes[skip.min(bytes.len())..];
        skip = 0;
        let bytes = &bytes[..bytes.len().min(room)];
        room -= bytes.len();
        if !bytes.is_empty() {
            slices.push(bytes);
        }
        if room == 0 {
            break;
        }
    }
    match cx.vm.platform.files().write(file, at, &slices)? {
        0 => Err(Errno::ENOSPC),
        written => Ok(written),
    }
}

/// `write_nif/2`: `ok`, or `{continue, Rest}` when there is more to do.
pub fn write_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let parts = parts(args[1])?;
    match write(cx, file, At::Position, &parts) {
        Ok((_, rest)) if rest.is_nil() => super::OK,
        Ok((_, rest)) => Ok(build::tuple(cx.heap(), &[Term::atom(predefined::CONTINUE), rest])),
        Err(errno) => failed(cx, errno),
    }
}

/// `pwrite_nif/3`: `ok`, or `{continue, Written, Rest}`.
pub fn pwrite_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return failed(cx, errno),
    };
    let offset = unsigned(args[1])?;
    let parts = parts(args[2])?;
    match offset.and_then(|offset| write(cx, file, At::Offset(offset), &parts)) {
        Ok((_, rest)) if rest.is_nil() => super::OK,
        Ok((written, rest)) => {
            let told = [Term::atom(predefined::CONTINUE), Term::count(written), rest];
            Ok(build::tuple(cx.heap(), &told))
        }
        Err(errno) => failed(cx, errno),
    }
}
