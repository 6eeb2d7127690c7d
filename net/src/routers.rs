// SPDX-License-Identifier: Apache-2.0
//! Addresses and the way out that routers of IPv6 announce: RFC 4861, section 6.3, and RFC 4862, section 5.5.
//!
//! smoltcp 0.14 can do this, but lets it decide when sockets have something to do: after the last question to routers all of them are due for ever, and
//! with a router that announces no prefix none is ever due. So its part is left out, and this stands in its place.

use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, Icmpv6Packet, Icmpv6Repr, IpProtocol,
    Ipv6Cidr, Ipv6Packet, Ipv6Repr, NdiscPrefixInfoFlags, NdiscPrefixInformation, NdiscRepr,
};

/// `MAX_RTR_SOLICITATIONS`.
const QUESTIONS: u8 = 3;
/// `RTR_SOLICITATION_INTERVAL`.
const INTERVAL: Duration = Duration::from_secs(4);
/// An announcement that nobody has signed makes no address end sooner (RFC 4862, section 5.5.3, e).
const LEAST_LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);
/// How many prefixes are heeded.
const PREFIXES_MAX: usize = 4;
/// The length of a prefix to which the 64 bits of a hardware address can be added.
const PREFIX: u8 = 64;

const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_ROUTERS_ETHERNET: EthernetAddress = EthernetAddress([0x33, 0x33, 0, 0, 0, 2]);
const IPV6: usize = 14;

/// The link-local address that follows from a hardware address (RFC 4291, appendix A).
pub fn link_local(hardware: [u8; 6]) -> Ipv6Addr {
    within(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), hardware)
}

/// The address in a network that follows from a hardware address.
fn within(network: Ipv6Addr, [a, b, c, d, e, f]: [u8; 6]) -> Ipv6Addr {
    let mut octets = network.octets();
    octets[8..].copy_from_slice(&[a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    octets.into()
}

/// The network of 64 bits in which an address is.
fn network_of(address: Ipv6Addr) -> Ipv6Addr {
    let mut octets = address.octets();
    octets[8..].fill(0);
    octets.into()
}

/// A lifetime of which the largest is for ever.
fn end_of(lifetime: Duration, now: Instant) -> Instant {
    const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);
    if lifetime >= FOREVER { Instant::from_micros_const(i64::MAX) } else { now + lifetime }
}

/// What routers have announced to an interface.
#[derive(Debug)]
pub struct Routers {
    hardware: [u8; 6],
    questions: u8,
    ask_at: Instant,
    /// Networks, and until when their addresses are valid.
    prefixes: Vec<(Ipv6Addr, Instant)>,
    /// A router, and until when it is one.
    router: Option<(Ipv6Addr, Instant)>,
}

impl Routers {
    /// Nothing was announced yet.
    pub const fn new(hardware: [u8; 6], now: Instant) -> Self {
        Self { hardware, questions: QUESTIONS, ask_at: now, prefixes: Vec::new(), router: None }
    }

    /// The addresses that follow.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv6Cidr> + '_ {
        self.prefixes.iter().map(|(network, _)| Ipv6Cidr::new(within(*network, self.hardware), PREFIX))
    }

    /// The way out.
    pub fn router(&self) -> Option<Ipv6Addr> {
        self.router.map(|(router, _)| router)
    }

    /// The frame that asks routers to announce themselves, when it is time for one.
    pub fn question(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.questions == 0 || self.ask_at > now {
            return None;
        }
        self.questions -= 1;
        self.ask_at = now + INTERVAL;
        let own = link_local(self.hardware);
        let hardware = EthernetAddress(self.hardware);
        let question = Icmpv6Repr::Ndisc(NdiscRepr::RouterSolicit { lladdr: Some(hardware.into()) });
        let ip = Ipv6Repr {
            src_addr: own,
            dst_addr: ALL_ROUTERS,
            next_header: IpProtocol::Icmpv6,
            payload_len: question.buffer_len(),
            hop_limit: 255,
        };
        let ethernet = EthernetRepr {
            src_addr: hardware,
            dst_addr: ALL_ROUTERS_ETHERNET,
            ethertype: EthernetProtocol::Ipv6,
        };
        let mut bytes = vec![0; ethernet.buffer_len() + ip.buffer_len() + question.buffer_len()];
        let mut frame = EthernetFrame::new_unchecked(&mut bytes);
        ethernet.emit(&mut frame);
        let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet);
        let mut message = Icmpv6Packet::new_unchecked(packet.payload_mut());
        question.emit(&own, &ALL_ROUTERS, &mut message, &ChecksumCapabilities::default());
        Some(bytes)
    }

    /// Hears an announcement. Says whether addresses or the way out have changed.
    pub fn hear(&mut self, frame: &[u8], now: Instant) -> bool {
        let Some((source, lifetime, prefix)) = frame.get(IPV6..).and_then(read) else { return false };
        self.questions = 0;
        let mut has_changed = prefix.is_some_and(|prefix| self.hear_prefix(&prefix, now));
        let before = self.router();
        if lifetime > Duration::ZERO {
            if before.is_none_or(|router| router == source) {
                self.router = Some((source, now + lifetime));
            }
        } else if before == Some(source) {
            self.router = None;
        }
        has_changed |= self.router() != before;
        has_changed
    }

    fn hear_prefix(&mut self, prefix: &NdiscPrefixInformation, now: Instant) -> bool {
        let is_ours = prefix.flags.contains(NdiscPrefixInfoFlags::ADDRCONF)
            && prefix.prefix_len == PREFIX
            && prefix.preferred_lifetime <= prefix.valid_lifetime
            && !prefix.prefix.is_unicast_link_local()
            && !prefix.prefix.is_multicast();
        if !is_ours {
            return false;
        }
        let network = network_of(prefix.prefix);
        let end = end_of(prefix.valid_lifetime, now);
        if let Some((_, known)) = self.prefixes.iter_mut().find(|(known, _)| *known == network) {
            let least = now + LEAST_LIFETIME;
            if end > least || end > *known {
                *known = end;
            } else if *known > least {
                *known = least;
            }
            return false;
        }
        let is_new = prefix.valid_lifetime > Duration::ZERO && self.prefixes.len() < PREFIXES_MAX;
        if is_new {
            self.prefixes.push((network, end));
        }
        is_new
    }

    /// Forgets what is not valid any more. Says whether there was any.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.prefixes.len();
        self.prefixes.retain(|(_, end)| *end > now);
        let is_over = self.router.is_some_and(|(_, end)| end <= now);
        if is_over {
            self.router = None;
        }
        is_over || self.prefixes.len() != before
    }

    /// When there is something to do.
    pub fn due(&self) -> Option<Instant> {
        let question = (self.questions > 0).then_some(self.ask_at);
        let ends = self.prefixes.iter().chain(&self.router).map(|(_, end)| *end);
        ends.chain(question).min()
    }
}

/// Reads an announcement: who is heard, for how long it is a router, and a prefix.
fn read(packet: &[u8]) -> Option<(Ipv6Addr, Duration, Option<NdiscPrefixInformation>)> {
    let packet = Ipv6Packet::new_checked(packet).ok()?;
    let ip = Ipv6Repr::parse(&packet).ok()?;
    if ip.hop_limit != 255 || !ip.src_addr.is_unicast_link_local() || ip.next_header != IpProtocol::Icmpv6 {
        return None;
    }
    let message = Icmpv6Packet::new_checked(packet.payload()).ok()?;
    match Icmpv6Repr::parse(&ip.src_addr, &ip.dst_addr, &message, &ChecksumCapabilities::default()).ok()? {
        Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert { router_lifetime, prefix_info, .. }) => {
            Some((ip.src_addr, router_lifetime, prefix_info))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
