// SPDX-License-Identifier: Apache-2.0
//! A guest's console on the caller's terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::{Console, End, Guest, GuestSpec, Lab, LabError, Options};

/// Ctrl-], as in telnet and `xl console`.
const LEAVE: u8 = 0x1d;
/// Ctrl-C.
const STOP: u8 = 0x03;
/// How often the console's output is looked at while no key is pressed.
const LOOK: Duration = Duration::from_millis(10);
/// How long the guest may take to read what was typed.
const SEND_LIMIT: Duration = Duration::from_secs(120);
/// How long output may still come after the end.
const LAST_BYTES: Duration = Duration::from_millis(300);

/// What becomes of what the user types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// It goes to the guest, but for Ctrl-], which leaves.
    #[default]
    ToGuest,
    /// The guest reads nothing: Ctrl-C asks it to power off, and leaves when it is typed again.
    ToStop,
    /// The guest reads nothing and goes on when the user leaves, by Ctrl-C or Ctrl-].
    ToLeave,
}

/// Something with a console that a terminal can show.
pub trait Attached {
    /// How it ends.
    type End;

    /// What the console has said since this was asked before.
    fn take(&mut self) -> Result<Vec<u8>, LabError>;

    /// How it has ended, if it has. It is an error if that can no longer be known.
    fn ended(&mut self) -> Result<Option<Self::End>, LabError>;

    /// Types at it.
    fn send(&mut self, bytes: &[u8]) -> Result<(), LabError>;

    /// Asks it to end, and says so to the user.
    fn stop(&mut self) -> Result<(), LabError>;
}

/// A guest of the bench.
struct OnBench<'a> {
    guest: &'a Guest,
    console: Console,
}

impl Attached for OnBench<'_> {
    type End = End;

    fn take(&mut self) -> Result<Vec<u8>, LabError> {
        self.console.take()
    }

    fn ended(&mut self) -> Result<Option<End>, LabError> {
        let end = self.guest.ended()?;
        if end.is_none() {
            self.guest.must_have_machine()?;
        }
        Ok(end)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), LabError> {
        match self.guest.send(bytes, SEND_LIMIT) {
            // Its end is found at the next turn.
            Err(LabError::GuestEnded { .. }) => Ok(()),
            result => result,
        }
    }

    fn stop(&mut self) -> Result<(), LabError> {
        eprint!("lab: {} is asked to power off; Ctrl-C again leaves at once\r\n", self.guest.name());
        match self.guest.shutdown() {
            // One that ends by itself meanwhile is no error either.
            Err(_) if self.guest.ended()?.is_some() => Ok(()),
            result => result,
        }
    }
}

/// Boots a lab, runs one guest in it with its console on the terminal, and returns its end; none if the user left before. What is to be
/// done when the guest runs and nobody has typed yet, such as saying where it is reached, is done by `started`.
pub fn run_one(
    spec: &GuestSpec,
    options: &Options,
    keys: Keys,
    started: impl FnOnce(&Lab),
) -> Result<Option<End>, LabError> {
    let lab = Lab::boot(options)?;
    let guest = lab.create(spec)?;
    started(&lab);
    attach(&guest, keys)
}

/// Puts a guest's console on the terminal, until the guest ends or the user leaves.
pub fn attach(guest: &Guest, keys: Keys) -> Result<Option<End>, LabError> {
    attach_to(&mut OnBench { guest, console: guest.console() }, keys)
}

/// Copies the console to standard output and standard input to the console, until the end or until the user leaves. A terminal is put
/// into raw mode meanwhile; from a file or pipe bytes are copied until its end.
pub fn attach_to<A: Attached>(attached: &mut A, keys: Keys) -> Result<Option<A::End>, LabError> {
    let raw = RawMode::enter(keys)?;
    let mut input = Some([0; 4096]);
    let mut is_stopping = false;
    let end = loop {
        // Asked before reading, so that what was written last is copied.
        let end = attached.ended()?;
        show(&attached.take()?)?;
        if end.is_some() {
            break end;
        }
        let Some(buffer) = &mut input else {
            std::thread::sleep(LOOK);
            continue;
        };
        let bytes = match read_input(buffer)? {
            Input::Nothing => continue,
            Input::End => {
                input = None;
                continue;
            }
            Input::Bytes(bytes) => bytes,
        };
        let typed = |key| raw.is_some() && bytes.contains(&key);
        match keys {
            _ if typed(LEAVE) => break None,
            Keys::ToGuest => attached.send(bytes)?,
            Keys::ToLeave if typed(STOP) => break None,
            Keys::ToStop if typed(STOP) && is_stopping => break None,
            Keys::ToStop if typed(STOP) => {
                is_stopping = true;
                attached.stop()?;
            }
            Keys::ToStop | Keys::ToLeave => {}
        }
    };
    if end.is_some() {
        std::thread::sleep(LAST_BYTES);
        show(&attached.take()?)?;
    }
    Ok(end)
}

fn show(bytes: &[u8]) -> Result<(), LabError> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(LabError::io("write", "standard output".as_ref()))
}

enum Input<'a> {
    Nothing,
    Bytes(&'a [u8]),
    End,
}

/// Waits a moment for input.
fn read_input(buffer: &mut [u8]) -> Result<Input<'_>, LabError> {
    let failed = |e: rustix::io::Errno| LabError::io("read", "standard input".as_ref())(e.into());
    let stdin = stdin();
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    let limit = Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
    match poll(&mut ready, Some(&limit)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Input::Nothing),
        Ok(_) => {}
        Err(e) => return Err(failed(e)),
    }
    match rustix::io::read(stdin, &mut *buffer) {
        Ok(0) => Ok(Input::End),
        Ok(count) => Ok(Input::Bytes(&buffer[..count])),
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Input::Nothing),
        // A background process that reads its terminal, or a terminal that is gone.
        Err(rustix::io::Errno::IO) => Ok(Input::End),
        Err(e) => Err(failed(e)),
    }
}

/// The terminal in raw mode; restored on drop.
struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Returns none where standard input is no terminal.
    fn enter(keys: Keys) -> Result<Option<Self>, LabError> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let failed =
            |e: rustix::io::Errno| LabError::io("set the mode of", "the terminal".as_ref())(e.into());
        let before = tcgetattr(stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw).map_err(failed)?;
        match keys {
            Keys::ToGuest => eprint!("lab: Ctrl-] leaves\r\n"),
            Keys::ToStop => eprint!("lab: Ctrl-C stops the guest, Ctrl-] leaves at once\r\n"),
            Keys::ToLeave => eprint!("lab: Ctrl-C leaves, and the guest goes on\r\n"),
        }
        Ok(Some(Self { before }))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}
