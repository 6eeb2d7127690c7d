// SPDX-License-Identifier: Apache-2.0
//! A device of a guest with its driver, from xenstore to the handshake. What is on its rings is the business of each class of devices.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::doorbell::CountingBell;
use super::pages::{MockPages, grant_table};
use super::xenstored::Xenstored;
use crate::channels::Channels;
use crate::doorbell::Doorbell;
use crate::error::XenError;
use crate::grant::GrantTable;
use crate::memory::{DomId, EvtchnPort, GrantRef};
use crate::xenbus::{Binding, Device, DeviceId, FrontEnd, Phase, XenbusState, state};
use crate::xenstore::{Client, Session};

/// Pages of the guest.
const PAGES: usize = 1024;

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

/// A guest with a device.
pub struct World<F> {
    /// The xenstored.
    pub daemon: Rc<RefCell<Xenstored>>,
    /// The guest's connection with it.
    pub session: Session<CountingBell, Rc<RefCell<Xenstored>>>,
    /// The driver and the device.
    pub binding: Binding<F>,
    /// The guest's grants.
    pub grants: GrantTable,
    /// The guest's pages.
    pub pages: &'static MockPages,
    /// The event channels, in the order in which they were made.
    pub bells: Rc<RefCell<Vec<Rc<CountingBell>>>>,
    front: String,
    back: String,
}

impl<F: FrontEnd> World<F> {
    /// A device with nodes that the toolstack and the back end have written; the back end waits.
    pub fn with_nodes(
        id: &DeviceId,
        front_nodes: &[(&str, &str)],
        back_nodes: &[(&str, &str)],
        driver: impl FnOnce(GrantTable, &'static MockPages, Bells) -> F,
    ) -> Self {
        let front = format!("device/{}/{}", id.class, id.index);
        let back = format!("/local/domain/0/backend/{}/7/{}", id.class, id.index);
        let (daemon, page) = Xenstored::shared();
        let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
        {
            let mut daemon = daemon.borrow_mut();
            let own = [("backend", back.as_str()), ("backend-id", "0"), ("state", "1")];
            for (node, value) in own.iter().chain(front_nodes) {
                daemon.write(&format!("{front}/{node}"), value);
            }
            for (node, value) in back_nodes {
                daemon.write(&format!("{back}/{node}"), value);
            }
            daemon.write(&format!("{back}/state"), &state::value(XenbusState::InitWait));
        }
        let device = Device::open(&mut session, id).expect("a device");
        let (pages, grants, bells) = (MockPages::new(PAGES), grant_table(4), Bells::default());
        let seen = bells.0.clone();
        let driver = driver(grants.clone(), pages, bells);
        let binding = Binding::new(&mut session, device, driver).expect("bound");
        Self { daemon, session, binding, grants, pages, bells: seen, front, back }
    }

    /// What the guest has published in a node.
    pub fn published(&self, node: &str) -> Option<String> {
        self.daemon.borrow().read(&format!("{}/{node}", self.front))
    }

    /// What the guest has published in a node, a number.
    pub fn number(&self, node: &str) -> u32 {
        self.published(node).expect("it is published").parse().expect("a number")
    }

    /// A page that the guest has published in a node.
    pub fn reference(&self, node: &str) -> GrantRef {
        GrantRef(self.number(node))
    }

    /// The back end takes the offer: `attach` maps what it has to.
    pub fn connect_by<B>(&mut self, attach: impl FnOnce(&Self) -> B) -> B {
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Offered));
        let back = attach(self);
        self.back_state(XenbusState::Connected);
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Connected));
        back
    }

    /// The back end writes a node.
    pub fn back_node(&self, node: &str, value: &str) {
        self.daemon.borrow_mut().write(&format!("{}/{node}", self.back), value);
    }

    /// The back end shows a state.
    pub fn back_state(&self, to: XenbusState) {
        self.back_node("state", &state::value(to));
    }

    /// The driver.
    pub fn front(&mut self) -> &mut F {
        self.binding.driver()
    }
}
