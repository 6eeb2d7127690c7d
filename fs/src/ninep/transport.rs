// SPDX-License-Identifier: Apache-2.0
//! What messages travel over: a stream of bytes each way, TCP or a pair of rings that Xen's domains share. Where a message ends is the
//! business of the connection.

use super::error::Lost;

/// A stream to a server and back.
pub trait Transport {
    /// The most bytes of a message that it can carry.
    fn message_limit(&self) -> u32;

    /// Sends a whole message.
    ///
    /// # Errors
    /// [`Lost`]: what has gone out is not known.
    fn send(&mut self, message: &[u8]) -> Result<(), Lost>;

    /// Waits for bytes and tells how many came, at least one.
    ///
    /// # Errors
    /// [`Lost::TimedOut`] when none came for as long as anybody should wait; they may still come. [`Lost::Gone`] when none will.
    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost>;

    /// Begins a new stream; what the old one had is gone.
    ///
    /// # Errors
    /// [`Lost`]: there is none, now.
    fn reconnect(&mut self) -> Result<(), Lost>;
}
