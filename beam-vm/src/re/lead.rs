// SPDX-License-Identifier: Apache-2.0
//! The bytes that a match can begin with, so that a search need not try where there is none of them. PCRE finds them only when a pattern is
//! studied, which OTP does not ask for; so this must not be seen: not by verbs, nor by limits that a few steps reach.

use super::options::Flags;
use super::parse::utf8_len;
use super::program::{Again, GroupKind, Op, Type};
use super::set::CharSet;
use super::start::close;

/// How many operations are looked at.
const STEPS: u32 = 300;
/// How deep alternatives are looked into.
const DEPTH: u32 = 30;

/// A set of bytes.
pub type Bytes = [u32; 8];

struct Walk<'a> {
    ops: &'a [Op],
    sets: &'a [CharSet],
    flags: Flags,
    steps: u32,
    found: CharSet,
}

/// The bytes that a match can begin with, if they are known and not all.
pub fn find(ops: &[Op], sets: &[CharSet], flags: Flags) -> Option<Bytes> {
    let steers = |op: &Op| matches!(op, Op::Verb(_) | Op::SkipTo(_) | Op::Mark(_) | Op::Accept);
    if ops.iter().any(steers) {
        return None;
    }
    let mut walk = Walk { ops, sets, flags, steps: STEPS, found: CharSet::default() };
    let is_known = walk.leads(0, DEPTH);
    (is_known && walk.found.bits != [u32::MAX; 8]).then_some(walk.found.bits)
}

impl Walk<'_> {
    /// Adds what a match from a place on can begin with. Says whether that is all known, and not nothing.
    fn leads(&mut self, from: usize, depth: u32) -> bool {
        let mut at = from;
        loop {
            if self.steps == 0 || depth == 0 {
                return false;
            }
            self.steps -= 1;
            match self.ops.get(at).copied() {
                Some(Op::At(_) | Op::Keep | Op::Close { .. }) => at += 1,
                Some(Op::Alternative { end, .. }) => at += end as usize + 1,
                // What an assertion asks for only makes it less.
                Some(Op::Group { kind: GroupKind::Ahead | GroupKind::NotAhead, .. }) => {
                    at = close(self.ops, at) + 1;
                }
                Some(Op::Group {
                    kind: GroupKind::Plain | GroupKind::Capture | GroupKind::Atomic,
                    again,
                    next,
                    ..
                }) => {
                    let may_be_left_out = again == Again::PossessiveOrNone;
                    if may_be_left_out && !self.leads(close(self.ops, at) + 1, depth - 1) {
                        return false;
                    }
                    let mut there = at + next as usize;
                    at += 1;
                    while let Some(Op::Alternative { next, .. }) = self.ops.get(there).copied() {
                        if !self.leads(at, depth - 1) {
                            return false;
                        }
                        at = there + 1;
                        there += next as usize;
                    }
                }
                Some(Op::Optional | Op::OptionalLazy) => {
                    if !self.leads(close(self.ops, at + 1) + 1, depth - 1) {
                        return false;
                    }
                    at += 1;
                }
                Some(Op::Skip) => at = close(self.ops, at + 1) + 1,
                Some(Op::Repeat { min: 0, .. }) => {
                    if !self.ops.get(at + 1).is_some_and(|op| self.add(*op)) {
                        return false;
                    }
                    at += 2;
                }
                Some(Op::Repeat { .. }) => return self.ops.get(at + 1).is_some_and(|op| self.add(*op)),
                Some(op) => return self.add(op),
                None => return false,
            }
        }
    }

    /// Adds what an operation that matches a character begins with. Says whether it is one whose characters are known.
    fn add(&mut self, op: Op) -> bool {
        match op {
            Op::Char(code) => self.add_char(code),
            Op::Either(one, two) => {
                self.add_char(one);
                self.add_char(two);
            }
            Op::Set(index) => {
                let Some(set) = self.sets.get(index as usize) else { return false };
                self.add_all(|byte| set.has_byte(byte));
            }
            Op::Not(refused) => self.add_all(|byte| u32::from(byte) != refused),
            Op::Neither(one, two) => self.add_all(|byte| u32::from(byte) != one && u32::from(byte) != two),
            Op::Type(kind) => match kind.class() {
                Some((class, wanted)) => self.add_all(|byte| class.has(byte) == wanted),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    fn add_char(&mut self, code: u32) {
        let mut bytes = [0; 4];
        let lead = match char::from_u32(code) {
            Some(char) if self.flags.has(Flags::UTF) => char.encode_utf8(&mut bytes).as_bytes()[0],
            _ => code as u8,
        };
        self.found.add_byte(lead);
    }

    /// Adds those of the first 256 characters that are wanted; in UTF-8, all that are not ASCII.
    fn add_all(&mut self, is_wanted: impl Fn(u8) -> bool) {
        for byte in 0..=255 {
            let is_wide = self.flags.has(Flags::UTF) && byte >= 0x80;
            if if is_wide { utf8_len(byte) > 1 } else { is_wanted(byte) } {
                self.found.add_byte(byte);
            }
        }
    }
}

impl Type {
    /// The class of bytes that it stands for, and whether it is those or all others.
    fn class(self) -> Option<(super::latin1::Class, bool)> {
        use super::latin1::Class;
        match self {
            Self::Digit => Some((Class::Digit, true)),
            Self::NotDigit => Some((Class::Digit, false)),
            Self::Space => Some((Class::Space, true)),
            Self::NotSpace => Some((Class::Space, false)),
            Self::Word => Some((Class::Word, true)),
            Self::NotWord => Some((Class::Word, false)),
            _ => None,
        }
    }
}
