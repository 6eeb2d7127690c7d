// SPDX-License-Identifier: Apache-2.0
//! The scheduler: who runs next, and for how long. One process runs at a time, for 4000 reductions at most.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::accounting::Microstate;
use crate::atom::{Atom, predefined};
use crate::code::Location;
use crate::emu::{Machine, Stop, run};
use crate::halt::Halt;
use crate::heap::{Fragment, build};
use crate::platform::Random;
use crate::process::{Lookup, Priority, Process, State};
use crate::term::{LocalPid, Term};
use crate::timers::Timer;
use crate::trace::{Flag, Timed};
use crate::vm::Vm;

/// Reductions of a time slice.
pub const SLICE: i64 = 4000;

/// Turns of normal processes for one of a low one.
const LOW_TURNS: u32 = 8;

/// Turns after which the clock is looked at even if they were short.
const TURNS_FOR_LOOK: u32 = 32;

/// Processes that could run.
#[derive(Debug, Default)]
pub struct Queue {
    urgent: [VecDeque<LocalPid>; 2],
    normal: VecDeque<LocalPid>,
    low: VecDeque<LocalPid>,
    turns: u32,
    look: Look,
    /// Whether somebody is told of those that are woken.
    pub keeps_woken: bool,
    /// Those that were woken, if somebody is told.
    pub woken: Vec<LocalPid>,
}

/// When the clock was looked at: turns since then, and the reductions of all processes.
#[derive(Debug, Default)]
struct Look {
    turns: u32,
    reductions: u64,
}

impl Queue {
    /// Appends a process that could run, unless it is suspended or already there.
    pub fn push(&mut self, process: &mut Process) {
        if process.is_queued || process.suspended > 0 {
            return;
        }
        process.is_queued = true;
        self.of(process.priority).push_back(process.pid);
    }

    fn of(&mut self, priority: Priority) -> &mut VecDeque<LocalPid> {
        match priority {
            Priority::Max => &mut self.urgent[0],
            Priority::High => &mut self.urgent[1],
            Priority::Normal => &mut self.normal,
            Priority::Low => &mut self.low,
        }
    }

    /// Makes a process that waits go on.
    pub fn wake(&mut self, process: &mut Process) {
        if matches!(process.state, State::Waiting | State::Hibernating) {
            process.state = State::Runnable;
            if self.keeps_woken {
                self.woken.push(process.pid);
            }
            self.push(process);
        }
    }

    /// The next process: of those with the same priority the one that has waited longest, or any if that is left to chance.
    pub fn pop(&mut self, chance: Option<&mut Random>) -> Option<LocalPid> {
        let queue = self.next_queue()?;
        if let Some(random) = chance {
            let last = queue.len() - 1;
            queue.swap(0, random.below(last as u64 + 1) as usize);
        }
        queue.pop_front()
    }

    fn next_queue(&mut self) -> Option<&mut VecDeque<LocalPid>> {
        if let Some(urgent) = self.urgent.iter_mut().find(|queue| !queue.is_empty()) {
            return Some(urgent);
        }
        self.turns += 1;
        if !self.low.is_empty() && (self.turns >= LOW_TURNS || self.normal.is_empty()) {
            self.turns = 0;
            return Some(&mut self.low);
        }
        Some(&mut self.normal).filter(|queue| !queue.is_empty())
    }

    /// How many there are of each priority, the most urgent first.
    #[must_use]
    pub fn lengths(&self) -> [usize; 4] {
        let [max, high] = &self.urgent;
        [max, high, &self.normal, &self.low].map(VecDeque::len)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.urgent.iter().map(VecDeque::len).sum::<usize>() + self.normal.len() + self.low.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why the scheduler returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idle {
    /// The process that was waited for has ended.
    Finished,
    /// Nothing runs and nothing will.
    Stuck,
    /// The machine has halted.
    Halted(Halt),
}

impl Vm {
    /// Runs processes until `wanted` has ended.
    pub fn run_until(&mut self, machine: &mut Machine, wanted: LocalPid) -> Idle {
        loop {
            if let Some(idle) = self.step(machine, wanted) {
                return idle;
            }
        }
    }

    /// Runs one process for a time slice, or rests until a timer goes off. Tells if there is no more to do for who waits for `wanted`.
    pub fn step(&mut self, machine: &mut Machine, wanted: LocalPid) -> Option<Idle> {
        if let Some(halt) = self.halted {
            if self.flush_ports() {
                return None;
            }
            self.close_ports();
            return Some(Idle::Halted(halt));
        }
        if !self.processes.is_alive(wanted) {
            return Some(Idle::Finished);
        }
        if self.file_waits.is_any_pending() {
            self.take_finished_files();
        }
        if self.is_time_to_look() {
            self.expire_timers();
        }
        if self.tables.has_waste() {
            self.tables.free_some();
        }
        if self.queue.keeps_woken {
            self.profile_woken();
        }
        let Some(pid) = self.queue.pop(self.chance.as_mut()) else {
            if self.tables.has_waste() {
                return None;
            }
            let deadline = self.timers.next_deadline();
            let is_anything_outside = self.ports.is_anything_outside() || self.file_waits.is_any_pending();
            if deadline.is_none() && !is_anything_outside {
                return Some(Idle::Stuck);
            }
            self.profile_scheduler(predefined::INACTIVE);
            self.rest(deadline);
            self.profile_scheduler(predefined::ACTIVE);
            return None;
        };
        self.turn(machine, pid);
        None
    }

    fn turn(&mut self, machine: &mut Machine, pid: LocalPid) {
        let Some(mut process) = self.processes.take(pid) else { return };
        process.is_queued = false;
        if process.state != State::Runnable || process.suspended > 0 {
            return self.processes.park(process);
        }
        let slice = match &mut self.chance {
            Some(random) => 1 + random.small(SLICE as u64) as i64,
            None => SLICE,
        };
        process.reductions_left = slice;
        self.slice = slice;
        self.turns += 1;
        let watched = if self.tracing.is_used { self.turn_begins(&mut process) } else { None };
        let began = self.state_begins();
        // SAFETY: a process in the table goes on at an instruction of loaded code with what it left, or what a spawn has put there.
        #[expect(unsafe_code, reason = "enters the instructions")]
        let stop = unsafe { run(machine, self, &mut process) };
        self.state_ends(Microstate::Turn, began);
        let used = (slice - process.reductions_left).max(0) as u64;
        process.reductions += used;
        self.reductions += used;
        if self.tracing.is_used {
            self.turn_ends(&mut process, &stop, watched);
        }
        self.stopped(process, stop);
        self.end_all();
        if !self.tracing.waiting.is_empty() {
            self.deliver_waiting_traces();
        }
    }

    /// A turn begins while something is traced. Gives when and where, if it could be too long.
    fn turn_begins(&mut self, process: &mut Process) -> Option<(u64, Option<Location>)> {
        self.calls_begin(process);
        self.trace_running(process, predefined::IN);
        if process.extension().is_some_and(|extension| extension.timed.is_some()) {
            let now = self.platform.monotonic();
            if let Some(timed) = &mut process.extension_mut().timed {
                timed.since = now;
            }
        }
        (self.tracing.monitor.long_schedule > 0)
            .then(|| (self.platform.monotonic(), self.code.locate(process.ip.addr())))
    }

    fn turn_ends(&mut self, process: &mut Process, stop: &Stop, watched: Option<(u64, Option<Location>)>) {
        self.calls_end();
        let is_ended = matches!(stop, Stop::Ended);
        if !is_ended {
            self.trace_running(process, predefined::OUT);
        }
        if let Some(timed) = process.extension().and_then(|extension| extension.timed) {
            let now = self.platform.monotonic();
            self.tracing.points.add_time(timed.place, process.pid, 0, now - timed.since);
            process.extension_mut().timed = Some(Timed { since: now, ..timed });
        }
        if let Some((began, place)) = watched {
            let took = self.platform.monotonic() - began;
            self.tell_slice(process, took, place.as_ref());
        }
        if self.queue.keeps_woken && !matches!(stop, Stop::Preempted) {
            let ip = (!is_ended).then_some(process.ip.addr());
            self.profile_process(process.pid, predefined::INACTIVE, ip);
        }
    }

    /// Tells that a traced process begins or ends a turn, and where.
    fn trace_running(&mut self, process: &Process, what: Atom) {
        let tracee = process
            .watched()
            .filter(|tracee| tracee.flags.has(Flag::Running) || tracee.flags.has(Flag::RunningProcs));
        let Some(tracee) = tracee else { return };
        let mut block = Fragment::default();
        let place = match self.code.locate(process.ip.addr()) {
            Some(place) => {
                let names = [Term::atom(place.module), Term::atom(place.function)];
                build::tuple(&mut block, &[names[0], names[1], Term::count(place.arity as usize)])
            }
            None => Term::count(0),
        };
        self.tell_tracer(process.pid, tracee, &[Term::atom(what), place]);
    }

    fn stopped(&mut self, mut process: Box<Process>, stop: Stop) {
        match stop {
            Stop::Preempted => {
                self.queue.push(&mut process);
                self.processes.park(process);
            }
            Stop::Waiting | Stop::WaitingInBif => {
                process.state = State::Waiting;
                self.processes.park(process);
            }
            Stop::Hibernating => {
                process.state = State::Hibernating;
                self.processes.park(process);
            }
            Stop::Ended => self.end(process),
        }
    }

    /// Whether the clock is to be looked at before the next turn: when nobody could run, and once for many short turns.
    fn is_time_to_look(&mut self) -> bool {
        self.queue.look.turns += 1;
        let is_due = self.queue.look.turns >= TURNS_FOR_LOOK
            || self.reductions - self.queue.look.reductions >= SLICE as u64
            || self.queue.is_empty()
            || self.chance.is_some();
        if is_due {
            self.queue.look = Look { turns: 0, reductions: self.reductions };
        }
        is_due
    }

    fn expire_timers(&mut self) {
        let now = self.platform.monotonic() / 1_000_000;
        let mut budget = 1000;
        while let Some(expired) = self.timers.advance(now, &mut budget) {
            self.expired(expired.value);
        }
        self.poll_ports(now);
    }

    fn expired(&mut self, timer: Timer) {
        match timer {
            Timer::Receive(pid) => {
                if let Lookup::Process(process) = self.processes.lookup(pid) {
                    process.timeout = None;
                    process.timed_out = true;
                    self.queue.wake(process);
                }
            }
            Timer::Message(slot) => self.timer_message(slot),
            Timer::Port(port, due) => self.port_timer(port, due),
        }
    }
}
