// SPDX-License-Identifier: Apache-2.0
//! What a terminal does with what is typed before a program reads it, as Linux does it (`termios(3)`, canonical mode): it collects a line,
//! shows it, and lets it be corrected. A program that edits lines itself, as OTP's shell does, has it switched off.
//!
//! `xl console` passes keys on as they are, so all of this is the guest's.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Whether lines are collected.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// They are, and what is typed is shown.
    #[default]
    Cooked,
    /// Each key is passed on at once, and shown by nobody.
    Raw,
}

/// A key that is a signal, in either mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// `^C`
    Interrupt,
    /// `^\`
    Quit,
}

/// Bytes of a line at most, its end included, as on Linux. What goes beyond is not taken.
const LONGEST: usize = 4096;
/// Bytes that wait for the program, beyond which nothing more is taken from the ring.
const WAITING: usize = 16 * 1024;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const KILL_WORD: u8 = 0x17;
const QUIT: u8 = 0x1C;
const DELETE: u8 = 0x7F;

/// A terminal's input.
#[derive(Default, Debug)]
pub struct LineDiscipline {
    mode: Mode,
    /// The line that is not ended yet.
    line: Vec<u8>,
    /// What the program may read.
    ready: VecDeque<u8>,
    /// How much of it comes before each end of input.
    ends: VecDeque<usize>,
}

impl LineDiscipline {
    /// Switches to a mode. A line that was begun can be read at once without its end.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
        if mode == Mode::Raw {
            self.release();
        }
    }

    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether more may be typed.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.ready.len() < WAITING
    }

    /// Whether a program that reads gets something, be it the end of input.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty() || !self.ends.is_empty()
    }

    /// Takes a byte that was typed. What is to be shown is appended to `shown`.
    pub fn typed(&mut self, byte: u8, shown: &mut Vec<u8>) -> Option<Signal> {
        let signal = match byte {
            INTERRUPT => Some(Signal::Interrupt),
            QUIT => Some(Signal::Quit),
            _ => None,
        };
        match (self.mode, byte) {
            (_, INTERRUPT | QUIT) => {
                self.line.clear();
                if self.mode == Mode::Cooked {
                    show(byte, shown);
                }
            }
            (Mode::Raw, byte) => self.ready.push_back(byte),
            (Mode::Cooked, b'\r' | b'\n') => {
                self.line.push(b'\n');
                shown.extend_from_slice(b"\r\n");
                self.release();
            }
            (Mode::Cooked, END) if self.line.is_empty() => self.ends.push_back(self.ready.len()),
            (Mode::Cooked, END) => self.release(),
            (Mode::Cooked, BACKSPACE | DELETE) => self.erase(shown),
            (Mode::Cooked, KILL_LINE) => {
                while !self.line.is_empty() {
                    self.erase(shown);
                }
            }
            (Mode::Cooked, KILL_WORD) => {
                while self.line.last() == Some(&b' ') {
                    self.erase(shown);
                }
                while self.line.last().is_some_and(|byte| *byte != b' ') {
                    self.erase(shown);
                }
            }
            (Mode::Cooked, byte) if self.line.len() < LONGEST - 1 => {
                self.line.push(byte);
                show(byte, shown);
            }
            (Mode::Cooked, _) => {}
        }
        signal
    }

    /// Takes what a program reads; nothing is the end of input. In cooked mode that is a line at most.
    pub fn read(&mut self, into: &mut [u8]) -> Option<usize> {
        let before_end = self.ends.front().copied();
        if before_end == Some(0) {
            self.ends.pop_front();
            return Some(0);
        }
        if self.ready.is_empty() {
            return None;
        }
        let mut limit = into.len().min(before_end.unwrap_or(usize::MAX)).min(self.ready.len());
        if self.mode == Mode::Cooked
            && let Some(end) = self.ready.iter().position(|byte| *byte == b'\n')
        {
            limit = limit.min(end + 1);
        }
        for (place, byte) in into.iter_mut().zip(self.ready.drain(..limit)) {
            *place = byte;
        }
        self.ends.iter_mut().for_each(|end| *end -= limit);
        Some(limit)
    }

    /// Lets a line be read.
    fn release(&mut self) {
        self.ready.extend(self.line.drain(..));
    }

    /// Takes the last character back, a whole one if it is of several bytes.
    fn erase(&mut self, shown: &mut Vec<u8>) {
        while let Some(byte) = self.line.pop() {
            if byte & 0xC0 == 0x80 {
                continue;
            }
            // Control characters are shown as two.
            let columns = if byte < b' ' && byte != b'\t' { 2 } else { 1 };
            (0..columns).for_each(|_| shown.extend_from_slice(b"\x08 \x08"));
            return;
        }
    }
}

/// Shows a byte; control characters as `^X`.
fn show(byte: u8, shown: &mut Vec<u8>) {
    match byte {
        b'\t' | b' '..=0x7E | 0x80.. => shown.push(byte),
        _ => shown.extend_from_slice(&[b'^', byte ^ 0x40]),
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use proptest::prelude::*;

    use super::*;

    /// What is shown, and what a program reads after all of a text was typed.
    fn typed(mode: Mode, text: &str) -> (String, Vec<Option<String>>) {
        let mut lines = LineDiscipline::default();
        lines.set_mode(mode);
        let mut shown = Vec::new();
        for byte in text.bytes() {
            assert_eq!(lines.typed(byte, &mut shown), None);
        }
        let mut read = Vec::new();
        let mut buffer = [0; 100];
        while let Some(count) = lines.read(&mut buffer) {
            read.push((count > 0).then(|| String::from_utf8(buffer[..count].to_vec()).expect("text")));
        }
        (String::from_utf8(shown).expect("text"), read)
    }

    #[test]
    fn lines_are_shown_and_read_one_by_one() {
        let (shown, read) = typed(Mode::Cooked, "one\rtwo\nrest");
        assert_eq!(shown, "one\r\ntwo\r\nrest");
        assert_eq!(read, [Some("one\n".into()), Some("two\n".into())]);
    }

    #[test]
    fn lines_can_be_corrected() {
        let (shown, read) = typed(Mode::Cooked, "aü\x7f\x08b c\x17d\r");
        assert_eq!(shown, "aü\x08 \x08\x08 \x08b c\x08 \x08d\r\n");
        assert_eq!(read, [Some("b d\n".into())]);
        let (shown, read) = typed(Mode::Cooked, "a\x01\x15\x7fx\r");
        assert_eq!(shown, "a^A\x08 \x08\x08 \x08\x08 \x08x\r\n");
        assert_eq!(read, [Some("x\n".into())]);
    }

    #[test]
    fn an_end_is_read_once_and_where_it_was_typed() {
        let (_, read) = typed(Mode::Cooked, "a\r\x04b\r");
        assert_eq!(read, [Some("a\n".into()), None, Some("b\n".into())]);
        assert_eq!(typed(Mode::Cooked, "ab\x04").1, [Some("ab".into())]);
    }

    #[test]
    fn raw_keys_are_passed_on_as_they_are() {
        let (shown, read) = typed(Mode::Raw, "a\r\x7f\x04");
        assert_eq!((shown.as_str(), read), ("", Vec::from([Some("a\r\x7f\x04".into())])));
    }

    #[test]
    fn some_keys_are_signals() {
        let mut lines = LineDiscipline::default();
        let mut shown = Vec::new();
        let _ = lines.typed(b'x', &mut shown);
        assert_eq!(lines.typed(INTERRUPT, &mut shown), Some(Signal::Interrupt));
        lines.set_mode(Mode::Raw);
        assert_eq!(lines.typed(QUIT, &mut shown), Some(Signal::Quit));
        assert_eq!(shown, b"x^C");
        assert!(!lines.is_ready());
    }

    proptest! {
        /// Whatever is typed, nothing grows beyond its bound while nobody reads, and all that was released is read.
        #[test]
        fn input_is_bounded(bytes in prop::collection::vec(any::<u8>(), 0..20_000), is_raw in any::<bool>()) {
            let mut lines = LineDiscipline::default();
            lines.set_mode(if is_raw { Mode::Raw } else { Mode::Cooked });
            let mut shown = Vec::new();
            for byte in bytes {
                if lines.has_room() {
                    let _ = lines.typed(byte, &mut shown);
                }
            }
            prop_assert!(lines.line.len() < LONGEST && lines.ready.len() < WAITING + LONGEST);
            let mut buffer = [0; 64];
            while lines.read(&mut buffer).is_some() {}
            prop_assert!(!lines.is_ready() && lines.ends.is_empty());
        }
    }
}
