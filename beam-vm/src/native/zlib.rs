// SPDX-License-Identifier: Apache-2.0
//! Module `zlib`: the natives of `zlib_nif.c`. A stream belongs to a process; only that may use it.

mod portion;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context, Raise};
use crate::deflate::{
    Buffers, Deflate, Flush, InvalidOptions, Level, Options, Progress, Strategy, StreamError,
};
use crate::hash::adler32;
use crate::heap::{Magic, MagicObject, build, magic_of};
use crate::inflate::{DataError, DictionaryError, Inflate};
use crate::iodata::Walk;
use crate::process::{Parked, Portion};
use crate::term::{LocalPid, Term, View};
use crate::zstream::{AfterEnd, Codec, Zstream};

const OK: BifResult = Ok(Term::atom(predefined::OK));
const NOT_INITIALIZED: Raise = Raise::error(predefined::NOT_INITIALIZED);
const ALREADY_INITIALIZED: Raise = Raise::error(predefined::ALREADY_INITIALIZED);
const STREAM_ERROR: Raise = Raise::error(predefined::STREAM_ERROR);
const DATA_ERROR: Raise = Raise::error(predefined::DATA_ERROR);

/// Elements of iodata that are taken in a reduction.
const ELEMENTS: usize = 16;

/// Pieces of input that are taken at once.
const MOST_PIECES: usize = 256;

impl From<StreamError> for Raise {
    fn from(_: StreamError) -> Self {
        STREAM_ERROR
    }
}

impl From<InvalidOptions> for Raise {
    fn from(_: InvalidOptions) -> Self {
        STREAM_ERROR
    }
}

impl From<DataError> for Raise {
    fn from(_: DataError) -> Self {
        DATA_ERROR
    }
}

impl From<DictionaryError> for Raise {
    fn from(error: DictionaryError) -> Self {
        match error {
            DictionaryError::NotNeeded => STREAM_ERROR,
            DictionaryError::Other => DATA_ERROR,
        }
    }
}

/// A stream that a term refers to.
struct Handle(Magic);

impl Handle {
    fn new(term: Term) -> Result<Self, Raise> {
        let magic = magic_of(term).ok_or(Raise::BADARG)?;
        if matches!(*magic, MagicObject::Zstream(_)) { Ok(Self(magic)) } else { Err(Raise::BADARG) }
    }

    /// The stream, if it belongs to the process that calls.
    fn stream(&self, caller: LocalPid) -> Result<RefMut<'_, Zstream>, Raise> {
        let MagicObject::Zstream(stream) = &*self.0 else { return Err(Raise::BADARG) };
        let stream = stream.borrow_mut();
        if stream.owner == caller {
            Ok(stream)
        } else {
            Err(Raise::error(predefined::NOT_ON_CONTROLLING_PROCESS))
        }
    }
}

fn deflate_of(stream: &mut Zstream) -> Result<&mut Deflate, Raise> {
    if let Codec::Deflate(deflate) = &mut stream.codec { Ok(deflate) } else { Err(NOT_INITIALIZED) }
}

fn inflate_of(stream: &mut Zstream) -> Result<&mut Inflate, Raise> {
    if let Codec::Inflate(inflate) = &mut stream.codec { Ok(inflate) } else { Err(NOT_INITIALIZED) }
}

/// An integer of 32 bits, as C has it.
fn int(term: Term) -> Result<i32, Raise> {
    term.as_small().and_then(|value| i32::try_from(value).ok()).ok_or(Raise::BADARG)
}

fn strategy(value: i32) -> Result<Strategy, Raise> {
    Ok(match value {
        0 => Strategy::Default,
        1 => Strategy::Filtered,
        2 => Strategy::HuffmanOnly,
        3 => Strategy::Runs,
        _ => return Err(STREAM_ERROR),
    })
}

/// `open_nif/0`
pub fn open(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let numbers = cx.vm.new_reference();
    let stream = MagicObject::Zstream(RefCell::new(Zstream::new(cx.process.pid)));
    Ok(build::magic(cx.heap(), numbers, Magic::new(stream)))
}

/// `close_nif/1`
pub fn close(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    if matches!(stream.codec, Codec::Closed) {
        return Err(NOT_INITIALIZED);
    }
    stream.codec = Codec::Closed;
    stream.clear_input();
    OK
}

/// `set_controller_nif/2`
pub fn set_controller(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let View::Pid(owner) = args[1].view() else { return Err(Raise::BADARG) };
    handle.stream(cx.process.pid)?.owner = owner;
    OK
}

/// `deflateInit_nif/6`
pub fn deflate_init(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut numbers = [0; 5];
    for (number, term) in numbers.iter_mut().zip(&args[1..]) {
        *number = int(*term)?;
    }
    let [level, method, window, memory, strategy_number] = numbers;
    let mut stream = handle.stream(cx.process.pid)?;
    if !matches!(stream.codec, Codec::None) {
        return Err(ALREADY_INITIALIZED);
    }
    if method != 8 {
        return Err(STREAM_ERROR);
    }
    let strategy = strategy(strategy_number)?;
    let options = Options::from_zlib(level.into(), window.into(), memory.into(), strategy)?;
    stream.codec = Codec::Deflate(Box::new(Deflate::new(&options)));
    begin(&mut stream, window);
    OK
}

/// What is the same for both kinds of streams when they begin.
fn begin(stream: &mut Zstream, window: i32) {
    stream.is_at_end = false;
    stream.is_raw = window < 0;
    stream.sum = 0;
}

/// Iodata as bytes, as far as the time slice goes.
fn bytes(cx: &mut Context<'_>, args: &[Term], iodata: Term) -> Result<Vec<u8>, Raise> {
    let (mut bytes, mut walk) = match cx.take_parked() {
        Some(Parked::Bytes(bytes, walk)) => (bytes, walk),
        _ => (Vec::new(), Walk::new(iodata)),
    };
    match cx.work(ELEMENTS, |_, budget| walk.run(budget, &mut |part| bytes.extend_from_slice(part))) {
        Ok(true) => Ok(bytes),
        Ok(false) => Err(cx.park(Parked::Bytes(bytes, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// `deflateSetDictionary_nif/2`
pub fn deflate_set_dictionary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let dictionary = bytes(cx, args, args[1])?;
    let mut stream = handle.stream(cx.process.pid)?;
    let is_raw = stream.is_raw;
    let sum = deflate_of(&mut stream)?.set_dictionary(&dictionary)?;
    // A bare stream has no sum, so stock makes one of its own, which does not begin as it should. It gives them as signed numbers.
    let sum = if is_raw { adler32(0, &dictionary) } else { sum };
    Ok(Term::small_cut(i64::from(sum.cast_signed())))
}

/// `deflateReset_nif/1`
pub fn deflate_reset(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    deflate_of(&mut stream)?.reset();
    reset(&mut stream)
}

fn reset(stream: &mut Zstream) -> BifResult {
    stream.sum = 0;
    stream.is_at_end = false;
    stream.clear_input();
    OK
}

/// `deflateEnd_nif/1`
pub fn deflate_end(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    let is_unfinished = deflate_of(&mut stream)?.is_unfinished();
    end(&mut stream, is_unfinished)
}

fn end(stream: &mut Zstream, is_unfinished: bool) -> BifResult {
    let is_unfinished = is_unfinished || !stream.queue.is_empty();
    stream.clear_input();
    stream.codec = Codec::None;
    if is_unfinished { Err(DATA_ERROR) } else { OK }
}

/// `deflateParams_nif/3`. The module has flushed the stream before.
pub fn deflate_params(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let (level, strategy_number) = (int(args[1])?, int(args[2])?);
    let mut stream = handle.stream(cx.process.pid)?;
    let deflate = deflate_of(&mut stream)?;
    let level = Level::from_zlib(level.into()).ok_or(STREAM_ERROR)?;
    let mut output = [0];
    let mut io = Buffers::new(&[], &mut output);
    let progress = deflate.set_parameters(level, strategy(strategy_number)?, &mut io)?;
    match progress {
        _ if io.room() == 0 => Err(STREAM_ERROR),
        Progress::Stuck => Ok(Term::atom(predefined::BUF_ERROR)),
        _ => OK,
    }
}

/// `deflate_nif/4`
pub fn deflate(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let (input, output) = (int(args[1])?, int(args[2])?);
    let flush = match int(args[3])? {
        0 => Flush::None,
        2 => Flush::Sync,
        3 => Flush::Full,
        4 => Flush::Finish,
        _ => return Err(STREAM_ERROR),
    };
    let mut stream = handle.stream(cx.process.pid)?;
    deflate_of(&mut stream)?;
    run(cx, args, &mut stream, portion::Limits::new(input, output), flush)
}

/// `inflateInit_nif/3`
pub fn inflate_init(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let (window, after_end) = (int(args[1])?, int(args[2])?);
    let mut stream = handle.stream(cx.process.pid)?;
    if !matches!(stream.codec, Codec::None) {
        return Err(ALREADY_INITIALIZED);
    }
    stream.codec = Codec::Inflate(Box::new(Inflate::from_zlib(window.into())?));
    stream.after_end = match after_end {
        0 => AfterEnd::Error,
        1 => AfterEnd::Reset,
        _ => AfterEnd::Cut,
    };
    begin(&mut stream, window);
    OK
}

/// `inflateSetDictionary_nif/2`
pub fn inflate_set_dictionary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let dictionary = bytes(cx, args, args[1])?;
    let mut stream = handle.stream(cx.process.pid)?;
    inflate_of(&mut stream)?.set_dictionary(&dictionary)?;
    OK
}

/// `inflateGetDictionary_nif/1`
pub fn inflate_dictionary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    let dictionary = inflate_of(&mut stream)?.dictionary();
    Ok(build::binary(cx.heap(), &dictionary))
}

/// `inflateReset_nif/1`
pub fn inflate_reset(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    inflate_of(&mut stream)?.reset();
    reset(&mut stream)
}

/// `inflateEnd_nif/1`
pub fn inflate_end(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    inflate_of(&mut stream)?;
    let is_unfinished = !stream.is_at_end;
    end(&mut stream, is_unfinished)
}

/// `inflate_nif/4`
pub fn inflate(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let (input, output) = (int(args[1])?, int(args[2])?);
    int(args[3])?;
    let mut stream = handle.stream(cx.process.pid)?;
    inflate_of(&mut stream)?;
    if stream.is_at_end && !stream.queue.is_empty() {
        match stream.after_end {
            AfterEnd::Error => return Err(DATA_ERROR),
            AfterEnd::Reset => {
                inflate_of(&mut stream)?.reset();
                stream.is_at_end = false;
            }
            AfterEnd::Cut => stream.clear_input(),
        }
    }
    run(cx, args, &mut stream, portion::Limits::new(input, output), Flush::None)
}

/// Lets a stream work on what waits, and tells what has come of it.
fn run(
    cx: &mut Context<'_>,
    args: &[Term],
    stream: &mut Zstream,
    limits: portion::Limits,
    flush: Flush,
) -> BifResult {
    let mut portion = match cx.take_parked() {
        Some(Parked::Portion(portion)) => portion,
        _ => Portion {
            output: alloc::vec![0; limits.output],
            written: 0,
            read: 0,
            piece: 0,
            read_of_piece: 0,
            is_flushing: false,
        },
    };
    let outcome = portion::run(cx, stream, &mut portion, limits, flush)?;
    if outcome == portion::Outcome::Paused {
        return Err(cx.park(Parked::Portion(portion), args));
    }
    let left = stream.queue.len();
    if portion.read == 0 && portion.written == 0 && left > 0 {
        return Err(DATA_ERROR);
    }
    let heap = cx.heap();
    let output = match portion.written {
        0 => Term::NIL,
        written => {
            let binary = build::binary(heap, &portion.output[..written]);
            build::list(heap, &[binary])
        }
    };
    let atom = |atom: Atom| Term::atom(atom);
    Ok(match outcome {
        _ if left == 0 && portion.written < limits.output => {
            build::tuple(heap, &[atom(predefined::FINISHED), output])
        }
        portion::Outcome::NeedsDictionary(sum) => {
            // Stock gives it as a signed number, as it does that of a dictionary that is set.
            let sum = Term::small_cut(i64::from(sum.cast_signed()));
            build::tuple(heap, &[atom(predefined::NEED_DICTIONARY), sum, output])
        }
        _ => build::tuple(heap, &[atom(predefined::CONTINUE), output]),
    })
}

/// `crc32_nif/1`
pub fn crc32(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let stream = handle.stream(cx.process.pid)?;
    match stream.codec {
        Codec::Deflate(_) | Codec::Inflate(_) => Ok(Term::small_cut(i64::from(stream.sum))),
        Codec::None | Codec::Closed => Err(NOT_INITIALIZED),
    }
}

/// `getStash_nif/1`
pub fn stash(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let stream = handle.stream(cx.process.pid)?;
    let literals = cx.vm.literals.addresses();
    Ok(match stream.kept(&mut cx.process.heap, &literals) {
        Some(term) => build::tuple(cx.heap(), &[Term::atom(predefined::OK), term]),
        None => Term::atom(predefined::EMPTY),
    })
}

/// `clearStash_nif/1`
pub fn clear_stash(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    if handle.stream(cx.process.pid)?.forget() { OK } else { Err(Raise::error(predefined::ERROR)) }
}

/// `setStash_nif/2`
pub fn set_stash(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    if handle.stream(cx.process.pid)?.keep(args[1]) { OK } else { Err(Raise::error(predefined::ERROR)) }
}

/// `getBufSize_nif/1`
pub fn chunk_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let chunk = handle.stream(cx.process.pid)?.chunk;
    Ok(Term::small_cut(i64::from(chunk)))
}

/// `setBufSize_nif/2`
pub fn set_chunk_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    stream.chunk = int(args[1])?;
    OK
}

/// `enqueue_nif/2`
pub fn enqueue(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let handle = Handle::new(args[0])?;
    let mut stream = handle.stream(cx.process.pid)?;
    if !matches!(stream.codec, Codec::Deflate(_) | Codec::Inflate(_)) {
        return Err(NOT_INITIALIZED);
    }
    let mut rest = args[1];
    for _ in 0..MOST_PIECES {
        let Some(cell) = rest.as_cons() else { break };
        if !stream.queue.push(cell.head()) {
            return Err(Raise::BADARG);
        }
        rest = cell.tail();
    }
    if rest.is_nil() {
        return OK;
    }
    Ok(build::tuple(cx.heap(), &[Term::atom(predefined::CONTINUE), rest]))
}
