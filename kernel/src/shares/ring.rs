// SPDX-License-Identifier: Apache-2.0
//! The bytes of a tree over Xen's 9pfs (xl's `p9=`): the device with the tree's tag, led through its handshake.

use alloc::format;
use alloc::string::String;

use drivers::ninepfront::{CLASS, Down, NinepFront};
use drivers::xenbus::{self, Binding, Device, Phase};
use drivers::xenstore::Store;
use fs::ninep::Lost;
use log::warn;
use xen_hypervisor_sys::io::p9::NODE_TAG;

use super::line::{Line, Stage};
use crate::events::Events;
use crate::machine::Machine;
use crate::memory::page::FramePages;
use crate::xenstore::SharedSession;

/// Bytes that are taken from the ring at once.
const PIECE: usize = 16 << 10;

/// A device.
pub struct Ring {
    device: Binding<NinepFront<Events>>,
    xenstore: SharedSession,
    /// The stream that is used.
    stream: Option<u64>,
}

impl Ring {
    /// The device with a tag. The toolstack makes all that there will be before the domain runs.
    ///
    /// # Errors
    /// There is none, or it cannot be used, in words.
    pub fn find(machine: &Machine, tag: &str) -> Result<Self, String> {
        let in_words = |why: &dyn core::fmt::Display| format!("{why}");
        let mut session = machine.xenstore.borrow();
        let found = xenbus::discovery::scan_class(&mut *session, CLASS).map_err(|why| in_words(&why))?;
        for id in found {
            let device = Device::open(&mut *session, &id).map_err(|why| in_words(&why))?;
            let own = session.read_if_exists(&device.front(NODE_TAG)).map_err(|why| in_words(&why))?;
            if own.as_deref() != Some(tag.as_bytes()) {
                continue;
            }
            let driver = NinepFront::new(machine.grants.clone(), &FramePages, machine.events.clone());
            let device = Binding::new(&mut session, device, driver).map_err(|why| in_words(&why))?;
            return Ok(Self { device, xenstore: machine.xenstore.clone(), stream: None });
        }
        Err("no p9 device of the domain has this tag".into())
    }

    /// Does what xenstore has events for.
    pub fn follow(&mut self) {
        let mut session = self.xenstore.borrow();
        let mut any = false;
        while session.take_event(Some(self.device.watch())).is_some() {
            any = true;
        }
        if any && let Err(why) = self.device.advance(&mut session) {
            warn!("a 9pfs device: {why}");
        }
    }

    /// Carries what there is to carry. Says whether there was something.
    pub fn carry(&mut self, line: &Line) -> bool {
        match line.stage() {
            Stage::Closed => false,
            Stage::Wanted | Stage::Opening => self.begin(line),
            Stage::Open => self.exchange(line),
        }
    }

    fn begin(&mut self, line: &Line) -> bool {
        if self.device.phase() != Phase::Connected {
            return false;
        }
        let driver = self.device.driver();
        self.stream = driver.stream();
        if self.stream.is_none() {
            return false;
        }
        // What was answered to one who did not wait for it is nobody's.
        let mut piece = [0; PIECE];
        while driver.receive(&mut piece).is_ok_and(|count| count > 0) {}
        line.set_limit(driver.message_limit());
        line.turn(Stage::Open);
        true
    }

    fn exchange(&mut self, line: &Line) -> bool {
        let driver = self.device.driver();
        if driver.stream() != self.stream {
            line.close(Lost::Gone);
            return true;
        }
        let sent = line.take_out(|pieces| {
            let mut sent = 0;
            for piece in pieces {
                let count = driver.send(piece)?;
                sent += count;
                if count < piece.len() {
                    break;
                }
            }
            Ok::<_, Down>(sent)
        });
        let mut any = sent.is_ok_and(|count| count > 0);
        let mut is_broken = sent.is_err();
        let mut piece = [0; PIECE];
        while !is_broken && line.has_room() {
            match driver.receive(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    line.put_in(&piece[..count]);
                    any = true;
                }
                Err(_) => is_broken = true,
            }
        }
        if is_broken {
            line.close(Lost::Gone);
        }
        any || is_broken
    }
}
