// SPDX-License-Identifier: Apache-2.0
//! The back end's half of a request ring, one that keeps to the protocol and one that does not.

use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};

use crate::ring::{Geometry, REQ_EVENT, REQ_PROD, RSP_EVENT, RSP_PROD, Slot};
use crate::shared::SharedMemory;

/// A back end that takes requests and answers them, or misbehaves when it is told to.
#[derive(Debug)]
pub struct BackRing<Req, Rsp> {
    memory: SharedMemory,
    geometry: Geometry,
    requests: u32,
    responses: u32,
    published: u32,
    slots: PhantomData<fn(Rsp) -> Req>,
}

impl<Req: Slot, Rsp: Slot> BackRing<Req, Rsp> {
    /// Attaches to a ring that a front end has laid out.
    pub fn new(memory: SharedMemory) -> Self {
        let geometry = Geometry::of::<Req, Rsp>(&memory);
        Self { memory, geometry, requests: 0, responses: 0, published: 0, slots: PhantomData }
    }

    /// How many slots the ring has.
    pub fn size(&self) -> u32 {
        self.geometry.count()
    }

    /// Takes the next request, if there is one.
    pub fn take(&mut self) -> Option<Req> {
        if self.memory.load_u32(REQ_PROD, Ordering::Acquire) == self.requests {
            return None;
        }
        let request = self.geometry.load(&self.memory, self.requests);
        self.requests = self.requests.wrapping_add(1);
        Some(request)
    }

    /// Asks to be signalled for the next request. True when requests lie ready after all.
    pub fn rearm(&mut self) -> bool {
        self.memory.store_u32(REQ_EVENT, self.requests.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.memory.load_u32(REQ_PROD, Ordering::Acquire) != self.requests
    }

    /// Writes a response into the next slot. A well-behaved caller has taken a request for each.
    pub fn push(&mut self, response: &Rsp) {
        self.geometry.store(&self.memory, self.responses, response);
        self.responses = self.responses.wrapping_add(1);
    }

    /// Shows the front end what was pushed. True when it has asked to be signalled for it.
    pub fn publish(&mut self) -> bool {
        let before = self.published;
        self.published = self.responses;
        self.memory.store_u32(RSP_PROD, self.published, Ordering::Release);
        fence(Ordering::SeqCst);
        let event = self.memory.load_u32(RSP_EVENT, Ordering::Relaxed);
        self.published.wrapping_sub(event) < self.published.wrapping_sub(before)
    }

    /// Misbehaves: claims that responses end at `index`.
    pub fn forge_responses(&mut self, index: u32) {
        self.memory.store_u32(RSP_PROD, index, Ordering::Release);
    }

    /// Misbehaves: moves the front end's own indices in shared memory.
    pub fn forge_requests(&mut self, index: u32) {
        self.memory.store_u32(REQ_PROD, index, Ordering::Release);
        self.memory.store_u32(RSP_EVENT, index, Ordering::Release);
    }

    /// Misbehaves: asks to be signalled at `index`, which may lie anywhere.
    pub fn forge_event(&mut self, index: u32) {
        self.memory.store_u32(REQ_EVENT, index, Ordering::Release);
    }

    /// Misbehaves: writes over a part of a slot, as a torn or late write would.
    pub fn tear(&mut self, index: u32, from: usize, bytes: &[u8]) {
        let start = self.geometry.offset(index) + from;
        let count = bytes.len().min(self.memory.len().saturating_sub(start));
        if count > 0 {
            self.memory.copy_in(start, &bytes[..count]);
        }
    }
}
