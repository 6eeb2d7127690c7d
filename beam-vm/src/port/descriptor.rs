// SPDX-License-Identifier: Apache-2.0
//! The driver of descriptors, for `{fd, In, Out}`, of files, and of programs, for `{spawn, _}` and `{spawn_executable, _}`
//! (`erts/emulator/sys/unix/sys_drivers.c`).

use alloc::vec::Vec;

use super::input::{Form, Piece};
use super::{AtEnd, Backlog, ControlError, Driver, Port, Reach, State};
use crate::atom::{Atom, predefined};
use crate::heap::build;
use crate::platform::{Errno, Interest, ProgramId, StreamError, StreamId};
use crate::term::{LocalPid, LocalPort, Term};

/// What is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attached {
    /// Descriptors of the machine.
    Descriptors,
    /// A file.
    File,
    /// A program whose end is of no interest.
    Program(ProgramId),
    /// A program whose owner is told its status: option `exit_status`.
    Watched(ProgramId, Option<i32>),
}

/// The state of the driver.
#[derive(Debug)]
pub struct Descriptor {
    /// Where it reads.
    pub input: Option<StreamId>,
    /// Where it writes.
    pub output: Option<StreamId>,
    /// What is at the other end.
    pub attached: Attached,
    /// What is to be written.
    pub backlog: Backlog,
    /// Whether the input has ended.
    pub has_ended: bool,
}

/// Bytes that are read at once, as in stock.
const AT_ONCE: usize = 64 * 1024;
/// With so many bytes that wait, who writes has to wait too.
const BUSY: usize = 8 * 1024;

impl Descriptor {
    /// A driver that has read and written nothing yet.
    #[must_use]
    pub fn new(input: Option<StreamId>, output: Option<StreamId>, attached: Attached) -> Self {
        Self { input, output, attached, backlog: Backlog::default(), has_ended: false }
    }

    fn interest(&self, stream: StreamId) -> Interest {
        Interest {
            read: self.input == Some(stream) && !self.has_ended,
            write: self.output == Some(stream) && !self.backlog.is_empty(),
        }
    }

    /// Says what is to be told of the streams from now on.
    fn watch(&self, port: LocalPort, reach: &mut Reach<'_>) {
        let both = [self.input, self.output.filter(|output| self.input != Some(*output))];
        for stream in both.into_iter().flatten() {
            reach.watch(port, stream, self.interest(stream));
        }
    }
}

/// The driver of a port that has this one.
fn state(port: &mut Port) -> Option<&mut Descriptor> {
    match &mut port.driver {
        Driver::Descriptor(descriptor) => Some(descriptor),
        _ => None,
    }
}

/// Begins to read.
pub(super) fn start(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    if let Attached::Watched(program, _) = own.attached {
        reach.vm.ports.programs.insert(program, id);
    }
    own.watch(id, reach);
}

/// Writes what a process has sent.
pub(super) fn output(port: &mut Port, reach: &mut Reach<'_>, bytes: Vec<u8>) {
    let Some(header) = port.framing.header(bytes.len()) else {
        return port.fail(reach, predefined::EINVAL);
    };
    let Some(own) = state(port) else { return };
    if own.output.is_none() {
        return port.fail(reach, predefined::EBADF);
    }
    let waits = !own.backlog.is_empty();
    own.backlog.push(header);
    own.backlog.push(bytes);
    if waits { settle(port, reach) } else { write(port, reach) }
}

/// Does what a stream is ready for.
pub(super) fn ready(port: &mut Port, reach: &mut Reach<'_>, stream: StreamId, ready: Interest) {
    let Some(own) = state(port) else { return };
    let (reads, writes) = (own.input == Some(stream), own.output == Some(stream));
    if writes && ready.write {
        write(port, reach);
    }
    if reads && ready.read && port.state == State::Open {
        read(port, reach, stream);
    }
}

fn write(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    let Some(stream) = own.output else { return };
    let mut failed = None;
    while let Some(bytes) = own.backlog.next() {
        let written =
            reach.streams().map_or(Err(StreamError::Posix(Errno::EBADF)), |all| all.write(stream, bytes));
        match written {
            Ok(count) => own.backlog.advance(count),
            Err(StreamError::NotNow) => break,
            Err(StreamError::Posix(error)) => {
                failed = Some(error);
                break;
            }
        }
    }
    match failed {
        None => settle(port, reach),
        Some(error) => {
            own.backlog.clear();
            let reason = reach.posix(error);
            port.fail(reach, reason);
        }
    }
}

/// After something was written or is to be: what is to be told, who has to wait, whether the port can go now.
fn settle(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    own.watch(id, reach);
    port.settle(reach, BUSY);
}

fn read(port: &mut Port, reach: &mut Reach<'_>, stream: StreamId) {
    let mut buffer = core::mem::take(&mut reach.vm.ports.buffer);
    buffer.resize(AT_ONCE, 0);
    let result = reach.streams().map_or(Ok(0), |all| all.read(stream, &mut buffer));
    match result {
        Ok(0) => ended(port, reach),
        Ok(count) => received(port, reach, &buffer[..count]),
        Err(StreamError::NotNow) => {}
        Err(StreamError::Posix(error)) => {
            let reason = reach.posix(error);
            port.fail(reach, reason);
        }
    }
    reach.vm.ports.buffer = buffer;
}

/// Sends what was read to the owner.
fn received(port: &mut Port, reach: &mut Reach<'_>, bytes: &[u8]) {
    port.input += bytes.len() as u64;
    reach.vm.ports.traffic.0 += bytes.len() as u64;
    let (id, owner, form) = (port.id, port.connected, port.framing.form);
    port.framing.feed(bytes, &mut |piece| give(reach, id, owner, form, piece));
}

/// Sends a piece to an owner.
pub(super) fn give(reach: &mut Reach<'_>, id: LocalPort, owner: LocalPid, form: Form, piece: Piece<'_>) {
    reach.tell(owner, |heap| {
        let data = piece.build(heap, form);
        let pair = build::tuple(heap, &[Term::atom(predefined::DATA), data]);
        build::tuple(heap, &[Term::port(id), pair])
    });
}

/// The input has ended. If the owner wants the status of the program, that comes first, and it may not be known yet.
fn ended(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    own.has_ended = true;
    own.watch(id, reach);
    match own.attached {
        Attached::Watched(_, None) => {}
        Attached::Watched(_, Some(status)) => tell_status(port, reach, status),
        Attached::Descriptors | Attached::File | Attached::Program(_) => close_input(port, reach),
    }
}

/// The program has ended.
pub(super) fn program_ended(port: &mut Port, reach: &mut Reach<'_>, status: i32) {
    let Some(own) = state(port) else { return };
    let Attached::Watched(program, None) = own.attached else { return };
    own.attached = Attached::Watched(program, Some(status));
    if own.has_ended {
        tell_status(port, reach, status);
    }
}

fn tell_status(port: &mut Port, reach: &mut Reach<'_>, status: i32) {
    let (id, owner) = (port.id, port.connected);
    reach.tell(owner, |heap| {
        let pair = [Term::atom(predefined::EXIT_STATUS), Term::small_cut(i64::from(status))];
        let pair = build::tuple(heap, &pair);
        build::tuple(heap, &[Term::port(id), pair])
    });
    close_input(port, reach);
}

fn close_input(port: &mut Port, reach: &mut Reach<'_>) {
    let (id, owner, form) = (port.id, port.connected, port.framing.form);
    port.framing.finish(&mut |piece| give(reach, id, owner, form, piece));
    match port.at_end {
        AtEnd::Tell => {
            reach.tell(owner, |heap| build::tuple(heap, &[Term::port(id), Term::atom(predefined::EOF)]));
        }
        AtEnd::Close => port.close(reach, Term::atom(predefined::NORMAL)),
    }
}

/// What `port_control/3` asks for the size of the terminal with.
const WINDOW_SIZE: u32 = 0x018B_0900 + 100;

/// The size of the terminal that is written to: columns and rows.
pub(super) fn control(
    port: &mut Port,
    reach: &mut Reach<'_>,
    operation: u32,
    _: &[u8],
) -> Result<Vec<u8>, ControlError> {
    let own = state(port).filter(|own| own.attached == Attached::Descriptors).ok_or(ControlError)?;
    if operation != WINDOW_SIZE {
        return Err(ControlError);
    }
    let stream = own.output.or(own.input).ok_or(ControlError)?;
    let size = reach.streams().and_then(|all| all.window_size(stream)).ok_or(ControlError)?;
    Ok(size.iter().flat_map(|number| number.to_ne_bytes()).collect())
}

/// Lets go of the streams.
pub(super) fn stop(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    let both = [own.input.take(), own.output.take()];
    if let Attached::Watched(program, _) = own.attached {
        reach.vm.ports.programs.remove(&program);
    }
    if both[0] == both[1] {
        both[0].into_iter().for_each(|stream| reach.close(stream));
    } else {
        both.into_iter().flatten().for_each(|stream| reach.close(stream));
    }
}

impl Port {
    /// Ends a port because its input or output has failed. What still was to be written is lost.
    pub(super) fn fail(&mut self, reach: &mut Reach<'_>, reason: Atom) {
        self.driver.drop_backlog();
        match self.state {
            State::Open => self.close(reach, Term::atom(reason)),
            State::Closing => self.drained(reach),
            State::Gone => {}
        }
    }
}
