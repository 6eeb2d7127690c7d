// SPDX-License-Identifier: Apache-2.0
//! The domain's own connection to xenstored: the page from `start_info`, its event channel, and a way to wait for it.
#![expect(unsafe_code, reason = "makes a handle to the page that the toolstack shares with the domain")]

use core::ptr::NonNull;
use core::time::Duration;

use drivers::event::EventChannel;
use drivers::memory::{EvtchnPort, Mfn};
use drivers::shared::SharedPage;
use drivers::xenstore::{Client, Session, Wait};
use log::warn;

use crate::events::Events;
use crate::memory::layout::direct_map_address;
use crate::memory::machine_to_pfn;
use crate::time;

/// How long xenstored may be silent without a word about it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The domain's session with xenstored.
pub type XenstoreSession = Session<EventChannel, XenstoreWait>;

/// Sleeps until xenstored rings.
pub struct XenstoreWait {
    events: Events,
    port: EvtchnPort,
}

impl Wait for XenstoreWait {
    fn wait(&mut self) {
        // A guest cannot do without xenstore, so it goes on waiting, but whoever looks at its console shall know for what.
        let mut silent = Duration::ZERO;
        while !self.events.wait_for(self.port, Some(time::now() + PATIENCE)) {
            silent += PATIENCE;
            warn!("xenstored has not answered for {} s", silent.as_secs());
        }
    }
}

/// Opens the session on the ring that the domain builder set up.
///
/// # Panics
/// When the ring is not in the direct map, which Xen's builder does not do.
pub(crate) fn start(frame: Mfn, channel: EventChannel, events: &Events) -> XenstoreSession {
    let address = direct_map_address(machine_to_pfn(frame));
    let page = NonNull::new(address.0 as *mut u8).expect("the direct map does not begin at zero");
    // SAFETY: the page is the xenstore ring, mapped for good, and this is called once.
    let page = unsafe { SharedPage::new(page) };
    let port = channel.port();
    Session::new(Client::new(page, channel), XenstoreWait { events: events.clone(), port })
}
