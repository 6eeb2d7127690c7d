// SPDX-License-Identifier: Apache-2.0
//! Console output when the kernel has crashed: straight into the ring, waiting for the daemon, but not for ever.
#![expect(unsafe_code, reason = "takes the console's page over")]

use core::fmt;

use super::line_ends::print_lines;
use super::patience::Patience;
use super::{CONSOLE, PLACE, RawPort};
use crate::power;

/// The console, taken over for good.
pub struct Emergency {
    ring: drivers::console::Console<RawPort>,
}

impl Emergency {
    /// Takes the console over, with what still waits in its backlog; `None` when the domain has none yet.
    pub fn take() -> Option<Self> {
        let place = (*PLACE.try_borrow()?)?;
        // SAFETY: the kernel has crashed and runs nothing but its report, so the other handle is not used any more.
        let page = unsafe { place.shared() };
        let mut emergency = Self { ring: drivers::console::Console::new(page, RawPort(place.port)) };
        if let Some(mut console) = CONSOLE.try_borrow()
            && let Some(console) = console.as_mut()
        {
            let (front, back) = console.backlog.as_slices();
            emergency.print(front);
            emergency.print(back);
        }
        Some(emergency)
    }

    /// Prints all of `bytes`, or gives up when the daemon does not read.
    pub fn print(&mut self, mut bytes: &[u8]) {
        let mut patience = Patience::new();
        while !bytes.is_empty() {
            match self.ring.write(bytes) {
                Ok(0) if patience.is_left() => power::yield_now(),
                Ok(0) | Err(_) => return,
                Ok(written) => {
                    bytes = &bytes[written..];
                    patience = Patience::new();
                }
            }
        }
    }

    /// Waits until the daemon has read everything.
    pub fn drain(&mut self) {
        let mut patience = Patience::new();
        while self.ring.is_drained() == Ok(false) && patience.is_left() {
            power::yield_now();
        }
    }
}

impl fmt::Write for Emergency {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print_lines(text, |part| self.print(part.as_bytes()));
        Ok(())
    }
}
