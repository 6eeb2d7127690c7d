// SPDX-License-Identifier: Apache-2.0
//! How windows open and close.

use proptest::prelude::*;

use super::*;

const PACKET: u32 = 64_000;

fn offer(segment: u16, scale: u8) -> Offer {
    Offer { segment: Some(segment), scale: Some(scale) }
}

fn confirmation(expected: u32, window: u16) -> Confirmation {
    Confirmation { next: 1, expected, is_bare: true, window }
}

/// A connection with segments of 1000 bytes and windows in units of 128.
fn begun(packet: u32) -> Congestion {
    let mut congestion = Congestion::new(packet);
    congestion.begin(offer(1000, 7), 1460);
    congestion
}

#[test]
fn the_first_window_is_ten_segments() {
    for (said, longest, window) in
        [(1000, 1460, 10_000), (1460, 1460, 14_600), (9000, 8960, 17_920), (9000, 1460, 14_600)]
    {
        let mut congestion = Congestion::new(0);
        congestion.begin(offer(said, 7), longest);
        assert_eq!(congestion.window, window, "{said}");
    }
    let mut silent = Congestion::new(0);
    silent.begin(Offer::default(), 1460);
    assert_eq!((silent.segment, silent.window, silent.scale), (536, 5360, 0));
    silent.begin(Offer { segment: Some(0), scale: Some(200) }, 1460);
    assert_eq!((silent.segment, silent.scale), (536, SCALE_MAX));
    silent.begin(offer(1, 0), 1460);
    assert_eq!(silent.segment, 48, "as smoltcp has it");
}

#[test]
fn it_doubles_for_each_time_there_and_back_and_then_grows_by_a_segment() {
    let mut congestion = begun(0);
    congestion.confirmed(10_000, 10_000);
    congestion.confirmed(20_000, 20_000);
    assert_eq!(congestion.window, 40_000, "whatever the number of confirmations");
    congestion.lost(40_000);
    assert_eq!(congestion.window, 20_000);
    congestion.confirmed(19_999, 20_000);
    assert_eq!(congestion.window, 20_000);
    congestion.confirmed(1, 20_000);
    assert_eq!(congestion.window, 21_000);
}

#[test]
fn who_does_not_use_it_gets_no_more() {
    let mut congestion = begun(0);
    congestion.confirmed(4999, 4999);
    assert_eq!(congestion.window, 10_000);
    congestion.confirmed(5000, 5000);
    assert_eq!(congestion.window, 15_000);
}

#[test]
fn two_segments_are_left_of_a_lost_window_and_one_of_a_collapsed() {
    let mut congestion = begun(0);
    congestion.lost(1500);
    assert_eq!((congestion.window, congestion.threshold), (2000, 2000));
    congestion.window = 30_000;
    congestion.collapsed(20_000);
    assert_eq!((congestion.window, congestion.threshold), (1000, 10_000));
    congestion.collapsed(1000);
    assert_eq!(congestion.threshold, 10_000, "it is the same collapse");
    congestion.confirmed(1000, 1000);
    assert_eq!(congestion.window, 2000);
}

#[test]
fn the_narrower_window_counts() {
    let mut congestion = begun(0);
    assert_eq!(congestion.shown(confirmation(5, 500), 0), 79, "10,000 bytes in units of 128");
    assert_eq!(congestion.shown(confirmation(5, 20), 0), 20);
    assert_eq!(congestion.shown(confirmation(5, 0), 0), 0, "the other end has no room");
    assert_eq!((congestion.most(), congestion.most_at_first()), (79, 10_000));
}

#[test]
fn it_opens_by_what_is_worth_a_packet() {
    let mut congestion = begun(PACKET);
    congestion.window = 30_000;
    assert_eq!(congestion.shown(confirmation(0, 5000), 0), 235);
    assert_eq!(congestion.shown(confirmation(2000, 5000), 28_000), 219, "up to 30,000");
    assert_eq!(congestion.shown(confirmation(9999, 5000), 20_001), 157, "up to 30,000");
    assert_eq!(congestion.shown(confirmation(10_000, 5000), 20_000), 235, "up to 40,000");
    assert_eq!(congestion.shown(confirmation(11_000, 5000), 0), 235, "nothing is waited for");
    let mut small = begun(0);
    assert_eq!(small.shown(confirmation(0, 5000), 0), 79);
    assert_eq!(small.shown(confirmation(1000, 5000), 9000), 79, "a device that makes no segments gets each");
}

#[test]
fn a_loss_takes_back_what_was_allowed() {
    let mut congestion = begun(PACKET);
    congestion.window = 30_000;
    congestion.shown(confirmation(0, 5000), 0);
    assert_eq!(congestion.unchanged(confirmation(0, 5000)), 235);
    congestion.lost(30_000);
    assert_eq!(
        congestion.unchanged(confirmation(0, 5000)),
        235,
        "until a confirmation comes that is another"
    );
    assert_eq!(congestion.shown(confirmation(1000, 5000), 29_000), 118);
}

proptest! {
    /// Whatever comes, no more is shown than is offered, something is if something is offered, and what is under way is never more than the
    /// window was at some time.
    #[test]
    fn windows_are_sane(
        segment in 1_u16..9000, scale in 0_u8..16, packet in prop_oneof![Just(0), Just(PACKET)],
        steps in proptest::collection::vec((0_u32..200_000, 0_u16.., 0_u8..4), 1..60),
    ) {
        let mut congestion = Congestion::new(packet);
        congestion.begin(offer(segment, scale), 1460);
        let unit = 1_u64 << scale.min(SCALE_MAX);
        let (mut at, mut sent, mut widest) = (0_u32.wrapping_sub(50_000), 0_u32, 0_u64);
        for (bytes, window, event) in steps {
            let bytes = bytes.min(sent);
            match event {
                0 => congestion.lost(sent),
                1 => congestion.collapsed(sent),
                _ => congestion.confirmed(bytes, sent),
            }
            at = at.wrapping_add(bytes);
            sent -= bytes;
            widest = widest.max(congestion.window.into());
            let shown = congestion.shown(confirmation(at, window), sent);
            prop_assert!(shown <= window);
            prop_assert_eq!(shown == 0, window == 0 || (sent > 0 && congestion.edge == Some(at)));
            prop_assert!(u64::from(shown) * unit < widest + unit);
            sent = sent.max(u32::from(shown) << scale.min(SCALE_MAX));
        }
    }
}
