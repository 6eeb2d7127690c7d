// SPDX-License-Identifier: Apache-2.0
//! The compiler: clauses of head, guard and body.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::problems::Problems;
use super::program::{Label, Op, Program, Slot};
use super::{Dialect, Functions};
use crate::atom::{Atom, AtomTable, predefined};
use crate::copy;
use crate::heap::Fragment;
use crate::map;
use crate::stack::InlineStack;
use crate::term::{Term, View};

/// Constants refer to nothing outside of the program, so that literals may go.
const NO_LITERALS: Range<usize> = 0..0;

/// The number of a variable: an atom of `$` and a number. As in stock the number wraps, and is none if it then is negative.
#[must_use]
pub fn variable(atoms: &AtomTable, term: Term) -> Option<u32> {
    let digits = atoms.text(term.as_atom()?).strip_prefix('$')?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    let add = |number: i32, byte: u8| number.wrapping_mul(10).wrapping_add(i32::from(byte - b'0'));
    u32::try_from(digits.bytes().fold(0, add)).ok().filter(|number| *number <= i32::MAX as u32)
}

/// Whether a pattern has no variables or wildcards in it. Without maps it then matches one term alone; as a pattern of keys it does so
/// even with maps, which are compared there as terms.
#[must_use]
pub fn is_bound(atoms: &AtomTable, pattern: Term) -> bool {
    let mut stack = InlineStack::new();
    stack.push(pattern);
    while let Some(term) = stack.pop() {
        match term.view() {
            View::Atom(predefined::UNDERSCORE) => return false,
            View::Atom(_) if variable(atoms, term).is_some() => return false,
            View::Cons(cell) => {
                stack.push(cell.tail());
                stack.push(cell.head());
            }
            View::Tuple(tuple) => tuple.elements().iter().for_each(|element| stack.push(*element)),
            View::Map(map) => {
                for (key, value) in map::pairs(map) {
                    stack.push(key);
                    stack.push(value);
                }
            }
            _ => {}
        }
    }
    true
}

/// Whether a term has a map in it, looked for in lists and tuples.
#[must_use]
pub fn has_map(term: Term) -> bool {
    let mut stack = InlineStack::new();
    stack.push(term);
    while let Some(term) = stack.pop() {
        match term.view() {
            View::Map(_) => return true,
            View::Cons(cell) => {
                stack.push(cell.tail());
                stack.push(cell.head());
            }
            View::Tuple(tuple) => tuple.elements().iter().for_each(|element| stack.push(*element)),
            _ => {}
        }
    }
    false
}

/// What is compiled.
pub(super) struct Compiler<'a, F> {
    pub(super) atoms: &'a AtomTable,
    pub(super) dialect: Dialect,
    pub(super) functions: &'a F,
    pub(super) problems: Problems<'a>,
    pub(super) code: Vec<Op>,
    pub(super) labels: Vec<usize>,
    pub(super) lists: Vec<Slot>,
    pub(super) constants: Fragment,
    /// The variables that the head of this clause binds.
    pub(super) variables: BTreeMap<u32, Slot>,
    /// Slots that this clause uses.
    pub(super) slots: u32,
}

/// Whether it is worth going on after a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop;

/// Compiles a match specification.
///
/// # Errors
/// What is wrong with it, one text for each problem.
pub fn compile<F: Functions>(
    atoms: &AtomTable,
    node: Atom,
    specification: Term,
    dialect: Dialect,
    functions: &F,
) -> Result<Program, Vec<Vec<u8>>> {
    let mut compiler = Compiler {
        atoms,
        dialect,
        functions,
        problems: Problems { atoms, node, texts: Vec::new() },
        code: Vec::new(),
        labels: Vec::new(),
        lists: Vec::new(),
        constants: Fragment::default(),
        variables: BTreeMap::new(),
        slots: 1,
    };
    let mut clauses = Vec::new();
    let mut slots = 1;
    let is_done = compiler.clauses(specification).is_ok_and(|parts| {
        parts.into_iter().all(|clause| {
            clauses.push(compiler.code.len());
            let is_good = compiler.clause(clause).is_ok() && compiler.problems.texts.is_empty();
            slots = slots.max(compiler.slots);
            is_good
        })
    });
    if !is_done || !compiler.problems.texts.is_empty() {
        return Err(compiler.problems.texts);
    }
    let Compiler { code, labels, lists, constants, .. } = compiler;
    Ok(Program { code, clauses, labels, lists, slots: slots as usize, constants })
}

impl<F: Functions> Compiler<'_, F> {
    fn stop<T>(&mut self, text: &str) -> Result<T, Stop> {
        self.problems.add(text);
        Err(Stop)
    }

    /// Head, guard and body of each clause. A head that is a list of arguments becomes a tuple of them.
    fn clauses(&mut self, specification: Term) -> Result<Vec<[Term; 3]>, Stop> {
        let mut clauses = Vec::new();
        let mut rest = specification;
        if !rest.is_cons() {
            return self.stop("Match programs are not in a list.");
        }
        while let Some(cell) = rest.as_cons() {
            clauses.push(cell.head());
            rest = cell.tail();
        }
        if !rest.is_nil() {
            return self.stop("Match programs are not in a proper list.");
        }
        let mut parts = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let Some(Ok(clause)) = clause.as_tuple().map(|tuple| <[Term; 3]>::try_from(tuple.elements()))
            else {
                return self.stop("Match program part is not a tuple of arity 3.");
            };
            if self.dialect == Dialect::Trace && clause[0].is_list() {
                let mut rest = clause[0];
                while let Some(cell) = rest.as_cons() {
                    rest = cell.tail();
                }
                if !rest.is_nil() {
                    self.problems.add_term("Match expression part ", clause[0], " is not a proper list.");
                    return Err(Stop);
                }
            }
            parts.push(clause);
        }
        Ok(parts)
    }

    fn clause(&mut self, [head, guard, body]: [Term; 3]) -> Result<(), Stop> {
        self.variables.clear();
        self.slots = 1;
        self.head(head)?;
        self.expressions(guard, super::expression::Part::Guard);
        if self.dialect == Dialect::Table && !body.is_cons() {
            return self.stop("Body clause does not return anything.");
        }
        self.expressions(body, super::expression::Part::Body);
        // Of a body that only gives something, no more is left than that.
        let (length, end) = match *self.code {
            [.., Op::Body, Op::Constant(term), Op::Result] => (3, Op::Give(term)),
            [.., Op::Body, Op::Load(slot), Op::Copy, Op::Result] => (4, Op::GiveCopy(slot)),
            [.., Op::Body, Op::TupleOf(slots), Op::Result] => (3, Op::GiveTuple(slots)),
            [.., Op::Result] => (1, Op::GiveTop),
            _ => (0, Op::Halt),
        };
        self.code.truncate(self.code.len() - length);
        self.code.push(end);
        Ok(())
    }

    /// Whether a jump leads to the end of what there is.
    pub(super) fn is_end_aimed_at(&self) -> bool {
        self.labels.contains(&self.code.len())
    }

    /// A slot that this clause does not use yet.
    pub(super) fn slot(&mut self) -> Slot {
        self.slots += 1;
        Slot(self.slots - 1)
    }

    /// A label that is not set yet.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(0);
        Label(self.labels.len() as u32 - 1)
    }

    /// A copy of a constant that belongs to the program.
    pub(super) fn constant(&mut self, term: Term) -> Term {
        copy::copy(term, &mut self.constants, &NO_LITERALS)
    }
}
