// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench profile`: what a guest's processor does while it serves. The machine is held every few milliseconds, and the address that the
//! guest's processor is at is looked up among the kernel's functions.
//!
//! Emulated time is not a processor's: what QEMU translates anew or does by a call (privileged instructions, page tables, first runs of code) takes more of it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::Duration;

use image::format::{Image, SectionKind};
use image::pack::Kernel;
use image::symbols::SymbolTable;
use lab::{GUEST_CPU, Lab, Sample, Sampling};

use super::net::{self, Server, Trial};
use super::{Benchmark, Better, Report, Row, machine, packing};
use crate::context::Context;
use crate::failure::{During, Failure};

/// The benchmark.
pub const PROFILE: Benchmark =
    Benchmark { name: "profile", about: "what a guest's processor does while it serves", measure };

const ABOUT: &str = "What our guest's processor does under the load of `bench net`, of the time in which it does something: every few milliseconds QEMU is held, \
and the processor's address is looked up among the functions of the kernel. Emulation makes privileged and rarely run code dearer than it is, so these shares are those \
of the figures of `bench net`, not of a processor of one's own.";

/// Between two samples.
const PAUSE: Duration = Duration::from_millis(4);
/// Shares below this are told together.
const LEAST: f64 = 0.01;

/// Addresses that are Xen's in every guest (`HYPERVISOR_VIRT_START` and `_END` of `arch-x86/xen-x86_64.h`).
const XEN: Range<u64> = 0xffff_8000_0000_0000..0xffff_8800_0000_0000;

/// Rooms of the house by the beginnings of their functions' names; those of a part come before those of the whole.
const ROOMS: &[(&str, &str)] = &[
    ("beam_vm::emu", "instructions of the emulator"),
    ("beam_vm::gc", "garbage collection"),
    ("beam_vm::inet", "inet driver"),
    ("beam_vm::port", "ports"),
    ("beam_vm::packet", "parser of packets"),
    ("beam_vm::bif", "built-in functions"),
    ("beam_vm", "the rest of the virtual machine"),
    ("vm_net", "the stack's sockets"),
    ("net", "the stack around smoltcp"),
    ("smoltcp", "smoltcp"),
    ("drivers", "drivers"),
    ("kernel", "kernel"),
];
const TRANSLATED: &str = "machine code of the program";
const LIBRARY: &str = "Rust's library";
const COPIES: &str = "copies of memory";

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    let module = packing::compile(context, "net", "bench_server")?;
    let image = packing::pack_module(context, "net", &module, &[])?;
    let load = net::client(context)?;
    let lab = machine::boot(&lab::Options { sampling: Sampling::On, ..machine::options(context) })?;
    let load = lab.stage(&load).during(|| "cannot bring the client to dom0".to_owned())?;
    let bytes = fs::read(&image).during(|| "cannot read the image".to_owned())?;
    let server = net::start_ours(&lab, &image)?;
    let mut report = Report::new("Profile", ABOUT);
    for trial in net::TRIALS.iter().filter(|trial| !trial.holds_others() && trial.is_among(only)) {
        eprintln!("{}", trial.name);
        let samples = sample(&lab, &load, &server, trial)?;
        add(&mut report, trial, &samples, &symbols(&image, &bytes)?);
    }
    server.guest.destroy().during(|| "cannot end a guest".to_owned())?;
    Ok(report)
}

/// The kernel's functions.
fn symbols<'a>(path: &Path, bytes: &'a [u8]) -> Result<SymbolTable<'a>, Failure> {
    let during = || format!("cannot read the symbols of {}", path.display());
    let kernel = Kernel::parse(bytes).during(during)?;
    let image = kernel.image().ok_or_else(|| Failure::new(during(), "it is not packed"))?;
    let image = Image::parse(image).during(during)?;
    let table = image.section(SectionKind::SYMBOLS).ok_or_else(|| Failure::new(during(), "it has none"))?;
    SymbolTable::parse(table).during(during)
}

/// What the guest's processor is seen at while a trial goes on.
fn sample(lab: &Lab, load: &str, server: &Server, trial: &Trial) -> Result<Vec<Sample>, Failure> {
    thread::scope(|scope| {
        let asking = scope.spawn(|| net::ask(lab, load, server, trial).map(drop));
        let mut samples = Vec::new();
        while !asking.is_finished() {
            let all = lab.sample().during(|| "cannot look at the processors".to_owned())?;
            samples.extend(all.get(GUEST_CPU as usize));
            thread::sleep(PAUSE);
        }
        asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(samples)
    })
}

fn add(report: &mut Report, trial: &Trial, samples: &[Sample], symbols: &SymbolTable<'_>) {
    let at_work: Vec<&Sample> = samples.iter().filter(|sample| !sample.is_halted).collect();
    let mut row = |name: &str, share: f64, unit: &str| {
        let row = format!("{}: {name}", trial.name);
        report.row(Row {
            row,
            ours: 100.0 * share,
            theirs: None,
            better: Better::Lower,
            unit: unit.into(),
            note: "",
        });
    };
    row("at work", share(at_work.len(), samples.len()), "% of the time");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in &at_work {
        *counts.entry(room(symbols, sample.instruction)).or_default() += 1;
    }
    let shares = counts.into_iter().map(|(room, count)| (room, share(count, at_work.len())));
    let (mut told, little): (Vec<_>, Vec<_>) = shares.partition(|(_, share)| *share >= LEAST);
    told.sort_by(|one, other| other.1.total_cmp(&one.1));
    if !little.is_empty() {
        told.push(("what takes less", little.iter().map(|(_, share)| share).sum()));
    }
    for (room, share) in told {
        row(room, share, "% of its work");
    }
}

fn share(count: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

/// Whose an address of a guest is.
fn room(symbols: &SymbolTable<'_>, address: u64) -> &'static str {
    if XEN.contains(&address) {
        return "Xen";
    }
    symbols.lookup(address).map_or(TRANSLATED, |symbol| room_of(symbol.name.as_str()))
}

/// Whose a function is: that room's whose crate is named first in it, since functions of Rust's library are made for those that call them.
fn room_of(name: &str) -> &'static str {
    if name.starts_with("mem") {
        return COPIES;
    }
    let begins_path = |at: usize| {
        name[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !(before.is_alphanumeric() || "_:".contains(before)))
    };
    let found = ROOMS.iter().filter_map(|(path, room)| {
        let mut places = name.match_indices(path).map(|(at, _)| at);
        let place = places.find(|at| begins_path(*at) && name[at + path.len()..].starts_with("::"))?;
        Some((place, room))
    });
    // Of two that begin at one place the first in the table is the more exact.
    found.min_by_key(|(place, _)| *place).map_or(LIBRARY, |(_, room)| room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_the_first_crate_of_the_house() {
        for (name, room) in [
            ("beam_vm::emu::calls::call_only", "instructions of the emulator"),
            ("<beam_vm::vm::Vm>::run", "the rest of the virtual machine"),
            ("<net::stack::Stack>::run", "the stack around smoltcp"),
            ("<vm_net::PluggedSockets as beam_vm::platform::Sockets>::poll", "the stack's sockets"),
            ("core::ptr::drop_in_place::<smoltcp::iface::SocketSet>", "smoltcp"),
            ("<core::net::ip_addr::IpAddr as core::cmp::Ord>::cmp", LIBRARY),
            ("memcpy", COPIES),
        ] {
            assert_eq!(room_of(name), room, "{name}");
        }
    }

    #[test]
    fn shares_are_of_the_work() {
        let symbols = SymbolTable::parse(&[0; 16]).unwrap();
        let of = |instruction, is_halted| Sample { instruction, is_halted };
        let mut samples = vec![of(XEN.start, true); 50];
        samples.extend(vec![of(XEN.start, false); 10]);
        samples.extend(vec![of(0x10_0000, false); 40]);
        let mut report = Report::new("", "");
        add(&mut report, &net::TRIALS[0], &samples, &symbols);
        let text = report.text();
        for (name, share) in [("at work", "50.00"), (TRANSLATED, "80.00"), ("Xen", "20.00")] {
            assert!(text.lines().any(|line| line.contains(name) && line.contains(share)), "{name}: {text}");
        }
        assert!(!text.contains("what takes less"), "{text}");
    }
}
