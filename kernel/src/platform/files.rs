// SPDX-License-Identifier: Apache-2.0
//! Operations on files. Those on files in memory are done at once. What is on a disk may wait for it, so that such operations are done on a stack of their own
//! ([`fiber`](crate::fiber)), one after the other, while the machine goes on.
//!
//! Those that wait for their turn meanwhile share what comes next: of syncs that stand in line, the first one's flush is the flush of all.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ops::Range;
use core::time::Duration;

use beam_vm::platform::{
    At, Begun, Errno, FileAnswer, FileHandle, FileRequest, FileResult, FileTicket, Files,
};
use drivers::memory::VirtAddr;
use fs::{Namespace, Patience};
use log::warn;
use vm_files::PluggedFiles;

use crate::fiber::{Fiber, Pace, Pause};
use crate::time::Instant;

/// How long operations may go on at once.
const SLICE: Duration = Duration::from_micros(500);

/// What is to be done.
enum Job {
    Operation(FileTicket, FileRequest),
    /// What nobody has synced is written.
    SyncAll,
}

/// What the two sides hand each other.
#[derive(Default)]
struct Desk {
    jobs: RefCell<VecDeque<Job>>,
    answers: RefCell<Vec<(FileTicket, FileAnswer)>>,
}

impl Desk {
    /// Does what there is to do.
    fn work(&self, files: &mut PluggedFiles) {
        loop {
            let Some(job) = self.jobs.borrow_mut().pop_front() else { return };
            match job {
                Job::Operation(ticket, mut request) => {
                    let answer = request.perform(files);
                    self.answers.borrow_mut().push((ticket, answer));
                }
                Job::SyncAll => tell(files.0.sync_all()),
            }
        }
    }
}

/// Says so if not all was written.
fn tell(written: Result<(), fs::Errno>) {
    if let Err(errno) = written {
        warn!("what was written is not all on the disk: error {}", errno.0);
    }
}

/// The files of a guest.
pub(super) struct FileService {
    /// For those who do not wait.
    hasty: PluggedFiles,
    /// For those who do.
    patient: PluggedFiles,
    desk: Rc<Desk>,
    fiber: Fiber,
    /// Why the fiber has paused.
    pause: Pause,
    next: u64,
    clock: fn() -> Instant,
}

impl FileService {
    /// Serves a name space, with a stack for what waits.
    ///
    /// # Safety
    /// The stack is mapped and nobody else's for ever.
    #[expect(unsafe_code, reason = "puts work on a stack")]
    pub unsafe fn new(files: &Namespace, stack: Range<VirtAddr>, clock: fn() -> Instant) -> Self {
        let view = |patience| PluggedFiles(files.view(patience));
        let desk = Rc::new(Desk::default());
        let (mut of_fiber, its_desk) = (view(Patience::Waits), Rc::clone(&desk));
        let work = Box::new(move || its_desk.work(&mut of_fiber));
        // SAFETY: as the caller promises.
        let fiber = unsafe { Fiber::new(stack, work) };
        let (hasty, patient) = (view(Patience::Refuses), view(Patience::Waits));
        Self { hasty, patient, desk, fiber, pause: Pause::Idle, next: 0, clock }
    }

    /// The name space, for those whose paths lead to files in memory.
    pub fn names(&mut self) -> &mut Namespace {
        &mut self.patient.0
    }

    /// Does an operation for which nobody has to wait.
    pub fn do_now(&mut self, request: &mut FileRequest) -> Option<FileAnswer> {
        Some(request.perform(&mut self.hasty)).filter(|answer| !matches!(answer, Err(Errno::EAGAIN)))
    }

    /// Writes if nobody has to wait for that.
    pub fn write_now(&mut self, file: FileHandle, at: At, parts: &[&[u8]]) -> Option<FileResult<usize>> {
        Some(self.hasty.write(file, at, parts)).filter(|written| !matches!(written, Err(Errno::EAGAIN)))
    }

    /// Begins an operation behind those that were begun before.
    pub fn begin(&mut self, request: FileRequest) -> Begun {
        let ticket = FileTicket(self.next);
        self.next += 1;
        self.add(Job::Operation(ticket, request));
        let mut answers = self.desk.answers.borrow_mut();
        match answers.iter().position(|(answered, _)| *answered == ticket) {
            Some(at) => Begun::Done(answers.swap_remove(at).1),
            None => Begun::Pending(ticket),
        }
    }

    /// Begins to write what nobody has synced.
    pub fn begin_sync(&mut self) {
        self.add(Job::SyncAll);
    }

    fn add(&mut self, job: Job) {
        self.desk.jobs.borrow_mut().push_back(job);
        if self.pause == Pause::Idle {
            self.resume();
        }
    }

    fn resume(&mut self) {
        self.pause = self.fiber.resume(Pace::Until((self.clock)() + SLICE));
    }

    /// Lets operations go on that can.
    pub fn attend(&mut self) {
        if self.pause != Pause::Idle {
            self.resume();
        }
    }

    /// What operations have come to.
    pub fn finished(&mut self, answers: &mut Vec<(FileTicket, FileAnswer)>) {
        self.attend();
        answers.append(&mut self.desk.answers.borrow_mut());
    }

    /// Whether there is something to tell or to do, so that the guest must not sleep.
    pub fn is_busy(&self) -> bool {
        self.pause == Pause::Breathes || !self.desk.answers.borrow().is_empty()
    }

    /// Whether a disk is waited for.
    pub fn waits(&self) -> bool {
        self.pause == Pause::Waits
    }

    /// Waits until all is done that was begun.
    fn settle(&mut self) {
        while self.pause != Pause::Idle {
            self.pause = self.fiber.resume(Pace::ToTheEnd);
        }
    }

    /// The files, when all is done that was begun.
    pub fn settled(&mut self) -> &mut PluggedFiles {
        self.settle();
        &mut self.patient
    }

    /// Writes what nobody has synced, before this returns.
    pub fn sync(&mut self) {
        tell(self.settled().0.sync_all());
    }

    /// The same, and leaves little for the next start to do.
    pub fn rest(&mut self) {
        tell(self.settled().0.rest());
    }
}

#[cfg(test)]
mod tests;
