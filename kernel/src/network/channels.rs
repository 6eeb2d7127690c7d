// SPDX-License-Identifier: Apache-2.0
//! The kernel's event channels, as drivers make them.

use drivers::channels::Channels;
use drivers::error::XenError;
use drivers::event::EventChannel;
use drivers::memory::{DomId, EvtchnPort};

use crate::events::Events;

impl Channels for Events {
    type Channel = EventChannel;

    fn open(&mut self, remote: DomId) -> Result<EventChannel, XenError> {
        self.channels().alloc_unbound(remote)
    }

    fn port(channel: &EventChannel) -> EvtchnPort {
        channel.port()
    }

    fn close(&mut self, channel: EventChannel) {
        self.channels().close(channel);
    }
}
