// SPDX-License-Identifier: Apache-2.0
//! Makes repeats possessive where going back could not help, since what follows cannot match what is repeated.

use super::latin1::{self, Class};
use super::options::Flags;
use super::program::{Again, GroupKind, Mode, Op, Place, Type};
use super::set::CharSet;

/// How many operations are looked at.
const STEPS: u32 = 1000;

/// Looks at all repeats.
pub fn run(ops: &mut [Op], sets: &[CharSet], flags: Flags) {
    for at in 0..ops.len() {
        let Op::Repeat { min, max, mode: mode @ (Mode::Greedy | Mode::Lazy) } = ops[at] else { continue };
        let Some(repeated) = ops.get(at + 1).copied() else { continue };
        if u32::from(min) == max {
            continue;
        }
        let repeated = Repeated { op: repeated, mode };
        let mut walk = Walk { ops, sets, flags, repeated, steps: STEPS };
        if walk.is_apart(at + 2, DEPTH) {
            ops[at] = Op::Repeat { min, max, mode: Mode::Possessive };
        }
    }
}

/// What is repeated.
#[derive(Clone, Copy)]
struct Repeated {
    op: Op,
    mode: Mode,
}

/// A walk through what may follow.
struct Walk<'a> {
    ops: &'a [Op],
    sets: &'a [CharSet],
    flags: Flags,
    repeated: Repeated,
    steps: u32,
}

/// How deep alternatives are looked into.
const DEPTH: u32 = 40;

impl Walk<'_> {
    /// Whether nothing that can follow from a place on begins with what is repeated.
    fn is_apart(&mut self, from: usize, depth: u32) -> bool {
        let greedy = self.repeated.mode == Mode::Greedy;
        let mut at = from;
        let mut has_entered = false;
        loop {
            if self.steps == 0 || depth == 0 {
                return false;
            }
            self.steps -= 1;
            match self.ops.get(at).copied() {
                Some(Op::End) => return greedy,
                Some(Op::Close { again: Again::No | Again::Possessive | Again::PossessiveOrNone, back }) => {
                    if !greedy {
                        return false;
                    }
                    match self.ops.get(at - back as usize) {
                        Some(Op::Group {
                            kind: GroupKind::Plain | GroupKind::Capture | GroupKind::Condition,
                            ..
                        }) => at += 1,
                        _ => return !has_entered,
                    }
                }
                // The end of the group says whether it begins anew.
                Some(Op::Alternative { end, .. }) => at += end as usize,
                Some(Op::Group {
                    kind: GroupKind::Plain | GroupKind::Capture | GroupKind::Atomic,
                    again: Again::No | Again::Greedy | Again::Lazy,
                    next,
                    ..
                }) => {
                    let mut there = at + next as usize;
                    at += 1;
                    while let Some(Op::Alternative { next, .. }) = self.ops.get(there).copied() {
                        if !self.is_apart(at, depth - 1) {
                            return false;
                        }
                        at = there + 1;
                        there += next as usize;
                    }
                    has_entered = true;
                }
                Some(Op::Optional | Op::OptionalLazy) => {
                    let Some(Op::Group {
                        kind: GroupKind::Plain | GroupKind::Capture | GroupKind::Atomic,
                        ..
                    }) = self.ops.get(at + 1)
                    else {
                        return false;
                    };
                    if !self.is_apart(super::start::close(self.ops, at + 1) + 1, depth - 1) {
                        return false;
                    }
                    at += 1;
                }
                Some(Op::At(place)) => return self.is_apart_from_place(place),
                Some(Op::Repeat { min: 1.., .. }) => return self.is_apart_from(at + 1),
                Some(Op::Repeat { .. }) => {
                    if !self.is_apart_from(at + 1) {
                        return false;
                    }
                    at += 2;
                }
                Some(_) => return self.is_apart_from(at),
                None => return false,
            }
        }
    }

    /// Whether no character matches both what is repeated and the operation at a place.
    fn is_apart_from(&self, at: usize) -> bool {
        self.ops.get(at).is_some_and(|op| are_apart(self.sets, self.flags, self.repeated.op, *op))
    }

    /// Whether a place cannot be where another round of what is repeated could be.
    fn is_apart_from_place(&self, place: Place) -> bool {
        let never_ends_line = match self.repeated.op {
            Op::Char(code) => !latin1::is_vertical(code),
            Op::Either(code, other) => !latin1::is_vertical(code) && !latin1::is_vertical(other),
            Op::Type(kind) => {
                matches!(
                    kind,
                    Type::Digit | Type::NotSpace | Type::Word | Type::Horizontal | Type::NotVertical
                )
            }
            _ => false,
        };
        match place {
            Place::SubjectEnd => matches!(self.repeated.op, Op::Char(_) | Op::Either(..) | Op::Type(_)),
            Place::SubjectEndOrNewline | Place::LineEnd | Place::AnyLineEnd | Place::DollarEnd => {
                never_ends_line
            }
            _ => false,
        }
    }
}

/// Whether no character matches both.
fn are_apart(sets: &[CharSet], flags: Flags, one: Op, two: Op) -> bool {
    if let (Op::Newline, other) | (other, Op::Newline) = (one, two) {
        return match other {
            Op::Type(kind) => matches!(
                kind,
                Type::NotNewline
                    | Type::Digit
                    | Type::NotSpace
                    | Type::Word
                    | Type::Horizontal
                    | Type::NotVertical
            ),
            Op::Char(code) => !latin1::is_vertical(code),
            Op::Either(code, other) => !latin1::is_vertical(code) && !latin1::is_vertical(other),
            _ => false,
        };
    }
    let chars = |op: Op| match op {
        Op::Char(code) => Some([code, code]),
        Op::Either(code, other) => Some([code, other]),
        _ => None,
    };
    match (chars(one), chars(two)) {
        (Some(some), Some(others)) => !some.iter().any(|code| others.contains(code)),
        (Some(some), None) => some.iter().all(|code| has(sets, two, *code) == Some(false)),
        (None, Some(others)) => others.iter().all(|code| has(sets, one, *code) == Some(false)),
        (None, None) => {
            let is_narrow = |op: Op| {
                !flags.has(Flags::UTF)
                    || match op {
                        Op::Type(Type::Digit | Type::Space | Type::Word) => true,
                        Op::Set(index) => sets.get(index as usize).is_some_and(|set| {
                            set.ranges.is_empty() && set.properties.is_empty() && !set.inverted
                        }),
                        _ => false,
                    }
            };
            (is_narrow(one) || is_narrow(two))
                && (0..=0xFF).all(|code| match (has(sets, one, code), has(sets, two, code)) {
                    (Some(one), Some(two)) => !(one && two),
                    _ => false,
                })
        }
    }
}

/// Whether a character matches an operation, if that can be said.
fn has(sets: &[CharSet], op: Op, code: u32) -> Option<bool> {
    let class = |class: Class| u8::try_from(code).is_ok_and(|byte| class.has(byte));
    Some(match op {
        Op::Not(refused) => code != refused,
        Op::Neither(one, two) => code != one && code != two,
        Op::Set(index) => sets.get(index as usize)?.has(code),
        Op::Type(kind) => match kind {
            Type::Digit => class(Class::Digit),
            Type::NotDigit => !class(Class::Digit),
            Type::Space => class(Class::Space),
            Type::NotSpace => !class(Class::Space),
            Type::Word => class(Class::Word),
            Type::NotWord => !class(Class::Word),
            Type::Horizontal => latin1::is_horizontal(code),
            Type::NotHorizontal => !latin1::is_horizontal(code),
            Type::Vertical => latin1::is_vertical(code),
            Type::NotVertical => !latin1::is_vertical(code),
            Type::NotNewline | Type::Any | Type::Byte => return None,
        },
        _ => return None,
    })
}
