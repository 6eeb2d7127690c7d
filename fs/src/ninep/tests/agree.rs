// SPDX-License-Identifier: Apache-2.0
//! A mount does what the file system in memory does that its server has: the same things are done to both, with the same results.

use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::vec::Vec;

use proptest::prelude::*;

use super::server::{Faults, Server, Stream, attached};
use crate::FileSystem;
use crate::memory::{Clock, MemoryFs, User};
use crate::steps::{Random, Step, all, apply, step};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_does_what_the_one_in_memory_does(
        seed in any::<u64>(),
        user in 0u32..2,
        is_old in any::<bool>(),
        small in any::<bool>(),
        iounit in prop::sample::select(Vec::from([0, 1000, 100_000])),
    ) {
        let mut random = Random(seed);
        let time = Rc::new(Cell::new(1000));
        let clock = || -> Clock {
            let time = time.clone();
            Box::new(move || time.get())
        };
        // An old server is not asked whether what is no folder may be removed as one.
        let user = if is_old { User::default() } else { User { user, group: user } };
        let mut memory = MemoryFs::new(1 << 30, user, 1, clock());
        let server = Rc::new(RefCell::new(Server::new(user, clock())));
        server.borrow_mut().faults = Faults { is_old, iounit, ..Faults::default() };
        let mut stream = Stream::new(&server);
        let limit = if small { 8192 } else { 100_000 };
        stream.limit = limit;
        let mut mount = attached(stream, user).expect("it is attached");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for number in 0..300 {
            time.set(time.get() + 1);
            let step = step(&mut random);
            // The protocol has nothing like it.
            if matches!(step, Step::Allocate(..)) {
                continue;
            }
            let wanted = apply(&mut memory, &mut theirs, &step);
            let got = apply(&mut mount, &mut ours, &step);
            prop_assert_eq!(&got, &wanted, "step {} {:?}", number, step);
            let held = server.borrow().held();
            prop_assert_eq!(held, ours.len(), "only what is open is in the server's hands");
            prop_assert_eq!(mount.client().fids_in_use(), held);
        }
        prop_assert!(server.borrow().longest <= limit as usize);
        prop_assert_eq!(all(&mut mount), all(&mut memory));
        for node in ours {
            mount.close(node).expect("what was opened is closed");
        }
        prop_assert_eq!(server.borrow().held(), 0);
    }
}
