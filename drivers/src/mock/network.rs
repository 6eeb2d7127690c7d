// SPDX-License-Identifier: Apache-2.0
//! A network device of a guest, from xenstore to the back end's rings.

use alloc::format;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use xen_hypervisor_sys::io::netif::{NODE_RX_RING_REF, NODE_TX_RING_REF};

use super::doorbell::CountingBell;
use super::netback::Netback;
use super::pages::{MockPages, grant_table};
use super::xenstored::Xenstored;
use crate::channels::Channels;
use crate::doorbell::Doorbell;
use crate::error::XenError;
use crate::grant::GrantTable;
use crate::memory::{DomId, EvtchnPort, GrantRef};
use crate::netfront::NetFront;
use crate::xenbus::{Binding, Device, DeviceId, Phase, XenbusState, state};
use crate::xenstore::{Client, Session};

/// Pages of the guest.
const PAGES: usize = 1024;

/// The features of a back end that has all.
pub const ALL: &[&str] =
    &["feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"];

const BACK: &str = "/local/domain/0/backend/vif/7/0";

/// Channels of the mock: each is a bell, of which the test keeps a second handle.
#[derive(Default)]
pub struct Bells(pub Rc<RefCell<Vec<Rc<CountingBell>>>>);

impl Channels for Bells {
    type Channel = (EvtchnPort, Rc<CountingBell>);

    fn open(&mut self, _: DomId) -> Result<Self::Channel, XenError> {
        let bell = Rc::new(CountingBell::default());
        let mut bells = self.0.borrow_mut();
        bells.push(bell.clone());
        Ok((EvtchnPort(bells.len() as u32), bell))
    }

    fn port(channel: &Self::Channel) -> EvtchnPort {
        channel.0
    }

    fn close(&mut self, _: Self::Channel) {
        self.0.borrow_mut().pop();
    }
}

impl Doorbell for (EvtchnPort, Rc<CountingBell>) {
    fn ring(&self) {
        self.1.ring();
    }
}

/// The driver.
pub type Front = NetFront<Bells>;

/// A guest with a network device.
pub struct World {
    /// The xenstored.
    pub daemon: Rc<RefCell<Xenstored>>,
    /// The guest's connection with it.
    pub session: Session<CountingBell, Rc<RefCell<Xenstored>>>,
    /// The driver and the device.
    pub binding: Binding<Front>,
    grants: GrantTable,
    /// The guest's pages.
    pub pages: &'static MockPages,
    /// The event channels, in the order in which they were made.
    pub bells: Rc<RefCell<Vec<Rc<CountingBell>>>>,
}

impl World {
    /// A device whose back end offers these features and waits.
    pub fn new(features: &[&str]) -> Self {
        let (daemon, page) = Xenstored::shared();
        let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
        {
            let mut daemon = daemon.borrow_mut();
            daemon.write("device/vif/0/backend", BACK);
            daemon.write("device/vif/0/backend-id", "0");
            daemon.write("device/vif/0/state", "1");
            daemon.write("device/vif/0/mac", "00:16:3e:00:00:85");
            for feature in features {
                daemon.write(&format!("{BACK}/{feature}"), "1");
            }
            daemon.write(&format!("{BACK}/state"), &state::value(XenbusState::InitWait));
        }
        let id = DeviceId { class: "vif".into(), index: 0 };
        let device = Device::open(&mut session, &id).expect("a device");
        let (pages, grants, bells) = (MockPages::new(PAGES), grant_table(4), Bells::default());
        let seen = bells.0.clone();
        let front = NetFront::new(grants.clone(), pages, bells);
        let binding = Binding::new(&mut session, device, front).expect("bound");
        Self { daemon, session, binding, grants, pages, bells: seen }
    }

    /// What the guest has published in a node, a number.
    pub fn number(&self, node: &str) -> u32 {
        let text = self.daemon.borrow().read(&format!("device/vif/0/{node}")).expect("it is published");
        text.parse().expect("a number")
    }

    /// The back end takes the offer.
    pub fn connect(&mut self) -> Netback {
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Offered));
        let [sent, received] = [NODE_TX_RING_REF, NODE_RX_RING_REF].map(|node| GrantRef(self.number(node)));
        let back = Netback::new(&self.grants, self.pages, sent, received);
        self.back_state(XenbusState::Connected);
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Connected));
        back
    }

    /// The back end shows a state.
    pub fn back_state(&self, to: XenbusState) {
        self.daemon.borrow_mut().write(&format!("{BACK}/state"), &state::value(to));
    }

    /// The driver.
    pub fn front(&mut self) -> &mut Front {
        self.binding.driver()
    }
}
