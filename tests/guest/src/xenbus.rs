// SPDX-License-Identifier: Apache-2.0
//! A front end whose back end is played by the bench, through the real xenstore: it says each phase of the handshake, until the
//! device is taken away.

use boot::kernel::drivers::xenbus::{Binding, Change, Device, Discovery, Error, FrontEnd, Order};
use boot::kernel::drivers::xenstore::{self, Store};
use boot::kernel::{Machine, Wake};
use log::info;

/// A device that exchanges a word with its back end.
struct Probe;

impl FrontEnd for Probe {
    fn order(&self) -> Order {
        Order::BackFirst
    }

    fn offer(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        info!("offer to a back end with feature {}", store.read_u64(&device.back("feature"))?);
        Ok(())
    }

    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error> {
        store.write(&device.front("ring-ref"), b"8")
    }

    fn connect(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        info!("connected to {}", store.read_string(&device.back("greeting"))?);
        Ok(())
    }

    fn disconnect(&mut self) {
        info!("disconnected");
    }
}

pub fn run(machine: &mut Machine) {
    let mut discovery = Discovery::new(&mut machine.xenstore.borrow()).expect("connected to xenstore");
    let mut binding: Option<Binding<Probe>> = None;
    info!("looking for devices");
    loop {
        // Each event is a reason to look again, whichever of the two watches it is of.
        for watch in [Some(discovery.watch()), binding.as_ref().map(Binding::watch)].into_iter().flatten() {
            while machine.xenstore.borrow().take_event(Some(watch)).is_some() {}
        }
        let changes = discovery.refresh(&mut *machine.xenstore.borrow()).expect("connected to xenstore");
        for change in changes {
            match change {
                Change::Arrived(id) if id.class == "probe" => {
                    info!("{id} has arrived");
                    let device = Device::open(&mut *machine.xenstore.borrow(), &id)
                        .expect("the bench writes its nodes first");
                    binding = Some(
                        Binding::new(&mut machine.xenstore.borrow(), device, Probe)
                            .expect("the device is there"),
                    );
                }
                Change::Left(id) if id.class == "probe" => {
                    info!("{id} has left");
                    return;
                }
                _ => {}
            }
        }
        if let Some(binding) = &mut binding {
            let before = binding.phase();
            match binding.advance(&mut machine.xenstore.borrow()) {
                Ok(phase) if phase != before => info!("phase {phase:?}"),
                Ok(_) => {}
                Err(error) => info!("error: {error}"),
            }
        }
        let _: Wake = machine.wait(None);
    }
}
