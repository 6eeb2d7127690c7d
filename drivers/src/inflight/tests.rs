// SPDX-License-Identifier: Apache-2.0
//! Tests of the table of requests under way against a plain map.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::string::ToString;
use std::vec::Vec;

use super::*;

#[test]
fn what_was_lent_comes_back_once() {
    let mut table = InFlight::new(4);
    let id = table.insert("buffer").unwrap();
    assert_eq!(table.get(id), Some(&"buffer"));
    assert_eq!(table.complete(id), Ok("buffer"));
    assert_eq!(table.complete(id), Err(InFlightError::NotUnderWay { id: id.into() }));
    assert!(table.is_empty());
}

#[test]
fn a_full_table_gives_the_value_back() {
    let mut table = InFlight::new(1);
    table.insert(1).unwrap();
    assert_eq!(table.insert(2), Err(2));
    assert_eq!(table.len(), table.capacity());
}

#[test]
fn wild_ids_are_errors() {
    let mut table = InFlight::new(2);
    table.insert(()).unwrap();
    let error = table.complete(2u16).unwrap_err();
    assert_eq!(error.to_string(), "response to request 2, but ids end before 2");
    let error = table.complete(1u16).unwrap_err();
    assert_eq!(error.to_string(), "response to request 1, which is not under way");
    assert_eq!(table.complete(1u64 << 16), Err(InFlightError::OutOfRange { id: 1 << 16, limit: 2 }));
    assert_eq!(table.complete(u64::MAX), Err(InFlightError::OutOfRange { id: u64::MAX, limit: 2 }));
    assert_eq!(table.len(), 1);
}

#[test]
fn an_id_rests_before_it_is_used_again() {
    let mut table = InFlight::new(3);
    let first = table.insert(()).unwrap();
    table.complete(first).unwrap();
    assert_ne!(table.insert(()).unwrap(), first);
    assert_ne!(table.insert(()).unwrap(), first);
    assert_eq!(table.insert(()).unwrap(), first);
}

#[test]
fn a_drained_table_is_as_new() {
    let mut table = InFlight::new(3);
    for value in 0..3 {
        table.insert(value).unwrap();
    }
    table.complete(1u16).unwrap();
    assert_eq!(table.drain().collect::<Vec<_>>(), [0, 2]);
    assert!(table.is_empty());
    assert_eq!((0..3).filter_map(|value| table.insert(value).ok()).collect::<Vec<_>>(), [0, 1, 2]);
}

proptest! {
    #[test]
    fn the_table_agrees_with_a_map(steps in prop::collection::vec(prop::option::of(0u64..12), 0..200)) {
        let mut table = InFlight::new(8);
        let mut model = BTreeMap::new();
        for (value, step) in steps.into_iter().enumerate() {
            match step {
                None => match table.insert(value) {
                    Ok(id) => prop_assert_eq!(model.insert(u64::from(id), value), None),
                    Err(back) => {
                        prop_assert_eq!(back, value);
                        prop_assert_eq!(model.len(), 8);
                    }
                },
                Some(id) => prop_assert_eq!(table.complete(id).ok(), model.remove(&id)),
            }
            prop_assert_eq!(table.len(), model.len());
        }
    }
}
