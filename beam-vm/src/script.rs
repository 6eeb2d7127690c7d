// SPDX-License-Identifier: Apache-2.0
//! Running one function without OTP's boot, and telling its result: what `voxoz beam` does.
//!
//! The function is called in a process of its own by some instructions that belong to no module. They catch what it raises, let `io_lib`
//! make a text of it, and end with `exit({Status, Text})`. Another process answers as OTP's `init` does to who asks for the arguments of the
//! command line, as `erl_features` does: there are none.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::atom::{Atom, AtomError, predefined};
use crate::bif::BifIndex;
use crate::emu::Machine;
use crate::emu::assemble::{AssembleError, Op, assemble};
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::heap::{HeapLimits, build};
use crate::process::TableFull;
use crate::sched::Idle;
use crate::term::{Export, LocalPid, Term};
use crate::vm::Vm;

/// What a function has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It has returned; the text of its result.
    Returned(Vec<u8>),
    /// It has raised; the text of `{Class, Reason, Stacktrace}`.
    Raised(Vec<u8>),
    /// The program has halted with this status.
    Halted(i32),
    /// The process was ended by another, or the result could not be printed; the reason.
    Killed(String),
    /// Nothing runs any more, and the function has not returned.
    Stuck,
}

/// Why a function cannot be called.
#[derive(Debug)]
pub enum ScriptError {
    /// A name is no atom.
    Atom(AtomError),
    /// The instructions do not fit together.
    Assemble(AssembleError),
    /// There is no place for a process.
    Full(TableFull),
    /// There is no room for literals.
    NoRoom,
}

impl core::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Atom(error) => write!(f, "{error}"),
            Self::Assemble(error) => write!(f, "{error}"),
            Self::Full(_) => write!(f, "there is no place for another process"),
            Self::NoRoom => write!(f, "there is no room for literals"),
        }
    }
}

impl core::error::Error for ScriptError {}

/// Calls `module:function()` and waits for what it comes to.
///
/// # Errors
/// [`ScriptError`].
pub fn call(vm: &mut Vm, module: &str, function: &str) -> Result<Outcome, ScriptError> {
    let module = vm.atoms.insert(module).map_err(ScriptError::Atom)?;
    let function = vm.atoms.insert(function).map_err(ScriptError::Atom)?;
    let words = instructions(vm, module, function)?;
    let leader = Term::pid(LocalPid(0));
    let mut process =
        vm.new_process(LocalPid(0), leader, HeapLimits::default(), &[]).map_err(ScriptError::Full)?;
    process.group_leader = Term::pid(process.pid);
    let pid = process.pid;
    // The first three words are what stands before a function.
    process.ip = &raw const words[2];
    process.initial_call = (module, function, 0);
    vm.results.awaited = Some(pid);
    vm.queue.push(&mut process);
    vm.processes.park(process);
    start_init(vm)?;
    let mut machine = Machine::new();
    Ok(match vm.run_until(&mut machine, pid) {
        Idle::Halted(halt) => Outcome::Halted(halt.status()),
        Idle::Stuck => Outcome::Stuck,
        Idle::Finished => match vm.results.outcome.take() {
            Some((0, text)) => Outcome::Returned(text),
            Some((_, text)) => Outcome::Raised(text),
            None => Outcome::Killed(core::mem::take(&mut vm.results.unexpected)),
        },
    })
}

fn export(vm: &mut Vm, module: &str, function: &str, arity: u32) -> Result<&'static Export, ScriptError> {
    let module = vm.atoms.insert(module).map_err(ScriptError::Atom)?;
    let function = vm.atoms.insert(function).map_err(ScriptError::Atom)?;
    Ok(vm.code.export(module, function, arity))
}

/// Starts the process that is registered as `init`, if there is none.
fn start_init(vm: &mut Vm) -> Result<(), ScriptError> {
    if vm.registry.contains_key(&predefined::INIT) {
        return Ok(());
    }
    let words = answering()?;
    let root = Term::pid(LocalPid(0));
    let mut process =
        vm.new_process(LocalPid(0), root, HeapLimits::default(), &[]).map_err(ScriptError::Full)?;
    process.ip = &raw const words[2];
    process.initial_call = (predefined::INIT, predefined::INIT, 0);
    process.extension_mut().registered = Some(predefined::INIT);
    vm.registry.insert(predefined::INIT, process.pid);
    vm.queue.push(&mut process);
    vm.processes.park(process);
    Ok(())
}

/// Instructions that answer `{Pid, _}` with `{init, []}` for ever.
fn answering() -> Result<&'static [u64], ScriptError> {
    use Operation as O;

    let (number, label, x) = (Arg::Number, Arg::Label, Arg::X);
    let init = || Arg::Const(Term::atom(predefined::INIT));
    let op = |operation, args: Vec<Arg>| Op { operation, args };
    let ops = [
        op(O::FuncInfo, vec![init(), init(), number(0)]),
        op(O::Allocate, vec![number(0), number(0)]),
        op(O::Label, vec![label(1)]),
        op(O::LoopRec, vec![label(2), x(0)]),
        op(O::IsTupleOfArity, vec![label(3), x(0), number(2)]),
        op(O::GetTupleElement, vec![x(0), number(0), x(0)]),
        op(O::IsPid, vec![label(3), x(0)]),
        op(O::RemoveMessage, vec![]),
        op(O::TestHeap, vec![number(3), number(1)]),
        op(O::PutPair, vec![x(1), init(), Arg::Const(Term::NIL)]),
        op(O::Send, vec![]),
        op(O::Jump, vec![label(1)]),
        op(O::Label, vec![label(3)]),
        op(O::LoopRecEnd, vec![label(1)]),
        op(O::Label, vec![label(2)]),
        op(O::Wait, vec![label(1)]),
    ];
    let code = assemble(&ops, 4).map_err(ScriptError::Assemble)?;
    Ok(Box::leak(code.words))
}

/// The instructions, which live as long as the machine.
fn instructions(vm: &mut Vm, module: Atom, function: Atom) -> Result<&'static [u64], ScriptError> {
    use Operation as O;

    let called = vm.code.export(module, function, 0);
    let format = export(vm, "io_lib", "format", 2)?;
    let to_binary = export(vm, "unicode", "characters_to_binary", 1)?;
    let exit = vm.code.export(predefined::ERLANG, predefined::EXIT, 1);
    let exit_bif = BifIndex::from_raw(exit.bif.get()).unwrap_or(BifIndex(0));
    let mut area = vm.literals.area(16, vm.platform.as_mut()).ok_or(ScriptError::NoRoom)?;
    let directive = build::byte_list(&mut area, b"~tp~n");
    let (number, label) = (Arg::Number, Arg::Label);
    let (x, y) = (Arg::X, Arg::Y);
    let constant = |value| Arg::Const(Term::small_cut(value));
    let op = |operation, args: Vec<Arg>| Op { operation, args };
    let ops = [
        op(O::FuncInfo, vec![Arg::Const(Term::atom(module)), Arg::Const(Term::atom(function)), number(0)]),
        op(O::Allocate, vec![number(2), number(0)]),
        op(O::InitY2, vec![y(0), y(1)]),
        op(O::Catch, vec![y(0), label(1)]),
        op(O::CallExt, vec![number(0), Arg::Export(called)]),
        op(O::TryEnd, vec![y(0)]),
        op(O::Move, vec![constant(0), y(1)]),
        op(O::Jump, vec![label(2)]),
        op(O::Label, vec![label(1)]),
        op(O::TryCase, vec![y(0)]),
        op(O::Move, vec![x(0), y(0)]),
        op(O::Move, vec![x(1), y(1)]),
        op(O::Move, vec![x(2), x(0)]),
        op(O::BuildStacktrace, vec![]),
        op(O::TestHeap, vec![number(4), number(1)]),
        op(O::PutTriple, vec![x(0), y(0), y(1), x(0)]),
        op(O::Move, vec![constant(1), y(1)]),
        op(O::Label, vec![label(2)]),
        op(O::InitY, vec![y(0)]),
        op(O::TestHeap, vec![number(2), number(1)]),
        op(O::PutList, vec![x(0), Arg::Const(Term::NIL), x(1)]),
        op(O::Move, vec![Arg::Const(directive), x(0)]),
        op(O::CallExt, vec![number(2), Arg::Export(format)]),
        op(O::CallExt, vec![number(1), Arg::Export(to_binary)]),
        op(O::TestHeap, vec![number(3), number(1)]),
        op(O::PutPair, vec![x(0), y(1), x(0)]),
        op(O::CallBif, vec![Arg::Bif(exit_bif), Arg::Export(exit), number(1)]),
        op(O::Unreachable, vec![]),
    ];
    let code = assemble(&ops, 3).map_err(ScriptError::Assemble)?;
    Ok(Box::leak(code.words))
}
