// SPDX-License-Identifier: Apache-2.0
//! Groups: how they open, divide and close, what keeps those that are atomic or ask from being tried again, and calls.

use super::super::options::Flags;
use super::super::program::{Again, GroupKind, Op, Program};
use super::execute::{Flow, check};
use super::frame::Frame;
use super::{Call, Matcher, Outcome, UNSET};

/// The most slots that calls may keep.
const MOST_SAVED: usize = 1 << 24;
/// Any call, in a condition.
const ANY_CALL: u16 = u16::MAX;

impl Matcher {
    /// A group opens.
    pub(super) fn open(
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

    pub(super) fn push_barrier(&mut self, frame: Frame) -> Option<Outcome> {
        let outcome = self.push(frame);
        self.barrier = self.stack.len() as u32;
        outcome
    }

    /// An alternative of a group begins; `at` is the group or an [`Op::Alternative`].
    pub(super) fn alternative(
        &mut self,
        program: &Program,
        at: usize,
        kind: GroupKind,
        is_watched: bool,
    ) -> Flow {
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
    pub(super) fn condition(&mut self, program: &Program) -> Flow {
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
    pub(super) fn chosen(&mut self, program: &Program, open: usize, yes: usize, holds: bool) -> Flow {
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
    pub(super) fn capture(&mut self, program: &Program, number: u16) -> Option<Outcome> {
        let number = usize::from(number);
        let from = self.slots.get(2 * usize::from(program.groups) + number).copied().unwrap_or(UNSET);
        let outcome = self.set(2 * number - 1, from);
        outcome.or_else(|| self.set(2 * number, self.pos as u32))
    }

    /// A group ends.
    pub(super) fn close(&mut self, program: &Program, again: Again, back: u32) -> Flow {
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
                check!(self.push(Frame::Tail { pc: self.pc as u32 + 1, pos, depth }));
                check!(self.step_in());
                self.pc = open;
            }
            Again::Lazy => {
                let pc = open as u32;
                check!(self.push(if empty {
                    Frame::Step { pc, pos, depth }
                } else {
                    Frame::Tail { pc, pos, depth }
                }));
                check!(self.step_in());
                self.pc += 1;
            }
        }
        Flow::On
    }

    /// Drops what was put aside since the innermost barrier, but for what restores slots. Gives where the barrier began, and how deep.
    pub(super) fn leave_barrier(&mut self) -> Option<(u32, u32)> {
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
    pub(super) fn assertion_holds(&mut self, program: &Program, open: usize) -> Flow {
        let Some((pos, depth)) = self.leave_barrier() else { return Flow::Back };
        self.pos = pos as usize;
        self.depth = depth;
        self.after_assertion(program, open, true)
    }

    /// An assertion's outcome is known: the condition that it is in, or what follows it, goes on.
    pub(super) fn after_assertion(&mut self, program: &Program, open: usize, holds: bool) -> Flow {
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
    pub(super) fn negative_fails(&mut self, program: &Program) -> Flow {
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

    pub(super) fn restore(&mut self, slot: u32, old: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            *slot = old;
        }
    }

    /// A group is called.
    pub(super) fn call(&mut self, program: &Program, number: u16, target: u32) -> Flow {
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
    pub(super) fn return_from_call(&mut self, program: &Program) -> Flow {
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
    pub(super) fn forget_call(&mut self, program: &Program, pc: u32) {
        if let Some(Op::Call { .. }) = program.ops.get(pc as usize) {
            self.called.pop();
            let from = self.saved.len().saturating_sub(self.slots.len());
            self.saved.truncate(from);
        }
    }

    /// Whether a match that ends here must not be.
    pub(super) fn is_refused(&self) -> bool {
        let settings = &self.settings;
        self.slots[0] as usize == self.pos
            && (settings.not_empty || (settings.not_empty_at_start && self.pos == settings.offset))
    }

    /// The end of the pattern.
    pub(super) fn end(&mut self, program: &Program) -> Flow {
        if !self.called.is_empty() {
            return self.return_from_call(program);
        }
        if self.is_refused() { Flow::Back } else { Flow::Over(Outcome::Match) }
    }

    /// `(*ACCEPT)`: the assertion, the call, or all of the pattern has matched.
    pub(super) fn accept(&mut self, program: &Program) -> Flow {
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
}
