// SPDX-License-Identifier: Apache-2.0
//! Compiling a project that has no tool of its own: Erlang modules in `src` or in the folder itself, `NAME.app.src`, `include` and `priv`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::name_of;
use crate::failure::{Code, Failure};
use crate::file;

/// The sources of a project.
pub struct Sources {
    folder: PathBuf,
    modules: Vec<PathBuf>,
    app: Option<PathBuf>,
}

/// A compiled project.
pub struct Compiled {
    /// Its folder, with `ebin` and `priv`.
    pub folder: PathBuf,
    /// Whether an `.app` file says what starts it.
    pub is_started: bool,
    /// What is called if it does not: the module of the project's name.
    pub start: Vec<String>,
}

/// The sources in a folder; none if there is nothing to compile. A folder with modules is only compiled if it is known to be a project.
pub fn find(folder: &Path, is_project: bool) -> Result<Option<Sources>, Failure> {
    let has_modules = |folder: &Path| !with_extension(folder, "beam").is_empty();
    if folder.join("releases").is_dir()
        || (!is_project && (has_modules(folder) || has_modules(&folder.join("ebin"))))
    {
        return Ok(None);
    }
    let inner = folder.join("src");
    let place = if inner.is_dir() { inner } else { folder.to_owned() };
    let modules = with_extension(&place, "erl");
    if modules.is_empty() {
        return Ok(None);
    }
    let is_app = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(".app.src"));
    let app = with_extension(&place, "src").into_iter().find(is_app);
    Ok(Some(Sources { folder: folder.to_owned(), modules, app }))
}

/// The files with this extension, by name; none of a folder that is not there.
fn with_extension(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    found.sort();
    found
}

/// Compiles into a folder of the project's name.
pub fn compile(sources: &Sources, work: &Path) -> Result<Compiled, Failure> {
    let app = sources.app.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    let name = app.and_then(|name| name.strip_suffix(".app.src"));
    let name = name.map_or_else(|| name_of(&sources.folder), str::to_owned);
    let folder = work.join(&name);
    let ebin = folder.join("ebin");
    // A module whose source is gone must not stay.
    if folder.is_dir() {
        fs::remove_dir_all(&folder).map_err(|why| unwritable(&folder, why))?;
    }
    fs::create_dir_all(&ebin).map_err(|why| unwritable(&ebin, why))?;
    erlc(sources, &ebin)?;
    let mut is_started = false;
    if let Some(source) = &sources.app {
        let text = file::contents(source)?;
        let path = ebin.join(format!("{name}.app"));
        is_started = crate::build::otp::AppFile::parse(source, &text)?.is_started();
        fs::write(&path, text).map_err(|why| unwritable(&path, why))?;
    }
    let files = sources.folder.join("priv");
    if files.is_dir() {
        copy(&files, &folder.join("priv"))?;
    }
    let has_module = ebin.join(format!("{name}.beam")).is_file();
    let start = if has_module { vec![name] } else { Vec::new() };
    Ok(Compiled { folder, is_started, start })
}

fn erlc(sources: &Sources, ebin: &Path) -> Result<(), Failure> {
    let mut erlc = Command::new("erlc");
    erlc.args(["+debug_info", "-pa"]).arg(ebin).arg("-I").arg(sources.folder.join("include"));
    erlc.arg("-o").arg(ebin).args(&sources.modules);
    let output = erlc.output().map_err(|why| {
        let help = "install erlang-base, or compile the modules into a folder `ebin` yourself";
        Failure::new(Code::Host, "cannot start erlc", why, help)
    })?;
    let said =
        [&*String::from_utf8_lossy(&output.stdout), &*String::from_utf8_lossy(&output.stderr)].concat();
    if output.status.success() {
        // Warnings.
        anstream::eprint!("{said}");
        return Ok(());
    }
    let what = format!("cannot compile {}", sources.folder.display());
    Err(Failure::new(Code::Build, what, said, "mend the modules that erlc names"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|why| unwritable(to, why))?;
    for entry in file::entries(from)? {
        let target = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copy(&entry, &target)?;
        } else {
            fs::copy(&entry, &target).map_err(|why| unwritable(&target, why))?;
        }
    }
    Ok(())
}

fn unwritable(path: &Path, why: std::io::Error) -> Failure {
    let what = format!("cannot write {}", path.display());
    Failure::new(Code::Build, what, why, "name a folder that you may write to with --work")
}
