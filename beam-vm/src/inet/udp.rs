// SPDX-License-Identifier: Apache-2.0
//! The driver of datagrams. One that was sent to is never busy: what the network does not take at once is an error.

use alloc::vec::Vec;

use super::control::{self, command};
use super::message::{self, Shape};
use super::options::After;
use super::reply::{self, Answer, Failure};
use super::{Active, Deliver, Due, Inet, Request, Status, address};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::platform::{Address, Ancillary, Datagram, Errno, Interest, SocketError, SocketId, SocketKind};
use crate::port::{ControlError, Driver, Port, Reach};
use crate::term::Term;

/// Datagrams that are read at once, unless a program says how many.
const AT_ONCE: u32 = 5;

/// The state of the driver.
#[derive(Debug)]
pub struct Udp {
    /// What all sockets have.
    pub inet: Inet,
    /// Datagrams that are read at once.
    pub read_packets: u32,
}

impl Default for Udp {
    fn default() -> Self {
        Self { inet: Inet::new(SocketKind::Datagram), read_packets: AT_ONCE }
    }
}

/// The driver of a port that has this one.
fn state(port: &mut Port) -> Option<&mut Udp> {
    match &mut port.driver {
        Driver::Udp(udp) => Some(udp),
        _ => None,
    }
}

fn invalid<T>() -> Result<T, Failure> {
    Err(Failure::INVALID)
}

/// Does a command.
///
/// # Errors
/// [`ControlError`].
pub fn control(
    port: &mut Port,
    reach: &mut Reach<'_>,
    operation: u32,
    data: &[u8],
) -> Result<Vec<u8>, ControlError> {
    let number = operation.wrapping_sub(control::BASE);
    let answer = match number {
        command::OPEN => control::open(port, reach, data).inspect(|_| watch(port, reach)),
        command::FDOPEN => control::adopt(port, reach, data).inspect(|_| watch(port, reach)),
        command::CLOSE => {
            port.close_socket(reach);
            Ok(Vec::new())
        }
        command::CONNECT => connect(port, reach, data),
        command::PACKET_RECV => receive(port, reach, data),
        _ => control::control(port, reach, number, data, after_options),
    };
    reply::encode(answer)
}

fn after_options(port: &mut Port, reach: &mut Reach<'_>, then: After) {
    if then == After::TellPassive {
        port.tell_about(reach, message::UDP.passive);
    }
    watch(port, reach);
}

/// Says what is to be told of the socket from now on.
fn watch(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    let Some(socket) = own.inet.socket else { return };
    let read = own.inet.active.is_any() || !own.inet.requests.is_empty();
    reach.watch_socket(id, socket, Interest { read, write: false });
}

fn open_socket(port: &mut Port) -> Result<SocketId, Failure> {
    state(port).and_then(|own| own.inet.socket).ok_or(Failure::BadPort)
}

/// Says to whom datagrams go, or that they go to whom each is addressed.
fn connect(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let socket = open_socket(port)?;
    let Some(own) = state(port) else { return invalid() };
    let all = reach.sockets().ok_or(Failure::BadPort)?;
    if data.is_empty() {
        all.disconnect(socket);
        own.inet.status = Status::Open;
    } else {
        let mut rest = data.get(4..).filter(|_| data.len() >= 6).ok_or(Failure::INVALID)?;
        let address = address::decode(&mut rest, own.inet.family)?;
        if own.inet.status == Status::Connected {
            // Else it would keep the address that it has got for the other one.
            all.disconnect(socket);
        }
        own.inet.status = Status::Open;
        if let Err(error) = all.connect(socket, &address) {
            all.disconnect(socket);
            return Err(error.into());
        }
        own.inet.status = Status::Connected;
    }
    let id = own.inet.new_request();
    let caller = reach.caller().ok_or(Failure::INVALID)?;
    port.request_ok(reach, &Request { id, caller, timer: None });
    Ok(id.0.to_be_bytes().to_vec())
}

/// Asks for a datagram.
fn receive(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let port_id = port.id;
    open_socket(port)?;
    let Some(own) = state(port) else { return invalid() };
    let [timeout @ .., _, _, _, _] = data else { return invalid() };
    let timeout: [u8; 4] = timeout.try_into().map_err(|_| Failure::INVALID)?;
    if own.inet.active.is_any() {
        return invalid();
    }
    if !own.inet.requests.is_empty() {
        return Err(Failure::Posix(Errno::EALREADY));
    }
    let id = own.inet.new_request();
    let caller = reach.caller().ok_or(Failure::INVALID)?;
    own.inet.requests.push_back(Request { id, caller, timer: None });
    input(port, reach);
    let timeout = u32::from_be_bytes(timeout);
    if timeout != u32::MAX
        && let Some(request) = state(port).and_then(|own| own.inet.requests.front_mut())
    {
        request.timer = Some(reach.set_timer(port_id, Due::Request(id), timeout));
    }
    watch(port, reach);
    Ok(id.0.to_be_bytes().to_vec())
}

/// Does what a timer was set for.
pub fn due(port: &mut Port, reach: &mut Reach<'_>, due: Due) {
    let Due::Request(id) = due else { return };
    if let Some(request) = state(port).and_then(|own| own.inet.take_request(id)) {
        port.request_fails(reach, &request, predefined::TIMEOUT);
        watch(port, reach);
    }
}

/// Does what the socket is ready for.
pub fn ready(port: &mut Port, reach: &mut Reach<'_>, _: Interest) {
    input(port, reach);
    watch(port, reach);
}

/// Reads what has come, as much as is wanted.
fn input(port: &mut Port, reach: &mut Reach<'_>) {
    let mut buffer = core::mem::take(&mut reach.vm.ports.buffer);
    let mut left = state(port).map_or(0, |own| own.read_packets);
    while left > 0 {
        left -= 1;
        let Some(own) = state(port) else { break };
        if !own.inet.active.is_any() && own.inet.requests.is_empty() {
            break;
        }
        let Some(socket) = own.inet.socket else { break };
        let size = own.inet.buffer;
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let Some(all) = reach.sockets() else { break };
        match all.receive_from(socket, &mut buffer[..size]) {
            Ok(datagram) => received(port, reach, &datagram, &buffer[..datagram.len.min(size)]),
            Err(SocketError::NotNow) => break,
            Err(SocketError::Posix(error)) => {
                let reason = reach.reason(Failure::Posix(error));
                failed(port, reach, reason);
            }
        }
    }
    reach.vm.ports.buffer = buffer;
}

fn failed(port: &mut Port, reach: &mut Reach<'_>, reason: Atom) {
    let Some(own) = state(port) else { return };
    match own.inet.requests.pop_front() {
        Some(request) => port.request_fails(reach, &request, reason),
        None => port.tell_error(reach, message::UDP.error, reason),
    }
}

/// Gives a datagram to who wants it.
fn received(port: &mut Port, reach: &mut Reach<'_>, datagram: &Datagram, bytes: &[u8]) {
    port.input += bytes.len() as u64;
    reach.vm.ports.traffic.0 += bytes.len() as u64;
    let Some(own) = state(port) else { return };
    own.inet.statistics.received(bytes.len());
    let shape = Shape { form: own.inet.form, header: own.inet.header, deliver: own.inet.deliver };
    let beside = own.inet.beside;
    let wants_beside = beside.type_of_service || beside.traffic_class || beside.time_to_live;
    let ancillary = wants_beside.then_some(&datagram.ancillary);
    if let Some(request) = own.inet.requests.pop_front() {
        port.request_gives(reach, &request, |heap| {
            let data = message::data(heap, bytes, shape.form, shape.header);
            let mut head = Vec::new();
            address::encode(&datagram.from, &mut head);
            let data = message::byte_list_before(heap, &head, data);
            match ancillary {
                Some(ancillary) => {
                    let ancillary = message::ancillary(heap, ancillary);
                    build::tuple(heap, &[data, ancillary])
                }
                None => data,
            }
        });
        return;
    }
    let is_last = match own.inet.active {
        Active::Once => {
            own.inet.active = Active::Passive;
            false
        }
        Active::Count(count) => {
            own.inet.active = if count > 1 { Active::Count(count - 1) } else { Active::Passive };
            count <= 1
        }
        Active::Always | Active::Passive => false,
    };
    tell(port, reach, datagram, bytes, shape, ancillary);
    if is_last {
        port.tell_about(reach, message::UDP.passive);
    }
}

/// `{udp, Port, Host, Number, Data}`, with what came beside before the data, or `{Port, {data, Data}}`.
fn tell(
    port: &Port,
    reach: &mut Reach<'_>,
    datagram: &Datagram,
    bytes: &[u8],
    shape: Shape,
    ancillary: Option<&Ancillary>,
) {
    let (id, form) = (port.id, port.framing.form);
    reach.tell(port.connected, |heap| {
        if shape.deliver == Deliver::Port {
            // The address is the beginning of what is delivered.
            let mut whole = Vec::new();
            address::encode(&datagram.from, &mut whole);
            whole.extend_from_slice(bytes);
            let data = message::plain(heap, &whole, shape, form);
            let pair = build::tuple(heap, &[Term::atom(predefined::DATA), data]);
            return build::tuple(heap, &[Term::port(id), pair]);
        }
        let data = message::data(heap, bytes, shape.form, shape.header);
        let [host, number] = message::host_and_port(heap, &datagram.from);
        let mut parts = alloc::vec![Term::atom(message::UDP.data), Term::port(id), host, number];
        if let Some(ancillary) = ancillary {
            parts.push(message::ancillary(heap, ancillary));
        }
        parts.push(data);
        build::tuple(heap, &parts)
    });
}

/// What is to be sent: to whom, what goes beside it, and the data.
fn outgoing<'a>(inet: &Inet, bytes: &'a [u8]) -> Result<(Address, Ancillary, &'a [u8]), Failure> {
    let mut rest = bytes;
    let to = address::decode(&mut rest, inet.family)?;
    let len = u32::from_be_bytes(address::take(&mut rest)?);
    let (mut beside, data) = rest.split_at_checked(len as usize).ok_or(Failure::INVALID)?;
    let mut ancillary = Ancillary::default();
    while let Some((code, values)) = beside.split_first() {
        beside = values;
        let value = Some(i32::from_be_bytes(address::take(&mut beside)?));
        match code {
            9 => ancillary.type_of_service = value,
            41 => ancillary.traffic_class = value,
            46 => ancillary.time_to_live = value,
            _ => return invalid(),
        }
    }
    Ok((to, ancillary, data))
}

/// Sends a datagram.
pub fn output(port: &mut Port, reach: &mut Reach<'_>, bytes: &[u8]) {
    let sender = reach.caller();
    let sent = send(port, reach, bytes).map_err(|failure| reach.reason(failure));
    port.reply(reach, sender, sent);
}

fn send(port: &mut Port, reach: &mut Reach<'_>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(own) = state(port) else { return invalid() };
    let Some(socket) = own.inet.socket else { return invalid() };
    let (to, ancillary, data) = outgoing(&own.inet, bytes)?;
    own.inet.statistics.sent(data.len());
    let to = Some(&to).filter(|_| own.inet.status != Status::Connected);
    reach.sockets().ok_or(Failure::INVALID)?.send_to(socket, data, to, &ancillary)?;
    Ok(())
}

/// Lets go of the socket.
pub fn stop(port: &mut Port, reach: &mut Reach<'_>) {
    port.fail_requests(reach, predefined::CLOSED);
    port.close_socket(reach);
}
