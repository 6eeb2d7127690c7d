// SPDX-License-Identifier: Apache-2.0
//! Announcements as a router sends them, and what becomes of addresses.

use std::vec::Vec;

use smoltcp::wire::NdiscRouterFlags;

use super::*;

const HARDWARE: [u8; 6] = [0x00, 0x16, 0x3e, 0x00, 0x00, 0x9b];
const HOUR: Duration = Duration::from_secs(3600);

fn router(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)
}

fn network(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, last, 0, 0, 0, 0)
}

/// A frame of a router: how long it is one, and a prefix with its lifetime.
fn announcement(source: Ipv6Addr, lifetime: Duration, prefix: Option<(Ipv6Addr, Duration)>) -> Vec<u8> {
    let destination = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let advertisement = Icmpv6Repr::Ndisc(NdiscRepr::RouterAdvert {
        hop_limit: 64,
        flags: NdiscRouterFlags::empty(),
        router_lifetime: lifetime,
        reachable_time: Duration::ZERO,
        retrans_time: Duration::ZERO,
        lladdr: None,
        mtu: None,
        prefix_info: prefix.map(|(prefix, lifetime)| NdiscPrefixInformation {
            prefix_len: 64,
            flags: NdiscPrefixInfoFlags::ADDRCONF | NdiscPrefixInfoFlags::ON_LINK,
            valid_lifetime: lifetime,
            preferred_lifetime: lifetime,
            prefix,
        }),
    });
    let ip = Ipv6Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: IpProtocol::Icmpv6,
        payload_len: advertisement.buffer_len(),
        hop_limit: 255,
    };
    let mut bytes = vec![0; IPV6 + ip.buffer_len() + advertisement.buffer_len()];
    let mut packet = Ipv6Packet::new_unchecked(&mut bytes[IPV6..]);
    ip.emit(&mut packet);
    let mut message = Icmpv6Packet::new_unchecked(packet.payload_mut());
    advertisement.emit(&source, &destination, &mut message, &ChecksumCapabilities::default());
    bytes
}

fn at(duration: Duration) -> Instant {
    Instant::ZERO + duration
}

#[test]
fn routers_are_asked_three_times_and_not_waited_for() {
    let mut routers = Routers::new(HARDWARE, Instant::ZERO);
    let mut now = Instant::ZERO;
    for _ in 0..3 {
        let frame = routers.question(now).expect("it is time");
        assert_eq!(frame[..6], [0x33, 0x33, 0, 0, 0, 2]);
        assert_eq!(routers.question(now), None);
        now = routers.due().unwrap_or(now);
    }
    assert_eq!((routers.due(), now), (None, at(Duration::from_secs(8))));
    assert_eq!(routers.question(now + HOUR), None);
}

#[test]
fn a_prefix_becomes_an_address_until_it_ends() {
    let mut routers = Routers::new(HARDWARE, Instant::ZERO);
    let frame = announcement(router(1), HOUR, Some((network(1), HOUR * 4)));
    assert!(routers.hear(&frame, Instant::ZERO));
    assert!(!routers.hear(&frame, Instant::ZERO), "nothing new");
    let address: Ipv6Addr = "2001:db8:0:1:216:3eff:fe00:9b".parse().unwrap();
    assert_eq!(routers.addresses().collect::<Vec<_>>(), [Ipv6Cidr::new(address, 64)]);
    assert_eq!((routers.router(), routers.due()), (Some(router(1)), Some(at(HOUR))));
    assert!(routers.expire(at(HOUR)));
    assert_eq!((routers.router(), routers.due()), (None, Some(at(HOUR * 4))));
    assert!(routers.expire(at(HOUR * 4)));
    assert_eq!((routers.addresses().count(), routers.due()), (0, None));
}

#[test]
fn nobody_can_end_an_address_at_once() {
    let mut routers = Routers::new(HARDWARE, Instant::ZERO);
    routers.hear(&announcement(router(1), HOUR, Some((network(1), HOUR * 24))), Instant::ZERO);
    routers.hear(&announcement(router(2), HOUR, Some((network(1), Duration::ZERO))), Instant::ZERO);
    assert!(!routers.expire(at(HOUR)) || routers.addresses().count() == 1);
    assert!(routers.expire(at(HOUR * 2)));
    assert_eq!(routers.addresses().count(), 0);
}

#[test]
fn a_router_may_say_that_it_is_none_any_more_for_itself_alone() {
    let mut routers = Routers::new(HARDWARE, Instant::ZERO);
    assert!(routers.hear(&announcement(router(1), HOUR, None), Instant::ZERO));
    assert!(!routers.hear(&announcement(router(2), Duration::ZERO, None), Instant::ZERO));
    assert_eq!(routers.router(), Some(router(1)));
    assert!(routers.hear(&announcement(router(1), Duration::ZERO, None), Instant::ZERO));
    assert_eq!(routers.router(), None);
}

#[test]
fn what_no_router_may_send_is_not_heard() {
    let mut routers = Routers::new(HARDWARE, Instant::ZERO);
    let good = announcement(router(1), HOUR, Some((network(1), HOUR)));
    let from_far = announcement(network(9), HOUR, Some((network(1), HOUR)));
    let mut forwarded = good.clone();
    forwarded[IPV6 + 7] = 254;
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for frame in [from_far, forwarded, damaged] {
        assert!(!routers.hear(&frame, Instant::ZERO));
    }
    for length in 0..good.len() {
        assert!(!routers.hear(&good[..length], Instant::ZERO), "{length} bytes");
    }
    assert!(!routers.hear(&announcement(router(1), Duration::ZERO, Some((router(0), HOUR))), Instant::ZERO));
    for number in 0..20 {
        routers.hear(&announcement(router(1), HOUR, Some((network(number), HOUR))), Instant::ZERO);
    }
    assert_eq!(routers.addresses().count(), PREFIXES_MAX);
}
