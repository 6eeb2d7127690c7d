// SPDX-License-Identifier: Apache-2.0
//! Plain folders of modules: an application without a release. OTP's own start is used, and `-s` says what is called.

use std::path::{Path, PathBuf};

use super::options::{Options, Terminal};
use super::otp::{AppFile, BOOT, Otp};
use super::plan::{Application, Extra, Origin, Plan, ROOT, environment};
use crate::failure::{Code, Failure};

/// Makes the plan.
pub fn plan(options: &Options, otp: &Otp) -> Result<Plan, Failure> {
    let mut applications = Vec::new();
    let mut started = None;
    for path in &options.paths {
        let ebin = ebin_of(path)?;
        let file = AppFile::find(&ebin)?;
        if let Some(file) = file.as_ref().filter(|file| file.is_started()) {
            // The first folder is the application; others are what it needs.
            started.get_or_insert_with(|| file.name.clone());
        }
        applications.push(application(&ebin, file.as_ref()));
    }
    let wanted: Vec<&str> =
        ["kernel", "stdlib"].into_iter().chain(options.applications.iter().map(String::as_str)).collect();
    let name = applications.first().map_or_else(|| "shell".into(), |first: &Application| first.name.clone());
    let version = applications.first().and_then(|first| first.version.clone());
    otp.complete(&mut applications, &wanted)?;
    let (erts, boot) = otp.own_start()?;

    let guest_boot = format!("{ROOT}/bin/{BOOT}");
    let mut arguments: Vec<String> = Vec::new();
    if options.terminal() == Terminal::None {
        arguments.push("-noinput".into());
    }
    arguments.extend(["-boot".into(), guest_boot.clone()]);
    let own = applications.iter().filter(|application| application.origin == Origin::User);
    for application in own {
        arguments.extend(["-pa".into(), format!("{}/ebin", application.guest)]);
    }
    let starts_more = options.words.iter().any(|word| ["-s", "-run", "-eval"].contains(&word.as_str()));
    let known = started.clone().filter(|_| options.start.is_empty() && !starts_more);
    match (&*options.start, started) {
        ([], Some(name)) => {
            arguments.extend([
                "-eval".into(),
                format!("{{ok,_}} = application:ensure_all_started('{name}', permanent)"),
            ]);
        }
        ([], None) if options.terminal() == Terminal::Shell => {}
        ([], None) => {
            let why = "no folder has an application with a start module, and there is no -s";
            let help =
                "say which function to call: `voxoz build FOLDER -s MODULE [FUNCTION]`, or use --shell";
            return Err(Failure::new(Code::Usage, "there is nothing to start", why, help));
        }
        (words, _) => {
            arguments.push("-s".into());
            arguments.extend(words.iter().cloned());
        }
    }
    arguments.extend(options.words.iter().cloned());
    Ok(Plan {
        name,
        version,
        preloaded: otp.preloaded(&erts)?,
        erts,
        applications,
        started: known,
        extras: [(format!("{guest_boot}.boot"), Extra::Copy(boot))].into(),
        arguments,
        cwd: "/tmp".into(),
        environment: environment(),
        remarks: Vec::new(),
    })
}

/// The folder of modules that a path means.
fn ebin_of(path: &Path) -> Result<PathBuf, Failure> {
    let inner = path.join("ebin");
    let folder = if inner.is_dir() { inner } else { path.to_owned() };
    let entries = std::fs::read_dir(&folder).map_err(|why| {
        let what = format!("cannot read {}", folder.display());
        Failure::new(Code::Build, what, why, "name a folder of modules, a release or an escript")
    })?;
    let has_module = entries.flatten().any(|entry| entry.path().extension().is_some_and(|e| e == "beam"));
    if has_module {
        return Ok(folder);
    }
    let what = format!("{} is no release and has no modules", path.display());
    let why = "it has neither a folder `releases` nor .beam files";
    let help =
        "build the release first (`rebar3 release`, `mix release`), or compile into the folder with erlc";
    Err(Failure::new(Code::Build, what, why, help))
}

/// An application out of its folder of modules. Without an `.app` file it is called as its folder.
fn application(ebin: &Path, file: Option<&AppFile>) -> Application {
    let absolute = std::path::absolute(ebin).unwrap_or_else(|_| ebin.to_owned());
    let is_ebin = absolute.file_name().is_some_and(|name| name == "ebin");
    let folder = if is_ebin { absolute.parent().unwrap_or(&absolute) } else { &absolute };
    let folder_name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("app");
    let name = file.map_or_else(|| folder_name.to_owned(), |file| file.name.clone());
    let version = file.and_then(AppFile::version).map(String::from);
    let guest = match &version {
        Some(version) => format!("{ROOT}/lib/{name}-{version}"),
        None => format!("{ROOT}/lib/{name}"),
    };
    // The layout takes `ebin` and `priv` out of an application's folder; a bare folder of modules is its own `ebin`.
    let folder = if is_ebin { folder.to_owned() } else { absolute };
    Application { name, version, folder, guest, origin: Origin::User }
}
