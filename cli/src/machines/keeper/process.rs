// SPDX-License-Identifier: Apache-2.0
//! A machine that is a process: `voxoz run --hosted`, a child that ends with its keeper.

use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use super::{Kept, Running, Take, failed};
use crate::failure::Failure;
use crate::machines::{Machine, unusable};
use crate::resources;

struct Process {
    process: lab::Machine,
    input: Mutex<ChildStdin>,
}

/// Starts the process.
pub fn start(machine: &Machine) -> Result<Running, Failure> {
    let record = &machine.record;
    let own = env::current_exe().map_err(|why| failed(&why))?;
    let mut command = Command::new(own);
    command.args(["run", "--hosted"]).arg(machine.image()).arg("--extra").arg(&record.extra);
    for disk in &record.resources.disks {
        command.arg("--disk").arg(disk.to_string());
    }
    for port in &record.resources.ports {
        command.arg("--port").arg(port.to_string());
    }
    for variable in resources::VARIABLES {
        command.env_remove(variable);
    }
    let [log, _] = machine.console();
    let errors = File::options().create(true).append(true).open(&log).map_err(|why| unusable(&log, &why))?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
    let (process, port) = lab::Machine::start(command).map_err(|why| failed(&why))?;
    let ports = &record.resources.ports;
    let ports = ports
        .iter()
        .map(|port| format!("{0} port {1} is 127.0.0.1:{1}", port.protocol, port.guest))
        .collect();
    let kept = Arc::new(Process { process, input: Mutex::new(port.to) });
    Ok(Running { kept, take: take(port.from), ports })
}

/// Reads in a thread, as a pipe is waited for.
fn take(mut from: ChildStdout) -> Take {
    let (sender, receiver) = mpsc::channel::<Vec<u8>>();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count) = from.read(&mut buffer)
            && count > 0
            && sender.send(buffer[..count].to_vec()).is_ok()
        {}
    });
    Box::new(move || Ok(receiver.try_iter().flatten().collect()))
}

/// How it ended, in the words of domains where they fit.
fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "poweroff".into(),
        (Some(code), _) => format!("status {code}"),
        (None, Some(9)) => "destroyed".into(),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    }
}

impl Kept for Process {
    fn ended(&self) -> Result<Option<String>, String> {
        Ok(self.process.ended().map(how))
    }

    fn send(&self, bytes: &[u8]) -> Result<(), String> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        input.write_all(bytes).and_then(|()| input.flush()).map_err(|why| why.to_string())
    }

    fn stop(&self) -> Result<(), String> {
        self.process.terminate();
        Ok(())
    }

    fn kill(&self) -> Result<(), String> {
        self.process.kill();
        Ok(())
    }
}
