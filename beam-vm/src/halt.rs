// SPDX-License-Identifier: Apache-2.0
//! How a machine ends: a program halts it, or it cannot go on and says why (`erts_exit` of OTP's emulator).
//!
//! The scheduler returns to the host before the next turn; what there is to tell is told here.

use crate::crash_dump::Memory;
use crate::last_words::Exhausted;
use crate::print::Printed;
use crate::process::Process;
use crate::vm::Vm;

/// What a machine has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Halt {
    /// It has ended with this status.
    Status(i32),
    /// It could not go on, or a program has said so with a slogan.
    Crashed,
    /// It is to end as if it had crashed: `halt(abort)`.
    Abort,
}

/// The status of a machine that could not go on.
const CRASHED: i32 = 1;
/// What a shell tells of a process that has ended by `SIGABRT`.
const ABORTED: i32 = 128 + 6;

impl Halt {
    /// The status as a shell sees it.
    #[must_use]
    pub const fn status(self) -> i32 {
        match self {
            Self::Status(status) => status,
            Self::Crashed => CRASHED,
            Self::Abort => ABORTED,
        }
    }
}

impl Vm {
    /// Ends the machine because it cannot go on, or because a program says so with a slogan. `running` is the process that is
    /// outside of the table. What happens after the first end of a machine does not count.
    pub fn crash(&mut self, running: Option<&Process>, slogan: &str) {
        self.crash_with(running, slogan, Memory::Left);
    }

    /// The same because there is no more of something.
    pub(crate) fn crash_exhausted(&mut self, running: Option<&Process>, what: Exhausted) {
        let memory = if what.is_memory() { Memory::Exhausted } else { Memory::Left };
        self.crash_with(running, &alloc::format!("{what}"), memory);
    }

    fn crash_with(&mut self, running: Option<&Process>, slogan: &str, memory: Memory) {
        if self.halted.is_some() {
            return;
        }
        self.complain(slogan);
        self.complain("\n");
        self.write_crash_dump(running, slogan, memory);
        self.halted = Some(Halt::Crashed);
    }

    /// Ends the machine because one of its own processes has ended.
    pub(crate) fn system_process_ended(&mut self, process: &Process) {
        let printed = |term| Printed::new(&self.atoms, self.node.name, term);
        let pid = crate::term::Term::pid(process.pid);
        let slogan =
            alloc::format!("System process {} terminated: {}", printed(pid), printed(process.exit_reason));
        self.crash(Some(process), &slogan);
    }

    /// Tells whoever looks after the machine, with the line ends of a terminal.
    pub(crate) fn complain(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => {
                    self.platform.complain(line.as_bytes());
                    self.platform.complain(b"\r\n");
                }
                None => self.platform.complain(line.as_bytes()),
            }
        }
    }
}
