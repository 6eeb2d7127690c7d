// SPDX-License-Identifier: Apache-2.0
//! What programs ask of the machine as a whole. Items that are about stock's allocators, its threads or its poll sets are not there.

use alloc::vec::Vec;

use super::time::{BEGINNING, END};
use super::{BifResult, Context, Raise, allocators, memory};
use crate::atom::{Atom, predefined};
use crate::bif::Entry;
use crate::bif::Releases;
use crate::bif::table::BIFS;
use crate::crash_dump::Part;
use crate::heap::build;
use crate::term::{Term, View};
use crate::trace::Tracer;

/// The release of OTP whose behaviour is followed.
const RELEASE: &str = "25";
/// The version of its run-time system.
const VERSION: &str = "13.1.5";
/// What the shell greets with.
pub(crate) const GREETING: &str = "Erlang/OTP 25 [erts-13.1.5] [64-bit] [smp:1:1] [voxoz]\n";

/// Reductions of a time slice.
const SLICE: i64 = 4000;
/// What stock says of the number of tables, although it limits them no more.
const ETS_LIMIT: i64 = 8192;

/// `system_info/1`
pub fn system_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if let Some(result) = memory::system_info(cx, args[0]) {
        return result;
    }
    if let Some(pair) = args[0].as_tuple() {
        let [name, of] = *pair.elements() else { return Err(Raise::BADARG) };
        return match (name.as_atom(), of.as_atom()) {
            (Some(predefined::WORDSIZE), Some(predefined::INTERNAL | predefined::EXTERNAL)) => {
                Ok(Term::small_cut(8))
            }
            (
                Some(predefined::CPU_TOPOLOGY),
                Some(predefined::DEFINED | predefined::DETECTED | predefined::USED),
            ) => Ok(Term::atom(predefined::UNDEFINED)),
            (Some(predefined::ALLOCATOR), _) => allocators::instances_of(cx, of),
            (Some(predefined::ALLOCATOR_SIZES), _) => allocators::sizes_of(cx, of),
            _ => Err(Raise::BADARG),
        };
    }
    let item = args[0].as_atom().ok_or(Raise::BADARG)?;
    if let Some(fixed) = fixed(item) {
        return Ok(fixed);
    }
    let text = match item {
        predefined::OTP_RELEASE => RELEASE,
        predefined::VERSION => VERSION,
        predefined::MACHINE => "BEAM",
        predefined::SYSTEM_ARCHITECTURE => "x86_64-pc-linux-gnu",
        predefined::SYSTEM_VERSION => GREETING,
        predefined::DRIVER_VERSION => "3.3",
        predefined::NIF_VERSION => "2.16",
        _ => return counted(cx, item),
    };
    Ok(build::string(cx.heap(), text))
}

/// Items whose answer never changes and needs no room.
fn fixed(item: Atom) -> Option<Term> {
    let atom = |atom| Some(Term::atom(atom));
    let number = |number| Some(Term::small_cut(number));
    match item {
        predefined::WORDSIZE => number(8),
        predefined::SCHEDULERS
        | predefined::SCHEDULERS_ONLINE
        | predefined::SCHEDULERS_ACTIVE
        | predefined::SCHEDULERS_TOTAL
        | predefined::SCHEDULER_ID
        | predefined::RUN_QUEUES
        | predefined::LOGICAL_PROCESSORS
        | predefined::LOGICAL_PROCESSORS_AVAILABLE
        | predefined::LOGICAL_PROCESSORS_ONLINE => number(1),
        predefined::DIRTY_CPU_SCHEDULERS
        | predefined::DIRTY_CPU_SCHEDULERS_ONLINE
        | predefined::DIRTY_IO_SCHEDULERS
        | predefined::THREAD_POOL_SIZE => number(0),
        predefined::COMPAT_REL => number(25),
        predefined::CONTEXT_REDUCTIONS => number(SLICE),
        predefined::DELAYED_NODE_TABLE_GC => number(60),
        predefined::DIST_BUF_BUSY_LIMIT => number(1_048_576),
        predefined::DIST_CTRL
        | predefined::MULTI_SCHEDULING_BLOCKERS
        | predefined::NORMAL_MULTI_SCHEDULING_BLOCKERS
        | predefined::TAINTS => Some(Term::NIL),
        predefined::ENDIAN => atom(predefined::LITTLE),
        predefined::BUILD_TYPE | predefined::EMU_TYPE => atom(predefined::OPT),
        predefined::EMU_FLAVOR => atom(predefined::EMU),
        predefined::DYNAMIC_TRACE => atom(predefined::NONE),
        predefined::MULTI_SCHEDULING | predefined::TOLERANT_TIMEOFDAY => atom(predefined::ENABLED),
        predefined::MODIFIED_TIMING_LEVEL | predefined::CPU_TOPOLOGY | predefined::HIPE_ARCHITECTURE => {
            atom(predefined::UNDEFINED)
        }
        predefined::CPU_QUOTA => atom(predefined::UNKNOWN),
        predefined::SCHEDULER_BIND_TYPE => atom(predefined::UNBOUND),
        predefined::TIME_OFFSET => atom(predefined::FINAL),
        predefined::TIME_WARP_MODE => atom(predefined::NO_TIME_WARP),
        predefined::UPDATE_CPU_INFO => atom(predefined::UNCHANGED),
        predefined::SMP_SUPPORT
        | predefined::THREADS
        | predefined::BEAM_JUMP_TABLE
        | predefined::CONSTANT_POOL_SUPPORT
        | predefined::TIME_CORRECTION
        | predefined::EAGER_CHECK_IO => Some(Term::boolean(true)),
        predefined::BREAK_IGNORED
        | predefined::DEBUG_COMPILED
        | predefined::DYNAMIC_TRACE_PROBES
        | predefined::ETS_ALWAYS_COMPRESS
        | predefined::IO_THREAD
        | predefined::PORT_TASKS
        | predefined::ETS_REALLOC_MOVES
        | predefined::KERNEL_POLL
        | predefined::LOCK_CHECKING
        | predefined::LOCK_COUNTING
        | predefined::PORT_PARALLELISM => Some(Term::boolean(false)),
        _ => None,
    }
}

/// Items that are counted, set, or need room.
fn counted(cx: &mut Context<'_>, item: Atom) -> BifResult {
    Ok(match item {
        predefined::PROCESS_COUNT => Term::count(cx.vm.processes.count()),
        predefined::PROCESS_LIMIT => Term::count(cx.vm.processes.limit() as usize),
        predefined::ETS_COUNT => Term::count(cx.vm.tables.iter().count()),
        predefined::ETS_LIMIT => Term::small_cut(ETS_LIMIT),
        predefined::PORT_COUNT => Term::count(cx.vm.ports.count()),
        predefined::PORT_LIMIT => Term::count(cx.vm.ports.limit()),
        predefined::ATOM_COUNT => Term::count(cx.vm.atoms.count() as usize),
        predefined::ATOM_LIMIT => Term::count(cx.vm.atoms.limit().get() as usize),
        predefined::CREATION => Term::count(cx.vm.node.creation as usize),
        predefined::OUTSTANDING_SYSTEM_REQUESTS_LIMIT => {
            Term::count(cx.vm.settings.outstanding_requests as usize)
        }
        predefined::TRACE_CONTROL_WORD => Term::count(cx.vm.settings.trace_control_word as usize),
        predefined::SYSTEM_LOGGER => system_logger(cx),
        predefined::START_TIME => build::integer(cx.heap(), BEGINNING),
        predefined::END_TIME => build::integer(cx.heap(), END),
        predefined::OS_TYPE => {
            build::tuple(cx.heap(), &[Term::atom(predefined::UNIX), Term::atom(predefined::LINUX)])
        }
        predefined::SCHEDULER_BINDINGS => build::tuple(cx.heap(), &[Term::atom(predefined::UNBOUND)]),
        predefined::SCHEDULERS_STATE => build::tuple(cx.heap(), &[Term::small_cut(1); 3]),
        predefined::ALL_SCHEDULERS_STATE => {
            let [one, normal] = [Term::small_cut(1), Term::atom(predefined::NORMAL)];
            let state = build::tuple(cx.heap(), &[normal, one, one, one]);
            build::list(cx.heap(), &[state])
        }
        predefined::SEQUENTIAL_TRACER => {
            let tracer = cx.vm.sequential_tracer(cx.process.pid);
            let tracer = tracer.map_or(Term::boolean(false), Tracer::term);
            build::tuple(cx.heap(), &[Term::atom(predefined::SEQUENTIAL_TRACER), tracer])
        }
        predefined::SNIFS => snifs(cx),
        predefined::ALLOCATOR => allocators::summary(cx),
        predefined::C_COMPILER_USED => build::tuple(cx.heap(), &[Term::atom(predefined::UNDEFINED); 2]),
        predefined::COMPILE_INFO => {
            let items = [predefined::LDFLAGS, predefined::CFLAGS, predefined::CONFIG_H];
            let items = items.map(|name| build::tuple(cx.heap(), &[Term::atom(name), Term::NIL]));
            build::list(cx.heap(), &items)
        }
        predefined::CHECK_IO => check_io(cx),
        predefined::ETHREAD_INFO => thread_info(cx),
        predefined::INFO => cx.report(Part::System),
        predefined::PROCS => cx.report(Part::Processes),
        predefined::LOADED => cx.report(Part::Modules),
        predefined::DIST => cx.report(Part::Distribution),
        predefined::DECENTRALIZED_COUNTER_GROUPS_MAP => {
            let pair = build::tuple(cx.heap(), &[Term::small_cut(1); 2]);
            build::list(cx.heap(), &[pair])
        }
        predefined::OS_VERSION => {
            let parts = cx.vm.platform.os_version().map(|part| Term::count(part as usize));
            build::tuple(cx.heap(), &parts)
        }
        predefined::OS_MONOTONIC_TIME_SOURCE => {
            let time = cx.vm.platform.monotonic();
            let time = build::unsigned(cx.heap(), time);
            time_source(cx, time, &[(predefined::EXTENDED, predefined::NO)])
        }
        predefined::OS_SYSTEM_TIME_SOURCE => {
            let time = cx.vm.platform.system_time();
            let time = build::integer(cx.heap(), time);
            time_source(cx, time, &[])
        }
        _ => return Err(Raise::BADARG),
    })
}

/// What is known of a clock: parts of a second, and what it says now. Which function of the system it is, the platform keeps to itself.
fn time_source(cx: &mut Context<'_>, time: Term, more: &[(Atom, Atom)]) -> Term {
    let mut pairs: Vec<(Atom, Term)> = Vec::from([(predefined::RESOLUTION, Term::small_cut(1_000_000_000))]);
    pairs.extend(more.iter().map(|(name, value)| (*name, Term::atom(*value))));
    pairs.push((predefined::PARALLEL, Term::atom(predefined::YES)));
    pairs.push((predefined::TIME, time));
    let pairs: Vec<Term> =
        pairs.into_iter().map(|(name, value)| build::tuple(cx.heap(), &[Term::atom(name), value])).collect();
    build::list(cx.heap(), &pairs)
}

/// How numbers are changed in one step and locks are made: there are none, as nobody else is there to see a step.
fn thread_info(cx: &mut Context<'_>) -> Term {
    let heap = cx.heap();
    let mut items = Vec::new();
    for name in ["32-bit native atomics", "64-bit native atomics", "Double word native atomics"] {
        let name = build::string(heap, name);
        let how = build::string(heap, "one thread");
        items.push(build::tuple(heap, &[name, how, Term::NIL]));
    }
    build::list(heap, &items)
}

/// The one set of streams and sockets that is watched.
fn check_io(cx: &mut Context<'_>) -> Term {
    let ports = &cx.vm.ports;
    let watched = ports.streams.len() + ports.sockets.len();
    let set =
        memory::pairs(cx.heap(), &[(predefined::TOTAL_POLL_SET_SIZE, watched), (predefined::ACTIVE_FDS, 0)]);
    build::list(cx.heap(), &[set])
}

/// Who is sent what the machine logs: a process, or `logger` as long as nobody has that name.
fn system_logger(cx: &Context<'_>) -> Term {
    let logger = cx.vm.system_logger.or_else(|| cx.vm.registry.get(&predefined::LOGGER).copied());
    logger.map_or(Term::atom(predefined::LOGGER), Term::pid)
}

impl Context<'_> {
    /// A part of a crash dump as a binary.
    fn report(&mut self, part: Part) -> Term {
        let text = self.vm.report(self.process, part);
        build::binary(&mut self.process.heap, &text)
    }
}

/// The BIFs of the release.
fn snifs(cx: &mut Context<'_>) -> Term {
    let mut all = Vec::new();
    let is_there = |entry: &&Entry| matches!(entry.releases, Releases::All | Releases::Until25);
    // To yield is an instruction in stock's emulator.
    let is_function = |entry: &&Entry| (entry.module, entry.function) != ("erlang", "yield");
    for entry in BIFS.iter().filter(is_there).filter(is_function) {
        let names = (cx.vm.atoms.find(entry.module), cx.vm.atoms.find(entry.function));
        if let (Some(module), Some(function)) = names {
            let parts = [Term::atom(module), Term::atom(function), Term::count(usize::from(entry.arity))];
            all.push(build::tuple(cx.heap(), &parts));
        }
    }
    build::list(cx.heap(), &all)
}

/// `system_flag/2`
pub fn system_flag(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    const BADOPT: Raise =
        Raise::ErrorWithCause(Term::atom(predefined::BADARG), Term::atom(predefined::BADOPT));
    if let Some(result) = memory::system_flag(cx, args[0], args[1]) {
        return result;
    }
    let value = args[1];
    let flag = args[0].as_atom().ok_or(BADOPT)?;
    match flag {
        predefined::BACKTRACE_DEPTH => {
            let depth = value.as_small().filter(|depth| *depth >= 0).ok_or(Raise::BADARG)?;
            let before = core::mem::replace(&mut cx.vm.backtrace_depth, depth.min(64) as usize);
            Ok(Term::count(before))
        }
        predefined::SCHEDULERS_ONLINE if value.as_small() == Some(1) => Ok(value),
        predefined::SCHEDULERS_ONLINE => Err(Raise::BADARG),
        // Who measures is counted by a process of OTP's.
        predefined::SCHEDULER_WALL_TIME if value.as_boolean().is_some() => {
            let function = predefined::SYSTEM_FLAG_SCHEDULER_WALL_TIME;
            let export = cx.vm.code.export(predefined::ERTS_INTERNAL, function, 1);
            Err(cx.trap_to(export, &[value]))
        }
        predefined::MULTI_SCHEDULING => match value.as_atom() {
            Some(predefined::BLOCK) => Ok(Term::atom(predefined::BLOCKED)),
            Some(predefined::BLOCK_NORMAL) => Ok(Term::atom(predefined::BLOCKED_NORMAL)),
            Some(predefined::UNBLOCK | predefined::UNBLOCK_NORMAL) => Ok(Term::atom(predefined::ENABLED)),
            _ => Err(Raise::BADARG),
        },
        predefined::TIME_OFFSET if value == Term::atom(predefined::FINALIZE) => {
            Ok(Term::atom(predefined::FINAL))
        }
        predefined::TIME_OFFSET => Err(Raise::BADARG),
        predefined::OUTSTANDING_SYSTEM_REQUESTS_LIMIT => {
            let limit = value.as_small().and_then(|limit| u32::try_from(limit).ok());
            let limit = limit.filter(|limit| (1..1 << 27).contains(limit)).ok_or(Raise::BADARG)?;
            let before = core::mem::replace(&mut cx.vm.settings.outstanding_requests, limit);
            Ok(Term::count(before as usize))
        }
        predefined::TRACE_CONTROL_WORD => {
            let word = value.as_small().and_then(|word| u32::try_from(word).ok()).ok_or(Raise::BADARG)?;
            let before = core::mem::replace(&mut cx.vm.settings.trace_control_word, word);
            Ok(Term::count(before as usize))
        }
        predefined::SYSTEM_LOGGER => {
            let before = system_logger(cx);
            cx.vm.system_logger = match value.view() {
                View::Atom(predefined::LOGGER | predefined::UNDEFINED) => None,
                View::Pid(pid) if cx.vm.processes.is_there(pid) => Some(pid),
                _ => return Err(Raise::BADARG),
            };
            Ok(before)
        }
        predefined::SEQUENTIAL_TRACER => super::trace::set_tracer(cx, value),
        predefined::RESET_SEQ_TRACE => Ok(super::trace::reset(cx)),
        predefined::MICROSTATE_ACCOUNTING => super::accounting::set(cx, value),
        predefined::SCHEDULER_WALL_TIME => Err(Raise::BADARG),
        predefined::SCHEDULER_BIND_TYPE => Ok(Term::atom(predefined::UNBOUND)),
        predefined::CPU_TOPOLOGY if value == Term::atom(predefined::UNDEFINED) => Ok(value),
        _ => Err(BADOPT),
    }
}

/// `io:printable_range/0`: as `+pc` says.
pub fn printable_range(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let is_unicode = cx.vm.settings.prints_unicode;
    Ok(Term::atom(if is_unicode { predefined::UNICODE } else { predefined::LATIN1 }))
}

/// `error_logger:warning_map/0`: what stock says unless it was started with `+W`.
pub fn warning_map(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::WARNING))
}
