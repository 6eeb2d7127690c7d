// SPDX-License-Identifier: Apache-2.0
//! What the machine itself logs: a message to the process `logger`, as stock's emulator sends it (`send_error_term_to_logger` of
//! `utils.c`): `{log, Level, Format, Args, Meta}`. Another process can take its place (`system_flag(system_logger, _)`). Without such a process
//! nobody is told.

use alloc::vec;
use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::heap::{Fragment, build};
use crate::map;
use crate::process::{Lookup, Message, Process};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

impl Vm {
    /// Logs an event of a process. `arguments` makes the terms for the format's directives.
    pub fn log(
        &mut self,
        level: Atom,
        process: LocalPid,
        leader: Term,
        format: &str,
        arguments: &mut dyn FnMut(&mut Fragment) -> Vec<Term>,
    ) {
        let Some(logger) = self.system_logger.or_else(|| self.registry.get(&predefined::LOGGER).copied())
        else {
            return;
        };
        let literals = self.literals.addresses();
        let micros = self.platform.system_time() / 1000;
        let mut fragment = Fragment::default();
        let heap = &mut fragment;
        let own = [
            (Term::atom(predefined::EMULATOR), Term::boolean(true)),
            (Term::atom(predefined::TAG), Term::atom(level)),
        ];
        let own = map::from_pairs(heap, &self.atoms, &own);
        let leader = crate::copy::copy(leader, heap, &literals);
        let meta = [
            (Term::atom(predefined::ERROR_LOGGER), own),
            (Term::atom(predefined::GL), leader),
            (Term::atom(predefined::PID), Term::pid(process)),
            (Term::atom(predefined::TIME), build::integer(heap, micros)),
        ];
        let meta = map::from_pairs(heap, &self.atoms, &meta);
        let arguments = arguments(heap);
        let arguments = build::list(heap, &arguments);
        let format = build::string(heap, format);
        let message = [Term::atom(predefined::LOG), Term::atom(level), format, arguments, meta];
        let term = build::tuple(heap, &message);
        if let Lookup::Process(receiver) = self.processes.lookup(logger) {
            receiver.mailbox.push(&mut self.nodes, Message::of_machine(term, Some(fragment)));
            self.queue.wake(receiver);
        }
    }

    /// Logs that a process has ended with an exception that nobody has caught, if that was no exit.
    pub fn log_crash(&mut self, process: &Process) {
        let literals = self.literals.addresses();
        let (pid, reason, node) = (process.pid, process.exit_reason, self.node.name);
        let is_alive = node != predefined::NONODE_AT_NOHOST;
        let format = if is_alive { CRASH_ON_NODE } else { CRASH };
        self.log(predefined::ERROR, pid, process.group_leader, format, &mut |heap| {
            let reason = crate::copy::copy(reason, heap, &literals);
            if is_alive {
                vec![Term::pid(pid), Term::atom(node), reason]
            } else {
                vec![Term::pid(pid), reason]
            }
        });
    }
}

impl Vm {
    /// Logs that a process has sent a port what is no iodata.
    pub fn log_bad_output(&mut self, name: &[u8]) {
        let root = LocalPid(0);
        let name: alloc::string::String = name.iter().map(|byte| char::from(*byte)).collect();
        let text = alloc::format!("Bad value on output port '{name}'\n\n");
        self.log(predefined::ERROR, root, Term::pid(root), "~s", &mut |heap| {
            vec![build::string(heap, &text)]
        });
    }
}

/// What stock says of a process that has crashed.
const CRASH: &str = "Error in process ~p with exit value:~n~p~n";
/// The same on a node that has a name.
const CRASH_ON_NODE: &str = "Error in process ~p on node ~p with exit value:~n~p~n";
