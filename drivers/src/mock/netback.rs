// SPDX-License-Identifier: Apache-2.0
//! The back end of a network device: takes packets that the front end sends, and delivers such to it.

use alloc::vec;
use alloc::vec::Vec;

use xen_hypervisor_sys::io::netif::{
    NETIF_RSP_NULL, NETIF_RSP_OKAY, NETRXF_CSUM_BLANK, NETRXF_DATA_VALIDATED, NETRXF_EXTRA_INFO,
    NETRXF_MORE_DATA, NETTXF_CSUM_BLANK, NETTXF_DATA_VALIDATED, NETTXF_EXTRA_INFO, NETTXF_MORE_DATA,
};

use super::pages::MockPages;
use super::ring::BackRing;
use crate::grant::{Access, GrantTable};
use crate::memory::{GrantRef, PAGE_SIZE};
use crate::netfront::{Checksum, Gso, Meta, RxRequest, RxResponse, RxSlot, TxResponse, TxSlot};
use crate::ring::Slot;

/// The back end's half of the two rings.
pub struct Netback {
    grants: GrantTable,
    pages: &'static MockPages,
    /// Packets that the front end sends.
    pub sent: BackRing<TxSlot, TxResponse>,
    /// Packets that the front end receives.
    pub received: BackRing<RxRequest, RxSlot>,
}

/// What a fragment's slot says.
struct Fragment {
    gref: GrantRef,
    offset: usize,
    flags: u16,
    id: u16,
    size: usize,
}

impl Netback {
    /// Maps the rings of a front end, by their grants.
    pub fn new(grants: &GrantTable, pages: &'static MockPages, sent: GrantRef, received: GrantRef) -> Self {
        let map = |reference| pages.map(grants, reference).expect("the ring is granted").0;
        Self {
            grants: grants.clone(),
            pages,
            sent: BackRing::new(map(sent)),
            received: BackRing::new(map(received)),
        }
    }

    fn fragment(&mut self) -> Option<Fragment> {
        let TxSlot::Fragment { gref, offset, flags, id, size } = self.sent.take()? else {
            unreachable!("a slot is decoded as a fragment");
        };
        Some(Fragment { gref, offset: offset.into(), flags, id, size: size.into() })
    }

    fn read(&self, fragment: &Fragment, size: usize) -> Vec<u8> {
        let (page, _) = self.pages.map(&self.grants, fragment.gref).expect("the page is granted");
        let mut bytes = vec![0; size];
        page.copy_out(fragment.offset, &mut bytes);
        bytes
    }

    /// Takes a packet that the front end sends, and answers.
    pub fn take(&mut self) -> Option<(Vec<u8>, Meta)> {
        self.take_answering(NETIF_RSP_OKAY)
    }

    /// Takes a packet that the front end sends, and answers with a status.
    pub fn take_answering(&mut self, status: i16) -> Option<(Vec<u8>, Meta)> {
        let first = self.fragment()?;
        let mut ids = vec![Some(first.id)];
        let mut meta = Meta {
            checksum: match first.flags {
                flags if flags & NETTXF_CSUM_BLANK != 0 => Checksum::Blank,
                flags if flags & NETTXF_DATA_VALIDATED != 0 => Checksum::Validated,
                _ => Checksum::There,
            },
            gso: None,
        };
        if first.flags & NETTXF_EXTRA_INFO != 0 {
            let slot = self.sent.take().expect("extra information follows");
            meta.gso = extra(&slot);
            ids.push(None);
        }
        let mut others = Vec::new();
        let mut goes_on = first.flags & NETTXF_MORE_DATA != 0;
        while goes_on {
            let next = self.fragment().expect("the packet goes on");
            goes_on = next.flags & NETTXF_MORE_DATA != 0;
            ids.push(Some(next.id));
            others.push(next);
        }
        let rest: usize = others.iter().map(|other| other.size).sum();
        let mut bytes = self.read(&first, first.size - rest);
        for other in &others {
            bytes.extend(self.read(other, other.size));
        }
        for id in ids {
            let status = if id.is_some() { status } else { NETIF_RSP_NULL };
            // The number in the answer for extra information means nothing.
            self.sent.push(&TxResponse { id: id.unwrap_or(0xdead), status });
        }
        self.sent.publish();
        Some((bytes, meta))
    }

    /// Delivers a packet into the pages that the front end has lent. False when those are too few, or what is in the ring names no page that may be written: whoever
    /// has torn the ring has torn that, too. The packet is lost then.
    pub fn deliver(&mut self, bytes: &[u8], meta: Meta) -> bool {
        let parts: Vec<&[u8]> = bytes.chunks(PAGE_SIZE).collect();
        for (index, part) in parts.iter().enumerate() {
            let Some(request) = self.received.take() else { return false };
            let granted = self.pages.map(&self.grants, request.gref);
            let Some((page, Access::ReadWrite)) = granted else { return false };
            page.copy_in(0, part);
            let mut flags = if index + 1 < parts.len() { NETRXF_MORE_DATA } else { 0 };
            if index == 0 {
                flags |= match meta.checksum {
                    Checksum::There => 0,
                    Checksum::Validated => NETRXF_DATA_VALIDATED,
                    Checksum::Blank => NETRXF_CSUM_BLANK | NETRXF_DATA_VALIDATED,
                };
                flags |= if meta.gso.is_some() { NETRXF_EXTRA_INFO } else { 0 };
            }
            self.received
                .push(&RxResponse { id: request.id, offset: 0, flags, status: part.len() as i16 }.into());
            if let Some(gso) = meta.gso.filter(|_| index == 0) {
                let Some(_) = self.received.take() else { return false };
                self.received.push(&gso.into());
            }
        }
        self.received.publish();
        true
    }

    /// Misbehaves, or not: answers the next lent page with whatever is given.
    pub fn answer(&mut self, response: impl FnOnce(RxRequest) -> RxResponse) {
        let request = self.received.take().expect("a page is lent");
        self.received.push(&response(request).into());
        self.received.publish();
    }
}

/// A slot of the ring of packets to send, as extra information.
fn extra(slot: &TxSlot) -> Option<Gso> {
    let mut bytes = [0; TxSlot::SIZE];
    slot.encode(&mut bytes);
    RxSlot::decode(&bytes[..8]).extra().gso
}
