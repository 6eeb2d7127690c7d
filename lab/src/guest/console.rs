// SPDX-License-Identifier: Apache-2.0
//! A guest's console output: the file that `xenconsoled` keeps from the guest's first byte on, read through the share.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Watcher;
use crate::LabError;
use crate::inner::Inner;

/// How long the last bytes of a guest that has ended may still take to the file.
const LAST_BYTES: Duration = Duration::from_millis(500);

/// A reader of a guest's console, at its own position: each starts with the guest's first byte.
pub struct Console {
    lab: Arc<Inner>,
    watcher: Watcher,
    path: PathBuf,
    position: u64,
    /// Bytes that were read and belong to no line that was returned.
    pending: Vec<u8>,
}

impl Console {
    pub(super) fn new(lab: Arc<Inner>, watcher: Watcher, path: PathBuf, start: u64) -> Self {
        Self { lab, watcher, path, position: start, pending: Vec::new() }
    }

    /// Returns what has come since this reader's position, possibly nothing.
    pub fn take(&mut self) -> Result<Vec<u8>, LabError> {
        self.fill()?;
        Ok(std::mem::take(&mut self.pending))
    }

    /// Waits for a whole line that contains `pattern` and returns it without its end; what is before it is passed over.
    pub fn wait_line(&mut self, pattern: &str, limit: Duration) -> Result<String, LabError> {
        let awaited = format!("console line of guest {} with {pattern:?}", self.watcher.name);
        self.wait(&awaited, limit, |pending| {
            let mut start = 0;
            while let Some(length) = pending[start..].iter().position(|&b| b == b'\n') {
                let line = String::from_utf8_lossy(&pending[start..start + length]).into_owned();
                start += length + 1;
                if line.contains(pattern) {
                    pending.drain(..start);
                    return Some(line.trim_end_matches('\r').to_owned());
                }
            }
            pending.drain(..start);
            None
        })
    }

    /// Waits for a text, be it at the end of a line or not, and returns what has come up to its end.
    pub fn wait_text(&mut self, text: &str, limit: Duration) -> Result<String, LabError> {
        let awaited = format!("{text:?} on the console of guest {}", self.watcher.name);
        self.wait(&awaited, limit, |pending| {
            let place = pending.windows(text.len().max(1)).position(|window| window == text.as_bytes())?;
            let taken: Vec<u8> = pending.drain(..place + text.len()).collect();
            Some(String::from_utf8_lossy(&taken).into_owned())
        })
    }

    /// Waits for `count` bytes and returns them as they are.
    pub fn wait_bytes(&mut self, count: usize, limit: Duration) -> Result<Vec<u8>, LabError> {
        let awaited = format!("{count} console bytes of guest {}", self.watcher.name);
        self.wait(&awaited, limit, |pending| {
            (pending.len() >= count).then(|| pending.drain(..count).collect())
        })
    }

    fn wait<T>(
        &mut self,
        awaited: &str,
        limit: Duration,
        mut find: impl FnMut(&mut Vec<u8>) -> Option<T>,
    ) -> Result<T, LabError> {
        let lab = self.lab.clone();
        let mut ended = None;
        lab.poll(awaited, limit, || {
            // Asked before reading: what was written before the end is found.
            let end = self.watcher.reason()?;
            self.fill()?;
            if let Some(found) = find(&mut self.pending) {
                return Ok(Some(found));
            }
            if let Some(reason) = end
                && ended.get_or_insert_with(Instant::now).elapsed() > LAST_BYTES
            {
                return Err(lab.guest_ended(&self.watcher.name, awaited, reason.to_string()));
            }
            Ok(None)
        })
    }

    fn fill(&mut self) -> Result<(), LabError> {
        // The file comes with the first byte.
        let Ok(mut file) = File::open(&self.path) else { return Ok(()) };
        let mut read = || -> std::io::Result<u64> {
            file.seek(SeekFrom::Start(self.position))?;
            Ok(file.read_to_end(&mut self.pending)? as u64)
        };
        self.position += read().map_err(LabError::io("read", &self.path))?;
        Ok(())
    }
}
