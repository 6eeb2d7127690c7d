// SPDX-License-Identifier: Apache-2.0
//! `inet:setopts/2`. The options before one that makes no sense stay set.

use super::super::address::take;
use super::super::reply::Failure;
use super::super::{Active, Deliver, Inet, Status};
use super::{OnError, active, code, plain};
use crate::inet::tcp::SendTimeout;
use crate::packet::{Packet, Text};
use crate::platform::{
    Errno, Family, Group, Linger, Membership, RawOption, SocketError, SocketId, SocketKind, SocketOption,
    SocketResult, Sockets,
};
use crate::port::{Driver, Form, Port, Reach};

/// What is to be done after options were set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// Nothing.
    Nothing,
    /// What is there already is to be given.
    Deliver,
    /// The socket is to be read.
    Read,
    /// The owner wants to be told what comes, but the other end has closed.
    TellClosed,
    /// As many packets as were asked for have come already.
    TellPassive,
}

/// Bytes of the shortest option.
const SHORTEST: usize = 5;

/// The names of the interfaces' options have at most so many bytes.
const INTERFACE_NAME: usize = 16;

/// The least and greatest limits of signals (`ERL_DRV_BUSY_MSGQ_LIM_MIN` and `_MAX`).
const SIGNALS: core::ops::RangeInclusive<i32> = 1..=i32::MAX;

/// Sets the options that `request` has.
///
/// # Errors
/// [`Failure::INVALID`].
pub fn set(port: &mut Port, reach: &mut Reach<'_>, request: &[u8]) -> Result<After, Failure> {
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let (old_active, old_packet) = (inet.active, inet.packet_code);
    let mut after = After::Nothing;
    let mut rest = request;
    // What is too short for an option at the end is none.
    while rest.len() >= SHORTEST {
        let [code] = take(&mut rest)?;
        match one(port, reach, code, &mut rest)? {
            After::Nothing => {}
            now => after = now,
        }
        if after == After::TellClosed {
            return Ok(after);
        }
    }
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let is_used = match inet.kind {
        SocketKind::Stream => inet.status == Status::Connected,
        SocketKind::Datagram => inet.is_open(),
    };
    if !is_used || after == After::TellPassive || !inet.active.is_any() {
        return Ok(after);
    }
    let has_new_packets = inet.packet_code != old_packet;
    if inet.kind == SocketKind::Stream && (!old_active.is_any() || has_new_packets) {
        let is_once = inet.active == Active::Once && !has_new_packets;
        return Ok(if is_once { After::Read } else { After::Deliver });
    }
    Ok(after)
}

fn one(port: &mut Port, reach: &mut Reach<'_>, code: u8, rest: &mut &[u8]) -> Result<After, Failure> {
    match code {
        code::LINGER => {
            let linger = Linger { is_on: number(rest)? != 0, seconds: number(rest)? };
            if let Driver::Tcp(tcp) = &mut port.driver {
                tcp.drops_when_closed = linger.is_on && linger.seconds == 0;
            }
            tell(port, reach, OnError::Ignore, |all, socket| all.set_linger(socket, linger))
        }
        code::MULTICAST_IF => {
            let value: [u8; 4] = take(rest)?;
            let family = port.inet().map(|inet| inet.family);
            tell(port, reach, OnError::Ignore, |all, socket| match family {
                Some(Family::V6) => {
                    all.set_option(socket, SocketOption::MulticastInterface, i32::from_be_bytes(value))
                }
                _ => all.set_group_interface(socket, value),
            })
        }
        code::ADD_MEMBERSHIP | code::DROP_MEMBERSHIP => {
            let group = group(rest)?;
            let join = if code == code::ADD_MEMBERSHIP { Membership::Join } else { Membership::Leave };
            tell(port, reach, OnError::Ignore, |all, socket| all.member(socket, group, join))
        }
        code::RAW => {
            let option = RawOption { level: number(rest)?, name: number(rest)? };
            let value = sized(rest)?;
            tell(port, reach, OnError::Ignore, |all, socket| all.set_raw_option(socket, option, value))
        }
        code::BIND_TO_DEVICE => {
            let name = sized(rest)?;
            if name.len() >= INTERFACE_NAME {
                return Err(Failure::INVALID);
            }
            let option = RawOption::BIND_TO_DEVICE;
            tell(port, reach, OnError::Tell, |all, socket| all.set_raw_option(socket, option, name))
        }
        code::NETNS => {
            let name = sized(rest)?.to_vec();
            port.inet().ok_or(Failure::INVALID)?.namespace = Some(name);
            Ok(After::Nothing)
        }
        code::ACTIVE => set_active(port, rest),
        code => {
            let value = number(rest)?;
            match plain(code) {
                Some((option, on_error)) => plain_option(port, reach, option, on_error, value),
                None => own(port, code, value),
            }
        }
    }
}

fn number(rest: &mut &[u8]) -> Result<i32, Failure> {
    take(rest).map(i32::from_be_bytes)
}

/// Bytes after their length.
fn sized<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Failure> {
    let len = u32::from_be_bytes(take(rest)?);
    let (value, after) = rest.split_at_checked(len as usize).ok_or(Failure::INVALID)?;
    *rest = after;
    Ok(value)
}

fn group(rest: &mut &[u8]) -> Result<Group, Failure> {
    let family = number(rest)?;
    let interface = number(rest)? as u32;
    match family {
        1 => Ok(Group::V4(take(rest)?, take(rest)?, interface)),
        2 => Ok(Group::V6(take(rest)?, interface)),
        _ => Err(Failure::INVALID),
    }
}

/// Tells the platform about a port's socket.
fn tell(
    port: &mut Port,
    reach: &mut Reach<'_>,
    on_error: OnError,
    work: impl FnOnce(&mut dyn Sockets, SocketId) -> SocketResult<()>,
) -> Result<After, Failure> {
    let done = match (port.inet().and_then(|inet| inet.socket), reach.sockets()) {
        (Some(socket), Some(all)) => work(all, socket),
        _ => Err(SocketError::Posix(Errno::EBADF)),
    };
    match done {
        Err(_) if on_error == OnError::Tell => Err(Failure::INVALID),
        _ => Ok(After::Nothing),
    }
}

/// Bytes of the largest datagram.
const LARGEST_DATAGRAM: usize = 1 << 16;

fn plain_option(
    port: &mut Port,
    reach: &mut Reach<'_>,
    option: SocketOption,
    on_error: OnError,
    value: i32,
) -> Result<After, Failure> {
    let Some(inet) = port.inet() else { return Ok(After::Nothing) };
    match option {
        // As much as the system keeps can come at once, but no datagram is larger than a packet.
        SocketOption::ReceiveBuffer if !inet.is_buffer_set => {
            let size = usize::try_from(value).unwrap_or(0);
            let is_too_much = size > LARGEST_DATAGRAM && inet.kind == SocketKind::Datagram;
            inet.buffer = if is_too_much { LARGEST_DATAGRAM } else { size.max(inet.buffer) };
        }
        SocketOption::ReceiveTypeOfService => inet.beside.type_of_service = value != 0,
        SocketOption::ReceiveTrafficClass => inet.beside.traffic_class = value != 0,
        SocketOption::ReceiveTimeToLive => inet.beside.time_to_live = value != 0,
        _ => {}
    }
    tell(port, reach, on_error, |all, socket| match option {
        SocketOption::TypeOfService | SocketOption::TrafficClass => {
            // Linux changes the priority too, which is an option of its own here.
            let priority = all.option(socket, SocketOption::Priority);
            all.set_option(socket, option, value)?;
            priority.map_or(Ok(()), |priority| all.set_option(socket, SocketOption::Priority, priority))
        }
        _ => all.set_option(socket, option, value),
    })
}

/// What a code stands for.
fn packet_of(code: i32) -> Option<Packet> {
    Some(match code {
        0 => Packet::Raw,
        1 => Packet::One,
        2 => Packet::Two,
        3 => Packet::Four,
        4 => Packet::Asn1,
        5 => Packet::SunRm,
        6 => Packet::Cdr,
        7 => Packet::Fcgi,
        8 => Packet::Line,
        9 => Packet::Tpkt,
        10 => Packet::Http(Text::List),
        11 => Packet::HttpHeader(Text::List),
        12 => Packet::Tls,
        13 => Packet::Http(Text::Binary),
        14 => Packet::HttpHeader(Text::Binary),
        _ => return None,
    })
}

fn set_active(port: &mut Port, rest: &mut &[u8]) -> Result<After, Failure> {
    let value = u32::from_be_bytes(take(rest)?);
    let was_closed = match &mut port.driver {
        Driver::Tcp(tcp) => {
            tcp.listen_again();
            tcp.inet.status == Status::Closed
        }
        _ => false,
    };
    let inet = port.inet().ok_or(Failure::INVALID)?;
    let mut after = After::Nothing;
    inet.active = match value {
        active::PASSIVE => Active::Passive,
        active::ALWAYS => Active::Always,
        active::ONCE => Active::Once,
        active::COUNT => {
            let more = i16::from_be_bytes(take(rest)?);
            let count = match inet.active {
                Active::Count(count) => count.checked_add(more).ok_or(Failure::INVALID)?,
                _ => more,
            };
            if count <= 0 {
                after = After::TellPassive;
                Active::Passive
            } else {
                Active::Count(count)
            }
        }
        _ => return Err(Failure::INVALID),
    };
    if was_closed && inet.active.is_any() {
        return Ok(After::TellClosed);
    }
    Ok(after)
}

/// The drivers' own options.
fn own(port: &mut Port, code: u8, value: i32) -> Result<After, Failure> {
    let inet: &mut Inet = port.inet().ok_or(Failure::INVALID)?;
    match code {
        code::BUFFER => {
            inet.buffer = usize::try_from(value).unwrap_or(0).max(1);
            inet.is_buffer_set = true;
        }
        code::HEADER => inet.header = value as u32 as usize,
        code::PACKET => {
            inet.packet = packet_of(value).ok_or(Failure::INVALID)?;
            inet.packet_code = value as u32;
        }
        code::MODE => inet.form = if value == 0 { Form::List } else { Form::Binary },
        code::DELIVER => inet.deliver = if value == 0 { Deliver::Port } else { Deliver::Term },
        code::EXIT_ON_CLOSE => inet.exits_on_close = value != 0,
        code::PACKET_SIZE => inet.limits.packet = value as u32,
        code::LINE_DELIMITER => inet.limits.delimiter = value as u8,
        code::DEBUG => inet.debug = value != 0,
        code::HIGH_MSGQ_WATERMARK => {
            inet.signals.high =
                Some(value).filter(|value| SIGNALS.contains(value)).ok_or(Failure::INVALID)?;
            inet.signals.low = inet.signals.low.min(value);
        }
        code::LOW_MSGQ_WATERMARK => {
            inet.signals.low = Some(value).filter(|value| SIGNALS.contains(value)).ok_or(Failure::INVALID)?;
            inet.signals.high = inet.signals.high.max(value);
        }
        _ => of_kind(port, code, value)?,
    }
    Ok(After::Nothing)
}

/// Options that only one kind of socket has.
fn of_kind(port: &mut Port, code: u8, value: i32) -> Result<(), Failure> {
    match (&mut port.driver, code) {
        (Driver::Tcp(tcp), code::HIGH_WATERMARK) => {
            tcp.bytes.high = value.max(0);
            tcp.bytes.low = tcp.bytes.low.min(tcp.bytes.high);
        }
        (Driver::Tcp(tcp), code::LOW_WATERMARK) => {
            tcp.bytes.low = value.max(0);
            tcp.bytes.high = tcp.bytes.high.max(tcp.bytes.low);
        }
        (Driver::Tcp(tcp), code::SEND_TIMEOUT) => tcp.send_timeout = u32::try_from(value).ok(),
        (Driver::Tcp(tcp), code::SEND_TIMEOUT_CLOSE) => {
            tcp.after_timeout = if value == 0 { SendTimeout::Tell } else { SendTimeout::Close };
        }
        (Driver::Tcp(tcp), code::DELAY_SEND) => tcp.delays = value != 0,
        (Driver::Tcp(tcp), code::SHOW_ECONNRESET) => tcp.shows_reset = value != 0,
        (Driver::Udp(udp), code::READ_PACKETS) => {
            udp.read_packets =
                u32::try_from(value).ok().filter(|packets| *packets > 0).ok_or(Failure::INVALID)?;
        }
        (_, code::HIGH_WATERMARK | code::LOW_WATERMARK | code::SEND_TIMEOUT | code::SEND_TIMEOUT_CLOSE)
        | (_, code::DELAY_SEND | code::SHOW_ECONNRESET | code::READ_PACKETS) => {}
        _ => return Err(Failure::INVALID),
    }
    Ok(())
}
