// SPDX-License-Identifier: Apache-2.0
//! Options of sockets: a byte for the option, then its value. Some are the drivers' own, the others are the platform's.

mod get;
mod set;

pub use get::get;
pub use set::{After, set};

use crate::platform::SocketOption;

/// The codes of options that are not plain options of the platform's.
mod code {
    pub const LINGER: u8 = 3;
    pub const MULTICAST_IF: u8 = 11;
    pub const ADD_MEMBERSHIP: u8 = 14;
    pub const DROP_MEMBERSHIP: u8 = 15;
    pub const BUFFER: u8 = 20;
    pub const HEADER: u8 = 21;
    pub const ACTIVE: u8 = 22;
    pub const PACKET: u8 = 23;
    pub const MODE: u8 = 24;
    pub const DELIVER: u8 = 25;
    pub const EXIT_ON_CLOSE: u8 = 26;
    pub const HIGH_WATERMARK: u8 = 27;
    pub const LOW_WATERMARK: u8 = 28;
    pub const SEND_TIMEOUT: u8 = 30;
    pub const DELAY_SEND: u8 = 31;
    pub const PACKET_SIZE: u8 = 32;
    pub const READ_PACKETS: u8 = 33;
    pub const RAW: u8 = 34;
    pub const SEND_TIMEOUT_CLOSE: u8 = 35;
    pub const HIGH_MSGQ_WATERMARK: u8 = 36;
    pub const LOW_MSGQ_WATERMARK: u8 = 37;
    pub const NETNS: u8 = 38;
    pub const SHOW_ECONNRESET: u8 = 39;
    pub const LINE_DELIMITER: u8 = 40;
    pub const BIND_TO_DEVICE: u8 = 42;
    pub const PKTOPTIONS: u8 = 45;
    pub const DEBUG: u8 = 99;
}

/// What `active` can be.
mod active {
    pub const PASSIVE: u32 = 0;
    pub const ALWAYS: u32 = 1;
    pub const ONCE: u32 = 2;
    pub const COUNT: u32 = 3;
}

/// Whether an error of the platform is told to who sets an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OnError {
    /// It is.
    Tell,
    /// It is as if the option had been set.
    Ignore,
}

/// Options of the platform's: code, option, and what is done with errors.
const PLAIN: [(u8, SocketOption, OnError); 18] = [
    (0, SocketOption::ReuseAddress, OnError::Ignore),
    (1, SocketOption::KeepAlive, OnError::Ignore),
    (2, SocketOption::DontRoute, OnError::Ignore),
    (4, SocketOption::Broadcast, OnError::Ignore),
    (6, SocketOption::SendBuffer, OnError::Ignore),
    (7, SocketOption::ReceiveBuffer, OnError::Ignore),
    (8, SocketOption::Priority, OnError::Tell),
    (9, SocketOption::TypeOfService, OnError::Tell),
    (10, SocketOption::NoDelay, OnError::Ignore),
    (12, SocketOption::MulticastTtl, OnError::Ignore),
    (13, SocketOption::MulticastLoop, OnError::Ignore),
    (16, SocketOption::V6Only, OnError::Tell),
    (41, SocketOption::TrafficClass, OnError::Tell),
    (43, SocketOption::ReceiveTypeOfService, OnError::Tell),
    (44, SocketOption::ReceiveTrafficClass, OnError::Tell),
    (46, SocketOption::TimeToLive, OnError::Tell),
    (47, SocketOption::ReceiveTimeToLive, OnError::Tell),
    (48, SocketOption::NoPush, OnError::Ignore),
];

fn plain(code: u8) -> Option<(SocketOption, OnError)> {
    PLAIN.iter().find(|line| line.0 == code).map(|line| (line.1, line.2))
}
