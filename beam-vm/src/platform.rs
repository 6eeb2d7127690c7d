// SPDX-License-Identifier: Apache-2.0
//! What the machine needs from below. There are three: the kernel's under Xen, that of a Linux process (`hosted`), and [`SimPlatform`]
//! for tests, in which all that happens follows from a seed.
//!
//! The scheduler asks for the time once for many turns, and nothing asks for anything between two instructions. The end of the
//! machine is no call: the scheduler returns to the host with a status.

mod dumps;
mod errno;
mod facts;
mod files;
mod memory;
mod none;
mod random;
mod requests;
mod sim;
mod sockets;
mod streams;

pub use dumps::DumpPlace;
pub use errno::Errno;
pub use facts::{Course, Fact, Record, Unit};
pub use files::{
    Access, Advice, At, Change, FileHandle, FileInfo, FileKind, FileResult, Files, Follow, From, Make,
    NoFiles, OpenModes, Remove, Sync,
};
pub use memory::{FixedRange, LITERALS, MACHINE_CODE, Reservation};
pub use none::NoPlatform;
pub use random::Random;
pub use requests::{Begun, FileAnswer, FileReply, FileRequest, FileTicket, Folders, Word};
pub use sim::{Fault, SimPlatform};
pub use sockets::{
    Address, Ancillary, Datagram, Family, Group, Interface, InterfaceFlags, Linger, Membership, RawOption,
    Shutdown, SocketError, SocketId, SocketKind, SocketOption, SocketResult, Sockets,
};
pub use streams::{
    Command, Disposition, Event, Interest, Plumbing, Program, ProgramId, Signal, StreamError, StreamId,
    Streams, TerminalMode, Way,
};

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// What may be done with memory for machine code. Never both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeAccess {
    /// It may be written to.
    Write,
    /// It may be read and executed.
    Execute,
}

/// A place to run.
pub trait Platform {
    /// Clock: nanoseconds since some moment, never less than before.
    fn monotonic(&mut self) -> u64;

    /// Clock: nanoseconds since 1970-01-01 00:00 UTC. It may be set, so it can jump.
    fn system_time(&mut self) -> i64;

    /// Clock: seconds by which local time is ahead of UTC at a moment, given in seconds since 1970.
    fn utc_offset(&mut self, _seconds: i64) -> i32 {
        0
    }

    /// Entropy: fills bytes that nobody can foresee.
    fn entropy(&mut self, bytes: &mut [u8]);

    /// Console: writes what the program says.
    fn write(&mut self, bytes: &[u8]);

    /// Console: tells whoever looks after the machine that something is wrong.
    fn warn(&mut self, text: &str);

    /// Console: writes what the machine has to say of itself when it ends. Lines end as on a terminal.
    fn complain(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    /// Memory: addresses that are the machine's as long as it lives, at the range's place if it is free there. None if there is
    /// no room. What is there may be used after [`Platform::commit`].
    fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        Reservation::allocate(range.bytes)
    }

    /// Memory: makes sure that there is some at addresses that were reserved, all 0: whole pages, none of them for the second time. Gives whether
    /// there is. A platform whose pages come when they are touched has nothing to do.
    fn commit(&mut self, _pages: Range<usize>) -> bool {
        true
    }

    /// Memory: addresses for machine code, below 2 GiB as the program is, so that each reaches the other. Nothing can be executed there before
    /// [`Platform::protect_code`], which also makes sure that there is memory. None where there is no such thing: then instructions are done one by one.
    fn reserve_code(&mut self, _range: FixedRange) -> Option<Reservation> {
        None
    }

    /// Memory: says what may be done with whole pages for machine code. Gives whether it is so.
    fn protect_code(&mut self, _pages: Range<usize>, _access: CodeAccess) -> bool {
        false
    }

    /// Ends the host of a machine that is over.
    fn end(&mut self, status: i32) -> ! {
        panic!("the machine has ended with status {status}")
    }

    /// The same for a machine that could not go on, where that is another end.
    fn crash(&mut self, status: i32) -> ! {
        self.end(status)
    }

    /// Devices: lets them do what they can now, without a rest. It is for the time when programs run and wait for none of them, as at a start,
    /// when a network may get its address meanwhile. [`Streams::poll`] and [`Sockets::poll`] do that too.
    fn attend(&mut self) {}

    /// Rests until an event, or until the monotonic clock is at a number of milliseconds. It may return early.
    fn park(&mut self, deadline: Option<u64>);

    /// Streams: descriptors, programs and the terminal, where there are any.
    fn streams(&mut self) -> Option<&mut dyn Streams> {
        None
    }

    /// Sockets, where there is a network.
    fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        None
    }

    /// What tells this machine from others of its kind: the number of the process or domain.
    fn identity(&mut self) -> u32 {
        0
    }

    /// The version of the system below.
    fn os_version(&mut self) -> [u32; 3] {
        [0; 3]
    }

    /// What is known of the place and its devices.
    fn facts(&mut self) -> Record {
        Record::new()
    }

    /// The variables of the environment, names without `=`.
    fn environment(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        Vec::new()
    }

    /// Files, for those who wait: a call comes back when what was begun before is done, and so is it.
    fn files(&mut self) -> &mut dyn Files {
        // A type without a size: nothing is allocated.
        Box::leak(Box::new(NoFiles))
    }

    /// Files: begins an operation. Where nobody ever waits for a device it is done when this returns.
    fn begin(&mut self, mut request: FileRequest) -> Begun {
        Begun::Done(request.perform(self.files()))
    }

    /// Files: writes bytes of parts if that can be done at once, so that nobody has to keep them. None if it has to be begun.
    fn write_now(&mut self, file: FileHandle, at: At, parts: &[&[u8]]) -> Option<FileResult<usize>> {
        Some(self.files().write(file, at, parts))
    }

    /// Files: tells what has come of operations that were begun, each once. [`Platform::park`] ends when there is something to tell.
    fn finished(&mut self, _answers: &mut Vec<(FileTicket, FileAnswer)>) {}

    /// Where a crash dump goes if the environment does not say it.
    fn dump_place(&self) -> DumpPlace {
        DumpPlace::Console
    }

    /// The file of a module, when the program calls one that is not loaded.
    fn module(&mut self, name: &str) -> Option<Vec<u8>>;
}
