// SPDX-License-Identifier: Apache-2.0
//! Where a match can begin: only at the start, only at the start of a line, or only at a certain byte.

use super::options::Flags;
use super::parse::Need;
use super::program::{Again, GroupKind, Mode, Op, Place, Type, UNLIMITED};

/// How deep groups are looked into.
const DEPTH: u32 = 200;

/// What a question about the start of a pattern needs to know.
#[derive(Clone, Copy)]
struct Around {
    /// The groups that are referred to.
    referenced: u32,
    /// The capturing groups around the place.
    inside: u32,
    /// How many atomic groups are around it.
    atomic: u32,
    /// Whether verbs may move the start.
    moves: bool,
    /// Whether an assertion is around it.
    asserts: bool,
    depth: u32,
}

impl Around {
    fn new(referenced: u32, moves: bool) -> Self {
        Self { referenced, inside: 1, atomic: 0, moves, asserts: false, depth: 0 }
    }

    /// Within a capturing group.
    fn within(self, number: u16) -> Self {
        let bit = if number < 32 { 1 << number } else { 1 };
        Self { inside: self.inside | bit, ..self }.deeper()
    }

    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

/// The places where the alternatives of a group begin.
fn alternatives(ops: &[Op], open: usize) -> impl Iterator<Item = usize> + '_ {
    let mut next = Some(open);
    core::iter::from_fn(move || {
        let at = next?;
        next = match ops.get(at)? {
            Op::Group { next, .. } | Op::Alternative { next, .. } => {
                let there = at + *next as usize;
                matches!(ops.get(there), Some(Op::Alternative { .. })).then_some(there)
            }
            _ => None,
        };
        Some(at + 1)
    })
}

/// The end of a group.
pub fn close(ops: &[Op], open: usize) -> usize {
    match ops.get(open) {
        Some(Op::Group { next, .. }) => match ops.get(open + *next as usize) {
            Some(Op::Alternative { end, .. }) => open + *next as usize + *end as usize,
            _ => open + *next as usize,
        },
        _ => open,
    }
}

/// The first operation from a place on that says where a match begins.
fn significant(ops: &[Op], from: usize, skips_assertions: bool) -> usize {
    let mut at = from;
    loop {
        match ops.get(at) {
            Some(Op::Group { kind: GroupKind::NotAhead, .. }) if skips_assertions => at = close(ops, at) + 1,
            Some(Op::Group { kind: GroupKind::Ahead, .. })
                if skips_assertions && matches!(ops.get(at + 1), Some(Op::Back(_))) =>
            {
                at = close(ops, at) + 1;
            }
            Some(Op::At(
                Place::WordEdge | Place::NotWordEdge | Place::WordEdgeUcp | Place::NotWordEdgeUcp,
            )) if skips_assertions => at += 1,
            Some(Op::IfGroup(_) | Op::IfName { .. } | Op::IfCall(_) | Op::IfCallName { .. } | Op::Define) => {
                at += 1
            }
            _ => return at,
        }
    }
}

/// Whether a repeat has no upper limit and may match nothing.
fn is_star(op: Option<&Op>) -> bool {
    matches!(
        op,
        Some(Op::Repeat { min: 0, max: UNLIMITED, mode: Mode::Greedy | Mode::Lazy | Mode::Possessive })
    )
}

/// Whether a match can begin only where the subject does.
pub fn is_anchored(ops: &[Op], referenced: u32, moves: bool) -> bool {
    anchored(ops, 0, Around::new(referenced, moves))
}

fn anchored(ops: &[Op], open: usize, around: Around) -> bool {
    if around.depth > DEPTH {
        return false;
    }
    alternatives(ops, open).all(|start| {
        let at = significant(ops, start, true);
        match ops.get(at) {
            Some(Op::Group { kind: GroupKind::Plain, .. }) => anchored(ops, at, around.deeper()),
            Some(Op::Group { kind: GroupKind::Capture, number, .. }) => {
                anchored(ops, at, around.within(*number))
            }
            Some(Op::Group { kind: GroupKind::Ahead, .. }) => anchored(ops, at, around.deeper()),
            Some(Op::Group { kind: GroupKind::Condition, next, .. }) => {
                matches!(ops.get(at + *next as usize), Some(Op::Alternative { .. }))
                    && anchored(ops, at, around.deeper())
            }
            Some(Op::Group { kind: GroupKind::Atomic, .. }) => {
                anchored(ops, at, Around { atomic: around.atomic + 1, ..around.deeper() })
            }
            repeat if is_star(repeat) => {
                ops.get(at + 1) == Some(&Op::Type(Type::Any))
                    && around.inside & around.referenced == 0
                    && around.atomic == 0
                    && !around.moves
            }
            Some(Op::At(place)) => {
                matches!(place, Place::SubjectStart | Place::SearchStart | Place::LineStart)
            }
            _ => false,
        }
    })
}

/// Whether a match can begin only where a line does.
pub fn is_line_start(ops: &[Op], referenced: u32, moves: bool) -> bool {
    line_start(ops, 0, Around::new(referenced, moves))
}

fn line_start(ops: &[Op], open: usize, around: Around) -> bool {
    if around.depth > DEPTH {
        return false;
    }
    alternatives(ops, open).all(|start| {
        let mut at = significant(ops, start, false);
        if let Some(Op::Group { kind: GroupKind::Condition, .. }) = ops.get(at) {
            match ops.get(at + 1) {
                Some(Op::Group { .. }) => {
                    let around = Around { asserts: true, ..around.deeper() };
                    if !line_start(ops, at + 1, around) {
                        return false;
                    }
                    at = significant(ops, close(ops, at + 1) + 1, false);
                }
                _ => return false,
            }
        }
        match ops.get(at) {
            Some(Op::Group { kind: GroupKind::Plain, .. }) => line_start(ops, at, around.deeper()),
            Some(Op::Group { kind: GroupKind::Capture, number, .. }) => {
                line_start(ops, at, around.within(*number))
            }
            Some(Op::Group { kind: GroupKind::Ahead, .. })
                if !matches!(ops.get(at + 1), Some(Op::Back(_))) =>
            {
                line_start(ops, at, Around { asserts: true, ..around.deeper() })
            }
            Some(Op::Group { kind: GroupKind::Atomic, .. }) => {
                line_start(ops, at, Around { atomic: around.atomic + 1, ..around.deeper() })
            }
            repeat if is_star(repeat) => {
                ops.get(at + 1) == Some(&Op::Type(Type::NotNewline))
                    && around.inside & around.referenced == 0
                    && around.atomic == 0
                    && !around.moves
                    && !around.asserts
            }
            Some(Op::At(place)) => matches!(place, Place::LineStart | Place::AnyLineStart),
            _ => false,
        }
    })
}

/// The byte that an assertion at the start asks for.
pub fn asserted(ops: &[Op], flags: Flags) -> Need {
    first_asserted(ops, 0, Around::new(0, false), flags).unwrap_or(Need::Nothing)
}

fn first_asserted(ops: &[Op], open: usize, around: Around, flags: Flags) -> Option<Need> {
    if around.depth > DEPTH {
        return None;
    }
    let mut found = None;
    for start in alternatives(ops, open) {
        let at = significant(ops, start, true);
        let here = match ops.get(at)? {
            Op::Group { kind: GroupKind::Plain | GroupKind::Capture | GroupKind::Atomic, again, .. } => {
                if matches!(again, Again::PossessiveOrNone) {
                    return None;
                }
                first_asserted(ops, at, around.deeper(), flags)?
            }
            Op::Group { kind: GroupKind::Ahead, .. } if !matches!(ops.get(at + 1), Some(Op::Back(_))) => {
                first_asserted(ops, at, Around { asserts: true, ..around.deeper() }, flags)?
            }
            op if around.asserts => {
                let op = match op {
                    Op::Repeat { min: 1.., .. } => ops.get(at + 1)?,
                    other => other,
                };
                literal(*op, flags)?
            }
            _ => return None,
        };
        match found {
            None => found = Some(here),
            Some(before) if before == here => {}
            Some(_) => return None,
        }
    }
    found
}

/// The byte of a literal.
fn literal(op: Op, flags: Flags) -> Option<Need> {
    let (code, caseless) = match op {
        Op::Char(code) => (code, false),
        Op::Either(code, _) => (code, true),
        _ => return None,
    };
    let lead = if flags.has(Flags::UTF) {
        let mut bytes = [0; 4];
        char::from_u32(code)?.encode_utf8(&mut bytes);
        bytes[0]
    } else {
        u8::try_from(code).ok()?
    };
    if caseless && flags.has(Flags::UTF) && lead >= 0x80 {
        return None;
    }
    Some(Need::Byte { byte: lead, caseless, varies: false })
}
