// SPDX-License-Identifier: Apache-2.0
//! Receiving: pages are lent to the back end, which copies packets into them; what it has written is copied out before anybody
//! looks at it, and the page goes back at once.
//!
//! The back end uses requests in their order, one for each page of a packet and one for each slot of extra information, which has no
//! number of its own. So the order says which page a slot is about.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use xen_hypervisor_sys::io::netif::{
    NETRXF_CSUM_BLANK, NETRXF_DATA_VALIDATED, NETRXF_EXTRA_INFO, NETRXF_GSO_PREFIX, NETRXF_MORE_DATA,
};

use super::Broken;
use super::buffers::Buffers;
use super::packet::{Checksum, Meta, PACKET_MAX};
use super::slots::{RxRequest, RxResponse, RxSlot};
use super::statistics::Counts;
use crate::grant::GrantedPage;
use crate::memory::PAGE_SIZE;
use crate::ring::FrontRing;

/// Pages that are lent at first: some more than the largest packet takes.
const PAGES_AT_FIRST: usize = 32;

/// The ring of received packets.
pub struct Receive {
    ring: FrontRing<RxRequest, RxSlot, GrantedPage>,
    buffers: Buffers,
    /// The pages that are lent, in the order of their requests.
    lent: VecDeque<u16>,
    assembly: Assembly,
    /// Slots taken since the ring was last found empty.
    taken: usize,
}

/// The packet that is being put together.
#[derive(Default)]
struct Assembly {
    bytes: Vec<u8>,
    meta: Meta,
    state: State,
    /// The back end has failed to copy a part, or the packet is too long: it is thrown away when it ends.
    is_spoilt: bool,
    /// Data goes on after the extra information.
    goes_on: bool,
}

/// What the next slot is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// The beginning of a packet.
    #[default]
    First,
    /// More of the packet.
    More,
    /// Extra information.
    Extra,
}

impl Receive {
    /// A ring on a granted page, and the pages that it lends.
    pub fn new(ring: GrantedPage, buffers: Buffers) -> Self {
        let mut receive = Self {
            ring: FrontRing::new(ring),
            buffers,
            lent: VecDeque::new(),
            assembly: Assembly::default(),
            taken: 0,
        };
        receive.grow(PAGES_AT_FIRST);
        receive
    }

    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.buffers.len()
    }

    fn grow(&mut self, to: usize) {
        while self.buffers.len() < to.min(self.ring.size() as usize) {
            let Some(number) = self.buffers.add() else { return };
            self.lend(number);
        }
    }

    fn lend(&mut self, number: u16) {
        let pushed = self.ring.push(&RxRequest { id: number, gref: self.buffers.reference(number) });
        debug_assert!(pushed.is_ok(), "there are not more pages than slots");
        self.lent.push_back(number);
    }

    /// Shows the back end the pages that were lent. True when it has to be signalled.
    #[must_use = "a back end that waits for pages has to be signalled"]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// Takes the next packet, if there is one, in place of what `into` holds.
    ///
    /// # Errors
    /// [`Broken`]: what the back end says cannot be.
    pub fn take(&mut self, into: &mut Vec<u8>, counts: &mut Counts) -> Result<Option<Meta>, Broken> {
        while let Some(slot) = self.ring.take().map_err(Broken::Ring)? {
            self.taken += 1;
            let number = self.lent.pop_front().ok_or(Broken::NotLent)?;
            let ends = if self.assembly.state == State::Extra {
                self.assembly.extra(slot)
            } else {
                let response = slot.response();
                if response.id != number {
                    return Err(Broken::Id { id: response.id });
                }
                self.assembly.data(response, self.buffers.memory(number))?
            };
            self.lend(number);
            if !ends {
                continue;
            }
            let packet = &mut self.assembly;
            packet.state = State::First;
            if packet.is_spoilt || packet.bytes.is_empty() {
                counts.errors += 1;
                continue;
            }
            counts.packets += 1;
            counts.bytes += packet.bytes.len() as u64;
            core::mem::swap(&mut packet.bytes, into);
            return Ok(Some(packet.meta));
        }
        Ok(None)
    }

    /// Asks to be signalled for the next packet. True when there is one already. When the back end has used up all pages that it
    /// had, it gets more.
    ///
    /// # Errors
    /// [`Broken`].
    #[must_use = "packets that came meanwhile bring no signal"]
    pub fn rearm(&mut self) -> Result<bool, Broken> {
        if self.taken >= self.buffers.len() {
            self.grow(2 * self.buffers.len());
        }
        self.taken = 0;
        self.ring.rearm().map_err(Broken::Ring)
    }
}

impl Assembly {
    /// Adds a page's bytes; says whether the packet ends with it.
    fn data(&mut self, response: RxResponse, page: &crate::shared::SharedMemory) -> Result<bool, Broken> {
        let RxResponse { offset, flags, status, .. } = response;
        if self.state == State::First {
            self.begin(flags);
        }
        // A prefix in place of extra information is what only old Solaris back ends write; it was not asked for.
        if flags & NETRXF_GSO_PREFIX != 0 {
            self.is_spoilt = true;
        } else if let Ok(size) = usize::try_from(status) {
            let offset = usize::from(offset);
            if offset + size > PAGE_SIZE {
                return Err(Broken::Range { offset, size });
            }
            let length = self.bytes.len();
            if length + size > PACKET_MAX {
                self.is_spoilt = true;
            } else {
                self.bytes.resize(length + size, 0);
                page.copy_out(offset, &mut self.bytes[length..]);
            }
        } else {
            self.is_spoilt = true;
        }
        let goes_on = flags & NETRXF_MORE_DATA != 0;
        if self.state == State::First && flags & NETRXF_EXTRA_INFO != 0 {
            self.state = State::Extra;
            self.goes_on = goes_on;
            return Ok(false);
        }
        self.state = State::More;
        Ok(!goes_on)
    }

    fn begin(&mut self, flags: u16) {
        self.bytes.clear();
        self.is_spoilt = false;
        let checksum = match (flags & NETRXF_CSUM_BLANK != 0, flags & NETRXF_DATA_VALIDATED != 0) {
            (true, _) => Checksum::Blank,
            (false, true) => Checksum::Validated,
            (false, false) => Checksum::There,
        };
        self.meta = Meta { checksum, gso: None };
    }

    /// Adds extra information; says whether the packet ends with it.
    fn extra(&mut self, slot: RxSlot) -> bool {
        let extra = slot.extra();
        self.meta.gso = extra.gso.or(self.meta.gso);
        if extra.has_more {
            return false;
        }
        self.state = State::More;
        !self.goes_on
    }
}
