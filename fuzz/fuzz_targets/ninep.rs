// SPDX-License-Identifier: Apache-2.0
//! A server of files that answers as it likes: nothing panics or has no end, and what a message says is what it is written as again.
#![no_main]

use std::collections::VecDeque;

use fs::memory::User;
use fs::ninep::message::{HEADER, KINDS, Reply, Request};
use fs::ninep::{Lost, NinepFs, Settings, Transport};
use fs::{At, Change, FileSystem, Follow, From, Locate, Lookup, Make, Modes, Node, Remove, Sync};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Open(Vec<u8>, [bool; 6]),
    Close(u8),
    Read(u8, u16),
    Write(u8, Vec<u8>),
    Seek(u8, i64),
    Resize(u8, u64),
    Sync(u8),
    Facts(Vec<u8>),
    List(Vec<u8>),
    ReadLink(Vec<u8>),
    MakeFolder(Vec<u8>),
    MakeLink(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>, bool),
    Rename(Vec<u8>, Vec<u8>),
    Link(Vec<u8>, Vec<u8>),
    Permissions(Vec<u8>, u32),
    Locate(Vec<u8>),
    Enter(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
struct Input {
    /// The fields of its answers, with another kind than was asked for where there is one.
    answers: VecDeque<(Option<u8>, Vec<u8>)>,
    steps: Vec<Step>,
}

struct Server {
    answers: VecDeque<(Option<u8>, Vec<u8>)>,
    coming: Vec<u8>,
}

impl Transport for Server {
    fn message_limit(&self) -> u32 {
        8192
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Lost> {
        let (tag, request) = Request::decode(message).expect("the client keeps to the protocol");
        let mut again = Vec::new();
        request.encode(tag, &mut again);
        assert_eq!(again, message);
        if let Request::Version { msize, version } = request {
            Reply::Version { msize, version }.encode(tag, &mut again);
            self.coming.extend(again);
            return Ok(());
        }
        let (kind, fields) = self.answers.pop_front().ok_or(Lost::Gone)?;
        let size = (HEADER + fields.len()) as u32;
        self.coming.extend(size.to_le_bytes());
        self.coming.push(kind.unwrap_or(message[4] + 1));
        self.coming.extend(tag.to_le_bytes());
        self.coming.extend(fields);
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost> {
        let count = into.len().min(self.coming.len());
        into[..count].copy_from_slice(&self.coming[..count]);
        self.coming.drain(..count);
        if count == 0 { Err(Lost::Gone) } else { Ok(count) }
    }

    fn reconnect(&mut self) -> Result<(), Lost> {
        self.coming.clear();
        if self.answers.is_empty() { Err(Lost::Gone) } else { Ok(()) }
    }
}

fuzz_target!(|input: Input| {
    for (kind, fields) in &input.answers {
        codec(kind.unwrap_or_default(), fields);
    }
    let settings = Settings { name: b"user".to_vec(), user: User::default(), tree: Vec::new(), device: 9 };
    let server = Server { answers: input.answers, coming: Vec::new() };
    let mut system = NinepFs::new(server, settings, Box::new(|_| ()));
    for step in input.steps {
        perform(&mut system, step);
    }
});

/// What is read from a message is written as the same message.
fn codec(place: u8, fields: &[u8]) {
    let kind = KINDS[usize::from(place) % KINDS.len()];
    let size = ((HEADER + fields.len()) as u32).to_le_bytes();
    let message = |kind: u8| [&size[..], &[kind, 1, 0], fields].concat();
    let mut out = Vec::new();
    let question = message(kind);
    if let Ok((tag, request)) = Request::decode(&question) {
        request.encode(tag, &mut out);
        assert_eq!(out, question);
    }
    let answer = message(kind + 1);
    if let Ok(reply) = Reply::decode(&answer, kind, 1) {
        reply.encode(1, &mut out);
        assert_eq!(out, answer);
    }
}

fn perform(system: &mut NinepFs<Server>, step: Step) {
    let node = |number: u8| Node(u32::from(number % 4));
    match step {
        Step::Open(path, [read, write, create, exclusive, append, folder]) => {
            let modes = Modes { read, write, create, exclusive, append, folder, ..Modes::default() };
            let _ = system.open(&mut Lookup::new(&path), modes);
        }
        Step::Close(number) => drop(system.close(node(number))),
        Step::Read(number, count) => {
            let mut bytes = vec![0; usize::from(count)];
            if let Ok(came) = system.read(node(number), At::Position, &mut bytes) {
                assert!(came <= bytes.len());
            }
        }
        Step::Write(number, bytes) => {
            if let Ok(written) = system.write(node(number), At::Position, &[&bytes]) {
                assert!(written <= bytes.len());
            }
        }
        Step::Seek(number, offset) => drop(system.seek(node(number), From::End, offset)),
        Step::Resize(number, size) => drop(system.resize(node(number), size)),
        Step::Sync(number) => drop(system.sync(node(number), Sync::All)),
        Step::Facts(path) => drop(system.info(&mut Lookup::new(&path), Follow::Link)),
        Step::List(path) => drop(system.list(&mut Lookup::new(&path))),
        Step::ReadLink(path) => drop(system.read_link(&mut Lookup::new(&path))),
        Step::MakeFolder(path) => drop(system.make(&mut Lookup::new(&path), Make::Folder)),
        Step::MakeLink(path, target) => {
            let _ = system.make(&mut Lookup::new(&path), Make::SymbolicLink(&target));
        }
        Step::Remove(path, is_file) => {
            let what = if is_file { Remove::File } else { Remove::Folder };
            let _ = system.remove(&mut Lookup::new(&path), what);
        }
        Step::Rename(from, to) => drop(system.rename(&from, &to)),
        Step::Link(from, to) => drop(system.link(&from, &to)),
        Step::Permissions(path, bits) => {
            let _ = system.change(&mut Lookup::new(&path), Change::Permissions(bits));
        }
        Step::Locate(path) => drop(system.locate(&mut Lookup::new(&path), Locate::Name)),
        Step::Enter(path) => drop(system.enter(&mut Lookup::new(&path))),
    }
}
