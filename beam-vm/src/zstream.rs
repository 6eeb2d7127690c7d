// SPDX-License-Identifier: Apache-2.0
//! A stream as module `zlib` has it: what it does, bytes that wait to be done, and a term that is kept for later calls.
//! Stock has it in `zlib_nif.c`.

mod queue;

pub use queue::Queue;

use alloc::boxed::Box;
use core::ops::Range;

use crate::copy;
use crate::deflate::Deflate;
use crate::heap::{Fragment, Heap};
use crate::inflate::Inflate;
use crate::term::{LocalPid, Term};

/// What a stream does.
#[derive(Debug)]
pub enum Codec {
    /// Nothing yet, or no more.
    None,
    /// It compresses.
    Deflate(Box<Deflate>),
    /// It expands.
    Inflate(Box<Inflate>),
    /// It was closed.
    Closed,
}

/// What becomes of bytes after the end of what is expanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterEnd {
    /// They are an error.
    Error,
    /// They are another stream.
    Reset,
    /// They are ignored.
    Cut,
}

/// A stream.
pub struct Zstream {
    /// The only process that may use it.
    pub owner: LocalPid,
    /// What it does.
    pub codec: Codec,
    /// Bytes that wait.
    pub queue: Queue,
    /// What becomes of bytes after the end.
    pub after_end: AfterEnd,
    /// Whether the end was seen.
    pub is_at_end: bool,
    /// Whether it has neither header nor sum, so that [`sum`](Self::sum) is made.
    pub is_raw: bool,
    /// The CRC-32 of the plain bytes.
    pub sum: u32,
    /// Bytes that `inflateChunk` gives at a time.
    pub chunk: i32,
    kept: Option<(Fragment, Term)>,
}

impl Zstream {
    /// A stream that does nothing yet.
    #[must_use]
    pub fn new(owner: LocalPid) -> Self {
        Self {
            owner,
            codec: Codec::None,
            queue: Queue::default(),
            after_end: AfterEnd::Cut,
            is_at_end: false,
            is_raw: false,
            sum: 0,
            chunk: 4000,
            kept: None,
        }
    }

    /// Forgets the bytes that wait, and the term.
    pub fn clear_input(&mut self) {
        self.queue.clear();
        self.kept = None;
    }

    /// Keeps a copy of a term, unless there is one. Gives whether there was none.
    pub fn keep(&mut self, term: Term) -> bool {
        if self.kept.is_some() {
            return false;
        }
        // Literals are copied too, since they may go with their module before the stream does.
        let nothing = 0..0;
        let mut fragment = Fragment::with_capacity(copy::size_of(term, &nothing));
        let copied = copy::copy(term, &mut fragment, &nothing);
        self.kept = Some((fragment, copied));
        true
    }

    /// A copy of the term that is kept.
    pub fn kept<H: Heap>(&self, heap: &mut H, literals: &Range<usize>) -> Option<Term> {
        let (_, term) = self.kept.as_ref()?;
        Some(copy::copy(*term, heap, literals))
    }

    /// Forgets the term. Gives whether there was one.
    pub fn forget(&mut self) -> bool {
        self.kept.take().is_some()
    }
}
