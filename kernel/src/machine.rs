// SPDX-License-Identifier: Apache-2.0
//! The machine, started: everything that a program finds when it begins to run.
#![expect(unsafe_code, reason = "takes over what Xen hands to the first instruction")]

mod wake;

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use drivers::control::Control;
use drivers::event::{EventChannel, EventChannels};
use drivers::grant::GrantTable;
use drivers::memory::{DomId, EvtchnPort, VirtAddr};
use drivers::xenstore::{Error as XenstoreError, Request, RequestId};
use image::Image;
use log::{LevelFilter, debug, info, warn};
use xen_hypervisor_sys::xen::StartInfo;

pub use self::wake::Wake;
use crate::console;
use crate::entropy::Entropy;
use crate::events::Events;
use crate::memory::{BootMemory, KernelImage};
use crate::phases::Phases;
use crate::program::{self, Program};
use crate::start_info::StartOfDay;
use crate::time::{self, Tsc};
use crate::version::XenVersion;
use crate::xenstore::{self, SharedSession, XenstoreSession};
use crate::{arguments, grants, memory, shared_info, traps};

/// The domain as a program finds it.
pub struct Machine {
    /// Embedded arguments, then those of the command line.
    pub arguments: Vec<String>,
    /// Event channels.
    pub events: Events,
    /// Pages for other domains.
    pub grants: GrantTable,
    /// Random bytes.
    pub entropy: Entropy,
    /// The xenstore.
    pub xenstore: SharedSession,
    /// Who this is.
    pub domain: Domain,
    /// What was packed into the kernel.
    pub image: Option<Image<'static>>,
    /// How long the start took.
    pub phases: Phases,
    console_port: EvtchnPort,
    control: Control,
}

/// Who this domain is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Domain {
    /// Its number on this host.
    pub id: DomId,
    /// Its name in the toolstack.
    pub name: String,
}

/// Brings the machine up, from the first instruction to a running program. To be called by `boot` alone.
///
/// # Safety
/// To be called once, on the kernel's own stack, with what Xen passed to the entry point, the counter at the first instruction, and
/// what the linker and the packer say of this program.
///
/// # Panics
/// When the domain cannot be used at all: no memory to work with, no xenstore. The domain ends as crashed, with a report.
pub unsafe fn start(start_info: *const StartInfo, entry_tsc: u64, program: Program) -> Machine {
    let mut phases = Phases::new(Tsc(entry_tsc));
    // SAFETY: the caller's promise.
    let day = unsafe { StartOfDay::read(start_info) };
    console::locate(day.console, day.console_port);
    program::install(&program);
    arguments::install(day.command_line);
    traps::start();
    phases.end("traps");

    // SAFETY: the caller's promise: this is the first and only time, and the numbers are Xen's.
    unsafe { memory::start(&boot_memory(&day, &program)) };
    phases.end("memory");
    shared_info::map(day.shared_info);
    phases.end("clock");

    let shared = shared_info::get().expect("it was mapped above");
    // SAFETY: the page is this domain's, and these are the only channels.
    let mut channels = unsafe { EventChannels::new(shared) };
    let console_channel = adopt(&mut channels, day.console_port);
    let xenstore_channel = adopt(&mut channels, day.xenstore_port);
    let events = Events::new(channels);
    phases.end("heap and events");

    // xenstored answers while the rest is set up: on another processor, if the host has one free.
    let xenstore = xenstore::start(day.xenstore, xenstore_channel, &events);
    let questions = Questions::ask(&mut xenstore.borrow())
        .unwrap_or_else(|error| panic!("xenstore cannot be asked: {error}"));
    phases.end("asking xenstore");

    console::start(console_channel);
    console::logger::start(phases.entry(), LevelFilter::Info);
    phases.end("console");

    let image = program.image().unwrap_or_else(|error| panic!("the image in the kernel is damaged: {error}"));
    let arguments = arguments::collect(image.as_ref()).unwrap_or_else(|error| panic!("{error}"));
    set_log_level(&arguments);
    let grants = grants::start().unwrap_or_else(|error| panic!("{error}"));
    phases.end("grants");
    let entropy = Entropy::gather(&personal(&day));
    if !entropy.report().has_hardware() {
        warn!("entropy comes from {}", entropy.report());
    }
    phases.end("entropy");

    let (domain, control) = questions
        .answers(&mut xenstore.borrow())
        .unwrap_or_else(|error| panic!("xenstore does not answer: {error}"));
    phases.end("xenstore's answers");

    let machine = Machine {
        arguments,
        events,
        grants,
        entropy,
        xenstore,
        domain,
        image,
        phases,
        console_port: day.console_port,
        control,
    };
    machine.announce(&program);
    machine
}

impl Machine {
    /// The boot line, and in detail where the time went.
    fn announce(&self, program: &Program) {
        let memory = memory::statistics().expect("the memory was started");
        info!(
            "voxoz {} on {}, domain {} ({}), {} KiB, ready in {} us",
            env!("CARGO_PKG_VERSION"),
            XenVersion::query(),
            self.domain.id.0,
            self.domain.name,
            memory.total * memory::PAGE_SIZE / 1024,
            self.phases.total().as_micros()
        );
        debug!("phases in us: {}", self.phases);
        debug!("{memory}");
        debug!("entropy: {}", self.entropy.report());
        debug!("{program}");
    }
}

/// What the start asks of xenstore, all at once.
struct Questions {
    id: RequestId,
    name: RequestId,
    control: Control,
}

impl Questions {
    fn ask(xenstore: &mut XenstoreSession) -> Result<Self, XenstoreError> {
        let client = xenstore.client();
        let id = client.submit(None, &Request::Read { path: "domid" })?;
        let name = client.submit(None, &Request::Read { path: "name" })?;
        Ok(Self { id, name, control: Control::new(client)? })
    }

    fn answers(self, xenstore: &mut XenstoreSession) -> Result<(Domain, Control), XenstoreError> {
        let id = xenstore.finish(self.id)?.domain()?;
        let name = xenstore.finish(self.name)?.text()?;
        Ok((Domain { id, name }, self.control))
    }
}

fn adopt(channels: &mut EventChannels, port: EvtchnPort) -> EventChannel {
    channels.adopt(port).expect("the first channels have room")
}

/// What the memory has to know, with the parts of the image rounded to pages.
fn boot_memory(day: &StartOfDay, program: &Program) -> BootMemory {
    let p2m_bytes = (day.frames * size_of::<u64>()).next_multiple_of(memory::PAGE_SIZE);
    let p2m: Range<VirtAddr> = day.p2m..VirtAddr(day.p2m.0 + p2m_bytes);
    BootMemory {
        total: day.frames,
        p2m: day.p2m,
        root: day.root,
        table_frames: day.table_frames,
        image: KernelImage {
            text: program.text.clone(),
            read_only: [program.rodata.clone(), program.image_pages(), p2m],
            stack_guards: [program.stack.guard, program.fibers[0].guard, program.fibers[1].guard],
        },
    }
}

/// What tells this guest from others, for the seed: times, and which frames of the machine it has.
fn personal(day: &StartOfDay) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(time::wall_clock().as_nanos().to_le_bytes());
    bytes.extend(time::now().0.to_le_bytes());
    for frame in [day.shared_info, day.xenstore, day.console] {
        bytes.extend(frame.0.to_le_bytes());
    }
    bytes
}

/// Obeys `-loglevel LEVEL`, and leaves other arguments to the program.
fn set_log_level(arguments: &[String]) {
    let Some(position) = arguments.iter().position(|argument| argument == "-loglevel") else { return };
    match arguments.get(position + 1).map(|level| (level, level.parse())) {
        Some((_, Ok(level))) => log::set_max_level(level),
        Some((level, Err(_))) => {
            warn!("-loglevel {level}: no such level; there are off, error, warn, info, debug and trace");
        }
        None => warn!("-loglevel needs a level: off, error, warn, info, debug or trace"),
    }
}
