// SPDX-License-Identifier: Apache-2.0
//! The stack's interfaces as programs see them.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use beam_vm::platform::{Address, Interface, InterfaceFlags};
use net::Stack;
use net::wire::Medium;

use crate::show;

fn address(ip: IpAddr) -> Address {
    show(SocketAddr::new(ip, 0))
}

/// The mask of a prefix.
fn mask(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(_) => {
            Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)).into()
        }
        IpAddr::V6(_) => {
            Ipv6Addr::from_bits(u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)).into()
        }
    }
}

/// The address that all hosts of a net have.
fn broadcast(ip: IpAddr, prefix: u8) -> Option<IpAddr> {
    match (ip, mask(ip, prefix)) {
        (IpAddr::V4(ip), IpAddr::V4(mask)) => {
            Some(Ipv4Addr::from_bits(ip.to_bits() | !mask.to_bits()).into())
        }
        _ => None,
    }
}

/// All interfaces, one for each address, and before them one for the hardware.
pub fn all(stack: &Stack) -> Vec<Interface> {
    let mut all = Vec::new();
    for (name, addresses, wire) in stack.interfaces() {
        let hardware = match wire.medium() {
            Medium::Ethernet(address) => Some(address.to_vec()),
            Medium::Ip => Some(vec![0; 6]),
        };
        let is_loopback = wire.medium() == Medium::Ip;
        let flags = InterfaceFlags {
            is_up: true,
            has_broadcast: !is_loopback,
            is_loopback,
            is_point_to_point: false,
            is_running: wire.is_up(),
            has_multicast: !is_loopback,
        };
        let bare = Interface {
            name: name.to_string(),
            flags,
            address: None,
            netmask: None,
            broadcast: None,
            destination: None,
            hardware,
        };
        all.push(bare.clone());
        all.extend(addresses.into_iter().map(|(ip, prefix)| Interface {
            address: Some(address(ip)),
            netmask: Some(address(mask(ip, prefix))),
            broadcast: broadcast(ip, prefix).filter(|_| !is_loopback).map(address),
            hardware: None,
            ..bare.clone()
        }));
    }
    all
}
