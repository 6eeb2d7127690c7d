// SPDX-License-Identifier: Apache-2.0
//! Groups that are named by their number or their name: references to what they have matched, and calls of them as subroutines
//! (`pcrepattern`, "Back references", "Recursive patterns" and "Subpatterns as subroutines").

use super::super::error::ErrorKind;
use super::super::options::Flags;
use super::super::program::{GroupKind, Op};
use super::Parser;
use super::branch::{Length, Needs};
use super::group::{BY_NAME, LONGEST_NAME, Level, is_word};

impl<'p> Parser<'p> {
    /// A reference to a group by its number.
    pub(super) fn group_reference(&mut self, number: u32) {
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.top_reference = self.top_reference.max(number);
        self.refer_to_open(number);
        self.referenced |= if number < 32 { 1 << number } else { 1 };
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
        let caseless = self.flags.has(Flags::CASELESS);
        self.push(Op::Reference { group: number.min(u32::from(u16::MAX)) as u16, caseless });
    }

    /// A group that is open may be referred to.
    pub(super) fn refer_to_open(&mut self, number: u32) {
        for level in &mut self.levels {
            level.is_self_referring |= number > 0 && u32::from(level.number) == number;
        }
    }

    /// `\k`
    pub(super) fn name_reference_escape(&mut self) -> Result<(), ErrorKind> {
        let (terminator, ahead) = match self.peek(1) {
            Some(b'<') => (b'>', 1),
            Some(b'\'') => (b'\'', 1),
            Some(b'{') => (b'}', 1),
            // `\g{name}` comes here with its brace.
            _ => return Err(ErrorKind::MalformedNameReference),
        };
        self.pos += ahead;
        self.name_reference(terminator)
    }

    /// A reference by a name; what opens the name is at hand.
    pub(super) fn name_reference(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let label = self.used_name(terminator)?;
        for at in 0..self.names.len() {
            if self.names[at].text == self.labels[label as usize] {
                self.refer_to_open(u32::from(self.names[at].group));
            }
        }
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
        let caseless = self.flags.has(Flags::CASELESS);
        self.push(Op::NamedReference { name: label as u16, count: 0, caseless });
        Ok(())
    }

    /// `\g<` and `\g'`
    pub(super) fn call_escape(&mut self) -> Result<(), ErrorKind> {
        let terminator = if self.peek(1) == Some(b'<') { b'>' } else { b'\'' };
        let mut at = self.pos + 2;
        let mut is_number = true;
        while let Some(byte) = self.text.get(at).filter(|byte| **byte != terminator) {
            let is_sign = at == self.pos + 2 && matches!(byte, b'+' | b'-');
            if !(byte.is_ascii_digit() || is_sign) {
                is_number = false;
            }
            at += 1;
        }
        if at >= self.text.len() {
            return Err(ErrorKind::MalformedReference);
        }
        self.pos += 1;
        if is_number && at > self.pos + 1 {
            self.pos += 1;
            return self.numbered_call(terminator);
        }
        self.named_call(terminator)
    }

    /// A call by a number, whose sign or first digit is at hand.
    pub(super) fn numbered_call(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let sign = self.peek(0).filter(|byte| matches!(byte, b'+' | b'-'));
        if sign.is_some() {
            self.pos += 1;
            if !self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(if sign == Some(b'+') {
                    ErrorKind::DigitExpected
                } else {
                    ErrorKind::UnknownAfterQuestion
                });
            }
        }
        let number = self.number()?;
        if self.peek(0) != Some(terminator) {
            return Err(ErrorKind::RecursionUnterminated);
        }
        let number = match sign {
            None => number,
            Some(_) if number == 0 => return Err(ErrorKind::ReferenceZero),
            Some(b'+') => number.saturating_add(self.groups),
            Some(_) => match self.groups.checked_sub(number) {
                Some(before) => before + 1,
                None => return Err(ErrorKind::NoSuchGroup),
            },
        };
        self.call(number);
        Ok(())
    }

    /// Digits. Afterwards what follows them is at hand.
    pub(super) fn number(&mut self) -> Result<u32, ErrorKind> {
        let mut number = 0_u32;
        while let Some(digit @ b'0'..=b'9') = self.peek(0) {
            if number > i32::MAX as u32 / 10 - 1 {
                while self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
                    self.pos += 1;
                }
                return Err(ErrorKind::NumberTooBig);
            }
            number = number * 10 + u32::from(digit - b'0');
            self.pos += 1;
        }
        Ok(number)
    }

    /// A call by a name; what opens the name is at hand.
    pub(super) fn named_call(&mut self, terminator: u8) -> Result<(), ErrorKind> {
        let label = self.used_name(terminator)?;
        let known = self.names.iter().filter(|name| *name.text == *self.labels[label as usize]);
        match known.map(|name| name.group).min() {
            Some(number) => self.call(u32::from(number)),
            None => {
                self.before_call();
                self.branch.pinned |= self.branch.empty_before;
                self.push(Op::Call { number: label as u16, target: BY_NAME });
            }
        }
        Ok(())
    }

    /// A call of a group.
    pub(super) fn call(&mut self, number: u32) {
        self.used_calls.push((self.pos, number));
        let first_open = if number == 0 {
            Some(0)
        } else {
            self.levels.iter().position(|level| u32::from(level.number) == number)
        };
        let closed =
            usize::try_from(number).ok().and_then(|number| self.closed.get(number).copied().flatten());
        let within_condition = self.levels.iter().any(|level| level.kind == GroupKind::Condition);
        if let Some(first_open) = first_open
            && closed.is_none()
            && !within_condition
        {
            // PCRE looks at what an assertion begins with, whichever branch the call is in.
            let is_empty_to = |level: &Level| {
                let first = match level.kind {
                    GroupKind::Ahead | GroupKind::NotAhead => {
                        level.branches.count == 0 || level.branches.first_empty
                    }
                    _ => true,
                };
                first && level.outer.empty
            };
            let inside = self.levels.get(first_open + 1..).unwrap_or_default();
            let is_empty_so_far = self.branch.empty && inside.iter().all(is_empty_to);
            if is_empty_so_far {
                self.fail_late(ErrorKind::RecursionForever);
            }
        }
        self.before_call();
        if let Some((empty, length)) = closed {
            self.branch.empty = self.branch.pinned || self.branch.empty_before && empty;
            self.branch.item_empty = empty;
            if !self.branch.accepted {
                self.branch.length = self.branch.length_before.plus(length);
                self.branch.item = length;
            }
        } else {
            self.branch.pinned |= self.branch.empty_before;
        }
        self.push(Op::Call { number: number.min(u32::from(u16::MAX)) as u16, target: 0 });
    }

    pub(super) fn before_call(&mut self) {
        if self.branch.first == Needs::Unset {
            self.branch.first = Needs::Nothing;
        }
        self.branch.zero_first = self.branch.first;
        self.branch.zero_required = self.branch.required;
        self.branch.add(Length::VARIES, true);
        self.previous = Some(self.ops.len());
    }

    /// A name behind what is at hand. Afterwards what follows it is at hand.
    pub(super) fn name(&mut self) -> Result<&'p [u8], ErrorKind> {
        self.pos += 1;
        if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(ErrorKind::NameBeginsWithDigit);
        }
        let start = self.pos;
        while self.peek(0).is_some_and(is_word) {
            self.pos += 1;
        }
        Ok(self.text.get(start..self.pos).unwrap_or_default())
    }

    /// A name that is used and may come later; what opens it is at hand. Afterwards what closes it is.
    pub(super) fn used_name(&mut self, terminator: u8) -> Result<u32, ErrorKind> {
        let name = self.name()?;
        if name.is_empty() {
            return Err(ErrorKind::NameExpected);
        }
        if self.peek(0) != Some(terminator) {
            return Err(ErrorKind::NameUnterminated);
        }
        if name.len() > LONGEST_NAME {
            return Err(ErrorKind::NameTooLong);
        }
        self.wanted.push((self.pos, name.into()));
        Ok(self.label(name))
    }
}
