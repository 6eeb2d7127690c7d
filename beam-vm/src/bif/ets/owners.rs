// SPDX-License-Identifier: Apache-2.0
//! Whose a table is, who gets it afterwards, and who holds it fixed: `give_away`, `setopts`, `safe_fixtable`.

use core::ops::Range;

use super::{Access, BifResult, Context, Raise, caused, find};
use crate::atom::predefined;
use crate::copy;
use crate::ets::{Heir, Protection, TableIndex};
use crate::heap::{Fragment, build};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What a heir is told is its own.
const NO_LITERALS: Range<usize> = 0..0;

/// The heir that options name, unless it is none or has ended.
pub(super) fn heir(cx: &Context<'_>, pid: Term, data: Term) -> Option<Heir> {
    let pid = pid.as_pid()?;
    if pid != cx.process.pid && !cx.vm.processes.is_there(pid) {
        return None;
    }
    let mut block = Fragment::default();
    let data = copy::copy(data, &mut block, &NO_LITERALS);
    Some(Heir { pid, data, block })
}

impl Vm {
    /// Tells a process that it has got a table.
    fn tell_of_transfer(&mut self, index: TableIndex, to: LocalPid, from: LocalPid, data: Term) {
        let Some(table) = self.tables.get(index) else { return };
        let literals = self.literals.addresses();
        let mut fragment = Fragment::with_capacity(10 + copy::size_of(data, &literals));
        let id = if table.options.is_named {
            Term::atom(table.name)
        } else {
            build::reference(&mut fragment, table.numbers, None)
        };
        let data = copy::copy(data, &mut fragment, &literals);
        let message = [Term::atom(predefined::ETS_TRANSFER), id, Term::pid(from), data];
        let message = build::tuple(&mut fragment, &message);
        self.deliver_fragment(to, message, fragment);
    }

    /// Gives the tables of a process that has ended to their heirs, and deletes those that have none.
    pub fn bequeath_tables(&mut self, owner: LocalPid) {
        self.tables.unfix_all(owner);
        while let Some(index) = self.tables.owned_by(owner).first().copied() {
            let heir = self.tables.get_mut(index).and_then(|table| table.heir.take());
            match heir {
                Some(heir) if heir.pid != owner && self.processes.is_alive(heir.pid) => {
                    self.tables.give(index, heir.pid);
                    self.tell_of_transfer(index, heir.pid, owner, heir.data);
                    if let Some(table) = self.tables.get_mut(index) {
                        table.heir = Some(heir);
                    }
                }
                _ => self.tables.remove(index),
            }
        }
    }
}

/// `give_away/3`
pub fn give_away(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let own = cx.process.pid;
    let owner = cx.vm.tables.get(index).map(|table| table.owner);
    if owner != Some(own) {
        return Err(caused(predefined::NOT_OWNER));
    }
    let to = args[1].as_pid().ok_or(Raise::BADARG)?;
    if to == own {
        return Err(caused(predefined::OWNER));
    }
    if !cx.vm.processes.is_there(to) {
        return Err(Raise::BADARG);
    }
    cx.vm.tables.give(index, to);
    cx.vm.tell_of_transfer(index, to, own, args[2]);
    Ok(Term::boolean(true))
}

/// What `setopts/2` is to set.
#[derive(Default)]
struct Changes {
    heir: Option<(Term, Term)>,
    protection: Option<Protection>,
}

impl Changes {
    fn add(&mut self, option: Term) -> Result<(), Raise> {
        let tuple = option.as_tuple().ok_or(Raise::BADARG)?;
        let (name, value, data) = match tuple.elements() {
            [name, value] => (name.as_atom(), *value, None),
            [name, value, data] => (name.as_atom(), *value, Some(*data)),
            _ => return Err(Raise::BADARG),
        };
        match (name, data) {
            (Some(predefined::HEIR), None)
                if value == Term::atom(predefined::NONE) && self.heir.is_none() =>
            {
                self.heir = Some((value, Term::NIL));
            }
            (Some(predefined::HEIR), Some(data)) if value.as_pid().is_some() && self.heir.is_none() => {
                self.heir = Some((value, data));
            }
            (Some(predefined::PROTECTION), None) if self.protection.is_none() => {
                self.protection = Some(match value.as_atom() {
                    Some(predefined::PUBLIC) => Protection::Public,
                    Some(predefined::PROTECTED) => Protection::Protected,
                    Some(predefined::PRIVATE) => Protection::Private,
                    _ => return Err(Raise::BADARG),
                });
            }
            _ => return Err(Raise::BADARG),
        }
        Ok(())
    }
}

/// `setopts/2`
pub fn setopts(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let mut changes = Changes::default();
    if args[1].as_tuple().is_some() {
        changes.add(args[1])?;
    } else {
        let mut rest = args[1];
        while let Some(cell) = rest.as_cons() {
            changes.add(cell.head())?;
            rest = cell.tail();
        }
        if !rest.is_nil() {
            return Err(Raise::BADARG);
        }
    }
    if cx.vm.tables.get(index).is_none_or(|table| table.owner != cx.process.pid) {
        return Err(Raise::BADARG);
    }
    let heir = changes.heir.map(|(pid, data)| heir(cx, pid, data));
    let table = cx.vm.tables.get_mut(index).ok_or(Raise::BADARG)?;
    if let Some(heir) = heir {
        table.heir = heir;
    }
    if let Some(protection) = changes.protection {
        table.options.protection = protection;
    }
    Ok(Term::boolean(true))
}

/// Holds a table fixed for the process that calls.
pub(super) fn fix(cx: &mut Context<'_>, index: TableIndex) {
    let monotonic = cx.vm.platform.monotonic() as i64;
    let system = (monotonic + cx.vm.clock_offset) / 1000;
    cx.vm.tables.fix(index, cx.process.pid, monotonic, system);
}

/// `safe_fixtable/2`
pub fn safe_fixtable(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let index = find(cx, args[0], Access::Read)?;
    if args[1].as_boolean().ok_or(Raise::BADARG)? {
        fix(cx, index);
    } else {
        cx.vm.tables.unfix(index, cx.process.pid);
    }
    Ok(Term::boolean(true))
}
