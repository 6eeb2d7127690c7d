// SPDX-License-Identifier: Apache-2.0
//! A network device of a guest, from xenstore to the back end's rings.

use alloc::vec::Vec;

use xen_hypervisor_sys::io::netif::{NODE_RX_RING_REF, NODE_TX_RING_REF};

use super::device::{self, Bells};
use super::netback::Netback;
use crate::netfront::NetFront;
use crate::xenbus::DeviceId;

/// The features of a back end that has all.
pub const ALL: &[&str] =
    &["feature-rx-copy", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload"];

/// The driver.
pub type Front = NetFront<Bells>;

/// A guest with a network device.
pub type World = device::World<Front>;

impl World {
    /// A device whose back end offers these features and waits.
    pub fn new(features: &[&str]) -> Self {
        let features: Vec<_> = features.iter().map(|feature| (*feature, "1")).collect();
        let id = DeviceId { class: "vif".into(), index: 0 };
        Self::with_nodes(&id, &[("mac", "00:16:3e:00:00:85")], &features, |grants, pages, bells| {
            NetFront::new(grants, pages, bells)
        })
    }

    /// The back end takes the offer.
    pub fn connect(&mut self) -> Netback {
        self.connect_by(|world| {
            let [sent, received] = [NODE_TX_RING_REF, NODE_RX_RING_REF].map(|node| world.reference(node));
            Netback::new(&world.grants, world.pages, sent, received)
        })
    }
}
