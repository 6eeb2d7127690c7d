// SPDX-License-Identifier: Apache-2.0
//! The ring of requests and responses between a front end and a back end (`ring.h`), seen from the front end.
//!
//! A shared ring is a header with four indices and then slots, each of which holds a request or, later, a
//! response. The front end writes requests at its producer index; the back end overwrites slots with responses
//! in its own order, at an index that can never overtake the requests. Each side also stores the index at which
//! it wants to be woken (`req_event`, `rsp_event`), so that a busy ring needs no signals.
//!
//! The back end is not trusted. Private copies of our indices decide what we do; the only thing believed is the
//! back end's response index, and only after it was checked: not more responses than requests, never backwards.
//! A slot is copied out once before it is decoded.

use core::marker::PhantomData;
use core::mem::offset_of;
use core::sync::atomic::{Ordering, fence};

use xen_hypervisor_sys::io::ring::Sring;

use crate::byte_ring::distance;
use crate::shared::SharedMemory;

pub use crate::byte_ring::RingError;
pub use slot::{MAX_SLOT, Slot};

mod slot;

/// Where the header's indices lie.
pub(crate) const REQ_PROD: usize = offset_of!(Sring, req_prod);
pub(crate) const REQ_EVENT: usize = offset_of!(Sring, req_event);
pub(crate) const RSP_PROD: usize = offset_of!(Sring, rsp_prod);
pub(crate) const RSP_EVENT: usize = offset_of!(Sring, rsp_event);

/// Where the slots begin.
const SLOTS: usize = size_of::<Sring>();

/// The front end's half of a ring of `Req` and `Rsp`, on one page or several, which it owns by way of `M`.
#[derive(Debug)]
pub struct FrontRing<Req, Rsp, M = SharedMemory> {
    memory: M,
    geometry: Geometry,
    /// Requests written, published or not.
    written: u32,
    /// Requests that the back end may see.
    published: u32,
    /// Responses taken.
    taken: u32,
    /// Responses known to be there: the last index of the back end that was found possible.
    answered: u32,
    slots: PhantomData<fn(Req) -> Rsp>,
}

/// No slot is free: the back end has to answer first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingFull;

impl core::fmt::Display for RingFull {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ring full: every slot holds a request that is not answered")
    }
}

impl core::error::Error for RingFull {}

impl<Req: Slot, Rsp: Slot, M: AsRef<SharedMemory>> FrontRing<Req, Rsp, M> {
    /// Lays out an empty ring in `memory`, which no back end may look at yet.
    ///
    /// Everything else in the memory is cleared, so that the back end does not see what it held before.
    pub fn new(memory: M) -> Self {
        let shared = memory.as_ref();
        shared.clear();
        shared.store_u32(REQ_EVENT, 1, Ordering::Relaxed);
        shared.store_u32(RSP_EVENT, 1, Ordering::Release);
        let geometry = Geometry::of::<Req, Rsp>(shared);
        Self { memory, geometry, written: 0, published: 0, taken: 0, answered: 0, slots: PhantomData }
    }

    /// How many slots there are.
    pub fn size(&self) -> u32 {
        self.geometry.count
    }

    /// How many requests can be pushed before a response has to be taken.
    pub fn free(&self) -> u32 {
        self.geometry.count - self.outstanding()
    }

    /// How many requests were pushed whose responses were not yet taken.
    pub fn outstanding(&self) -> u32 {
        self.written.wrapping_sub(self.taken)
    }

    /// Writes a request into the next slot. The back end sees it with the next [`publish`](Self::publish).
    pub fn push(&mut self, request: &Req) -> Result<(), RingFull> {
        if self.free() == 0 {
            return Err(RingFull);
        }
        self.geometry.store(self.memory.as_ref(), self.written, request);
        self.written = self.written.wrapping_add(1);
        Ok(())
    }

    /// Shows the back end what was pushed. True when it has asked to be signalled for it.
    #[must_use = "a back end that sleeps has to be signalled"]
    pub fn publish(&mut self) -> bool {
        let before = self.published;
        self.published = self.written;
        self.memory.as_ref().store_u32(REQ_PROD, self.published, Ordering::Release);
        // The back end stores its event index and then looks at ours; we store ours and then look at its event
        // index. Without a full fence both could miss the other.
        fence(Ordering::SeqCst);
        let event = self.memory.as_ref().load_u32(REQ_EVENT, Ordering::Relaxed);
        self.published.wrapping_sub(event) < self.published.wrapping_sub(before)
    }

    /// Takes the next response, if there is one.
    ///
    /// A response index that cannot be true is an error; the ring stays as it is, and the connection is best
    /// given up.
    pub fn take(&mut self) -> Result<Option<Rsp>, RingError> {
        if self.taken == self.answered {
            self.look()?;
        }
        if self.taken == self.answered {
            return Ok(None);
        }
        let response = self.geometry.load(self.memory.as_ref(), self.taken);
        self.taken = self.taken.wrapping_add(1);
        Ok(Some(response))
    }

    /// Asks to be signalled for the next response, and looks a last time. True when responses lie ready after
    /// all, so that the caller must not sleep.
    #[must_use = "responses that came meanwhile bring no signal"]
    pub fn rearm(&mut self) -> Result<bool, RingError> {
        if self.taken == self.answered {
            self.look_after_asking_for(1)?;
        }
        Ok(self.taken != self.answered)
    }

    /// Asks to be signalled when as many responses are there as half of the ring has slots, and looks a last time: for who takes responses
    /// whenever it pushes, and waits for nothing but room. A back end that answers slot by slot would else signal each; fewer requests than
    /// those bring no signal at all. True when as many are there already.
    #[must_use = "responses that came meanwhile bring no signal"]
    pub fn rearm_at_half(&mut self) -> Result<bool, RingError> {
        let half = self.geometry.count / 2;
        self.look_after_asking_for(half)?;
        Ok(self.answered.wrapping_sub(self.taken) >= half)
    }

    /// Asks to be signalled when so many more responses are there than were taken.
    fn look_after_asking_for(&mut self, responses: u32) -> Result<(), RingError> {
        let event = self.taken.wrapping_add(responses);
        self.memory.as_ref().store_u32(RSP_EVENT, event, Ordering::Relaxed);
        // The mirror image of `publish`.
        fence(Ordering::SeqCst);
        self.look()
    }

    /// Takes the ring apart, for instance to revoke its pages.
    pub fn into_memory(self) -> M {
        self.memory
    }

    /// Reads the back end's index once and believes it if it is possible: since it starts where responses were
    /// last known to end, an index that went backwards is as far away as one that ran ahead.
    fn look(&mut self) -> Result<(), RingError> {
        let responses = self.memory.as_ref().load_u32(RSP_PROD, Ordering::Acquire);
        distance(responses, self.answered, self.published.wrapping_sub(self.answered))?;
        self.answered = responses;
        Ok(())
    }
}

/// Where the slots of a ring lie; the same for both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// A power of two.
    count: u32,
    /// Bytes from one slot to the next: the larger of request and response.
    stride: usize,
}

impl Geometry {
    /// The largest power of two of slots that fits.
    pub(crate) fn of<Req: Slot, Rsp: Slot>(memory: &SharedMemory) -> Self {
        const {
            assert!(Req::SIZE > 0 && Req::SIZE <= MAX_SLOT && Rsp::SIZE > 0 && Rsp::SIZE <= MAX_SLOT);
        }
        let stride = Req::SIZE.max(Rsp::SIZE);
        let fit = u32::try_from((memory.len() - SLOTS) / stride).unwrap_or(u32::MAX);
        Self { count: 1 << fit.ilog2(), stride }
    }

    #[cfg(any(test, feature = "mock"))]
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn offset(&self, index: u32) -> usize {
        SLOTS + (index & (self.count - 1)) as usize * self.stride
    }

    pub(crate) fn store<T: Slot>(&self, memory: &SharedMemory, index: u32, value: &T) {
        let mut bytes = [0; MAX_SLOT];
        let bytes = &mut bytes[..T::SIZE];
        value.encode(bytes);
        memory.copy_in(self.offset(index), bytes);
    }

    pub(crate) fn load<T: Slot>(&self, memory: &SharedMemory, index: u32) -> T {
        let mut bytes = [0; MAX_SLOT];
        let bytes = &mut bytes[..T::SIZE];
        memory.copy_out(self.offset(index), bytes);
        T::decode(bytes)
    }
}

#[cfg(test)]
mod tests;
