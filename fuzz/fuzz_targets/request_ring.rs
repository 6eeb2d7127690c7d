// SPDX-License-Identifier: Apache-2.0
//! A request ring and its table of requests under way, with a back end that does as it likes.
//!
//! Never more responses than requests, each slot accounted for, and the table agrees with a map: whatever ids
//! come back, what was lent out comes back once or stays lent.
#![no_main]

use std::collections::BTreeMap;

use drivers::inflight::{InFlight, InFlightError};
use drivers::mock::memory::shared;
use drivers::mock::ring::BackRing;
use drivers::ring::{FrontRing, Slot};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// A request as large as blkif's, which makes a ring of 32 slots.
struct Ask(u64);

impl Slot for Ask {
    const SIZE: usize = 112;

    fn encode(&self, bytes: &mut [u8]) {
        bytes[8..16].copy_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self(u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes")))
    }
}

struct Answer(u64);

impl Slot for Answer {
    const SIZE: usize = 16;

    fn encode(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self(u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")))
    }
}

#[derive(Arbitrary, Debug)]
enum Step {
    Push,
    Publish,
    Take,
    Rearm,
    Drain,
    Answer(u8),
    Orderly,
    AnswerAnything(u64),
    PublishAnswers,
    ForgeResponses(u32),
    ForgeRequests(u32),
    ForgeEvent(u32),
    Tear(u32, u8, [u8; 8]),
}

fuzz_target!(|steps: Vec<Step>| {
    let (ours, theirs) = shared(1);
    let mut front: FrontRing<Ask, Answer> = FrontRing::new(ours);
    let mut back: BackRing<Ask, Answer> = BackRing::new(theirs);
    let mut table = InFlight::new(front.size() as u16);
    let mut model = BTreeMap::new();
    let (mut pushed, mut published, mut taken, mut serial) = (0u64, 0u64, 0u64, 0u64);
    for step in steps {
        match step {
            Step::Push => {
                if front.free() > 0 {
                    serial += 1;
                    match table.insert(serial) {
                        Ok(id) => {
                            assert!(
                                model.insert(u64::from(id), serial).is_none(),
                                "an id in use was given out"
                            );
                            front.push(&Ask(id.into())).expect("a slot is free");
                            pushed += 1;
                        }
                        // Answers with wild ids free slots and not the table.
                        Err(_) => assert_eq!(model.len(), table.capacity()),
                    }
                } else {
                    assert!(front.push(&Ask(0)).is_err());
                }
            }
            Step::Publish => {
                let _ = front.publish();
                published = pushed;
            }
            Step::Take => {
                if let Ok(Some(answer)) = front.take() {
                    taken += 1;
                    match table.complete(answer.0) {
                        Ok(serial) => assert_eq!(model.remove(&answer.0), Some(serial)),
                        Err(InFlightError::OutOfRange { .. }) => assert!(answer.0 >= table.capacity() as u64),
                        Err(InFlightError::NotUnderWay { .. }) => assert!(!model.contains_key(&answer.0)),
                    }
                }
            }
            Step::Rearm => {
                let _ = front.rearm();
            }
            Step::Drain => {
                let lent: Vec<u64> = table.drain().collect();
                assert!(lent.iter().eq(model.values()));
                model.clear();
            }
            Step::Answer(id) => back.push(&Answer(id.into())),
            Step::Orderly => {
                if let Some(Ask(id)) = back.take() {
                    back.push(&Answer(id));
                    back.publish();
                }
            }
            Step::AnswerAnything(id) => back.push(&Answer(id)),
            Step::PublishAnswers => {
                back.publish();
            }
            Step::ForgeResponses(index) => back.forge_responses(index),
            Step::ForgeRequests(index) => back.forge_requests(index),
            Step::ForgeEvent(index) => back.forge_event(index),
            Step::Tear(index, from, bytes) => back.tear(index, from.into(), &bytes),
        }
        assert!(taken <= published, "more responses than requests");
        assert_eq!(u64::from(front.outstanding()), pushed - taken);
        assert_eq!(front.free() + front.outstanding(), front.size());
        assert_eq!(table.len(), model.len());
    }
});
