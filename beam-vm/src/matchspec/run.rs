// SPDX-License-Identifier: Apache-2.0
//! The machine that runs programs.

use alloc::vec::Vec;
use core::ops::Range;

use super::program::{Action, FunctionIndex, Label, Op, Program, Slot, SlotList, Then};
use super::small::Small;
use crate::atom::AtomTable;
use crate::atom::predefined;
use crate::compare;
use crate::copy;
use crate::heap::{ProcessHeap, build};
use crate::map;
use crate::term::{Cons, Map, Term, View};

/// What a result refers to is its own.
const NO_LITERALS: Range<usize> = 0..0;

/// What is above: functions, actions, and where results are built.
pub trait Host {
    /// The heap of results, and the atoms.
    fn heap(&mut self) -> (&mut ProcessHeap, &AtomTable);

    /// Calls a function; none if it fails.
    fn call(&mut self, function: FunctionIndex, arguments: &[Term]) -> Option<Term>;

    /// Does an action; none if it fails.
    fn act(&mut self, action: Action, arguments: &[Term]) -> Option<Term>;
}

/// What is matched.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A term.
    Term(Term),
    /// The arguments of a call.
    Arguments(&'a [Term]),
}

/// Room for slots and values, to be used again for the next term.
#[derive(Default)]
pub struct Scratch {
    slots: Vec<Term>,
    stack: Vec<Term>,
}

/// How an instruction ends.
enum Flow {
    Next,
    Go(Label),
    Fail,
    Halt,
}

struct Run<'a, H> {
    host: &'a mut H,
    subject: &'a Subject<'a>,
    /// The elements of the subject, or the arguments.
    elements: &'a [Term],
    slots: &'a mut [Term],
    stack: &'a mut Vec<Term>,
    in_body: bool,
    result: Term,
}

impl Program {
    /// Runs over a term. Gives what the first clause gives that matches: the last value of a body, or what `message` was given, or `true`.
    pub fn run<H: Host>(&self, host: &mut H, subject: Subject<'_>, scratch: &mut Scratch) -> Option<Term> {
        // Programs run over many terms: the length is not written again each time, as the processor would wait for it.
        if scratch.slots.len() < self.slots.max(1) {
            scratch.slots.resize(self.slots.max(1), Term::NIL);
        }
        let tuple = match subject {
            Subject::Term(term) => {
                scratch.slots[0] = term;
                term.as_tuple()
            }
            Subject::Arguments(_) => None,
        };
        let elements = match (&tuple, subject) {
            (_, Subject::Arguments(arguments)) => arguments,
            (Some(tuple), _) => tuple.elements(),
            (None, _) => &[],
        };
        let Scratch { slots, stack } = scratch;
        let result = Term::boolean(true);
        let mut run = Run { host, subject: &subject, elements, slots, stack, in_body: false, result };
        self.clauses.iter().any(|start| run.clause(self, *start)).then_some(run.result)
    }
}

impl<H: Host> Run<'_, H> {
    /// Whether a clause matches.
    fn clause(&mut self, program: &Program, start: usize) -> bool {
        self.stack.clear();
        (self.in_body, self.result) = (false, Term::boolean(true));
        let mut at = start;
        loop {
            let flow = self.step(program, &program.code[at]);
            at += 1;
            match flow {
                Flow::Next => {}
                Flow::Go(label) => at = program.labels[label.0 as usize],
                Flow::Fail => return false,
                Flow::Halt => return true,
            }
        }
    }

    #[inline]
    fn slot(&self, slot: Slot) -> Term {
        match slot.as_element() {
            Some(index) => self.elements[index],
            None => self.slots[slot.0 as usize],
        }
    }

    #[inline(always)]
    fn step(&mut self, program: &Program, op: &Op) -> Flow {
        match *op {
            Op::IsTuple { slot, arity } => {
                let tuple = self.slot(slot).as_tuple();
                holds(tuple.is_some_and(|tuple| tuple.len() == arity as usize))
            }
            Op::IsTupleWith { slot, arity, index, term } => {
                let tuple = self.slot(slot).as_tuple();
                holds(tuple.is_some_and(|tuple| {
                    let elements = tuple.elements();
                    elements.len() == arity as usize && elements.get(index as usize) == Some(&term)
                }))
            }
            Op::ElementIs { from, index, term } => {
                let tuple = self.slot(from).as_tuple();
                holds(tuple.is_some_and(|tuple| tuple.elements().get(index as usize) == Some(&term)))
            }
            Op::Is { slot, term } => holds(is(self.slot(slot), term)),
            Op::SlotTerm { small, function, then, slot, term } => {
                self.two(small, function, self.slot(slot), term, then)
            }
            Op::Slots { small, function, then, slot, other } => {
                self.two(small, function, self.slot(slot), self.slot(other), then)
            }
            Op::Top { small, function, then } => {
                let (a, b) = (self.pop(), self.pop());
                self.two(small, function, a, b, then)
            }
            Op::TopTerm { small, function, then, term } => {
                let top = self.pop();
                self.two(small, function, top, term, then)
            }
            Op::Require if self.pop() == Term::boolean(true) => Flow::Next,
            Op::Require => Flow::Fail,
            Op::Give(term) => {
                self.result = term;
                Flow::Halt
            }
            Op::GiveCopy(slot) => {
                self.result = copy::copy(self.slot(slot), self.host.heap().0, &NO_LITERALS);
                Flow::Halt
            }
            Op::GiveTuple(list) => {
                self.result = self.tuple_of(program, list);
                Flow::Halt
            }
            Op::GiveTop => {
                self.result = self.pop();
                Flow::Halt
            }
            Op::Halt => Flow::Halt,
            _ => self.more(program, op),
        }
    }

    /// What is done less often.
    fn more(&mut self, program: &Program, op: &Op) -> Flow {
        match *op {
            Op::Element { from, index, to } => {
                let tuple = self.slot(from).as_tuple();
                let element = tuple.and_then(|tuple| tuple.elements().get(index as usize).copied());
                self.take(to, element)
            }
            Op::IsCons(slot) => holds(self.slot(slot).is_cons()),
            Op::Head { from, to } => {
                let head = self.slot(from).as_cons().map(Cons::head);
                self.take(to, head)
            }
            Op::Tail { from, to } => {
                let tail = self.slot(from).as_cons().map(Cons::tail);
                self.take(to, tail)
            }
            Op::IsMap(slot) => holds(self.slot(slot).as_map().is_some()),
            Op::Value { from, key, to } => {
                let map = self.slot(from).as_map();
                let value = map.and_then(|map: Map| map::get(self.host.heap().1, map, key));
                self.take(to, value)
            }
            Op::Same(a, b) => holds(compare::same(self.slot(a), self.slot(b))),
            Op::Arguments(count) => match self.subject {
                Subject::Arguments(arguments) => holds(arguments.len() == count as usize),
                Subject::Term(_) => Flow::Fail,
            },
            Op::ArgumentList(to) => {
                let list = self.arguments();
                self.take(to, Some(list))
            }
            Op::Constant(term) => self.push(term),
            Op::Load(slot) => self.push(self.slot(slot)),
            Op::PushArguments => {
                let list = self.arguments();
                self.push(list)
            }
            Op::Copy => {
                let term = self.pop();
                let term = copy::copy(term, self.host.heap().0, &NO_LITERALS);
                self.push(term)
            }
            Op::Cons => {
                let (tail, head) = (self.pop(), self.pop());
                let cell = build::cons(self.host.heap().0, head, tail);
                self.push(cell)
            }
            Op::Tuple(count) => {
                let first = self.stack.len() - count as usize;
                self.stack[first..].reverse();
                let tuple = build::tuple(self.host.heap().0, &self.stack[first..]);
                self.stack.truncate(first);
                self.push(tuple)
            }
            Op::TupleOf(list) => {
                let tuple = self.tuple_of(program, list);
                self.push(tuple)
            }
            Op::Map(count) => {
                let words = self.last(2 * count);
                let (keys, values) = words.split_at(count as usize);
                let pairs: Vec<(Term, Term)> = keys.iter().copied().zip(values.iter().copied()).collect();
                let (heap, atoms) = self.host.heap();
                let map = map::from_pairs(heap, atoms, &pairs);
                self.push(map)
            }
            Op::Call { function, arity } => {
                let first = self.stack.len() - arity as usize;
                self.stack[first..].reverse();
                let value = self.host.call(function, &self.stack[first..]);
                self.stack.truncate(first);
                self.value(value)
            }
            Op::Act { action, arity } => {
                let arguments = self.last(arity);
                let value = self.host.act(action, &arguments);
                // What is done for its effect says so by a value in guards too.
                self.push(value.unwrap_or(Term::atom(predefined::UPPER_EXIT)))
            }
            Op::And(count) => {
                let value = all(&self.last(count), true);
                self.value(value)
            }
            Op::Or(count) => {
                let value = all(&self.last(count), false);
                self.value(value)
            }
            Op::AndAlso(label) => self.branch(label, false),
            Op::OrElse(label) => self.branch(label, true),
            Op::GoIfTrue(label) => {
                let top = self.pop();
                go_if_true(label, Some(top))
            }
            Op::Drop => {
                self.pop();
                Flow::Next
            }
            Op::Result => {
                self.result = self.pop();
                Flow::Next
            }
            Op::Body => {
                self.in_body = true;
                Flow::Next
            }
            _ => Flow::Fail,
        }
    }

    /// Puts a part into a slot; none fails.
    #[inline]
    fn take(&mut self, to: Slot, part: Option<Term>) -> Flow {
        let Some(part) = part else { return Flow::Fail };
        self.slots[to.0 as usize] = part;
        Flow::Next
    }

    /// A tuple of copies of slots.
    #[inline]
    fn tuple_of(&mut self, program: &Program, SlotList { first, count }: SlotList) -> Term {
        let below = self.stack.len();
        for slot in &program.lists[first as usize..][..count as usize] {
            let part = copy::copy(self.slot(*slot), self.host.heap().0, &NO_LITERALS);
            self.stack.push(part);
        }
        let tuple = build::tuple(self.host.heap().0, &self.stack[below..]);
        self.stack.truncate(below);
        tuple
    }

    fn arguments(&mut self) -> Term {
        match *self.subject {
            Subject::Arguments(arguments) => build::list(self.host.heap().0, arguments),
            Subject::Term(term) => term,
        }
    }

    fn push(&mut self, term: Term) -> Flow {
        self.stack.push(term);
        Flow::Next
    }

    fn pop(&mut self) -> Term {
        self.stack.pop().unwrap_or(Term::NIL)
    }

    /// A failure is one of the guard, or a value of the body.
    fn value(&mut self, value: Option<Term>) -> Flow {
        match value {
            Some(value) => self.push(value),
            None if self.in_body => self.push(Term::atom(predefined::UPPER_EXIT)),
            None => Flow::Fail,
        }
    }

    /// The last values, the newest first.
    fn last(&mut self, count: u32) -> Vec<Term> {
        let mut values = self.stack.split_off(self.stack.len() - count as usize);
        values.reverse();
        values
    }

    /// A function of two arguments.
    #[inline]
    fn two(&mut self, small: Small, function: FunctionIndex, a: Term, b: Term, then: Then) -> Flow {
        let value = small.of(a, b).or_else(|| self.host.call(function, &[a, b]));
        match then {
            Then::Push => self.value(value),
            Then::Require if value == Some(Term::boolean(true)) => Flow::Next,
            Then::Require => Flow::Fail,
            Then::Go(label) => go_if_true(label, value),
        }
    }

    /// Goes on at the label with this value, or with the next instruction without the other.
    fn branch(&mut self, label: Label, goes: bool) -> Flow {
        let value = self.pop();
        match value.as_boolean() {
            Some(value) if value == goes => {
                self.stack.push(Term::boolean(value));
                Flow::Go(label)
            }
            Some(_) => Flow::Next,
            None => match self.value(None) {
                Flow::Next => Flow::Go(label),
                failed => failed,
            },
        }
    }
}

#[inline]
fn holds(condition: bool) -> Flow {
    if condition { Flow::Next } else { Flow::Fail }
}

/// What a value comes to that [`Op::GoIfTrue`] is about.
#[inline]
fn go_if_true(label: Label, value: Option<Term>) -> Flow {
    match value {
        Some(value) if value == Term::boolean(true) => Flow::Go(label),
        Some(value) if value == Term::boolean(false) => Flow::Next,
        _ => Flow::Fail,
    }
}

/// `and` or `or` of values; none if one is no truth value.
fn all(values: &[Term], unless: bool) -> Option<Term> {
    let mut result = unless;
    for value in values {
        if value.as_boolean()? != unless {
            result = !unless;
        }
    }
    Some(Term::boolean(result))
}

/// Whether a term is a constant. Floats are compared by their bits, so that `0.0` and `-0.0` differ here.
fn is(term: Term, constant: Term) -> bool {
    if constant.is_immediate() {
        return term == constant;
    }
    match constant.view() {
        View::Float(value) => term.as_float().is_some_and(|other| other.to_bits() == value.to_bits()),
        _ => compare::same(term, constant),
    }
}
