// SPDX-License-Identifier: Apache-2.0
//! The loop that executes operations, and the way back.
//!
//! A step is what PCRE's `match()` counts when it calls itself: an alternative, a further round of a group, a place from which a repeat
//! lets the rest of the pattern go on. Steps nest as those calls do, so the limits of steps and of depth are met at the same patterns.

use super::super::options::Flags;
use super::super::program::{Again, GroupKind, Mode, Op, Place, Program, UNLIMITED, Verb};
use super::frame::Frame;
use super::seek::Sought;
use super::single::{RUN, narrow_span, step_back};
use super::{Call, Matcher, Outcome, Phase, Progress, UNSET};

/// The most frames on the stack.
const MOST_FRAMES: usize = 1 << 24;
/// The most slots that calls may keep.
const MOST_SAVED: usize = 1 << 24;
/// Any call, in a condition.
const ANY_CALL: u16 = u16::MAX;

/// How an operation went on.
enum Flow {
    /// The next one is at hand.
    On,
    /// It does not match.
    Back,
    /// The search is over.
    Over(Outcome),
}

/// What a way back looks for.
#[derive(Clone, Copy)]
enum Why {
    /// The last thing that was put aside.
    Failed,
    /// `(*COMMIT)`
    Commit,
    /// `(*PRUNE)`
    Prune,
    /// `(*SKIP)`, and where to go on.
    Skip(u32),
    /// `(*SKIP:NAME)`
    SkipTo(u32),
    /// `(*THEN)`, and where it is.
    Then(u32),
}

macro_rules! check {
    ($flow:expr) => {
        match $flow {
            None => {}
            Some(outcome) => return Flow::Over(outcome),
        }
    };
}

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
    fn step(&mut self) -> Option<Outcome> {
        if self.calls >= self.settings.match_limit {
            return Some(Outcome::MatchLimit);
        }
        self.calls += 1;
        (self.depth >= self.settings.depth_limit).then_some(Outcome::DepthLimit)
    }

    /// Counts a step inside of this one.
    #[inline]
    fn step_in(&mut self) -> Option<Outcome> {
        self.depth = self.depth.saturating_add(1);
        self.step()
    }

    /// Puts something aside.
    #[inline]
    fn push(&mut self, frame: Frame) -> Option<Outcome> {
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
    fn set(&mut self, slot: usize, value: u32) -> Option<Outcome> {
        let old = *self.slots.get(slot)?;
        if old != value {
            self.slots[slot] = value;
            return self.push(Frame::Restore { slot: slot as u32, old });
        }
        None
    }

    fn execute<const UTF: bool>(
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

    fn rare<const UTF: bool>(&mut self, program: &Program, text: &[u8], op: Op, budget: &mut usize) -> Flow {
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
    fn after_group(&self, program: &Program, open: usize) -> usize {
        program.close_of(open as u32) as usize + 1
    }

    fn is_at<const UTF: bool>(&self, program: &Program, text: &[u8], place: Place) -> bool {
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

    fn repeat<const UTF: bool>(
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
                    Frame::Goto { pc, pos, depth }
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

    fn repeat_reference<const UTF: bool>(
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

    /// A group opens.
    fn open(
        &mut self,
        program: &Program,
        kind: GroupKind,
        again: Again,
        empty: bool,
        number: u16,
        slot: u32,
    ) -> Flow {
        let groups = usize::from(program.groups);
        let (pc, pos, depth) = (self.pc as u32, self.pos as u32, self.depth);
        if empty {
            check!(self.set(1 + 3 * groups + slot as usize, pos));
        }
        if kind == GroupKind::Capture {
            check!(self.set(2 * groups + usize::from(number), pos));
        }
        let is_possessive = matches!(again, Again::Possessive | Again::PossessiveOrNone);
        match kind {
            GroupKind::Condition => return self.condition(program),
            GroupKind::Atomic | GroupKind::Ahead | GroupKind::NotAhead => {
                check!(self.push_barrier(Frame::Barrier { pc, pos, outer: self.barrier, depth }));
            }
            _ if is_possessive => {
                check!(self.push_barrier(Frame::Barrier { pc, pos, outer: self.barrier, depth }));
            }
            _ => {}
        }
        self.alternative(program, self.pc, kind, empty || is_possessive)
    }

    fn push_barrier(&mut self, frame: Frame) -> Option<Outcome> {
        let outcome = self.push(frame);
        self.barrier = self.stack.len() as u32;
        outcome
    }

    /// An alternative of a group begins; `at` is the group or an [`Op::Alternative`].
    fn alternative(&mut self, program: &Program, at: usize, kind: GroupKind, is_watched: bool) -> Flow {
        let (Some(Op::Group { next, .. } | Op::Alternative { next, .. }), is_first) =
            (program.ops.get(at), matches!(program.ops.get(at), Some(Op::Group { .. })))
        else {
            return Flow::Back;
        };
        let there = at + *next as usize;
        let has_more = matches!(program.ops.get(there), Some(Op::Alternative { .. }));
        let has_then = program.options.flags.has(Flags::HAS_THEN);
        if has_more {
            let (pos, depth) = (self.pos as u32, self.depth);
            check!(self.push(Frame::Alternative { pc: there as u32, pos, depth }));
        } else if has_then && !is_first {
            check!(self.push(Frame::Last { pc: there as u32 }));
        }
        if has_more || has_then || is_watched || kind != GroupKind::Plain {
            check!(self.step_in());
        } else {
            check!(self.step());
        }
        self.pc = at + 1;
        Flow::On
    }

    /// A condition is asked.
    fn condition(&mut self, program: &Program) -> Flow {
        let call = self.called.last().map(|call| call.number);
        let named = |name: u16, count: u16| {
            program.names.get(usize::from(name)..usize::from(name) + usize::from(count)).unwrap_or_default()
        };
        let holds = match program.ops.get(self.pc + 1).copied() {
            Some(Op::IfGroup(number)) => self.is_set(number),
            Some(Op::IfName { name, count }) => named(name, count).iter().any(|name| self.is_set(name.group)),
            Some(Op::IfCall(number)) => call.is_some_and(|call| number == ANY_CALL || number == call),
            Some(Op::IfCallName { name, count }) => {
                named(name, count).iter().any(|name| Some(name.group) == call)
            }
            Some(Op::Group { kind, .. }) => {
                // An assertion, whose outcome goes on here.
                let (open, pos, depth) = (self.pc + 1, self.pos as u32, self.depth);
                let frame = Frame::Barrier { pc: open as u32, pos, outer: self.barrier, depth };
                check!(self.push_barrier(frame));
                check!(self.step_in());
                return self.alternative(program, open, kind, true);
            }
            _ => false,
        };
        self.chosen(program, self.pc, self.pc + 2, holds)
    }

    /// A condition's outcome is known.
    fn chosen(&mut self, program: &Program, open: usize, yes: usize, holds: bool) -> Flow {
        let Some(Op::Group { next, empty, .. }) = program.ops.get(open).copied() else { return Flow::Back };
        let there = open + next as usize;
        let has_no = matches!(program.ops.get(there), Some(Op::Alternative { .. }));
        if holds || has_no {
            if empty {
                check!(self.step_in());
            } else {
                check!(self.step());
            }
            self.pc = if holds { yes } else { there + 1 };
        } else {
            self.pc = there + 1;
        }
        Flow::On
    }

    /// Sets a capturing group.
    fn capture(&mut self, program: &Program, number: u16) -> Option<Outcome> {
        let number = usize::from(number);
        let from = self.slots.get(2 * usize::from(program.groups) + number).copied().unwrap_or(UNSET);
        let outcome = self.set(2 * number - 1, from);
        outcome.or_else(|| self.set(2 * number, self.pos as u32))
    }

    /// A group ends.
    fn close(&mut self, program: &Program, again: Again, back: u32) -> Flow {
        let open = self.pc - (back as usize).min(self.pc);
        let Some(Op::Group { kind, empty, number, slot, .. }) = program.ops.get(open).copied() else {
            return Flow::Back;
        };
        let mut began = None;
        match kind {
            GroupKind::Ahead => return self.assertion_holds(program, open),
            GroupKind::NotAhead => return self.negative_fails(program),
            GroupKind::Atomic => {
                let Some((pos, depth)) = self.leave_barrier() else { return Flow::Back };
                began = Some(pos);
                self.depth = depth;
            }
            GroupKind::Capture => {
                if number > 0 {
                    check!(self.capture(program, number));
                }
                if self.called.last().is_some_and(|call| call.number == number) {
                    return self.return_from_call(program);
                }
            }
            _ => {}
        }
        if empty {
            began = self.slots.get(1 + 3 * usize::from(program.groups) + slot as usize).copied();
        }
        let (pos, depth) = (self.pos as u32, self.depth);
        match again {
            Again::Possessive | Again::PossessiveOrNone => {
                let Some((start, depth)) = self.leave_barrier() else { return Flow::Back };
                self.depth = depth;
                if start == pos {
                    self.pc += 1;
                    return Flow::On;
                }
                let frame = Frame::Matched { pc: open as u32, pos, outer: self.barrier, depth };
                check!(self.push_barrier(frame));
                if empty {
                    check!(self.set(1 + 3 * usize::from(program.groups) + slot as usize, pos));
                }
                if kind == GroupKind::Capture {
                    check!(self.set(2 * usize::from(program.groups) + usize::from(number), pos));
                }
                return self.alternative(program, open, kind, true);
            }
            Again::No => self.pc += 1,
            _ if began == Some(pos) => self.pc += 1,
            Again::Greedy => {
                check!(self.push(Frame::Goto { pc: self.pc as u32 + 1, pos, depth }));
                check!(self.step_in());
                self.pc = open;
            }
            Again::Lazy => {
                let pc = open as u32;
                check!(self.push(if empty {
                    Frame::Step { pc, pos, depth }
                } else {
                    Frame::Goto { pc, pos, depth }
                }));
                check!(self.step_in());
                self.pc += 1;
            }
        }
        Flow::On
    }

    /// Drops what was put aside since the innermost barrier, but for what restores slots. Gives where the barrier began, and how deep.
    fn leave_barrier(&mut self) -> Option<(u32, u32)> {
        let at = (self.barrier as usize).checked_sub(1)?;
        let (Frame::Barrier { pos, outer, depth, .. } | Frame::Matched { pos, outer, depth, .. }) =
            *self.stack.get(at)?
        else {
            return None;
        };
        let mut kept = at;
        for index in at + 1..self.stack.len() {
            let frame = self.stack[index];
            if let Frame::Restore { .. } = frame {
                self.stack[kept] = frame;
                kept += 1;
            }
        }
        self.stack.truncate(kept);
        self.barrier = outer;
        Some((pos, depth))
    }

    /// An assertion has matched.
    fn assertion_holds(&mut self, program: &Program, open: usize) -> Flow {
        let Some((pos, depth)) = self.leave_barrier() else { return Flow::Back };
        self.pos = pos as usize;
        self.depth = depth;
        self.after_assertion(program, open, true)
    }

    /// An assertion's outcome is known: the condition that it is in, or what follows it, goes on.
    fn after_assertion(&mut self, program: &Program, open: usize, holds: bool) -> Flow {
        let after = self.after_group(program, open);
        let around = open.wrapping_sub(1);
        if let Some(Op::Group { kind: GroupKind::Condition, .. }) = program.ops.get(around) {
            return self.chosen(program, around, after, holds);
        }
        if !holds {
            return Flow::Back;
        }
        self.pc = after;
        Flow::On
    }

    /// What must not match has matched.
    fn negative_fails(&mut self, program: &Program) -> Flow {
        let Some(at) = (self.barrier as usize).checked_sub(1) else { return Flow::Back };
        while self.stack.len() > at + 1 {
            match self.stack.pop() {
                Some(Frame::Restore { slot, old }) => self.restore(slot, old),
                Some(Frame::Barrier { pc, .. }) => self.forget_call(program, pc),
                _ => {}
            }
        }
        let Some(Frame::Barrier { pc, pos, outer, depth }) = self.stack.pop() else { return Flow::Back };
        self.barrier = outer;
        self.pos = pos as usize;
        self.depth = depth;
        self.after_assertion(program, pc as usize, false)
    }

    fn restore(&mut self, slot: u32, old: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            *slot = old;
        }
    }

    /// A group is called.
    fn call(&mut self, program: &Program, number: u16, target: u32) -> Flow {
        let pos = self.pos as u32;
        if self.called.iter().any(|call| call.number == number && call.start == pos) {
            return Flow::Over(Outcome::Loop);
        }
        if self.saved.len() + self.slots.len() > MOST_SAVED
            || self.saved.try_reserve(self.slots.len()).is_err()
        {
            return Flow::Over(Outcome::DepthLimit);
        }
        let frame = Frame::Barrier { pc: self.pc as u32, pos, outer: self.barrier, depth: self.depth };
        check!(self.push_barrier(frame));
        self.saved.extend_from_slice(&self.slots);
        self.called.push(Call { number, start: pos });
        let open = target as usize;
        let Some(Op::Group { kind, empty, number, slot, .. }) = program.ops.get(open).copied() else {
            return Flow::Back;
        };
        let groups = usize::from(program.groups);
        if empty {
            check!(self.set(1 + 3 * groups + slot as usize, pos));
        }
        if kind == GroupKind::Capture {
            check!(self.set(2 * groups + usize::from(number), pos));
        }
        // One round of it is called, however it is repeated where it stands.
        self.alternative(program, open, kind, true)
    }

    /// A called group has matched: all slots are as they were before.
    fn return_from_call(&mut self, program: &Program) -> Flow {
        let (at, pc, outer, depth) = loop {
            let Some(at) = (self.barrier as usize).checked_sub(1) else { return Flow::Back };
            let (Frame::Barrier { pc, outer, depth, .. } | Frame::Matched { pc, outer, depth, .. }) =
                self.stack[at]
            else {
                return Flow::Back;
            };
            // Atomic and possessive groups inside of it end with it.
            if let Some(Op::Call { .. }) = program.ops.get(pc as usize) {
                break (at, pc, outer, depth);
            }
            self.barrier = outer;
        };
        self.stack.truncate(at);
        let keep = self.slots[0];
        self.barrier = outer;
        let from = self.saved.len().saturating_sub(self.slots.len());
        self.slots.copy_from_slice(&self.saved[from..]);
        self.saved.truncate(from);
        self.called.pop();
        self.depth = depth;
        self.pc = pc as usize + 1;
        // `\K` alone stays.
        check!(self.set(0, keep));
        Flow::On
    }

    /// A barrier is given up: if it was that of a call, so is the call.
    fn forget_call(&mut self, program: &Program, pc: u32) {
        if let Some(Op::Call { .. }) = program.ops.get(pc as usize) {
            self.called.pop();
            let from = self.saved.len().saturating_sub(self.slots.len());
            self.saved.truncate(from);
        }
    }

    /// Whether a match that ends here must not be.
    fn is_refused(&self) -> bool {
        let settings = &self.settings;
        self.slots[0] as usize == self.pos
            && (settings.not_empty || (settings.not_empty_at_start && self.pos == settings.offset))
    }

    /// The end of the pattern.
    fn end(&mut self, program: &Program) -> Flow {
        if !self.called.is_empty() {
            return self.return_from_call(program);
        }
        if self.is_refused() { Flow::Back } else { Flow::Over(Outcome::Match) }
    }

    /// `(*ACCEPT)`: the assertion, the call, or all of the pattern has matched.
    fn accept(&mut self, program: &Program) -> Flow {
        let mut barrier = self.barrier;
        while let Some(at) = (barrier as usize).checked_sub(1) {
            let (Frame::Barrier { pc, outer, .. } | Frame::Matched { pc, outer, .. }) = self.stack[at] else {
                return Flow::Back;
            };
            match program.ops.get(pc as usize) {
                Some(Op::Group { kind: GroupKind::Ahead, .. }) => {
                    self.barrier = barrier;
                    return self.assertion_holds(program, pc as usize);
                }
                Some(Op::Group { kind: GroupKind::NotAhead, .. }) => {
                    self.barrier = barrier;
                    return self.negative_fails(program);
                }
                Some(Op::Call { .. }) => {
                    self.barrier = barrier;
                    return self.return_from_call(program);
                }
                _ => barrier = outer,
            }
        }
        if self.called.is_empty() && self.is_refused() { Flow::Back } else { Flow::Over(Outcome::Match) }
    }

    /// Goes back to what was put aside last.
    fn backtrack<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        budget: &mut usize,
    ) -> Option<Outcome> {
        let mut why = Why::Failed;
        loop {
            if *budget == 0 && matches!(why, Why::Failed) {
                self.phase = Phase::Backtrack;
                return Some(Outcome::Paused);
            }
            *budget = budget.saturating_sub(1);
            let Some(frame) = self.stack.pop() else { return self.start_failed::<UTF>(program, text, why) };
            if let Frame::Restore { slot, old } = frame {
                self.restore(slot, old);
                continue;
            }
            let flow = match why {
                Why::Failed => self.resume::<UTF>(program, text, frame, &mut why),
                _ => self.unwind(program, frame, &mut why),
            };
            match flow {
                Flow::On => {
                    self.phase = Phase::Execute;
                    return None;
                }
                Flow::Back => {}
                Flow::Over(outcome) => return Some(outcome),
            }
        }
    }

    /// Goes on with something that was put aside.
    fn resume<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        frame: Frame,
        why: &mut Why,
    ) -> Flow {
        match frame {
            Frame::Goto { pc, pos, depth } => {
                (self.pc, self.pos, self.depth) = (pc as usize, pos as usize, depth);
                Flow::On
            }
            Frame::Step { pc, pos, depth } => {
                (self.pc, self.pos, self.depth) = (pc as usize, pos as usize, depth);
                check!(self.step_in());
                Flow::On
            }
            Frame::Alternative { pc, pos, depth } => {
                (self.pc, self.pos, self.depth) = (pc as usize, pos as usize, depth);
                let close = match program.ops.get(self.pc) {
                    Some(Op::Alternative { end, .. }) => self.pc + *end as usize,
                    _ => return Flow::Back,
                };
                let Some(Op::Close { back, .. }) = program.ops.get(close) else { return Flow::Back };
                let open = close - (*back as usize).min(close);
                let Some(Op::Group { kind, empty, again, .. }) = program.ops.get(open).copied() else {
                    return Flow::Back;
                };
                let is_watched = empty || matches!(again, Again::Possessive | Again::PossessiveOrNone);
                self.alternative(program, self.pc, kind, is_watched)
            }
            Frame::Greedy { pc, pos, low, depth } => {
                self.greedy_back::<UTF>(program, text, [pc, pos, low, depth])
            }
            Frame::Lazy { pc, pos, count, depth } => {
                self.lazy_on::<UTF>(program, text, [pc, pos, count, depth])
            }
            Frame::Barrier { pc, pos, outer, depth } | Frame::Matched { pc, pos, outer, depth } => {
                self.barrier = outer;
                (self.pos, self.depth) = (pos as usize, depth);
                self.barrier_failed(program, pc, matches!(frame, Frame::Matched { .. }))
            }
            Frame::Verb { verb, pc, pos } => {
                *why = match verb {
                    Verb::Commit => Why::Commit,
                    Verb::Prune => Why::Prune,
                    Verb::Skip => Why::Skip(pos),
                    Verb::Then => Why::Then(pc),
                };
                Flow::Back
            }
            Frame::SkipTo { label } => {
                *why = Why::SkipTo(label);
                Flow::Back
            }
            Frame::Restore { .. } | Frame::Last { .. } | Frame::Mark { .. } => Flow::Back,
        }
    }

    fn greedy_back<const UTF: bool>(&mut self, program: &Program, text: &[u8], frame: [u32; 4]) -> Flow {
        let [pc, pos, low, depth] = frame;
        let (Some(how), Some(op)) =
            (program.ops.get(pc as usize).copied(), program.ops.get(pc as usize + 1).copied())
        else {
            return Flow::Back;
        };
        self.depth = depth;
        let is_reference = matches!(how, Op::RepeatReference { .. });
        let pos = if is_reference {
            let len = self.referred(program, op).map_or(1, |(from, to)| to.saturating_sub(from)).max(1);
            (pos as usize).saturating_sub(len)
        } else if op == Op::Type(super::super::program::Type::Byte) {
            pos as usize - 1
        } else {
            step_back::<UTF>(text, pos as usize)
        };
        if pos < low as usize {
            return Flow::Back;
        }
        (self.pc, self.pos) = (pc as usize + 2, pos);
        if pos > low as usize {
            check!(self.push(Frame::Greedy { pc, pos: pos as u32, low, depth }));
            check!(self.step_in());
        } else if is_reference {
            check!(self.step_in());
        } else {
            check!(self.step());
        }
        Flow::On
    }

    fn lazy_on<const UTF: bool>(&mut self, program: &Program, text: &[u8], frame: [u32; 4]) -> Flow {
        let [pc, pos, count, depth] = frame;
        let (Some(how), Some(op)) =
            (program.ops.get(pc as usize).copied(), program.ops.get(pc as usize + 1).copied())
        else {
            return Flow::Back;
        };
        let (Op::Repeat { max, .. } | Op::RepeatReference { max, .. }) = how else { return Flow::Back };
        if count >= max {
            return Flow::Back;
        }
        let end = if let Op::RepeatReference { .. } = how {
            self.referred(program, op).and_then(|referred| self.same::<UTF>(op, referred, text, pos as usize))
        } else {
            self.one::<UTF>(program, op, text, pos as usize)
        };
        let Some(end) = end else { return Flow::Back };
        self.depth = depth;
        check!(self.push(Frame::Lazy { pc, pos: end as u32, count: count + 1, depth }));
        check!(self.step_in());
        (self.pc, self.pos) = (pc as usize + 2, end);
        Flow::On
    }

    /// Nothing behind a barrier has matched.
    fn barrier_failed(&mut self, program: &Program, pc: u32, has_matched: bool) -> Flow {
        let open = pc as usize;
        match program.ops.get(open).copied() {
            Some(Op::Group { kind: GroupKind::NotAhead, .. }) => self.after_assertion(program, open, true),
            Some(Op::Group { kind: GroupKind::Ahead, .. }) => self.after_assertion(program, open, false),
            Some(Op::Group { again, .. }) => {
                if has_matched || again == Again::PossessiveOrNone {
                    self.pc = self.after_group(program, open);
                    return Flow::On;
                }
                Flow::Back
            }
            Some(Op::Call { .. }) => {
                self.forget_call(program, pc);
                Flow::Back
            }
            _ => Flow::Back,
        }
    }

    /// A verb is looking for where it ends.
    fn unwind(&mut self, program: &Program, frame: Frame, why: &mut Why) -> Flow {
        match frame {
            Frame::Barrier { pc, pos, outer, depth } | Frame::Matched { pc, pos, outer, depth } => {
                self.barrier = outer;
                match program.ops.get(pc as usize) {
                    Some(Op::Group { kind: GroupKind::NotAhead, .. }) => {
                        (self.pos, self.depth) = (pos as usize, depth);
                        self.after_assertion(program, pc as usize, true)
                    }
                    Some(Op::Call { .. }) => {
                        self.forget_call(program, pc);
                        *why = Why::Failed;
                        Flow::Back
                    }
                    _ => Flow::Back,
                }
            }
            Frame::Mark { label, pos } => {
                if let Why::SkipTo(wanted) = *why
                    && wanted == label
                {
                    *why = Why::Skip(pos);
                }
                Flow::Back
            }
            Frame::Alternative { pc, pos, depth } => {
                if let Why::Then(at) = *why
                    && at < pc
                {
                    *why = Why::Failed;
                    if self.push(Frame::Alternative { pc, pos, depth }).is_some() {
                        return Flow::Over(Outcome::DepthLimit);
                    }
                }
                Flow::Back
            }
            Frame::Last { pc } => {
                if let Why::Then(at) = *why
                    && at < pc
                {
                    *why = Why::Failed;
                }
                Flow::Back
            }
            _ => Flow::Back,
        }
    }

    /// Nothing that begins here matches.
    fn start_failed<const UTF: bool>(&mut self, program: &Program, text: &[u8], why: Why) -> Option<Outcome> {
        let to = match why {
            Why::Commit => return Some(Outcome::NoMatch),
            Why::Skip(pos) if pos as usize > self.start => Some(pos as usize),
            Why::SkipTo(_) => {
                self.ignored_skips = self.skips;
                Some(self.start)
            }
            _ => None,
        };
        if to == Some(self.start) {
            self.phase = Phase::Seek;
            self.seek = self.start;
            return None;
        }
        if self.next_start::<UTF>(program, text, to) { None } else { Some(Outcome::NoMatch) }
    }
}
