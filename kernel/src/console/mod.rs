// SPDX-License-Identifier: Apache-2.0
//! The domain's console: a buffer in front of the ring, so that nobody waits for the console daemon.
//!
//! Output that the ring has no room for waits in a backlog and follows as the daemon reads. The backlog is bounded: callers
//! of [`Console::write`] are told how much was taken, and log lines that find it full are dropped and counted, which the next line says.
#![expect(unsafe_code, reason = "makes a handle to the page that the toolstack shares with the domain")]

pub mod emergency;
mod line_ends;
pub mod logger;

use alloc::collections::VecDeque;
use core::ptr::NonNull;

use drivers::doorbell::Doorbell;
use drivers::event::EventChannel;
use drivers::memory::{EvtchnPort, Mfn, Pfn, VirtAddr};
use drivers::shared::SharedPage;

use crate::global::Global;
use crate::memory::layout::direct_map_address;
use crate::memory::machine_to_pfn;

/// Bytes that wait for the daemon at most.
const BACKLOG: usize = 64 * 1024;

/// The domain's only console.
static CONSOLE: Global<Option<Console>> = Global::new(None);

/// Where the console is, for the crash report, which does not depend on anything else.
static PLACE: Global<Option<Place>> = Global::new(None);

#[derive(Clone, Copy)]
struct Place {
    page: VirtAddr,
    port: EvtchnPort,
}

impl Place {
    /// A handle to the console's page.
    ///
    /// # Safety
    /// No other handle to it is used from here on.
    unsafe fn shared(self) -> SharedPage {
        let base = NonNull::new(self.page.0 as *mut u8).expect("the direct map does not begin at zero");
        // SAFETY: the page is the console's ring, mapped for good by the direct map; the caller promises the rest.
        unsafe { SharedPage::new(base) }
    }
}

/// The console with what waits for it.
pub struct Console {
    ring: drivers::console::Console<EventChannel>,
    backlog: VecDeque<u8>,
    dropped: usize,
}

/// Notes where the console is, so that the earliest crash can be reported.
pub fn locate(frame: Mfn, port: EvtchnPort) {
    let pfn: Pfn = machine_to_pfn(frame);
    *PLACE.borrow() = Some(Place { page: direct_map_address(pfn), port });
}

/// Starts the console on its event channel.
///
/// # Panics
/// When [`locate`] was not called.
pub fn start(channel: EventChannel) {
    let place = PLACE.borrow().expect("the console was located before");
    // SAFETY: this is called once; the crash report makes another handle only when this one is not used any more.
    let page = unsafe { place.shared() };
    let ring = drivers::console::Console::new(page, channel);
    *CONSOLE.borrow() = Some(Console { ring, backlog: VecDeque::new(), dropped: 0 });
}

/// Runs `f` on the console, if it was started.
pub fn with<R>(f: impl FnOnce(&mut Console) -> R) -> Option<R> {
    CONSOLE.borrow().as_mut().map(f)
}

impl Console {
    /// Takes as many of `bytes` for output as there is room for, unchanged, and says how many those are.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.flush();
        let mut taken = 0;
        if self.backlog.is_empty() {
            // A ring that the daemon has damaged takes nothing; the backlog then fills and stays bounded.
            taken = self.ring.write(bytes).unwrap_or(0);
        }
        let room = BACKLOG - self.backlog.len();
        let rest = &bytes[taken..];
        let queued = rest.len().min(room);
        self.backlog.extend(&rest[..queued]);
        taken + queued
    }

    /// Moves what waits into the ring, as far as it has room. To be called when the console's port was pending.
    pub fn flush(&mut self) {
        while !self.backlog.is_empty() {
            let (front, _) = self.backlog.as_slices();
            match self.ring.write(front) {
                Ok(written) if written > 0 => drop(self.backlog.drain(..written)),
                _ => return,
            }
        }
    }

    /// Takes what was typed, as much of it as fits; returns how many bytes that is.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        self.ring.read(into).unwrap_or(0)
    }

    /// Whether everything was handed to the daemon and read by it.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.backlog.is_empty() && self.ring.is_drained().unwrap_or(true)
    }

    /// Takes the whole line or drops and counts it.
    fn write_line(&mut self, line: &[u8]) {
        if line.len() > BACKLOG - self.backlog.len() {
            self.flush();
        }
        if line.len() > BACKLOG - self.backlog.len() {
            self.dropped += 1;
            return;
        }
        self.write(line);
    }
}

/// The console's port while nothing else may be relied on.
struct RawPort(EvtchnPort);

impl Doorbell for RawPort {
    fn ring(&self) {
        drivers::event::notify(self.0);
    }
}
