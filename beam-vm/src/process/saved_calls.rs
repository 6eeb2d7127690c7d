// SPDX-License-Identifier: Apache-2.0
//! The last calls of a process (`struct saved_calls` and `save_calls` of OTP's `erl_process.h` and `erl_trace.c`).

use alloc::collections::VecDeque;

use super::Process;
use crate::trace::Name;

/// What of a process is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SavedCall {
    /// The call of an exported function or a BIF.
    Function(Name),
    /// It has sent a message.
    Send,
    /// It has taken one out of its mailbox.
    Receive,
    /// A `receive` has waited for long enough.
    Timeout,
}

/// The last calls, the oldest first.
#[derive(Debug)]
pub struct SavedCalls {
    most: u32,
    calls: VecDeque<SavedCall>,
}

impl SavedCalls {
    /// Keeps as many; none if that is none at all.
    #[must_use]
    pub fn new(most: u32) -> Option<Self> {
        (most > 0).then(|| Self { most, calls: VecDeque::new() })
    }

    /// How many are kept at most.
    #[must_use]
    pub const fn most(&self) -> u32 {
        self.most
    }

    /// The calls.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = SavedCall> + '_ {
        self.calls.iter().copied()
    }

    fn save(&mut self, call: SavedCall) {
        if self.calls.len() == self.most as usize {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }
}

impl Process {
    /// The last calls, if they are kept.
    #[must_use]
    pub fn saved_calls(&self) -> Option<&SavedCalls> {
        self.extension().and_then(|extension| extension.saved_calls.as_ref())
    }

    /// Says how many calls are kept; gives how many were.
    pub fn keep_calls(&mut self, most: u32) -> u32 {
        let before = match SavedCalls::new(most) {
            None if self.saved_calls().is_none() => None,
            saved => core::mem::replace(&mut self.extension_mut().saved_calls, saved),
        };
        before.map_or(0, |saved| saved.most())
    }

    /// Keeps a call, if calls are kept and it is not `sensitive`.
    pub fn save_call(&mut self, call: SavedCall) {
        if self.saved_calls().is_none() || self.is_sensitive() {
            return;
        }
        if let Some(saved) = &mut self.extension_mut().saved_calls {
            saved.save(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SavedCall, SavedCalls};

    #[test]
    fn the_oldest_make_room() {
        let mut saved = SavedCalls::new(2).expect("calls are kept");
        for call in [SavedCall::Send, SavedCall::Receive, SavedCall::Timeout] {
            saved.save(call);
        }
        assert!(saved.calls().eq([SavedCall::Receive, SavedCall::Timeout]));
        assert_eq!(saved.most(), 2);
        assert!(SavedCalls::new(0).is_none());
    }
}
