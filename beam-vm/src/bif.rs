// SPDX-License-Identifier: Apache-2.0
//! Built-in functions. The [`table`](table::TABLE) lists all of OTP's; the files of this room do them, grouped by what they are about.
//!
//! A BIF gets its arguments and the process that calls, and gives a term or says why not ([`Raise`]). Terms that it makes go to the process's
//! heap; nothing is collected before it returns, so all terms in hand stay good. A BIF whose time depends on its arguments counts
//! reductions ([`Context::bump`]) and, when they are used up, parks what it has done and traps to itself or a helper.

pub mod accounting;
pub mod allocators;
pub mod arithmetic;
pub mod atomics;
pub mod atoms;
pub mod binaries;
pub mod binary_numbers;
pub mod binary_search;
pub mod compare;
pub mod debug;
pub mod dictionary;
pub mod drivers;
pub mod dynamic_trace;
pub mod ets;
pub mod exceptions;
pub mod external;
pub mod file_names;
pub mod functions;
pub mod halt;
pub mod hashes;
pub mod internals;
pub mod iolists;
pub mod lists;
pub mod loading;
pub mod logic;
pub mod machinery;
pub mod maps;
pub mod match_specs;
pub mod math;
pub mod memory;
pub mod messages;
pub mod natives;
pub mod net_vif;
pub mod node;
pub mod numbers;
pub mod os;
pub mod packets;
pub mod persistent_terms;
pub mod ports;
pub mod printing;
pub mod processes;
pub mod re;
pub mod statistics;
pub mod system;
pub mod table;
pub mod time;
pub mod timers;
pub mod trace;
pub mod tuples;
pub mod types;
pub mod unicode;
pub mod voxoz;

use core::num::NonZeroU32;

use crate::atom::{Atom, predefined};
use crate::heap::ProcessHeap;
use crate::process::{Message, Parked, Process};
use crate::term::{Export, Term};
use crate::vm::Vm;

/// The number of a BIF or native: its place in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BifIndex(pub u32);

/// How a BIF may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Like any function.
    Plain,
    /// Also in guards and through `bif` and `gc_bif` instructions: it neither traps nor waits, and fails with a reason alone.
    Guard,
    /// Like any function, but it looks at the whole process: registers are in the process when it is called.
    Heavy,
}

/// The releases of OTP that have a BIF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Releases {
    /// 25 to 28.
    All,
    /// 25 alone.
    Until25,
    /// 26 to 28.
    Since26,
    /// 27 and 28.
    Since27,
    /// 28 alone.
    Since28,
    /// None: it is of Voxoz alone.
    Own,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The module.
    pub module: &'static str,
    /// The function.
    pub function: &'static str,
    /// The number of arguments.
    pub arity: u8,
    /// How it may be called.
    pub kind: Kind,
    /// Who has it.
    pub releases: Releases,
    /// What does it, unless it is not there yet.
    pub implementation: Option<BifFunction>,
}

/// A BIF. The slice has as many arguments as the table says.
pub type BifFunction = fn(&mut Context<'_>, &[Term]) -> BifResult;

/// What a BIF gives.
pub type BifResult = Result<Term, Raise>;

/// Where a BIF is called: the machine, and the process that calls. The process is taken out of the table of processes meanwhile.
pub struct Context<'a> {
    /// The machine.
    pub vm: &'a mut Vm,
    /// The process that calls.
    pub process: &'a mut Process,
}

/// Why a BIF gives no term.
#[derive(Clone, Copy, Debug)]
pub enum Raise {
    /// `error:Reason`.
    Error(Term),
    /// `error:{Reason, Term}`. Nothing is built before it is raised: a guard or a match specification that fails leaves nothing behind that refers to the term.
    About(Atom, Term),
    /// `error:Reason` with a cause that `error_info` passes on: `#{cause => Cause}`.
    ErrorWithCause(Term, Term),
    /// `error:Reason` of the function that calls: its arguments for the stack trace, or what is no list, and the map of `error_info`, or `[]`,
    /// are in [`Process::raised`].
    ErrorWith(Term),
    /// `exit:Reason`.
    Exit(Term),
    /// `throw:Value`.
    Throw(Term),
    /// `erlang:raise/3`: class (`error`, `exit`, `throw`), and the rest is in [`Process::raised`].
    Again(Atom),
    /// Call this function with the arguments that are in [`Process::arguments`] instead, as a tail call.
    Trap(&'static Export),
    /// The reductions are used up; call the same BIF with [`Process::arguments`] when the process's turn comes again.
    Yield,
    /// Wait for a signal, then call the same BIF with [`Process::arguments`] again.
    Wait,
    /// The process sleeps until there is a message; where it goes on then is in the process.
    Asleep,
    /// The process has ended itself, by a signal to itself for instance: [`Process::exit_reason`] says why.
    Ended,
}

impl Raise {
    /// `badarg`.
    pub const BADARG: Self = Self::error(predefined::BADARG);
    /// `badarith`.
    pub const BADARITH: Self = Self::error(predefined::BADARITH);
    /// `system_limit`.
    pub const SYSTEM_LIMIT: Self = Self::error(predefined::SYSTEM_LIMIT);
    /// `undef`.
    pub const UNDEF: Self = Self::error(predefined::UNDEF);

    /// An error whose reason is an atom.
    #[must_use]
    pub const fn error(reason: Atom) -> Self {
        Self::Error(Term::atom(reason))
    }
}

impl Context<'_> {
    /// The heap of the process that calls.
    pub fn heap(&mut self) -> &mut ProcessHeap {
        &mut self.process.heap
    }

    /// Counts work: about a microsecond each thousand.
    pub fn bump(&mut self, reductions: u32) {
        self.process.reductions_left -= i64::from(reductions);
    }

    /// Whether the time slice is used up, so that a long BIF should yield.
    #[must_use]
    pub fn is_out_of_reductions(&self) -> bool {
        self.process.reductions_left <= 0
    }

    /// Parks arguments and makes the BIF be called again with them.
    #[must_use]
    pub fn yield_with(&mut self, arguments: &[Term]) -> Raise {
        self.process.set_arguments(arguments);
        Raise::Yield
    }

    /// Keeps what a BIF has done, and makes it be called again with the same arguments, which are `arguments`.
    #[must_use]
    pub fn park(&mut self, parked: Parked, arguments: &[Term]) -> Raise {
        self.process.extension_mut().parked = Some(parked);
        self.yield_with(arguments)
    }

    /// Keeps what a BIF has done, and makes it be called again with the same arguments, which are `arguments`, when the process is woken: for any
    /// reason, so that it may have to wait again.
    #[must_use]
    pub fn wait_with(&mut self, parked: Parked, arguments: &[Term]) -> Raise {
        self.process.extension_mut().parked = Some(parked);
        self.process.set_arguments(arguments);
        Raise::Wait
    }

    /// What was kept when this BIF was called before, if this is not the first time.
    pub fn take_parked(&mut self) -> Option<Parked> {
        self.process.extension()?.parked.as_ref()?;
        self.process.extension_mut().parked.take()
    }

    /// Lets a BIF work for the reductions that are left, `steps` to each, and counts what it has done. It counts `budget` down.
    pub fn work<R>(&mut self, steps: usize, work: impl FnOnce(&mut Self, &mut usize) -> R) -> R {
        self.work_at_most(usize::MAX, steps, work)
    }

    /// The same with no more than so many steps at once.
    pub fn work_at_most<R>(
        &mut self,
        most: usize,
        steps: usize,
        work: impl FnOnce(&mut Self, &mut usize) -> R,
    ) -> R {
        let reductions = usize::try_from(self.process.reductions_left).unwrap_or(0).max(1);
        let budget = (reductions * steps).min(most);
        let mut left = budget;
        let result = work(self, &mut left);
        self.bump(((budget - left) / steps) as u32);
        result
    }

    /// Sends an answer of the machine to the process that calls.
    pub fn answer(&mut self, term: Term) {
        if self.vm.tracing.is_used {
            trace::received(self.vm, self.process, trace::From::Machine, term);
        }
        self.process.mailbox.push(&mut self.vm.nodes, Message::of_machine(term, None));
    }

    /// Calls a function instead of returning.
    #[must_use]
    pub fn trap_to(&mut self, export: &'static Export, arguments: &[Term]) -> Raise {
        self.process.set_arguments(arguments);
        Raise::Trap(export)
    }
}

impl BifIndex {
    /// The line of the table.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        &table::TABLE[self.0 as usize]
    }

    /// The BIF or native of a name.
    #[must_use]
    pub fn find(module: &str, function: &str, arity: u8) -> Option<Self> {
        let is_named =
            |entry: &Entry| entry.module == module && entry.function == function && entry.arity == arity;
        table::TABLE.iter().position(is_named).map(|index| Self(index as u32))
    }

    /// As an export entry keeps it: plus one.
    #[must_use]
    pub fn to_raw(self) -> u32 {
        self.0 + 1
    }

    /// From what an export entry keeps.
    #[must_use]
    pub fn from_raw(raw: u32) -> Option<Self> {
        NonZeroU32::new(raw).map(|raw| Self(raw.get() - 1))
    }
}
