// SPDX-License-Identifier: Apache-2.0
//! `erlang:system_profile/2`: who is told when processes and the scheduler become active and inactive (`erl_trace.c`).
//!
//! Processes are woken where nobody sees the whole machine, so the queue keeps their names, and they are told of before the next turn.

use super::{Stamp, Tracer};
use crate::atom::{Atom, predefined};
use crate::heap::{Fragment, build};
use crate::process::Lookup;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct SystemProfile {
    /// Who is told.
    pub to: Option<Tracer>,
    /// `exclusive`
    pub is_exclusive: bool,
    /// `runnable_ports`: ports here do their work where they are asked for it, so they never wait to run.
    pub ports: bool,
    /// `runnable_procs`
    pub processes: bool,
    /// `scheduler`
    pub scheduler: bool,
    /// How time is told.
    pub stamp: Stamp,
}

impl Default for SystemProfile {
    fn default() -> Self {
        Self {
            to: None,
            is_exclusive: false,
            ports: false,
            processes: false,
            scheduler: false,
            stamp: Stamp::System,
        }
    }
}

impl Vm {
    /// Who is told, as long as it is there.
    pub fn system_profile(&mut self, running: LocalPid) -> SystemProfile {
        let to = self.tracing.profile.to;
        if to.is_some_and(|to| !self.is_tracer_there(to, running)) {
            self.set_profile(SystemProfile::default());
        }
        self.tracing.profile
    }

    /// Says what is told from now on.
    pub fn set_profile(&mut self, profile: SystemProfile) {
        self.queue.keeps_woken = profile.processes;
        self.queue.woken.clear();
        self.tracing.profile = profile;
    }

    fn tell_profile(&mut self, parts: &mut dyn FnMut(&mut Fragment) -> alloc::vec::Vec<Term>) {
        let SystemProfile { to: Some(to), stamp, .. } = self.tracing.profile else { return };
        let mut fragment = Fragment::default();
        let mut parts = parts(&mut fragment);
        parts.insert(0, Term::atom(predefined::PROFILE));
        parts.extend(self.stamp(stamp, &mut fragment));
        let message = build::tuple(&mut fragment, &parts);
        self.give_to_tracer(to, message, fragment);
    }

    /// A process is `active` or `inactive`; `ip` is where it is, unless it has ended.
    pub fn profile_process(&mut self, pid: LocalPid, what: Atom, ip: Option<usize>) {
        if self.tracing.profile.to == Some(Tracer::Process(pid)) {
            return;
        }
        let place = ip.and_then(|ip| self.code.locate(ip));
        self.tell_profile(&mut |heap| {
            let place = match &place {
                Some(at) => {
                    let names = [Term::atom(at.module), Term::atom(at.function)];
                    build::tuple(heap, &[names[0], names[1], Term::count(at.arity as usize)])
                }
                None => Term::small_cut(0),
            };
            alloc::vec![Term::pid(pid), Term::atom(what), place]
        });
    }

    /// Tells of the processes that were woken since this was done last.
    pub fn profile_woken(&mut self) {
        for pid in core::mem::take(&mut self.queue.woken) {
            if let Lookup::Process(process) = self.processes.lookup(pid) {
                let ip = process.ip.addr();
                self.profile_process(pid, predefined::ACTIVE, Some(ip));
            }
        }
    }

    /// The scheduler is `active` or `inactive`.
    pub fn profile_scheduler(&mut self, what: Atom) {
        if !self.tracing.profile.scheduler {
            return;
        }
        let active = Term::small_cut(i64::from(what == predefined::ACTIVE));
        let name = Term::atom(predefined::SCHEDULER);
        self.tell_profile(&mut |_| alloc::vec![name, Term::small_cut(1), Term::atom(what), active]);
    }
}
