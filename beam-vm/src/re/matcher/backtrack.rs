// SPDX-License-Identifier: Apache-2.0
//! The way back: to what was put aside last, or, after a verb, to where the verb says.

use super::super::program::{Again, GroupKind, Op, Program, Verb};
use super::execute::{Flow, check};
use super::frame::Frame;
use super::single::step_back;
use super::{Matcher, Outcome, Phase};

/// What a way back looks for.
#[derive(Clone, Copy)]
pub enum Why {
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

impl Matcher {
    /// Goes back to what was put aside last.
    pub(super) fn backtrack<const UTF: bool>(
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
    pub(super) fn resume<const UTF: bool>(
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
            Frame::Tail { pc, pos, depth } => {
                (self.pc, self.pos, self.depth) = (pc as usize, pos as usize, depth);
                check!(self.step());
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

    pub(super) fn greedy_back<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        frame: [u32; 4],
    ) -> Flow {
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

    pub(super) fn lazy_on<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        frame: [u32; 4],
    ) -> Flow {
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
    pub(super) fn barrier_failed(&mut self, program: &Program, pc: u32, has_matched: bool) -> Flow {
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
    pub(super) fn unwind(&mut self, program: &Program, frame: Frame, why: &mut Why) -> Flow {
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
    pub(super) fn start_failed<const UTF: bool>(
        &mut self,
        program: &Program,
        text: &[u8],
        why: Why,
    ) -> Option<Outcome> {
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
