// SPDX-License-Identifier: Apache-2.0
//! Running other programs.

use std::process::{Command, Stdio};

use crate::failure::{During, Failure};

/// Runs a program with its output on the terminal.
///
/// # Errors
/// When it cannot be started or does not end well.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().during(|| format!("cannot start {}", line(command)))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} failed", line(command)), status)) }
}

/// Runs a program and returns what it prints; its errors go to the terminal.
///
/// # Errors
/// When it cannot be started, does not end well, or prints what is not text.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let output =
        command.stderr(Stdio::inherit()).output().during(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        return Err(Failure::new(format!("{} failed", line(command)), output.status));
    }
    String::from_utf8(output.stdout).during(|| format!("cannot read the output of {}", line(command)))
}

/// Runs a program that need not be there and returns the first line that it prints, if all went well.
pub fn optional_line(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    text.lines().next().map(str::to_owned)
}

/// A command as a person would type it.
pub fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let mut words = vec![name];
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let quoted = argument.is_empty() || argument.contains(|c: char| c.is_whitespace() || c == '"');
        words.push(if quoted { format!("'{argument}'") } else { argument.into_owned() });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{line, optional_line, output, run};

    #[test]
    fn failures_name_the_command() {
        let failure = run(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(failure.contains("sh -c 'exit 3' failed"), "{failure}");
        assert!(failure.contains("exit status: 3"), "{failure}");
        let failure = run(&mut Command::new("/nonexistent/program")).unwrap_err().to_string();
        assert!(failure.starts_with("error: cannot start program"), "{failure}");
    }

    #[test]
    fn output_is_returned() {
        assert_eq!(output(Command::new("sh").args(["-c", "echo one; echo two"])).unwrap(), "one\ntwo\n");
        assert_eq!(optional_line(Command::new("sh").args(["-c", "echo one; echo two"])), Some("one".into()));
        assert_eq!(optional_line(Command::new("sh").args(["-c", "echo one; exit 1"])), None);
        assert_eq!(optional_line(&mut Command::new("/nonexistent/program")), None);
    }

    #[test]
    fn commands_are_shown_as_typed() {
        assert_eq!(line(Command::new("/usr/bin/cargo").args(["run", "a b", ""])), "cargo run 'a b' ''");
    }
}
