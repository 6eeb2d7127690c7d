// SPDX-License-Identifier: Apache-2.0
//! The domain's console: a buffer in front of the ring, so that nobody waits for the console daemon.
//!
//! Output that the ring has no room for waits in a backlog and follows as the daemon reads. The backlog is bounded: callers
//! of [`Console::write`] are told how much was taken, and log lines that find it full are dropped and counted, which the next line says.
#![expect(unsafe_code, reason = "makes a handle to the page that the toolstack shares with the domain")]

pub mod emergency;
pub mod line_discipline;
mod line_ends;
pub mod logger;
mod patience;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ptr::NonNull;

use drivers::doorbell::Doorbell;
use drivers::event::EventChannel;
use drivers::memory::{EvtchnPort, Mfn, Pfn, VirtAddr};
use drivers::shared::SharedPage;

use crate::global::Global;
use crate::memory::layout::direct_map_address;
use crate::memory::machine_to_pfn;
use crate::power;
use patience::Patience;

/// Bytes that wait for the daemon at most.
const BACKLOG: usize = 64 * 1024;

/// How much of that is kept for log lines when a program writes.
const LOG_ROOM: usize = 16 * 1024;

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

    /// Takes as many of `bytes` as fit into `room`, with CR LF for each line feed, and says how many those are.
    pub fn write_some_lines(&mut self, bytes: &[u8], room: usize) -> usize {
        let taken = fitting(bytes, room);
        let mut line = Vec::with_capacity(room.min(2 * taken));
        for byte in &bytes[..taken] {
            if *byte == b'\n' {
                line.push(b'\r');
            }
            line.push(*byte);
        }
        self.write(&line);
        taken
    }

    /// Takes all of a text whose lines end in LF or in CR LF, as [`Console::write_all`].
    pub fn write_lines(&mut self, text: &[u8]) {
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match line {
                [text @ .., b'\n'] if !text.ends_with(b"\r") => {
                    self.write_all(text);
                    self.write_all(b"\r\n");
                }
                line => self.write_all(line),
            }
        }
    }

    /// Takes all of `bytes`, and waits for the daemon while there is no room; what it does not read for a long time is lost.
    pub fn write_all(&mut self, mut bytes: &[u8]) {
        let mut patience = Patience::new();
        while !bytes.is_empty() {
            match self.write(bytes) {
                0 if patience.is_left() => power::yield_now(),
                0 => return,
                taken => {
                    bytes = &bytes[taken..];
                    patience = Patience::new();
                }
            }
        }
    }

    /// How many bytes [`Console::write`] would take and leave room for log lines.
    #[must_use]
    pub fn room(&self) -> usize {
        let ring = if self.backlog.is_empty() { self.ring.space().unwrap_or(0) } else { 0 };
        ring as usize + (BACKLOG - LOG_ROOM).saturating_sub(self.backlog.len())
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

/// How many bytes fit into `room` when each line feed becomes two bytes.
fn fitting(bytes: &[u8], room: usize) -> usize {
    let mut left = room;
    let fits = |byte: &&u8| {
        let length = if **byte == b'\n' { 2 } else { 1 };
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    bytes.iter().take_while(fits).count()
}

/// The console's port while nothing else may be relied on.
struct RawPort(EvtchnPort);

impl Doorbell for RawPort {
    fn ring(&self) {
        drivers::event::notify(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn line_feeds_take_two_bytes() {
        let cases: [(&[u8], usize, usize); 5] =
            [(b"abc", 10, 3), (b"abc", 2, 2), (b"a\nb", 2, 1), (b"a\nb", 3, 2), (b"\n", 1, 0)];
        for (bytes, room, expected) in cases {
            assert_eq!(fitting(bytes, room), expected, "{bytes:?} into {room}");
        }
    }
}
