// SPDX-License-Identifier: Apache-2.0
//! Programs that were started. The descriptor of each says when it has ended, so no signal is needed for that, and none is left behind.
#![expect(unsafe_code, reason = "a new process does some things before it becomes the program")]

use std::ffi::OsString;
use std::io::PipeWriter;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ExitStatus, Stdio};

use beam_vm::platform::{Command, Errno, Event, ProgramId, StreamError};
use rustix::fs::{Access, access};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::error_of;

/// A program that was started.
#[derive(Debug)]
pub struct Started {
    /// Its number.
    pub id: ProgramId,
    /// Reads its output.
    pub output: Option<OwnedFd>,
    /// Writes its input.
    pub input: Option<OwnedFd>,
}

/// A program that runs.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Can be read once it has ended.
    ending: OwnedFd,
}

/// All programs that run.
#[derive(Debug, Default)]
pub struct Programs(Vec<Running>);

/// Descriptors from here on are none that a program is given.
const AWAY: i32 = 10;

fn text(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn posix(error: &std::io::Error) -> StreamError {
    error.raw_os_error().map_or(StreamError::Posix(Errno::EINVAL), |code| {
        error_of(rustix::io::Errno::from_raw_os_error(code))
    })
}

/// A descriptor that the process has and does not close while it is used, if there is one.
pub fn inherited(number: i32) -> Option<BorrowedFd<'static>> {
    // SAFETY: whether there is such a descriptor is what is asked; nobody closes those that were inherited.
    let file = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_getfd(file).ok().map(|_| file)
}

impl Programs {
    /// What can be read when a program has ended.
    pub fn files(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(|running| running.ending.as_fd())
    }

    /// Tells of those that have ended.
    pub fn reap(&mut self, events: &mut Vec<Event>) {
        self.0.retain_mut(|running| match running.child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                events.push(Event::Ended(ProgramId(running.child.id()), code(status)));
                false
            }
            Err(_) => false,
        });
    }

    /// Starts a program.
    pub fn start(&mut self, command: &Command) -> Result<Started, StreamError> {
        // What cannot be executed is refused here; a folder that is not there is for the program's side to complain of.
        access(text(&command.file), Access::EXEC_OK).map_err(error_of)?;
        let pipe = || std::io::pipe().map_err(|error| posix(&error));
        let plumbing = command.plumbing;
        let from = if plumbing.reads { Some(pipe()?) } else { None };
        let to = if plumbing.writes { Some(pipe()?) } else { None };
        // A name without a folder is one of this folder, not of the path.
        let file = if command.file.contains(&b'/') {
            command.file.clone()
        } else {
            [b"./", &*command.file].concat()
        };
        let mut program = std::process::Command::new(text(&file));
        program.args(command.arguments.iter().map(|argument| text(argument)));
        if let Some(name) = &command.name {
            program.arg0(text(name));
        }
        program.env_clear();
        program.envs(command.environment.iter().map(|(name, value)| (text(name), text(value))));
        if plumbing.first == 0 {
            if let Some((_, write)) = &from {
                let copy = |write: &PipeWriter| write.try_clone().map_err(|error| posix(&error));
                program.stdout(copy(write)?);
                if plumbing.merges_errors {
                    program.stderr(copy(write)?);
                }
            }
            if let Some((read, _)) = &to {
                program.stdin(Stdio::from(read.try_clone().map_err(|error| posix(&error))?));
            }
        }
        if plumbing.first == 0 {
            prepare(&mut program, command, [None, None]);
        } else {
            // Away from the places that they are to have in the program.
            let away = |file: BorrowedFd<'_>| rustix::io::fcntl_dupfd_cloexec(file, AWAY).map_err(error_of);
            let read = to.as_ref().map(|(read, _)| away(read.as_fd())).transpose()?;
            let write = from.as_ref().map(|(_, write)| away(write.as_fd())).transpose()?;
            prepare(&mut program, command, [read, write]);
        }
        let child = match program.spawn() {
            Err(error) if is_of_exec(&error) => ended_with(&error),
            other => other,
        };
        let child = child.map_err(|error| posix(&error))?;
        let id = ProgramId(child.id());
        let pid = Pid::from_raw(child.id() as i32).ok_or(StreamError::Posix(Errno::EINVAL))?;
        let ending = pidfd_open(pid, PidfdFlags::empty()).map_err(error_of)?;
        self.0.push(Running { child, ending });
        let open = |file: OwnedFd| {
            rustix::io::ioctl_fionbio(&file, true).map_err(error_of)?;
            Ok(file)
        };
        Ok(Started {
            id,
            output: from.map(|(read, _)| open(read.into())).transpose()?,
            input: to.map(|(_, write)| open(write.into())).transpose()?,
        })
    }
}

/// Whether there is a new process that could not become the program, rather than none.
fn is_of_exec(error: &std::io::Error) -> bool {
    let of_fork = [rustix::io::Errno::AGAIN, rustix::io::Errno::NOMEM];
    let code = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    code.is_some_and(|code| !of_fork.contains(&code))
}

/// A process that ends with the error's number, as stock's does that cannot become the program.
fn ended_with(error: &std::io::Error) -> std::io::Result<Child> {
    let status = error.raw_os_error().unwrap_or(1);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", &format!("exit {status}")]);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env_clear().spawn()
}

/// What the new process does before it becomes the program.
fn prepare(program: &mut std::process::Command, command: &Command, ends: [Option<OwnedFd>; 2]) {
    let folder = command.folder.clone();
    if folder.is_none() && ends.iter().all(Option::is_none) {
        return;
    }
    let complaint =
        folder.as_ref().map(|folder| [b"spawn: Could not cd to ", folder.as_slice(), b"\r\n"].concat());
    // What is wrong is told where this process tells it, whatever is joined in the new one.
    let errors = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), AWAY).ok();
    let before = move || {
        if let (Some(folder), Some(complaint)) = (&folder, &complaint)
            && let Err(error) = rustix::process::chdir(folder.as_slice())
        {
            let _ = errors.as_ref().map(|errors| rustix::io::write(errors, complaint));
            // SAFETY: this ends the new process without doing anything else.
            unsafe { _exit(error.raw_os_error()) }
        }
        for (target, end) in (3..).zip(&ends) {
            // SAFETY: the call changes descriptors of the new process alone, which has no use for them otherwise.
            if end.as_ref().is_some_and(|end| unsafe { dup2(end.as_raw_fd(), target) } < 0) {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: `before` does system calls alone, which are allowed after a fork, and allocates nothing.
    unsafe {
        program.pre_exec(before);
    }
}

unsafe extern "C" {
    fn dup2(from: i32, to: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// The status that the owner of a port is told.
fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(0)
}
