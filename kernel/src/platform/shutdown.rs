// SPDX-License-Identifier: Apache-2.0
//! `xl shutdown` and `xl reboot`: the node gets the signal that a service manager would send it, `SIGTERM`, for which OTP stops its
//! applications. It has some time for that; then, or if nobody listens, the domain ends without it.

use alloc::vec::Vec;
use core::time::Duration;

use beam_vm::platform::{Disposition, Event, Signal};
use drivers::control::Shutdown as Request;
use log::{info, warn};

use crate::machine::Machine;
use crate::power::End;
use crate::time::{self, Instant};

/// The signal for "stop".
pub(super) const TERMINATE: Signal = Signal(15);

/// How long a node may take to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeLimit(pub Duration);

impl Default for TimeLimit {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

/// What the toolstack has asked for.
#[derive(Debug)]
pub(super) struct Shutdown {
    limit: TimeLimit,
    /// What happens to the signal; the system's way is that the node ends at once.
    pub disposition: Disposition,
    /// The end that was asked for, and when it comes at the latest.
    asked: Option<(End, Instant)>,
}

impl Shutdown {
    pub const fn new(limit: TimeLimit) -> Self {
        Self { limit, disposition: Disposition::Default, asked: None }
    }

    /// The toolstack has asked for something.
    pub fn asked(&mut self, machine: &mut Machine, request: Request, events: &mut Vec<Event>) {
        let end = match request {
            Request::Poweroff => End::Poweroff,
            Request::Reboot => End::Reboot,
            // Without winding anything down.
            Request::Halt => return machine.obey(&request),
            Request::Suspend | Request::Unknown(_) => return,
        };
        info!("the toolstack asks for {request}");
        let until = self.asked.map_or_else(|| time::now() + self.limit.0, |(_, until)| until);
        self.asked = Some((end, until));
        match self.disposition {
            Disposition::Tell => events.push(Event::Signal(TERMINATE)),
            Disposition::Default => machine.end(end),
            Disposition::Ignore => {}
        }
    }

    /// How the domain ends when the node has.
    pub fn end(&self) -> End {
        self.asked.map_or(End::Poweroff, |(end, _)| end)
    }

    /// The earlier of a deadline and the end of the time that the node has.
    pub fn before(&self, deadline: Option<Instant>) -> Option<Instant> {
        let until = self.asked.map(|(_, until)| until);
        [deadline, until].into_iter().flatten().min()
    }

    /// How the domain has to end now, if the node has not stopped in its time.
    pub fn is_over(&self) -> Option<End> {
        let (end, until) = self.asked?;
        if time::now() < until {
            return None;
        }
        warn!("the node has not stopped within {} s: the domain ends without it", self.limit.0.as_secs());
        Some(end)
    }
}
