// SPDX-License-Identifier: Apache-2.0
//! Programs: the instructions of a match specification.
//!
//! A head works on slots. Slot 0 is the term that is matched, its elements or the arguments are slots by themselves; other parts that are looked into
//! and variables have slots of their own. Guards and bodies work on a stack; the arguments of a function are pushed last first, so that the first is on top.

use alloc::vec::Vec;

use super::small::Small;
use crate::heap::Fragment;
use crate::term::Term;

/// A place for a part of the term that is matched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Slot(pub(super) u32);

impl Slot {
    /// This bit says that it is an element or an argument.
    const ELEMENT: u32 = 1 << 31;

    /// An element of the tuple that is matched, or an argument, counted from 0.
    pub(super) const fn element(index: u32) -> Self {
        Self(index | Self::ELEMENT)
    }

    /// Which element or argument it is, if it is one.
    #[inline]
    pub(super) const fn as_element(self) -> Option<usize> {
        if self.0 & Self::ELEMENT != 0 { Some((self.0 & !Self::ELEMENT) as usize) } else { None }
    }
}

/// Some of a program's [`lists`](Program::lists): the first, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SlotList {
    pub(super) first: u32,
    pub(super) count: u32,
}

/// Where to go on in a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(pub(super) u32);

/// A function that guards and bodies may call, by its place in the list of [`Functions`](super::Functions).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionIndex(pub u8);

/// What a body does beside calling functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// `caller`
    Caller,
    /// `caller_line`
    CallerLine,
    /// `disable_trace`
    DisableTrace,
    /// `display`
    Display,
    /// `enable_trace`
    EnableTrace,
    /// `exception_trace`
    ExceptionTrace,
    /// `get_seq_token`
    GetSeqToken,
    /// `is_seq_trace`
    IsSeqTrace,
    /// `process_dump`
    ProcessDump,
    /// `return_trace`
    ReturnTrace,
    /// `self`
    Own,
    /// `set_seq_token`
    SetSeqToken,
    /// `silent`
    Silent,
    /// `trace`
    Trace,
}

/// What becomes of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// It is pushed.
    Push,
    /// It has to be `true`.
    Require,
    /// With `true` it is gone on elsewhere, with `false` with the next instruction; all else fails.
    Go(Label),
}

/// An instruction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// There are this many arguments.
    Arguments(u32),
    /// The list of all arguments goes to a slot.
    ArgumentList(Slot),
    /// A slot has a tuple of this size.
    IsTuple { slot: Slot, arity: u32 },
    /// A slot has a tuple of this size, in which an element, counted from 0, is this immediate.
    IsTupleWith { slot: Slot, arity: u32, index: u32, term: Term },
    /// A slot has a cons cell.
    IsCons(Slot),
    /// A slot has a map.
    IsMap(Slot),
    /// An element, counted from 0, goes to a slot.
    Element { from: Slot, index: u32, to: Slot },
    /// An element is this immediate.
    ElementIs { from: Slot, index: u32, term: Term },
    /// The head of a cons cell goes to a slot.
    Head { from: Slot, to: Slot },
    /// The tail of a cons cell goes to a slot.
    Tail { from: Slot, to: Slot },
    /// The value of a key, which has to be there, goes to a slot.
    Value { from: Slot, key: Term, to: Slot },
    /// A slot has this term.
    Is { slot: Slot, term: Term },
    /// Two slots have the same term.
    Same(Slot, Slot),
    /// Pushes a constant.
    Constant(Term),
    /// Pushes a slot.
    Load(Slot),
    /// Pushes all arguments as a list.
    PushArguments,
    /// Replaces the top by a copy of its own.
    Copy,
    /// Replaces head and tail, the tail on top, by a cons cell.
    Cons,
    /// Replaces elements, the first on top, by a tuple.
    Tuple(u32),
    /// Pushes a tuple of copies of slots.
    TupleOf(SlotList),
    /// Replaces keys, the first on top, and their values below, the first on top, by a map.
    Map(u32),
    /// Calls a function.
    Call { function: FunctionIndex, arity: u32 },
    /// Calls a function of two arguments, the first on top, that [`Small`] may do.
    Top { small: Small, function: FunctionIndex, then: Then },
    /// The same of the top and a term.
    TopTerm { small: Small, function: FunctionIndex, then: Then, term: Term },
    /// The same of a slot and a term.
    SlotTerm { small: Small, function: FunctionIndex, then: Then, slot: Slot, term: Term },
    /// The same of two slots.
    Slots { small: Small, function: FunctionIndex, then: Then, slot: Slot, other: Slot },
    /// Acts.
    Act { action: Action, arity: u32 },
    /// `and` of so many.
    And(u32),
    /// `or` of so many.
    Or(u32),
    /// Goes on elsewhere with `false`, or with the next instruction without `true`.
    AndAlso(Label),
    /// Goes on elsewhere with `true`, or with the next instruction without `false`.
    OrElse(Label),
    /// Fails unless the top is `true`, and drops it.
    Require,
    /// Drops the top: goes elsewhere if it was `true`, fails unless it was `false`.
    GoIfTrue(Label),
    /// Drops the top.
    Drop,
    /// The top is the result.
    Result,
    /// From here on failures are values: the body begins.
    Body,
    /// The clause ends with this result.
    Give(Term),
    /// The clause ends with a copy of a slot.
    GiveCopy(Slot),
    /// The clause ends with a tuple of copies of slots.
    GiveTuple(SlotList),
    /// The clause ends, and the top is the result.
    GiveTop,
    /// The end of a clause.
    Halt,
}

/// A compiled match specification. One without clauses matches nothing.
#[derive(Default)]
pub struct Program {
    pub(super) code: Vec<Op>,
    /// Where the clauses begin.
    pub(super) clauses: Vec<usize>,
    /// The instructions that labels stand for.
    pub(super) labels: Vec<usize>,
    /// Slots of which tuples are made.
    pub(super) lists: Vec<Slot>,
    /// How many slots there are.
    pub(super) slots: usize,
    /// Where the terms in the code are.
    pub(super) constants: Fragment,
}

/// What a term has to be to match: a tuple of a size that has an immediate at a place. It is looked at before anything else, so whoever has many terms may look
/// himself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lead {
    /// The size of the tuple.
    pub size: usize,
    /// Which element it is, counted from 1.
    pub position: usize,
    /// The immediate.
    pub value: Term,
}

impl Program {
    /// What it does to processes and tracing, as often as it is named.
    pub fn actions(&self) -> impl Iterator<Item = Action> + '_ {
        self.code.iter().filter_map(|op| match op {
            Op::Act { action, .. } => Some(*action),
            _ => None,
        })
    }

    /// What all terms that match have in common, as far as it is known.
    #[must_use]
    pub fn lead(&self) -> Option<Lead> {
        let [start] = *self.clauses.as_slice() else { return None };
        match *self.code.get(start)? {
            Op::IsTupleWith { slot: Slot(0), arity, index, term } => {
                Some(Lead { size: arity as usize, position: index as usize + 1, value: term })
            }
            _ => None,
        }
    }

    /// How many words its constants and instructions take.
    #[must_use]
    pub fn words(&self) -> usize {
        self.constants.words() + self.code.len() * size_of::<Op>() / 8
    }
}

impl core::fmt::Debug for Program {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(&self.code).finish()
    }
}
