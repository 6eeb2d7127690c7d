// SPDX-License-Identifier: Apache-2.0
//! Counts of a block device since it was found.

/// Counts of reads or of writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Requests of the device's user that were finished.
    pub finished: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Requests to the back end: fewer than those of the user where neighbours were merged, more where they were cut.
    pub issued: u64,
}

/// Counts of all operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Reads.
    pub read: Counts,
    /// Writes.
    pub written: Counts,
    /// Flushes that the back end was asked for.
    pub flushes: u64,
    /// Discards that the back end was asked for.
    pub discards: u64,
    /// Requests of the user that failed.
    pub errors: u64,
    /// Requests of the user that were under way when a back end went, and were made again.
    pub repeated: u64,
    /// How often the back end has broken the protocol, which ends the connection with it.
    pub violations: u64,
}
