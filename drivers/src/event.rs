// SPDX-License-Identifier: Apache-2.0
//! Event channels, polled: Xen's `public/event_channel.h`, the two-level ABI.
//!
//! Xen marks a port as pending in the shared info page. Upcalls stay masked for good (the prebuilt `core` uses the red zone, which
//! an upcall on the running stack would destroy), so this crate reads the pending bits between time slices, and an idle guest
//! sleeps in `SCHEDOP_poll`, which wakes it for any of its ports or at a deadline: the hypervisor's one-shot timer. Every port
//! stays masked too, since a mask bit only suppresses upcalls and Xen checks pollers regardless.
#![expect(unsafe_code, reason = "reads the shared info page and makes hypercalls")]

use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use xen_hypervisor_sys::event_channel::{
    EVTCHN_2L_NR_CHANNELS, EVTCHNOP_ALLOC_UNBOUND, EVTCHNOP_BIND_INTERDOMAIN, EVTCHNOP_BIND_VIRQ,
    EVTCHNOP_CLOSE, EVTCHNOP_SEND, EvtchnAllocUnbound, EvtchnBindInterdomain, EvtchnBindVirq, EvtchnClose,
    EvtchnSend,
};
use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::sched::{SCHEDOP_POLL, SchedPoll};
use xen_hypervisor_sys::xen::{DOMID_SELF, SharedInfo};

use crate::doorbell::Doorbell;
use crate::error::XenError;
use crate::memory::{DomId, EvtchnPort};

/// The most ports that `SCHEDOP_poll` accepts, and so the most that a guest may have bound.
pub const MAX_PORTS: usize = 128;

const WORD_BITS: u32 = u64::BITS;
const WORDS: usize = (EVTCHN_2L_NR_CHANNELS / WORD_BITS) as usize;

/// The local end of an event channel that is bound.
///
/// It is given back with [`EventChannels::close`]; one that is forgotten stays bound until the domain ends.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a channel that is not closed stays bound"]
pub struct EventChannel {
    port: EvtchnPort,
}

impl EventChannel {
    /// Its port, to recognise it among those that [`EventChannels::take_pending`] returns.
    #[must_use]
    pub const fn port(&self) -> EvtchnPort {
        self.port
    }
}

impl Doorbell for EventChannel {
    fn ring(&self) {
        notify(self.port);
    }
}

/// Signals the other end of `port`. For who holds no [`EventChannel`], such as a crash report.
pub fn notify(port: EvtchnPort) {
    let mut send = EvtchnSend { port: port.0 };
    // SAFETY: `send` outlives the call. An error can only mean that the other end is gone, which the state of its device
    // tells, not this call.
    let _ = unsafe { hypercall::event_channel_op(EVTCHNOP_SEND, (&raw mut send).cast()) };
}

/// All event channels of the guest.
pub struct EventChannels {
    shared: NonNull<SharedInfo>,
    ports: [u32; MAX_PORTS],
    len: usize,
    /// A bit for each bound port, so that bits of ports that are not ours are left alone.
    bound: [u64; WORDS],
}

impl EventChannels {
    /// The channels of this guest, none bound yet. Masks all ports.
    ///
    /// # Safety
    /// `shared` is the shared info page of this domain, mapped for good, and this is the only `EventChannels`.
    pub unsafe fn new(shared: NonNull<SharedInfo>) -> Self {
        let channels = Self { shared, ports: [0; MAX_PORTS], len: 0, bound: [0; WORDS] };
        for word in 0..WORDS {
            // SAFETY: the array has `WORDS` elements in a page that stays mapped.
            let mask = unsafe { (&raw mut (*shared.as_ptr()).evtchn_mask[word]).cast() };
            // SAFETY: `mask` is aligned and valid; Xen accesses it atomically as well.
            unsafe { AtomicU64::from_ptr(mask) }.store(u64::MAX, Ordering::Relaxed);
        }
        channels
    }

    /// Takes over a channel that the toolstack bound for us: console and xenstore.
    ///
    /// # Errors
    /// [`XenError`] when there are too many channels.
    pub fn adopt(&mut self, port: EvtchnPort) -> Result<EventChannel, XenError> {
        let slot = self.free_slot()?;
        Ok(self.remember(slot, port))
    }

    /// Makes a channel to which `remote` may bind its end.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses, or there are too many channels.
    pub fn alloc_unbound(&mut self, remote: DomId) -> Result<EventChannel, XenError> {
        let slot = self.free_slot()?;
        let mut op = EvtchnAllocUnbound::zeroed();
        op.dom = DOMID_SELF;
        op.remote_dom = remote.0;
        operate("allocate an event channel", EVTCHNOP_ALLOC_UNBOUND, (&raw mut op).cast())?;
        Ok(self.remember(slot, EvtchnPort(op.port)))
    }

    /// Binds to the end that `remote` made for us.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses, or there are too many channels.
    pub fn bind_interdomain(&mut self, remote: DomId, port: EvtchnPort) -> Result<EventChannel, XenError> {
        let slot = self.free_slot()?;
        let mut op = EvtchnBindInterdomain::zeroed();
        op.remote_dom = remote.0;
        op.remote_port = port.0;
        operate("bind an event channel", EVTCHNOP_BIND_INTERDOMAIN, (&raw mut op).cast())?;
        Ok(self.remember(slot, EvtchnPort(op.local_port)))
    }

    /// Binds a virtual interrupt (`VIRQ_*`) of the only vCPU.
    ///
    /// # Errors
    /// [`XenError`] when Xen refuses, or there are too many channels.
    pub fn bind_virq(&mut self, virq: u32) -> Result<EventChannel, XenError> {
        let slot = self.free_slot()?;
        let mut op = EvtchnBindVirq::zeroed();
        op.virq = virq;
        operate("bind a virtual interrupt", EVTCHNOP_BIND_VIRQ, (&raw mut op).cast())?;
        Ok(self.remember(slot, EvtchnPort(op.port)))
    }

    /// Closes a channel; its port may mean another channel from here on.
    pub fn close(&mut self, channel: EventChannel) {
        let port = channel.port.0;
        let mut op = EvtchnClose { port };
        // Closing a port that is bound cannot fail.
        let _ = operate("close an event channel", EVTCHNOP_CLOSE, (&raw mut op).cast());
        if let Some(slot) = self.ports[..self.len].iter().position(|bound| *bound == port) {
            self.len -= 1;
            self.ports.swap(slot, self.len);
            self.bound[(port / WORD_BITS) as usize] &= !(1 << (port % WORD_BITS));
            self.pending_word((port / WORD_BITS) as usize)
                .fetch_and(!(1 << (port % WORD_BITS)), Ordering::AcqRel);
        }
    }

    /// Takes one port that is pending; it is not pending any more then. Call it until `None`, and look at what each port stands for
    /// after taking it, so that nothing is missed.
    pub fn take_pending(&mut self) -> Option<EvtchnPort> {
        for word in 0..WORDS {
            if self.bound[word] == 0 {
                continue;
            }
            let pending = self.pending_word(word);
            let ours = pending.load(Ordering::Relaxed) & self.bound[word];
            if ours != 0 {
                let bit = ours.trailing_zeros();
                pending.fetch_and(!(1 << bit), Ordering::AcqRel);
                return Some(EvtchnPort(word as u32 * WORD_BITS + bit));
            }
        }
        None
    }

    /// Sleeps in the hypervisor until a bound port is pending, or until `deadline` in nanoseconds of Xen's system time; returns at
    /// once when either is so already. Without a deadline it sleeps for as long as it takes.
    pub fn wait(&mut self, deadline: Option<u64>) {
        let mut poll = SchedPoll::zeroed();
        poll.ports = self.ports.as_mut_ptr();
        poll.nr_ports = self.len as u32;
        // Zero means no deadline to Xen.
        poll.timeout = deadline.map_or(0, |deadline| deadline.max(1));
        // SAFETY: the request and its list of ports outlive the call. Its only error is one of the list, which is made of bound ports.
        let _ = unsafe { hypercall::sched_op(SCHEDOP_POLL, (&raw mut poll).cast()) };
    }

    fn pending_word(&self, word: usize) -> &AtomicU64 {
        assert!(word < WORDS);
        // SAFETY: the array has `WORDS` elements in a page that stays mapped.
        let pending = unsafe { (&raw mut (*self.shared.as_ptr()).evtchn_pending[word]).cast() };
        // SAFETY: `pending` is aligned and valid for as long as `self`; Xen accesses it atomically as well.
        unsafe { AtomicU64::from_ptr(pending) }
    }

    fn free_slot(&self) -> Result<usize, XenError> {
        if self.len == MAX_PORTS {
            return Err(XenError::TooManyChannels);
        }
        Ok(self.len)
    }

    fn remember(&mut self, slot: usize, port: EvtchnPort) -> EventChannel {
        self.ports[slot] = port.0;
        self.len += 1;
        self.bound[(port.0 / WORD_BITS) as usize] |= 1 << (port.0 % WORD_BITS);
        EventChannel { port }
    }
}

fn operate(operation: &'static str, command: u32, argument: *mut c_void) -> Result<(), XenError> {
    // SAFETY: the callers above pass the structure that belongs to the command, alive for the call. None of these operations
    // touches other memory of the guest.
    let result = unsafe { hypercall::event_channel_op(command, argument) };
    XenError::check(operation, result).map(|_| ())
}

#[cfg(test)]
#[path = "event/tests.rs"]
mod tests;
