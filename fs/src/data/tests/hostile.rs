// SPDX-License-Identifier: Apache-2.0
//! Volumes that somebody made to do harm: what is wrong in them has right checksums. Whatever is done with them ends, and nothing panics.

use std::sync::OnceLock;
use std::vec::Vec;

use proptest::prelude::*;

use super::cuts::{Bench, Work};
use super::model::{ModelDisk, Random};
use crate::data::store::Control;
use crate::data::{DataFs, probe};
use crate::{At, FileSystem, Follow, Lookup, Make, Modes, Sync};

/// A volume with a bit of everything, and records in its log.
fn volume() -> &'static [u8] {
    static VOLUME: OnceLock<Vec<u8>> = OnceLock::new();
    VOLUME.get_or_init(|| {
        let disk = ModelDisk::blank(600, 512);
        let mut system = disk.mount().expect("it is mounted");
        for number in 0..120 {
            let path = std::format!("/folder-{number}-{}", "x".repeat(120));
            system.make(&mut Lookup::new(path.as_bytes()), Make::Folder).expect("there is room");
        }
        let bench = Bench {
            control: Control::Sound,
            blocks: 600,
            sector: 512,
            steps: 0,
            cuts: 0,
            large: 9_000,
            names: 0,
        };
        let mut work = Work::new(9, std::rc::Rc::default(), bench);
        for _ in 0..200 {
            let _ = work.step(&mut system);
        }
        system.rest().expect("it rests");
        for number in 0..6 {
            for _ in 0..6 {
                let _ = work.step(&mut system);
            }
            let path = std::format!("/synced-{number}");
            let modes = Modes { write: true, create: true, ..Modes::default() };
            let node = system.open(&mut Lookup::new(path.as_bytes()), modes).expect("there is room");
            system.write(node, At::Position, &[&[7; 3000]]).expect("there is room");
            system.sync(node, Sync::All).expect("it is synced");
        }
        disk.inner.take().bytes
    })
}

/// Does things with a volume.
fn use_it(system: &mut DataFs, seed: u64) {
    let _ = system.check();
    let bench = Bench {
        control: Control::Sound,
        blocks: 600,
        sector: 512,
        steps: 0,
        cuts: 0,
        large: 9_000,
        names: 0,
    };
    let mut work = Work::new(seed, std::rc::Rc::default(), bench);
    let mut left = Vec::from([b"/".to_vec()]);
    let mut buffer = std::vec![0; 9000];
    for _ in 0..300 {
        let Some(path) = left.pop() else { break };
        let _ = system.info(&mut Lookup::new(&path), Follow::Link);
        let _ = system.info(&mut Lookup::new(&path), Follow::Target);
        let _ = system.read_link(&mut Lookup::new(&path));
        let _ = system.enter(&mut Lookup::new(&path));
        for name in system.list(&mut Lookup::new(&path)).unwrap_or_default() {
            left.push(crate::path::join(&path, &name));
        }
        if let Ok(node) =
            system.open(&mut Lookup::new(&path), Modes { read: true, write: true, ..Modes::default() })
        {
            let _ = system.read(node, At::Position, &mut buffer);
            let _ = system.write(node, At::Position, &[b"bytes"]);
            let _ = system.close(node);
        }
    }
    for _ in 0..40 {
        let _ = work.step(system);
    }
    let _ = system.rest();
    let _ = system.check();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_panics_nor_loops(seed in any::<u64>(), hits in 1usize..12) {
        let mut bytes = volume().to_vec();
        let mut random = Random(seed);
        for _ in 0..hits {
            // Only where there is something.
            let at = loop {
                let at = random.below(bytes.len() as u64) as usize;
                if bytes[at] != 0 && (at < 400_000 || random.below(4) == 0) {
                    break at;
                }
            };
            bytes[at] = match random.below(3) {
                0 => bytes[at] ^ 1 << random.below(8),
                1 => random.next() as u8,
                _ => 0xFF,
            };
        }
        probe::reseal(&mut bytes);
        if let Ok(mut system) = ModelDisk::new(bytes, 512).mount() {
            use_it(&mut system, seed);
        }
    }

    #[test]
    fn formats_are_what_they_say(bytes in prop::collection::vec(any::<u8>(), 0..300), magic in 0usize..3) {
        let magics: [&[u8]; 3] = [b"", b"VXND\x00\x00\x02\x00\x07\x00\x00\x00\x00\x00\x00\x00", b"VXLR"];
        let mut all = magics[magic].to_vec();
        all.extend_from_slice(&bytes);
        probe::decode(&all);
    }
}

#[test]
fn the_volume_that_is_damaged_is_sound() {
    let mut bytes = volume().to_vec();
    probe::reseal(&mut bytes);
    assert_eq!(bytes, volume(), "checksums that are right stay");
    let mut system = ModelDisk::new(bytes, 512).mount().expect("it is mounted");
    assert!(system.list(&mut Lookup::new(b"/")).expect("it is listed").len() > 120);
    assert_eq!(system.check().expect("it is looked at").findings, []);
}
