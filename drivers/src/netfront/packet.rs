// SPDX-License-Identifier: Apache-2.0
//! What is known of a packet beside its bytes.

/// Bytes of the longest packet, Ethernet header included: a request says the size in 16 bits.
pub const PACKET_MAX: usize = xen_hypervisor_sys::io::netif::XEN_NETIF_MAX_TX_SIZE as usize;

/// The protocol of a packet that is larger than what the wire takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GsoKind {
    /// TCP over IPv4.
    TcpV4,
    /// TCP over IPv6.
    TcpV6,
}

/// How such a packet is cut into segments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gso {
    /// Its protocol.
    pub kind: GsoKind,
    /// The most bytes of payload of a segment.
    pub size: u16,
}

/// What the TCP or UDP checksum in a packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checksum {
    /// It stands in the packet; whether it is right was not looked at.
    #[default]
    There,
    /// Somebody has found it right.
    Validated,
    /// Only the sum of the pseudo-header stands there; who puts the packet on a wire completes it. The packet has not been on one.
    Blank,
}

/// What is known of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Meta {
    /// Its checksum.
    pub checksum: Checksum,
    /// How it is to be cut or would have been, if it is larger than what the wire takes.
    pub gso: Option<Gso>,
}
