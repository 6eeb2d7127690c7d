// SPDX-License-Identifier: Apache-2.0
//! Streams of bytes to what is outside: the descriptors that the machine was started with, other programs, the terminal.
//!
//! Nothing here waits: what cannot be done now is done when an event says so, and [`Platform::park`](super::Platform::park) rests until there
//! is one. Streams are numbers of the platform, which are good for one run of the machine.

use alloc::vec::Vec;

use super::{Errno, SocketId};

/// A stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub u32);

/// A program that was started; its number is the one that the system has given it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProgramId(pub u32);

/// Why something cannot be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamError {
    /// There is nothing to read or no room to write now.
    NotNow,
    /// Something has failed.
    Posix(Errno),
}

/// What is to be told of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// When there is something to read, or its end.
    pub read: bool,
    /// When there is room to write, or nobody who reads any more.
    pub write: bool,
}

impl Interest {
    /// Whether anything is to be told.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.read || self.write
    }
}

/// What has happened outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A stream can be read or written, as is said.
    Ready(StreamId, Interest),
    /// A socket can be read or written, as is said.
    Socket(SocketId, Interest),
    /// A program has ended with a status, or 128 and the number of a signal more.
    Ended(ProgramId, i32),
    /// A signal has come to the machine.
    Signal(Signal),
}

/// A signal that the system sends to the machine; the number is Linux's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal(pub u8);

/// What happens when a signal comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposition {
    /// What the system does.
    Default,
    /// Nothing.
    Ignore,
    /// It is told as an event.
    Tell,
}

/// How a terminal behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TerminalMode {
    /// What is typed comes at once and is not shown; what is written is shown as it is.
    Raw,
    /// As it was when the machine was started.
    AsBefore,
}

/// Which streams of a program are connected to this machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Plumbing {
    /// Its output is read here.
    pub reads: bool,
    /// Its input is written here.
    pub writes: bool,
    /// Its messages of errors go where its output goes.
    pub merges_errors: bool,
    /// The first of the descriptors that the program uses for input and output: 0, or 3.
    pub first: u8,
}

/// A program to start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The file.
    pub file: Vec<u8>,
    /// What it is told that it is called, if that is something else.
    pub name: Option<Vec<u8>>,
    /// Its arguments.
    pub arguments: Vec<Vec<u8>>,
    /// Where it is to run, if not where this machine does.
    pub folder: Option<Vec<u8>>,
    /// The variables of its environment.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its streams.
    pub plumbing: Plumbing,
}

/// A program that was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its number. Its end is told as an event.
    pub id: ProgramId,
    /// What reads its output.
    pub output: Option<StreamId>,
    /// What writes its input.
    pub input: Option<StreamId>,
}

/// Which way bytes go through a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// They are read.
    In,
    /// They are written.
    Out,
}

/// What a platform can do with streams.
pub trait Streams {
    /// The stream of a descriptor that the machine was started with.
    ///
    /// # Errors
    /// [`StreamError::Posix`].
    fn descriptor(&mut self, number: i32, way: Way) -> Result<StreamId, StreamError>;

    /// A stream of what an open file is, which stays when the file is closed. Platforms without descriptors have none.
    ///
    /// # Errors
    /// [`StreamError::Posix`].
    fn duplicate(&mut self, number: i32) -> Result<StreamId, StreamError> {
        let _ = number;
        Err(StreamError::Posix(Errno::EINVAL))
    }

    /// Starts a program.
    ///
    /// # Errors
    /// [`StreamError::Posix`].
    fn start(&mut self, command: &Command) -> Result<Program, StreamError>;

    /// Reads what is there; nothing at the end of the stream.
    ///
    /// # Errors
    /// [`StreamError`].
    fn read(&mut self, stream: StreamId, buffer: &mut [u8]) -> Result<usize, StreamError>;

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// [`StreamError`].
    fn write(&mut self, stream: StreamId, bytes: &[u8]) -> Result<usize, StreamError>;

    /// Says what is to be told of a stream from now on, as long as it is so.
    fn watch(&mut self, stream: StreamId, interest: Interest);

    /// Columns and rows of the terminal that a stream leads to, if it leads to one.
    fn window_size(&mut self, stream: StreamId) -> Option<[u32; 2]>;

    /// Whether a stream leads to a terminal.
    fn is_terminal(&mut self, stream: StreamId) -> bool;

    /// Lets a terminal behave otherwise.
    ///
    /// # Errors
    /// [`StreamError::Posix`].
    fn set_terminal(&mut self, stream: StreamId, mode: TerminalMode) -> Result<(), StreamError>;

    /// Says what happens from now on when a signal comes.
    fn handle(&mut self, signal: Signal, disposition: Disposition);

    /// Lets go of a stream.
    fn close(&mut self, stream: StreamId);

    /// Appends what has happened, without waiting for more.
    fn poll(&mut self, events: &mut Vec<Event>);
}
