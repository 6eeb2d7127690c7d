// SPDX-License-Identifier: Apache-2.0
//! Waiting: the one place where the guest sleeps, and what it wakes up for.

use core::time::Duration;

use drivers::control::Shutdown;
use drivers::memory::EvtchnPort;

use super::Machine;
use crate::console;
use crate::power::{self, End};
use crate::time::{self, Instant};

/// How long the console daemon may take to read the last output.
const LAST_OUTPUT: Duration = Duration::from_secs(5);

/// Why [`Machine::wait`] returned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wake {
    /// The toolstack wants the domain to end.
    Shutdown(Shutdown),
    /// Something was typed on the console, or there is room for more output.
    Console,
    /// Something that is watched in xenstore has changed.
    Xenstore,
    /// Another event channel was signalled.
    Event(EvtchnPort),
    /// The deadline has come.
    Deadline,
}

impl Machine {
    /// Sleeps until there is something to do, or until `deadline`. What console and toolstack need on the way is done
    /// here.
    pub fn wait(&mut self, deadline: Option<Instant>) -> Wake {
        loop {
            if let Some(request) = self.shutdown_request() {
                return Wake::Shutdown(request);
            }
            let Some(port) = self.events.wait(deadline) else { return Wake::Deadline };
            if let Some(wake) = self.attend(port) {
                return wake;
            }
        }
    }

    /// What there is to do now, without sleeping: as [`Machine::wait`].
    pub fn poll(&mut self) -> Option<Wake> {
        let has_events = self.xenstore.borrow().client().pending_events() > 0;
        if has_events && let Some(request) = self.shutdown_request() {
            return Some(Wake::Shutdown(request));
        }
        while let Some(port) = self.events.poll() {
            let wake = self.attend(port);
            if wake.is_some() {
                return wake;
            }
        }
        None
    }

    /// Does what a port was signalled for, and says what is left for the program.
    fn attend(&mut self, port: EvtchnPort) -> Option<Wake> {
        if port == self.console_port {
            console::with(console::Console::flush);
            return Some(Wake::Console);
        }
        if port != self.xenstore.port() {
            return Some(Wake::Event(port));
        }
        self.xenstore.borrow().client().poll();
        if let Some(request) = self.shutdown_request() {
            return Some(Wake::Shutdown(request));
        }
        (self.xenstore.borrow().client().pending_events() > 0).then_some(Wake::Xenstore)
    }

    /// Ends the domain, once the console daemon has read all output or does not read any more.
    pub fn end(&mut self, end: End) -> ! {
        let deadline = time::now() + LAST_OUTPUT;
        loop {
            let drained = console::with(|console| {
                console.flush();
                console.is_drained()
            });
            if drained != Some(false) || !self.events.wait_for(self.console_port, Some(deadline)) {
                power::end(end);
            }
        }
    }

    /// Does what the toolstack asks for, if that is an end of the domain; returns when it is something else, which was refused.
    pub fn obey(&mut self, request: &Shutdown) {
        match request {
            Shutdown::Poweroff | Shutdown::Halt => self.end(End::Poweroff),
            Shutdown::Reboot => self.end(End::Reboot),
            Shutdown::Suspend | Shutdown::Unknown(_) => {}
        }
    }

    /// A request of the toolstack that has not been seen yet.
    fn shutdown_request(&mut self) -> Option<Shutdown> {
        match self.control.poll(&mut self.xenstore.borrow()) {
            Ok(request) => request,
            Err(error) => {
                log::error!("requests of the toolstack cannot be read: {error}");
                None
            }
        }
    }
}
