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
    /// The request that was left in its node, so that it is handed up once.
    left: Option<Shutdown>,
}

/// What is under way while a guest begins to listen: requests that were sent and not waited for.
#[derive(Debug)]
#[must_use = "a request that is not completed stays open"]
pub struct Beginning {
    watch: WatchToken,
    watched: RequestId,
    announced: [RequestId; FEATURES.len()],
}

impl Control {
    /// Watches for requests and announces which of them have a response.
    pub fn new<B: Doorbell, W: Wait>(session: &mut Session<B, W>) -> Result<Self, Error> {
        Self::begin(session.client())?.complete(session)
    }

    /// The first half of [`new`](Self::new), which does not wait: at a guest's start there is other work meanwhile.
    pub fn begin<B: Doorbell>(client: &mut Client<B>) -> Result<Beginning, Error> {
        let (watch, watched) = client.watch(SHUTDOWN)?;
        let mut announced = [watched; FEATURES.len()];
        for (id, (path, value)) in announced.iter_mut().zip(FEATURES) {
            *id = client.submit(None, &Request::Write { path, value })?;
        }
        client.poll();
        Ok(Beginning { watch, watched, announced })
    }

    /// The watch whose events are the reason to [`check`](Self::check).
    pub fn watch(&self) -> WatchToken {
        self.watch
    }

    /// The toolstack's request, if there is one, acknowledged where it can be carried out.
    pub fn check<B: Doorbell, W: Wait>(
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

impl Beginning {
    /// Waits for what [`Control::begin`] has sent.
    pub fn complete<B: Doorbell, W: Wait>(self, session: &mut Session<B, W>) -> Result<Control, Error> {
        session.finish(self.watched)?;
        for (id, (node, _)) in self.announced.into_iter().zip(FEATURES) {
            match session.finish(id) {
                // The toolstack need not have made the node, and the directory is not ours to make it in.
                Err(Error::Refused(refusal)) => log::debug!("{node} not announced: {refusal}"),
                result => drop(result?),
            }
        }
        Ok(Control { watch: self.watch, left: None })
    }
}

#[cfg(test)]
mod tests;
