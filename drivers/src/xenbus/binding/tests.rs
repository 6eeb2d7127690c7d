// SPDX-License-Identifier: Apache-2.0
//! Tests of a driver led through the handshake, with a back end played through the tree.

use core::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use super::*;
use crate::memory::DomId;
use crate::mock::doorbell::CountingBell;
use crate::mock::xenstored::Xenstored;
use crate::xenbus::{DeviceId, Order, XenbusState};
use crate::xenstore::{self, Client, Store};

type Daemon = Rc<RefCell<Xenstored>>;
type TestSession = Session<CountingBell, Daemon>;

const BACK: &str = "/local/domain/0/backend/vbd/7/0";

/// Notes what it is asked to do, and fails when it is told to.
#[derive(Default)]
struct Recorder {
    calls: Vec<&'static str>,
    fails_at: Option<&'static str>,
    sectors: u64,
}

impl Recorder {
    fn note(&mut self, call: &'static str) -> Result<(), Error> {
        self.calls.push(call);
        if self.fails_at == Some(call) { Err(Error::Unsuitable { reason: "as told" }) } else { Ok(()) }
    }
}

impl FrontEnd for Recorder {
    fn order(&self) -> Order {
        Order::BackFirst
    }

    fn offer(&mut self, _: &mut dyn Store, _: &Device) -> Result<(), Error> {
        self.note("offer")
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        store.write(&device.front("ring-ref"), b"8")
    }

    fn connect(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        self.note("connect")?;
        self.sectors = store.read_u64(&device.back("sectors"))?;
        Ok(())
    }

    fn pause(&mut self) {
        self.calls.push("pause");
    }

    fn disconnect(&mut self) {
        self.calls.push("disconnect");
    }
}

fn fixture(driver: Recorder) -> (TestSession, Daemon, Binding<Recorder>) {
    let (daemon, page) = Xenstored::shared();
    {
        let mut daemon = daemon.borrow_mut();
        daemon.write("device/vbd/0/backend", BACK);
        daemon.write("device/vbd/0/backend-id", "0");
        daemon.write("device/vbd/0/state", "1");
        daemon.write(&std::format!("{BACK}/sectors"), "2048");
    }
    let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
    let device = Device::open(&mut session, &DeviceId { class: "vbd".into(), index: 0 }).unwrap();
    assert_eq!(device.back_domain(), DomId(0));
    let binding = Binding::new(&mut session, device, driver).unwrap();
    (session, daemon, binding)
}

fn back_end(daemon: &Daemon, state: XenbusState) {
    daemon.borrow_mut().write(&std::format!("{BACK}/state"), &crate::xenbus::state::value(state));
}

fn our_state(daemon: &Daemon) -> std::string::String {
    daemon.borrow().read("device/vbd/0/state").unwrap()
}

#[test]
fn a_device_connects_reconfigures_and_is_lost() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    assert_eq!(binding.advance(&mut session), Ok(Phase::Waiting), "there is no back end yet");
    back_end(&daemon, XenbusState::InitWait);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Offered));
    assert_eq!(our_state(&daemon), "3");
    assert_eq!(daemon.borrow().read("device/vbd/0/ring-ref").as_deref(), Some("8"));
    back_end(&daemon, XenbusState::Connected);
    let token = binding.watch();
    assert_eq!(session.wait_event(Some(token)).unwrap().token, token);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Connected));
    assert_eq!((our_state(&daemon).as_str(), binding.driver().sectors), ("4", 2048));
    back_end(&daemon, XenbusState::Reconfiguring);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Reconfiguring));
    back_end(&daemon, XenbusState::Reconfigured);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Connected));
    back_end(&daemon, XenbusState::Closing);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Lost));
    assert_eq!(our_state(&daemon), "6");
    assert_eq!(binding.driver().calls, ["offer", "connect", "pause", "connect", "disconnect"]);
}

#[test]
fn a_back_end_that_returns_is_connected_again() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    back_end(&daemon, XenbusState::InitWait);
    binding.advance(&mut session).unwrap();
    back_end(&daemon, XenbusState::Connected);
    binding.advance(&mut session).unwrap();
    daemon.borrow_mut().rm(BACK);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Lost));
    daemon.borrow_mut().write(&std::format!("{BACK}/sectors"), "4096");
    back_end(&daemon, XenbusState::InitWait);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Offered));
    back_end(&daemon, XenbusState::Connected);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Connected));
    assert_eq!(binding.driver().sectors, 4096);
    assert_eq!(binding.driver().calls, ["offer", "connect", "disconnect", "offer", "connect"]);
}

#[test]
fn an_offer_is_published_in_one_transaction_even_under_contention() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    back_end(&daemon, XenbusState::InitWait);
    daemon.borrow_mut().refuse_commits(5);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Offered));
    assert_eq!(binding.driver().calls, ["offer"], "the offer was made once");
    assert_eq!(our_state(&daemon), "3");
}

#[test]
fn a_driver_that_fails_is_taken_down_and_the_back_end_told() {
    for call in ["offer", "connect"] {
        let (mut session, daemon, mut binding) =
            fixture(Recorder { fails_at: Some(call), ..Recorder::default() });
        back_end(&daemon, XenbusState::InitWait);
        let offered = binding.advance(&mut session);
        back_end(&daemon, XenbusState::Connected);
        let result = offered.and_then(|_| binding.advance(&mut session));
        assert_eq!(result, Err(Error::Unsuitable { reason: "as told" }));
        assert_eq!((binding.phase(), our_state(&daemon).as_str()), (Phase::Closing, "5"));
        assert_eq!(binding.driver().calls.last(), Some(&"disconnect"));
        back_end(&daemon, XenbusState::Closed);
        assert_eq!(binding.advance(&mut session), Ok(Phase::Closed));
        assert_eq!(our_state(&daemon), "6");
    }
}

#[test]
fn an_unplugged_device_is_not_brought_back_to_life() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    back_end(&daemon, XenbusState::InitWait);
    binding.advance(&mut session).unwrap();
    daemon.borrow_mut().rm("device/vbd/0");
    daemon.borrow_mut().rm(BACK);
    assert_eq!(binding.advance(&mut session), Err(Error::Unplugged));
    assert_eq!(daemon.borrow().read("device/vbd/0"), None);
    assert_eq!(binding.phase(), Phase::Closed);
    assert_eq!(binding.driver().calls, ["offer", "disconnect"]);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Closed));
    let (driver, result) = binding.unbind(&mut session);
    assert_eq!((driver.calls.len(), result), (2, Ok(())));
    assert_eq!(daemon.borrow().watches(), 0);
}

#[test]
fn a_hot_unplug_leaves_nothing_behind() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    back_end(&daemon, XenbusState::InitWait);
    binding.advance(&mut session).unwrap();
    back_end(&daemon, XenbusState::Connected);
    binding.advance(&mut session).unwrap();
    back_end(&daemon, XenbusState::Closing);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Lost));
    assert_eq!(our_state(&daemon), "6", "what the toolstack waits for");
    daemon.borrow_mut().rm(BACK);
    daemon.borrow_mut().rm("device/vbd/0");
    assert_eq!(binding.advance(&mut session), Ok(Phase::Lost));
    let (driver, result) = binding.unbind(&mut session);
    assert_eq!((driver.calls.last(), result), (Some(&"disconnect"), Ok(())));
    assert_eq!(daemon.borrow().read("device/vbd/0"), None);
    assert_eq!(daemon.borrow().watches(), 0);
}

#[test]
fn a_device_is_closed_and_reopened_by_us() {
    let (mut session, daemon, mut binding) = fixture(Recorder::default());
    back_end(&daemon, XenbusState::InitWait);
    binding.advance(&mut session).unwrap();
    back_end(&daemon, XenbusState::Connected);
    binding.advance(&mut session).unwrap();
    assert_eq!(binding.device().is_going_offline(&mut session), Ok(false));
    daemon.borrow_mut().write(&std::format!("{BACK}/online"), "0");
    assert_eq!(binding.device().is_going_offline(&mut session), Ok(true));
    binding.close(&mut session).unwrap();
    assert_eq!(our_state(&daemon), "5");
    back_end(&daemon, XenbusState::Closed);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Closed));
    binding.reopen(&mut session).unwrap();
    assert_eq!(our_state(&daemon), "1");
    back_end(&daemon, XenbusState::InitWait);
    assert_eq!(binding.advance(&mut session), Ok(Phase::Offered));
}

#[test]
fn a_directory_without_a_back_end_is_no_device() {
    let (mut session, daemon, _binding) = fixture(Recorder::default());
    let id = DeviceId { class: "vif".into(), index: 3 };
    assert_eq!(Device::open(&mut session, &id), Err(Error::Unplugged));
    daemon.borrow_mut().write("device/vif/3/backend", "not a path");
    assert!(matches!(Device::open(&mut session, &id), Err(Error::Store(xenstore::Error::Path(_)))));
    daemon.borrow_mut().write("device/vif/3/backend", "/local/domain/2/backend/vif/7/3");
    daemon.borrow_mut().write("device/vif/3/backend-id", "2");
    assert_eq!(Device::open(&mut session, &id).unwrap().back_domain(), DomId(2));
}
