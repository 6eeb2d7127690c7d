// SPDX-License-Identifier: Apache-2.0
//! A network device of the domain as the stack's wire.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::num::NonZeroUsize;

use drivers::netfront::{Checksum, Gso, GsoKind, Mac, NetFront};
use drivers::xenbus::Binding;
use net::wire::{Medium, Meta, Offload, Sum, Wire};

use crate::events::Events;

/// A device with its driver; the stack has a handle to it, and so has who looks after its handshake.
pub type Device = Rc<RefCell<Binding<NetFront<Events>>>>;

/// The stack's handle.
pub struct Vif {
    device: Device,
    mac: Mac,
    mtu: u16,
}

impl Vif {
    /// A wire on a device whose address is known.
    pub const fn new(device: Device, mac: Mac, mtu: u16) -> Self {
        Self { device, mac, mtu }
    }
}

impl Wire for Vif {
    fn medium(&self) -> Medium {
        Medium::Ethernet(self.mac.0)
    }

    fn mtu(&self) -> usize {
        self.mtu.into()
    }

    fn offload(&self) -> Offload {
        let offers = self.device.borrow_mut().driver().offers().unwrap_or_default();
        let completes_checksums = offers.checksum_v4 && offers.checksum_v6;
        let cuts_tcp_v4 =
            NonZeroUsize::new(offers.packet_max()).filter(|_| completes_checksums && offers.gso_v4);
        Offload { completes_checksums, cuts_tcp_v4 }
    }

    fn is_up(&self) -> bool {
        self.device.borrow_mut().driver().offers().is_some()
    }

    fn can_send(&mut self) -> bool {
        let mut device = self.device.borrow_mut();
        let driver = device.driver();
        // What is sent while nobody is there is lost, as on a wire that was pulled.
        driver.offers().is_none() || driver.can_send()
    }

    fn send(&mut self, frame: &[u8], meta: Meta) {
        let checksum = match meta.sum {
            Sum::There => Checksum::There,
            Sum::Trusted => Checksum::Validated,
            Sum::Blank => Checksum::Blank,
        };
        let gso = meta.segment.map(|size| Gso { kind: GsoKind::TcpV4, size });
        let meta = drivers::netfront::Meta { checksum, gso };
        // A frame that cannot be sent is lost, which the protocols above reckon with; the driver counts it.
        let _ = self.device.borrow_mut().driver().send(meta, &[frame]);
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        let meta = self.device.borrow_mut().driver().receive(into)?;
        let sum = match meta.checksum {
            Checksum::There => Sum::There,
            // It was never on a wire, or was looked at by the host.
            Checksum::Validated | Checksum::Blank => Sum::Trusted,
        };
        Some(Meta { sum, segment: None })
    }

    fn flush(&mut self) {
        self.device.borrow_mut().driver().flush();
    }
}
