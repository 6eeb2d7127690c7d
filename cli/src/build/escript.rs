// SPDX-License-Identifier: Apache-2.0
//! Escripts: stock's module `escript` runs them, so the file goes into the image as it is. Only what it needs of OTP has to be found out
//! (`escript(1)`; `erts/etc/common/escript.c` for the words of the command line).

use std::path::Path;

use super::options::Options;
use super::otp::{AppFile, Otp};
use super::plan::{Extra, Plan, ROOT, environment};
use super::zip;
use crate::failure::{Code, Failure};
use crate::file;

/// What a file begins with if it is a script.
pub const SHEBANG: &[u8] = b"#!";

/// The parts of an escript.
struct Escript<'a> {
    /// Words for the emulator: `%%!`.
    words: &'a str,
    /// What follows the header: source, a module or an archive.
    body: &'a [u8],
}

/// The header is of three lines at most: `#!`, a comment, `%%!`.
fn split(bytes: &[u8]) -> Escript<'_> {
    let mut words = "";
    let mut body = bytes;
    for number in 0..3 {
        let end = body.iter().position(|byte| *byte == b'\n').map_or(body.len(), |end| end + 1);
        let line = std::str::from_utf8(&body[..end]).unwrap_or_default().trim_end();
        let emulator = line.strip_prefix("%%!");
        if number > 0 && !line.starts_with("%%") {
            break;
        }
        body = &body[end..];
        if let Some(found) = emulator {
            words = found;
            break;
        }
    }
    Escript { words, body }
}

/// Makes the plan.
pub fn plan(path: &Path, options: &Options, otp: &Otp) -> Result<Plan, Failure> {
    if !options.start.is_empty() || options.shell {
        let why = format!("{} is an escript, which is started by its function main/1", path.display());
        return Err(Failure::new(Code::Usage, "-s and --shell cannot be used here", why, "leave them out"));
    }
    let bytes = file::contents(path)?;
    let escript = split(&bytes);
    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or("script");
    let name =
        file_name.strip_suffix(".escript").or_else(|| file_name.strip_suffix(".erl")).unwrap_or(file_name);
    let mut wanted: Vec<String> = ["kernel", "stdlib"].map(String::from).into();
    wanted.extend(options.applications.iter().cloned());
    if escript.body.starts_with(zip::MAGIC) {
        wanted.extend(needed_by_archive(path, escript.body)?);
    } else if !escript.body.starts_with(b"FOR1") {
        // Source is compiled when the guest starts.
        wanted.push("compiler".into());
    }
    let mut applications = Vec::new();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    otp.complete(&mut applications, &wanted)?;
    let (erts, boot) = otp.own_start()?;

    let guest = format!("{ROOT}/bin/{file_name}");
    let guest_boot = format!("{ROOT}/bin/{}", super::otp::BOOT);
    let mut arguments = ["+B", "-boot", &guest_boot, "-noshell"].map(String::from).to_vec();
    let words =
        beam_vm::command_line::split(escript.words.as_bytes(), beam_vm::command_line::Source::Variable);
    arguments.extend(words.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()));
    arguments.extend(["-run", "escript", "start", "-extra", &guest].map(String::from));
    arguments.extend(options.words.iter().cloned());
    Ok(Plan {
        name: name.into(),
        version: None,
        preloaded: otp.preloaded(&erts)?,
        erts,
        applications,
        started: None,
        extras: [(guest, Extra::Bytes(bytes.clone())), (format!("{guest_boot}.boot"), Extra::Copy(boot))]
            .into(),
        arguments,
        cwd: "/tmp".into(),
        environment: environment(),
        remarks: Vec::new(),
    })
}

/// The applications that those in an archive need and that are not in it.
fn needed_by_archive(path: &Path, archive: &[u8]) -> Result<Vec<String>, Failure> {
    let wrong = |why: &dyn std::fmt::Display| {
        let what = format!("cannot read the archive in {}", path.display());
        Failure::new(Code::Build, what, why, "build the escript again")
    };
    let files = zip::files(archive, |name| name.ends_with(".app")).map_err(|error| wrong(&error))?;
    let mut needed = Vec::new();
    let mut own = Vec::new();
    for (name, bytes) in files {
        let app = AppFile::parse(Path::new(&name), &bytes)?;
        needed.extend(app.needed());
        own.push(app.name);
    }
    needed.retain(|name| !own.contains(name));
    Ok(needed)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn headers_have_three_lines_at_most() {
        let parts = |text: &'static str| {
            let escript = split(text.as_bytes());
            (escript.words, std::str::from_utf8(escript.body).expect("text"))
        };
        assert_eq!(parts("#!/usr/bin/env escript\nmain(_) -> ok.\n"), ("", "main(_) -> ok.\n"));
        assert_eq!(parts("#!x\n%% -*- erlang -*-\n%%! -sname a +B\nmain"), (" -sname a +B", "main"));
        assert_eq!(parts("#!x\n%%! -a\n%% b\nmain"), (" -a", "%% b\nmain"));
        assert_eq!(parts("#!x"), ("", ""));
    }
}
