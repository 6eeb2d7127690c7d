// SPDX-License-Identifier: Apache-2.0
//! A block device of a guest, from xenstore to the back end's ring.

use alloc::format;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::blkback::Blkback;
use super::doorbell::CountingBell;
use super::network::Bells;
use super::pages::{MockPages, grant_table};
use super::xenstored::Xenstored;
use crate::blkfront::{BlkFront, SECTOR};
use crate::grant::GrantTable;
use crate::memory::GrantRef;
use crate::xenbus::{Binding, Device, DeviceId, Phase, XenbusState, state};
use crate::xenstore::{Client, Session};

/// Pages of the guest.
const PAGES: usize = 1024;

/// Sectors of the disk.
pub const SECTORS: u64 = 8192;

/// The nodes of a back end that can do everything.
pub const ALL: &[(&str, &str)] = &[
    ("max-ring-page-order", "4"),
    ("feature-persistent", "1"),
    ("feature-max-indirect-segments", "256"),
    ("feature-flush-cache", "1"),
    ("feature-barrier", "1"),
    ("feature-discard", "1"),
    ("discard-granularity", "4096"),
    ("sector-size", "512"),
    ("info", "0"),
];

const FRONT: &str = "device/vbd/51712";
const BACK: &str = "/local/domain/0/backend/vbd/7/51712";

/// The driver.
pub type Front = BlkFront<Bells>;

/// A guest with a block device.
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
    /// A device whose back end has these nodes and waits.
    pub fn new(nodes: &[(&str, &str)]) -> Self {
        let (daemon, page) = Xenstored::shared();
        let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
        {
            let mut daemon = daemon.borrow_mut();
            daemon.write(&format!("{FRONT}/backend"), BACK);
            daemon.write(&format!("{FRONT}/backend-id"), "0");
            daemon.write(&format!("{FRONT}/state"), "1");
            daemon.write(&format!("{BACK}/sectors"), &format!("{SECTORS}"));
            for (node, value) in nodes {
                daemon.write(&format!("{BACK}/{node}"), value);
            }
            daemon.write(&format!("{BACK}/state"), &state::value(XenbusState::InitWait));
        }
        let id = DeviceId { class: "vbd".into(), index: 51712 };
        let device = Device::open(&mut session, &id).expect("a device");
        let (pages, grants, bells) = (MockPages::new(PAGES), grant_table(4), Bells::default());
        let seen = bells.0.clone();
        let front = BlkFront::new(grants.clone(), pages, bells);
        let binding = Binding::new(&mut session, device, front).expect("bound");
        Self { daemon, session, binding, grants, pages, bells: seen }
    }

    /// What the guest has published in a node.
    pub fn published(&self, node: &str) -> Option<alloc::string::String> {
        self.daemon.borrow().read(&format!("{FRONT}/{node}"))
    }

    /// The grants of the ring's pages.
    fn ring(&self) -> Vec<GrantRef> {
        let number = |node: &str| self.published(node).map(|text| GrantRef(text.parse().expect("a number")));
        match self.published("ring-page-order") {
            None => number("ring-ref").into_iter().collect(),
            Some(order) => {
                let pages = 1 << order.parse::<u32>().expect("a number");
                (0..pages).filter_map(|index| number(&format!("ring-ref{index}"))).collect()
            }
        }
    }

    /// The back end takes the offer, with an empty disk.
    pub fn connect(&mut self) -> Blkback {
        self.connect_with(vec![0; SECTORS as usize * SECTOR])
    }

    /// The back end takes the offer, with a disk.
    pub fn connect_with(&mut self, disk: Vec<u8>) -> Blkback {
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Offered));
        let back = self.attach(disk);
        self.back_state(XenbusState::Connected);
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Connected));
        back
    }

    /// The back end maps the ring that is offered.
    pub fn attach(&self, disk: Vec<u8>) -> Blkback {
        Blkback::new(&self.grants, self.pages, &self.ring(), disk)
    }

    /// The back end writes a node.
    pub fn back_node(&self, node: &str, value: &str) {
        self.daemon.borrow_mut().write(&format!("{BACK}/{node}"), value);
    }

    /// The back end shows a state.
    pub fn back_state(&self, to: XenbusState) {
        self.back_node("state", &state::value(to));
    }

    /// The driver.
    pub fn front(&mut self) -> &mut Front {
        self.binding.driver()
    }
}
