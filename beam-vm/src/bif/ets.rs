// SPDX-License-Identifier: Apache-2.0
//! `ets`: making and finding tables. What is done with their objects is in the files of this room.

mod counters;
mod elements;
mod info;
mod keeps_key;
mod keys;
mod objects;
mod owners;
mod scan;
mod select;

pub use counters::{update_counter, update_counter_or};
pub use elements::{update_element, update_element_or};
pub use info::{all_tables, info1, info2};
pub use keys::{first, first_lookup, last, last_lookup, next, next_lookup, prev, prev_lookup};
pub use objects::{
    InsertRun, delete, delete_object, insert, insert_new, lookup, lookup_element, lookup_element_or, member,
    slot, take,
};
pub use owners::{give_away, safe_fixtable, setopts};
pub use scan::Scan;
pub use select::{
    match_objects1, match_objects2, match_objects3, match1, match2, match3, select_count, select_delete,
    select_replace, select_reverse2, select_reverse3, select1, select2, select3,
};

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::ets::{
    Kind, NoTable, Options, Protection, Table, TableIndex, Tables, Type, WriteConcurrency, of_table,
};
use crate::heap::build;
use crate::term::{LocalPid, Term, View};

/// What is to be done with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// What is told of any table.
    Info,
}

fn caused(cause: Atom) -> Raise {
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(cause))
}

/// Whether a process may use a table in this way.
#[inline]
fn is_open(table: &Table, pid: LocalPid, access: Access) -> bool {
    let is_open_to_all = match table.options.protection {
        Protection::Public => true,
        Protection::Protected => access != Access::Write,
        Protection::Private => access == Access::Info,
    };
    is_open_to_all || table.owner == pid
}

/// Why a process may not use a table.
#[cold]
#[inline(never)]
fn refusal(tables: &Tables, id: Term) -> Raise {
    caused(match tables.find(id) {
        Err(NoTable::Type) => predefined::TYPE,
        Err(NoTable::Absent) => predefined::ID,
        Ok(_) => predefined::ACCESS,
    })
}

/// The table that the process may use in this way.
fn find(cx: &Context<'_>, id: Term, access: Access) -> Result<TableIndex, Raise> {
    let tables = &cx.vm.tables;
    match tables.find(id) {
        Ok(index) if tables.get(index).is_some_and(|table| is_open(table, cx.process.pid, access)) => {
            Ok(index)
        }
        _ => Err(refusal(tables, id)),
    }
}

/// The table, if the process may read it.
#[inline(always)]
fn reader(tables: &Tables, pid: LocalPid, id: Term) -> Result<&Table, Raise> {
    if let Ok(index) = tables.find(id)
        && let Some(table) = tables.get(index)
        && is_open(table, pid, Access::Read)
    {
        return Ok(table);
    }
    Err(refusal(tables, id))
}

/// The table, if the process may write to it.
#[inline(always)]
fn writer(tables: &mut Tables, pid: LocalPid, id: Term) -> Result<&mut Table, Raise> {
    match tables.find(id) {
        Ok(index) if tables.get(index).is_some_and(|table| is_open(table, pid, Access::Write)) => {
            tables.get_mut(index).ok_or(Raise::BADARG)
        }
        _ => Err(refusal(tables, id)),
    }
}

#[inline]
fn read<'a>(cx: &'a Context<'_>, id: Term) -> Result<&'a Table, Raise> {
    reader(&cx.vm.tables, cx.process.pid, id)
}

#[inline]
fn write<'a>(cx: &'a mut Context<'_>, id: Term) -> Result<&'a mut Table, Raise> {
    writer(&mut cx.vm.tables, cx.process.pid, id)
}

/// The position of an element, counted from 1.
fn position(term: Term) -> Result<usize, Raise> {
    let position = term.as_small().and_then(|position| usize::try_from(position).ok());
    position.filter(|position| *position > 0).ok_or(Raise::BADARG)
}

/// `new/2`
pub fn new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    let mut options = Options::default();
    let mut heir = None;
    let mut rest = args[1];
    while let Some(cell) = rest.as_cons() {
        option(&mut options, &mut heir, cell.head())?;
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    if options.is_named && cx.vm.tables.is_named(name) {
        return Err(caused(predefined::ALREADY_EXISTS));
    }
    let numbers = of_table(cx.vm.new_reference());
    let mut table = Table::new(name, numbers, cx.process.pid, options, cx.vm.tables.pages());
    if let Some((pid, data)) = heir {
        table.heir = owners::heir(cx, pid, data);
    }
    cx.vm.tables.insert(table);
    Ok(if options.is_named { args[0] } else { build::reference(cx.heap(), numbers, None) })
}

fn option(options: &mut Options, heir: &mut Option<(Term, Term)>, option: Term) -> Result<(), Raise> {
    match option.view() {
        View::Atom(predefined::SET) => options.kind = Type::Hashed(Kind::Set),
        View::Atom(predefined::BAG) => options.kind = Type::Hashed(Kind::Bag),
        View::Atom(predefined::DUPLICATE_BAG) => options.kind = Type::Hashed(Kind::DuplicateBag),
        View::Atom(predefined::ORDERED_SET) => options.kind = Type::Ordered,
        View::Atom(predefined::PUBLIC) => options.protection = Protection::Public,
        View::Atom(predefined::PROTECTED) => options.protection = Protection::Protected,
        View::Atom(predefined::PRIVATE) => options.protection = Protection::Private,
        View::Atom(predefined::NAMED_TABLE) => options.is_named = true,
        View::Atom(predefined::COMPRESSED) => options.is_compressed = true,
        View::Tuple(tuple) => match tuple.elements() {
            [name, value] => pair(options, heir, name.as_atom(), *value)?,
            [name, pid, data] if *name == Term::atom(predefined::HEIR) && pid.as_pid().is_some() => {
                *heir = Some((*pid, *data));
            }
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    }
    Ok(())
}

fn pair(
    options: &mut Options,
    heir: &mut Option<(Term, Term)>,
    name: Option<Atom>,
    value: Term,
) -> Result<(), Raise> {
    match name {
        Some(predefined::KEYPOS) => options.key_position = position(value)?,
        Some(predefined::HEIR) if value == Term::atom(predefined::NONE) => *heir = None,
        Some(predefined::READ_CONCURRENCY) => {
            options.reads_much = value.as_boolean().ok_or(Raise::BADARG)?;
        }
        Some(predefined::WRITE_CONCURRENCY) => {
            options.write_concurrency = match value.as_atom() {
                Some(predefined::TRUE) => WriteConcurrency::On,
                Some(predefined::FALSE) => WriteConcurrency::Off,
                Some(predefined::AUTO) => WriteConcurrency::Auto,
                _ => WriteConcurrency::Locks(locks(value).ok_or(Raise::BADARG)?),
            };
        }
        Some(predefined::DECENTRALIZED_COUNTERS) => {
            options.decentralized_counters = Some(value.as_boolean().ok_or(Raise::BADARG)?);
        }
        _ => return Err(Raise::BADARG),
    }
    Ok(())
}

/// The number of `{debug_hash_fixed_number_of_locks, Number}`, as stock takes it: a power of two, and 64 at least.
fn locks(value: Term) -> Option<u32> {
    let pair = value.as_tuple()?;
    let [name, number] = *pair.elements() else { return None };
    let number = number.as_small().filter(|number| (1..=32_768).contains(number))? as u32;
    (name == Term::atom(predefined::DEBUG_HASH_FIXED_NUMBER_OF_LOCKS)).then(|| 1 << number.max(64).ilog2())
}

/// `delete/1`
pub fn delete_table(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    cx.vm.tables.remove(index);
    Ok(Term::boolean(true))
}

/// `whereis/1`
pub fn whereis(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_atom() {
        return Err(Raise::BADARG);
    }
    let table = cx.vm.tables.find(args[0]).ok().and_then(|index| cx.vm.tables.get(index));
    match table.map(|table| table.numbers) {
        Some(numbers) => Ok(build::reference(cx.heap(), numbers, None)),
        None => Ok(Term::atom(predefined::UNDEFINED)),
    }
}

/// `rename/2`
pub fn rename(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let name = args[1].as_atom().ok_or(Raise::BADARG)?;
    let is_named = cx.vm.tables.get(index).is_some_and(|table| table.options.is_named);
    if is_named && cx.vm.tables.is_named(name) {
        return Err(Raise::BADARG);
    }
    cx.vm.tables.rename(index, name);
    Ok(if is_named { args[1] } else { args[0] })
}

/// `internal_delete_all/2`
pub fn delete_all(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let table = write(cx, args[0])?;
    let count = table.len();
    if let Some(objects) = table.clear() {
        cx.vm.tables.discard(objects);
    }
    Ok(Term::count(count))
}
