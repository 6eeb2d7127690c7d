// SPDX-License-Identifier: Apache-2.0
//! The table of processes beside a model: lists of pids by what has become of them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Lookup, ProcessTable};
use crate::heap::{HeapLimits, ProcessHeap};
use crate::process::Process;
use crate::term::{LocalPid, Term};

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve,
    Park(usize),
    Take(usize),
    End(usize),
    Free(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Reserve),
        2 => any::<usize>().prop_map(Step::Park),
        2 => any::<usize>().prop_map(Step::Take),
        1 => any::<usize>().prop_map(Step::End),
        1 => any::<usize>().prop_map(Step::Free),
    ]
}

fn process(pid: LocalPid) -> Box<Process> {
    let heap = ProcessHeap::new(16, HeapLimits::default());
    Box::new(Process::new(pid, heap, Term::NIL, pid))
}

fn choose<T>(from: &mut Vec<T>, index: usize) -> Option<T> {
    if from.is_empty() { None } else { Some(from.swap_remove(index % from.len())) }
}

proptest! {
    #[test]
    fn table_is_as_the_model(steps in prop::collection::vec(step(), 0..200)) {
        let mut table = ProcessTable::new(1024);
        let (mut away, mut parked, mut ending, mut dead) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Reserve => {
                    let pid = table.reserve().expect("there is room");
                    let known = away.iter().chain(&parked).chain(&ending).chain(&dead);
                    prop_assert!(known.copied().all(|other: LocalPid| other != pid));
                    away.push(pid);
                }
                Step::Park(index) => {
                    if let Some(pid) = choose(&mut away, index) {
                        table.park(process(pid));
                        parked.push(pid);
                    }
                }
                Step::Take(index) => {
                    if let Some(pid) = choose(&mut parked, index) {
                        prop_assert_eq!(table.take(pid).map(|process| process.pid), Some(pid));
                        prop_assert!(table.take(pid).is_none());
                        away.push(pid);
                    }
                }
                Step::End(index) => {
                    if let Some(pid) = choose(&mut away, index) {
                        table.mark_ending(pid);
                        ending.push(pid);
                    }
                }
                Step::Free(index) => {
                    if let Some(pid) = choose(&mut ending, index) {
                        table.free(pid);
                        dead.push(pid);
                    }
                }
            }
            for pid in &away {
                prop_assert!(table.is_alive(*pid) && matches!(table.lookup(*pid), Lookup::Away));
            }
            for pid in &parked {
                let found = matches!(table.lookup(*pid), Lookup::Process(process) if process.pid == *pid);
                prop_assert!(table.is_alive(*pid) && found);
            }
            for pid in ending.iter().chain(&dead) {
                prop_assert!(!table.is_alive(*pid) && matches!(table.lookup(*pid), Lookup::Dead));
            }
            for pid in &ending {
                prop_assert!(table.is_there(*pid) && table.is_ending(*pid));
            }
            for pid in &dead {
                prop_assert!(!table.is_there(*pid) && !table.is_ending(*pid));
            }
            let mut there: Vec<LocalPid> = away.iter().chain(&parked).chain(&ending).copied().collect();
            there.sort_unstable();
            let mut pids: Vec<LocalPid> = table.pids().collect();
            pids.sort_unstable();
            prop_assert_eq!(pids, there);
            prop_assert_eq!(table.count(), away.len() + parked.len() + ending.len());
        }
    }
}

#[test]
fn a_full_table_says_so_and_places_come_back_with_other_pids() {
    let mut table = ProcessTable::new(1024);
    let pids: Vec<LocalPid> = (0..1024).map(|_| table.reserve().expect("there is room")).collect();
    assert!(table.reserve().is_err());
    table.mark_ending(pids[7]);
    table.free(pids[7]);
    let next = table.reserve().expect("a place is free");
    assert_ne!(next, pids[7]);
    assert!(table.is_alive(next) && !table.is_alive(pids[7]));
    assert!(table.reserve().is_err());
}

#[test]
fn places_are_used_in_turn_and_take_memory_while_a_process_is_among_them() {
    let mut table = ProcessTable::new(1024);
    let first = table.reserve().expect("there is room");
    let mut most = 0;
    for number in 1..5000 {
        let pid = table.reserve().expect("there is room");
        // The first process stays at its place, which is passed over.
        assert_eq!(pid, LocalPid(number + (number - 1) / 1023), "{number}");
        most = most.max(table.bytes());
        table.mark_ending(pid);
        table.free(pid);
    }
    assert!(table.is_alive(first) && table.count() == 1);
    let of_chunks = 2 * size_of::<[super::Slot; super::CHUNK]>();
    assert!(most < of_chunks + 1024, "{most}");
}
