// SPDX-License-Identifier: Apache-2.0
//! The drivers `tcp_inet` and `udp_inet`: what `prim_inet` speaks to when a program uses `gen_tcp`, `gen_udp` or `inet`
//! (`erts/preloaded/src/prim_inet.erl`, `lib/kernel/src/inet_int.hrl`).
//!
//! A program commands with `port_control/3`, whose answers come at once, and sends with `port_command/3`. What cannot be done at once is a
//! [`Request`], whose end is told as a message. What the network itself does is behind [`Sockets`](crate::platform::Sockets).

mod address;
mod control;
mod interfaces;
mod message;
mod options;
mod reach;
mod reply;
mod request;
mod socket;
mod statistics;
pub(crate) mod tcp;
pub(crate) mod udp;

#[cfg(test)]
mod tests;

pub use reply::Failure;
pub use request::{Due, Request, RequestId};
pub use socket::{Active, Deliver, Inet, Status};
pub use tcp::Tcp;
pub use udp::Udp;

use crate::port::{Driver, Port};

impl Port {
    /// What the drivers of sockets have in common.
    pub(crate) fn inet(&mut self) -> Option<&mut Inet> {
        match &mut self.driver {
            Driver::Tcp(tcp) => Some(&mut tcp.inet),
            Driver::Udp(udp) => Some(&mut udp.inet),
            _ => None,
        }
    }
}
