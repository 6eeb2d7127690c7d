// SPDX-License-Identifier: Apache-2.0
//! Addresses as the host's system has them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

use beam_vm::platform::{Address, Family};
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg;
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix};

/// The system's number of a family.
pub const fn family(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
        Family::Local => AddressFamily::UNIX,
    }
}

/// Something to be done with an address.
pub fn with<R>(address: &Address, work: impl FnOnce(&SocketAddrAny) -> Result<R, Errno>) -> Result<R, Errno> {
    work(&write(address)?)
}

/// The system's form of an address.
pub fn write(address: &Address) -> Result<SocketAddrAny, Errno> {
    Ok(match address {
        Address::V4 { ip, port } => SocketAddrV4::new(Ipv4Addr::from(*ip), *port).as_any(),
        Address::V6 { ip, port, flow, scope } => {
            SocketAddrV6::new(Ipv6Addr::from(*ip), *port, flow.to_be(), *scope).as_any()
        }
        Address::Local(name) => match name.split_first() {
            None => SocketAddrUnix::new_unnamed().as_any(),
            Some((0, name)) => SocketAddrUnix::new_abstract_name(name)?.as_any(),
            Some(_) => SocketAddrUnix::new(name.as_slice())?.as_any(),
        },
        Address::Unspecified | Address::Unknown => return Err(Errno::AFNOSUPPORT),
    })
}

/// The address of the system's form.
pub fn read(address: &SocketAddrAny) -> Address {
    if let Ok(address) = SocketAddrV4::try_from(address.clone()) {
        return Address::V4 { ip: address.ip().octets(), port: address.port() };
    }
    if let Ok(address) = SocketAddrV6::try_from(address.clone()) {
        let (ip, port) = (address.ip().octets(), address.port());
        return Address::V6 { ip, port, flow: address.flowinfo(), scope: address.scope_id() };
    }
    match SocketAddrUnix::try_from(address.clone()) {
        Ok(name) => Address::Local(match (name.path_bytes(), name.abstract_name()) {
            (Some(path), _) => path.to_vec(),
            (_, Some(name)) if !name.is_empty() => [&[0], name].concat(),
            // Not bound to anything.
            _ => Vec::new(),
        }),
        Err(_) if address.address_family() == AddressFamily::UNSPEC => Address::Unspecified,
        Err(_) => Address::Unknown,
    }
}
