// SPDX-License-Identifier: Apache-2.0
//! How segments are shown.

use super::*;
use crate::congestion::Offer;

const SCALE: u8 = 2;

fn at(millis: i64) -> Instant {
    Instant::from_millis(millis)
}

fn flags(expected: u32, window: u16) -> Flags {
    let confirmation = Some(Confirmation { next: 7, expected, is_bare: true, window });
    Flags { opens: false, resets: false, payload: 0, confirmation, offer: None }
}

/// A connection that has sent from 1000 to 5000 in segments of 1000, over a wire with 40 ms there and back.
fn flying() -> Flight {
    let mut flight = Flight::new(1000, Some(Congestion::new(0)));
    let offer = Some(Offer { segment: Some(1000), scale: Some(SCALE) });
    let opening = Flags { opens: true, confirmation: None, offer, ..flags(0, 0) };
    assert_eq!(
        flight.hear(opening, 1460, at(0)),
        Guidance { window: 10_000, is_another: false },
        "it is not shifted"
    );
    flight.recovery.sent(1000, at(0));
    assert_eq!(flight.hear(flags(1000, 60_000), 1460, at(40)), Guidance { window: 2500, is_another: false });
    flight.recovery.sent(5000, at(50));
    flight
}

#[test]
fn confirmations_that_come_again_are_shown_alike_and_the_window_is_halved_after_them() {
    let mut flight = flying();
    for _ in 0..5 {
        assert_eq!(flight.hear(flags(1000, 60_000), 1460, at(60)).window, 2500);
    }
    assert_eq!(flight.hear(flags(2000, 60_000), 1460, at(90)), Guidance { window: 500, is_another: true });
    assert_eq!(flight.hear(flags(5000, 60_000), 1460, at(130)), Guidance { window: 500, is_another: false });
}

/// smoltcp stops its clock when it has counted to three and has nothing but its end to send.
#[test]
fn confirmations_of_all_but_the_end_are_never_shown_alike() {
    let mut flight = flying();
    let mut before = flight.hear(flags(4999, 60_000), 1460, at(90)).window;
    for _ in 0..6 {
        let window = flight.hear(flags(4999, 60_000), 1460, at(91)).window;
        assert_ne!(window, before);
        before = window;
    }
}

#[test]
fn what_is_late_is_asked_for_and_collapses_when_that_is_late_as_well() {
    let mut flight = flying();
    let deadline = flight.deadline().expect("it is timed");
    assert!(!flight.is_late(deadline - smoltcp::time::Duration::from_micros(1)));
    assert!(flight.is_late(deadline));
    assert_eq!(flight.evidence().map(|shown| shown[1].window), Some(2500));
    let again = flight.deadline().expect("it is waited for");
    assert!(again > deadline && flight.is_late(again));
    assert_eq!(flight.evidence().map(|shown| shown[1].window), Some(250), "one segment");
}

#[test]
fn two_ends_in_one_place_are_shown_what_there_is() {
    let mut flight = Flight::new(1000, None);
    flight.recovery.sent(1000, at(0));
    assert_eq!(flight.hear(flags(1000, 60_000), 1460, at(0)).window, u16::MAX);
}

#[test]
fn who_is_not_believed_opens_no_window() {
    let mut flight = flying();
    assert_eq!(flight.hear(flags(5001, 60_000), 1460, at(60)), Guidance { window: 2500, is_another: false });
    assert_eq!(flight.hear(flags(5000, 60_000), 1460, at(90)).window, 2500, "4,000 of 10,000 were under way");
}

#[test]
fn a_connection_that_is_there_takes_no_other_offer() {
    let mut flight = flying();
    let offer = Some(Offer { segment: Some(48), scale: Some(0) });
    flight.hear(Flags { opens: true, confirmation: None, offer, ..flags(0, 0) }, 1460, at(55));
    assert_eq!(flight.hear(flags(2000, 60_000), 1460, at(90)).window, 2500, "10,000 bytes in units of four");
}
