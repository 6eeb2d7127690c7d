// SPDX-License-Identifier: Apache-2.0
//! Where a crash dump goes. A process has files that are there when it is gone, and a dump that cannot be written to one is none, as stock's. A guest may have a
//! disk and always has a console, which takes what the disk does not.

/// Where a crash dump goes if the environment does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DumpPlace {
    /// To this file, or nowhere.
    File(&'static str),
    /// To this file. The console gets it if the file cannot be written, and if there is no memory: the file system needs some.
    FileOrConsole(&'static str),
    /// To the console, also when the environment names a file and that cannot be written, or there is no memory.
    Console,
}

impl DumpPlace {
    /// The file.
    #[must_use]
    pub const fn file(self) -> Option<&'static str> {
        match self {
            Self::File(name) | Self::FileOrConsole(name) => Some(name),
            Self::Console => None,
        }
    }

    /// Whether a console takes what files do not.
    #[must_use]
    pub const fn has_console(self) -> bool {
        !matches!(self, Self::File(_))
    }
}
