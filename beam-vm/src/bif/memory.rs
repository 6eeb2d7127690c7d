// SPDX-License-Identifier: Apache-2.0
//! Heaps as programs see and set them: collections, limits, and what memory is used for.
//!
//! `erlang:memory/0` is Erlang code; it adds up what the allocators of stock would tell (`system_info({memory_internal, _, _})`, answered by
//! a message) and `system_info(allocated_areas)`. There are no such allocators here, so each of the names stands for what
//! stock keeps in it.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::bif::processes::flags::message_place_atom;
use crate::gc;
use crate::heap::{Heap, HeapLimits, build};
use crate::map;
use crate::memory::Report;
use crate::term::{Term, View};

/// `erts_internal:garbage_collect/1`
pub fn garbage_collect(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let extent = match args[0].as_atom() {
        Some(predefined::MAJOR) => gc::Extent::Full,
        Some(predefined::MINOR) => gc::Extent::Minor,
        _ => return Err(Raise::BADARG),
    };
    // SAFETY: after this the BIF returns an atom; the registers of a call are dead then, and the process's other terms are roots.
    #[expect(unsafe_code, reason = "moves what terms point to")]
    let outcome = unsafe { cx.vm.collect(cx.process, &mut [], 0, extent) };
    match outcome {
        gc::Outcome::Done => Ok(Term::boolean(true)),
        gc::Outcome::TooLarge => Err(Raise::Ended),
    }
}

/// `erts_internal:no_aux_work_threads/0`: one more than those that answer for their allocators.
pub fn no_aux_work_threads(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::small_cut(2))
}

/// What `max_heap_size` sets: words, or a map with a size. What is not said is as `defaults` have it.
///
/// # Errors
/// `badarg`, also if a process with this smallest heap could not live.
pub fn max_heap_size(value: Term, defaults: &HeapLimits, limits: &mut HeapLimits) -> Result<(), Raise> {
    let mut next = HeapLimits {
        max_kills: defaults.max_kills,
        max_logs: defaults.max_logs,
        max_counts_binaries: defaults.max_counts_binaries,
        ..*limits
    };
    let mut size = value;
    if let Some(map) = value.as_map() {
        size = Term::NIL;
        for (key, value) in map::pairs(map) {
            match key.as_atom() {
                Some(predefined::SIZE) => size = value,
                Some(predefined::KILL) => next.max_kills = value.as_boolean().ok_or(Raise::BADARG)?,
                Some(predefined::ERROR_LOGGER) => {
                    next.max_logs = value.as_boolean().ok_or(Raise::BADARG)?;
                }
                _ => {}
            }
        }
    }
    next.max_words = size.as_small().and_then(|words| usize::try_from(words).ok()).ok_or(Raise::BADARG)?;
    if next.max_words > 0 && next.max_words < next.min_words as usize {
        return Err(Raise::BADARG);
    }
    *limits = next;
    Ok(())
}

/// `max_heap_size` as programs see it.
pub fn max_heap_size_map<H: Heap + ?Sized>(heap: &mut H, limits: &HeapLimits) -> Term {
    let keys = [predefined::ERROR_LOGGER, predefined::KILL, predefined::SIZE].map(Term::atom);
    let keys = build::tuple(heap, &keys);
    let values =
        [Term::boolean(limits.max_logs), Term::boolean(limits.max_kills), Term::count(limits.max_words)];
    build::flat_map(heap, keys, &values)
}

/// Pairs of names and numbers.
pub fn pairs<H: Heap + ?Sized>(heap: &mut H, pairs: &[(Atom, usize)]) -> Term {
    let list: Vec<Term> = pairs
        .iter()
        .map(|(name, value)| build::tuple(heap, &[Term::atom(*name), Term::count(*value)]))
        .collect();
    build::list(heap, &list)
}

/// `process_info(garbage_collection)`
pub fn collection_settings<H: Heap + ?Sized>(
    heap: &mut H,
    limits: &HeapLimits,
    minor: Option<usize>,
) -> Term {
    let map = max_heap_size_map(heap, limits);
    let numbers = [
        (predefined::MIN_BIN_VHEAP_SIZE, limits.min_binary_words as usize),
        (predefined::MIN_HEAP_SIZE, limits.min_words as usize),
        (predefined::FULLSWEEP_AFTER, usize::from(limits.fullsweep_after)),
    ];
    let minor = minor.map(|minor| (predefined::MINOR_GCS, minor));
    let first = match minor {
        Some(_) => build::tuple(heap, &[Term::atom(predefined::MAX_HEAP_SIZE), map]),
        // The defaults of the system have the number alone.
        None => {
            let size = Term::count(limits.max_words);
            build::tuple(heap, &[Term::atom(predefined::MAX_HEAP_SIZE), size])
        }
    };
    let rest: Vec<_> = numbers.into_iter().chain(minor).collect();
    let rest = pairs(heap, &rest);
    build::cons(heap, first, rest)
}

/// What `system_info/1` knows of memory. None if the item is about something else.
pub fn system_info(cx: &mut Context<'_>, item: Term) -> Option<BifResult> {
    if let View::Tuple(tuple) = item.view() {
        let [name, reference, allocators] = *tuple.elements() else { return None };
        return (name == Term::atom(predefined::MEMORY_INTERNAL))
            .then(|| memory_internal(cx, reference, allocators));
    }
    let limits = cx.vm.heap_limits;
    let setting = |cx: &mut Context<'_>, name: Atom, value: usize| {
        build::tuple(cx.heap(), &[Term::atom(name), Term::count(value)])
    };
    Some(Ok(match item.as_atom()? {
        predefined::ALLOC_UTIL_ALLOCATORS => {
            let names = ALLOCATORS.map(Term::atom);
            build::list(cx.heap(), &names)
        }
        predefined::ALLOCATED_AREAS => allocated_areas(cx),
        predefined::GARBAGE_COLLECTION => collection_settings(cx.heap(), &limits, None),
        predefined::HEAP_SIZES => {
            let sizes: Vec<Term> = gc::sizes().iter().map(|size| Term::count(*size)).collect();
            build::list(cx.heap(), &sizes)
        }
        predefined::HEAP_TYPE => Term::atom(predefined::PRIVATE),
        predefined::MESSAGE_QUEUE_DATA => message_place_atom(cx.vm.message_place),
        predefined::MAX_HEAP_SIZE => max_heap_size_map(cx.heap(), &limits),
        name @ predefined::MIN_HEAP_SIZE => setting(cx, name, limits.min_words as usize),
        name @ predefined::MIN_BIN_VHEAP_SIZE => setting(cx, name, limits.min_binary_words as usize),
        name @ predefined::FULLSWEEP_AFTER => setting(cx, name, usize::from(limits.fullsweep_after)),
        _ => return None,
    }))
}

/// What `system_flag/2` sets of memory, for processes that are made afterwards. None if the flag is about something else.
pub fn system_flag(cx: &mut Context<'_>, flag: Term, value: Term) -> Option<BifResult> {
    let before = cx.vm.heap_limits;
    let natural = || value.as_small().and_then(|value| usize::try_from(value).ok()).ok_or(Raise::BADARG);
    Some(match flag.as_atom()? {
        predefined::MIN_HEAP_SIZE => natural().map(|words| {
            cx.vm.heap_limits.min_words = HeapLimits::rounded(words);
            Term::count(before.min_words as usize)
        }),
        predefined::MIN_BIN_VHEAP_SIZE => natural().map(|words| {
            cx.vm.heap_limits.min_binary_words = HeapLimits::rounded(words);
            Term::count(before.min_binary_words as usize)
        }),
        predefined::FULLSWEEP_AFTER => natural().map(|count| {
            cx.vm.heap_limits.fullsweep_after = u16::try_from(count).unwrap_or(u16::MAX);
            Term::count(usize::from(before.fullsweep_after))
        }),
        predefined::MAX_HEAP_SIZE => max_heap_size(value, &before, &mut cx.vm.heap_limits)
            .map(|()| max_heap_size_map(cx.heap(), &before)),
        _ => return None,
    })
}

/// The allocators whose names mean something here.
pub(super) const ALLOCATORS: [Atom; 6] = [
    predefined::EHEAP_ALLOC,
    predefined::ETS_ALLOC,
    predefined::BINARY_ALLOC,
    predefined::FIX_ALLOC,
    predefined::LITERAL_ALLOC,
    predefined::LL_ALLOC,
];

/// Bytes that an allocator of stock would have given out.
pub(super) fn allocator(report: &Report, name: Atom) -> usize {
    match name {
        predefined::EHEAP_ALLOC => report.heaps,
        predefined::ETS_ALLOC => report.tables,
        predefined::BINARY_ALLOC => report.binaries,
        predefined::FIX_ALLOC => report.processes,
        predefined::LITERAL_ALLOC => report.literals,
        predefined::LL_ALLOC => report.atoms.total + report.process_table,
        _ => 0,
    }
}

/// Answers `{Reference, 1, [{Allocator, 1, [{mbcs, [{blocks, [{Allocator, [{size, Bytes, Bytes, Bytes}]}]}]}]}]}`.
fn memory_internal(cx: &mut Context<'_>, reference: Term, allocators: Term) -> BifResult {
    let names = super::lists::proper(allocators).ok_or(Raise::BADARG)?;
    let report = cx.vm.memory();
    let mut answers = Vec::new();
    for name in names {
        let atom = name.as_atom().ok_or(Raise::BADARG)?;
        let bytes = Term::count(allocator(&report, atom));
        let mut data = Vec::new();
        if atom == predefined::FIX_ALLOC {
            // The processes themselves, which count as such and not only in the sum, and messages that wait for their time.
            let timers = Term::count(cx.vm.delayed.bytes());
            let proc = build::tuple(cx.heap(), &[Term::atom(predefined::PROC), bytes, bytes]);
            let timers = build::tuple(cx.heap(), &[Term::atom(predefined::BIF_TIMER), timers, timers]);
            let types = build::list(cx.heap(), &[proc, timers]);
            data.push(build::tuple(cx.heap(), &[Term::atom(predefined::FIX_TYPES), types]));
        }
        let size = build::tuple(cx.heap(), &[Term::atom(predefined::SIZE), bytes, bytes, bytes]);
        let size = build::list(cx.heap(), &[size]);
        let mut only = |name: Atom, value: Term| {
            let pair = build::tuple(cx.heap(), &[Term::atom(name), value]);
            build::list(cx.heap(), &[pair])
        };
        let blocks = only(atom, size);
        let blocks = only(predefined::BLOCKS, blocks);
        data.push(build::tuple(cx.heap(), &[Term::atom(predefined::MBCS), blocks]));
        let data = build::list(cx.heap(), &data);
        answers.push(build::tuple(cx.heap(), &[name, Term::small_cut(1), data]));
    }
    let answers = build::list(cx.heap(), &answers);
    let answer = build::tuple(cx.heap(), &[reference, Term::small_cut(1), answers]);
    cx.answer(answer);
    Ok(Term::boolean(true))
}

fn allocated_areas(cx: &mut Context<'_>) -> Term {
    let Report { atoms, code, process_table, .. } = cx.vm.memory();
    let areas = [
        (predefined::ATOM_TABLE, 0),
        (predefined::MODULE_TABLE, 0),
        (predefined::EXPORT_TABLE, 0),
        (predefined::FUN_TABLE, 0),
        (predefined::LOADED_CODE, code),
        (predefined::BIF_TIMER, cx.vm.delayed.bytes()),
        (predefined::PROCESS_TABLE, process_table),
        // Code is in none of the allocators, but counts in the sum.
        (predefined::EXTERNAL_ALLOC, code),
    ];
    let rest = pairs(cx.heap(), &areas);
    let space = [Term::atom(predefined::ATOM_SPACE), Term::count(atoms.total), Term::count(atoms.used)];
    let space = build::tuple(cx.heap(), &space);
    build::cons(cx.heap(), space, rest)
}
