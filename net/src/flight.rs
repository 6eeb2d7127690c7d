// SPDX-License-Identifier: Apache-2.0
//! What of a connection is under way: how far it has sent, what of that was lost, and how much more may go.
//!
//! Each segment that comes is looked at here before smoltcp sees it, and tells how it is to be shown.

use smoltcp::time::Instant;

use crate::congestion::Congestion;
use crate::frame::Flags;
use crate::recovery::{Confirmation, Late, Recovery};
use crate::sequence::Highest;

/// What the end of a connection (FIN) takes of its numbers.
const END: u32 = 1;

/// How smoltcp is shown a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guidance {
    /// The widest window that it may show.
    pub window: u16,
    /// Whether smoltcp has to be told after it that another segment was lost.
    pub is_another: bool,
}

/// What is under way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// What was sent.
    pub highest: Highest,
    recovery: Recovery,
    /// None where nothing is between the two ends that could be congested.
    congestion: Option<Congestion>,
    /// The most bytes that may come at once.
    room: u32,
}

impl Flight {
    /// That of a connection to which so many bytes may come at once.
    pub fn new(room: usize, congestion: Option<Congestion>) -> Self {
        let room = room.try_into().unwrap_or(u32::MAX);
        Self { highest: Highest::default(), recovery: Recovery::default(), congestion, room }
    }

    /// Learns what a segment says. `longest` is the longest segment that the wire takes.
    pub fn hear(&mut self, flags: Flags, longest: u16, now: Instant) -> Guidance {
        if let (Some(congestion), Some(offer)) = (&mut self.congestion, flags.offer) {
            congestion.begin(offer, longest);
        }
        let segment = self.congestion.as_ref().map_or(longest.into(), Congestion::segment);
        let heard = flags.confirmation.and_then(|it| self.recovery.heard(it, self.room, segment, now));
        let is_another = heard.is_some_and(|heard| heard.is_another);
        let Some(congestion) = &mut self.congestion else { return Guidance { window: u16::MAX, is_another } };
        let window = match (flags.offer, heard, self.recovery.last()) {
            (Some(_), ..) => congestion.most_at_first(),
            (None, Some(heard), Some((last, under_way))) => {
                // smoltcp counts confirmations that are the same to the window.
                let unchanged = heard.is_duplicate.then(|| {
                    // When it has counted to three and has nothing but its end to send, it stops its clock and sends nothing.
                    let is_hidden = under_way == END && self.recovery.duplicates() % 2 == 1;
                    congestion.unchanged(last).saturating_sub(is_hidden.into())
                });
                if heard.is_loss {
                    congestion.lost(heard.under_way);
                } else if !heard.was_recovering {
                    congestion.confirmed(heard.confirmed, heard.under_way);
                }
                unchanged.unwrap_or_else(|| congestion.shown(last, under_way))
            }
            (None, ..) => congestion.most(),
        };
        Guidance { window, is_another }
    }

    /// Bytes that are worth to lie ready: twice what may be under way, so that there are others when those were confirmed.
    pub fn worth_queueing(&self) -> usize {
        self.congestion.as_ref().map_or(0, |congestion| 2 * congestion.window() as usize)
    }

    /// All that smoltcp has sent is noted.
    pub fn sent(&mut self, now: Instant) {
        if let Some(highest) = self.highest.number() {
            self.recovery.sent(highest, now);
        }
    }

    /// When a confirmation is late, if one is waited for.
    pub const fn deadline(&self) -> Option<Instant> {
        self.recovery.deadline()
    }

    /// What is under way cannot have come.
    pub fn take_for_lost(&mut self, now: Instant) {
        self.recovery.take_for_lost(now);
    }

    /// Whether a confirmation is late, so that smoltcp has to be told of a loss.
    pub fn is_late(&mut self, now: Instant) -> bool {
        let late = self.recovery.is_late(now);
        if late == Some(Late::Again)
            && let (Some(congestion), Some((_, under_way))) = (&mut self.congestion, self.recovery.last())
        {
            congestion.collapsed(under_way);
        }
        late.is_some()
    }

    /// What smoltcp has to be shown, so that it sends the first segment that is missing.
    pub fn evidence(&mut self) -> Option<[Confirmation; 5]> {
        let (last, under_way) = self.recovery.last()?;
        let window =
            self.congestion.as_mut().map_or(last.window, |congestion| congestion.shown(last, under_way));
        self.recovery.evidence(window)
    }
}

#[cfg(test)]
#[path = "flight/tests.rs"]
mod tests;
