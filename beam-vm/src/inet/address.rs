// SPDX-License-Identifier: Apache-2.0
//! Addresses as `prim_inet` writes and reads them: a byte for the family, then what the family needs.

use alloc::vec::Vec;

use super::reply::Failure;
use crate::platform::{Address, Errno, Family};

/// The codes of families.
pub mod code {
    /// No family.
    pub const UNSPECIFIED: u8 = 0;
    /// IP, version 4.
    pub const V4: u8 = 1;
    /// IP, version 6.
    pub const V6: u8 = 2;
    /// All addresses of the host, whatever the socket's family.
    pub const ANY: u8 = 3;
    /// The host itself, whatever the socket's family.
    pub const LOOPBACK: u8 = 4;
    /// Names of this machine.
    pub const LOCAL: u8 = 5;
    /// Some other family.
    pub const UNDEFINED: u8 = 6;
}

const LOOPBACK_V4: [u8; 4] = [127, 0, 0, 1];
const LOOPBACK_V6: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// The family of a code.
#[must_use]
pub const fn family(code: u8) -> Option<Family> {
    match code {
        code::V4 => Some(Family::V4),
        code::V6 => Some(Family::V6),
        code::LOCAL => Some(Family::Local),
        _ => None,
    }
}

/// The code of a family.
#[must_use]
pub const fn code_of(family: Family) -> u8 {
    match family {
        Family::V4 => code::V4,
        Family::V6 => code::V6,
        Family::Local => code::LOCAL,
    }
}

/// Splits an array off.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Failure> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(Failure::Posix(Errno::EINVAL))?;
    *bytes = rest;
    Ok(*head)
}

/// Splits an address off, for a socket of a family.
///
/// # Errors
/// [`Failure`].
pub fn decode(bytes: &mut &[u8], family: Family) -> Result<Address, Failure> {
    let [code] = take(bytes)?;
    match code {
        code::V4 => {
            let port = u16::from_be_bytes(take(bytes)?);
            Ok(Address::V4 { ip: take(bytes)?, port })
        }
        code::V6 => {
            let port = u16::from_be_bytes(take(bytes)?);
            let ip = take(bytes)?;
            let flow = u32::from_be_bytes(take(bytes)?);
            Ok(Address::V6 { ip, port, flow, scope: u32::from_be_bytes(take(bytes)?) })
        }
        code::LOCAL => {
            let [len] = take(bytes)?;
            let name = bytes.split_at_checked(usize::from(len)).ok_or(Failure::Posix(Errno::EINVAL))?;
            *bytes = name.1;
            Ok(Address::Local(name.0.to_vec()))
        }
        code::ANY | code::LOOPBACK => {
            let port = u16::from_be_bytes(take(bytes)?);
            match (family, code) {
                (Family::V4, code::ANY) => Ok(Address::V4 { ip: [0; 4], port }),
                (Family::V4, _) => Ok(Address::V4 { ip: LOOPBACK_V4, port }),
                (Family::V6, code::ANY) => Ok(Address::V6 { ip: [0; 16], port, flow: 0, scope: 0 }),
                (Family::V6, _) => Ok(Address::V6 { ip: LOOPBACK_V6, port, flow: 0, scope: 0 }),
                (Family::Local, _) => Err(Failure::Posix(Errno::EINVAL)),
            }
        }
        _ => Err(Failure::Posix(Errno::EAFNOSUPPORT)),
    }
}

/// Appends an address.
pub fn encode(address: &Address, bytes: &mut Vec<u8>) {
    match address {
        Address::V4 { ip, port } => {
            bytes.push(code::V4);
            bytes.extend_from_slice(&port.to_be_bytes());
            bytes.extend_from_slice(ip);
        }
        Address::V6 { ip, port, .. } => {
            bytes.push(code::V6);
            bytes.extend_from_slice(&port.to_be_bytes());
            bytes.extend_from_slice(ip);
        }
        Address::Local(name) => {
            let name = &name[..name.len().min(255)];
            bytes.extend_from_slice(&[code::LOCAL, name.len() as u8]);
            bytes.extend_from_slice(name);
        }
        Address::Unspecified => bytes.push(code::UNSPECIFIED),
        Address::Unknown => bytes.push(code::UNDEFINED),
    }
}
