// SPDX-License-Identifier: Apache-2.0
//! Erlang nodes as guests: the kernel with stock OTP's applications and a test's modules in its image.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use image::files::FilesBuilder;
use image::pack::{Kernel, write_executable};
use image::start::{self, Start};
use image::{Image, ImageBuilder, SectionKind, arguments};
use lab::{Guest, GuestSpec, Lab};
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Outcome, finish};
use crate::world::target;

/// Where Debian has OTP, here and in the guest: so stack traces and paths are the same.
const ROOT: &str = "/usr/lib/erlang";
/// Where a test's modules are in the guest.
const EBIN: &str = "/test/ebin";

/// An application to be packed.
pub struct Node {
    name: &'static str,
    modules: Vec<&'static str>,
    files: Vec<(String, PathBuf)>,
    applications: Vec<&'static str>,
    arguments: Vec<String>,
    folders: Vec<String>,
    working: String,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    memory_mib: u32,
    extra: String,
    lines: Vec<String>,
    is_stripped: bool,
}

impl Node {
    /// A node with `kernel` and `stdlib` that does what these words of `erl`'s command line say.
    pub fn new(name: &'static str, arguments: &str) -> Self {
        let words = arguments.split_whitespace().chain(["-pa", EBIN]);
        Self::of_words(name, words.map(str::to_owned).collect())
    }

    /// The same with words that may have spaces in them, and with no other words.
    pub fn of_words(name: &'static str, arguments: Vec<String>) -> Self {
        Self {
            name,
            modules: Vec::new(),
            files: Vec::new(),
            applications: vec!["kernel", "stdlib"],
            arguments,
            folders: Vec::new(),
            working: "/".to_owned(),
            variables: Vec::new(),
            memory_mib: 64,
            extra: String::new(),
            lines: Vec::new(),
            is_stripped: false,
        }
    }

    /// With a module of `tests/erl`.
    pub fn module(mut self, name: &'static str) -> Self {
        self.modules.push(name);
        self
    }

    /// With a file of the host at a place in the guest.
    pub fn file(mut self, place: String, file: PathBuf) -> Self {
        self.files.push((place, file));
        self
    }

    /// With a folder.
    pub fn folder(mut self, place: String) -> Self {
        self.folders.push(place);
        self
    }

    /// With a folder in which it starts.
    pub fn working(self, place: String) -> Self {
        Self { working: place.clone(), ..self.folder(place) }
    }

    /// With a variable of its environment.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// With another of OTP's applications.
    pub fn application(mut self, name: &'static str) -> Self {
        self.applications.push(name);
        self
    }

    pub fn memory_mib(self, memory_mib: u32) -> Self {
        Self { memory_mib, ..self }
    }

    /// With words on Xen's command line.
    pub fn extra(self, extra: impl Into<String>) -> Self {
        Self { extra: extra.into(), ..self }
    }

    /// With OTP's modules as they are packed for use: without what only debuggers read.
    pub fn stripped(self) -> Self {
        Self { is_stripped: true, ..self }
    }

    /// With another line of its `xl.cfg`.
    pub fn line(mut self, line: String) -> Self {
        self.lines.push(line);
        self
    }

    /// Packs the node and says how a guest of it is made.
    pub fn spec(&self) -> Result<GuestSpec, Failed> {
        let folder = target().join("nodes");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.elf", self.name));
        self.pack(&folder, &path)?;
        let mut spec = GuestSpec::new(self.name, &path);
        spec.memory_mib = self.memory_mib;
        spec.extra.clone_from(&self.extra);
        spec.lines.clone_from(&self.lines);
        Ok(spec)
    }

    /// Starts a guest of it.
    pub fn start(&self, lab: &Lab) -> Result<Guest, Failed> {
        Ok(lab.create(&self.spec()?)?)
    }

    /// Starts a guest of it and waits for its end.
    pub fn to_end(&self, lab: &Lab) -> Result<Outcome, Failed> {
        finish(&self.start(lab)?, LIMIT)
    }

    fn pack(&self, folder: &Path, path: &Path) -> Result<(), Failed> {
        let mut files = FilesBuilder::new(0);
        let given = self.folders.iter().map(String::as_str);
        for folder in ["/tmp", "/etc", "/data", EBIN].into_iter().chain(given) {
            files.folder(folder.as_bytes(), 0o755, 0)?;
        }
        add(&mut files, &Path::new(ROOT).join("bin/start_clean.boot"), &format!("{ROOT}/bin/start.boot"))?;
        add(
            &mut files,
            &Path::new(ROOT).join("bin/start_sasl.boot"),
            &format!("{ROOT}/bin/start_sasl.boot"),
        )?;
        let erts = library("erts")?;
        for name in self.applications.iter().copied().chain(["erts"]) {
            let library = library(name)?;
            let folder = library.join("ebin");
            let source = if self.is_stripped { stripped(&folder, name)? } else { folder.clone() };
            for file in fs::read_dir(&source)? {
                let file = file?.path();
                let place = folder.join(file.file_name().unwrap_or_default());
                add(&mut files, &file, &place.to_string_lossy())?;
            }
        }
        for name in &self.modules {
            let file = compiled(folder, name)?;
            add(&mut files, &file, &format!("{EBIN}/{name}.beam"))?;
        }
        for (place, file) in &self.files {
            add(&mut files, file, place)?;
        }
        let version = erts.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bindir = format!("{ROOT}/{version}/bin");
        let preloaded = format!("{}/ebin", erts.display());
        let mut start = Start::default();
        start.root = ROOT.as_bytes();
        start.bindir = bindir.as_bytes();
        start.cwd = self.working.as_bytes();
        start.preloaded = preloaded.as_bytes();
        let bytes = fs::read(target().join("voxoz-kernel.elf"))?;
        let kernel = Kernel::parse(&bytes)?;
        let image = Image::parse(kernel.image().ok_or("the kernel has no image")?)?;
        let words: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let variables = self.variables.iter().cloned().collect();
        let image = ImageBuilder::from_image(&image)
            .section(SectionKind::ARGUMENTS, 1, arguments::encode(&words)?)
            .section(SectionKind::FILES, 8, files.build()?)
            .section(SectionKind::START, 1, start::encode(&start, &variables)?)
            .build();
        Ok(write_executable(path, &kernel.pack(&image)?)?)
    }
}

/// The applications that have been stripped: once for all nodes, some of which are packed at the same time.
static STRIPPED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A folder with the modules of another, without what only debuggers read. They are read first: given the name of a file, `beam_lib:strip/1`
/// would write to it.
fn stripped(folder: &Path, name: &str) -> Result<PathBuf, Failed> {
    let target = target().join("nodes/stripped").join(name);
    let mut all = STRIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if all.contains(name) {
        return Ok(target);
    }
    fs::create_dir_all(&target)?;
    let script = format!(
        "[begin {{ok, R}} = file:read_file(F), {{ok, {{_, B}}}} = beam_lib:strip(R), ok = file:write_file(filename:join({target:?}, filename:basename(F)), B) end \
         || F <- filelib:wildcard({:?})], \
         [{{ok, _}} = file:copy(F, filename:join({target:?}, filename:basename(F))) || F <- filelib:wildcard({:?})], halt().",
        folder.join("*.beam"),
        folder.join("*.app"),
    );
    let output = Command::new("erl").args(["-noshell", "-eval", &script]).output()?;
    if !output.status.success() {
        return Err(format!("cannot strip {name}: {output:?}").into());
    }
    all.insert(name.to_owned());
    Ok(target)
}

fn add(files: &mut FilesBuilder, file: &Path, place: &str) -> Result<(), Failed> {
    Ok(files.file(place.as_bytes(), 0o644, 0, fs::read(file)?)?)
}

/// The folder of an application of the OTP that is installed.
pub fn library(name: &str) -> Result<PathBuf, Failed> {
    for folder in fs::read_dir(Path::new(ROOT).join("lib"))? {
        let folder = folder?.path();
        let is_it = |file: &str| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        if folder.file_name().and_then(|file| file.to_str()).is_some_and(is_it) {
            return Ok(folder);
        }
    }
    Err(format!("OTP in {ROOT} has no application {name}").into())
}

/// A module of `tests/erl`, compiled by stock's compiler.
pub fn compiled(folder: &Path, name: &str) -> Result<PathBuf, Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("erl").join(format!("{name}.erl"));
    let output = Command::new("erlc").arg("+deterministic").arg("-o").arg(folder).arg(&source).output()?;
    if output.status.success() {
        Ok(folder.join(format!("{name}.beam")))
    } else {
        Err(format!("{}: {}", source.display(), String::from_utf8_lossy(&output.stdout)).into())
    }
}
