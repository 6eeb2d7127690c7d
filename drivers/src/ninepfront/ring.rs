// SPDX-License-Identifier: Apache-2.0
//! The pages of a connection: one with the indices and the numbers of the others, then those with the data, half for what comes in
//! and half for what goes out (`9pfs.h`, `ring.h`). All lie behind each other, so that each half is a byte ring.

use core::mem::offset_of;
use core::sync::atomic::Ordering;

use xen_hypervisor_sys::io::p9::Xen9pfsDataIntf;
use xen_hypervisor_sys::io::ring::xen_flex_ring_size;

use crate::byte_ring::{Layout, Reader, RingError, Writer};
use crate::grant::GrantedRun;
use crate::memory::{GrantRef, PAGE_SIZE};
use crate::shared::SharedMemory;

/// Where the number of data pages is, as a power of two.
const ORDER: usize = offset_of!(Xen9pfsDataIntf, ring_order);
/// Where the numbers of the data pages are.
const REFERENCES: usize = offset_of!(Xen9pfsDataIntf, r#ref);

/// What comes in, on a ring of so many pages as a power of two.
pub const fn incoming(order: u32) -> Layout {
    let (consumer, producer) = (offset_of!(Xen9pfsDataIntf, in_cons), offset_of!(Xen9pfsDataIntf, in_prod));
    Layout::new(PAGE_SIZE, xen_flex_ring_size(order) as u32, consumer, producer)
}

/// What goes out.
pub const fn outgoing(order: u32) -> Layout {
    let (consumer, producer) = (offset_of!(Xen9pfsDataIntf, out_cons), offset_of!(Xen9pfsDataIntf, out_prod));
    let half = xen_flex_ring_size(order);
    Layout::new(PAGE_SIZE + half, half as u32, consumer, producer)
}

/// Both rings.
pub struct Rings {
    memory: GrantedRun,
    reader: Reader,
    writer: Writer,
    order: u32,
}

impl Rings {
    /// Rings on granted pages: the one with the indices, and two to the power `order`.
    pub fn new(memory: GrantedRun, order: u32) -> Self {
        let shared: &SharedMemory = memory.as_ref();
        shared.store_u32(ORDER, order, Ordering::Relaxed);
        for (index, reference) in memory.references().skip(1).enumerate() {
            shared.store_u32(REFERENCES + index * size_of::<u32>(), reference.0, Ordering::Relaxed);
        }
        let (reader, writer) = (Reader::new(incoming(order), shared), Writer::new(outgoing(order), shared));
        Self { memory, reader, writer, order }
    }

    /// The number of the page with the indices, which has those of the others.
    pub fn reference(&self) -> Option<GrantRef> {
        self.memory.references().next()
    }

    /// Bytes of each half.
    pub fn size(&self) -> u32 {
        incoming(self.order).size()
    }

    /// Takes bytes that came; tells how many.
    ///
    /// # Errors
    /// An index cannot be.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, RingError> {
        self.reader.read(self.memory.as_ref(), into)
    }

    /// Puts in bytes that are to go; tells how many had room.
    ///
    /// # Errors
    /// An index cannot be.
    pub fn write(&mut self, from: &[u8]) -> Result<usize, RingError> {
        self.writer.write(self.memory.as_ref(), from)
    }
}
