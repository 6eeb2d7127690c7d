// SPDX-License-Identifier: Apache-2.0
//! Timing jitter: how long the same piece of work takes, time after time, on a machine that others use too.
//!
//! Each sample times a walk over memory whose path depends on the samples before. Samples that do not differ from their
//! predecessors in value and in step carry nothing (the stuck test of NIST SP 800-90B's health tests in the form that CPU jitter
//! generators use) and are not counted, though they go into the pool; a bound on the attempts keeps a clock that stands still
//! from hanging the start.

use core::hint::black_box;

use crate::time::Tsc;

/// Bytes of the memory that is walked: more than one cache line each step, within the first level cache.
const MEMORY: usize = 8192;
/// Steps of one walk.
const STEPS: usize = 64;
/// Attempts per sample that is wanted.
const PATIENCE: usize = 4;

/// Passes the time of each walk to `take` until `count` of them carried something; returns how many did.
pub fn collect(count: usize, mut take: impl FnMut(u64)) -> usize {
    collect_from(count, &mut || Tsc::now().0, &mut take)
}

fn collect_from(count: usize, clock: &mut dyn FnMut() -> u64, take: &mut dyn FnMut(u64)) -> usize {
    let mut memory = [0_u8; MEMORY];
    let mut last = clock();
    let (mut last_delta, mut last_step) = (0_u64, 0_u64);
    let mut position = last as usize;
    let mut good = 0;
    for _ in 0..count * PATIENCE {
        if good == count {
            break;
        }
        position = walk(&mut memory, position ^ last_delta as usize);
        let now = clock();
        let delta = now.wrapping_sub(last);
        let step = delta.wrapping_sub(last_delta);
        if delta != 0 && step != 0 && step != last_step {
            good += 1;
        }
        take(delta);
        (last, last_delta, last_step) = (now, delta, step);
    }
    good
}

/// Reads and writes memory along a path that depends on what is there.
fn walk(memory: &mut [u8; MEMORY], start: usize) -> usize {
    let mut position = start;
    for _ in 0..STEPS {
        let cell = &mut memory[position % MEMORY];
        *cell = cell.wrapping_add(position as u8 | 1);
        position = position.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ usize::from(*cell);
    }
    black_box(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_real_clock_jitters() {
        let mut deltas = Vec::new();
        assert_eq!(collect(256, |delta| deltas.push(delta)), 256);
        deltas.sort_unstable();
        deltas.dedup();
        assert!(deltas.len() > 4, "only {} different times", deltas.len());
    }

    #[test]
    fn a_clock_that_stands_still_carries_nothing_and_ends() {
        let mut samples = 0;
        assert_eq!(collect_from(100, &mut || 7, &mut |_| samples += 1), 0);
        assert_eq!(samples, 100 * PATIENCE);
    }

    #[test]
    fn an_even_clock_carries_nothing() {
        let mut now = 0;
        let good = collect_from(
            100,
            &mut || {
                now += 50;
                now
            },
            &mut |_| {},
        );
        assert!(good <= 1);
    }
}
