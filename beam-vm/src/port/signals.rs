// SPDX-License-Identifier: Apache-2.0
//! Signals of the system: `os:set_signal/2` says what is done with each, and those that are told become `{notify, Name}` for the process
//! `erl_signal_server`, which is an event manager.

use crate::atom::{Atom, predefined};
use crate::halt::Halt;
use crate::heap::{Fragment, build};
use crate::platform::{Disposition, Signal};
use crate::term::Term;
use crate::vm::Vm;

/// The signals that programs know, with their numbers on Linux.
const NAMES: [(Atom, u8); 10] = [
    (predefined::SIGHUP, 1),
    (predefined::SIGQUIT, 3),
    (predefined::SIGABRT, 6),
    (predefined::SIGALRM, 14),
    (predefined::SIGTERM, 15),
    (predefined::SIGUSR1, 10),
    (predefined::SIGUSR2, 12),
    (predefined::SIGCHLD, 17),
    (predefined::SIGSTOP, 19),
    (predefined::SIGTSTP, 20),
];

/// Those that are told from the start, as in stock.
const TOLD: [Atom; 3] = [predefined::SIGTERM, predefined::SIGUSR1, predefined::SIGQUIT];

/// What `^C` sends: the machine halts, as stock does with `+Bd`. The menu of stock's other setting is not there.
const INTERRUPT: Signal = Signal(2);

/// The status of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// The signal of a name.
#[must_use]
pub fn named(name: Atom) -> Option<Signal> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, number)| Signal(*number))
}

impl Vm {
    /// Says what happens from now on when a signal comes.
    pub fn handle_signal(&mut self, signal: Signal, disposition: Disposition) {
        if let Some(streams) = self.platform.streams() {
            streams.handle(signal, disposition);
            self.ports.hears_signals |= disposition == Disposition::Tell;
        }
    }

    /// Lets the signals be told that a node is to hear of.
    pub fn hear_signals(&mut self) {
        for signal in TOLD.into_iter().filter_map(named) {
            self.handle_signal(signal, Disposition::Tell);
        }
        self.handle_signal(INTERRUPT, Disposition::Tell);
    }

    /// A signal has come.
    pub(super) fn signalled(&mut self, signal: Signal) {
        if signal == INTERRUPT {
            self.ports.drop_backlogs();
            self.halted = Some(Halt::Status(INTERRUPTED));
            return;
        }
        let Some((name, _)) = NAMES.iter().find(|(_, number)| *number == signal.0) else { return };
        let Some(server) = self.registry.get(&predefined::ERL_SIGNAL_SERVER).copied() else { return };
        let mut fragment = Fragment::default();
        let term = build::tuple(&mut fragment, &[Term::atom(predefined::NOTIFY), Term::atom(*name)]);
        self.deliver_fragment(server, term, fragment);
    }
}
