// SPDX-License-Identifier: Apache-2.0
//! The lab: boots the machine and hands out what it can do.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::channel::{Channel, Waited};
use crate::guest::list::{self, Domain};
use crate::guest::{self, Guest, XL_LIMIT};
use crate::image::Image;
use crate::inner::{self, Inner};
use crate::machine::Machine;
use crate::monitor::{self, Monitor, Sample};
use crate::options::{Forward, Options, Protocol, Sampling};
use crate::run_dir::{RunDir, append};
use crate::{GuestSpec, LabError, Output, command, qemu};

/// How often a boot is tried when another process takes a port between its choice and QEMU's start.
const PORT_ATTEMPTS: u32 = 3;

/// A machine with Xen and dom0, ready for guests. Dropping it ends the machine and every guest in it.
pub struct Lab {
    inner: Arc<Inner>,
    boot_time: Duration,
    monitor: Option<Mutex<Monitor>>,
}

impl Lab {
    /// Boots a machine, after making dom0 if the cache has none that fits.
    pub fn boot(options: &Options) -> Result<Self, LabError> {
        for attempt in 1.. {
            match Self::try_boot(options) {
                Err(LabError::Gone { detail, .. })
                    if detail.contains("host forwarding rule") && attempt < PORT_ATTEMPTS => {}
                result => return result,
            }
        }
        unreachable!("the last attempt returns")
    }

    fn try_boot(options: &Options) -> Result<Self, LabError> {
        let image = Image::ensure(options)?;
        let run = RunDir::new(&options.cache)?;
        if options.sampling == Sampling::On {
            monitor::prepare(&run)?;
        }
        let forwards = choose_ports(&options.forwards)?;

        let mut qemu = qemu::command(options, &image, &run, &forwards);
        append(&run.qemu(), format!("{}\n", command::line(&qemu)).as_bytes());
        let errors =
            File::options().append(true).open(run.qemu()).map_err(LabError::io("open", &run.qemu()))?;
        qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let line = command::line(&qemu);
        let started = Instant::now();
        let (machine, port) =
            Machine::start(qemu).map_err(|e| LabError::Command { command: line, detail: e.to_string() })?;
        let channel = Channel::new(port);

        const AWAITED: &str = "dom0 to be ready";
        let uptime = match channel.wait_ready(options.boot_limit) {
            Waited::Got(uptime) => uptime,
            Waited::Closed => {
                settle(&machine);
                return Err(inner::gone(&machine, &run, AWAITED));
            }
            Waited::TimedOut => {
                let (awaited, limit) = (AWAITED.to_owned(), options.boot_limit);
                return Err(LabError::TimedOut { awaited, limit, logs: run.logs().to_owned() });
            }
        };
        let boot_time = started.elapsed();
        options.progress.say(|| {
            format!(
                "dom0 ready {:.1} s after power-on (its kernel started {uptime} s ago)",
                boot_time.as_secs_f64()
            )
        });
        let monitor = match options.sampling {
            Sampling::On => Some(Mutex::new(Monitor::open(&run)?)),
            Sampling::Off => None,
        };
        let inner = Inner::new(machine, channel, run, image, options.clock, forwards);
        Ok(Self { inner: Arc::new(inner), boot_time, monitor })
    }

    /// Time from QEMU's start until dom0 took requests.
    pub fn boot_time(&self) -> Duration {
        self.boot_time
    }

    /// The folder of this run's logs: `serial.log` (Xen and dom0), `qemu.log`, `share/console` (guests), `share/xen` (`xl`).
    pub fn logs(&self) -> &Path {
        self.inner.run.logs()
    }

    /// The folder of the host that dom0 sees as [`Lab::SHARE`]; `files` in it is for what a run brings, and goes with it.
    pub fn shared_folder(&self) -> PathBuf {
        self.inner.run.share().to_owned()
    }

    /// Where dom0 has the shared folder.
    pub const SHARE: &str = crate::run_dir::SHARE;

    /// Runs a script by dom0's `sh` (busybox, and bash is there).
    pub fn dom0(&self, script: &str, limit: Duration) -> Result<Output, LabError> {
        self.inner.dom0(script, &[], limit)
    }

    /// Copies a file of the host to where dom0 can read it and returns its path there. A file that was copied before and has
    /// not changed is not copied again.
    pub fn stage(&self, path: &Path) -> Result<String, LabError> {
        self.inner.stage(path)
    }

    /// Starts a guest with `xl create`, and returns when its first instruction may run.
    pub fn create(&self, spec: &GuestSpec) -> Result<Guest, LabError> {
        guest::create(&self.inner, spec)
    }

    /// Returns the domains as `xl list` has them, dom0 included.
    pub fn list(&self) -> Result<Vec<Domain>, LabError> {
        let text = self.inner.dom0_ok("xl list", "xl list", XL_LIMIT)?;
        let text = String::from_utf8_lossy(&text);
        list::parse(&text).map_err(|line| LabError::Format {
            path: "xl list".into(),
            detail: format!("unexpected line: {line}"),
        })
    }

    /// Holds the machine for a moment and looks at what each processor does; [`GUEST_CPU`](crate::GUEST_CPU) is that of the guests.
    pub fn sample(&self) -> Result<Vec<Sample>, LabError> {
        let unasked = || LabError::Argument("processors are sampled where the options say so".to_owned());
        let monitor = self.monitor.as_ref().ok_or_else(unasked)?;
        monitor.lock().unwrap_or_else(PoisonError::into_inner).sample()
    }

    /// Returns the host's address that is forwarded to a guest's port, if [`Options::forwards`] asked for one.
    pub fn forwarded(&self, forward: Forward) -> Option<SocketAddr> {
        let found = self.inner.forwards.iter().find(|(f, _)| *f == forward);
        found.map(|(_, address)| SocketAddr::V4(*address))
    }

    /// Debian's kernel and a small initramfs, as files of the host: the kernel is also a guest, see [`crate::linux`].
    pub(crate) fn image(&self) -> &Image {
        &self.inner.image
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Nobody is left to build in a machine that goes; guests that are still held only see it gone.
        let _creating = self.inner.creating.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.inner.failed() && !std::thread::panicking() {
            self.inner.run.mark_good();
        }
        self.inner.machine.kill();
    }
}

/// A closed port comes a moment before the end of the process that held it.
fn settle(machine: &Machine) {
    for _ in 0..100 {
        if machine.ended().is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Finds a port of the loopback for each forward that says none, and sees that the others are free. They are held together, so that they
/// differ.
fn choose_ports(forwards: &[Forward]) -> Result<Vec<(Forward, SocketAddrV4)>, LabError> {
    let mut held = Vec::new();
    for forward in forwards {
        let (holder, port) =
            hold(*forward).map_err(|source| LabError::Port { port: forward.host.unwrap_or(0), source })?;
        held.push((*forward, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), holder));
    }
    Ok(held.into_iter().map(|(forward, address, _)| (forward, address)).collect())
}

/// Takes a port as long as the socket is held.
fn hold(forward: Forward) -> std::io::Result<(OwnedFd, u16)> {
    let wanted = (Ipv4Addr::LOCALHOST, forward.host.unwrap_or(0));
    match forward.protocol {
        Protocol::Tcp => {
            let listener = TcpListener::bind(wanted)?;
            let port = listener.local_addr()?.port();
            Ok((listener.into(), port))
        }
        Protocol::Udp => {
            let socket = UdpSocket::bind(wanted)?;
            let port = socket.local_addr()?.port();
            Ok((socket.into(), port))
        }
    }
}
