// SPDX-License-Identifier: Apache-2.0
//! Servers that take a connection and are silent: whoever asks is told so, and goes on.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use fs::memory::{MemoryFs, User};
use fs::ninep::Share;
use fs::{Errno, Follow, Namespace};

use super::mount;

/// How long the server may take here.
const LIMIT: Duration = Duration::from_millis(200);

/// A server that takes connections and hears what is said. Whether it answers or hangs up is the caller's: each connection is handed over.
fn silent() -> (u16, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if sender.send(stream).is_err() {
                return;
            }
        }
    });
    (port, receiver)
}

fn memory() -> MemoryFs {
    MemoryFs::new(1 << 20, User::default(), 1, Box::new(|| 0))
}

/// Files with the server of a port at `/share`, which may take so long to answer.
fn with_share(port: u16, limit: Duration) -> Namespace {
    let mut files = Namespace::new(Box::new(memory()));
    files.make(b"/share", fs::Make::Folder).expect("there is room");
    let share = Share { host: "127.0.0.1".into(), port, tree: "/".into(), place: "/share".into() };
    mount(&mut files, &[share], limit).expect("it is mounted though it is not there");
    files
}

#[test]
fn a_server_that_never_answers_is_an_error_and_no_end() {
    let (port, connections) = silent();
    let mut files = with_share(port, LIMIT);
    files.make(b"/tmp", fs::Make::Folder).expect("there is room");
    files.mount(b"/tmp", Box::new(memory())).expect("nothing is there");
    for _ in 0..2 {
        assert_eq!(files.info(b"/share/file", Follow::Target).err(), Some(Errno::EIO));
        let others = files.info(b"/tmp", Follow::Target);
        assert!(others.is_ok(), "others go on: {others:?}");
    }
    // It was spoken to each time, by a connection of its own.
    for _ in 0..3 {
        let mut stream = connections.recv().expect("it was called");
        let mut version = [0; 5];
        stream.read_exact(&mut version).expect("it was asked something");
        assert_eq!(version[4], 100, "Tversion");
    }
}

/// `Rversion` of 9P2000.L with messages of 64 KiB: size, type, tag, their most bytes, and a string.
const VERSION: &[u8] = b"\x15\0\0\0\x65\xff\xff\0\0\x01\0\x08\x009P2000.L";

#[test]
fn a_server_that_falls_silent_is_asked_to_forget_the_question() {
    let (port, connections) = silent();
    // Only the version is answered; what was asked behind it comes when the other side has hung up.
    let server = thread::spawn(move || {
        let mut asked = Vec::new();
        for mut stream in connections.into_iter().take(2) {
            let mut version = [0; 21];
            stream.read_exact(&mut version).expect("it was asked for its version");
            stream.write_all(VERSION).expect("there is somebody");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).expect("the other side hangs up");
            asked.push(kinds(&rest));
        }
        asked
    });
    let mut files = with_share(port, LIMIT);
    assert_eq!(files.info(b"/share/file", Follow::Target).err(), Some(Errno::EIO));
    drop(files);
    let (attach, flush) = (104, 108);
    assert_eq!(server.join().expect("it has served"), [[attach, flush], [attach, flush]]);
}

/// The types of messages.
fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, d, kind, ..] = *bytes {
        kinds.push(kind);
        bytes = &bytes[u32::from_le_bytes([a, b, c, d]) as usize..];
    }
    kinds
}

#[test]
fn a_server_that_hangs_up_in_the_middle_is_gone() {
    let (port, connections) = silent();
    // The end of a connection that is dropped comes while an answer is waited for.
    let hangs_up = thread::spawn(move || {
        let mut count = 0;
        for mut stream in connections {
            let mut bytes = [0; 5];
            let _ = stream.read_exact(&mut bytes);
            count += 1;
            if count == 2 {
                return;
            }
        }
    });
    let mut files = with_share(port, Duration::from_secs(600));
    assert_eq!(files.info(b"/share/file", Follow::Target).err(), Some(Errno::EIO));
    hangs_up.join().expect("both connections were made");
}
