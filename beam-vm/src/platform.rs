// SPDX-License-Identifier: Apache-2.0
//! What the machine needs from below: a clock, entropy, a console, rest, and files of modules. Hosts implement it.

use alloc::vec::Vec;

/// A place to run.
pub trait Platform {
    /// Nanoseconds since some moment, never less than before.
    fn monotonic(&mut self) -> u64;

    /// Nanoseconds since 1970-01-01 00:00 UTC.
    fn system_time(&mut self) -> i64;

    /// Fills bytes that nobody can foresee.
    fn entropy(&mut self, bytes: &mut [u8]);

    /// Writes to the console.
    fn write(&mut self, bytes: &[u8]);

    /// Tells whoever looks after the machine that something is wrong.
    fn warn(&mut self, text: &str);

    /// Rests until an event, or until the monotonic clock is at a number of milliseconds.
    fn park(&mut self, deadline: Option<u64>);

    /// The file of a module, when the program calls one that is not loaded.
    fn module(&mut self, name: &str) -> Option<Vec<u8>>;
}
