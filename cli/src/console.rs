// SPDX-License-Identifier: Apache-2.0
//! `voxoz console`: the console of a machine on the terminal.

use std::io::Write;
use std::os::unix::net::UnixStream;

use lab::{Attached, Keys, LabError};

use crate::failure::{Code, Failure};
use crate::logs::Reader;
use crate::machines::control::Request;
use crate::machines::record::Place;
use crate::machines::{self, Machine, State};
use crate::run::host;

/// Put the console of a machine on the terminal
///
/// Ctrl-] leaves, and the machine goes on.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The machine
    name: String,
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let machine = machines::find(&options.name)?;
    let name = &machine.record.name;
    let failed = |why: &str| {
        let help = "`voxoz ps -a` tells what it does, `voxoz logs NAME` what it has said";
        Failure::new(Code::Failed, format!("cannot show the console of {name}"), why, help)
    };
    if machine.record.place == Place::Xen {
        return host::console(name);
    }
    if !matches!(machine.state(), State::Running(_)) {
        return Err(failed("it does not run"));
    }
    let reader = Reader::from_now(&machine);
    let stream = Request::Keys.ask(&machine.socket()).map_err(|why| failed(&why))?;
    let keys = if machine.record.keys == Keys::ToGuest { Keys::ToGuest } else { Keys::ToLeave };
    let mut attached = Detached { machine, reader, stream };
    let end = lab::attach_to(&mut attached, keys).map_err(|error| crate::run::explain(&error))?;
    if let Some(how) = end {
        anstream::eprintln!("{} ended: {how}", options.name);
    }
    Ok(())
}

/// A machine that somebody else keeps.
struct Detached {
    machine: Machine,
    reader: Reader,
    stream: UnixStream,
}

impl Attached for Detached {
    type End = String;

    fn take(&mut self) -> Result<Vec<u8>, LabError> {
        Ok(self.reader.take())
    }

    fn ended(&mut self) -> Result<Option<String>, LabError> {
        Ok(match self.machine.state() {
            State::Running(_) | State::Starting => None,
            State::Ended(ended) => Some(ended.how),
            State::Lost => Some("lost".into()),
        })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), LabError> {
        // Its end is found at the next turn.
        let _ = self.stream.write_all(bytes);
        Ok(())
    }

    fn stop(&mut self) -> Result<(), LabError> {
        // No key is that for a machine that goes on.
        Ok(())
    }
}
