// SPDX-License-Identifier: Apache-2.0
//! The volume does what the file system in memory does, which is tested against Linux: the same things are done to both, with the same results.

use std::boxed::Box;
use std::cell::Cell;
use std::rc::Rc;
use std::vec::Vec;

use proptest::prelude::*;

use super::model::ModelDisk;
use crate::FileSystem;
use crate::data::store::Control;
use crate::memory::{MemoryFs, User};
use crate::steps::{Random, all, apply, step};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_does_what_the_one_in_memory_does(seed in any::<u64>(), user in 0u32..2, rests in 0u64..40) {
        let mut random = Random(seed);
        let time = Rc::new(Cell::new(1000));
        let clock = || -> crate::memory::Clock {
            let time = time.clone();
            Box::new(move || time.get())
        };
        let user = User { user, group: user };
        let disk = ModelDisk::blank(8192, 512);
        let mut volume = disk.mount_as(user, Control::Sound, clock()).expect("a blank disk is mounted");
        let mut memory = MemoryFs::new(1 << 30, user, 1, clock());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for number in 0..300 {
            time.set(time.get() + 1);
            let step = step(&mut random);
            let wanted = apply(&mut memory, &mut theirs, &step);
            let got = apply(&mut volume, &mut ours, &step);
            prop_assert_eq!(&got, &wanted, "step {} {:?}", number, step);
            if random.below(40) == rests {
                volume.rest().expect("a checkpoint is written");
            }
        }
        prop_assert_eq!(all(&mut volume), all(&mut memory));
        let report = volume.check().expect("it is looked at");
        prop_assert!(report.findings.is_empty(), "{:?}", report.findings);
        drop(volume);
        for node in theirs {
            memory.close(node).expect("what was opened is closed");
        }
        let mut volume = disk.mount_as(user, Control::Sound, clock()).expect("a volume is mounted");
        prop_assert_eq!(all(&mut volume), all(&mut memory));
    }
}
