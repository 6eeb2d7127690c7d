// SPDX-License-Identifier: Apache-2.0
//! Runs of whole nodes, timed from outside, and the memory of one that rests.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::program::{Side, Start, kibibytes, watch};
use crate::failure::{During, Failure};
use crate::process;

/// How often it is seen whether a run has ended.
const SAMPLING: Duration = Duration::from_millis(1);

/// How long a node rests before its memory is looked at.
const REST: Duration = Duration::from_secs(1);

/// The name of what is no run: a node that rests.
pub const IDLE: &str = "idle";

/// A run of a whole node.
pub struct Whole {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in the table.
    pub title: &'static str,
    /// What follows `erl`.
    words: &'static [&'static str],
    /// Starts in a round.
    pub starts: usize,
    /// What most of our time goes into.
    pub bound: &'static str,
}

/// All such runs.
pub const WHOLE: &[Whole] = &[
    Whole {
        name: "start",
        title: "`erl` from start to halt",
        words: &["-s", "erlang", "halt"],
        starts: 5,
        bound: "loading modules",
    },
    Whole {
        name: "dialyzer",
        title: "dialyzer: a PLT of six modules of stdlib, and two modules analysed",
        words: &["-s", "whole_dialyzer"],
        starts: 1,
        bound: "sets, maps, ETS, collecting beside live data",
    },
];

impl Whole {
    /// Runs it once.
    pub fn run(&self, side: &Side) -> Result<Start, Failure> {
        let mut command = side.node();
        command.args(self.words).stdin(Stdio::null()).stdout(Stdio::piped());
        let line = process::line(&command);
        let during = || format!("cannot run {line}");
        let start = Instant::now();
        let mut child = command.spawn().during(during)?;
        let peak = watch(&mut child, SAMPLING).during(during)?;
        let time = start.elapsed();
        let output = child.wait_with_output().during(during)?;
        if !output.status.success() {
            return Err(Failure::new(format!("{line} failed"), output.status));
        }
        let result = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Start { result, times: vec![time.as_nanos() as f64], peak })
    }
}

/// The memory of a node that has started and has nothing to do.
#[derive(Default)]
pub struct Idle {
    kibibytes: Vec<f64>,
}

impl Idle {
    /// Starts a node, lets it rest and looks at it.
    pub fn look(&mut self, side: &Side) -> Result<(), Failure> {
        let mut command = side.node();
        command.args(["-noinput", "-eval", "io:put_chars(\"started\\n\")."]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let line = process::line(&command);
        let during = || format!("cannot run {line}");
        let mut child = command.spawn().during(during)?;
        let mut said = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut said).during(during)?;
        }
        thread::sleep(REST);
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).during(during)?;
        child.kill().during(during)?;
        child.wait().during(during)?;
        match kibibytes(&status, "VmRSS:") {
            Some(resident) if said == "started\n" => self.kibibytes.push(resident as f64),
            _ => return Err(Failure::new(during(), format!("it says {said:?}"))),
        }
        Ok(())
    }

    /// The median.
    pub fn mebibytes(&self) -> f64 {
        super::super::median(self.kibibytes.clone()) / 1024.0
    }
}
