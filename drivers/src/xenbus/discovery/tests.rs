// SPDX-License-Identifier: Apache-2.0
//! Tests of devices that come and go.

use core::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use super::*;
use crate::mock::doorbell::CountingBell;
use crate::mock::xenstored::Xenstored;
use crate::xenstore::Client;

type Daemon = Rc<RefCell<Xenstored>>;

fn fixture() -> (Session<CountingBell, Daemon>, Daemon) {
    let (daemon, page) = Xenstored::shared();
    (Session::new(Client::new(page, CountingBell::default()), daemon.clone()), daemon)
}

fn id(class: &str, index: u32) -> DeviceId {
    DeviceId { class: class.into(), index }
}

#[test]
fn devices_are_found_as_they_come_and_go() {
    let (mut session, daemon) = fixture();
    let mut discovery = Discovery::new(&mut session).unwrap();
    let token = discovery.watch();
    session.wait_event(Some(token)).unwrap();
    assert_eq!(discovery.refresh(&mut session), Ok(Vec::new()));

    daemon.borrow_mut().write("device/vif/0/state", "1");
    daemon.borrow_mut().write("device/vbd/51712/state", "1");
    session.wait_event(Some(token)).unwrap();
    let arrived = [id("vbd", 51712), id("vif", 0)].map(Change::Arrived);
    assert_eq!(discovery.refresh(&mut session).unwrap(), arrived);
    assert_eq!(discovery.refresh(&mut session).unwrap(), []);

    daemon.borrow_mut().rm("device/vif/0");
    daemon.borrow_mut().write("device/vif/1/state", "1");
    let changes = discovery.refresh(&mut session).unwrap();
    assert_eq!(changes, [Change::Left(id("vif", 0)), Change::Arrived(id("vif", 1))]);
    assert_eq!(discovery.known().cloned().collect::<Vec<_>>(), [id("vbd", 51712), id("vif", 1)]);

    daemon.borrow_mut().rm("device");
    assert_eq!(discovery.refresh(&mut session).unwrap().len(), 2);
}

#[test]
fn names_that_are_no_numbers_are_no_devices() {
    let (mut session, daemon) = fixture();
    for path in [
        "device/suspend/event-channel",
        "device/vif/007/state",
        "device/vif/-1/state",
        "device/vif/9999999999",
    ] {
        daemon.borrow_mut().write(path, "");
    }
    assert_eq!(scan(&mut session), Ok(BTreeSet::new()));
}

#[test]
fn there_is_a_limit() {
    let (mut session, daemon) = fixture();
    for index in 0..=DEVICES_MAX {
        daemon.borrow_mut().write(&format!("device/vif/{index}"), "");
    }
    assert_eq!(scan(&mut session), Err(Error::TooMany { limit: DEVICES_MAX }));
}
