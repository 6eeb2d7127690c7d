// SPDX-License-Identifier: Apache-2.0
//! A 9pfs share of a guest, from xenstore to the back end's ends of the rings, and a back end that keeps to the protocol or scribbles.

use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::sync::atomic::Ordering;

use xen_hypervisor_sys::io::p9::Xen9pfsDataIntf;

use super::byte_ring::Vandal;
use super::device::{self, Bells};
use crate::byte_ring::{Reader, Writer};
use crate::memory::GrantRef;
use crate::ninepfront::{CLASS, NinepFront, incoming, outgoing};
use crate::shared::SharedMemory;
use crate::xenbus::DeviceId;

/// The nodes of QEMU's back end.
pub const QEMU: &[(&str, &str)] = &[("versions", "1"), ("max-rings", "8"), ("max-ring-page-order", "9")];

/// The driver.
pub type Front = NinepFront<Bells>;

/// A guest with a share.
pub type World = device::World<Front>;

impl World {
    /// A share whose back end has these nodes and waits.
    pub fn new(nodes: &[(&str, &str)]) -> Self {
        let id = DeviceId { class: CLASS.into(), index: 0 };
        Self::with_nodes(&id, &[("tag", "share")], nodes, |grants, pages, bells| {
            NinepFront::new(grants, pages, bells)
        })
    }

    /// The back end takes the offer.
    pub fn connect(&mut self) -> Ninepback {
        self.connect_by(Self::attach)
    }

    /// The back end maps what is offered.
    pub fn attach(&self) -> Ninepback {
        let first = self.reference("ring-ref0");
        let (page, _) = self.pages.map(&self.grants, first).expect("the page is granted");
        let order = page.load_u32(offset_of!(Xen9pfsDataIntf, ring_order), Ordering::Relaxed);
        let at = |index: usize| offset_of!(Xen9pfsDataIntf, r#ref) + index * size_of::<u32>();
        let data = (0..1 << order).map(|index| GrantRef(page.load_u32(at(index), Ordering::Relaxed)));
        let references: Vec<_> = [first].into_iter().chain(data).collect();
        let map = || self.pages.map_run(&self.grants, &references).expect("the ring is granted");
        Ninepback::new(map, order)
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
