// SPDX-License-Identifier: Apache-2.0
//! The platform of tests: time passes when somebody rests or asks for it, entropy follows from the seed, and what goes wrong outside goes
//! wrong when the test says so. A run with the same seed is the same run. Console, memory and files are those of another platform.

mod streams;

use alloc::vec::Vec;
use core::ops::Range;

use super::{
    At, Begun, CodeAccess, FileAnswer, FileHandle, FileRequest, FileResult, FileTicket, Files, FixedRange,
    Platform, Random, Reservation, Streams,
};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The machine rests less or more than it has asked for.
    RestlessPark,
    /// The system clock is set to another time, back or ahead, now and then.
    JumpingClock,
    /// Answers of operations on files come late, in any order.
    SlowFiles,
    /// Streams are read and written in small parts, and told of late.
    ShortStreams,
}

/// The most nanoseconds that pass between two looks at the clock.
const MOST_BETWEEN_LOOKS: u64 = 200_000;
/// The most nanoseconds that an operation on files takes.
const MOST_FOR_FILES: u64 = 2_000_000;
/// The bit of the tickets that are given here.
const SIMULATED: u64 = 1 << 63;
/// The system clock when a simulation begins: 2026-01-01 00:00 UTC.
const BEGINNING: i64 = 1_767_225_600_000_000_000;

/// A world that is only simulated, around a platform.
#[derive(Debug)]
pub struct SimPlatform<P> {
    outside: P,
    random: Random,
    now: u64,
    /// How far the system clock is from where it would be.
    jumped: i64,
    /// Whether somebody has asked for streams, which are those of the other platform.
    is_outside_used: bool,
    faults: Vec<Fault>,
    /// Answers of files, and when they come.
    answers: Vec<(u64, FileTicket, FileAnswer)>,
    next_ticket: u64,
}

impl<P: Platform> SimPlatform<P> {
    /// The world of a seed.
    #[must_use]
    pub const fn new(seed: u64, outside: P) -> Self {
        Self {
            outside,
            random: Random::new(seed),
            now: 0,
            jumped: 0,
            is_outside_used: false,
            faults: Vec::new(),
            answers: Vec::new(),
            next_ticket: SIMULATED,
        }
    }

    /// The same world, in which something goes wrong.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Rests as the platform outside does, for as long.
    fn park_outside(&mut self, until: u64) {
        let since = self.outside.monotonic();
        let deadline = since + until.saturating_sub(self.now);
        self.outside.park(Some(deadline.div_ceil(1_000_000)));
        self.now += self.outside.monotonic() - since;
    }

    fn are_files_slow(&mut self) -> bool {
        self.has(Fault::SlowFiles) && self.random.below(2) == 0
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

impl<P: Platform> Platform for SimPlatform<P> {
    fn monotonic(&mut self) -> u64 {
        self.now += self.random.small(MOST_BETWEEN_LOOKS);
        self.now
    }

    fn system_time(&mut self) -> i64 {
        if self.has(Fault::JumpingClock) && self.random.below(16) == 0 {
            let minutes = self.random.below(121) as i64 - 60;
            self.jumped += minutes * 60_000_000_000;
        }
        BEGINNING + self.monotonic() as i64 + self.jumped
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.random.next() as u8;
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.outside.write(bytes);
    }

    fn warn(&mut self, text: &str) {
        self.outside.warn(text);
    }

    fn complain(&mut self, bytes: &[u8]) {
        self.outside.complain(bytes);
    }

    fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        self.outside.reserve(range)
    }

    fn commit(&mut self, pages: Range<usize>) -> bool {
        self.outside.commit(pages)
    }

    fn reserve_code(&mut self, range: FixedRange) -> Option<Reservation> {
        self.outside.reserve_code(range)
    }

    fn protect_code(&mut self, pages: Range<usize>, access: CodeAccess) -> bool {
        self.outside.protect_code(pages, access)
    }

    fn end(&mut self, status: i32) -> ! {
        self.outside.end(status)
    }

    fn park(&mut self, deadline: Option<u64>) {
        let deadline = deadline.map(|deadline| deadline.saturating_mul(1_000_000));
        let answer = self.answers.iter().map(|(due, ..)| *due).min();
        // What is outside of the world is not simulated: for that the time passes that it takes.
        let Some(until) = [deadline, answer].into_iter().flatten().min() else {
            return self.outside.park(None);
        };
        if self.is_outside_used {
            return self.park_outside(until);
        }
        let rest = until.saturating_sub(self.now);
        let rest = match self.random.below(4) {
            0 if self.has(Fault::RestlessPark) => self.random.below(rest + 1),
            1 if self.has(Fault::RestlessPark) => rest + self.random.below(50_000_000),
            _ => rest,
        };
        self.now += rest;
    }

    fn files(&mut self) -> &mut dyn Files {
        self.outside.files()
    }

    fn begin(&mut self, request: FileRequest) -> Begun {
        match self.outside.begin(request) {
            Begun::Done(answer) if self.are_files_slow() => {
                let ticket = FileTicket(self.next_ticket);
                self.next_ticket += 1;
                let due = self.now + self.random.below(MOST_FOR_FILES);
                self.answers.push((due, ticket, answer));
                Begun::Pending(ticket)
            }
            begun => begun,
        }
    }

    fn write_now(&mut self, file: FileHandle, at: At, parts: &[&[u8]]) -> Option<FileResult<usize>> {
        if self.are_files_slow() { None } else { self.outside.write_now(file, at, parts) }
    }

    fn finished(&mut self, answers: &mut Vec<(FileTicket, FileAnswer)>) {
        self.outside.finished(answers);
        let now = self.now;
        answers.extend(
            self.answers.extract_if(.., |(due, ..)| *due <= now).map(|(_, ticket, answer)| (ticket, answer)),
        );
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        self.is_outside_used = true;
        self.outside.streams()?;
        Some(self)
    }

    fn dump_place(&self) -> super::DumpPlace {
        self.outside.dump_place()
    }

    fn sockets(&mut self) -> Option<&mut dyn super::Sockets> {
        self.is_outside_used = true;
        self.outside.sockets()
    }

    fn module(&mut self, name: &str) -> Option<Vec<u8>> {
        self.outside.module(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A platform that has nothing.
    struct Nothing;

    impl Platform for Nothing {
        fn monotonic(&mut self) -> u64 {
            unreachable!("the clock is simulated")
        }

        fn system_time(&mut self) -> i64 {
            unreachable!("the clock is simulated")
        }

        fn entropy(&mut self, _: &mut [u8]) {
            unreachable!("the entropy is simulated")
        }

        fn write(&mut self, _: &[u8]) {}

        fn warn(&mut self, _: &str) {}

        fn park(&mut self, _: Option<u64>) {
            unreachable!("rest is simulated")
        }

        fn module(&mut self, _: &str) -> Option<Vec<u8>> {
            None
        }
    }

    fn sim(seed: u64) -> SimPlatform<Nothing> {
        SimPlatform::new(seed, Nothing)
    }

    #[test]
    fn a_seed_is_a_run() {
        let run = |seed| {
            let mut sim = sim(seed).with(Fault::JumpingClock).with(Fault::RestlessPark);
            let mut bytes = [0; 8];
            sim.entropy(&mut bytes);
            sim.park(Some(100));
            (bytes, sim.monotonic(), sim.system_time())
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn time_goes_on_and_jumps_to_deadlines() {
        let mut sim = sim(1);
        let before = sim.monotonic();
        sim.park(Some(60_000));
        let after = sim.monotonic();
        assert!(before <= after && (60_000_000_000..60_001_000_000).contains(&after));
        sim.park(Some(1));
        assert!(sim.monotonic() >= after, "a deadline in the past does not turn the clock back");
    }

    #[test]
    fn a_restless_park_may_be_early_but_time_still_passes() {
        let mut sim = sim(3).with(Fault::RestlessPark);
        let mut parks = 0;
        while sim.monotonic() < 1_000_000_000 {
            sim.park(Some(1000));
            parks += 1;
            assert!(parks < 1000);
        }
    }

    #[test]
    fn answers_of_files_come_late_and_each_once() {
        let mut sim = sim(5).with(Fault::SlowFiles);
        let request = || FileRequest::Close(FileHandle(0));
        let begun: Vec<Begun> = (0..100).map(|_| sim.begin(request())).collect();
        let mut pending: Vec<FileTicket> = begun
            .iter()
            .filter_map(|begun| match begun {
                Begun::Done(_) => None,
                Begun::Pending(ticket) => Some(*ticket),
            })
            .collect();
        assert!((20..80).contains(&pending.len()));
        let mut answers = Vec::new();
        while answers.len() < pending.len() {
            sim.park(None);
            sim.finished(&mut answers);
        }
        let mut told: Vec<FileTicket> = answers.iter().map(|(ticket, _)| *ticket).collect();
        assert_ne!(told, pending, "some come before others");
        told.sort_unstable();
        pending.sort_unstable();
        assert_eq!(told, pending);
    }
}
