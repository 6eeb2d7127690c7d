// SPDX-License-Identifier: Apache-2.0
//! Whatever is put into the tree and taken out of it, it has what a map has, in memory and after checkpoints.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::model::{ModelDisk, Random};
use crate::data::disk::Disk;
use crate::data::keys::{Id, Key};
use crate::data::store::{Control, Growth, State, Store};

/// Puts and deletes what the seed says, and compares with a map.
fn compare(seed: u64, names: u64, longest: usize) -> Result<(), TestCaseError> {
    let disk = ModelDisk::blank(4000, 512);
    drop(disk.mount_with(Control::Sound, Box::new(|| 0)).expect("it is mounted"));
    let superblock = {
        let system = disk.mount_with(Control::Sound, Box::new(|| 0)).expect("it is mounted");
        system.store.borrow().superblock.clone()
    };
    let mut store = Store::new(Disk::new(Box::new(disk.clone())), superblock, State::Writable);
    let mut map: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut random = Random(seed);
    for round in 0..4000_u64 {
        store.admit(Growth::Less).expect("there is room");
        let number = random.below(names);
        let mut name = number.to_be_bytes().to_vec();
        name.resize(8 + (number as usize * 7) % longest, 7);
        let key = Key::Name(Id(9), &name);
        // It grows, shrinks, and grows again.
        let is_put = random.below(10) < if round / 1000 % 2 == 0 { 8 } else { 2 };
        if is_put {
            let value = std::vec![round as u8; random.below(500) as usize];
            store.put(key, &value).expect("it is put");
            map.insert(key.encode(), value);
        } else {
            store.delete(key).expect("it is deleted");
            map.remove(&key.encode());
        }
        if random.below(50) == 0 {
            let got = store.get(key).expect("it is read");
            prop_assert_eq!(got.as_ref(), map.get(&key.encode()));
            let next = store.next_from(&key.encode()).expect("it is read");
            let next = next.filter(|(key, _)| matches!(Key::decode(key), Some(Key::Name(Id(9), _))));
            let wanted = map.range(key.encode()..).next();
            prop_assert_eq!(next.as_ref().map(|(key, value)| (key, value)), wanted);
        }
        if random.below(300) == 0 {
            store.checkpoint().expect("it is written");
        }
    }
    store.checkpoint().expect("it is written");
    let superblock = store.superblock.clone();
    let mut store = Store::new(Disk::new(Box::new(disk.clone())), superblock, State::Writable);
    let mut from = Key::Name(Id(9), b"").encode();
    let mut seen = BTreeMap::new();
    while let Some((key, value)) = store.next_from(&from).expect("it is read") {
        let Some(Key::Name(Id(9), _)) = Key::decode(&key) else { break };
        from = [&key[..], &[0]].concat();
        seen.insert(key, value);
    }
    prop_assert_eq!(seen, map);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_has_what_a_map_has(seed in any::<u64>(), names in 20u64..3000, longest in 1usize..240) {
        compare(seed, names, longest)?;
    }
}

/// The first node below another goes, and the one after it gets lower keys than its own and is split.
#[test]
fn the_first_key_of_a_node_bounds_nothing() {
    compare(9_711_015_890_450_444_892, 1247, 165).expect("it has what a map has");
}
