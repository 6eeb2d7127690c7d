// SPDX-License-Identifier: Apache-2.0
//! The application of an image, and the node that it becomes: OTP's start with the image's files, its environment and its arguments, those
//! of Xen's command line behind them.

mod own_flags;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use beam_vm::boot::{self, End as Outcome};
use beam_vm::command_line::{self, CommandLine, FlagError, Surroundings};
use beam_vm::emu::native::Flavor;
use beam_vm::halt::Halt;
use beam_vm::loader::Library;
use beam_vm::vm::Vm;
use image::files::{FileTable, FilesError};
use image::start::{Start, StartError};
use image::{Image, ImageError, SectionKind};
use log::{debug, error, warn};

use crate::machine::Machine;
use crate::platform::{self, XenPlatform};
use crate::power::End;
use own_flags::OwnFlags;

/// Variables that a node has unless the image says otherwise: what a login would set.
const DEFAULTS: [(&str, &str); 3] = [("HOME", "/"), ("LANG", "C.UTF-8"), ("TERM", "xterm")];

/// The status of a node whose modules cannot be loaded.
const NOT_STARTED: i32 = 1;

/// The application of an image.
#[derive(Clone, Copy, Debug)]
pub struct Application {
    table: FileTable<'static>,
    start: Start<'static>,
    /// Its modules, translated.
    library: Option<&'static [u8]>,
}

/// Why the application cannot be started.
#[derive(Debug)]
pub enum ApplicationError {
    /// The image has one of the two sections and not the other, or a damaged one.
    Incomplete,
    /// A part of the image is not what was packed.
    Damaged(ImageError),
    /// The image's files cannot be used.
    Files(FilesError),
    /// The image does not say where to start.
    Start(StartError),
    /// A flag of the kernel has a bad value.
    Own(String),
    /// The command line cannot be read.
    Flag(FlagError),
}

impl fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => write!(f, "the image has files or a start, but not both"),
            Self::Damaged(error) => write!(f, "the image is damaged: {error}"),
            Self::Files(error) => write!(f, "the image's files cannot be used: {error}"),
            Self::Start(error) => write!(f, "{error}"),
            Self::Own(error) => write!(f, "{error}"),
            Self::Flag(error) => write!(f, "the command line cannot be read: {error}"),
        }
    }
}

impl core::error::Error for ApplicationError {}

impl Application {
    /// The application of an image, if it has one. What says where to start is compared with its checksum; files are when they are opened, and modules when they
    /// are loaded, as nobody reads all of an image at a start.
    ///
    /// # Errors
    /// [`ApplicationError`].
    pub fn find(image: &Image<'static>) -> Result<Option<Self>, ApplicationError> {
        let start = image.sections().find(|section| section.kind == SectionKind::START);
        match (image.section(SectionKind::FILES), start) {
            (None, None) => Ok(None),
            (Some(files), Some(start)) => {
                start.verify().map_err(ApplicationError::Damaged)?;
                Ok(Some(Self {
                    table: FileTable::parse(files).map_err(ApplicationError::Files)?,
                    start: Start::parse(start.bytes).map_err(ApplicationError::Start)?,
                    library: image.section(SectionKind::LIBRARY),
                }))
            }
            _ => Err(ApplicationError::Incomplete),
        }
    }

    /// Starts the application's node, and ends the domain when it ends, or when it cannot be started.
    pub fn run(self, mut machine: Machine) -> ! {
        let mut environment = self.environment();
        let arguments = core::mem::take(&mut machine.arguments);
        let (own, mut line) = match self.read(arguments, &environment) {
            Ok(read) => read,
            Err(why) => refuse(machine, &why),
        };
        for remark in &line.emulator.remarks {
            warn!("{remark}");
        }
        environment.append(&mut line.variables);
        let init = self.arguments_of_init(&line, &environment);
        let platform = XenPlatform::new(
            machine,
            platform::Surroundings {
                table: self.table,
                preloaded: self.start.preloaded,
                folder: self.start.cwd.to_vec(),
                window: window(&environment),
                environment: environment.into_iter().collect(),
                shutdown_time: own.shutdown_time,
                network: own.network,
                shares: own.shares,
            },
        );
        let mut vm = Vm::new(Box::new(platform))
            .unwrap_or_else(|why| panic!("the virtual machine cannot be made: {why:?}"));
        debug!("the virtual machine is made");
        line.emulator.configure(&mut vm);
        if line.flavor.unwrap_or_default() == Flavor::Jit {
            // Without room for machine code the machine is slower, and nothing else.
            vm.use_machine_code();
        }
        match self.library.map(Library::open) {
            Some(Ok(library)) => vm.library = Some(library),
            Some(Err(why)) => warn!("{why}: modules are loaded from their files, which takes longer"),
            None => {}
        }
        vm.hear_signals();
        let started = boot::start(&mut vm, &init);
        let init = started.unwrap_or_else(|why| {
            error!("OTP cannot be started: {why}");
            vm.platform.crash(NOT_STARTED)
        });
        debug!("the preloaded modules are loaded");
        match boot::run(&mut vm, init) {
            Outcome::Halted(Halt::Status(status)) => vm.platform.end(status),
            Outcome::Halted(halt @ (Halt::Crashed | Halt::Abort)) => vm.platform.crash(halt.status()),
            // Nothing can happen any more, and the program has not said that it is done.
            Outcome::Stuck => loop {
                vm.platform.park(None);
            },
        }
    }

    /// What the arguments mean.
    fn read(
        &self,
        arguments: Vec<String>,
        environment: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Result<(OwnFlags, CommandLine), ApplicationError> {
        let (own, words) = OwnFlags::take(arguments).map_err(ApplicationError::Own)?;
        let words = words.into_iter().map(String::into_bytes).collect();
        let around = Around { environment, table: self.table, folder: self.start.cwd };
        let line = command_line::read(words, &around).map_err(ApplicationError::Flag)?;
        Ok((own, line))
    }

    fn environment(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let defaults = DEFAULTS.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let all = defaults.chain(self.start.environment());
        all.map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    }

    fn arguments_of_init(
        &self,
        line: &CommandLine,
        environment: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Vec<Vec<u8>> {
        let home = line.home.as_ref().or_else(|| environment.get(b"HOME".as_slice()));
        line.for_init(self.start.root, self.start.bindir, home.map_or(b"/", Vec::as_slice))
    }
}

/// Ends the domain of an application that cannot be started.
pub fn refuse(mut machine: Machine, why: &ApplicationError) -> ! {
    error!("the application cannot be started: {why}");
    machine.end(End::Crash)
}

/// Columns and rows as the environment says, or those of a terminal of old.
fn window(environment: &BTreeMap<Vec<u8>, Vec<u8>>) -> [u32; 2] {
    let number = |name: &str| core::str::from_utf8(environment.get(name.as_bytes())?).ok()?.parse().ok();
    [("COLUMNS", 80), ("LINES", 24)].map(|(name, usual)| number(name).filter(|n| *n > 0).unwrap_or(usual))
}

/// What a command line can refer to.
struct Around<'a> {
    environment: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    table: FileTable<'static>,
    /// The working folder.
    folder: &'a [u8],
}

impl Surroundings for Around<'_> {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.environment.get(name.as_bytes()).cloned()
    }

    fn file(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        vm_files::argument_file(&self.table, self.folder, name)
    }
}
