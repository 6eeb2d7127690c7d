// SPDX-License-Identifier: Apache-2.0
//! Datagrams between two stacks: to whom they come, what is told of those that nobody takes, and what their headers say.

use super::*;
use crate::beside::Beside;
use crate::options::SendBuffer;

#[test]
fn datagrams_find_their_sockets() {
    let mut world = World::new(1, Faults::default());
    let server = world.right.open(Family::V4, Kind::Datagram);
    world.right.bind(server, address("0.0.0.0:53")).unwrap();
    let client = world.left.open(Family::V4, Kind::Datagram);
    assert_eq!(world.left.send_to(client, b"x", None), Err(Error::NoDestination));
    let long = vec![9; 9000];
    for bytes in [&b"question"[..], b"", &long] {
        assert_eq!(world.left.send_to(client, bytes, Some(address("10.0.0.2:53"))), Ok(bytes.len()));
        let mut buffer = vec![0; 10_000];
        let mut received = Err(Error::NotNow);
        world.until("received", |world| {
            received = world.right.receive_from(server, &mut buffer);
            received.is_ok()
        });
        let received = received.unwrap();
        assert_eq!(&buffer[..received.len], bytes, "in pieces, too");
        assert_eq!(
            received.from,
            SocketAddr::new(address("10.0.0.1:0").ip(), world.left.name(client).unwrap().port())
        );
    }
    // Connected, it takes nothing from others.
    world.left.connect(client, address("10.0.0.2:99")).unwrap();
    let from = world.left.name(client).unwrap().port();
    world
        .right
        .send_to(server, b"not for you", Some(SocketAddr::new(address("10.0.0.1:0").ip(), from)))
        .unwrap();
    for _ in 0..100 {
        world.step();
    }
    assert_eq!(world.left.receive_from(client, &mut [0; 10]), Err(Error::NotNow));
    let too_long = vec![0; 60_000];
    assert_eq!(world.left.send_to(client, &too_long, None), Err(Error::TooLong));
    world.left.close(client);
    world.right.close(server);
    assert_eq!((world.left.usage(), world.right.usage()), ((0, 0), (0, 0)));
}

#[test]
fn who_is_connected_is_told_that_nobody_takes_datagrams() {
    let mut world = World::new(1, Faults::default());
    let others = world.left.open(Family::V4, Kind::Datagram);
    assert_eq!(world.left.send_to(others, b"x", Some(address("10.0.0.2:99"))), Ok(1));
    for (family, to) in [(Family::V4, "10.0.0.2:99"), (Family::V4, "127.0.0.1:99"), (Family::V6, "[::1]:99")]
    {
        let client = world.left.open(family, Kind::Datagram);
        world.left.connect(client, address(to)).unwrap();
        world.left.watch(client, Readiness { read: true, write: false });
        // What is told of it is longer than what an error has room for.
        for bytes in [&b"x"[..], &vec![7; 1400]] {
            assert_eq!(world.left.send_to(client, bytes, None), Ok(bytes.len()));
            world.until("told", |world| world.left.has_ready());
            assert_eq!(world.left.receive_from(client, &mut [0; 10]), Err(Error::Refused));
            assert_eq!(world.left.receive_from(client, &mut [0; 10]), Err(Error::NotNow), "once");
        }
        assert_eq!(world.left.send_to(client, b"x", None), Ok(1));
        world.until("told", |world| world.left.has_ready());
        assert_eq!(world.left.send_to(client, b"x", None), Err(Error::Refused), "or by sending");
        world.left.close(client);
    }
    assert_eq!(
        world.left.receive_from(others, &mut [0; 10]),
        Err(Error::NotNow),
        "who is not connected is not"
    );
}

#[test]
fn headers_of_datagrams_say_what_they_were_told() {
    let mut world = World::new(1, Faults::default());
    let cases = [(Family::V4, "10.0.0.2:53"), (Family::V6, "[fe80::1]:53"), (Family::V4, "127.0.0.1:53")];
    for (family, to) in cases {
        let to = match family {
            Family::V4 => address(to),
            Family::V6 => {
                let of = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
                let (.., addresses, _) = world.right.interfaces().nth(1).expect("an interface");
                let ip = addresses.iter().map(|(ip, _)| *ip).find(of).expect("an address of the link");
                SocketAddr::new(ip, 53)
            }
        };
        let client = world.left.open(family, Kind::Datagram);
        let is_near = to.ip().is_loopback();
        let receiver = if is_near { &mut world.left } else { &mut world.right };
        let server = receiver.open(family, Kind::Datagram);
        receiver.bind(server, SocketAddr::new(to.ip(), 53)).unwrap();
        for told in [
            Beside::default(),
            Beside { service: Some(96), hops: None },
            Beside { service: Some(225), hops: Some(33) },
        ] {
            assert_eq!(world.left.send_with(client, b"x", Some(to), told), Ok(1));
            let mut received = Err(Error::NotNow);
            world.until("received", |world| {
                let receiver = if is_near { &mut world.left } else { &mut world.right };
                received = receiver.receive_from(server, &mut [0; 10]);
                received.is_ok()
            });
            // smoltcp does not tell what it was told of a packet of version 6.
            let told = if family == Family::V4 { told } else { Beside::default() };
            let usual = Beside { service: told.service.or(Some(0)), hops: told.hops.or(Some(64)) };
            assert_eq!(received.unwrap().beside, usual, "{to}");
        }
    }
}

#[test]
fn buffers_of_datagrams_change_while_they_are_empty() {
    let mut world = World::new(1, Faults::default());
    let server = world.left.open(Family::V4, Kind::Datagram);
    world.left.bind(server, address("127.0.0.1:53")).unwrap();
    let client = world.left.open(Family::V4, Kind::Datagram);
    let to = Some(address("127.0.0.1:53"));
    let set = |world: &mut World, bytes| {
        for socket in [client, server] {
            let options = world.left.options(socket).unwrap();
            let options = Options { send_buffer: SendBuffer::Bytes(bytes), receive_buffer: bytes, ..options };
            assert_eq!(world.left.set_options(socket, options), Ok(()));
        }
    };
    let echoed = |world: &mut World, bytes: usize| {
        world.left.send_to(client, &vec![7; bytes], to)?;
        let mut received = Err(Error::NotNow);
        world.until("received", |world| {
            received = world.left.receive_from(server, &mut vec![0; 60_000]);
            received.is_ok()
        });
        received.map(|received| received.len)
    };
    for bytes in [8192, 50_000, 4096, 30_000] {
        set(&mut world, bytes);
        assert_eq!(echoed(&mut world, bytes), Ok(bytes));
        assert_eq!(echoed(&mut world, bytes + 1), Err(Error::TooLong));
    }
    world.left.send_to(client, b"x", to).unwrap();
    world.step();
    set(&mut world, 2048);
    assert_eq!(world.left.receive_from(server, &mut [0; 10]).unwrap().len, 1, "what waits is not lost");
    let source = world.left.name(client).unwrap();
    world.left.connect(client, address("10.0.0.2:53")).unwrap();
    assert_eq!(world.left.name(client), Ok(SocketAddr::new(address("10.0.0.1:0").ip(), source.port())));
    assert_eq!(world.left.connect(client, address("8.8.8.8:53")), Err(Error::Unreachable));
    for socket in [client, server] {
        world.left.close(socket);
    }
    assert_eq!(world.left.usage(), (0, 0));
}
