// SPDX-License-Identifier: Apache-2.0
//! The stream: headers, flushing and sums around the blocks.

use super::block::{Blocks, Place};
use super::buffers::Buffers;
use super::codes::MIN_MATCH;
use super::options::{Effort, Format, Level, Method, Options, Strategy};
use super::sum::Sum;
use super::window::Window;

/// What is to be done with what was given so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Flush {
    /// It may be kept for better compression.
    None,
    /// The block ends; the last bits may be kept.
    Block,
    /// All goes out, to the end of a byte.
    Sync,
    /// Besides, what comes later does not refer to it.
    Full,
    /// Nothing comes later.
    Finish,
}

/// How far a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All input was read, or the output is full.
    Done,
    /// There was nothing to do, or no room to do it.
    Stuck,
    /// The budget is used up. The same call, with what is left of the buffers, goes on.
    Paused,
    /// The stream is complete.
    End,
}

/// What was asked does not go with what the stream is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamError;

/// Why a strategy stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// There is no more input, or no more room.
    NeedsMore,
    /// All was compressed and the block has ended.
    BlockDone,
    /// The last block was written; there is no more room.
    FinishStarted,
    /// The last block was written.
    FinishDone,
    /// The budget is used up.
    Paused,
}

/// How often the window was moved while bytes were stored, whose places were not entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StoredSlides {
    Never,
    Once,
    Many,
}

impl StoredSlides {
    pub fn another(self) -> Self {
        if self == Self::Never { Self::Once } else { Self::Many }
    }
}

/// Where the stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    /// The header is still to be written.
    Start,
    /// Blocks are written.
    Busy,
    /// The last block was written.
    Finish,
    /// The sum was written, too.
    Closed,
}

/// The call before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Before {
    /// There was none.
    Nothing,
    /// It did not come to an end for want of room.
    Unfinished,
    /// It did.
    Flushed(Flush),
}

/// A stream that compresses.
#[derive(Debug)]
pub struct Deflate {
    pub(super) window: Window,
    pub(super) blocks: Blocks,
    pub(super) effort: Effort,
    pub(super) strategy: Strategy,
    /// The length of the match at this place.
    pub(super) match_length: usize,
    /// The length and start of the match at the place before.
    pub(super) best_before: usize,
    pub(super) start_before: usize,
    /// Whether the byte at the place before is still to be written.
    pub(super) has_literal: bool,
    pub(super) stored_slides: StoredSlides,
    /// Bytes that zlib's buffer for output would have, which decides how large stored blocks become.
    pub(super) pending_limit: usize,
    level: Level,
    format: Format,
    window_bits: u8,
    status: Status,
    before: Before,
    sum: Sum,
    total: u32,
}

impl Deflate {
    /// A stream that has not begun.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self {
            window: Window::new(options),
            blocks: Blocks::new(options.memory),
            effort: options.level.effort(),
            strategy: options.strategy,
            match_length: MIN_MATCH - 1,
            best_before: MIN_MATCH - 1,
            start_before: 0,
            has_literal: false,
            stored_slides: StoredSlides::Never,
            pending_limit: 4 * options.memory.symbols(),
            level: options.level,
            format: options.format,
            window_bits: options.window_bits,
            status: Status::Start,
            before: Before::Nothing,
            sum: options.format.sum(),
            total: 0,
        }
    }

    /// Begins anew with the same parameters.
    pub fn reset(&mut self) {
        self.window.clear();
        self.blocks.clear();
        self.match_length = MIN_MATCH - 1;
        self.best_before = MIN_MATCH - 1;
        self.has_literal = false;
        self.stored_slides = StoredSlides::Never;
        self.status = Status::Start;
        self.before = Before::Nothing;
        self.sum = self.sum.empty();
        self.total = 0;
    }

    /// Whether the stream has begun and is not complete.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.status == Status::Busy
    }

    /// Begins with bytes that the other side has as well, so that matches may refer to them. Gives their sum, if the format is zlib's.
    ///
    /// # Errors
    /// [`StreamError`] when the stream has begun or its format has no place for it.
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> Result<u32, StreamError> {
        // zlib takes it again, to no effect, once the stream is complete.
        let is_refused = match self.format {
            Format::Raw => false,
            Format::Zlib => !matches!(self.status, Status::Start | Status::Closed),
            Format::Gzip => self.status != Status::Closed,
        };
        if is_refused || self.window.lookahead > 0 {
            return Err(StreamError);
        }
        if self.status == Status::Start {
            self.sum.add(dictionary);
        }
        let mut used = dictionary;
        if dictionary.len() >= self.window.size {
            if self.format == Format::Raw {
                self.window.forget_places();
                self.window.begin();
            }
            used = &dictionary[dictionary.len() - self.window.size..];
        }
        let mut io = Buffers::new(used, &mut []);
        self.window.fill(&mut io, &mut Sum::None);
        while self.window.lookahead >= MIN_MATCH {
            let window = &mut self.window;
            for at in window.at..window.at + window.lookahead - (MIN_MATCH - 1) {
                window.enter(at);
            }
            window.at += window.lookahead - (MIN_MATCH - 1);
            window.lookahead = MIN_MATCH - 1;
            window.fill(&mut io, &mut Sum::None);
        }
        let window = &mut self.window;
        window.at += window.lookahead;
        window.block_start = window.at.cast_signed();
        window.pending = core::mem::take(&mut window.lookahead);
        self.match_length = MIN_MATCH - 1;
        self.best_before = MIN_MATCH - 1;
        self.has_literal = false;
        Ok(self.sum.value())
    }

    /// Changes level and strategy; what was given before is compressed with the old ones.
    ///
    /// # Errors
    /// [`StreamError`] when the stream is complete.
    pub fn set_parameters(
        &mut self,
        level: Level,
        strategy: Strategy,
        io: &mut Buffers<'_>,
    ) -> Result<Progress, StreamError> {
        let is_other = strategy != self.strategy || level.effort().method != self.effort.method;
        if is_other && self.before != Before::Nothing {
            let mut unlimited = usize::MAX;
            self.run(io, Flush::Block, &mut unlimited)?;
            if !io.rest().is_empty() || self.window.block_len() + self.window.lookahead > 0 {
                return Ok(Progress::Stuck);
            }
        }
        if level != self.level {
            if self.level == Level::NONE {
                match core::mem::replace(&mut self.stored_slides, StoredSlides::Never) {
                    StoredSlides::Never => {}
                    StoredSlides::Once => self.window.slide_places(),
                    StoredSlides::Many => self.window.forget_places(),
                }
            }
            self.level = level;
            self.effort = level.effort();
        }
        self.strategy = strategy;
        Ok(Progress::Done)
    }

    /// Compresses input and fills output, as far as there is any and `budget`, which is counted down, allows.
    ///
    /// # Errors
    /// [`StreamError`] when the last block was written and more is to be.
    pub fn run(
        &mut self,
        io: &mut Buffers<'_>,
        flush: Flush,
        budget: &mut usize,
    ) -> Result<Progress, StreamError> {
        let is_finishing = matches!(self.status, Status::Finish | Status::Closed);
        if is_finishing && flush != Flush::Finish {
            return Err(StreamError);
        }
        if io.room() == 0 {
            return Ok(Progress::Stuck);
        }
        let before = core::mem::replace(&mut self.before, Before::Flushed(flush));
        if self.blocks.bits.is_drained() {
            let is_repeated = match before {
                Before::Flushed(before) => rank(flush) <= rank(before),
                Before::Nothing | Before::Unfinished => false,
            };
            if io.rest().is_empty() && is_repeated && flush != Flush::Finish {
                return Ok(Progress::Stuck);
            }
        } else if self.is_full_after_draining(io) {
            return Ok(Progress::Done);
        }
        if is_finishing && !io.rest().is_empty() {
            return Ok(Progress::Stuck);
        }
        if self.status == Status::Start && self.write_header(io) {
            return Ok(Progress::Done);
        }
        let has_bytes = !io.rest().is_empty() || self.window.lookahead > 0;
        if (has_bytes || (flush != Flush::None && !is_finishing))
            && let Some(progress) = self.compress(io, flush, budget)
        {
            return Ok(progress);
        }
        if flush != Flush::Finish {
            return Ok(Progress::Done);
        }
        if self.format == Format::Raw || self.status == Status::Closed {
            return Ok(Progress::End);
        }
        match self.sum {
            Sum::None => {}
            Sum::Adler(sum) => self.blocks.bits.put_bytes(&sum.to_be_bytes()),
            Sum::Crc(sum) => {
                self.blocks.bits.put_bytes(&sum.to_le_bytes());
                self.blocks.bits.put_bytes(&self.total.to_le_bytes());
            }
        }
        self.blocks.bits.drain(io);
        self.status = Status::Closed;
        Ok(if self.blocks.bits.is_drained() { Progress::End } else { Progress::Done })
    }

    /// Gives out what was written. If there is no room for more after that, the next call may be the same again.
    fn is_full_after_draining(&mut self, io: &mut Buffers<'_>) -> bool {
        self.blocks.bits.drain(io);
        let is_full = io.room() == 0;
        if is_full {
            self.before = Before::Unfinished;
        }
        is_full
    }

    /// Writes the header. Gives whether there was not enough room for it.
    fn write_header(&mut self, io: &mut Buffers<'_>) -> bool {
        self.status = Status::Busy;
        let (level, strategy) = (self.level.0, self.strategy);
        let is_plain = matches!(strategy, Strategy::HuffmanOnly | Strategy::Runs);
        match self.format {
            Format::Raw => return false,
            Format::Zlib => {
                let effort = match level {
                    _ if is_plain => 0,
                    0..2 => 0,
                    2..6 => 1,
                    6 => 2,
                    _ => 3,
                };
                let has_dictionary = self.window.at > 0;
                let info = u16::from(self.window_bits - 8);
                let head = (info << 4 | 8) << 8 | effort << 6 | u16::from(has_dictionary) << 5;
                self.blocks.bits.put_bytes(&(head + 31 - head % 31).to_be_bytes());
                if has_dictionary {
                    self.blocks.bits.put_bytes(&self.sum.value().to_be_bytes());
                }
                self.sum = self.sum.empty();
            }
            Format::Gzip => {
                let effort = match level {
                    9 => 2,
                    _ if is_plain || level < 2 => 4,
                    _ => 0,
                };
                // No name, no time; Unix.
                self.blocks.bits.put_bytes(&[31, 139, 8, 0, 0, 0, 0, 0, effort, 3]);
            }
        }
        self.blocks.bits.drain(io);
        let is_short = !self.blocks.bits.is_drained();
        if is_short {
            self.before = Before::Unfinished;
        }
        is_short
    }

    /// Lets the strategy work, and ends the block as `flush` says. Gives something if the call ends here.
    fn compress(&mut self, io: &mut Buffers<'_>, flush: Flush, budget: &mut usize) -> Option<Progress> {
        let unread = io.rest().len();
        let outcome = match (self.effort.method, self.strategy) {
            (Method::Stored, _) => self.run_stored(io, flush),
            (_, Strategy::HuffmanOnly) => self.run_literals(io, flush, budget),
            (_, Strategy::Runs) => self.run_runs(io, flush, budget),
            (Method::Greedy, _) => self.run_greedy(io, flush, budget),
            (Method::Lazy, _) => self.run_lazy(io, flush, budget),
        };
        self.total = self.total.wrapping_add((unread - io.rest().len()) as u32);
        if matches!(outcome, Outcome::FinishStarted | Outcome::FinishDone) {
            self.status = Status::Finish;
        }
        match outcome {
            Outcome::Paused => {
                self.before = Before::Unfinished;
                Some(Progress::Paused)
            }
            Outcome::NeedsMore | Outcome::FinishStarted => {
                if io.room() == 0 {
                    self.before = Before::Unfinished;
                }
                Some(Progress::Done)
            }
            Outcome::FinishDone => None,
            Outcome::BlockDone => {
                if flush != Flush::Block {
                    self.blocks.write_stored(&[], Place::Middle);
                }
                if flush == Flush::Full {
                    self.window.forget_places();
                    if self.window.lookahead == 0 {
                        self.window.begin();
                    }
                }
                self.is_full_after_draining(io).then_some(Progress::Done)
            }
        }
    }

    /// Reads until there are `enough` bytes ahead. Gives something if there are fewer and more may come.
    pub(super) fn fill(&mut self, io: &mut Buffers<'_>, flush: Flush, enough: usize) -> Option<Outcome> {
        if self.window.lookahead < enough {
            self.window.fill(io, &mut self.sum);
            if self.window.lookahead < enough && flush == Flush::None {
                return Some(Outcome::NeedsMore);
            }
        }
        None
    }

    pub(super) fn add_to_sum(&mut self, bytes: &[u8]) {
        self.sum.add(bytes);
    }

    /// Writes the block, of which no more than this comes.
    pub(super) fn write_block(&mut self, io: &mut Buffers<'_>) {
        self.end_block_at(io, Place::Middle);
    }

    fn end_block_at(&mut self, io: &mut Buffers<'_>, place: Place) {
        self.blocks.write(self.window.block(), place);
        self.window.block_start = self.window.at.cast_signed();
        self.blocks.bits.drain(io);
    }

    /// Writes a block that is full. Gives something if the output is full then.
    pub(super) fn end_block(&mut self, io: &mut Buffers<'_>) -> Option<Outcome> {
        self.write_block(io);
        (io.room() == 0).then_some(Outcome::NeedsMore)
    }

    /// Writes the block when all input is compressed.
    pub(super) fn end_input(&mut self, io: &mut Buffers<'_>, flush: Flush) -> Outcome {
        if flush == Flush::Finish {
            self.end_block_at(io, Place::Last);
            return if io.room() == 0 { Outcome::FinishStarted } else { Outcome::FinishDone };
        }
        if !self.blocks.is_empty()
            && let Some(outcome) = self.end_block(io)
        {
            return outcome;
        }
        Outcome::BlockDone
    }
}

/// Asking for the same or less again without new input does nothing.
fn rank(flush: Flush) -> u8 {
    match flush {
        Flush::None => 0,
        Flush::Block => 1,
        Flush::Sync => 4,
        Flush::Full => 6,
        Flush::Finish => 8,
    }
}
