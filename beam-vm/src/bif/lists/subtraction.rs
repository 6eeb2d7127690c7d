// SPDX-License-Identifier: Apache-2.0
//! `--`: the elements of a list without those of another, each of which takes away its first equal. What is to be taken away is
//! counted in a map, so that two long lists take no longer than their elements together; few elements are compared one by one.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::bif::{BifResult, Context, Raise};
use crate::compare;
use crate::heap::{Heap, build};
use crate::map::{self, Draft};
use crate::process::Parked;
use crate::term::Term;

/// Elements that are looked at in a reduction.
const STEPS: usize = 36;
/// Steps that building the map counts for each element.
const BUILT: usize = 5;
/// Elements that are compared one by one.
const FEW: usize = 16;

/// What is to be taken away, as often as is counted.
enum Table {
    Few(Vec<Term>),
    /// Places in the counts by terms.
    Many(Term),
}

/// What comes next.
enum Stage {
    /// Looking whether the first list is one.
    Left,
    /// Looking whether the second is one.
    Right,
    /// Distributing what is to be taken away.
    Add(Box<Draft>),
    /// Counting it.
    Count(Table),
    /// Going through the first list.
    Keep(Table),
    /// Putting what is kept before the rest, of which nothing is to be taken away.
    Build,
}

/// A subtraction that is under way.
pub struct Subtraction {
    stage: Stage,
    /// What is left of the list that is gone through.
    rest: Term,
    /// How often each is to be taken away.
    counts: Vec<u32>,
    /// How many in all.
    to_take: usize,
    kept: Vec<Term>,
}

impl Subtraction {
    fn new(left: Term) -> Self {
        Self { stage: Stage::Left, rest: left, counts: Vec::new(), to_take: 0, kept: Vec::new() }
    }

    /// The next element of the list that is gone through. An error if the budget is used up.
    fn next(&mut self, budget: &mut usize) -> Result<Option<Term>, Paused> {
        let Some(cell) = self.rest.as_cons() else { return Ok(None) };
        *budget = budget.checked_sub(1).ok_or(Paused)?;
        self.rest = cell.tail();
        Ok(Some(cell.head()))
    }

    /// Goes on as long as there is some of the budget left, which it counts down. Nothing if one of the two is no list.
    fn run<H: Heap + ?Sized>(
        &mut self,
        heap: &mut H,
        atoms: &AtomTable,
        [left, right]: [Term; 2],
        budget: &mut usize,
    ) -> Result<Option<Term>, Paused> {
        loop {
            match &mut self.stage {
                Stage::Left => {
                    while self.next(budget)?.is_some() {}
                    if !self.rest.is_nil() {
                        return Ok(None);
                    }
                    self.stage = Stage::Right;
                    self.rest = right;
                }
                Stage::Right => {
                    while self.next(budget)?.is_some() {
                        self.to_take += 1;
                    }
                    if !self.rest.is_nil() {
                        return Ok(None);
                    }
                    if self.to_take == 0 || left.is_nil() {
                        return Ok(Some(left));
                    }
                    self.rest = right;
                    self.stage = if self.to_take > FEW {
                        Stage::Add(Box::new(Draft::new(self.to_take).with_cost(BUILT)))
                    } else {
                        Stage::Count(Table::Few(Vec::new()))
                    };
                }
                Stage::Add(_) => {
                    while let Some(element) = self.next(budget)? {
                        let place = Term::count(self.counts.len());
                        self.counts.push(0);
                        if let Stage::Add(draft) = &mut self.stage {
                            draft.add(element, place);
                        }
                    }
                    let Stage::Add(draft) = &mut self.stage else { continue };
                    let table = draft.build(heap, atoms, budget).ok_or(Paused)?;
                    self.stage = Stage::Count(Table::Many(table));
                    self.rest = right;
                }
                Stage::Count(_) => {
                    while let Some(element) = self.next(budget)? {
                        if let Stage::Count(Table::Few(terms)) = &mut self.stage {
                            terms.push(element);
                            self.counts.push(1);
                        } else if let Some(place) = self.place(atoms, element) {
                            self.counts[place] += 1;
                        }
                    }
                    if let Stage::Count(table) = core::mem::replace(&mut self.stage, Stage::Build) {
                        self.stage = Stage::Keep(table);
                    }
                    self.rest = left;
                }
                Stage::Keep(_) => {
                    while self.to_take > 0
                        && let Some(element) = self.next(budget)?
                    {
                        match self.place(atoms, element) {
                            Some(place) => {
                                self.counts[place] -= 1;
                                self.to_take -= 1;
                            }
                            None => self.kept.push(element),
                        }
                    }
                    self.stage = Stage::Build;
                }
                Stage::Build => {
                    let first = self.kept.len().saturating_sub(*budget);
                    *budget -= self.kept.len() - first;
                    self.rest = build::list_before(heap, &self.kept[first..], self.rest);
                    self.kept.truncate(first);
                    return if first == 0 { Ok(Some(self.rest)) } else { Err(Paused) };
                }
            }
        }
    }

    /// The place in the counts of an element: while they are made any, and then one of which there is still something to take away.
    fn place(&self, atoms: &AtomTable, element: Term) -> Option<usize> {
        match &self.stage {
            Stage::Count(Table::Many(table)) => Self::lookup(atoms, *table, element),
            Stage::Keep(Table::Many(table)) => {
                Self::lookup(atoms, *table, element).filter(|place| self.counts[*place] > 0)
            }
            Stage::Keep(Table::Few(terms)) => {
                let mut places = terms.iter().zip(&self.counts);
                places.position(|(term, count)| *count > 0 && compare::same(*term, element))
            }
            _ => None,
        }
    }

    fn lookup(atoms: &AtomTable, table: Term, element: Term) -> Option<usize> {
        let place = map::get(atoms, table.as_map()?, element)?;
        usize::try_from(place.as_small()?).ok()
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.rest);
        self.kept.iter_mut().for_each(&mut *visit);
        match &mut self.stage {
            Stage::Add(draft) => draft.roots(visit),
            Stage::Count(Table::Few(terms)) | Stage::Keep(Table::Few(terms)) => {
                terms.iter_mut().for_each(visit);
            }
            Stage::Count(Table::Many(table)) | Stage::Keep(Table::Many(table)) => visit(table),
            Stage::Left | Stage::Right | Stage::Build => {}
        }
    }
}

/// The budget is used up.
struct Paused;

/// `--/2`, `subtract/2`
pub fn subtract(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut subtraction = match cx.take_parked() {
        Some(Parked::Subtraction(subtraction)) => *subtraction,
        _ => Subtraction::new(args[0]),
    };
    let result = cx.work(STEPS, |cx, budget| {
        subtraction.run(&mut cx.process.heap, &cx.vm.atoms, [args[0], args[1]], budget)
    });
    match result {
        Ok(result) => result.ok_or(Raise::BADARG),
        Err(Paused) => Err(cx.park(Parked::Subtraction(Box::new(subtraction)), args)),
    }
}
