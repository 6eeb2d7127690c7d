// SPDX-License-Identifier: Apache-2.0
//! Things that are done to files, and name spaces to which they are done. The host's is looked at in a folder of its own, so that its paths
//! are those of another one with that folder in front.

use std::path::PathBuf;

use fs::{At, Change, Errno, Follow, From, Handle, Info, Kind, Make, Modes, Namespace, Remove};
use hosted::HostFiles;
use proptest::prelude::*;

/// Something that is done.
#[derive(Clone, Debug)]
pub enum Step {
    Open(String, u8),
    Close(usize),
    Read(usize, Option<u64>, usize),
    Write(usize, Option<u64>, Vec<usize>),
    Seek(usize, u8, i64),
    Resize(usize, u64),
    Allocate(usize, u64, u64),
    MakeFolder(String),
    MakeLink(String, String),
    HardLink(String, String),
    Remove(String, bool),
    Rename(String, String),
    List(String),
    ReadLink(String),
    Info(String, bool),
    Permissions(String, u32),
    Times(String, i64, i64),
}

/// Paths of few names, so that they meet; with dots, slashes too many and too deep.
pub fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        6 => prop::sample::select(vec!["a", "b", "c"]),
        1 => prop::sample::select(vec![".", "..", "", "long"]),
    ];
    (prop::collection::vec(name, 1..4), prop::bool::weighted(0.15)).prop_map(|(names, slash)| {
        let names: Vec<String> =
            names.iter().map(|name| if *name == "long" { "n".repeat(256) } else { (*name).into() }).collect();
        let mut path = format!("/{}", names.join("/"));
        // Above the root there is the root, and for the host the folder's folder.
        let mut depth = 0i32;
        for name in &names {
            depth += match name.as_str() {
                ".." => -1,
                "." | "" => 0,
                _ => 1,
            };
            if depth < 0 {
                return "/a".into();
            }
        }
        if slash {
            path.push('/');
        }
        path
    })
}

/// Where links lead: relative ones only, which are the same for both.
fn target() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c/a", "./b", "a/b", "nowhere", "c/", ""]).prop_map(String::from)
}

pub fn step() -> impl Strategy<Value = Step> {
    let offset = || prop::option::of(prop_oneof![0u64..20, 4000u64..4200, 100_000u64..100_100]);
    let size = || prop_oneof![0usize..10, 4090usize..4100, 10_000usize..20_000];
    prop_oneof![
        6 => (path(), any::<u8>()).prop_map(|(path, modes)| Step::Open(path, modes)),
        2 => (0usize..8).prop_map(Step::Close),
        4 => (0usize..8, offset(), size()).prop_map(|(file, at, size)| Step::Read(file, at, size)),
        6 => (0usize..8, offset(), prop::collection::vec(size(), 0..3))
            .prop_map(|(file, at, parts)| Step::Write(file, at, parts)),
        2 => (0usize..8, 0u8..3, -20i64..5000).prop_map(|(file, from, offset)| Step::Seek(file, from, offset)),
        2 => (0usize..8, 0u64..10_000).prop_map(|(file, size)| Step::Resize(file, size)),
        1 => (0usize..8, 0u64..9000, 0u64..9000).prop_map(|(file, at, size)| Step::Allocate(file, at, size)),
        4 => path().prop_map(Step::MakeFolder),
        3 => (path(), target()).prop_map(|(path, target)| Step::MakeLink(path, target)),
        2 => (path(), path()).prop_map(|(from, to)| Step::HardLink(from, to)),
        3 => (path(), any::<bool>()).prop_map(|(path, folder)| Step::Remove(path, folder)),
        4 => (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => path().prop_map(Step::List),
        1 => path().prop_map(Step::ReadLink),
        2 => (path(), any::<bool>()).prop_map(|(path, follow)| Step::Info(path, follow)),
        1 => (path(), 0u32..0o1000).prop_map(|(path, bits)| Step::Permissions(path, bits)),
        1 => (path(), 0i64..1_000_000, 0i64..1_000_000)
            .prop_map(|(path, read, written)| Step::Times(path, read, written)),
    ]
}

/// A name space and the folder in it that is looked at.
pub struct World {
    /// Its files.
    pub files: Namespace,
    /// The folder.
    pub prefix: Vec<u8>,
    /// What was opened.
    pub open: Vec<Option<Handle>>,
}

/// What has come of a step, as far as it has to be the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Done,
    Failed(Errno),
    Bytes(Vec<u8>),
    Number(u64),
    Names(Vec<Vec<u8>>),
    Info(Kind, Option<u64>, u32, u32, bool, bool),
}

fn outcome<T>(result: Result<T, Errno>, of: impl FnOnce(T) -> Outcome) -> Outcome {
    result.map_or_else(Outcome::Failed, of)
}

fn facts(info: Info) -> Outcome {
    let size = (info.kind != Kind::Folder).then_some(info.size);
    Outcome::Info(info.kind, size, info.mode, info.links, info.access.read, info.access.write)
}

fn modes(bits: u8) -> Modes {
    let has = |bit: u8| bits & bit != 0;
    let write = has(1);
    Modes {
        read: has(2) || !write,
        write,
        create: write && has(4),
        truncate: write && has(8),
        append: write && has(16) && has(32),
        exclusive: write && has(4) && has(64) && has(128),
        sync: false,
        folder: !write && has(64),
    }
}

impl World {
    fn path(&self, path: &str) -> Vec<u8> {
        [&self.prefix, path.as_bytes()].concat()
    }

    fn file(&self, index: usize) -> Handle {
        self.open.get(index).copied().flatten().unwrap_or(Handle(u32::MAX))
    }

    /// Does it.
    pub fn step(&mut self, step: &Step) -> Outcome {
        let at = |offset: Option<u64>| offset.map_or(At::Position, At::Offset);
        let done = |result| outcome(result, |()| Outcome::Done);
        match step {
            Step::Open(path, bits) => {
                let path = self.path(path);
                match self.files.open(&path, modes(*bits)) {
                    Ok(handle) => {
                        self.open.push(Some(handle));
                        Outcome::Done
                    }
                    Err(errno) => Outcome::Failed(errno),
                }
            }
            Step::Close(index) => {
                let handle = self.file(*index);
                if let Some(place) = self.open.get_mut(*index) {
                    *place = None;
                }
                done(self.files.close(handle))
            }
            Step::Read(index, offset, size) => {
                let mut bytes = vec![0; *size];
                let read = self.files.read(self.file(*index), at(*offset), &mut bytes);
                outcome(read, |count| Outcome::Bytes(bytes[..count].to_vec()))
            }
            Step::Write(index, offset, sizes) => {
                let parts: Vec<Vec<u8>> = sizes.iter().map(|size| vec![*size as u8 | 1; *size]).collect();
                let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
                let written = self.files.write(self.file(*index), at(*offset), &parts);
                outcome(written, |count| Outcome::Number(count as u64))
            }
            Step::Seek(index, from, offset) => {
                let from = [From::Start, From::Position, From::End][usize::from(*from)];
                // Where a folder ends is the file system's own affair.
                let info = self.files.handle_info(self.file(*index));
                if info.is_ok_and(|info| info.kind == Kind::Folder) {
                    return Outcome::Done;
                }
                outcome(self.files.seek(self.file(*index), from, *offset), Outcome::Number)
            }
            Step::Resize(index, size) => done(self.files.resize(self.file(*index), *size)),
            Step::Allocate(index, offset, size) => {
                done(self.files.allocate(self.file(*index), *offset, *size))
            }
            Step::MakeFolder(path) => done(self.files.make(&self.path(path), Make::Folder)),
            Step::MakeLink(path, target) => {
                done(self.files.make(&self.path(path), Make::SymbolicLink(target.as_bytes())))
            }
            Step::HardLink(from, to) => done(self.files.link(&self.path(from), &self.path(to))),
            Step::Remove(path, folder) => {
                let what = if *folder { Remove::Folder } else { Remove::File };
                done(self.files.remove(&self.path(path), what))
            }
            Step::Rename(from, to) => done(self.files.rename(&self.path(from), &self.path(to))),
            Step::List(path) => outcome(self.files.list(&self.path(path)), |mut names| {
                names.sort();
                Outcome::Names(names)
            }),
            Step::ReadLink(path) => outcome(self.files.read_link(&self.path(path)), Outcome::Bytes),
            Step::Info(path, follow) => {
                let follow = if *follow { Follow::Target } else { Follow::Link };
                outcome(self.files.info(&self.path(path), follow), facts)
            }
            Step::Permissions(path, bits) => {
                done(self.files.change(&self.path(path), Change::Permissions(*bits)))
            }
            Step::Times(path, read, written) => {
                let path = self.path(path);
                match self.files.change(&path, Change::Times(*read, *written)) {
                    Ok(()) => outcome(self.files.info(&path, Follow::Target), |info| {
                        Outcome::Names(vec![format!("{} {}", info.accessed, info.modified).into_bytes()])
                    }),
                    Err(errno) => Outcome::Failed(errno),
                }
            }
        }
    }

    /// All that is there: paths and what is known of them.
    pub fn all(&mut self) -> Vec<(Vec<u8>, Outcome)> {
        let mut all = Vec::new();
        let mut folders = vec![Vec::new()];
        while let Some(folder) = folders.pop() {
            let whole = [&self.prefix, &b"/"[..], &folder].concat();
            let mut names = self.files.list(&whole).unwrap_or_default();
            names.sort();
            for name in names {
                let path = [&folder, &b"/"[..], &name].concat();
                let info = self.files.info(&[&self.prefix, &path[..]].concat(), Follow::Link);
                if info.as_ref().is_ok_and(|info| info.kind == Kind::Folder) {
                    folders.push(path.clone());
                }
                all.push((path, outcome(info, facts)));
            }
        }
        all
    }
}

/// A folder of the host that goes with this.
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn host(name: &str) -> (World, Folder) {
    let folder = std::env::temp_dir().join(format!("voxoz-memory-files-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for files");
    let prefix = folder.to_str().expect("a path in UTF-8").as_bytes().to_vec();
    let files = Namespace::new(Box::new(HostFiles::default()));
    (World { files, prefix, open: Vec::new() }, Folder(folder))
}
