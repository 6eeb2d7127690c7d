// SPDX-License-Identifier: Apache-2.0
//! Fields of bits, joined. The generated code gives a sequence of commands, each with the bytes that belong to it.

use alloc::vec::Vec;

/// The bytes are no commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotFields;

/// Bytes that are as much work as a command.
const BYTES_A_COMMAND: usize = 16;

/// Bytes of a number.
#[derive(Clone, Copy)]
enum Width {
    One,
    Two,
}

/// Fields that are being joined.
#[derive(Debug)]
pub struct PerWriter {
    at: usize,
    out: Vec<u8>,
    /// Bits of the last byte that are free: 1 to 8.
    free: u32,
}

impl Default for PerWriter {
    fn default() -> Self {
        Self { at: 0, out: Vec::from([0]), free: 8 }
    }
}

impl PerWriter {
    /// Does commands of the same bytes for so much work, which it counts down. Says whether it is done.
    ///
    /// # Errors
    /// [`NotFields`]
    pub fn run(&mut self, commands: &[u8], budget: &mut usize) -> Result<bool, NotFields> {
        while self.at < commands.len() {
            if *budget == 0 {
                return Ok(false);
            }
            let before = self.at;
            self.command(commands)?;
            *budget = budget.saturating_sub(1 + (self.at - before) / BYTES_A_COMMAND);
        }
        Ok(true)
    }

    /// What was written: at least one byte.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        if self.free == 8 && self.out.len() > 1 {
            self.out.pop();
        }
        self.out
    }

    fn command(&mut self, commands: &[u8]) -> Result<(), NotFields> {
        let command = self.byte(commands)?;
        let (wanted_width, width) = match command {
            21 | 31 | 41 => (Width::One, Width::Two),
            42 | 46 => (Width::Two, Width::One),
            43 | 47 => (Width::Two, Width::Two),
            _ => (Width::One, Width::One),
        };
        match command {
            0 | 1 => self.low_bits(1, command),
            2 => self.align(),
            10 => {
                let count = u32::from(self.byte(commands)?);
                let value = self.byte(commands)?;
                if count > 8 {
                    return Err(NotFields);
                }
                self.low_bits(count, value);
            }
            20 | 21 => {
                let len = self.number(commands, width)?;
                self.align();
                let bytes = self.bytes(commands, len)?;
                self.octets(bytes);
            }
            30 | 31 => {
                let unused = u32::from(self.byte(commands)?);
                let len = self.number(commands, width)?;
                let bytes = self.bytes(commands, len)?;
                match bytes.split_last() {
                    _ if unused == 0 => self.octets(bytes),
                    Some((last, bytes)) if unused <= 8 => {
                        self.octets(bytes);
                        self.high_bits(8 - unused, *last);
                    }
                    _ => return Err(NotFields),
                }
            }
            40..=43 => {
                let wanted = self.number(commands, wanted_width)?;
                let len = self.number(commands, width)?;
                let bytes = self.bytes(commands, len)?;
                for byte in &bytes[..len.min(wanted)] {
                    match byte {
                        0 | 1 => self.low_bits(1, *byte),
                        _ => return Err(NotFields),
                    }
                }
                self.zeros(wanted.saturating_sub(len));
            }
            45..=47 => {
                let wanted = self.number(commands, wanted_width)?;
                let len = self.number(commands, width)?;
                let bytes = self.bytes(commands, len)?;
                self.octets(&bytes[..len.min(wanted / 8)]);
                if wanted < 8 * len && !wanted.is_multiple_of(8) {
                    self.high_bits((wanted % 8) as u32, bytes[wanted / 8]);
                }
                self.zeros(wanted.saturating_sub(8 * len));
            }
            _ => return Err(NotFields),
        }
        Ok(())
    }

    fn byte(&mut self, commands: &[u8]) -> Result<u8, NotFields> {
        let byte = commands.get(self.at).ok_or(NotFields)?;
        self.at += 1;
        Ok(*byte)
    }

    /// A number of one or two bytes.
    fn number(&mut self, commands: &[u8], width: Width) -> Result<usize, NotFields> {
        let first = usize::from(self.byte(commands)?);
        match width {
            Width::One => Ok(first),
            Width::Two => Ok(first << 8 | usize::from(self.byte(commands)?)),
        }
    }

    fn bytes<'a>(&mut self, commands: &'a [u8], len: usize) -> Result<&'a [u8], NotFields> {
        let bytes = commands.get(self.at..self.at + len).ok_or(NotFields)?;
        self.at += len;
        Ok(bytes)
    }

    fn or(&mut self, byte: u8) {
        if let Some(last) = self.out.last_mut() {
            *last |= byte;
        }
    }

    /// Counts bits of the last byte as used, of which there are so many.
    fn used(&mut self, count: u32) {
        self.free -= count;
        if self.free == 0 {
            self.free = 8;
            self.out.push(0);
        }
    }

    fn align(&mut self) {
        if self.free < 8 {
            self.used(self.free);
        }
    }

    /// Writes the lowest bits of a byte.
    fn low_bits(&mut self, count: u32, value: u8) {
        self.high_bits(count, if count == 0 { 0 } else { value << (8 - count) });
    }

    /// Writes the highest bits of a byte; the others have to be 0.
    fn high_bits(&mut self, count: u32, value: u8) {
        self.or(value >> (8 - self.free));
        if count <= self.free {
            self.used(count);
            return;
        }
        let (free, rest) = (self.free, count - self.free);
        self.used(free);
        self.or(value << free);
        self.used(rest);
    }

    fn octets(&mut self, bytes: &[u8]) {
        if self.free == 8 {
            self.out.pop();
            self.out.extend_from_slice(bytes);
            self.out.push(0);
            return;
        }
        for byte in bytes {
            self.high_bits(8, *byte);
        }
    }

    fn zeros(&mut self, count: usize) {
        let count = count + (8 - self.free as usize);
        self.out.resize(self.out.len() + count / 8, 0);
        self.free = 8 - (count % 8) as u32;
    }
}
