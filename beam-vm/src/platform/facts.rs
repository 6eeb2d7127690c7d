// SPDX-License-Identifier: Apache-2.0
//! What a place to run says of itself: the domain, its memory, its devices. `voxoz:info/0` makes a map of it, `voxoz:metrics/0` lines for
//! Prometheus, so a number says what it is a number of.

use alloc::string::String;
use alloc::vec::Vec;

/// What a number does in the course of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Course {
    /// It goes up and down.
    Gauge,
    /// It only grows, from 0 at the start.
    Counter,
}

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Things that its name says.
    Things,
    /// Bytes.
    Bytes,
    /// Time, in nanoseconds.
    Nanoseconds,
}

/// A fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// A number.
    Number(u64, Unit, Course),
    /// Something that is so or not.
    Flag(bool),
    /// A name.
    Text(String),
    /// More of the same thing.
    Record(Record),
    /// Several things of a kind, each with a name.
    List(Vec<(String, Record)>),
}

/// Facts with their names, which are words joined by `_`.
pub type Record = Vec<(&'static str, Fact)>;

impl Fact {
    /// How many there are.
    #[must_use]
    pub const fn gauge(value: u64) -> Self {
        Self::Number(value, Unit::Things, Course::Gauge)
    }

    /// How many there were.
    #[must_use]
    pub const fn counter(value: u64) -> Self {
        Self::Number(value, Unit::Things, Course::Counter)
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn bytes(value: u64) -> Self {
        Self::Number(value, Unit::Bytes, Course::Gauge)
    }

    /// How many bytes there were.
    #[must_use]
    pub const fn bytes_counted(value: u64) -> Self {
        Self::Number(value, Unit::Bytes, Course::Counter)
    }

    /// How much time has passed so, in nanoseconds.
    #[must_use]
    pub const fn time_counted(nanoseconds: u64) -> Self {
        Self::Number(nanoseconds, Unit::Nanoseconds, Course::Counter)
    }
}
