// SPDX-License-Identifier: Apache-2.0
//! Segments that ask for connections and never confirm one (RFC 4987), from addresses that nobody has: what an attacker sends.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Instant;

use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto, sendto, socket};

/// The network that the segments come from, which is for such tests (RFC 2544).
pub const FROM: (Ipv4Addr, u8) = (Ipv4Addr::new(198, 18, 0, 0), 15);
/// A header of IPv4 and one of TCP, both without options.
const LENGTH: usize = 40;
const IP_HEADER: usize = 20;

/// Sends so many. A raw socket needs root.
pub fn run(address: Ipv4Addr, port: u16, count: u32) -> Result<String, Box<dyn Error>> {
    // This protocol says that the header of IP is ours too (raw(7)).
    let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::RAW))?;
    let began = Instant::now();
    for number in 0..count {
        sendto(&socket, &segment(address, port, number), SendFlags::empty(), &SocketAddrV4::new(address, 0))?;
    }
    Ok(format!("segments {count} seconds {:.3}", began.elapsed().as_secs_f64()))
}

/// The segment of a number: another address, port and sequence number for each.
fn segment(to: Ipv4Addr, port: u16, number: u32) -> [u8; LENGTH] {
    // Odd, so that different numbers stay different.
    let mixed = number.wrapping_mul(0x9e37_79b1);
    let host = mixed >> FROM.1;
    let from = Ipv4Addr::from(u32::from(FROM.0) | host);
    let mut segment = [0; LENGTH];
    let (ip, tcp) = segment.split_at_mut(IP_HEADER);
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&(LENGTH as u16).to_be_bytes());
    ip[8] = 64;
    ip[9] = 6;
    ip[12..16].copy_from_slice(&from.octets());
    ip[16..20].copy_from_slice(&to.octets());
    let sum = checksum(0, ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    tcp[..2].copy_from_slice(&(1024 + (mixed as u16 & 0x7fff)).to_be_bytes());
    tcp[2..4].copy_from_slice(&port.to_be_bytes());
    tcp[4..8].copy_from_slice(&mixed.to_be_bytes());
    tcp[12] = 5 << 4;
    tcp[13] = 0x02;
    tcp[14..16].copy_from_slice(&0x7210_u16.to_be_bytes());
    // The pseudo header of RFC 9293, 3.1.
    let pseudo = sum_of(&ip[12..20]) + 6 + (LENGTH - IP_HEADER) as u32;
    let sum = checksum(pseudo, tcp);
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

fn sum_of(bytes: &[u8]) -> u32 {
    bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum()
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(start: u32, bytes: &[u8]) -> u16 {
    let mut sum = start + sum_of(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{FROM, IP_HEADER, Ipv4Addr, LENGTH, checksum, segment, sum_of};

    #[test]
    fn checksums_are_right_and_each_comes_from_elsewhere() {
        let to = Ipv4Addr::new(10, 0, 2, 157);
        let mut sources = BTreeSet::new();
        for number in 0..1000 {
            let segment = segment(to, 80, number);
            let (ip, tcp) = segment.split_at(IP_HEADER);
            assert_eq!(checksum(0, ip), 0);
            let pseudo = sum_of(&ip[12..20]) + 6 + (LENGTH - IP_HEADER) as u32;
            assert_eq!(checksum(pseudo, tcp), 0);
            let from = u32::from_be_bytes([ip[12], ip[13], ip[14], ip[15]]);
            assert_eq!(from & (u32::MAX << (32 - FROM.1)), u32::from(FROM.0));
            sources.insert((from, [tcp[0], tcp[1]]));
        }
        assert_eq!(sources.len(), 1000);
    }
}
