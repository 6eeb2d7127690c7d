// SPDX-License-Identifier: Apache-2.0
//! Descriptors of this process and of programs that it has started, and what they are ready for: `poll(2)`.
//!
//! Descriptors that were inherited are shared with whoever has started this process, so they are not made non-blocking: what is written to them
//! at once is no more than what surely fits.

mod programs;
mod signals;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use beam_vm::platform::{
    Command, Disposition, Event, Interest, Program, Signal, StreamError, StreamId, Streams, TerminalMode, Way,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use programs::Programs;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signals::Signals;

/// Bytes that surely fit into a pipe that is ready: `PIPE_BUF`.
const SURE: usize = 4096;

/// What a stream reads or writes.
#[derive(Debug)]
enum File {
    /// A descriptor that this process was started with.
    Inherited(BorrowedFd<'static>),
    /// A pipe, whose other end is a program's, or an open file.
    Own(OwnedFd),
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Inherited(file) => *file,
            Self::Own(file) => file.as_fd(),
        }
    }
}

/// A stream.
#[derive(Debug)]
struct Stream {
    file: File,
    interest: Interest,
}

/// All streams and programs.
#[derive(Debug, Default)]
pub struct Descriptors {
    streams: Vec<Option<Stream>>,
    programs: Programs,
    signals: Signals,
    /// The terminal as it was before, and whose it is.
    terminal: Option<(BorrowedFd<'static>, Termios)>,
    /// What [`wait`](Self::wait) has seen.
    seen: Vec<Event>,
}

fn error_of(error: Errno) -> StreamError {
    match error {
        Errno::AGAIN | Errno::INTR => StreamError::NotNow,
        error => StreamError::Posix(beam_vm::platform::Errno::from_raw(error.raw_os_error() as u16)),
    }
}

impl Descriptors {
    fn add(&mut self, file: File) -> StreamId {
        let stream = Some(Stream { file, interest: Interest::default() });
        let place = self.streams.iter().position(Option::is_none).unwrap_or_else(|| {
            self.streams.push(None);
            self.streams.len() - 1
        });
        self.streams[place] = stream;
        StreamId(place as u32)
    }

    fn get(&self, stream: StreamId) -> Result<&Stream, StreamError> {
        let found = self.streams.get(stream.0 as usize).and_then(Option::as_ref);
        found.ok_or(StreamError::Posix(beam_vm::platform::Errno::EBADF))
    }

    /// Rests until something happens that is of interest, be it that another descriptor can be read, or for some time.
    pub fn wait(&mut self, time: Option<Duration>, other: Option<BorrowedFd<'_>>) {
        let mut seen = std::mem::take(&mut self.seen);
        self.look(time, other, &mut seen);
        self.seen = seen;
    }

    fn look(&mut self, time: Option<Duration>, other: Option<BorrowedFd<'_>>, events: &mut Vec<Event>) {
        let mut files = Vec::new();
        let mut owners = Vec::new();
        for (place, stream) in self.streams.iter().enumerate() {
            let Some(stream) = stream.as_ref().filter(|stream| stream.interest.is_any()) else { continue };
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, stream.interest.read);
            flags.set(PollFlags::OUT, stream.interest.write);
            files.push(PollFd::new(&stream.file, flags));
            owners.push((StreamId(place as u32), stream.interest));
        }
        let streams = files.len();
        files.extend(self.programs.files().map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN)));
        let programs = files.len() - streams;
        files.extend(self.signals.file().map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN)));
        let own = files.len();
        files.extend(other.map(|file| PollFd::from_borrowed_fd(file, PollFlags::IN)));
        let time = time
            .map(|time| time.try_into().unwrap_or(rustix::event::Timespec { tv_sec: i64::MAX, tv_nsec: 0 }));
        if poll(&mut files, time.as_ref()).is_err() {
            return;
        }
        let (of_streams, rest) = files[..own].split_at(streams);
        let (of_programs, of_signals) = rest.split_at(programs);
        let happened = |files: &[PollFd<'_>]| files.iter().any(|file| !file.revents().is_empty());
        let (has_program, has_signal) = (happened(of_programs), happened(of_signals));
        for (file, (stream, interest)) in of_streams.iter().zip(owners) {
            let flags = file.revents();
            // What has gone wrong is found by whoever reads or writes.
            let is_over = flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
            let ready = Interest {
                read: interest.read && (is_over || flags.contains(PollFlags::IN)),
                write: interest.write && (is_over || flags.contains(PollFlags::OUT)),
            };
            if ready.is_any() {
                events.push(Event::Ready(stream, ready));
            }
        }
        if has_program {
            self.programs.reap(events);
        }
        if has_signal {
            self.signals.tell(events);
        }
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        if let Some((file, before)) = self.terminal.take() {
            // If that fails the terminal is gone.
            let _ = tcsetattr(file, OptionalActions::Now, &before);
        }
    }
}

/// A terminal that gives each key at once and shows what it is sent as it is. `^C` and the like still are signals.
fn raw(before: &Termios) -> Termios {
    use rustix::termios::{InputModes, LocalModes, OutputModes, SpecialCodeIndex};
    let mut modes = before.clone();
    modes.input_modes -= InputModes::ISTRIP | InputModes::ICRNL;
    modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    modes.output_modes -= OutputModes::OPOST;
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

impl Streams for Descriptors {
    fn descriptor(&mut self, number: i32, _: Way) -> Result<StreamId, StreamError> {
        let file = match number {
            0 => rustix::stdio::stdin(),
            1 => rustix::stdio::stdout(),
            2 => rustix::stdio::stderr(),
            number => {
                programs::inherited(number).ok_or(StreamError::Posix(beam_vm::platform::Errno::EBADF))?
            }
        };
        Ok(self.add(File::Inherited(file)))
    }

    fn duplicate(&mut self, number: i32) -> Result<StreamId, StreamError> {
        let file = programs::inherited(number).ok_or(StreamError::Posix(beam_vm::platform::Errno::EBADF))?;
        let file = rustix::io::fcntl_dupfd_cloexec(file, 0).map_err(error_of)?;
        let flags = rustix::fs::fcntl_getfl(&file).map_err(error_of)?;
        rustix::fs::fcntl_setfl(&file, flags | rustix::fs::OFlags::NONBLOCK).map_err(error_of)?;
        Ok(self.add(File::Own(file)))
    }

    fn start(&mut self, command: &Command) -> Result<Program, StreamError> {
        let started = self.programs.start(command)?;
        let output = started.output.map(|file| self.add(File::Own(file)));
        let input = started.input.map(|file| self.add(File::Own(file)));
        Ok(Program { id: started.id, output, input })
    }

    fn read(&mut self, stream: StreamId, buffer: &mut [u8]) -> Result<usize, StreamError> {
        rustix::io::read(&self.get(stream)?.file, buffer).map_err(error_of)
    }

    fn write(&mut self, stream: StreamId, bytes: &[u8]) -> Result<usize, StreamError> {
        let file = &self.get(stream)?.file;
        let bytes = match file {
            File::Own(_) => bytes,
            File::Inherited(file) => {
                let mut files = [PollFd::from_borrowed_fd(*file, PollFlags::OUT)];
                let now = Duration::ZERO.try_into().ok();
                let is_ready = poll(&mut files, now.as_ref()).map_err(error_of)? > 0;
                if !is_ready {
                    return Err(StreamError::NotNow);
                }
                &bytes[..bytes.len().min(SURE)]
            }
        };
        rustix::io::write(file, bytes).map_err(error_of)
    }

    fn watch(&mut self, stream: StreamId, interest: Interest) {
        if let Some(Some(stream)) = self.streams.get_mut(stream.0 as usize) {
            stream.interest = interest;
        }
    }

    fn window_size(&mut self, stream: StreamId) -> Option<[u32; 2]> {
        let size = rustix::termios::tcgetwinsize(&self.get(stream).ok()?.file).ok()?;
        Some([u32::from(size.ws_col), u32::from(size.ws_row)])
    }

    fn is_terminal(&mut self, stream: StreamId) -> bool {
        self.get(stream).is_ok_and(|stream| rustix::termios::isatty(&stream.file))
    }

    fn set_terminal(&mut self, stream: StreamId, mode: TerminalMode) -> Result<(), StreamError> {
        let File::Inherited(file) = self.get(stream)?.file else {
            return Err(StreamError::Posix(beam_vm::platform::Errno::ENOTTY));
        };
        let wanted = match (mode, self.terminal.take()) {
            (TerminalMode::Raw, known) => {
                let before = match known {
                    Some((_, before)) => before,
                    None => tcgetattr(file).map_err(error_of)?,
                };
                let wanted = raw(&before);
                self.terminal = Some((file, before));
                wanted
            }
            (TerminalMode::AsBefore, Some((_, before))) => before,
            (TerminalMode::AsBefore, None) => return Ok(()),
        };
        tcsetattr(file, OptionalActions::Now, &wanted).map_err(error_of)
    }

    fn handle(&mut self, signal: Signal, disposition: Disposition) {
        self.signals.handle(signal, disposition);
    }

    fn close(&mut self, stream: StreamId) {
        if let Some(place) = self.streams.get_mut(stream.0 as usize) {
            *place = None;
        }
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        if self.seen.is_empty() {
            self.look(Some(Duration::ZERO), None, events);
        } else {
            events.append(&mut self.seen);
        }
    }
}
