// SPDX-License-Identifier: Apache-2.0
//! Verbs (`pcrepattern`, "Backtracking control"), and what may stand at the very start of a pattern.

use super::super::error::ErrorKind;
use super::super::options::{Bsr, Flags, Newline};
use super::super::program::{Op, Verb};
use super::Parser;
use super::branch::{Length, Needs};

/// The longest name of a verb in bytes.
const LONGEST: usize = 255;

impl Parser<'_> {
    /// What stands at the start: `(*UTF8)`, line ends, limits.
    pub(super) fn leading(&mut self) {
        loop {
            let rest = self.rest();
            let setting: &[(&[u8], Setting)] = &[
                (b"(*UTF8)", Setting::Flag(Flags::UTF)),
                (b"(*UTF)", Setting::Flag(Flags::UTF)),
                (b"(*UCP)", Setting::Flag(Flags::UCP)),
                (b"(*NO_AUTO_POSSESS)", Setting::Flag(Flags::NO_AUTO_POSSESS)),
                (b"(*NO_START_OPT)", Setting::Flag(Flags::NO_START_OPTIMIZE)),
                (b"(*CR)", Setting::Newline(Newline::Cr)),
                (b"(*LF)", Setting::Newline(Newline::Lf)),
                (b"(*CRLF)", Setting::Newline(Newline::CrLf)),
                (b"(*ANY)", Setting::Newline(Newline::Any)),
                (b"(*ANYCRLF)", Setting::Newline(Newline::AnyCrLf)),
                (b"(*BSR_ANYCRLF)", Setting::Bsr(Bsr::AnyCrLf)),
                (b"(*BSR_UNICODE)", Setting::Bsr(Bsr::Unicode)),
            ];
            if let Some((text, setting)) = setting.iter().find(|(text, _)| rest.starts_with(text)) {
                self.pos += text.len();
                match setting {
                    Setting::Flag(flag) => self.flags |= *flag,
                    Setting::Newline(newline) => {
                        self.newline = *newline;
                        self.flags = self.flags.without(Flags::NEWLINE_UNCLEAR);
                    }
                    Setting::Bsr(bsr) => {
                        self.bsr = *bsr;
                        self.flags = self.flags.without(Flags::BSR_UNCLEAR);
                    }
                }
            } else if let Some((value, len)) = limit(rest, b"(*LIMIT_MATCH=") {
                self.match_limit = Some(self.match_limit.map_or(value, |old| old.min(value)));
                self.pos += len;
            } else if let Some((value, len)) = limit(rest, b"(*LIMIT_RECURSION=") {
                self.depth_limit = Some(self.depth_limit.map_or(value, |old| old.min(value)));
                self.pos += len;
            } else {
                return;
            }
        }
    }

    /// Whether a verb begins here.
    pub(super) fn is_verb(&self) -> bool {
        self.peek(1) == Some(b'*')
            && self.peek(2).is_some_and(|byte| byte == b':' || super::super::latin1::Class::Alpha.has(byte))
    }

    /// The verb whose parenthesis is at hand. Afterwards the closing one is.
    pub(super) fn verb(&mut self) -> Result<(), ErrorKind> {
        self.previous = None;
        self.pos += 2;
        let name = self.pos;
        while self.peek(0).is_some_and(|byte| super::super::latin1::Class::Alpha.has(byte)) {
            self.pos += 1;
        }
        let name = name..self.pos;
        let mut argument = 0..0;
        if self.peek(0) == Some(b':') {
            let start = self.pos + 1;
            let len = self.rest().iter().position(|byte| *byte == b')');
            self.pos = len.map_or(self.text.len(), |len| self.pos + len);
            argument = start..self.pos;
            if argument.len() > LONGEST {
                return Err(ErrorKind::VerbNameTooLong);
            }
        }
        if self.peek(0) != Some(b')') {
            return Err(ErrorKind::UnknownVerb);
        }
        let text = self.text;
        let argument = text.get(argument).unwrap_or_default();
        let plain = match text.get(name).unwrap_or_default() {
            b"" | b"MARK" => {
                if argument.is_empty() {
                    return Err(ErrorKind::MarkArgument);
                }
                let label = self.label(argument);
                self.push(Op::Mark(label));
                return Ok(());
            }
            b"ACCEPT" => Op::Accept,
            b"F" | b"FAIL" => Op::Fail,
            b"COMMIT" => Op::Verb(Verb::Commit),
            b"PRUNE" => Op::Verb(Verb::Prune),
            b"SKIP" => Op::Verb(Verb::Skip),
            b"THEN" => Op::Verb(Verb::Then),
            _ => return Err(ErrorKind::UnknownVerb),
        };
        if !argument.is_empty() && matches!(plain, Op::Accept | Op::Fail | Op::Verb(Verb::Commit)) {
            return Err(ErrorKind::VerbArgument);
        }
        match plain {
            Op::Accept => {
                self.has_accept = true;
                self.close_open_groups();
                self.push(Op::Accept);
                if self.branch.first == Needs::Unset {
                    self.branch.first = Needs::Nothing;
                }
                self.branch.accepted = true;
                self.branch.add(Length::ZERO, true);
            }
            Op::Verb(Verb::Skip) if !argument.is_empty() => {
                self.has_prune_or_skip = true;
                let label = self.label(argument);
                self.push(Op::SkipTo(label));
            }
            other => {
                self.has_prune_or_skip |= matches!(other, Op::Verb(Verb::Prune | Verb::Skip));
                if other == Op::Verb(Verb::Then) {
                    self.seen |= Flags::HAS_THEN;
                }
                self.push(other);
            }
        }
        Ok(())
    }
}

enum Setting {
    Flag(Flags),
    Newline(Newline),
    Bsr(Bsr),
}

/// A number behind a prefix, and a closing parenthesis.
fn limit(rest: &[u8], prefix: &[u8]) -> Option<(u32, usize)> {
    let digits = rest.strip_prefix(prefix)?;
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits.get(len) != Some(&b')') {
        return None;
    }
    let value = digits
        .get(..len)?
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(10)?.checked_add(u32::from(digit - b'0')))?;
    Some((value, prefix.len() + len + 1))
}
