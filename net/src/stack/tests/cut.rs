// SPDX-License-Identifier: Apache-2.0
//! A wire that is pulled and plugged in again, as when a back end restarts.

use super::*;

/// How long a wire that is there again may leave an end waiting, in microseconds.
const AT_ONCE: u64 = 1000;

/// Lets so many microseconds go by.
fn pass(world: &mut World, time: u64) {
    let end = world.now + time;
    while world.now < end {
        let due = [world.left.due(), world.right.due()].into_iter().flatten().min();
        world.now = due.unwrap_or(end).clamp(world.now + STEP, end.max(world.now + STEP));
        world.left.run(world.now);
        world.right.run(world.now);
        world.clock.step();
    }
}

#[test]
fn what_was_lost_meanwhile_is_sent_again_at_once() {
    for down in [300_000, 1_400_000, 5_000_000, 20_000_000] {
        let mut world = World::new(1, Faults::default());
        let listener = world.listen("0.0.0.0:80");
        let connections: Vec<_> = (0..3).map(|_| world.connect(listener, "10.0.0.2:80")).collect();
        let mut taken = vec![Vec::new(); connections.len()];
        let mut give_and_take = |world: &mut World| {
            for ((client, server), taken) in connections.iter().zip(&mut taken) {
                let _ = world.left.send(*client, &[&[7; 4096]]);
                let _ = drain(&mut world.right, *server, taken);
            }
            taken.iter().map(Vec::len).min().expect("there are some")
        };
        world.until("some have come", |world| give_and_take(world) > 100_000);
        world.clock.set_cut(true);
        for _ in 0..10 {
            give_and_take(&mut world);
            world.step();
        }
        let before = give_and_take(&mut world);
        pass(&mut world, down);
        world.clock.set_cut(false);
        let since = world.now;
        world.until("more has come", |world| give_and_take(world) > before);
        assert!(world.now - since <= AT_ONCE, "{} µs after {down}", world.now - since);
    }
}
