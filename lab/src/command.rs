// SPDX-License-Identifier: Apache-2.0
//! Running a program of the host to its end, its output in hand, its failure told with the last lines it wrote.

use std::process::{Command, Output, Stdio};

use crate::LabError;

/// Lines of a failed program's output that its error repeats.
const KEPT_LINES: usize = 8;

/// Runs `command` without input and returns what it wrote to standard output; anything but status 0 is an error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, LabError> {
    let line = line(command);
    let result = command.stdin(Stdio::null()).env("LC_ALL", "C").output();
    let Output { status, stdout, stderr } =
        result.map_err(|e| LabError::Command { command: line.clone(), detail: e.to_string() })?;
    if status.success() {
        return Ok(stdout);
    }
    let said = if stderr.is_empty() { stdout } else { stderr };
    Err(LabError::Command { command: line, detail: format!("{status}; {}", tail(&said)) })
}

/// Returns the command as one line for messages.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut line = words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ");
    if line.len() > 400 {
        let end = (0..=400).rev().find(|&i| line.is_char_boundary(i)).unwrap_or(0);
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Returns the last lines of `said`, joined by "; ".
pub(crate) fn tail(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<_> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(KEPT_LINES)..].join("; ")
}
