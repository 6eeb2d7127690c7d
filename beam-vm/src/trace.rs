// SPDX-License-Identifier: Apache-2.0
//! Tracing (`erts/emulator/beam/erl_trace.c`, `beam_bp.c`): which processes are traced and by whom, and which functions have breakpoints.
//!
//! It costs nothing while it is off. A function is traced by what its first instruction leads to, or, for calls from other modules alone, by
//! what its entry leads to; what happens to processes is looked at only where somebody is traced at all.

mod detours;
mod flags;
mod message;
mod monitor;
mod points;
mod profile;
pub mod sequential;

pub use detours::{Detour, Detours};
pub use flags::{Flag, Flags};
pub use message::Stamp;
pub use monitor::{SystemMonitor, WatchedCollection};
pub use points::{
    BifPoint, Breakpoint, Count, EventPattern, GlobalPoint, Meta, Name, OnLoad, Pattern, Place, Points,
    Spent, Timed, Times,
};
pub use profile::SystemProfile;

use alloc::vec::Vec;

use crate::heap::Fragment;
use crate::process::Process;
use crate::term::{LocalPid, LocalPort, Term};

/// Who is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tracer {
    /// A process gets messages.
    Process(LocalPid),
    /// A port gets them in the external format.
    Port(LocalPort),
}

impl Tracer {
    /// As programs see it.
    #[must_use]
    pub const fn term(self) -> Term {
        match self {
            Self::Process(pid) => Term::pid(pid),
            Self::Port(port) => Term::port(port),
        }
    }
}

/// How a process is traced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tracee {
    /// What is told, and how.
    pub flags: Flags,
    /// Who is told.
    pub tracer: Option<Tracer>,
}

/// All that the machine knows of tracing.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Whether any process was ever traced, so that events have to be looked at.
    pub is_used: bool,
    /// How new processes are traced.
    pub new_processes: Tracee,
    /// Breakpoints.
    pub points: Points,
    /// Detours of exported functions.
    pub detours: Detours,
    /// Whether calls of BIFs have to be looked at.
    pub looks_at_bifs: bool,
    /// Whether the call that is told of is that of a BIF.
    pub calls_bif: bool,
    /// Whether the exception that is under way is that of a BIF of which is told where it returns to.
    pub bif_failed: bool,
    /// Messages for the process that runs, which nobody can reach meanwhile, and for ports.
    pub waiting: Vec<(Tracer, Term, Fragment)>,
    /// What functions get when they are loaded.
    pub on_load: OnLoad,
    /// Of which messages is told that they are sent.
    pub sent: EventPattern,
    /// Of which messages is told that they are received.
    pub received: EventPattern,
    /// How new ports are traced.
    pub new_ports: Tracee,
    /// `system_monitor`
    pub monitor: SystemMonitor,
    /// `system_profile`
    pub profile: SystemProfile,
    /// What is traced from message to message.
    pub sequential: sequential::Sequential,
}

impl Tracing {
    /// Breakpoints or detours have changed.
    pub fn update_bif_calls(&mut self) {
        self.looks_at_bifs = self.detours.is_on() || !self.points.bifs.is_empty();
    }
}

impl Process {
    /// How it is traced, if it is.
    #[must_use]
    #[inline]
    pub fn tracee(&self) -> Option<Tracee> {
        self.extension().map(|extension| extension.tracee).filter(|tracee| tracee.tracer.is_some())
    }

    /// How what it does is told of, if it is: nothing is while it is `sensitive`, though it stays traced.
    #[must_use]
    #[inline]
    pub fn watched(&self) -> Option<Tracee> {
        if self.is_sensitive() { None } else { self.tracee() }
    }

    /// Whether others may not look inside.
    #[must_use]
    #[inline]
    pub fn is_sensitive(&self) -> bool {
        self.extension().is_some_and(|extension| extension.sensitive)
    }
}
