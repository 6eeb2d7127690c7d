// SPDX-License-Identifier: Apache-2.0
//! The front end of a network device (`netif.h`): one queue, packets copied into and out of pages that are lent for good.
//!
//! What decides the speed of a PV network is the size of what crosses it: packets of up to 64 KiB in several pages, cut into
//! segments by the other side's hardware or not at all, checksums left to it, and few signals. So all of that is negotiated, and
//! a burst of packets costs one [`flush`](NetFront::flush).
//!
//! A back end that breaks the protocol is left: the device is down until the back end starts over.

mod buffers;
mod offers;
mod packet;
mod receive;
mod slots;
mod statistics;
mod transmit;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use xen_hypervisor_sys::io::netif::{
    NODE_EVENT_CHANNEL, NODE_FEATURE_GSO_TCPV4, NODE_FEATURE_GSO_TCPV6, NODE_FEATURE_IPV6_CSUM_OFFLOAD,
    NODE_FEATURE_RX_NOTIFY, NODE_FEATURE_SG, NODE_MAC, NODE_MTU, NODE_REQUEST_RX_COPY, NODE_RX_RING_REF,
    NODE_TX_RING_REF, XEN_NETIF_NR_SLOTS_MIN,
};

use self::buffers::Buffers;
use self::receive::Receive;
use self::transmit::Transmit;
use crate::channels::Channels;
use crate::doorbell::Doorbell;
use crate::grant::{Access, GrantTable, GrantedPage};
use crate::memory::{DomId, EvtchnPort, GrantRef};
use crate::page::{Page, PageAllocator};
use crate::ring::RingError;
use crate::xenbus::{Device, Error, FrontEnd, Order};
use crate::xenstore::{self, Store};

pub use offers::{ETHERNET_MAX, Offers};
pub use packet::{Checksum, Gso, GsoKind, Meta, PACKET_MAX};
pub use slots::{RxRequest, RxResponse, RxSlot, TxResponse, TxSlot};
pub use statistics::{Counts, Statistics};
pub use transmit::SendError;

/// Slots of the largest packet.
const SLOTS_MAX: usize = XEN_NETIF_NR_SLOTS_MIN;
/// Bytes of a packet's payload where nobody says otherwise.
const MTU: u16 = 1500;

/// An address of Ethernet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads `00:16:3e:00:00:01`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.trim().split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() <= 2)?;
            *byte = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// How a back end has broken the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    /// An index of a ring cannot be.
    Ring(RingError),
    /// It answers a request that was not made, or out of order.
    Id {
        /// The number in its answer.
        id: u16,
    },
    /// It answers more requests than there are.
    NotLent,
    /// Bytes that do not lie in a page.
    Range {
        /// The first.
        offset: usize,
        /// How many.
        size: usize,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ring(error) => error.fmt(f),
            Self::Id { id } => write!(f, "an answer to request {id}, which is not the one to be answered"),
            Self::NotLent => f.write_str("an answer without a request"),
            Self::Range { offset, size } => write!(f, "{size} bytes at {offset} of a page"),
        }
    }
}

impl core::error::Error for Broken {}

/// The two rings and the event channel, from the offer until the back end goes.
struct Link<C: Channels> {
    transmit: Transmit,
    receive: Receive,
    channel: C::Channel,
    references: [GrantRef; 2],
    offers: Offers,
    is_connected: bool,
}

/// The driver of one network device.
pub struct NetFront<C: Channels> {
    grants: GrantTable,
    pages: &'static dyn PageAllocator,
    channels: C,
    link: Option<Link<C>>,
    mac: Option<Mac>,
    mtu: u16,
    statistics: Statistics,
}

impl<C: Channels> NetFront<C> {
    /// A driver that has no device yet.
    pub fn new(grants: GrantTable, pages: &'static dyn PageAllocator, channels: C) -> Self {
        Self { grants, pages, channels, link: None, mac: None, mtu: MTU, statistics: Statistics::default() }
    }

    /// The address that the toolstack has given to the device.
    #[must_use]
    pub const fn mac(&self) -> Option<Mac> {
        self.mac
    }

    /// Bytes of the longest packet on the wire, without the Ethernet header.
    #[must_use]
    pub const fn mtu(&self) -> u16 {
        self.mtu
    }

    /// What the back end offers while there is a connection.
    #[must_use]
    pub fn offers(&self) -> Option<Offers> {
        self.connected().map(|link| link.offers)
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

    /// Pages that are lent for received packets.
    #[must_use]
    pub fn receive_pages(&self) -> usize {
        self.link.as_ref().map_or(0, |link| link.receive.pages())
    }

    fn connected(&self) -> Option<&Link<C>> {
        self.link.as_ref().filter(|link| link.is_connected)
    }

    /// Whether a packet of any size can be sent now.
    pub fn can_send(&mut self) -> bool {
        self.reap();
        self.connected().is_some_and(|link| link.transmit.has_room())
    }

    /// Whether the back end has taken all that was sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.connected().is_none_or(|link| link.transmit.is_idle())
    }

    /// Sends a packet, given in parts. It is on its way with the next [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`SendError`]; nothing is sent then.
    pub fn send(&mut self, meta: Meta, parts: &[&[u8]]) -> Result<(), SendError> {
        self.reap();
        let Some(link) = self.link.as_mut().filter(|link| link.is_connected) else {
            return Err(SendError::Down);
        };
        let bytes = parts.iter().map(|part| part.len()).sum();
        let limit = link.offers.packet_max();
        if bytes > limit {
            return Err(SendError::Size { bytes, limit });
        }
        if !link.offers.allow(meta) {
            return Err(SendError::NotOffered);
        }
        link.transmit.push(meta, parts, &mut self.statistics.sent)
    }

    /// Shows the back end what was sent and which pages are free again, and signals it if it sleeps.
    pub fn flush(&mut self) {
        if let Some(link) = &mut self.link {
            let sent = link.transmit.publish();
            let lent = link.receive.publish();
            if sent || lent {
                link.channel.ring();
            }
        }
    }

    /// Takes the next packet, if there is one, in place of what `into` holds.
    pub fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        let link = self.link.as_mut().filter(|link| link.is_connected)?;
        match link.receive.take(into, &mut self.statistics.received) {
            Ok(packet) => packet,
            Err(broken) => {
                self.give_up(broken);
                None
            }
        }
    }

    /// Asks for a signal when there is something to do again. True when there is already, so that the caller must not sleep.
    #[must_use = "what came meanwhile brings no signal"]
    pub fn rearm(&mut self) -> bool {
        self.reap();
        let Some(link) = self.link.as_mut().filter(|link| link.is_connected) else { return false };
        let rearmed = link.receive.rearm().and_then(|received| Ok(received | link.transmit.rearm()?));
        // A back end that had used up all pages has got more.
        if link.receive.publish() {
            link.channel.ring();
        }
        rearmed.unwrap_or_else(|broken| {
            self.give_up(broken);
            false
        })
    }

    fn reap(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| link.is_connected) else { return };
        if let Err(broken) = link.transmit.reap(&mut self.statistics.sent) {
            self.give_up(broken);
        }
    }

    /// Leaves a back end that cannot be worked with. The rings stay lent, so that it finds what it knows.
    fn give_up(&mut self, broken: Broken) {
        log::error!("the back end of a network device breaks the protocol: {broken}");
        self.statistics.violations += 1;
        if let Some(link) = &mut self.link {
            link.is_connected = false;
        }
    }

    fn lend(&self, to: DomId) -> Result<GrantedPage, Error> {
        let page = Page::allocate(self.pages).ok_or(Error::NoMemory)?;
        self.grants.grant(page, to, Access::ReadWrite).map_err(|(error, _)| Error::Grant(error))
    }

    fn buffers(&self, to: DomId, access: Access) -> Buffers {
        Buffers::new(self.grants.clone(), self.pages, to, access)
    }
}

impl<C: Channels> FrontEnd for NetFront<C> {
    fn order(&self) -> Order {
        Order::FrontFirst
    }

    fn offer(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        let offers = Offers::read(store, device)?;
        let mac = store.read_string(&device.front(NODE_MAC))?;
        self.mac =
            Some(Mac::parse(&mac).ok_or(Error::Unsuitable { reason: "its Ethernet address is none" })?);
        let mtu = store.read_if_exists(&device.front(NODE_MTU))?;
        let mtu = mtu.and_then(|value| core::str::from_utf8(&value).ok()?.parse().ok());
        self.mtu = mtu.filter(|mtu| (68..=65_521).contains(mtu)).unwrap_or(MTU);
        let to = device.back_domain();
        let (sent, received) = (self.lend(to)?, self.lend(to)?);
        let references = [sent.reference(), received.reference()];
        let transmit = Transmit::new(sent, self.buffers(to, Access::ReadOnly));
        let receive = Receive::new(received, self.buffers(to, Access::ReadWrite));
        if receive.pages() == 0 {
            return Err(Error::NoMemory);
        }
        let channel = self.channels.open(to).map_err(Error::Xen)?;
        let mut link = Link { transmit, receive, channel, references, offers, is_connected: false };
        // Nobody listens yet; the back end looks at the ring when it connects.
        let _ = link.receive.publish();
        self.link = Some(link);
        Ok(())
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        let Some(link) = &self.link else { return Ok(()) };
        let mut write = |node, value: String| store.write(&device.front(node), value.as_bytes());
        let [sent, received] = link.references;
        write(NODE_TX_RING_REF, sent.0.to_string())?;
        write(NODE_RX_RING_REF, received.0.to_string())?;
        write(NODE_EVENT_CHANNEL, C::port(&link.channel).0.to_string())?;
        for feature in [
            NODE_REQUEST_RX_COPY,
            NODE_FEATURE_RX_NOTIFY,
            NODE_FEATURE_SG,
            NODE_FEATURE_GSO_TCPV4,
            NODE_FEATURE_GSO_TCPV6,
            NODE_FEATURE_IPV6_CSUM_OFFLOAD,
        ] {
            write(feature, "1".into())?;
        }
        Ok(())
    }

    fn connect(&mut self, _: &mut dyn Store, _: &Device) -> Result<(), Error> {
        if let Some(link) = &mut self.link {
            link.is_connected = true;
            link.channel.ring();
        }
        Ok(())
    }

    fn disconnect(&mut self) {
        if let Some(link) = self.link.take() {
            self.channels.close(link.channel);
        }
    }
}

#[cfg(test)]
mod tests;
