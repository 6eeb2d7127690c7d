// SPDX-License-Identifier: Apache-2.0
//! Operations on files. Those on files in memory are done at once. What is on a disk may wait for it, so that such operations are done on a stack of their own
//! ([`fiber`](crate::fiber)), one after the other, while the machine goes on. What leads to a server of files goes to another stack from there: a server
//! that does not answer holds up those who have asked it, and nobody else.
//!
//! Those that wait for their turn meanwhile share what comes next: of syncs that stand in line, the first one's flush is the flush of all.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ops::Range;
use core::time::Duration;

use beam_vm::platform::{
    Advice, At, Begun, Errno, FileAnswer, FileHandle, FileRequest, FileResult, FileTicket, Files,
};
use drivers::memory::VirtAddr;
use fs::{Follow, Namespace, WaitsFor};
use log::warn;
use vm_files::PluggedFiles;

use crate::fiber::{self, Fiber, Pace, Pause};
use crate::time::Instant;

/// How long operations may go on at once.
const SLICE: Duration = Duration::from_micros(500);

/// How many of those that stand in line are looked at: fewer than a disk reads ahead.
const LINE: usize = 32;

/// What is to be done.
enum Job {
    Operation(FileTicket, FileRequest, Announced),
    /// What nobody has synced is written.
    SyncAll,
    /// Something is looked at, for what that brings about on the way.
    Visit(Vec<u8>),
}

/// Whether what an operation reads was announced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    Yes,
    No,
}

impl Job {
    /// What of a file it reads, if that is known and was not announced yet; it counts as announced then.
    fn next_read(&mut self) -> Option<(FileHandle, u64, u64)> {
        match self {
            Self::Operation(_, FileRequest::Read(file, At::Offset(offset), _, part), announced)
                if *announced == Announced::No =>
            {
                *announced = Announced::Yes;
                Some((*file, *offset, part.len() as u64))
            }
            _ => None,
        }
    }

    /// Does it. The errors are those for which it is to be tried again: nothing was done.
    fn attempt(&mut self, files: &mut PluggedFiles, desk: &Desk) -> Result<(), NotHere> {
        match self {
            Self::Operation(ticket, request, _) => {
                let answer = request.perform(files);
                NotHere::check(answer.as_ref().err().copied())?;
                desk.answers.borrow_mut().push((*ticket, answer));
            }
            Self::SyncAll => {
                let written = files.0.sync_all();
                NotHere::check(written.err().map(|errno| Errno::from_raw(errno.0)))?;
                tell(written);
            }
            // The file system that is on the way has said what is wrong, if anything is.
            Self::Visit(path) => drop(files.0.info(path, Follow::Target)),
        }
        Ok(())
    }
}

/// Why something is not done on a stack.
enum NotHere {
    /// It would have to wait for more than it may there.
    Waits,
    /// What it needs is in use on another stack.
    Taken,
}

impl NotHere {
    fn check(error: Option<Errno>) -> Result<(), Self> {
        match error {
            Some(Errno::EAGAIN) => Err(Self::Waits),
            Some(error) if error == Errno::from_raw(fs::Errno::TAKEN.0) => Err(Self::Taken),
            _ => Ok(()),
        }
    }
}

/// What is done on one stack, in this order.
type Queue = Rc<RefCell<VecDeque<Job>>>;

/// What all sides hand each other.
#[derive(Default)]
struct Desk {
    answers: RefCell<Vec<(FileTicket, FileAnswer)>>,
    /// Whether somebody waits for a file system that is in use on another stack.
    contended: Cell<bool>,
}

impl Desk {
    /// Says which reads stand in line, so that a disk does them together and not one after the other.
    fn announce(jobs: &Queue, files: &mut PluggedFiles) {
        let reads: Vec<_> = jobs.borrow_mut().iter_mut().take(LINE).filter_map(Job::next_read).collect();
        for (file, offset, length) in reads {
            // Whoever reads is told what is wrong.
            let _ = files.advise(file, offset, length, Advice::WillNeed);
        }
    }

    /// Does what there is to do. What has to wait for more than it may here goes to another queue.
    fn work(&self, jobs: &Queue, files: &mut PluggedFiles, beyond: Option<&Queue>) {
        loop {
            let Some(mut job) = jobs.borrow_mut().pop_front() else { return };
            Self::announce(jobs, files);
            loop {
                match (job.attempt(files, self), beyond) {
                    (Ok(()), _) => break,
                    (Err(NotHere::Waits), Some(beyond)) => {
                        beyond.borrow_mut().push_back(job);
                        break;
                    }
                    // A server may say so as well.
                    (Err(NotHere::Waits), None) => {
                        self.fail(job, Errno::EAGAIN);
                        break;
                    }
                    (Err(NotHere::Taken), _) => {
                        self.contended.set(true);
                        fiber::pause(Pause::Taken);
                    }
                }
            }
            if self.contended.take() {
                // Between two operations nothing is in use.
                fiber::pause(Pause::Breathes);
            }
        }
    }

    fn fail(&self, job: Job, error: Errno) {
        if let Job::Operation(ticket, ..) = job {
            self.answers.borrow_mut().push((ticket, Err(error)));
        }
    }
}

/// Says so if not all was written.
fn tell(written: Result<(), fs::Errno>) {
    if let Err(errno) = written {
        warn!("what was written is not all on the disk: error {}", errno.0);
    }
}

/// A stack with what is done on it.
struct Lane {
    jobs: Queue,
    fiber: Fiber,
    /// Why it has paused.
    pause: Pause,
}

impl Lane {
    /// Work on files that may wait for so much.
    ///
    /// # Safety
    /// The stack is mapped and nobody else's for ever.
    #[expect(unsafe_code, reason = "puts work on a stack")]
    unsafe fn new(
        mut files: PluggedFiles,
        desk: &Rc<Desk>,
        stack: Range<VirtAddr>,
        beyond: Option<&Self>,
    ) -> Self {
        let jobs = Queue::default();
        let (mine, desk, beyond) =
            (Rc::clone(&jobs), Rc::clone(desk), beyond.map(|lane| Rc::clone(&lane.jobs)));
        let work = Box::new(move || desk.work(&mine, &mut files, beyond.as_ref()));
        // SAFETY: as the caller promises.
        let fiber = unsafe { Fiber::new(stack, work) };
        Self { jobs, fiber, pause: Pause::Idle }
    }

    fn add(&self, job: Job) {
        self.jobs.borrow_mut().push_back(job);
    }

    /// Goes on, if there is something to do.
    fn attend(&mut self, pace: Pace) {
        if self.pause != Pause::Idle || !self.jobs.borrow().is_empty() {
            self.pause = self.fiber.resume(pace);
        }
    }
}

/// The files of a guest.
pub(super) struct FileService {
    /// For those who do not wait.
    hasty: PluggedFiles,
    /// For those who wait for a disk.
    patient: PluggedFiles,
    desk: Rc<Desk>,
    devices: Lane,
    servers: Lane,
    next: u64,
    clock: fn() -> Instant,
}

impl FileService {
    /// Serves a name space, with stacks for what waits for disks, and for servers.
    ///
    /// # Safety
    /// The stacks are mapped and nobody else's for ever.
    #[expect(unsafe_code, reason = "puts work on stacks")]
    pub unsafe fn new(files: &Namespace, stacks: [Range<VirtAddr>; 2], clock: fn() -> Instant) -> Self {
        let view = |patience| PluggedFiles(files.view(patience));
        let desk = Rc::new(Desk::default());
        let [of_devices, of_servers] = stacks;
        // SAFETY: as the caller promises.
        let servers = unsafe { Lane::new(view(WaitsFor::Servers), &desk, of_servers, None) };
        // SAFETY: as the caller promises.
        let devices = unsafe { Lane::new(view(WaitsFor::Devices), &desk, of_devices, Some(&servers)) };
        let (hasty, patient) = (view(WaitsFor::Nothing), view(WaitsFor::Devices));
        Self { hasty, patient, desk, devices, servers, next: 0, clock }
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
        self.add(Job::Operation(ticket, request, Announced::No));
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

    /// Begins to look at a folder of a server, so that whatever is mounted there is made ready.
    pub fn begin_visit(&mut self, place: &[u8]) {
        self.servers.add(Job::Visit(place.to_vec()));
    }

    fn add(&mut self, job: Job) {
        self.devices.add(job);
        if self.devices.pause == Pause::Idle {
            self.attend();
        }
    }

    /// Lets operations go on that can.
    pub fn attend(&mut self) {
        for lane in [&mut self.devices, &mut self.servers] {
            lane.attend(Pace::Until((self.clock)() + SLICE));
        }
    }

    /// What operations have come to.
    pub fn finished(&mut self, answers: &mut Vec<(FileTicket, FileAnswer)>) {
        self.attend();
        answers.append(&mut self.desk.answers.borrow_mut());
    }

    /// Whether there is something to tell or to do, so that the guest must not sleep.
    pub fn is_busy(&self) -> bool {
        let goes_on = |lane: &Lane| matches!(lane.pause, Pause::Breathes | Pause::Taken);
        goes_on(&self.devices) || goes_on(&self.servers) || !self.desk.answers.borrow().is_empty()
    }

    /// Whether a disk is waited for.
    pub fn waits(&self) -> bool {
        self.devices.pause == Pause::Waits || self.servers.pause == Pause::Waits
    }

    /// Waits until all is done that was begun on disks. Servers are not waited for.
    fn settle(&mut self) {
        let is_settled = |lane: &Lane| matches!(lane.pause, Pause::Idle | Pause::Network);
        loop {
            self.devices.attend(Pace::ToTheEnd);
            if self.devices.pause == Pause::Idle && is_settled(&self.servers) {
                return;
            }
            // It is in the middle of something on a disk, or stands in line for one.
            self.servers.attend(Pace::ToTheEnd);
        }
    }

    /// The files, when all is done that was begun on disks. Those of servers are not among them.
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
