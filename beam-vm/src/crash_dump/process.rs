// SPDX-License-Identifier: Apache-2.0
//! What a process is: `=proc`. What it holds is elsewhere.

use core::fmt::{self, Write};

use super::Scene;
use super::sink::Sink;
use crate::print::Printed;
use crate::process::{Extension, MessagePlace, Monitor, Peer, Priority, Process, RefNumbers, State, Target};
use crate::term::{LocalPid, Term};

/// A pid as text.
pub(super) struct Pid(LocalPid);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.0.number(), self.0.serial())
    }
}

/// A reference of this node as text.
pub(super) struct Ref(pub(super) RefNumbers);

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, middle, high] = self.0;
        write!(f, "#Ref<0.{high}.{middle}.{low}>")
    }
}

/// The flags of a process, in stock's words.
struct Flags<'a>(&'a Process, bool);

impl fmt::Display for Flags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(process, is_running) = *self;
        let priority = match process.priority {
            Priority::Max => "MAX",
            Priority::High => "HIGH",
            Priority::Normal => "NORMAL",
            Priority::Low => "LOW",
        };
        write!(f, "ACT_PRIO_{priority} | USR_PRIO_{priority} | PRQ_PRIO_{priority}")?;
        let flags = [
            (process.message_place == MessagePlace::OffHeap, "OFF_HEAP_MSGQ"),
            (process.is_queued, "IN_RUNQ"),
            (is_running || process.state == State::Runnable, "ACTIVE"),
            (is_running, "RUNNING"),
            (process.suspended > 0, "SUSPENDED"),
            (process.state == State::Exiting, "EXITING"),
        ];
        flags.iter().filter(|(is_set, _)| *is_set).try_for_each(|(_, name)| write!(f, " | {name}"))
    }
}

impl<'a> Scene<'a> {
    /// The process with a pid as text.
    #[expect(clippy::unused_self, reason = "as for all that is written of the scene")]
    pub(super) fn pid(self, pid: LocalPid) -> Pid {
        Pid(pid)
    }

    /// Who is linked.
    pub(super) fn peer(self, out: &mut Sink, peer: Peer) -> fmt::Result {
        match peer {
            Peer::Process(pid) => write!(out, "{}", self.pid(pid)),
            Peer::Port(port) => write!(out, "#Port<0.{}>", port.0),
        }
    }

    /// A term as text.
    pub(super) fn printed(self, term: Term) -> Printed<'a> {
        Printed::new(&self.vm.atoms, self.vm.node.name, term)
    }

    /// All processes but those that are ending, the one that is outside of the table at its place.
    pub(super) fn living(self) -> impl Iterator<Item = &'a Process> {
        let running = self.running.filter(|running| self.vm.processes.is_alive(running.pid));
        self.vm.processes.places().filter_map(move |place| match place {
            Ok(process) => Some(process),
            Err(pid) => running.filter(|running| running.pid == pid),
        })
    }

    fn is_running(self, process: &Process) -> bool {
        self.running.is_some_and(|running| running.pid == process.pid)
    }

    fn state(self, process: &Process) -> &'static str {
        match process.state {
            _ if self.is_running(process) => "Running",
            State::Exiting => "Exiting",
            _ if process.suspended > 0 => "Suspended",
            State::Waiting | State::Hibernating => "Waiting",
            State::Runnable => "Scheduled",
        }
    }

    /// All processes.
    pub(super) fn processes(self, out: &mut Sink) -> fmt::Result {
        self.living().try_for_each(|process| self.process(out, process))
    }

    /// The process that runs, for the scheduler.
    pub(super) fn current_process(self, out: &mut Sink) -> fmt::Result {
        let Some(process) = self.running else { return writeln!(out, "Current Process: ") };
        let prefix = "Current Process";
        writeln!(out, "{prefix}: {}\n{prefix} State: {}", self.pid(process.pid), self.state(process))?;
        writeln!(out, "{prefix} Internal State: {}", Flags(process, true))?;
        let address = process.ip.addr();
        writeln!(out, "{prefix} Program counter: {address:#018x} ({})", self.place(address))?;
        writeln!(out, "{prefix} Limited Stack Trace:")?;
        self.limited_stack(out, process)
    }

    fn process(self, out: &mut Sink, process: &Process) -> fmt::Result {
        let heap = &process.heap;
        let extension = process.extension();
        writeln!(out, "=proc:{}\nState: {}", self.pid(process.pid), self.state(process))?;
        if let Some(name) = extension.and_then(|extension| extension.registered) {
            writeln!(out, "Name: {}", self.atom(name))?;
        }
        let (module, function, arity) = process.initial_call;
        writeln!(out, "Spawned as: {}:{}/{arity}", self.atom(module), self.atom(function))?;
        if self.is_running(process)
            && let Some(place) = self.vm.code.locate(process.ip.addr())
        {
            let names = [place.module, place.function].map(|atom| self.atom(atom));
            writeln!(out, "Last scheduled in for: {}:{}/{}", names[0], names[1], place.arity)?;
        }
        // `init` has itself as its parent: nobody has made it.
        match process.parent {
            parent if parent == process.pid => writeln!(out, "Spawned by: []")?,
            parent => writeln!(out, "Spawned by: {}", self.pid(parent))?,
        }
        writeln!(out, "Message queue length: {}", process.mailbox.len())?;
        let messages = process.mailbox.fragments();
        let fragments = messages.count() + usize::from(heap.fragments.is_some());
        writeln!(out, "Number of heap fragments: {fragments}")?;
        writeln!(out, "Heap fragment data: {}", heap.fragment_words)?;
        self.relations(out, process, extension)?;
        let now = if self.is_running(process) { (self.vm.slice - process.reductions_left).max(0) } else { 0 };
        writeln!(out, "Reductions: {}", process.reductions + now as u64)?;
        let old_unused = heap.old_block_words() - heap.old_used_words();
        writeln!(out, "Stack+heap: {}\nOldHeap: {}", heap.block_words(), heap.old_block_words())?;
        writeln!(out, "Heap unused: {}\nOldHeap unused: {old_unused}", heap.free_words())?;
        let [young, old] = [&heap.off_heap, &heap.old_off_heap].map(|list| list.words);
        writeln!(out, "BinVHeap: {young}\nOldBinVHeap: {old}")?;
        writeln!(out, "BinVHeap unused: {}", heap.binary_limit.saturating_sub(young))?;
        match heap.old_binary_limit.checked_sub(old) {
            Some(unused) => writeln!(out, "OldBinVHeap unused: {unused}")?,
            None => writeln!(out, "OldBinVHeap unused: overflow")?,
        }
        writeln!(out, "Memory: {}", process.memory())?;
        let address = process.ip.addr();
        writeln!(out, "Program counter: {address:#018x} ({})", self.place(address))?;
        if !self.is_running(process) {
            writeln!(out, "arity = {}", process.arguments.len())?;
        }
        writeln!(out, "Internal State: {}", Flags(process, self.is_running(process)))
    }

    /// Links, whom it watches and who watches it.
    fn relations(self, out: &mut Sink, process: &Process, extension: Option<&Extension>) -> fmt::Result {
        let mut separator = "Link list: [";
        for linked in process.links.iter() {
            write!(out, "{separator}")?;
            self.peer(out, linked)?;
            separator = ", ";
        }
        for (numbers, monitor) in extension.map(|extension| extension.monitors.sorted()).unwrap_or_default() {
            if self.monitor(out, separator, numbers, &monitor)? {
                separator = ", ";
            }
        }
        for (numbers, watcher) in process.watchers.sorted() {
            write!(out, "{separator}{{from,{},{}}}", self.pid(watcher), Ref(numbers))?;
            separator = ", ";
        }
        if separator == ", " { writeln!(out, "]") } else { Ok(()) }
    }

    fn monitor(
        self,
        out: &mut Sink,
        separator: &str,
        numbers: RefNumbers,
        monitor: &Monitor,
    ) -> Result<bool, fmt::Error> {
        match monitor.target {
            Target::Process(pid) => {
                write!(out, "{separator}{{to,{},{}}}", self.pid(pid), Ref(numbers))?;
            }
            Target::Port(port) => write!(out, "{separator}{{to,#Port<0.{}>,{}}}", port.0, Ref(numbers))?,
            Target::Name(_, name) | Target::PortName(_, name) => {
                let node = self.atom(self.vm.node.name);
                write!(out, "{separator}{{to,{{{},{node}}},{}}}", self.atom(name), Ref(numbers))?;
            }
            Target::None | Target::TimeOffset => return Ok(false),
        }
        Ok(true)
    }
}
