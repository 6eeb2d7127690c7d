// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench serve`: from `xl create` to the first page of a real application, beside stock OTP in a guest with Debian's kernel, and
//! the memory that each needs for it.
//!
//! The guest is created paused and let go by the client that asks it from dom0, so that what `xl` does and what the guest does are told apart.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use lab::{Clock, Guest, Lab, Start};

mod sides;

use super::{Benchmark, Better, Report, Row, machine, median};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;
use sides::{SIDES, Side};

/// The benchmark.
pub const SERVE: Benchmark = Benchmark {
    name: "serve",
    about: "xl create to the first page, and the memory for it, beside stock OTP on Debian's kernel",
    measure,
};

/// Starts by the clock; the median counts. Where instructions are counted, one start is like another.
const ROUNDS: usize = 3;
/// Seconds that a guest may take to its first page.
const LIMIT_SECONDS: u32 = 300;
/// The same where its memory may be too small.
const SMALL_LIMIT_SECONDS: u32 = 60;
const LIMIT: Duration = Duration::from_secs(600);
/// Bytes of a disk.
const DISK_BYTES: u64 = 256 << 20;

const ABOUT: &str = "`examples/guestbook`, mochiweb over mnesia on a disk, in our guest (ours) and on stock OTP (JIT, one scheduler) over ext4 in a guest with \
Debian's kernel (theirs), both PV guests with one processor, a vif with a fixed address and a disk on the same Xen in QEMU without KVM. A client in dom0 asks for the page every \
10 ms from the first instruction on. The tables are there from an earlier start, which ended as a power cut does.

*By the clock* are medians of three starts in 256 MiB; QEMU translates code at its first use, and a start is code that runs once. *Counted*: one start, one instruction takes one \
nanosecond, on a single processor that dom0 shares; what `xl`, dom0's back ends and the bench's hotplug scripts take is in it. The smallest memory is the least number of MiB (ours) or multiple of \
8 MiB (theirs) in which the page comes; what a guest takes is what Xen has less meanwhile. Debian's guest has its OTP in an initramfs, which is memory, too.";

/// What a start is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// Its time: nothing else runs in dom0.
    Time,
    /// Whether the memory is enough: a guest that has ended is waited for no longer.
    Memory,
}

/// One start that came to an answer.
#[derive(Clone, Copy)]
struct Answered {
    /// Seconds of `xl create`, by dom0's clock.
    creation: f64,
    /// Seconds from the first instruction to the end of the answer, by dom0's clock.
    first_page: f64,
    /// MiB that Xen has less.
    taken: f64,
}

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    if !only.is_empty() {
        return Err(Failure::new("cannot measure single rows", "a start is measured as a whole"));
    }
    let bench = Bench::prepare(context)?;
    let mut report = Report::new("First page", ABOUT);
    let lab = bench.boot(context, Clock::Real)?;
    bench.times(&lab, "by the clock", ROUNDS, &mut report)?;
    bench.memory(&lab, &mut report)?;
    drop(lab);
    let lab = bench.boot(context, Clock::Counted)?;
    bench.times(&lab, "counted", 1, &mut report)?;
    drop(lab);
    bench.remove(context)?;
    Ok(report)
}

/// What is on the host for it.
struct Bench {
    files: sides::Files,
    client: PathBuf,
    /// A disk for each side.
    disks: [PathBuf; 2],
}

impl Bench {
    fn prepare(context: &Context) -> Result<Self, Failure> {
        let folder = context.target().join("bench/serve");
        fs::create_dir_all(&folder).during(|| "cannot make a folder".to_owned())?;
        let disks = [folder.join("ours.img"), folder.join("theirs.img")];
        for disk in &disks {
            let _ = fs::remove_file(disk);
            File::create(disk)
                .and_then(|file| file.set_len(DISK_BYTES))
                .during(|| format!("cannot make {}", context.shown(disk)))?;
        }
        process::run(Command::new("/usr/sbin/mkfs.ext4").arg("-q").arg(&disks[1]))?;
        process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "load"]))?;
        let client = context.target().join("release/load");
        Ok(Self { files: sides::Files::build(context, &folder)?, client, disks })
    }

    fn remove(&self, context: &Context) -> Result<(), Failure> {
        for disk in &self.disks {
            fs::remove_file(disk).during(|| format!("cannot remove {}", context.shown(disk)))?;
        }
        Ok(())
    }

    fn boot(&self, context: &Context, clock: Clock) -> Result<Lab, Failure> {
        machine::boot(&lab::Options { clock, disks: self.disks.to_vec(), ..machine::options(context) })
    }

    /// Starts both sides in turn and adds the medians.
    fn times(&self, lab: &Lab, label: &str, rounds: usize, report: &mut Report) -> Result<(), Failure> {
        let mut answers: [Vec<Answered>; 2] = [Vec::new(), Vec::new()];
        // The first of all makes the tables.
        for round in 0..=rounds {
            eprintln!("{label}: start {} of {}", round + 1, rounds + 1);
            for (side, answers) in SIDES.iter().zip(&mut answers) {
                let answered = self.start(lab, side, side.memory_mib, Aim::Time)?;
                let Answered { creation, first_page, .. } = answered;
                eprintln!("  {}: xl create {creation:.2} s, to the page {first_page:.3} s", side.name);
                if round > 0 {
                    answers.push(answered);
                }
            }
        }
        let mut row = |row: String, value: &dyn Fn(&Answered) -> f64| {
            let [ours, theirs] =
                [0, 1].map(|side| median(answers[side].iter().map(value).collect()) * 1000.0);
            report.row(Row {
                row,
                ours,
                theirs: Some(theirs),
                better: Better::Lower,
                unit: "ms".into(),
                note: "",
            });
        };
        row(format!("`xl create` to the first page, {label}"), &|it| it.creation + it.first_page);
        row(format!("- `xl create`, {label}"), &|it| it.creation);
        row(format!("first instruction to the first page, {label}"), &|it| it.first_page);
        Ok(())
    }

    /// Looks for the smallest memory of each side.
    fn memory(&self, lab: &Lab, report: &mut Report) -> Result<(), Failure> {
        let mut found = Vec::new();
        for side in &SIDES {
            let (mut too_small, mut enough) = (0, side.memory_mib / side.step_mib);
            let mut taken = f64::NAN;
            while enough - too_small > 1 {
                let middle = u32::midpoint(too_small, enough);
                let memory_mib = middle * side.step_mib;
                match self.start(lab, side, memory_mib, Aim::Memory) {
                    Ok(answered) => {
                        enough = middle;
                        taken = answered.taken;
                    }
                    Err(_) => too_small = middle,
                }
                eprintln!(
                    "{}: {memory_mib} MiB are {}",
                    side.name,
                    if enough == middle { "enough" } else { "too small" }
                );
            }
            found.push((f64::from(enough * side.step_mib), taken));
        }
        let [ours, theirs] = found.as_slice() else { return Ok(()) };
        let mut row = |row: &str, unit: &str, better, ours, theirs| {
            let (row, unit) = (row.to_owned(), unit.to_owned());
            report.row(Row { row, ours, theirs: Some(theirs), better, unit, note: "" });
        };
        row("memory of the smallest guest that serves", "MiB", Better::Lower, ours.0, theirs.0);
        row("- what it takes of Xen", "MiB", Better::Lower, ours.1, theirs.1);
        row("guests of that size", "a GiB", Better::Higher, 1024.0 / ours.1, 1024.0 / theirs.1);
        Ok(())
    }

    /// Starts a side, and ends it once it has answered.
    fn start(&self, lab: &Lab, side: &Side, memory_mib: u32, aim: Aim) -> Result<Answered, Failure> {
        let during = || format!("cannot start {} in {memory_mib} MiB", side.name);
        let free = free_memory(lab)?;
        let mut spec = (side.spec)(lab, &self.files)?;
        spec.memory_mib = memory_mib;
        spec.start = Start::Paused;
        spec.lines.extend(side.lines()?);
        let guest = lab.create(&spec).during(during)?;
        let answered = self.first_page(lab, side, &guest, aim);
        let taken = free - free_memory(lab)?;
        let said = guest.console().take().unwrap_or_default();
        if guest.ended().during(during)?.is_none() {
            guest.destroy().during(during)?;
        }
        guest.wait_end(LIMIT).during(during)?;
        let first_page =
            answered.during(|| format!("{}; it says\n{}", during(), String::from_utf8_lossy(&said)))?;
        Ok(Answered { creation: guest.creation().as_secs_f64(), first_page, taken })
    }

    /// Lets a guest go and waits for its answer.
    fn first_page(&self, lab: &Lab, side: &Side, guest: &Guest, aim: Aim) -> Result<f64, String> {
        let load = lab.stage(&self.client).map_err(|why| why.to_string())?;
        let (address, name) = (side.address, guest.name());
        let mac = lab::network::mac(address).map_err(|why| why.to_string())?;
        let (seconds, otherwise) = match aim {
            Aim::Time => (LIMIT_SECONDS, String::new()),
            Aim::Memory => (
                SMALL_LIMIT_SECONDS,
                format!(
                    "& while kill -0 $! 2>/dev/null; do xl list {name} >/dev/null 2>&1 || kill $!; sleep 1; done; wait $!"
                ),
            ),
        };
        // An address that nobody has answered for yet would be asked for once a second.
        let script = format!(
            "arp -i {} -s {address} {mac}\n\
             {load} first {address}:8080 {seconds} xl unpause {name} {otherwise}",
            lab::network::BRIDGE
        );
        let output = lab.dom0(&script, LIMIT).map_err(|why| why.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        read(&text).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Reads `seconds NUMBER`.
fn read(line: &str) -> Option<f64> {
    line.trim().strip_prefix("seconds ")?.parse().ok()
}

/// MiB that Xen could give to guests.
fn free_memory(lab: &Lab) -> Result<f64, Failure> {
    let during = || "cannot ask Xen for its free memory".to_owned();
    let output = lab.dom0("xl info | sed -n 's/^free_memory *: //p'", LIMIT).during(during)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| Failure::new(during(), format!("xl says {text:?}")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn answers_of_the_client_are_read() {
        assert_eq!(super::read("seconds 0.2500\n"), Some(0.25));
        assert_eq!(super::read("error"), None);
    }
}
