// SPDX-License-Identifier: Apache-2.0
//! What the stack needs from a network device, and the loopback, which needs none.

pub mod lossy;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

/// What frames of a device begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Medium {
    /// An Ethernet header; the device's own address.
    Ethernet([u8; 6]),
    /// Nothing: they are IP packets.
    Ip,
}

/// What a device does in place of the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offload {
    /// It completes checksums of TCP and UDP over both versions of IP: only the sum of the pseudo-header is to be there.
    pub completes_checksums: bool,
    /// It cuts packets of TCP over IPv4 into segments; bytes of the longest frame of which it does, Ethernet header included. It completes checksums, too.
    pub cuts_tcp_v4: Option<NonZeroUsize>,
}

/// What is known of the checksum of TCP or UDP in a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sum {
    /// It stands there.
    #[default]
    There,
    /// It was found right, or the frame has not been where it could be damaged.
    Trusted,
    /// Only the sum of the pseudo-header stands there: the device completes it.
    Blank,
}

/// What is known of a frame beside its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Meta {
    /// Its checksum.
    pub sum: Sum,
    /// The most bytes of payload of each segment, if the device is to cut it.
    pub segment: Option<u16>,
}

/// A network device.
pub trait Wire {
    /// What its frames begin with.
    fn medium(&self) -> Medium;

    /// Bytes of the longest IP packet.
    fn mtu(&self) -> usize;

    /// What it does in place of the stack.
    fn offload(&self) -> Offload;

    /// Whether somebody is at its other end.
    fn is_up(&self) -> bool;

    /// Whether a frame of any size can be sent now.
    fn can_send(&mut self) -> bool;

    /// Sends a frame; it may wait for [`flush`](Self::flush). One for which there is no room is lost.
    fn send(&mut self, frame: &[u8], meta: Meta);

    /// Takes the next frame, if there is one, in place of what `into` holds.
    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta>;

    /// Lets go of what was sent.
    fn flush(&mut self) {}
}

/// Frames that may wait in the loopback: what is sent when it is full is lost, as on any wire.
const LOOPBACK_FRAMES: usize = 512;

/// A wire that leads back.
#[derive(Debug, Default)]
pub struct Loopback(VecDeque<Vec<u8>>);

impl Wire for Loopback {
    fn medium(&self) -> Medium {
        Medium::Ip
    }

    fn mtu(&self) -> usize {
        65_535
    }

    fn offload(&self) -> Offload {
        Offload { completes_checksums: true, cuts_tcp_v4: None }
    }

    fn is_up(&self) -> bool {
        true
    }

    fn can_send(&mut self) -> bool {
        self.0.len() < LOOPBACK_FRAMES
    }

    fn send(&mut self, frame: &[u8], _: Meta) {
        if self.can_send() {
            self.0.push_back(frame.to_vec());
        }
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Option<Meta> {
        *into = self.0.pop_front()?;
        Some(Meta { sum: Sum::Trusted, segment: None })
    }
}
