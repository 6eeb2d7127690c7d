// SPDX-License-Identifier: Apache-2.0
//! Processes: making and ending them, links, monitors, aliases, names, flags, and what is known of them.

pub mod flags;
pub mod info;
pub mod links;
pub mod monitors;
pub mod registry;
pub mod spawn;
pub mod spawn_elsewhere;
pub mod suspend;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::process::{Lookup, Process, RefNumbers};
use crate::signal::Ending;
use crate::term::{LocalPid, REF_NUMBERS_MAX, Term, View};

/// `badarg` because of an option, and `error_info` says so.
const BADOPT: Raise = badarg_with(predefined::BADOPT);
/// `badarg` because of what something is, and `error_info` says so.
const BADTYPE: Raise = badarg_with(predefined::BADTYPE);

const fn badarg_with(cause: Atom) -> Raise {
    Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(cause))
}

/// The elements of a list of options.
struct Options {
    rest: Term,
    wrong: Raise,
}

impl Options {
    /// The options of a list; `wrong` is raised if it is none.
    fn new(list: Term, wrong: Raise) -> Self {
        Self { rest: list, wrong }
    }

    fn next(&mut self) -> Result<Option<Term>, Raise> {
        match self.rest.as_cons() {
            Some(cell) => {
                self.rest = cell.tail();
                Ok(Some(cell.head()))
            }
            None if self.rest.is_nil() => Ok(None),
            None => Err(self.wrong),
        }
    }
}

/// The process of a pid: the one that calls, or another.
fn find<'a>(cx: &'a mut Context<'_>, pid: LocalPid) -> Option<&'a mut Process> {
    if pid == cx.process.pid {
        return Some(cx.process);
    }
    match cx.vm.processes.lookup(pid) {
        Lookup::Process(process) => Some(process),
        _ => None,
    }
}

/// The same, or one that is ending: what does not wait for an answer of it sees it until it has ended.
pub fn find_there<'a>(cx: &'a mut Context<'_>, pid: LocalPid) -> Option<&'a mut Process> {
    if cx.vm.processes.is_ending(pid) {
        return cx.vm.find_ending(pid).map(Ending::process);
    }
    find(cx, pid)
}

/// Lets a process that is ending come to its end first: what asks it something is answered after the signals before. The BIF is called again then.
pub fn settle(cx: &mut Context<'_>, asked: Term, args: &[Term]) -> Result<(), Raise> {
    match asked.as_pid() {
        Some(pid) if cx.vm.processes.is_ending(pid) => Err(cx.yield_with(args)),
        _ => Ok(()),
    }
}

/// The numbers of a reference of this node.
fn reference_key(term: Term) -> Result<RefNumbers, Raise> {
    match term.view() {
        View::Reference(reference) => {
            let mut numbers = [0; REF_NUMBERS_MAX];
            reference.numbers(&mut numbers).first_chunk::<3>().copied().ok_or(Raise::BADARG)
        }
        _ => Err(Raise::BADARG),
    }
}

/// `self/0`
pub fn self_pid(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::pid(cx.process.pid))
}
