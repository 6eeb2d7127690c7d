// SPDX-License-Identifier: Apache-2.0
//! What goes over the wire, and what comes of a connection that breaks.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::server::{Faults, Server, Stream, attached, mounted, settings};
use crate::memory::User;
use crate::ninep::client::{LockKind, Part};
use crate::ninep::{Error, Lost, News, NinepFs};
use crate::{At, Errno, FileSystem, Follow, Kind, Lookup, Make, Modes, Namespace, Remove, Stop};

const NEW: Modes = Modes {
    read: true,
    write: true,
    create: true,
    exclusive: false,
    truncate: false,
    append: false,
    sync: false,
    folder: false,
};

#[test]
fn a_stat_takes_three_questions() {
    let (server, mut system) = mounted();
    for folder in [&b"/a"[..], b"/a/b", b"/a/b/c"] {
        system.make(&mut Lookup::new(folder), Make::Folder).expect("made");
    }
    server.borrow_mut().asked.clear();
    assert_eq!(
        system.info(&mut Lookup::new(b"/a/b/c"), Follow::Target).map(|info| info.kind),
        Ok(Kind::Folder)
    );
    assert_eq!(server.borrow().asked, [110, 24, 120]);
}

#[test]
fn paths_are_as_deep_as_anywhere() {
    let (server, mut system) = mounted();
    let mut path = Vec::new();
    for depth in 0..40 {
        path.extend_from_slice(format!("/folder{depth}").as_bytes());
        system.make(&mut Lookup::new(&path), Make::Folder).expect("made");
    }
    path.extend_from_slice(b"/file");
    let node = system.open(&mut Lookup::new(&path), NEW).expect("opened");
    assert_eq!(system.write(node, At::Position, &[b"deep"]), Ok(4));
    assert_eq!(system.info(&mut Lookup::new(&path), Follow::Target).map(|info| info.size), Ok(4));
    assert_eq!(system.close(node), Ok(()));
    assert_eq!(server.borrow().held(), 0);
}

#[test]
fn many_parts_are_few_messages() {
    let (server, mut system) = mounted();
    let node = system.open(&mut Lookup::new(b"/file"), NEW).expect("opened");
    server.borrow_mut().asked.clear();
    let parts = vec![&b"0123456789"[..]; 20_000];
    assert_eq!(system.write(node, At::Position, &parts), Ok(200_000));
    assert_eq!(server.borrow().asked, [118; 4]);
    let mut all = vec![0; 300_000];
    assert_eq!(system.read(node, At::Offset(5), &mut all), Ok(199_995));
    assert!(all[..199_995].iter().zip(5..).all(|(byte, at)| *byte == b'0' + (at % 10) as u8));
}

#[test]
fn a_sync_mode_syncs_each_write() {
    let (server, mut system) = mounted();
    let node = system.open(&mut Lookup::new(b"/file"), Modes { sync: true, ..NEW }).expect("opened");
    server.borrow_mut().asked.clear();
    assert_eq!(system.write(node, At::Position, &[b"x"]), Ok(1));
    assert_eq!(server.borrow().asked, [118, 50]);
}

#[test]
fn what_is_open_goes_with_the_connection() {
    let (server, mut system) = mounted();
    let node = system.open(&mut Lookup::new(b"/file"), NEW).expect("opened");
    assert_eq!(system.write(node, At::Position, &[b"kept"]), Ok(4));
    server.borrow_mut().faults.messages = Some(0);
    let mut bytes = [0; 4];
    assert_eq!(system.read(node, At::Offset(0), &mut bytes), Err(Errno::EIO));
    assert_eq!(system.read(node, At::Offset(0), &mut bytes), Err(Errno::EIO));
    let again = system.open(&mut Lookup::new(b"/file"), NEW).expect("a new connection is made");
    assert_eq!(system.read(again, At::Position, &mut bytes), Ok(4));
    assert_eq!(system.read(node, At::Offset(0), &mut bytes), Err(Errno::EIO), "it was on the old one");
    assert_eq!(system.close(node), Ok(()));
    assert_eq!((system.close(again), server.borrow().held()), (Ok(()), 0));
    assert_eq!(system.close(again), Err(Errno::EBADF));
}

#[test]
fn a_path_is_walked_anew_on_a_new_connection() {
    let (server, mut system) = mounted();
    system.make(&mut Lookup::new(b"/folder"), Make::Folder).expect("made");
    server.borrow_mut().faults.messages = Some(0);
    assert_eq!(system.make(&mut Lookup::new(b"/folder/more"), Make::Folder), Ok(()));
    server.borrow_mut().faults.messages = Some(0);
    assert_eq!(system.list(&mut Lookup::new(b"/")), Ok(vec![b"folder".to_vec()]));
}

#[test]
fn what_may_have_been_done_is_not_repeated() {
    let (server, mut system) = mounted();
    // A partial walk, the folder, the name that is not there.
    server.borrow_mut().faults.messages = Some(2);
    assert_eq!(system.make(&mut Lookup::new(b"/new"), Make::Folder), Err(Stop::Failed(Errno::EIO)));
    assert_eq!(system.make(&mut Lookup::new(b"/new"), Make::Folder), Ok(()));
}

#[test]
fn a_tree_that_is_refused_says_so() {
    let attach = |faults: Faults| {
        let server = Server::new(User::default(), std::boxed::Box::new(|| 0));
        let server = std::rc::Rc::new(std::cell::RefCell::new(server));
        server.borrow_mut().faults = faults;
        attached(Stream::new(&server), User::default()).map(|_| ())
    };
    let refused = attach(Faults { refuses: Some(Errno::EACCES), ..Faults::default() });
    assert_eq!(refused, Err(Error::Attach(Errno::EACCES)));
    let other = attach(Faults { version: Some(b"9P2000.u"), ..Faults::default() });
    let text = other.expect_err("it is another protocol").to_string();
    assert_eq!(text, "the server does not speak 9P2000.L but \"9P2000.u\"");
    let short = attach(Faults { limit: Some(4096), ..Faults::default() });
    assert_eq!(short, Err(Error::MessageSize { size: 4096 }));
}

#[test]
fn the_first_path_attaches_and_trouble_is_told_once() {
    let server = Server::new(User::default(), std::boxed::Box::new(|| 0));
    let server = std::rc::Rc::new(std::cell::RefCell::new(server));
    let told = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let listener = {
        let told = told.clone();
        std::boxed::Box::new(move |news: &News| told.borrow_mut().push(news.clone()))
    };
    let mut system = NinepFs::new(Stream::new(&server), settings(User::default()), listener);
    assert_eq!((server.borrow().asked.len(), told.borrow().len()), (0, 0));
    let mut list = |expected| assert_eq!(system.list(&mut Lookup::new(b"/")), expected);
    list(Ok(Vec::new()));
    assert_eq!(told.take(), [News::Attached]);
    server.borrow_mut().faults.refuses = Some(Errno::EACCES);
    server.borrow_mut().faults.messages = Some(0);
    for _ in 0..3 {
        list(Err(Stop::Failed(Errno::EIO)));
    }
    let refused = News::Trouble(Error::Attach(Errno::EACCES));
    assert_eq!(told.take(), [News::Trouble(Error::Lost(Lost::Gone)), refused]);
    server.borrow_mut().faults.refuses = None;
    list(Ok(Vec::new()));
    assert_eq!(told.take(), [News::Attached]);
}

#[test]
fn a_late_answer_counts_and_a_missing_one_is_an_error() {
    let (server, mut system) = mounted();
    server.borrow_mut().faults.late = 1;
    assert_eq!(system.make(&mut Lookup::new(b"/late"), Make::Folder), Err(Stop::Failed(Errno::EIO)));
    server.borrow_mut().faults.late = 0;
    assert_eq!(system.list(&mut Lookup::new(b"/")), Ok(Vec::new()));
}

#[test]
fn locks_are_the_servers() {
    let (_, mut system) = mounted();
    let client = system.client();
    let fid = client.walk(crate::ninep::field::Fid(0), &[]).expect("walked").fid.expect("cloned");
    let part = |owner| Part { start: 0, length: 0, owner };
    assert_eq!(client.lock(fid, LockKind::Write, part(1)), Ok(true));
    assert_eq!(client.lock(fid, LockKind::Read, part(2)), Ok(false));
    assert_eq!(client.getlock(fid, LockKind::Read, part(2)), Ok(Some((LockKind::Write, part(1)))));
    assert_eq!(client.lock(fid, LockKind::None, part(1)), Ok(true));
    assert_eq!(client.getlock(fid, LockKind::Read, part(2)), Ok(None));
    assert_eq!(client.statfs(fid).map(|room| (room.block, room.available)), Ok((4096, 800)));
    client.clunk(fid);
}

#[test]
fn it_is_one_of_many_in_the_name_space() {
    let (server, mut system) = mounted();
    system.make(&mut Lookup::new(b"/inner"), Make::Folder).expect("made");
    system.make(&mut Lookup::new(b"/out"), Make::SymbolicLink(b"../tmp")).expect("made");
    system.make(&mut Lookup::new(b"/top"), Make::SymbolicLink(b"/tmp/x")).expect("made");
    let memory = || {
        let clock = std::boxed::Box::new(|| 0);
        std::boxed::Box::new(crate::memory::MemoryFs::new(1 << 20, User::default(), 2, clock))
    };
    let mut names = Namespace::new(memory());
    for folder in [&b"/mnt"[..], b"/tmp"] {
        names.make(folder, Make::Folder).expect("made");
    }
    names.mount(b"/mnt", std::boxed::Box::new(system)).expect("mounted");
    names.mount(b"/mnt/inner", memory()).expect("mounted over a folder of the server");
    names.make(b"/mnt/out/x", Make::Folder).expect("over a link of the server");
    assert_eq!(names.list(b"/tmp"), Ok(vec![b"x".to_vec()]));
    assert_eq!(names.list(b"/mnt/top"), Ok(Vec::new()));
    names.make(b"/mnt/inner/file", Make::Folder).expect("made");
    assert_eq!(names.list(b"/mnt/inner/../inner"), Ok(vec![b"file".to_vec()]));
    assert_eq!(names.remove(b"/mnt/inner", Remove::Folder), Err(Errno::EBUSY));
    assert_eq!(names.rename(b"/mnt/out", b"/tmp/out"), Err(Errno::EXDEV));
    assert_eq!(names.enter(b"/mnt/."), Ok(()));
    assert_eq!(names.working_folder(), Ok(b"/mnt".to_vec()));
    assert_eq!(server.borrow().held(), 0);
}
