// SPDX-License-Identifier: Apache-2.0
//! `ets:select` and its kin: in whole, or in chunks with continuations of stock's form.
//!
//! The continuation of a table with hashed keys is `{Table, Bucket, Limit, Program, Rest, RestSize}`, with results that were found beyond
//! the limit; that of an ordered table is `{Table, LastKey, EndKey, Limit, Program, Rest, Reverse, Count}`.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;

use super::keeps_key::keeps_key;
use super::scan::{Direction, Place, Purpose, Scan};
use super::{Access, BifResult, Context, Raise, caused, find};
use crate::atom::{Atom, predefined};
use crate::bif::match_specs::{compile_for_table, program_of, program_reference};
use crate::ets::{Objects, Range, Table, TableIndex, Type, hash_of};
use crate::heap::build;
use crate::matchspec::{Program, is_bound};
use crate::process::{Parked, RefNumbers};
use crate::term::{Term, View};

/// The patterns of the keys of all clauses. None stands for a clause that may match any key.
fn key_patterns(cx: &Context<'_>, table: &Table, specification: Term) -> Vec<Option<Term>> {
    let mut patterns = Vec::new();
    let mut rest = specification;
    while let Some(cell) = rest.as_cons() {
        rest = cell.tail();
        let head = cell.head().as_tuple().and_then(|clause| clause.elements().first().copied());
        let Some(head) = head else { continue };
        match head.view() {
            View::Atom(predefined::UNDERSCORE) => patterns.push(None),
            View::Atom(_) if !is_bound(&cx.vm.atoms, head) => patterns.push(None),
            // What is no tuple that is long enough matches no object.
            _ => patterns.extend(table.key_of(head).map(Some)),
        }
    }
    patterns
}

/// Where a scan for a specification begins, and its limits.
fn first_place(cx: &Context<'_>, table: &Table, specification: Term, direction: Direction) -> (Place, Range) {
    let patterns = key_patterns(cx, table, specification);
    let atoms = &cx.vm.atoms;
    let bound: Option<Vec<Term>> = patterns.iter().copied().collect();
    match &table.objects {
        Objects::Ordered(_) => {
            let range = bound.map_or_else(Range::default, |keys| Range::of(atoms, &keys));
            (Place::Key(None, direction), range)
        }
        Objects::Hashed(hashed) => {
            let keys = bound.filter(|keys| keys.iter().all(|key| is_bound(atoms, *key)));
            let Some(keys) = keys else { return (Place::Bucket(0), Range::default()) };
            let mut buckets = Vec::new();
            for key in keys {
                let hash = hash_of(atoms, key);
                let bucket = hashed.bucket_of(hash);
                if hashed.lookup(hash, key).next().is_some() && !buckets.contains(&bucket) {
                    buckets.push(bucket);
                }
            }
            buckets.reverse();
            (Place::Buckets(buckets), Range::default())
        }
    }
}

/// A new scan, or the one that rests.
fn begin(
    cx: &mut Context<'_>,
    id: Term,
    access: Access,
    specification: Term,
    purpose: Purpose,
    direction: Direction,
) -> Result<(Box<Scan>, TableIndex), Raise> {
    let index = find(cx, id, access)?;
    if let Some(Parked::Scan(scan)) = cx.take_parked() {
        return Ok((scan, index));
    }
    let program = if specification.is_nil() { Rc::default() } else { compile_for_table(cx, specification)? };
    let table = cx.vm.tables.get(index).ok_or(Raise::BADARG)?;
    let (place, range) = first_place(cx, table, specification, direction);
    let mut scan = Box::new(Scan::new(table.numbers, program, place, purpose));
    scan.range = range;
    Ok((scan, index))
}

fn is_ordered(cx: &Context<'_>, index: TableIndex) -> bool {
    cx.vm.tables.get(index).is_some_and(|table| table.options.kind == Type::Ordered)
}

/// All results. An ordered table is scanned against the order in which they are wanted, as lists grow at their front.
fn whole(cx: &mut Context<'_>, args: &[Term], specification: Term, wanted: Direction) -> BifResult {
    let against = match wanted {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    };
    let (scan, _) = begin(cx, args[0], Access::Read, specification, Purpose::Collect, against)?;
    Ok(scan.run(cx, args)?.results)
}

fn limit(term: Term) -> Result<usize, Raise> {
    let limit = term.as_small().and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).ok_or(Raise::BADARG)
}

/// The first results.
fn chunk(cx: &mut Context<'_>, args: &[Term], specification: Term, direction: Direction) -> BifResult {
    find(cx, args[0], Access::Read)?;
    let limit = limit(args[2])?;
    let (mut scan, index) = begin(cx, args[0], Access::Read, specification, Purpose::Collect, direction)?;
    scan.limit = Some(limit);
    let scan = scan.run(cx, args)?;
    let program = Rc::clone(&scan.program);
    if is_ordered(cx, index) {
        ordered_chunk(cx, args[0], &scan, limit, direction, |cx| program_reference(cx, program))
    } else {
        hashed_chunk(cx, &scan, limit, Rest::AsFound, |cx| program_reference(cx, program))
    }
}

fn end() -> BifResult {
    Ok(Term::atom(predefined::DOLLAR_END_OF_TABLE))
}

fn table_reference(cx: &mut Context<'_>, numbers: RefNumbers) -> Term {
    build::reference(cx.heap(), numbers, None)
}

/// In which order results are that are kept for the next time: stock turns them when it goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    AsFound,
    Turned,
}

/// The results of a scan over buckets; what is beyond the limit is kept for the next time.
fn hashed_chunk(
    cx: &mut Context<'_>,
    scan: &Scan,
    limit: usize,
    order: Rest,
    program: impl FnOnce(&mut Context<'_>) -> Term,
) -> BifResult {
    let mut results = scan.results;
    let mut rest = Vec::new();
    for _ in limit..scan.count {
        if let Some(cell) = results.as_cons() {
            rest.push(cell.head());
            results = cell.tail();
        }
    }
    if order == Rest::Turned {
        rest.reverse();
    }
    let bucket = match scan.place {
        Place::Bucket(next) => next as i64,
        _ => -1,
    };
    if rest.is_empty() && bucket < 0 {
        if results.is_nil() {
            return end();
        }
        let last = Term::atom(predefined::DOLLAR_END_OF_TABLE);
        return Ok(build::tuple(cx.heap(), &[results, last]));
    }
    let (table, program) = (table_reference(cx, scan.numbers), program(cx));
    let rest_size = Term::count(rest.len());
    let rest = build::list(cx.heap(), &rest);
    let parts = [table, Term::small_cut(bucket), Term::count(limit), program, rest, rest_size];
    let continuation = build::tuple(cx.heap(), &parts);
    Ok(build::tuple(cx.heap(), &[results, continuation]))
}

/// The results of a scan over keys. The continuation calls the table what the caller did: that of a name goes on in whatever table has the
/// name by then.
fn ordered_chunk(
    cx: &mut Context<'_>,
    table: Term,
    scan: &Scan,
    limit: usize,
    direction: Direction,
    program: impl FnOnce(&mut Context<'_>) -> Term,
) -> BifResult {
    let results = scan.reversed(cx);
    if scan.count < limit || matches!(scan.place, Place::End) {
        if results.is_nil() {
            return end();
        }
        let last = Term::atom(predefined::DOLLAR_END_OF_TABLE);
        return Ok(build::tuple(cx.heap(), &[results, last]));
    }
    let Place::Key(Some(key), _) = scan.place else { return Err(Raise::BADARG) };
    let limits = match direction {
        Direction::Up => scan.range.to,
        Direction::Down => scan.range.from,
    };
    let program = program(cx);
    let reverse = Term::count(usize::from(direction == Direction::Down));
    let parts = [
        table,
        key,
        limits.unwrap_or(Term::NIL),
        Term::count(limit),
        program,
        Term::NIL,
        reverse,
        Term::count(0),
    ];
    let continuation = build::tuple(cx.heap(), &parts);
    Ok(build::tuple(cx.heap(), &[results, continuation]))
}

/// Goes on where a continuation says.
fn resume(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0] == Term::atom(predefined::DOLLAR_END_OF_TABLE) {
        return end();
    }
    let tuple = args[0].as_tuple().ok_or(Raise::BADARG)?;
    let parts = tuple.elements();
    let index = find(cx, parts.first().copied().ok_or(Raise::BADARG)?, Access::Read)?;
    let numbers = cx.vm.tables.get(index).ok_or(caused(predefined::ID))?.numbers;
    match (is_ordered(cx, index), parts) {
        (false, [_, bucket, limit, program, rest, count]) => {
            let reference = *program;
            let scan = match cx.take_parked() {
                Some(Parked::Scan(scan)) => scan,
                _ => {
                    let program = program_of(*program).ok_or(Raise::BADARG)?;
                    hashed_scan(cx, index, numbers, program, [*bucket, *limit, *rest, *count])?
                }
            };
            let limit = self::limit(*limit)?;
            let scan = scan.run(cx, args)?;
            hashed_chunk(cx, &scan, limit, Rest::Turned, |_| reference)
        }
        (true, [_, key, last, limit, program, _, reverse, _]) => {
            let reference = *program;
            let limit = self::limit(*limit)?;
            let direction = match reverse.as_small() {
                Some(0) => Direction::Up,
                Some(_) => Direction::Down,
                None => return Err(Raise::BADARG),
            };
            let scan = match cx.take_parked() {
                Some(Parked::Scan(scan)) => scan,
                _ => {
                    let program = program_of(*program).ok_or(Raise::BADARG)?;
                    let place = Place::Key(Some(*key), direction);
                    let mut scan = Box::new(Scan::new(numbers, program, place, Purpose::Collect));
                    let last = Some(*last).filter(|last| !last.is_nil());
                    scan.range = Range { from: last, to: last, is_one: false };
                    scan.limit = Some(limit);
                    scan
                }
            };
            let scan = scan.run(cx, args)?;
            ordered_chunk(cx, parts[0], &scan, limit, direction, |_| reference)
        }
        _ => Err(Raise::BADARG),
    }
}

/// The scan of a continuation over buckets, which has some results already.
fn hashed_scan(
    cx: &Context<'_>,
    index: TableIndex,
    numbers: RefNumbers,
    program: Rc<Program>,
    [bucket, limit, rest, count]: [Term; 4],
) -> Result<Box<Scan>, Raise> {
    let bucket = bucket.as_small().ok_or(Raise::BADARG)?;
    let count = count.as_small().and_then(|count| usize::try_from(count).ok()).ok_or(Raise::BADARG)?;
    let place = match usize::try_from(bucket) {
        Ok(bucket) => {
            let active = match &cx.vm.tables.get(index).ok_or(Raise::BADARG)?.objects {
                Objects::Hashed(hashed) => hashed.active(),
                Objects::Ordered(_) => 0,
            };
            if bucket >= active {
                return Err(Raise::BADARG);
            }
            Place::Bucket(bucket)
        }
        Err(_) => Place::End,
    };
    if !rest.is_list() {
        return Err(Raise::BADARG);
    }
    let mut scan = Box::new(Scan::new(numbers, program, place, Purpose::Collect));
    scan.limit = Some(self::limit(limit)?);
    scan.results = rest;
    scan.count = count;
    Ok(scan)
}

/// The specification for a pattern alone.
fn of_pattern(cx: &mut Context<'_>, pattern: Term, result: Atom) -> Term {
    let heap = cx.heap();
    let body = build::list(heap, &[Term::atom(result)]);
    let clause = build::tuple(heap, &[pattern, Term::NIL, body]);
    build::list(heap, &[clause])
}

/// `select/1`, `select_reverse/1`
pub fn select1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    resume(cx, args)
}

/// `select/2`
pub fn select2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    whole(cx, args, args[1], Direction::Up)
}

/// `select/3`
pub fn select3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    chunk(cx, args, args[1], Direction::Up)
}

/// `select_reverse/2`
pub fn select_reverse2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    whole(cx, args, args[1], Direction::Down)
}

/// `select_reverse/3`
pub fn select_reverse3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    chunk(cx, args, args[1], Direction::Down)
}

/// `match/1`
pub fn match1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    resume(cx, args)
}

/// `match/2`
pub fn match2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let specification = of_pattern(cx, args[1], predefined::DOLLAR_DOLLAR);
    whole(cx, args, specification, Direction::Up)
}

/// `match/3`
pub fn match3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let specification = of_pattern(cx, args[1], predefined::DOLLAR_DOLLAR);
    chunk(cx, args, specification, Direction::Up)
}

/// `match_object/1`
pub fn match_objects1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    resume(cx, args)
}

/// `match_object/2`
pub fn match_objects2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let specification = of_pattern(cx, args[1], predefined::DOLLAR_UNDERSCORE);
    whole(cx, args, specification, Direction::Up)
}

/// `match_object/3`
pub fn match_objects3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let specification = of_pattern(cx, args[1], predefined::DOLLAR_UNDERSCORE);
    chunk(cx, args, specification, Direction::Up)
}

/// `select_count/2`
pub fn select_count(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (scan, _) = begin(cx, args[0], Access::Read, args[1], Purpose::Count, Direction::Up)?;
    scan.run(cx, args)?.number()
}

/// `internal_select_delete/2`
pub fn select_delete(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (scan, _) = begin(cx, args[0], Access::Write, args[1], Purpose::Delete, Direction::Up)?;
    scan.run(cx, args)?.number()
}

/// `select_replace/2`
pub fn select_replace(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let table = cx.vm.tables.get(index).ok_or(Raise::BADARG)?;
    if matches!(table.options.kind, Type::Hashed(crate::ets::Kind::Bag)) {
        return Err(caused(predefined::TABLE_TYPE));
    }
    if !keeps_key(&cx.vm.atoms, table.options.key_position, args[1]) {
        return Err(Raise::BADARG);
    }
    let (scan, _) = begin(cx, args[0], Access::Write, args[1], Purpose::Replace, Direction::Up)?;
    scan.run(cx, args)?.number()
}
