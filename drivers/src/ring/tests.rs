// SPDX-License-Identifier: Apache-2.0
//! Tests of the request ring against a back end that keeps to the protocol and one that does not.

use proptest::prelude::*;
use std::collections::VecDeque;
use std::vec::Vec;

use super::*;
use crate::inflight::{InFlight, InFlightError};
use crate::mock::memory::shared;
use crate::mock::ring::BackRing;

/// A request of 24 bytes with an id, like those of a block device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ask {
    id: u64,
    sector: u64,
}

impl Slot for Ask {
    const SIZE: usize = 24;

    fn encode(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.id.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sector.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        Self { id: word(0), sector: word(16) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Answer(u64);

impl Slot for Answer {
    const SIZE: usize = 8;

    fn encode(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self(u64::from_le_bytes(bytes.try_into().unwrap()))
    }
}

fn pair(pages: usize) -> (FrontRing<Ask, Answer>, BackRing<Ask, Answer>) {
    let (ours, theirs) = shared(pages);
    (FrontRing::new(ours), BackRing::new(theirs))
}

fn ask(id: u64) -> Ask {
    Ask { id, sector: id * 8 }
}

#[test]
fn the_ring_is_the_largest_power_of_two_that_fits() {
    assert_eq!(pair(1).0.size(), 128, "(4096 - 64) / 24 = 168");
    assert_eq!(pair(2).0.size(), 256, "(8192 - 64) / 24 = 338");
}

#[test]
fn requests_are_seen_once_they_are_published() {
    let (mut front, mut back) = pair(1);
    front.push(&ask(7)).unwrap();
    assert_eq!(back.take(), None);
    assert!(front.publish(), "a fresh ring asks to be signalled for the first request");
    assert_eq!(back.take(), Some(ask(7)));
    front.push(&ask(8)).unwrap();
    assert!(!front.publish(), "the back end has not re-armed");
    assert!(back.rearm(), "and finds the request on its last look");
}

#[test]
fn responses_come_back_in_the_order_of_the_back_end() {
    let (mut front, mut back) = pair(1);
    for id in 0..3 {
        front.push(&ask(id)).unwrap();
    }
    assert!(front.publish());
    let asked: Vec<_> = core::iter::from_fn(|| back.take()).collect();
    for request in asked.iter().rev() {
        back.push(&Answer(request.id));
    }
    assert!(back.publish());
    let answers: Vec<_> = core::iter::from_fn(|| front.take().unwrap()).collect();
    assert_eq!(answers, [Answer(2), Answer(1), Answer(0)]);
    assert_eq!(front.outstanding(), 0);
}

#[test]
fn a_full_ring_refuses() {
    let (mut front, mut back) = pair(1);
    for id in 0..u64::from(front.size()) {
        front.push(&ask(id)).unwrap();
    }
    assert_eq!(front.free(), 0);
    assert_eq!(front.push(&ask(0)), Err(RingFull));
    let _ = front.publish();
    back.take().unwrap();
    back.push(&Answer(0));
    back.publish();
    assert_eq!(front.push(&ask(0)), Err(RingFull), "a slot is free when its response was taken");
    assert_eq!(front.take(), Ok(Some(Answer(0))));
    assert_eq!(front.free(), 1);
}

#[test]
fn rearming_wakes_for_the_next_response_only() {
    let (mut front, mut back) = pair(1);
    for id in 0..4 {
        front.push(&ask(id)).unwrap();
    }
    let _ = front.publish();
    back.push(&Answer(0));
    assert!(back.publish());
    back.push(&Answer(1));
    assert!(!back.publish(), "the front end has been woken and not re-armed");
    assert_eq!(front.take(), Ok(Some(Answer(0))));
    assert_eq!(front.rearm(), Ok(true), "the second response came meanwhile");
    assert_eq!(front.take(), Ok(Some(Answer(1))));
    assert_eq!(front.rearm(), Ok(false));
    back.push(&Answer(2));
    assert!(back.publish());
}

#[test]
fn room_is_waited_for_by_half_a_ring() {
    let (mut front, mut back) = pair(1);
    let mut answered = 0;
    let mut answer = |back: &mut BackRing<Ask, Answer>, count: u64| {
        let signals = (0..count).filter(|id| {
            back.push(&Answer(answered + id));
            back.publish()
        });
        let signals: Vec<u64> = signals.map(|id| answered + id).collect();
        answered += count;
        signals
    };
    assert_eq!(front.rearm_at_half(), Ok(false), "nothing is under way");
    for id in 0..128 {
        front.push(&ask(id)).unwrap();
    }
    let _ = front.publish();
    assert_eq!(answer(&mut back, 80), [63]);
    assert_eq!(front.rearm_at_half(), Ok(true), "half a ring is answered already");
    while front.take().unwrap().is_some() {}
    assert_eq!(front.rearm_at_half(), Ok(false));
    assert_eq!(answer(&mut back, 48), [], "there is room for all that may be pushed");
    assert_eq!(front.free(), 80);
    while front.take().unwrap().is_some() {}
    assert_eq!(front.free(), 128);
}

#[test]
fn more_responses_than_requests_are_corrupt() {
    let (mut front, mut back) = pair(1);
    front.push(&ask(0)).unwrap();
    let _ = front.publish();
    front.push(&ask(1)).unwrap();
    back.forge_responses(2);
    let corrupt = RingError::Corrupt { producer: 2, consumer: 0, limit: 1 };
    assert_eq!(front.take(), Err(corrupt), "the second request is not published");
    assert_eq!(front.rearm(), Err(corrupt));
    assert_eq!(front.outstanding(), 2);
}

#[test]
fn a_response_index_that_goes_back_is_corrupt() {
    let (mut front, mut back) = pair(1);
    for id in 0..4 {
        front.push(&ask(id)).unwrap();
    }
    let _ = front.publish();
    back.forge_responses(2);
    assert!(front.take().unwrap().is_some());
    back.forge_responses(0);
    assert!(front.take().unwrap().is_some(), "this one was announced");
    assert_eq!(front.take(), Err(RingError::Corrupt { producer: 0, consumer: 2, limit: 2 }));
}

#[test]
fn our_indices_in_shared_memory_are_not_believed() {
    let (mut front, mut back) = pair(1);
    front.push(&ask(0)).unwrap();
    let _ = front.publish();
    back.forge_requests(77);
    front.push(&ask(1)).unwrap();
    let _ = front.publish();
    assert_eq!(front.outstanding(), 2);
    assert_eq!(back.take(), Some(ask(0)));
    assert_eq!(back.take(), Some(ask(1)));
    assert_eq!(back.take(), None);
}

#[test]
fn a_repeated_response_is_found_by_the_table() {
    let (mut front, mut back) = pair(1);
    let mut table = InFlight::new(8);
    for name in ["first", "second"] {
        let id = table.insert(name).unwrap();
        front.push(&ask(id.into())).unwrap();
    }
    let _ = front.publish();
    back.push(&Answer(1));
    back.push(&Answer(1));
    back.publish();
    assert_eq!(table.complete(front.take().unwrap().unwrap().0), Ok("second"));
    let repeated = table.complete(front.take().unwrap().unwrap().0);
    assert_eq!(repeated, Err(InFlightError::NotUnderWay { id: 1 }));
    assert_eq!(table.get(0), Some(&"first"), "what was lent to the back end is still ours to free");
}

#[test]
fn the_ring_starts_clean_and_can_be_laid_out_again() {
    let (ours, theirs) = shared(1);
    theirs.copy_in(100, b"old secrets");
    let front = FrontRing::<Ask, Answer>::new(ours);
    let mut bytes = [1; 11];
    theirs.copy_out(100, &mut bytes);
    assert_eq!(bytes, [0; 11]);
    let again = FrontRing::<Ask, Answer>::new(front.into_memory());
    assert_eq!(again.free(), again.size());
}

proptest! {
    #[test]
    fn an_orderly_back_end_answers_everything_once(steps in prop::collection::vec((0u8..5, 0usize..40), 0..300)) {
        let (mut front, mut back) = pair(1);
        let mut table = InFlight::new(front.size() as u16);
        let mut asked = VecDeque::new();
        for (what, count) in steps {
            match what {
                0 => for _ in 0..count {
                    if let Ok(id) = table.insert(()) {
                        prop_assert!(front.push(&ask(id.into())).is_ok());
                    }
                },
                1 => {
                    let _ = front.publish();
                }
                2 => asked.extend(core::iter::from_fn(|| back.take())),
                3 => {
                    for request in asked.drain(..count.min(asked.len())) {
                        back.push(&Answer(request.id));
                    }
                    back.publish();
                }
                _ => while let Some(answer) = front.take().unwrap() {
                    prop_assert!(table.complete(answer.0).is_ok());
                },
            }
            prop_assert_eq!(table.len(), front.outstanding() as usize);
        }
    }

    #[test]
    fn no_back_end_makes_us_take_more_than_we_asked(
        steps in prop::collection::vec((0u8..4, any::<u32>(), any::<u64>()), 0..100),
    ) {
        let (mut front, mut back) = pair(1);
        let mut asked = 0u32;
        let mut taken = 0u32;
        for (what, index, word) in steps {
            match what {
                0 => if front.push(&ask(word >> 8)).is_ok() {
                    asked += 1;
                    let _ = front.publish();
                },
                1 => back.forge_responses(if word & 1 == 0 { index } else { index % 256 }),
                2 => {
                    back.forge_event(index);
                    back.forge_requests(index);
                    back.tear(index, (word % 64) as usize, &word.to_le_bytes());
                }
                _ => while let Ok(Some(_)) = front.take() {
                    taken += 1;
                },
            }
            prop_assert!(taken <= asked);
            prop_assert_eq!(front.outstanding(), asked - taken);
        }
    }
}
