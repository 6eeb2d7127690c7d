// SPDX-License-Identifier: Apache-2.0
//! The front end of a block device (`blkif.h`): requests with tickets, merged and cut as the ring likes them.
//!
//! What is asked for waits until [`kick`](BlkFront::kick), so that writes of a time slice that follow each other become one
//! request. Bytes are copied into and out of pages that are lent for good, from which the back end gains more than the copy
//! costs.
//!
//! Requests outlive the back end: one that goes away and comes back, or is replaced, is asked for all that was not done, in the order in
//! which it was asked for. One that breaks the protocol is left until it starts over, and what it had to do has failed: it is
//! not known what it has done to the disk.

mod buffers;
mod disk;
mod link;
mod queue;
mod request;
mod slots;
mod statistics;

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xen_hypervisor_sys::io::blkif::{
    BLKIF_MAX_SEGMENTS_PER_REQUEST, BLKIF_RSP_EOPNOTSUPP, BLKIF_RSP_OKAY, NODE_EVENT_CHANNEL,
    NODE_FEATURE_PERSISTENT, NODE_PROTOCOL, NODE_RING_PAGE_ORDER, NODE_RING_REF,
};
use xen_hypervisor_sys::io::protocols::XEN_IO_PROTO_ABI_X86_64;

use self::buffers::Buffers;
use self::link::{Outstanding, Ring};
use self::queue::{Command, Kind, Queue};
use crate::channels::Channels;
use crate::doorbell::Doorbell;
use crate::grant::{Access, GrantTable};
use crate::memory::{EvtchnPort, GrantRef};
use crate::page::{Page, PageAllocator};
use crate::xenbus::{Device, Error, FrontEnd, Order};
use crate::xenstore::{self, Store};

pub use disk::{Discards, Disk, Offers, SECTOR};
pub use link::Broken;
pub use request::{BlockError, Completion, Erase, Refusal, Refused, Request, Ticket};
pub use slots::{BlkRequest, BlkResponse, Head, SEGMENT_BYTES, Segment, Segments};
pub use statistics::{Counts, Statistics};

/// Requests that may be under way.
const REQUESTS_MAX: usize = 256;

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The back end has not answered the offer.
    Offered,
    /// Requests can be made.
    Connected,
    /// The back end is changing its set-up.
    Paused,
    /// The back end has broken the protocol.
    Broken,
}

/// The ring and the event channel, from the offer until the back end goes.
struct Link<C: Channels> {
    ring: Ring,
    channel: C::Channel,
    references: Vec<GrantRef>,
    offers: Offers,
    state: State,
}

/// The driver of one block device.
pub struct BlkFront<C: Channels> {
    grants: GrantTable,
    pages: &'static dyn PageAllocator,
    channels: C,
    link: Option<Link<C>>,
    /// What the back end said when it was last connected.
    disk: Option<Disk>,
    queue: Queue,
    done: VecDeque<Completion>,
    statistics: Statistics,
}

impl<C: Channels> BlkFront<C> {
    /// A driver that has no device yet.
    pub fn new(grants: GrantTable, pages: &'static dyn PageAllocator, channels: C) -> Self {
        Self {
            grants,
            pages,
            channels,
            link: None,
            disk: None,
            queue: Queue::default(),
            done: VecDeque::new(),
            statistics: Statistics::default(),
        }
    }

    /// The disk, once a back end has described it.
    #[must_use]
    pub const fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// Whether a back end is there that keeps to the protocol.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| matches!(link.state, State::Connected | State::Paused))
    }

    /// Whether the back end is one that has broken the protocol.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.state == State::Broken)
    }

    /// Counts since the device was found.
    #[must_use]
    pub const fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// The event channel, to tell its events from others.
    #[must_use]
    pub fn port(&self) -> Option<EvtchnPort> {
        self.link.as_ref().map(|link| C::port(&link.channel))
    }

    /// Whether nothing is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queue.len() == 0
    }

    /// Takes a request. It is on its way with the next [`kick`](Self::kick); while there is no back end it waits for one.
    ///
    /// # Errors
    /// [`Refused`]; nothing is done then.
    pub fn submit(&mut self, mut request: Request) -> Result<Ticket, Refused> {
        match self.check(&mut request) {
            Ok(()) => Ok(self.queue.push(request)),
            Err(why) => Err(Refused { why, request }),
        }
    }

    /// Whether a request can be taken. Of a discard, what the disk can do is left.
    fn check(&self, request: &mut Request) -> Result<(), Refusal> {
        let disk = self.disk.as_ref().ok_or(Refusal::Unknown)?;
        if self.is_broken() {
            return Err(Refusal::Down);
        }
        if self.queue.len() + self.done.len() >= REQUESTS_MAX {
            return Err(Refusal::Full);
        }
        check(disk, request)
    }

    /// Asks the back end for what may be asked for now, and signals it if it sleeps.
    pub fn kick(&mut self) {
        let Some(disk) = self.disk else { return };
        let mut from = 0;
        while let Some(link) = self.link.as_mut().filter(|link| link.state == State::Connected) {
            let room = link.ring.room(disk.segments);
            let room = room - room % disk.sector_size as usize;
            if room == 0 {
                break;
            }
            let Some(command) = self.queue.next(&mut from, room) else { break };
            // All before it is answered, so what the back end cannot do is as good as done.
            let is_moot = match &command {
                Command::Flush { .. } => !disk.flush && !disk.barrier,
                Command::Discard { count, .. } => disk.discard.is_none() || *count == 0,
                Command::Transfer { .. } => false,
            };
            if is_moot {
                self.queue.issued(&command);
                self.queue.answered(&command, Ok(()));
                self.settle();
                from = 0;
            } else if link.ring.push(&command, &mut self.queue, &disk).is_ok() {
                self.queue.issued(&command);
                count_issued(&mut self.statistics, &command);
            }
            // Without memory for it there is less room now, at last none.
        }
        if let Some(link) = &mut self.link
            && link.ring.publish()
        {
            link.channel.ring();
        }
        self.settle();
    }

    /// Takes a request that is done.
    pub fn poll(&mut self) -> Option<Completion> {
        self.reap();
        self.done.pop_front()
    }

    /// Asks for a signal when there is something to do again. True when there is already, so that the caller must not sleep.
    #[must_use = "what came meanwhile brings no signal"]
    pub fn rearm(&mut self) -> bool {
        self.reap();
        self.kick();
        if !self.done.is_empty() {
            return true;
        }
        let Some(link) = self.link.as_mut().filter(|link| link.state == State::Connected) else {
            return false;
        };
        link.ring.rearm().unwrap_or_else(|broken| {
            self.give_up(broken);
            true
        })
    }

    /// Lets all requests fail that are not done: nobody wants to wait for a back end any longer.
    pub fn abandon(&mut self) {
        if let Some(link) = &mut self.link
            && !link.ring.is_idle()
        {
            // Answers to what nobody waits for would be taken for answers to something else.
            link.state = State::Broken;
        }
        while let Some((_, completion)) = self.queue.fail_next(BlockError::Gone) {
            self.statistics.errors += 1;
            self.done.push_back(completion);
        }
    }

    /// Takes the back end's answers.
    fn reap(&mut self) {
        while let Some(link) =
            self.link.as_mut().filter(|link| matches!(link.state, State::Connected | State::Paused))
        {
            match link.ring.take() {
                Ok(Some((outstanding, status))) => self.answered(outstanding, status),
                Ok(None) => break,
                Err(broken) => {
                    self.give_up(broken);
                    return;
                }
            }
        }
        self.settle();
    }

    fn answered(&mut self, outstanding: Outstanding, status: i16) {
        let (Some(link), Some(disk)) = (&mut self.link, &mut self.disk) else { return };
        let command = &outstanding.command;
        match (status, command) {
            (BLKIF_RSP_OKAY, _) => {
                link.ring.copy_out(&outstanding, &mut self.queue);
                self.queue.answered(command, Ok(()));
            }
            (BLKIF_RSP_EOPNOTSUPP, Command::Flush { .. }) => {
                log::warn!("a block device does not flush as it has said");
                // The older way next, and then none.
                if disk.flush {
                    disk.flush = false;
                } else {
                    disk.barrier = false;
                }
                self.queue.again(command);
            }
            (BLKIF_RSP_EOPNOTSUPP, Command::Discard { .. }) => {
                disk.discard = None;
                self.queue.answered(command, Err(BlockError::NotSupported));
            }
            (BLKIF_RSP_EOPNOTSUPP, Command::Transfer { .. }) => {
                self.queue.answered(command, Err(BlockError::NotSupported));
            }
            // Whatever it is, it is not done.
            _ => self.queue.answered(command, Err(BlockError::Failed)),
        }
        link.ring.give_back(outstanding);
    }

    /// Hands on what is done.
    fn settle(&mut self) {
        while let Some((kind, completion)) = self.queue.take_done() {
            let counts = match kind {
                Kind::Read => Some(&mut self.statistics.read),
                Kind::Write => Some(&mut self.statistics.written),
                Kind::Flush | Kind::Discard(_) => None,
            };
            if completion.result.is_err() {
                self.statistics.errors += 1;
            } else if let Some(counts) = counts {
                counts.finished += 1;
                counts.bytes += completion.buffer.len() as u64;
            }
            self.done.push_back(completion);
        }
    }

    /// Leaves a back end that cannot be worked with. The ring stays lent, so that it finds what it knows.
    fn give_up(&mut self, broken: Broken) {
        log::error!("the back end of a block device breaks the protocol: {broken}");
        self.statistics.violations += 1;
        if let Some(link) = &mut self.link {
            link.state = State::Broken;
        }
        self.abandon();
    }
}

/// Whether the disk can do a request. Of a discard, what it can do is left.
fn check(disk: &Disk, request: &mut Request) -> Result<(), Refusal> {
    let (sector, sectors) = request.extent();
    let bytes = match request {
        Request::Read { into: buffer, .. } | Request::Write { data: buffer, .. } => buffer.len(),
        Request::Flush => return Ok(()),
        Request::Discard { .. } => 0,
    };
    let unit = disk.unit();
    if !sector.is_multiple_of(unit) || !sectors.is_multiple_of(unit) || !bytes.is_multiple_of(SECTOR) {
        return Err(Refusal::Alignment);
    }
    if sector.checked_add(sectors).is_none_or(|end| end > disk.sectors) {
        return Err(Refusal::Range);
    }
    if disk.read_only && !matches!(request, Request::Read { .. }) {
        return Err(Refusal::ReadOnly);
    }
    if let Request::Discard { sector, count, erase } = request {
        let discards = disk.discard.ok_or(Refusal::NotOffered)?;
        if *erase == Erase::Secure && !discards.secure {
            return Err(Refusal::NotOffered);
        }
        (*sector, *count) = whole_extents(discards, *sector, *count);
    }
    Ok(())
}

/// The extents that are discarded together and lie in a range.
fn whole_extents(discards: Discards, sector: u64, count: u64) -> (u64, u64) {
    let Discards { granularity, alignment, .. } = discards;
    let end = (sector + count).saturating_sub(alignment) / granularity * granularity;
    let first = sector.saturating_sub(alignment).div_ceil(granularity).saturating_mul(granularity);
    // Before the first extent there is nothing that can be discarded.
    if first >= end { (0, 0) } else { (first + alignment, end - first) }
}

fn count_issued(statistics: &mut Statistics, command: &Command) {
    match command {
        Command::Transfer { kind: Kind::Read, .. } => statistics.read.issued += 1,
        Command::Transfer { .. } => statistics.written.issued += 1,
        Command::Flush { .. } => statistics.flushes += 1,
        Command::Discard { .. } => statistics.discards += 1,
    }
}

impl<C: Channels> FrontEnd for BlkFront<C> {
    fn order(&self) -> Order {
        Order::BackFirst
    }

    fn offer(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        let offers = Offers::read(store, device)?;
        let to = device.back_domain();
        // Where there are no neighbouring pages a ring of one has to do.
        let (pages, ring_order) = match Page::allocate_run(self.pages, 1 << offers.ring_order) {
            Some(pages) => (pages, offers.ring_order),
            None => (Page::allocate_run(self.pages, 1).ok_or(Error::NoMemory)?, 0),
        };
        let memory = self.grants.grant_run(pages, to, Access::ReadWrite).map_err(Error::Grant)?;
        let references = memory.references().collect();
        let mut buffers = Buffers::new(self.grants.clone(), self.pages, to);
        // With these the device works even where memory is short.
        let least = buffers.take(BLKIF_MAX_SEGMENTS_PER_REQUEST).ok_or(Error::NoMemory)?;
        buffers.give_back(least);
        // The number is one of 16 bits on the ring; back ends know the device without it.
        let ring = Ring::new(memory, buffers, device.id().index as u16);
        let channel = self.channels.open(to).map_err(Error::Xen)?;
        let offers = Offers { ring_order, ..offers };
        self.link = Some(Link { ring, channel, references, offers, state: State::Offered });
        Ok(())
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        let Some(link) = &self.link else { return Ok(()) };
        if link.offers.ring_order == 0 {
            // What an earlier offer has left would be taken for this one's.
            for path in [device.front(NODE_RING_PAGE_ORDER), device.front(&format!("{NODE_RING_REF}0"))] {
                if store.exists(&path)? {
                    store.rm(&path)?;
                }
            }
        }
        let mut write = |node: &str, value: String| store.write(&device.front(node), value.as_bytes());
        match link.references.as_slice() {
            [one] => write(NODE_RING_REF, one.0.to_string())?,
            several => {
                write(NODE_RING_PAGE_ORDER, link.offers.ring_order.to_string())?;
                for (index, reference) in several.iter().enumerate() {
                    write(&format!("{NODE_RING_REF}{index}"), reference.0.to_string())?;
                }
            }
        }
        write(NODE_EVENT_CHANNEL, C::port(&link.channel).0.to_string())?;
        write(NODE_PROTOCOL, XEN_IO_PROTO_ABI_X86_64.into())?;
        write(NODE_FEATURE_PERSISTENT, u8::from(link.offers.persistent).to_string())
    }

    fn connect(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        let disk = Disk::read(store, device)?;
        if let Some(link) = self.link.as_mut().filter(|link| link.state != State::Broken) {
            self.disk = Some(disk);
            link.state = State::Connected;
            self.kick();
        }
        Ok(())
    }

    fn pause(&mut self) {
        if let Some(link) = self.link.as_mut().filter(|link| link.state == State::Connected) {
            link.state = State::Paused;
        }
    }

    fn disconnect(&mut self) {
        // What it has answered is done, and need not be asked for again.
        self.reap();
        if let Some(link) = self.link.take() {
            self.channels.close(link.channel);
            self.statistics.repeated += self.queue.restart();
        }
    }
}

#[cfg(test)]
mod tests;
