// SPDX-License-Identifier: Apache-2.0
//! A xenstored for tests: it serves one guest from a tree in memory, and misbehaves when it is told to.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::sync::atomic::Ordering;

use super::memory::shared_page;
use crate::byte_ring::{Reader, Writer};
use crate::memory::DomId;
use crate::shared::SharedPage;
use crate::xenstore::Refusal;
use crate::xenstore::session::Wait;
use crate::xenstore::transport::{CONNECTION, ERROR, FEATURES, REPLIES, REQUESTS};
use crate::xenstore::wire::{Header, Kind};
use service::{Service, absolute};

mod service;

/// The guest that the mock serves.
pub const GUEST: DomId = DomId(7);

/// The guest's own directory.
pub const HOME: &str = "/local/domain/7";

/// A xenstored that serves one guest.
pub struct Xenstored {
    page: SharedPage,
    requests: Reader,
    replies: Writer,
    incoming: Vec<u8>,
    outgoing: VecDeque<u8>,
    service: Service,
    /// Answers that are held back, when answers are.
    held: Option<Vec<Vec<u8>>>,
}

impl Xenstored {
    /// A xenstored with an empty home of the guest, and the guest's handle to the page.
    pub fn new() -> (Self, SharedPage) {
        let (guest, page) = shared_page();
        let daemon = Self {
            requests: Reader::new(REQUESTS, &page),
            replies: Writer::new(REPLIES, &page),
            page,
            incoming: Vec::new(),
            outgoing: VecDeque::new(),
            service: Service::new(),
            held: None,
        };
        (daemon, guest)
    }

    /// The same, shared with a session that waits by letting the mock run.
    pub fn shared() -> (Rc<RefCell<Self>>, SharedPage) {
        let (daemon, guest) = Self::new();
        (Rc::new(RefCell::new(daemon)), guest)
    }

    /// Takes in requests, carries them out and sends answers, as far as the rings allow. True when bytes moved.
    pub fn poll(&mut self) -> bool {
        let mut moved = false;
        let mut bytes = [0; 1024];
        let mut got = self.requests.read(&self.page, &mut bytes).unwrap_or(0);
        while got > 0 {
            moved = true;
            self.incoming.extend_from_slice(&bytes[..got]);
            got = self.requests.read(&self.page, &mut bytes).unwrap_or(0);
        }
        while let Some((header, payload)) = self.next_request() {
            self.serve(header, &payload);
        }
        while !self.outgoing.is_empty() {
            let put = self.replies.write(&self.page, self.outgoing.make_contiguous()).unwrap_or(0);
            if put == 0 {
                break;
            }
            moved = true;
            self.outgoing.drain(..put);
        }
        moved
    }

    /// Changes a node from outside of the guest, as the toolstack or a back end does.
    pub fn write(&mut self, path: &str, value: &str) {
        let path = absolute(path);
        self.service.tree.write(&path, value.as_bytes());
        self.report(&[path]);
    }

    /// Removes a node from outside of the guest.
    pub fn rm(&mut self, path: &str) {
        let path = absolute(path);
        if self.service.tree.rm(&path).is_ok() {
            self.report(&[path]);
        }
    }

    /// A node's value as the outside sees it.
    pub fn read(&self, path: &str) -> Option<String> {
        let node = self.service.tree.get(&absolute(path))?;
        Some(String::from_utf8_lossy(&node.value).into_owned())
    }

    /// How many watches are registered.
    pub fn watches(&self) -> usize {
        self.service.watches.len()
    }

    /// How many transactions are open.
    pub fn transactions(&self) -> usize {
        self.service.transactions.len()
    }

    /// Refuses the next commits as if somebody had interfered.
    pub fn refuse_commits(&mut self, count: u32) {
        self.service.conflicts = count;
    }

    /// Lets `count` requests pass and refuses the next, whatever it is.
    pub fn refuse_after(&mut self, count: u32, refusal: Refusal) {
        self.service.refusal = Some((count, refusal));
    }

    /// Holds answers back from now on.
    pub fn hold(&mut self) {
        self.held = Some(Vec::new());
    }

    /// Sends the answers that were held back, the last first.
    pub fn release_in_reverse(&mut self) {
        for answer in self.held.take().into_iter().flatten().rev() {
            self.outgoing.extend(answer);
        }
    }

    /// Misbehaves: sends any bytes.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.outgoing.extend(bytes);
    }

    /// Misbehaves: sends a message of any kind that answers any request.
    pub fn send(&mut self, kind: u32, request: u32, payload: &[u8]) {
        let header = Header { kind, request, transaction: 0, len: payload.len() as u32 };
        self.outgoing.extend(header.encode());
        self.outgoing.extend(payload);
    }

    /// Misbehaves: claims that answers end at `index`.
    pub fn forge_replies(&mut self, index: u32) {
        self.page.store_u32(REPLIES.producer_at(), index, Ordering::Release);
    }

    /// Misbehaves: writes over any part of the page, as far as it reaches.
    pub fn scribble(&mut self, offset: usize, bytes: &[u8]) {
        let count = bytes.len().min(self.page.len().saturating_sub(offset));
        if count > 0 {
            self.page.copy_in(offset, &bytes[..count]);
        }
    }

    /// Announces features and sets the connection's state and error.
    pub fn set_state(&mut self, features: u32, state: u32, error: u32) {
        self.page.store_u32(FEATURES, features, Ordering::Release);
        self.page.store_u32(CONNECTION, state, Ordering::Release);
        self.page.store_u32(ERROR, error, Ordering::Release);
    }

    fn next_request(&mut self) -> Option<(Header, Vec<u8>)> {
        let header = Header::decode(self.incoming.first_chunk()?);
        let end = Header::SIZE + header.len as usize;
        let payload = self.incoming.get(Header::SIZE..end)?.to_vec();
        self.incoming.drain(..end);
        Some((header, payload))
    }

    /// Answers a request, and only then reports what it has changed.
    fn serve(&mut self, header: Header, payload: &[u8]) {
        let mut effects = service::Effects::default();
        let result = self.service.carry_out(header, payload, &mut effects);
        let (kind, payload) = match result {
            Ok(payload) => (header.kind, payload),
            Err(refusal) => (Kind::Error.number(), (refusal.word().to_string() + "\0").into_bytes()),
        };
        let len = payload.len() as u32;
        let mut message = Header { kind, len, ..header }.encode().to_vec();
        message.extend(payload);
        match &mut self.held {
            Some(held) => held.push(message),
            None => self.outgoing.extend(message),
        }
        if let Some((path, token)) = effects.registered {
            self.send_event(&path, &token);
        }
        self.report(&effects.changes);
    }

    /// Tells every watch about changes at, below or above it.
    fn report(&mut self, changes: &[String]) {
        for (path, token) in self.service.events(changes) {
            self.send_event(&path, &token);
        }
    }

    fn send_event(&mut self, path: &str, token: &str) {
        let payload = path.to_string() + "\0" + token + "\0";
        self.send(Kind::WatchEvent.number(), 0, payload.as_bytes());
    }
}

/// A session waits for the mock by letting it run.
impl Wait for Rc<RefCell<Xenstored>> {
    fn wait(&mut self) {
        let moved = self.borrow_mut().poll();
        assert!(moved, "the guest waits for a xenstored that has nothing to do");
    }
}
