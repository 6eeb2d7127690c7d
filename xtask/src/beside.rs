// SPDX-License-Identifier: Apache-2.0
//! A task that runs beside another. Tests on Xen keep one processor busy and mostly wait for one emulated machine, hosted ones use
//! what is left: together they take little longer than the longer of them.
//!
//! The task is a process of its own, so that what it prints comes in one piece, after what the other has printed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// A task that has been started.
pub struct Beside {
    line: String,
    child: Child,
    log: PathBuf,
}

impl Beside {
    /// Starts the task. What it prints goes to a file of this name, whose place is told.
    ///
    /// # Errors
    /// When the file cannot be written or the process cannot be started.
    pub fn start(context: &Context, mut command: Command, name: &str) -> Result<Self, Failure> {
        let log = context.target().join(name);
        let cannot_write = || format!("cannot write {}", context.shown(&log));
        fs::create_dir_all(context.target()).during(cannot_write)?;
        let file = File::create(&log).during(cannot_write)?;
        let errors = file.try_clone().during(cannot_write)?;
        let line = process::line(&command);
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child = child.during(|| format!("cannot start {line}"))?;
        println!("{line} runs beside; what it says is in {}", context.shown(&log));
        Ok(Self { line, child, log })
    }

    /// Does the other task, then waits for this one, which is not given up when the other fails: what it says may matter as well.
    ///
    /// # Errors
    /// The other task's, then this one's.
    pub fn with(self, other: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        let result = other();
        if let Err(failure) = &result {
            println!("failed, and waits for {}: {failure}", self.line);
        }
        let own = self.finish();
        result.and(own)
    }

    /// Waits for the end and prints what the task has said.
    fn finish(mut self) -> Result<(), Failure> {
        let status = self.child.wait().during(|| format!("cannot wait for {}", self.line))?;
        let said = fs::read(&self.log).during(|| format!("cannot read {}", self.log.display()))?;
        println!("what {} has said:", self.line);
        io::stdout().write_all(&said).during(|| "cannot print".into())?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("{} failed", self.line), status)) }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use lab::packages::Install;

    use super::Beside;
    use crate::context::Context;
    use crate::failure::Failure;

    fn shell(script: &str, log: &str) -> Beside {
        let context = Context::new(Install::Forbidden);
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Beside::start(&context, command, log).unwrap()
    }

    #[test]
    fn both_have_to_succeed() {
        let failing = || Err(Failure::new("the other", "why"));
        assert!(shell("exit 0", "beside-both").with(|| Ok(())).is_ok());
        let failure = shell("exit 0", "beside-other").with(failing).unwrap_err().to_string();
        assert!(failure.contains("the other"), "{failure}");
        let failure = shell("exit 3", "beside-own").with(|| Ok(())).unwrap_err().to_string();
        assert!(failure.contains("sh -c 'exit 3' failed") && failure.contains("exit status: 3"), "{failure}");
        let failure = shell("exit 3", "beside-neither").with(failing).unwrap_err().to_string();
        assert!(failure.contains("the other"), "{failure}");
    }

    #[test]
    fn what_it_says_is_kept_while_the_other_runs() {
        let beside = shell("echo said; echo wrong >&2", "beside-said");
        let log = beside.log.clone();
        beside.with(|| Ok(())).unwrap();
        assert_eq!(std::fs::read_to_string(log).unwrap(), "said\nwrong\n");
    }
}
