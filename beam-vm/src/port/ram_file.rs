// SPDX-License-Identifier: Apache-2.0
//! Files in memory, `ram_file_drv`: each port is one. The commands are those of `ram_file.erl`; each is answered by a message at once.

use alloc::vec::Vec;

use super::{Driver, Port, Reach};
use crate::atom::predefined;
use crate::heap::{Heap, build};
use crate::platform::Errno;
use crate::term::Term;

/// The state of the driver.
#[derive(Debug, Default)]
pub struct RamFile {
    /// What may be done with it: nothing before it is opened.
    modes: u32,
    bytes: Vec<u8>,
    at: i64,
}

const MODE_READ: u32 = 1;
const MODE_WRITE: u32 = 2;

const OPEN: u8 = 1;
const READ: u8 = 2;
const SEEK: u8 = 3;
const WRITE: u8 = 4;
const SYNC: u8 = 9;
const TRUNCATE: u8 = 14;
const READ_AT: u8 = 17;
const WRITE_AT: u8 = 18;
const SYNC_DATA: u8 = 19;
const GET: u8 = 30;
const SIZE: u8 = 37;
const ADVISE: u8 = 38;
const ALLOCATE: u8 = 39;

/// The longest file: positions are 32 bits with a sign.
const LONGEST: i64 = i32::MAX as i64;

/// An answer.
enum Answer {
    Ok,
    Number(i64),
    Data(Vec<u8>),
    None,
}

/// Takes a number from the beginning of arguments.
fn number(arguments: &mut &[u8]) -> Result<i64, Errno> {
    let (first, rest) = arguments.split_first_chunk::<4>().ok_or(Errno::EINVAL)?;
    *arguments = rest;
    Ok(i64::from(i32::from_be_bytes(*first)))
}

impl RamFile {
    /// Does a command.
    fn perform(&mut self, command: u8, mut arguments: &[u8]) -> Result<Answer, Errno> {
        let arguments = &mut arguments;
        match command {
            OPEN => {
                self.modes = number(arguments)? as u32;
                self.bytes = arguments.to_vec();
                self.at = 0;
                Ok(Answer::Number(0))
            }
            READ => {
                let bytes = self.read(self.at, number(arguments)?)?;
                self.at += bytes.len() as i64;
                Ok(Answer::Data(bytes))
            }
            READ_AT => {
                let at = number(arguments)?;
                self.read(at, number(arguments)?).map(Answer::Data)
            }
            SEEK => {
                let offset = number(arguments)?;
                self.seek(offset, number(arguments)?).map(Answer::Number)
            }
            WRITE => {
                let count = self.write(self.at, arguments)?;
                self.at += count;
                Ok(Answer::Number(count))
            }
            WRITE_AT => {
                let at = number(arguments)?;
                self.write(at, arguments).map(Answer::Number)
            }
            TRUNCATE if self.modes & MODE_WRITE == 0 => Err(Errno::EACCES),
            TRUNCATE => self.resize(self.at as usize).map(|()| Answer::Ok),
            GET => Ok(Answer::Data(self.bytes.clone())),
            SIZE => Ok(Answer::Number(self.bytes.len() as i64)),
            SYNC | SYNC_DATA | ADVISE | ALLOCATE if self.modes == 0 => Err(Errno::EBADF),
            SYNC | SYNC_DATA | ADVISE | ALLOCATE => Ok(Answer::Ok),
            // Stock lets the caller hang.
            _ => Ok(Answer::None),
        }
    }

    fn read(&self, at: i64, count: i64) -> Result<Vec<u8>, Errno> {
        if self.modes & MODE_READ == 0 {
            return Err(Errno::EBADF);
        }
        let (at, count) = (usize::try_from(at).ok(), usize::try_from(count).ok());
        let (at, count) = at.zip(count).ok_or(Errno::EINVAL)?;
        let rest = self.bytes.get(at..).unwrap_or_default();
        Ok(rest[..rest.len().min(count)].to_vec())
    }

    fn write(&mut self, at: i64, bytes: &[u8]) -> Result<i64, Errno> {
        if self.modes & MODE_WRITE == 0 {
            return Err(Errno::EBADF);
        }
        let end = at + bytes.len() as i64;
        if at < 0 || end > LONGEST {
            return Err(Errno::EINVAL);
        }
        if end as usize > self.bytes.len() {
            self.resize(end as usize)?;
        }
        self.bytes[at as usize..end as usize].copy_from_slice(bytes);
        Ok(bytes.len() as i64)
    }

    fn resize(&mut self, len: usize) -> Result<(), Errno> {
        let more = len.saturating_sub(self.bytes.len());
        self.bytes.try_reserve(more).map_err(|_| Errno::ENOMEM)?;
        self.bytes.resize(len, 0);
        Ok(())
    }

    fn seek(&mut self, offset: i64, whence: i64) -> Result<i64, Errno> {
        if self.modes == 0 {
            return Err(Errno::EBADF);
        }
        let from = match whence {
            0 => 0,
            1 => self.at,
            2 => self.bytes.len() as i64,
            _ => return Err(Errno::EINVAL),
        };
        self.at = Some(from + offset).filter(|at| (0..=LONGEST).contains(at)).ok_or(Errno::EINVAL)?;
        Ok(self.at)
    }
}

/// Does a command and answers.
pub(super) fn output(port: &mut Port, reach: &mut Reach<'_>, bytes: &[u8]) {
    let (id, owner, form) = (port.id, port.connected, port.framing.form);
    let Driver::RamFile(file) = &mut port.driver else { return };
    let Some((operation, arguments)) = bytes.split_first() else { return };
    let answer = file.perform(*operation, arguments);
    if matches!(answer, Ok(Answer::None)) {
        return;
    }
    if let Ok(Answer::Data(data)) = &answer {
        port.input += data.len() as u64;
        reach.vm.ports.traffic.0 += data.len() as u64;
    }
    reach.tell(owner, |heap| {
        let (head, rest) = match answer {
            Ok(Answer::Ok | Answer::None) => (Vec::from([0]), None),
            Err(error) => ([b"\x01", error.text().as_bytes()].concat(), None),
            Ok(Answer::Number(number)) => ([&[3][..], &(number as u32).to_be_bytes()].concat(), None),
            Ok(Answer::Data(data)) => {
                let head = [&[2][..], &(data.len() as u32).to_be_bytes()].concat();
                (head, Some(data))
            }
        };
        let rest = rest.map_or(Term::NIL, |data| form.build(heap, &data));
        let data = bytes_before(heap, &head, rest);
        let pair = build::tuple(heap, &[Term::atom(predefined::DATA), data]);
        build::tuple(heap, &[Term::port(id), pair])
    });
}

/// A list of bytes before a tail.
fn bytes_before<H: Heap>(heap: &mut H, bytes: &[u8], tail: Term) -> Term {
    let elements: Vec<Term> = bytes.iter().map(|byte| Term::small_cut(i64::from(*byte))).collect();
    build::list_before(heap, &elements, tail)
}
