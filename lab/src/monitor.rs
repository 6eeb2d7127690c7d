// SPDX-License-Identifier: Apache-2.0
//! QEMU's monitor, by which the machine is held for a moment and its processors are looked at: what they are doing, without a word of theirs.
//!
//! It speaks QMP (QEMU's `docs/interop/qmp-spec`), a JSON object a line, over two named pipes in the folder of the run: paths of sockets have a limit.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run_dir::RunDir;
use crate::{LabError, command};

/// What a processor was at when the machine was held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The address of its next instruction.
    pub instruction: u64,
    /// Whether it waits for an interrupt.
    pub is_halted: bool,
}

/// The base of the names of the two pipes; QEMU adds `.in` and `.out`.
pub(crate) fn base(run: &RunDir) -> PathBuf {
    run.logs().join("monitor")
}

/// Makes the pipes, before QEMU starts.
pub(crate) fn prepare(run: &RunDir) -> Result<(), LabError> {
    let base = base(run);
    let mut make = Command::new("mkfifo");
    make.args([base.with_extension("in"), base.with_extension("out")]);
    let line = command::line(&make);
    let status = make.status().map_err(|e| e.to_string());
    match status.map(|status| (status.success(), status.to_string())) {
        Ok((true, _)) => Ok(()),
        Ok((false, detail)) | Err(detail) => Err(LabError::Command { command: line, detail }),
    }
}

/// The monitor of a machine that runs.
pub(crate) struct Monitor {
    to: File,
    from: BufReader<File>,
    path: PathBuf,
}

impl Monitor {
    /// Opens the pipes that QEMU has open.
    pub(crate) fn open(run: &RunDir) -> Result<Self, LabError> {
        let path = base(run);
        let (to, from) = (path.with_extension("in"), path.with_extension("out"));
        let to = File::options().write(true).open(&to).map_err(LabError::io("open", &to))?;
        let from = File::open(&from).map_err(LabError::io("open", &from))?;
        let mut monitor = Self { to, from: BufReader::new(from), path };
        monitor.ask(r#"{"execute": "qmp_capabilities"}"#)?;
        Ok(monitor)
    }

    /// Holds the machine, whose time stands still meanwhile, looks at each processor, and lets it go on.
    pub(crate) fn sample(&mut self) -> Result<Vec<Sample>, LabError> {
        // Only where it is held does a processor say where it is.
        self.ask(r#"{"execute": "stop"}"#)?;
        let registers = self.ask(
            r#"{"execute": "human-monitor-command", "arguments": {"command-line": "info registers -a"}}"#,
        )?;
        self.ask(r#"{"execute": "cont"}"#)?;
        samples(&registers).ok_or_else(|| LabError::Format { path: self.path.clone(), detail: registers })
    }

    /// Asks for something, and gives the line of the answer. What QEMU tells besides, its events, is passed over.
    fn ask(&mut self, line: &str) -> Result<String, LabError> {
        let (read, write) = (LabError::io("read", &self.path), LabError::io("write", &self.path));
        writeln!(self.to, "{line}").map_err(write)?;
        let mut answer = String::new();
        let result = loop {
            answer.clear();
            match self.from.read_line(&mut answer) {
                Ok(0) => break Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if answer.starts_with(r#"{"return""#) => break Ok(()),
                Ok(_) if answer.starts_with(r#"{"error""#) => {
                    break Err(std::io::Error::other(answer.clone()));
                }
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        result.map(|()| answer).map_err(read)
    }
}

/// Reads what `info registers -a` says of each processor.
fn samples(registers: &str) -> Option<Vec<Sample>> {
    let of_one = |text: &str| {
        let value = |name: &str| text.split_once(name).map(|(_, rest)| rest);
        let instruction = u64::from_str_radix(value("RIP=")?.get(..16)?, 16).ok()?;
        Some(Sample { instruction, is_halted: value("HLT=")?.starts_with('1') })
    };
    registers.split("CPU#").skip(1).map(of_one).collect()
}

/// What QEMU is told so that it has a monitor.
pub(crate) fn arguments(path: &Path) -> [String; 4] {
    let path = path.to_string_lossy().replace(',', ",,");
    [
        "-chardev".into(),
        format!("pipe,id=monitor,path={path}"),
        "-mon".into(),
        "chardev=monitor,mode=control".into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_processor_is_seen() {
        let text = r#"{"return": "\r\nCPU#0\r\nRAX=0000000000000000 RBX=0000000000000001\r\nRIP=ffff82d040201234 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n\r\nCPU#1\r\nRIP=0000000000101000 RFL=00000202 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\r\n"}"#;
        let expected = [
            Sample { instruction: 0xffff_82d0_4020_1234, is_halted: true },
            Sample { instruction: 0x10_1000, is_halted: false },
        ];
        assert_eq!(samples(text).unwrap(), expected);
        assert_eq!(samples(&text.replace("RIP=0000000000101000", "RIP=here")), None);
    }
}
