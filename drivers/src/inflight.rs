// SPDX-License-Identifier: Apache-2.0
//! Requests under way, by the id that the back end repeats in its response.
//!
//! The table owns what was lent to the back end (buffers, grants) until the response comes, so that nothing is
//! freed that the other side may still touch. The back end chooses which id it answers: one that is out of
//! range, was never given out or was answered before is an error that leaves the table as it is.
//!
//! Ids are given out again in the order in which they came back. A response that is repeated much later might
//! meet the id's next owner, which no table can tell; first-in-first-out makes that as late as possible.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

/// Up to a fixed number of requests under way.
#[derive(Debug)]
pub struct InFlight<T> {
    entries: Vec<Option<T>>,
    free: VecDeque<u16>,
}

/// A response that answers no request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InFlightError {
    /// The id is larger than any that was given out.
    OutOfRange {
        /// The response's id.
        id: u64,
        /// How many ids there are.
        limit: usize,
    },
    /// No request with this id is under way: it was never made or is answered already.
    NotUnderWay {
        /// The response's id.
        id: u64,
    },
}

impl fmt::Display for InFlightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { id, limit } => {
                write!(f, "response to request {id}, but ids end before {limit}")
            }
            Self::NotUnderWay { id } => write!(f, "response to request {id}, which is not under way"),
        }
    }
}

impl core::error::Error for InFlightError {}

impl<T> InFlight<T> {
    /// A table for up to `capacity` requests at a time, usually as many as the ring has slots. All memory that
    /// it ever needs is taken here.
    pub fn new(capacity: u16) -> Self {
        Self { entries: (0..capacity).map(|_| None).collect(), free: (0..capacity).collect() }
    }

    /// Takes charge of what a request lends out and says the id to use. When the table is full the value comes
    /// back.
    pub fn insert(&mut self, value: T) -> Result<u16, T> {
        match self.free.pop_front() {
            Some(id) => {
                self.entries[usize::from(id)] = Some(value);
                Ok(id)
            }
            None => Err(value),
        }
    }

    /// Hands back what the request with this id had lent out, now that it is answered.
    pub fn complete(&mut self, id: impl Into<u64>) -> Result<T, InFlightError> {
        let id = id.into();
        let limit = self.entries.len();
        let out_of_range = InFlightError::OutOfRange { id, limit };
        let short = u16::try_from(id).map_err(|_| out_of_range)?;
        let entry = self.entries.get_mut(usize::from(short)).ok_or(out_of_range)?;
        let value = entry.take().ok_or(InFlightError::NotUnderWay { id })?;
        self.free.push_back(short);
        Ok(value)
    }

    /// What the request with this id has lent out, if it is under way.
    pub fn get(&self, id: u16) -> Option<&T> {
        self.entries.get(usize::from(id))?.as_ref()
    }

    /// How many requests are under way.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether no request is under way.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many requests can be under way.
    pub fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// Empties the table, for a back end that has gone: what was under way will not be answered and has to be
    /// taken back or sent again.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        let capacity = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        self.free = (0..capacity).collect();
        self.entries.iter_mut().filter_map(Option::take)
    }
}

#[cfg(test)]
mod tests;
