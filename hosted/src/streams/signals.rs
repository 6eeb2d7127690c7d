// SPDX-License-Identifier: Apache-2.0
//! Signals of the system. A handler may do next to nothing, so it notes which signal has come and makes a descriptor readable; the rest is
//! done by who waits for that.
#![expect(unsafe_code, reason = "the system calls a function of this process")]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use beam_vm::platform::{Disposition, Event, Signal};
use rustix::event::{EventfdFlags, eventfd};

/// Which signals have come and were not told yet: a bit for each.
static COME: AtomicU64 = AtomicU64::new(0);
/// The descriptor that says so, or -1.
static ALARM: AtomicI32 = AtomicI32::new(-1);

/// What signals are told through.
#[derive(Debug, Default)]
pub struct Signals(Option<OwnedFd>);

extern "C" fn note(number: i32) {
    COME.fetch_or(1 << number, Ordering::Relaxed);
    let one = 1u64;
    // SAFETY: writing is allowed in a handler, and the bytes are those of `one`.
    unsafe {
        write(ALARM.load(Ordering::Relaxed), (&raw const one).cast(), 8);
    }
}

unsafe extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
    fn write(file: i32, bytes: *const u8, count: usize) -> isize;
}

impl Signals {
    /// Can be read when a signal has come.
    pub fn file(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref().map(AsFd::as_fd)
    }

    /// Says what happens when a signal comes.
    pub fn handle(&mut self, which: Signal, disposition: Disposition) {
        let handler = match disposition {
            Disposition::Default => 0,
            Disposition::Ignore => 1,
            Disposition::Tell => {
                if self.0.is_none() {
                    // Without a descriptor the signal is seen when something else happens.
                    self.0 = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).ok();
                    ALARM.store(self.0.as_ref().map_or(-1, AsRawFd::as_raw_fd), Ordering::Relaxed);
                }
                note as *const () as usize
            }
        };
        // SAFETY: the handler does what a handler may do, and is there as long as the process is.
        unsafe {
            signal(i32::from(which.0), handler);
        }
    }

    /// Tells of those that have come.
    pub fn tell(&mut self, events: &mut Vec<Event>) {
        if let Some(file) = &self.0 {
            // There is nothing to be read if another machine of this process was faster.
            let _ = rustix::io::read(file, &mut [0; 8]);
        }
        let come = COME.swap(0, Ordering::Relaxed);
        events.extend((0..64).filter(|bit| come >> bit & 1 == 1).map(|bit| Event::Signal(Signal(bit))));
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if self.0.is_some() {
            ALARM.store(-1, Ordering::Relaxed);
        }
    }
}
