// SPDX-License-Identifier: Apache-2.0
//! What the back end of a block device says about itself: first what rings it takes, when it is connected what disk it has.
//!
//! Xen's header counts sectors in units of the node `sector-size` once a front end has written `feature-large-sector-size`. Linux's
//! back end never looks at that node and counts in units of 512 bytes whatever the disk's sectors are; QEMU's follows the header, and
//! refuses disks of other sectors to front ends that do not write it. So it is not written: then 512 bytes are the unit with both, and
//! `sector-size` only says to what requests have to be aligned.

use alloc::string::String;

use xen_hypervisor_sys::io::blkif::{
    BLKIF_MAX_SEGMENTS_PER_REQUEST, NODE_DISCARD_ALIGNMENT, NODE_DISCARD_GRANULARITY, NODE_DISCARD_SECURE,
    NODE_FEATURE_BARRIER, NODE_FEATURE_DISCARD, NODE_FEATURE_FLUSH_CACHE, NODE_FEATURE_MAX_INDIRECT_SEGMENTS,
    NODE_FEATURE_PERSISTENT, NODE_INFO, NODE_MAX_RING_PAGE_ORDER, NODE_MODE, NODE_PHYSICAL_SECTOR_SIZE,
    NODE_SECTOR_SIZE, NODE_SECTORS, VDISK_CDROM, VDISK_READONLY, VDISK_REMOVABLE,
};

use crate::memory::PAGE_SIZE;
use crate::xenbus::{Device, Error};
use crate::xenstore::{self, Store};

/// Bytes of the sectors that requests count in.
pub const SECTOR: usize = 512;

/// Pages of the longest ring that is asked for, as a power of two: 128 requests under way.
const RING_ORDER_MAX: u32 = 2;

/// Segments of the longest request: 256 KiB. One page holds the list of them.
const SEGMENTS_MAX: usize = 64;

/// What can be agreed on before the ring is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offers {
    /// Pages of the ring, as a power of two.
    pub ring_order: u32,
    /// The back end keeps pages mapped.
    pub persistent: bool,
}

impl Offers {
    /// Reads what the back end takes.
    ///
    /// # Errors
    /// Xenstore's.
    pub fn read(store: &mut dyn Store, device: &Device) -> Result<Self, Error> {
        let order = number(store, &device.back(NODE_MAX_RING_PAGE_ORDER))?.unwrap_or(0);
        Ok(Self {
            ring_order: u32::try_from(order).unwrap_or(RING_ORDER_MAX).min(RING_ORDER_MAX),
            persistent: is_set(store, &device.back(NODE_FEATURE_PERSISTENT))?,
        })
    }
}

/// How a disk discards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Discards {
    /// Sectors of [`SECTOR`] bytes that are discarded together.
    pub granularity: u64,
    /// The first such sector.
    pub alignment: u64,
    /// It can see to it that no copy is left.
    pub secure: bool,
}

/// A disk, as its back end describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disk {
    /// Its size in sectors of [`SECTOR`] bytes.
    pub sectors: u64,
    /// Bytes to which requests have to be aligned: 512 to 4096.
    pub sector_size: u32,
    /// Bytes that the disk behind writes as a whole.
    pub physical_sector_size: u32,
    /// It cannot be written to.
    pub read_only: bool,
    /// It is a CD-ROM.
    pub cdrom: bool,
    /// Its medium can be removed.
    pub removable: bool,
    /// It has a command that makes what was written durable.
    pub flush: bool,
    /// It has the older one, which also keeps order.
    pub barrier: bool,
    /// It discards.
    pub discard: Option<Discards>,
    /// Segments of the longest request.
    pub segments: usize,
}

impl Disk {
    /// Reads what the back end says when it is connected.
    ///
    /// # Errors
    /// Xenstore's, or [`Error::Unsuitable`]: a size that cannot be.
    pub fn read(store: &mut dyn Store, device: &Device) -> Result<Self, Error> {
        let mut number = |node| number(store, &device.back(node));
        let sectors = number(NODE_SECTORS)?.ok_or(Error::Unsuitable { reason: "it has no size" })?;
        if sectors > u64::MAX / SECTOR as u64 {
            return Err(Error::Unsuitable { reason: "its size in bytes is no number of 64 bits" });
        }
        let sector_size = number(NODE_SECTOR_SIZE)?.unwrap_or(SECTOR as u64);
        if !sector_size.is_power_of_two() || !(SECTOR as u64..=PAGE_SIZE as u64).contains(&sector_size) {
            return Err(Error::Unsuitable { reason: "its sectors are not of 512 to 4096 bytes" });
        }
        let physical = number(NODE_PHYSICAL_SECTOR_SIZE)?;
        let physical = physical
            .filter(|size| size.is_multiple_of(sector_size))
            .and_then(|size| u32::try_from(size).ok());
        let info = number(NODE_INFO)?.unwrap_or(0);
        let has = |bit: u32| info & u64::from(bit) != 0;
        let indirect = number(NODE_FEATURE_MAX_INDIRECT_SEGMENTS)?.unwrap_or(0);
        let indirect = usize::try_from(indirect).unwrap_or(SEGMENTS_MAX).min(SEGMENTS_MAX);
        let in_sectors = |bytes: Option<u64>| bytes.map(|bytes| bytes / SECTOR as u64);
        let unit = sector_size / SECTOR as u64;
        let granularity = in_sectors(number(NODE_DISCARD_GRANULARITY)?).unwrap_or(0).max(unit);
        let alignment = in_sectors(number(NODE_DISCARD_ALIGNMENT)?).unwrap_or(0) % granularity;
        let secure = number(NODE_DISCARD_SECURE)? == Some(1);
        let discard = Discards {
            granularity: granularity.next_multiple_of(unit),
            alignment: alignment.next_multiple_of(unit),
            secure,
        };
        let mode = text(store, &device.back(NODE_MODE))?;
        Ok(Self {
            sectors: sectors - sectors % unit,
            sector_size: sector_size as u32,
            physical_sector_size: physical.unwrap_or(sector_size as u32),
            read_only: has(VDISK_READONLY) || mode.is_some_and(|mode| mode.starts_with('r')),
            cdrom: has(VDISK_CDROM),
            removable: has(VDISK_REMOVABLE),
            flush: is_set(store, &device.back(NODE_FEATURE_FLUSH_CACHE))?,
            barrier: is_set(store, &device.back(NODE_FEATURE_BARRIER))?,
            discard: is_set(store, &device.back(NODE_FEATURE_DISCARD))?.then_some(discard),
            segments: indirect.max(BLKIF_MAX_SEGMENTS_PER_REQUEST),
        })
    }

    /// Sectors of [`SECTOR`] bytes in one of the disk's own.
    #[must_use]
    pub const fn unit(&self) -> u64 {
        self.sector_size as u64 / SECTOR as u64
    }
}

fn text(store: &mut dyn Store, path: &str) -> Result<Option<String>, xenstore::Error> {
    Ok(store.read_if_exists(path)?.and_then(|value| String::from_utf8(value).ok()))
}

/// A number, or nothing where there is none or something else.
fn number(store: &mut dyn Store, path: &str) -> Result<Option<u64>, xenstore::Error> {
    Ok(text(store, path)?.and_then(|text| text.trim().parse().ok()))
}

/// A feature that is not spoken of is not there.
fn is_set(store: &mut dyn Store, path: &str) -> Result<bool, xenstore::Error> {
    Ok(number(store, path)?.is_some_and(|value| value != 0))
}
