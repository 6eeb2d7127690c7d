// SPDX-License-Identifier: Apache-2.0
//! The wheel against a sorted map: any sequence of operations gives the same answers.

use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::{TimerId, TimerWheel};

#[derive(Clone, Debug)]
enum Operation {
    /// Inserts so many milliseconds after the present.
    Insert(u64),
    /// Inserts so many milliseconds before the present.
    InsertPast(u64),
    /// Inserts with the deadline of a timer that was inserted earlier.
    InsertEqual(usize),
    Cancel(usize),
    Read(usize),
    SetNow(u64),
    /// Lets so many milliseconds pass, with so much budget.
    Advance(u64, u32),
    /// Advances to the next deadline.
    AdvanceToNext,
}

/// Steps of all magnitudes, standing still included.
fn step() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        0..4_u64,
        0..200_u64,
        0..5000_u64,
        (0..50_u32, any::<u64>()).prop_map(|(bits, any)| any >> (63 - bits))
    ]
}

fn budget() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, 0..40_u32, Just(u32::MAX)]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => step().prop_map(Operation::Insert),
        1 => step().prop_map(Operation::InsertPast),
        4 => any::<usize>().prop_map(Operation::InsertEqual),
        3 => any::<usize>().prop_map(Operation::Cancel),
        1 => any::<usize>().prop_map(Operation::Read),
        1 => step().prop_map(Operation::SetNow),
        4 => (step(), budget()).prop_map(|(step, budget)| Operation::Advance(step, budget)),
        2 => Just(Operation::AdvanceToNext),
    ]
}

/// The wheel, and beside it what should be in it.
struct Both {
    wheel: TimerWheel<usize>,
    /// The number of the insertion by its place in the order.
    model: BTreeMap<(u64, usize), usize>,
    /// Handle and deadline of each insertion.
    inserted: Vec<(TimerId, u64)>,
    now: u64,
}

impl Both {
    fn new(now: u64) -> Self {
        Self { wheel: TimerWheel::new(now), model: BTreeMap::new(), inserted: Vec::new(), now }
    }

    fn insert(&mut self, deadline: u64) {
        let number = self.inserted.len();
        let id = self.wheel.insert(deadline, number);
        let deadline = deadline.max(self.now);
        self.inserted.push((id, deadline));
        self.model.insert((deadline, number), number);
    }

    fn advance(&mut self, now: u64, budget: u32) {
        self.now = self.now.max(now);
        let mut left = budget;
        while let Some(expired) = self.wheel.advance(now, &mut left) {
            let ((deadline, number), _) = self.model.pop_first().expect("the model has a timer too");
            assert_eq!((expired.value, expired.deadline), (number, deadline));
            assert_eq!(expired.id, self.inserted[number].0);
            assert!(deadline <= self.now);
        }
        let rest = self.model.first_key_value().map(|((deadline, _), _)| *deadline);
        assert!(
            left == 0 || rest.is_none_or(|deadline| deadline > self.now),
            "a timer is left with {left} of {budget}"
        );
    }

    fn apply(&mut self, operation: &Operation) {
        let count = self.inserted.len().max(1);
        match *operation {
            Operation::Insert(ahead) => self.insert(self.now.saturating_add(ahead)),
            Operation::InsertPast(ago) => self.insert(self.now.saturating_sub(ago)),
            Operation::InsertEqual(any) => {
                if let Some((_, deadline)) = self.inserted.get(any % count) {
                    self.insert(*deadline);
                }
            }
            Operation::Cancel(any) => {
                if let Some((id, deadline)) = self.inserted.get(any % count) {
                    let expected =
                        self.model.remove(&(*deadline, any % count)).map(|number| (number, *deadline));
                    assert_eq!(self.wheel.cancel(*id), expected);
                }
            }
            Operation::Read(any) => {
                if let Some((id, deadline)) = self.inserted.get(any % count) {
                    let there = self.model.contains_key(&(*deadline, any % count));
                    assert_eq!(self.wheel.read(*id), there.then(|| deadline.saturating_sub(self.now)));
                }
            }
            Operation::SetNow(step) => {
                self.now = self.now.saturating_add(step);
                self.wheel.set_now(self.now);
            }
            Operation::Advance(step, budget) => self.advance(self.now.saturating_add(step), budget),
            Operation::AdvanceToNext => {
                if let Some(next) = self.wheel.next_deadline() {
                    self.advance(next, u32::MAX);
                }
            }
        }
        self.check();
    }

    /// What holds after every operation.
    fn check(&self) {
        assert_eq!(self.wheel.len(), self.model.len());
        let earliest = self.model.first_key_value().map(|((deadline, _), _)| *deadline);
        match (self.wheel.next_deadline(), earliest) {
            (Some(next), Some(earliest)) => assert!(next <= earliest, "{next} is later than {earliest}"),
            (next, earliest) => assert_eq!(next, earliest),
        }
    }

    /// Sleeps from deadline to deadline until nothing is left.
    fn drain(&mut self) {
        while let Some(next) = self.wheel.next_deadline() {
            self.advance(next, u32::MAX);
            self.check();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_wheel_does_what_a_sorted_map_does(
        start in prop_oneof![Just(0), step()],
        operations in prop::collection::vec(operation(), 1..200),
    ) {
        let mut both = Both::new(start);
        operations.iter().for_each(|operation| both.apply(operation));
        both.drain();
        prop_assert!(both.wheel.is_empty());
    }
}
