// SPDX-License-Identifier: Apache-2.0
//! Objects one by one: `insert`, `lookup`, `delete` and their kin.

use alloc::vec::Vec;

use super::{Access, BifResult, Context, Raise, caused, find, position, read, reader, writer};
use crate::atom::{AtomTable, predefined};
use crate::copy;
use crate::ets::{Kind, Object, Objects, Table, TableIndex, Type};
use crate::heap::{ProcessHeap, build};
use crate::process::Parked;
use crate::term::Term;

/// The tuples of an argument that is a tuple or a list of them.
fn check(table: &Table, objects: Term) -> Result<usize, Raise> {
    if !objects.is_list() {
        return table.key_of(objects).map(|_| 1).ok_or(Raise::BADARG);
    }
    let (mut rest, mut count) = (objects, 0);
    while let Some(cell) = rest.as_cons() {
        table.key_of(cell.head()).ok_or(Raise::BADARG)?;
        rest = cell.tail();
        count += 1;
    }
    if rest.is_nil() { Ok(count) } else { Err(Raise::BADARG) }
}

/// Lists up to this length are put in at once.
const SHORT: usize = 200;

/// Copies of a long list's tuples, as far as they are made. Nothing is put in before all are, so that a list is there as a whole or not at
/// all.
pub struct InsertRun {
    rest: Term,
    objects: Vec<Object>,
}

impl InsertRun {
    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.rest);
    }
}

impl Drop for InsertRun {
    fn drop(&mut self) {
        for object in self.objects.drain(..) {
            #[expect(unsafe_code, reason = "frees copies that no table has")]
            // SAFETY: the object is in no table, and nobody has seen terms of it.
            unsafe {
                object.free();
            }
        }
    }
}

/// Makes objects of a list's tuples.
fn make(cx: &mut Context<'_>, index: TableIndex, run: &mut InsertRun) -> Result<(), Raise> {
    while let Some(cell) = run.rest.as_cons() {
        let table = cx.vm.tables.get(index).ok_or(caused(predefined::ID))?;
        let key = table.key_of(cell.head()).ok_or(Raise::BADARG)?;
        run.objects.push(table.make(&cx.vm.atoms, key, cell.head()));
        run.rest = cell.tail();
        cx.bump(1);
        if cx.is_out_of_reductions() && run.rest.is_cons() {
            return Err(Raise::Yield);
        }
    }
    Ok(())
}

/// Which lists are put in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    /// Those that have no key that is there.
    New,
}

fn insert_list(cx: &mut Context<'_>, args: &[Term], which: Which) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let mut run = match cx.take_parked() {
        Some(Parked::Insert(run)) => run,
        _ => {
            let table = cx.vm.tables.get(index).ok_or(Raise::BADARG)?;
            let count = check(table, args[1])?;
            if count > SHORT {
                cx.bump(count.min(1_000_000) as u32 / 50);
            }
            InsertRun { rest: args[1], objects: Vec::with_capacity(count) }
        }
    };
    match make(cx, index, &mut run) {
        Err(Raise::Yield) => return Err(cx.park(Parked::Insert(run), args)),
        result => result?,
    }
    let vm = &mut *cx.vm;
    let table = vm.tables.get_mut(index).ok_or(Raise::BADARG)?;
    let atoms = &vm.atoms;
    let mut is_there = |object: &Object| table.get(atoms, table.key(*object)).is_some();
    if which == Which::New && run.objects.iter().any(&mut is_there) {
        return Ok(Term::boolean(false));
    }
    let objects = core::mem::take(&mut run.objects);
    if table.options.kind != Type::Hashed(Kind::Bag) {
        objects.into_iter().for_each(|object| table.put(atoms, object));
    } else {
        // The objects of a bag are put in last first, as stock does.
        objects.into_iter().rev().for_each(|object| table.put(atoms, object));
    }
    Ok(Term::boolean(true))
}

/// `insert/2`
pub fn insert(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[1].is_list() {
        return insert_list(cx, args, Which::All);
    }
    let vm = &mut *cx.vm;
    let table = writer(&mut vm.tables, cx.process.pid, args[0])?;
    let key = table.key_of(args[1]).ok_or(Raise::BADARG)?;
    table.insert(&vm.atoms, key, args[1]);
    Ok(Term::boolean(true))
}

/// `insert_new/2`
pub fn insert_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[1].is_list() {
        return insert_list(cx, args, Which::New);
    }
    let vm = &mut *cx.vm;
    let table = writer(&mut vm.tables, cx.process.pid, args[0])?;
    let key = table.key_of(args[1]).ok_or(Raise::BADARG)?;
    if table.get(&vm.atoms, key).is_some() {
        return Ok(Term::boolean(false));
    }
    let object = table.make(&vm.atoms, key, args[1]);
    table.put(&vm.atoms, object);
    Ok(Term::boolean(true))
}

/// The list of copies of a key's objects, the oldest first.
#[inline(always)]
fn copies(table: &Table, atoms: &AtomTable, heap: &mut ProcessHeap, key: Term) -> Term {
    if !table.is_set() {
        return copies_of_all(table, atoms, heap, key);
    }
    match table.get(atoms, key) {
        Some(object) => object.copy_to_list(heap),
        None => Term::NIL,
    }
}

/// The same where a key has many.
#[inline(never)]
fn copies_of_all(table: &Table, atoms: &AtomTable, heap: &mut ProcessHeap, key: Term) -> Term {
    let mut list = Term::NIL;
    for object in table.lookup(atoms, key) {
        let copied = object.copy_to(heap);
        list = build::cons(heap, copied, list);
    }
    list
}

/// `lookup/2`
pub fn lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = reader(&cx.vm.tables, cx.process.pid, args[0])?;
    Ok(copies(table, &cx.vm.atoms, &mut cx.process.heap, args[1]))
}

/// `take/2`
pub fn take(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let vm = &mut *cx.vm;
    let table = writer(&mut vm.tables, cx.process.pid, args[0])?;
    let list = copies(table, &vm.atoms, &mut cx.process.heap, args[1]);
    table.delete(&vm.atoms, args[1]);
    Ok(list)
}

/// The element of the object of a key, or the list of those of all its objects.
#[inline(always)]
fn elements(cx: &mut Context<'_>, args: &[Term]) -> Result<Option<Term>, Raise> {
    let table = reader(&cx.vm.tables, cx.process.pid, args[0])?;
    let position = position(args[2])?;
    let heap = &mut cx.process.heap;
    if !table.is_set() {
        return elements_of_all(table, &cx.vm.atoms, heap, args[1], position);
    }
    let Some(object) = table.get(&cx.vm.atoms, args[1]) else { return Ok(None) };
    let element = object.element(position).ok_or(Raise::BADARG)?;
    Ok(Some(copy::copy(element, heap, &(0..0))))
}

/// The same where a key has many.
#[inline(never)]
fn elements_of_all(
    table: &Table,
    atoms: &AtomTable,
    heap: &mut ProcessHeap,
    key: Term,
    position: usize,
) -> Result<Option<Term>, Raise> {
    let objects: Vec<Object> = table.lookup(atoms, key).collect();
    if objects.is_empty() {
        return Ok(None);
    }
    let mut list = Term::NIL;
    for object in objects {
        let element = object.element(position).ok_or(Raise::BADARG)?;
        let element = copy::copy(element, heap, &(0..0));
        list = build::cons(heap, element, list);
    }
    Ok(Some(list))
}

/// `lookup_element/3`
pub fn lookup_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    elements(cx, args)?.ok_or(caused(predefined::BADKEY))
}

/// `lookup_element/4`
pub fn lookup_element_or(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(elements(cx, args)?.unwrap_or(args[3]))
}

/// `member/2`
pub fn member(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = read(cx, args[0])?;
    Ok(Term::boolean(table.get(&cx.vm.atoms, args[1]).is_some()))
}

/// `delete/2`
pub fn delete(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let vm = &mut *cx.vm;
    writer(&mut vm.tables, cx.process.pid, args[0])?.delete(&vm.atoms, args[1]);
    Ok(Term::boolean(true))
}

/// `delete_object/2`
pub fn delete_object(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let vm = &mut *cx.vm;
    let table = writer(&mut vm.tables, cx.process.pid, args[0])?;
    let key = table.key_of(args[1]).ok_or(Raise::BADARG)?;
    table.delete_object(&vm.atoms, key, args[1]);
    Ok(Term::boolean(true))
}

/// `slot/2`
pub fn slot(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Read)?;
    let slot = args[1].as_small().and_then(|slot| usize::try_from(slot).ok()).ok_or(Raise::BADARG)?;
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    let table = vm.tables.get(index).ok_or(Raise::BADARG)?;
    let end = match &table.objects {
        Objects::Hashed(hashed) => hashed.active(),
        Objects::Ordered(tree) => tree.count(),
    };
    if slot >= end {
        return if slot == end {
            Ok(Term::atom(predefined::DOLLAR_END_OF_TABLE))
        } else {
            Err(Raise::BADARG)
        };
    }
    let mut next = match &table.objects {
        Objects::Hashed(hashed) => hashed.bucket(slot),
        Objects::Ordered(tree) => tree.nth(slot).map(|entry| entry.object),
    };
    let is_ordered = matches!(table.objects, Objects::Ordered(_));
    let mut list = Term::NIL;
    while let Some(object) = next {
        if !object.is_deleted() {
            let copied = object.copy_to(heap);
            list = build::cons(heap, copied, list);
        }
        next = if is_ordered { None } else { object.next() };
    }
    Ok(list)
}
