// SPDX-License-Identifier: Apache-2.0
//! The numbers and values of options in the host's system.

use beam_vm::platform::{Family, Group, Membership, RawOption, SocketOption};
use libc::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET};

const fn raw(level: i32, name: i32) -> RawOption {
    RawOption { level, name }
}

/// `SO_LINGER`
pub const LINGER: RawOption = raw(SOL_SOCKET, libc::SO_LINGER);
/// `IP_MULTICAST_IF`
pub const GROUP_INTERFACE: RawOption = raw(IPPROTO_IP, libc::IP_MULTICAST_IF);

/// `IP_PKTOPTIONS`, which is no constant of the C library's crate.
pub const PACKET_OPTIONS: RawOption = raw(IPPROTO_IP, 9);

/// The numbers of an option for a socket of a family.
pub const fn numbers(option: SocketOption, family: Family) -> RawOption {
    match option {
        SocketOption::ReuseAddress => raw(SOL_SOCKET, libc::SO_REUSEADDR),
        SocketOption::KeepAlive => raw(SOL_SOCKET, libc::SO_KEEPALIVE),
        SocketOption::DontRoute => raw(SOL_SOCKET, libc::SO_DONTROUTE),
        SocketOption::Broadcast => raw(SOL_SOCKET, libc::SO_BROADCAST),
        SocketOption::SendBuffer => raw(SOL_SOCKET, libc::SO_SNDBUF),
        SocketOption::ReceiveBuffer => raw(SOL_SOCKET, libc::SO_RCVBUF),
        SocketOption::Priority => raw(SOL_SOCKET, libc::SO_PRIORITY),
        SocketOption::TypeOfService => raw(IPPROTO_IP, libc::IP_TOS),
        SocketOption::TimeToLive => raw(IPPROTO_IP, libc::IP_TTL),
        SocketOption::ReceiveTypeOfService => raw(IPPROTO_IP, libc::IP_RECVTOS),
        SocketOption::ReceiveTimeToLive => raw(IPPROTO_IP, libc::IP_RECVTTL),
        SocketOption::TrafficClass => raw(IPPROTO_IPV6, libc::IPV6_TCLASS),
        SocketOption::ReceiveTrafficClass => raw(IPPROTO_IPV6, libc::IPV6_RECVTCLASS),
        SocketOption::V6Only => raw(IPPROTO_IPV6, libc::IPV6_V6ONLY),
        SocketOption::NoDelay => raw(IPPROTO_TCP, libc::TCP_NODELAY),
        SocketOption::NoPush => raw(IPPROTO_TCP, libc::TCP_CORK),
        SocketOption::MulticastTtl => match family {
            Family::V6 => raw(IPPROTO_IPV6, libc::IPV6_MULTICAST_HOPS),
            _ => raw(IPPROTO_IP, libc::IP_MULTICAST_TTL),
        },
        SocketOption::MulticastLoop => match family {
            Family::V6 => raw(IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP),
            _ => raw(IPPROTO_IP, libc::IP_MULTICAST_LOOP),
        },
        SocketOption::MulticastInterface => raw(IPPROTO_IPV6, libc::IPV6_MULTICAST_IF),
    }
}

/// The option by which a socket joins or leaves a group, and its value: `struct ip_mreqn` or `struct ipv6_mreq`.
pub fn membership(group: Group, membership: Membership) -> (RawOption, Vec<u8>) {
    match group {
        Group::V4(group, address, interface) => {
            let name = match membership {
                Membership::Join => libc::IP_ADD_MEMBERSHIP,
                Membership::Leave => libc::IP_DROP_MEMBERSHIP,
            };
            (raw(IPPROTO_IP, name), [group, address, interface.to_ne_bytes()].concat())
        }
        Group::V6(group, interface) => {
            let name = match membership {
                Membership::Join => libc::IPV6_ADD_MEMBERSHIP,
                Membership::Leave => libc::IPV6_DROP_MEMBERSHIP,
            };
            (raw(IPPROTO_IPV6, name), [&group[..], &interface.to_ne_bytes()].concat())
        }
    }
}
