// SPDX-License-Identifier: Apache-2.0
//! The loop that executes operations, and the way back.
//!
//! A step is what PCRE's `match()` counts when it calls itself: an alternative, a further round of a group, a place from which a repeat
//! lets the rest of the pattern go on. Steps nest as those calls do, so the limits of steps and of depth are met at the same patterns.

use super::super::options::Flags;
use super::super::program::{Mode, Op, Place, Program, UNLIMITED};
use super::frame::Frame;
use super::seek::Sought;
use super::single::{RUN, narrow_span, step_back};
use super::{Matcher, Outcome, Phase, Progress};

/// The most frames on the stack.
const MOST_FRAMES: usize = 1 << 24;

/// How an operation went on.
pub enum Flow {
    /// The next one is at hand.
    On,
    /// It does not match.
    Back,
    /// The search is over.
    Over(Outcome),
}

macro_rules! check {
    ($flow:expr) => {
        match $flow {
            None => {}
            Some(outcome) => return Flow::Over(outcome),
        }
    };
}
pub(super) use check;

impl Matcher {
    pub(super) fn run_as<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        budget: &mut usize,
    ) -> Outcome {
        loop {
            if *budget == 0 {
                return Outcome::Paused;
            }
            let outcome = match self.phase {
                Phase::Seek => match self.seek::<UTF>(program, text, budget) {
                    Sought::Here => {
                        // The whole match is the first step.
                        self.step()
                    }
                    Sought::Nowhere => Some(Outcome::NoMatch),
                    Sought::Paused => Some(Outcome::Paused),
                },
                Phase::Execute => self.execute::<UTF>(program, text, budget),
                Phase::Backtrack => self.backtrack::<UTF>(program, text, budget),
            };
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
    }

    /// Counts a step at this depth.
    #[inline]
    pub(super) fn step(&mut self) -> Option<Outcome> {
        if self.calls >= self.settings.match_limit {
            return Some(Outcome::MatchLimit);
        }
        self.calls += 1;
        (self.depth >= self.settings.depth_limit).then_some(Outcome::DepthLimit)
    }

    /// Counts a step inside of this one.
    #[inline]
    pub(super) fn step_in(&mut self) -> Option<Outcome> {
        self.depth = self.depth.saturating_add(1);
        self.step()
    }

    /// Puts something aside.
    #[inline]
    pub(super) fn push(&mut self, frame: Frame) -> Option<Outcome> {
        if self.stack.len() == self.stack.capacity() {
            let more = self.stack.len().max(64);
            if self.stack.len() >= MOST_FRAMES || self.stack.try_reserve_exact(more).is_err() {
                return Some(Outcome::DepthLimit);
            }
        }
        self.stack.push(frame);
        None
    }

    /// Changes a slot so that going back changes it again.
    #[inline]
    pub(super) fn set(&mut self, slot: usize, value: u32) -> Option<Outcome> {
        let old = *self.slots.get(slot)?;
        if old != value {
            self.slots[slot] = value;
            return self.push(Frame::Restore { slot: slot as u32, old });
        }
        None
    }

    pub(super) fn execute<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        budget: &mut usize,
    ) -> Option<Outcome> {
        loop {
            if *budget == 0 {
                self.phase = Phase::Execute;
                return Some(Outcome::Paused);
            }
            *budget -= 1;
            let Some(op) = program.ops.get(self.pc).copied() else { return Some(Outcome::NoMatch) };
            let flow = match op {
                Op::Char(wanted) if !UTF || wanted < 0x80 => {
                    if text.get(self.pos).is_some_and(|byte| u32::from(*byte) == wanted) {
                        self.pos += 1;
                        self.pc += 1;
                        continue;
                    }
                    Flow::Back
                }
                Op::Char(_)
                | Op::Either(..)
                | Op::Not(_)
                | Op::Neither(..)
                | Op::Type(_)
                | Op::Set(_)
                | Op::Newline
                | Op::Cluster => match self.one::<UTF>(program, op, text, self.pos) {
                    Some(end) => {
                        self.pos = end;
                        self.pc += 1;
                        continue;
                    }
                    None => Flow::Back,
                },
                Op::Repeat { min, max, mode } => {
                    self.repeat::<UTF>(program, text, u32::from(min), max, mode, budget)
                }
                other => self.rare::<UTF>(program, text, other, budget),
            };
            match flow {
                Flow::On => {}
                Flow::Back => {
                    self.phase = Phase::Backtrack;
                    return None;
                }
                Flow::Over(outcome) => return Some(outcome),
            }
        }
    }

    pub(super) fn rare<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        op: Op,
        budget: &mut usize,
    ) -> Flow {
        match op {
            Op::Group { kind, again, empty, number, slot, .. } => {
                return self.open(program, kind, again, empty, number, slot);
            }
            Op::Alternative { end, .. } => self.pc += end as usize,
            Op::Close { again, back } => return self.close(program, again, back),
            Op::At(place) => {
                if !self.is_at::<UTF>(program, text, place) {
                    return Flow::Back;
                }
                self.pc += 1;
            }
            Op::Reference { .. } | Op::NamedReference { .. } => {
                let Some(referred) = self.referred(program, op) else { return Flow::Back };
                *budget = budget.saturating_sub((referred.1.saturating_sub(referred.0)) / RUN);
                let Some(end) = self.same::<UTF>(op, referred, text, self.pos) else { return Flow::Back };
                self.pos = end;
                self.pc += 1;
            }
            Op::RepeatReference { min, max, mode } => {
                return self.repeat_reference::<UTF>(program, text, u32::from(min), max, mode, budget);
            }
            Op::Optional => {
                let (pc, pos, depth) = (self.after_group(program, self.pc + 1), self.pos as u32, self.depth);
                check!(self.push(Frame::Goto { pc: pc as u32, pos, depth }));
                check!(self.step_in());
                self.pc += 1;
            }
            Op::OptionalLazy => {
                let (pc, pos, depth) = (self.pc as u32 + 1, self.pos as u32, self.depth);
                check!(self.push(Frame::Goto { pc, pos, depth }));
                check!(self.step_in());
                self.pc = self.after_group(program, self.pc + 1);
            }
            Op::Skip => self.pc = self.after_group(program, self.pc + 1),
            Op::Back(count) => {
                for _ in 0..count {
                    if self.pos == 0 {
                        return Flow::Back;
                    }
                    self.pos = step_back::<UTF>(text, self.pos);
                }
                self.pc += 1;
            }
            Op::Keep => {
                check!(self.set(0, self.pos as u32));
                self.pc += 1;
            }
            Op::Leave(number) => {
                check!(self.capture(program, number));
                self.pc += 1;
            }
            Op::Call { number, target } => return self.call(program, number, target),
            Op::End => return self.end(program),
            Op::Accept => return self.accept(program),
            Op::Fail => return Flow::Back,
            Op::Verb(verb) => {
                check!(self.push(Frame::Verb { verb, pc: self.pc as u32, pos: self.pos as u32 }));
                check!(self.step_in());
                self.pc += 1;
            }
            Op::SkipTo(label) => {
                self.skips += 1;
                if self.skips > self.ignored_skips {
                    check!(self.push(Frame::SkipTo { label }));
                    check!(self.step_in());
                }
                self.pc += 1;
            }
            Op::Mark(label) => {
                check!(self.push(Frame::Mark { label, pos: self.pos as u32 }));
                check!(self.step_in());
                self.pc += 1;
            }
            // Conditions are asked where their group opens.
            _ => self.pc += 1,
        }
        Flow::On
    }

    /// Behind the group that opens at a place.
    pub(super) fn after_group(&self, program: &Program, open: usize) -> usize {
        program.close_of(open as u32) as usize + 1
    }

    pub(super) fn is_at<const UTF: bool>(&self, program: &Program, text: &[u8], place: Place) -> bool {
        let flags = program.options.flags;
        let pos = self.pos;
        let newline = |at| self.newline.at(text, at, flags);
        let is_last_line_end =
            || pos == text.len() || newline(pos).is_some_and(|len| pos + len == text.len());
        match place {
            Place::LineStart => pos == 0 && !self.settings.not_bol,
            Place::AnyLineStart if pos == 0 => !self.settings.not_bol,
            Place::AnyLineStart => pos < text.len() && self.newline.before(text, pos, 0, flags).is_some(),
            Place::LineEnd => !self.settings.not_eol && is_last_line_end(),
            Place::AnyLineEnd if pos < text.len() => newline(pos).is_some(),
            Place::AnyLineEnd => !self.settings.not_eol,
            Place::SubjectStart => pos == 0,
            Place::SubjectEndOrNewline => is_last_line_end(),
            Place::SubjectEnd => pos == text.len(),
            Place::DollarEnd => pos == text.len() && !self.settings.not_eol,
            Place::SearchStart => pos == self.settings.offset,
            Place::WordEdge => self.is_word_edge::<UTF>(text, pos, flags.without(Flags::UCP)),
            Place::NotWordEdge => !self.is_word_edge::<UTF>(text, pos, flags.without(Flags::UCP)),
            Place::WordEdgeUcp => self.is_word_edge::<UTF>(text, pos, flags | Flags::UCP),
            Place::NotWordEdgeUcp => !self.is_word_edge::<UTF>(text, pos, flags | Flags::UCP),
        }
    }

    pub(super) fn repeat<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        min: u32,
        max: u32,
        mode: Mode,
        budget: &mut usize,
    ) -> Flow {
        let Some(op) = program.ops.get(self.pc + 1).copied() else { return Flow::Back };
        let is_uneven = matches!(op, Op::Newline | Op::Cluster);
        let mut progress = match self.progress.take() {
            Some(progress) => progress,
            None => {
                let (low, count) = match op {
                    Op::Type(kind)
                        if UTF && kind.is_by_latin1() && (min > 1 || (min, max) == (1, UNLIMITED)) =>
                    {
                        narrow_span(kind, text, self.pos, min)
                    }
                    _ => self.span::<UTF>(program, op, text, self.pos, min),
                };
                if count < min {
                    return Flow::Back;
                }
                if min == max {
                    self.pos = low;
                    self.pc += 2;
                    return Flow::On;
                }
                Progress { low, at: low, count: min }
            }
        };
        if mode == Mode::Lazy {
            let (pc, depth) = (self.pc as u32, self.depth);
            self.pos = progress.low;
            check!(self.push(Frame::Lazy { pc, pos: progress.low as u32, count: min, depth }));
            check!(self.step_in());
            self.pc += 2;
            return Flow::On;
        }
        // A long run is done in parts, so that it can be interrupted.
        loop {
            let left = if max == UNLIMITED { u32::MAX } else { max - progress.count };
            let part = u32::try_from((*budget).max(1).saturating_mul(RUN)).unwrap_or(u32::MAX).min(left);
            if is_uneven && mode == Mode::Greedy {
                let (pc, depth) = (self.pc as u32 + 2, self.depth);
                let Some(next) =
                    (left > 0).then(|| self.one::<UTF>(program, op, text, progress.at)).flatten()
                else {
                    break;
                };
                let pos = progress.at as u32;
                let frame = if progress.at == progress.low {
                    Frame::Tail { pc, pos, depth }
                } else {
                    Frame::Step { pc, pos, depth }
                };
                check!(self.push(frame));
                progress.at = next;
                progress.count = progress.count.saturating_add(1);
                continue;
            }
            let (at, count) = self.span::<UTF>(program, op, text, progress.at, part);
            progress.at = at;
            progress.count = progress.count.saturating_add(count);
            *budget = budget.saturating_sub(count as usize / RUN);
            if count < part || part == left {
                break;
            }
            self.progress = Some(progress);
            return Flow::Over(Outcome::Paused);
        }
        self.pos = progress.at;
        if mode == Mode::Greedy {
            if progress.at > progress.low {
                let (pc, depth) = (self.pc as u32, self.depth);
                if !is_uneven {
                    let (pos, low) = (progress.at as u32, progress.low as u32);
                    check!(self.push(Frame::Greedy { pc, pos, low, depth }));
                }
                check!(self.step_in());
            } else {
                check!(self.step());
            }
        }
        self.pc += 2;
        Flow::On
    }

    pub(super) fn repeat_reference<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        min: u32,
        max: u32,
        mode: Mode,
        budget: &mut usize,
    ) -> Flow {
        let Some(op) = program.ops.get(self.pc + 1).copied() else { return Flow::Back };
        let referred = self.referred(program, op);
        if referred.is_some_and(|(from, to)| from == to) {
            self.pc += 2;
            return Flow::On;
        }
        let mut progress = self.progress.take().unwrap_or(Progress { low: self.pos, at: self.pos, count: 0 });
        let lazy = mode == Mode::Lazy;
        let most = if lazy { min } else { max };
        while progress.count < most {
            if *budget == 0 {
                self.progress = Some(progress);
                return Flow::Over(Outcome::Paused);
            }
            let end = referred.and_then(|referred| self.same::<UTF>(op, referred, text, progress.at));
            let Some(end) = end else { break };
            *budget = budget.saturating_sub(1 + (end - progress.at) / RUN);
            progress.at = end;
            progress.count += 1;
            if progress.count == min {
                progress.low = end;
            }
        }
        if progress.count < min {
            return Flow::Back;
        }
        self.pos = progress.at;
        if min != max {
            let (pc, pos, depth) = (self.pc as u32, self.pos as u32, self.depth);
            if lazy {
                check!(self.push(Frame::Lazy { pc, pos, count: min, depth }));
            } else if progress.at > progress.low {
                check!(self.push(Frame::Greedy { pc, pos, low: progress.low as u32, depth }));
            }
            check!(self.step_in());
        }
        self.pc += 2;
        Flow::On
    }
}
