// SPDX-License-Identifier: Apache-2.0
//! Event channels as drivers need them: one to a back end, made when its device is set up.

use crate::doorbell::Doorbell;
use crate::error::XenError;
use crate::memory::{DomId, EvtchnPort};

/// Who makes event channels: the kernel.
pub trait Channels {
    /// The local end of one.
    type Channel: Doorbell;

    /// Makes a channel to which a domain may bind its end.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses, or there are too many channels.
    fn open(&mut self, remote: DomId) -> Result<Self::Channel, XenError>;

    /// The number of a channel's local end, which the back end is told.
    fn port(channel: &Self::Channel) -> EvtchnPort;

    /// Closes a channel.
    fn close(&mut self, channel: Self::Channel);
}
