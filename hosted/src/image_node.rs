// SPDX-License-Identifier: Apache-2.0
//! The system in an image as a process of this one: what a guest would do, without a guest. Files and environment are the image's, `/tmp` is
//! in memory; console, clock and network are the host's.

use beam_vm::boot::{self, BootError, End};
use beam_vm::command_line::{self, FlagError, Surroundings};
use beam_vm::halt::Halt;
use beam_vm::loader::Library;
use fs::Namespace;
use fs::archive::ArchiveFs;
use image::Image;
use image::arguments::Arguments;
use image::files::FileTable;
use image::start::Start;
use image::{ImageError, SectionKind};
use vm_files::ImageArchive;

use crate::linux::Surrounding;
use crate::{OtpRoot, Settings};

/// How many bytes `/tmp` has unless somebody says otherwise.
const TMP: u64 = 64 << 20;
/// The device number of the image's files.
const IMAGE_DEVICE: u32 = 2;

/// Why the system in an image cannot be started.
#[derive(Debug)]
pub enum ImageNodeError {
    /// The image is damaged; the text says how.
    Damaged(String),
    /// The image has no such section: it has no application.
    Lacks(SectionKind),
    /// Its command line cannot be read.
    Flags(FlagError),
    /// OTP cannot be started.
    Boot(BootError),
}

impl core::fmt::Display for ImageNodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Damaged(why) => f.write_str(why),
            Self::Lacks(kind) => write!(f, "the image has no section {kind}: there is no application in it"),
            Self::Flags(error) => write!(f, "the image's command line: {error}"),
            Self::Boot(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for ImageNodeError {}

impl From<ImageError> for ImageNodeError {
    fn from(error: ImageError) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn damaged(error: impl core::fmt::Display) -> ImageNodeError {
    ImageNodeError::Damaged(error.to_string())
}

struct Within<'a> {
    start: Start<'a>,
    files: FileTable<'a>,
}

impl Surroundings for Within<'_> {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        let mut variables = self.start.environment();
        variables.find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value.to_vec())
    }

    fn file(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        vm_files::argument_file(&self.files, self.start.cwd, name)
    }
}

/// The folder of OTP's own programs: the host's, as programs are the host's here (`inet_gethost` looks up names of hosts for `inet`).
fn programs(in_image: &[u8]) -> Vec<u8> {
    let root = OtpRoot::find();
    let folder = root.and_then(|root| Some(root.folder().join(format!("erts-{}/bin", root.erts_version()?))));
    folder.map_or_else(|| in_image.to_vec(), |folder| folder.into_os_string().into_encoded_bytes())
}

/// Starts the system in an image and waits until it halts. Gives the status.
///
/// # Errors
/// [`ImageNodeError`].
///
/// # Panics
/// When the system has no address space for the machine's literals.
pub fn boot_image(image: &'static [u8], settings: Settings, more: &[Vec<u8>]) -> Result<i32, ImageNodeError> {
    let image = Image::parse(image)?;
    let section = |kind| image.section(kind).ok_or(ImageNodeError::Lacks(kind));
    let start = Start::parse(section(SectionKind::START)?).map_err(damaged)?;
    let files = FileTable::parse(section(SectionKind::FILES)?).map_err(damaged)?;
    let list =
        Arguments::parse(image.section(SectionKind::ARGUMENTS).unwrap_or_default()).map_err(damaged)?;
    let words = list.iter().map(|word| word.as_bytes().to_vec()).chain(more.iter().cloned());
    let around = Within { start, files };
    let line = command_line::read(words.collect(), &around).map_err(ImageNodeError::Flags)?;
    let home = line.home.clone().or_else(|| around.variable("HOME")).unwrap_or_else(|| b"/".to_vec());
    let arguments = line.for_init(start.root, &programs(start.bindir), &home);

    let mut namespace = Namespace::new(Box::new(ArchiveFs::new(ImageArchive::new(files), IMAGE_DEVICE)));
    crate::linux::mount_tmp(&mut namespace, settings.tmp.unwrap_or(TMP));
    if let Some(data) = settings.data {
        data.mount(&mut namespace);
    }
    crate::mount_shares(&mut namespace, settings.shares).map_err(damaged)?;
    namespace.enter(start.cwd).map_err(|errno| {
        let cwd = String::from_utf8_lossy(start.cwd);
        ImageNodeError::Damaged(format!("the working folder {cwd} cannot be entered: error {}", errno.0))
    })?;
    let modules = crate::linux::Modules::Image { files, folder: start.preloaded.to_vec() };
    let variables = start.environment().map(|(name, value)| (name.to_vec(), value.to_vec()));
    let surrounding = Surrounding {
        files: namespace,
        modules,
        environment: Some(variables.collect()),
        network: settings.network,
    };
    for remark in &line.emulator.remarks {
        eprintln!("{remark}");
    }
    let settings = Settings { flavor: line.flavor.unwrap_or(settings.flavor), ..settings };
    let mut vm = crate::machine_in(surrounding, settings);
    vm.environment.extend(line.variables);
    line.emulator.configure(&mut vm);
    vm.hear_signals();
    if let Some(bytes) = image.section(SectionKind::LIBRARY) {
        match Library::open(bytes) {
            Ok(library) => vm.library = Some(library),
            Err(why) => eprintln!("{why}: modules are loaded from their files"),
        }
    }
    let init = boot::start(&mut vm, &arguments).map_err(ImageNodeError::Boot)?;
    match boot::run(&mut vm, init) {
        End::Halted(halt @ (Halt::Status(_) | Halt::Crashed)) => Ok(halt.status()),
        // A guest ends with a report; a process leaves what its debugger reads.
        End::Halted(Halt::Abort) => std::process::abort(),
        End::Stuck => loop {
            std::thread::park();
        },
    }
}
