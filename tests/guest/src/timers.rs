// SPDX-License-Identifier: Apache-2.0
//! Deadlines in random order: each comes once, in order, not early, and the lateness is told.

use alloc::vec::Vec;
use core::time::Duration;

use boot::kernel::{Machine, Wake, time};
use log::info;

const TIMERS: usize = 200;
const LONGEST_US: u64 = 2_000_000;

pub fn run(machine: &mut Machine) {
    let mut bytes = [0; TIMERS * 8];
    machine.entropy.fill(&mut bytes);
    let start = time::now();
    let mut deadlines: Vec<_> = bytes
        .chunks_exact(8)
        .map(|chunk| u64::from_le_bytes(chunk.try_into().expect("eight bytes")))
        .map(|random| start + Duration::from_micros(random % LONGEST_US))
        .collect();
    deadlines.sort_unstable();
    let mut lateness = Vec::with_capacity(TIMERS);
    for deadline in deadlines {
        loop {
            if machine.wait(Some(deadline)) == Wake::Deadline {
                break;
            }
        }
        let now = time::now();
        assert!(now >= deadline, "a timer was early by {} ns", deadline.0 - now.0);
        lateness.push((now - deadline).as_micros());
    }
    lateness.sort_unstable();
    let wall = time::wall_clock();
    info!("lateness in us: median {}, most {}", lateness[TIMERS / 2], lateness[TIMERS - 1]);
    info!("wall clock: {}", wall.as_secs());
}
