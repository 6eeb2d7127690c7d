// SPDX-License-Identifier: Apache-2.0
//! Tests of the handshake: the usual lives of a device, and what holds in all others.

use proptest::prelude::*;
use std::vec::Vec;

use super::*;

const PHASES: [Phase; 7] = [
    Phase::Waiting,
    Phase::Offered,
    Phase::Connected,
    Phase::Reconfiguring,
    Phase::Lost,
    Phase::Closing,
    Phase::Closed,
];

fn theirs() -> impl Iterator<Item = Theirs> {
    (0..=8).map(|raw| Theirs::State(XenbusState::from_raw(raw).unwrap())).chain([Theirs::Gone])
}

/// Takes a front end through what its back end says, and collects what it shows and does.
fn life(order: Order, states: &[XenbusState]) -> Vec<(Action, XenbusState)> {
    let mut phase = Phase::Waiting;
    let mut seen = Vec::new();
    for state in states {
        loop {
            let step = phase.step(Theirs::State(*state));
            if step == Step::to(phase, Action::Nothing) {
                break;
            }
            phase = step.phase;
            seen.push((step.action, phase.state(order)));
        }
    }
    seen
}

#[test]
fn a_network_device_connects_and_closes() {
    use XenbusState::*;
    assert_eq!(
        life(Order::FrontFirst, &[Initialising, InitWait, Connected, Closing, Closed]),
        [(Action::Offer, Connected), (Action::Connect, Connected), (Action::Disconnect, Closed),]
    );
}

#[test]
fn a_block_device_connects_after_its_back_end() {
    use XenbusState::*;
    assert_eq!(
        life(Order::BackFirst, &[Initialising, InitWait, Initialised, Connected, Closing]),
        [(Action::Offer, Initialised), (Action::Connect, Connected), (Action::Disconnect, Closed),]
    );
}

#[test]
fn a_back_end_that_returns_gets_a_new_offer() {
    use XenbusState::*;
    assert_eq!(
        life(Order::BackFirst, &[InitWait, Connected, Closed, InitWait, Connected]),
        [
            (Action::Offer, Initialised),
            (Action::Connect, Connected),
            (Action::Disconnect, Closed),
            (Action::Nothing, Initialising),
            (Action::Offer, Initialised),
            (Action::Connect, Connected),
        ]
    );
}

#[test]
fn a_back_end_that_starts_over_without_a_word_gets_a_new_offer() {
    use XenbusState::*;
    assert_eq!(
        life(Order::FrontFirst, &[InitWait, Connected, InitWait]),
        [
            (Action::Offer, Connected),
            (Action::Connect, Connected),
            (Action::Disconnect, Initialising),
            (Action::Offer, Connected),
        ]
    );
}

#[test]
fn a_reconfiguration_pauses_the_device() {
    use XenbusState as State;
    assert_eq!(
        life(
            Order::BackFirst,
            &[State::InitWait, State::Connected, State::Reconfiguring, State::Reconfigured]
        )[2..],
        [(Action::Pause, State::Reconfiguring), (Action::Resume, State::Connected),]
    );
}

#[test]
fn what_an_earlier_guest_has_left_is_not_taken_for_ours() {
    use XenbusState::*;
    assert_eq!(life(Order::BackFirst, &[Connected, Closed, Initialised]), []);
    assert_eq!(
        life(Order::BackFirst, &[Closing]),
        [(Action::Nothing, Closed)],
        "an unplug before it was used"
    );
}

#[test]
fn a_back_end_that_vanishes_is_lost() {
    for phase in [Phase::Offered, Phase::Connected, Phase::Reconfiguring] {
        assert_eq!(phase.step(Theirs::Gone), Step::to(Phase::Lost, Action::Disconnect));
    }
    assert_eq!(Phase::Closing.step(Theirs::Gone).phase, Phase::Closed);
    assert_eq!(Phase::Waiting.step(Theirs::Gone), Step::to(Phase::Waiting, Action::Nothing));
}

#[test]
fn what_we_close_stays_closed_until_we_reopen_it() {
    let closing = Phase::Connected.close();
    assert_eq!(closing, Step::to(Phase::Closing, Action::Disconnect));
    assert_eq!(Phase::Closing.step(Theirs::State(XenbusState::Connected)).phase, Phase::Closing);
    assert_eq!(Phase::Closing.step(Theirs::State(XenbusState::Closed)).phase, Phase::Closed);
    for theirs in theirs() {
        assert_eq!(Phase::Closed.step(theirs), Step::to(Phase::Closed, Action::Nothing));
    }
    assert_eq!(Phase::Closed.reopen().phase, Phase::Waiting);
    assert_eq!(Phase::Connected.reopen().phase, Phase::Connected);
}

#[test]
fn what_is_set_up_is_taken_down_and_nothing_else_is() {
    let wishes =
        PHASES.map(|phase| (phase, phase.close())).into_iter().chain(PHASES.map(|p| (p, p.reopen())));
    let steps = PHASES.into_iter().flat_map(|phase| theirs().map(move |theirs| (phase, phase.step(theirs))));
    for (phase, step) in wishes.chain(steps) {
        let expected = match (phase.is_set_up(), step.phase.is_set_up()) {
            (true, false) => &[Action::Disconnect][..],
            (false, true) => &[Action::Offer],
            (false, false) => &[Action::Nothing],
            (true, true) => &[Action::Nothing, Action::Connect, Action::Pause, Action::Resume],
        };
        assert!(expected.contains(&step.action), "{phase:?} to {step:?}");
    }
}

#[test]
fn steps_come_to_rest() {
    for phase in PHASES {
        for theirs in theirs() {
            let rest = (0..3).fold(phase, |phase, _| phase.step(theirs).phase);
            assert_eq!(rest.step(theirs), Step::to(rest, Action::Nothing), "{phase:?} with {theirs:?}");
        }
    }
}

proptest! {
    #[test]
    fn every_life_ends_connected_with_a_back_end_that_behaves_at_last(
        wild in prop::collection::vec(0u32..10, 0..50),
        front_first: bool,
    ) {
        let mut phase = Phase::Waiting;
        for raw in wild {
            phase = phase.step(Theirs::from(XenbusState::from_raw(raw))).phase;
        }
        // A back end that starts over.
        for state in [XenbusState::Initialising, XenbusState::InitWait, XenbusState::InitWait, XenbusState::Connected] {
            phase = phase.step(Theirs::State(state)).phase;
        }
        prop_assert_eq!(phase, Phase::Connected);
        let order = if front_first { Order::FrontFirst } else { Order::BackFirst };
        prop_assert_eq!(phase.state(order), XenbusState::Connected);
    }
}
