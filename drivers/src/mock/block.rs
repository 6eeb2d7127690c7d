// SPDX-License-Identifier: Apache-2.0
//! A block device of a guest, from xenstore to the back end's ring.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::blkback::Blkback;
use super::device::{self, Bells};
use crate::blkfront::{BlkFront, SECTOR};
use crate::memory::GrantRef;
use crate::xenbus::DeviceId;

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

/// The driver.
pub type Front = BlkFront<Bells>;

/// A guest with a block device.
pub type World = device::World<Front>;

impl World {
    /// A device whose back end has these nodes and waits.
    pub fn new(nodes: &[(&str, &str)]) -> Self {
        let sectors = format!("{SECTORS}");
        let size = [("sectors", sectors.as_str())];
        // What a test says stands in place of the size.
        let nodes: Vec<_> = size.iter().chain(nodes).copied().collect();
        let id = DeviceId { class: "vbd".into(), index: 51712 };
        Self::with_nodes(&id, &[], &nodes, |grants, pages, bells| BlkFront::new(grants, pages, bells))
    }

    /// The grants of the ring's pages.
    fn ring(&self) -> Vec<GrantRef> {
        match self.published("ring-page-order") {
            None => self.published("ring-ref").map(|_| self.reference("ring-ref")).into_iter().collect(),
            Some(order) => {
                let pages = 1 << order.parse::<u32>().expect("a number");
                let nodes = (0..pages).map(|index| format!("ring-ref{index}"));
                nodes
                    .filter(|node| self.published(node).is_some())
                    .map(|node| self.reference(&node))
                    .collect()
            }
        }
    }

    /// The back end takes the offer, with an empty disk.
    pub fn connect(&mut self) -> Blkback {
        self.connect_with(vec![0; SECTORS as usize * SECTOR])
    }

    /// The back end takes the offer, with a disk.
    pub fn connect_with(&mut self, disk: Vec<u8>) -> Blkback {
        self.connect_by(|world| world.attach(disk))
    }

    /// The back end maps the ring that is offered.
    pub fn attach(&self, disk: Vec<u8>) -> Blkback {
        Blkback::new(&self.grants, self.pages, &self.ring(), disk)
    }
}
