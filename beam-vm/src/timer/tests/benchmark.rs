// SPDX-License-Identifier: Apache-2.0
//! What a million timers cost: `cargo test -p beam-vm --release -- --ignored --nocapture timer`.

use std::println;
use std::time::Instant;
use std::vec::Vec;

use super::{TimerId, TimerWheel, insert_all};

const TIMERS: u64 = 1_000_000;

/// The budget of one slice.
const BUDGET: u32 = 4000;

/// Deadlines without order within ten minutes, some hours ahead.
fn deadline(number: u64) -> u64 {
    20_000_000 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 600_000
}

/// Runs `work` on the wheel and prints its time by timer.
fn measure(what: &str, wheel: &mut TimerWheel<u64>, work: impl FnOnce(&mut TimerWheel<u64>)) {
    let start = Instant::now();
    work(wheel);
    println!("{what:24} {:5} ns", start.elapsed().as_nanos() / u128::from(TIMERS));
}

fn expire(wheel: &mut TimerWheel<u64>, now: u64) {
    let mut longest = 0;
    let mut count = 0;
    while wheel.next_deadline().is_some_and(|next| next <= now) {
        let start = Instant::now();
        let mut budget = BUDGET;
        while wheel.advance(now, &mut budget).is_some() {
            count += 1;
        }
        longest = longest.max(start.elapsed().as_micros());
    }
    assert_eq!(count, TIMERS);
    println!("{:24} {longest:5} us", "longest slice");
}

#[test]
#[ignore = "a benchmark"]
fn a_million_timers() {
    let mut wheel = TimerWheel::new(0);
    let empty = wheel.memory();
    let mut ids: Vec<TimerId> = Vec::with_capacity(TIMERS as usize);
    measure("insert", &mut wheel, |wheel| {
        ids.extend((0..TIMERS).map(|number| wheel.insert(deadline(number), number)))
    });
    let beside = (wheel.memory() - empty) as f64 / TIMERS as f64 - 8.0;
    println!("{:24} {beside:5.2} bytes beside the value", "memory");
    measure("read", &mut wheel, |wheel| assert!(ids.iter().all(|id| wheel.read(*id).is_some())));
    measure("cancel", &mut wheel, |wheel| assert!(ids.iter().all(|id| wheel.cancel(*id).is_some())));
    measure("insert and cancel", &mut wheel, |wheel| {
        (0..TIMERS).for_each(|number| {
            let id = wheel.insert(5_000, number);
            assert!(wheel.cancel(id).is_some());
        });
    });
    insert_all(&mut wheel, (0..TIMERS).map(|number| (deadline(number), number)));
    measure("expire over ten minutes", &mut wheel, |wheel| expire(wheel, 30_000_000));
    insert_all(&mut wheel, (0..TIMERS).map(|number| (50_000_000, number)));
    measure("expire at once", &mut wheel, |wheel| expire(wheel, 60_000_000));
    println!("{:24} {:5} bytes", "memory afterwards", wheel.memory());
}
