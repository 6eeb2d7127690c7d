// SPDX-License-Identifier: Apache-2.0
//! `ets`: making, reading and changing tables. What takes patterns, and ordered tables, is not here.

mod counters;

pub use counters::update_counter;

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::ets::{Kind, NoTable, Object, Protection, Table};
use crate::heap::build;
use crate::process::RefNumbers;
use crate::term::{Term, View};

/// What is to be done with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// What is told of any table.
    Info,
}

fn caused(cause: crate::atom::Atom) -> Raise {
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(cause))
}

/// The numbers of a table that the process may use in this way.
fn find(cx: &Context<'_>, id: Term, access: Access) -> Result<RefNumbers, Raise> {
    let numbers = cx.vm.tables.find(id).map_err(|why| match why {
        NoTable::Type => caused(predefined::TYPE),
        NoTable::Absent => caused(predefined::ID),
    })?;
    let table = cx.vm.tables.get(numbers).ok_or(caused(predefined::ID))?;
    let is_open = match table.protection {
        Protection::Public => true,
        Protection::Protected => access != Access::Write,
        Protection::Private => access == Access::Info,
    };
    if is_open || table.owner == cx.process.pid { Ok(numbers) } else { Err(caused(predefined::ACCESS)) }
}

fn read<'a>(cx: &'a Context<'_>, id: Term) -> Result<&'a Table, Raise> {
    let numbers = find(cx, id, Access::Read)?;
    cx.vm.tables.get(numbers).ok_or(Raise::BADARG)
}

fn write<'a>(cx: &'a mut Context<'_>, id: Term) -> Result<&'a mut Table, Raise> {
    let numbers = find(cx, id, Access::Write)?;
    cx.vm.tables.get_mut(numbers).ok_or(Raise::BADARG)
}

/// `new/2`
pub fn new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    let mut table = Table::new(name, cx.process.pid);
    let mut options = args[1];
    while let Some(cell) = options.as_cons() {
        option(&mut table, cell.head())?;
        options = cell.tail();
    }
    if !options.is_nil() {
        return Err(Raise::BADARG);
    }
    let is_named = table.is_named;
    if is_named && cx.vm.tables.is_named(name) {
        return Err(caused(predefined::ALREADY_EXISTS));
    }
    let numbers = cx.vm.new_reference();
    cx.vm.tables.insert(numbers, table);
    Ok(if is_named { args[0] } else { build::reference(cx.heap(), numbers, None) })
}

fn option(table: &mut Table, option: Term) -> Result<(), Raise> {
    match option.view() {
        View::Atom(predefined::SET) => table.kind = Kind::Set,
        View::Atom(predefined::BAG) => table.kind = Kind::Bag,
        View::Atom(predefined::DUPLICATE_BAG) => table.kind = Kind::DuplicateBag,
        View::Atom(predefined::ORDERED_SET) => return Err(Raise::error(predefined::NOTSUP)),
        View::Atom(predefined::PUBLIC) => table.protection = Protection::Public,
        View::Atom(predefined::PROTECTED) => table.protection = Protection::Protected,
        View::Atom(predefined::PRIVATE) => table.protection = Protection::Private,
        View::Atom(predefined::NAMED_TABLE) => table.is_named = true,
        // Nothing is locked, so nothing needs to be told how.
        View::Atom(predefined::COMPRESSED) => {}
        View::Tuple(pair) => match pair.elements() {
            [key, position] if *key == Term::atom(predefined::KEYPOS) => {
                let position = position.as_small().filter(|position| *position > 0);
                table.key_position = position.ok_or(Raise::BADARG)? as usize;
            }
            [key, value] if *key == Term::atom(predefined::HEIR) => {
                if *value != Term::atom(predefined::NONE) {
                    return Err(Raise::BADARG);
                }
            }
            [key, _, _] if *key == Term::atom(predefined::HEIR) => {
                return Err(Raise::error(predefined::NOTSUP));
            }
            [key, value] => {
                let is_hint = [
                    predefined::READ_CONCURRENCY,
                    predefined::WRITE_CONCURRENCY,
                    predefined::DECENTRALIZED_COUNTERS,
                ]
                .iter()
                .any(|hint| *key == Term::atom(*hint));
                let is_value = value.as_boolean().is_some() || *value == Term::atom(predefined::AUTO);
                if !is_hint || !is_value {
                    return Err(Raise::BADARG);
                }
            }
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    }
    Ok(())
}

/// The tuples of an argument that is a tuple or a list of them, each with its key.
fn tuples(table: &Table, objects: Term) -> Result<Vec<(Term, Term)>, Raise> {
    let mut tuples = Vec::new();
    let mut rest = objects;
    if !objects.is_list() {
        return Ok([(table.key_of(objects).ok_or(Raise::BADARG)?, objects)].into());
    }
    while let Some(cell) = rest.as_cons() {
        tuples.push((table.key_of(cell.head()).ok_or(Raise::BADARG)?, cell.head()));
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(tuples) } else { Err(Raise::BADARG) }
}

/// `insert/2`
pub fn insert(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = write(cx, args[0])?;
    let tuples = tuples(table, args[1])?;
    let count = tuples.len();
    for (key, tuple) in tuples {
        table.insert(key, Object::new(tuple));
    }
    cx.bump(count.min(4000) as u32);
    Ok(Term::boolean(true))
}

/// `insert_new/2`
pub fn insert_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = write(cx, args[0])?;
    let tuples = tuples(table, args[1])?;
    if tuples.iter().any(|(key, _)| !table.lookup(*key).is_empty()) {
        return Ok(Term::boolean(false));
    }
    for (key, tuple) in tuples {
        table.insert(key, Object::new(tuple));
    }
    Ok(Term::boolean(true))
}

/// `lookup/2`
pub fn lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = find(cx, args[0], Access::Read)?;
    let (tables, heap) = (&cx.vm.tables, &mut cx.process.heap);
    let objects = tables.get(numbers).map_or(&[][..], |table| table.lookup(args[1]));
    let copies: Vec<Term> = objects.iter().map(|object| object.copy_to(heap)).collect();
    Ok(build::list(heap, &copies))
}

/// `lookup_element/3`
pub fn lookup_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = find(cx, args[0], Access::Read)?;
    let position = args[2].as_small().and_then(|position| usize::try_from(position).ok());
    let position = position.filter(|position| *position > 0).ok_or(Raise::BADARG)?;
    let (tables, heap) = (&cx.vm.tables, &mut cx.process.heap);
    let table = tables.get(numbers).ok_or(Raise::BADARG)?;
    let objects = table.lookup(args[1]);
    if objects.is_empty() {
        return Err(caused(predefined::BADKEY));
    }
    let mut elements = Vec::with_capacity(objects.len());
    for object in objects {
        let element = object.element(position).ok_or(Raise::BADARG)?;
        elements.push(crate::copy::copy(element, heap, &(0..0)));
    }
    Ok(if table.kind == Kind::Set { elements[0] } else { build::list(heap, &elements) })
}

/// `member/2`
pub fn member(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = read(cx, args[0])?;
    Ok(Term::boolean(!table.lookup(args[1]).is_empty()))
}

/// `delete/1`
pub fn delete_table(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = find(cx, args[0], Access::Write)?;
    cx.vm.tables.remove(numbers);
    Ok(Term::boolean(true))
}

/// `delete/2`
pub fn delete(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    write(cx, args[0])?.delete(args[1]);
    Ok(Term::boolean(true))
}

/// `delete_object/2`
pub fn delete_object(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = write(cx, args[0])?;
    let key = table.key_of(args[1]).ok_or(Raise::BADARG)?;
    table.delete_object(key, args[1]);
    Ok(Term::boolean(true))
}

fn key(cx: &mut Context<'_>, key: Option<Term>) -> Term {
    match key {
        Some(key) => crate::copy::copy(key, cx.heap(), &(0..0)),
        None => Term::atom(predefined::DOLLAR_END_OF_TABLE),
    }
}

/// `first/1`, `last/1`: tables with hashed keys have one order.
pub fn first(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let first = read(cx, args[0])?.first();
    Ok(key(cx, first))
}

/// `next/2`, `prev/2`
pub fn next(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let next = read(cx, args[0])?.next(args[1]).ok_or(Raise::BADARG)?;
    Ok(key(cx, next))
}

/// `whereis/1`
pub fn whereis(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_atom() {
        return Err(Raise::BADARG);
    }
    match cx.vm.tables.find(args[0]) {
        Ok(numbers) => Ok(build::reference(cx.heap(), numbers, None)),
        Err(_) => Ok(Term::atom(predefined::UNDEFINED)),
    }
}

/// `rename/2`
pub fn rename(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[1].as_atom().ok_or(Raise::BADARG)?;
    let numbers = find(cx, args[0], Access::Write)?;
    let is_named = cx.vm.tables.get(numbers).is_some_and(|table| table.is_named);
    if is_named && cx.vm.tables.is_named(name) {
        return Err(caused(predefined::ALREADY_EXISTS));
    }
    cx.vm.tables.rename(numbers, name);
    Ok(if is_named { args[1] } else { args[0] })
}

/// `info/2`
pub fn info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = match find(cx, args[0], Access::Info) {
        Err(Raise::ErrorWithCause(_, cause)) if cause == Term::atom(predefined::ID) => {
            return Ok(Term::atom(predefined::UNDEFINED));
        }
        found => found?,
    };
    let item = args[1].as_atom().ok_or(Raise::BADARG)?;
    let table = cx.vm.tables.get(numbers).ok_or(Raise::BADARG)?;
    Ok(match item {
        predefined::SIZE => Term::count(table.len()),
        predefined::MEMORY => Term::count(table.words()),
        predefined::KEYPOS => Term::count(table.key_position),
        predefined::NAME => Term::atom(table.name),
        predefined::NAMED_TABLE => Term::boolean(table.is_named),
        predefined::OWNER => Term::pid(table.owner),
        predefined::HEIR => Term::atom(predefined::NONE),
        predefined::NODE => Term::atom(cx.vm.node.name),
        predefined::COMPRESSED
        | predefined::FIXED
        | predefined::READ_CONCURRENCY
        | predefined::WRITE_CONCURRENCY
        | predefined::DECENTRALIZED_COUNTERS => Term::boolean(false),
        predefined::ID => build::reference(cx.heap(), numbers, None),
        predefined::TYPE => Term::atom(match table.kind {
            Kind::Set => predefined::SET,
            Kind::Bag => predefined::BAG,
            Kind::DuplicateBag => predefined::DUPLICATE_BAG,
        }),
        predefined::PROTECTION => Term::atom(match table.protection {
            Protection::Public => predefined::PUBLIC,
            Protection::Protected => predefined::PROTECTED,
            Protection::Private => predefined::PRIVATE,
        }),
        _ => return Err(Raise::BADARG),
    })
}

/// `internal_delete_all/2`
pub fn delete_all(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = write(cx, args[0])?;
    let count = table.len();
    table.clear();
    Ok(Term::count(count))
}
