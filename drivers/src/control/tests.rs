// SPDX-License-Identifier: Apache-2.0
//! Tests of requests of the toolstack and what is said in return.

use core::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::mock::doorbell::CountingBell;
use crate::mock::xenstored::Xenstored;
use crate::xenstore::{Client, Refusal, Store};

type Daemon = Rc<RefCell<Xenstored>>;

fn fixture() -> (Session<CountingBell, Daemon>, Daemon, Control) {
    let (daemon, page) = Xenstored::shared();
    daemon.borrow_mut().write(SHUTDOWN, "");
    let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
    let control = Control::new(session.client()).unwrap();
    // Requests are answered in their order, so those of the beginning are when this one is.
    session.exists(SHUTDOWN).unwrap();
    (session, daemon, control)
}

#[test]
fn what_has_a_response_is_announced_and_suspend_has_none() {
    let (_, daemon, _) = fixture();
    let value = |node| daemon.borrow().read(node);
    assert_eq!(value("control/feature-poweroff").as_deref(), Some("1"));
    assert_eq!(value("control/feature-reboot").as_deref(), Some("1"));
    assert_eq!(value("control/feature-suspend").as_deref(), Some("0"));
}

#[test]
fn requests_are_taken_out_and_handed_up_once() {
    let (mut session, daemon, mut control) = fixture();
    assert_eq!(control.check(&mut session), Ok(None));
    for (word, request) in
        [("poweroff", Shutdown::Poweroff), ("reboot", Shutdown::Reboot), ("halt", Shutdown::Halt)]
    {
        while control.poll(&mut session) != Ok(None) {}
        daemon.borrow_mut().write(SHUTDOWN, word);
        // A round trip to xenstored brings the event along.
        session.exists(SHUTDOWN).unwrap();
        assert_eq!(control.poll(&mut session), Ok(Some(request)));
        assert_eq!(daemon.borrow().read(SHUTDOWN).as_deref(), Some(""));
        assert_eq!(control.check(&mut session), Ok(None));
    }
}

#[test]
fn a_request_survives_conflicts() {
    let (mut session, daemon, mut control) = fixture();
    daemon.borrow_mut().write(SHUTDOWN, "poweroff");
    daemon.borrow_mut().refuse_commits(3);
    assert_eq!(control.check(&mut session), Ok(Some(Shutdown::Poweroff)));
    assert_eq!(daemon.borrow().read(SHUTDOWN).as_deref(), Some(""));
}

#[test]
fn suspend_is_handed_up_and_not_acknowledged() {
    let (mut session, daemon, mut control) = fixture();
    daemon.borrow_mut().write(SHUTDOWN, "suspend");
    assert_eq!(control.check(&mut session), Ok(Some(Shutdown::Suspend)));
    assert_eq!(daemon.borrow().read(SHUTDOWN).as_deref(), Some("suspend"));
    assert_eq!(control.check(&mut session), Ok(None), "it is handed up once");
    daemon.borrow_mut().write(SHUTDOWN, "");
    assert_eq!(control.check(&mut session), Ok(None), "the toolstack has given up");
    daemon.borrow_mut().write(SHUTDOWN, "suspend");
    assert_eq!(control.check(&mut session), Ok(Some(Shutdown::Suspend)), "and tries again");
}

#[test]
fn unknown_words_are_reported_and_left() {
    let (mut session, daemon, mut control) = fixture();
    daemon.borrow_mut().write(SHUTDOWN, "dance");
    assert_eq!(control.check(&mut session), Ok(Some(Shutdown::Unknown("dance".into()))));
    assert_eq!(daemon.borrow().read(SHUTDOWN).as_deref(), Some("dance"));
}

#[test]
fn a_node_that_is_missing_is_no_request() {
    let (mut session, daemon, mut control) = fixture();
    daemon.borrow_mut().rm(SHUTDOWN);
    assert_eq!(control.check(&mut session), Ok(None));
}

#[test]
fn announcements_that_are_refused_are_not_needed() {
    let (daemon, page) = Xenstored::shared();
    let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
    daemon.borrow_mut().refuse_after(1, Refusal::Forbidden);
    let mut control = Control::new(session.client()).unwrap();
    session.exists(SHUTDOWN).unwrap();
    assert_eq!(control.poll(&mut session), Ok(None));
    assert_eq!(daemon.borrow().read("control/feature-poweroff"), None);
    assert_eq!(daemon.borrow().read("control/feature-reboot").as_deref(), Some("1"));
}

#[test]
fn a_watch_that_is_refused_is_an_error() {
    let (daemon, page) = Xenstored::shared();
    let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
    daemon.borrow_mut().refuse_after(0, Refusal::NoSpace);
    let mut control = Control::new(session.client()).unwrap();
    session.exists(SHUTDOWN).unwrap();
    assert_eq!(control.poll(&mut session), Err(Error::Refused(Refusal::NoSpace)));
    assert_eq!(control.poll(&mut session), Ok(None), "it is said once");
}
