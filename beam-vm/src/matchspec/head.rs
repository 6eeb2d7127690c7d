// SPDX-License-Identifier: Apache-2.0
//! Heads: what the term has to look like, and which variables get which of its parts.

use alloc::vec::Vec;

use super::compile::{Compiler, Stop, variable};
use super::program::{Op, Slot};
use super::{Dialect, Functions};
use crate::atom::predefined;
use crate::map;
use crate::term::{Map, Term, View};

/// A pattern that a slot is still to be compared with.
type Work = Vec<(Slot, Term)>;

impl<F: Functions> Compiler<'_, F> {
    /// Compiles a head.
    pub(super) fn head(&mut self, head: Term) -> Result<(), Stop> {
        let mut work = Work::new();
        match self.dialect {
            Dialect::Table => self.pattern(Slot(0), head, &mut work)?,
            Dialect::Trace => self.arguments(head, &mut work)?,
        }
        while let Some((slot, pattern)) = work.pop() {
            self.pattern(slot, pattern, &mut work)?;
        }
        Ok(())
    }

    /// The head of a clause that matches the arguments of a call.
    fn arguments(&mut self, head: Term, work: &mut Work) -> Result<(), Stop> {
        let patterns: Vec<Term> = match head.view() {
            View::Atom(predefined::UNDERSCORE) => return Ok(()),
            View::Atom(_) if variable(self.atoms, head).is_some() => {
                let slot = self.slot();
                self.variables.extend(variable(self.atoms, head).map(|number| (number, slot)));
                self.code.push(Op::ArgumentList(slot));
                return Ok(());
            }
            View::Tuple(tuple) => tuple.elements().to_vec(),
            View::Nil | View::Cons(_) => {
                let mut rest = head;
                core::iter::from_fn(|| {
                    let cell = rest.as_cons()?;
                    rest = cell.tail();
                    Some(cell.head())
                })
                .collect()
            }
            _ => {
                let mut parts: Work = [(Slot(0), head)].into();
                while let Some((slot, pattern)) = parts.pop() {
                    self.pattern(slot, pattern, &mut parts)?;
                }
                self.problems.add("Match head is invalid in this context.");
                return Err(Stop);
            }
        };
        self.code.push(Op::Arguments(patterns.len() as u32));
        for (index, pattern) in patterns.into_iter().enumerate() {
            self.part_in(Slot::element(index as u32), pattern, work);
        }
        Ok(())
    }

    /// Compares a slot with a pattern.
    fn pattern(&mut self, slot: Slot, pattern: Term, work: &mut Work) -> Result<(), Stop> {
        match pattern.view() {
            View::Tuple(tuple) => self.tuple(slot, tuple.elements(), work),
            View::Cons(cell) => {
                self.code.push(Op::IsCons(slot));
                self.part(cell.head(), work, |to| Op::Head { from: slot, to });
                self.part(cell.tail(), work, |to| Op::Tail { from: slot, to });
            }
            View::Map(map) => self.map(slot, map, work)?,
            View::Atom(predefined::UNDERSCORE) => {}
            _ => match variable(self.atoms, pattern) {
                Some(number) => match self.variables.get(&number) {
                    Some(other) => self.code.push(Op::Same(slot, *other)),
                    None => {
                        self.variables.insert(number, slot);
                    }
                },
                None => {
                    let term = self.constant(pattern);
                    self.code.push(Op::Is { slot, term });
                }
            },
        }
        Ok(())
    }

    fn is_variable(&self, term: Term) -> bool {
        term == Term::atom(predefined::UNDERSCORE) || variable(self.atoms, term).is_some()
    }

    /// Compares a slot with a tuple. What is most likely to tell terms apart comes first: the constants.
    fn tuple(&mut self, slot: Slot, elements: &[Term], work: &mut Work) {
        let arity = elements.len() as u32;
        let mut is_first = true;
        for (index, element) in elements.iter().enumerate() {
            let (index, term) = (index as u32, *element);
            if !self.is_constant(term) {
                continue;
            }
            self.code.push(if is_first {
                Op::IsTupleWith { slot, arity, index, term }
            } else {
                Op::ElementIs { from: slot, index, term }
            });
            is_first = false;
        }
        if is_first {
            self.code.push(Op::IsTuple { slot, arity });
        }
        for (index, element) in elements.iter().enumerate() {
            let index = index as u32;
            if self.is_constant(*element) {
                continue;
            }
            if slot == Slot(0) && self.dialect == Dialect::Table {
                self.part_in(Slot::element(index), *element, work);
            } else {
                self.part(*element, work, |to| Op::Element { from: slot, index, to });
            }
        }
    }

    fn is_constant(&self, element: Term) -> bool {
        element.is_immediate() && !self.is_variable(element)
    }

    /// Takes a part of a term for a pattern, if anything is asked of it.
    fn part(&mut self, pattern: Term, work: &mut Work, take: impl FnOnce(Slot) -> Op) {
        if pattern == Term::atom(predefined::UNDERSCORE) {
            return;
        }
        let slot = self.slot();
        self.code.push(take(slot));
        self.part_in(slot, pattern, work);
    }

    /// Compares a part of a term, which is in a slot, with a pattern.
    fn part_in(&mut self, slot: Slot, pattern: Term, work: &mut Work) {
        if pattern == Term::atom(predefined::UNDERSCORE) {
            return;
        }
        match variable(self.atoms, pattern) {
            Some(number) => match self.variables.get(&number) {
                Some(other) => self.code.push(Op::Same(slot, *other)),
                None => {
                    self.variables.insert(number, slot);
                }
            },
            None if pattern.is_immediate() => self.code.push(Op::Is { slot, term: pattern }),
            None => work.push((slot, pattern)),
        }
    }

    fn map(&mut self, slot: Slot, map: Map, work: &mut Work) -> Result<(), Stop> {
        self.code.push(Op::IsMap(slot));
        for (key, pattern) in map::pairs(map) {
            if variable(self.atoms, key).is_some() {
                self.problems.add("Variable found in map key.");
                return Err(Stop);
            }
            if key == Term::atom(predefined::UNDERSCORE) {
                self.problems.add("Underscore found in map key.");
                return Err(Stop);
            }
            let key = self.constant(key);
            let to = self.slot();
            self.code.push(Op::Value { from: slot, key, to });
            work.push((to, pattern));
        }
        Ok(())
    }
}
