// SPDX-License-Identifier: Apache-2.0
//! The OTP of this machine: whence come the preloaded modules, which no release has, and the applications that a release leaves to the host.

use std::fs;
use std::path::{Path, PathBuf};

use hosted::OtpRoot;

use super::plan::{Application, Origin, ROOT};
use crate::erlang::{self, Term};
use crate::failure::{Code, Failure};

/// Major versions of the emulator, and the releases of OTP that have them: those whose modules run here.
const RELEASES: [(u32, u32); 5] = [(12, 24), (13, 25), (14, 26), (15, 27), (16, 28)];

/// The boot file that starts kernel and stdlib and reads no file of the user's.
pub const BOOT: &str = "no_dot_erlang";

/// The applications of OTP 24 to 28. What they have as native code is built in, or is nothing for a guest.
const STOCK: [&str; 37] = [
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eldap",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ftp",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
];

/// Whether an application is OTP's own.
pub fn is_stock(name: &str) -> bool {
    STOCK.contains(&name)
}

/// OTP as it is installed here.
pub struct Otp {
    root: PathBuf,
}

impl Otp {
    /// Finds it.
    pub fn find() -> Result<Self, Failure> {
        let root = OtpRoot::find().ok_or_else(|| {
            let why = "there is none in /usr/lib/erlang, and VOXOZ_OTP_ROOT names none";
            Failure::new(Code::Host, "cannot find OTP", why, "install erlang-base, or set VOXOZ_OTP_ROOT")
        })?;
        Ok(Self { root: root.folder().to_owned() })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The versions of the emulator whose preloaded modules are here, the highest last.
    pub fn emulators(&self) -> Vec<String> {
        let mut versions: Vec<String> =
            folders(&self.root.join("lib"), "erts").map(|(_, version)| version).collect();
        versions.retain(|version| self.preloaded_folder(version).is_dir());
        versions.sort_by_key(|version| numbers(version));
        versions
    }

    fn preloaded_folder(&self, erts: &str) -> PathBuf {
        self.root.join(format!("lib/erts-{erts}/ebin"))
    }

    /// The folder of the preloaded modules of an emulator.
    pub fn preloaded(&self, erts: &str) -> Result<PathBuf, Failure> {
        check_release(erts)?;
        let folder = self.preloaded_folder(erts);
        if folder.is_dir() {
            return Ok(folder);
        }
        let here = self.emulators().join(", ");
        let why = format!(
            "the release is for erts {erts}, and {} has erts {}",
            self.root.display(),
            if here.is_empty() { "without preloaded modules" } else { &here }
        );
        let help = format!(
            "set VOXOZ_OTP_ROOT to an OTP with erts {erts}, or build the release with this machine's"
        );
        Err(Failure::new(
            Code::Build,
            "the preloaded modules of the release's emulator are not here",
            why,
            help,
        ))
    }

    /// The folder of an application in some version, or in the highest.
    pub fn application(&self, name: &str) -> Option<Application> {
        let libraries = self.root.join("lib");
        let versions = folders(&libraries, name).map(|(folder, version)| (folder, Some(version)));
        let highest = versions.max_by_key(|(_, version)| version.as_deref().map(numbers));
        // Debian's packages of what is not OTP's have no version in the name of the folder.
        let plain = || Some(libraries.join(name)).filter(|folder| folder.join("ebin").is_dir());
        let (folder, version) = highest.or_else(|| Some((plain()?, None)))?;
        let place = folder.file_name()?.to_str()?;
        let guest = format!("{ROOT}/lib/{place}");
        // What is not OTP's own may have natives that nothing here replaces.
        let origin = if is_stock(name) { Origin::Otp } else { Origin::User };
        Some(Application { name: name.into(), version, folder, guest, origin })
    }

    /// The emulator's version and the boot file of a start without a release.
    pub fn own_start(&self) -> Result<(String, PathBuf), Failure> {
        let lacks = |what: &str| {
            let why = format!("{} has no {what}", self.root.display());
            Failure::new(
                Code::Host,
                "this machine's OTP is not whole",
                why,
                "install erlang-base, or set VOXOZ_OTP_ROOT",
            )
        };
        let erts =
            self.emulators().pop().ok_or_else(|| lacks("lib/erts-VERSION/ebin, the preloaded modules"))?;
        let boot = self.boot_file(BOOT).ok_or_else(|| lacks("no_dot_erlang.boot"))?;
        Ok((erts, boot))
    }

    /// A boot file of the installation.
    fn boot_file(&self, name: &str) -> Option<PathBuf> {
        let releases = fs::read_dir(self.root.join("releases")).into_iter().flatten().flatten();
        let files = releases.map(|release| release.path().join(format!("{name}.boot")));
        files.chain([self.root.join(format!("bin/{name}.boot"))]).find(|file| file.is_file())
    }

    /// Adds applications to those that are there until all have what they need.
    pub fn complete(&self, applications: &mut Vec<Application>, wanted: &[&str]) -> Result<(), Failure> {
        let mut missing: Vec<(String, Option<String>)> =
            wanted.iter().map(|name| ((*name).into(), None)).collect();
        for application in applications.iter() {
            missing.extend(needed_by(application)?);
        }
        while let Some((name, by)) = missing.pop() {
            if applications.iter().any(|application| application.name == name) {
                continue;
            }
            let found = self.application(&name).ok_or_else(|| {
                let by = by.map_or_else(String::new, |by| format!("{by} needs it, and "));
                let why =
                    format!("{by}neither the folders that were named nor {} has it", self.root.display());
                let help =
                    "name its folder as well, or install it: Debian has one package for each, erlang-NAME";
                Failure::new(Code::Build, format!("the application {name} is missing"), why, help)
            })?;
            missing.extend(needed_by(&found)?);
            applications.push(found);
        }
        applications.sort();
        Ok(())
    }
}

/// The release of OTP that has an emulator, if its modules run here.
pub fn release_of(erts: &str) -> Option<u32> {
    let major = numbers(erts).first().copied()?;
    RELEASES.iter().find(|(known, _)| *known == major).map(|(_, release)| *release)
}

/// Says that an emulator is too old or too new.
pub fn check_release(erts: &str) -> Result<(), Failure> {
    let [(first, oldest), .., (_, newest)] = RELEASES;
    let Some(major) = numbers(erts).first().copied() else {
        let why = format!("{erts:?} is no version of erts");
        return Err(Failure::new(
            Code::Build,
            "cannot tell the release's OTP",
            why,
            "build the release again",
        ));
    };
    if release_of(erts).is_some() {
        return Ok(());
    }
    let age = if major < first { "old" } else { "new" };
    let why = format!("it is for erts {erts}; OTP {oldest} to {newest} can be built");
    let help = format!("build the release with one of OTP {oldest} to {newest}");
    Err(Failure::new(Code::Build, format!("the release's OTP is too {age}"), why, help))
}

/// The folders of an application, `NAME-VERSION`, and their versions.
pub fn folders(libraries: &Path, name: &str) -> impl Iterator<Item = (PathBuf, String)> {
    let prefix = format!("{name}-");
    let entries = fs::read_dir(libraries).into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let version = entry.file_name().to_str()?.strip_prefix(&prefix)?.to_owned();
        let is_version = version.starts_with(|first: char| first.is_ascii_digit());
        (is_version && entry.path().is_dir()).then(|| (entry.path(), version))
    })
}

/// The numbers in a version, by which versions are compared.
pub fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// What an application's `.app` file says.
pub struct AppFile {
    /// The name of the application.
    pub name: String,
    properties: Term,
}

impl AppFile {
    /// The `.app` file in a folder of modules, if there is one.
    pub fn find(ebin: &Path) -> Result<Option<Self>, Failure> {
        let mut files: Vec<PathBuf> = fs::read_dir(ebin)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "app"))
            .collect();
        files.sort();
        files.first().map(|file| Self::read(file)).transpose()
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        Self::parse(file, &crate::file::contents(file)?)
    }

    /// Reads the text of a file.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(bytes);
        let wrong = |why: String| {
            let what = format!("cannot read {}", file.display());
            Failure::new(Code::Build, what, why, "build the application again")
        };
        let term = erlang::parse(&text).map_err(|error| wrong(error.to_string()))?;
        match term.tagged("application") {
            Some([Term::Atom(name), properties]) => {
                Ok(Self { name: name.clone(), properties: properties.clone() })
            }
            _ => Err(wrong("it has no {application, Name, Properties}".into())),
        }
    }

    /// The version.
    pub fn version(&self) -> Option<&str> {
        self.properties.property("vsn").and_then(Term::text)
    }

    /// The applications that have to be there.
    pub fn needed(&self) -> Vec<String> {
        let optional = self.names("optional_applications");
        let all = self.names("applications").into_iter().chain(self.names("included_applications"));
        all.filter(|name| !optional.contains(name)).collect()
    }

    /// The applications that are started before it.
    pub fn started_before(&self) -> Vec<String> {
        self.names("applications")
    }

    /// Whether it is started by a module of its own.
    pub fn is_started(&self) -> bool {
        self.properties.property("mod").is_some()
    }

    fn names(&self, property: &str) -> Vec<String> {
        let names = self.properties.property(property).map(Term::atoms).unwrap_or_default();
        names.into_iter().map(String::from).collect()
    }
}

fn needed_by(application: &Application) -> Result<Vec<(String, Option<String>)>, Failure> {
    let file = AppFile::find(&application.folder.join("ebin"))?;
    let names = file.map(|file| file.needed()).unwrap_or_default();
    Ok(names.into_iter().map(|name| (name, Some(application.name.clone()))).collect())
}

#[cfg(test)]
mod tests {
    use super::{check_release, numbers, release_of};

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("13.10") > numbers("13.9.2"));
        assert_eq!(numbers("4.2-rc1"), [4, 2, 1]);
    }

    #[test]
    fn releases_of_otp_that_run_are_known() {
        assert_eq!((release_of("13.1.5"), release_of("11.2"), release_of("")), (Some(25), None, None));
        let old = check_release("11.2").expect_err("too old").to_string();
        assert!(old.contains("too old") && old.contains("OTP 24 to 28"), "{old}");
        assert!(check_release("17.0").expect_err("too new").to_string().contains("too new"));
        assert!(check_release("x").is_err());
    }
}
