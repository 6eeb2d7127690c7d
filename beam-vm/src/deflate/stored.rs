// SPDX-License-Identifier: Apache-2.0
//! Level 0: bytes are stored, if possible straight from the input to the output. The window only keeps those that cannot go yet, and the last
//! ones, in case that the level changes.

use super::block::Place;
use super::buffers::Buffers;
use super::stream::{Deflate, Flush, Outcome, StoredSlides};

/// Bytes of a stored block at most.
const MAX_STORED: usize = 65_535;

/// Bits of a stored block's head and its lengths, with those that fill the last byte.
const HEAD_BITS: usize = 42;

impl Deflate {
    /// Bytes that the head of a block takes in the output.
    fn stored_head(&self) -> usize {
        (self.blocks.bits.partial() + HEAD_BITS) >> 3
    }

    /// Stores what there is, as far as `flush` allows.
    pub(super) fn run_stored(&mut self, io: &mut Buffers<'_>, flush: Flush) -> Outcome {
        let mut last = Place::Middle;
        let copied = self.store_directly(io, flush, &mut last);
        self.keep_copied(copied);
        if last == Place::Last {
            return Outcome::FinishDone;
        }
        let is_all = io.rest().is_empty();
        if !matches!(flush, Flush::None | Flush::Finish) && is_all && self.window.block_len() == 0 {
            return Outcome::BlockDone;
        }
        self.keep_rest(io);
        self.store_kept(io, flush)
    }

    /// Stores blocks while the output has room for worthwhile ones. Gives the bytes that went straight there.
    fn store_directly<'a>(&mut self, io: &mut Buffers<'a>, flush: Flush, last: &mut Place) -> &'a [u8] {
        let least = self.window.size.min(self.pending_limit - 5);
        let input = io.rest();
        while *last == Place::Middle {
            let Some(room) = io.room().checked_sub(self.stored_head()) else { break };
            let mut kept = self.window.block_len();
            let all = kept + io.rest().len();
            let mut len = MAX_STORED.min(all).min(room);
            let is_too_short = (len == 0 && flush != Flush::Finish) || flush == Flush::None || len != all;
            if len < least && is_too_short {
                break;
            }
            if flush == Flush::Finish && len == all {
                *last = Place::Last;
            }
            self.blocks.begin_stored(len, *last);
            self.blocks.bits.drain(io);
            if kept > 0 {
                kept = kept.min(len);
                let start = self.window.block_start.cast_unsigned();
                io.put(&self.window.bytes[start..start + kept]);
                self.window.block_start += kept.cast_signed();
                len -= kept;
            }
            let bytes = io.take(len);
            self.add_to_sum(bytes);
            io.put(bytes);
        }
        &input[..input.len() - io.rest().len()]
    }

    /// Moves the upper half of the window down.
    fn slide_stored(&mut self) {
        let window = &mut self.window;
        window.at -= window.size;
        window.bytes.copy_within(window.size..window.size + window.at, 0);
        window.pending = window.pending.min(window.at);
        self.stored_slides = self.stored_slides.another();
    }

    /// Keeps the last of the bytes that went straight to the output.
    fn keep_copied(&mut self, copied: &[u8]) {
        if copied.is_empty() {
            return;
        }
        let size = self.window.size;
        if copied.len() >= size {
            self.stored_slides = StoredSlides::Many;
            self.window.bytes[..size].copy_from_slice(&copied[copied.len() - size..]);
            self.window.at = size;
            self.window.pending = size;
        } else {
            if self.window.bytes.len() - self.window.at <= copied.len() {
                self.slide_stored();
            }
            let window = &mut self.window;
            window.bytes[window.at..window.at + copied.len()].copy_from_slice(copied);
            window.at += copied.len();
            window.pending += copied.len().min(size - window.pending);
        }
        self.window.block_start = self.window.at.cast_signed();
    }

    /// Keeps the input that is left.
    fn keep_rest(&mut self, io: &mut Buffers<'_>) {
        let size = self.window.size;
        let mut room = self.window.bytes.len() - self.window.at;
        if io.rest().len() > room && self.window.block_start >= size.cast_signed() {
            self.window.block_start -= size.cast_signed();
            self.slide_stored();
            room += size;
        }
        let bytes = io.take(room);
        self.add_to_sum(bytes);
        let window = &mut self.window;
        window.bytes[window.at..window.at + bytes.len()].copy_from_slice(bytes);
        window.at += bytes.len();
        window.pending += bytes.len().min(size - window.pending);
    }

    /// Stores a block of kept bytes, if they are enough or have to go.
    fn store_kept(&mut self, io: &mut Buffers<'_>, flush: Flush) -> Outcome {
        let most = MAX_STORED.min(self.pending_limit - self.stored_head());
        let least = most.min(self.window.size);
        let kept = self.window.block_len();
        let is_all = io.rest().is_empty();
        let has_to_go = (kept > 0 || flush == Flush::Finish) && flush != Flush::None;
        let mut place = Place::Middle;
        if kept >= least || (has_to_go && is_all && kept <= most) {
            let len = kept.min(most);
            if flush == Flush::Finish && is_all && len == kept {
                place = Place::Last;
            }
            let start = self.window.block_start.cast_unsigned();
            self.blocks.write_stored(&self.window.bytes[start..start + len], place);
            self.window.block_start += len.cast_signed();
            self.blocks.bits.drain(io);
        }
        if place == Place::Last { Outcome::FinishStarted } else { Outcome::NeedsMore }
    }
}
