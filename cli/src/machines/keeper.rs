// SPDX-License-Identifier: Apache-2.0
//! The process that stays with a detached machine: it has QEMU or the hosted virtual machine as its child, writes down what the console says, and does
//! what it is asked for. Whatever ends it ends the machine.

mod bench;
mod process;

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::control::{self, Request};
use super::record::Place;
use super::{Machine, unusable};
use crate::failure::{Code, Failure};

/// How often the console is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long output may still come after the end.
const LAST_BYTES: Duration = Duration::from_millis(300);
/// How long a console's file may become before it makes way for a new one; one older is kept.
const LONGEST: u64 = 16 << 20;

/// Keep a machine that runs detached
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The machine's folder
    folder: PathBuf,
}

/// A machine, as its keeper has it.
trait Kept: Send + Sync {
    /// How it has ended, if it has.
    fn ended(&self) -> Result<Option<String>, String>;
    /// Types at it.
    fn send(&self, bytes: &[u8]) -> Result<(), String>;
    /// Asks it to end.
    fn stop(&self) -> Result<(), String>;
    /// Ends it.
    fn kill(&self) -> Result<(), String>;
}

/// What its console has said since this was called before.
type Take = Box<dyn FnMut() -> Result<Vec<u8>, String>>;

/// A machine that was started, and where it is reached.
struct Running {
    kept: Arc<dyn Kept>,
    take: Take,
    ports: Vec<String>,
}

/// Carries out the command: stays until the machine has ended. Standard input is the machine's lock.
pub fn run(options: &Options) -> Result<(), Failure> {
    let machine = Machine::open(&options.folder)?;
    let socket = machine.socket();
    let listener = UnixListener::bind(&socket).map_err(|why| unusable(&socket, &why))?;
    let running = match machine.record.place {
        Place::Bench => bench::start(&machine)?,
        Place::Process => process::start(&machine)?,
        Place::Xen => {
            let why = "xl keeps the domains of a Xen host";
            return Err(Failure::new(Code::Usage, "this machine needs no keeper", why, "use xl"));
        }
    };
    let Running { kept, take, ports } = running;
    let listening = kept.clone();
    std::thread::spawn(move || listen(&listener, &listening));
    // Up to here whoever started it can end it by Ctrl-C.
    lab::leave_terminal().map_err(|why| failed(&why))?;
    machine.mark_started(&ports)?;
    let end = watch(&machine, &*kept, take);
    let how = match &end {
        Ok(how) => how.clone(),
        Err(why) => format!("lost: {why}"),
    };
    machine.mark_ended(&how)?;
    for path in [machine.image(), socket] {
        // What stays behind is removed when the name is used again.
        let _ = fs::remove_file(path);
    }
    end.map(drop).map_err(|why| failed(&why))
}

fn failed(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Code::Host, "cannot keep the machine", why, "`voxoz doctor` checks this machine")
}

/// Writes the console down until the end.
fn watch(machine: &Machine, kept: &dyn Kept, mut take: Take) -> Result<String, String> {
    let mut log = Log::new(machine);
    loop {
        // Asked before reading, so that what was written last is found.
        let end = kept.ended()?;
        log.add(&take()?);
        if let Some(how) = end {
            std::thread::sleep(LAST_BYTES);
            log.add(&take()?);
            return Ok(how);
        }
        std::thread::sleep(LOOK);
    }
}

/// The console's file. That it cannot be written is no reason to end a machine.
struct Log {
    paths: [PathBuf; 2],
    file: Option<File>,
    length: u64,
}

impl Log {
    fn new(machine: &Machine) -> Self {
        let paths = machine.console();
        let length = fs::metadata(&paths[0]).map_or(0, |file| file.len());
        Self { file: Self::open(&paths[0]), paths, length }
    }

    fn open(path: &Path) -> Option<File> {
        File::options().create(true).append(true).open(path).ok()
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.length > LONGEST {
            let [path, old] = &self.paths;
            if fs::rename(path, old).is_ok() {
                (self.file, self.length) = (Self::open(path), 0);
            }
        }
        if let Some(file) = &mut self.file
            && file.write_all(bytes).is_ok()
        {
            self.length += bytes.len() as u64;
        }
    }
}

fn listen(listener: &UnixListener, kept: &Arc<dyn Kept>) {
    for stream in listener.incoming().flatten() {
        let kept = kept.clone();
        // Whoever asks and goes away has no answer to get.
        std::thread::spawn(move || serve(stream, &*kept));
    }
}

fn serve(mut stream: UnixStream, kept: &dyn Kept) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let request = Request::read(&mut reader);
    let result = match request {
        Some(Request::Stop) => kept.stop(),
        Some(Request::Kill) => kept.kill(),
        Some(Request::Keys) => Ok(()),
        None => Err("it is no request".into()),
    };
    control::answer(&mut stream, &result)?;
    if request != Some(Request::Keys) {
        return Ok(());
    }
    let mut buffer = [0; 4096];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 || kept.send(&buffer[..count]).is_err() {
            return Ok(());
        }
    }
}
