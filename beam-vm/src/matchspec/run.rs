// SPDX-License-Identifier: Apache-2.0
//! The machine that runs programs.

use alloc::vec::Vec;
use core::ops::Range;

use super::program::{Action, FunctionIndex, Label, Op, Program, Slot, Then};
use super::small::Small;
use crate::atom::AtomTable;
use crate::atom::predefined;
use crate::compare;
use crate::copy;
use crate::heap::{ProcessHeap, build};
use crate::map;
use crate::term::{Map, Term, View};

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
        if let Subject::Term(term) = subject {
            scratch.slots[0] = term;
        }
        let Scratch { slots, stack } = scratch;
        for start in &self.clauses {
            stack.clear();
            let mut run =
                Run { host, subject: &subject, slots, stack, in_body: false, result: Term::boolean(true) };
            if run.clause(self, *start) {
                return Some(run.result);
            }
        }
        None
    }
}

impl<H: Host> Run<'_, H> {
    /// Whether a clause matches.
    fn clause(&mut self, program: &Program, start: usize) -> bool {
        let mut at = start;
        loop {
            let flow = self.head(program.code[at]);
            at += 1;
            match flow {
                Flow::Next => {}
                Flow::Go(label) => at = program.labels[label.0 as usize],
                Flow::Fail => return false,
                Flow::Halt => return true,
            }
        }
    }

    fn slot(&self, slot: Slot) -> Term {
        self.slots[slot.0 as usize]
    }

    fn set(&mut self, slot: Slot, term: Term) -> Flow {
        self.slots[slot.0 as usize] = term;
        Flow::Next
    }

    #[inline]
    fn head(&mut self, op: Op) -> Flow {
        let holds = match op {
            Op::IsTuple { slot, arity } => {
                self.slot(slot).as_tuple().is_some_and(|tuple| tuple.len() == arity as usize)
            }
            Op::Element { from, index, to } => {
                match self
                    .slot(from)
                    .as_tuple()
                    .and_then(|tuple| tuple.elements().get(index as usize).copied())
                {
                    Some(element) => return self.set(to, element),
                    None => false,
                }
            }
            Op::ElementIs { from, index, term } => {
                let tuple = self.slot(from).as_tuple();
                tuple.is_some_and(|tuple| tuple.elements().get(index as usize) == Some(&term))
            }
            Op::IsCons(slot) => self.slot(slot).is_cons(),
            Op::Head { from, to } => match self.slot(from).as_cons() {
                Some(cell) => return self.set(to, cell.head()),
                None => false,
            },
            Op::Tail { from, to } => match self.slot(from).as_cons() {
                Some(cell) => return self.set(to, cell.tail()),
                None => false,
            },
            Op::IsMap(slot) => self.slot(slot).as_map().is_some(),
            Op::Value { from, key, to } => {
                let map = self.slot(from).as_map();
                match map.and_then(|map: Map| map::get(self.host.heap().1, map, key)) {
                    Some(value) => return self.set(to, value),
                    None => false,
                }
            }
            Op::Is { slot, term } => is(self.slot(slot), term),
            Op::Same(a, b) => compare::same(self.slot(a), self.slot(b)),
            Op::Arguments(count) => match self.subject {
                Subject::Arguments(arguments) => arguments.len() == count as usize,
                Subject::Term(_) => false,
            },
            Op::Argument { index, to } => match self.subject {
                Subject::Arguments(arguments) => return self.set(to, arguments[index as usize]),
                Subject::Term(_) => false,
            },
            Op::ArgumentList(to) => {
                let list = self.arguments();
                return self.set(to, list);
            }
            op => return self.expression(op),
        };
        if holds { Flow::Next } else { Flow::Fail }
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

    fn expression(&mut self, op: Op) -> Flow {
        match op {
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
            Op::Top { small, function } => {
                let (a, b) = (self.pop(), self.pop());
                self.two(small, function, a, b, Then::Push)
            }
            Op::TopTerm { small, function, term } => {
                let top = self.pop();
                self.two(small, function, top, term, Then::Push)
            }
            Op::SlotTerm { small, function, then, slot, term } => {
                self.two(small, function, self.slot(slot), term, then)
            }
            Op::Slots { small, function, then, slot, other } => {
                self.two(small, function, self.slot(slot), self.slot(other), then)
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
            Op::Require => {
                if self.pop() == Term::boolean(true) {
                    Flow::Next
                } else {
                    Flow::Fail
                }
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
            Op::Give(term) => {
                self.result = term;
                Flow::Halt
            }
            Op::Halt => Flow::Halt,
            _ => Flow::Fail,
        }
    }

    /// A function of two arguments.
    #[inline]
    fn two(&mut self, small: Small, function: FunctionIndex, a: Term, b: Term, then: Then) -> Flow {
        let value = small.of(a, b).or_else(|| self.host.call(function, &[a, b]));
        match then {
            Then::Push => self.value(value),
            Then::Require if value == Some(Term::boolean(true)) => Flow::Next,
            Then::Require => Flow::Fail,
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
