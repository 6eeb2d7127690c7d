// SPDX-License-Identifier: Apache-2.0
//! The driver of the terminal, `tty_sl`: what is typed goes to the owner as it is, and commands of the owner edit the line that is shown.

mod line;
mod width;

use alloc::vec::Vec;

pub use line::{Charset, Line};

use super::descriptor::give;
use super::input::Piece;
use super::{AtEnd, Backlog, ControlError, Driver, Port, Reach, State};
use crate::atom::predefined;
use crate::heap::build;
use crate::platform::{Errno, Interest, StreamError, StreamId, TerminalMode};
use crate::term::{LocalPid, Term};

/// The state of the driver.
#[derive(Debug)]
pub struct Terminal {
    /// Where it reads.
    pub input: StreamId,
    /// Where it writes.
    pub output: StreamId,
    /// The line.
    pub line: Line,
    /// What is to be written.
    pub backlog: Backlog,
    /// The beginning of a character.
    begun: Vec<u8>,
    /// Who is to be told when all is written.
    syncs: Vec<LocalPid>,
    has_ended: bool,
}

/// Operations of `port_control/3`.
const CONTROL: u32 = 0x018B_0900;
const WINDOW_SIZE: u32 = CONTROL + 100;
const GET_UNICODE: u32 = CONTROL + 101;
const SET_UNICODE: u32 = CONTROL + 102;

/// With so many bytes that wait, who writes has to wait too.
const BUSY: usize = 16 * 1024;
/// Bytes that are read at once, as in stock.
const AT_ONCE: usize = 1024;
/// How large a terminal is that does not say.
const SIZE: [u32; 2] = [80, 24];

impl Terminal {
    /// A driver for a terminal.
    #[must_use]
    pub fn new(input: StreamId, output: StreamId, charset: Charset) -> Self {
        Self {
            input,
            output,
            line: Line::new(SIZE[0] as usize, charset),
            backlog: Backlog::default(),
            begun: Vec::new(),
            syncs: Vec::new(),
            has_ended: false,
        }
    }
}

fn state(port: &mut Port) -> Option<&mut Terminal> {
    match &mut port.driver {
        Driver::Terminal(terminal) => Some(terminal),
        _ => None,
    }
}

/// Begins to read.
pub(super) fn start(port: &mut Port, reach: &mut Reach<'_>) {
    watch(port, reach);
}

fn watch(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    reach.watch(id, own.input, Interest { read: !own.has_ended, write: false });
    reach.watch(id, own.output, Interest { read: false, write: !own.backlog.is_empty() });
}

/// Does a command of the owner.
pub(super) fn output(port: &mut Port, reach: &mut Reach<'_>, bytes: &[u8]) {
    let owner = port.connected;
    let Some(own) = state(port) else { return };
    let Some((operation, rest)) = bytes.split_first() else { return };
    own.line.columns = size(reach, own)[0] as usize;
    let number = rest.first_chunk::<2>().map(|bytes| i16::from_be_bytes(*bytes));
    let line = &mut own.line;
    line.limit();
    match (operation, number) {
        (0 | 5, _) => line.put(rest),
        (1, Some(count)) => line.go_by(count),
        (2, _) => line.insert(rest),
        (3, Some(count)) => line.delete(count),
        (4, _) => line.beep(),
        _ => {}
    }
    let shown = line.take_output();
    own.backlog.push(shown);
    if *operation == 5 {
        own.syncs.push(owner);
    }
    write(port, reach);
}

fn write(port: &mut Port, reach: &mut Reach<'_>) {
    let id = port.id;
    let Some(own) = state(port) else { return };
    while let Some(bytes) = own.backlog.next() {
        let missing = Err(StreamError::Posix(Errno::EBADF));
        match reach.streams().map_or(missing, |all| all.write(own.output, bytes)) {
            Ok(count) => own.backlog.advance(count),
            Err(StreamError::NotNow) => break,
            Err(StreamError::Posix(error)) => {
                own.backlog.clear();
                let reason = reach.posix(error);
                return port.fail(reach, reason);
            }
        }
    }
    if own.backlog.len() < BUSY {
        for owner in core::mem::take(&mut own.syncs) {
            reach.tell(owner, |heap| build::tuple(heap, &[Term::port(id), Term::atom(predefined::OK)]));
        }
    }
    watch(port, reach);
    port.settle(reach, BUSY);
}

/// Does what a stream is ready for.
pub(super) fn ready(port: &mut Port, reach: &mut Reach<'_>, stream: StreamId, ready: Interest) {
    let Some(own) = state(port) else { return };
    if own.output == stream && ready.write {
        return write(port, reach);
    }
    if own.input == stream && ready.read && port.state == State::Open {
        read(port, reach);
    }
}

fn read(port: &mut Port, reach: &mut Reach<'_>) {
    let (id, owner, form) = (port.id, port.connected, port.framing.form);
    let Some(own) = state(port) else { return };
    let mut buffer = [0; AT_ONCE];
    match reach.streams().map_or(Ok(0), |all| all.read(own.input, &mut buffer)) {
        Ok(0) => {
            own.has_ended = true;
            watch(port, reach);
            match port.at_end {
                AtEnd::Tell => reach
                    .tell(owner, |heap| build::tuple(heap, &[Term::port(id), Term::atom(predefined::EOF)])),
                AtEnd::Close => port.close(reach, Term::atom(predefined::NORMAL)),
            }
        }
        Ok(count) => {
            let text = own.complete(&buffer[..count]);
            port.input += text.len() as u64;
            reach.vm.ports.traffic.0 += text.len() as u64;
            if !text.is_empty() {
                give(reach, id, owner, form, Piece::Data(&text));
            }
        }
        Err(StreamError::NotNow) => {}
        Err(StreamError::Posix(error)) => {
            let reason = reach.posix(error);
            port.fail(reach, reason);
        }
    }
}

impl Terminal {
    /// Characters that are complete, in UTF-8. A terminal that sends anything else is one for Latin-1.
    fn complete(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = core::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        if self.line.charset == Charset::Unicode {
            match core::str::from_utf8(&all) {
                Ok(_) => return all,
                Err(error) if error.error_len().is_none() => {
                    self.begun = all.split_off(error.valid_up_to());
                    return all;
                }
                Err(_) => self.line.charset = Charset::Latin1,
            }
        }
        let text: alloc::string::String = all.iter().map(|byte| char::from(*byte)).collect();
        text.into_bytes()
    }
}

/// Columns and rows of the terminal.
fn size(reach: &mut Reach<'_>, own: &Terminal) -> [u32; 2] {
    let known = reach.streams().and_then(|all| all.window_size(own.output)).unwrap_or(SIZE);
    core::array::from_fn(|side| if known[side] > 0 { known[side] } else { SIZE[side] })
}

/// The size of the terminal, and whether it shows all characters.
pub(super) fn control(
    port: &mut Port,
    reach: &mut Reach<'_>,
    operation: u32,
    data: &[u8],
) -> Result<Vec<u8>, ControlError> {
    let own = state(port).ok_or(ControlError)?;
    let before = u8::from(own.line.charset == Charset::Unicode);
    match (operation, data) {
        (WINDOW_SIZE, _) => Ok(size(reach, own).iter().flat_map(|number| number.to_ne_bytes()).collect()),
        (GET_UNICODE, _) => Ok([before].into()),
        (SET_UNICODE, [wanted, ..]) => {
            own.line.charset = if *wanted == 0 { Charset::Latin1 } else { Charset::Unicode };
            Ok([before].into())
        }
        _ => Err(ControlError),
    }
}

/// Gives the terminal back as it was.
pub(super) fn stop(port: &mut Port, reach: &mut Reach<'_>) {
    let Some(own) = state(port) else { return };
    let (input, output) = (own.input, own.output);
    if let Some(all) = reach.streams() {
        // If that fails the terminal is gone.
        let _ = all.set_terminal(input, TerminalMode::AsBefore);
    }
    reach.close(input);
    reach.close(output);
}
