// SPDX-License-Identifier: Apache-2.0
//! Scans: a program runs over the objects of a table, some at a time. While a scan rests it holds the table fixed.
//!
//! Tables with hashed keys are scanned bucket by bucket, and never rest within one; ordered tables from key to key.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::ops::Range as Literals;

use super::{BifResult, Context, Raise, caused, owners};
use crate::atom::predefined;
use crate::bif::match_specs::Caller;
use crate::compare;
use crate::copy;
use crate::ets::{Batch, HashTable, Listed, Object, Objects, Range, TableIndex};
use crate::heap::build;
use crate::matchspec::{Lead, Program, Scratch, Subject};
use crate::process::{Parked, RefNumbers};
use crate::term::Term;

/// Keys that are kept are copies.
const NO_LITERALS: Literals<usize> = 0..0;

/// What is done with objects that match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// What the program gives is collected.
    Collect,
    /// `true` counts.
    Count,
    /// `true` deletes.
    Delete,
    /// A tuple takes the place of the object.
    Replace,
}

/// In which order an ordered table is scanned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// From the first key on.
    Up,
    /// From the last key on.
    Down,
}

/// Where a scan is.
pub(super) enum Place {
    /// The next bucket.
    Bucket(usize),
    /// The buckets that are left, the next last.
    Buckets(Vec<usize>),
    /// The last key, if there was any.
    Key(Option<Term>, Direction),
    /// The end.
    End,
}

/// A scan.
pub struct Scan {
    pub(super) numbers: RefNumbers,
    pub(super) program: Rc<Program>,
    pub(super) place: Place,
    pub(super) range: Range,
    pub(super) purpose: Purpose,
    /// How many results are asked for at least.
    pub(super) limit: Option<usize>,
    /// The results, the newest first.
    pub(super) results: Term,
    pub(super) count: usize,
    is_fixed: bool,
    scratch: Scratch,
}

/// How much of a scan is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// As much as was asked for.
    Enough,
    /// The time slice is over.
    Rest,
}

impl Scan {
    pub(super) fn new(numbers: RefNumbers, program: Rc<Program>, place: Place, purpose: Purpose) -> Self {
        Self {
            numbers,
            program,
            place,
            range: Range::default(),
            purpose,
            limit: None,
            results: Term::NIL,
            count: 0,
            is_fixed: false,
            scratch: Scratch::default(),
        }
    }

    /// Shows all places that hold terms of the process's heap.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.results);
        if let Place::Key(Some(key), _) = &mut self.place {
            visit(key);
        }
        self.range.from.iter_mut().for_each(&mut *visit);
        self.range.to.iter_mut().for_each(&mut *visit);
    }

    fn table(&self, cx: &Context<'_>) -> Result<TableIndex, Raise> {
        cx.vm.tables.find_numbers(self.numbers).ok_or(caused(predefined::ID))
    }

    /// Scans until there is enough, or rests.
    ///
    /// # Errors
    /// [`Raise::Yield`], or that the table has gone.
    pub(super) fn run(
        mut self: alloc::boxed::Box<Self>,
        cx: &mut Context<'_>,
        args: &[Term],
    ) -> Result<alloc::boxed::Box<Self>, Raise> {
        let index = self.table(cx)?;
        if self.has_enough() && !matches!(self.place, Place::Buckets(_)) {
            return Ok(self);
        }
        let mut budget = usize::try_from(cx.process.reductions_left).unwrap_or(0).max(64);
        let before = budget;
        let progress = match self.place {
            Place::End => Progress::Enough,
            Place::Key(..) => self.scan_ordered(cx, index, &mut budget)?,
            Place::Bucket(_) | Place::Buckets(_) => self.scan_buckets(cx, index, &mut budget)?,
        };
        cx.bump((before - budget) as u32);
        match progress {
            Progress::Enough => {
                if self.purpose == Purpose::Delete
                    && let Some(table) = cx.vm.tables.get_mut(index)
                {
                    table.settle();
                }
                if self.is_fixed {
                    cx.vm.tables.unfix(index, cx.process.pid);
                }
                Ok(self)
            }
            Progress::Rest => {
                if !self.is_fixed {
                    self.is_fixed = true;
                    owners::fix(cx, index);
                }
                Err(cx.park(Parked::Scan(self), args))
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.limit.is_some_and(|limit| self.count >= limit)
    }

    /// Whether there is a next bucket.
    fn has_bucket(&self, active: usize) -> bool {
        match &self.place {
            Place::Bucket(next) => *next < active,
            Place::Buckets(rest) => !rest.is_empty(),
            _ => false,
        }
    }

    fn scan_buckets(
        &mut self,
        cx: &mut Context<'_>,
        index: TableIndex,
        budget: &mut usize,
    ) -> Result<Progress, Raise> {
        let lead = self.program.lead();
        let mut batch = Batch::default();
        let mut listed = Vec::new();
        loop {
            let table = cx.vm.tables.get(index).ok_or(caused(predefined::ID))?;
            let Objects::Hashed(hashed) = &table.objects else { return Err(Raise::BADARG) };
            let active = hashed.active();
            let first = if let Place::Bucket(next) = self.place { Some(next) } else { None };
            self.fill(&mut batch, hashed);
            match lead {
                Some(Lead { size, position, value }) => {
                    batch.select(&mut listed, |object| object.is_like(size, position, value));
                }
                None => batch.select(&mut listed, |_| true),
            }
            *budget = budget.saturating_sub(batch.len().max(listed.len()) + 1);
            let mut rest = listed.as_slice();
            while let [Listed { object, bucket }, ref after @ ..] = *rest {
                rest = after;
                self.object(cx, index, object)?;
                if let Some(first) = first
                    && self.has_enough()
                    && after.first().is_none_or(|next| next.bucket != bucket)
                {
                    // Whole buckets count, and no more than are needed.
                    self.place = Place::Bucket(first + usize::from(bucket) + 1);
                    break;
                }
            }
            if !self.has_bucket(active) {
                self.place = Place::End;
                return Ok(Progress::Enough);
            }
            if matches!(self.place, Place::Bucket(_)) {
                if self.has_enough() {
                    return Ok(Progress::Enough);
                }
                if *budget == 0 {
                    return Ok(Progress::Rest);
                }
            }
        }
    }

    /// Lists the next buckets.
    #[inline]
    fn fill(&mut self, batch: &mut Batch, table: &HashTable) {
        let lines = table.lines();
        batch.clear();
        match &mut self.place {
            Place::Bucket(next) => {
                table.list_from(*next, lines, batch);
                *next += batch.buckets();
            }
            Place::Buckets(rest) => {
                while batch.has_room()
                    && let Some(bucket) = rest.pop()
                {
                    table.list(bucket, lines, batch);
                }
            }
            Place::Key(..) | Place::End => {}
        }
        batch.prefetch_more(lines);
    }

    fn scan_ordered(
        &mut self,
        cx: &mut Context<'_>,
        index: TableIndex,
        budget: &mut usize,
    ) -> Result<Progress, Raise> {
        loop {
            let Place::Key(last, direction) = self.place else { return Ok(Progress::Enough) };
            let table = cx.vm.tables.get(index).ok_or(caused(predefined::ID))?;
            let Objects::Ordered(tree) = &table.objects else { return Err(Raise::BADARG) };
            let atoms = &cx.vm.atoms;
            let range = self.range;
            let entries = match (direction, last) {
                (Direction::Up, Some(last)) => tree.entries_after(atoms, last),
                (Direction::Down, Some(last)) => tree.entries_before(atoms, last),
                (Direction::Up, None) => tree.forward(|key| range.is_before(atoms, key)),
                (Direction::Down, None) => tree.backward(|key| !range.is_beyond(atoms, key)),
            };
            let mut objects: Vec<Object> = entries.iter().map(|entry| entry.object).collect();
            let key_position = table.options.key_position;
            if direction == Direction::Down {
                objects.reverse();
            }
            if let Some(limit) = self.limit {
                objects.truncate(limit - self.count.min(limit - 1));
            }
            let Some(end) = objects.last() else {
                self.place = Place::End;
                return Ok(Progress::Enough);
            };
            // The last key is copied before its object can be deleted.
            let end = copy::copy(
                end.element(key_position).unwrap_or(Term::NIL),
                &mut cx.process.heap,
                &NO_LITERALS,
            );
            for object in objects {
                let key = object.element(key_position).unwrap_or(Term::NIL);
                let is_outside = match direction {
                    Direction::Up => range.is_beyond(&cx.vm.atoms, key),
                    Direction::Down => range.is_before(&cx.vm.atoms, key),
                };
                if is_outside {
                    self.place = Place::End;
                    return Ok(Progress::Enough);
                }
                self.object(cx, index, object)?;
                *budget = budget.saturating_sub(1);
            }
            if range.is_one {
                self.place = Place::End;
                return Ok(Progress::Enough);
            }
            self.place = Place::Key(Some(end), direction);
            if self.has_enough() {
                return Ok(Progress::Enough);
            }
            if *budget == 0 {
                return Ok(Progress::Rest);
            }
        }
    }

    /// Runs the program over an object.
    #[inline]
    fn object(&mut self, cx: &mut Context<'_>, index: TableIndex, object: Object) -> Result<(), Raise> {
        let subject = Subject::Term(object.term());
        let result = self.program.run(&mut Caller::new(cx), subject, &mut self.scratch);
        let Some(result) = result else { return Ok(()) };
        match self.purpose {
            Purpose::Collect => {
                self.results = build::cons(cx.heap(), result, self.results);
                self.count += 1;
            }
            Purpose::Count => self.count += usize::from(result == Term::boolean(true)),
            Purpose::Delete | Purpose::Replace => self.change(cx, index, object, result)?,
        }
        Ok(())
    }

    /// Takes an object out, or puts another in its place, as the program says.
    #[inline(never)]
    fn change(
        &mut self,
        cx: &mut Context<'_>,
        index: TableIndex,
        object: Object,
        result: Term,
    ) -> Result<(), Raise> {
        let vm = &mut *cx.vm;
        let table = vm.tables.get_mut(index).ok_or(caused(predefined::ID))?;
        if self.purpose == Purpose::Delete {
            if result == Term::boolean(true) {
                table.take_out(&vm.atoms, object);
                self.count += 1;
            }
            return Ok(());
        }
        let key = table.key_of(result);
        if key.is_some_and(|key| compare::same(key, table.key(object))) {
            let elements = result.as_tuple();
            let elements = elements.as_ref().map_or(&[][..], |tuple| tuple.elements());
            let new = table.make_instead(object, elements);
            table.replace(&vm.atoms, object, new);
            self.count += 1;
        }
        Ok(())
    }

    /// The results in the order in which they were found.
    pub(super) fn reversed(&self, cx: &mut Context<'_>) -> Term {
        let mut rest = self.results;
        let mut list = Term::NIL;
        while let Some(cell) = rest.as_cons() {
            list = build::cons(cx.heap(), cell.head(), list);
            rest = cell.tail();
        }
        list
    }

    /// The number that a scan has come to.
    pub(super) fn number(&self) -> BifResult {
        Ok(Term::count(self.count))
    }
}
