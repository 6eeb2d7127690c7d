// SPDX-License-Identifier: Apache-2.0
//! The host's side of the control port: sends requests, and keeps the answers until somebody waits for them.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::frames::{Replies, Reply, Request};
use crate::machine::Port;

/// An open control port.
pub(crate) struct Channel {
    to: Mutex<ChildStdin>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: Option<String>,
    done: BTreeMap<u64, i32>,
    unknown: Vec<String>,
    closed: bool,
}

/// What a wait came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Waited<T> {
    /// It is there.
    Got(T),
    /// The time is over.
    TimedOut,
    /// The port was closed: the machine has ended.
    Closed,
}

impl Channel {
    /// Takes over the port of a machine.
    pub(crate) fn new(port: Port) -> Self {
        let shared = Arc::new(Shared::default());
        let reader = shared.clone();
        thread::spawn(move || reader.read(port.from));
        Self { to: Mutex::new(port.to), shared }
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: Request) -> io::Result<()> {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        to.write_all(request.encode().as_bytes())?;
        to.flush()
    }

    /// Waits for the agent's first word and returns dom0's uptime.
    pub(crate) fn wait_ready(&self, limit: Duration) -> Waited<String> {
        self.shared.wait(limit, |state| state.ready.clone())
    }

    /// Waits for the end of a job and returns its status.
    pub(crate) fn wait_done(&self, id: u64, limit: Duration) -> Waited<i32> {
        self.shared.wait(limit, |state| state.done.remove(&id))
    }

    /// Returns the lines that were not understood.
    pub(crate) fn unknown(&self) -> Vec<String> {
        self.shared.lock().unknown.clone()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, mut from: ChildStdout) {
        let (mut replies, mut buffer) = (Replies::default(), [0; 4096]);
        loop {
            let count = match from.read(&mut buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => break,
                Ok(count) => count,
            };
            let mut state = self.lock();
            for reply in replies.push(&buffer[..count]) {
                match reply {
                    Reply::Ready(uptime) => state.ready = Some(uptime),
                    Reply::Done { id, status } => drop(state.done.insert(id, status)),
                    Reply::Unknown(line) => state.unknown.push(line),
                }
            }
            self.changed.notify_all();
        }
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn wait<T>(&self, limit: Duration, mut take: impl FnMut(&mut State) -> Option<T>) -> Waited<T> {
        let deadline = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if let Some(value) = take(&mut state) {
                return Waited::Got(value);
            }
            if state.closed {
                return Waited::Closed;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Waited::TimedOut;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
