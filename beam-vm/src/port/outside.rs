// SPDX-License-Identifier: Apache-2.0
//! What comes from outside: between two time slices the machine asks the platform what has happened.

use super::Reach;
use crate::accounting::Microstate;
use crate::platform::Event;
use crate::vm::Vm;

impl Vm {
    /// Lets ports do what they can do now, and devices too where no port waits for any. The platform is asked once in a millisecond at most,
    /// unless the machine has rested.
    pub fn poll_ports(&mut self, now: u64) {
        if self.ports.looked_at == now {
            return;
        }
        self.ports.looked_at = now;
        if self.ports.is_anything_outside() {
            self.take_events();
        } else {
            self.platform.attend();
        }
    }

    /// Rests until there is an event or a deadline, and takes the events.
    pub(crate) fn rest(&mut self, deadline: Option<u64>) {
        let since = self.platform.monotonic();
        let began = self.state_begins();
        self.platform.park(deadline);
        self.state_ends(Microstate::Sleep, began);
        self.rested += self.platform.monotonic() - since;
        if self.ports.is_anything_outside() {
            self.take_events();
        }
    }

    fn take_events(&mut self) {
        let began = self.state_begins();
        let mut events = core::mem::take(&mut self.ports.events);
        if let Some(streams) = self.platform.streams() {
            streams.poll(&mut events);
        }
        if let Some(sockets) = self.platform.sockets() {
            sockets.poll(&mut events);
        }
        for event in events.drain(..) {
            self.event(event);
        }
        self.state_ends(Microstate::CheckIo, began);
        self.ports.events = events;
        self.end_all();
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Ready(stream, ready) => {
                let Some(id) = self.ports.streams.get(&stream).copied() else { return };
                Reach::outside(self).with(id, |port, reach| port.ready(reach, stream, ready));
            }
            Event::Socket(socket, ready) => {
                let Some((id, _)) = self.ports.sockets.get(&socket).copied() else { return };
                Reach::outside(self).with(id, |port, reach| port.socket_ready(reach, ready));
            }
            Event::Ended(program, status) => {
                let Some(id) = self.ports.programs.remove(&program) else { return };
                Reach::outside(self).with(id, |port, reach| port.program_ended(reach, status));
            }
            Event::Signal(signal) => self.signalled(signal),
        }
    }

    /// Closes what is open outside: the terminal is as it was before.
    pub fn close_ports(&mut self) {
        for id in self.ports.ids() {
            Reach::outside(self).with(id, |port, reach| {
                port.driver.drop_backlog();
                port.stop(reach);
                port.state = super::State::Gone;
            });
        }
    }

    /// Whether something that was written is still to go out before the machine may stop. Rests until more of it can.
    pub(crate) fn flush_ports(&mut self) -> bool {
        if !self.ports.has_backlog() {
            return false;
        }
        self.rest(None);
        true
    }
}
