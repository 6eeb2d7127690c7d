// SPDX-License-Identifier: Apache-2.0
//! What goes into an image, before it is read: applications, other files, the command line. Each way to say what is to be built ends here.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// OTP's root in the guest.
pub const ROOT: &str = "/app";

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version, if it says one.
    pub version: Option<String>,
    /// Its folder here.
    pub folder: PathBuf,
    /// Its folder in the guest.
    pub guest: String,
    /// Who it is from.
    pub origin: Origin,
}

/// Who an application is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// OTP, whose natives are here.
    Otp,
    /// Somebody else.
    User,
}

/// Something else that is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extra {
    /// A file or folder of this machine, with all that is in it.
    Copy(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
}

/// What goes into an image.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the application or release is called.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// The version of the emulator that it was made for.
    pub erts: String,
    /// Where the preloaded modules of that version are.
    pub preloaded: PathBuf,
    /// The applications.
    pub applications: Vec<Application>,
    /// The application that is started, if nothing but it and what it needs is.
    pub started: Option<String>,
    /// Other files, by their path in the guest.
    pub extras: BTreeMap<String, Extra>,
    /// The words of erl's command line.
    pub arguments: Vec<String>,
    /// The working folder.
    pub cwd: String,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// What whoever builds should know.
    pub remarks: Vec<String>,
}

/// The environment that every guest has. Only `/tmp` can be written to, and what looks for a home wants to write there.
pub fn environment() -> BTreeMap<String, String> {
    BTreeMap::from([("HOME".into(), "/tmp".into()), ("LANG".into(), "C.UTF-8".into())])
}
