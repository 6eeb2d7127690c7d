// SPDX-License-Identifier: Apache-2.0
//! A program on a pseudo-terminal, and the screen that it writes to.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::screen::{COLUMNS, ROWS, Screen};
use super::session::Step;

/// How long a program may let one wait for what a step expects.
const PATIENCE: Duration = Duration::from_secs(300);

/// A pseudo-terminal.
pub struct Pty {
    keyboard: File,
    program: File,
}

impl Pty {
    /// Opens one.
    ///
    /// # Errors
    /// The system has none.
    pub fn open() -> Result<Self, String> {
        let wrong = |why| format!("no pseudo-terminal can be had: {why}");
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).map_err(wrong)?;
        grantpt(&keyboard).map_err(wrong)?;
        unlockpt(&keyboard).map_err(wrong)?;
        let size = Winsize { ws_row: ROWS as u16, ws_col: COLUMNS as u16, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&keyboard, size).map_err(wrong)?;
        let name = ptsname(&keyboard, Vec::new()).map_err(wrong)?;
        let name = Path::new(name.to_str().map_err(|_| "a pseudo-terminal has no name")?).to_owned();
        let program = File::options().read(true).write(true).open(&name);
        let program = program.map_err(|why| format!("cannot open {}: {why}", name.display()))?;
        Ok(Self { keyboard: keyboard.into(), program })
    }

    /// Starts a shell script on it.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(
        self,
        script: &str,
        set: impl FnOnce(&mut Command) -> Result<(), String>,
    ) -> Result<Talk, String> {
        let wrong = |why| format!("cannot share a terminal: {why}");
        // A session of its own, so that the terminal is that of the program.
        let mut command = Command::new("setsid");
        command.args(["--ctty", "sh", "-c", script]).env("TERM", "xterm");
        set(&mut command)?;
        command.stdin(self.program.try_clone().map_err(wrong)?);
        command.stdout(self.program.try_clone().map_err(wrong)?).stderr(self.program);
        let child = command.spawn().map_err(|why| format!("cannot start setsid: {why}"))?;
        // The terminal ends with the last process that has it; the command has it too.
        drop(command);
        let (send, output) = channel();
        let mut reader = self.keyboard.try_clone().map_err(wrong)?;
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                match reader.read(&mut bytes) {
                    Err(why) if why.kind() == ErrorKind::Interrupted => (),
                    Ok(0) | Err(_) => break,
                    Ok(count) if send.send(bytes[..count].to_vec()).is_err() => break,
                    Ok(_) => (),
                }
            }
        });
        let (screen, keyboard) = (Screen::default(), self.keyboard);
        Ok(Talk { child, keyboard, output, screen, typed_in: 0, entered: false })
    }
}

/// A program, whoever types, and the screen.
pub struct Talk {
    child: Child,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    screen: Screen,
    typed_in: usize,
    /// Whether the key Enter was typed last.
    entered: bool,
}

impl Talk {
    /// Does a step; gives the status of a program that has ended.
    ///
    /// # Errors
    /// What is waited for does not come.
    pub fn step(&mut self, step: &Step) -> Result<Option<ExitStatus>, String> {
        match step {
            Step::Type(bytes) => {
                self.typed_in = self.screen.row();
                self.entered = bytes.ends_with(b"\r");
                self.keyboard.write_all(bytes).map_err(|why| format!("cannot type: {why}"))?;
            }
            Step::Wait(text) => {
                let is_there = |talk: &Self| {
                    let is_new = !talk.entered || talk.screen.row() > talk.typed_in;
                    is_new && talk.screen.before_cursor().trim_end().ends_with(text.as_str())
                };
                self.until(is_there, text)?;
            }
            Step::See(text) => {
                let from = self.typed_in + usize::from(self.entered);
                let is_there = |talk: &Self| talk.screen.text_from(from).contains(text.as_str());
                self.until(is_there, text)?;
            }
            Step::End => return self.end().map(Some),
        }
        Ok(None)
    }

    fn until(&mut self, is_there: impl Fn(&Self) -> bool, text: &str) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        while !is_there(self) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.screen.write(&bytes),
                Err(RecvTimeoutError::Timeout) => return Err(format!("{text} has not come")),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("the program has ended before {text} came"));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<ExitStatus, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.screen.write(&bytes),
                Err(RecvTimeoutError::Timeout) => return Err("the program does not end".into()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.child.wait().map_err(|why| format!("cannot wait for the program: {why}"))
    }

    /// All that can be seen.
    pub fn text(&self) -> String {
        self.screen.text_from(0)
    }
}

impl Drop for Talk {
    /// Nothing goes on without a terminal.
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = self.child.wait();
        }
    }
}
