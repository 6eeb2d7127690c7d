// SPDX-License-Identifier: Apache-2.0
//! What programs say of sockets: some of it means something to the stack, some is kept so that it can be asked for, as systems do with
//! what their network has no use for.

use beam_vm::platform::{Ancillary, SocketOption};
use net::{Beside, Options, SendBuffer};

/// What is kept of a socket for who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    dont_route: i32,
    priority: i32,
    type_of_service: i32,
    receive_type_of_service: i32,
    receive_time_to_live: i32,
    traffic_class: i32,
    receive_traffic_class: i32,
    no_push: i32,
    multicast_ttl: Option<i32>,
    multicast_loop: Option<i32>,
    multicast_interface: i32,
}

impl Kept {
    /// What a program that has asked for it is told of the header of a datagram.
    pub fn told(&self, beside: Beside) -> Ancillary {
        let told = |wanted: i32, value: Option<u8>| value.filter(|_| wanted != 0).map(i32::from);
        Ancillary {
            type_of_service: told(self.receive_type_of_service, beside.service),
            traffic_class: told(self.receive_traffic_class, beside.service),
            time_to_live: told(self.receive_time_to_live, beside.hops),
        }
    }

    /// What the header of a datagram is to say: what is said with it, or what was said of the socket.
    pub fn header(&self, ancillary: &Ancillary) -> Beside {
        let kept = [self.type_of_service, self.traffic_class].into_iter().find(|value| *value != 0);
        let service = ancillary.type_of_service.or(ancillary.traffic_class).or(kept);
        Beside {
            service: service.map(|value| value as u8),
            hops: ancillary.time_to_live.map(|hops| hops as u8),
        }
    }

    fn place(&mut self, option: SocketOption) -> Option<&mut i32> {
        Some(match option {
            SocketOption::DontRoute => &mut self.dont_route,
            SocketOption::Priority => &mut self.priority,
            SocketOption::TypeOfService => &mut self.type_of_service,
            SocketOption::ReceiveTypeOfService => &mut self.receive_type_of_service,
            SocketOption::ReceiveTimeToLive => &mut self.receive_time_to_live,
            SocketOption::TrafficClass => &mut self.traffic_class,
            SocketOption::ReceiveTrafficClass => &mut self.receive_traffic_class,
            SocketOption::NoPush => &mut self.no_push,
            SocketOption::MulticastTtl => self.multicast_ttl.get_or_insert(1),
            SocketOption::MulticastLoop => self.multicast_loop.get_or_insert(1),
            SocketOption::MulticastInterface => &mut self.multicast_interface,
            SocketOption::ReuseAddress
            | SocketOption::KeepAlive
            | SocketOption::Broadcast
            | SocketOption::SendBuffer
            | SocketOption::ReceiveBuffer
            | SocketOption::TimeToLive
            | SocketOption::V6Only
            | SocketOption::NoDelay => return None,
        })
    }
}

/// An option's value.
pub fn get(option: SocketOption, options: &Options, kept: &mut Kept) -> i32 {
    let number = |bytes: usize| i32::try_from(bytes).unwrap_or(i32::MAX);
    match option {
        SocketOption::ReuseAddress => options.reuse_address.into(),
        SocketOption::KeepAlive => options.keep_alive.into(),
        SocketOption::Broadcast => options.broadcast.into(),
        SocketOption::SendBuffer => number(options.send_buffer.most()),
        SocketOption::ReceiveBuffer => number(options.receive_buffer),
        SocketOption::TimeToLive => options.time_to_live.into(),
        SocketOption::V6Only => options.v6_only.into(),
        SocketOption::NoDelay => options.no_delay.into(),
        other => kept.place(other).map_or(0, |place| *place),
    }
}

/// Sets an option. Says whether the stack has to be told.
pub fn set(option: SocketOption, value: i32, options: &mut Options, kept: &mut Kept) -> bool {
    let bytes = usize::try_from(value).unwrap_or(0);
    match option {
        SocketOption::ReuseAddress => options.reuse_address = value != 0,
        SocketOption::KeepAlive => options.keep_alive = value != 0,
        SocketOption::Broadcast => options.broadcast = value != 0,
        SocketOption::SendBuffer => options.send_buffer = SendBuffer::Bytes(bytes),
        SocketOption::ReceiveBuffer => options.receive_buffer = bytes,
        SocketOption::TimeToLive => options.time_to_live = value.clamp(1, 255) as u8,
        SocketOption::V6Only => options.v6_only = value != 0,
        SocketOption::NoDelay => options.no_delay = value != 0,
        other => {
            if let Some(place) = kept.place(other) {
                *place = value;
            }
            return false;
        }
    }
    true
}
