// SPDX-License-Identifier: Apache-2.0
//! `voxoz new`: writes a project that `voxoz run` can start: an OTP application with a supervisor and a small server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Code, Failure};
use crate::{out, project};

/// Write a project that `voxoz run` can start
///
/// It is an Erlang application without a build tool: `voxoz` compiles its modules with erlc. It needs nothing but OTP, and it also runs on
/// stock `erl`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The folder to make; its last part is the application's name
    #[arg(value_name = "NAME")]
    folder: PathBuf,
}

/// What stands in the templates for the name.
const NAME: &str = "@NAME@";

/// The files: their names and what is in them.
const FILES: &[(&str, &str)] = &[
    (project::FILE, include_str!("new/project")),
    ("README.md", include_str!("new/readme")),
    (".gitignore", "/_build\n"),
    ("src/@NAME@.app.src", include_str!("new/app")),
    ("src/@NAME@_app.erl", include_str!("new/application")),
    ("src/@NAME@_server.erl", include_str!("new/server")),
];

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let folder = &options.folder;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check(name)?;
    if folder.exists() {
        let what = format!("{} is there already", folder.display());
        return Err(Failure::new(Code::Usage, what, "a new project has a new folder", "choose another name"));
    }
    for (file, text) in FILES {
        let path = folder.join(file.replace(NAME, name));
        write(&path, &text.replace(NAME, name)).map_err(|why| {
            let what = format!("cannot write {}", path.display());
            Failure::new(Code::Build, what, why, "name a folder that you may write to")
        })?;
    }
    out::line(format_args!(
        "{0} is an application that answers HTTP on port 8080.\nStart it with `voxoz run {0}`, or with \
         `voxoz run --hosted {0}` as a process of this system.",
        folder.display()
    ))?;
    Ok(())
}

/// A name has to be an atom without quotes, and the name of no application of OTP.
fn check(name: &str) -> Result<(), Failure> {
    let wrong = |why: String| {
        let help = "choose a name such as hello_world";
        Err(Failure::new(Code::Usage, format!("{name:?} cannot be an application's name"), why, help))
    };
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_letter) {
        return wrong("it is not made of small letters, digits and _, a letter first".into());
    }
    if crate::build::otp::is_stock(name) {
        return wrong(format!("OTP has an application {name}"));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_atoms_that_otp_has_not() {
        for name in ["hello", "a1", "my_app"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "Hello", "1a", "a-b", "_a", "kernel", "mnesia", "ä"] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
