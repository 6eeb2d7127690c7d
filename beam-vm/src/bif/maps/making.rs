// SPDX-License-Identifier: Apache-2.0
//! `maps:from_list/1` and `maps:from_keys/2`. Long lists are gone through twice, as on stock: to see whether they are right, and to take what is in them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::Heap;
use crate::map::{self, Draft};
use crate::process::Parked;
use crate::term::{Term, layout};

/// Elements of a list that are looked at in a reduction.
const STEPS: usize = 40;
/// The longest list whose map is made at once.
const SHORT: usize = 1000;

/// What the elements of the list are.
#[derive(Clone, Copy)]
enum Elements {
    Pairs,
    /// Keys, which have this value.
    Keys(Term),
}

impl Elements {
    fn association(self, element: Term) -> Option<(Term, Term)> {
        match self {
            Self::Keys(value) => Some((element, value)),
            Self::Pairs => match *element.as_tuple()?.elements() {
                [key, value] => Some((key, value)),
                _ => None,
            },
        }
    }
}

/// A map that is being made of a list.
pub struct Making {
    /// What is left of the list.
    rest: Term,
    count: usize,
    draft: Option<Box<Draft>>,
}

impl Making {
    /// Goes on with a list for a number of steps, which it counts down. The map, once it is done.
    fn run<H: Heap + ?Sized>(
        &mut self,
        heap: &mut H,
        atoms: &AtomTable,
        (list, elements): (Term, Elements),
        budget: &mut usize,
    ) -> Result<Option<Term>, Raise> {
        if self.draft.is_none() {
            while let Some(cell) = self.rest.as_cons() {
                if *budget == 0 {
                    return Ok(None);
                }
                *budget -= 1;
                elements.association(cell.head()).ok_or(Raise::BADARG)?;
                self.count += 1;
                self.rest = cell.tail();
            }
            if !self.rest.is_nil() {
                return Err(Raise::BADARG);
            }
            self.rest = list;
            if self.count <= SHORT || self.count > Draft::MOST {
                return Ok(Some(self.at_once(heap, atoms, elements, budget)));
            }
        }
        let count = self.count;
        let draft = self.draft.get_or_insert_with(|| Box::new(Draft::new(count).with_cost(cost(count))));
        while let Some(cell) = self.rest.as_cons() {
            if *budget == 0 {
                return Ok(None);
            }
            *budget -= 1;
            if let Some((key, value)) = elements.association(cell.head()) {
                draft.add(key, value);
            }
            self.rest = cell.tail();
        }
        Ok(draft.build(heap, atoms, budget))
    }

    fn at_once<H: Heap + ?Sized>(
        &self,
        heap: &mut H,
        atoms: &AtomTable,
        elements: Elements,
        budget: &mut usize,
    ) -> Term {
        let mut pairs = Vec::with_capacity(self.count);
        let mut rest = self.rest;
        while let Some(cell) = rest.as_cons() {
            pairs.extend(elements.association(cell.head()));
            rest = cell.tail();
        }
        if self.count > layout::MAP_SMALL_LIMIT {
            *budget = budget.saturating_sub(self.count * (1 + cost(self.count)));
        }
        map::from_pairs(heap, atoms, &pairs)
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.rest);
        if let Some(draft) = &mut self.draft {
            draft.roots(visit);
        }
    }
}

/// The steps that stock takes for each of so many associations, which it sorts.
fn cost(count: usize) -> usize {
    14 + count.checked_ilog2().unwrap_or(0) as usize * 6 / 5
}

fn make(cx: &mut Context<'_>, args: &[Term], elements: Elements) -> BifResult {
    let mut making = match cx.take_parked() {
        Some(Parked::Making(making)) => making,
        _ => Making { rest: args[0], count: 0, draft: None },
    };
    let made = cx.work(STEPS, |cx, budget| {
        making.run(&mut cx.process.heap, &cx.vm.atoms, (args[0], elements), budget)
    });
    match made? {
        Some(map) => Ok(map),
        None => Err(cx.park(Parked::Making(making), args)),
    }
}

/// `maps:from_list/1`
pub fn from_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    make(cx, args, Elements::Pairs)
}

/// `maps:from_keys/2`
pub fn from_keys(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    make(cx, args, Elements::Keys(args[1]))
}
