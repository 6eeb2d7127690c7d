// SPDX-License-Identifier: Apache-2.0
//! What an archive's file system says that is not Linux's to say: what is mounted over it, and that nothing can be changed. That reading is
//! what Linux does is tested in `hosted`, against Linux.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use super::{Archive, ArchiveFs, Facts, Member};
use crate::memory::{MemoryFs, User};
use crate::{Change, Errno, FileSystem, Follow, Kind, Make, Modes, Namespace, Remove};

/// `/lib/m.beam`, `/lib/l` which leads to it, `/lib/torn` which is damaged, `/tmp`.
struct Sample;

const MEMBERS: &[(&str, Kind, u32, &str)] = &[
    ("", Kind::Folder, 0, ""),
    ("lib", Kind::Folder, 0, ""),
    ("tmp", Kind::Folder, 0, ""),
    ("l", Kind::Link, 1, "m.beam"),
    ("m.beam", Kind::Regular, 1, "FOR1"),
    ("up", Kind::Link, 1, "../tmp/x"),
    ("torn", Kind::Regular, 1, "FOR?"),
];

impl Archive for Sample {
    fn root(&self) -> Member {
        Member(0)
    }

    fn facts(&self, member: Member) -> Option<Facts<'_>> {
        let (name, kind, parent, bytes) = *MEMBERS.get(member.0 as usize)?;
        let (name, bytes) = (name.as_bytes(), bytes.as_bytes());
        Some(Facts { kind, permissions: 0o644, modified: 7, parent: Member(parent), name, bytes })
    }

    fn is_whole(&self, file: Member) -> bool {
        self.facts(file).is_some_and(|facts| facts.name != b"torn")
    }

    fn entry(&self, folder: Member, name: &[u8]) -> Option<Member> {
        self.children(folder).find(|child| MEMBERS[child.0 as usize].0.as_bytes() == name)
    }

    fn children(&self, folder: Member) -> impl Iterator<Item = Member> {
        let numbered = MEMBERS.iter().enumerate().skip(1);
        numbered
            .filter(move |(_, (.., parent, _))| *parent == folder.0)
            .map(|(number, _)| Member(number as u32))
    }
}

fn world() -> Namespace {
    let mut files = Namespace::new(Box::new(ArchiveFs::new(Sample, 7)));
    let tmp = MemoryFs::new(1 << 20, User::default(), 8, Box::new(|| 0));
    files.mount(b"/tmp", Box::new(tmp)).expect("there is such a folder");
    files
}

#[test]
fn a_damaged_file_is_not_read() {
    let mut files = world();
    let read = Modes { read: true, ..Modes::default() };
    assert_eq!(files.open(b"/lib/torn", read), Err(Errno::EIO));
    assert!(files.open(b"/lib/m.beam", read).is_ok());
}

#[test]
fn nothing_can_be_changed() {
    let mut files = world();
    let write = Modes { write: true, ..Modes::default() };
    let create = Modes { create: true, ..write };
    assert_eq!(files.open(b"/lib/m.beam", write), Err(Errno::EROFS));
    assert_eq!(files.open(b"/lib/new", create), Err(Errno::EROFS));
    assert_eq!(files.open(b"/lib", write), Err(Errno::EISDIR));
    assert_eq!(files.open(b"/lib/l", Modes { exclusive: true, ..create }), Err(Errno::EEXIST));
    assert_eq!(files.make(b"/lib/new/", Make::Folder), Err(Errno::EROFS));
    assert_eq!(files.make(b"/lib", Make::Folder), Err(Errno::EEXIST));
    assert_eq!(files.make(b"/tmp", Make::Folder), Err(Errno::EEXIST));
    assert_eq!(files.make(b"/new/new", Make::Folder), Err(Errno::ENOENT));
    assert_eq!(files.make(b"/new/", Make::SymbolicLink(b"x")), Err(Errno::ENOENT));
    assert_eq!(files.remove(b"/lib/m.beam", Remove::File), Err(Errno::EROFS));
    assert_eq!(files.remove(b"/lib/.", Remove::Folder), Err(Errno::EINVAL));
    assert_eq!(files.rename(b"/lib/m.beam", b"/lib/n.beam"), Err(Errno::EROFS));
    assert_eq!(files.rename(b"/lib/m.beam", b"/tmp/n.beam"), Err(Errno::EXDEV));
    assert_eq!(files.link(b"/lib/m.beam", b"/lib/l"), Err(Errno::EEXIST));
    assert_eq!(files.link(b"/lib/m.beam", b"/lib/n"), Err(Errno::EROFS));
    assert_eq!(files.change(b"/lib", Change::Permissions(0)), Err(Errno::EROFS));
    assert_eq!(files.change(b"/none", Change::Permissions(0)), Err(Errno::ENOENT));
    let read = files.open(b"/lib/l", Modes { read: true, ..Modes::default() }).expect("a file");
    assert_eq!(files.write(read, crate::At::Position, &[b"x"]), Err(Errno::EBADF));
    assert_eq!(files.resize(read, 0), Err(Errno::EINVAL));
    assert_eq!(files.allocate(read, 0, 1), Err(Errno::EBADF));
    assert_eq!(files.close(read), Ok(()));
    assert_eq!(files.close(read), Err(Errno::EBADF));
}

#[test]
fn what_is_mounted_over_it_can_be_changed() {
    let mut files = world();
    let create = Modes { write: true, create: true, ..Modes::default() };
    files.open(b"/lib/../tmp/x", create).expect("a file in memory");
    assert_eq!(files.info(b"/lib/up", Follow::Target).expect("it leads there").device, 8);
    assert_eq!(files.list(b"/"), Ok(vec![b"lib".to_vec(), b"tmp".to_vec()]));
    assert_eq!(files.list(b"/tmp"), Ok(vec![b"x".to_vec()]));
    files.enter(b"/tmp/../lib").expect("a folder");
    assert_eq!(files.working_folder(), Ok(b"/lib".to_vec()));
    let info = files.info(b"m.beam", Follow::Link).expect("it is here");
    assert_eq!((info.size, info.modified, info.mode, info.device), (4, 7, 0o100_644, 7));
    assert!(info.access.read && !info.access.write);
    let other = MemoryFs::new(1 << 20, User::default(), 9, Box::new(|| 0));
    assert_eq!(files.mount(b"/lib/l", Box::new(other)), Err(Errno::ENOTDIR));
    let names: Vec<Vec<u8>> = files.list(b".").expect("a folder");
    assert_eq!(names.len(), 4);
}

#[test]
fn what_is_mounted_needs_no_folder_of_the_archive() {
    let mut files = world();
    let mut memory = MemoryFs::new(1 << 20, User::default(), 9, Box::new(|| 0));
    memory.make(&mut crate::Lookup::new(b"/inner"), Make::Folder).expect("there is room");
    files.mount(b"/lib/mnt/share", Box::new(memory)).expect("nothing is in the way");
    assert_eq!(files.list(b"/lib/mnt"), Ok(vec![b"share".to_vec()]));
    assert_eq!(files.list(b"/lib/../lib/mnt/share"), Ok(vec![b"inner".to_vec()]));
    assert!(files.list(b"/lib").expect("a folder").contains(&b"mnt".to_vec()));
    let info = files.info(b"/lib/mnt", Follow::Link).expect("it is there");
    assert_eq!((info.kind, info.mode, info.links, info.device), (Kind::Folder, 0o040_755, 3, 7));
    assert_eq!(files.make(b"/lib/mnt", Make::Folder), Err(Errno::EEXIST));
    assert_eq!(files.make(b"/lib/mnt/new", Make::Folder), Err(Errno::EROFS));
    assert_eq!(files.remove(b"/lib/mnt", Remove::Folder), Err(Errno::EROFS));
    files.enter(b"/lib/mnt/share/..").expect("a folder");
    assert_eq!(files.working_folder(), Ok(b"/lib/mnt".to_vec()));
    let other = || Box::new(MemoryFs::new(1 << 20, User::default(), 9, Box::new(|| 0)));
    assert_eq!(files.mount(b"/lib/m.beam/x", other()), Err(Errno::ENOTDIR));
    assert_eq!(files.mount(b"/lib/mnt", other()), Ok(()));
    assert_eq!(files.list(b"/lib/mnt/share"), Ok(vec![b"inner".to_vec()]));
}
