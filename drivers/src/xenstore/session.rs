// SPDX-License-Identifier: Apache-2.0
//! A xenstore client for those who can wait: at boot, and wherever a device is set up.

use super::client::{Client, RequestId};
use super::error::{Error, Refusal};
use super::reply::Reply;
use super::request::{Outcome, Request, TransactionId};
use super::store::{Store, done, misfit};
use super::watch::{WatchEvent, WatchToken};
use crate::doorbell::Doorbell;

/// How often a transaction is tried before it is given up as contended.
pub const TRANSACTION_ATTEMPTS: u32 = 64;

/// How a session sleeps.
pub trait Wait {
    /// Returns when xenstored has rung since this last returned, at once if it has already. Returning too often
    /// does no harm.
    fn wait(&mut self);
}

/// A client and a way to wait for it.
#[derive(Debug)]
pub struct Session<B, W> {
    client: Client<B>,
    wait: W,
}

impl<B: Doorbell, W: Wait> Session<B, W> {
    /// A session of its own on a client that others may have used before.
    pub fn new(client: Client<B>, wait: W) -> Self {
        Self { client, wait }
    }

    /// The client, for requests that need not be waited for.
    pub fn client(&mut self) -> &mut Client<B> {
        &mut self.client
    }

    /// Takes the session apart.
    pub fn into_client(self) -> Client<B> {
        self.client
    }

    /// Asks for events of a node and all below it. The first comes at once, without a change.
    pub fn watch(&mut self, path: &str) -> Result<WatchToken, Error> {
        let (token, id) = self.client.watch(path)?;
        done(self.finish(id)?)?;
        Ok(token)
    }

    /// Ends a watch.
    pub fn unwatch(&mut self, token: WatchToken) -> Result<(), Error> {
        let id = self.client.unwatch(token)?;
        done(self.finish(id)?)
    }

    /// Ends all watches and transactions that an earlier user of this connection has left behind.
    pub fn reset_watches(&mut self) -> Result<(), Error> {
        done(self.call(&Request::ResetWatches)?)
    }

    /// The next event of a watch, or of any, if one has arrived.
    pub fn take_event(&mut self, token: Option<WatchToken>) -> Option<WatchEvent> {
        self.client.take_event(token).or_else(|| {
            self.client.poll();
            self.client.take_event(token)
        })
    }

    /// Waits for the next event of a watch, or of any.
    pub fn wait_event(&mut self, token: Option<WatchToken>) -> Result<WatchEvent, Error> {
        loop {
            if let Some(event) = self.client.take_event(token) {
                return Ok(event);
            }
            self.step()?;
        }
    }

    /// Runs `body` in a transaction: what it reads does not change under it, and what it writes becomes visible at
    /// once or not at all. When somebody else has interfered it is run again, so it must be able to; after
    /// [`TRANSACTION_ATTEMPTS`] conflicts the error is [`Error::Contended`]. When it fails, nothing is written.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        mut body: impl FnMut(&mut dyn Store) -> Result<T, E>,
    ) -> Result<T, E> {
        for _ in 0..TRANSACTION_ATTEMPTS {
            let Reply::Transaction(id) = self.call(&Request::TransactionStart)? else {
                return Err(misfit("a transaction's number").into());
            };
            let result = body(&mut Transaction { session: self, id });
            let outcome = if result.is_ok() { Outcome::Commit } else { Outcome::Abort };
            let ended = self.call_in(Some(id), &Request::TransactionEnd(outcome));
            match (result, ended) {
                (Ok(_), Err(Error::Refused(Refusal::Conflict))) => {}
                (Ok(value), ended) => {
                    done(ended?)?;
                    return Ok(value);
                }
                // Why the body failed says more than why its transaction could not be ended on top of it.
                (Err(error), _) => return Err(error),
            }
        }
        Err(Error::Contended { attempts: TRANSACTION_ATTEMPTS }.into())
    }

    fn call_in(&mut self, transaction: Option<TransactionId>, request: &Request<'_>) -> Result<Reply, Error> {
        let id = self.client.submit(transaction, request)?;
        self.finish(id)
    }

    /// Waits for the result of a request that was submitted to the [`client`](Self::client).
    /// Waits for the result of a request that was submitted through the [`client`](Self::client): several can be
    /// under way that way.
    pub fn finish(&mut self, id: RequestId) -> Result<Reply, Error> {
        loop {
            if let Some(result) = self.client.take(id) {
                return result;
            }
            // Nothing would ever come for a request whose result was taken before.
            if !self.client.is_open(id) {
                return Err(Error::UnknownRequest);
            }
            // A broken connection has given each request its result, which the next turn takes.
            if !self.client.poll() && self.client.broken().is_none() {
                self.wait.wait();
            }
        }
    }

    /// Moves what can be moved, or waits until something can.
    fn step(&mut self) -> Result<(), Error> {
        if !self.client.poll() {
            if let Some(broken) = self.client.broken() {
                return Err(broken.into());
            }
            self.wait.wait();
        }
        Ok(())
    }
}

impl<B: Doorbell, W: Wait> Store for Session<B, W> {
    fn call(&mut self, request: &Request<'_>) -> Result<Reply, Error> {
        self.call_in(None, request)
    }
}

/// A session inside of a transaction.
struct Transaction<'s, B, W> {
    session: &'s mut Session<B, W>,
    id: TransactionId,
}

impl<B: Doorbell, W: Wait> Store for Transaction<'_, B, W> {
    fn call(&mut self, request: &Request<'_>) -> Result<Reply, Error> {
        self.session.call_in(Some(self.id), request)
    }
}

#[cfg(test)]
mod tests;
