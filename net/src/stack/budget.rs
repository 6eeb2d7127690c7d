// SPDX-License-Identifier: Apache-2.0
//! The memory that the stack may have: who gets some, and what happens when there is no more.
//!
//! What was promised to the other end, a window, is more than there is when many connections fill theirs. Then data that would need memory
//! is dropped as if the wire had lost it, and comes again; writing waits. Before that, empty buffers give back what they have.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use smoltcp::time::{Duration, Instant};

use super::{Socket, SocketNumber, Stack};
use crate::error::Error;

/// Makes memory forget its contents, so that it takes no pages until it is used again.
pub type Discard = Box<dyn FnMut(&mut [u8])>;

/// How often empty buffers are looked for at most, since all connections are looked at.
const RECLAIM: Duration = Duration::from_millis(100);
/// What must be free before those go on that wait for memory.
const ENOUGH: usize = 64 * 1024;

/// Who has what.
#[derive(Default)]
pub struct Budget {
    /// Bytes that are taken.
    pub taken: usize,
    /// Connections that could not write for want of memory.
    pub starved: BTreeSet<SocketNumber>,
    discard: Option<Discard>,
    reclaimed: Option<Instant>,
}

impl Stack {
    /// Says how memory is given back that a buffer has and does not need. Without it, only connections that end give any back.
    pub fn set_discard(&mut self, discard: Discard) {
        self.budget.discard = Some(discard);
    }

    /// Takes memory, if the stack may have it.
    pub(super) fn take_memory(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.free_memory() {
            self.reclaim();
            if bytes > self.free_memory() {
                return Err(Error::NoBuffers);
            }
        }
        self.budget.taken += bytes;
        Ok(())
    }

    fn free_memory(&self) -> usize {
        self.limits.memory.saturating_sub(self.budget.taken)
    }

    /// Lets a connection take what a segment needs. Without memory it is as if it had not come.
    pub(super) fn admit(&mut self, number: SocketNumber, payload: usize) -> bool {
        let Some(connection) = self.connection(number) else { return false };
        let growth = connection.footprint.growth_by_receiving(payload);
        if growth > 0 && self.take_memory(growth).is_err() {
            return false;
        }
        if let Some(connection) = self.connection(number) {
            connection.footprint.received(payload);
        }
        true
    }

    /// Writes as much as there is room and memory for.
    pub(super) fn send_within_budget(
        &mut self,
        number: SocketNumber,
        pieces: &[&[u8]],
    ) -> Result<usize, Error> {
        let is_anything = pieces.iter().any(|piece| !piece.is_empty());
        for attempt in 0..2 {
            let free = self.free_memory();
            let connection = self.connection(number).ok_or(Error::NotConnected)?;
            let queued = connection.socket().send_queue();
            let room = connection.footprint.room_to_send(queued, free);
            if room == 0 && is_anything && connection.socket().may_send() {
                if attempt == 0 {
                    self.reclaim();
                }
                continue;
            }
            let before = connection.footprint.bytes();
            let sent = connection.send(pieces, room)?;
            connection.footprint.sent(queued, sent);
            let growth = connection.footprint.bytes() - before;
            self.budget.taken += growth;
            return Ok(sent);
        }
        self.budget.starved.insert(number);
        Err(Error::NotNow)
    }

    /// Lets those go on that have waited for memory, when there is some again.
    pub(super) fn feed_the_starved(&mut self) {
        if self.budget.starved.is_empty() || self.free_memory() < ENOUGH.min(self.limits.memory / 2) {
            return;
        }
        for number in core::mem::take(&mut self.budget.starved) {
            self.watched.touch(number);
        }
    }

    /// Takes back what empty buffers have.
    fn reclaim(&mut self) {
        let Some(discard) = &mut self.budget.discard else { return };
        if self.budget.reclaimed.is_some_and(|last| self.now < last + RECLAIM) {
            return;
        }
        self.budget.reclaimed = Some(self.now);
        for socket in self.sockets.iter_mut() {
            if let Socket::Connection(connection) = socket {
                self.budget.taken -= connection.release(discard);
            }
        }
    }
}
