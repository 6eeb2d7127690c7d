// SPDX-License-Identifier: Apache-2.0
//! The platform of a Linux process.

use std::io::Write;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use beam_vm::platform::{
    CodeAccess, DumpPlace, Fact, Files, FixedRange, Platform, Record, Reservation, Sockets, Streams,
};

use fs::Namespace;
use fs::memory::{MemoryFs, User};
use image::files::FileTable;
use vm_files::PluggedFiles;

use crate::Settings;
use crate::host_files::HostFiles;
use crate::memory::Mappings;
use crate::modules::CodePath;
use crate::network::{Network, NetworkSockets};
use crate::shares::mount_shares;
use crate::streams::Descriptors;

/// The device number of `/tmp` in memory: one that no device of the host has.
const TMP_DEVICE: u32 = 1;

/// Seconds since 1970.
pub fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Fills bytes that nobody can foresee.
pub fn fill_random(bytes: &mut [u8]) {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("the system gives no entropy: {error}"),
        }
    }
}

/// Bytes of memory that the process has, by proc_pid_statm(5).
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Where modules are that are loaded without OTP's code server.
#[derive(Debug)]
pub enum Modules {
    /// In folders of the host.
    Path(CodePath),
    /// In a folder of an image.
    Image {
        /// The image's files.
        files: FileTable<'static>,
        /// The folder.
        folder: Vec<u8>,
    },
}

impl Modules {
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Path(path) => path.read(name),
            Self::Image { files, folder } => {
                let path = [folder, &b"/"[..], name.as_bytes(), b".beam"].concat();
                files.find(&path).map(|entry| entry.bytes.to_vec())
            }
        }
    }
}

/// What a process has from outside.
#[derive(Debug)]
pub struct Surrounding {
    /// Its files.
    pub files: Namespace,
    /// Its modules.
    pub modules: Modules,
    /// Its environment, if it is not the host's.
    pub environment: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    /// Whose network its sockets are of.
    pub network: Network,
}

/// Mounts a file system in memory at `/tmp`.
pub fn mount_tmp(files: &mut Namespace, quota: u64) {
    let memory = MemoryFs::new(quota, User::default(), TMP_DEVICE, Box::new(seconds));
    // There is nothing at this place yet, and neither the host nor an image objects.
    let mounted = files.mount(b"/tmp", Box::new(memory));
    debug_assert_eq!(mounted, Ok(()));
}

/// Clock, entropy, console and files of the process.
#[derive(Debug)]
pub struct LinuxPlatform {
    start: Instant,
    modules: Modules,
    environment: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    mappings: Mappings,
    files: PluggedFiles,
    descriptors: Descriptors,
    sockets: NetworkSockets,
}

impl LinuxPlatform {
    /// A platform whose clock begins now, with modules from a path, and what the settings say of `/tmp`, a disk, servers of files and the network.
    ///
    /// # Panics
    /// When the disk cannot be used, or there is no place for a server's files: the tool looks at both before.
    #[must_use]
    pub fn new(path: CodePath, settings: Settings) -> Self {
        let mut files = Namespace::new(Box::new(HostFiles::default()));
        if let Some(quota) = settings.tmp {
            mount_tmp(&mut files, quota);
        }
        if let Some(data) = settings.data {
            data.mount(&mut files);
        }
        mount_shares(&mut files, settings.shares).unwrap_or_else(|error| panic!("{error}"));
        let network = settings.network;
        Self::within(Surrounding { files, modules: Modules::Path(path), environment: None, network })
    }

    /// A platform whose clock begins now, with these files, modules and variables.
    #[must_use]
    pub(crate) fn within(surrounding: Surrounding) -> Self {
        Self {
            start: Instant::now(),
            modules: surrounding.modules,
            environment: surrounding.environment,
            mappings: Mappings::default(),
            files: PluggedFiles(surrounding.files),
            descriptors: Descriptors::default(),
            sockets: NetworkSockets::new(surrounding.network),
        }
    }
}

/// A machine that is let go of leaves its files on the disk, as one that halts does.
impl Drop for LinuxPlatform {
    fn drop(&mut self) {
        if let Err(errno) = self.files.0.rest() {
            eprintln!("the files are not all on the disk: error {}", errno.0);
        }
    }
}

impl Platform for LinuxPlatform {
    fn monotonic(&mut self) -> u64 {
        let since = self.start.elapsed();
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }

    fn system_time(&mut self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
    }

    fn facts(&mut self) -> Record {
        let mut facts = vec![
            ("platform", Fact::Text("linux".into())),
            ("version", Fact::Text(env!("CARGO_PKG_VERSION").into())),
            ("uptime", Fact::time_counted(self.monotonic())),
        ];
        if let Some(resident) = resident_bytes() {
            facts.push(("memory", Fact::Record(vec![("resident", Fact::bytes(resident))])));
        }
        facts
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        fill_random(bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        // Nobody is left to be told when the console is gone.
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    fn warn(&mut self, text: &str) {
        eprintln!("{text}");
    }

    fn complain(&mut self, bytes: &[u8]) {
        // As above.
        let _ = std::io::stderr().lock().write_all(bytes);
    }

    fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        self.mappings.reserve(range)
    }

    fn reserve_code(&mut self, range: FixedRange) -> Option<Reservation> {
        self.mappings.reserve_code(range)
    }

    fn protect_code(&mut self, pages: Range<usize>, access: CodeAccess) -> bool {
        self.mappings.protect_code(pages, access)
    }

    fn end(&mut self, status: i32) -> ! {
        if let Err(errno) = self.files.0.rest() {
            eprintln!("the files are not all on the disk: error {}", errno.0);
        }
        std::process::exit(status)
    }

    fn park(&mut self, deadline: Option<u64>) {
        let now = self.monotonic();
        let rest = deadline.map(|deadline| deadline.saturating_mul(1_000_000).saturating_sub(now));
        let rest = [rest.map(Duration::from_nanos), self.sockets.rest()].into_iter().flatten().min();
        self.descriptors.wait(rest, self.sockets.readiness());
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(&mut self.descriptors)
    }

    fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        Some(self.sockets.plugged())
    }

    fn identity(&mut self) -> u32 {
        std::process::id()
    }

    fn os_version(&mut self) -> [u32; 3] {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers =
            release.split(|letter: char| !letter.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
        core::array::from_fn(|_| numbers.next().unwrap_or(0))
    }

    fn environment(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        if let Some(environment) = &self.environment {
            return environment.clone();
        }
        let variables = std::env::vars_os();
        variables.map(|(name, value)| (name.into_encoded_bytes(), value.into_encoded_bytes())).collect()
    }

    fn files(&mut self) -> &mut dyn Files {
        &mut self.files
    }

    fn dump_place(&self) -> DumpPlace {
        DumpPlace::File("erl_crash.dump")
    }

    fn module(&mut self, name: &str) -> Option<Vec<u8>> {
        self.modules.read(name)
    }
}
