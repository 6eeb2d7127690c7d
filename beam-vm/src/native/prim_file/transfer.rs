// SPDX-License-Identifier: Apache-2.0
//! Reading and writing. A long read goes on in the next time slice, and so does one that has to wait; a long write tells its caller how far it has
//! come, which then writes the rest, as on stock when there are many parts.

use alloc::vec::Vec;

use super::{ask, failed, file, int64, is_number, ok, path, unsigned};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::files::FileState;
use crate::heap::{BinaryBlock, Magic, MagicObject, build, magic_of};
use crate::platform::{
    At, Begun, Errno, FileAnswer, FileHandle, FileReply, FileRequest, FileTicket, Folders, OpenModes, Word,
};
use crate::process::Parked;
use crate::term::{Bits, Term};

/// Bytes that are read or written at once.
const PIECE: usize = 64 << 10;
/// Bytes that are read or written in a reduction.
const BYTES: usize = 1 << 10;
/// Bytes that are written before the caller is told, about a millisecond's worth.
const MOST_WRITTEN: usize = 1 << 20;
/// Bytes that somebody else keeps while they are written.
const MOST_COPIED: usize = 256 << 10;
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
    handle: FileHandle,
    /// The file, once somebody else could close it.
    file: Option<Magic>,
    at: At,
    /// What is read into, unless the platform has it.
    block: Option<BinaryBlock>,
    /// The operation that has it.
    ticket: Option<FileTicket>,
    done: usize,
    wanted: usize,
}

/// How far reading has come.
enum Progress {
    /// As far as it goes.
    All,
    /// As far as the time slice goes.
    Some,
    /// As far as it goes without waiting.
    Waits,
}

impl Reading {
    /// Reading that has not begun. There is memory for `room` bytes.
    fn new(handle: FileHandle, at: At, wanted: u64, room: usize) -> Result<Self, Errno> {
        if wanted > TOO_MUCH {
            return Err(Errno::ENOMEM);
        }
        let wanted = wanted as usize;
        let block = BinaryBlock::try_new(room.min(wanted)).ok_or(Errno::ENOMEM)?;
        Ok(Self { handle, file: None, at, block: Some(block), ticket: None, done: 0, wanted })
    }

    /// Reading of a reference's file.
    fn of(reference: Term, handle: FileHandle, at: At, wanted: u64) -> Result<Self, Errno> {
        Ok(Self { file: magic_of(reference), ..Self::new(handle, at, wanted, FIRST_ROOM)? })
    }

    /// The operation that it waits for.
    pub const fn ticket(&self) -> Option<FileTicket> {
        self.ticket
    }

    /// Whether somebody has closed the file, so that its handle may be another's.
    fn is_closed(&self) -> bool {
        matches!(self.file.as_deref(), Some(MagicObject::File(file)) if file.state.get() != FileState::Open)
    }

    fn run(&mut self, cx: &mut Context<'_>) -> Result<Progress, Errno> {
        if let Some(ticket) = self.ticket {
            let Some(answer) = cx.file_answer(ticket) else { return Ok(Progress::Waits) };
            self.ticket = None;
            if self.take(cx, answer)? == 0 {
                return Ok(Progress::All);
            }
        }
        while self.done < self.wanted {
            if cx.is_out_of_reductions() && self.done > 0 {
                return Ok(Progress::Some);
            }
            if self.is_closed() {
                return Err(Errno::EINVAL);
            }
            let mut block = self.block.take().ok_or(Errno::ENOMEM)?;
            let room = block.capacity();
            if self.done == room && !block.set_capacity(self.wanted.min(2 * room)) {
                return Err(Errno::ENOMEM);
            }
            let end = block.capacity().min(self.done + PIECE);
            let at = match self.at {
                At::Position => At::Position,
                At::Offset(offset) => At::Offset(offset.saturating_add(self.done as u64)),
            };
            match cx.begin_file(FileRequest::Read(self.handle, at, Some(block), self.done..end)) {
                Begun::Done(answer) => {
                    if self.take(cx, answer)? == 0 {
                        break;
                    }
                }
                Begun::Pending(ticket) => {
                    self.ticket = Some(ticket);
                    return Ok(Progress::Waits);
                }
            }
        }
        Ok(Progress::All)
    }

    /// Takes what was read, and tells how much it is.
    fn take(&mut self, cx: &mut Context<'_>, answer: FileAnswer) -> Result<usize, Errno> {
        let FileReply::Read(block, count) = answer? else { return Err(Errno::EINVAL) };
        self.block = Some(block);
        self.done += count;
        cx.bump((count / BYTES) as u32);
        Ok(count)
    }

    fn into_binary(self, cx: &mut Context<'_>) -> BifResult {
        let mut block = self.block.ok_or(Raise::BADARG)?;
        if self.done <= crate::term::layout::HEAP_BINARY_LIMIT {
            return Ok(build::binary(cx.heap(), &block.bytes()[..self.done]));
        }
        // If there is no memory for a smaller one, the large one does it too.
        let _ = block.set_capacity(self.done);
        Ok(build::refc_binary(cx.heap(), block, self.done, 0))
    }

    /// Keeps it until the process goes on.
    fn park(self, cx: &mut Context<'_>, args: &[Term]) -> Raise {
        match self.ticket {
            Some(_) => cx.wait_with(Parked::Reading(self), args),
            None => cx.park(Parked::Reading(self), args),
        }
    }
}

/// Reading that was begun when this BIF was called before.
fn take_reading(cx: &mut Context<'_>) -> Option<Reading> {
    match cx.take_parked()? {
        Parked::Reading(reading) => Some(reading),
        parked => {
            cx.process.extension_mut().parked = Some(parked);
            None
        }
    }
}

/// Reads until there is nothing more or as many bytes as wanted. Gives none at the end of the file, and when none are wanted.
fn read(
    cx: &mut Context<'_>,
    args: &[Term],
    mut reading: Reading,
) -> Result<Result<Option<Term>, Errno>, Raise> {
    match reading.run(cx) {
        Ok(Progress::Some | Progress::Waits) => Err(reading.park(cx, args)),
        Ok(Progress::All) if reading.done == 0 => Ok(Ok(None)),
        Ok(Progress::All) => reading.into_binary(cx).map(|bytes| Ok(Some(bytes))),
        Err(errno) => Ok(Err(errno)),
    }
}

/// `{ok, Bytes}`, `eof` or `{error, Errno}`
fn told(cx: &mut Context<'_>, args: &[Term], reading: Result<Reading, Errno>) -> BifResult {
    let read = match reading {
        Ok(reading) => read(cx, args, reading)?,
        Err(errno) => Err(errno),
    };
    match read {
        Ok(Some(bytes)) => ok(cx, bytes),
        Ok(None) => Ok(Term::atom(predefined::EOF)),
        Err(errno) => failed(cx, errno),
    }
}

/// `read_nif/2`
pub fn read_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let reading = match take_reading(cx) {
        Some(reading) => Ok(reading),
        None => match file(args[0])? {
            Ok(file) => {
                unsigned(args[1])?.and_then(|wanted| Reading::of(args[0], file, At::Position, wanted))
            }
            Err(errno) => Err(errno),
        },
    };
    told(cx, args, reading)
}

/// `pread_nif/3`
pub fn pread_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let reading = match take_reading(cx) {
        Some(reading) => Ok(reading),
        None => match file(args[0])? {
            Ok(file) => {
                let (offset, wanted) = (unsigned(args[1])?, unsigned(args[2])?);
                offset.and_then(|offset| Reading::of(args[0], file, At::Offset(offset), wanted?))
            }
            Err(errno) => Err(errno),
        },
    };
    told(cx, args, reading)
}

/// `read_file_nif/1`
pub fn read_file_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut reading = match take_reading(cx) {
        Some(reading) => reading,
        None => match begin(cx, args)? {
            Ok(reading) => reading,
            Err(errno) => return failed(cx, errno),
        },
    };
    let result = reading.run(cx);
    if matches!(result, Ok(Progress::Some | Progress::Waits)) {
        // The process may be ended before it goes on, so it owns the file until then.
        if reading.file.is_none() {
            let numbers = cx.vm.new_reference();
            reading.file = Some(cx.process.own_file(reading.handle, numbers));
        }
        return Err(reading.park(cx, args));
    }
    close(cx, reading.handle, reading.file.take());
    match result {
        Ok(_) => {
            let bytes = reading.into_binary(cx)?;
            ok(cx, bytes)
        }
        Err(errno) => failed(cx, errno),
    }
}

/// Opens the file whose bytes are wanted, all that it has now.
fn begin(cx: &mut Context<'_>, args: &[Term]) -> Result<Result<Reading, Errno>, Raise> {
    let modes = OpenModes { read: true, ..OpenModes::default() };
    let answer =
        ask(cx, args, || Ok(path(args[0]).map(|path| FileRequest::Open(path, modes, Folders::Refused))))?;
    let (handle, size) = match answer {
        Ok(FileReply::Opened(handle, size)) => (handle, size),
        Ok(_) => return Err(Raise::BADARG),
        Err(errno) => return Ok(Err(errno)),
    };
    let (wanted, room) = match size {
        0 => (TOO_MUCH, UNKNOWN_SIZE),
        size => (size, usize::try_from(size).unwrap_or(usize::MAX)),
    };
    let reading = Reading::new(handle, At::Position, wanted, room);
    if reading.is_err() {
        close(cx, handle, None);
    }
    Ok(reading)
}

/// Closes a file that was only read. Its bytes are there, whatever comes of this.
fn close(cx: &mut Context<'_>, handle: FileHandle, owned: Option<Magic>) {
    let handle = match owned.as_deref() {
        Some(MagicObject::File(file)) => cx.vm.give_up_file(file, cx.process),
        _ => Some(handle),
    };
    if let Some(handle) = handle {
        cx.vm.begin_for_nobody(FileRequest::Close(handle));
    }
}

/// Bytes of two numbers of 32 bits, the most significant first: how many bytes, and where.
fn pointer(bytes: Word) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = bytes;
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

/// `ipread_s32bu_p32bu_nif/3`: reads how many bytes there are and where, and then these.
pub fn ipread_s32bu_p32bu_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let reading = match take_reading(cx) {
        Some(reading) => reading,
        None => match follow_pointer(cx, args)? {
            Ok(Some(reading)) => reading,
            Ok(None) => return Ok(Term::atom(predefined::EOF)),
            Err(errno) => return failed(cx, errno),
        },
    };
    let (At::Offset(offset), size) = (reading.at, reading.wanted) else { return Err(Raise::BADARG) };
    match read(cx, args, reading)? {
        Ok(bytes) => {
            let bytes = bytes.unwrap_or(Term::atom(predefined::EOF));
            let parts = [Term::count(size), Term::count(offset as usize), bytes];
            let found = build::tuple(cx.heap(), &parts);
            ok(cx, found)
        }
        Err(errno) => failed(cx, errno),
    }
}

/// Reads how many bytes there are and where, unless they are more than wanted or there is nothing to read.
fn follow_pointer(cx: &mut Context<'_>, args: &[Term]) -> Result<Result<Option<Reading>, Errno>, Raise> {
    let answer = ask(cx, args, || {
        let file = match file(args[0])? {
            Ok(file) => file,
            Err(errno) => return Ok(Err(errno)),
        };
        if !is_number(args[1]) || !is_number(args[2]) {
            return Err(Raise::BADARG);
        }
        let place = int64(args[1]).zip(int64(args[2])).filter(|(_, most)| *most < 1 << 31);
        let place = place.and_then(|(place, _)| u64::try_from(place).ok());
        Ok(place.map(|place| FileRequest::ReadWord(file, place)).ok_or(Errno::EINVAL))
    })?;
    let (size, offset) = match answer {
        Ok(FileReply::Word(Some(word))) => pointer(word),
        Ok(_) => return Ok(Ok(None)),
        Err(errno) => return Ok(Err(errno)),
    };
    if int64(args[2]).is_none_or(|most| i64::from(size) > most) {
        return Ok(Ok(None));
    }
    let file = file(args[0])?;
    Ok(file.and_then(|file| {
        Reading::of(args[0], file, At::Offset(u64::from(offset)), u64::from(size)).map(Some)
    }))
}

/// The first parts of a list of binaries that are written at once, and what follows.
struct Parts {
    binaries: Vec<Term>,
    rest: Term,
}

impl Parts {
    /// Whole bytes of each.
    fn sizes(&self) -> Vec<usize> {
        self.binaries.iter().map(|term| term.as_bits().map_or(0, |bits| bits.len() / 8)).collect()
    }

    /// What follows so many bytes.
    fn behind(&self, cx: &mut Context<'_>, bytes: usize) -> Term {
        let sizes = self.sizes();
        let (mut part, mut done) = (0, bytes);
        while part < sizes.len() && done >= sizes[part] {
            done -= sizes[part];
            part += 1;
        }
        let mut rest = self.rest;
        for index in (part..sizes.len()).rev() {
            let skipped = if index == part { done } else { 0 };
            let term = self.binaries[index];
            let term = match skipped {
                0 => term,
                skipped => build::sub_binary(cx.heap(), term, 8 * skipped, 8 * (sizes[index] - skipped)),
            };
            rest = build::cons(cx.heap(), term, rest);
        }
        rest
    }
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

/// How far writing has come: how many bytes, and what is left.
type Written = (usize, Term);

/// Writes as much as may be done at once.
fn write(
    cx: &mut Context<'_>,
    args: &[Term],
    file: FileHandle,
    at: At,
    parts: &Parts,
) -> Result<Result<Written, Errno>, Raise> {
    let sizes = parts.sizes();
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
        let binaries = &parts.binaries[part..];
        let now = with_slices(binaries, done, left, |slices| cx.vm.platform.write_now(file, at, slices));
        let count = match now {
            Some(Ok(count)) => count,
            Some(Err(errno)) => return Ok(Err(errno)),
            None if written > 0 => break,
            None => {
                let bytes = with_slices(binaries, done, left.min(MOST_COPIED), |slices| slices.concat());
                let answer = cx.do_file(FileRequest::Write(file, at, bytes), args)?;
                return Ok(told_written(cx, parts, answer));
            }
        };
        if count == 0 {
            // No progress, which is told as an error, so that nobody tries for ever.
            return Ok(Err(Errno::ENOSPC));
        }
        cx.bump((count / BYTES) as u32);
        written += count;
        left -= count;
        done += count;
        while part < sizes.len() && done > sizes[part] {
            done -= sizes[part];
            part += 1;
        }
    }
    Ok(Ok((written, parts.behind(cx, written))))
}

/// What came of bytes that somebody else has written.
fn told_written(cx: &mut Context<'_>, parts: &Parts, answer: FileAnswer) -> Result<Written, Errno> {
    match answer? {
        FileReply::Written(count) if count > 0 => {
            cx.bump((count / BYTES) as u32);
            Ok((count, parts.behind(cx, count)))
        }
        _ => Err(Errno::ENOSPC),
    }
}

/// Does something with the bytes of binaries, `most` of them at most, without the first ones of the first.
fn with_slices<T>(binaries: &[Term], skipped: usize, most: usize, use_them: impl FnOnce(&[&[u8]]) -> T) -> T {
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
    use_them(&slices)
}

/// `write_nif/2`: `ok`, or `{continue, Rest}` when there is more to do.
pub fn write_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match written(cx, args, args[1], || Ok(Ok(At::Position)))? {
        Ok((_, rest)) if rest.is_nil() => super::OK,
        Ok((_, rest)) => Ok(build::tuple(cx.heap(), &[Term::atom(predefined::CONTINUE), rest])),
        Err(errno) => failed(cx, errno),
    }
}

/// `pwrite_nif/3`: `ok`, or `{continue, Written, Rest}`.
pub fn pwrite_nif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match written(cx, args, args[2], || Ok(unsigned(args[1])?.map(At::Offset)))? {
        Ok((_, rest)) if rest.is_nil() => super::OK,
        Ok((written, rest)) => {
            let told = [Term::atom(predefined::CONTINUE), Term::count(written), rest];
            Ok(build::tuple(cx.heap(), &told))
        }
        Err(errno) => failed(cx, errno),
    }
}

/// Writes binaries of a list, or takes what has come of it.
fn written(
    cx: &mut Context<'_>,
    args: &[Term],
    list: Term,
    at: impl FnOnce() -> Result<Result<At, Errno>, Raise>,
) -> Result<Result<Written, Errno>, Raise> {
    if let Some(answer) = cx.resume_file(args)? {
        return Ok(told_written(cx, &parts(list)?, answer));
    }
    let file = match file(args[0])? {
        Ok(file) => file,
        Err(errno) => return Ok(Err(errno)),
    };
    let at = at()?;
    let parts = parts(list)?;
    match at {
        Ok(at) => write(cx, args, file, at, &parts),
        Err(errno) => Ok(Err(errno)),
    }
}
