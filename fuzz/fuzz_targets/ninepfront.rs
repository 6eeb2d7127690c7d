// SPDX-License-Identifier: Apache-2.0
//! A 9pfs share whose back end writes what it likes into the indices of both rings: nothing panics, no more comes than a ring holds, and
//! when the back end starts over all that was lent comes back and the share works.
#![no_main]

use std::cell::RefCell;

use drivers::mock::ninepback::{Ninepback, QEMU, World};
use drivers::xenbus::{Phase, XenbusState};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// Bytes of a ring: half of 2^6 pages.
const RING: usize = 131_072;

#[derive(Arbitrary, Debug)]
enum Step {
    Send(u16),
    Receive(u32),
    Take(u16),
    Answer(u16),
    ForgeTaken(u32),
    ForgeSent(u32),
    ForgeAnswered(u32),
    ForgeReceived(u32),
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(QEMU));
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
        assert_eq!((world.front().send(b"sound"), back.take(9)), (Ok(5), b"sound".to_vec()));
        world.back_state(XenbusState::Closed);
        assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
        world.back_state(XenbusState::InitWait);
    });
});

fn perform(world: &mut World, back: &mut Ninepback, step: Step) {
    match step {
        Step::Send(count) => {
            if let Ok(sent) = world.front().send(&vec![1; usize::from(count)]) {
                assert!(sent <= usize::from(count));
            }
        }
        Step::Receive(count) => {
            let mut bytes = vec![0; count as usize % (2 * RING)];
            if let Ok(came) = world.front().receive(&mut bytes) {
                assert!(came <= RING.min(bytes.len()));
            }
        }
        Step::Take(count) => drop(back.take(usize::from(count))),
        Step::Answer(count) => {
            back.send(&vec![2; usize::from(count)]);
        }
        Step::ForgeTaken(index) => back.requests_vandal.set_consumer(index),
        Step::ForgeSent(index) => back.requests_vandal.set_producer(index),
        Step::ForgeAnswered(index) => back.replies_vandal.set_producer(index),
        Step::ForgeReceived(index) => back.replies_vandal.set_consumer(index),
    }
}
