// SPDX-License-Identifier: Apache-2.0
//! What the machine itself logs: a message to the process `logger`, as stock's emulator sends it (`send_error_term_to_logger` of
//! `utils.c`): `{log, Level, Format, Args, Meta}`. Without such a process nobody is told.

use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::heap::{Fragment, build};
use crate::map;
use crate::process::{Lookup, Message};
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
        let Some(logger) = self.registry.get(&predefined::LOGGER).copied() else { return };
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
            receiver.mailbox.push(&mut self.nodes, Message { term, fragment: Some(fragment) });
            self.queue.wake(receiver);
        }
    }
}
