// SPDX-License-Identifier: Apache-2.0
//! Guards and bodies: expressions, from terms that may be of any depth.
//!
//! An expression that only makes a constant leaves one instruction behind, with the constant. What is on the heap may not refer to the term
//! that is matched, nor to the program, so what becomes part of something, or the result, is copied; what functions only look at is not.

use alloc::vec::Vec;

use super::compile::{Compiler, variable};
use super::program::{Action, FunctionIndex, Label, Op, Slot, SlotList, Then};
use super::small::Small;
use super::special::Special;
use super::{Dialect, Functions, Places};
use crate::atom::predefined;
use crate::heap::build;
use crate::map;
use crate::term::{Term, View};

/// Which part of a clause expressions are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// All have to be `true`.
    Guard,
    /// They are done one after the other.
    Body,
}

/// What becomes of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    /// It is looked at.
    Look,
    /// It becomes part of the result.
    Keep,
}

/// What is still to be done, the next last. What makes a value out of others knows where their code begins.
enum Task {
    Expression(Term, Use),
    Cons(usize, Use),
    Tuple(usize, u32, Use),
    Map(usize, Term, Use),
    Emit(Op, u32, Use),
    Branch(Op),
    Label(Label),
    /// The value of a message, which is no constant, as it acts.
    True,
}

/// What an expression has come to.
#[derive(Clone, Copy)]
enum Outcome {
    Constant(Term),
    Code,
}

/// An argument that needs no code.
enum Operand {
    Slot(Slot),
    Term(Term),
}

/// How deep branches of guards may be to need no values.
const BRANCH_DEPTH: usize = 16;

struct Work {
    tasks: Vec<Task>,
    outcomes: Vec<Outcome>,
    part: Part,
}

impl<F: Functions> Compiler<'_, F> {
    /// Compiles the expressions of a guard or a body.
    pub(super) fn expressions(&mut self, list: Term, part: Part) {
        if list.is_nil() {
            return;
        }
        if !list.is_cons() {
            self.problems.add("Match expression is not a list.");
            return;
        }
        if part == Part::Body {
            self.code.push(Op::Body);
        }
        let mut rest = list;
        while let Some(cell) = rest.as_cons() {
            rest = cell.tail();
            let is_result = part == Part::Body && self.dialect == Dialect::Table && !rest.is_cons();
            match part {
                Part::Guard => self.required(cell.head(), 0),
                Part::Body if is_result => {
                    self.expression(cell.head(), Use::Keep, part);
                    self.code.push(Op::Result);
                }
                Part::Body => {
                    self.expression(cell.head(), Use::Look, part);
                    self.code.push(Op::Drop);
                }
            }
        }
        if !rest.is_nil() {
            self.problems.add("Match expression is not a proper list.");
        }
    }

    /// Compiles an expression of a guard, whose value has to be `true`. Its branches need no value then.
    fn required(&mut self, term: Term, depth: usize) {
        match self.branches_of(term).filter(|_| depth < BRANCH_DEPTH) {
            Some((Special::AndAlso, arguments)) => {
                arguments.into_iter().for_each(|argument| self.required(argument, depth + 1));
            }
            Some((_, arguments)) => {
                let label = self.label();
                let last = arguments.len().saturating_sub(1);
                for (index, argument) in arguments.into_iter().enumerate() {
                    if index == last {
                        self.required(argument, depth + 1);
                    } else {
                        self.expression(argument, Use::Look, Part::Guard);
                        self.finish(Then::Go(label), Op::GoIfTrue(label));
                    }
                }
                self.labels[label.0 as usize] = self.code.len();
            }
            None => {
                self.expression(term, Use::Look, Part::Guard);
                self.finish(Then::Require, Op::Require);
            }
        }
    }

    /// What `andalso` and `orelse` have in them, if that is what an expression is.
    fn branches_of(&self, term: Term) -> Option<(Special, Vec<Term>)> {
        let tuple = term.as_tuple()?;
        let (name, arguments) = tuple.elements().split_first()?;
        let special = Special::find(self.atoms.text(name.as_atom()?))?;
        let is_branch = matches!(special, Special::AndAlso | Special::OrElse);
        let is_good = is_branch && special.check(self.dialect, Part::Guard, arguments.len()).is_ok();
        is_good.then(|| (special, arguments.to_vec()))
    }

    /// Says what becomes of the value before, by the instruction that makes it if it can, or by one of its own.
    fn finish(&mut self, what: Then, op: Op) {
        let is_alone = !self.is_end_aimed_at();
        match self.code.last_mut() {
            Some(
                Op::SlotTerm { then, .. }
                | Op::Slots { then, .. }
                | Op::Top { then, .. }
                | Op::TopTerm { then, .. },
            ) if is_alone => *then = what,
            _ => self.code.push(op),
        }
    }

    fn expression(&mut self, term: Term, kept: Use, part: Part) {
        let mut work = Work { tasks: Vec::new(), outcomes: Vec::new(), part };
        work.tasks.push(Task::Expression(term, kept));
        while let Some(task) = work.tasks.pop() {
            self.task(task, &mut work);
        }
    }

    fn task(&mut self, task: Task, work: &mut Work) {
        match task {
            Task::Expression(term, kept) => self.begin(term, kept, work),
            Task::True => self.emit(Op::Constant(Term::boolean(true)), work),
            Task::Cons(start, kept) => {
                let (tail, head) = (work.outcomes.pop(), work.outcomes.pop());
                match (head, tail) {
                    (Some(Outcome::Constant(head)), Some(Outcome::Constant(tail))) => {
                        let cell = build::cons(&mut self.constants, head, tail);
                        self.fold(start, cell, kept, work);
                    }
                    _ => self.emit(Op::Cons, work),
                }
            }
            Task::Tuple(start, count, kept) => match self.constants_of(count, work) {
                Some(mut elements) => {
                    elements.reverse();
                    let tuple = build::tuple(&mut self.constants, &elements);
                    self.fold(start, tuple, kept, work);
                }
                None => {
                    let op = self.tuple_of_slots(start).unwrap_or(Op::Tuple(count));
                    self.emit(op, work);
                }
            },
            Task::Map(start, term, kept) => self.finish_map(start, term, kept, work),
            Task::Emit(op, count, kept) => {
                let first = work.outcomes.len() - count as usize;
                work.outcomes.truncate(first);
                self.code.push(op);
                if kept == Use::Keep {
                    self.code.push(Op::Copy);
                }
                work.outcomes.push(Outcome::Code);
            }
            Task::Branch(op) => {
                work.outcomes.pop();
                self.code.push(op);
            }
            Task::Label(label) => {
                work.outcomes.pop();
                self.labels[label.0 as usize] = self.code.len();
                work.outcomes.push(Outcome::Code);
            }
        }
    }

    /// If the code from a place on only copies slots, all of it in one with the tuple of them.
    fn tuple_of_slots(&mut self, start: usize) -> Option<Op> {
        let (copies, []) = self.code[start..].as_chunks::<2>() else { return None };
        let slots: Option<Vec<Slot>> = copies
            .iter()
            .rev()
            .map(|copy| if let [Op::Load(slot), Op::Copy] = copy { Some(*slot) } else { None })
            .collect();
        let slots = slots?;
        let list = SlotList { first: self.lists.len() as u32, count: slots.len() as u32 };
        self.lists.extend(slots);
        self.code.truncate(start);
        Some(Op::TupleOf(list))
    }

    fn emit(&mut self, op: Op, work: &mut Work) {
        self.code.push(op);
        work.outcomes.push(Outcome::Code);
    }

    fn push_constant(&mut self, term: Term, kept: Use, work: &mut Work) {
        self.code.push(Op::Constant(term));
        if kept == Use::Keep && !term.is_immediate() {
            self.code.push(Op::Copy);
        }
        work.outcomes.push(Outcome::Constant(term));
    }

    /// Replaces code from a place on by one constant.
    fn fold(&mut self, start: usize, term: Term, kept: Use, work: &mut Work) {
        self.code.truncate(start);
        self.push_constant(term, kept, work);
    }

    /// The values of the last expressions, if all are constant.
    fn constants_of(&self, count: u32, work: &mut Work) -> Option<Vec<Term>> {
        let last = work.outcomes.split_off(work.outcomes.len() - count as usize);
        last.into_iter()
            .map(|outcome| match outcome {
                Outcome::Constant(term) => Some(term),
                Outcome::Code => None,
            })
            .collect()
    }

    /// Begins an expression; what is left of it becomes tasks.
    fn begin(&mut self, term: Term, kept: Use, work: &mut Work) {
        match term.view() {
            View::Cons(cell) => {
                work.tasks.push(Task::Cons(self.code.len(), kept));
                work.tasks.push(Task::Expression(cell.tail(), Use::Keep));
                work.tasks.push(Task::Expression(cell.head(), Use::Keep));
            }
            View::Tuple(tuple) => match tuple.elements() {
                [inner] if inner.as_tuple().is_some() => {
                    let elements = inner.as_tuple().map_or_else(Vec::new, |tuple| tuple.elements().to_vec());
                    work.tasks.push(Task::Tuple(self.code.len(), elements.len() as u32, kept));
                    work.tasks
                        .extend(elements.into_iter().map(|element| Task::Expression(element, Use::Keep)));
                }
                [name, arguments @ ..] if name.is_atom() && variable(self.atoms, *name).is_none() => {
                    self.call(term, *name, arguments, kept, work);
                }
                _ => {
                    let text = " is neither a function call, nor a tuple (tuples are written {{ ... }}).";
                    self.problems.add_term("", term, text);
                    work.outcomes.push(Outcome::Code);
                }
            },
            View::Map(map) => {
                let pairs = map::pairs(map);
                work.tasks.push(Task::Map(self.code.len(), term, kept));
                work.tasks.extend(pairs.iter().map(|(key, _)| Task::Expression(*key, Use::Keep)));
                work.tasks.extend(pairs.iter().map(|(_, value)| Task::Expression(*value, Use::Keep)));
            }
            View::Atom(predefined::DOLLAR_UNDERSCORE) => {
                let op = match self.dialect {
                    Dialect::Table => Op::Load(Slot(0)),
                    Dialect::Trace => Op::PushArguments,
                };
                work.tasks.push(Task::Emit(op, 0, kept));
            }
            View::Atom(predefined::DOLLAR_DOLLAR) => self.all_variables(work),
            _ => match variable(self.atoms, term) {
                Some(number) => match self.variables.get(&number) {
                    Some(slot) => work.tasks.push(Task::Emit(Op::Load(*slot), 0, kept)),
                    None => {
                        self.problems.unbound(number);
                        work.outcomes.push(Outcome::Code);
                    }
                },
                None => {
                    let constant = self.constant(term);
                    self.push_constant(constant, kept, work);
                }
            },
        }
    }

    fn all_variables(&mut self, work: &mut Work) {
        let slots: Vec<Slot> = self.variables.values().copied().collect();
        for slot in &slots {
            self.code.push(Op::Load(*slot));
            self.code.push(Op::Copy);
        }
        self.code.push(Op::Constant(Term::NIL));
        self.code.extend(slots.iter().map(|_| Op::Cons));
        work.outcomes.push(Outcome::Code);
    }

    /// Makes a map of values and keys that are on the stack, or a constant of them.
    fn finish_map(&mut self, start: usize, term: Term, kept: Use, work: &mut Work) {
        let pairs = term.as_map().map_or_else(Vec::new, map::pairs);
        let count = pairs.len() as u32;
        let keys = self.constants_of(count, work);
        let values = self.constants_of(count, work);
        let are_values_constant = values.is_some();
        if let (Some(keys), Some(values)) = (keys, values) {
            let pairs: Vec<(Term, Term)> = keys.into_iter().zip(values).rev().collect();
            let map = map::from_pairs(&mut self.constants, self.atoms, &pairs);
            self.fold(start, map, kept, work);
            return;
        }
        if are_values_constant && !self.problems.texts.is_empty() {
            // Stock tells of variables among the keys twice then.
            let unbound = pairs.iter().rev().filter_map(|(key, _)| variable(self.atoms, *key));
            let unbound: Vec<u32> = unbound.filter(|number| !self.variables.contains_key(number)).collect();
            unbound.into_iter().for_each(|number| self.problems.unbound(number));
        }
        self.emit(Op::Map(count), work);
    }

    /// A function or a special form.
    fn call(&mut self, term: Term, name: Term, arguments: &[Term], kept: Use, work: &mut Work) {
        let text = name.as_atom().map_or("", |name| self.atoms.text(name));
        if let Some(special) = Special::find(text) {
            if let Err(problem) = special.check(self.dialect, work.part, arguments.len()) {
                problem.tell(special, term, &mut self.problems);
                work.outcomes.push(Outcome::Code);
                return;
            }
            self.special(special, arguments, kept, work);
            return;
        }
        match self.functions.find(text, arguments.len()) {
            None => {
                let rest = alloc::format!("/{} does_not_exist.", arguments.len());
                self.problems.add_term("Function ", name, &rest);
                work.outcomes.push(Outcome::Code);
            }
            Some((function, places)) => {
                let is_allowed = match places {
                    Places::All => true,
                    Places::Trace => self.dialect == Dialect::Trace,
                    Places::TraceBody => self.dialect == Dialect::Trace && work.part == Part::Body,
                };
                if is_allowed {
                    // A part of a binary refers to the whole.
                    let used = if text == "binary_part" { Use::Keep } else { Use::Look };
                    match (arguments, Small::find(text)) {
                        ([a, b], Some(small)) => self.of_two(small, function, [*a, *b], kept, work),
                        _ => self.function(function, arguments, kept, used, work),
                    }
                } else {
                    let rest = alloc::format!("/{} cannot be called in this context.", arguments.len());
                    self.problems.add_term("Function ", name, &rest);
                    work.outcomes.push(Outcome::Code);
                }
            }
        }
    }

    fn function(
        &mut self,
        function: FunctionIndex,
        arguments: &[Term],
        kept: Use,
        used: Use,
        work: &mut Work,
    ) {
        let arity = arguments.len() as u32;
        work.tasks.push(Task::Emit(Op::Call { function, arity }, arity, kept));
        work.tasks.extend(arguments.iter().map(|argument| Task::Expression(*argument, used)));
    }

    /// A function of two arguments that small integers need not be called for.
    fn of_two(
        &mut self,
        small: Small,
        function: FunctionIndex,
        [a, b]: [Term; 2],
        kept: Use,
        work: &mut Work,
    ) {
        let then = Then::Push;
        let op = match (self.operand(a), self.operand(b)) {
            (Some(Operand::Slot(slot)), Some(Operand::Term(term))) => {
                Op::SlotTerm { small, function, then, slot, term }
            }
            (Some(Operand::Slot(slot)), Some(Operand::Slot(other))) => {
                Op::Slots { small, function, then, slot, other }
            }
            (_, Some(Operand::Term(term))) => {
                return self.emit_after(Op::TopTerm { small, function, then, term }, &[a], kept, work);
            }
            _ => return self.emit_after(Op::Top { small, function, then }, &[a, b], kept, work),
        };
        work.tasks.push(Task::Emit(op, 0, kept));
    }

    /// What an argument is without any code.
    fn operand(&self, term: Term) -> Option<Operand> {
        match term.as_atom() {
            Some(predefined::DOLLAR_UNDERSCORE | predefined::DOLLAR_DOLLAR) => None,
            Some(_) if let Some(number) = variable(self.atoms, term) => {
                self.variables.get(&number).map(|slot| Operand::Slot(*slot))
            }
            _ => term.is_immediate().then_some(Operand::Term(term)),
        }
    }

    /// Arguments, the last first, and then an instruction.
    fn emit_after(&mut self, op: Op, arguments: &[Term], kept: Use, work: &mut Work) {
        work.tasks.push(Task::Emit(op, arguments.len() as u32, kept));
        work.tasks.extend(arguments.iter().map(|argument| Task::Expression(*argument, Use::Look)));
    }

    fn special(&mut self, special: Special, arguments: &[Term], kept: Use, work: &mut Work) {
        let count = arguments.len() as u32;
        match special {
            Special::Const => {
                let constant = self.constant(arguments[0]);
                self.push_constant(constant, kept, work);
            }
            Special::And => self.emit_after(Op::And(count), arguments, Use::Look, work),
            Special::Or => self.emit_after(Op::Or(count), arguments, Use::Look, work),
            Special::AndAlso => self.branches(arguments, Op::AndAlso, kept, work),
            Special::OrElse => self.branches(arguments, Op::OrElse, kept, work),
            Special::Message => {
                work.tasks.push(Task::True);
                work.tasks.push(Task::Branch(Op::Result));
                work.tasks.push(Task::Expression(arguments[0], Use::Keep));
            }
            Special::Act(action) => {
                let op = Op::Act { action, arity: count };
                let kept = if action == Action::Own { Use::Look } else { kept };
                self.emit_after(op, arguments, kept, work);
            }
        }
    }

    /// All but the last are looked at; the last is the value, whatever it is.
    fn branches(&mut self, arguments: &[Term], branch: fn(Label) -> Op, kept: Use, work: &mut Work) {
        let label = self.label();
        work.tasks.push(Task::Label(label));
        let Some((last, before)) = arguments.split_last() else { return };
        work.tasks.push(Task::Expression(*last, kept));
        for argument in before.iter().rev() {
            work.tasks.push(Task::Branch(branch(label)));
            work.tasks.push(Task::Expression(*argument, Use::Look));
        }
    }
}
