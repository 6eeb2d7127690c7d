// SPDX-License-Identifier: Apache-2.0
//! What is done before its turn, so that neither the host nor the emulated machine waits for the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use libtest_mimic::{Failed, Trial};

use crate::{examples, fixtures, guestbook};

/// Makes something that a test needs.
type Make = fn() -> Result<(), Failed>;

/// What tests need of the host alone: it is made while the first tests run. That it cannot be made, the test tells.
const PREPARED: &[(&str, Make)] = &[
    ("otp_does_fixtures_as_stock", fixtures::prepare),
    ("examples_serve", examples::prepare),
    ("guestbooks_outlive_a_cut", guestbook::prepare),
];

/// Tests that leave most of the machine to others, by waiting for its console or keeping one of its two processors busy, and the one with which each
/// begins.
const BEGUN_WITH: &[(&str, &str)] = &[
    ("otp_does_fixtures_as_stock", "shares_mount_a_device"),
    ("otp_dumps_to_the_console_when_no_disk_takes_it", "data_lasts"),
    ("echoes_a_megabyte", "data_lasts"),
];

/// A test as it is run, with its name.
pub type Run = (&'static str, Arc<dyn Fn() -> Result<(), Failed> + Send + Sync>);

/// Begins to make what these tests need.
pub fn prepare(runs: &[Run]) {
    let is_run = |name| runs.iter().any(|(run, _)| *run == name);
    let needed: Vec<_> = PREPARED.iter().filter(|(name, _)| is_run(*name)).collect();
    thread::spawn(move || needed.into_iter().for_each(|(_, make)| drop(make())));
}

/// The tests in their order, of which some begin before their turn.
pub fn trials(runs: &[Run]) -> Vec<Trial> {
    let named = |name: &str| runs.iter().find(|(run, _)| *run == name);
    let early: Vec<_> = BEGUN_WITH
        .iter()
        .filter(|(_, with)| named(with).is_some())
        .filter_map(|(name, with)| {
            Some(Arc::new(Early { with, run: named(name)?.clone(), running: Mutex::default() }))
        })
        .collect();
    let trials = runs.iter().map(|run| {
        if let Some(early) = early.iter().find(|early| early.run.0 == run.0).cloned() {
            return Trial::test(run.0, move || early.end());
        }
        let begun: Vec<_> = early.iter().filter(|early| early.with == run.0).cloned().collect();
        let (name, test) = run.clone();
        Trial::test(name, move || {
            begun.iter().for_each(|early| early.begin());
            test()
        })
    });
    trials.collect()
}

/// A test that begins before its turn.
struct Early {
    /// The name of the one with which it begins.
    with: &'static str,
    run: Run,
    running: Mutex<Option<JoinHandle<Result<(), Failed>>>>,
}

impl Early {
    fn begin(&self) {
        let test = self.run.1.clone();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::spawn(move || test()));
    }

    /// Waits for what comes of the test.
    fn end(&self) -> Result<(), Failed> {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(running) => running.join().unwrap_or_else(|_| Err("it has panicked".into())),
            // The other one is not among those that the arguments leave.
            None => self.run.1(),
        }
    }
}
