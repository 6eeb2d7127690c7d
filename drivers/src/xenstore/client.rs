// SPDX-License-Identifier: Apache-2.0
//! A xenstore client that never waits.
//!
//! [`Client::submit`] queues a request and names it; [`Client::poll`] moves bytes both ways, as far as the rings
//! allow; [`Client::take`] fetches the result when there is one. Any number of requests (up to a limit) can be
//! under way, and xenstored may answer them in any order.
//!
//! A breach of the protocol breaks the connection: all requests under way, and all later ones, end with an
//! error that says why. So a caller that polls until its request has a result cannot be left hanging by what
//! xenstored sends, only by what it does not send.

use alloc::collections::BTreeMap;

use super::error::{Broken, Error};
use super::reply::{self, Reply};
use super::request::{Request, TransactionId, watch_frame};
use super::transport::Transport;
use super::watch::{WatchEvent, WatchToken, Watches};
use super::wire::{Kind, Message};
use crate::doorbell::Doorbell;
use crate::shared::SharedPage;

/// How many requests can be open: queued, under way, or answered and not yet taken.
pub const REQUESTS_MAX: usize = 64;

/// Stands for a request until its result is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(u32);

/// A request's way through the client.
#[derive(Debug)]
enum Pending {
    /// Queued or sent. `watch` is the watch that it registers, which must not outlive a refusal.
    UnderWay { kind: Kind, watch: Option<WatchToken> },
    /// As before, but nobody wants the result.
    Forgotten { kind: Kind, watch: Option<WatchToken> },
    /// Done.
    Answered(Result<Reply, Error>),
}

/// The guest's side of a connection to xenstored.
#[derive(Debug)]
pub struct Client<B> {
    transport: Transport<B>,
    last: u32,
    pending: BTreeMap<u32, Pending>,
    watches: Watches,
    broken: Option<Broken>,
}

impl<B: Doorbell> Client<B> {
    /// A client on the page that `start_info` names.
    pub fn new(page: SharedPage, bell: B) -> Self {
        Self {
            transport: Transport::new(page, bell),
            last: 0,
            pending: BTreeMap::new(),
            watches: Watches::default(),
            broken: None,
        }
    }

    /// Queues a request, in a transaction or by itself.
    pub fn submit(
        &mut self,
        transaction: Option<TransactionId>,
        request: &Request<'_>,
    ) -> Result<RequestId, Error> {
        let id = self.next_id()?;
        let frame = request.frame(id, transaction)?;
        if request.kind() == Kind::ResetWatches {
            self.watches.clear();
        }
        Ok(self.queue(id, request.kind(), None, frame))
    }

    /// Asks for events of a node and all below it. The first comes at once, without a change.
    pub fn watch(&mut self, path: &str) -> Result<(WatchToken, RequestId), Error> {
        let id = self.next_id()?;
        let token = self.watches.add(path)?;
        match watch_frame(Kind::Watch, id, path, &alloc::format!("{token}")) {
            Ok(frame) => Ok((token, self.queue(id, Kind::Watch, Some(token), frame))),
            Err(error) => {
                self.watches.remove(token);
                Err(error)
            }
        }
    }

    /// Ends a watch. None of its events is handed out any more.
    pub fn unwatch(&mut self, token: WatchToken) -> Result<RequestId, Error> {
        let id = self.next_id()?;
        let path = self.watches.remove(token).ok_or(Error::UnknownWatch)?;
        let frame = watch_frame(Kind::Unwatch, id, &path, &alloc::format!("{token}"))?;
        Ok(self.queue(id, Kind::Unwatch, None, frame))
    }

    /// Moves bytes both ways and takes in what has arrived. False when there was nothing to move: the caller may
    /// sleep until the doorbell's other side rings.
    pub fn poll(&mut self) -> bool {
        if self.broken.is_some() {
            return false;
        }
        self.exchange().unwrap_or_else(|broken| {
            self.give_up(broken);
            true
        })
    }

    /// The result of a request, once there is one. It can be taken once.
    pub fn take(&mut self, id: RequestId) -> Option<Result<Reply, Error>> {
        match self.pending.remove(&id.0)? {
            Pending::Answered(result) => Some(result),
            pending => {
                self.pending.insert(id.0, pending);
                None
            }
        }
    }

    /// Whether this request will have, or has, a result that can be taken.
    pub fn is_open(&self, id: RequestId) -> bool {
        matches!(self.pending.get(&id.0), Some(Pending::UnderWay { .. } | Pending::Answered(_)))
    }

    /// Says that nobody will take this request's result. It is carried out nevertheless.
    pub fn forget(&mut self, id: RequestId) {
        if let Some(Pending::UnderWay { kind, watch } | Pending::Forgotten { kind, watch }) =
            self.pending.remove(&id.0)
        {
            self.pending.insert(id.0, Pending::Forgotten { kind, watch });
        }
    }

    /// The next event of a watch, or of any.
    pub fn take_event(&mut self, token: Option<WatchToken>) -> Option<WatchEvent> {
        self.watches.take(token)
    }

    /// Why the connection is of no use any more, if so.
    pub fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// How many requests are open.
    pub fn open_requests(&self) -> usize {
        self.pending.len()
    }

    /// How many events wait to be taken.
    pub fn pending_events(&self) -> usize {
        self.watches.pending()
    }

    /// Bytes of messages on their way.
    pub fn buffered(&self) -> usize {
        self.transport.buffered()
    }

    /// An id that no open request has; zero is left to watch events.
    fn next_id(&mut self) -> Result<u32, Error> {
        if let Some(broken) = self.broken {
            return Err(broken.into());
        }
        if self.pending.len() >= REQUESTS_MAX {
            return Err(Error::TooMany { limit: REQUESTS_MAX });
        }
        loop {
            self.last = self.last.wrapping_add(1);
            if self.last != 0 && !self.pending.contains_key(&self.last) {
                return Ok(self.last);
            }
        }
    }

    fn queue(
        &mut self,
        id: u32,
        kind: Kind,
        watch: Option<WatchToken>,
        frame: alloc::vec::Vec<u8>,
    ) -> RequestId {
        self.pending.insert(id, Pending::UnderWay { kind, watch });
        self.transport.queue(id, frame);
        RequestId(id)
    }

    fn exchange(&mut self) -> Result<bool, Broken> {
        let moved = self.transport.pump()?;
        while let Some(message) = self.transport.next_message()? {
            self.deliver(message)?;
        }
        Ok(moved)
    }

    fn deliver(&mut self, message: Message) -> Result<(), Broken> {
        let header = message.header;
        let kind = Kind::from_number(header.kind).ok_or(Broken::UnknownKind { kind: header.kind })?;
        if kind == Kind::WatchEvent {
            return self.watches.report(&message.payload);
        }
        let request = header.request;
        let (asked, watch, is_wanted) = match self.pending.get(&request) {
            Some(Pending::UnderWay { kind, watch }) if !self.transport.is_queued(request) => {
                (*kind, *watch, true)
            }
            Some(Pending::Forgotten { kind, watch }) if !self.transport.is_queued(request) => {
                (*kind, *watch, false)
            }
            _ => return Err(Broken::UnknownRequest { request }),
        };
        if kind != asked && kind != Kind::Error {
            return Err(Broken::WrongKind { request, kind: header.kind });
        }
        let result = reply::parse(asked, kind, message.payload)?;
        if let (Some(token), Err(_)) = (watch, &result) {
            self.watches.remove(token);
        }
        if is_wanted {
            self.pending.insert(request, Pending::Answered(result));
        } else {
            self.pending.remove(&request);
        }
        Ok(())
    }

    /// Ends everything that is under way. Results and events that are there already can still be taken.
    fn give_up(&mut self, broken: Broken) {
        log::error!("{broken}");
        self.broken = Some(broken);
        self.transport.abandon();
        self.pending.retain(|_, pending| !matches!(pending, Pending::Forgotten { .. }));
        for pending in self.pending.values_mut() {
            if matches!(pending, Pending::UnderWay { .. }) {
                *pending = Pending::Answered(Err(broken.into()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
