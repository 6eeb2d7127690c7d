// SPDX-License-Identifier: Apache-2.0
//! Makes repeats possessive where going back could not help, since what follows cannot match what is repeated.

use super::latin1::{self, Class};
use super::options::Flags;
use super::program::{GroupKind, Mode, Op, Type};
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
        let mut steps = STEPS;
        let from = Repeated { op: repeated, mode };
        if is_apart(ops, sets, flags, from, at + 2, &mut steps) {
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

/// Whether nothing that can follow from a place on begins with what is repeated.
fn is_apart(
    ops: &[Op],
    sets: &[CharSet],
    flags: Flags,
    repeated: Repeated,
    from: usize,
    steps: &mut u32,
) -> bool {
    let Repeated { op: repeated, mode } = repeated;
    let mut at = from;
    loop {
        if *steps == 0 {
            return false;
        }
        *steps -= 1;
        match ops.get(at).copied() {
            Some(Op::End) => return mode == Mode::Greedy,
            Some(Op::Close { again: super::program::Again::No, back }) => match ops.get(at - back as usize) {
                Some(Op::Group { kind: GroupKind::Plain | GroupKind::Capture, .. }) => at += 1,
                _ => return false,
            },
            Some(Op::Alternative { end, .. }) => at += end as usize,
            Some(Op::Repeat { min: 1.., .. }) => {
                return ops.get(at + 1).is_some_and(|next| are_apart(sets, flags, repeated, *next));
            }
            Some(Op::Repeat { .. }) => {
                if !ops.get(at + 1).is_some_and(|next| are_apart(sets, flags, repeated, *next)) {
                    return false;
                }
                at += 2;
            }
            Some(next) => return are_apart(sets, flags, repeated, next),
            None => return false,
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
