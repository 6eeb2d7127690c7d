// SPDX-License-Identifier: Apache-2.0
//! The virtual machine's platform under Xen: what `beam_vm::platform` asks for, out of the [`Machine`].
//!
//! Nothing here is asked between two instructions. The scheduler looks for events once in a millisecond while somebody runs, and else
//! sleeps in [`Machine::wait`], where an idle guest costs nothing.

mod facts;
mod files;
mod memory;
mod shutdown;
mod streams;
mod tide;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use beam_vm::platform::{
    At, Begun, CodeAccess, DumpPlace, Event, FileAnswer, FileHandle, FileRequest, FileResult, FileTicket,
    Files, FixedRange, Platform, Record, Reservation, Sockets, Streams,
};
use drivers::xenstore::Store;
use fs::Namespace;
use fs::archive::ArchiveFs;
use fs::memory::{MemoryFs, User};
use fs::ninep::Share;
use image::files::FileTable;
use log::{debug, info, warn};
use vm_files::ImageArchive;

use crate::console::line_discipline::LineDiscipline;
use crate::machine::{Machine, Wake};
use crate::network::{Network, NetworkFlags, names};
use crate::power::End;
use crate::program::Stack;
use crate::shares::Shares;
use crate::storage::{Outlook, Storage};
use crate::time::{self, Instant};
use crate::{console, memory as domain_memory, program};

pub use shutdown::TimeLimit;

use files::FileService;
use shutdown::Shutdown;
use streams::Terminal;
use tide::Tide;

/// The device numbers of the image's files and of `/tmp`.
const IMAGE_DEVICE: u32 = 1;
const TMP_DEVICE: u32 = 2;

/// Where in xenstore the status of a node that has ended is.
const STATUS: &str = "data/status";

/// Nanoseconds of a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// Nanoseconds of a microsecond.
const MICROSECOND: u64 = 1000;

/// What a node is started with, besides the machine.
pub struct Surroundings {
    /// The application's files.
    pub table: FileTable<'static>,
    /// The folder of the preloaded modules.
    pub preloaded: &'static [u8],
    /// The working folder.
    pub folder: Vec<u8>,
    /// The environment.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// How long a node may take to stop when the toolstack asks.
    pub shutdown_time: TimeLimit,
    /// What is said of the network.
    pub network: NetworkFlags,
    /// Trees of servers, and their places.
    pub shares: Vec<Share>,
    /// Columns and rows of the terminal at the other end of the console.
    pub window: [u32; 2],
}

/// A guest's platform.
pub struct XenPlatform {
    machine: Machine,
    table: FileTable<'static>,
    preloaded: &'static [u8],
    environment: Vec<(Vec<u8>, Vec<u8>)>,
    files: FileService,
    terminal: Terminal,
    shutdown: Shutdown,
    network: Network,
    storage: Storage,
    dump: DumpPlace,
    shares: Shares,
    tide: Tide,
    /// Whether there are files for the names of hosts.
    has_names: bool,
    /// What has happened and was not asked for yet.
    events: Vec<Event>,
    /// The last reading of the clock.
    now: u64,
}

impl XenPlatform {
    /// A platform on a machine that is up.
    ///
    /// # Panics
    /// When the machine was never started.
    #[must_use]
    pub fn new(mut machine: Machine, around: Surroundings) -> Self {
        let mut files =
            Namespace::new(Box::new(ArchiveFs::new(ImageArchive::new(around.table), IMAGE_DEVICE)));
        let clock = Box::new(|| time::wall_clock().as_secs().cast_signed());
        let tmp = MemoryFs::new(tmp_quota(), User::default(), TMP_DEVICE, clock);
        if let Err(errno) = files.mount(b"/tmp", Box::new(tmp)) {
            warn!("there is no /tmp: the image has no such folder (error {})", errno.0);
        }
        let program = program::current().expect("it was installed when the machine was started");
        let storage = Storage::start(&machine);
        let dump = storage.mount(&mut files, &mut machine.entropy);
        let shares = Shares::mount(&machine, &around.shares, &mut files);
        if let Err(errno) = files.enter(&around.folder) {
            let folder = String::from_utf8_lossy(&around.folder);
            warn!("the working folder {folder} cannot be entered (error {}); it is /", errno.0);
        }
        let network = Network::new(&mut machine, around.network);
        let stacks = program.fibers.map(Stack::range);
        // SAFETY: the linker has placed the stacks for this, and there is one platform in a guest.
        #[expect(unsafe_code, reason = "gives stacks away")]
        let mut service = unsafe { FileService::new(&files, stacks, time::now) };
        shares.places().for_each(|place| service.begin_visit(place));
        let mut environment = around.environment;
        let has_names = names::start(&mut files, &String::from_utf8_lossy(&network.sockets.host_name));
        if has_names && environment.iter().all(|(name, _)| name != names::VARIABLE.as_bytes()) {
            environment.push((names::VARIABLE.into(), names::CONFIGURATION.into()));
        }
        Self {
            machine,
            table: around.table,
            preloaded: around.preloaded,
            environment,
            files: service,
            terminal: Terminal::new(LineDiscipline::default(), around.window),
            shutdown: Shutdown::new(around.shutdown_time),
            network,
            storage,
            dump,
            shares,
            tide: Tide::default(),
            has_names,
            events: Vec::new(),
            now: 0,
        }
    }

    /// Leaves the status where the host can read it while the domain is there: `data` is the one folder that is the guest's.
    fn tell_status(&mut self, status: i32) {
        let text = alloc::format!("{status}");
        if let Err(error) = self.machine.xenstore.borrow().write(STATUS, text.as_bytes()) {
            info!("the status cannot be left in xenstore: {error}");
        }
    }

    /// Takes note of what has happened outside, without sleeping.
    fn take_note(&mut self) {
        while let Some(wake) = self.machine.poll() {
            self.woken(wake);
        }
        self.follow_pending();
        self.tend();
    }

    /// What time brings.
    fn tend(&mut self) {
        if self.tide.is_in(time::now()) {
            self.files.begin_sync();
        }
        self.advance_shares();
        self.files.attend();
        if let Some(end) = self.shutdown.is_over() {
            self.files.sync();
            self.machine.end(end);
        }
    }

    /// Carries what servers of files say and are asked. Says whether there was something.
    fn advance_shares(&mut self) -> bool {
        if self.shares.is_empty() {
            return false;
        }
        let sockets = &mut self.network.sockets;
        sockets.run();
        let has_carried = self.shares.carry(&mut sockets.stack);
        if has_carried {
            self.files.attend();
            // What is asked next goes at once.
            self.shares.carry(&mut sockets.stack);
            sockets.run();
        }
        has_carried
    }

    /// Lets the network do what there is to do, and says whether there is more, so that the guest must not sleep.
    fn is_network_busy(&mut self) -> bool {
        self.follow_pending();
        self.network.sockets.run();
        if self.advance_shares() {
            return true;
        }
        if self.has_names
            && let Some(servers) = self.network.take_servers()
        {
            names::tell_servers(self.files.names(), &servers);
        }
        self.network.is_busy() || self.network.sockets.rest() == Some(0)
    }

    /// Events that came while something else was asked of xenstore bring no signal of their own.
    fn follow_pending(&mut self) {
        if self.machine.xenstore.borrow().client().pending_events() > 0 {
            self.follow_xenstore();
        }
    }

    /// Devices come, go, and change.
    fn follow_xenstore(&mut self) {
        self.network.attend(&mut self.machine);
        self.storage.attend();
        self.shares.attend();
    }

    fn woken(&mut self, wake: Wake) {
        match wake {
            Wake::Shutdown(request) => {
                // Some requests end the domain at once.
                self.files.sync();
                self.shutdown.asked(&mut self.machine, request, &mut self.events);
            }
            Wake::Xenstore => self.follow_xenstore(),
            // Whoever asks for events looks at the console and the devices.
            Wake::Console | Wake::Event(_) | Wake::Deadline => {}
        }
    }
}

/// How much `/tmp` may hold: half of what there is now.
fn tmp_quota() -> u64 {
    let available = domain_memory::statistics().map_or(0, |statistics| statistics.available);
    (available / 2 * domain_memory::PAGE_SIZE) as u64
}

impl Platform for XenPlatform {
    fn monotonic(&mut self) -> u64 {
        // Xen corrects its factors now and then; a reading just before is not taken back.
        self.now = self.now.max(time::now().0);
        self.now
    }

    fn system_time(&mut self) -> i64 {
        i64::try_from(time::wall_clock().as_nanos()).unwrap_or(i64::MAX)
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        self.machine.entropy.fill(bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        console::with(|console| console.write_lines(bytes));
    }

    fn warn(&mut self, text: &str) {
        warn!("{text}");
    }

    fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        memory::reserve(range)
    }

    fn commit(&mut self, pages: Range<usize>) -> bool {
        memory::commit(pages)
    }

    fn reserve_code(&mut self, range: FixedRange) -> Option<Reservation> {
        memory::reserve_code(range)
    }

    fn protect_code(&mut self, pages: Range<usize>, access: CodeAccess) -> bool {
        memory::protect_code(pages, access)
    }

    fn end(&mut self, status: i32) -> ! {
        self.tell_status(status);
        self.files.rest();
        if let Some(memory) = domain_memory::statistics() {
            debug!("{memory}");
        }
        info!("halted with status {status}");
        self.machine.end(self.shutdown.end())
    }

    fn dump_place(&self) -> DumpPlace {
        self.dump
    }

    fn crash(&mut self, status: i32) -> ! {
        self.tell_status(status);
        self.files.sync();
        info!("crashed, with status {status}");
        self.machine.end(End::Crash)
    }

    fn attend(&mut self) {
        self.take_note();
        self.network.sockets.run();
    }

    fn park(&mut self, deadline: Option<u64>) {
        if self.is_anything_to_tell() || self.files.is_busy() || self.is_network_busy() {
            return;
        }
        let storage = match self.storage.outlook() {
            Outlook::Ready if self.files.waits() => return,
            Outlook::Ready => None,
            Outlook::Until(until) => until,
        };
        let deadline = deadline.map(|deadline| Instant(deadline.saturating_mul(MILLISECOND)));
        let network = self.network.sockets.rest().map(|rest| Instant(time::now().0 + rest * MICROSECOND));
        let deadline =
            [deadline, network, storage, self.tide.next(), self.shares.next()].into_iter().flatten().min();
        let wake = self.machine.wait(self.shutdown.before(deadline));
        self.woken(wake);
        self.tend();
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(self)
    }

    fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        Some(&mut self.network.sockets)
    }

    fn identity(&mut self) -> u32 {
        u32::from(self.machine.domain.id.0)
    }

    fn facts(&mut self) -> Record {
        self.describe()
    }

    fn environment(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        core::mem::take(&mut self.environment)
    }

    fn files(&mut self) -> &mut dyn Files {
        self.tide.rise(time::now());
        self.files.settled()
    }

    fn begin(&mut self, mut request: FileRequest) -> Begun {
        if let Some(answer) = self.files.do_now(&mut request) {
            return Begun::Done(answer);
        }
        self.tide.rise(time::now());
        let begun = self.files.begin(request);
        self.advance_shares();
        begun
    }

    fn write_now(&mut self, file: FileHandle, at: At, parts: &[&[u8]]) -> Option<FileResult<usize>> {
        self.files.write_now(file, at, parts)
    }

    fn finished(&mut self, answers: &mut Vec<(FileTicket, FileAnswer)>) {
        self.files.finished(answers);
    }

    fn module(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = [self.preloaded, b"/", name.as_bytes(), b".beam"].concat();
        Some(self.table.find(&path)?.bytes.to_vec())
    }
}
