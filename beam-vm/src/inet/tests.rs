// SPDX-License-Identifier: Apache-2.0
//! Commands to sockets of a network that does as it is told.

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Tcp, Udp, address, control};
use crate::platform::{
    Address, Ancillary, Datagram, Errno, Event, Family, Interest, Interface, Linger, Platform, Shutdown,
    SocketError, SocketId, SocketKind, SocketOption, SocketResult, Sockets,
};
use crate::port::{Driver, Port, Reach};
use crate::term::{LocalPid, LocalPort};
use crate::vm::Vm;

/// A network with one connection, which takes so many bytes and has said some.
#[derive(Default)]
struct Network {
    room: usize,
    sent: Vec<u8>,
    said: VecDeque<Vec<u8>>,
}

const REFUSED: SocketError = SocketError::Posix(Errno::ECONNREFUSED);

impl Sockets for Network {
    fn open(&mut self, _: Family, _: SocketKind) -> SocketResult<SocketId> {
        Ok(SocketId(1))
    }

    fn bind(&mut self, _: SocketId, _: &Address) -> SocketResult<()> {
        Ok(())
    }

    fn listen(&mut self, _: SocketId, _: u16) -> SocketResult<()> {
        Ok(())
    }

    fn accept(&mut self, _: SocketId) -> SocketResult<SocketId> {
        Err(SocketError::NotNow)
    }

    fn connect(&mut self, _: SocketId, address: &Address) -> SocketResult<()> {
        if address.port() == Some(1) { Err(REFUSED) } else { Ok(()) }
    }

    fn disconnect(&mut self, _: SocketId) {}

    fn outcome(&mut self, _: SocketId) -> SocketResult<()> {
        Ok(())
    }

    fn name(&mut self, _: SocketId) -> SocketResult<Address> {
        Ok(Address::V4 { ip: [10, 0, 0, 1], port: 4000 })
    }

    fn peer(&mut self, _: SocketId) -> SocketResult<Address> {
        Ok(Address::V4 { ip: [10, 0, 0, 2], port: 5000 })
    }

    fn receive(&mut self, _: SocketId, buffer: &mut [u8]) -> SocketResult<usize> {
        let mut bytes = self.said.pop_front().ok_or(SocketError::NotNow)?;
        let rest = bytes.split_off(bytes.len().min(buffer.len()));
        if !rest.is_empty() {
            self.said.push_front(rest);
        }
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn send(&mut self, _: SocketId, pieces: &[&[u8]]) -> SocketResult<usize> {
        let bytes = pieces.concat();
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.sent.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(SocketError::NotNow) } else { Ok(count) }
    }

    fn receive_from(&mut self, _: SocketId, buffer: &mut [u8]) -> SocketResult<Datagram> {
        let bytes = self.said.pop_front().ok_or(SocketError::NotNow)?;
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        Ok(Datagram { len, from: self.peer(SocketId(1))?, ancillary: Ancillary::default() })
    }

    fn send_to(
        &mut self,
        _: SocketId,
        bytes: &[u8],
        _: Option<&Address>,
        _: &Ancillary,
    ) -> SocketResult<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn shutdown(&mut self, _: SocketId, _: Shutdown) -> SocketResult<()> {
        Ok(())
    }

    fn option(&mut self, _: SocketId, _: SocketOption) -> SocketResult<i32> {
        Ok(1)
    }

    fn set_option(&mut self, _: SocketId, _: SocketOption, _: i32) -> SocketResult<()> {
        Ok(())
    }

    fn linger(&mut self, _: SocketId) -> SocketResult<Linger> {
        Ok(Linger { is_on: false, seconds: 0 })
    }

    fn set_linger(&mut self, _: SocketId, _: Linger) -> SocketResult<()> {
        Ok(())
    }

    fn watch(&mut self, _: SocketId, _: Interest) {}

    fn close(&mut self, _: SocketId) {}

    fn poll(&mut self, _: &mut Vec<Event>) {}

    fn host_name(&mut self) -> Vec<u8> {
        b"here".to_vec()
    }

    fn interfaces(&mut self) -> SocketResult<Vec<Interface>> {
        Ok(Vec::new())
    }
}

/// A platform that has a network and nothing else.
#[derive(Default)]
struct World(Network);

impl Platform for World {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        Some(&mut self.0)
    }

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

fn machine(network: Network) -> Vm {
    Vm::new(Box::new(World(network))).expect("a machine")
}

fn port(driver: Driver) -> Port {
    Port::new(LocalPort(1), b"a port".to_vec(), LocalPid(0), driver)
}

fn tcp() -> Port {
    port(Driver::Tcp(Box::default()))
}

fn command(vm: &mut Vm, port: &mut Port, number: u32, data: &[u8]) -> Vec<u8> {
    let answer = port.control(&mut Reach::outside(vm), control::BASE + number, data);
    answer.expect("the command is known")
}

#[test]
fn a_socket_is_opened_once_and_named() {
    let mut vm = machine(Network::default());
    let mut port = tcp();
    assert_eq!(command(&mut vm, &mut port, 6, &[1, 0, 0, 127, 0, 0, 1]), b"\0exbadport");
    assert_eq!(command(&mut vm, &mut port, 1, &[9, 1]), b"\0eafnosupport");
    assert_eq!(command(&mut vm, &mut port, 1, &[1, 1]), [1]);
    assert_eq!(command(&mut vm, &mut port, 1, &[1, 1]), b"\0exbadseq");
    assert_eq!(command(&mut vm, &mut port, 6, &[4, 0, 0]), [1, 0x0F, 0xA0]);
    assert_eq!(command(&mut vm, &mut port, 5, &[]), [1, 1, 0x0F, 0xA0, 10, 0, 0, 1]);
    assert_eq!(command(&mut vm, &mut port, 4, &[]), b"\0enotconn");
    assert_eq!(command(&mut vm, &mut port, 12, &[]), b"\x01here");
}

#[test]
fn options_are_read_as_they_were_set() {
    let mut vm = machine(Network::default());
    let mut port = tcp();
    let options = [vec![23, 0, 0, 0, 3], vec![24, 0, 0, 0, 1], vec![20, 0, 0, 4, 0], vec![30, 0, 0, 0, 9]];
    for option in &options {
        assert_eq!(command(&mut vm, &mut port, 7, option), [1]);
        assert_eq!(command(&mut vm, &mut port, 8, &option[..1]), [&[1][..], option].concat());
    }
    assert_eq!(command(&mut vm, &mut port, 8, &[200]), b"\0einval");
}

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![
        (any::<[u8; 4]>(), any::<u16>()).prop_map(|(ip, port)| Address::V4 { ip, port }),
        prop::collection::vec(any::<u8>(), 0..100).prop_map(Address::Local),
    ]
}

proptest! {
    #[test]
    fn an_address_is_read_as_it_was_written(address in any_address()) {
        let mut bytes = Vec::new();
        address::encode(&address, &mut bytes);
        let mut rest = &bytes[..];
        prop_assert_eq!(address::decode(&mut rest, Family::V4), Ok(address));
        prop_assert!(rest.is_empty());
    }

    /// Whatever is commanded and written is answered.
    #[test]
    fn no_command_is_too_strange(
        commands in prop::collection::vec((1..62u32, prop::collection::vec(any::<u8>(), 0..12)), 1..20),
        said in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..4),
        is_stream in any::<bool>(),
    ) {
        let network = Network { room: 5, sent: Vec::new(), said: said.into() };
        let mut vm = machine(network);
        let driver = if is_stream { Driver::Tcp(Box::default()) } else { Driver::Udp(Box::default()) };
        let mut port = port(driver);
        let _ = command(&mut vm, &mut port, 1, &[1, if is_stream { 1 } else { 2 }]);
        for (number, data) in commands {
            let mut reach = Reach::outside(&mut vm);
            let _ = port.control(&mut reach, control::BASE + number, &data);
            port.socket_ready(&mut reach, Interest { read: true, write: true });
            port.command(&mut reach, data);
        }
        port.close(&mut Reach::outside(&mut vm), crate::term::Term::NIL);
    }
}

#[test]
fn drivers_are_small() {
    assert!(size_of::<Driver>() <= 192, "{} {} {}", size_of::<Driver>(), size_of::<Tcp>(), size_of::<Udp>());
}
