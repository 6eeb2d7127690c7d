// SPDX-License-Identifier: Apache-2.0
//! A stream of bytes through a ring in shared memory, as the console and xenstore use it
//! (`console.h`, `xs_wire.h`).
//!
//! A ring is a power of two of bytes and two free-running 32-bit indices. The producer's index counts bytes ever
//! written, the consumer's bytes ever read; their difference is what lies in the ring. Each side writes its own
//! index only, so each half here keeps a private copy of its own and reads just the peer's from shared memory:
//! a peer that scribbles over our index cannot move us. An index of the peer that claims more bytes than fit is
//! reported as [`RingError::Corrupt`], and nothing is read or written then.
//!
//! Ordering: the peer's index is loaded with acquire before the data is touched, ours is stored with release
//! after. The callers signal the peer after every change, as both protocols demand, so no store has to be
//! ordered before a later load.

use core::fmt;
use core::sync::atomic::Ordering;

use crate::shared::SharedMemory;

/// Where a ring's parts lie in its memory.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    data: usize,
    size: u32,
    consumer: usize,
    producer: usize,
}

impl Layout {
    /// A ring of `size` bytes at offset `data`, with its indices at the two other offsets.
    ///
    /// # Panics
    /// When the size is not a power of two up to 2³¹ or an index is not aligned. Layouts are constants of a
    /// protocol, so a bad one shows at compile time.
    pub const fn new(data: usize, size: u32, consumer: usize, producer: usize) -> Self {
        assert!(size.is_power_of_two(), "a ring's size is a power of two");
        assert!(consumer.is_multiple_of(4) && producer.is_multiple_of(4), "indices are aligned");
        Self { data, size, consumer, producer }
    }

    /// Bytes that the ring holds when full.
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Where the data lies.
    pub const fn data_at(&self) -> usize {
        self.data
    }

    /// Where the consumer's index lies.
    pub const fn consumer_at(&self) -> usize {
        self.consumer
    }

    /// Where the producer's index lies.
    pub const fn producer_at(&self) -> usize {
        self.producer
    }

    /// The first offset after all parts of the ring: how much memory it needs.
    pub const fn end(&self) -> usize {
        let data = self.data + self.size as usize;
        let index = if self.consumer > self.producer { self.consumer } else { self.producer } + 4;
        if data > index { data } else { index }
    }

    /// The bytes at stream position `index`, up to `count`, as one or two contiguous ranges: offset in memory
    /// and length of the first, length of the second, which starts at `data`.
    fn ranges(&self, index: u32, count: u32) -> (usize, usize, usize) {
        let start = index & (self.size - 1);
        let first = count.min(self.size - start);
        (self.data + start as usize, first as usize, (count - first) as usize)
    }
}

/// What is wrong with a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingError {
    /// The peer's index cannot be true: more lies between the two indices than was ever possible.
    Corrupt {
        /// The producer's index.
        producer: u32,
        /// The consumer's index.
        consumer: u32,
        /// How far apart the two can be at most.
        limit: u32,
    },
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { producer, consumer, limit } => {
                write!(
                    f,
                    "corrupt ring: producer {producer} and consumer {consumer} are more than {limit} apart"
                )
            }
        }
    }
}

impl core::error::Error for RingError {}

/// The difference of two indices, if it is possible at all.
pub(crate) fn distance(producer: u32, consumer: u32, limit: u32) -> Result<u32, RingError> {
    let distance = producer.wrapping_sub(consumer);
    if distance > limit { Err(RingError::Corrupt { producer, consumer, limit }) } else { Ok(distance) }
}

/// The consuming half of a ring.
#[derive(Debug)]
pub struct Reader {
    layout: Layout,
    consumer: u32,
}

impl Reader {
    /// Continues where shared memory says that the consumer stands: indices need not start at zero.
    pub fn new(layout: Layout, memory: &SharedMemory) -> Self {
        Self { layout, consumer: memory.load_u32(layout.consumer, Ordering::Relaxed) }
    }

    /// How many bytes lie ready.
    pub fn available(&self, memory: &SharedMemory) -> Result<u32, RingError> {
        let producer = memory.load_u32(self.layout.producer, Ordering::Acquire);
        distance(producer, self.consumer, self.layout.size)
    }

    /// Takes as many bytes as lie ready and fit; says how many.
    pub fn read(&mut self, memory: &SharedMemory, into: &mut [u8]) -> Result<usize, RingError> {
        let count = self.available(memory)?.min(u32::try_from(into.len()).unwrap_or(u32::MAX));
        if count == 0 {
            return Ok(0);
        }
        let (at, first, second) = self.layout.ranges(self.consumer, count);
        memory.copy_out(at, &mut into[..first]);
        memory.copy_out(self.layout.data, &mut into[first..first + second]);
        self.consumer = self.consumer.wrapping_add(count);
        memory.store_u32(self.layout.consumer, self.consumer, Ordering::Release);
        Ok(first + second)
    }
}

/// The producing half of a ring.
#[derive(Debug)]
pub struct Writer {
    layout: Layout,
    producer: u32,
}

impl Writer {
    /// Continues where shared memory says that the producer stands: indices need not start at zero.
    pub fn new(layout: Layout, memory: &SharedMemory) -> Self {
        Self { layout, producer: memory.load_u32(layout.producer, Ordering::Relaxed) }
    }

    /// How many bytes there is room for.
    pub fn space(&self, memory: &SharedMemory) -> Result<u32, RingError> {
        let consumer = memory.load_u32(self.layout.consumer, Ordering::Acquire);
        Ok(self.layout.size - distance(self.producer, consumer, self.layout.size)?)
    }

    /// Puts in as many bytes as there is room for; says how many.
    pub fn write(&mut self, memory: &SharedMemory, from: &[u8]) -> Result<usize, RingError> {
        let count = self.space(memory)?.min(u32::try_from(from.len()).unwrap_or(u32::MAX));
        if count == 0 {
            return Ok(0);
        }
        let (at, first, second) = self.layout.ranges(self.producer, count);
        memory.copy_in(at, &from[..first]);
        memory.copy_in(self.layout.data, &from[first..first + second]);
        self.producer = self.producer.wrapping_add(count);
        memory.store_u32(self.layout.producer, self.producer, Ordering::Release);
        Ok(first + second)
    }
}

#[cfg(test)]
mod tests;
