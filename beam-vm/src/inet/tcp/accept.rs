// SPDX-License-Identifier: Apache-2.0
//! Listeners. Any number of processes may wait for connections; who has waited longest gets the next one.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::reply::{Answer, Failure};
use super::super::{Due, Request, Status};
use super::{Tcp, own, state};
use crate::platform::{Errno, SocketError, SocketId};
use crate::port::{Driver, Port, Reach};
use crate::term::{LocalPid, LocalPort, Term};

/// Lets others connect.
pub(super) fn listen(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let own = own(port)?;
    let socket = own.inet.socket.ok_or(Failure::BadPort)?;
    let backlog: [u8; 2] = data.try_into().map_err(|_| Failure::INVALID)?;
    reach.sockets().ok_or(Failure::BadPort)?.listen(socket, u16::from_be_bytes(backlog))?;
    own.inet.status = Status::Listening;
    Ok(Vec::new())
}

/// Asks for a connection.
pub(super) fn accept(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let port_id = port.id;
    let own = own(port)?;
    let timeout: [u8; 4] = data.try_into().map_err(|_| Failure::INVALID)?;
    let timeout = u32::from_be_bytes(timeout);
    let socket = own.inet.socket.filter(|_| own.inet.status == Status::Listening).ok_or(Failure::INVALID)?;
    let caller = reach.caller().ok_or(Failure::INVALID)?;
    let id = own.inet.new_request();
    let mut request = Request { id, caller, timer: None };
    if own.inet.requests.is_empty() {
        match reach.sockets().ok_or(Failure::INVALID)?.accept(socket) {
            Ok(accepted) => {
                give(port, reach, &request, accepted);
                return Ok(id.0.to_be_bytes().to_vec());
            }
            Err(SocketError::NotNow) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if timeout != u32::MAX {
        request.timer = Some(reach.set_timer(port_id, Due::Request(id), timeout));
    }
    self::own(port)?.inet.requests.push_back(request);
    Ok(id.0.to_be_bytes().to_vec())
}

/// Takes the connections that processes wait for.
pub(super) fn ready(port: &mut Port, reach: &mut Reach<'_>) {
    while let Some(request) = next(port, reach) {
        let Some(socket) = state(port).and_then(|own| own.inet.socket) else { return };
        let Some(all) = reach.sockets() else { return };
        let accepted = all.accept(socket);
        if accepted == Err(SocketError::NotNow) {
            return;
        }
        if let Some(own) = state(port) {
            own.inet.requests.pop_front();
        }
        match accepted {
            Ok(accepted) => give(port, reach, &request, accepted),
            Err(error) => {
                let reason = reach.reason(error.into());
                port.request_fails(reach, &request, reason);
            }
        }
    }
}

/// Who has waited longest of those that are still alive.
fn next(port: &mut Port, reach: &mut Reach<'_>) -> Option<Request> {
    let own = state(port)?;
    loop {
        let request = *own.inet.requests.front()?;
        if reach.is_alive(request.caller) {
            return Some(request);
        }
        own.inet.requests.pop_front();
        if let Some(timer) = request.timer {
            reach.vm.timers.cancel(timer);
        }
    }
}

/// Makes a port of a connection, which belongs to who has asked, and tells it.
fn give(port: &mut Port, reach: &mut Reach<'_>, request: &Request, socket: SocketId) {
    let Some(own) = state(port) else { return };
    let tcp = Tcp {
        bytes: own.bytes,
        send_timeout: own.send_timeout,
        after_timeout: own.after_timeout,
        shows_reset: own.shows_reset,
        drops_when_closed: own.drops_when_closed,
        ..Tcp::new(own.inet.accepted(socket))
    };
    match make(reach, request.caller, tcp) {
        Some(id) => port.request_gives(reach, request, |_| Term::port(id)),
        None => {
            reach.close_socket(socket);
            let reason = reach.reason(Failure::Posix(Errno::EMFILE));
            port.request_fails(reach, request, reason);
        }
    }
}

fn make(reach: &mut Reach<'_>, owner: LocalPid, tcp: Tcp) -> Option<LocalPort> {
    let id = reach.vm.ports.new_id().ok()?;
    let mut port = Port::new(id, b"tcp_inet".to_vec(), owner, Driver::Tcp(Box::new(tcp)));
    port.links.insert(owner);
    reach.find(owner)?.links.insert(id);
    reach.vm.ports.put(Box::new(port));
    Some(id)
}
