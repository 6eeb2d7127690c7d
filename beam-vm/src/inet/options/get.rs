// SPDX-License-Identifier: Apache-2.0
//! `inet:getopts/2`: what is asked for comes back as it would be set. What a socket does not have is left out.

use alloc::vec;
use alloc::vec::Vec;

use super::super::address::{code_of, take};
use super::super::reply::{Answer, Failure};
use super::super::{Active, Deliver};
use super::{active, code, plain};
use crate::inet::tcp::SendTimeout;
use crate::platform::{Family, RawOption, SocketId, SocketKind, SocketOption, SocketResult, Sockets};
use crate::port::{Driver, Form, Port, Reach};

/// The longest value of an option by the numbers of the host's system.
const LONGEST: u32 = 1 << 16;

/// Reads the options that `request` names.
///
/// # Errors
/// [`Failure::INVALID`].
pub fn get(port: &mut Port, reach: &mut Reach<'_>, request: &[u8]) -> Answer {
    let mut data = Vec::new();
    let mut rest = request;
    while let Some((code, after)) = rest.split_first() {
        rest = after;
        match *code {
            code::RAW => raw(port, reach, &mut rest, &mut data)?,
            code => item(port, reach, code, &mut data)?,
        }
    }
    Ok(data)
}

/// Asks the platform about a port's socket.
fn ask<T>(
    port: &mut Port,
    reach: &mut Reach<'_>,
    question: impl FnOnce(&mut dyn Sockets, SocketId) -> SocketResult<T>,
) -> Option<T> {
    let socket = port.inet()?.socket?;
    question(reach.sockets()?, socket).ok()
}

fn word(data: &mut Vec<u8>, code: u8, value: u32) {
    data.push(code);
    data.extend_from_slice(&value.to_be_bytes());
}

fn item(port: &mut Port, reach: &mut Reach<'_>, code: u8, data: &mut Vec<u8>) -> Result<(), Failure> {
    if let Some((option, _)) = plain(code) {
        if is_there(port, option)
            && let Some(value) = ask(port, reach, |all, socket| all.option(socket, option))
        {
            word(data, code, value as u32);
        }
        return Ok(());
    }
    match code {
        code::LINGER => {
            if let Some(linger) = ask(port, reach, |all, socket| all.linger(socket)) {
                word(data, code, u32::from(linger.is_on));
                data.extend_from_slice(&linger.seconds.to_be_bytes());
            }
        }
        code::MULTICAST_IF => multicast_interface(port, reach, data),
        code::BIND_TO_DEVICE => {
            let mut name = [0; 16];
            let option = RawOption::BIND_TO_DEVICE;
            if let Some(len) = ask(port, reach, |all, socket| all.raw_option(socket, option, &mut name)) {
                let name = &name[..len.min(name.len())];
                let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
                word(data, code, name.len() as u32);
                data.extend_from_slice(name);
            }
        }
        code::PKTOPTIONS => packet_options(port, reach, data),
        code::NETNS => {
            if let Some(name) = port.inet().and_then(|inet| inet.namespace.as_ref()) {
                word(data, code, name.len() as u32);
                data.extend_from_slice(name);
            }
        }
        _ => own(port, code, data)?,
    }
    Ok(())
}

/// Whether a socket has an option at all: what the platform would tell of one of another family or kind is of no use.
fn is_there(port: &mut Port, option: SocketOption) -> bool {
    let Some(inet) = port.inet() else { return false };
    match option {
        SocketOption::NoDelay | SocketOption::NoPush => inet.kind == SocketKind::Stream,
        SocketOption::TrafficClass | SocketOption::ReceiveTrafficClass | SocketOption::V6Only => {
            inet.family == Family::V6
        }
        _ => true,
    }
}

/// What came beside the last packet, of a stream.
fn packet_options(port: &mut Port, reach: &mut Reach<'_>, data: &mut Vec<u8>) {
    if port.inet().is_none_or(|inet| inet.kind != SocketKind::Stream) {
        return;
    }
    let Some(beside) = ask(port, reach, |all, socket| all.packet_options(socket)) else { return };
    let wanted = [
        (beside.time_to_live, SocketOption::TimeToLive),
        (beside.type_of_service, SocketOption::TypeOfService),
        (beside.traffic_class, SocketOption::TrafficClass),
    ];
    let mut items = Vec::new();
    for (value, option) in wanted {
        if let (Some(value), Some(line)) = (value, super::PLAIN.iter().find(|line| line.1 == option)) {
            word(&mut items, line.0, value as u32);
        }
    }
    word(data, code::PKTOPTIONS, items.len() as u32);
    data.extend_from_slice(&items);
}

/// An address for version 4, a number for version 6; then the family.
fn multicast_interface(port: &mut Port, reach: &mut Reach<'_>, data: &mut Vec<u8>) {
    let Some(family) = port.inet().map(|inet| inet.family) else { return };
    let value = match family {
        Family::V4 => ask(port, reach, |all, socket| all.group_interface(socket)),
        Family::V6 => {
            let option = SocketOption::MulticastInterface;
            ask(port, reach, |all, socket| all.option(socket, option)).map(i32::to_be_bytes)
        }
        Family::Local => None,
    };
    if let Some(value) = value {
        data.push(code::MULTICAST_IF);
        data.extend_from_slice(&value);
        data.extend_from_slice(&u32::from(code_of(family)).to_be_bytes());
    }
}

/// The drivers' own options.
fn own(port: &mut Port, code: u8, data: &mut Vec<u8>) -> Result<(), Failure> {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let value = match code {
        code::ACTIVE => {
            let value = match inet.active {
                Active::Passive => active::PASSIVE,
                Active::Always => active::ALWAYS,
                Active::Once => active::ONCE,
                Active::Count(_) => active::COUNT,
            };
            word(data, code, value);
            if let Active::Count(count) = inet.active {
                data.extend_from_slice(&count.to_be_bytes());
            }
            return Ok(());
        }
        code::BUFFER => inet.buffer as u32,
        code::HEADER => inet.header as u32,
        code::PACKET => inet.packet_code,
        code::MODE => u32::from(inet.form == Form::Binary),
        code::DELIVER => u32::from(inet.deliver == Deliver::Term),
        code::EXIT_ON_CLOSE => u32::from(inet.exits_on_close),
        code::PACKET_SIZE => inet.limits.packet,
        code::HIGH_MSGQ_WATERMARK => inet.signals.high as u32,
        code::LOW_MSGQ_WATERMARK => inet.signals.low as u32,
        code::DEBUG => u32::from(inet.debug),
        _ => return of_kind(port, code, data),
    };
    word(data, code, value);
    Ok(())
}

/// Options that only one kind of socket has.
fn of_kind(port: &Port, code: u8, data: &mut Vec<u8>) -> Result<(), Failure> {
    let value = match (&port.driver, code) {
        (Driver::Tcp(tcp), code::HIGH_WATERMARK) => tcp.bytes.high as u32,
        (Driver::Tcp(tcp), code::LOW_WATERMARK) => tcp.bytes.low as u32,
        (Driver::Tcp(tcp), code::SEND_TIMEOUT) => tcp.send_timeout.map_or(u32::MAX, |time| time),
        (Driver::Tcp(tcp), code::SEND_TIMEOUT_CLOSE) => u32::from(tcp.after_timeout == SendTimeout::Close),
        (Driver::Tcp(tcp), code::DELAY_SEND) => u32::from(tcp.delays),
        (Driver::Tcp(tcp), code::SHOW_ECONNRESET) => u32::from(tcp.shows_reset),
        (Driver::Udp(udp), code::READ_PACKETS) => udp.read_packets,
        (_, code::HIGH_WATERMARK | code::LOW_WATERMARK | code::SEND_TIMEOUT | code::SEND_TIMEOUT_CLOSE)
        | (_, code::DELAY_SEND | code::SHOW_ECONNRESET | code::READ_PACKETS) => return Ok(()),
        _ => return Err(Failure::INVALID),
    };
    word(data, code, value);
    Ok(())
}

/// An option by the numbers of the host's system. Its size, or its first value, is part of the question.
fn raw(port: &mut Port, reach: &mut Reach<'_>, rest: &mut &[u8], data: &mut Vec<u8>) -> Result<(), Failure> {
    let level = i32::from_be_bytes(take(rest)?);
    let name = i32::from_be_bytes(take(rest)?);
    let [is_value] = take(rest)?;
    let len = u32::from_be_bytes(take(rest)?);
    let mut value = if is_value == 0 {
        vec![0; len.min(LONGEST) as usize]
    } else {
        let (value, after) = rest.split_at_checked(len as usize).ok_or(Failure::INVALID)?;
        *rest = after;
        value.to_vec()
    };
    let option = RawOption { level, name };
    let Some(len) = ask(port, reach, |all, socket| all.raw_option(socket, option, &mut value)) else {
        return Ok(());
    };
    data.push(code::RAW);
    data.extend_from_slice(&level.to_be_bytes());
    data.extend_from_slice(&name.to_be_bytes());
    let value = &value[..len.min(value.len())];
    data.extend_from_slice(&(value.len() as u32).to_be_bytes());
    data.extend_from_slice(value);
    Ok(())
}
