// SPDX-License-Identifier: Apache-2.0
//! What the drivers of sockets reach of the machine.

use super::Due;
use crate::platform::{Interest, SocketId, Sockets};
use crate::port::Reach;
use crate::term::LocalPort;
use crate::timer::TimerId;
use crate::timers::Timer;
use crate::vm::Vm;

impl Reach<'_> {
    /// The sockets of the platform.
    pub(crate) fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        self.vm.platform.sockets()
    }

    /// Says what is to be told of a port's socket.
    pub(crate) fn watch_socket(&mut self, port: LocalPort, socket: SocketId, interest: Interest) {
        let is_new = if interest.is_any() {
            self.vm.ports.sockets.insert(socket, (port, interest)).is_none_or(|(_, old)| old != interest)
        } else {
            self.vm.ports.sockets.remove(&socket).is_some()
        };
        if is_new && let Some(all) = self.sockets() {
            all.watch(socket, interest);
        }
    }

    /// Lets go of a socket.
    pub(crate) fn close_socket(&mut self, socket: SocketId) {
        self.vm.ports.sockets.remove(&socket);
        if let Some(all) = self.sockets() {
            all.close(socket);
        }
    }

    /// Sets a timer of a port.
    pub(super) fn set_timer(&mut self, port: LocalPort, due: Due, milliseconds: u32) -> TimerId {
        let deadline = self.vm.now_ms() + u64::from(milliseconds);
        self.vm.timers.insert(deadline, Timer::Port(port, due))
    }
}

impl Vm {
    /// Tells a port that a timer of it has gone off.
    pub(crate) fn port_timer(&mut self, id: LocalPort, due: Due) {
        Reach::outside(self).with(id, |port, reach| port.due(reach, due));
    }
}
