// SPDX-License-Identifier: Apache-2.0
//! The file system of an archive against Linux: it has what a folder of the host has, says the same of it, and changes nothing.

use fs::archive::{Archive, ArchiveFs, Facts, Member};
use fs::{At, Errno, Follow, Kind, Modes, Namespace};
use proptest::prelude::*;

use crate::world::{Outcome, Step, World, host, step};

/// A file as it was when the archive was made.
struct Copied {
    name: Vec<u8>,
    parent: usize,
    kind: Kind,
    permissions: u32,
    modified: i64,
    bytes: Vec<u8>,
}

/// The simplest archive: a list that is searched.
struct List(Vec<Copied>);

impl Archive for List {
    fn root(&self) -> Member {
        Member(0)
    }

    fn facts(&self, member: Member) -> Option<Facts<'_>> {
        let Copied { name, parent, kind, permissions, modified, bytes } = self.0.get(member.0 as usize)?;
        let (kind, permissions, modified) = (*kind, *permissions, *modified);
        Some(Facts { kind, permissions, modified, parent: Member(*parent as u32), name, bytes })
    }

    fn entry(&self, folder: Member, name: &[u8]) -> Option<Member> {
        self.children(folder).find(|child| self.0[child.0 as usize].name == name)
    }

    fn children(&self, folder: Member) -> impl Iterator<Item = Member> {
        let numbered = self.0.iter().enumerate().skip(1);
        numbered
            .filter(move |(_, copied)| copied.parent == folder.0 as usize)
            .map(|(number, _)| Member(number as u32))
    }
}

/// Copies all that a world has.
fn archived(world: &mut World) -> List {
    let mut list = vec![copied(world, b"/", 0)];
    let mut folders = vec![(Vec::new(), 0)];
    while let Some((folder, parent)) = folders.pop() {
        let names = world.files.list(&[&world.prefix, &folder[..], b"/"].concat()).expect("a folder");
        for name in names {
            let path = [&folder, &b"/"[..], &name].concat();
            let copied = copied(world, &path, parent);
            if copied.kind == Kind::Folder {
                folders.push((path, list.len()));
            }
            list.push(copied);
        }
    }
    List(list)
}

fn copied(world: &mut World, path: &[u8], parent: usize) -> Copied {
    let whole = [&world.prefix, path].concat();
    let info = world.files.info(&whole, Follow::Link).expect("it is there");
    let bytes = match info.kind {
        Kind::Regular => {
            let file = world.files.open(&whole, Modes { read: true, ..Modes::default() }).expect("a file");
            let mut bytes = vec![0; info.size as usize];
            assert_eq!(world.files.read(file, At::Offset(0), &mut bytes), Ok(bytes.len()));
            world.files.close(file).expect("it is open");
            bytes
        }
        Kind::Link => world.files.read_link(&whole).expect("a link"),
        _ => Vec::new(),
    };
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
    let (kind, permissions) = (info.kind, info.mode & 0o7777);
    Copied { name, parent, kind, permissions, modified: info.modified, bytes }
}

/// Whether a step changes nothing, or would not if it could be done.
fn only_reads(step: &Step) -> bool {
    match step {
        Step::Open(_, bits) => bits & 1 == 0,
        Step::Close(_) | Step::Read(..) | Step::Seek(..) | Step::List(_) | Step::ReadLink(_) => true,
        Step::Info(..) => true,
        _ => false,
    }
}

/// What is the same on both: an archive's files cannot be written to.
fn unwritable(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Info(kind, size, mode, links, read, _) => {
            Outcome::Info(kind, size, mode, links, read, false)
        }
        outcome => outcome,
    }
}

proptest! {
    #[test]
    fn an_archive_reads_as_linux_does(
        made in prop::collection::vec(step(), 1..60),
        done in prop::collection::vec(step(), 1..60),
    ) {
        let (mut linux, _folder) = host("archive");
        for step in made {
            let is_left_out = match &step {
                // In an archive everything can be read, and has one name.
                Step::Permissions(..) | Step::HardLink(..) => true,
                Step::Remove(path, _) => path.bytes().all(|byte| byte == b'/'),
                _ => false,
            };
            if !is_left_out {
                linux.step(&step);
            }
        }
        for file in std::mem::take(&mut linux.open).into_iter().flatten() {
            prop_assert_eq!(linux.files.close(file), Ok(()));
        }
        let list = archived(&mut linux);
        let files = Namespace::new(Box::new(ArchiveFs::new(list, 7)));
        let mut archive = World { files, prefix: Vec::new(), open: Vec::new() };
        for (index, step) in done.iter().enumerate() {
            let found = archive.step(step);
            if only_reads(step) {
                let (expected, found) = (unwritable(linux.step(step)), unwritable(found));
                prop_assert_eq!(expected, found, "step {}: {:?}", index, step);
            } else if !matches!(step, Step::Write(..)) {
                prop_assert!(matches!(found, Outcome::Failed(_)), "step {}: {:?}", index, step);
            } else {
                prop_assert_eq!(found, Outcome::Failed(Errno::EBADF), "step {}", index);
            }
        }
        let expected: Vec<_> = linux.all().into_iter().map(|(path, facts)| (path, unwritable(facts))).collect();
        prop_assert_eq!(expected, archive.all());
    }
}
