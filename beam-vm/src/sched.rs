// SPDX-License-Identifier: Apache-2.0
//! The scheduler: who runs next, and for how long. One process runs at a time, for 4000 reductions at most.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::emu::{Machine, Stop, run};
use crate::process::{Lookup, Priority, Process, State};
use crate::term::LocalPid;
use crate::timers::Timer;
use crate::vm::Vm;

/// Reductions of a time slice.
pub const SLICE: i64 = 4000;

/// Turns of normal processes for one of a low one.
const LOW_TURNS: u32 = 8;

/// Processes that could run.
#[derive(Debug, Default)]
pub struct Queue {
    urgent: [VecDeque<LocalPid>; 2],
    normal: VecDeque<LocalPid>,
    low: VecDeque<LocalPid>,
    turns: u32,
}

impl Queue {
    /// Appends a process.
    pub fn push(&mut self, priority: Priority, pid: LocalPid) {
        match priority {
            Priority::Max => self.urgent[0].push_back(pid),
            Priority::High => self.urgent[1].push_back(pid),
            Priority::Normal => self.normal.push_back(pid),
            Priority::Low => self.low.push_back(pid),
        }
    }

    /// The next process.
    pub fn pop(&mut self) -> Option<LocalPid> {
        for queue in &mut self.urgent {
            if let Some(pid) = queue.pop_front() {
                return Some(pid);
            }
        }
        self.turns += 1;
        if self.turns >= LOW_TURNS && !self.low.is_empty() {
            self.turns = 0;
            return self.low.pop_front();
        }
        self.normal.pop_front().or_else(|| self.low.pop_front())
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
    /// The program has asked to halt with this status.
    Halted(i32),
}

impl Vm {
    /// Runs processes until `wanted` has ended.
    pub fn run_until(&mut self, machine: &mut Machine, wanted: LocalPid) -> Idle {
        loop {
            if let Some(status) = self.halted {
                return Idle::Halted(status);
            }
            if !self.processes.is_alive(wanted) {
                return Idle::Finished;
            }
            self.expire_timers();
            let Some(pid) = self.queue.pop() else {
                let Some(deadline) = self.timers.next_deadline() else { return Idle::Stuck };
                self.platform.park(Some(deadline));
                continue;
            };
            self.turn(machine, pid);
        }
    }

    fn turn(&mut self, machine: &mut Machine, pid: LocalPid) {
        let runnable = matches!(self.processes.lookup(pid), Lookup::Process(process) if process.state == State::Runnable);
        if !runnable {
            return;
        }
        let Some(mut process) = self.processes.take(pid) else { return };
        process.reductions_left = SLICE;
        // SAFETY: a process in the table goes on at an instruction of loaded code with what it left, or what a spawn has put there.
        #[expect(unsafe_code, reason = "enters the instructions")]
        let stop = unsafe { run(machine, self, &mut process) };
        let used = (SLICE - process.reductions_left).max(0) as u64;
        process.reductions += used;
        self.reductions += used;
        self.stopped(process, stop);
        self.end_all();
    }

    fn stopped(&mut self, mut process: Box<Process>, stop: Stop) {
        let (pid, priority) = (process.pid, process.priority);
        match stop {
            Stop::Preempted => {
                self.processes.park(process);
                self.queue.push(priority, pid);
            }
            Stop::Waiting | Stop::WaitingInBif => {
                process.state = State::Waiting;
                self.processes.park(process);
            }
            Stop::Ended => {
                process.state = State::Exiting;
                self.end(process);
            }
        }
    }

    fn expire_timers(&mut self) {
        let now = self.platform.monotonic() / 1_000_000;
        let mut budget = 1000;
        while let Some(expired) = self.timers.advance(now, &mut budget) {
            self.expired(expired.value);
        }
    }

    fn expired(&mut self, timer: Timer) {
        match timer {
            Timer::Receive(pid) => {
                if let Lookup::Process(process) = self.processes.lookup(pid) {
                    process.timeout = None;
                    process.timed_out = true;
                    self.wake(pid);
                }
            }
            Timer::Message(key) => self.timer_message(key),
        }
    }
}
