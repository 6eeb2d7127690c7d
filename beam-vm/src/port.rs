// SPDX-License-Identifier: Apache-2.0
//! Ports: what a program sees of the world outside. A port has an owner, links and monitors as a process has, and a driver that does its
//! input and output (`erts/emulator/beam/io.c`).
//!
//! Signals to a port are done at once by whoever sends them, as those to processes are. What comes from outside comes between two time
//! slices ([`Vm::poll_ports`](crate::vm::Vm::poll_ports)). While its driver works, a port is taken out of the table, so nobody reaches it twice.
//! Drivers are a closed set ([`Driver`]); a new one is a variant with a file of its own.

mod command;
mod descriptor;
mod driver;
mod exit;
mod input;
mod outside;
mod queue;
mod ram_file;
mod reach;
pub mod signals;
mod table;
mod terminal;
mod vif;

#[cfg(test)]
mod tests;

pub use command::Delivery;
pub use descriptor::{Attached, Descriptor};
pub use driver::{ControlError, Driver, Name};
pub use input::{Cut, Form, Framing, Lines};
pub use queue::Backlog;
pub use ram_file::RamFile;
pub use reach::Reach;
pub use table::{NoRoom, Ports};
pub use terminal::{Charset, Line, Terminal};
pub use vif::Vif;

use alloc::vec::Vec;
use core::ops::Range;

use crate::atom::{Atom, predefined};
use crate::copy;
use crate::heap::Fragment;
use crate::process::{Links, Watchers};
use crate::term::{LocalPid, LocalPort, Term};
use crate::trace::Tracee;

/// How far a port is on its way to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It can be used.
    Open,
    /// It is closed for everybody, but what was written to it is not out yet.
    Closing,
    /// Nothing is left to be done for it.
    Gone,
}

/// Who is told `{Port, closed}` at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Farewell {
    /// The owner.
    Owner,
    /// Nobody.
    None,
}

/// What becomes of a port at the end of its input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtEnd {
    /// It closes.
    Close,
    /// Its owner is told; option `eof`.
    Tell,
}

/// A port.
#[derive(Debug)]
pub struct Port {
    /// Who it is.
    pub id: LocalPort,
    /// What it was opened as.
    pub name: Vec<u8>,
    /// Its owner, who gets what it reads.
    pub connected: LocalPid,
    /// Processes that it is linked to.
    pub links: Links,
    /// Who watches it.
    pub watchers: Watchers,
    /// Its registered name.
    pub registered: Option<Atom>,
    /// What `port_set_data/2` has put there.
    pub data: PortData,
    /// Bytes that were read.
    pub input: u64,
    /// Bytes that were written to it.
    pub output: u64,
    /// The number of the program at its other end.
    pub os_pid: Option<u32>,
    /// What its owner is sent of what it reads.
    pub framing: Framing,
    /// What happens when its input ends.
    pub at_end: AtEnd,
    /// What `port_info(_, parallelism)` tells.
    pub parallelism: bool,
    /// How far it is on its way to its end.
    pub state: State,
    /// Whether its owner is told when it is closed.
    pub farewell: Farewell,
    /// Whether those who write to it have to wait.
    pub is_busy: bool,
    /// Who waits until it is not busy.
    pub waiting: Vec<LocalPid>,
    /// How it is traced.
    pub tracee: Tracee,
    /// What does its input and output.
    pub driver: Driver,
}

/// A term that belongs to a port.
#[derive(Debug)]
pub struct PortData {
    term: Term,
    /// What the term is made of.
    _fragment: Fragment,
}

/// The term outlives the modules whose literals are in it.
const NO_LITERALS: Range<usize> = 0..0;

impl PortData {
    /// A copy of a term.
    #[must_use]
    pub fn of(term: Term) -> Self {
        let mut fragment = Fragment::with_capacity(copy::size_of(term, &NO_LITERALS));
        Self { term: copy::copy(term, &mut fragment, &NO_LITERALS), _fragment: fragment }
    }

    /// The term, which is good as long as this is.
    #[must_use]
    pub const fn term(&self) -> Term {
        self.term
    }
}

impl Port {
    /// A port without options.
    #[must_use]
    pub fn new(id: LocalPort, name: Vec<u8>, connected: LocalPid, driver: Driver) -> Self {
        Self {
            id,
            name,
            connected,
            links: Links::default(),
            watchers: Watchers::default(),
            registered: None,
            data: PortData::of(Term::atom(predefined::UNDEFINED)),
            input: 0,
            output: 0,
            os_pid: None,
            framing: Framing { form: Form::List, cut: Cut::Stream },
            at_end: AtEnd::Close,
            parallelism: false,
            state: State::Open,
            farewell: Farewell::None,
            is_busy: false,
            waiting: Vec::new(),
            tracee: Tracee::default(),
            driver,
        }
    }

    /// Bytes that were written to it and are not out yet.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.driver.backlog()
    }

    /// The bytes of memory that `port_info(_, memory)` tells.
    #[must_use]
    pub fn memory(&self) -> usize {
        40 + self.framing.pending()
    }

    /// Makes who writes to it wait, or lets all go on.
    pub fn set_busy(&mut self, reach: &mut Reach<'_>, is_busy: Busy) {
        self.is_busy = is_busy == Busy::Yes;
        if !self.is_busy {
            for pid in core::mem::take(&mut self.waiting) {
                reach.wake(pid);
            }
        }
    }

    /// After something was written or is to be: with so many bytes that wait, who writes has to wait too, and a port that closes goes when none do.
    fn settle(&mut self, reach: &mut Reach<'_>, busy: usize) {
        let waiting = self.backlog();
        if waiting >= busy {
            self.set_busy(reach, Busy::Yes);
        } else if self.is_busy {
            self.set_busy(reach, Busy::No);
        }
        if waiting == 0 {
            self.drained(reach);
        }
    }
}

/// Whether a port takes more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Busy {
    /// Not now.
    Yes,
    /// It does.
    No,
}
