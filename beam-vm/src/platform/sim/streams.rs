// SPDX-License-Identifier: Apache-2.0
//! Streams of a simulated world: those of the platform outside, of which less is read and written than there is room for, and which are
//! told of late and in any order. Whoever uses streams has to expect that (`read(2)`, `write(2)`).

use alloc::vec::Vec;

use super::{Fault, SimPlatform};
use crate::platform::{
    Command, Disposition, Event, Interest, Platform, Program, Signal, StreamError, StreamId, Streams,
    TerminalMode, Way,
};

/// The most bytes of a read or a write that is cut short.
const SHORT: u64 = 64;

impl<P: Platform> SimPlatform<P> {
    /// So much of what there is room for is read or written now.
    fn share(&mut self, room: usize) -> usize {
        if self.has(Fault::ShortStreams) && self.random.below(2) == 0 {
            room.min(1 + self.random.below(SHORT) as usize)
        } else {
            room
        }
    }

    /// The streams outside, which are there: these would not be asked for anything otherwise.
    fn inner(&mut self) -> &mut dyn Streams {
        self.outside.streams().expect("there are streams")
    }
}

impl<P: Platform> Streams for SimPlatform<P> {
    fn descriptor(&mut self, number: i32, way: Way) -> Result<StreamId, StreamError> {
        self.inner().descriptor(number, way)
    }

    fn start(&mut self, command: &Command) -> Result<Program, StreamError> {
        self.inner().start(command)
    }

    fn read(&mut self, stream: StreamId, buffer: &mut [u8]) -> Result<usize, StreamError> {
        let share = self.share(buffer.len());
        self.inner().read(stream, &mut buffer[..share])
    }

    fn write(&mut self, stream: StreamId, bytes: &[u8]) -> Result<usize, StreamError> {
        let share = self.share(bytes.len());
        self.inner().write(stream, &bytes[..share])
    }

    fn watch(&mut self, stream: StreamId, interest: Interest) {
        self.inner().watch(stream, interest);
    }

    fn window_size(&mut self, stream: StreamId) -> Option<[u32; 2]> {
        self.inner().window_size(stream)
    }

    fn is_terminal(&mut self, stream: StreamId) -> bool {
        self.inner().is_terminal(stream)
    }

    fn set_terminal(&mut self, stream: StreamId, mode: TerminalMode) -> Result<(), StreamError> {
        self.inner().set_terminal(stream, mode)
    }

    fn handle(&mut self, signal: Signal, disposition: Disposition) {
        self.inner().handle(signal, disposition);
    }

    fn close(&mut self, stream: StreamId) {
        self.inner().close(stream);
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        let first = events.len();
        self.inner().poll(events);
        if !self.has(Fault::ShortStreams) {
            return;
        }
        let mut at = first;
        while at < events.len() {
            let other = at + self.random.below((events.len() - at) as u64) as usize;
            events.swap(at, other);
            // What a stream is ready for is told again as long as it is.
            if matches!(events[at], Event::Ready(..)) && self.random.below(4) == 0 {
                events.swap_remove(at);
            } else {
                at += 1;
            }
        }
    }
}
