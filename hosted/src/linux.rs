// SPDX-License-Identifier: Apache-2.0
//! The platform of a Linux process.

use std::io::Write;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use beam_vm::platform::{CodeAccess, Files, FixedRange, Platform, Reservation, Sockets, Streams};

use fs::Namespace;
use fs::memory::{MemoryFs, User};
use vm_files::PluggedFiles;

use crate::host_files::HostFiles;
use crate::memory::Mappings;
use crate::modules::CodePath;
use crate::sockets::HostSockets;
use crate::streams::Descriptors;

/// The device number of `/tmp` in memory: one that no device of the host has.
const TMP_DEVICE: u32 = 1;

/// Seconds since 1970.
fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Clock, entropy, console and files of the process.
#[derive(Debug)]
pub struct LinuxPlatform {
    start: Instant,
    path: CodePath,
    mappings: Mappings,
    files: PluggedFiles,
    descriptors: Descriptors,
    sockets: HostSockets,
}

impl LinuxPlatform {
    /// A platform whose clock begins now, with modules from a path, and so many bytes for `/tmp` in memory unless it is the host's.
    #[must_use]
    pub fn new(path: CodePath, tmp: Option<u64>) -> Self {
        let mut files = Namespace::new(Box::new(HostFiles::default()));
        if let Some(quota) = tmp {
            let memory = MemoryFs::new(quota, User::default(), TMP_DEVICE, Box::new(seconds));
            // There is nothing at this place yet, and the host does not object.
            let mounted = files.mount(b"/tmp", Box::new(memory));
            debug_assert_eq!(mounted, Ok(()));
        }
        let files = PluggedFiles(files);
        Self {
            start: Instant::now(),
            path,
            mappings: Mappings::default(),
            files,
            descriptors: Descriptors::default(),
            sockets: HostSockets::default(),
        }
    }
}

impl Platform for LinuxPlatform {
    fn monotonic(&mut self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn system_time(&mut self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        let mut filled = 0;
        while filled < bytes.len() {
            match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
                Ok(count) => filled += count,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("the system gives no entropy: {error}"),
            }
        }
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
        std::process::exit(status)
    }

    fn park(&mut self, deadline: Option<u64>) {
        let now = self.monotonic();
        let rest = deadline.map(|deadline| deadline.saturating_mul(1_000_000).saturating_sub(now));
        self.descriptors.wait(rest.map(Duration::from_nanos), self.sockets.readiness());
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(&mut self.descriptors)
    }

    fn sockets(&mut self) -> Option<&mut dyn Sockets> {
        Some(&mut self.sockets)
    }

    fn identity(&mut self) -> u32 {
        std::process::id()
    }

    fn version(&mut self) -> [u32; 3] {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers =
            release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
        [(); 3].map(|()| numbers.next().unwrap_or(0))
    }

    fn environment(&mut self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let variables = std::env::vars_os();
        variables.map(|(name, value)| (name.into_encoded_bytes(), value.into_encoded_bytes())).collect()
    }

    fn files(&mut self) -> &mut dyn Files {
        &mut self.files
    }

    fn keeps_files(&self) -> bool {
        true
    }

    fn module(&mut self, name: &str) -> Option<Vec<u8>> {
        self.path.read(name)
    }
}
