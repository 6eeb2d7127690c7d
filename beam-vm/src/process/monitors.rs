// SPDX-License-Identifier: Apache-2.0
//! What a process watches, and by which references others may send to it. Both are known by a reference, and often it is the same one.

use alloc::vec::Vec;

use hashbrown::HashMap;

use super::RefNumbers;
use crate::atom::Atom;
use crate::term::{LocalPid, LocalPort, Term};

/// When an alias ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AliasKind {
    /// When it is taken away.
    Explicit,
    /// With its monitor.
    Demonitor,
    /// With its monitor, or with the first message through it.
    ReplyDemonitor,
    /// With the first message through it.
    Reply,
}

/// What a reference watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Nothing: it is an alias alone.
    None,
    /// A process.
    Process(LocalPid),
    /// A process that was asked for by its name.
    Name(LocalPid, Atom),
    /// A port.
    Port(LocalPort),
    /// A port that was asked for by its name.
    PortName(LocalPort, Atom),
    /// The offset of the clock.
    TimeOffset,
}

impl Target {
    /// The process.
    #[must_use]
    pub fn pid(self) -> Option<LocalPid> {
        match self {
            Self::Process(pid) | Self::Name(pid, _) => Some(pid),
            Self::None | Self::Port(_) | Self::PortName(..) | Self::TimeOffset => None,
        }
    }

    /// The port.
    #[must_use]
    pub fn port(self) -> Option<LocalPort> {
        match self {
            Self::Port(port) | Self::PortName(port, _) => Some(port),
            _ => None,
        }
    }
}

/// What a reference stands for.
#[derive(Clone, Copy, Debug)]
pub struct Monitor {
    /// What it watches.
    pub target: Target,
    /// Whether it is an alias.
    pub alias: Option<AliasKind>,
    /// What the message has in place of `'DOWN'`, or [`Term::NONE`].
    pub tag: Term,
}

/// Monitors and aliases by their references. As long as there are few, they are in a list whose memory is kept.
#[derive(Debug, Default)]
pub struct Monitors {
    few: Vec<(RefNumbers, Monitor)>,
    many: HashMap<RefNumbers, Monitor>,
    /// How many have a tag, which is a term of the heap.
    tags: u32,
}

/// How many are few.
const FEW: usize = 8;

/// References in the order in which they were made.
#[must_use]
pub fn age(numbers: &RefNumbers) -> [u32; 3] {
    let [low, middle, high] = *numbers;
    [high, middle, low]
}

impl Monitors {
    /// Puts one in.
    pub fn insert(&mut self, numbers: RefNumbers, monitor: Monitor) {
        self.tags += u32::from(monitor.tag.is_some());
        if self.few.len() < FEW {
            self.few.push((numbers, monitor));
        } else {
            self.many.insert(numbers, monitor);
        }
    }

    /// What a reference stands for.
    #[must_use]
    pub fn get(&self, numbers: RefNumbers) -> Option<&Monitor> {
        if let Some((_, monitor)) = self.few.iter().rev().find(|(key, _)| *key == numbers) {
            return Some(monitor);
        }
        if self.many.is_empty() { None } else { self.many.get(&numbers) }
    }

    /// Takes one out.
    pub fn remove(&mut self, numbers: RefNumbers) -> Option<Monitor> {
        let monitor = match self.few.iter().rposition(|(key, _)| *key == numbers) {
            Some(place) => self.few.swap_remove(place).1,
            None if self.many.is_empty() => return None,
            None => self.many.remove(&numbers)?,
        };
        self.tags -= u32::from(monitor.tag.is_some());
        Some(monitor)
    }

    /// Ends the watching, and the alias if it ends with that; gives what the reference stood for, if it watched something.
    pub fn end_watch(&mut self, numbers: RefNumbers) -> Option<Monitor> {
        let monitor = self.get(numbers).copied().filter(|monitor| monitor.target != Target::None)?;
        self.remove(numbers);
        if matches!(monitor.alias, Some(AliasKind::Explicit | AliasKind::Reply)) {
            self.insert(numbers, Monitor { target: Target::None, alias: monitor.alias, tag: Term::NONE });
        }
        Some(monitor)
    }

    /// Ends the alias; gives whether the reference was one.
    pub fn end_alias(&mut self, numbers: RefNumbers) -> bool {
        let Some(monitor) = self.get(numbers).copied() else { return false };
        if monitor.alias.is_none() {
            return false;
        }
        self.remove(numbers);
        if monitor.target != Target::None {
            self.insert(numbers, Monitor { alias: None, ..monitor });
        }
        true
    }

    /// All in the order in which they were made.
    #[must_use]
    pub fn sorted(&self) -> Vec<(RefNumbers, Monitor)> {
        let mut all = self.few.clone();
        all.extend(self.many.iter().map(|(numbers, monitor)| (*numbers, *monitor)));
        all.sort_unstable_by_key(|(numbers, _)| age(numbers));
        all
    }

    pub(super) fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        if self.tags > 0 {
            let few = self.few.iter_mut().map(|(_, monitor)| monitor);
            let all = few.chain(self.many.values_mut());
            all.filter(|monitor| monitor.tag.is_some()).for_each(|monitor| visit(&mut monitor.tag));
        }
    }
}
