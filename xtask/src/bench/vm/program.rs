// SPDX-License-Identifier: Apache-2.0
//! One start of one program on one side, and what all of its starts come to.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::programs::{Group, Program};
use crate::failure::{During, Failure};
use crate::process;

/// How often the memory of a running program is looked at.
const SAMPLING: Duration = Duration::from_millis(5);

/// Where programs run.
pub struct Side {
    voxoz: Option<PathBuf>,
    folder: PathBuf,
}

impl Side {
    /// Our virtual machine.
    pub fn ours(voxoz: &Path, folder: &Path) -> Self {
        Self { voxoz: Some(voxoz.to_owned()), folder: folder.to_owned() }
    }

    /// Stock OTP.
    pub fn stock(folder: &Path) -> Self {
        Self { voxoz: None, folder: folder.to_owned() }
    }

    /// A node: `erl`, with one scheduler where there would be more.
    pub fn node(&self) -> Command {
        let mut command = match &self.voxoz {
            Some(voxoz) => {
                let mut command = Command::new(voxoz);
                command.arg("erl");
                command
            }
            None => {
                let mut command = Command::new("erl");
                command.args(["+S", "1:1", "+SDcpu", "1:1"]);
                command
            }
        };
        command.arg("-noshell").arg("-pa").arg(&self.folder);
        command
    }

    fn command(&self, program: &Program) -> Command {
        let module = format!("bench_{}", program.name);
        match &self.voxoz {
            Some(voxoz) if program.group != Group::Natives => {
                let mut command = Command::new(voxoz);
                command.args(["beam", "-pa"]).arg(&self.folder).args(["-s", &module]);
                command
            }
            _ => {
                let mut command = self.node();
                command.args(["-eval", &format!("io:format(\"~w~n\", [{module}:start()]), halt().")]);
                command
            }
        }
    }

    /// Starts a program and waits for it.
    pub fn run(&self, program: &Program) -> Result<Start, Failure> {
        let mut command = self.command(program);
        let line = process::line(&command);
        let during = || format!("cannot run {line}");
        let mut child = command.stdout(Stdio::piped()).spawn().during(during)?;
        let peak = watch(&mut child, SAMPLING).during(during)?;
        let output = child.wait_with_output().during(during)?;
        if !output.status.success() {
            return Err(Failure::new(format!("{line} failed"), output.status));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let (result, times) =
            parse(&text).ok_or_else(|| Failure::new(during(), format!("it prints {text:?}")))?;
        Ok(Start { result, times, peak })
    }
}

/// Waits for the end of a process; gives the most memory that it was seen to have, in KiB.
pub fn watch(child: &mut Child, every: Duration) -> std::io::Result<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        peak = peak.max(high_water(&text).unwrap_or(0));
        std::thread::sleep(every);
    }
    Ok(peak)
}

/// `VmHWM:     12345 kB`
fn high_water(status: &str) -> Option<u64> {
    kibibytes(status, "VmHWM:")
}

/// A size that the system tells of a process, in KiB.
pub fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// `{Result, [Nanoseconds]}`, the result being a number.
fn parse(text: &str) -> Option<(String, Vec<f64>)> {
    let text: String = text.split_whitespace().collect();
    let (result, times) = text.strip_prefix('{')?.strip_suffix("]}")?.split_once(",[")?;
    let times: Result<Vec<f64>, _> = times.split(',').map(str::parse).collect();
    Some((result.to_owned(), times.ok()?))
}

/// What one start has come to.
pub struct Start {
    /// What it has come to.
    pub result: String,
    /// How long each run took, in nanoseconds.
    pub times: Vec<f64>,
    /// The most memory that it had, in KiB.
    pub peak: u64,
}

/// All starts of a program on one side.
#[derive(Default)]
pub struct Run {
    result: String,
    times: Vec<f64>,
    peaks: Vec<f64>,
}

impl Run {
    /// Adds a start.
    pub fn add(&mut self, start: Start) {
        self.result = start.result;
        self.times.extend(start.times);
        self.peaks.push(start.peak as f64);
    }

    /// What the program has computed.
    pub fn result(&self) -> &str {
        &self.result
    }

    /// The median of the times.
    pub fn milliseconds(&self) -> f64 {
        super::super::median(self.times.clone()) / 1e6
    }

    /// The median of the peaks of memory.
    pub fn mebibytes(&self) -> f64 {
        super::super::median(self.peaks.clone()) / 1024.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, Start, high_water, kibibytes, parse};

    #[test]
    fn both_sides_print_the_same_way() {
        let expected = Some(("-42".to_owned(), vec![1.0, 22.0, 333.0]));
        assert_eq!(parse("{-42,[1,22,333]}\n"), expected);
        assert_eq!(parse("{-42,\n [1,22,\n  333]}\n"), expected);
        assert_eq!(parse("{error,undef}"), None);
    }

    #[test]
    fn the_peak_is_in_the_status() {
        assert_eq!(kibibytes("VmHWM:\t 2 kB\nVmRSS:\t   1 kB\n", "VmRSS:"), Some(1));
        assert_eq!(high_water("Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"), Some(12345));
        assert_eq!(high_water(""), None);
    }

    #[test]
    fn medians_count() {
        let mut run = Run::default();
        for time in [5e6, 1e6, 2e6] {
            run.add(Start { result: "7".into(), times: vec![time], peak: 2048 });
        }
        assert_eq!((run.result(), run.milliseconds(), run.mebibytes()), ("7", 2.0, 2.0));
    }
}
