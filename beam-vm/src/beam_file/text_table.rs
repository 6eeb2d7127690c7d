// SPDX-License-Identifier: Apache-2.0
//! Many short texts in one allocation.

use alloc::string::String;
use alloc::vec::Vec;

/// Texts by number, from 0, stored end to end.
#[derive(Clone, Debug, Default)]
pub(super) struct TextTable {
    text: String,
    ends: Vec<u32>,
}

impl TextTable {
    /// Room for `count` texts of `bytes` bytes in all.
    pub(super) fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    pub(super) fn push(&mut self, text: impl IntoIterator<Item = char>) {
        self.text.extend(text);
        self.ends.push(self.text.len() as u32);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }
}
