// SPDX-License-Identifier: Apache-2.0
//! `voxoz stop`: ends machines as `xl shutdown` does, and at once if that takes too long.

use std::time::{Duration, Instant};

use crate::failure::{Code, Failure};
use crate::machines::control::Request;
use crate::machines::record::Place;
use crate::machines::{self, Machine, State};
use crate::out;
use crate::run::host;

/// How long an end at once may take.
const AT_ONCE: Duration = Duration::from_secs(30);
/// How often xl is asked.
const LOOK: Duration = Duration::from_millis(200);

/// Stop machines that `voxoz run -d` has started
///
/// OTP stops its applications first. A machine that is still there after the time is ended at once, which is a power cut to it, and the exit code is 1.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The machines
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Seconds that it may take; a guest gives up by itself after 30
    #[arg(short, long, value_name = "SECONDS", default_value_t = 40)]
    time: u64,
    /// End it at once
    #[arg(long)]
    now: bool,
}

/// Carries out the command: all machines are tried, and the first failure counts.
pub fn run(options: &Options) -> Result<(), Failure> {
    let machines = options.names.iter().map(|name| machines::find(name)).collect::<Result<Vec<_>, _>>()?;
    let mut first = Ok(());
    for machine in &machines {
        if let Err(failure) = stop(machine, options) {
            if first.is_err() {
                failure.report();
            } else {
                first = Err(failure);
            }
        }
    }
    first
}

fn stop(machine: &Machine, options: &Options) -> Result<(), Failure> {
    let name = &machine.record.name;
    match machine.state() {
        State::Running(_) | State::Starting => {}
        State::Ended(ended) => {
            return Err(failed(&format!("{name} does not run"), &format!("it has ended: {}", ended.how)));
        }
        State::Lost => return Err(failed(&format!("{name} does not run"), "nobody saw how it ended")),
    }
    if !options.now {
        ask(machine, Request::Stop)?;
        if wait(machine, Duration::from_secs(options.time)) {
            out::line(format_args!("{name}"))?;
            return Ok(());
        }
    }
    match ask(machine, Request::Kill) {
        // It ended by itself between the two.
        Err(_) if wait(machine, Duration::ZERO) => {}
        asked => asked?,
    }
    if !wait(machine, AT_ONCE) {
        return Err(failed(&format!("{name} is still there"), "it was told to end at once"));
    }
    out::line(format_args!("{name}"))?;
    if options.now {
        return Ok(());
    }
    let what = format!("{name} did not stop in {} s and was ended at once", options.time);
    Err(failed(&what, "its applications had not stopped"))
}

fn failed(what: &str, why: &str) -> Failure {
    Failure::new(Code::Failed, what, why, "`voxoz logs NAME` has what its console said")
}

fn ask(machine: &Machine, request: Request) -> Result<(), Failure> {
    let name = &machine.record.name;
    match (machine.record.place, request) {
        (Place::Xen, Request::Kill) => host::destroy(name),
        (Place::Xen, _) => host::shutdown(name),
        (Place::Bench | Place::Process, _) => {
            let asked = request.ask(&machine.socket()).map(drop);
            asked.map_err(|why| failed(&format!("cannot stop {name}"), &why))
        }
    }
}

/// Waits for the end. That of a domain is written down here, as it has no keeper; how, xl may have written down.
fn wait(machine: &Machine, limit: Duration) -> bool {
    let name = &machine.record.name;
    if machine.record.place != Place::Xen {
        return machine.wait_end(limit);
    }
    let deadline = Instant::now() + limit;
    while host::is_there(name) {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    let how = if let State::Ended(ended) = machine.state() { ended.how } else { "stopped".into() };
    // What stays behind is removed when the name is used again.
    let _ = std::fs::remove_file(machine.image());
    machine.mark_ended(&how).is_ok()
}
