// SPDX-License-Identifier: Apache-2.0
//! What is put aside while matching goes on.

use super::super::program::Verb;

/// What to do when matching comes back to it. Places in the program are `pc`, in the subject `pos`; `depth` is how deep steps nest there.
#[derive(Clone, Copy, Debug)]
pub enum Frame {
    /// Go on here.
    Goto {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How deep.
        depth: u32,
    },
    /// Go on here, which is a step at the same depth.
    Tail {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How deep.
        depth: u32,
    },
    /// Go on here, which is a step.
    Step {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How deep.
        depth: u32,
    },
    /// Try the alternative that begins here.
    Alternative {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How deep.
        depth: u32,
    },
    /// The last of several alternatives, which ends here, is being tried: `(*THEN)` stops at it.
    Last {
        /// Its end.
        pc: u32,
    },
    /// The repeat at `pc` has come to `pos`, and can go back to `low`.
    Greedy {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How far.
        low: u32,
        /// How deep.
        depth: u32,
    },
    /// The repeat at `pc` has come to `pos` after `count` times.
    Lazy {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// How often.
        count: u32,
        /// How deep.
        depth: u32,
    },
    /// A slot gets its old value back.
    Restore {
        /// Which.
        slot: u32,
        /// What.
        old: u32,
    },
    /// The group, or the call, at `pc` began at `pos`. Nothing inside of it is tried again once it has matched.
    Barrier {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// The barrier around it.
        outer: u32,
        /// How deep.
        depth: u32,
    },
    /// The same of a possessive group that has matched at least once.
    Matched {
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
        /// The barrier around it.
        outer: u32,
        /// How deep.
        depth: u32,
    },
    /// A verb.
    Verb {
        /// Which.
        verb: Verb,
        /// Where.
        pc: u32,
        /// Where.
        pos: u32,
    },
    /// `(*SKIP:NAME)`
    SkipTo {
        /// The name.
        label: u32,
    },
    /// `(*MARK:NAME)`
    Mark {
        /// The name.
        label: u32,
        /// Where.
        pos: u32,
    },
}
