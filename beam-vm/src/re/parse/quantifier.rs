// SPDX-License-Identifier: Apache-2.0
//! Repeats (`pcrepattern`, "Repetition"). A single character gets an operation in front of it; a group is copied as often as it has to be
//! there, and further copies, each inside the one before, may be left out, which is how PCRE does it and what its limits count.

use super::super::error::ErrorKind;
use super::super::options::Flags;
use super::super::program::{Again, GroupKind, Mode, Op, UNLIMITED};
use super::branch::{Length, Varies};
use super::{Class, LARGEST, Parser};

/// The largest number of a quantifier.
const MOST: u32 = 65535;

/// What a quantifier says.
#[derive(Clone, Copy)]
struct Quantifier {
    min: u32,
    max: u32,
    mode: Mode,
}

impl Parser<'_> {
    /// Whether what is behind a brace makes it a quantifier.
    pub(super) fn is_counted_at(&self, at: usize) -> bool {
        let digits = |at: usize| {
            let rest = self.text.get(at..).unwrap_or_default();
            at + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let end = digits(at);
        if end == at {
            return false;
        }
        match self.text.get(end) {
            Some(b'}') => true,
            Some(b',') => self.text.get(digits(end + 1)) == Some(&b'}'),
            _ => false,
        }
    }

    /// Whether a quantifier stands at a place.
    pub(super) fn is_quantifier_at(&self, at: usize) -> bool {
        match self.text.get(at) {
            Some(b'*' | b'+' | b'?') => true,
            Some(b'{') => self.is_counted_at(at + 1),
            _ => false,
        }
    }

    /// The quantifier at hand. Afterwards its last byte is at hand.
    pub(super) fn quantifier(&mut self) -> Result<(), ErrorKind> {
        let (min, max) = match self.peek(0) {
            Some(b'*') => (0, UNLIMITED),
            Some(b'+') => (1, UNLIMITED),
            Some(b'?') => (0, 1),
            _ => self.counts()?,
        };
        let Some(previous) = self.previous else { return Err(ErrorKind::NothingToRepeat) };
        let is_ungreedy = self.flags.has(Flags::UNGREEDY);
        let suffix = self.after_quantifier()?;
        let mode = match self.text.get(suffix) {
            Some(b'+') => Mode::Possessive,
            Some(b'?') if is_ungreedy => Mode::Greedy,
            Some(b'?') => Mode::Lazy,
            _ if is_ungreedy => Mode::Lazy,
            _ => Mode::Greedy,
        };
        if matches!(self.text.get(suffix), Some(b'+' | b'?')) {
            self.pos = suffix;
        }
        let quantifier = Quantifier { min, max, mode };
        match self.ops.get(previous).copied() {
            Some(Op::Group { kind, .. }) => self.repeat_group(previous, kind, quantifier),
            Some(Op::Call { .. }) => {
                self.wrap(previous, GroupKind::Plain);
                self.repeat_group(previous, GroupKind::Plain, quantifier);
            }
            Some(Op::Reference { .. } | Op::NamedReference { .. }) => {
                self.repeat_reference(previous, quantifier)
            }
            _ => self.repeat_single(previous, quantifier),
        }
        self.previous = None;
        if min != max {
            self.varies = Varies::Yes;
        }
        Ok(())
    }

    /// Where what says how a quantifier works may stand: behind blanks and a comment.
    fn after_quantifier(&mut self) -> Result<usize, ErrorKind> {
        let quantifier = self.pos;
        self.pos += 1;
        if self.flags.has(Flags::EXTENDED) {
            while let Some(byte) = self.peek(0) {
                if Class::Space.has(byte) {
                    self.pos += 1;
                } else if byte == b'#' {
                    self.skip_comment();
                } else {
                    break;
                }
            }
        }
        let mut at = self.pos;
        if self.rest().starts_with(b"(?#") {
            let Some(len) = self.rest().iter().position(|byte| *byte == b')') else {
                self.pos = self.text.len();
                return Err(ErrorKind::CommentUnterminated);
            };
            at += len + 1;
        }
        self.pos = quantifier;
        Ok(at)
    }

    /// `{2,3}`. Afterwards the closing brace is at hand.
    fn counts(&mut self) -> Result<(u32, u32), ErrorKind> {
        self.pos += 1;
        let min = self.count()?;
        if self.peek(0) == Some(b'}') {
            return Ok((min, min));
        }
        self.pos += 1;
        if self.peek(0) == Some(b'}') {
            return Ok((min, UNLIMITED));
        }
        let max = self.count()?;
        if max < min {
            return Err(ErrorKind::QuantifierOrder);
        }
        Ok((min, max))
    }

    fn count(&mut self) -> Result<u32, ErrorKind> {
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            count = count * 10 + u32::from(digit - b'0');
            self.pos += 1;
            if count > MOST {
                return Err(ErrorKind::QuantifierTooBig);
            }
        }
        Ok(count)
    }

    fn repeat_single(&mut self, at: usize, quantifier: Quantifier) {
        let Quantifier { min, max, mode } = quantifier;
        let is_literal = matches!(self.ops.get(at), Some(Op::Char(_) | Op::Either(..)));
        if min > 1
            && is_literal
            && let Some(Op::Char(code) | Op::Either(code, _)) = self.ops.get(at).copied()
        {
            self.repeated_literal(code);
        }
        self.branch.repeat(min, max);
        if (min, max) == (1, 1) {
            return;
        }
        if max == 0 {
            self.ops.truncate(at);
            return;
        }
        // PCRE has no possessive form of this one, but a group around it.
        let is_wrapped = mode == Mode::Possessive && min == 1 && max != UNLIMITED;
        let mode = if is_wrapped { Mode::Greedy } else { mode };
        let op = Op::Repeat { min: min as u16, max, mode };
        self.size += self.size_of(op);
        self.ops.insert(at, op);
        if is_wrapped {
            self.wrap(at, GroupKind::Atomic);
        }
    }

    /// A literal that is there more than once is needed behind the first one.
    fn repeated_literal(&mut self, code: u32) {
        let caseless = self.flags.has(Flags::CASELESS);
        let Ok(byte) = u8::try_from(code) else { return };
        if self.is_utf() && byte >= 0x80 {
            // A character of several bytes stays as it was.
            return;
        }
        let varies = self.varies == Varies::Yes;
        self.branch.required = super::Needs::Byte { byte, caseless, varies };
    }

    fn repeat_reference(&mut self, at: usize, quantifier: Quantifier) {
        let Quantifier { min, max, mode } = quantifier;
        self.branch.repeat(min, max);
        self.branch.length = Length::VARIES;
        if max == 0 {
            self.ops.truncate(at);
            return;
        }
        if (min, max) == (1, 1) {
            return;
        }
        let op = Op::RepeatReference { min: min as u16, max, mode };
        self.size += self.size_of(op);
        self.ops.insert(at, op);
        if mode == Mode::Possessive {
            self.wrap(at, GroupKind::Atomic);
        }
    }

    /// Puts all from a place on into a group.
    pub(super) fn wrap(&mut self, at: usize, kind: GroupKind) {
        let len = (self.ops.len() - at) as u32;
        self.ops.insert(
            at,
            Op::Group { kind, again: Again::No, empty: false, number: 0, next: len + 1, slot: 0 },
        );
        self.ops.push(Op::Close { again: Again::No, back: len + 1 });
        self.size += 6;
    }

    fn repeat_group(&mut self, at: usize, kind: GroupKind, quantifier: Quantifier) {
        let Quantifier { min, mut max, mode } = quantifier;
        if matches!(kind, GroupKind::Ahead | GroupKind::NotAhead) {
            if min > 0 {
                return;
            }
            max = max.min(1);
        }
        if kind == GroupKind::Condition && self.ops.get(at + 1) == Some(&Op::Define) {
            return;
        }
        let is_empty = self.branch.item_empty;
        if min > 1 && self.branch.group_set_first && !self.branch.required.is_byte() {
            self.branch.required = self.branch.first;
        }
        self.branch.repeat(min, max);
        let unit: alloc::vec::Vec<Op> = self.ops.get(at..).unwrap_or_default().into();
        let unit_size: usize = unit.iter().map(|op| self.size_of(*op)).sum();
        let copies = if max == UNLIMITED { min.max(1) } else { max.max(1) } as usize;
        let added = (copies - 1).saturating_mul(unit_size);
        self.size = self.size.saturating_add(added);
        if self.size > LARGEST {
            return;
        }
        let optional = if mode == Mode::Lazy { Op::OptionalLazy } else { Op::Optional };
        let mut possessive = mode == Mode::Possessive;
        if max == 0 {
            self.ops.insert(at, Op::Skip);
            self.size += 1;
            return;
        }
        let mut marker = None;
        let mut opened = alloc::vec::Vec::new();
        if min == 0 {
            self.ops.insert(at, optional);
            self.size += 1;
            marker = Some(at);
            if max != UNLIMITED && max > 1 {
                self.open_nested(at + 1, &mut opened);
            }
        }
        for _ in 1..min {
            self.ops.extend_from_slice(&unit);
        }
        if max != UNLIMITED {
            let more = max - min.max(1);
            for left in (0..more).rev() {
                self.ops.push(optional);
                self.size += 1;
                if left > 0 {
                    let here = self.ops.len();
                    self.open_nested(here, &mut opened);
                }
                self.ops.extend_from_slice(&unit);
            }
            while let Some(open) = opened.pop() {
                let back = (self.ops.len() - open) as u32;
                self.ops.push(Op::Close { again: Again::No, back });
                if let Some(Op::Group { next, .. }) = self.ops.get_mut(open) {
                    *next = back;
                }
            }
        } else {
            self.make_loop(self.ops.len() - unit.len(), mode, is_empty, marker.is_some());
            if possessive {
                if let Some(marker) = marker {
                    self.ops.remove(marker);
                }
                possessive = min >= 2;
            }
        }
        if possessive {
            self.wrap(at, GroupKind::Atomic);
        }
    }

    /// A group around what may be left out together.
    fn open_nested(&mut self, at: usize, opened: &mut alloc::vec::Vec<usize>) {
        let op =
            Op::Group { kind: GroupKind::Plain, again: Again::No, empty: false, number: 0, next: 0, slot: 0 };
        self.ops.insert(at, op);
        self.size += 6;
        opened.push(at);
    }

    /// Makes the group at a place, which is the last one, repeat itself.
    fn make_loop(&mut self, at: usize, mode: Mode, is_empty: bool, may_be_left_out: bool) {
        let again = match mode {
            Mode::Greedy => Again::Greedy,
            Mode::Lazy => Again::Lazy,
            Mode::Possessive if may_be_left_out => Again::PossessiveOrNone,
            Mode::Possessive => Again::Possessive,
        };
        let is_condition = matches!(self.ops.get(at), Some(Op::Group { kind: GroupKind::Condition, .. }));
        if mode == Mode::Possessive && is_condition {
            self.wrap(at, GroupKind::Plain);
        }
        if let Some(Op::Group { again: how, empty, kind, .. }) = self.ops.get_mut(at) {
            *how = again;
            if mode == Mode::Possessive && *kind == GroupKind::Atomic {
                *kind = GroupKind::Plain;
            }
            *empty = is_empty && *kind != GroupKind::Atomic;
        }
        if let Some(Op::Close { again: how, .. }) = self.ops.last_mut() {
            *how = again;
        }
    }
}
