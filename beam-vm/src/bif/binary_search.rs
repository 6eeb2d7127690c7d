// SPDX-License-Identifier: Apache-2.0
//! Module `binary`: `match`, `matches`, `split` and `compile_pattern`.
//!
//! A search that takes longer than the time slice goes on later: the BIF is then called again with a reference to what it has come to in the
//! place of its first argument. No program can have such a reference.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::{Magic, MagicObject, build, magic_of};
use crate::search::{Found, Job, Pattern, Places, Purpose, Search, Step, Trim};
use crate::term::{Bits, Term};

/// Bytes that are looked at in a reduction.
const BYTES_PER_REDUCTION: usize = 128;
/// Bytes that are looked at in any case.
const LEAST_BYTES: usize = 1024;
/// Bytes of an unaligned binary that are copied in a reduction.
const COPIED_PER_REDUCTION: usize = 1024;

fn is_binary(term: Term) -> Result<Bits, Raise> {
    term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)
}

/// The bytes of a pattern, which is not empty.
fn pattern_bytes(term: Term) -> Result<Box<[u8]>, Raise> {
    let bits = is_binary(term)?;
    if bits.is_empty() { Err(Raise::BADARG) } else { Ok(bits.bytes().collect()) }
}

/// A pattern, or several in a list, and whether it is only one.
fn compile(cx: &mut Context<'_>, term: Term) -> Result<Pattern, Raise> {
    if !term.is_cons() {
        return pattern_bytes(term).map(|bytes| Pattern::one(bytes.into_vec()));
    }
    let mut patterns = Vec::new();
    let mut total = 0;
    let mut rest = term;
    while let Some(cell) = rest.as_cons() {
        let bytes = pattern_bytes(cell.head())?;
        total += bytes.len();
        patterns.push(bytes);
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    cx.bump((total / 10) as u32);
    match <[Box<[u8]>; 1]>::try_from(patterns) {
        Ok([one]) => Ok(Pattern::one(one.into_vec())),
        Err(several) => Ok(Pattern::many(&several)),
    }
}

/// The pattern that a term stands for: compiled, or to be.
fn pattern(cx: &mut Context<'_>, term: Term) -> Result<Rc<Pattern>, Raise> {
    let Some(pair) = term.as_tuple() else {
        return compile(cx, term).map(Rc::new);
    };
    let [kind, reference] = *pair.elements() else { return Err(Raise::BADARG) };
    let magic = magic_of(reference).ok_or(Raise::BADARG)?;
    let MagicObject::Pattern(pattern) = &*magic else { return Err(Raise::BADARG) };
    if kind == Term::atom(kind_of(pattern)) { Ok(Rc::clone(pattern)) } else { Err(Raise::BADARG) }
}

/// What stock calls the way of a search.
fn kind_of(pattern: &Pattern) -> crate::atom::Atom {
    if let Pattern::Many(_) = pattern { predefined::AC } else { predefined::BM }
}

/// `binary:compile_pattern/1`
pub fn compile_pattern(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pattern = compile(cx, args[0])?;
    let kind = Term::atom(kind_of(&pattern));
    let numbers = cx.vm.new_reference();
    let reference = build::magic(cx.heap(), numbers, Magic::new(MagicObject::Pattern(Rc::new(pattern))));
    Ok(build::tuple(cx.heap(), &[kind, reference]))
}

/// What options say.
struct Options {
    scope: core::ops::Range<usize>,
    at: Places,
    trim: Trim,
}

/// A part of a binary as `{Start, Length}` says it; a negative length counts backwards.
fn part(term: Term, size: usize) -> Option<core::ops::Range<usize>> {
    let pair = term.as_tuple()?;
    let [start, length] = *pair.elements() else { return None };
    let (start, length) = (start.as_small()?, length.as_small()?);
    let other = start.checked_add(length)?;
    let (from, to) = (usize::try_from(start.min(other)).ok()?, usize::try_from(start.max(other)).ok()?);
    (to <= size).then_some(from..to)
}

/// Reads options. As on stock, what a list ends in does not matter.
fn options(list: Term, size: usize, purpose: Purpose) -> Option<Options> {
    let mut options = Options { scope: 0..size, at: Places::First, trim: Trim::Nothing };
    if !list.is_list() {
        return None;
    }
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let option = cell.head();
        rest = cell.tail();
        if let Some(pair) = option.as_tuple()
            && let [name, value] = *pair.elements()
            && name == Term::atom(predefined::SCOPE)
        {
            options.scope = part(value, size)?;
            continue;
        }
        match option.as_atom() {
            Some(predefined::GLOBAL) => options.at = Places::All,
            Some(predefined::TRIM) if options.trim == Trim::All => {}
            Some(predefined::TRIM) => options.trim = Trim::End,
            Some(predefined::TRIM_ALL) => options.trim = Trim::All,
            _ => return None,
        }
        if !matches!(purpose, Purpose::Split { .. }) {
            return None;
        }
    }
    Some(options)
}

/// Begins, or goes on with what was put aside.
fn search(cx: &mut Context<'_>, args: &[Term], purpose: Purpose) -> BifResult {
    if let Some(aside) = magic_of(args[0])
        && let MagicObject::Search(job) = &*aside
    {
        let mut job = job.borrow_mut();
        return match go_on(cx, args[1], &mut job) {
            Some(result) => Ok(result),
            None => Err(cx.yield_with(args)),
        };
    }
    let subject = is_binary(args[0])?;
    let size = subject.len() / 8;
    let pattern = pattern(cx, args[1])?;
    let options = options(args.get(2).copied().unwrap_or(Term::NIL), size, purpose).ok_or(Raise::BADARG)?;
    let copied = match subject.as_bytes() {
        Some(_) => None,
        None => {
            cx.bump((size / COPIED_PER_REDUCTION) as u32);
            Some(subject.bytes().collect())
        }
    };
    let purpose = match purpose {
        Purpose::Split { .. } => Purpose::Split { at: options.at, trim: options.trim },
        other => other,
    };
    let search = Search::from(options.scope.start);
    let mut job = Job { pattern, copied, purpose, end: options.scope.end, search, found: Vec::new() };
    if let Some(result) = go_on(cx, args[0], &mut job) {
        return Ok(result);
    }
    let numbers = cx.vm.new_reference();
    let aside = build::magic(cx.heap(), numbers, Magic::new(MagicObject::Search(RefCell::new(job))));
    let again = [aside, args[0], Term::NIL];
    Err(cx.yield_with(&again[..args.len()]))
}

/// Searches as long as there is time; then the result, if it is there.
fn go_on(cx: &mut Context<'_>, subject: Term, job: &mut Job) -> Option<Term> {
    let time = usize::try_from(cx.process.reductions_left).unwrap_or(0);
    let most = cx.vm.loop_limits.binaries;
    let start = (time * BYTES_PER_REDUCTION).min(most).max(LEAST_BYTES);
    let mut budget = start;
    let is_over = {
        let bits = subject.as_bits()?;
        let text = job.copied.as_deref().or_else(|| bits.as_bytes()).unwrap_or_default();
        let text = &text[..job.end.min(text.len())];
        loop {
            match job.pattern.step(text, &mut job.search, &mut budget) {
                Step::Found(found) => {
                    job.found.push(found);
                    if matches!(job.purpose, Purpose::First | Purpose::Split { at: Places::First, .. }) {
                        break true;
                    }
                }
                Step::Over => break true,
                Step::Paused => break false,
            }
        }
    };
    cx.bump(((start - budget) / BYTES_PER_REDUCTION) as u32);
    is_over.then(|| result(cx, subject, job))
}

fn result(cx: &mut Context<'_>, subject: Term, job: &Job) -> Term {
    let heap = cx.heap();
    let place =
        |heap: &mut _, found: &Found| build::tuple(heap, &[Term::count(found.start), Term::count(found.len)]);
    match job.purpose {
        Purpose::First => match job.found.first() {
            Some(found) => place(heap, found),
            None => Term::atom(predefined::NOMATCH),
        },
        Purpose::All => job.found.iter().rev().fold(Term::NIL, |list, found| {
            let found = place(heap, found);
            build::cons(heap, found, list)
        }),
        Purpose::Split { trim, .. } => {
            let size = subject.as_bits().map_or(0, |bits| bits.len() / 8);
            let starts = job.found.iter().map(|found| found.start).chain([size]);
            let mut from = 0;
            let mut parts: Vec<core::ops::Range<usize>> = Vec::with_capacity(job.found.len() + 1);
            for (index, end) in starts.enumerate() {
                if trim != Trim::All || end > from {
                    parts.push(from..end);
                }
                from = job.found.get(index).map_or(size, |found| found.start + found.len);
            }
            while trim == Trim::End && parts.last().is_some_and(core::ops::Range::is_empty) {
                parts.pop();
            }
            parts.iter().rev().fold(Term::NIL, |list, part| {
                let part = if part.len() == size {
                    subject
                } else {
                    build::sub_bits(heap, subject, 8 * part.start, 8 * part.len())
                };
                build::cons(heap, part, list)
            })
        }
    }
}

/// `binary:match/2` and `binary:match/3`
pub fn first_match(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    search(cx, args, Purpose::First)
}

/// `binary:matches/2` and `binary:matches/3`
pub fn matches(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    search(cx, args, Purpose::All)
}

/// `binary:split/2` and `binary:split/3`
pub fn split(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    search(cx, args, Purpose::Split { at: Places::First, trim: Trim::Nothing })
}
