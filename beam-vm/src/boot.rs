// SPDX-License-Identifier: Apache-2.0
//! Starting OTP: its preloaded modules, the process that runs `init`, and those that the emulator is known to have (`erl_init.c`,
//! `erl_start`). What follows is OTP's own: `init` reads the boot script and starts the applications.

use alloc::vec::Vec;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::atom::{Atom, AtomError, predefined};
use crate::code::{PRELOADED, Presence};
use crate::emu::Machine;
use crate::halt::Halt;
use crate::heap::build;
use crate::heap::{Fragment, HeapLimits};
use crate::last_words::{self, Exhausted};
use crate::loader::LoadError;
use crate::process::{MessagePlace, Priority, TableFull};
use crate::sched::Idle;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// Why OTP cannot be started.
#[derive(Debug)]
pub enum BootError {
    /// A module that has to be there is not.
    NoModule(&'static str),
    /// A module cannot be loaded.
    Load(&'static str, LoadError),
    /// A name is no atom.
    Atom(AtomError),
    /// There is no place for a process.
    Full(TableFull),
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoModule(name) => write!(f, "the preloaded module {name} is not there"),
            Self::Load(name, error) => write!(f, "the preloaded module {name} cannot be loaded: {error}"),
            Self::Atom(error) => write!(f, "{error}"),
            Self::Full(_) => write!(f, "there is no place for another process"),
        }
    }
}

impl core::error::Error for BootError {}

/// What a started system has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// It has halted.
    Halted(Halt),
    /// Nothing runs and nothing will.
    Stuck,
}

/// A process of the machine's own: what it calls, and how urgent it is.
struct Own {
    module: &'static str,
    priority: Priority,
    place: MessagePlace,
}

/// Those that stock starts after `init`, with the pids that they have there.
const OWN: [Own; 5] = [
    Own { module: "erts_code_purger", priority: Priority::High, place: MessagePlace::OffHeap },
    Own { module: "erts_literal_area_collector", priority: Priority::High, place: MessagePlace::OffHeap },
    Own {
        module: "erts_dirty_process_signal_handler",
        priority: Priority::Normal,
        place: MessagePlace::OffHeap,
    },
    Own {
        module: "erts_dirty_process_signal_handler",
        priority: Priority::High,
        place: MessagePlace::OffHeap,
    },
    Own {
        module: "erts_dirty_process_signal_handler",
        priority: Priority::Max,
        place: MessagePlace::OffHeap,
    },
];

/// Loads the preloaded modules and makes the first processes. `arguments` is what `init` gets to see of the command line.
///
/// # Errors
/// [`BootError`].
pub fn start(vm: &mut Vm, arguments: &[Vec<u8>]) -> Result<LocalPid, BootError> {
    for (name, presence) in PRELOADED {
        if presence == Presence::LeftOut {
            continue;
        }
        let Some(bytes) = vm.platform.module(name) else {
            if presence == Presence::IfThere {
                continue;
            }
            return Err(BootError::NoModule(name));
        };
        let atom = vm.load(bytes).map_err(|error| BootError::Load(name, error))?;
        vm.code.preloaded.push(atom);
    }
    let init = start_init(vm, arguments)?;
    for own in &OWN {
        start_own(vm, init, own)?;
    }
    Ok(init)
}

fn atom(vm: &mut Vm, text: &str) -> Result<Atom, BootError> {
    vm.atoms.insert(text).map_err(BootError::Atom)
}

fn start_init(vm: &mut Vm, arguments: &[Vec<u8>]) -> Result<LocalPid, BootError> {
    let mut fragment = Fragment::default();
    let binaries: Vec<Term> = arguments.iter().map(|bytes| build::binary(&mut fragment, bytes)).collect();
    let list = build::list(&mut fragment, &binaries);
    let module = atom(vm, "erl_init")?;
    let export = vm.code.export(module, predefined::START, 2);
    let root = LocalPid(0);
    let arguments = [Term::atom(predefined::INIT), list];
    let mut process =
        vm.new_process(root, Term::pid(root), HeapLimits::default(), &arguments).map_err(BootError::Full)?;
    process.extension_mut().is_system = true;
    Ok(vm.start(process, export))
}

fn start_own(vm: &mut Vm, init: LocalPid, own: &Own) -> Result<(), BootError> {
    let module = atom(vm, own.module)?;
    let export = vm.code.export(module, predefined::START, 0);
    let mut process =
        vm.new_process(init, Term::pid(init), HeapLimits::default(), &[]).map_err(BootError::Full)?;
    process.priority = own.priority;
    process.message_place = own.place;
    process.extension_mut().is_system = true;
    vm.start(process, export);
    Ok(())
}

/// The machine that [`run`] runs. There is one in a program that is a system.
static CURRENT: AtomicPtr<Machine> = AtomicPtr::new(null_mut());

/// Ends the system because there is no more of something, from wherever that is found out.
#[expect(unsafe_code, reason = "looks at a machine that somebody works with")]
fn end_exhausted(what: Exhausted) {
    // SAFETY: the machine and its parts are there while `run` works with them, which it does on this thread and never again, since this does not
    // return. The process is null while none runs.
    unsafe {
        let Some(machine) = CURRENT.swap(null_mut(), Ordering::Relaxed).as_ref() else { return };
        let vm = &mut *machine.vm;
        vm.crash_exhausted(machine.process.as_ref(), what);
        let status = vm.halted.map_or(1, Halt::status);
        vm.platform.crash(status)
    }
}

/// Runs what was started, until it halts.
pub fn run(vm: &mut Vm, init: LocalPid) -> End {
    let mut machine = Machine::new();
    machine.vm = vm;
    CURRENT.store(&raw mut *machine, Ordering::Relaxed);
    last_words::set(Some(end_exhausted));
    let idle = vm.run_until(&mut machine, init);
    last_words::set(None);
    CURRENT.store(null_mut(), Ordering::Relaxed);
    match idle {
        Idle::Halted(halt) => End::Halted(halt),
        Idle::Stuck => End::Stuck,
        // It is one of the machine's own, so its end is that of the machine.
        Idle::Finished => End::Halted(vm.halted.unwrap_or(Halt::Status(1))),
    }
}
