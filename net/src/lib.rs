// SPDX-License-Identifier: Apache-2.0
//! The network stack: smoltcp's protocols made into sockets that serve many connections.
//!
//! smoltcp looks at every socket for every packet. Here each connection is a set of its own; a frame's addresses and ports say which set
//! it is for before smoltcp sees it ([`frame`]), and only sets that have something to do or are due are looked at. So ten thousand
//! idle connections cost nothing per packet.
//!
//! The stack knows no Xen and no virtual machine. What it needs from below is a [`Wire`]; above, it is a [`Stack`] of sockets
//! that never wait. The time is told to it, in microseconds since some moment.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod beside;
pub mod checksum;
mod claim;
pub mod configuration;
mod congestion;
mod connection;
mod datagrams;
mod error;
mod flight;
mod footprint;
pub mod frame;
mod frames;
mod link;
mod listener;
mod options;
mod ports;
mod recovery;
mod routers;
mod sequence;
mod slab;
mod stack;
mod timers;
mod turns;
pub mod wire;

pub use beside::Beside;
pub use configuration::{Configuration, Lease};
pub use datagrams::Received;
pub use error::Error;
pub use link::LinkId;
pub use options::{Options, SendBuffer, Shutdown};
pub use stack::{Discard, Entropy, Family, Kind, Limits, Readiness, SocketNumber, Stack};
pub use wire::Wire;
