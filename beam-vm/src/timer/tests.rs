// SPDX-License-Identifier: Apache-2.0
//! One test for each promise of the wheel; the comparison with a model and the benchmark are beside.

mod benchmark;
mod model;

use std::vec::Vec;

use super::{TimerId, TimerWheel};

/// Inserts a timer for each deadline and value.
fn insert_all<T: Copy>(wheel: &mut TimerWheel<T>, timers: impl IntoIterator<Item = (u64, T)>) {
    for (deadline, value) in timers {
        wheel.insert(deadline, value);
    }
}

/// Everything that expires by `now`, without a limit on the work.
fn expire_all<T: Copy>(wheel: &mut TimerWheel<T>, now: u64) -> Vec<T> {
    let mut budget = u32::MAX;
    core::iter::from_fn(|| wheel.advance(now, &mut budget)).map(|expired| expired.value).collect()
}

#[test]
fn an_entry_expires_at_its_deadline_and_not_before() {
    for ahead in (0..64).map(|bit| 1 << bit).flat_map(|power: u64| [power - 1, power, power + 1]) {
        for start in [0, 1, 63, 4095, 123_456_789] {
            let mut wheel = TimerWheel::new(start);
            let deadline = start + ahead;
            wheel.insert(deadline, 'a');
            if ahead > 0 {
                assert_eq!(expire_all(&mut wheel, deadline - 1), []);
            }
            assert_eq!(expire_all(&mut wheel, deadline), ['a'], "{start} + {ahead}");
            assert!(wheel.is_empty());
        }
    }
}

#[test]
fn the_farthest_deadline_is_the_last_number() {
    let mut wheel = TimerWheel::new(0);
    wheel.insert(u64::MAX, 'a');
    assert_eq!(wheel.next_deadline(), Some(u64::MAX));
    assert_eq!(expire_all(&mut wheel, u64::MAX - 1), []);
    assert_eq!(expire_all(&mut wheel, u64::MAX), ['a']);
    wheel.insert(u64::MAX, 'b');
    assert_eq!(expire_all(&mut wheel, u64::MAX), ['b']);
}

/// `[erlang:send_after(T + 100, self(), I, [{abs, true}]) || I <- lists:seq(1, 1000)]`: stock delivers 1 to 1000.
#[test]
fn equal_deadlines_expire_in_the_order_of_insertion() {
    let mut wheel = TimerWheel::new(0);
    insert_all(&mut wheel, (1..=1000).map(|i| (100, i)));
    assert_eq!(expire_all(&mut wheel, 100), (1..=1000).collect::<Vec<_>>());
}

/// Timers to one absolute time, set 17000 ms, 7000 ms and 500 ms before it, ten each: stock delivers 1 to 30.
#[test]
fn equal_deadlines_keep_their_order_however_far_ahead_they_were_inserted() {
    let mut wheel = TimerWheel::new(0);
    insert_all(&mut wheel, (1..=10).map(|i| (17_000, i)));
    assert_eq!(expire_all(&mut wheel, 10_000), []);
    insert_all(&mut wheel, (11..=20).map(|i| (17_000, i)));
    assert_eq!(expire_all(&mut wheel, 16_500), []);
    insert_all(&mut wheel, (21..=30).map(|i| (17_000, i)));
    assert_eq!(expire_all(&mut wheel, 17_000), (1..=30).collect::<Vec<_>>());
}

/// `[erlang:send_after(T + 100 - I, …, I, [{abs, true}]) || I <- lists:seq(1, 50)]`, then busy for 200 ms: stock delivers 50 to 1.
#[test]
fn overdue_entries_expire_by_deadline() {
    let mut wheel = TimerWheel::new(1000);
    insert_all(&mut wheel, (1..=50).map(|i| (1100 - i, i)));
    assert_eq!(expire_all(&mut wheel, 1200), (1..=50).rev().collect::<Vec<_>>());
}

/// `[erlang:send_after(T - I * 10, …, I, [{abs, true}]) || I <- lists:seq(1, 10)]`: stock delivers 1 to 10.
#[test]
fn past_deadlines_count_as_the_present() {
    let mut wheel = TimerWheel::new(1000);
    let ids: Vec<TimerId> = (1..=10).map(|i| wheel.insert(1000 - i * 10, i)).collect();
    assert_eq!(wheel.read(ids[9]), Some(0));
    assert_eq!(wheel.next_deadline(), Some(1000));
    assert_eq!(wheel.cancel(ids[9]), Some((10, 1000)));
    assert_eq!(expire_all(&mut wheel, 1000), (1..=9).collect::<Vec<_>>());
}

/// With the times T+5 (1, 2), T+3 (3), T+5 (4), then busy until T+20, then T+1 (5), T-1 (6), T+5 (7): stock delivers 3, 1, 2, 4, 5, 6, 7.
#[test]
fn past_deadlines_wait_behind_what_is_overdue() {
    let mut wheel = TimerWheel::new(100);
    insert_all(&mut wheel, [(105, 1), (105, 2), (103, 3), (105, 4)]);
    wheel.set_now(120);
    insert_all(&mut wheel, [(101, 5), (99, 6), (105, 7)]);
    assert_eq!(expire_all(&mut wheel, 120), [3, 1, 2, 4, 5, 6, 7]);
}

#[test]
fn a_cancelled_timer_gives_its_value_back_and_does_not_expire() {
    let mut wheel = TimerWheel::new(0);
    let first = wheel.insert(10, 'a');
    let second = wheel.insert(10, 'b');
    let third = wheel.insert(10, 'c');
    assert_eq!(wheel.cancel(second), Some(('b', 10)));
    assert_eq!(wheel.cancel(second), None);
    assert_eq!(expire_all(&mut wheel, 10), ['a', 'c']);
    assert_eq!(wheel.cancel(first), None);
    assert_eq!(wheel.cancel(third), None);
}

#[test]
fn a_stale_handle_finds_nothing_in_a_node_that_is_used_again() {
    let mut wheel = TimerWheel::new(0);
    let stale = wheel.insert(10, 'a');
    assert_eq!(wheel.cancel(stale), Some(('a', 10)));
    let fresh = wheel.insert(10, 'b');
    assert_eq!(fresh.node, stale.node);
    assert_eq!(wheel.read(stale), None);
    assert_eq!(wheel.cancel(stale), None);
    assert_eq!(wheel.read(fresh), Some(10));
}

#[test]
fn reading_tells_what_remains() {
    let mut wheel = TimerWheel::new(1000);
    let id = wheel.insert(1500, 'a');
    assert_eq!(wheel.read(id), Some(500));
    wheel.set_now(1400);
    assert_eq!(wheel.read(id), Some(100));
    wheel.set_now(1600);
    assert_eq!(wheel.read(id), Some(0));
    wheel.set_now(1);
    assert_eq!(wheel.now(), 1600);
}

#[test]
fn the_next_deadline_is_exact_without_cancellations() {
    let mut wheel = TimerWheel::new(5);
    assert_eq!(wheel.next_deadline(), None);
    for deadline in [1 << 49, 86_400_000, 3_600_123, 70_000, 5_000, 77] {
        wheel.insert(deadline, deadline);
        assert_eq!(wheel.next_deadline(), Some(deadline));
    }
    for deadline in [77, 5_000, 70_000, 3_600_123, 86_400_000, 1 << 49] {
        assert_eq!(wheel.next_deadline(), Some(deadline));
        assert_eq!(expire_all(&mut wheel, deadline), [deadline]);
    }
    assert_eq!(wheel.next_deadline(), None);
}

#[test]
fn the_work_of_a_call_is_bounded_by_its_budget() {
    const TIMERS: u64 = 10_000;
    const BUDGET: u32 = 100;
    let mut wheel = TimerWheel::new(0);
    insert_all(&mut wheel, (0..TIMERS).map(|i| (1_000_000, i)));
    let mut expired = Vec::new();
    let mut slices = 0;
    while wheel.next_deadline().is_some() {
        let mut budget = BUDGET;
        let before = expired.len();
        while let Some(timer) = wheel.advance(1_000_000, &mut budget) {
            expired.push(timer.value);
        }
        assert!(expired.len() - before <= BUDGET as usize);
        assert!(wheel.next_deadline().is_none_or(|next| next <= 1_000_000));
        slices += 1;
    }
    assert_eq!(expired, (0..TIMERS).collect::<Vec<_>>());
    // Two levels down, then out: three units each.
    assert_eq!(slices, TIMERS * 3 / u64::from(BUDGET));
}

#[test]
fn timers_inserted_between_slices_take_their_place() {
    let mut wheel = TimerWheel::new(0);
    insert_all(&mut wheel, (0..10).map(|i| (4200, i)));
    // Enough to move half of the slot that 4200 is in down, and no more.
    assert_eq!(wheel.advance(4100, &mut 5), None);
    insert_all(&mut wheel, [(4200, 10), (1, -1), (4100, -2), (4101, -3), (9000, 11)]);
    assert_eq!(wheel.next_deadline().map(|next| next <= 4100), Some(true));
    assert_eq!(wheel.advance(4100, &mut 0), None);
    assert_eq!(expire_all(&mut wheel, 4100), [-1, -2]);
    assert_eq!(expire_all(&mut wheel, 4101), [-3]);
    assert_eq!(expire_all(&mut wheel, 9000), (0..=11).collect::<Vec<_>>());
}

#[test]
fn cancelling_what_is_left_of_a_slot_leaves_the_rest_in_order() {
    let mut wheel = TimerWheel::new(0);
    let ids: Vec<TimerId> = (0..10).map(|i| wheel.insert(4200, i)).collect();
    assert_eq!(wheel.advance(4100, &mut 5), None);
    for id in &ids[5..] {
        assert!(wheel.cancel(*id).is_some());
    }
    assert_eq!(wheel.next_deadline(), Some(4200));
    wheel.insert(4200, 10);
    assert_eq!(expire_all(&mut wheel, 4200), [0, 1, 2, 3, 4, 10]);
}

#[test]
fn a_near_deadline_costs_one_unit_however_long_the_wheel_was_idle() {
    let mut wheel = TimerWheel::new(0);
    assert_eq!(wheel.advance(1 << 40, &mut 0), None);
    wheel.insert((1 << 40) + 100, 'a');
    let mut budget = 2;
    assert!(wheel.advance((1 << 40) + 100, &mut budget).is_some());
    assert_eq!(budget, 1);
}

#[test]
fn memory_is_given_back_after_a_burst() {
    let mut wheel = TimerWheel::new(0);
    let idle = wheel.memory();
    insert_all(&mut wheel, (0..100_000).map(|i| (i, i)));
    assert!(wheel.memory() > idle + 100_000 * 32);
    assert_eq!(expire_all(&mut wheel, 100_000).len(), 100_000);
    assert!(wheel.memory() < idle + 16 * 1024, "{} after {idle}", wheel.memory());
}
