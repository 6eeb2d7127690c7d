// SPDX-License-Identifier: Apache-2.0
//! The modules of the guest, verified and translated now, so that a start has not to do it. Their files are in the image all the same: programs
//! read them, and a kernel with another virtual machine loads them.
//!
//! What is translated for nothing is memory that the guest has not. So it is all modules of the application and of those that are started with it, and of OTP's
//! libraries, which start nothing, those that a start loads or the others call, with those that they call in turn. Of what is there and not started only
//! what is called itself: a web server names the modules of TLS, and a guest without TLS does not start it. A module that is asked for later is loaded from
//! its file, as stock does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use beam_vm::beam_file::Module;
use beam_vm::loader::{LibraryBuilder, LoadError};

use super::layout::Layout;
use super::otp::AppFile;
use super::plan::{Application, Origin, Plan};
use crate::failure::{Code, Failure};

/// The modules of kernel and stdlib that every start loads, and that print its first line.
#[rustfmt::skip]
const START: &[&str] = &[
    "application", "application_controller", "application_master", "beam_lib", "binary", "code", "code_server", "epp", "erl_distribution", "erl_eval",
    "erl_features", "erl_lint", "erl_parse", "erl_scan", "erl_signal_handler", "erpc", "error_handler", "error_logger", "ets", "file", "file_io_server",
    "file_server", "filename", "gb_sets", "gb_trees", "gen", "gen_event", "gen_server", "global", "global_group", "heart", "inet", "inet_config", "inet_db",
    "inet_gethost_native", "inet_parse", "inet_udp", "io", "io_lib", "io_lib_format", "io_lib_pretty", "kernel", "kernel_config", "kernel_refc", "lists", "logger",
    "logger_backend", "logger_config", "logger_filters", "logger_formatter", "logger_h_common", "logger_handler_watcher", "logger_olp", "logger_proxy",
    "logger_server", "logger_simple_h", "logger_std_h", "logger_sup", "maps", "net_kernel", "os", "peer", "proc_lib", "proplists", "queue", "rand", "rpc",
    "standard_error", "supervisor", "supervisor_bridge", "unicode", "user", "user_sup",
];

/// Those that a start loads besides when it reads `.erlang`, evaluates words of the command line, or has a shell.
#[rustfmt::skip]
const SHELL: &[&str] = &[
    "c", "edlin", "erl_abstract_code", "erl_anno", "erl_error", "erl_internal", "group", "group_history", "orddict", "ordsets", "otp_internal", "raw_file_io", "shell",
    "string", "timer", "unicode_util", "user_drv",
];

/// Modules that others call as soon as they are called themselves, by a name that is no call in their code or from one of [`START`].
const COMPANIONS: &[(&str, &str)] = &[
    ("dets_server", "dets_sup"),
    ("disk_log_server", "disk_log_sup"),
    ("gen_tcp", "inet_tcp"),
    ("string", "unicode_util"),
];

/// Which modules are translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Translated {
    /// Those of the application and of what is started with it, and of OTP's libraries those that a start loads or that are called.
    #[default]
    Start,
    /// All.
    All,
}

/// The library of a layout's modules, and the names of those that it has.
///
/// # Errors
/// A module is damaged, or does what no module may.
pub fn library(plan: &Plan, layout: &Layout, which: Translated) -> Result<(Vec<String>, Vec<u8>), Failure> {
    let no_machine = |why| {
        let why = format!("{why:?}");
        Failure::new(Code::Build, "cannot translate modules", why, "give this program more memory")
    };
    let mut library = LibraryBuilder::new().map_err(no_machine)?;
    let choice = Choice::new(plan, layout, which);
    let mut names = Vec::new();
    for (path, file) in &layout.files {
        if let Some(module) = module_of(path).filter(|module| choice.has(path, module)) {
            library.add(&file.bytes).map_err(|why| failure(path, &why))?;
            names.push(module.to_owned());
        }
    }
    Ok((names, library.build()))
}

fn failure(path: &str, why: &LoadError) -> Failure {
    let help = "compile it again, with a compiler of OTP 24 to 28";
    Failure::new(Code::Build, format!("{path} is no module that can be loaded"), why, help)
}

fn module_of(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_suffix(".beam")
}

/// What is translated.
struct Choice {
    /// Applications of OTP of which not all is translated: their folders in the guest.
    partial: BTreeMap<String, Part>,
    /// Their modules that are needed.
    needed: BTreeSet<String>,
}

/// Which modules of an application of OTP are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Those that are called, and what they call in turn.
    Followed,
    /// Those that are called.
    Called,
}

impl Choice {
    fn new(plan: &Plan, layout: &Layout, which: Translated) -> Self {
        let is_embedded =
            plan.arguments.array_windows().any(|[flag, mode]| flag == "-mode" && mode == "embedded");
        let mut choice = Self { partial: BTreeMap::new(), needed: BTreeSet::new() };
        if is_embedded || which == Translated::All {
            return choice;
        }
        let started = plan.started.as_ref().map(|name| started_with(name, plan, layout));
        for application in plan.applications.iter().filter(|from| from.origin == Origin::Otp) {
            if let Some(part) = part_of(application, layout, started.as_ref()) {
                choice.partial.insert(format!("{}/", application.guest), part);
            }
        }
        let mut add = |names: &[&str]| choice.needed.extend(names.iter().map(|name| (*name).to_owned()));
        add(START);
        if !is_plain(&plan.arguments) {
            add(SHELL);
        }
        choice.add_called(layout);
        choice
    }

    /// Adds what modules of other applications call, and what that calls in turn. What a start loads is not followed: it names much that only failures,
    /// shells and distribution come to.
    fn add_called(&mut self, layout: &Layout) {
        let mut calls: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut called: BTreeSet<String> = BTreeSet::new();
        for (path, file) in &layout.files {
            let Some(module) = module_of(path) else { continue };
            // What is wrong with it is said when it is translated.
            let Ok(file) = Module::open(file.bytes.clone()) else { continue };
            let names =
                file.imports().iter().filter_map(|import| file.atoms().get(import.module)).map(String::from);
            match self.part(path) {
                None => called.extend(names),
                Some(Part::Followed) => {
                    calls.insert(module, names.collect());
                }
                Some(Part::Called) => {}
            }
        }
        while let Some(module) = called.pop_first() {
            if !self.needed.insert(module.clone()) {
                continue;
            }
            let companions = COMPANIONS
                .iter()
                .filter(|(of, _)| *of == module)
                .map(|(_, companion)| (*companion).to_owned());
            called.extend(companions.chain(calls.remove(module.as_str()).into_iter().flatten()));
        }
    }

    /// Which part of the application of a file is translated, if it is not all.
    fn part(&self, path: &str) -> Option<Part> {
        self.partial.iter().find(|(folder, _)| path.starts_with(*folder)).map(|(_, part)| *part)
    }

    fn has(&self, path: &str, module: &str) -> bool {
        self.part(path).is_none() || self.needed.contains(module)
    }
}

/// Which part of an application of OTP is translated, if it is not all. `started` is what is started, if that is known.
fn part_of(application: &Application, layout: &Layout, started: Option<&BTreeSet<String>>) -> Option<Part> {
    if ["kernel", "stdlib"].contains(&application.name.as_str()) {
        return Some(Part::Followed);
    }
    if started.is_some_and(|started| !started.contains(&application.name)) {
        return Some(Part::Called);
    }
    app_file(application, layout).filter(|file| !file.is_started()).map(|_| Part::Followed)
}

/// An application and those that are started before it.
fn started_with(name: &str, plan: &Plan, layout: &Layout) -> BTreeSet<String> {
    let mut started = BTreeSet::new();
    let mut next = vec![name.to_owned()];
    while let Some(name) = next.pop() {
        let application = plan.applications.iter().find(|application| application.name == name);
        if started.insert(name) {
            let file = application.and_then(|application| app_file(application, layout));
            next.extend(file.map(|file| file.started_before()).unwrap_or_default());
        }
    }
    started
}

fn app_file(application: &Application, layout: &Layout) -> Option<AppFile> {
    let path = format!("{}/ebin/{}.app", application.guest, application.name);
    let file = layout.files.get(&path)?;
    AppFile::parse(Path::new(&path), &file.bytes).ok()
}

/// Whether words start nothing but what they name: no shell, no `.erlang`, no expressions.
fn is_plain(words: &[String]) -> bool {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let is_clean = words
        .array_windows()
        .any(|[flag, boot]| flag == "-boot" && boot.rsplit('/').next() == Some("no_dot_erlang"));
    is_clean && has(&["-noinput", "-noshell"]) && !has(&["-eval"])
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::layout::GuestFile;
    use super::super::plan::environment;
    use super::*;

    /// An application of OTP, and its `.app` file with these properties.
    fn application(name: &str, properties: &str, layout: &mut Layout) -> Application {
        let guest = format!("/app/lib/{name}");
        let bytes = format!("{{application, {name}, [{properties}]}}.").into_bytes();
        layout
            .files
            .insert(format!("{guest}/ebin/{name}.app"), GuestFile { bytes, mode: 0o644, modified: 0 });
        Application { name: name.into(), version: None, folder: PathBuf::new(), guest, origin: Origin::Otp }
    }

    #[test]
    fn what_is_not_started_is_not_followed() {
        let mut layout = Layout::default();
        let mut applications: Vec<Application> = [
            (
                "web",
                "{applications, [kernel, stdlib, db]}, {included_applications, [http]}, {mod, {web, []}}",
            ),
            ("http", "{applications, [kernel, stdlib, tls]}"),
            ("db", "{applications, [kernel, trees]}, {mod, {db, []}}"),
            ("trees", "{applications, [kernel]}"),
            ("tls", "{applications, [kernel, asn]}, {mod, {tls, []}}"),
            ("asn", "{applications, [kernel]}"),
            ("kernel", "{mod, {kernel, []}}"),
        ]
        .map(|(name, properties)| application(name, properties, &mut layout))
        .into();
        applications[0].origin = Origin::User;
        applications[1].origin = Origin::User;
        let mut plan = Plan {
            name: "web".into(),
            version: None,
            erts: "13.1.5".into(),
            preloaded: PathBuf::new(),
            applications,
            started: Some("web".into()),
            extras: BTreeMap::new(),
            arguments: Vec::new(),
            cwd: "/tmp".into(),
            environment: environment(),
            remarks: Vec::new(),
        };
        let parts = |plan: &Plan| {
            let choice = Choice::new(plan, &layout, Translated::Start);
            ["web", "http", "db", "trees", "tls", "asn", "kernel"]
                .map(|name| choice.part(&format!("/app/lib/{name}/ebin/a.beam")))
        };
        let (followed, called) = (Some(Part::Followed), Some(Part::Called));
        assert_eq!(parts(&plan), [None, None, None, followed, called, called, followed]);
        plan.started = None;
        assert_eq!(parts(&plan), [None, None, None, followed, None, followed, followed]);
        plan.arguments = ["-mode", "embedded"].map(String::from).into();
        assert_eq!(parts(&plan), [None; 7]);
    }

    #[test]
    fn lists_are_sorted() {
        assert!(START.is_sorted() && SHELL.is_sorted());
        assert!(!START.iter().any(|module| SHELL.contains(module)));
    }

    #[test]
    fn words_of_a_shell_are_not_plain() {
        let plain = |text: &str| is_plain(&text.split(' ').map(String::from).collect::<Vec<_>>());
        assert!(plain("-noinput -boot /app/bin/no_dot_erlang -s hello"));
        assert!(!plain("-boot /app/bin/no_dot_erlang -s hello"));
        assert!(!plain("-noshell -boot /app/bin/start_sasl -s hello"));
        assert!(!plain("-noshell -boot /app/bin/no_dot_erlang -eval ok"));
    }
}
