// SPDX-License-Identifier: Apache-2.0
//! The QEMU process, which never outlives this one.
//!
//! The kernel is asked to kill QEMU when its parent ends (`PR_SET_PDEATHSIG`). "Parent" there means the thread that started
//! it, so a thread of its own starts QEMU and stays until QEMU has ended.

#![expect(unsafe_code, reason = "only code between fork and exec can ask for a death signal")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process, kill_process_group, set_parent_process_death_signal,
};

/// How often the keeper looks whether the process has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A child process that ends with this one.
pub struct Machine {
    child: Arc<Mutex<Child>>,
    keeper: Option<thread::JoinHandle<()>>,
}

/// The two ends of a machine's control port.
pub struct Port {
    /// To its standard input.
    pub to: ChildStdin,
    /// From its standard output.
    pub from: ChildStdout,
}

impl Machine {
    /// Starts `command`, whose standard input and output have to be pipes.
    pub fn start(mut command: Command) -> io::Result<(Self, Port)> {
        let parent = getpid();
        // A group of its own: Ctrl-C at the terminal is for us to act on.
        command.process_group(0);
        let bind = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have ended before the signal was set.
            if getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        };
        // SAFETY: the closure runs in the forked child and makes two system calls; it allocates nothing, takes no lock and
        // touches no memory but its own copy of `parent`. Neither error value allocates.
        unsafe { command.pre_exec(bind) };

        let (started, start) = mpsc::channel();
        let keeper = thread::spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => return drop(started.send(Err(error))),
            };
            let port = child.stdin.take().zip(child.stdout.take());
            let child = Arc::new(Mutex::new(child));
            let sent =
                started.send(port.map(|port| (child.clone(), port)).ok_or(io::ErrorKind::Unsupported.into()));
            if sent.is_err() {
                kill(&mut guard(&child));
            }
            while let Ok(None) = { guard(&child).try_wait() } {
                thread::sleep(LOOK);
            }
        });
        let (child, (to, from)) = start.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
        Ok((Self { child, keeper: Some(keeper) }, Port { to, from }))
    }

    /// Returns how the process ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        guard(&self.child).try_wait().ok().flatten()
    }

    /// Asks the process to end.
    pub fn terminate(&self) {
        let mut child = guard(&self.child);
        if let Ok(None) = child.try_wait() {
            // Fails only when it has ended already.
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        }
    }

    /// Ends the process and what it started, at once.
    pub fn kill(&self) {
        kill(&mut guard(&self.child));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Kills the process group of `child`, unless it has been reaped and its number may be another's.
fn kill(child: &mut Child) {
    if let Ok(None) = child.try_wait() {
        // Fails only when it has ended already.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
}

fn guard(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::Stdio;

    use super::*;

    fn start(program: &str) -> (Machine, Port) {
        let mut command = Command::new("sh");
        command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        Machine::start(command).unwrap()
    }

    #[test]
    fn the_port_is_the_process_input_and_output() {
        let (machine, mut port) = start("read word; echo got $word; exit 3");
        port.to.write_all(b"this\n").unwrap();
        let mut said = String::new();
        port.from.read_to_string(&mut said).unwrap();
        assert_eq!(said, "got this\n");
        while machine.ended().is_none() {
            thread::sleep(LOOK);
        }
        assert_eq!(machine.ended().unwrap().code(), Some(3));
    }

    #[test]
    fn a_dropped_machine_is_dead() {
        let (machine, mut port) = start("sleep 1000; true");
        drop(machine);
        let mut said = Vec::new();
        // Ends only because the process did.
        assert_eq!(port.from.read_to_end(&mut said).unwrap(), 0);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(Machine::start(Command::new("/nonexistent/qemu")).is_err());
    }
}
