// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench boot`: from a domain's first instruction to ready, beside Debian's own kernel as a PV guest on the same Xen.
//!
//! Ours tells its time itself: the time-stamp counter at the first instruction and at the end of each phase. Debian's kernel tells
//! `/proc/uptime` at the start of its first process, which counts from a little after its first instruction.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::linux::{self, Task};
use lab::{Clock, GuestSpec, Lab};

mod node;
mod programs;
mod stock;

use super::{Benchmark, Better, Report, Row, machine, median, packing};
use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use programs::{PROGRAMS, Program};

/// The benchmark.
pub const BOOT: Benchmark = Benchmark {
    name: "boot",
    about: "first instruction to ready and to Erlang, beside Debian's kernel with stock OTP",
    measure,
};

/// How often each is started; the median counts.
struct Starts {
    ours: usize,
    theirs: usize,
}

/// By the clock.
const STARTS: Starts = Starts { ours: 3, theirs: 3 };
/// Where instructions are counted. What dom0 still does for a new domain is a large part of a short start and none of a long one, which takes a minute.
const COUNTED_STARTS: Starts = Starts { ours: 5, theirs: 1 };
/// Memory of all guests: what Debian's kernel needs with OTP in its initramfs.
const MEMORY_MIB: u32 = 256;
const LIMIT: Duration = Duration::from_secs(300);

const ABOUT: &str = "From a domain's first instruction to a kernel that is ready, and to Erlang programs that have come to something and halt. Ours of the \
kernel: traps, memory, clock, heap, events, console, grants, entropy, and xenstore's first answers. Theirs: Debian's `linux-image-amd64` with a small \
busybox initramfs, to the start of its first process. Of programs: the same module and words on ours and on Debian's `erlang-base` (OTP 25), whose \
files are in the initramfs and whose `erlexec` is what the first process starts. All are PV guests of 256 MiB under the same Xen in QEMU without KVM; \
medians of three starts in turn by the clock; counted, of five of ours, and one of theirs.

*By the clock*: QEMU translates code at its first use, and a start is code that runs once, so times are far from those of real processors. \
*Counted*: one instruction takes one nanosecond, on a single processor, on every machine; what is waited for counts too, and that is most of \
our figure of the bare kernel: the last phase is the wait for xenstored in dom0, which shares the processor with the guest. 30 ms on real hardware are 90 million instructions where a nanosecond takes three of them.";

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    if !only.is_empty() {
        return Err(Failure::new("cannot measure single rows", "the boot is measured as a whole"));
    }
    let kernel = KERNEL.build(context, Profile::Release)?;
    let mut report = Report::new("Boot", ABOUT);
    programs::compile(context)?;
    packing::build_tool(context)?;
    let node = |program: &'static Program| Ok((program, node::pack(context, program)?));
    let nodes = PROGRAMS.iter().map(node).collect::<Result<Vec<_>, Failure>>()?;
    let ours = Ours { bare: &kernel, nodes: &nodes };
    compare(context, &ours, Clock::Real, "by the clock", &mut report)?;
    compare(context, &ours, Clock::Counted, "counted", &mut report)?;
    report.row(size("size of the kernel's file", &kernel)?);
    for (program, node) in &nodes {
        report.row(size(&format!("size of the file: {}", program.name), node)?);
    }
    Ok(report)
}

fn size(row: &str, file: &Path) -> Result<Row, Failure> {
    let bytes = fs::metadata(file).during(|| format!("cannot look at {}", file.display()))?.len();
    let ours = bytes as f64 / 1024.0;
    Ok(Row { row: row.to_owned(), ours, theirs: None, better: Better::Lower, unit: "KiB".into(), note: "" })
}

/// What is started.
struct Ours<'a> {
    /// Our kernel without an application.
    bare: &'a Path,
    /// With the nodes.
    nodes: &'a [(&'a Program, PathBuf)],
}

/// Starts all in turn on one machine, and adds the medians to the report.
fn compare(
    context: &Context,
    all: &Ours<'_>,
    clock: Clock,
    label: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    let lab = boot(context, clock)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut nodes = vec![(Vec::new(), Vec::new()); all.nodes.len()];
    let starts = if clock == Clock::Counted { COUNTED_STARTS } else { STARTS };
    for round in 1..=starts.ours.max(starts.theirs) {
        eprintln!("{label}: round {round}");
        if round <= starts.ours {
            ours.push(start_ours(&lab, all.bare)?);
            for ((_, node), (ours, _)) in all.nodes.iter().zip(&mut nodes) {
                ours.push(node::start(&lab, node)?);
            }
        }
        if round <= starts.theirs {
            theirs.push(start_theirs(&lab)?);
            for ((program, _), (_, theirs)) in all.nodes.iter().zip(&mut nodes) {
                theirs.push(stock::start(&lab, program, &program.ebin(context))?);
            }
        }
    }
    let ready = median(ours.iter().map(|start| start.ready).collect());
    report.row(milliseconds(&format!("to ready, {label}"), ready, Some(median(theirs))));
    for (name, _) in ours.first().map_or(&[][..], |start| &start.phases) {
        let times = ours.iter().filter_map(|start| start.phase(name)).collect();
        report.row(milliseconds(&format!("- {name}, {label}"), median(times), None));
    }
    for ((program, _), (ours, theirs)) in all.nodes.iter().zip(nodes) {
        let at = |place: usize| median(ours.iter().map(|times: &Vec<f64>| times[place]).collect());
        let end = node::MILESTONES.len();
        report.row(milliseconds(&format!("to {}, {label}", program.name), at(end), Some(median(theirs))));
        for (place, (_, milestone)) in node::MILESTONES.iter().enumerate() {
            report.row(milliseconds(&format!("- to {milestone}, {label}"), at(place), None));
        }
    }
    Ok(())
}

fn milliseconds(row: &str, ours: f64, theirs: Option<f64>) -> Row {
    Row { row: row.to_owned(), ours, theirs, better: Better::Lower, unit: "ms".into(), note: "" }
}

fn boot(context: &Context, clock: Clock) -> Result<Lab, Failure> {
    machine::boot(&lab::Options { clock, ..machine::options(context) })
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
