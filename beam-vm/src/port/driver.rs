// SPDX-License-Identifier: Apache-2.0
//! The drivers. Each is a variant here and a file that does its part; the machine keeps no addresses of functions.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Descriptor, Port, RamFile, Reach, Terminal, Vif, descriptor, ram_file, terminal, vif};
use crate::atom::predefined;
use crate::heap::build;
use crate::inet::{Due, Tcp, Udp, tcp, udp};
use crate::platform::{Interest, StreamId};
use crate::term::Term;

/// What a driver is called where ports are opened by its name: `{spawn_driver, Name}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    /// `ram_file_drv`
    RamFile,
    /// `tcp_inet`
    Tcp,
    /// `tty_sl`
    Terminal,
    /// `udp_inet`
    Udp,
    /// `vif`, which stock does not have.
    Vif,
}

impl Name {
    /// The name.
    #[must_use]
    pub fn text(self) -> &'static str {
        Self::ALL.iter().find(|(_, name)| *name == self).map_or("", |(text, _)| text)
    }

    /// All: those of stock in the order in which it lists them, then ours.
    const ALL: [(&'static str, Self); 5] = [
        ("tcp_inet", Self::Tcp),
        ("udp_inet", Self::Udp),
        ("ram_file_drv", Self::RamFile),
        ("tty_sl", Self::Terminal),
        ("vif", Self::Vif),
    ];

    /// The names of those that stock has.
    pub fn of_stock() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|(_, name)| *name != Self::Vif).map(|(text, _)| *text)
    }

    /// The driver that the first word of a command names.
    #[must_use]
    pub fn of_command(command: &[u8]) -> Option<Self> {
        let word = command.split(u8::is_ascii_whitespace).next()?;
        Self::ALL.iter().find(|(name, _)| name.as_bytes() == word).map(|(_, driver)| *driver)
    }
}

/// A driver with its state.
#[derive(Debug)]
pub enum Driver {
    /// Of descriptors and programs.
    Descriptor(Descriptor),
    /// Of TCP.
    Tcp(Box<Tcp>),
    /// Of UDP.
    Udp(Box<Udp>),
    /// Of files in memory.
    RamFile(RamFile),
    /// Of the terminal.
    Terminal(Terminal),
    /// Of frames of an interface.
    Vif(Vif),
}

/// A driver that knows no such operation, or not with such data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControlError;

impl Driver {
    /// Bytes that wait to be written.
    #[must_use]
    pub fn backlog(&self) -> usize {
        match self {
            Self::Descriptor(descriptor) => descriptor.backlog.len(),
            Self::Tcp(tcp) => tcp.backlog.len(),
            Self::Terminal(terminal) => terminal.backlog.len(),
            Self::Vif(vif) => vif.backlog(),
            Self::Udp(_) | Self::RamFile(_) => 0,
        }
    }

    /// Gives up what waits to be written.
    pub fn drop_backlog(&mut self) {
        match self {
            Self::Descriptor(descriptor) => descriptor.backlog.clear(),
            Self::Tcp(tcp) => tcp.backlog.clear(),
            Self::Terminal(terminal) => terminal.backlog.clear(),
            Self::Vif(vif) => vif.drop_backlog(),
            Self::Udp(_) | Self::RamFile(_) => {}
        }
    }

    /// Whether a write may be forced on a port that is busy.
    #[must_use]
    pub fn can_be_forced(&self) -> bool {
        match self {
            Self::Descriptor(_) | Self::Terminal(_) | Self::RamFile(_) | Self::Vif(_) => false,
            Self::Tcp(_) | Self::Udp(_) => true,
        }
    }
}

impl Port {
    /// Lets the driver begin.
    pub(crate) fn start(&mut self, reach: &mut Reach<'_>) {
        match self.driver {
            Driver::Descriptor(_) => descriptor::start(self, reach),
            Driver::Terminal(_) => terminal::start(self, reach),
            Driver::Vif(_) => vif::start(self, reach),
            Driver::Tcp(_) | Driver::Udp(_) | Driver::RamFile(_) => {}
        }
    }

    /// Gives the driver what a process has written.
    pub fn command(&mut self, reach: &mut Reach<'_>, bytes: Vec<u8>) {
        reach.trace_receive(&|heap| {
            let data = build::binary(heap, &bytes);
            build::tuple(heap, &[Term::atom(predefined::COMMAND), data])
        });
        self.output += bytes.len() as u64;
        reach.vm.ports.traffic.1 += bytes.len() as u64;
        match self.driver {
            Driver::Descriptor(_) => descriptor::output(self, reach, bytes),
            Driver::Tcp(_) => tcp::output(self, reach, bytes),
            Driver::Udp(_) => udp::output(self, reach, &bytes),
            Driver::Terminal(_) => terminal::output(self, reach, &bytes),
            Driver::RamFile(_) => ram_file::output(self, reach, &bytes),
            Driver::Vif(_) => vif::output(self, reach, bytes),
        }
    }

    /// `port_control/3`
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn control(
        &mut self,
        reach: &mut Reach<'_>,
        operation: u32,
        data: &[u8],
    ) -> Result<Vec<u8>, ControlError> {
        match self.driver {
            Driver::Descriptor(_) => descriptor::control(self, reach, operation, data),
            Driver::Tcp(_) => tcp::control(self, reach, operation, data),
            Driver::Udp(_) => udp::control(self, reach, operation, data),
            Driver::Terminal(_) => terminal::control(self, reach, operation, data),
            Driver::RamFile(_) | Driver::Vif(_) => Err(ControlError),
        }
    }

    /// Tells the driver what a stream is ready for.
    pub(super) fn ready(&mut self, reach: &mut Reach<'_>, stream: StreamId, ready: Interest) {
        match self.driver {
            Driver::Descriptor(_) => descriptor::ready(self, reach, stream, ready),
            Driver::Terminal(_) => terminal::ready(self, reach, stream, ready),
            Driver::Tcp(_) | Driver::Udp(_) | Driver::RamFile(_) | Driver::Vif(_) => {}
        }
    }

    /// Tells the driver what its socket is ready for.
    pub(crate) fn socket_ready(&mut self, reach: &mut Reach<'_>, ready: Interest) {
        match self.driver {
            Driver::Descriptor(_) | Driver::Terminal(_) | Driver::RamFile(_) => {}
            Driver::Tcp(_) => tcp::ready(self, reach, ready),
            Driver::Udp(_) => udp::ready(self, reach, ready),
            Driver::Vif(_) => vif::ready(self, reach, ready),
        }
    }

    /// Tells the driver that a timer of it has gone off.
    pub(crate) fn due(&mut self, reach: &mut Reach<'_>, due: Due) {
        match self.driver {
            Driver::Descriptor(_) | Driver::Terminal(_) | Driver::RamFile(_) | Driver::Vif(_) => {}
            Driver::Tcp(_) => tcp::due(self, reach, due),
            Driver::Udp(_) => udp::due(self, reach, due),
        }
    }

    /// Tells the driver that the port is being closed, before what is left is written.
    pub(super) fn flush(&mut self, reach: &mut Reach<'_>) {
        match self.driver {
            Driver::Descriptor(_)
            | Driver::Udp(_)
            | Driver::Terminal(_)
            | Driver::RamFile(_)
            | Driver::Vif(_) => {}
            Driver::Tcp(_) => tcp::flush(self, reach),
        }
    }

    /// Tells the driver that the program at the other end has ended.
    pub(super) fn program_ended(&mut self, reach: &mut Reach<'_>, status: i32) {
        match self.driver {
            Driver::Descriptor(_) => descriptor::program_ended(self, reach, status),
            Driver::Tcp(_) | Driver::Udp(_) | Driver::Terminal(_) | Driver::RamFile(_) | Driver::Vif(_) => {}
        }
    }

    /// Lets the driver let go of what it has.
    pub(super) fn stop(&mut self, reach: &mut Reach<'_>) {
        match self.driver {
            Driver::Descriptor(_) => descriptor::stop(self, reach),
            Driver::Tcp(_) => tcp::stop(self, reach),
            Driver::Udp(_) => udp::stop(self, reach),
            Driver::Terminal(_) => terminal::stop(self, reach),
            Driver::Vif(_) => vif::stop(self, reach),
            Driver::RamFile(_) => {}
        }
    }
}
