// SPDX-License-Identifier: Apache-2.0
//! Counts of a network device since it was found.

/// Counts in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Their bytes, Ethernet headers included.
    pub bytes: u64,
    /// Packets that were lost: refused by the back end, or damaged on the way through it.
    pub errors: u64,
}

/// Counts in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// What was sent.
    pub sent: Counts,
    /// What was received.
    pub received: Counts,
    /// How often the back end has broken the protocol, which ends the connection with it.
    pub violations: u64,
}
