// SPDX-License-Identifier: Apache-2.0
//! A disk of the domain: the driver, its handshake, and waiting for it.
//!
//! Who waits sleeps in the hypervisor for the disk's and xenstore's signals alone; all others are set aside. So a back end that goes while
//! somebody waits is seen to go, and led through its return, and the requests go on where they were.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use core::cell::RefCell;
use core::time::Duration;

use drivers::blkfront::{BlkFront, Completion, Disk, Refused, Request, SECTOR, Statistics, Ticket};
use drivers::xenbus::{Binding, Device, DeviceId, Error, Phase};
use log::{info, warn};

use crate::events::Events;
use crate::machine::Machine;
use crate::memory::page::FramePages;
use crate::time::{self, Instant};
use crate::xenstore::SharedSession;

/// How long a disk may be without a back end until what waits for it has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The first number of the disks `xvda` to `xvdp`, sixteen for each (Xen's `vbd-interface`).
const XVD: u32 = 202 << 8;
/// The bit of those that come after them.
const XVD_EXTENDED: u32 = 1 << 28;

/// A disk; clones are handles to the same one.
#[derive(Clone)]
pub struct Drive {
    id: DeviceId,
    inner: Rc<RefCell<Inner>>,
    xenstore: SharedSession,
    events: Events,
}

struct Inner {
    binding: Binding<BlkFront<Events>>,
    /// What is done and was not asked for yet.
    done: BTreeMap<Ticket, Completion>,
    /// Since when requests wait without a back end.
    alone_since: Option<Instant>,
}

impl Inner {
    /// Until when requests wait for a back end, if there is none.
    fn limit(&mut self) -> Option<Instant> {
        let driver = self.binding.driver();
        if driver.is_connected() || driver.is_idle() {
            self.alone_since = None;
        } else {
            self.alone_since.get_or_insert_with(time::now);
        }
        self.alone_since.map(|since| since + PATIENCE)
    }
}

/// What is to be expected of a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outlook {
    /// A request is done.
    Ready,
    /// There will be a signal when one is; at a deadline, if there is one, somebody has to look again.
    Until(Option<Instant>),
}

impl Outlook {
    /// Of two disks.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Until(one), Self::Until(other)) => Self::Until([one, other].into_iter().flatten().min()),
            _ => Self::Ready,
        }
    }
}

impl Drive {
    /// Binds the driver to a device.
    ///
    /// # Errors
    /// The device is gone, or xenstore does not answer.
    pub fn open(machine: &Machine, id: &DeviceId) -> Result<Self, Error> {
        let front = BlkFront::new(machine.grants.clone(), &FramePages, machine.events.clone());
        let mut session = machine.xenstore.borrow();
        let device = Device::open(&mut *session, id)?;
        let binding = Binding::new(&mut session, device, front)?;
        drop(session);
        Ok(Self {
            id: id.clone(),
            inner: Rc::new(RefCell::new(Inner { binding, done: BTreeMap::new(), alone_since: None })),
            xenstore: machine.xenstore.clone(),
            events: machine.events.clone(),
        })
    }

    /// The disk's name as `xl.cfg` has it, if the number is one of such a name.
    #[must_use]
    pub fn name(&self) -> String {
        name(self.id.index).unwrap_or_else(|| self.id.to_string())
    }

    /// What the back end says of the disk.
    #[must_use]
    pub fn disk(&self) -> Option<Disk> {
        self.inner.borrow_mut().binding.driver().disk().copied()
    }

    /// Counts since the device was found.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.inner.borrow_mut().binding.driver().statistics()
    }

    /// Takes a request; see [`BlkFront::submit`].
    ///
    /// # Errors
    /// [`Refused`].
    pub fn submit(&self, request: Request) -> Result<Ticket, Refused> {
        self.inner.borrow_mut().binding.driver().submit(request)
    }

    /// Takes a request that is done, whichever it is.
    #[must_use]
    pub fn poll(&self) -> Option<Completion> {
        let mut inner = self.inner.borrow_mut();
        let first = inner.done.pop_first().map(|(_, done)| done);
        first.or_else(|| {
            let driver = inner.binding.driver();
            driver.kick();
            driver.poll()
        })
    }

    /// Sleeps until a request is done.
    #[must_use]
    pub fn wait(&self, ticket: Ticket) -> Option<Completion> {
        self.wait_until(None, |inner| {
            let driver = inner.binding.driver();
            driver.kick();
            while let Some(done) = driver.poll() {
                inner.done.insert(done.ticket, done);
            }
            inner.done.remove(&ticket)
        })
    }

    /// Sleeps until some request is done.
    pub fn rest(&self) {
        self.wait_until(None, |inner| {
            let driver = inner.binding.driver();
            driver.kick();
            while let Some(done) = driver.poll() {
                inner.done.insert(done.ticket, done);
            }
            (!inner.done.is_empty() || driver.is_idle()).then_some(())
        });
    }

    /// Sleeps until the back end is connected or there is none to wait for; says whether it is.
    #[must_use]
    pub fn wait_connected(&self, deadline: Instant) -> bool {
        let look = |inner: &mut Inner| {
            let is_over = matches!(inner.binding.phase(), Phase::Closing | Phase::Closed);
            (is_over || inner.binding.driver().is_connected()).then_some(!is_over)
        };
        self.wait_until(Some(deadline), look).unwrap_or(false)
    }

    /// Sleeps until `look` finds something, or until the deadline. Without one, requests fail that have waited too long for a back end.
    fn wait_until<T>(
        &self,
        deadline: Option<Instant>,
        mut look: impl FnMut(&mut Inner) -> Option<T>,
    ) -> Option<T> {
        loop {
            self.follow();
            let mut inner = self.inner.borrow_mut();
            if let Some(found) = look(&mut inner) {
                return Some(found);
            }
            let driver = inner.binding.driver();
            if driver.rearm() {
                continue;
            }
            let ports = [Some(self.xenstore.port()), driver.port()];
            let until = deadline.or(inner.limit());
            drop(inner);
            if until.is_some_and(|until| time::now() >= until) {
                if deadline.is_some() {
                    return None;
                }
                self.abandon();
                continue;
            }
            let ports: alloc::vec::Vec<_> = ports.into_iter().flatten().collect();
            if self.events.wait_for_any(&ports, until) == Some(self.xenstore.port()) {
                self.xenstore.borrow().client().poll();
            }
        }
    }

    /// Lets requests fail that have waited too long for a back end.
    fn abandon(&self) {
        let seconds = PATIENCE.as_secs();
        warn!("{}: there is no back end for {seconds} s; what waits for it has failed", self.name());
        self.inner.borrow_mut().binding.driver().abandon();
    }

    /// What is to be expected of requests for which nobody sleeps. The next that is done brings a signal.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        self.follow();
        let mut inner = self.inner.borrow_mut();
        if !inner.done.is_empty() || inner.binding.driver().rearm() {
            return Outlook::Ready;
        }
        let limit = inner.limit();
        drop(inner);
        if limit.is_some_and(|limit| time::now() >= limit) {
            self.abandon();
            return Outlook::Ready;
        }
        Outlook::Until(limit)
    }

    /// Does what xenstore has events for: the back end comes, goes, or says that the disk is another.
    pub fn follow(&self) {
        let mut inner = self.inner.borrow_mut();
        let mut session = self.xenstore.borrow();
        let watch = inner.binding.watch();
        // What is asked of xenstore on the way can bring more events.
        while session.take_event(Some(watch)).is_some() {
            while session.take_event(Some(watch)).is_some() {}
            let (before, disk) = (inner.binding.phase(), inner.binding.driver().disk().copied());
            let result = inner.binding.advance(&mut session).and_then(|after| {
                if after == before {
                    inner.binding.refresh(&mut session)?;
                }
                Ok(after)
            });
            match result {
                Ok(after) => {
                    let now = inner.binding.driver().disk().copied();
                    if after == Phase::Connected && (after != before || now != disk) {
                        info!("{}: {}", self.name(), now.as_ref().map(in_words).unwrap_or_default());
                    } else if after != before && matches!(after, Phase::Lost | Phase::Closed) {
                        warn!("{}: the back end is gone", self.name());
                    }
                }
                // The binding has said why.
                Err(Error::Unplugged) => warn!("{} was unplugged", self.name()),
                Err(_) => {}
            }
        }
    }
}

/// `xvda` and so on, without partitions, of which there are none here.
fn name(index: u32) -> Option<String> {
    let disk = if index & XVD_EXTENDED != 0 {
        (index & (XVD_EXTENDED - 1)) >> 8
    } else {
        index.checked_sub(XVD).filter(|minor| *minor < 256)? >> 4
    };
    let letter = |number: u32| char::from(b'a' + (number % 26) as u8);
    match disk {
        0..26 => Some(format!("xvd{}", letter(disk))),
        26..702 => Some(format!("xvd{}{}", letter(disk / 26 - 1), letter(disk))),
        _ => None,
    }
}

/// A disk, for people.
fn in_words(disk: &Disk) -> String {
    let size = disk.sectors * SECTOR as u64;
    let mut words =
        if size >= 1 << 20 { format!("{} MiB", size >> 20) } else { format!("{} KiB", size >> 10) };
    let all = [
        (disk.read_only, "read-only"),
        (disk.sector_size != SECTOR as u32, "4 KiB sectors"),
        (disk.flush, "flush"),
        (disk.barrier && !disk.flush, "barriers"),
        (!disk.flush && !disk.barrier && !disk.read_only, "no flush"),
        (disk.discard.is_some(), "discard"),
    ];
    for (_, word) in all.into_iter().filter(|(has, _)| *has) {
        words.push_str(", ");
        words.push_str(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_toolstack() {
        for (index, expected) in [
            (51712, Some("xvda")),
            (51728, Some("xvdb")),
            (51952, Some("xvdp")),
            ((1 << 28) | (16 << 8), Some("xvdq")),
            ((1 << 28) | (26 << 8), Some("xvdaa")),
            (768, None),
        ] {
            assert_eq!(name(index).as_deref(), expected, "{index}");
        }
    }
}
