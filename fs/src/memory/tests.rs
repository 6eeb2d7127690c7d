// SPDX-License-Identifier: Apache-2.0
//! Whatever is done, what is in use is what is there, and each thing has as many names as it says. That all of it is what Linux does is
//! tested in `hosted`, against Linux.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::inode::{Body, Ino};
use super::{MemoryFs, User};
use crate::{At, FileSystem, Lookup, Make, Modes, Remove};

/// A small quota, so that it is often full.
const QUOTA: u64 = 100_000;

fn system() -> MemoryFs {
    MemoryFs::new(QUOTA, User::default(), 1, Box::new(|| 0))
}

fn check(system: &MemoryFs) {
    assert_eq!(system.used, system.count());
    assert!(system.used <= QUOTA);
    let mut names: BTreeMap<Ino, u32> = BTreeMap::new();
    for (number, inode) in system.inodes.iter().enumerate() {
        let Some(inode) = inode else { continue };
        let Body::Folder { entries, parent, .. } = &inode.body else { continue };
        let me = Ino(number as u32);
        *names.entry(me).or_default() += 2;
        if inode.links > 0 && *parent != me {
            *names.entry(*parent).or_default() += 1;
        }
        for ino in entries.values().filter(|ino| !matches!(system.at(**ino).body, Body::Folder { .. })) {
            *names.entry(*ino).or_default() += 1;
        }
    }
    for (number, inode) in system.inodes.iter().enumerate() {
        let Some(inode) = inode else { continue };
        assert!(inode.links > 0 || inode.opened > 0, "{number} has no name and is not open");
        let found = names.get(&Ino(number as u32)).copied().unwrap_or_default();
        let is_gone = inode.links == 0;
        assert!(is_gone || inode.links == found, "{number} has {found} names and says {}", inode.links);
    }
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(Vec::from(["a", "b", "c", ".."])), 1..4)
        .prop_map(|names| names.iter().flat_map(|name| [b"/", name.as_bytes()].concat()).collect())
}

proptest! {
    #[test]
    fn what_is_in_use_is_what_is_there(
        steps in prop::collection::vec((0u8..9, path(), path(), 0u64..60_000), 1..80),
    ) {
        let mut system = system();
        let mut open = Vec::new();
        for (kind, path, other, number) in steps {
            let mut lookup = Lookup::new(&path);
            match kind {
                0 => {
                    let modes = Modes { write: true, create: true, ..Modes::default() };
                    open.extend(system.open(&mut lookup, modes).ok());
                }
                1 if !open.is_empty() => {
                    let node = open.swap_remove(number as usize % open.len());
                    prop_assert_eq!(system.close(node), Ok(()));
                }
                2 | 3 if !open.is_empty() => {
                    let node = open[number as usize % open.len()];
                    let bytes: Vec<u8> = Vec::from([1; 9000]);
                    let _ = system.write(node, At::Offset(number), &[&bytes[..(number % 9000) as usize]]);
                }
                4 if !open.is_empty() => {
                    let node = open[number as usize % open.len()];
                    prop_assert_eq!(system.resize(node, number), Ok(()));
                }
                5 => drop(system.make(&mut lookup, Make::Folder)),
                6 => drop(system.make(&mut lookup, Make::SymbolicLink(&other))),
                7 => drop(system.rename(&path, &other)),
                8 => {
                    let what = if number % 2 == 0 { Remove::File } else { Remove::Folder };
                    drop(system.remove(&mut lookup, what));
                }
                _ => drop(system.link(&path, &other)),
            }
            check(&system);
        }
    }
}
