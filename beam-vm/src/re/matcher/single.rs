// SPDX-License-Identifier: Apache-2.0
//! Operations that match one character, and runs of them.

use super::super::latin1::{self, Class};
use super::super::options::{Bsr, Flags};
use super::super::parse::decode;
use super::super::program::{Op, Program, Type};
use super::super::unicode;
use super::Matcher;

/// The characters of a run that are as much work as an operation.
pub const RUN: usize = 16;

/// The character at a place and its bytes.
#[inline]
pub fn char_at<const UTF: bool>(text: &[u8], pos: usize) -> Option<(u32, usize)> {
    if UTF { decode(text, pos) } else { text.get(pos).map(|byte| (u32::from(*byte), 1)) }
}

/// The place one character back.
#[inline]
pub fn step_back<const UTF: bool>(text: &[u8], pos: usize) -> usize {
    let mut pos = pos - 1;
    if UTF {
        while pos > 0 && text.get(pos).is_some_and(|byte| byte & 0xC0 == 0x80) {
            pos -= 1;
        }
    }
    pos
}

fn is_class(code: u32, class: Class) -> bool {
    u8::try_from(code).is_ok_and(|byte| class.has(byte))
}

impl Matcher {
    /// Whether an operation matches at a place, and where that ends.
    #[inline]
    pub(super) fn one<const UTF: bool>(
        &self,
        program: &Program,
        op: Op,
        text: &[u8],
        pos: usize,
    ) -> Option<usize> {
        let (code, len) = char_at::<UTF>(text, pos)?;
        let matches = match op {
            Op::Char(wanted) => code == wanted,
            Op::Either(one, two) => code == one || code == two,
            Op::Not(refused) => code != refused,
            Op::Neither(one, two) => code != one && code != two,
            Op::Set(index) => program.sets.get(index as usize).is_some_and(|set| set.has(code)),
            Op::Type(kind) => match kind {
                Type::NotNewline => self.newline.at(text, pos, program.options.flags).is_none(),
                Type::Any => true,
                Type::Byte => return Some(pos + 1),
                Type::Digit => is_class(code, Class::Digit),
                Type::NotDigit => !is_class(code, Class::Digit),
                Type::Space => is_class(code, Class::Space),
                Type::NotSpace => !is_class(code, Class::Space),
                Type::Word => is_class(code, Class::Word),
                Type::NotWord => !is_class(code, Class::Word),
                Type::Horizontal => latin1::is_horizontal(code),
                Type::NotHorizontal => !latin1::is_horizontal(code),
                Type::Vertical => latin1::is_vertical(code),
                Type::NotVertical => !latin1::is_vertical(code),
            },
            Op::Newline => return self.line_end(code, len, text, pos),
            Op::Cluster => return Some(cluster::<UTF>(text, pos)),
            _ => false,
        };
        matches.then_some(pos + len)
    }

    /// `\R`
    fn line_end(&self, code: u32, len: usize, text: &[u8], pos: usize) -> Option<usize> {
        match code {
            13 if text.get(pos + 1) == Some(&b'\n') => Some(pos + 2),
            10 | 13 => Some(pos + 1),
            11 | 12 | 0x85 | 0x2028 | 0x2029 if self.bsr == Bsr::Unicode => Some(pos + len),
            _ => None,
        }
    }

    /// How far an operation matches from a place on, up to `most` times and to a place that is not passed by much, and how often.
    pub(super) fn span<const UTF: bool>(
        &self,
        program: &Program,
        op: Op,
        text: &[u8],
        from: usize,
        most: u32,
    ) -> (usize, u32) {
        let limit = text.len().min(from.saturating_add(most as usize));
        let by_byte = |matches: &dyn Fn(u8) -> bool| {
            let window = text.get(from..limit).unwrap_or_default();
            let len = window.iter().position(|byte| !matches(*byte)).unwrap_or(window.len());
            (from + len, len as u32)
        };
        if !UTF {
            match op {
                Op::Type(Type::Any | Type::Byte) => {
                    return (limit.max(from), (limit.max(from) - from) as u32);
                }
                Op::Set(index) => {
                    if let Some(set) = program.sets.get(index as usize) {
                        let window = text.get(from..limit).unwrap_or_default();
                        let len = window.iter().position(|byte| !set.has_byte(*byte)).unwrap_or(window.len());
                        return (from + len, len as u32);
                    }
                }
                Op::Char(wanted) => return by_byte(&|byte| u32::from(byte) == wanted),
                Op::Type(Type::Digit) => return by_byte(&|byte| byte.is_ascii_digit()),
                Op::Type(Type::NotNewline) if self.newline == super::Newline::Lf => {
                    let window = text.get(from..limit).unwrap_or_default();
                    let len = window.iter().position(|byte| *byte == b'\n').unwrap_or(window.len());
                    return (from + len, len as u32);
                }
                _ => {}
            }
        }
        let (mut pos, mut count) = (from, 0);
        while count < most
            && let Some(next) = self.one::<UTF>(program, op, text, pos)
        {
            pos = next;
            count += 1;
        }
        (pos, count)
    }

    /// Whether the edge of a word is at a place.
    pub(super) fn is_word_edge<const UTF: bool>(&self, text: &[u8], pos: usize, flags: Flags) -> bool {
        let is_word = |code: u32| {
            if flags.has(Flags::UCP) {
                matches!(unicode::category(code).major(), b'L' | b'N') || code == u32::from(b'_')
            } else {
                is_class(code, Class::Word)
            }
        };
        let before = pos > 0
            && char_at::<UTF>(text, step_back::<UTF>(text, pos)).is_some_and(|(code, _)| is_word(code));
        let after = char_at::<UTF>(text, pos).is_some_and(|(code, _)| is_word(code));
        before != after
    }
}

/// How far a kind of character goes, up to `most` times, and how often. PCRE takes no character above 127 for one of these where it has
/// to be there more than once.
pub fn narrow_span(kind: Type, text: &[u8], from: usize, most: u32) -> (usize, u32) {
    let (mut pos, mut count) = (from, 0);
    while count < most
        && let Some((code, len)) = decode(text, pos)
    {
        let is = |class: Class| code < 128 && is_class(code, class);
        let matches = match kind {
            Type::Digit => is(Class::Digit),
            Type::NotDigit => !is(Class::Digit),
            Type::Space => is(Class::Space),
            Type::NotSpace => !is(Class::Space),
            Type::Word => is(Class::Word),
            _ => !is(Class::Word),
        };
        if !matches {
            break;
        }
        pos += len;
        count += 1;
    }
    (pos, count)
}

/// The end of the cluster of characters that begins at a place.
fn cluster<const UTF: bool>(text: &[u8], pos: usize) -> usize {
    let Some((code, len)) = char_at::<UTF>(text, pos) else { return pos };
    let mut end = pos + len;
    if code == 13 && text.get(end) == Some(&b'\n') {
        return end + 1;
    }
    let mut class = unicode::break_class(code);
    while let Some((code, len)) = char_at::<UTF>(text, end) {
        let next = unicode::break_class(code);
        if !class.joins(next) {
            break;
        }
        class = next;
        end += len;
    }
    end
}
