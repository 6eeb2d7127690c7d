// SPDX-License-Identifier: Apache-2.0
//! What the slots of the two rings hold (`netif.h`).
//!
//! A slot may be one of extra information, which only the slot before it tells; so what is received is kept as bytes until then.

use xen_hypervisor_sys::io::netif::{
    NetifExtraInfo, NetifRxRequest, NetifRxResponse, NetifTxRequest, NetifTxResponse,
    XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV4, XEN_NETIF_GSO_TYPE_TCPV6,
};

use super::packet::{Gso, GsoKind};
use crate::memory::GrantRef;
use crate::ring::Slot;

/// A slot of the ring of packets to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TxSlot {
    /// A packet, or what goes on of one.
    Fragment {
        /// The page.
        gref: GrantRef,
        /// Its first byte in the page.
        offset: u16,
        /// `NETTXF_` flags.
        flags: u16,
        /// The number that the response repeats.
        id: u16,
        /// Bytes: of the whole packet in its first slot, of the fragment in others.
        size: u16,
    },
    /// Extra information: the packet is to be cut.
    Gso(Gso),
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The C structure of extra information about segmentation: type, flags, size, type of segmentation, padding, features.
fn encode_gso(gso: Gso, bytes: &mut [u8]) {
    bytes[0] = XEN_NETIF_EXTRA_TYPE_GSO;
    bytes[2..4].copy_from_slice(&gso.size.to_le_bytes());
    bytes[4] = match gso.kind {
        GsoKind::TcpV4 => XEN_NETIF_GSO_TYPE_TCPV4,
        GsoKind::TcpV6 => XEN_NETIF_GSO_TYPE_TCPV6,
    };
}

impl Slot for TxSlot {
    const SIZE: usize = size_of::<NetifTxRequest>();

    fn encode(&self, bytes: &mut [u8]) {
        match *self {
            Self::Fragment { gref, offset, flags, id, size } => {
                bytes[..4].copy_from_slice(&gref.0.to_le_bytes());
                for (at, field) in [(4, offset), (6, flags), (8, id), (10, size)] {
                    bytes[at..at + 2].copy_from_slice(&field.to_le_bytes());
                }
            }
            Self::Gso(gso) => encode_gso(gso, bytes),
        }
    }

    /// The front end never reads its own requests; the mock of a back end does, which knows by the flags what comes.
    fn decode(bytes: &[u8]) -> Self {
        Self::Fragment {
            gref: GrantRef(u32_at(bytes, 0)),
            offset: u16_at(bytes, 4),
            flags: u16_at(bytes, 6),
            id: u16_at(bytes, 8),
            size: u16_at(bytes, 10),
        }
    }
}

/// A response to a packet that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TxResponse {
    /// The request's number.
    pub id: u16,
    /// `NETIF_RSP_` status.
    pub status: i16,
}

impl Slot for TxResponse {
    const SIZE: usize = size_of::<NetifTxResponse>();

    fn encode(&self, bytes: &mut [u8]) {
        bytes[..2].copy_from_slice(&self.id.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.status.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self { id: u16_at(bytes, 0), status: u16_at(bytes, 2).cast_signed() }
    }
}

/// A page to receive into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RxRequest {
    /// The number that the response repeats.
    pub id: u16,
    /// The page.
    pub gref: GrantRef,
}

impl Slot for RxRequest {
    const SIZE: usize = size_of::<NetifRxRequest>();

    fn encode(&self, bytes: &mut [u8]) {
        bytes[..2].copy_from_slice(&self.id.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.gref.0.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        Self { id: u16_at(bytes, 0), gref: GrantRef(u32_at(bytes, 4)) }
    }
}

/// A slot of the ring of received packets: a response, or extra information.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RxSlot([u8; 8]);

const _: () = assert!(size_of::<NetifRxResponse>() == 8 && size_of::<NetifExtraInfo>() == 8);

/// A packet that was received, or what goes on of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RxResponse {
    /// The request's number.
    pub id: u16,
    /// The first byte in its page.
    pub offset: u16,
    /// `NETRXF_` flags.
    pub flags: u16,
    /// Bytes, or a negative `NETIF_RSP_` status.
    pub status: i16,
}

/// Extra information of a received packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RxExtra {
    /// Whether more of it follows.
    pub has_more: bool,
    /// How the packet was or would have been cut, if it says so.
    pub gso: Option<Gso>,
}

impl RxSlot {
    /// The slot as a response.
    pub fn response(self) -> RxResponse {
        let Self(bytes) = self;
        RxResponse {
            id: u16_at(&bytes, 0),
            offset: u16_at(&bytes, 2),
            flags: u16_at(&bytes, 4),
            status: u16_at(&bytes, 6).cast_signed(),
        }
    }

    /// The slot as extra information. Kinds that are not known say nothing.
    pub fn extra(self) -> RxExtra {
        let Self(bytes) = self;
        let kind = match (bytes[0], bytes[4]) {
            (XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV4) => Some(GsoKind::TcpV4),
            (XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_GSO_TYPE_TCPV6) => Some(GsoKind::TcpV6),
            _ => None,
        };
        let gso = kind.map(|kind| Gso { kind, size: u16_at(&bytes, 2) });
        RxExtra { has_more: bytes[1] & EXTRA_MORE != 0, gso }
    }
}

const EXTRA_MORE: u8 = xen_hypervisor_sys::io::netif::XEN_NETIF_EXTRA_FLAG_MORE;

impl From<RxResponse> for RxSlot {
    fn from(response: RxResponse) -> Self {
        let mut bytes = [0; 8];
        let fields = [response.id, response.offset, response.flags, response.status.cast_unsigned()];
        for (at, field) in fields.into_iter().enumerate() {
            bytes[2 * at..2 * at + 2].copy_from_slice(&field.to_le_bytes());
        }
        Self(bytes)
    }
}

impl From<Gso> for RxSlot {
    fn from(gso: Gso) -> Self {
        let mut bytes = [0; 8];
        encode_gso(gso, &mut bytes);
        Self(bytes)
    }
}

impl Slot for RxSlot {
    const SIZE: usize = 8;

    fn encode(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }

    fn decode(bytes: &[u8]) -> Self {
        let mut copy = [0; 8];
        copy.copy_from_slice(bytes);
        Self(copy)
    }
}
