// SPDX-License-Identifier: Apache-2.0
//! What was lost is sent again before a second has gone by.
//!
//! smoltcp waits a second at least until it sends anew what was not confirmed, and longer each time; it sends one segment at once when a
//! confirmation has come four times, and then waits again if more than that was lost. On a wire that loses one packet of fifty, a megabyte took a
//! quarter of a minute (docs/network.md). Here each connection has a clock of its own: when the confirmation of what is under way is late, or tells of a part of
//! what was under way when the last loss was found (RFC 6582), smoltcp is shown the same confirmation as often as it takes to let it send the first segment that
//! is missing. Times are estimated as in RFC 6298, with a margin of 200 ms instead of a second, or of 20 ms where confirmations are not delayed, and each attempt waits twice as long as the one before.
//! After some attempts smoltcp's own clock decides.
//!
//! A confirmation that is late need not be lost: the first segment that is sent again asks. When what answers confirms more than that segment, and nothing has come twice, all was merely
//! late; otherwise it was a loss, as in RFC 8985, section 7.

use smoltcp::time::{Duration, Instant};

use crate::sequence::is_before;

/// How long a confirmation may be delayed by whoever gives it; Linux delays so long at most.
const DELAYED: Duration = Duration::from_millis(200);
/// More than this under way is more than one segment, and the second is confirmed without delay (RFC 9293, section 3.8.6.3).
const MUCH: u32 = 1500;
/// How far times may vary though they have not so far.
const LEAST: Duration = Duration::from_millis(20);
/// The same confirmation comes so often again when a segment is missing (RFC 5681, section 3.2).
const DUPLICATES: u32 = 3;
/// Attempts after which smoltcp's clock decides.
const ATTEMPTS: u32 = 5;

/// What of a segment that has come matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Confirmation {
    /// The sequence number after what it brings.
    pub next: u32,
    /// The sequence number that is expected of us.
    pub expected: u32,
    /// Whether there is nothing else in it.
    pub is_bare: bool,
    /// The window, as it stands there; 0 where it means something else than in other segments.
    pub window: u16,
}

/// What a confirmation says of what is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// Bytes that it confirms.
    pub confirmed: u32,
    /// Bytes that were under way before.
    pub under_way: u32,
    /// Whether it tells of a loss while none was known.
    pub is_loss: bool,
    /// Whether a loss was known that is not yet made good.
    pub was_recovering: bool,
    /// Whether smoltcp has to be shown that another segment is missing.
    pub is_another: bool,
    /// Whether smoltcp may take it for the last one come again, and has to be shown the same window.
    pub is_duplicate: bool,
}

/// That a confirmation is late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// It may come yet.
    Once,
    /// What was sent again is not confirmed either.
    Again,
}

/// What is known of the losses of a connection.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    last: Option<Confirmation>,
    /// The number after what was sent.
    highest: Option<u32>,
    /// A byte whose confirmation is timed, and since when.
    timed: Option<(u32, Instant)>,
    /// The estimated time there and back, and how far it varies.
    round_trip: Option<(Duration, Duration)>,
    /// When a confirmation is late.
    deadline: Option<Instant>,
    attempts: u32,
    /// How often the last confirmation has come again.
    duplicates: u32,
    /// What was under way when a loss was found; until that is confirmed, the confirmation of a part tells of the next one.
    until: Option<u32>,
    /// A segment was sent again only because its confirmation was late.
    asks: bool,
}

impl Recovery {
    /// Something was sent: `highest` is the number after all that ever was.
    pub fn sent(&mut self, highest: u32, now: Instant) {
        if self.highest.is_some_and(|before| !is_before(before, highest)) {
            return;
        }
        self.highest = Some(highest);
        if self.timed.is_none() {
            self.timed = Some((highest, now));
        }
        if self.deadline.is_none() {
            self.start(now);
        }
    }

    /// Whether a segment is likely to be the other end's: both its numbers have to be near those that are expected, as TCP asks of any segment. `room` is how many
    /// bytes may come at once.
    fn is_plausible(&self, segment: Confirmation, room: u32) -> bool {
        let Some(highest) = self.highest else { return false };
        match self.last {
            None => segment.expected == highest,
            Some(last) => {
                !is_before(highest, segment.expected)
                    && segment.next.wrapping_sub(last.next).cast_signed().unsigned_abs() <= room
            }
        }
    }

    /// A segment has come that is likely to be the other end's; `room` is how many bytes may come at once, `segment` how many are sent at once.
    pub fn heard(&mut self, heard: Confirmation, room: u32, segment: u32, now: Instant) -> Option<Heard> {
        if !self.is_plausible(heard, room) {
            return None;
        }
        let before = self.last.unwrap_or(heard);
        let under_way = self.highest.map_or(0, |highest| highest.wrapping_sub(before.expected));
        let is_news = self.last.is_none() || is_before(before.expected, heard.expected);
        let latest = |one, other| if is_before(other, one) { one } else { other };
        self.last = Some(Confirmation {
            next: latest(before.next, heard.next),
            // What was on its way for long tells nothing.
            expected: latest(before.expected, heard.expected),
            ..heard
        });
        if !is_news {
            let is_duplicate = heard.is_bare
                && Confirmation { next: before.next, is_bare: before.is_bare, ..heard } == before;
            self.duplicates += u32::from(is_duplicate);
            let is_loss = is_duplicate && self.duplicates == DUPLICATES && self.until.is_none();
            if is_duplicate && self.duplicates == DUPLICATES {
                // smoltcp sends the first segment that is missing by itself.
                self.until = self.under_way().map(|(_, highest)| highest);
                self.timed = None;
            }
            return Some(Heard { under_way, is_loss, is_duplicate, ..Heard::default() });
        }
        let confirmed = heard.expected.wrapping_sub(before.expected);
        let asked = core::mem::take(&mut self.asks);
        let was_late_only = asked && self.duplicates == 0 && confirmed > segment;
        if was_late_only {
            self.until = None;
        }
        let was_recovering = self.until.is_some();
        self.duplicates = 0;
        if let Some((timed, since)) = self.timed
            && !is_before(heard.expected, timed)
        {
            self.timed = None;
            self.measure(now - since);
        }
        self.attempts = 0;
        self.start(now);
        self.until = self.until.filter(|until| is_before(heard.expected, *until));
        Some(Heard {
            confirmed,
            under_way,
            is_loss: asked && !was_late_only,
            was_recovering,
            is_another: self.until.is_some(),
            is_duplicate: false,
        })
    }

    /// Lets the estimate follow a time there and back (RFC 6298, section 2).
    fn measure(&mut self, time: Duration) {
        self.round_trip = Some(match self.round_trip {
            None => (time, time / 2),
            Some((mean, deviation)) => {
                let off = if time > mean { time - mean } else { mean - time };
                (mean * 7 / 8 + time / 8, deviation * 3 / 4 + off / 4)
            }
        });
    }

    /// How often the last confirmation has come again.
    pub const fn duplicates(&self) -> u32 {
        self.duplicates
    }

    /// The last confirmation, and how many bytes it leaves under way.
    pub fn last(&self) -> Option<(Confirmation, u32)> {
        let (last, highest) = (self.last?, self.highest?);
        Some((last, highest.wrapping_sub(last.expected)))
    }

    /// The last confirmation, if there is something that it does not confirm, and the number after that.
    fn under_way(&self) -> Option<(Confirmation, u32)> {
        let (last, highest) = (self.last?, self.highest?);
        is_before(last.expected, highest).then_some((last, highest))
    }

    /// Starts the clock anew, if something is under way.
    fn start(&mut self, now: Instant) {
        self.deadline = match self.round_trip {
            Some((mean, deviation)) if self.attempts < ATTEMPTS => self.under_way().map(|(last, highest)| {
                let is_much = highest.wrapping_sub(last.expected) > MUCH;
                let late = mean + (deviation * 4).max(if is_much { LEAST } else { DELAYED });
                now + late * (1 << self.attempts)
            }),
            _ => None,
        };
    }

    /// When a confirmation is late, if one is waited for.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What is under way cannot have come: its confirmation is late now, as if it had not been waited for before.
    pub fn take_for_lost(&mut self, now: Instant) {
        self.attempts = 0;
        self.deadline = self.under_way().map(|_| now);
    }

    /// Says whether a confirmation is late, and waits longer for the next.
    pub fn is_late(&mut self, now: Instant) -> Option<Late> {
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return None;
        }
        self.attempts += 1;
        self.start(now);
        if self.attempts > 1 {
            self.asks = false;
            return Some(Late::Again);
        }
        self.asks = self.until.is_none();
        Some(Late::Once)
    }

    /// What smoltcp has to be shown, so that it sends the first segment that is missing: another window, after which it counts anew, and
    /// the same confirmation until it has counted to three. `window` is the one that is shown.
    pub fn evidence(&mut self, window: u16) -> Option<[Confirmation; 5]> {
        let (last, highest) = self.under_way().filter(|_| window > 0)?;
        // A time that a lost segment has taken says nothing of the wire (Karn's rule).
        self.timed = None;
        self.until = Some(highest);
        let last = Confirmation { window, ..last };
        let other = Confirmation { window: window - 1, ..last };
        Some([other, last, last, last, last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u32 = 1000;
    const SEGMENT: u32 = 50;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    fn confirmation(expected: u32) -> Confirmation {
        Confirmation { next: 7, expected, is_bare: true, window: 100 }
    }

    /// Whether a confirmation tells of another loss.
    fn tells(recovery: &mut Recovery, heard: Confirmation, now: Instant) -> bool {
        recovery.heard(heard, ROOM, SEGMENT, now).is_some_and(|heard| heard.is_another)
    }

    /// A connection whose bytes from 1000 on take 40 ms there and back.
    fn measured() -> Recovery {
        let mut recovery = Recovery::default();
        recovery.sent(1100, at(0));
        assert!(!tells(&mut recovery, confirmation(1100), at(40)));
        assert_eq!(recovery.deadline(), None);
        recovery
    }

    #[test]
    fn a_late_confirmation_is_noticed_and_waited_for_twice_as_long() {
        let mut recovery = measured();
        recovery.sent(1200, at(50));
        assert_eq!(recovery.deadline(), Some(at(290)));
        assert_eq!(recovery.is_late(at(289)), None);
        assert_eq!(recovery.is_late(at(290)), Some(Late::Once));
        assert_eq!(recovery.deadline(), Some(at(290 + 480)));
        for attempt in 1..ATTEMPTS {
            assert_eq!(recovery.is_late(at(100_000 * i64::from(attempt))), Some(Late::Again));
        }
        assert_eq!(recovery.deadline(), None, "smoltcp's clock decides");
    }

    #[test]
    fn evidence_counts_to_three_after_another_window() {
        let mut recovery = measured();
        assert_eq!(recovery.evidence(100), None, "nothing is under way");
        recovery.sent(1200, at(50));
        let evidence = recovery.evidence(100).expect("it is under way");
        assert_eq!(evidence.map(|shown| shown.window), [99, 100, 100, 100, 100]);
        assert!(evidence.iter().all(|shown| (shown.next, shown.expected) == (7, 1100)));
    }

    #[test]
    fn a_part_that_is_confirmed_tells_of_the_next_loss() {
        let mut recovery = measured();
        recovery.sent(1500, at(50));
        assert!(recovery.evidence(100).is_some());
        recovery.sent(1600, at(60));
        assert!(tells(&mut recovery, confirmation(1200), at(100)));
        assert!(!tells(&mut recovery, confirmation(1200), at(101)), "it tells of nothing new");
        assert!(!tells(&mut recovery, confirmation(1500), at(140)), "all that was under way is there");
        assert!(!tells(&mut recovery, confirmation(1550), at(150)));
    }

    #[test]
    fn a_confirmation_that_comes_again_and_again_tells_of_a_loss() {
        let mut recovery = measured();
        recovery.sent(9000, at(50));
        assert_eq!(recovery.deadline(), Some(at(50 + 40 + 80)), "so much is confirmed at once");
        assert!(!tells(&mut recovery, Confirmation { is_bare: false, ..confirmation(1100) }, at(90)));
        for _ in 0..2 {
            assert!(!tells(&mut recovery, confirmation(1100), at(90)));
        }
        assert_eq!(recovery.until, None);
        assert!(!tells(&mut recovery, confirmation(1100), at(90)));
        assert!(tells(&mut recovery, confirmation(2000), at(130)), "the next one is missing as well");
    }

    #[test]
    fn numbers_go_round() {
        let mut recovery = Recovery::default();
        recovery.sent(u32::MAX - 10, at(0));
        assert!(!tells(&mut recovery, confirmation(u32::MAX - 10), at(0)));
        recovery.sent(20, at(0));
        assert!(!tells(&mut recovery, confirmation(20), at(10)));
        assert_eq!(recovery.deadline(), None);
        recovery.sent(40, at(20));
        assert!(recovery.deadline().is_some());
    }

    #[test]
    fn who_guesses_numbers_is_not_heard() {
        let mut recovery = measured();
        recovery.sent(1500, at(50));
        let known = recovery.last;
        for forged in [
            Confirmation { next: 7 + ROOM + 1, ..confirmation(1200) },
            Confirmation { next: 6_u32.wrapping_sub(ROOM), ..confirmation(1200) },
            confirmation(1501),
        ] {
            assert_eq!(recovery.heard(forged, ROOM, SEGMENT, at(60)), None);
            assert_eq!(recovery.last, known);
        }
    }

    /// What was sent again at 290 ms, of 400 bytes, is answered by a confirmation.
    fn answered(duplicates: usize, expected: u32) -> Heard {
        let mut recovery = measured();
        recovery.sent(1500, at(50));
        for _ in 0..duplicates {
            assert!(!tells(&mut recovery, confirmation(1100), at(90)));
        }
        assert_eq!(recovery.is_late(at(290)), Some(Late::Once));
        assert!(recovery.evidence(100).is_some());
        recovery.heard(confirmation(expected), ROOM, SEGMENT, at(300)).expect("it is plausible")
    }

    #[test]
    fn what_was_only_late_is_no_loss() {
        let late = Heard { confirmed: 51, under_way: 400, ..Heard::default() };
        assert_eq!(answered(0, 1151), late);
        let lost = Heard { is_loss: true, was_recovering: true, is_another: true, ..late };
        assert_eq!(answered(0, 1150), Heard { confirmed: 50, ..lost }, "only what was sent again has come");
        assert_eq!(answered(1, 1151), lost, "the other end has missed something");
        assert!(!answered(1, 1500).is_another, "nothing else is missing");
    }

    #[test]
    fn a_loss_is_told_once() {
        let mut recovery = measured();
        recovery.sent(1500, at(50));
        let mut hear =
            |expected| recovery.heard(confirmation(expected), ROOM, SEGMENT, at(90)).expect("plausible");
        let again = Heard { under_way: 400, is_duplicate: true, ..Heard::default() };
        assert_eq!([hear(1100), hear(1100)], [again; 2]);
        assert_eq!(hear(1100), Heard { is_loss: true, ..again });
        assert_eq!(hear(1100), again);
        let part = Heard {
            confirmed: 100,
            under_way: 400,
            was_recovering: true,
            is_another: true,
            ..Heard::default()
        };
        assert_eq!(hear(1200), part);
    }
}
