// SPDX-License-Identifier: Apache-2.0
//! What is told of tables: `info/1`, `info/2`, and the list of all.

use alloc::vec::Vec;

use super::{Access, BifResult, Context, Raise, find};
use crate::atom::{Atom, predefined};
use crate::ets::{Kind, Objects, Protection, Table, TableIndex, Type, WriteConcurrency};
use crate::heap::{ProcessHeap, build};
use crate::term::Term;

/// The items of `info/1` in stock's order.
const ITEMS: [Atom; 15] = [
    predefined::ID,
    predefined::DECENTRALIZED_COUNTERS,
    predefined::READ_CONCURRENCY,
    predefined::WRITE_CONCURRENCY,
    predefined::COMPRESSED,
    predefined::MEMORY,
    predefined::OWNER,
    predefined::HEIR,
    predefined::NAME,
    predefined::SIZE,
    predefined::NODE,
    predefined::NAMED_TABLE,
    predefined::TYPE,
    predefined::KEYPOS,
    predefined::PROTECTION,
];

/// The table, or none if there is none.
fn table(cx: &Context<'_>, id: Term) -> Result<Option<TableIndex>, Raise> {
    match find(cx, id, Access::Info) {
        Err(Raise::ErrorWithCause(_, cause)) if cause == Term::atom(predefined::ID) => Ok(None),
        found => found.map(Some),
    }
}

fn item(table: &Table, heap: &mut ProcessHeap, node: Atom, item: Atom) -> BifResult {
    let options = &table.options;
    Ok(match item {
        predefined::SIZE => Term::count(table.len()),
        predefined::MEMORY => Term::count(table.words()),
        predefined::KEYPOS => Term::count(options.key_position),
        predefined::NAME => Term::atom(table.name),
        predefined::NAMED_TABLE => Term::boolean(options.is_named),
        predefined::OWNER => Term::pid(table.owner),
        predefined::HEIR => match &table.heir {
            Some(heir) => Term::pid(heir.pid),
            None => Term::atom(predefined::NONE),
        },
        predefined::NODE => Term::atom(node),
        predefined::COMPRESSED => Term::boolean(options.is_compressed),
        predefined::READ_CONCURRENCY => Term::boolean(options.reads_much),
        predefined::WRITE_CONCURRENCY => match options.writes() {
            WriteConcurrency::Off => Term::boolean(false),
            WriteConcurrency::On => Term::boolean(true),
            WriteConcurrency::Auto => Term::atom(predefined::AUTO),
            WriteConcurrency::Locks(number) => {
                let name = Term::atom(predefined::DEBUG_HASH_FIXED_NUMBER_OF_LOCKS);
                build::tuple(heap, &[name, Term::count(number as usize)])
            }
        },
        predefined::DECENTRALIZED_COUNTERS => Term::boolean(options.counts_apart()),
        predefined::ID => build::reference(heap, table.numbers, None),
        predefined::TYPE => Term::atom(match options.kind {
            Type::Hashed(Kind::Set) => predefined::SET,
            Type::Hashed(Kind::Bag) => predefined::BAG,
            Type::Hashed(Kind::DuplicateBag) => predefined::DUPLICATE_BAG,
            Type::Ordered => predefined::ORDERED_SET,
        }),
        predefined::PROTECTION => Term::atom(match options.protection {
            Protection::Public => predefined::PUBLIC,
            Protection::Protected => predefined::PROTECTED,
            Protection::Private => predefined::PRIVATE,
        }),
        predefined::FIXED => Term::boolean(table.fixation.is_some()),
        predefined::SAFE_FIXED | predefined::SAFE_FIXED_MONOTONIC_TIME => fixation(table, heap, item),
        predefined::STATS => stats(table, heap),
        predefined::BINARY => binaries(table, heap),
        _ => return Err(Raise::BADARG),
    })
}

fn fixation(table: &Table, heap: &mut ProcessHeap, item: Atom) -> Term {
    let Some(fixation) = &table.fixation else { return Term::boolean(false) };
    let time = if item == predefined::SAFE_FIXED {
        let (seconds, micros) =
            (fixation.system.div_euclid(1_000_000), fixation.system.rem_euclid(1_000_000));
        let parts = [seconds.div_euclid(1_000_000), seconds.rem_euclid(1_000_000), micros];
        build::tuple(heap, &parts.map(Term::small_cut))
    } else {
        build::integer(heap, fixation.monotonic)
    };
    let holders: Vec<Term> = fixation
        .holders
        .iter()
        .map(|(pid, count)| build::tuple(heap, &[Term::pid(*pid), Term::count(*count)]))
        .collect();
    let holders = build::list(heap, &holders);
    build::tuple(heap, &[time, holders])
}

/// How long the chains of a table with hashed keys are, objects that are deleted and kept among them.
fn stats(table: &Table, heap: &mut ProcessHeap) -> Term {
    let Objects::Hashed(hashed) = &table.objects else { return Term::boolean(false) };
    let (mut sum, mut squares, mut kept) = (0_usize, 0_usize, 0_usize);
    let (mut least, mut most) = (usize::MAX, 0);
    for bucket in 0..hashed.active() {
        let mut length = 0;
        let mut next = hashed.bucket(bucket);
        while let Some(object) = next {
            length += 1;
            kept += usize::from(object.is_deleted());
            next = object.next();
        }
        sum += length;
        squares += length * length;
        least = least.min(length);
        most = most.max(length);
    }
    let buckets = hashed.active();
    let average = sum as f32 / buckets as f32;
    let deviation = root(f64::from((squares as f32 - average * sum as f32) / buckets as f32));
    let expected = root(f64::from(average) * (1.0 - 1.0 / buckets as f64));
    let numbers = [average, deviation, expected].map(|value| build::float(heap, f64::from(value)));
    let [average, deviation, expected] = numbers;
    let counts = [buckets, least, most, kept, 1].map(Term::count);
    let [buckets, least, most, kept, one] = counts;
    build::tuple(heap, &[buckets, average, deviation, expected, least, most, kept, one])
}

fn root(value: f64) -> f32 {
    libm::sqrt(value.max(0.0)) as f32
}

/// The binaries outside of heaps that objects refer to.
fn binaries(table: &Table, heap: &mut ProcessHeap) -> Term {
    let mut list = Term::NIL;
    table.each(|object| {
        for (address, bytes, count) in object.binaries() {
            let address = build::unsigned(heap, address);
            let entry = build::tuple(heap, &[address, Term::count(bytes), Term::count(count)]);
            list = build::cons(heap, entry, list);
        }
    });
    list
}

/// `info/1`
pub fn info1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(index) = table(cx, args[0])? else { return Ok(Term::atom(predefined::UNDEFINED)) };
    let node = cx.vm.node.name;
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    let table = vm.tables.get(index).ok_or(Raise::BADARG)?;
    let mut pairs = Vec::with_capacity(ITEMS.len());
    for name in ITEMS {
        let value = item(table, heap, node, name)?;
        pairs.push(build::tuple(heap, &[Term::atom(name), value]));
    }
    Ok(build::list(heap, &pairs))
}

/// `info/2`
pub fn info2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let Some(index) = table(cx, args[0])? else { return Ok(Term::atom(predefined::UNDEFINED)) };
    let name = args[1].as_atom().ok_or(Raise::BADARG)?;
    let node = cx.vm.node.name;
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    item(vm.tables.get(index).ok_or(Raise::BADARG)?, heap, node, name)
}

/// `internal_request_all/0`: the list of all tables comes as a message.
pub fn all_tables(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let numbers = cx.vm.new_reference();
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    let mut tables = Term::NIL;
    for table in vm.tables.iter() {
        let id = if table.options.is_named {
            Term::atom(table.name)
        } else {
            build::reference(heap, table.numbers, None)
        };
        tables = build::cons(heap, id, tables);
    }
    let reference = build::reference(heap, numbers, None);
    let message = build::tuple(heap, &[reference, tables]);
    cx.answer(message);
    Ok(reference)
}
