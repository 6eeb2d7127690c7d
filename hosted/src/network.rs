// SPDX-License-Identifier: Apache-2.0
//! Whose network the machine's sockets are of: the host's, or that of a stack of our own, of which only the loopback leads anywhere.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use beam_vm::platform::Sockets;
use net::{Limits, Stack};
use vm_net::PluggedSockets;

use crate::linux::fill_random;
use crate::sockets::HostSockets;

/// A network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Network {
    /// The host's.
    #[default]
    Host,
    /// A stack of our own with nothing but a loopback: what a guest without a network device has.
    Own,
}

/// The sockets of a network.
pub enum NetworkSockets {
    /// The host's.
    Host(HostSockets),
    /// Those of a stack of our own.
    Own(Box<PluggedSockets>),
}

impl NetworkSockets {
    /// No sockets yet.
    pub fn new(network: Network) -> Self {
        match network {
            Network::Host => Self::Host(HostSockets::default()),
            Network::Own => {
                let start = Instant::now();
                let stack = Stack::new(Limits::default(), Box::new(fill_random));
                let clock = Box::new(move || start.elapsed().as_micros() as u64);
                Self::Own(Box::new(PluggedSockets::new(stack, b"localhost".to_vec(), clock)))
            }
        }
    }

    /// The sockets as the machine has them.
    pub fn plugged(&mut self) -> &mut dyn Sockets {
        match self {
            Self::Host(sockets) => sockets,
            Self::Own(sockets) => &mut **sockets,
        }
    }

    /// What is readable when a socket is ready.
    pub fn readiness(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Host(sockets) => sockets.readiness(),
            Self::Own(_) => None,
        }
    }

    /// How long there is nothing to do for the stack.
    pub fn rest(&mut self) -> Option<Duration> {
        match self {
            Self::Host(_) => None,
            Self::Own(sockets) => sockets.rest().map(Duration::from_micros),
        }
    }
}

impl std::fmt::Debug for NetworkSockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Host(_) => "Host",
            Self::Own(_) => "Own",
        })
    }
}
