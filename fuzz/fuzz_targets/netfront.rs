// SPDX-License-Identifier: Apache-2.0
//! A network device whose back end does as it likes with both rings.
//!
//! Nothing that it writes makes the driver panic or believe in more than there is: a packet that is taken is no longer than packets
//! can be, and when the back end starts over all that was lent comes back and the device works.
#![no_main]

use std::cell::RefCell;

use drivers::mock::netback::Netback;
use drivers::mock::network::{ALL, World};
use drivers::netfront::{Meta, PACKET_MAX, RxResponse, TxResponse};
use drivers::xenbus::{Phase, XenbusState};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Send(u16),
    Flush,
    Receive,
    Rearm,
    TakeSent(i16),
    AnswerSent(u16, i16),
    Deliver(u16),
    AnswerReceived(u16, u16, u16, i16),
    AnswerInOrder(u16, u16, i16),
    PublishAnswers,
    ForgeSent(u32),
    ForgeReceived(u32),
    Tear(u32, u8, [u8; 8]),
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(ALL));
}

fuzz_target!(|steps: Vec<Step>| {
    WORLD.with_borrow_mut(|world| {
        let mut back = world.connect();
        for step in steps {
            perform(world, &mut back, step);
        }
        world.back_state(XenbusState::Closed);
        assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
        assert_eq!(world.pages.out(), 0, "what was lent is back");
        world.back_state(XenbusState::InitWait);
        let mut back = world.connect();
        world.front().send(Meta::default(), &[&[1; 60]]).expect("a fresh ring has room");
        world.front().flush();
        assert_eq!(back.take().map(|(bytes, _)| bytes), Some(vec![1; 60]));
        world.back_state(XenbusState::Closed);
        assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
        world.back_state(XenbusState::InitWait);
    });
});

fn perform(world: &mut World, back: &mut Netback, step: Step) {
    match step {
        Step::Send(size) => {
            let _ = world.front().send(Meta::default(), &[&vec![7; size.into()]]);
        }
        Step::Flush => world.front().flush(),
        Step::Receive => {
            let mut packet = Vec::new();
            if world.front().receive(&mut packet).is_some() {
                assert!((1..=PACKET_MAX).contains(&packet.len()));
            }
        }
        Step::Rearm => {
            let _ = world.front().rearm();
        }
        Step::TakeSent(status) => {
            if let Some(slot) = back.sent.take() {
                let drivers::netfront::TxSlot::Fragment { id, .. } = slot else { return };
                back.sent.push(&TxResponse { id, status });
                back.sent.publish();
            }
        }
        Step::AnswerSent(id, status) => back.sent.push(&TxResponse { id, status }),
        Step::Deliver(size) => {
            let _ = back.deliver(&vec![9; size.into()], Meta::default());
        }
        Step::AnswerReceived(id, offset, flags, status) => {
            back.received.push(&RxResponse { id, offset, flags, status }.into());
        }
        Step::AnswerInOrder(offset, flags, status) => {
            if let Some(request) = back.received.take() {
                back.received.push(&RxResponse { id: request.id, offset, flags, status }.into());
                back.received.publish();
            }
        }
        Step::PublishAnswers => {
            back.sent.publish();
            back.received.publish();
        }
        Step::ForgeSent(index) => back.sent.forge_responses(index),
        Step::ForgeReceived(index) => back.received.forge_responses(index),
        Step::Tear(index, from, bytes) => {
            back.sent.tear(index, from.into(), &bytes);
            back.received.tear(index, from.into(), &bytes);
        }
    }
}
