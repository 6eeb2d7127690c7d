// SPDX-License-Identifier: Apache-2.0
//! How much may be under way: congestion control that counts bytes.
//!
//! smoltcp's counts confirmations, each as one segment. Where the device cuts segments (TSO), a confirmation is of 64 KB, and its window never opened beyond the first
//! packet: each waited for the confirmation of the one before. So smoltcp runs without control, and is shown a smaller window than
//! the other end offers: in each segment that comes, the window is written anew before smoltcp sees it.
//!
//! RFC 5681 with the counting of RFC 3465, the first window of RFC 6928, and growth only by those who use what they have (RFC 7661). What is allowed grows by steps that are worth a
//! packet, as Linux's `tcp_tso_should_defer` sees to: else each confirmation of two segments would let two be sent.

use crate::recovery::Confirmation;
use crate::sequence::is_before;

/// Segments of a first window, and its bytes if segments are long (RFC 6928, section 2).
const FIRST: (u32, u32) = (10, 14_600);
/// What is used of a segment if the other end does not say (RFC 9293, section 3.7.1).
const SEGMENT: u16 = 536;
/// The shortest segment that smoltcp believes the other end wants.
const SEGMENT_MIN: u16 = 48;
/// The most that a window can be scaled (RFC 7323, section 2.3).
const SCALE_MAX: u8 = 14;

/// What the other end says of itself when a connection begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offer {
    /// The longest segment that it takes.
    pub segment: Option<u16>,
    /// By how many bits its windows are shifted.
    pub scale: Option<u8>,
}

/// What decides how much of a connection may be under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Congestion {
    /// Bytes that may be under way (RFC 5681: cwnd).
    window: u32,
    /// The window from which on it grows slowly (ssthresh).
    threshold: u32,
    /// Bytes of a segment.
    segment: u32,
    /// By how many bits the other end's windows are shifted.
    scale: u8,
    /// Bytes that were confirmed since it grew slowly for the last time.
    confirmed: u32,
    /// The longest step by which what is allowed grows: a packet that the device cuts.
    packet: u32,
    /// The number up to which smoltcp may send.
    edge: Option<u32>,
}

impl Congestion {
    /// That of a connection which sends packets of so many bytes, of which the device makes segments.
    pub const fn new(packet: u32) -> Self {
        Self {
            window: FIRST.1,
            threshold: u32::MAX,
            segment: SEGMENT as u32,
            scale: 0,
            confirmed: 0,
            packet,
            edge: None,
        }
    }

    /// The connection begins; `longest` is the longest segment that its own wire takes. Once it is there, whoever sends another offer is not heard: anybody can.
    pub fn begin(&mut self, offer: Offer, longest: u16) {
        if self.edge.is_some() {
            return;
        }
        self.segment =
            offer.segment.filter(|it| *it > 0).unwrap_or(SEGMENT).max(SEGMENT_MIN).min(longest).into();
        self.scale = offer.scale.unwrap_or(0).min(SCALE_MAX);
        let (segments, bytes) = FIRST;
        self.window = (segments * self.segment).min(bytes.max(2 * self.segment));
    }

    /// Bytes that may be under way.
    pub const fn window(&self) -> u32 {
        self.window
    }

    /// Bytes of a segment.
    pub const fn segment(&self) -> u32 {
        self.segment
    }

    /// So many bytes were confirmed, of so many that were under way.
    pub fn confirmed(&mut self, bytes: u32, under_way: u32) {
        if under_way < self.window / 2 {
            return;
        }
        if self.window < self.threshold {
            self.window = self.window.saturating_add(bytes);
            return;
        }
        self.confirmed = self.confirmed.saturating_add(bytes);
        if self.confirmed >= self.window {
            self.confirmed -= self.window;
            self.window = self.window.saturating_add(self.segment);
        }
    }

    /// Something was lost of so many bytes that were under way.
    pub fn lost(&mut self, under_way: u32) {
        self.threshold = (under_way / 2).max(2 * self.segment);
        self.window = self.threshold;
        self.confirmed = 0;
    }

    /// Nothing is confirmed any more, though it was sent again.
    pub fn collapsed(&mut self, under_way: u32) {
        if self.window > self.segment {
            self.threshold = (under_way / 2).max(2 * self.segment);
        }
        self.window = self.segment;
        self.confirmed = 0;
    }

    /// The window that smoltcp is shown with a confirmation after which so many bytes are still under way.
    pub fn shown(&mut self, confirmation: Confirmation, under_way: u32) -> u16 {
        let offered = u32::from(confirmation.window) << self.scale;
        let window = offered.min(self.window);
        let reach = confirmation.expected.wrapping_add(window);
        self.edge = match self.edge {
            Some(edge) if is_before(edge, reach) => {
                let is_worth_it = reach.wrapping_sub(edge) >= self.packet.min(window / 3);
                Some(if is_worth_it || under_way == 0 { reach } else { edge })
            }
            _ => Some(reach),
        };
        self.unchanged(confirmation)
    }

    /// The window of a confirmation by which nothing more may be sent than before.
    pub fn unchanged(&self, confirmation: Confirmation) -> u16 {
        let allowed = self.edge.map_or(self.window, |edge| edge.wrapping_sub(confirmation.expected));
        self.in_units(allowed).min(confirmation.window)
    }

    /// The widest window of a segment of which it is not known what it confirms.
    pub fn most(&self) -> u16 {
        self.in_units(self.window)
    }

    /// The same for a segment with SYN, whose window is not shifted.
    pub fn most_at_first(&self) -> u16 {
        self.window.try_into().unwrap_or(u16::MAX)
    }

    /// A window as it stands in a segment. It is rounded up: one of less than a unit would be closed.
    fn in_units(&self, bytes: u32) -> u16 {
        bytes.div_ceil(1 << self.scale).try_into().unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
#[path = "congestion/tests.rs"]
mod tests;
