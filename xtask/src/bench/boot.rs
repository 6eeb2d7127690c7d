// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench boot`: from a domain's first instruction to ready, beside Debian's own kernel as a PV guest on the same Xen.
//!
//! Ours tells its time itself: the time-stamp counter at the first instruction and at the end of each phase. Debian's kernel tells
//! `/proc/uptime` at the start of its first process, which counts from a little after its first instruction.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lab::linux::{self, Task};
use lab::{Clock, GuestSpec, Lab};

mod node;

use super::{Benchmark, Better, Report, Row, median};
use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};

/// The benchmark.
pub const BOOT: Benchmark =
    Benchmark { name: "boot", about: "first instruction to ready, beside Debian's kernel", measure };

/// Starts of each kernel with each clock; the median counts.
const ROUNDS: usize = 7;
/// Memory of both guests: what Debian's kernel needs.
const MEMORY_MIB: u32 = 128;
const LIMIT: Duration = Duration::from_secs(180);

const ABOUT: &str = "From a domain's first instruction to a kernel that is ready. Ours: traps, memory, clock, heap, events, console, grants, \
entropy, and xenstore's first answers. Theirs: Debian's `linux-image-amd64` with a small busybox initramfs, to the start of its first process. Both \
are PV guests of 128 MiB under the same Xen in QEMU without KVM; medians of seven starts in turn.

*By the clock*: QEMU translates code at its first use, and a start is code that runs once, so times are far from those of real processors. \
*Counted*: one instruction takes one nanosecond, on a single processor, on every machine; what is waited for counts too, and that is most of \
our figure of the bare kernel: the last phase is the wait for xenstored in dom0. A node is OTP 25's `kernel` and `stdlib` and one module, \
and writes a line and halts.";

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    if !only.is_empty() {
        return Err(Failure::new("cannot measure single rows", "the boot is measured as a whole"));
    }
    let kernel = KERNEL.build(context, Profile::Release)?;
    let mut report = Report::new("Boot", ABOUT);
    let node = node::build(context)?;
    let kernels = Kernels { bare: &kernel, node: &node };
    compare(context, kernels, Clock::Real, "by the clock", &mut report)?;
    compare(context, kernels, Clock::Counted, "counted", &mut report)?;
    let size = fs::metadata(&kernel).during(|| "cannot look at the kernel".to_owned())?.len();
    let row = "size of the kernel's file".to_owned();
    report.row(Row {
        row,
        ours: size as f64 / 1024.0,
        theirs: None,
        better: Better::Lower,
        unit: "KiB".into(),
        note: "",
    });
    Ok(report)
}

/// Our kernel.
#[derive(Clone, Copy)]
struct Kernels<'a> {
    /// Without an application.
    bare: &'a Path,
    /// With a node.
    node: &'a Path,
}

/// Starts both kernels in turn on one machine, and adds the medians to the report.
fn compare(
    context: &Context,
    kernels: Kernels<'_>,
    clock: Clock,
    label: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    let lab = boot(context, clock)?;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut nodes = Vec::new();
    for round in 1..=ROUNDS {
        eprintln!("{label}: round {round} of {ROUNDS}");
        ours.push(start_ours(&lab, kernels.bare)?);
        theirs.push(start_theirs(&lab)?);
        nodes.push(node::start(&lab, kernels.node)?);
    }
    let ready = median(ours.iter().map(|start| start.ready).collect());
    report.row(milliseconds(&format!("to ready, {label}"), ready, Some(median(theirs))));
    for (name, _) in ours.first().map_or(&[][..], |start| &start.phases) {
        let times = ours.iter().filter_map(|start| start.phase(name)).collect();
        report.row(milliseconds(&format!("- {name}, {label}"), median(times), None));
    }
    for (place, (_, milestone)) in node::MILESTONES.iter().enumerate() {
        let times = nodes.iter().map(|times: &Vec<f64>| times[place]).collect();
        report.row(milliseconds(&format!("{milestone}, {label}"), median(times), None));
    }
    Ok(())
}

fn milliseconds(row: &str, ours: f64, theirs: Option<f64>) -> Row {
    Row { row: row.to_owned(), ours, theirs, better: Better::Lower, unit: "ms".into(), note: "" }
}

fn boot(context: &Context, clock: Clock) -> Result<Lab, Failure> {
    let options = lab::Options {
        install: context.install(),
        cache: context.target().join("lab"),
        clock,
        ..lab::Options::default()
    };
    Lab::boot(&options).during(|| "cannot boot the bench".to_owned())
}

/// One start of our kernel, in milliseconds.
struct Start {
    ready: f64,
    phases: Vec<(String, f64)>,
}

impl Start {
    fn phase(&self, name: &str) -> Option<f64> {
        self.phases.iter().find(|(phase, _)| phase == name).map(|(_, time)| *time)
    }
}

fn start_ours(lab: &Lab, kernel: &Path) -> Result<Start, Failure> {
    let during = || "cannot measure our kernel".to_owned();
    let mut spec = GuestSpec::new("ours", kernel);
    spec.memory_mib = MEMORY_MIB;
    spec.extra = "-loglevel debug".into();
    let guest = lab.create(&spec).during(during)?;
    let mut console = guest.console();
    let ready = console.wait_line("ready in ", LIMIT).during(during)?;
    let phases = console.wait_line("phases in us: ", LIMIT).during(during)?;
    guest.destroy().during(during)?;
    let start = Start { ready: parse_ready(&ready).unwrap_or(f64::NAN), phases: parse_phases(&phases) };
    if start.ready.is_nan() || start.phases.is_empty() {
        return Err(Failure::new(during(), format!("its boot lines cannot be read: {ready} / {phases}")));
    }
    Ok(start)
}

fn start_theirs(lab: &Lab) -> Result<f64, Failure> {
    let during = || "cannot measure Debian's kernel".to_owned();
    let mut spec = linux::guest(lab, "theirs", &Task::Poweroff);
    spec.memory_mib = MEMORY_MIB;
    let guest = lab.create(&spec).during(during)?;
    let line = guest.console().wait_line(linux::FIRST_LINE, LIMIT).during(during)?;
    guest.wait_end(LIMIT).during(during)?;
    let seconds = linux::user_space_after(&line);
    seconds.map(|seconds| seconds * 1000.0).ok_or_else(|| Failure::new(during(), format!("it says {line:?}")))
}

/// Milliseconds from `… ready in 1234 us`.
fn parse_ready(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("ready in ")?;
    Some(rest.strip_suffix(" us")?.parse::<f64>().ok()? / 1000.0)
}

/// Milliseconds from `… phases in us: traps 5, memory 518`.
fn parse_phases(line: &str) -> Vec<(String, f64)> {
    let Some((_, rest)) = line.split_once("phases in us: ") else { return Vec::new() };
    let phase = |text: &str| {
        let (name, time) = text.rsplit_once(' ')?;
        Some((name.to_owned(), time.parse::<f64>().ok()? / 1000.0))
    };
    rest.split(", ").filter_map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_lines_are_read() {
        let line = "[    0.05] voxoz 0.1.0 on xen 4.17, domain 1 (x), 65536 KiB, ready in 56055 us";
        assert_eq!(parse_ready(line), Some(56.055));
        let phases = parse_phases("[ 0.1] debug: phases in us: traps 5, xenstore's answers 2650");
        assert_eq!(phases, [("traps".to_owned(), 0.005), ("xenstore's answers".to_owned(), 2.65)]);
        assert_eq!(parse_ready("ready"), None);
    }
}
