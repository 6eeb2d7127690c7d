// SPDX-License-Identifier: Apache-2.0
//! `erlang:system_monitor/2`: a process is told of collections, time slices and heaps that are larger than it has said, and of processes that wait
//! for a port; and the events of traced collections, which are seen at the same place (`erl_trace.c`, `erl_gc.c`).

use super::{Flag, Tracee};
use crate::atom::{Atom, predefined};
use crate::code::Location;
use crate::gc::Extent;
use crate::heap::{Fragment, Heap, build};
use crate::process::Process;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What a process is told of the system. A number that is zero tells nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMonitor {
    /// Who is told.
    pub to: Option<LocalPid>,
    /// Of collections that take more milliseconds.
    pub long_gc: u64,
    /// Of time slices that take more milliseconds.
    pub long_schedule: u64,
    /// Of heaps that have as many words after a collection.
    pub large_heap: u64,
    /// Of processes that wait for a port.
    pub busy_port: bool,
    /// Of processes that wait for a connection to another node.
    pub busy_dist_port: bool,
}

/// A collection of which something may be told.
#[derive(Clone, Copy, Debug)]
pub struct WatchedCollection {
    tracee: Option<Tracee>,
    end: Atom,
    began: u64,
    reclaimed: u64,
}

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

fn numbers(heap: &mut impl Heap, all: &[(Atom, usize)]) -> Term {
    let tuples: alloc::vec::Vec<Term> = all
        .iter()
        .map(|(name, value)| build::tuple(heap, &[Term::atom(*name), Term::count(*value)]))
        .collect();
    build::list(heap, &tuples)
}

/// What is told of a heap.
fn sizes(process: &Process) -> [(Atom, usize); 6] {
    let [old_block, block, fragments, _, stack, old, heap, ..] = process.heap.collection_info();
    [old_block, block, fragments, stack, old, heap]
}

fn function(heap: &mut impl Heap, location: Option<&Location>) -> Term {
    match location {
        Some(at) => build::tuple(
            heap,
            &[Term::atom(at.module), Term::atom(at.function), Term::count(at.arity as usize)],
        ),
        None => Term::atom(predefined::UNDEFINED),
    }
}

impl Vm {
    /// Who is told of the system, as long as it is there.
    pub fn system_monitor(&mut self, running: LocalPid) -> SystemMonitor {
        let to = self.tracing.monitor.to;
        if to.is_some_and(|pid| pid != running && !self.processes.is_there(pid)) {
            self.tracing.monitor = SystemMonitor::default();
        }
        self.tracing.monitor
    }

    /// `{monitor, Whom, What, About}`, unless it is about who would be told.
    fn tell_monitor(&mut self, of: LocalPid, what: Atom, about: &dyn Fn(&mut Fragment) -> Term) {
        let Some(to) = self.tracing.monitor.to.filter(|to| *to != of) else { return };
        let mut fragment = Fragment::default();
        let about = about(&mut fragment);
        let parts = [Term::atom(predefined::MONITOR), Term::pid(of), Term::atom(what), about];
        let message = build::tuple(&mut fragment, &parts);
        self.give_to_tracer(super::Tracer::Process(to), message, fragment);
    }

    /// A process waits for a port.
    pub fn tell_busy(&mut self, of: LocalPid, port: Term) {
        if self.tracing.monitor.busy_port {
            self.tell_monitor(of, predefined::BUSY_PORT, &|_| port);
        }
    }

    /// A process has run from one function to another.
    pub fn tell_slice(&mut self, process: &Process, took: u64, from: Option<&Location>) {
        let took = took / MILLISECOND;
        if took <= self.tracing.monitor.long_schedule {
            return;
        }
        let to = self.code.locate(process.ip.addr());
        self.tell_monitor(process.pid, predefined::LONG_SCHEDULE, &|heap| {
            let (from, to) = (function(heap, from), function(heap, to.as_ref()));
            let parts = [
                (predefined::TIMEOUT, Term::count(took as usize)),
                (predefined::IN, from),
                (predefined::OUT, to),
            ];
            let parts = parts.map(|(name, value)| build::tuple(heap, &[Term::atom(name), value]));
            build::list(heap, &parts)
        });
    }

    /// A collection begins. Gives what is needed at its end, if somebody is told of it.
    pub fn collection_begins(
        &mut self,
        process: &Process,
        need: usize,
        extent: Extent,
    ) -> Option<WatchedCollection> {
        let flag = Flag::GarbageCollection;
        let tracee = process.watched().filter(|tracee| tracee.flags.has(flag));
        let monitor = &self.tracing.monitor;
        if tracee.is_none() && monitor.long_gc == 0 && monitor.large_heap == 0 {
            return None;
        }
        let is_full = self.collector.is_full(process, need, extent)?;
        let (begin, end) = if is_full {
            (predefined::GC_MAJOR_START, predefined::GC_MAJOR_END)
        } else {
            (predefined::GC_MINOR_START, predefined::GC_MINOR_END)
        };
        let watched = WatchedCollection {
            tracee,
            end,
            began: if self.tracing.monitor.long_gc > 0 { self.platform.monotonic() } else { 0 },
            reclaimed: self.collector.reclaimed,
        };
        self.trace_collection(process, tracee, begin, need);
        Some(watched)
    }

    fn trace_collection(&mut self, process: &Process, tracee: Option<Tracee>, event: Atom, words: usize) {
        let Some(tracee) = tracee else { return };
        let mut fragment = Fragment::default();
        let info = numbers(&mut fragment, &process.heap.collection_info());
        let words = [Term::atom(predefined::WORDSIZE), Term::count(words)];
        let words = build::tuple(&mut fragment, &words);
        let info = build::cons(&mut fragment, words, info);
        self.tell_tracer(process.pid, tracee, &[Term::atom(event), info]);
    }

    /// A collection has ended.
    pub fn collection_ended(&mut self, process: &Process, watched: WatchedCollection) {
        let reclaimed = (self.collector.reclaimed - watched.reclaimed) as usize;
        self.trace_collection(process, watched.tracee, watched.end, reclaimed);
        let monitor = self.tracing.monitor;
        let sizes = sizes(process);
        if monitor.long_gc > 0 {
            let took = (self.platform.monotonic() - watched.began) / MILLISECOND;
            if took > monitor.long_gc {
                self.tell_monitor(process.pid, predefined::LONG_GC, &|heap| {
                    let mut all = alloc::vec![(predefined::TIMEOUT, took as usize)];
                    all.extend(sizes);
                    numbers(heap, &all)
                });
            }
        }
        let words = sizes[0].1 + sizes[1].1;
        if monitor.large_heap > 0 && words as u64 >= monitor.large_heap {
            self.tell_monitor(process.pid, predefined::LARGE_HEAP, &|heap| numbers(heap, &sizes));
        }
    }
}
