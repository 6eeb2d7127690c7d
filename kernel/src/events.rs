// SPDX-License-Identifier: Apache-2.0
//! Who waits for which event: one place that takes pending ports and keeps those that nobody has asked for yet.
//!
//! A driver that waits for its own port must not swallow another's event. Ports that become pending meanwhile are set aside, each
//! once, and are the next that [`Events::wait`] returns.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{RefCell, RefMut};

use drivers::event::EventChannels;
use drivers::memory::EvtchnPort;

use crate::time::{self, Instant};

/// The guest's event channels; clones are handles to the same ones.
#[derive(Clone)]
pub struct Events(Rc<RefCell<Inner>>);

struct Inner {
    channels: EventChannels,
    aside: VecDeque<EvtchnPort>,
}

impl Events {
    /// Takes charge of the channels.
    #[must_use]
    pub fn new(channels: EventChannels) -> Self {
        Self(Rc::new(RefCell::new(Inner { channels, aside: VecDeque::new() })))
    }

    /// The channels, to bind and close them.
    pub fn channels(&self) -> RefMut<'_, EventChannels> {
        RefMut::map(self.0.borrow_mut(), |inner| &mut inner.channels)
    }

    /// The next port that was signalled; sleeps in the hypervisor until there is one. `None` at the deadline.
    pub fn wait(&self, deadline: Option<Instant>) -> Option<EvtchnPort> {
        loop {
            let next = self.0.borrow_mut().next();
            if next.is_some() || is_over(deadline) {
                return next;
            }
            self.sleep(deadline);
        }
    }

    /// The next port that was signalled, if there is one now.
    pub fn poll(&self) -> Option<EvtchnPort> {
        self.0.borrow_mut().next()
    }

    /// Sleeps until `port` is signalled, whatever else is; says whether it was before the deadline.
    pub fn wait_for(&self, port: EvtchnPort, deadline: Option<Instant>) -> bool {
        self.wait_for_any(&[port], deadline).is_some()
    }

    /// Sleeps until one of `ports` is signalled, whatever else is, and says which; `None` at the deadline.
    pub fn wait_for_any(&self, ports: &[EvtchnPort], deadline: Option<Instant>) -> Option<EvtchnPort> {
        loop {
            let taken = ports.iter().copied().find(|port| self.0.borrow_mut().take(*port));
            if taken.is_some() || is_over(deadline) {
                return taken;
            }
            self.sleep(deadline);
        }
    }

    fn sleep(&self, deadline: Option<Instant>) {
        self.0.borrow_mut().channels.wait(deadline.map(|deadline| deadline.0));
    }
}

impl Inner {
    fn next(&mut self) -> Option<EvtchnPort> {
        self.aside.pop_front().or_else(|| self.channels.take_pending())
    }

    /// Takes `port` if it was signalled, and sets all others aside.
    fn take(&mut self, port: EvtchnPort) -> bool {
        while let Some(pending) = self.channels.take_pending() {
            if !self.aside.contains(&pending) {
                self.aside.push_back(pending);
            }
        }
        let position = self.aside.iter().position(|aside| *aside == port);
        position.and_then(|position| self.aside.remove(position)).is_some()
    }
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| time::now() >= deadline)
}
