// SPDX-License-Identifier: Apache-2.0
//! Conditions (`pcrepattern`, "Conditional subpatterns").

use super::super::error::ErrorKind;
use super::super::program::{GroupKind, Op};
use super::Parser;
use super::group::{Opening, is_word};

/// The group of any call.
const ANY_CALL: u16 = u16::MAX;

impl Parser<'_> {
    /// `(?(`; the second parenthesis is at hand.
    pub(super) fn condition(&mut self) -> Result<(), ErrorKind> {
        let rest = self.rest();
        let mut after = rest;
        if let Some(callout) = rest.strip_prefix(b"(?C") {
            let digits = callout.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match callout.get(digits) {
                Some(b')') => after = callout.get(digits + 1..).unwrap_or_default(),
                _ => return Err(ErrorKind::AssertionExpected),
            }
            if !is_assertion(after) {
                return Err(ErrorKind::AssertionExpected);
            }
        }
        if is_assertion(after) {
            self.pos += rest.len() - after.len();
            self.pos -= 1;
            return self.open(Opening::new(GroupKind::Condition));
        }
        self.pos += 1;
        let mut is_call = false;
        let mut terminator = None;
        let mut sign = None;
        match self.peek(0) {
            Some(b'R') if self.peek(1) == Some(b'&') => {
                is_call = true;
                self.pos += 2;
            }
            Some(b'<') => {
                terminator = Some(b'>');
                self.pos += 1;
            }
            Some(b'\'') => {
                terminator = Some(b'\'');
                self.pos += 1;
            }
            Some(byte @ (b'-' | b'+')) => {
                sign = Some(byte);
                self.pos += 1;
            }
            _ => {}
        }
        let start = self.pos;
        let number = if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            Some(self.number()?)
        } else {
            if !self.peek(0).is_some_and(is_word) {
                return Err(ErrorKind::AssertionExpected);
            }
            while self.peek(0).is_some_and(is_word) {
                self.pos += 1;
            }
            None
        };
        let text = self.text;
        let name = text.get(start..self.pos).unwrap_or_default();
        if let Some(terminator) = terminator {
            if self.peek(0) != Some(terminator) {
                return Err(ErrorKind::MalformedCondition);
            }
            self.pos += 1;
        }
        if self.peek(0) != Some(b')') {
            return Err(ErrorKind::MalformedCondition);
        }
        let groups = self.groups;
        self.open(Opening::new(GroupKind::Condition))?;
        // Errors from here on are found behind the parenthesis.
        self.pos += 1;
        let op = self.condition_op(number, sign, name, is_call, groups, terminator);
        self.pos -= 1;
        if op == Op::Define
            && let Some(level) = self.levels.last_mut()
        {
            level.is_define = true;
        }
        self.push(op);
        Ok(())
    }

    /// What tests a condition.
    pub(super) fn condition_op(
        &mut self,
        number: Option<u32>,
        sign: Option<u8>,
        name: &[u8],
        is_call: bool,
        groups: u32,
        terminator: Option<u8>,
    ) -> Op {
        if let Some(number) = number {
            let number = match sign {
                None if number == 0 => {
                    self.fail_late(ErrorKind::ConditionZero);
                    1
                }
                None => number,
                Some(b'+') => number.saturating_add(groups),
                Some(_) => (groups + 1).saturating_sub(number),
            };
            self.used_calls.push((self.pos, if number == 0 { u32::MAX } else { number }));
            return Op::IfGroup(number.min(u32::from(u16::MAX)) as u16);
        }
        let is_known = self.names.iter().any(|known| *known.text == *name);
        if is_call {
            let label = self.label(name);
            self.wanted.push((self.pos, name.into()));
            return Op::IfCallName { name: label as u16, count: 0 };
        }
        if !is_known && terminator.is_none() {
            if let Some(digits) = name.strip_prefix(b"R") {
                if !digits.iter().all(u8::is_ascii_digit) {
                    self.fail_late(ErrorKind::NoSuchGroup);
                }
                let number = digits.iter().fold(0_u32, |number, digit| {
                    number.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
                });
                let number = if number == 0 { ANY_CALL } else { number.min(u32::from(ANY_CALL) - 1) as u16 };
                return Op::IfCall(number);
            }
            if name == b"DEFINE" {
                return Op::Define;
            }
        }
        let label = self.label(name);
        self.wanted.push((self.pos, name.into()));
        Op::IfName { name: label as u16, count: 0 }
    }
}

/// Whether an assertion begins here.
fn is_assertion(rest: &[u8]) -> bool {
    [&b"(?="[..], b"(?!", b"(?<=", b"(?<!"].iter().any(|start| rest.starts_with(start))
}
