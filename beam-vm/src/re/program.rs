// SPDX-License-Identifier: Apache-2.0
//! A compiled pattern: a flat list of operations, in which groups stand as they are written, opened, divided and closed.
//!
//! Links between the parts of a group are distances, so a repeated group is a plain copy of its operations. Nothing in a program is an
//! address or a term: it can be written to bytes and read back ([`super::encode`]).

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::options::Options;
use super::set::CharSet;

/// No upper limit of a repeat.
pub const UNLIMITED: u32 = u32::MAX;

/// What a group is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupKind {
    /// `(?:`
    Plain,
    /// `(`
    Capture,
    /// `(?>`
    Atomic,
    /// `(?=` or `(?<=`
    Ahead,
    /// `(?!` or `(?<!`
    NotAhead,
    /// `(?(`
    Condition,
}

/// How a group may be repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// It is not.
    No,
    /// As often as possible.
    Greedy,
    /// As seldom as possible.
    Lazy,
    /// As often as possible, with no way back.
    Possessive,
    /// The same, or not at all.
    PossessiveOrNone,
}

/// How a single character is repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As often as possible.
    Greedy,
    /// As seldom as possible.
    Lazy,
    /// As often as possible, with no way back.
    Possessive,
}

/// Kinds of characters that are named by an escape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// `.`, or `\N`: anything but a line end
    NotNewline,
    /// `.` with `dotall`: any character
    Any,
    /// `\C`: a byte
    Byte,
    /// `\d`
    Digit,
    /// `\D`
    NotDigit,
    /// `\s`
    Space,
    /// `\S`
    NotSpace,
    /// `\w`
    Word,
    /// `\W`
    NotWord,
    /// `\h`
    Horizontal,
    /// `\H`
    NotHorizontal,
    /// `\v`
    Vertical,
    /// `\V`
    NotVertical,
}

impl Type {
    /// Whether it goes by the table of ISO 8859-1.
    #[must_use]
    pub const fn is_by_latin1(self) -> bool {
        matches!(
            self,
            Self::Digit | Self::NotDigit | Self::Space | Self::NotSpace | Self::Word | Self::NotWord
        )
    }
}

/// Places that match no character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `^`
    LineStart,
    /// `^` with `multiline`
    AnyLineStart,
    /// `$`
    LineEnd,
    /// `$` with `multiline`
    AnyLineEnd,
    /// `\A`
    SubjectStart,
    /// `\Z`
    SubjectEndOrNewline,
    /// `\z`, or `$` with `dollar_endonly`
    SubjectEnd,
    /// The same, but `noteol` forbids it.
    DollarEnd,
    /// `\G`
    SearchStart,
    /// `\b`
    WordEdge,
    /// `\B`
    NotWordEdge,
    /// `\b` with `ucp`
    WordEdgeUcp,
    /// `\B` with `ucp`
    NotWordEdgeUcp,
}

/// What happens when matching comes back to a verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// `(*COMMIT)`: no match at all.
    Commit,
    /// `(*PRUNE)`: none that begins here.
    Prune,
    /// `(*SKIP)`: none that begins before this place.
    Skip,
    /// `(*THEN)`: the next alternative.
    Then,
}

/// An operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// The whole pattern has matched.
    End,
    /// `(*ACCEPT)`
    Accept,
    /// `(*FAIL)`
    Fail,
    /// A place.
    At(Place),
    /// `\K`
    Keep,
    /// A character.
    Char(u32),
    /// One of the two cases of a letter.
    Either(u32, u32),
    /// Any character but this one.
    Not(u32),
    /// Any character but the two cases of a letter.
    Neither(u32, u32),
    /// A kind of character.
    Type(Type),
    /// A character of a set.
    Set(u32),
    /// `\R`
    Newline,
    /// `\X`
    Cluster,
    /// The next operation, which matches one character, some times.
    Repeat {
        /// At least.
        min: u16,
        /// At most.
        max: u32,
        /// Which first.
        mode: Mode,
    },
    /// What a group has matched.
    Reference {
        /// The group.
        group: u16,
        /// Whether letters match in either case.
        caseless: bool,
    },
    /// What the first group of this name that is set has matched.
    NamedReference {
        /// The first entry of the table of names.
        name: u16,
        /// How many entries there are.
        count: u16,
        /// Whether letters match in either case.
        caseless: bool,
    },
    /// The next operation, which is a reference, some times.
    RepeatReference {
        /// At least.
        min: u16,
        /// At most.
        max: u32,
        /// Which first.
        mode: Mode,
    },
    /// A group opens.
    Group {
        /// What it is.
        kind: GroupKind,
        /// How it is repeated; its end says the same.
        again: Again,
        /// Whether it can match nothing, so that repeating it has to be watched.
        empty: bool,
        /// The number of a capturing group.
        number: u16,
        /// The distance to its second alternative, or to its end.
        next: u32,
        /// The place where it keeps where it began, if it is watched.
        slot: u32,
    },
    /// The next alternative of a group begins; who comes from the one before goes to the end.
    Alternative {
        /// The distance to the next one, or to the end.
        next: u32,
        /// The distance to the end.
        end: u32,
    },
    /// A group ends.
    Close {
        /// How it is repeated.
        again: Again,
        /// The distance back to where it opens.
        back: u32,
    },
    /// A capturing group that is open ends here, since `(*ACCEPT)` follows.
    Leave(u16),
    /// The group that opens next may be left out; it is tried first.
    Optional,
    /// The group that opens next may be left out; it is tried last.
    OptionalLazy,
    /// The group that opens next is never entered.
    Skip,
    /// Goes back some characters.
    Back(u32),
    /// The subroutine call of a group.
    Call {
        /// Its number, 0 for all.
        number: u16,
        /// Where it opens.
        target: u32,
    },
    /// Whether a group is set.
    IfGroup(u16),
    /// Whether one of the groups of a name is set.
    IfName {
        /// The first entry of the table of names.
        name: u16,
        /// How many entries there are.
        count: u16,
    },
    /// Whether a group is being called; `u16::MAX` is any.
    IfCall(u16),
    /// Whether one of the groups of a name is being called.
    IfCallName {
        /// The first entry of the table of names.
        name: u16,
        /// How many entries there are.
        count: u16,
    },
    /// Never: what is defined here is called only.
    Define,
    /// A verb, and the name that it sets, if it has one.
    Verb(Verb),
    /// `(*SKIP:NAME)`, by its name.
    SkipTo(u32),
    /// `(*MARK:NAME)`, by its name.
    Mark(u32),
}

/// The first or last character that a match must have, as a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Needed {
    /// The byte.
    pub byte: u8,
    /// The same letter in the other case, or the same byte.
    pub other: u8,
}

/// The name of a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Name {
    /// The name.
    pub text: Box<[u8]>,
    /// The group's number.
    pub group: u16,
}

/// A compiled pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// How it was compiled, with what the pattern itself says.
    pub options: Options,
    /// The number of capturing groups.
    pub groups: u16,
    /// The places that groups need to remember where they began.
    pub slots: u32,
    /// The byte that a match begins with.
    pub first: Option<Needed>,
    /// The bytes that a match can begin with, where there is no one such byte.
    pub leads: Option<[u32; 8]>,
    /// A byte that a match has, behind the first one.
    pub required: Option<Needed>,
    /// Match limits that the pattern sets for itself.
    pub match_limit: Option<u32>,
    /// The same for their depth.
    pub depth_limit: Option<u32>,
    /// What to do.
    pub ops: Vec<Op>,
    /// The sets that operations name.
    pub sets: Vec<CharSet>,
    /// The names of groups in order.
    pub names: Vec<Name>,
    /// The number of names of marks.
    pub labels: u32,
}

impl Program {
    /// The end of the group that opens at a place, and whether an alternative comes first.
    #[must_use]
    pub fn close_of(&self, open: u32) -> u32 {
        match self.ops.get(open as usize) {
            Some(Op::Group { next, .. }) => {
                let at = open.saturating_add(*next);
                match self.ops.get(at as usize) {
                    Some(Op::Alternative { end, .. }) => at.saturating_add(*end),
                    _ => at,
                }
            }
            _ => open,
        }
    }
}
