// SPDX-License-Identifier: Apache-2.0
//! The addresses of an interface: told, or asked of a DHCP server.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use smoltcp::wire::IpCidr;

/// Where the addresses of an interface come from. Version 6 has a link-local address and what routers announce (RFC 4862) in any case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Configuration {
    /// From a DHCP server (RFC 2131), renewed as long as it answers.
    Dhcp,
    /// From whoever has set the interface up.
    Static {
        /// Addresses and the lengths of their prefixes.
        addresses: Vec<(IpAddr, u8)>,
        /// The routers to everywhere else.
        gateways: Vec<IpAddr>,
    },
}

/// What a DHCP server has told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// The length of its prefix.
    pub prefix: u8,
    /// The router to everywhere else.
    pub gateway: Option<Ipv4Addr>,
    /// Name servers.
    pub name_servers: Vec<Ipv4Addr>,
}

/// An address with the length of its prefix, if that can be.
pub fn cidr(address: IpAddr, prefix: u8) -> Option<IpCidr> {
    let most = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= most).then(|| IpCidr::new(address.into(), prefix))
}
