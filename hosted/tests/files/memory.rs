// SPDX-License-Identifier: Apache-2.0
//! The file system in memory against Linux: whatever is done to both, each says the same and has the same afterwards.

use fs::memory::{MemoryFs, User};
use fs::{At, Errno, Follow, Kind, Make, Modes, Namespace, Remove, Sync};
use proptest::prelude::*;

use crate::world::{World, host, step};

fn memory(quota: u64) -> World {
    let user = User { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
    let files = Namespace::new(Box::new(MemoryFs::new(quota, user, 7, Box::new(|| 0))));
    World { files, prefix: Vec::new(), open: Vec::new() }
}

proptest! {
    #[test]
    fn memory_does_what_linux_does(steps in prop::collection::vec(step(), 1..60)) {
        let (mut linux, _folder) = host("model");
        let mut memory = memory(1 << 30);
        memory.files.make(b"/world", Make::Folder).expect("a folder");
        memory.prefix = b"/world".to_vec();
        for (index, step) in steps.iter().enumerate() {
            let (expected, found) = (linux.step(step), memory.step(step));
            prop_assert_eq!(&expected, &found, "step {}: {:?}", index, step);
        }
        prop_assert_eq!(linux.all(), memory.all());
    }
}

#[test]
fn a_full_file_system_is_enospc_and_stays_whole() {
    let mut world = memory(64 << 10);
    let create = Modes { write: true, create: true, ..Modes::default() };
    let file = world.files.open(b"/full", create).expect("a file");
    let (mut written, piece) = (0, [7; 3000]);
    let errno = loop {
        match world.files.write(file, At::Position, &[&piece]) {
            Ok(count) => written += count,
            Err(errno) => break errno,
        }
    };
    assert_eq!(errno, Errno::ENOSPC);
    assert!((40 << 10..64 << 10).contains(&written));
    assert_eq!(world.files.info(b"/full", Follow::Target).expect("it is there").size, written as u64);
    let other = world.files.open(b"/other", create).expect("a name still fits");
    assert_eq!(world.files.write(other, At::Position, &[b"x"]), Err(Errno::ENOSPC));
    assert_eq!(world.files.allocate(other, 0, 5000), Err(Errno::ENOSPC));
    world.files.sync(file, Sync::All).expect("there is nothing to do");
    world.files.remove(b"/full", Remove::File).expect("it can be removed");
    assert_eq!(world.files.write(other, At::Position, &[b"x"]), Err(Errno::ENOSPC), "it is still open");
    world.files.close(file).expect("it is open");
    assert_eq!(world.files.write(other, At::Position, &[b"x"]), Ok(1));
}

#[test]
fn links_and_dots_lead_over_mounts() {
    let (mut world, _folder) = host("mounts");
    let place = [&world.prefix, &b"/mem"[..]].concat();
    world.files.make(&place, Make::Folder).expect("a folder");
    let user = User::default();
    world.files.mount(&place, Box::new(MemoryFs::new(1 << 20, user, 8, Box::new(|| 0)))).expect("mounted");
    let create = Modes { write: true, create: true, ..Modes::default() };
    let at = |rest: &str| [&place, rest.as_bytes()].concat();
    world.files.open(&at("/x"), create).expect("a file in memory");
    assert_eq!(world.files.list(&at("//.")), Ok(vec![b"x".to_vec()]));
    assert_eq!(world.files.list(&at("/..")), Ok(vec![b"mem".to_vec()]));
    world.files.make(&at("/up"), Make::SymbolicLink(b"../mem/x")).expect("a link");
    assert_eq!(world.files.info(&at("/up"), Follow::Target).expect("it leads there").kind, Kind::Regular);
    world.files.make(&at("/all"), Make::SymbolicLink(&at("/up"))).expect("a link");
    assert_eq!(world.files.info(&at("/all"), Follow::Target).expect("it leads there").kind, Kind::Regular);
    assert_eq!(world.files.rename(&at("/x"), &[&world.prefix, &b"/x"[..]].concat()), Err(Errno::EXDEV));
    world.files.make(&at("/loop"), Make::SymbolicLink(&at("/loop"))).expect("a link");
    assert_eq!(world.files.info(&at("/loop"), Follow::Target), Err(Errno::ELOOP));
    world.files.enter(&at("/")).expect("a folder");
    assert_eq!(world.files.working_folder(), Ok(place.clone()));
    assert_eq!(world.files.info(b"x", Follow::Link).expect("it is here").device, 8);
}

#[test]
fn a_memory_root_leads_into_what_is_mounted_over_it() {
    let mut world = memory(1 << 20);
    for folder in [&b"/a"[..], b"/a/b", b"/a/b/c"] {
        world.files.make(folder, Make::Folder).expect("a folder");
    }
    let user = User::default();
    world.files.mount(b"/a/b/c", Box::new(MemoryFs::new(1 << 20, user, 8, Box::new(|| 0)))).expect("mounted");
    world.files.make(b"/l", Make::SymbolicLink(b"a/b")).expect("a link");
    assert_eq!(world.files.info(b"/l/c", Follow::Target).expect("the root of the other").device, 8);
    assert_eq!(world.files.info(b"/l/c/../../b/./c/.", Follow::Target).expect("and again").device, 8);
    assert_eq!(world.files.info(b"/l/c/..", Follow::Target).expect("back").device, 7);
    assert_eq!(world.files.remove(b"/l/c", Remove::Folder), Err(Errno::EBUSY));
    assert_eq!(world.files.rename(b"/l/c", b"/l/d"), Err(Errno::EBUSY));
    world.files.enter(b"/l/c").expect("a folder");
    world.files.make(b"d", Make::Folder).expect("a folder");
    world.files.enter(b"d").expect("a folder");
    assert_eq!(world.files.working_folder(), Ok(b"/a/b/c/d".to_vec()));
    world.files.enter(b"../../..").expect("a folder");
    assert_eq!(world.files.working_folder(), Ok(b"/a".to_vec()));
}
