// SPDX-License-Identifier: Apache-2.0
//! Connecting.

use super::super::reply::{Answer, Failure};
use super::super::{Due, Request, Status, address};
use super::{own, state};
use crate::platform::{Errno, SocketError};
use crate::port::{Port, Reach};

/// Begins to connect.
pub(super) fn connect(port: &mut Port, reach: &mut Reach<'_>, data: &[u8]) -> Answer {
    let port_id = port.id;
    let own = own(port)?;
    let socket = own.inet.socket.ok_or(Failure::BadPort)?;
    match own.inet.status {
        Status::Connected => return Err(Failure::Posix(Errno::EISCONN)),
        Status::Connecting => return Err(Failure::INVALID),
        Status::Closed | Status::Open | Status::Listening => {}
    }
    if data.len() < 6 {
        return Err(Failure::INVALID);
    }
    let mut rest = data;
    let timeout = u32::from_be_bytes(address::take(&mut rest)?);
    let address = address::decode(&mut rest, own.inet.family)?;
    let connected = reach.sockets().ok_or(Failure::BadPort)?.connect(socket, &address);
    let caller = reach.caller().ok_or(Failure::INVALID)?;
    let id = own.inet.new_request();
    let mut request = Request { id, caller, timer: None };
    match connected {
        Ok(()) => {
            own.inet.status = Status::Connected;
            port.request_ok(reach, &request);
        }
        Err(SocketError::NotNow) => {
            own.inet.status = Status::Connecting;
            if timeout != u32::MAX {
                request.timer = Some(reach.set_timer(port_id, Due::Request(id), timeout));
            }
            own.inet.requests.push_back(request);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(id.0.to_be_bytes().to_vec())
}

/// Tells how connecting has ended.
pub(super) fn ended(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    let Some(socket) = own.inet.socket else { return };
    let Some(all) = reach.sockets() else { return };
    let outcome = all.outcome(socket);
    own.inet.status = if outcome.is_ok() { Status::Connected } else { Status::Open };
    let Some(request) = own.inet.requests.pop_front() else { return };
    match outcome {
        Ok(()) => port.request_ok(reach, &request),
        Err(error) => {
            let reason = reach.reason(error.into());
            port.request_fails(reach, &request, reason);
        }
    }
}
