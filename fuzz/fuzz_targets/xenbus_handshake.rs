// SPDX-License-Identifier: Apache-2.0
//! A driver led through the handshake while its back end writes what it likes into its nodes.
//!
//! What was offered is taken back before the next offer and whenever the phase says that nothing is set up; the
//! state that is shown is that of the phase; an unplugged device stays unplugged; and a back end that behaves in
//! the end is connected to.
#![no_main]

use std::cell::RefCell;
use std::rc::Rc;

use drivers::mock::doorbell::CountingBell;
use drivers::mock::xenstored::Xenstored;
use drivers::xenbus::{Binding, Device, DeviceId, Error, FrontEnd, Order, Phase, XenbusState, state};
use drivers::xenstore::{self, Client, Session, Store};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const BACK: &str = "/local/domain/0/backend/vbd/7/0";
const FRONT: &str = "device/vbd/0";

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    State(u8),
    StateText(&'a str),
    Sectors(&'a str),
    BackGone,
    Unplug,
    Advance,
    Close,
    Reopen,
    Contention(u8),
    DriverFails(bool),
}

/// A driver that knows whether it is set up.
struct Driver {
    order: Order,
    is_set_up: bool,
    fails: bool,
}

impl FrontEnd for Driver {
    fn order(&self) -> Order {
        self.order
    }

    fn offer(&mut self, _: &mut dyn Store, _: &Device) -> Result<(), Error> {
        assert!(!self.is_set_up, "an offer on top of another");
        if self.fails {
            return Err(Error::Unsuitable { reason: "as told" });
        }
        self.is_set_up = true;
        Ok(())
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        assert!(self.is_set_up);
        store.write(&device.front("ring-ref"), b"8")
    }

    fn connect(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        assert!(self.is_set_up);
        store.read_u64(&device.back("sectors"))?;
        Ok(())
    }

    fn disconnect(&mut self) {
        self.is_set_up = false;
    }
}

type Daemon = Rc<RefCell<Xenstored>>;

fn back_end(daemon: &Daemon, node: &str, value: &str) {
    daemon.borrow_mut().write(&format!("{BACK}/{node}"), value);
}

fn check(binding: &mut Binding<Driver>, daemon: &Daemon, is_plugged: bool) {
    let phase = binding.phase();
    let driver = binding.driver();
    assert_eq!(driver.is_set_up, phase.is_set_up(), "{phase:?}");
    let shown = daemon.borrow().read(&format!("{FRONT}/state"));
    let expected = is_plugged.then(|| state::value(phase.state(driver.order)));
    assert_eq!(shown, expected, "{phase:?}");
}

fuzz_target!(|input: (bool, Vec<Step<'_>>)| {
    let (front_first, steps) = input;
    let order = if front_first { Order::FrontFirst } else { Order::BackFirst };
    let (daemon, page) = Xenstored::shared();
    for (node, value) in [("backend", BACK), ("backend-id", "0"), ("state", "1")] {
        daemon.borrow_mut().write(&format!("{FRONT}/{node}"), value);
    }
    back_end(&daemon, "sectors", "2048");
    let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
    let id = DeviceId { class: "vbd".into(), index: 0 };
    let device = Device::open(&mut session, &id).expect("the device is there");
    let driver = Driver { order, is_set_up: false, fails: false };
    let mut binding = Binding::new(&mut session, device, driver).expect("nothing is in the way");
    let mut is_plugged = true;
    for step in steps {
        match step {
            Step::State(number) => back_end(&daemon, "state", &(number % 12).to_string()),
            Step::StateText(text) => back_end(&daemon, "state", text),
            Step::Sectors(text) => back_end(&daemon, "sectors", text),
            Step::BackGone => daemon.borrow_mut().rm(BACK),
            Step::Unplug => {
                daemon.borrow_mut().rm(FRONT);
                is_plugged = false;
            }
            Step::Advance => {
                let _ = binding.advance(&mut session);
            }
            Step::Close => {
                let _ = binding.close(&mut session);
            }
            Step::Reopen => {
                let _ = binding.reopen(&mut session);
            }
            Step::Contention(count) => daemon.borrow_mut().refuse_commits((count % 8).into()),
            Step::DriverFails(fails) => binding.driver().fails = fails,
        }
        check(&mut binding, &daemon, is_plugged);
    }
    assert!(session.client().broken().is_none());

    // In the end everybody behaves.
    binding.driver().fails = false;
    back_end(&daemon, "sectors", "4096");
    for state in
        [XenbusState::Closed, XenbusState::Initialising, XenbusState::InitWait, XenbusState::Connected]
    {
        back_end(&daemon, "state", &state::value(state));
        if binding.phase() == Phase::Closed {
            let _ = binding.reopen(&mut session);
        }
        let _ = binding.advance(&mut session);
        check(&mut binding, &daemon, is_plugged);
    }
    assert_eq!(binding.phase() == Phase::Connected, is_plugged);
    let (driver, _) = binding.unbind(&mut session);
    assert!(!driver.is_set_up);
    assert_eq!(session.client().open_requests(), 0);
});
