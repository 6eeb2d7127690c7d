// SPDX-License-Identifier: Apache-2.0
//! The flags of `erlang:trace/3`, in stock's order.

use crate::atom::{Atom, predefined};

/// A set of flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(u32);

macro_rules! flags {
    ($($(#[$about:meta])* $name:ident = $atom:ident,)*) => {
        /// A flag.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Flag { $($(#[$about])* $name,)* }

        /// All flags with their names.
        const NAMES: &[(Flag, Atom)] = &[$((Flag::$name, predefined::$atom),)*];
    };
}

flags! {
    /// Messages have a time.
    Timestamp = TIMESTAMP,
    /// Messages have a monotonic time and a number.
    StrictMonotonicTimestamp = STRICT_MONOTONIC_TIMESTAMP,
    /// Messages have a monotonic time.
    MonotonicTimestamp = MONOTONIC_TIMESTAMP,
    /// Messages that it sends.
    Send = SEND,
    /// Messages that it gets.
    Receive = RECEIVE,
    /// Processes that it makes are traced as it is.
    SetOnSpawn = SET_ON_SPAWN,
    /// Calls.
    Call = CALL,
    /// What happens to processes.
    Procs = PROCS,
    /// Only the first process that it makes is traced.
    SetOnFirstSpawn = SET_ON_FIRST_SPAWN,
    /// Processes that it makes with a link are traced as it is. Stock does not pass it on by `link/1`, although it means to.
    SetOnLink = SET_ON_LINK,
    /// Only the first process that it makes with a link.
    SetOnFirstLink = SET_ON_FIRST_LINK,
    /// When it runs.
    Running = RUNNING,
    /// When it ends.
    Exiting = EXITING,
    /// Collections.
    GarbageCollection = GARBAGE_COLLECTION,
    /// Calls are told of with the number of arguments.
    Arity = ARITY,
    /// Returns to functions.
    ReturnTo = RETURN_TO,
    /// Calls are not told of.
    Silent = SILENT,
    /// Messages about running have a scheduler's number.
    SchedulerId = SCHEDULER_ID,
    /// Ports.
    Ports = PORTS,
    /// Ports that run.
    RunningPorts = RUNNING_PORTS,
    /// Processes that run.
    RunningProcs = RUNNING_PROCS,
}

impl Flags {
    /// No flags.
    pub const NONE: Self = Self(0);
    /// What the flag `all` stands for.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// Those that say how is told, and those of messages, which processes and ports have.
    pub const MODIFIERS: Self = Self::of(Flag::Silent)
        .with(Self::of(Flag::Timestamp))
        .with(Self::of(Flag::StrictMonotonicTimestamp))
        .with(Self::of(Flag::MonotonicTimestamp))
        .with(Self::of(Flag::SchedulerId))
        .with(Self::of(Flag::Receive))
        .with(Self::of(Flag::Send));
    /// Those of ports.
    pub const OF_PORTS: Self = Self::MODIFIERS.with(Self::of(Flag::Ports)).with(Self::of(Flag::RunningPorts));
    /// Those of processes.
    pub const OF_PROCESSES: Self = Self::ALL.without(Self::OF_PORTS).with(Self::MODIFIERS);

    /// The flags of a name.
    #[must_use]
    pub fn named(name: Atom) -> Option<Self> {
        if name == predefined::ALL {
            return Some(Self::ALL);
        }
        NAMES.iter().find(|(_, other)| *other == name).map(|(flag, _)| Self::of(*flag))
    }

    /// One flag.
    #[must_use]
    pub const fn of(flag: Flag) -> Self {
        Self(1 << flag as u8)
    }

    /// Whether a flag is set.
    #[must_use]
    #[inline]
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & 1 << flag as u8 != 0
    }

    /// Whether none is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and others.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of these that others are too.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These without others.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The names of the flags that are set, the last first, as lists are made.
    pub fn names(self) -> impl Iterator<Item = Atom> {
        NAMES.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| *name)
    }
}
