// SPDX-License-Identifier: Apache-2.0
//! Event channels over a shared info page of the test's own; what needs Xen itself is in the system tests.

use std::boxed::Box;
use std::vec::Vec;

use super::*;

fn channels() -> EventChannels {
    let page = NonNull::from(Box::leak(Box::new(SharedInfo::zeroed())));
    // SAFETY: the page is leaked, so it stays valid, and each test has its own.
    unsafe { EventChannels::new(page) }
}

/// Sets a port's pending bit, as Xen does.
fn signal(channels: &EventChannels, port: u32) {
    channels.pending_word((port / 64) as usize).fetch_or(1 << (port % 64), Ordering::Release);
}

#[test]
fn every_port_is_masked_from_the_start() {
    let channels = channels();
    for word in 0..WORDS {
        // SAFETY: the page is valid and nobody writes to it meanwhile.
        assert_eq!(unsafe { channels.shared.as_ref() }.evtchn_mask[word], u64::MAX);
    }
}

#[test]
fn pending_ports_are_taken_once_each() {
    let mut channels = channels();
    for port in [3, 64, 4095] {
        let _ = channels.adopt(EvtchnPort(port)).expect("room");
        signal(&channels, port);
    }
    let mut taken = Vec::new();
    while let Some(port) = channels.take_pending() {
        taken.push(port.0);
    }
    assert_eq!(taken, [3, 64, 4095]);
}

#[test]
fn a_port_that_is_not_bound_is_left_alone() {
    let mut channels = channels();
    let _ = channels.adopt(EvtchnPort(5)).expect("room");
    signal(&channels, 6);
    assert_eq!(channels.take_pending(), None);
    assert_eq!(channels.pending_word(0).load(Ordering::Relaxed), 1 << 6);
}

#[test]
fn more_channels_than_the_idle_loop_can_wait_for_are_refused() {
    let mut channels = channels();
    for port in 1..=MAX_PORTS as u32 {
        let _ = channels.adopt(EvtchnPort(port)).expect("room");
    }
    assert_eq!(channels.adopt(EvtchnPort(1000)), Err(XenError::TooManyChannels));
}
