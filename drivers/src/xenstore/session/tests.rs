// SPDX-License-Identifier: Apache-2.0
//! Tests of a waiting client: typed reads, long lists, transactions under contention.

use core::cell::RefCell;
use std::format;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::memory::DomId;
use crate::mock::doorbell::CountingBell;
use crate::mock::xenstored::Xenstored;
use crate::xenstore::error::Broken;
use crate::xenstore::permission::{Access, Permission};

type Daemon = Rc<RefCell<Xenstored>>;

fn fixture() -> (Session<CountingBell, Daemon>, Daemon) {
    let (daemon, page) = Xenstored::shared();
    (Session::new(Client::new(page, CountingBell::default()), daemon.clone()), daemon)
}

#[test]
fn nodes_are_written_read_listed_and_removed() {
    let (mut session, _) = fixture();
    session.write("a/b", b"1").unwrap();
    session.write("a/c", b"two").unwrap();
    session.mkdir("a/d").unwrap();
    assert_eq!(session.read("a/b").unwrap(), b"1");
    assert_eq!(session.read_u64("a/b"), Ok(1));
    assert_eq!(session.read_string("a/c").as_deref(), Ok("two"));
    assert_eq!(session.read_u64("a/c"), Err(Error::Value { expected: "a decimal number of 64 bits" }));
    assert_eq!(session.list("a").unwrap().iter().collect::<Vec<_>>(), ["b", "c", "d"]);
    session.rm("a/c").unwrap();
    assert_eq!(session.exists("a/c"), Ok(false));
    assert_eq!(session.exists("a/d"), Ok(true));
    assert!(session.read("a/c").unwrap_err().is_not_found());
    assert_eq!(session.read_if_exists("a/b"), Ok(Some(b"1".to_vec())));
}

#[test]
fn values_are_any_bytes_but_text_is_checked() {
    let (mut session, _) = fixture();
    session.write("a", b"\xff\0\x01").unwrap();
    assert_eq!(session.read("a").unwrap(), b"\xff\0\x01");
    assert_eq!(session.read_string("a"), Err(Error::Value { expected: "UTF-8 text" }));
    session.write("a", b"70000").unwrap();
    assert_eq!(session.read_domain("a"), Err(Error::Value { expected: "the number of a domain" }));
}

#[test]
fn permissions_are_a_list() {
    let (mut session, _) = fixture();
    session.write("a", b"").unwrap();
    let list = [(7, Access::None), (0, Access::Both)]
        .map(|(domain, access)| Permission { domain: DomId(domain), access });
    session.set_permissions("a", &list).unwrap();
    assert_eq!(session.permissions("a").unwrap(), list);
}

#[test]
fn domains_are_asked_for() {
    let (mut session, _) = fixture();
    assert_eq!(session.domain_path(DomId(7)).as_deref(), Ok("/local/domain/7"));
    assert_eq!(session.is_introduced(DomId(0)), Ok(true));
    assert_eq!(session.is_introduced(DomId(99)), Ok(false));
}

#[test]
fn long_lists_are_put_together_from_parts() {
    let (mut session, daemon) = fixture();
    let names: Vec<String> = (0..500).map(|i| format!("a-rather-long-name-{i:03}")).collect();
    for name in &names {
        daemon.borrow_mut().write(&format!("list/{name}"), "");
    }
    let list = session.list("list").unwrap();
    assert!(list.bytes() > 2 * 4096);
    assert!(list.iter().eq(names.iter().map(String::as_str)));
}

#[test]
fn a_transaction_is_seen_at_once_or_not_at_all() {
    let (mut session, daemon) = fixture();
    let seen = daemon.clone();
    let sum = session
        .transaction(|store| {
            store.write("a", b"1")?;
            store.write("b", b"2")?;
            assert_eq!(seen.borrow().read("a"), None);
            Ok::<_, Error>(store.read_u64("a")? + store.read_u64("b")?)
        })
        .unwrap();
    assert_eq!(sum, 3);
    assert_eq!(daemon.borrow().read("b").as_deref(), Some("2"));

    let failed: Result<(), Error> = session.transaction(|store| {
        store.write("a", b"9")?;
        store.read("none").map(drop)
    });
    assert!(failed.unwrap_err().is_not_found());
    assert_eq!(daemon.borrow().read("a").as_deref(), Some("1"));
    assert_eq!(daemon.borrow().transactions(), 0, "the failed one was aborted");
}

#[test]
fn a_conflict_runs_the_transaction_again() {
    let (mut session, daemon) = fixture();
    daemon.borrow_mut().write("count", "10");
    let outside = daemon.clone();
    let mut runs = 0;
    let result = session.transaction(|store| {
        runs += 1;
        let count = store.read_u64("count")?;
        if runs <= 3 {
            outside.borrow_mut().write("count", &(count + 1).to_string());
        }
        store.write("count", (count + 100).to_string().as_bytes())
    });
    assert_eq!((result, runs), (Ok(()), 4));
    assert_eq!(daemon.borrow().read("count").as_deref(), Some("113"));
}

#[test]
fn endless_conflicts_are_given_up() {
    let (mut session, daemon) = fixture();
    daemon.borrow_mut().refuse_commits(u32::MAX);
    let result = session.transaction(|store| store.write("a", b"1"));
    assert_eq!(result, Err(Error::Contended { attempts: TRANSACTION_ATTEMPTS }));
    assert_eq!(result.unwrap_err().to_string(), "xenstore transaction met a conflict in 64 attempts");
    assert_eq!(daemon.borrow().transactions(), 0);
}

#[test]
fn watches_are_waited_for() {
    let (mut session, daemon) = fixture();
    let token = session.watch("a").unwrap();
    assert_eq!(session.wait_event(Some(token)).unwrap().path, "a");
    assert_eq!(session.take_event(None), None);
    daemon.borrow_mut().write("a/b", "1");
    assert_eq!(session.wait_event(None).unwrap().path, "a/b");
    session.unwatch(token).unwrap();
    assert_eq!(daemon.borrow().watches(), 0);
}

#[test]
fn what_an_earlier_user_left_behind_is_reset() {
    let (mut session, daemon) = fixture();
    session.watch("a").unwrap();
    session.reset_watches().unwrap();
    assert_eq!(daemon.borrow().watches(), 0);
}

#[test]
fn a_broken_connection_is_an_error_and_no_hang() {
    let (mut session, daemon) = fixture();
    daemon.borrow_mut().send(999, 1, b"");
    let broken = Error::Broken(Broken::UnknownKind { kind: 999 });
    assert_eq!(session.read("a"), Err(broken));
    assert_eq!(session.wait_event(None), Err(broken));
    assert_eq!(session.transaction(|store| store.read("a")), Err(broken));
}

#[test]
fn several_requests_are_under_way_and_each_is_waited_for_once() {
    let (mut session, daemon) = fixture();
    for i in 0..10 {
        daemon.borrow_mut().write(&format!("a/{i}"), &i.to_string());
    }
    let ids: Vec<_> = (0..10)
        .map(|i| session.client().submit(None, &Request::Read { path: &format!("a/{i}") }).unwrap())
        .collect();
    for (i, id) in ids.iter().enumerate().rev() {
        assert_eq!(session.finish(*id), Ok(Reply::Value(i.to_string().into_bytes())));
    }
    assert_eq!(session.finish(ids[0]), Err(Error::UnknownRequest));
}
