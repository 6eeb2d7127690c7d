// SPDX-License-Identifier: Apache-2.0
//! The image's files as an archive: what lies in the kernel's constants is what programs read.

use fs::Kind;
use fs::archive::{Archive, Facts, Member};
use image::files::{self, EntryIndex, FileTable};

/// A file table that was checked.
pub struct ImageArchive(pub FileTable<'static>);

impl Archive for ImageArchive {
    fn root(&self) -> Member {
        Member(EntryIndex::ROOT.0)
    }

    fn facts(&self, member: Member) -> Option<Facts<'_>> {
        let entry = self.0.at(EntryIndex(member.0))?;
        let kind = match entry.kind {
            files::Kind::File => Kind::Regular,
            files::Kind::Folder => Kind::Folder,
            files::Kind::Link => Kind::Link,
        };
        Some(Facts {
            kind,
            permissions: entry.mode,
            modified: entry.modified,
            parent: Member(entry.parent.0),
            name: entry.name(),
            bytes: entry.bytes,
        })
    }

    fn entry(&self, folder: Member, name: &[u8]) -> Option<Member> {
        self.0.entry(EntryIndex(folder.0), name).map(|entry| Member(entry.0))
    }

    fn children(&self, folder: Member) -> impl Iterator<Item = Member> {
        self.0.entries(EntryIndex(folder.0)).map(|entry| Member(entry.0))
    }
}
