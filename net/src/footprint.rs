// SPDX-License-Identifier: Apache-2.0
//! What a connection takes of the memory that the stack may have.
//!
//! Buffers are long, lest a connection be slow, and few of them are full: their pages get memory when they are first used, as the
//! kernel's heap and Linux both see to for large zeroed blocks. So not the lengths of buffers are counted but how far they were used. smoltcp writes to
//! a buffer for sending from its beginning whenever it is empty, and goes round and round in one for receiving.

/// Bytes of a connection beside its buffers: smoltcp's socket and set, what is here, and its places in tables.
pub const CONNECTION: usize = 2048;
/// What gets memory at once.
const PAGE: usize = 4096;
/// Shorter buffers have memory from the beginning.
const WHOLE: usize = 4 * PAGE;

/// How far the buffers of a connection were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Footprint {
    receive: Buffer,
    send: Buffer,
    /// Bytes written to the buffer for sending since it was empty.
    written: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Buffer {
    capacity: usize,
    used: usize,
}

impl Buffer {
    const fn new(capacity: usize) -> Self {
        Self { capacity, used: if capacity < WHOLE { capacity } else { 0 } }
    }

    const fn bytes_at(self, used: usize) -> usize {
        let used = if used > self.used { used } else { self.used };
        let whole = used.next_multiple_of(PAGE);
        if whole < self.capacity { whole } else { self.capacity }
    }

    const fn bytes(self) -> usize {
        self.bytes_at(self.used)
    }

    fn use_to(&mut self, used: usize) {
        self.used = self.used.max(used.min(self.capacity));
    }
}

impl Footprint {
    /// That of a connection which was not used yet.
    pub const fn new(receive: usize, send: usize) -> Self {
        Self { receive: Buffer::new(receive), send: Buffer::new(send), written: 0 }
    }

    /// Bytes of memory.
    pub const fn bytes(&self) -> usize {
        CONNECTION + self.receive.bytes() + self.send.bytes()
    }

    /// Bytes more when so many have come.
    pub const fn growth_by_receiving(&self, bytes: usize) -> usize {
        self.receive.bytes_at(self.receive.used + bytes) - self.receive.bytes()
    }

    /// So many bytes have come.
    pub fn received(&mut self, bytes: usize) {
        self.receive.use_to(self.receive.used + bytes);
    }

    /// How many bytes can be written to a buffer that holds `queued`, if it may grow by `free`.
    pub fn room_to_send(&self, queued: usize, free: usize) -> usize {
        let written = if queued == 0 { 0 } else { self.written };
        let end = self.send.bytes().saturating_add(free / PAGE * PAGE);
        if end >= self.send.capacity { usize::MAX } else { end.saturating_sub(written) }
    }

    /// So many bytes were written to a buffer that held `queued`.
    pub fn sent(&mut self, queued: usize, bytes: usize) {
        self.written = bytes.saturating_add(if queued == 0 { 0 } else { self.written });
        self.send.use_to(self.written);
    }

    /// Whether the buffer for sending has memory that it could give back.
    pub const fn has_idle_memory(&self) -> bool {
        self.send.capacity >= WHOLE && self.send.used > 0
    }

    /// The buffer for sending, which is empty, has given its memory back.
    pub const fn released(&mut self) {
        self.send = Buffer::new(self.send.capacity);
        self.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUFFER: usize = 32 * 1024;

    #[test]
    fn what_is_not_used_takes_nothing() {
        let mut footprint = Footprint::new(BUFFER, BUFFER);
        assert_eq!(footprint.bytes(), CONNECTION);
        assert_eq!(footprint.growth_by_receiving(100), PAGE);
        footprint.received(100);
        assert_eq!((footprint.bytes(), footprint.growth_by_receiving(PAGE - 100)), (CONNECTION + PAGE, 0));
        footprint.received(10 * BUFFER);
        assert_eq!((footprint.bytes(), footprint.growth_by_receiving(BUFFER)), (CONNECTION + BUFFER, 0));
    }

    #[test]
    fn short_buffers_are_there_from_the_beginning() {
        let mut footprint = Footprint::new(2048, 3000);
        assert_eq!(footprint.bytes(), CONNECTION + 2048 + 3000);
        assert_eq!((footprint.growth_by_receiving(5000), footprint.has_idle_memory()), (0, false));
        footprint.sent(0, 3000);
        assert_eq!(footprint.bytes(), CONNECTION + 2048 + 3000);
        assert_eq!(footprint.room_to_send(10, 0), usize::MAX);
    }

    #[test]
    fn sending_begins_anew_in_an_empty_buffer() {
        let mut footprint = Footprint::new(BUFFER, BUFFER);
        for _ in 0..10 {
            footprint.sent(0, 1000);
        }
        assert_eq!(footprint.bytes(), CONNECTION + PAGE);
        footprint.sent(1000, PAGE);
        assert_eq!(footprint.bytes(), CONNECTION + 2 * PAGE);
        footprint.released();
        assert_eq!(footprint.bytes(), CONNECTION);
    }

    #[test]
    fn room_is_what_the_memory_allows() {
        let mut footprint = Footprint::new(BUFFER, BUFFER);
        assert_eq!(footprint.room_to_send(0, PAGE - 1), 0);
        assert_eq!(footprint.room_to_send(0, PAGE), PAGE);
        footprint.sent(0, 1000);
        assert_eq!(footprint.room_to_send(1000, 0), PAGE - 1000);
        assert_eq!(footprint.room_to_send(0, 0), PAGE, "an empty buffer is written from its beginning");
        assert_eq!(footprint.room_to_send(1000, BUFFER), usize::MAX);
    }
}
