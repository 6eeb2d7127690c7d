// SPDX-License-Identifier: Apache-2.0
//! One interface: a wire, smoltcp's view of it, and its addresses.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::num::NonZeroUsize;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, Checksum, ChecksumCapabilities, DeviceCapabilities, PacketMeta};
use smoltcp::socket::{dhcpv4, tcp};
use smoltcp::time::Instant;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, HardwareAddress, IpCidr, IpProtocol,
    IpRepr, Ipv4Cidr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
};

use crate::beside::Beside;
use crate::checksum;
use crate::configuration::{Configuration, Lease, cidr};
use crate::connection::Connection;
use crate::error::Error;
use crate::frame::{self, Class, Ends, Pieces};
use crate::recovery::Confirmation;
use crate::routers::{Routers, link_local};
use crate::sequence::Highest;
use crate::stack::SocketNumber;
use crate::turns::Turns;
use crate::wire::{Medium, Meta, Sum, Wire};

/// Datagrams of which some pieces have come.
const PIECES_MAX: usize = 16;

/// Names an interface. The first is the loopback.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(pub u16);

/// A wire as smoltcp sees it.
pub struct Port {
    /// The device.
    pub wire: Box<dyn Wire>,
    /// The frame that smoltcp is shown next.
    frame: Vec<u8>,
    is_full: bool,
    /// What is told of that frame besides.
    beside: Beside,
    scratch: Vec<u8>,
    medium: Medium,
    /// What the connection has sent whose turn it is.
    pub highest: Highest,
    /// Packets of TCP and UDP that were sent.
    pub sent: u64,
    /// Whether the wire is somebody else's for now: what smoltcp sends is lost.
    is_lent: bool,
}

impl Port {
    /// Takes the next frame that is not damaged, and says what it is.
    pub fn fetch(&mut self) -> Option<Class> {
        loop {
            let meta = self.wire.receive(&mut self.frame)?;
            let is_damaged = meta.sum == Sum::There
                && self.packet().is_some_and(|packet| !checksum::is_right(&self.frame, &packet));
            if !is_damaged {
                return Some(match self.medium {
                    Medium::Ethernet(_) => frame::classify_ethernet(&self.frame),
                    Medium::Ip => frame::classify_packet(&self.frame, 0),
                });
            }
        }
    }

    /// Whether what comes are frames of Ethernet.
    pub const fn has_frames(&self) -> bool {
        matches!(self.medium, Medium::Ethernet(_))
    }

    /// Takes the next frame as it is, with all checksums.
    pub fn fetch_whole(&mut self) -> Option<Vec<u8>> {
        let meta = self.wire.receive(&mut self.frame)?;
        if meta.sum != Sum::There
            && let Some(packet) = self.packet()
        {
            checksum::complete(&mut self.frame, &packet);
        }
        Some(core::mem::take(&mut self.frame))
    }

    /// Whether a frame can be sent as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::TooLong`].
    pub fn admits(&self, frame: &[u8]) -> Result<(), Error> {
        if frame.len() < frame::ETHERNET {
            return Err(Error::Invalid);
        }
        if frame.len() <= self.longest_frame() || self.segment_of(frame).is_some() {
            return Ok(());
        }
        Err(Error::TooLong)
    }

    /// Bytes of a frame that goes in one piece, with a tag of a virtual net (802.1Q).
    fn longest_frame(&self) -> usize {
        self.wire.mtu() + frame::ETHERNET + 4
    }

    /// The packet in a frame that is too long, and into segments of how many bytes the device cuts it; none if it does not.
    fn segment_of(&self, frame: &[u8]) -> Option<(frame::Packet, u16)> {
        let cuts = self.cuts_tcp_v4().filter(|longest| frame.len() <= longest.get());
        let packet = frame::packet(frame, frame::ethernet_packet(frame)?)?;
        let is_cut = cuts.is_some() && packet.protocol == frame::TCP && packet.source.is_ipv4();
        let header = usize::from(*frame.get(packet.transport + 12)? >> 4) * 4;
        let segment = self.wire.mtu().checked_sub(packet.transport - packet.ip + header)?;
        u16::try_from(segment).ok().filter(|segment| is_cut && *segment > 0).map(|segment| (packet, segment))
    }

    /// Sends a frame that is [admitted](Self::admits).
    pub fn send_whole(&mut self, frame: &mut [u8]) {
        let cut = if frame.len() > self.longest_frame() { self.segment_of(frame) } else { None };
        let meta = match cut {
            Some((packet, segment)) if checksum::begin(frame, &packet) => {
                Meta { sum: Sum::Blank, segment: Some(segment) }
            }
            _ => Meta::default(),
        };
        self.wire.send(frame, meta);
    }

    /// Puts a segment that brings nothing but a confirmation in place of the frame that was fetched.
    fn compose(&mut self, ends: Ends, confirmation: Confirmation) {
        let (from, to) = (ends.remote.ip().into(), ends.local.ip().into());
        let segment = TcpRepr {
            src_port: ends.remote.port(),
            dst_port: ends.local.port(),
            control: TcpControl::None,
            seq_number: TcpSeqNumber(confirmation.next.cast_signed()),
            ack_number: Some(TcpSeqNumber(confirmation.expected.cast_signed())),
            window_len: confirmation.window,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: &[],
        };
        let ip = IpRepr::new(from, to, IpProtocol::Tcp, segment.buffer_len(), 64);
        let sums = ChecksumCapabilities::default();
        self.frame.clear();
        if let Medium::Ethernet(own) = self.medium {
            let ethernet = EthernetRepr {
                // Nobody looks from whom it comes.
                src_addr: EthernetAddress([2, 0, 0, 0, 0, 0]),
                dst_addr: EthernetAddress(own),
                ethertype: match ip {
                    IpRepr::Ipv4(_) => EthernetProtocol::Ipv4,
                    IpRepr::Ipv6(_) => EthernetProtocol::Ipv6,
                },
            };
            self.frame.resize(ethernet.buffer_len(), 0);
            ethernet.emit(&mut EthernetFrame::new_unchecked(&mut self.frame));
        }
        let start = self.frame.len();
        let transport = start + ip.header_len();
        self.frame.resize(start + ip.buffer_len(), 0);
        ip.emit(&mut self.frame[start..], &sums);
        segment.emit(&mut TcpPacket::new_unchecked(&mut self.frame[transport..]), &from, &to, &sums);
    }

    /// Lets the segment that was fetched show no wider window than this. Its checksum was looked at before.
    pub fn narrow(&mut self, window: u16) {
        if let Some(packet) = self.packet()
            && let Some(field) =
                self.frame.get_mut(packet.transport + frame::TCP_WINDOW..).and_then(<[u8]>::first_chunk_mut)
            && u16::from_be_bytes(*field) > window
        {
            *field = window.to_be_bytes();
        }
    }

    /// Bytes of the longest segment of TCP that can go between two ends.
    pub fn longest_segment(&self, ends: Ends) -> u16 {
        let headers = if ends.local.is_ipv4() { 40 } else { 60 };
        self.wire.mtu().saturating_sub(headers).try_into().unwrap_or(u16::MAX)
    }

    /// Bytes of the longest packet between two ends of which the device makes segments; none if it makes none.
    pub fn packet_size(&self, ends: Ends) -> u32 {
        let longest = self.cuts_tcp_v4().filter(|_| ends.local.is_ipv4()).map_or(0, NonZeroUsize::get);
        longest.try_into().unwrap_or(u32::MAX)
    }

    fn cuts_tcp_v4(&self) -> Option<NonZeroUsize> {
        let offload = self.wire.offload();
        offload.cuts_tcp_v4.filter(|_| offload.completes_checksums)
    }

    /// The IP packet in the frame that was fetched.
    fn packet(&self) -> Option<frame::Packet> {
        let ip = match self.medium {
            Medium::Ethernet(_) => frame::ethernet_packet(&self.frame)?,
            Medium::Ip => 0,
        };
        frame::packet(&self.frame, ip)
    }

    /// Shows smoltcp the frame that was fetched, once more.
    pub const fn show(&mut self) {
        self.is_full = true;
    }

    /// The same with what its header says besides, for whoever reads the datagram.
    pub fn show_datagram(&mut self) {
        self.beside = self.packet().map(|packet| Beside::read(&self.frame, &packet)).unwrap_or_default();
        self.show();
    }
}

/// The frame that was fetched.
pub struct Shown<'a> {
    frame: &'a [u8],
    beside: Beside,
}

impl phy::RxToken for Shown<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.frame)
    }

    fn meta(&self) -> PacketMeta {
        let mut meta = PacketMeta::default();
        meta.id = self.beside.number();
        meta
    }
}

/// Bytes at the beginning of a frame that smoltcp may count on to be 0: more than any message without data has. Those that follow are written in any case.
const BLANK: usize = 2048;

/// A frame of so many bytes, in place of what was there.
fn blank(scratch: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if scratch.len() < len {
        scratch.resize(len, 0);
    }
    let frame = &mut scratch[..len];
    frame[..len.min(BLANK)].fill(0);
    frame
}

/// Room for a frame to send.
pub struct Room<'a> {
    wire: &'a mut dyn Wire,
    scratch: &'a mut Vec<u8>,
    medium: Medium,
    segment: Option<u16>,
    beside: Beside,
    highest: &'a mut Highest,
    sent: &'a mut u64,
    is_lent: bool,
}

impl phy::TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let frame = blank(self.scratch, len);
        let result = f(frame);
        let ip = match self.medium {
            Medium::Ethernet(_) => frame::ethernet_packet(frame),
            Medium::Ip => Some(0),
        };
        let mut meta = Meta { sum: Sum::There, segment: self.segment };
        if let Some(packet) = ip.and_then(|ip| frame::packet(frame, ip)) {
            let is_completed = self.wire.offload().completes_checksums;
            self.highest.pass(frame, &packet, !is_completed);
            if self.beside != Beside::default() {
                self.beside.write(frame, &packet);
            }
            *self.sent += u64::from(matches!(packet.protocol, frame::TCP | frame::UDP));
            if is_completed && checksum::begin(frame, &packet) {
                meta.sum = Sum::Blank;
            }
        }
        if !self.is_lent {
            self.wire.send(frame, meta);
        }
        result
    }

    fn set_meta(&mut self, meta: PacketMeta) {
        self.segment = meta.segmentation_offload_size.map(Into::into);
        self.beside = Beside::of_number(meta.id);
    }
}

impl phy::Device for Port {
    type RxToken<'a> = Shown<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Shown<'_>, Room<'_>)> {
        if !core::mem::take(&mut self.is_full) {
            return None;
        }
        let room = Room {
            wire: &mut *self.wire,
            scratch: &mut self.scratch,
            medium: self.medium,
            segment: None,
            beside: Beside::default(),
            highest: &mut self.highest,
            sent: &mut self.sent,
            is_lent: self.is_lent,
        };
        Some((Shown { frame: &self.frame, beside: core::mem::take(&mut self.beside) }, room))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_>> {
        if !self.wire.can_send() {
            return None;
        }
        Some(Room {
            wire: &mut *self.wire,
            scratch: &mut self.scratch,
            medium: self.medium,
            segment: None,
            beside: Beside::default(),
            highest: &mut self.highest,
            sent: &mut self.sent,
            is_lent: self.is_lent,
        })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let offload = self.wire.offload();
        let mut capabilities = DeviceCapabilities::default();
        let (medium, header) = match self.medium {
            Medium::Ethernet(_) => (phy::Medium::Ethernet, 14),
            Medium::Ip => (phy::Medium::Ip, 0),
        };
        capabilities.medium = medium;
        capabilities.max_transmission_unit = self.wire.mtu() + header;
        let mut sums = ChecksumCapabilities::default();
        // What comes is checked before smoltcp sees it.
        let ours = if offload.completes_checksums { Checksum::None } else { Checksum::Tx };
        (sums.tcp, sums.udp) = (ours, ours);
        capabilities.checksum = sums;
        capabilities.segmentation.tcpv4 = self.cuts_tcp_v4();
        capabilities
    }
}

/// The client of DHCP.
struct Dhcp {
    set: SocketSet<'static>,
    handle: SocketHandle,
}

/// One interface.
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its wire.
    pub port: Port,
    /// smoltcp's view of it.
    pub interface: Box<Interface>,
    /// Whether somebody was at the other end of the wire when that was looked at.
    was_up: bool,
    /// What frames for nobody are given to.
    nobody: SocketSet<'static>,
    dhcp: Option<Dhcp>,
    /// What the DHCP server has told.
    pub lease: Option<Lease>,
    /// Addresses that somebody has told.
    told: Vec<IpCidr>,
    /// Whether somebody has told the way out of IPv6.
    has_gateway_v6: bool,
    /// What routers of IPv6 announce.
    routers: Option<Routers>,
    /// Sockets that wait for somebody's hardware address.
    pub unresolved: Vec<SocketNumber>,
    /// Sockets that wait for room on the wire.
    pub blocked: Turns,
    /// Who has its frames in place of the stack.
    pub frames: Option<SocketNumber>,
    /// To whom datagrams go of which some pieces have come.
    pieces: VecDeque<(Pieces, Ends)>,
}

impl Link {
    /// An interface on a wire.
    pub fn new(
        name: String,
        wire: Box<dyn Wire>,
        configuration: &Configuration,
        seed: u64,
        now: Instant,
    ) -> Self {
        let (medium, was_up) = (wire.medium(), wire.is_up());
        let mut port = Port {
            wire,
            frame: Vec::new(),
            is_full: false,
            beside: Beside::default(),
            scratch: Vec::new(),
            medium,
            highest: Highest::default(),
            sent: 0,
            is_lent: false,
        };
        let address = match medium {
            Medium::Ethernet(address) => HardwareAddress::Ethernet(EthernetAddress(address)),
            Medium::Ip => HardwareAddress::Ip,
        };
        let mut config = Config::new(address);
        config.random_seed = seed;
        let interface = Box::new(Interface::new(config, &mut port, now));
        let dhcp = (*configuration == Configuration::Dhcp).then(|| {
            let mut set = SocketSet::new(Vec::with_capacity(1));
            let handle = set.add(dhcpv4::Socket::new());
            Dhcp { set, handle }
        });
        let mut link = Self {
            name,
            port,
            interface,
            was_up,
            nobody: SocketSet::new(Vec::new()),
            dhcp,
            lease: None,
            told: Vec::new(),
            has_gateway_v6: false,
            routers: match medium {
                Medium::Ethernet(address) => Some(Routers::new(address, now)),
                Medium::Ip => None,
            },
            unresolved: Vec::new(),
            blocked: Turns::default(),
            frames: None,
            pieces: VecDeque::new(),
        };
        if let Medium::Ethernet(address) = medium {
            link.told.push(IpCidr::new(IpAddr::V6(link_local(address)).into(), 64));
        }
        if let Configuration::Static { addresses, gateways } = configuration {
            link.told.extend(addresses.iter().filter_map(|(address, prefix)| cidr(*address, *prefix)));
            for gateway in gateways {
                let routes = link.interface.routes_mut();
                let added = match gateway {
                    IpAddr::V4(gateway) => routes.add_default_ipv4_route(*gateway).map(drop),
                    IpAddr::V6(gateway) => {
                        link.has_gateway_v6 = true;
                        routes.add_default_ipv6_route(*gateway).map(drop)
                    }
                };
                debug_assert!(added.is_ok(), "an empty table has room for one of each");
            }
        }
        link.apply();
        link
    }

    /// Gives the interface its addresses.
    fn apply(&mut self) {
        let told = self.told.clone();
        let leased = self.lease.as_ref().map(|lease| Ipv4Cidr::new(lease.address, lease.prefix));
        let announced = self.routers.iter().flat_map(Routers::addresses).map(IpCidr::Ipv6);
        self.interface.update_ip_addrs(|addresses| {
            addresses.clear();
            for address in told.into_iter().chain(leased.map(IpCidr::Ipv4)).chain(announced) {
                if addresses.push(address).is_err() {
                    log::warn!("an interface has no room for the address {address}");
                }
            }
        });
    }

    /// Adds an address, or takes one away.
    pub fn set_told(&mut self, addresses: Vec<IpCidr>) {
        self.told = addresses;
        self.apply();
    }

    /// Its addresses.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, u8)> + '_ {
        self.interface.ip_addrs().iter().map(|cidr| (cidr.address().into(), cidr.prefix_len()))
    }

    /// Whether an address is its own.
    pub fn has(&self, address: IpAddr) -> bool {
        self.addresses().any(|(own, _)| own == address)
    }

    /// How well it leads to an address: directly, by a router, or not at all.
    pub fn leads_to(&self, address: IpAddr) -> Option<Reach> {
        let cidrs = self.interface.ip_addrs();
        let same = cidrs.iter().any(|cidr| IpAddr::from(cidr.address()).is_ipv4() == address.is_ipv4());
        if cidrs.iter().any(|cidr| cidr.contains_addr(&address.into())) {
            return Some(Reach::Direct);
        }
        let routes = self.interface.routes();
        let is_routed = match address {
            IpAddr::V4(_) => routes.get_default_ipv4_route().is_some(),
            IpAddr::V6(_) => routes.get_default_ipv6_route().is_some(),
        };
        let to_all = address.is_multicast() || address == IpAddr::V4(core::net::Ipv4Addr::BROADCAST);
        (same && (is_routed || to_all)).then_some(Reach::Routed)
    }

    /// Remembers for whom a datagram is whose first piece has come.
    pub fn remember(&mut self, pieces: Pieces, ends: Ends) {
        if self.pieces.len() == PIECES_MAX {
            self.pieces.pop_front();
        }
        self.pieces.push_back((pieces, ends));
    }

    /// For whom a later piece is.
    pub fn whose(&self, pieces: Pieces) -> Option<Ends> {
        self.pieces.iter().rev().find(|(known, _)| *known == pieces).map(|(_, ends)| *ends)
    }

    /// Lets smoltcp answer a frame that is for no socket: refusals, ARP, neighbour discovery, echo.
    pub fn answer(&mut self, now: Instant) {
        self.port.highest = Highest::default();
        self.port.show();
        self.interface.poll_ingress_single(now, &mut self.port, &mut self.nobody);
    }

    /// Shows smoltcp what makes it send the first segment of a connection that is missing.
    pub fn tell_of_loss(&mut self, connection: &mut Connection, now: Instant) {
        use tcp::State;
        let Some(evidence) = connection.flight.evidence() else { return };
        for confirmation in evidence {
            let socket = connection.socket();
            // One that has ended does not know what it is shown, and would say so to the other end. One that has nothing but its end to send would stop
            // its clock and send nothing; that comes about here too, where smoltcp has not heard the confirmation before.
            let sends = socket.send_queue() > 0
                && matches!(
                    socket.state(),
                    State::Established | State::FinWait1 | State::CloseWait | State::Closing | State::LastAck
                );
            if !sends {
                return;
            }
            self.port.compose(connection.ends, confirmation);
            self.port.show();
            self.interface.poll_ingress_single(now, &mut self.port, &mut connection.set);
        }
    }

    /// Gives the frame to the client of DHCP, if there is one.
    pub fn answer_dhcp(&mut self, now: Instant) -> bool {
        let Some(dhcp) = &mut self.dhcp else { return false };
        self.port.show();
        self.interface.poll_ingress_single(now, &mut self.port, &mut dhcp.set);
        true
    }

    /// Hears what a router announces. Says whether its addresses or ways have changed.
    pub fn hear_router(&mut self, now: Instant) -> bool {
        let Some(routers) = &mut self.routers else { return false };
        let has_changed = routers.hear(&self.port.frame, now);
        if has_changed {
            self.follow_routers();
        }
        has_changed
    }

    /// Does what routers have announced.
    fn follow_routers(&mut self) {
        self.apply();
        if self.has_gateway_v6 {
            return;
        }
        let routes = self.interface.routes_mut();
        match self.routers.as_ref().and_then(Routers::router) {
            Some(router) => {
                let _ = routes.add_default_ipv6_route(router);
            }
            None => {
                routes.remove_default_ipv6_route();
            }
        }
    }

    /// Asks routers, and forgets what they have announced for a time that is over.
    fn maintain_routers(&mut self, now: Instant) -> bool {
        let Some(routers) = &mut self.routers else { return false };
        if !self.port.is_lent
            && self.port.wire.is_up()
            && self.port.wire.can_send()
            && let Some(question) = routers.question(now)
        {
            self.port.wire.send(&question, Meta::default());
        }
        let has_changed = routers.expire(now);
        if has_changed {
            self.follow_routers();
        }
        has_changed
    }

    /// Whether somebody is at the other end of the wire again who was not when this was last asked.
    pub fn is_back(&mut self) -> bool {
        let was_up = core::mem::replace(&mut self.was_up, self.port.wire.is_up());
        self.was_up && !was_up
    }

    /// Lets a socket have the frames in place of the stack.
    pub const fn lend(&mut self, to: SocketNumber) {
        self.frames = Some(to);
        self.port.is_lent = true;
    }

    /// The stack has the frames again.
    pub const fn take_back(&mut self) {
        self.frames = None;
        self.port.is_lent = false;
    }

    /// Does what is due for the interface itself. Says whether its addresses have changed.
    pub fn maintain(&mut self, now: Instant) -> bool {
        self.interface.poll_maintenance(now);
        self.interface.poll_egress(now, &mut self.port, &mut self.nobody);
        let routers = self.maintain_routers(now);
        self.maintain_lease(now) || routers
    }

    fn maintain_lease(&mut self, now: Instant) -> bool {
        let Some(dhcp) = &mut self.dhcp else { return false };
        self.interface.poll_egress(now, &mut self.port, &mut dhcp.set);
        let lease = match dhcp.set.get_mut::<dhcpv4::Socket<'_>>(dhcp.handle).poll() {
            None => return false,
            Some(dhcpv4::Event::Configured(config)) => Some(Lease {
                address: config.address.address(),
                prefix: config.address.prefix_len(),
                gateway: config.router,
                name_servers: config.dns_servers.iter().copied().collect(),
            }),
            Some(dhcpv4::Event::Deconfigured) => None,
        };
        if lease == self.lease {
            return false;
        }
        self.lease = lease;
        self.apply();
        let routes = self.interface.routes_mut();
        match self.lease.as_ref().and_then(|lease| lease.gateway) {
            Some(gateway) => {
                let _ = routes.add_default_ipv4_route(gateway);
            }
            None => {
                routes.remove_default_ipv4_route();
            }
        }
        true
    }

    /// When the interface itself has something to do.
    pub fn due(&mut self, now: Instant) -> Option<Instant> {
        let own = self.interface.poll_at(now, &self.nobody);
        let dhcp = self.dhcp.as_ref().and_then(|dhcp| self.interface.poll_at(now, &dhcp.set));
        let routers = self.routers.as_ref().and_then(Routers::due);
        [own, dhcp, routers].into_iter().flatten().min()
    }
}

/// How an interface leads to an address; better is less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// It is on its net.
    Direct,
    /// By a router.
    Routed,
}
