// SPDX-License-Identifier: Apache-2.0
//! Looking at a frame before the stack does: which socket it is for.
//!
//! Ethernet II, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, RFC 4443), neighbour discovery (RFC 4861). Nothing here
//! believes a length that the frame does not have; what cannot be read is [`Class::Other`], which smoltcp judges.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::congestion::Offer;
use crate::recovery::Confirmation;

/// Bytes of the header of Ethernet.
pub const ETHERNET: usize = 14;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// The protocol of TCP.
pub const TCP: u8 = 6;
/// The protocol of UDP.
pub const UDP: u8 = 17;
/// The protocol of ICMP over IPv4.
pub const ICMP: u8 = 1;
/// The protocol of ICMP over IPv6.
pub const ICMPV6: u8 = 58;
/// Type and code of what says that a port is nobody's.
const PORT_UNREACHABLE: [u8; 2] = [3, 3];
const PORT_UNREACHABLE_V6: [u8; 2] = [1, 4];
/// Where the packet begins that an ICMP error is about.
const QUOTED: usize = 8;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const TCP_HEADER: usize = 20;
/// Where the window stands in a segment.
pub const TCP_WINDOW: usize = 14;
const OPTION_END: u8 = 0;
const OPTION_NONE: u8 = 1;
const OPTION_SEGMENT: u8 = 2;
const OPTION_SCALE: u8 = 3;
const TCP_FIN: u8 = 0x01;
const TCP_SYN: u8 = 0x02;
const TCP_RST: u8 = 0x04;
const TCP_ACK: u8 = 0x10;

/// Both ends of what a frame belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ends {
    /// Ours.
    pub local: SocketAddr,
    /// The other.
    pub remote: SocketAddr,
}

/// What a TCP segment says about connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags {
    /// It begins a connection.
    pub opens: bool,
    /// It ends one without further ado.
    pub resets: bool,
    /// Bytes that it brings.
    pub payload: usize,
    /// What it confirms.
    pub confirmation: Option<Confirmation>,
    /// What the other end says of itself, if the segment has SYN.
    pub offer: Option<Offer>,
}

/// Names a datagram that comes in fragments: source, destination, protocol and number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pieces {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    number: u16,
}

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// A segment of TCP.
    Tcp(Ends, Flags),
    /// A datagram of UDP, or the first piece of one.
    Udp(Ends, Option<Pieces>),
    /// A later piece of a datagram.
    Piece(Pieces),
    /// Nobody has taken a datagram of UDP that was sent between these ends.
    Refused(Ends),
    /// Somebody's hardware address: who waited for it can go on.
    Neighbor,
    /// A router announces something.
    Router,
    /// Anything else.
    Other,
}

/// Where the parts of an IP packet lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Where the IP header begins.
    pub ip: usize,
    /// Where the header of the protocol above begins.
    pub transport: usize,
    /// Where the packet ends.
    pub end: usize,
    /// The protocol above.
    pub protocol: u8,
    /// From whom.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// The datagram of which this is a piece.
    pub pieces: Option<Pieces>,
    /// Whether it begins the datagram.
    pub is_first: bool,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Finds the parts of an IP packet that begins somewhere in a frame.
#[must_use]
pub fn packet(frame: &[u8], ip: usize) -> Option<Packet> {
    match frame.get(ip)? >> 4 {
        4 => ipv4(frame, ip),
        6 => ipv6(frame, ip),
        _ => None,
    }
}

fn ipv4(frame: &[u8], ip: usize) -> Option<Packet> {
    let header = usize::from(frame[ip] & 0x0f) * 4;
    let length = usize::from(u16_at(frame, ip + 2)?);
    let end = ip + length;
    if header < IPV4_HEADER || length < header || end > frame.len() {
        return None;
    }
    let place = u16_at(frame, ip + 6)?;
    let (goes_on, offset) = (place & 0x2000 != 0, place & 0x1fff);
    let source = Ipv4Addr::from(array::<4>(frame, ip + 12)?);
    let destination = Ipv4Addr::from(array::<4>(frame, ip + 16)?);
    let protocol = *frame.get(ip + 9)?;
    let number = u16_at(frame, ip + 4)?;
    let pieces = (goes_on || offset != 0).then_some(Pieces { source, destination, protocol, number });
    Some(Packet {
        ip,
        transport: ip + header,
        end,
        protocol,
        source: source.into(),
        destination: destination.into(),
        pieces,
        is_first: offset == 0,
    })
}

/// Extension headers are few and rare; a packet with any is for smoltcp to judge, but for those that say how to read on.
fn ipv6(frame: &[u8], ip: usize) -> Option<Packet> {
    let length = usize::from(u16_at(frame, ip + 4)?);
    let end = ip + IPV6_HEADER + length;
    if end > frame.len() {
        return None;
    }
    let source = Ipv6Addr::from(array::<16>(frame, ip + 8)?);
    let destination = Ipv6Addr::from(array::<16>(frame, ip + 24)?);
    Some(Packet {
        ip,
        transport: ip + IPV6_HEADER,
        end,
        protocol: frame[ip + 6],
        source: source.into(),
        destination: destination.into(),
        pieces: None,
        is_first: true,
    })
}

/// Where the IP packet of an Ethernet frame begins.
#[must_use]
pub fn ethernet_packet(frame: &[u8]) -> Option<usize> {
    let kind = u16_at(frame, 12)?;
    matches!(kind, ETHERTYPE_IPV4 | ETHERTYPE_IPV6).then_some(ETHERNET)
}

/// Says what an Ethernet frame is.
#[must_use]
pub fn classify_ethernet(frame: &[u8]) -> Class {
    if u16_at(frame, 12) == Some(ETHERTYPE_ARP) {
        return Class::Neighbor;
    }
    ethernet_packet(frame).map_or(Class::Other, |ip| classify_packet(frame, ip))
}

/// Says what an IP packet is that begins somewhere in a frame.
#[must_use]
pub fn classify_packet(frame: &[u8], ip: usize) -> Class {
    packet(frame, ip).and_then(|packet| classify(frame, &packet)).unwrap_or(Class::Other)
}

fn classify(frame: &[u8], packet: &Packet) -> Option<Class> {
    if let Some(pieces) = packet.pieces
        && !packet.is_first
    {
        return Some(Class::Piece(pieces));
    }
    let body = frame.get(packet.transport..packet.end)?;
    let ends = || {
        let remote = SocketAddr::new(packet.source, u16_at(body, 0)?);
        Some(Ends { local: SocketAddr::new(packet.destination, u16_at(body, 2)?), remote })
    };
    match packet.protocol {
        TCP if packet.pieces.is_none() => {
            let flags = *body.get(13)?;
            let opens = flags & (TCP_SYN | TCP_ACK | TCP_RST) == TCP_SYN;
            let header = usize::from(*body.get(12)? >> 4) * 4;
            let payload = body.len().saturating_sub(header);
            let number = |at| Some(u32::from(u16_at(body, at)?) << 16 | u32::from(u16_at(body, at + 2)?));
            let length = payload as u32 + u32::from(flags & TCP_FIN != 0) + u32::from(flags & TCP_SYN != 0);
            let confirmation = Confirmation {
                next: number(4)?.wrapping_add(length),
                expected: number(8)?,
                is_bare: length == 0,
                // That of a segment with SYN is in other units (RFC 7323, 2.2).
                window: if flags & TCP_SYN == 0 { u16_at(body, TCP_WINDOW)? } else { 0 },
            };
            let confirmation = (flags & (TCP_ACK | TCP_RST) == TCP_ACK).then_some(confirmation);
            let offer =
                (flags & TCP_SYN != 0).then(|| offer(body.get(TCP_HEADER..header).unwrap_or_default()));
            let resets = flags & TCP_RST != 0;
            Some(Class::Tcp(ends()?, Flags { opens, resets, payload, confirmation, offer }))
        }
        UDP => Some(Class::Udp(ends()?, packet.pieces)),
        ICMP if packet.pieces.is_none() && body.starts_with(&PORT_UNREACHABLE) => {
            quoted(body.get(QUOTED..)?).map(Class::Refused)
        }
        ICMPV6 if body.starts_with(&PORT_UNREACHABLE_V6) => quoted(body.get(QUOTED..)?).map(Class::Refused),
        ICMPV6 => match body.first() {
            Some(&NEIGHBOR_ADVERTISEMENT) => Some(Class::Neighbor),
            Some(&ROUTER_ADVERTISEMENT) => Some(Class::Router),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the options of a segment with SYN; what is damaged ends them.
fn offer(mut options: &[u8]) -> Offer {
    let mut offer = Offer::default();
    while let [kind, rest @ ..] = options {
        if *kind == OPTION_NONE {
            options = rest;
            continue;
        }
        let length = rest.first().map_or(0, |length| usize::from(*length));
        let Some(value) = options.get(2..length) else { break };
        match (*kind, value) {
            (OPTION_END, _) => break,
            (OPTION_SEGMENT, [high, low]) => offer.segment = Some(u16::from_be_bytes([*high, *low])),
            (OPTION_SCALE, [scale]) => offer.scale = Some(*scale),
            _ => {}
        }
        options = &options[length..];
    }
    offer
}

/// The ends of a datagram of UDP that was sent from here, of which an ICMP error gives the beginning.
fn quoted(packet: &[u8]) -> Option<Ends> {
    let (protocol, transport, source, destination) = match packet.first()? >> 4 {
        4 if u16_at(packet, 6)? & 0x1fff == 0 => {
            let header = usize::from(packet[0] & 0x0f) * 4;
            let address = |at| Some(IpAddr::from(Ipv4Addr::from(array::<4>(packet, at)?)));
            (*packet.get(9)?, header.max(IPV4_HEADER), address(12)?, address(16)?)
        }
        6 => {
            let address = |at| Some(IpAddr::from(Ipv6Addr::from(array::<16>(packet, at)?)));
            (*packet.get(6)?, IPV6_HEADER, address(8)?, address(24)?)
        }
        _ => return None,
    };
    let local = SocketAddr::new(source, u16_at(packet, transport)?);
    let remote = SocketAddr::new(destination, u16_at(packet, transport + 2)?);
    (protocol == UDP).then_some(Ends { local, remote })
}

#[cfg(test)]
mod tests;
