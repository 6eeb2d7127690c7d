// SPDX-License-Identifier: Apache-2.0
//! The domain's own connection to xenstored: the page from `start_info`, its event channel, and a way to wait for it.
#![expect(unsafe_code, reason = "makes a handle to the page that the toolstack shares with the domain")]

use alloc::rc::Rc;
use core::cell::{RefCell, RefMut};
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

/// The domain's one session, which several parts of the kernel speak in: the machine itself, and disks while somebody waits for them.
/// Whoever speaks borrows it for as long as that takes, and calls nobody else meanwhile.
#[derive(Clone)]
pub struct SharedSession {
    session: Rc<RefCell<XenstoreSession>>,
    port: EvtchnPort,
}

impl SharedSession {
    /// The session, to speak in.
    ///
    /// # Panics
    /// When somebody up the call tree has it.
    #[must_use]
    pub fn borrow(&self) -> RefMut<'_, XenstoreSession> {
        self.session.borrow_mut()
    }

    /// The channel that xenstored signals.
    #[must_use]
    pub const fn port(&self) -> EvtchnPort {
        self.port
    }
}

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
pub(crate) fn start(frame: Mfn, channel: EventChannel, events: &Events) -> SharedSession {
    let address = direct_map_address(machine_to_pfn(frame));
    let page = NonNull::new(address.0 as *mut u8).expect("the direct map does not begin at zero");
    // SAFETY: the page is the xenstore ring, mapped for good, and this is called once.
    let page = unsafe { SharedPage::new(page) };
    let port = channel.port();
    let session = Session::new(Client::new(page, channel), XenstoreWait { events: events.clone(), port });
    SharedSession { session: Rc::new(RefCell::new(session)), port }
}
