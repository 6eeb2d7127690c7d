// SPDX-License-Identifier: Apache-2.0
//! What a stream does in one call: it reads a limited number of bytes from its queue and fills a buffer of a limited size.
//!
//! The pieces of the queue are given one by one, since what is stored without compression depends on that. Whoever wants more calls again.

use crate::bif::{Context, Raise};
use crate::deflate::{self, Buffers, Flush};
use crate::hash::crc32;
use crate::inflate;
use crate::process::Portion;
use crate::zstream::{Codec, Zstream};

/// Places that are looked at for a match in a reduction.
const STEPS: usize = 50;

/// Bytes that are read or written in a reduction.
const BYTES: usize = 64;

/// How much is done in a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub input: usize,
    pub output: usize,
}

impl Limits {
    pub fn new(input: i32, output: i32) -> Self {
        let size = |value: i32| usize::try_from(value).unwrap_or(0);
        Self { input: size(input), output: size(output) }
    }
}

/// How far the stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Done,
    Stuck,
    Paused,
    End,
    NeedsDictionary(u32),
}

/// Works on the queue, then flushes the stream if nothing is left.
pub(super) fn run(
    cx: &mut Context<'_>,
    stream: &mut Zstream,
    portion: &mut Portion,
    limits: Limits,
    flush: Flush,
) -> Result<Outcome, Raise> {
    let mut outcome = Outcome::Done;
    while !portion.is_flushing {
        let piece = stream.queue.piece(portion.piece);
        let piece = &piece[..piece.len().min(limits.input)];
        let is_enough = portion.read - portion.read_of_piece >= limits.input || cx.is_out_of_reductions();
        if piece.is_empty() || (is_enough && portion.read > 0) || portion.written == limits.output {
            break;
        }
        let before = portion.read_of_piece;
        let mut io = Buffers::new(&piece[before..], &mut portion.output[portion.written..]);
        let result = codec(cx, &mut stream.codec, &mut io, Flush::None);
        let (read, written) = (io.read(), io.written());
        match result {
            Ok(done) => outcome = done,
            Err(why) => {
                stream.queue.take(portion.read + read);
                return Err(why);
            }
        }
        if stream.is_raw && matches!(stream.codec, Codec::Deflate(_)) {
            stream.sum = crc32(stream.sum, &piece[before..before + read]);
        }
        portion.written += written;
        portion.read += read;
        portion.read_of_piece += read;
        if outcome == Outcome::Paused {
            return Ok(outcome);
        }
        portion.read_of_piece = 0;
        portion.piece += 1;
        if outcome != Outcome::Done {
            break;
        }
    }
    if !portion.is_flushing {
        stream.queue.take(portion.read);
        portion.is_flushing = true;
    }
    // Also without a flush, since there may be more where the output was full before.
    if outcome == Outcome::Done && stream.queue.is_empty() && portion.written < limits.output {
        let mut io = Buffers::new(&[], &mut portion.output[portion.written..]);
        outcome = codec(cx, &mut stream.codec, &mut io, flush)?;
        portion.written += io.written();
        if outcome == Outcome::Paused {
            return Ok(outcome);
        }
    }
    stream.is_at_end |= outcome == Outcome::End;
    if stream.is_raw && matches!(stream.codec, Codec::Inflate(_)) {
        stream.sum = crc32(stream.sum, &portion.output[..portion.written]);
    }
    Ok(outcome)
}

fn codec(
    cx: &mut Context<'_>,
    codec: &mut Codec,
    io: &mut Buffers<'_>,
    flush: Flush,
) -> Result<Outcome, Raise> {
    Ok(match codec {
        Codec::Deflate(deflate) => {
            let progress = cx.work(STEPS, |_, budget| deflate.run(io, flush, budget))?;
            cx.bump(((io.read() + io.written()) / BYTES) as u32);
            match progress {
                deflate::Progress::Done => Outcome::Done,
                deflate::Progress::Stuck => Outcome::Stuck,
                deflate::Progress::Paused => Outcome::Paused,
                deflate::Progress::End => Outcome::End,
            }
        }
        Codec::Inflate(inflate) => {
            let progress = inflate.run(io)?;
            cx.bump(((io.read() + io.written()) / BYTES + 1) as u32);
            match progress {
                inflate::Progress::Done => Outcome::Done,
                inflate::Progress::Stuck => Outcome::Stuck,
                inflate::Progress::NeedsDictionary(sum) => Outcome::NeedsDictionary(sum),
                inflate::Progress::End => Outcome::End,
            }
        }
        Codec::None | Codec::Closed => Outcome::Stuck,
    })
}
