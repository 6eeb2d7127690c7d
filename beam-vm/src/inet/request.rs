// SPDX-License-Identifier: Apache-2.0
//! What was asked for and cannot be done at once. Who has asked is sent `{inet_async, Port, Number, Result}`.

use super::Inet;
use crate::term::LocalPid;
use crate::timer::TimerId;

/// The number of a request, which is unique among those of a port that have not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestId(pub u16);

/// What waits for its end.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// Who has asked.
    pub caller: LocalPid,
    /// When it ends in any case.
    pub timer: Option<TimerId>,
}

/// What is due when a timer of a port goes off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// The end of a request.
    Request(RequestId),
    /// The end of the time that a sender waits.
    Send,
    /// What was kept back is to be sent.
    Delayed,
}

impl Inet {
    /// A number for a request.
    pub fn new_request(&mut self) -> RequestId {
        loop {
            self.last_request = (self.last_request + 1) & 0x7FFF;
            let id = RequestId(self.last_request);
            if self.requests.iter().all(|request| request.id != id) {
                return id;
            }
        }
    }

    /// Takes a request out.
    pub fn take_request(&mut self, id: RequestId) -> Option<Request> {
        let place = self.requests.iter().position(|request| request.id == id)?;
        self.requests.remove(place)
    }
}
