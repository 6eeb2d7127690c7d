// SPDX-License-Identifier: Apache-2.0
//! What the toolstack asks of the whole domain, through the node `control/shutdown` (Xen's `xenstore-paths`).
//!
//! `xl shutdown` and `xl reboot` write a word into the node and wait for the guest to take it out again and then
//! to end. The word is taken out in a transaction before it is handed up, so that no request is lost or
//! seen twice. What is not understood stays in place: taking it out would be a promise.
//!
//! **Suspend** is refused. The protocol has one way to say so: `control/feature-suspend` with the value 0 tells a
//! toolstack that it must not expect a response and has to fail at once. libxl does not sample it for PV guests.
//! It waits for a minute for the word to be taken out, takes it out itself and reports that the guest did not
//! acknowledge the request; the guest runs on. So the word is left alone. Acknowledging it would
//! end worse: the toolstack would believe that the domain is about to suspend.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::doorbell::Doorbell;
use crate::xenstore::{Client, Error, Request, RequestId, Session, Wait, WatchToken};

/// The node in which the toolstack leaves its request.
const SHUTDOWN: &str = "control/shutdown";

/// What this guest announces: that it responds to a request, or that it does not.
const FEATURES: [(&str, &[u8]); 3] =
    [("control/feature-poweroff", b"1"), ("control/feature-reboot", b"1"), ("control/feature-suspend", b"0")];

/// A request of the toolstack.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// End, and do not come back.
    Poweroff,
    /// End, and be started again.
    Reboot,
    /// End at once, without winding anything down.
    Halt,
    /// Suspend, which this guest has refused by not acknowledging it.
    Suspend,
    /// A word that this guest does not know and has not acknowledged.
    Unknown(String),
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Poweroff => "poweroff",
            Self::Reboot => "reboot",
            Self::Halt => "halt",
            Self::Suspend => "suspend",
            Self::Unknown(word) => word,
        })
    }
}

impl Shutdown {
    fn parse(word: &str) -> Self {
        match word {
            "poweroff" => Self::Poweroff,
            "reboot" => Self::Reboot,
            "halt" => Self::Halt,
            "suspend" => Self::Suspend,
            _ => Self::Unknown(word.into()),
        }
    }

    /// Whether the request was taken out of its node, which is a promise to carry it out.
    pub fn is_acknowledged(&self) -> bool {
        matches!(self, Self::Poweroff | Self::Reboot | Self::Halt)
    }
}

/// Listens for requests of the toolstack.
#[derive(Debug)]
pub struct Control {
    watch: WatchToken,
    /// What was asked of xenstored at the beginning and is not answered yet.
    open: Vec<(Opening, RequestId)>,
    /// The request that was left in its node, so that it is handed up once.
    left: Option<Shutdown>,
}

/// A request to xenstored with which listening begins.
#[derive(Clone, Copy, Debug)]
enum Opening {
    /// The watch.
    Watch,
    /// The announcement in this node.
    Announcement(&'static str),
}

impl Control {
    /// Watches for requests and announces which of them have a response. Nothing is waited for: at a guest's start there
    /// is other work meanwhile.
    pub fn new<B: Doorbell>(client: &mut Client<B>) -> Result<Self, Error> {
        let (watch, watched) = client.watch(SHUTDOWN)?;
        let mut open = Vec::with_capacity(1 + FEATURES.len());
        open.push((Opening::Watch, watched));
        for (path, value) in FEATURES {
            open.push((Opening::Announcement(path), client.submit(None, &Request::Write { path, value })?));
        }
        client.poll();
        Ok(Self { watch, open, left: None })
    }

    /// The watch whose events are a reason to [`poll`](Self::poll).
    pub fn watch(&self) -> WatchToken {
        self.watch
    }

    /// A request that has arrived since the last call, if there is one: to be called when xenstored has rung.
    pub fn poll<B: Doorbell, W: Wait>(
        &mut self,
        session: &mut Session<B, W>,
    ) -> Result<Option<Shutdown>, Error> {
        self.settle(session.client())?;
        let mut changed = false;
        while session.take_event(Some(self.watch)).is_some() {
            changed = true;
        }
        if changed { self.check(session) } else { Ok(None) }
    }

    /// Takes answers to what was asked at the beginning.
    fn settle<B: Doorbell>(&mut self, client: &mut Client<B>) -> Result<(), Error> {
        let mut result = Ok(());
        self.open.retain(|(opening, id)| match (client.take(*id), opening) {
            (None, _) => true,
            // The toolstack need not have made the node, and the directory is not ours to make it in.
            (Some(Err(Error::Refused(refusal))), Opening::Announcement(node)) => {
                log::debug!("{node} not announced: {refusal}");
                false
            }
            (Some(answer), _) => {
                result = result.and(answer.map(|_| ()));
                false
            }
        });
        result
    }

    /// The toolstack's request, if there is one, acknowledged where it can be carried out.
    fn check<B: Doorbell, W: Wait>(
        &mut self,
        session: &mut Session<B, W>,
    ) -> Result<Option<Shutdown>, Error> {
        let request = session.transaction(|store| -> Result<_, Error> {
            let value = match store.read_if_exists(SHUTDOWN)? {
                Some(value) if !value.is_empty() => value,
                _ => return Ok(None),
            };
            let request = Shutdown::parse(&String::from_utf8_lossy(&value));
            if request.is_acknowledged() {
                store.write(SHUTDOWN, b"")?;
            }
            Ok(Some(request))
        })?;
        match &request {
            Some(request) if !request.is_acknowledged() => {
                if self.left.as_ref() == Some(request) {
                    return Ok(None);
                }
                log::warn!("request of the toolstack refused: {request:?}");
                self.left = Some(request.clone());
            }
            _ => self.left = None,
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests;
