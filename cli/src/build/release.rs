// SPDX-License-Identifier: Apache-2.0
//! A release of OTP as a folder: what rebar3, mix and systools make (OTP Design Principles, "Releases"). Its boot file says which applications
//! it has, and the guest starts it with the words with which its own start script would call `erl`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use beam_vm::command_line::{self, Source};

use super::elixir;
use super::options::{Options, Terminal};
use super::otp::{self, Otp};
use super::plan::{Application, Extra, Origin, Plan, ROOT, environment};
use super::variables::Variables;
use crate::erlang::{self, Term};
use crate::failure::{Code, Failure};
use crate::file;

/// The release in a folder, or in a project's folder that has built one; none if the folder is neither.
pub fn find(path: &Path) -> Result<Option<PathBuf>, Failure> {
    if path.join("releases").is_dir() {
        return Ok(Some(path.to_owned()));
    }
    let built = path.join("_build");
    if !built.is_dir() {
        return Ok(None);
    }
    // The environment that is meant for production is first.
    for profile in ["prod", "default", "dev"] {
        let folders = fs::read_dir(built.join(profile).join("rel")).into_iter().flatten().flatten();
        let mut releases: Vec<PathBuf> =
            folders.map(|entry| entry.path()).filter(|path| path.join("releases").is_dir()).collect();
        releases.sort();
        match releases.as_slice() {
            [] => {}
            [release] => return Ok(Some(release.clone())),
            several => {
                let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
                let what = format!("{} has several releases", path.display());
                let help = "name the folder of the one that you want";
                return Err(Failure::new(Code::Usage, what, names.join("\n"), help));
            }
        }
    }
    let what = format!("{} has no release", path.display());
    let help = "build it first: `rebar3 release`, or `MIX_ENV=prod mix release`";
    Err(Failure::new(Code::Build, what, "there is none in _build", help))
}

/// A release that is being read.
struct Release<'a> {
    folder: &'a Path,
    otp: &'a Otp,
    /// The version, which is the name of the folder with its files.
    version: String,
    /// That folder.
    files: PathBuf,
    /// Its folder in the guest.
    guest: String,
}

/// Makes the plan.
pub fn plan(folder: &Path, options: &Options, otp: &Otp) -> Result<Plan, Failure> {
    let data = fs::read_to_string(folder.join("releases/start_erl.data")).unwrap_or_default();
    let mut words = data.split_whitespace().map(String::from);
    let (erts, version) = (words.next(), words.next());
    let version = match version {
        Some(version) => version,
        None => only_version(folder)?,
    };
    let files = folder.join("releases").join(&version);
    let guest = format!("{ROOT}/releases/{version}");
    let release = Release { folder, otp, version, files, guest };
    release.plan(erts, options)
}

/// The version of a release that does not say it: that of the only boot file.
fn only_version(folder: &Path) -> Result<String, Failure> {
    let entries = fs::read_dir(folder.join("releases")).into_iter().flatten().flatten();
    let has_boot = |path: &Path| {
        fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .any(|e| e.path().extension().is_some_and(|e| e == "boot"))
    };
    let mut versions: Vec<String> = entries
        .filter(|entry| has_boot(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    versions.sort();
    let what = format!("cannot tell which release is in {}", folder.display());
    let help = "build the release again; its folder `releases` has start_erl.data then";
    match versions.as_slice() {
        [version] => Ok(version.clone()),
        [] => Err(Failure::new(Code::Build, what, "no folder in `releases` has a boot file", help)),
        several => Err(Failure::new(Code::Build, what, format!("there are {}", several.join(", ")), help)),
    }
}

impl Release<'_> {
    fn plan(&self, erts: Option<String>, options: &Options) -> Result<Plan, Failure> {
        let boot_file = self.boot_file()?;
        let boot = self.read_boot(&boot_file)?;
        let erts = match erts.or_else(|| self.erts_of_rel()) {
            Some(erts) => erts,
            None => self.erts_of_kernel(&boot)?,
        };
        let preloaded = self.otp.preloaded(&erts)?;
        let applications = self.applications(&boot)?;
        let mut plan = Plan {
            name: boot.name.clone(),
            version: Some(self.version.clone()),
            erts,
            preloaded,
            applications,
            started: None,
            extras: BTreeMap::new(),
            arguments: Vec::new(),
            cwd: ROOT.into(),
            environment: environment(),
            remarks: Vec::new(),
        };
        let flag = match (options.start.is_empty(), options.applications.is_empty()) {
            (false, _) => Some("-s"),
            (_, false) => Some("--application"),
            _ => None,
        };
        if let Some(flag) = flag {
            let why = format!(
                "{} is a release, whose boot file says what is there and started",
                self.folder.display()
            );
            return Err(Failure::new(
                Code::Usage,
                format!("{flag} cannot be used here"),
                why,
                "leave it out",
            ));
        }
        self.copy_files(&mut plan)?;
        let variables = Variables::new(options);
        let config = self.configuration("sys.config", &variables, &mut plan)?;
        let vm_args = self.configuration("vm.args", &variables, &mut plan)?;
        let is_elixir = self.files.join("elixir").is_file();
        let words = Words { boot_file: &boot_file, boot: &boot, config, vm_args, options };
        if is_elixir {
            elixir::start(&mut plan, &self.elixir_facts(options)?, options)?;
        } else if options.terminal() == Terminal::None {
            plan.arguments.push("-noinput".into());
        }
        self.add_words(&mut plan, &words)?;
        if is_elixir {
            elixir::finish(&mut plan, options);
        }
        Ok(plan)
    }

    /// `start.boot`, or the only one that has another name than those that every release has.
    fn boot_file(&self) -> Result<PathBuf, Failure> {
        let start = self.files.join("start.boot");
        if start.is_file() {
            return Ok(start);
        }
        let mut files: Vec<PathBuf> = fs::read_dir(&self.files)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "boot"))
            .filter(|path| {
                path.file_stem().is_none_or(|stem| stem != "start_clean" && stem != "no_dot_erlang")
            })
            .collect();
        match (files.pop(), files.pop()) {
            (Some(file), None) => Ok(file),
            _ => {
                let what = format!("cannot tell the boot file of {}", self.files.display());
                let help = "build the release again; it has start.boot then";
                Err(Failure::new(Code::Build, what, "there is no start.boot, and not one other", help))
            }
        }
    }

    fn read_boot(&self, path: &Path) -> Result<Boot, Failure> {
        let bytes = file::contents(path)?;
        let wrong = |why: String| {
            Failure::new(
                Code::Build,
                format!("cannot read {}", path.display()),
                why,
                "build the release again",
            )
        };
        let script = erlang::decode(&bytes).map_err(|error| wrong(error.to_string()))?;
        Boot::read(&script)
            .ok_or_else(|| wrong("it is no boot script: {script, {Name, Version}, Commands}".into()))
    }

    /// The version of the emulator that the release's `.rel` file names.
    fn erts_of_rel(&self) -> Option<String> {
        let files = fs::read_dir(&self.files).ok()?.flatten().map(|entry| entry.path());
        let rel = files.filter(|path| path.extension().is_some_and(|extension| extension == "rel")).min()?;
        let term = erlang::parse(&fs::read_to_string(rel).ok()?).ok()?;
        match term.tagged("release")? {
            [_, erts, ..] => match erts.tagged("erts")? {
                [version] => version.text().map(String::from),
                _ => None,
            },
            _ => None,
        }
    }

    /// The emulator of this machine's OTP, if its kernel is the one of the release.
    fn erts_of_kernel(&self, boot: &Boot) -> Result<String, Failure> {
        let kernel = self
            .otp
            .application("kernel")
            .map(|application| format!("kernel-{}", application.version.unwrap_or_default()));
        let is_same = kernel.is_some_and(|kernel| boot.paths.iter().any(|path| path.contains(&kernel)));
        is_same.then(|| self.otp.emulators().pop()).flatten().ok_or_else(|| {
            let why = "neither releases/start_erl.data nor a .rel file says it, and its kernel is not this machine's";
            Failure::new(Code::Build, "cannot tell the release's OTP", why, "build the release again")
        })
    }

    /// Where a path of the boot script is: here, and in the guest.
    fn resolve(&self, path: &str) -> (PathBuf, String) {
        let Some((variable, rest)) =
            path.strip_prefix('$').map(|path| path.split_once('/').unwrap_or((path, "")))
        else {
            return (PathBuf::from(path), path.into());
        };
        // Every variable but the root stands for a folder of applications.
        let inner = if variable == "ROOT" { "" } else { "lib/" };
        let own = self.folder.join(format!("{inner}{rest}"));
        let host = if own.exists() { own } else { self.otp.root().join(format!("{inner}{rest}")) };
        (host, normal(&format!("{ROOT}/{inner}{rest}")))
    }

    fn applications(&self, boot: &Boot) -> Result<Vec<Application>, Failure> {
        let mut applications: Vec<Application> = Vec::new();
        for path in &boot.paths {
            let (ebin, guest) = self.resolve(path);
            let (Some(folder), Some(guest)) = (path_above_ebin(&ebin), guest.strip_suffix("/ebin")) else {
                // Other folders, such as that of Elixir's consolidated protocols, are files of the release.
                continue;
            };
            if applications.iter().any(|application| application.guest == guest) {
                continue;
            }
            let folder_name = guest.rsplit('/').next().unwrap_or(guest);
            let (name, version) = folder_name.rsplit_once('-').unwrap_or((folder_name, ""));
            if !ebin.is_dir() {
                let why = format!(
                    "its boot file has {path}, and neither {} nor {} has lib/{folder_name}",
                    self.folder.display(),
                    self.otp.root().display()
                );
                let help = "build the release with its applications, or set VOXOZ_OTP_ROOT to the OTP that it was built with";
                return Err(Failure::new(
                    Code::Build,
                    format!("the application {name} is missing"),
                    why,
                    help,
                ));
            }
            applications.push(Application {
                name: name.into(),
                version: (!version.is_empty()).then(|| version.into()),
                folder: folder.to_owned(),
                guest: guest.into(),
                origin: if otp::is_stock(name) { Origin::Otp } else { Origin::User },
            });
        }
        applications.sort();
        Ok(applications)
    }

    /// The files of this version, but scripts of the host and what is replaced.
    fn copy_files(&self, plan: &mut Plan) -> Result<(), Failure> {
        for path in file::entries(&self.files)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let is_script =
                matches!(name, "elixir" | "iex") || name.ends_with(".sh") || name.ends_with(".bat");
            let is_source = name.ends_with(".script") || name.ends_with(".src");
            if !is_script && !is_source {
                plan.extras.insert(format!("{}/{name}", self.guest), Extra::Copy(path));
            }
        }
        for name in ["start_erl.data", "RELEASES"] {
            let path = self.folder.join("releases").join(name);
            if path.is_file() {
                plan.extras.insert(format!("{ROOT}/releases/{name}"), Extra::Copy(path));
            }
        }
        Ok(())
    }

    /// A file that may have variables of the environment in it: `NAME.src`, or `NAME` as it is. Gives its text, if there is one.
    fn configuration(
        &self,
        name: &str,
        variables: &Variables,
        plan: &mut Plan,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let source = self.files.join(format!("{name}.src"));
        if source.is_file() {
            let text = variables.replace(&source, file::contents(&source)?)?;
            plan.extras.insert(format!("{}/{name}", self.guest), Extra::Bytes(text.clone()));
            return Ok(Some(text));
        }
        let plain = self.files.join(name);
        plain.is_file().then(|| file::contents(&plain)).transpose()
    }

    fn add_words(&self, plan: &mut Plan, words: &Words<'_>) -> Result<(), Failure> {
        let boot = words.boot_file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("start");
        plan.arguments.extend(["-boot".into(), format!("{}/{boot}", self.guest)]);
        plan.arguments.extend(["-mode".into(), "embedded".into()]);
        for variable in &words.boot.variables {
            plan.arguments.extend(["-boot_var".into(), variable.clone(), format!("{ROOT}/lib")]);
        }
        if words.config.is_some() {
            plan.arguments.extend(["-config".into(), format!("{}/sys", self.guest)]);
        }
        if let Some(text) = &words.vm_args {
            self.add_vm_args(plan, text, words.options)?;
        }
        plan.arguments.extend(words.options.words.iter().cloned());
        Ok(())
    }

    fn add_vm_args(&self, plan: &mut Plan, text: &[u8], options: &Options) -> Result<(), Failure> {
        let mut words = command_line::split(text, Source::File).into_iter();
        while let Some(word) = words.next() {
            if !options.keep_name && matches!(word.as_slice(), b"-name" | b"-sname") {
                let name = String::from_utf8_lossy(&words.next().unwrap_or_default()).into_owned();
                let flag = String::from_utf8_lossy(&word);
                plan.remarks.push(format!(
                    "vm.args has {flag} {name}, which is left out: a guest has no distribution yet"
                ));
                continue;
            }
            let word = String::from_utf8(word).map_err(|_| {
                let why = "a word of it is not UTF-8";
                Failure::new(Code::Build, "cannot use vm.args", why, "write it in UTF-8")
            })?;
            plan.arguments.push(word);
        }
        Ok(())
    }

    fn elixir_facts(&self, options: &Options) -> Result<elixir::Facts, Failure> {
        let cookie = fs::read_to_string(self.folder.join("releases/COOKIE")).ok();
        let config = self.files.join("sys.config");
        let config = if config.is_file() { file::contents(&config)? } else { Vec::new() };
        if config.windows(19).any(|window| window == b"RUNTIME_CONFIG=true") {
            let why = "its start script writes the configuration anew and starts again (`reboot_system_after_config: true`)";
            let help =
                "leave that out of the release in mix.exs: the configuration is then read at the first start";
            return Err(Failure::new(
                Code::Build,
                "the release's configuration cannot be used in a guest",
                why,
                help,
            ));
        }
        let variable = |name: &str| options.variable(name);
        Ok(elixir::Facts {
            cookie: variable("RELEASE_COOKIE").or(cookie).map(|cookie| cookie.trim().into()),
            node: variable("RELEASE_NODE"),
            distribution: variable("RELEASE_DISTRIBUTION"),
            files: self.guest.clone(),
        })
    }
}

/// What the words of the command line are made of.
struct Words<'a> {
    boot_file: &'a Path,
    boot: &'a Boot,
    config: Option<Vec<u8>>,
    vm_args: Option<Vec<u8>>,
    options: &'a Options,
}

/// What is in a boot script, as far as it matters here.
struct Boot {
    name: String,
    /// Folders of modules, in their order.
    paths: Vec<String>,
    /// Variables in them but `ROOT`.
    variables: Vec<String>,
}

impl Boot {
    fn read(script: &Term) -> Option<Self> {
        let [id, commands] = script.tagged("script")? else { return None };
        let name = id.tuple()?.first()?.text()?.to_owned();
        let mut paths: Vec<String> = Vec::new();
        for command in commands.list()? {
            let Some([path]) = command.tagged("path") else { continue };
            for folder in path.list()?.iter().filter_map(Term::text) {
                if !paths.iter().any(|path| path == folder) {
                    paths.push(folder.to_owned());
                }
            }
        }
        let mut variables: Vec<String> = Vec::new();
        for path in &paths {
            let variable = path.strip_prefix('$').and_then(|path| path.split('/').next());
            if let Some(variable) = variable.filter(|variable| *variable != "ROOT")
                && !variables.iter().any(|known| known == variable)
            {
                variables.push(variable.into());
            }
        }
        Some(Self { name, paths, variables })
    }
}

fn path_above_ebin(ebin: &Path) -> Option<&Path> {
    ebin.parent().filter(|_| ebin.file_name().is_some_and(|name| name == "ebin"))
}

/// A path without dots.
fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Boot, normal};
    use crate::erlang;

    #[test]
    fn a_boot_script_is_read() {
        let text = r#"{script,{"a","1"},[{preLoaded,[init]},{path,["$ROOT/lib/kernel-1/ebin"]},{progress,x},
            {path,["$LIB/../c","$LIB/a-1/ebin","$ROOT/lib/kernel-1/ebin"]}]}."#;
        let boot = Boot::read(&erlang::parse(text).expect("a term")).expect("a script");
        assert_eq!(boot.name, "a");
        assert_eq!(boot.paths, ["$ROOT/lib/kernel-1/ebin", "$LIB/../c", "$LIB/a-1/ebin"]);
        assert_eq!(boot.variables, ["LIB"]);
        assert!(Boot::read(&erlang::parse("{script,a,[]}.").expect("a term")).is_none());
    }

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(normal("/app/lib/../releases/./1//x"), "/app/releases/1/x");
        assert_eq!(normal("/../.."), "/");
    }
}
