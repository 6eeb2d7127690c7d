// SPDX-License-Identifier: Apache-2.0
//! The front end of Xen's 9pfs (xl's `p9=`, `9pfs.h`): a stream of bytes to a server of files and back. What the bytes say is not its business.
//!
//! One ring is used, of the many that a back end offers: questions follow each other anyway. A back end that claims indices which cannot be
//! is left until it starts over. A stream never goes on with another back end: each has a number, so that whoever uses it begins anew.

mod ring;
#[cfg(test)]
mod tests;

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use xen_hypervisor_sys::io::p9::{
    NODE_EVENT_CHANNEL, NODE_MAX_RING_PAGE_ORDER, NODE_MAX_RINGS, NODE_NUM_RINGS, NODE_RING_REF, NODE_TAG,
    NODE_VERSION, NODE_VERSIONS,
};

use self::ring::Rings;
use crate::byte_ring::RingError;
use crate::channels::Channels;
use crate::doorbell::Doorbell;
use crate::grant::{Access, GrantTable};
use crate::memory::EvtchnPort;
use crate::page::{Page, PageAllocator};
use crate::xenbus::{Device, Error, FrontEnd, Order};
use crate::xenstore::{self, Store};

pub use ring::{incoming, outgoing};

/// The class of such devices in xenstore.
pub const CLASS: &str = "9pfs";

/// The version of the transport.
const VERSION: &str = "1";

/// Data pages that are asked for, as a power of two: 128 KiB each way.
const RING_ORDER: u32 = 6;

/// The fewest data pages: one each way.
const RING_ORDER_LEAST: u32 = 1;

/// Why no bytes go or come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Down {
    /// No back end is connected.
    Unconnected,
    /// The back end has broken the protocol.
    Broken,
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unconnected => "no back end is connected",
            Self::Broken => "the back end has broken the protocol",
        })
    }
}

impl core::error::Error for Down {}

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The back end has not answered the offer.
    Offered,
    /// Bytes can go.
    Connected,
    /// The back end has broken the protocol.
    Broken,
}

/// The rings and the event channel, from the offer until the back end goes.
struct Link<C: Channels> {
    rings: Rings,
    channel: C::Channel,
    state: State,
}

/// The driver of one share.
pub struct NinepFront<C: Channels> {
    grants: GrantTable,
    pages: &'static dyn PageAllocator,
    channels: C,
    link: Option<Link<C>>,
    tag: String,
    streams: u64,
}

impl<C: Channels> NinepFront<C> {
    /// A driver that has no device yet.
    pub fn new(grants: GrantTable, pages: &'static dyn PageAllocator, channels: C) -> Self {
        Self { grants, pages, channels, link: None, tag: String::new(), streams: 0 }
    }

    /// The name of the share, by which it is mounted.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The event channel, to tell its events from others.
    #[must_use]
    pub fn port(&self) -> Option<EvtchnPort> {
        self.link.as_ref().map(|link| C::port(&link.channel))
    }

    /// The number of the stream, while there is one.
    #[must_use]
    pub fn stream(&self) -> Option<u64> {
        let link = self.link.as_ref()?;
        (link.state == State::Connected).then_some(self.streams)
    }

    /// The most bytes of a message that surely has room: half a ring, as back ends want a whole one in it.
    #[must_use]
    pub fn message_limit(&self) -> u32 {
        self.link.as_ref().map_or(0, |link| link.rings.size() / 2)
    }

    /// Sends bytes; tells how many had room.
    ///
    /// # Errors
    /// [`Down`].
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize, Down> {
        self.act(|rings| rings.write(bytes))
    }

    /// Takes bytes that came; tells how many. When there are none, the event channel will tell of some.
    ///
    /// # Errors
    /// [`Down`].
    pub fn receive(&mut self, into: &mut [u8]) -> Result<usize, Down> {
        self.act(|rings| rings.read(into))
    }

    fn act(&mut self, act: impl FnOnce(&mut Rings) -> Result<usize, RingError>) -> Result<usize, Down> {
        let link = self.link.as_mut().ok_or(Down::Unconnected)?;
        match link.state {
            State::Offered => return Err(Down::Unconnected),
            State::Broken => return Err(Down::Broken),
            State::Connected => {}
        }
        match act(&mut link.rings) {
            Ok(0) => Ok(0),
            Ok(count) => {
                // It waits for bytes, or for room.
                link.channel.ring();
                Ok(count)
            }
            Err(error) => {
                log::error!("the back end of a 9pfs share breaks the protocol: {error}");
                link.state = State::Broken;
                Err(Down::Broken)
            }
        }
    }
}

/// The order of the ring that a back end and this end can do.
fn agree(store: &mut dyn Store, device: &Device) -> Result<u32, Error> {
    let mut text = |node: &str| -> Result<Option<String>, Error> {
        let value = store.read_if_exists(&device.back(node))?;
        Ok(value.and_then(|bytes| String::from_utf8(bytes).ok()))
    };
    let versions = text(NODE_VERSIONS)?.unwrap_or_default();
    if !versions.split(',').any(|version| version.trim() == VERSION) {
        return Err(Error::Unsuitable { reason: "the back end does not know version 1 of the transport" });
    }
    let mut number = |node: &str| -> Result<u32, Error> {
        Ok(text(node)?.and_then(|text| text.trim().parse().ok()).unwrap_or(0))
    };
    if number(NODE_MAX_RINGS)? == 0 {
        return Err(Error::Unsuitable { reason: "the back end takes no ring" });
    }
    let order = number(NODE_MAX_RING_PAGE_ORDER)?.min(RING_ORDER);
    if order < RING_ORDER_LEAST {
        return Err(Error::Unsuitable { reason: "the back end takes no ring of two pages" });
    }
    Ok(order)
}

impl<C: Channels> FrontEnd for NinepFront<C> {
    fn order(&self) -> Order {
        Order::BackFirst
    }

    fn offer(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        let most = agree(store, device)?;
        let tag = store.read_if_exists(&device.front(NODE_TAG))?.unwrap_or_default();
        self.tag = String::from_utf8(tag).map_err(|_| Error::Unsuitable { reason: "its tag is no text" })?;
        let to = device.back_domain();
        // Where there are no neighbouring pages a shorter ring has to do.
        let found = (RING_ORDER_LEAST..=most)
            .rev()
            .find_map(|order| Some((Page::allocate_run(self.pages, 1 + (1 << order))?, order)));
        let (pages, order) = found.ok_or(Error::NoMemory)?;
        let memory = self.grants.grant_run(pages, to, Access::ReadWrite).map_err(Error::Grant)?;
        let rings = Rings::new(memory, order);
        let channel = self.channels.open(to).map_err(Error::Xen)?;
        self.link = Some(Link { rings, channel, state: State::Offered });
        Ok(())
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        let Some(link) = &self.link else { return Ok(()) };
        let Some(reference) = link.rings.reference() else { return Ok(()) };
        let mut write = |node: &str, value: &str| store.write(&device.front(node), value.as_bytes());
        write(NODE_VERSION, VERSION)?;
        write(NODE_NUM_RINGS, "1")?;
        write(&format!("{NODE_RING_REF}0"), &reference.0.to_string())?;
        write(&format!("{NODE_EVENT_CHANNEL}0"), &C::port(&link.channel).0.to_string())
    }

    fn connect(&mut self, _: &mut dyn Store, _: &Device) -> Result<(), Error> {
        if let Some(link) = self.link.as_mut().filter(|link| link.state == State::Offered) {
            link.state = State::Connected;
            self.streams += 1;
        }
        Ok(())
    }

    fn disconnect(&mut self) {
        if let Some(link) = self.link.take() {
            self.channels.close(link.channel);
        }
    }
}
