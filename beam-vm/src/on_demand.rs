// SPDX-License-Identifier: Apache-2.0
//! Modules that are loaded when the program calls one that is not there: without OTP's boot there is no code server that would do it. A module
//! with an `on_load` function becomes current when that has returned `ok`, as the code server sees to: whoever calls the module first
//! calls that function before, others wait meanwhile.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::emu::assemble::{AssembleError, Op, assemble};
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::loader;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What is known of modules that were asked for.
#[derive(Debug)]
pub struct OnDemand {
    /// Instructions that call an `on_load` function and then what was called.
    first_call: &'static [u64],
    /// Modules whose `on_load` function runs, and where.
    beginning: BTreeMap<Atom, LocalPid>,
    /// Modules whose `on_load` function did not want them to be loaded.
    refused: BTreeSet<Atom>,
}

/// What comes of asking for a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demanded {
    /// It is not there.
    Nothing,
    /// It is loaded.
    Loaded,
    /// It is, once its `on_load` function has returned: call this with module, function and arguments.
    Begins(*const u64),
    /// Another process calls that function.
    Waits,
}

impl Vm {
    /// Loads modules from now on when they are called.
    ///
    /// # Errors
    /// The instructions do not fit together.
    pub fn load_on_demand(&mut self) -> Result<(), AssembleError> {
        let first_call = first_call(self)?;
        self.on_demand = Some(OnDemand { first_call, beginning: BTreeMap::new(), refused: BTreeSet::new() });
        Ok(())
    }

    /// Loads a module that a process has called, if that is how this machine gets its modules.
    pub fn demand(&mut self, module: Atom, caller: LocalPid) -> Demanded {
        if self.on_demand.is_none() || self.code.current(module).is_some() {
            return Demanded::Nothing;
        }
        if self.code.on_load_entry(module).is_some() {
            return self.demand_again(module, caller);
        }
        let Some(bytes) = self.platform.module(self.atoms.text(module)) else { return Demanded::Nothing };
        match self.load_wherever(bytes) {
            Ok(false) => Demanded::Loaded,
            Ok(true) => match &mut self.on_demand {
                Some(known) => {
                    known.beginning.insert(module, caller);
                    // The first three words are what stands before a function.
                    Demanded::Begins(&raw const known.first_call[FUNCTION])
                }
                None => Demanded::Nothing,
            },
            Err(error) => {
                let text = alloc::format!("Loading of {} failed: {error}", self.atoms.text(module));
                self.platform.warn(&text);
                Demanded::Nothing
            }
        }
    }

    /// A module whose `on_load` function has not said yet that it may be current.
    fn demand_again(&self, module: Atom, caller: LocalPid) -> Demanded {
        let Some(known) = &self.on_demand else { return Demanded::Nothing };
        let begins = known.beginning.get(&module).filter(|pid| self.processes.is_alive(**pid));
        match begins {
            Some(pid) if *pid != caller && !known.refused.contains(&module) => Demanded::Waits,
            _ => Demanded::Nothing,
        }
    }

    /// Loads a module, which becomes current unless it has an `on_load` function: tells whether it has.
    fn load_wherever(&mut self, bytes: Vec<u8>) -> Result<bool, loader::LoadError> {
        let instance = Box::new(loader::load(self, bytes.into(), None)?);
        let has_on_load = instance.on_load().is_some();
        let installed =
            if has_on_load { self.code.install_for_on_load(instance) } else { self.code.install(instance) };
        installed.map_err(|_| loader::LoadError::NotPurged)?;
        Ok(has_on_load)
    }

    /// Notes that a module's `on_load` function did not want it to be loaded.
    pub fn refuse_demanded(&mut self, module: Atom) {
        if let Some(known) = &mut self.on_demand {
            known.refused.insert(module);
        }
    }
}

/// Where the first instruction of a function is that has nothing before it but its `func_info`.
const FUNCTION: usize = 2;

/// `f(M, F, Args) -> R = (catch erlang:call_on_load_function(M)), erlang:finish_after_on_load(M, R =:= ok), apply(M, F, Args).`
fn first_call(vm: &mut Vm) -> Result<&'static [u64], AssembleError> {
    use Operation as O;

    let call = vm.code.export(predefined::ERLANG, predefined::CALL_ON_LOAD_FUNCTION, 1);
    let finish = vm.code.export(predefined::ERLANG, predefined::FINISH_AFTER_ON_LOAD, 2);
    let (number, label) = (Arg::Number, Arg::Label);
    let (x, y) = (Arg::X, Arg::Y);
    let atom = |atom| Arg::Const(Term::atom(atom));
    let op = |operation, args: Vec<Arg>| Op { operation, args };
    let ops = [
        op(
            O::FuncInfo,
            vec![atom(predefined::ERROR_HANDLER), atom(predefined::UNDEFINED_FUNCTION), number(3)],
        ),
        op(O::Allocate, vec![number(4), number(3)]),
        op(O::Move, vec![x(0), y(0)]),
        op(O::Move, vec![x(1), y(1)]),
        op(O::Move, vec![x(2), y(2)]),
        op(O::InitY, vec![y(3)]),
        op(O::Catch, vec![y(3), label(1)]),
        op(O::CallExt, vec![number(1), Arg::Export(call)]),
        op(O::TryEnd, vec![y(3)]),
        op(O::Jump, vec![label(2)]),
        op(O::Label, vec![label(1)]),
        op(O::TryCase, vec![y(3)]),
        op(O::Move, vec![atom(predefined::ERROR), x(0)]),
        op(O::Label, vec![label(2)]),
        op(O::Move, vec![atom(predefined::FALSE), x(1)]),
        op(O::IsEqExact, vec![label(3), x(0), atom(predefined::OK)]),
        op(O::Move, vec![atom(predefined::TRUE), x(1)]),
        op(O::Label, vec![label(3)]),
        op(O::Move, vec![y(0), x(0)]),
        op(O::CallExt, vec![number(2), Arg::Export(finish)]),
        op(O::Move, vec![y(0), x(0)]),
        op(O::Move, vec![y(1), x(1)]),
        op(O::Move, vec![y(2), x(2)]),
        op(O::Deallocate, vec![number(4)]),
        op(O::ApplyList, vec![number(1)]),
    ];
    let code = assemble(&ops, 4)?;
    Ok(Box::leak(code.words))
}
