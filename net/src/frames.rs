// SPDX-License-Identifier: Apache-2.0
//! An interface for a program that is a switch, a router or a monitor itself: it has the frames as they are (`net_vif` of LING, `AF_PACKET` of Linux).
//!
//! While it has them, nothing of the stack goes over the interface, as if its cable were pulled. What devices leave undone is done, as who looks at a frame
//! on a wire expects: checksums stand there. Segments that a device has gathered, or that came from a guest of the same host, stay one long frame, and such a frame is cut
//! again by the device that it is sent to.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::link::LinkId;

/// Bytes of frames that wait either way. Beyond that they are left on the wire, which loses them, or have to wait before it.
const WAITING: usize = 512 * 1024;

/// Frames that wait, bounded by their bytes.
#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Queue {
    fn has_room(&self) -> bool {
        self.bytes < WAITING
    }

    fn push(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

/// A socket that has an interface.
#[derive(Debug)]
pub struct Frames {
    /// Which.
    pub link: LinkId,
    come: Queue,
    leaving: Queue,
}

impl Frames {
    /// A socket that has an interface from now on.
    pub fn new(link: LinkId) -> Self {
        Self { link, come: Queue::default(), leaving: Queue::default() }
    }

    /// Whether another frame may come.
    pub fn has_room(&self) -> bool {
        self.come.has_room()
    }

    /// A frame has come.
    pub fn take(&mut self, frame: Vec<u8>) {
        self.come.push(frame);
    }

    /// Whether there is a frame to read.
    pub fn is_readable(&self) -> bool {
        !self.come.frames.is_empty()
    }

    /// Reads a frame; what does not fit is lost. None if there is none.
    pub fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let frame = self.come.pop()?;
        let count = frame.len().min(buffer.len());
        buffer[..count].copy_from_slice(&frame[..count]);
        Some(count)
    }

    /// Whether another frame may be written.
    pub fn is_writable(&self) -> bool {
        self.leaving.has_room()
    }

    /// Writes a frame.
    pub fn write(&mut self, frame: Vec<u8>) {
        self.leaving.push(frame);
    }

    /// The frame that goes next.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        self.leaving.pop()
    }

    /// Whether any has to go.
    pub fn is_sending(&self) -> bool {
        !self.leaving.frames.is_empty()
    }
}
