// SPDX-License-Identifier: Apache-2.0
//! The paravirtual console (`console.h`): two byte rings on one page and a doorbell.
//!
//! Nothing here waits. [`Console::write`] takes what fits and says how much that was; a full ring empties when
//! the console daemon has read it, for which it rings back. Bytes pass as they are: line endings are the
//! caller's concern.
//!
//! A daemon that scribbles over its indices makes reads and writes fail for as long as the indices stay
//! impossible, and harms nothing else.

use core::mem::offset_of;

use xen_hypervisor_sys::io::console::{XENCONS_IN_SIZE, XENCONS_OUT_SIZE, XenconsInterface};

use crate::byte_ring::{Layout, Reader, RingError, Writer};
use crate::doorbell::Doorbell;
use crate::shared::{SharedMemory, SharedPage};

/// What the console daemon types: the guest reads.
pub const INPUT: Layout = Layout::new(
    offset_of!(XenconsInterface, r#in),
    XENCONS_IN_SIZE as u32,
    offset_of!(XenconsInterface, in_cons),
    offset_of!(XenconsInterface, in_prod),
);

/// What the guest prints: the console daemon reads.
pub const OUTPUT: Layout = Layout::new(
    offset_of!(XenconsInterface, out),
    XENCONS_OUT_SIZE as u32,
    offset_of!(XenconsInterface, out_cons),
    offset_of!(XenconsInterface, out_prod),
);

/// The guest's end of a console, on a page that it owns by way of `M`.
#[derive(Debug)]
pub struct Console<B, M = SharedPage> {
    page: M,
    input: Reader,
    output: Writer,
    bell: B,
}

impl<B: Doorbell, M: AsRef<SharedMemory>> Console<B, M> {
    /// A console on the page that `start_info` names, or on one that was granted to a console back end.
    pub fn new(page: M, bell: B) -> Self {
        let input = Reader::new(INPUT, page.as_ref());
        let output = Writer::new(OUTPUT, page.as_ref());
        Self { page, input, output, bell }
    }

    /// Prints as many of the bytes as there is room for and says how many those are.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, RingError> {
        let accepted = self.output.write(self.page.as_ref(), bytes)?;
        if accepted > 0 {
            self.bell.ring();
        }
        Ok(accepted)
    }

    /// Reads what was typed, as much of it as fits.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, RingError> {
        let got = self.input.read(self.page.as_ref(), into)?;
        if got > 0 {
            // The daemon may hold back more until there is room.
            self.bell.ring();
        }
        Ok(got)
    }

    /// How many bytes [`write`](Self::write) would take.
    pub fn space(&self) -> Result<u32, RingError> {
        self.output.space(self.page.as_ref())
    }

    /// How many bytes lie ready to be read.
    pub fn available(&self) -> Result<u32, RingError> {
        self.input.available(self.page.as_ref())
    }

    /// Whether the daemon has read all that was printed: what a guest waits for before it ends.
    pub fn is_drained(&self) -> Result<bool, RingError> {
        Ok(self.space()? == OUTPUT.size())
    }
}

#[cfg(test)]
mod tests;
