// SPDX-License-Identifier: Apache-2.0
//! A socket to which others connect.

use alloc::collections::VecDeque;
use core::net::{IpAddr, SocketAddr};

use crate::options::Options;
use crate::stack::{Family, SocketNumber};

/// A socket to which others connect.
#[derive(Debug)]
pub struct Listener {
    /// Where: of no address if at all of them.
    pub at: SocketAddr,
    /// Whose addresses it has.
    pub family: Family,
    /// How many connections may wait to be accepted. Those that are being made are not counted: there may be many of them that nobody will ever
    /// confirm, and the stack has a limit of its own for them.
    pub backlog: usize,
    /// Connections that wait to be accepted.
    pub ready: VecDeque<SocketNumber>,
    /// What its connections are like.
    pub options: Options,
}

impl Listener {
    /// Whether it is for connections to an address.
    pub fn takes(&self, to: IpAddr) -> bool {
        match (self.at.ip(), to) {
            (IpAddr::V6(own), IpAddr::V4(to)) => {
                !self.options.v6_only && (own.is_unspecified() || own.to_ipv4_mapped() == Some(to))
            }
            (own, to) => own.is_ipv4() == to.is_ipv4() && (own.is_unspecified() || own == to),
        }
    }

    /// Whether another connection may wait.
    pub fn has_room(&self) -> bool {
        self.ready.len() < self.backlog
    }
}
