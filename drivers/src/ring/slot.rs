// SPDX-License-Identifier: Apache-2.0
//! What a ring's slots hold.

/// Bytes of the largest request or response that a ring takes; the largest of Xen's own, blkif's, is 112.
pub const MAX_SLOT: usize = 128;

/// A request or response that can be written to and read from a slot.
///
/// A codec rather than plain data copied as it lies in memory, for two reasons. Padding and the unused arms of
/// unions would carry whatever our stack held to the other domain; the buffer given to [`encode`](Self::encode)
/// is zeroed. And a front end wants its requests as an enum, not as the C union of the header. The copy through
/// a buffer on the stack is what a checked access needs in any case.
pub trait Slot: Sized {
    /// Bytes of the encoded form, at most [`MAX_SLOT`].
    const SIZE: usize;

    /// Writes the value to `bytes`, which are `SIZE` zeros.
    fn encode(&self, bytes: &mut [u8]);

    /// Makes a value of `bytes`, of which there are `SIZE`. They come from another domain: whatever they are,
    /// there is a value for them.
    fn decode(bytes: &[u8]) -> Self;
}
