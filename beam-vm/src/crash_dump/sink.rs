// SPDX-License-Identifier: Apache-2.0
//! Where a dump goes, and how much of it: `ERL_CRASH_DUMP_BYTES` and `ERL_CRASH_DUMP_SECONDS` of erl(1). `ERL_CRASH_DUMP_NICE` means nothing: the machine
//! does nothing else meanwhile.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::platform::{At, Errno, FileHandle, NoPlatform, Platform};

/// Where it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// To a file.
    File(FileHandle),
    /// To the console.
    Console,
    /// To memory.
    Memory,
}

/// How much there may be of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Limits {
    /// Bytes.
    bytes: u64,
    /// Seconds that it may take.
    seconds: Option<u64>,
}

/// What is left of a text without the spaces before it, as the functions of C that read numbers do.
fn trimmed(text: &[u8]) -> &[u8] {
    let begins = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
    &text[begins.unwrap_or(text.len())..]
}

/// The number at the beginning of a text, and what follows it. None if there are no digits.
fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let text = trimmed(text);
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let value = core::str::from_utf8(digits).ok()?.parse::<i64>().ok()?;
    Some((if is_negative { -value } else { value }, rest))
}

impl Limits {
    /// What the environment says; none if it wants no dump.
    pub(super) fn of(environment: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Self> {
        let variable = |name: &[u8]| environment.get(name).map(Vec::as_slice);
        let seconds = match variable(b"ERL_CRASH_DUMP_SECONDS") {
            // What is no number counts as 0.
            Some(text) => match number(text).map_or(0, |(value, _)| value) {
                0 => return None,
                seconds => u64::try_from(seconds).ok(),
            },
            None => None,
        };
        let bytes = match variable(b"ERL_CRASH_DUMP_BYTES").and_then(number) {
            Some((0, [])) => return None,
            Some((bytes, [])) => u64::try_from(bytes).unwrap_or(u64::MAX),
            _ => u64::MAX,
        };
        Some(Self { bytes, seconds })
    }
}

/// Bytes that are written at once.
const BUFFER: usize = 4096;
/// What stands at the end of a dump that is as large as it may be.
const TOO_LARGE: &[u8] = b"\n=abort:CRASH DUMP SIZE LIMIT REACHED\n";

/// What is written goes here. After the first error nothing does.
pub(super) struct Sink {
    platform: Box<dyn Platform>,
    destination: Destination,
    buffer: [u8; BUFFER],
    filled: usize,
    /// Bytes that may still come.
    left: u64,
    /// When it has to be over, in milliseconds.
    deadline: Option<u64>,
    /// What has gone to memory.
    text: Vec<u8>,
    /// Why the file does not take more.
    error: Option<Errno>,
}

impl Sink {
    pub(super) fn new(
        platform: Box<dyn Platform>,
        destination: Destination,
        limits: Limits,
        now: u64,
    ) -> Self {
        let deadline = limits.seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
        let buffer = [0; BUFFER];
        Self {
            platform,
            destination,
            buffer,
            filled: 0,
            left: limits.bytes,
            deadline,
            text: Vec::new(),
            error: None,
        }
    }

    /// One that keeps all in memory.
    pub(super) fn in_memory() -> Self {
        let limits = Limits { bytes: u64::MAX, seconds: None };
        Self::new(Box::new(NoPlatform), Destination::Memory, limits, 0)
    }

    /// What has gone to memory.
    pub(super) fn into_text(mut self) -> Vec<u8> {
        // Memory takes all.
        let _ = self.flush();
        self.text
    }

    /// Writes bytes.
    pub(super) fn put(&mut self, bytes: &[u8]) -> fmt::Result {
        let allowed = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        self.left -= allowed as u64;
        self.buffered(&bytes[..allowed])?;
        if allowed < bytes.len() {
            self.buffered(TOO_LARGE)?;
            self.flush()?;
            return Err(fmt::Error);
        }
        Ok(())
    }

    fn buffered(&mut self, mut bytes: &[u8]) -> fmt::Result {
        while !bytes.is_empty() {
            if self.filled == BUFFER {
                self.flush()?;
            }
            let count = bytes.len().min(BUFFER - self.filled);
            let (now, later) = bytes.split_at(count);
            self.buffer[self.filled..self.filled + count].copy_from_slice(now);
            self.filled += count;
            bytes = later;
        }
        Ok(())
    }

    /// Lets what is written so far be seen.
    pub(super) fn flush(&mut self) -> fmt::Result {
        let filled = core::mem::take(&mut self.filled);
        if self.deadline.is_some_and(|deadline| self.platform.monotonic() / 1_000_000 >= deadline) {
            return Err(fmt::Error);
        }
        let mut rest = &self.buffer[..filled];
        match self.destination {
            Destination::Console => self.platform.complain(rest),
            Destination::Memory => self.text.extend_from_slice(rest),
            Destination::File(file) => {
                while !rest.is_empty() {
                    let written = self.platform.files().write(file, At::Position, &[rest]);
                    match written.and_then(|count| if count == 0 { Err(Errno::ENOSPC) } else { Ok(count) }) {
                        Ok(count) => rest = &rest[count.min(rest.len())..],
                        Err(error) => {
                            self.error = Some(error);
                            return Err(fmt::Error);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives the platform back, and says why a file has not taken all that it was to get.
    pub(super) fn close(mut self) -> (Box<dyn Platform>, Option<Errno>) {
        if let Destination::File(file) = self.destination {
            let closed = self.platform.files().close(file);
            self.error = self.error.or(closed.err());
        }
        (self.platform, self.error)
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes())
    }
}
