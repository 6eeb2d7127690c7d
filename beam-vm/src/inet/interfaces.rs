// SPDX-License-Identifier: Apache-2.0
//! Network interfaces: `inet:getifaddrs/0`, and the older `inet:getiflist/0` and `inet:ifget/2`.

use alloc::vec::Vec;

use super::address::code_of;
use super::reply::{Answer, Failure};
use crate::platform::{Address, Family, Interface, InterfaceFlags};

/// The codes of what is told of an interface.
mod item {
    pub const ADDRESS: u8 = 1;
    pub const BROADCAST: u8 = 2;
    pub const DESTINATION: u8 = 3;
    pub const MTU: u8 = 4;
    pub const NETMASK: u8 = 5;
    pub const FLAGS: u8 = 6;
    pub const HARDWARE: u8 = 7;
}

/// The bits of flags, with those for what is not so.
fn bits(flags: InterfaceFlags) -> u32 {
    let parts = [
        (flags.is_up, 1, 0x100),
        (flags.has_broadcast, 2, 0x200),
        (flags.is_loopback, 4, 0),
        (flags.is_point_to_point, 8, 0x800),
        (flags.is_running, 0x10, 0),
        (flags.has_multicast, 0x20, 0),
    ];
    parts.iter().map(|(is_so, yes, _)| if *is_so { *yes } else { 0 }).sum()
}

/// An address without its port; nothing of those that are not of IP.
fn host(code: u8, address: Option<&Address>, data: &mut Vec<u8>) {
    let (family, ip): (_, &[u8]) = match address {
        Some(Address::V4 { ip, .. }) => (Family::V4, ip),
        Some(Address::V6 { ip, .. }) => (Family::V6, ip),
        _ => return,
    };
    data.extend_from_slice(&[code, code_of(family)]);
    data.extend_from_slice(ip);
}

fn hardware(address: Option<&Vec<u8>>, data: &mut Vec<u8>) {
    if let Some(address) = address {
        data.push(item::HARDWARE);
        data.extend_from_slice(&(address.len() as u16).to_be_bytes());
        data.extend_from_slice(address);
    }
}

fn flags(flags: InterfaceFlags, data: &mut Vec<u8>) {
    data.push(item::FLAGS);
    data.extend_from_slice(&bits(flags).to_be_bytes());
}

/// All interfaces: name, zero, items, zero.
#[must_use]
pub fn all(interfaces: &[Interface]) -> Vec<u8> {
    let mut data = Vec::new();
    for interface in interfaces {
        data.extend_from_slice(interface.name.as_bytes());
        data.push(0);
        flags(interface.flags, &mut data);
        host(item::ADDRESS, interface.address.as_ref(), &mut data);
        host(item::NETMASK, interface.netmask.as_ref(), &mut data);
        host(item::DESTINATION, interface.destination.as_ref(), &mut data);
        host(item::BROADCAST, interface.broadcast.as_ref(), &mut data);
        hardware(interface.hardware.as_ref(), &mut data);
        data.push(0);
    }
    data
}

/// The names of interfaces that have an address of IP version 4, each with a zero.
#[must_use]
pub fn names(interfaces: &[Interface]) -> Vec<u8> {
    let mut data = Vec::new();
    for interface in interfaces {
        if matches!(interface.address, Some(Address::V4 { .. })) {
            data.extend_from_slice(interface.name.as_bytes());
            data.push(0);
        }
    }
    data
}

/// Items of an interface: the length of its name, the name, a byte for each item. What there is not is left out.
///
/// # Errors
/// [`Failure`].
pub fn items(interfaces: &[Interface], request: &[u8]) -> Answer {
    let (len, rest) = request.split_first().ok_or(Failure::INVALID)?;
    let (name, wanted) = rest.split_at_checked(usize::from(*len)).ok_or(Failure::INVALID)?;
    let named = |interface: &&Interface| interface.name.as_bytes() == name;
    let any = interfaces.iter().find(named);
    let with = |has: &dyn Fn(&Interface) -> bool| interfaces.iter().filter(named).find(|one| has(one));
    let inet = with(&|one| matches!(one.address, Some(Address::V4 { .. })));
    let mut data = Vec::new();
    for code in wanted {
        match *code {
            item::ADDRESS => host(*code, inet.and_then(|one| one.address.as_ref()), &mut data),
            item::BROADCAST => host(*code, inet.and_then(|one| one.broadcast.as_ref()), &mut data),
            item::DESTINATION => host(*code, inet.and_then(|one| one.destination.as_ref()), &mut data),
            item::NETMASK => host(*code, inet.and_then(|one| one.netmask.as_ref()), &mut data),
            item::FLAGS => any.into_iter().for_each(|any| flags(any.flags, &mut data)),
            item::HARDWARE => {
                hardware(
                    with(&|one| one.hardware.is_some()).and_then(|one| one.hardware.as_ref()),
                    &mut data,
                );
            }
            item::MTU => {}
            _ => return Err(Failure::INVALID),
        }
    }
    Ok(data)
}
