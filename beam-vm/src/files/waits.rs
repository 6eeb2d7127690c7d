// SPDX-License-Identifier: Apache-2.0
//! Processes that wait for operations on files. The operation of a process that ends goes on, since nobody knows how far it is; nobody
//! gets its answer, and a file that it has opened is closed.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::bif::{Context, Raise};
use crate::platform::{Begun, FileAnswer, FileReply, FileRequest, FileTicket};
use crate::process::{Lookup, Parked};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// How far an operation is.
#[derive(Debug)]
enum Wait {
    /// A process waits.
    For(LocalPid),
    /// The process has not looked yet.
    Answered(FileAnswer),
    /// Nobody waits.
    ForNobody,
}

/// The operations that are under way, and the answers that nobody has taken.
#[derive(Default, Debug)]
pub struct FileWaits {
    waits: BTreeMap<FileTicket, Wait>,
    /// How many are under way.
    pending: usize,
    /// A list that is used again and again.
    answers: Vec<(FileTicket, FileAnswer)>,
}

impl FileWaits {
    /// Whether anything is under way.
    #[must_use]
    pub const fn is_any_pending(&self) -> bool {
        self.pending > 0
    }

    fn add(&mut self, ticket: FileTicket, wait: Wait) {
        self.waits.insert(ticket, wait);
        self.pending += 1;
    }

    /// Takes the answer, if it is there.
    fn take(&mut self, ticket: FileTicket) -> Option<FileAnswer> {
        if !matches!(self.waits.get(&ticket), Some(Wait::Answered(_))) {
            return None;
        }
        match self.waits.remove(&ticket) {
            Some(Wait::Answered(answer)) => Some(answer),
            _ => None,
        }
    }
}

impl Vm {
    /// Begins an operation whose answer nobody wants.
    pub fn begin_for_nobody(&mut self, request: FileRequest) {
        match self.platform.begin(request) {
            Begun::Done(answer) => self.drop_answer(answer),
            Begun::Pending(ticket) => self.file_waits.add(ticket, Wait::ForNobody),
        }
    }

    /// A process does not wait any more.
    pub fn abandon_file_wait(&mut self, ticket: FileTicket) {
        match self.file_waits.take(ticket) {
            Some(answer) => self.drop_answer(answer),
            None => {
                if let Some(wait) = self.file_waits.waits.get_mut(&ticket) {
                    *wait = Wait::ForNobody;
                }
            }
        }
    }

    /// What an operation has made that nobody wants goes.
    fn drop_answer(&mut self, answer: FileAnswer) {
        if let Ok(FileReply::Opened(file, _)) = answer {
            self.begin_for_nobody(FileRequest::Close(file));
        }
    }

    /// Lets those go on whose operations are done.
    pub fn take_finished_files(&mut self) {
        let mut answers = core::mem::take(&mut self.file_waits.answers);
        self.platform.finished(&mut answers);
        for (ticket, answer) in answers.drain(..) {
            let Some(wait) = self.file_waits.waits.get_mut(&ticket) else { continue };
            self.file_waits.pending -= 1;
            match core::mem::replace(wait, Wait::ForNobody) {
                Wait::For(pid) => {
                    *wait = Wait::Answered(answer);
                    if let Lookup::Process(process) = self.processes.lookup(pid) {
                        self.queue.wake(process);
                    }
                }
                Wait::ForNobody | Wait::Answered(_) => {
                    self.file_waits.waits.remove(&ticket);
                    self.drop_answer(answer);
                }
            }
        }
        self.file_waits.answers = answers;
    }
}

impl Context<'_> {
    /// Begins an operation for the process that calls.
    pub fn begin_file(&mut self, request: FileRequest) -> Begun {
        let begun = self.vm.platform.begin(request);
        if let Begun::Pending(ticket) = begun {
            self.vm.file_waits.add(ticket, Wait::For(self.process.pid));
        }
        begun
    }

    /// The answer of an operation, if it is done.
    pub fn file_answer(&mut self, ticket: FileTicket) -> Option<FileAnswer> {
        self.vm.file_waits.take(ticket)
    }

    /// The answer of the operation that this BIF has begun when it was called before, if it has.
    ///
    /// # Errors
    /// It is not there yet.
    pub fn resume_file(&mut self, arguments: &[Term]) -> Result<Option<FileAnswer>, Raise> {
        match self.take_parked() {
            Some(Parked::Filing(ticket)) => match self.file_answer(ticket) {
                Some(answer) => Ok(Some(answer)),
                None => Err(self.wait_with(Parked::Filing(ticket), arguments)),
            },
            Some(parked) => {
                self.process.extension_mut().parked = Some(parked);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Does an operation. The BIF is called again with these arguments when it is done, if it has to wait.
    ///
    /// # Errors
    /// It has to wait.
    pub fn do_file(&mut self, request: FileRequest, arguments: &[Term]) -> Result<FileAnswer, Raise> {
        match self.begin_file(request) {
            Begun::Done(answer) => Ok(answer),
            Begun::Pending(ticket) => Err(self.wait_with(Parked::Filing(ticket), arguments)),
        }
    }
}
