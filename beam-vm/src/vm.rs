// SPDX-License-Identifier: Apache-2.0
//! The machine: everything that all processes share.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::accounting::Accounting;
use crate::atom::{Atom, AtomError, AtomLimit, AtomTable, predefined};
use crate::bif::BifIndex;
use crate::bif::file_names::NameEncoding;
use crate::bif::statistics::{Told, WallTime};
use crate::bif::table::{BIFS, TABLE};
use crate::code::Code;
use crate::emu::native;
use crate::ets::Tables;
use crate::files::FileWaits;
use crate::gc::Collector;
use crate::halt::Halt;
use crate::heap::build::Node;
use crate::heap::{HeapLimits, LiteralSpace, ProcessHeap};
use crate::loader::{self, Library, LoadError};
use crate::map::Shapes;
use crate::on_demand::OnDemand;
use crate::persistent::PersistentTerms;
use crate::platform::{LITERALS, MACHINE_CODE, Platform, Random};
use crate::port::Ports;
use crate::process::{MessagePlace, Nodes, Process, ProcessTable, TableFull};
use crate::sched::Queue;
use crate::signal::Ending;
use crate::term::{Export, LocalPid, Term};
use crate::timer::TimerWheel;
use crate::timers::{DelayedMessages, Timer};
use crate::trace::Tracing;

/// Words of a new process's block. The first collection makes it as large as stock's.
const FIRST_BLOCK: usize = 40;

/// How many steps of long work are done at once, however much time is left: test suites make that few.
#[derive(Clone, Copy, Debug)]
pub struct LoopLimits {
    /// Of searches in binaries.
    pub binaries: usize,
    /// Of conversions of characters.
    pub characters: usize,
    /// Of regular expressions.
    pub patterns: usize,
}

impl LoopLimits {
    /// More than a time slice allows.
    pub const NONE: usize = 1 << 30;
}

impl Default for LoopLimits {
    fn default() -> Self {
        Self { binaries: Self::NONE, characters: Self::NONE, patterns: Self::NONE }
    }
}

/// A machine. There can be several in one program; they share nothing.
pub struct Vm {
    /// What the scheduler spends its time on.
    pub accounting: Accounting,
    /// The atoms.
    pub atoms: AtomTable,
    /// How many entries a stack trace has at most: `backtrace_depth`.
    pub backtrace_depth: usize,
    /// What the platform's clock said when the machine was made: it may have begun long before, as that of a Xen host has.
    began: u64,
    /// The module and function of each BIF by its number.
    pub bif_names: Vec<[Atom; 2]>,
    /// Decides in a simulation what nobody may rely on: how long time slices are, and who of those with the same priority runs next.
    pub chance: Option<Random>,
    /// How often one of a module's functions is called before the module gets machine code.
    /// None where they are not counted.
    pub calls_before_machine_code: Option<u32>,
    /// What has to be added to the monotonic clock so that it is Erlang's system time: nanoseconds.
    pub clock_offset: i64,
    /// Modules and functions.
    pub code: Code,
    /// The collector.
    pub collector: Collector,
    /// Messages that wait for their time.
    pub delayed: DelayedMessages,
    /// Processes that are ending.
    pub ending: VecDeque<Ending>,
    /// Tables of terms.
    pub tables: Tables,
    /// The variables of the environment.
    pub environment: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What names of files are.
    pub file_names: NameEncoding,
    /// The process that closes the files of those that have ended.
    pub file_janitor: Option<LocalPid>,
    /// Operations on files that are under way.
    pub file_waits: FileWaits,
    /// How the machine has ended, once it has.
    pub halted: Option<Halt>,
    /// What new processes may ask of their heaps, unless who makes them says otherwise.
    pub heap_limits: HeapLimits,
    /// What processes return to, and other instructions that belong to no module: [`crate::emu::own_instructions`].
    pub instructions: Box<[u64]>,
    /// What `erlang:now/0` has given last, in microseconds.
    pub last_now: i64,
    /// Modules that were translated before.
    pub library: Option<Library>,
    /// The literals' range.
    pub literals: LiteralSpace,
    /// How much is done at once.
    pub loop_limits: LoopLimits,
    /// Modules that are loaded when they are called, where there is no code server.
    pub on_demand: Option<OnDemand>,
    /// Where new processes keep their messages, unless who makes them says otherwise.
    pub message_place: MessagePlace,
    /// Places for messages that were used before.
    pub nodes: Nodes,
    /// Room for machine code, if modules get any.
    pub native: Option<native::Space>,
    /// The name and creation of this node.
    pub node: Node,
    /// Persistent terms.
    pub persistent: PersistentTerms,
    /// Regular expressions that were run not long ago.
    pub patterns: crate::re::Cache,
    /// What is below.
    pub platform: Box<dyn Platform>,
    /// The ports.
    pub ports: Ports,
    /// The processes.
    pub processes: ProcessTable,
    /// Those that could run.
    pub queue: Queue,
    /// Reductions of all processes.
    pub reductions: u64,
    /// The last reference's number.
    pub references: u64,
    /// Names of processes.
    pub registry: HashMap<Atom, LocalPid>,
    /// What the process that the host waits for has come to.
    pub results: Results,
    /// The keys of maps that programs make of nothing.
    pub shapes: Shapes,
    /// Reductions of the time slice that began last.
    pub slice: i64,
    /// Processes that have ended, whose memory the next ones get.
    pub spare: Vec<Box<Process>>,
    /// What programs have set.
    pub settings: Settings,
    /// Who gets what the machine logs, if it is not the process `logger`.
    pub system_logger: Option<LocalPid>,
    /// What the statistics have told last.
    pub told: Told,
    /// Nanoseconds in which nobody could run.
    pub rested: u64,
    /// Turns of all processes.
    pub turns: u64,
    /// Timers.
    pub timers: TimerWheel<Timer>,
    /// Who is traced.
    pub tracing: Tracing,
    /// The last unique integer.
    pub unique: u64,
    /// Since when wall time is measured, if it is.
    pub wall_time: Option<WallTime>,
}

/// What flags and `system_flag/2` set and nobody here looks at.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `outstanding_system_requests_limit`
    pub outstanding_requests: u32,
    /// Whether `io` takes all letters for printable ones, and not only those of Latin-1: `+pc`.
    pub prints_unicode: bool,
    /// Whether programs may look at the machine's inside and change it.
    pub shows_internal_state: bool,
    /// `trace_control_word`
    pub trace_control_word: u32,
    /// How much longer a collection takes that somebody is told of, in nanoseconds: for tests.
    pub collection_delay: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            outstanding_requests: 2,
            prints_unicode: false,
            shows_internal_state: false,
            trace_control_word: 0,
            collection_delay: 0,
        }
    }
}

/// What the host learns of the process that it waits for.
#[derive(Debug, Default)]
pub struct Results {
    /// Whom it waits for.
    pub awaited: Option<LocalPid>,
    /// Status and text that the process has ended with: `exit({Status, Text})`.
    pub outcome: Option<(i64, Vec<u8>)>,
    /// What it has ended with, if that was nothing of the kind.
    pub unexpected: alloc::string::String,
}

impl Results {
    pub(crate) fn finished(&mut self, process: &mut Process, atoms: &AtomTable, node: Atom) {
        if self.awaited != Some(process.pid) {
            return;
        }
        if let Some(pair) = process.exit_reason.as_tuple()
            && let [status, text] = pair.elements()
            && let (Some(status), Some(text)) = (status.as_small(), text.as_bits())
        {
            self.outcome = Some((status, text.bytes().collect()));
            return;
        }
        self.unexpected = alloc::format!("{}", crate::print::Printed::new(atoms, node, process.exit_reason));
    }
}

/// Why there is no machine.
#[derive(Debug)]
pub enum StartError {
    /// There is no room for literals.
    NoLiteralSpace,
    /// The names of BIFs are no atoms.
    Atom(AtomError),
}

impl Vm {
    /// A machine without modules and processes.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(mut platform: Box<dyn Platform>) -> Result<Self, StartError> {
        let began = platform.monotonic();
        let mut seed = [0; 8];
        platform.entropy(&mut seed);
        let literals = platform.reserve(LITERALS).ok_or(StartError::NoLiteralSpace)?;
        let mut vm = Self {
            accounting: Accounting::default(),
            atoms: AtomTable::new(AtomLimit::DEFAULT),
            backtrace_depth: 8,
            began,
            bif_names: Vec::with_capacity(TABLE.len()),
            chance: None,
            calls_before_machine_code: None,
            clock_offset: platform.system_time() - platform.monotonic() as i64,
            code: Code::new(),
            collector: Collector::default(),
            delayed: DelayedMessages::default(),
            ending: VecDeque::new(),
            tables: Tables::default(),
            environment: platform.environment().into_iter().collect(),
            file_names: NameEncoding::default(),
            file_janitor: None,
            file_waits: FileWaits::default(),
            halted: None,
            heap_limits: HeapLimits::default(),
            instructions: crate::emu::own_instructions(),
            last_now: 0,
            library: None,
            literals: LiteralSpace::new(literals),
            loop_limits: LoopLimits::default(),
            on_demand: None,
            message_place: MessagePlace::OnHeap,
            nodes: Nodes::default(),
            native: None,
            node: Node { name: predefined::NONODE_AT_NOHOST, creation: 0 },
            persistent: PersistentTerms::default(),
            patterns: crate::re::Cache::default(),
            platform,
            ports: Ports::default(),
            processes: ProcessTable::new(262_144),
            queue: Queue::default(),
            reductions: 0,
            references: u64::from_le_bytes(seed) >> 8,
            registry: HashMap::new(),
            results: Results::default(),
            shapes: Shapes::default(),
            slice: 0,
            spare: Vec::new(),
            settings: Settings::default(),
            system_logger: None,
            told: Told::default(),
            rested: 0,
            turns: 0,
            timers: TimerWheel::new(began / 1_000_000),
            tracing: Tracing::default(),
            unique: 0,
            wall_time: None,
        };
        vm.bind_bifs()?;
        Ok(vm)
    }

    fn bind_bifs(&mut self) -> Result<(), StartError> {
        for (index, entry) in TABLE.iter().enumerate() {
            let module = self.atoms.insert(entry.module).map_err(StartError::Atom)?;
            let function = self.atoms.insert(entry.function).map_err(StartError::Atom)?;
            self.bif_names.push([module, function]);
            if index < BIFS.len() {
                self.code.bind_bif(module, function, u32::from(entry.arity), BifIndex(index as u32));
            }
        }
        Ok(())
    }

    /// Nanoseconds since the machine was made.
    pub fn up(&mut self) -> u64 {
        self.platform.monotonic().saturating_sub(self.began)
    }

    /// Nanoseconds of these in which it did not rest.
    pub fn busy(&mut self) -> u64 {
        self.up().saturating_sub(self.rested)
    }

    /// Makes machine code of the modules that are loaded from now on once they are called often, where there is room for it. Gives whether there is.
    pub fn use_machine_code(&mut self) -> bool {
        if native::IS_AVAILABLE && self.native.is_none() {
            self.native = self.platform.reserve_code(MACHINE_CODE).map(native::Space::new);
            self.calls_before_machine_code = self.native.as_ref().map(|_| native::CALLS);
        }
        self.native.is_some()
    }

    /// Makes machine code of the module that has an instruction.
    pub fn make_machine_code(&mut self, address: usize) {
        if self.native.is_some() {
            self.complete_at(address);
        }
        let Self { native: Some(space), code, tracing, platform, .. } = self else { return };
        let Some(instance) = code.instance_at_mut(address) else { return };
        // A module that has breakpoints does without; it is asked again after as many calls.
        if tracing.points.addresses_in(&instance.addresses()).is_empty() {
            instance.make_machine_code(space, platform.as_mut());
        }
    }

    /// Loads a module and makes it current.
    ///
    /// # Errors
    /// [`LoadError`].
    pub fn load(&mut self, bytes: Vec<u8>) -> Result<Atom, LoadError> {
        let instance = loader::load(self, bytes.into(), None)?;
        let module = instance.module();
        self.code.install(Box::new(instance)).map_err(|_| LoadError::NotPurged)?;
        Ok(module)
    }

    /// Gives up code that was prepared and that nobody can load any more.
    pub fn release_forgotten_code(&mut self) {
        for instance in self.code.prepared.take_forgotten() {
            // SAFETY: code that was never loaded has run nowhere, so nobody has seen its literals.
            #[expect(unsafe_code, reason = "gives literals back that nobody has seen")]
            unsafe {
                self.literals.release(instance.into_literals());
            }
        }
    }

    /// A reference that nobody else has.
    pub fn new_reference(&mut self) -> [u32; 3] {
        self.references += 1;
        let value = self.references;
        [(value & 0x3_FFFF) as u32, (value >> 18) as u32, (value >> 50) as u32]
    }

    /// Makes a process that calls a function; it is put into the run queue.
    ///
    /// # Errors
    /// [`TableFull`].
    pub fn spawn(
        &mut self,
        export: &'static Export,
        arguments: &[Term],
        parent: LocalPid,
        leader: Term,
    ) -> Result<LocalPid, TableFull> {
        let process = self.new_process(parent, leader, self.heap_limits, arguments)?;
        Ok(self.start(process, export))
    }

    /// A process that has copies of arguments and is not in the table yet.
    ///
    /// # Errors
    /// [`TableFull`].
    pub fn new_process(
        &mut self,
        parent: LocalPid,
        leader: Term,
        limits: HeapLimits,
        arguments: &[Term],
    ) -> Result<Box<Process>, TableFull> {
        let literals = self.literals.addresses();
        let words: usize = arguments.iter().map(|term| crate::copy::size_of(*term, &literals)).sum();
        let leader_words = crate::copy::size_of(leader, &literals);
        let pid = self.processes.reserve()?;
        let mut block = FIRST_BLOCK.max(words + leader_words + 16);
        if limits.min_words > HeapLimits::default().min_words {
            block = block.max(limits.min_words as usize);
        }
        let mut process = match self.spare.pop() {
            Some(mut process) => {
                process.renew(pid, block, limits, parent);
                process
            }
            None => Box::new(Process::new(pid, ProcessHeap::new(block, limits), Term::NIL, parent)),
        };
        process.heap.push_return_address(&raw const self.instructions[0]);
        process.group_leader = crate::copy::copy(leader, &mut process.heap, &literals);
        for argument in arguments {
            let copied = crate::copy::copy(*argument, &mut process.heap, &literals);
            process.arguments.push(copied);
        }
        Ok(process)
    }

    /// Lets a process call a function with the arguments that it has.
    pub fn start(&mut self, process: Box<Process>, export: &'static Export) -> LocalPid {
        self.start_at(process, export, export.address.get())
    }

    /// The same, with the function's first instruction.
    pub fn start_at(
        &mut self,
        mut process: Box<Process>,
        export: &'static Export,
        address: *const u64,
    ) -> LocalPid {
        process.ip = address;
        process.initial_call = (export.module, export.function, export.arity);
        let pid = process.pid;
        self.queue.push(&mut process);
        self.processes.park(process);
        pid
    }
}
