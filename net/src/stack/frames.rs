// SPDX-License-Identifier: Apache-2.0
//! Sockets that have an interface: see `frames`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{LinkId, Socket, SocketNumber, Stack};
use crate::error::Error;
use crate::frames::Frames;

/// Frames that are taken or sent before others have their turn.
const BURST: usize = 64;

impl Stack {
    /// Lets a new socket have an interface of Ethernet. It is read and written a frame at a time, by [`receive`](Self::receive) and [`send`](Self::send).
    ///
    /// # Errors
    /// [`Error::NoInterface`], [`Error::InterfaceInUse`], [`Error::NotSupported`].
    pub fn open_frames(&mut self, interface: &str) -> Result<SocketNumber, Error> {
        let index = self.links.iter().position(|link| link.name == interface).ok_or(Error::NoInterface)?;
        if !self.links[index].port.has_frames() {
            return Err(Error::NotSupported);
        }
        if self.links[index].frames.is_some() {
            return Err(Error::InterfaceInUse);
        }
        let frames = Frames::new(LinkId(index as u16));
        let number = SocketNumber(self.sockets.insert(Socket::Frames(Box::new(frames))));
        self.links[index].lend(number);
        Ok(number)
    }

    /// Takes what has come for a socket that has an interface. Says whether anything has.
    pub(super) fn take_whole_frames(&mut self, number: SocketNumber) -> bool {
        let Some(Socket::Frames(frames)) = self.sockets.get_mut(number.0) else { return false };
        let port = &mut self.links[usize::from(frames.link.0)].port;
        let mut has_come = false;
        for _ in 0..BURST {
            if !frames.has_room() {
                break;
            }
            let Some(frame) = port.fetch_whole() else { break };
            frames.take(frame);
            has_come = true;
        }
        if has_come {
            self.watched.touch(number);
        }
        has_come
    }

    /// Writes a frame.
    pub(super) fn write_frame(&mut self, number: SocketNumber, pieces: &[&[u8]]) -> Result<usize, Error> {
        let Some(Socket::Frames(frames)) = self.sockets.get_mut(number.0) else {
            return Err(Error::NoSocket);
        };
        let frame: Vec<u8> = pieces.concat();
        let bytes = frame.len();
        self.links[usize::from(frames.link.0)].port.admits(&frame)?;
        if !frames.is_writable() {
            return Err(Error::NotNow);
        }
        frames.write(frame);
        self.mark(number);
        Ok(bytes)
    }

    /// Sends what was written, as far as there is room on the wire. Says whether anything was sent.
    pub(super) fn send_frames(&mut self, number: SocketNumber) -> bool {
        let Some(Socket::Frames(frames)) = self.sockets.get_mut(number.0) else { return false };
        let link = &mut self.links[usize::from(frames.link.0)];
        let mut has_sent = false;
        while frames.is_sending() {
            if !link.port.wire.can_send() {
                link.blocked.push(number);
                break;
            }
            if let Some(mut frame) = frames.next() {
                link.port.send_whole(&mut frame);
                has_sent = true;
            }
        }
        if has_sent {
            self.watched.touch(number);
        }
        has_sent
    }
}
