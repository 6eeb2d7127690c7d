// SPDX-License-Identifier: Apache-2.0
//! The other side of a byte ring.
//!
//! A peer that keeps to the protocol is simply the other [`Reader`](crate::byte_ring::Reader) or
//! [`Writer`](crate::byte_ring::Writer): the halves do not know which domain they serve. What is left to say is
//! how a peer breaks the rules.

use core::sync::atomic::Ordering;

use crate::byte_ring::Layout;
use crate::shared::SharedMemory;

/// A peer that writes whatever it likes over a ring's indices and data.
#[derive(Debug)]
pub struct Vandal {
    layout: Layout,
    memory: SharedMemory,
}

impl Vandal {
    /// A vandal with a handle of its own to the ring's memory.
    pub fn new(layout: Layout, memory: SharedMemory) -> Self {
        Self { layout, memory }
    }

    /// Sets the producer's index.
    pub fn set_producer(&self, index: u32) {
        self.memory.store_u32(self.layout.producer_at(), index, Ordering::Release);
    }

    /// Sets the consumer's index.
    pub fn set_consumer(&self, index: u32) {
        self.memory.store_u32(self.layout.consumer_at(), index, Ordering::Release);
    }

    /// Writes over the ring's data from its start on, as far as it reaches.
    pub fn scribble(&self, bytes: &[u8]) {
        let count = bytes.len().min(self.layout.size() as usize);
        self.memory.copy_in(self.layout.data_at(), &bytes[..count]);
    }
}
