// SPDX-License-Identifier: Apache-2.0
//! A block device whose back end does as it likes with the ring and with its nodes in xenstore.
//!
//! Nothing that it writes makes the driver panic or believe in more than there is: each request is answered once, and when the back
//! end starts over all that was lent comes back and the device works.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeSet;

use drivers::blkfront::{BlkResponse, Erase, Request, SECTOR, Ticket};
use drivers::mock::blkback::Blkback;
use drivers::mock::block::{ALL, World};
use drivers::xenbus::{Phase, XenbusState};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Read(u64, u8),
    Write(u64, u8),
    Flush,
    Discard(u64, u64, bool),
    Kick,
    Poll,
    Rearm,
    Abandon,
    Serve,
    Answer(i16),
    Forge(u64, u8, i16),
    Publish,
    ForgeResponses(u32),
    ForgeRequests(u32),
    Tear(u32, u8, [u8; 8]),
    Node(u8, u64),
    Refresh,
    Restart,
}

const NODES: [&str; 8] = [
    "sectors",
    "sector-size",
    "info",
    "max-ring-page-order",
    "feature-max-indirect-segments",
    "discard-granularity",
    "discard-alignment",
    "feature-flush-cache",
];

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new(ALL));
}

fuzz_target!(|steps: Vec<Step>| {
    WORLD.with_borrow_mut(|world| {
        let mut back = world.connect();
        let mut waiting = BTreeSet::new();
        for step in steps {
            if !perform(world, &mut back, &mut waiting, step) {
                break;
            }
        }
        world.front().abandon();
        poll(world, &mut waiting);
        assert!(waiting.is_empty(), "each request is answered");
        restore(world);
        let mut back = world.connect();
        let ticket = world.front().submit(Request::Write { sector: 0, data: vec![7; SECTOR] });
        waiting.insert(ticket.expect("the device works"));
        world.front().kick();
        back.serve_all();
        poll(world, &mut waiting);
        assert!(waiting.is_empty() && back.disk[..SECTOR] == [7; SECTOR]);
        restore(world);
    });
});

/// The back end goes, and waits again, as it was in the beginning.
fn restore(world: &mut World) {
    world.back_state(XenbusState::Closed);
    let phase = world.binding.advance(&mut world.session).expect("it is there");
    assert_eq!(world.pages.out(), 0, "what was lent is back");
    if phase == Phase::Closed {
        world.binding.reopen(&mut world.session).expect("it is there");
    }
    for (node, value) in ALL.iter().chain(&[("sectors", "8192"), ("discard-alignment", "0")]) {
        world.back_node(node, value);
    }
    world.back_state(XenbusState::InitWait);
}

fn poll(world: &mut World, waiting: &mut BTreeSet<Ticket>) {
    while let Some(done) = world.front().poll() {
        assert!(waiting.remove(&done.ticket), "it was asked for, and answered once");
    }
}

/// False when the device cannot be used any more as the back end describes it.
fn perform(world: &mut World, back: &mut Blkback, waiting: &mut BTreeSet<Ticket>, step: Step) -> bool {
    let mut submit = |world: &mut World, request| {
        if let Ok(ticket) = world.front().submit(request) {
            assert!(waiting.insert(ticket), "tickets are new");
        }
    };
    match step {
        Step::Read(sector, count) => {
            submit(world, Request::Read { sector, into: vec![0; usize::from(count) * SECTOR] });
        }
        Step::Write(sector, count) => {
            submit(world, Request::Write { sector, data: vec![count; usize::from(count) * SECTOR] });
        }
        Step::Flush => submit(world, Request::Flush),
        Step::Discard(sector, count, secure) => {
            let erase = if secure { Erase::Secure } else { Erase::Plain };
            submit(world, Request::Discard { sector, count, erase });
        }
        Step::Kick => world.front().kick(),
        Step::Poll => poll(world, waiting),
        Step::Rearm => drop(world.front().rearm()),
        Step::Abandon => world.front().abandon(),
        Step::Serve => drop(back.serve()),
        Step::Answer(status) => {
            if let Some((asked, _)) = back.take() {
                back.answer(&asked, status);
            }
        }
        Step::Forge(id, operation, status) => back.ring.push(&BlkResponse { id, operation, status }),
        Step::Publish => drop(back.ring.publish()),
        Step::ForgeResponses(index) => back.ring.forge_responses(index),
        Step::ForgeRequests(index) => back.ring.forge_requests(index),
        Step::Tear(index, from, bytes) => back.ring.tear(index, from.into(), &bytes),
        Step::Node(node, value) => {
            world.back_node(NODES[usize::from(node) % NODES.len()], &value.to_string());
        }
        Step::Refresh => return world.binding.refresh(&mut world.session).is_ok(),
        Step::Restart => {
            world.back_state(XenbusState::Closed);
            assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
            assert_eq!(world.pages.out(), 0, "what was lent is back");
            world.back_state(XenbusState::InitWait);
            assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Offered));
            world.back_state(XenbusState::Connected);
            if world.binding.advance(&mut world.session).is_err() {
                return false;
            }
            *back = world.attach(core::mem::take(&mut back.disk));
        }
    }
    true
}
