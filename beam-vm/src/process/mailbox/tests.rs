// SPDX-License-Identifier: Apache-2.0
//! The mailbox beside a model: a list of numbers, with places counted from its beginning.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Mailbox, MarkerId, Message, Nodes};
use crate::heap::{Fragment, HeapLimits, ProcessHeap};
use crate::term::Term;

#[derive(Clone, Copy, Debug)]
enum Step {
    Push,
    Refuse,
    Remove,
    Restart,
    RemoveWhere(u8),
    Reserve,
    Bind(u8, u8),
    Use(u8),
    Clear(u8),
}

/// Whether a message comes with a fragment.
fn is_apart(value: i64) -> bool {
    value % 3 == 0
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Push),
        2 => Just(Step::Refuse),
        2 => Just(Step::Remove),
        1 => Just(Step::Restart),
        1 => any::<u8>().prop_map(Step::RemoveWhere),
        1 => Just(Step::Reserve),
        1 => (any::<u8>(), 0..4_u8).prop_map(|(marker, key)| Step::Bind(marker, key)),
        1 => (0..4_u8).prop_map(Step::Use),
        1 => (0..4_u8).prop_map(Step::Clear),
    ]
}

/// Messages are numbers that grow, so a marker is the number of the last message before it.
#[derive(Default)]
struct Model {
    messages: Vec<i64>,
    next: i64,
    current: usize,
    markers: Vec<(MarkerId, Option<[u32; 3]>, i64)>,
}

impl Model {
    fn remove(&mut self, place: usize) {
        self.messages.remove(place);
    }

    fn marker(&self, key: [u32; 3]) -> Option<usize> {
        let (_, _, next) = self.markers.iter().find(|(_, bound, _)| *bound == Some(key))?;
        Some(self.messages.iter().take_while(|message| *message < next).count())
    }
}

proptest! {
    #[test]
    fn mailbox_is_as_the_model(steps in prop::collection::vec(step(), 0..200)) {
        let (mut nodes, mut mailbox, mut model) = (Nodes::default(), Mailbox::default(), Model::default());
        let mut heap = ProcessHeap::new(100, HeapLimits::default());
        for step in steps {
            match step {
                Step::Push => {
                    let fragment = is_apart(model.next).then(Fragment::default);
                    let message = Message::of_program(Term::small_cut(model.next), fragment);
                    mailbox.push(&mut nodes, message);
                    model.messages.push(model.next);
                    model.next += 1;
                }
                Step::Refuse => {
                    mailbox.refuse();
                    model.current = (model.current + 1).min(model.messages.len());
                }
                Step::Remove => {
                    let removed = mailbox.receive(&mut nodes, &mut heap).and_then(|(term, _)| term.as_small());
                    let expected = model.messages.get(model.current).copied();
                    prop_assert_eq!(removed, expected);
                    if expected.is_some() {
                        model.remove(model.current);
                        model.current = 0;
                    }
                }
                Step::Restart => {
                    mailbox.restart();
                    model.current = 0;
                }
                Step::RemoveWhere(modulus) => {
                    let modulus = i64::from(modulus % 7) + 2;
                    let test = |value: i64| value % modulus == 1;
                    let found = mailbox.remove_where(&mut nodes, |term| term.as_small().is_some_and(test));
                    let place = model.messages.iter().position(|value| test(*value));
                    prop_assert_eq!(found, place.is_some());
                    if let Some(place) = place {
                        model.remove(place);
                        model.current -= usize::from(place < model.current);
                    }
                }
                Step::Reserve => {
                    let id = mailbox.reserve_marker();
                    if model.markers.len() == 8 {
                        model.markers.remove(0);
                    }
                    model.markers.push((id, None, model.next));
                }
                Step::Bind(marker, key) => {
                    let key = [u32::from(key), 0, 0];
                    // A reference is made once, so it has one marker at most.
                    let is_new = model.markers.iter().all(|(_, bound, _)| *bound != Some(key));
                    let count = model.markers.len();
                    if is_new && count > 0 {
                        let (id, bound, _) = &mut model.markers[usize::from(marker) % count];
                        mailbox.bind_marker(*id, key);
                        bound.get_or_insert(key);
                    }
                }
                Step::Use(key) => {
                    let key = [u32::from(key), 0, 0];
                    mailbox.use_marker(key);
                    model.current = model.marker(key).unwrap_or(model.current);
                }
                Step::Clear(key) => {
                    let key = [u32::from(key), 0, 0];
                    mailbox.clear_marker(key);
                    model.markers.retain(|(_, bound, _)| *bound != Some(key));
                }
            }
            let terms: Vec<i64> = mailbox.terms().filter_map(Term::as_small).collect();
            prop_assert_eq!(&terms, &model.messages);
            prop_assert_eq!(mailbox.len(), model.messages.len());
            prop_assert_eq!(mailbox.peek().and_then(Term::as_small), model.messages.get(model.current).copied());
            let mut seen = 0;
            mailbox.roots(&mut |_| seen += 1);
            prop_assert_eq!(seen, model.messages.iter().filter(|value| !is_apart(**value)).count());
        }
    }
}
