// SPDX-License-Identifier: Apache-2.0
//! Who runs a script or a session: stock's `erl`, or `voxoz erl`, and what both find around them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Stock OTP.
    Stock,
    /// The virtual machine.
    Here,
}

impl Side {
    /// Makes an empty folder for what is called `name` and gives it with the home in it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn folder(self, work: &Path, name: &str) -> Result<(PathBuf, PathBuf), String> {
        let end = if self == Self::Stock { "erl" } else { "voxoz" };
        let folder = work.join(format!("{name}.{end}"));
        let _ = fs::remove_dir_all(&folder);
        let home = folder.join("home");
        fs::create_dir_all(&home).map_err(|why| format!("cannot make {}: {why}", home.display()))?;
        Ok((folder, home))
    }

    /// Gives a command its environment: `$ERL`, and an `erl` for programs that look for one.
    ///
    /// # Errors
    /// There is no `voxoz`, or the folder cannot be written.
    pub fn set(self, command: &mut Command, folder: &Path, home: &Path) -> Result<(), String> {
        let erl = match self {
            Self::Stock => "erl".into(),
            Self::Here => format!("{} erl", voxoz()?.display()),
        };
        let mut path = std::env::var_os("PATH").unwrap_or_default();
        if self == Self::Here {
            let mut folders = fake_erl(folder, &erl)?.into_os_string();
            folders.push(":");
            folders.push(path);
            path = folders;
        }
        command
            .current_dir(home)
            .env("PATH", path)
            .env("ERL", erl)
            .env("HOME", home)
            .env("LC_ALL", "C.UTF-8");
        for variable in ["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        Ok(())
    }
}

/// The program `voxoz`, which is built beside this one.
fn voxoz() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|why| format!("cannot find this program: {why}"))?;
    let program = this.with_file_name("voxoz");
    if program.is_file() {
        return Ok(program);
    }
    Err(format!("there is no {}: run cargo build --release --bin voxoz", program.display()))
}

/// A folder with a program `erl` that is ours, for programs like `elixir` that look for it.
fn fake_erl(folder: &Path, erl: &str) -> Result<PathBuf, String> {
    let (folder, wrong) = (folder.join("bin"), |why| format!("cannot make a program erl: {why}"));
    fs::create_dir_all(&folder).map_err(wrong)?;
    let file = folder.join("erl");
    fs::write(&file, format!("#!/bin/sh\nexec {erl} \"$@\"\n")).map_err(wrong)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).map_err(wrong)?;
    Ok(folder)
}
