// SPDX-License-Identifier: Apache-2.0
//! The domain's network: its vifs, led through their handshakes, under the stack whose sockets the virtual machine has.

mod channels;
mod flags;
pub mod names;
mod wire;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr};

use drivers::netfront::{Mac, NetFront, Statistics};
use drivers::xenbus::{self, Binding, Change, DeviceId, Discovery, Phase};
use drivers::xenstore::WatchToken;
use log::{debug, info, warn};
use net::{Limits, LinkId, Stack};
use vm_net::PluggedSockets;

use crate::machine::Machine;
use crate::memory::page::FramePages;
use crate::memory::{self, PAGE_SIZE};
use crate::time;
use wire::{Device, Vif};

pub use flags::NetworkFlags;

/// The class of network devices.
const CLASS: &str = "vif";
/// The part of memory that is free at the start which buffers of connections may have.
const MEMORY_PART: usize = 4;

/// A vif.
struct Interface {
    device: Device,
    /// Its place in the stack, once its address is known.
    link: Option<LinkId>,
    /// The address that was leased when that was last said.
    told: Option<Ipv4Addr>,
}

/// What is known of a vif.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VifFacts {
    /// Whether a back end is connected.
    pub is_up: bool,
    /// Its address, once it is known.
    pub mac: Option<Mac>,
    /// Bytes of a packet's payload.
    pub mtu: u16,
    /// Its counts.
    pub statistics: Statistics,
}

/// The domain's network.
pub struct Network {
    discovery: Option<Discovery>,
    interfaces: BTreeMap<u32, Interface>,
    flags: NetworkFlags,
    has_told_servers: bool,
    /// The sockets.
    pub sockets: PluggedSockets,
}

impl Network {
    /// A network of what vifs there are and will be.
    pub fn new(machine: &mut Machine, flags: NetworkFlags) -> Self {
        let free = memory::statistics().map_or(0, |statistics| statistics.available * PAGE_SIZE);
        let limits = Limits { memory: free / MEMORY_PART, ..Limits::default() };
        let mut entropy = machine.entropy.fork();
        let mut stack = Stack::new(limits, Box::new(move |bytes: &mut [u8]| entropy.fill(bytes)));
        stack.set_discard(Box::new(memory::lazy::discard));
        let host_name = flags.host_name.clone().unwrap_or_else(|| machine.domain.name.clone());
        let clock = Box::new(|| time::now().0 / 1000);
        let discovery = match Discovery::new(&mut machine.xenstore.borrow()) {
            Ok(discovery) => Some(discovery),
            Err(error) => {
                warn!("network devices cannot be looked for: {error}");
                None
            }
        };
        Self {
            discovery,
            interfaces: BTreeMap::new(),
            flags,
            has_told_servers: false,
            sockets: PluggedSockets::new(stack, names::with_domain(&host_name).into_bytes(), clock),
        }
    }

    /// Does what xenstore has events for: vifs come, go, and change their state. What is asked of xenstore on the way can bring more
    /// events, of which nothing else would tell.
    pub fn attend(&mut self, machine: &mut Machine) {
        while self.look_for_devices(machine) | self.advance_all(machine) {}
    }

    /// Says whether there was a reason to.
    fn look_for_devices(&mut self, machine: &mut Machine) -> bool {
        let Some(discovery) = &mut self.discovery else { return false };
        if !take_events(machine, discovery.watch()) {
            return false;
        }
        let changes = discovery.refresh(&mut *machine.xenstore.borrow());
        match changes {
            Ok(changes) => changes.into_iter().for_each(|change| self.change(machine, change)),
            Err(error) => warn!("devices cannot be looked for: {error}"),
        }
        true
    }

    /// Says whether there was a reason to.
    fn advance_all(&mut self, machine: &mut Machine) -> bool {
        let mut has_changed = false;
        for (index, interface) in &mut self.interfaces {
            let watch = interface.device.borrow().watch();
            if take_events(machine, watch) {
                has_changed = true;
                advance(machine, *index, interface);
                plug_in(&mut self.sockets.stack, &self.flags, *index, interface);
            }
        }
        has_changed
    }

    fn change(&mut self, machine: &mut Machine, change: Change) {
        match change {
            Change::Arrived(id) if id.class == CLASS => self.arrived(machine, &id),
            // Its link stays in the stack, down.
            Change::Left(id) if id.class == CLASS => {
                if let Some(interface) = self.interfaces.get(&id.index) {
                    advance(machine, id.index, interface);
                }
            }
            Change::Arrived(_) | Change::Left(_) => {}
        }
    }

    fn arrived(&mut self, machine: &mut Machine, id: &DeviceId) {
        debug!("vif {} has arrived", id.index);
        let driver = NetFront::new(machine.grants.clone(), &FramePages, machine.events.clone());
        let mut session = machine.xenstore.borrow();
        let bound = xenbus::Device::open(&mut *session, id)
            .and_then(|device| Binding::new(&mut session, device, driver));
        drop(session);
        match bound {
            Ok(binding) => match self.interfaces.get(&id.index) {
                // One that was plugged in before has its link in the stack, which goes on with this.
                Some(interface) => {
                    let before = interface.device.replace(binding);
                    if let (_, Err(error)) = before.unbind(&mut machine.xenstore.borrow()) {
                        warn!("{id} as it was before cannot be let go of: {error}");
                    }
                }
                None => {
                    let interface =
                        Interface { device: Rc::new(RefCell::new(binding)), link: None, told: None };
                    self.interfaces.insert(id.index, interface);
                }
            },
            Err(error) => warn!("{id} cannot be used: {error}"),
        }
    }

    /// The name servers, if they are others than when this was last asked.
    pub fn take_servers(&mut self) -> Option<Vec<IpAddr>> {
        let has_changed = self.sockets.stack.take_lease_changed();
        if !has_changed && self.has_told_servers {
            return None;
        }
        if has_changed {
            self.tell_leases();
        }
        self.has_told_servers = true;
        let links = self.interfaces.values().filter_map(|interface| interface.link);
        let leases = links.filter_map(|link| self.sockets.stack.lease(link));
        let leased = leases.flat_map(|lease| lease.name_servers.iter().copied().map(IpAddr::V4));
        Some(self.flags.name_servers.iter().copied().chain(leased).collect())
    }

    /// Says which addresses were leased anew: whoever has started the domain knows them from nowhere else.
    fn tell_leases(&mut self) {
        for (index, interface) in &mut self.interfaces {
            let lease = interface.link.and_then(|link| self.sockets.stack.lease(link));
            let address = lease.map(|lease| lease.address);
            if let Some(lease) = lease
                && interface.told != address
            {
                info!("vif {index} has the address {}/{} by DHCP", lease.address, lease.prefix);
            }
            interface.told = address;
        }
    }

    /// The vifs by the names of their interfaces.
    pub fn vifs(&self) -> impl Iterator<Item = (String, VifFacts)> + '_ {
        self.interfaces.iter().map(|(index, interface)| {
            let mut device = interface.device.borrow_mut();
            let driver = device.driver();
            let facts = VifFacts {
                is_up: driver.offers().is_some(),
                mac: driver.mac(),
                mtu: driver.mtu(),
                statistics: driver.statistics(),
            };
            (interface_name(*index), facts)
        })
    }

    /// Whether there is something to do before the guest may sleep. Asks the devices for a signal for what comes after.
    pub fn is_busy(&mut self) -> bool {
        let drivers: Vec<&Interface> = self.interfaces.values().collect();
        drivers
            .into_iter()
            .fold(false, |busy, interface| interface.device.borrow_mut().driver().rearm() | busy)
    }
}

/// Takes all events of a watch. Says whether there were any.
fn take_events(machine: &mut Machine, watch: WatchToken) -> bool {
    let mut any = false;
    while machine.xenstore.borrow().take_event(Some(watch)).is_some() {
        any = true;
    }
    any
}

/// Leads a device on, and says so when it is up or lost.
fn advance(machine: &mut Machine, index: u32, interface: &Interface) {
    let mut device = interface.device.borrow_mut();
    let before = device.phase();
    let result = device.advance(&mut machine.xenstore.borrow());
    match result {
        Ok(after) if after != before => match after {
            Phase::Connected => {
                let offers = device.driver().offers().unwrap_or_default();
                info!("vif {index} is up: {}", offers_in_words(offers));
            }
            Phase::Lost | Phase::Closed => info!("vif {index} is down"),
            _ => debug!("vif {index}: {before:?}, now {after:?}"),
        },
        Ok(_) => {}
        Err(error) => warn!("vif {index}: {error}"),
    }
}

/// What a back end offers, for people.
fn offers_in_words(offers: drivers::netfront::Offers) -> String {
    let all = [
        (offers.scatter_gather, "scatter-gather"),
        (offers.gso_v4, "segmentation"),
        (offers.checksum_v4, "checksums"),
    ];
    let there: Vec<&str> = all.into_iter().filter_map(|(has, name)| has.then_some(name)).collect();
    if there.is_empty() { "no offload".into() } else { there.join(", ") }
}

/// The name of a vif's interface, as Linux has it.
fn interface_name(index: u32) -> String {
    format!("eth{index}")
}

/// Gives a vif to the stack as soon as its address is known.
fn plug_in(stack: &mut Stack, flags: &NetworkFlags, index: u32, interface: &mut Interface) {
    if interface.link.is_some() {
        return;
    }
    let (mac, mtu) = {
        let mut device = interface.device.borrow_mut();
        let driver = device.driver();
        let Some(mac) = driver.mac() else { return };
        if driver.offers().is_none() {
            return;
        }
        (mac, driver.mtu())
    };
    let wire = Box::new(Vif::new(interface.device.clone(), mac, mtu));
    let configuration = flags.configuration(index as usize);
    interface.link = Some(stack.add(interface_name(index), wire, &configuration));
}
