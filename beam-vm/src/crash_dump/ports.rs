// SPDX-License-Identifier: Apache-2.0
//! Ports.

use core::fmt::{self, Write};

use super::Scene;
use super::process::Ref;
use super::sink::Sink;
use crate::port::{Port, State};

impl Scene<'_> {
    /// All ports but one that is at work.
    pub(super) fn ports(self, out: &mut Sink) -> fmt::Result {
        let ports = &self.vm.ports;
        ports.ids().into_iter().filter_map(|id| ports.get(id)).try_for_each(|port| self.port(out, port))
    }

    fn port(self, out: &mut Sink, port: &Port) -> fmt::Result {
        let state = match port.state {
            State::Open => "CONNECTED",
            State::Closing => "CONNECTED|CLOSING",
            State::Gone => "FREE",
        };
        let busy = if port.is_busy { "|BUSY_PORT" } else { "" };
        writeln!(out, "=port:#Port<0.{}>\nState: {state}{busy}\nSlot: {}", port.id.0, port.id.0)?;
        writeln!(out, "Connected: {}", self.pid(port.connected))?;
        if port.links.iter().next().is_some() {
            write!(out, "Links: ")?;
            port.links.iter().try_for_each(|peer| self.peer(out, peer))?;
            writeln!(out)?;
        }
        if let Some(name) = port.registered {
            writeln!(out, "Registered as: {}", self.atom(name))?;
        }
        if !port.watchers.is_empty() {
            write!(out, "Monitors: ")?;
            for (numbers, watcher) in port.watchers.sorted() {
                write!(out, "({},{})", self.pid(watcher), Ref(numbers))?;
            }
            writeln!(out)?;
        }
        // A port of descriptors has their numbers as its name.
        let kind = match port.name.first() {
            _ if port.os_pid.is_some() => "Port controls external process",
            Some(b'0'..=b'9') => "Port is UNIX fd not opened by emulator",
            _ => "Port controls linked-in driver",
        };
        write!(out, "{kind}: ")?;
        out.put(&port.name)?;
        writeln!(out, "\nInput: {}\nOutput: {}\nQueue: {}", port.input, port.output, port.backlog())
    }
}
