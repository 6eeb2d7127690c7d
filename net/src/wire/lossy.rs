// SPDX-License-Identifier: Apache-2.0
//! A cable between two stacks of one program that loses, repeats, delays, reorders and damages frames as it is told to, the same way
//! for the same seed.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{Medium, Meta, Offload, Sum, Wire};
use crate::frame;

/// What happens to frames, each in so many of a thousand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    /// They are lost.
    pub loss: u32,
    /// They come twice.
    pub repetition: u32,
    /// They come after those that were sent later.
    pub reordering: u32,
    /// A bit of their IP packet is another.
    pub damage: u32,
}

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;

/// The cable.
struct Cable {
    /// Frames on their way to each end, with the number of the step at which they arrive.
    frames: [VecDeque<(u64, Vec<u8>)>; 2],
    faults: Faults,
    delay: u64,
    step: u64,
    random: u64,
    is_cut: bool,
    offload: Offload,
    longest: usize,
}

/// Frames that are on their way in one direction at most; more are lost.
const FRAMES: usize = 1024;

impl Cable {
    /// Whether a thing happens that happens in so many of a thousand.
    fn chance(&mut self, of_thousand: u32) -> bool {
        of_thousand > 0 && self.next() % 1000 < u64::from(of_thousand)
    }

    /// Xorshift (Marsaglia 2003): good enough to choose frames.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn carry(&mut self, to: usize, frame: &[u8]) {
        self.longest = self.longest.max(frame.len());
        if self.offload.cuts_tcp_v4.is_some_and(|longest| frame.len() > longest.get()) {
            return;
        }
        if self.is_cut || self.chance(self.faults.loss) || self.frames[to].len() >= FRAMES {
            return;
        }
        let mut frame = frame.to_vec();
        // What Ethernet itself carries is under its own checksum; what is damaged is damaged in a router.
        if self.chance(self.faults.damage)
            && frame::ethernet_packet(&frame).is_some_and(|ip| ip < frame.len())
        {
            let at = ETHERNET + self.next() as usize % (frame.len() - ETHERNET);
            if let Some(byte) = frame.get_mut(at) {
                *byte ^= 1 << (self.random % 8);
            }
        }
        let copies = if self.chance(self.faults.repetition) { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.chance(self.faults.reordering) { 3 } else { 0 };
            let at = self.step + self.delay + late;
            let place = self.frames[to].partition_point(|(other, _)| *other <= at);
            self.frames[to].insert(place, (at, frame.clone()));
        }
    }
}

/// One end of the cable.
pub struct End {
    cable: Rc<RefCell<Cable>>,
    own: usize,
    address: [u8; 6],
}

/// Turns the cable's clock.
#[derive(Clone)]
pub struct Clock(Rc<RefCell<Cable>>);

impl Clock {
    /// What is on its way comes a step nearer.
    pub fn step(&self) {
        self.0.borrow_mut().step += 1;
    }

    /// Whether nothing is on its way.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.borrow().frames.iter().all(VecDeque::is_empty)
    }

    /// Says what happens to frames from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.0.borrow_mut().faults = faults;
    }

    /// Bytes of the longest frame that was sent.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.0.borrow().longest
    }

    /// Cuts the cable, or mends it.
    pub fn set_cut(&self, is_cut: bool) {
        self.0.borrow_mut().is_cut = is_cut;
    }
}

/// A cable on which frames take so many steps.
#[must_use]
pub fn cable(seed: u64, delay: u64, faults: Faults) -> (End, End, Clock) {
    cable_between(seed, delay, faults, Offload::default())
}

/// The same between devices that do some things in place of the stacks. Packets come as they were sent, as between guests of one host.
#[must_use]
pub fn cable_between(seed: u64, delay: u64, faults: Faults, offload: Offload) -> (End, End, Clock) {
    let cable = Rc::new(RefCell::new(Cable {
        frames: [VecDeque::new(), VecDeque::new()],
        faults,
        delay,
        step: 0,
        random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        is_cut: false,
        offload,
        longest: 0,
    }));
    let end = |own| End { cable: cable.clone(), own, address: [2, 0, 0, 0, 0, own as u8 + 1] };
    (end(0), end(1), Clock(cable.clone()))
}

impl Wire for End {
    fn medium(&self) -> Medium {
        Medium::Ethernet(self.address)
    }

    fn mtu(&self) -> usize {
        1500
    }

    fn offload(&self) -> Offload {
        self.cable.borrow().offload
    }

    fn is_up(&self) -> bool {
        !self.cable.borrow().is_cut
    }

    fn can_send(&mut self) -> bool {
        true
    }

    fn send(&mut self, frame: &[u8], _: Meta) {
        self.cable.borrow_mut().carry(1 - self.own, frame);
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        let mut cable = self.cable.borrow_mut();
        let step = cable.step;
        let waiting = &mut cable.frames[self.own];
        if waiting.front()?.0 > step {
            return None;
        }
        *into = waiting.pop_front()?.1;
        let sum = if cable.offload.completes_checksums { Sum::Trusted } else { Sum::There };
        Some(Meta { sum, segment: None })
    }
}
