// SPDX-License-Identifier: Apache-2.0
//! A 9pfs share of a guest, from xenstore to the back end's ends of the rings, and a back end that keeps to the protocol or scribbles.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem::offset_of;
use core::sync::atomic::Ordering;

use xen_hypervisor_sys::io::p9::Xen9pfsDataIntf;

use super::byte_ring::Vandal;
use super::doorbell::CountingBell;
use super::network::Bells;
use super::pages::{MockPages, grant_table};
use super::xenstored::Xenstored;
use crate::byte_ring::{Reader, Writer};
use crate::grant::GrantTable;
use crate::memory::GrantRef;
use crate::ninepfront::{CLASS, NinepFront, incoming, outgoing};
use crate::shared::SharedMemory;
use crate::xenbus::{Binding, Device, DeviceId, Phase, XenbusState, state};
use crate::xenstore::{Client, Session};

/// Pages of the guest.
const PAGES: usize = 256;

/// The nodes of QEMU's back end.
pub const QEMU: &[(&str, &str)] = &[("versions", "1"), ("max-rings", "8"), ("max-ring-page-order", "9")];

const FRONT: &str = "device/9pfs/0";
const BACK: &str = "/local/domain/0/backend/9pfs/7/0";

/// The driver.
pub type Front = NinepFront<Bells>;

/// A guest with a share.
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
    /// A share whose back end has these nodes and waits.
    pub fn new(nodes: &[(&str, &str)]) -> Self {
        let (daemon, page) = Xenstored::shared();
        let mut session = Session::new(Client::new(page, CountingBell::default()), daemon.clone());
        {
            let mut daemon = daemon.borrow_mut();
            daemon.write(&format!("{FRONT}/backend"), BACK);
            daemon.write(&format!("{FRONT}/backend-id"), "0");
            daemon.write(&format!("{FRONT}/tag"), "share");
            daemon.write(&format!("{FRONT}/state"), "1");
            for (node, value) in nodes {
                daemon.write(&format!("{BACK}/{node}"), value);
            }
            daemon.write(&format!("{BACK}/state"), &state::value(XenbusState::InitWait));
        }
        let id = DeviceId { class: CLASS.into(), index: 0 };
        let device = Device::open(&mut session, &id).expect("a device");
        let (pages, grants, bells) = (MockPages::new(PAGES), grant_table(4), Bells::default());
        let seen = bells.0.clone();
        let front = NinepFront::new(grants.clone(), pages, bells);
        let binding = Binding::new(&mut session, device, front).expect("bound");
        Self { daemon, session, binding, grants, pages, bells: seen }
    }

    /// What the guest has published in a node.
    pub fn published(&self, node: &str) -> Option<String> {
        self.daemon.borrow().read(&format!("{FRONT}/{node}"))
    }

    /// The back end takes the offer.
    pub fn connect(&mut self) -> Ninepback {
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Offered));
        let back = self.attach();
        self.back_state(XenbusState::Connected);
        assert_eq!(self.binding.advance(&mut self.session), Ok(Phase::Connected));
        back
    }

    /// The back end maps what is offered.
    pub fn attach(&self) -> Ninepback {
        let text = self.published("ring-ref0").expect("the ring is published");
        let first = GrantRef(text.parse().expect("a number"));
        let (page, _) = self.pages.map(&self.grants, first).expect("the page is granted");
        let order = page.load_u32(offset_of!(Xen9pfsDataIntf, ring_order), Ordering::Relaxed);
        let at = |index: usize| offset_of!(Xen9pfsDataIntf, r#ref) + index * size_of::<u32>();
        let data = (0..1 << order).map(|index| GrantRef(page.load_u32(at(index), Ordering::Relaxed)));
        let references: Vec<_> = [first].into_iter().chain(data).collect();
        let map = || self.pages.map_run(&self.grants, &references).expect("the ring is granted");
        Ninepback::new(map, order)
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

/// The back end's ends of the rings.
pub struct Ninepback {
    memory: SharedMemory,
    requests: Reader,
    replies: Writer,
    /// The ring of requests in the hands of one who scribbles.
    pub requests_vandal: Vandal,
    /// The ring of replies.
    pub replies_vandal: Vandal,
}

impl Ninepback {
    fn new(map: impl Fn() -> SharedMemory, order: u32) -> Self {
        let memory = map();
        Self {
            requests: Reader::new(outgoing(order), &memory),
            replies: Writer::new(incoming(order), &memory),
            requests_vandal: Vandal::new(outgoing(order), map()),
            replies_vandal: Vandal::new(incoming(order), map()),
            memory,
        }
    }

    /// Takes up to so many bytes that the guest has sent.
    pub fn take(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let count = self.requests.read(&self.memory, &mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }

    /// Sends bytes; tells how many had room.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        self.replies.write(&self.memory, bytes).unwrap_or(0)
    }
}
