// SPDX-License-Identifier: Apache-2.0
//! Descriptors 0, 1 and 2: all of them are the console, and the console is a terminal.
//!
//! What is written goes out at once as far as there is room, and the rest is told to wait for an event. There are no programs: to start one is
//! to find no file of its name.

use alloc::vec::Vec;

use beam_vm::platform::{
    Command, Disposition, Errno, Event, Interest, Program, Signal, StreamError, StreamId, Streams,
    TerminalMode, Way,
};

use super::XenPlatform;
use super::shutdown::TERMINATE;
use crate::console;
use crate::console::line_discipline::{self, LineDiscipline, Mode};

/// How many descriptors there are.
const DESCRIPTORS: usize = 3;
/// What is typed is taken from the ring so many bytes at a time.
const AT_ONCE: usize = 512;

const INTERRUPT: Signal = Signal(2);
const QUIT: Signal = Signal(3);

/// The console as a terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    lines: LineDiscipline,
    interests: [Interest; DESCRIPTORS],
    window: [u32; 2],
    /// Whether keys are to be told as signals, by the key.
    keys: [(Signal, Disposition); 2],
}

impl Terminal {
    pub fn new(lines: LineDiscipline, window: [u32; 2]) -> Self {
        let keys = [INTERRUPT, QUIT].map(|signal| (signal, Disposition::Default));
        Self { lines, interests: [Interest::default(); DESCRIPTORS], window, keys }
    }

    /// Takes what was typed, shows it if that is to be done here, and notes signals.
    fn take(&mut self, events: &mut Vec<Event>) {
        let mut typed = [0; AT_ONCE];
        let mut shown = Vec::new();
        while self.lines.has_room() {
            let count = console::with(|console| console.read(&mut typed)).unwrap_or(0);
            if count == 0 {
                break;
            }
            for byte in &typed[..count] {
                let signal = match self.lines.typed(*byte, &mut shown) {
                    Some(line_discipline::Signal::Interrupt) => INTERRUPT,
                    Some(line_discipline::Signal::Quit) => QUIT,
                    None => continue,
                };
                if self.keys.contains(&(signal, Disposition::Tell)) {
                    events.push(Event::Signal(signal));
                }
            }
            // What somebody types faster than it is shown is not shown.
            console::with(|console| console.write(&shown));
            shown.clear();
        }
    }

    /// What each descriptor is ready for, of what is of interest.
    fn tell(&self, events: &mut Vec<Event>) {
        let has_room = console::with(|console| console.room() > 0) == Some(true);
        for (number, interest) in self.interests.iter().enumerate() {
            let ready =
                Interest { read: interest.read && self.lines.is_ready(), write: interest.write && has_room };
            if ready.is_any() {
                events.push(Event::Ready(StreamId(number as u32), ready));
            }
        }
    }
}

impl XenPlatform {
    /// Whether there is something that [`Streams::poll`] would tell at once.
    pub(super) fn is_anything_to_tell(&mut self) -> bool {
        self.terminal.take(&mut self.events);
        if self.events.is_empty() {
            self.terminal.tell(&mut self.events);
        }
        !self.events.is_empty()
    }
}

impl Streams for XenPlatform {
    fn descriptor(&mut self, number: i32, _: Way) -> Result<StreamId, StreamError> {
        match u32::try_from(number) {
            Ok(number) if (number as usize) < DESCRIPTORS => Ok(StreamId(number)),
            _ => Err(StreamError::Posix(Errno::EBADF)),
        }
    }

    fn start(&mut self, _: &Command) -> Result<Program, StreamError> {
        Err(StreamError::Posix(Errno::ENOENT))
    }

    fn read(&mut self, _: StreamId, buffer: &mut [u8]) -> Result<usize, StreamError> {
        self.terminal.lines.read(buffer).ok_or(StreamError::NotNow)
    }

    fn write(&mut self, _: StreamId, bytes: &[u8]) -> Result<usize, StreamError> {
        let is_raw = self.terminal.lines.mode() == Mode::Raw;
        let written = console::with(|console| {
            let room = console.room();
            if is_raw {
                console.write(&bytes[..bytes.len().min(room)])
            } else {
                console.write_some_lines(bytes, room)
            }
        });
        match written.unwrap_or(0) {
            0 if !bytes.is_empty() => Err(StreamError::NotNow),
            written => Ok(written),
        }
    }

    fn watch(&mut self, stream: StreamId, interest: Interest) {
        if let Some(place) = self.terminal.interests.get_mut(stream.0 as usize) {
            *place = interest;
        }
    }

    fn window_size(&mut self, _: StreamId) -> Option<[u32; 2]> {
        Some(self.terminal.window)
    }

    fn is_terminal(&mut self, _: StreamId) -> bool {
        true
    }

    fn set_terminal(&mut self, _: StreamId, mode: TerminalMode) -> Result<(), StreamError> {
        self.terminal.lines.set_mode(match mode {
            TerminalMode::Raw => Mode::Raw,
            TerminalMode::AsBefore => Mode::Cooked,
        });
        Ok(())
    }

    fn handle(&mut self, signal: Signal, disposition: Disposition) {
        if signal == TERMINATE {
            self.shutdown.disposition = disposition;
        }
        for (key, current) in &mut self.terminal.keys {
            if *key == signal {
                *current = disposition;
            }
        }
    }

    fn close(&mut self, stream: StreamId) {
        self.watch(stream, Interest::default());
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        self.take_note();
        self.terminal.take(&mut self.events);
        events.append(&mut self.events);
        let told = events.iter().any(|event| matches!(event, Event::Ready(..)));
        if !told {
            self.terminal.tell(events);
        }
    }
}
