// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench net`: the same Erlang server in our guest and on stock OTP in a guest with Debian's kernel, asked from dom0 of the same Xen.
//!
//! The client and the back end of the network run in dom0 and take the same time for both, so requests a second say less than what
//! the guest's processor spends for one, which `xl list` counts.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::{Guest, GuestSpec, Lab, linux, network};

use super::{Benchmark, Better, Report, Row, machine, median, packing};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// The benchmark.
pub const NET: Benchmark =
    Benchmark { name: "net", about: "a server's network, beside stock OTP on Debian's kernel", measure };

const ROUNDS: usize = 3;
const MEMORY_MIB: u32 = 384;
const LIMIT: Duration = Duration::from_secs(300);
/// Connections that are held beside the busy ones.
const IDLE: usize = 10_000;

const ABOUT: &str = "The same `.beam` file, `tests/fixtures/bench_net/bench_server.erl`, in our guest (ours) and on stock OTP (JIT, one scheduler) in a guest \
with Debian's kernel (theirs), both PV guests of 384 MiB with one processor on the same Xen in QEMU without KVM, asked in turn by `tests/load` from dom0; medians of \
three. Client and back end share dom0's one emulated processor, and bound what either side can show by the clock; *a CPU second* is one of the guest's own. Emulation \
makes privileged and rarely run code dearer than it is.";

/// Whether there are connections on which nobody says anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Idle {
    None,
    /// [`IDLE`] of them.
    Held,
}

/// What is asked of a server, and what is read from the answer.
pub struct Trial {
    /// Its name in the table.
    pub name: &'static str,
    /// The arguments of `load`; `ADDRESS` stands for the guest's.
    arguments: &'static str,
    /// Connections that are held meanwhile.
    idle: Idle,
    /// What is counted, by its name in the answer, and how it is called.
    counted: &'static str,
    unit: &'static str,
    /// One of these is how many of what is counted.
    scale: f64,
}

impl Trial {
    /// Whether connections are held beside it.
    pub fn holds_others(&self) -> bool {
        self.idle == Idle::Held
    }

    /// Whether it is one of those of which parts of the names were given; all are if none was.
    pub fn is_among(&self, names: &[String]) -> bool {
        names.is_empty() || names.iter().any(|part| self.name.contains(part))
    }
}

/// All trials.
pub const TRIALS: &[Trial] = &[
    Trial {
        name: "HTTP, 32 connections kept",
        arguments: "http ADDRESS 8 32 kept",
        idle: Idle::None,
        counted: "requests",
        unit: "requests",
        scale: 1.0,
    },
    Trial {
        name: "HTTP, a connection for each request, 32 at a time",
        arguments: "http ADDRESS 8 32 each",
        idle: Idle::None,
        counted: "requests",
        unit: "requests",
        scale: 1.0,
    },
    Trial {
        name: "bulk out of the guest",
        arguments: "pull ADDRESS 256",
        idle: Idle::None,
        counted: "bytes",
        unit: "MB",
        scale: 1e6,
    },
    Trial {
        name: "bulk into the guest",
        arguments: "push ADDRESS 256",
        idle: Idle::None,
        counted: "bytes",
        unit: "MB",
        scale: 1e6,
    },
    Trial {
        name: "datagrams echoed, 32 under way",
        arguments: "datagrams ADDRESS 5 32",
        idle: Idle::None,
        counted: "datagrams",
        unit: "datagrams",
        scale: 1.0,
    },
    // Last, since stock is busy for a minute with their end.
    Trial {
        name: "HTTP, 32 connections kept beside 10,000 idle ones",
        arguments: "http ADDRESS 8 32 kept",
        idle: Idle::Held,
        counted: "requests",
        unit: "requests",
        scale: 1.0,
    },
];

/// One of the two servers.
pub struct Server {
    /// Its guest.
    pub guest: Guest,
    address: Ipv4Addr,
}

/// What one trial has shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    per_second: f64,
    per_cpu_second: f64,
    /// Microseconds that half, 99 % and 99.9 % of the answers took.
    latencies: [Option<f64>; 3],
    lost: Option<f64>,
}

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    let module = packing::compile(context, "net", "bench_server")?;
    let image = packing::pack_module(context, "net", &module, &[])?;
    let load = client(context)?;
    let lab = machine::boot(&machine::options(context))?;
    let load = lab.stage(&load).during(|| "cannot bring the client to dom0".to_owned())?;
    let servers = [start_ours(&lab, &image)?, start_theirs(&lab, &module)?];
    let trials = TRIALS.iter().filter(|trial| trial.is_among(only));
    let mut report = Report::new("Network", ABOUT);
    for trial in trials {
        let mut shown: [Vec<Shown>; 2] = [Vec::new(), Vec::new()];
        if trial.holds_others() {
            let mut costs = Vec::new();
            for server in &servers {
                costs.push(hold(&lab, &load, server)?);
            }
            add_costs(&mut report, &costs);
        }
        for round in 1..=ROUNDS {
            eprintln!("{}: round {round} of {ROUNDS}", trial.name);
            for (server, shown) in servers.iter().zip(&mut shown) {
                shown.push(ask(&lab, &load, server, trial)?);
            }
        }
        add(&mut report, trial, &shown);
        if trial.holds_others() {
            for server in &servers {
                let script = format!("rm {}", held_file(server));
                lab.dom0(&script, LIMIT).during(|| "cannot let go of connections".to_owned())?;
            }
        }
    }
    for server in &servers {
        server.guest.destroy().during(|| "cannot end a guest".to_owned())?;
    }
    Ok(report)
}

/// Builds the program that asks, for dom0.
pub fn client(context: &Context) -> Result<PathBuf, Failure> {
    process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "load"]))?;
    Ok(context.target().join("release/load"))
}

/// Starts the server in our guest.
pub fn start_ours(lab: &Lab, image: &Path) -> Result<Server, Failure> {
    start(lab, GuestSpec::new("ours", image), Ipv4Addr::new(10, 0, 2, 161))
}

fn start_theirs(lab: &Lab, module: &Path) -> Result<Server, Failure> {
    let arguments = "+S 1:1 +SDcpu 1:1 +SDio 1 -noshell -s bench_server";
    let spec = linux::node(lab, "theirs", arguments, &[module.to_owned()])
        .during(|| "cannot make the guest with stock OTP".to_owned())?;
    start(lab, spec, Ipv4Addr::new(10, 0, 2, 162))
}

fn start(lab: &Lab, mut spec: GuestSpec, address: Ipv4Addr) -> Result<Server, Failure> {
    let during = || format!("cannot start the server {}", spec.name);
    let mac = network::mac(address).during(during)?;
    let vif = format!("vif = [\"bridge={},mac={mac}\"]", network::BRIDGE);
    spec.memory_mib = MEMORY_MIB;
    spec.lines.push(vif);
    let during = || format!("cannot start the server {}", spec.name);
    let guest = lab.create(&spec).during(during)?;
    guest.console().wait_line(&format!("bench server at {address}"), LIMIT).during(|| {
        let said = guest.console().take().unwrap_or_default();
        format!("cannot start the server {}, which says:\n{}", spec.name, String::from_utf8_lossy(&said))
    })?;
    Ok(Server { guest, address })
}

fn cpu_seconds(lab: &Lab, server: &Server) -> Result<f64, Failure> {
    let domains = lab.list().during(|| "cannot list the domains".to_owned())?;
    let domain = domains.iter().find(|domain| domain.domid == server.guest.domid());
    domain.map(|domain| domain.cpu_seconds).ok_or_else(|| {
        let said = server.guest.console().take().unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        Failure::new(format!("cannot measure {}, which has ended and said", server.guest.name()), said)
    })
}

/// The file in dom0 that is there as long as connections to a server are held.
fn held_file(server: &Server) -> String {
    format!("/tmp/held-{}", server.guest.name())
}

/// What connections cost on which nobody says anything.
struct Cost {
    /// Of the guest's processor, to take one.
    cpu_seconds: f64,
    /// Of the guest's memory, to hold one.
    bytes: f64,
}

/// Opens connections that are held until their file is removed.
fn hold(lab: &Lab, load: &str, server: &Server) -> Result<Cost, Failure> {
    let during = || format!("cannot open {IDLE} connections to {}", server.guest.name());
    let (address, file) = (server.address, held_file(server));
    eprintln!("opening {IDLE} connections to {}", server.guest.name());
    let cpu_before = cpu_seconds(lab, server)?;
    let memory_before = free_memory(lab, server)?;
    let script = format!(
        "ulimit -n {}; {load} hold {address} 80 {IDLE} {file} > {file}.log 2>&1 < /dev/null & \
         while kill -0 $! 2>/dev/null && [ ! -e {file} ]; do sleep 0.2; done; cat {file} || (cat {file}.log >&2; false)",
        IDLE * 2
    );
    let output = lab.dom0(&script, LIMIT).during(during)?;
    if output.status != 0 {
        return Err(Failure::new(during(), String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let cpu = cpu_seconds(lab, server)? - cpu_before;
    let memory = memory_before - free_memory(lab, server)?;
    eprintln!("  {} CPU {cpu:.1} s memory {memory}", String::from_utf8_lossy(&output.stdout).trim());
    Ok(Cost { cpu_seconds: cpu / IDLE as f64, bytes: memory / IDLE as f64 })
}

/// Bytes of memory that a guest could still give out, as it says itself.
fn free_memory(lab: &Lab, server: &Server) -> Result<f64, Failure> {
    let during = || format!("cannot ask {} for its free memory", server.guest.name());
    let script = format!("wget -q -O - http://{}/memory", server.address);
    let output = lab.dom0(&script, LIMIT).during(during)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| Failure::new(during(), format!("it says {text:?}")))
}

fn add_costs(report: &mut Report, costs: &[Cost]) {
    let [ours, theirs] = costs else { return };
    let mut row = |row: &str, unit: &str, ours, theirs| {
        let (row, unit) = (row.to_owned(), unit.to_owned());
        report.row(Row { row, ours, theirs: Some(theirs), better: Better::Lower, unit, note: "" });
    };
    let microseconds = [ours, theirs].map(|cost| cost.cpu_seconds * 1e6);
    row("an idle connection, processor to take it", "µs", microseconds[0], microseconds[1]);
    row("an idle connection, memory", "bytes", ours.bytes, theirs.bytes);
}

/// Has a server asked, and reads what came of it.
pub fn ask(lab: &Lab, load: &str, server: &Server, trial: &Trial) -> Result<Shown, Failure> {
    let arguments = trial.arguments.replace("ADDRESS", &server.address.to_string());
    let during = || format!("cannot ask {} for {}", server.guest.name(), trial.name);
    let before = cpu_seconds(lab, server)?;
    let script = format!("ulimit -n {}; {load} {arguments}", IDLE * 2);
    let output = lab.dom0(&script, LIMIT).during(during)?;
    if output.status != 0 {
        let console = server.guest.console().take().unwrap_or_default();
        let said = [output.stderr, b"the guest's console says:\n".to_vec(), console].concat();
        return Err(Failure::new(during(), String::from_utf8_lossy(&said).into_owned()));
    }
    let spent = cpu_seconds(lab, server)? - before;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    eprintln!("  {}: {} CPU {spent:.1} s", server.guest.name(), line.trim());
    read(&line, trial, spent).ok_or_else(|| Failure::new(during(), format!("the client says {line:?}")))
}

/// Reads `NAME NUMBER NAME NUMBER …`.
fn read(line: &str, trial: &Trial, spent: f64) -> Option<Shown> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pairs: BTreeMap<&str, f64> =
        words.chunks(2).filter_map(|pair| Some((*pair.first()?, pair.get(1)?.parse().ok()?))).collect();
    let count = pairs.get(trial.counted)? / trial.scale;
    let latencies = ["p50", "p99", "p999"].map(|name| pairs.get(name).copied());
    let lost = pairs.get("lost").or(pairs.get("errors")).copied();
    Some(Shown {
        per_second: count / pairs.get("seconds")?,
        per_cpu_second: count / spent.max(0.1),
        latencies,
        lost,
    })
}

fn add(report: &mut Report, trial: &Trial, [ours, theirs]: &[Vec<Shown>; 2]) {
    let mut row = |suffix: &str, better, unit: String, value: &dyn Fn(&Shown) -> Option<f64>| {
        let middle = |shown: &[Shown]| {
            let values: Vec<f64> = shown.iter().filter_map(value).collect();
            (!values.is_empty()).then(|| median(values))
        };
        if let Some(ours) = middle(ours) {
            let row = format!("{}{suffix}", trial.name);
            report.row(Row { row, ours, theirs: middle(theirs), better, unit, note: "" });
        }
    };
    row("", Better::Higher, format!("{} a second", trial.unit), &|shown| Some(shown.per_second));
    row(", processor", Better::Higher, format!("{} a CPU second", trial.unit), &|shown| {
        Some(shown.per_cpu_second)
    });
    for (place, name) in [", half within", ", 99 % within", ", 99.9 % within"].into_iter().enumerate() {
        row(name, Better::Lower, "µs".into(), &|shown| shown.latencies[place]);
    }
    row(", lost or failed", Better::Lower, String::new(), &|shown| shown.lost.filter(|lost| *lost > 0.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_client_are_read() {
        let shown =
            read("requests 1000 seconds 2.0 errors 0 p50 10 p99 20 p999 30\n", &TRIALS[0], 0.5).unwrap();
        assert_eq!((shown.per_second, shown.per_cpu_second, shown.lost), (500.0, 2000.0, Some(0.0)));
        assert_eq!(shown.latencies, [Some(10.0), Some(20.0), Some(30.0)]);
        let bulk = read("bytes 64000000 seconds 4", &TRIALS[2], 2.0).unwrap();
        assert_eq!((bulk.per_second, bulk.per_cpu_second, bulk.lost), (16.0, 32.0, None));
        assert!(read("seconds 4", &TRIALS[2], 2.0).is_none());
    }
}
