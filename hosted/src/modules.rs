// SPDX-License-Identifier: Apache-2.0
//! Where the files of modules are: folders of the user first, then those of an OTP installation.

use std::fs;
use std::path::{Path, PathBuf};

/// An OTP installation: the folder that has `lib`.
#[derive(Clone, Debug)]
pub struct OtpRoot(PathBuf);

impl OtpRoot {
    /// The installation in a folder, if there is one.
    #[must_use]
    pub fn at(folder: &Path) -> Option<Self> {
        folder.join("lib").is_dir().then(|| Self(folder.to_owned()))
    }

    /// The installation that `VOXOZ_OTP_ROOT` names, or the one of Debian's packages.
    #[must_use]
    pub fn find() -> Option<Self> {
        let named = std::env::var_os("VOXOZ_OTP_ROOT").map(PathBuf::from);
        let usual = ["/usr/lib/erlang", "/usr/local/lib/erlang"].map(PathBuf::from);
        named.into_iter().chain(usual).find_map(|folder| Self::at(&folder))
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The version of its emulator, as the folder of the preloaded modules names it.
    #[must_use]
    pub fn erts_version(&self) -> Option<String> {
        let entries = fs::read_dir(self.libraries()).ok()?.flatten();
        let version =
            |entry: fs::DirEntry| entry.file_name().to_str()?.strip_prefix("erts-").map(String::from);
        entries.filter_map(version).max()
    }

    /// The folder of its applications.
    #[must_use]
    pub fn libraries(&self) -> PathBuf {
        self.0.join("lib")
    }

    /// The names of an application's modules, in order.
    #[must_use]
    pub fn modules(&self, application: &str) -> Vec<String> {
        let ours = |folder: &PathBuf| {
            let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
            name.and_then(|name| name.split_once('-')).is_some_and(|(name, _)| name == application)
        };
        let folders = self.folders().into_iter().filter(ours);
        let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let stem = |file: PathBuf| {
            let is_module = file.extension().is_some_and(|extension| extension == "beam");
            is_module.then(|| file.file_stem()?.to_str().map(String::from)).flatten()
        };
        let mut names: Vec<String> = files.filter_map(|entry| stem(entry.path())).collect();
        names.sort();
        names
    }

    /// The `ebin` folders of its applications, `erts` and `kernel` and `stdlib` first.
    fn folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.libraries()).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> =
            entries.map(|entry| entry.path().join("ebin")).filter(|path| path.is_dir()).collect();
        let rank = |path: &PathBuf| {
            let name =
                path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
            ["stdlib-", "erts-", "kernel-", "compiler-"]
                .iter()
                .position(|prefix| name.starts_with(prefix))
                .unwrap_or(9)
        };
        folders.sort_by_key(|path| (rank(path), path.clone()));
        folders
    }
}

/// Folders in which modules are looked for, in order.
#[derive(Clone, Debug, Default)]
pub struct CodePath {
    folders: Vec<PathBuf>,
}

impl CodePath {
    /// Folders of the user, and those of an installation.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>, root: Option<&OtpRoot>) -> Self {
        let mut folders = folders;
        folders.extend(root.map(OtpRoot::folders).unwrap_or_default());
        Self { folders }
    }

    /// The file of a module.
    #[must_use]
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        // A name is no path: it may not lead out of the folders.
        if name.is_empty() || name.contains('/') || name.contains('\0') {
            return None;
        }
        let file = format!("{name}.beam");
        self.folders.iter().find_map(|folder| fs::read(folder.join(&file)).ok())
    }
}
