// SPDX-License-Identifier: Apache-2.0
//! The files of the guest: what a plan names is read, modules are stripped, and what cannot run in a guest is left out or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use beam_vm::beam_file::Module;
use beam_vm::code::{PRELOADED, Presence};
use image::files::FilesBuilder;

use super::native::Native;
use super::options::Options;
use super::plan::{Application, Extra, Origin, Plan, ROOT};
use super::strip::strip;

/// Where a guest mounts its disks.
const DATA: [&str; 4] = ["/data", "/data1", "/data2", "/data3"];
use crate::failure::{Code, Failure};
use crate::file;

/// A file of the guest.
#[derive(Clone, Debug)]
pub struct GuestFile {
    /// Its bytes, a module's without what was stripped.
    pub bytes: Vec<u8>,
    /// The permissions.
    pub mode: u32,
    /// When it was modified.
    pub modified: i64,
}

/// All files of the guest, by path.
#[derive(Debug, Default)]
pub struct Layout {
    /// The files.
    pub files: BTreeMap<String, GuestFile>,
    /// Folders, even those without a file.
    pub folders: BTreeSet<String>,
    /// Native files that were left out: where they were, and what they are.
    pub natives: Vec<(PathBuf, Native)>,
}

/// What files are copied as they are, and what is the matter with times.
struct Copier<'a> {
    options: &'a Options,
    /// Whether those of users are errors.
    natives: Natives,
    /// When all was modified, unless it is to be kept.
    modified: i64,
    layout: Layout,
}

/// Whether a native file is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Natives {
    /// It is: nothing of it can be used.
    Refused,
    /// What it does is built in, or was said to be dispensable.
    LeftOut,
}

impl Layout {
    /// Reads all that a plan names.
    pub fn read(
        plan: &Plan,
        options: &Options,
        natives: Natives,
        progress: Progress,
    ) -> Result<Self, Failure> {
        let mut copier = Copier { options, natives, modified: source_date()?, layout: Self::default() };
        copier.layout.folders.extend(["/tmp".into(), "/etc".into()]);
        copier.layout.folders.extend(DATA.map(String::from));
        for (number, application) in plan.applications.iter().enumerate() {
            progress.show(number, plan.applications.len(), application);
            copier.application(application)?;
        }
        progress.clear();
        copier.preloaded(plan)?;
        for (guest, extra) in &plan.extras {
            match extra {
                Extra::Copy(path) => copier.copy(path, guest, Natives::LeftOut)?,
                Extra::Bytes(bytes) => {
                    copier.add(
                        guest,
                        GuestFile { bytes: bytes.clone(), mode: 0o644, modified: copier.modified },
                    );
                }
            }
        }
        Ok(copier.layout)
    }

    /// How many modules there are.
    pub fn modules(&self) -> usize {
        self.files.keys().filter(|path| path.ends_with(".beam")).count()
    }

    /// Writes the table of files.
    pub fn table(self) -> Result<Vec<u8>, Failure> {
        let modified = source_date()?;
        let mut builder = FilesBuilder::new(modified);
        let wrong = |error: image::files::BuildError| {
            Failure::new(
                Code::Build,
                "cannot write the files into an image",
                error,
                "give the files other names",
            )
        };
        for folder in &self.folders {
            let mode = if folder == "/tmp" { 0o1777 } else { 0o755 };
            builder.folder(folder.as_bytes(), mode, modified).map_err(wrong)?;
        }
        for (path, file) in self.files {
            builder.file(path.as_bytes(), file.mode, file.modified, file.bytes).map_err(wrong)?;
        }
        builder.build().map_err(wrong)
    }
}

/// The time of all files: `SOURCE_DATE_EPOCH`, as the convention of reproducible builds has it, or 0.
fn source_date() -> Result<i64, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(0),
        Ok(text) => text.parse().map_err(|_| {
            let why = format!("{text:?} is no number of seconds since 1970");
            Failure::new(Code::Usage, "cannot use SOURCE_DATE_EPOCH", why, "set it to a number, or unset it")
        }),
    }
}

impl Copier<'_> {
    fn application(&mut self, application: &Application) -> Result<(), Failure> {
        let natives = match application.origin {
            Origin::Otp => Natives::LeftOut,
            Origin::User => self.natives,
        };
        let ebin = application.folder.join("ebin");
        let guest = &application.guest;
        let ebin = if ebin.is_dir() { ebin } else { application.folder.clone() };
        for path in file::entries(&ebin)? {
            let is_wanted =
                ["beam", "app", "appup"].iter().any(|wanted| path.extension().is_some_and(|e| e == *wanted));
            if is_wanted {
                self.copy(&path, &format!("{guest}/ebin/{}", name_of(&path)?), natives)?;
            }
        }
        let private = application.folder.join("priv");
        if private.is_dir() {
            self.copy(&private, &format!("{guest}/priv"), natives)?;
        }
        Ok(())
    }

    fn preloaded(&mut self, plan: &Plan) -> Result<(), Failure> {
        for (module, _) in PRELOADED.iter().filter(|(_, presence)| *presence != Presence::LeftOut) {
            let path = plan.preloaded.join(format!("{module}.beam"));
            if path.is_file() {
                self.copy(&path, &format!("{}/{module}.beam", preloaded_folder(plan)), Natives::LeftOut)?;
            }
        }
        Ok(())
    }

    /// Copies a file, or a folder with all that is in it. Links are followed: releases of developers have them.
    fn copy(&mut self, path: &Path, guest: &str, natives: Natives) -> Result<(), Failure> {
        if path.is_dir() {
            self.layout.folders.insert(guest.into());
            for entry in file::entries(path)? {
                self.copy(&entry, &format!("{guest}/{}", name_of(&entry)?), natives)?;
            }
            return Ok(());
        }
        let bytes = file::contents(path)?;
        if let Some(native) = Native::of(path, &bytes) {
            if natives == Natives::Refused {
                let what = format!("{} is {native}", path.display());
                let why =
                    "a guest cannot load native code: it has neither this machine's system nor its libraries";
                let help = "use a package without it, or leave such files out with --ignore-natives: what needs them fails then";
                return Err(Failure::new(Code::Build, what, why, help));
            }
            self.layout.natives.push((path.to_owned(), native));
            return Ok(());
        }
        let is_module = path.extension().is_some_and(|extension| extension == "beam");
        let bytes = if is_module { self.module(path, bytes)? } else { bytes };
        let (mode, modified) = self.attributes(path)?;
        self.add(guest, GuestFile { bytes, mode, modified });
        Ok(())
    }

    fn module(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let module = Module::open(bytes).map_err(|why| {
            let what = format!("{} is no module that can be loaded", path.display());
            Failure::new(Code::Build, what, why, "compile it again")
        })?;
        Ok(if self.options.keep_debug { module.bytes().to_vec() } else { strip(&module) })
    }

    fn attributes(&self, path: &Path) -> Result<(u32, i64), Failure> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let metadata = std::fs::metadata(path).map_err(|why| file::unreadable(path, why))?;
        let mode = if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        Ok((mode, if self.options.keep_times { metadata.mtime() } else { self.modified }))
    }

    fn add(&mut self, guest: &str, file: GuestFile) {
        self.layout.files.insert(guest.into(), file);
    }
}

/// The folder of the preloaded modules in the guest. They are no application: no code path has them, as on stock, where they are in the emulator.
pub fn preloaded_folder(plan: &Plan) -> String {
    format!("{ROOT}/erts-{}/ebin", plan.erts)
}

fn name_of(path: &Path) -> Result<&str, Failure> {
    path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        let what = format!("cannot put {} into an image", path.display());
        Failure::new(Code::Build, what, "its name is not UTF-8", "give it another name")
    })
}

/// A line that says what is being read and is written over itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is shown: somebody looks at a terminal.
    Shown,
    /// It is not.
    Hidden,
}

impl Progress {
    fn show(self, number: usize, total: usize, application: &Application) {
        if self == Self::Shown {
            let mut err = std::io::stderr().lock();
            // Nobody misses a line of progress.
            let _ = write!(err, "\r\x1B[Kreading {} ({}/{total})", application.name, number + 1);
            let _ = err.flush();
        }
    }

    fn clear(self) {
        if self == Self::Shown {
            let _ = write!(std::io::stderr(), "\r\x1B[K");
        }
    }
}
