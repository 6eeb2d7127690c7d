// SPDX-License-Identifier: Apache-2.0
//! What `system_info` tells of memory in the terms of stock's allocators, which tools read: `allocator`, `{allocator, _}`, `{allocator_sizes, _}`.
//!
//! There are no carriers here: each name has one instance, whose blocks are the bytes that are kept under that name, in a carrier of that size.

use alloc::vec::Vec;

use super::lists::proper;
use super::memory::{ALLOCATORS, allocator};
use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::{ProcessHeap, build};
use crate::term::Term;

/// How much is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    All,
    Sizes,
}

fn tagged(heap: &mut ProcessHeap, name: Atom, values: &[Term]) -> Term {
    let mut parts = Vec::from([Term::atom(name)]);
    parts.extend_from_slice(values);
    build::tuple(heap, &parts)
}

/// Carriers with the blocks of an allocator; there are none for no bytes.
fn carriers(heap: &mut ProcessHeap, kind: Atom, of: Atom, bytes: usize, detail: Detail) -> Term {
    let count = |number: usize| [Term::count(number); 3];
    let mut blocks = Term::NIL;
    if bytes > 0 {
        let size = tagged(heap, predefined::SIZE, &count(bytes));
        let sizes = build::list(heap, &[size]);
        let pair = tagged(heap, of, &[sizes]);
        blocks = build::list(heap, &[pair]);
    }
    let blocks = tagged(heap, predefined::BLOCKS, &[blocks]);
    let mut parts = Vec::from([blocks]);
    if detail == Detail::All {
        parts.push(tagged(heap, predefined::CARRIERS, &count(usize::from(bytes > 0))));
    }
    parts.push(tagged(heap, predefined::CARRIERS_SIZE, &count(bytes)));
    let parts = build::list(heap, &parts);
    tagged(heap, kind, &[parts])
}

fn instances(cx: &mut Context<'_>, name: Term, detail: Detail) -> BifResult {
    let name = name.as_atom().filter(|name| ALLOCATORS.contains(name)).ok_or(Raise::BADARG)?;
    let bytes = allocator(&cx.vm.memory(), name);
    let heap = cx.heap();
    let mut parts = Vec::new();
    if detail == Detail::All {
        let enabled = tagged(heap, predefined::E, &[Term::boolean(true)]);
        let options = build::list(heap, &[enabled]);
        parts.push(tagged(heap, predefined::OPTIONS, &[options]));
    }
    parts.push(carriers(heap, predefined::MBCS, name, bytes, detail));
    parts.push(carriers(heap, predefined::SBCS, name, 0, detail));
    let parts = build::list(heap, &parts);
    let instance = tagged(heap, predefined::INSTANCE, &[Term::small_cut(0), parts]);
    Ok(build::list(heap, &[instance]))
}

/// The instances of a name, or of each in a list.
fn of_names(cx: &mut Context<'_>, names: Term, detail: Detail) -> BifResult {
    let Some(names) = proper(names) else { return instances(cx, names, detail) };
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let instances = instances(cx, name, detail)?;
        all.push(build::tuple(cx.heap(), &[name, instances]));
    }
    Ok(build::list(cx.heap(), &all))
}

/// `system_info({allocator, _})`
pub fn instances_of(cx: &mut Context<'_>, names: Term) -> BifResult {
    of_names(cx, names, Detail::All)
}

/// `system_info({allocator_sizes, _})`
pub fn sizes_of(cx: &mut Context<'_>, names: Term) -> BifResult {
    of_names(cx, names, Detail::Sizes)
}

/// `system_info(allocator)`: which `malloc` there is, nobody knows.
pub fn summary(cx: &mut Context<'_>) -> Term {
    let heap = cx.heap();
    let features = build::list(heap, &ALLOCATORS.map(Term::atom));
    build::tuple(heap, &[Term::atom(predefined::UNDEFINED), Term::NIL, features, Term::NIL])
}
