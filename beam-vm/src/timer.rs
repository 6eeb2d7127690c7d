// SPDX-License-Identifier: Apache-2.0
//! The timers of one scheduler: a hierarchical wheel with a resolution of one millisecond.
//!
//! What the wheel keeps is plain data under a deadline. What a timer means (`send_after`, `start_timer`, `receive … after`, to whom,
//! as which message) is decided above; here is only when.
//!
//! # Promises
//! - [`insert`](TimerWheel::insert), [`cancel`](TimerWheel::cancel), [`read`](TimerWheel::read) and
//!   [`next_deadline`](TimerWheel::next_deadline) take constant time, however many timers there are.
//! - Entries expire in the order of their deadlines, and those of one deadline in the order in which they were inserted, no matter how
//!   far ahead each of them was inserted. A deadline that is already past counts as the present. Stock OTP 25 shows the same order.
//! - A [`TimerId`] is never given out twice: one that has expired or was cancelled finds nothing, whatever has been inserted since.
//! - [`advance`](TimerWheel::advance) does no more work per call than its budget allows. Time may jump by any distance, and any `u64` is
//!   a deadline.
//! - Memory is given back after a burst. All state is indices and numbers, without pointers to functions or to the platform, so a
//!   frozen system thaws with its timers.
//!
//! # Shape
//! Eight levels of 256 slots cover the 64 bits of a deadline, eight bits a level. An entry waits on the level of the highest bits in which
//! its deadline differs from the wheel's position, and moves down when the position enters its slot. Each slot is a ring of nodes of one
//! slab, doubly linked by index, in the order of insertion.
#![forbid(unsafe_code)]

mod rings;
mod slab;
mod slot;
mod wheel;

#[cfg(test)]
mod tests;

pub use wheel::{Expired, TimerId, TimerWheel};
