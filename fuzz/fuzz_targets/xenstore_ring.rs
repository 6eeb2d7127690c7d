// SPDX-License-Identifier: Apache-2.0
//! The xenstore client against a xenstored that is honest, hostile, or both in turn.
//!
//! Memory is bounded at each step. No request is lost: each has a result or is under way until it is taken, and
//! once the connection is broken each has a result at once.
#![no_main]

use drivers::mock::doorbell::CountingBell;
use drivers::mock::xenstored::Xenstored;
use drivers::xenstore::client::REQUESTS_MAX;
use drivers::xenstore::watch::{EVENTS_MAX, WATCHES_MAX};
use drivers::xenstore::wire::{Header, Kind, PAYLOAD_MAX};
use drivers::xenstore::{Client, Outcome, Request, RequestId, WatchToken};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// All messages of all requests, and what may lie between ring and messages.
const BUFFERED_MAX: usize = REQUESTS_MAX * (Header::SIZE + PAYLOAD_MAX) + Header::SIZE + PAYLOAD_MAX + 1024;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Submit { what: u8, node: u8, len: u16 },
    Watch(u8),
    Unwatch(u8),
    Forget(u8),
    Take(u8),
    TakeEvent,
    Poll,
    Daemon,
    Hold,
    Release,
    Change(u8),
    Raw(&'a [u8]),
    Answer { kind: u8, request: u8, payload: &'a [u8] },
    Event { token: u8, path: &'a str },
    ForgeReplies(u32),
    Scribble { offset: u16, bytes: [u8; 4] },
    State(u32, u32, u32),
}

struct Guest {
    client: Client<CountingBell>,
    open: Vec<RequestId>,
    watches: Vec<WatchToken>,
}

impl Guest {
    fn submit(&mut self, what: u8, node: u8, len: u16) {
        let path = format!("n/{}", node % 8);
        let path = path.as_str();
        let value = vec![b'v'; usize::from(len) % 5000];
        let request = match what % 8 {
            0 => Request::Read { path },
            1 => Request::Write { path, value: &value },
            2 => Request::Directory { path },
            3 => Request::DirectoryPart { path, offset: len.into() },
            4 => Request::Rm { path },
            5 => Request::GetPerms { path },
            6 => Request::TransactionStart,
            _ => Request::TransactionEnd(Outcome::Abort),
        };
        self.open.extend(self.client.submit(None, &request));
    }

    fn pick(&self, choice: u8) -> Option<usize> {
        let count = self.open.len();
        (count > 0).then(|| usize::from(choice) % count)
    }

    fn check(&self) {
        assert!(self.client.open_requests() <= REQUESTS_MAX);
        assert!(self.client.pending_events() <= EVENTS_MAX + WATCHES_MAX.min(self.watches.len()));
        assert!(self.client.buffered() <= BUFFERED_MAX);
        assert!(self.open.iter().all(|id| self.client.is_open(*id)), "a request was lost");
    }

    /// Once the connection is broken nothing may be left waiting.
    fn check_end(&mut self) {
        assert_eq!(self.client.buffered(), 0);
        for id in self.open.drain(..) {
            assert!(self.client.take(id).is_some(), "a request hangs");
        }
        assert_eq!(self.client.open_requests(), 0);
        assert!(self.client.submit(None, &Request::TransactionStart).is_err());
    }
}

fuzz_target!(|steps: Vec<Step<'_>>| {
    let (mut daemon, page) = Xenstored::new();
    let client = Client::new(page, CountingBell::default());
    let mut guest = Guest { client, open: Vec::new(), watches: Vec::new() };
    for step in steps {
        match step {
            Step::Submit { what, node, len } => guest.submit(what, node, len),
            Step::Watch(node) => {
                if let Ok((token, id)) = guest.client.watch(&format!("n/{}", node % 8)) {
                    guest.watches.push(token);
                    guest.open.push(id);
                }
            }
            Step::Unwatch(choice) => {
                if let Some(token) = guest.watches.get(usize::from(choice)) {
                    guest.open.extend(guest.client.unwatch(*token));
                }
            }
            Step::Forget(choice) => {
                if let Some(at) = guest.pick(choice) {
                    guest.client.forget(guest.open.remove(at));
                }
            }
            Step::Take(choice) => {
                if let Some(at) = guest.pick(choice) {
                    let id = guest.open[at];
                    if guest.client.take(id).is_some() {
                        guest.open.remove(at);
                        assert!(!guest.client.is_open(id));
                    }
                }
            }
            Step::TakeEvent => {
                if let Some(event) = guest.client.take_event(None) {
                    assert!(guest.watches.contains(&event.token));
                    assert!(event.path.starts_with("n/"), "a path outside of every watch");
                }
            }
            Step::Poll => {
                guest.client.poll();
            }
            Step::Daemon => {
                daemon.poll();
            }
            Step::Hold => daemon.hold(),
            Step::Release => daemon.release_in_reverse(),
            Step::Change(node) => daemon.write(&format!("n/{}/x", node % 8), "changed"),
            Step::Raw(bytes) => daemon.send_raw(bytes),
            Step::Answer { kind, request, payload } => daemon.send(kind.into(), request.into(), payload),
            Step::Event { token, path } => {
                let payload = format!("{path}\0{token}\0");
                daemon.send(Kind::WatchEvent.number(), 0, payload.as_bytes());
            }
            Step::ForgeReplies(index) => daemon.forge_replies(index),
            Step::Scribble { offset, bytes } => daemon.scribble(offset.into(), &bytes),
            Step::State(features, state, error) => daemon.set_state(features, state, error),
        }
        guest.check();
    }
    if guest.client.broken().is_none() {
        daemon.set_state(2, 0, 1);
        guest.client.poll();
    }
    assert!(guest.client.broken().is_some());
    guest.check_end();
});
