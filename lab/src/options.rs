// SPDX-License-Identifier: Apache-2.0
//! How a bench is to be: its cache, its machine, its limits.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use crate::packages::Install;

/// Options of [`Lab::boot`](crate::Lab::boot).
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder for the cached dom0 and the logs of runs; made when it is missing.
    pub cache: PathBuf,
    /// Whether missing packages may be installed.
    pub install: Install,
    /// Memory of the machine in MiB, of which dom0 and Xen take about [`Options::OVERHEAD_MIB`].
    pub memory_mib: u32,
    /// The processor that guests see.
    pub processor: Processor,
    /// How the machine's time runs.
    pub clock: Clock,
    /// Whether it can be looked at what the processors do.
    pub sampling: Sampling,
    /// Files of the host that are disks of the machine: `/dev/vda` of dom0 and so on, to be handed to guests. What is in them outlives it.
    pub disks: Vec<PathBuf>,
    /// Ports of guests that are to be reached from the host's loopback.
    pub forwards: Vec<Forward>,
    /// How long the machine may take until dom0 is ready.
    pub boot_limit: Duration,
    /// Whether to report progress on standard error.
    pub progress: Progress,
}

impl Options {
    /// Memory that is not available to guests: dom0's, Xen's own and Xen's tables.
    pub const OVERHEAD_MIB: u32 = 1024;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: PathBuf::from("target/lab"),
            install: Install::Allowed,
            memory_mib: 3072,
            processor: Processor::Full,
            clock: Clock::Real,
            sampling: Sampling::Off,
            disks: Vec::new(),
            forwards: Vec::new(),
            boot_limit: Duration::from_secs(180),
            progress: Progress::Stderr,
        }
    }
}

/// Which processor QEMU emulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// All that QEMU can emulate, without SMAP: with it, dom0's kernel dies in its first instructions.
    Full,
    /// The same without AVX and the instructions that save its state, for stock OTP in a guest of Linux: on [`Full`](Self::Full) it has crashed at its
    /// start, and once found a module damaged in memory. That is rare and its cause is not known; without AVX it was not seen.
    WithoutAvx,
    /// x86-64-v2 without RDRAND and RDSEED: for guests without hardware entropy.
    NoEntropy,
}

/// How the machine's time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// With the host's clock, on two virtual processors: one is dom0's, one is the guests'.
    Real,
    /// One instruction is one nanosecond, on a single processor: slower, but the same counts on every run and host.
    Counted,
}

/// Whether it can be looked at what the processors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// It cannot.
    Off,
    /// By [`Lab::sample`](crate::Lab::sample).
    On,
}

/// A port of a guest that is to be reached through a port of the host's loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// What is forwarded.
    pub protocol: Protocol,
    /// The guest's address: one that [`network::mac`](crate::network::mac) gives to a vif.
    pub guest: Ipv4Addr,
    /// The guest's port.
    pub port: u16,
    /// The host's port; one that is free if it does not matter.
    pub host: Option<u16>,
}

impl Forward {
    /// A TCP port at any port of the host.
    #[must_use]
    pub const fn tcp(guest: Ipv4Addr, port: u16) -> Self {
        Self { protocol: Protocol::Tcp, guest, port, host: None }
    }
}

/// What is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Whether and where progress is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nowhere.
    Quiet,
    /// A line per step on standard error.
    Stderr,
}

impl Progress {
    /// Reports a step.
    pub(crate) fn say(self, step: impl FnOnce() -> String) {
        if self == Self::Stderr {
            eprintln!("lab: {}", step());
        }
    }
}
