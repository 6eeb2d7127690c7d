// SPDX-License-Identifier: Apache-2.0
//! `voxoz run -d`: builds, hands the machine over to a keeper, and waits until it runs.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lab::packages::Install;

use super::{Options, built, host, kernel, keys, words_of};
use crate::build::options::Options as BuildOptions;
use crate::build::xl;
use crate::disk;
use crate::failure::{Code, Failure};
use crate::machines::record::{Place, Record};
use crate::machines::{Claim, Machine, State};
use crate::out;

/// How often the keeper is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Carries out the command: prints the machine's name when it runs.
pub fn start(build: &BuildOptions, options: &Options, place: Place, install: Install) -> Result<(), Failure> {
    let resources = build.resources.absolute();
    // Told now, while nothing is there that would have to be taken back.
    if place == Place::Process {
        super::hosted_ports(&resources)?;
    }
    let (packed, usual, words) = match kernel(build)? {
        Some(bytes) => {
            let stem = build.paths[0].file_stem().and_then(|stem| stem.to_str()).unwrap_or("guest");
            let words = words_of(&bytes);
            (bytes, xl::domain(stem), words)
        }
        None => {
            let built = built(build)?;
            (built.packed, xl::domain(&built.plan.name), built.plan.arguments)
        }
    };
    let record = Record {
        name: options.name.clone().unwrap_or(usual),
        place,
        memory: xl::memory(resources.memory, packed.len())?,
        extra: options.extra.clone(),
        keys: keys(&words),
        install,
        resources,
    };
    let claim = Claim::new(&record.name)?;
    if let Err(failure) = prepare(&claim, &packed, &record) {
        claim.abandon();
        return Err(failure);
    }
    let (machine, lock) = claim.finish(record)?;
    let ports = match place {
        Place::Xen => on_host(&machine),
        Place::Bench | Place::Process => kept(&machine, lock),
    };
    let Some(ports) = ports? else {
        // The keeper has said what is wrong.
        let why = format!("{} has what its keeper said", machine.keeper_log().display());
        return Err(Failure::new(Code::Failed, "the machine did not start", why, "see above"));
    };
    for port in ports {
        anstream::eprintln!("voxoz: {}'s {port}", machine.record.name);
    }
    out::line(format_args!("{}", machine.record.name))?;
    Ok(())
}

/// Writes what the machine boots, and makes the disks that are not there.
fn prepare(claim: &Claim, packed: &[u8], record: &Record) -> Result<(), Failure> {
    let image = claim.image();
    image::pack::write_executable(&image, packed).map_err(|why| {
        let help = "free some room, or set XDG_RUNTIME_DIR to a folder that has it";
        Failure::new(Code::Build, format!("cannot write {}", image.display()), why, help)
    })?;
    record.resources.disks.iter().try_for_each(disk::ensure)
}

fn on_host(machine: &Machine) -> Result<Option<Vec<String>>, Failure> {
    let Record { name, memory, extra, resources, .. } = &machine.record;
    if let Err(failure) = host::create(machine.folder(), name, *memory, extra, resources) {
        // Of a machine that never was there is nothing to keep.
        machine.discard();
        return Err(failure);
    }
    let ports = host::ports(resources);
    machine.mark_started(&ports)?;
    Ok(Some(ports))
}

/// Starts a keeper and shows what it says until the machine runs; no ports if it did not come to that.
fn kept(machine: &Machine, lock: File) -> Result<Option<Vec<String>>, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(
            Code::Host,
            "cannot start the machine's keeper",
            why,
            "`voxoz doctor` checks this machine",
        )
    };
    let own = env::current_exe().map_err(|why| failed(&why))?;
    let log = machine.keeper_log();
    let said = File::create(&log).map_err(|why| failed(&why))?;
    let mut keeper = Command::new(own);
    // The lock is the keeper's for as long as it lives, as its standard input.
    keeper.arg("keep").arg(machine.folder()).stdin(lock).stdout(Stdio::null()).stderr(said);
    let mut child = keeper.spawn().map_err(|why| failed(&why))?;
    // Ours goes, so that the keeper's is the only one.
    drop(keeper);
    let mut shown = 0;
    loop {
        let has_ended = has_ended(&mut child);
        shown += show(&log, shown);
        match machine.state() {
            State::Running(started) => return Ok(Some(started.ports)),
            // It was so fast that only its end is left to be seen.
            State::Ended(_) if machine.has_started() => return Ok(Some(Vec::new())),
            _ if has_ended => return Ok(None),
            _ => std::thread::sleep(LOOK),
        }
    }
}

fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// Copies what has come to a file since, and gives its length.
fn show(log: &Path, from: u64) -> u64 {
    let read = || {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        std::io::stderr().write_all(&bytes)?;
        Ok::<u64, std::io::Error>(bytes.len() as u64)
    };
    read().unwrap_or(0)
}

impl Machine {
    fn has_started(&self) -> bool {
        fs::exists(self.folder().join("started.json")).unwrap_or(false)
    }
}
