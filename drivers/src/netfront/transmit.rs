// SPDX-License-Identifier: Apache-2.0
//! Sending: packets are copied into lent pages, and a request names each page.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use xen_hypervisor_sys::io::netif::{
    NETIF_RSP_NULL, NETIF_RSP_OKAY, NETTXF_CSUM_BLANK, NETTXF_DATA_VALIDATED, NETTXF_EXTRA_INFO,
    NETTXF_MORE_DATA,
};

use super::buffers::Buffers;
use super::packet::{Checksum, Meta, PACKET_MAX};
use super::slots::{TxResponse, TxSlot};
use super::statistics::Counts;
use super::{Broken, SLOTS_MAX};
use crate::grant::GrantedPage;
use crate::memory::PAGE_SIZE;
use crate::ring::FrontRing;

/// Why a packet is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// There is no room until the back end has taken what was sent before.
    Full,
    /// The packet is longer than the back end takes, or empty.
    Size {
        /// Its bytes.
        bytes: usize,
        /// The most that there may be.
        limit: usize,
    },
    /// The back end does not do what the packet needs: segmentation or a checksum.
    NotOffered,
    /// There is no connection with a back end.
    Down,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the back end has not taken what was sent before"),
            Self::Size { bytes, limit } => {
                write!(f, "a packet of {bytes} bytes, where 1 to {limit} are taken")
            }
            Self::NotOffered => f.write_str("the back end does not offer what the packet needs"),
            Self::Down => f.write_str("there is no connection with a back end"),
        }
    }
}

impl core::error::Error for SendError {}

/// The ring of packets to send.
pub struct Transmit {
    ring: FrontRing<TxSlot, TxResponse, GrantedPage>,
    buffers: Buffers,
    /// Pages that are not under way.
    free: Vec<u16>,
    /// Which pages are.
    busy: Vec<bool>,
}

impl Transmit {
    /// A ring on a granted page, and the pages that it lends.
    pub fn new(ring: GrantedPage, buffers: Buffers) -> Self {
        Self { ring: FrontRing::new(ring), buffers, free: Vec::new(), busy: vec![] }
    }

    /// Whether a packet of any size can be sent. If not, more than half of the slots are under way.
    pub fn has_room(&self) -> bool {
        self.ring.free() as usize >= SLOTS_MAX
    }

    /// Whether anything is under way.
    pub fn is_idle(&self) -> bool {
        self.ring.outstanding() == 0
    }

    /// Puts a packet, given in parts, into the ring; the back end sees it with the next [`publish`](Self::publish).
    ///
    /// # Errors
    /// [`SendError::Full`] and [`SendError::Size`].
    pub fn push(&mut self, meta: Meta, parts: &[&[u8]], counts: &mut Counts) -> Result<(), SendError> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let size = u16::try_from(bytes).ok().filter(|size| *size > 0);
        let size = size.ok_or(SendError::Size { bytes, limit: PACKET_MAX })?;
        let pages = bytes.div_ceil(PAGE_SIZE);
        if (self.ring.free() as usize) < pages + usize::from(meta.gso.is_some()) || !self.reserve(pages) {
            return Err(SendError::Full);
        }
        let mut source = Gather { parts, at: 0 };
        for index in 0..pages {
            let first = index == 0;
            let fragment = (bytes - index * PAGE_SIZE).min(PAGE_SIZE);
            let id = self.free.pop().expect("so many were reserved");
            self.busy[usize::from(id)] = true;
            source.copy(self.buffers.memory(id), fragment);
            let mut flags = if first { first_flags(meta) } else { 0 };
            if index + 1 < pages {
                flags |= NETTXF_MORE_DATA;
            }
            let gref = self.buffers.reference(id);
            let size = if first { size } else { fragment as u16 };
            self.put(&TxSlot::Fragment { gref, offset: 0, flags, id, size });
            if let Some(gso) = meta.gso.filter(|_| first) {
                self.put(&TxSlot::Gso(gso));
            }
        }
        counts.packets += 1;
        counts.bytes += bytes as u64;
        Ok(())
    }

    fn put(&mut self, slot: &TxSlot) {
        let pushed = self.ring.push(slot);
        debug_assert!(pushed.is_ok(), "room was looked for");
    }

    /// Sees to it that so many pages are free.
    fn reserve(&mut self, pages: usize) -> bool {
        while self.free.len() < pages {
            if self.buffers.len() >= self.ring.size() as usize {
                return false;
            }
            let Some(number) = self.buffers.add() else { return false };
            self.busy.push(false);
            self.free.push(number);
        }
        true
    }

    /// Shows the back end what was pushed. True when it has to be signalled.
    #[must_use = "a back end that sleeps has to be signalled"]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// Takes back the pages of what the back end has taken.
    ///
    /// # Errors
    /// [`Broken`]: the back end answers what was not asked.
    pub fn reap(&mut self, counts: &mut Counts) -> Result<(), Broken> {
        while let Some(response) = self.ring.take().map_err(Broken::Ring)? {
            // It stands for a slot of extra information, whose number is none.
            if response.status == NETIF_RSP_NULL {
                continue;
            }
            match self.busy.get_mut(usize::from(response.id)) {
                Some(busy) if *busy => *busy = false,
                _ => return Err(Broken::Id { id: response.id }),
            }
            self.free.push(response.id);
            if response.status != NETIF_RSP_OKAY {
                counts.errors += 1;
            }
        }
        Ok(())
    }

    /// Asks to be signalled when the back end has taken so much that there is room. True when it has already.
    ///
    /// # Errors
    /// [`Broken`].
    #[must_use = "responses that came meanwhile bring no signal"]
    pub fn rearm(&mut self) -> Result<bool, Broken> {
        self.ring.rearm_at_half().map_err(Broken::Ring)
    }
}

fn first_flags(meta: Meta) -> u16 {
    let checksum = match meta.checksum {
        Checksum::There => 0,
        Checksum::Validated => NETTXF_DATA_VALIDATED,
        Checksum::Blank => NETTXF_CSUM_BLANK | NETTXF_DATA_VALIDATED,
    };
    checksum | if meta.gso.is_some() { NETTXF_EXTRA_INFO } else { 0 }
}

/// The parts of a packet, read one after the other.
struct Gather<'a> {
    parts: &'a [&'a [u8]],
    at: usize,
}

impl Gather<'_> {
    /// Copies the next bytes to the beginning of a page.
    fn copy(&mut self, page: &crate::shared::SharedMemory, count: usize) {
        let mut done = 0;
        while done < count {
            let Some((part, rest)) = self.parts.split_first() else { return };
            let piece = &part[self.at..];
            let taken = piece.len().min(count - done);
            page.copy_in(done, &piece[..taken]);
            done += taken;
            self.at += taken;
            if self.at == part.len() {
                self.parts = rest;
                self.at = 0;
            }
        }
    }
}
