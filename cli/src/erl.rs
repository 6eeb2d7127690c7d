// SPDX-License-Identifier: Apache-2.0
//! `voxoz erl`: OTP, started as `erl` starts it, in the virtual machine as a process of this system.
//!
//! The command line is `erl`'s, down to the variables of the environment, so it is read here and not by the parser of the other commands.
//! Files, terminal and programs are the host's.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;

use beam_vm::command_line::{self, CommandLine, Surroundings};
use hosted::{Flavor, Network, OtpRoot, SHARE_FLAG, Settings, Share};

use crate::disk;
use crate::failure::{Code, Failure};

const HELP: &str = "voxoz erl takes the arguments of erl(1)";

/// Start OTP as `erl` does: `voxoz erl ARGUMENTS`
///
/// The arguments are those of `erl`, and so are the variables ERL_AFLAGS, ERL_FLAGS, ERL_OTP25_FLAGS and ERL_ZFLAGS. OTP's own
/// files come from the installation that VOXOZ_OTP_ROOT names, or from /usr/lib/erlang. Flags of the emulator that mean nothing here are
/// named on standard error.
///
/// Three flags are Voxoz's own, and come before all others. With -net own, sockets are those of the network stack that a guest has, with a loopback
/// and no device. With -data FILE, /data is the volume on that file or block device, as a guest
/// has it on a disk; a blank one is made into a volume. With -9p HOST:PORT TREE PLACE, a tree of a server that speaks 9P2000.L is mounted
/// at a place; more pairs of TREE and PLACE may follow, and the flag may be given again.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

struct Host;

impl Surroundings for Host {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        std::env::var_os(name).map(OsStringExt::into_vec)
    }

    fn file(&self, name: &[u8]) -> Result<Vec<u8>, String> {
        std::fs::read(std::ffi::OsStr::from_bytes(name)).map_err(|error| error.to_string())
    }
}

fn read(arguments: &[OsString]) -> Result<CommandLine, Failure> {
    let words = arguments.iter().map(|word| word.as_bytes().to_vec()).collect();
    command_line::read(words, &Host)
        .map_err(|error| Failure::new(Code::Usage, "cannot read the flags", error, HELP))
}

/// Takes the flags that are not `erl`'s.
fn own_flags(arguments: &[OsString]) -> Result<(Settings, &[OsString]), Failure> {
    let mut settings = Settings::default();
    let mut shares = Vec::new();
    let mut rest = arguments;
    loop {
        rest = match rest {
            [flag, file, after @ ..] if flag == "-data" => {
                settings.data = Some(disk::data(Path::new(file))?);
                after
            }
            [flag, whose, after @ ..] if flag == "-net" && whose == "own" => {
                settings.network = Network::Own;
                after
            }
            [flag, after @ ..] if flag == SHARE_FLAG => {
                let texts = after.iter().map_while(|word| word.to_str().map(String::from));
                let mut words = texts.peekable();
                let taken = Share::take(&mut words);
                let taken =
                    taken.map_err(|why| Failure::new(Code::Usage, "cannot read the flags", why, HELP))?;
                // The server, and two words for each tree.
                let count = 1 + 2 * taken.len();
                shares.extend(taken);
                &after[count..]
            }
            _ => break,
        };
    }
    // They are used to the end of this process.
    settings.shares = shares.leak();
    Ok((settings, rest))
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let (settings, arguments) = own_flags(&options.arguments)?;
    let line = read(arguments)?;
    let root = OtpRoot::find().ok_or_else(|| {
        let why = "there is none in /usr/lib/erlang, and VOXOZ_OTP_ROOT names none";
        Failure::new(Code::Host, "cannot find OTP", why, "install erlang-base, or set VOXOZ_OTP_ROOT")
    })?;
    if line.wants_version || line.emulator.wants_version {
        anstream::eprintln!(
            "Erlang (VOXOZ) (BEAM) emulator version {}",
            root.erts_version().unwrap_or_default()
        );
        return Ok(ExitCode::SUCCESS);
    }
    for remark in &line.emulator.remarks {
        anstream::eprintln!("voxoz: {remark}");
    }
    let home = line.home.clone().or_else(|| Host.variable("HOME")).ok_or_else(|| {
        Failure::new(Code::Host, "cannot start OTP", "the variable HOME is not set", "set it, or use -home")
    })?;
    let bindir = root.folder().join(format!("erts-{}", root.erts_version().unwrap_or_default())).join("bin");
    let arguments = line.for_init(root.folder().as_os_str().as_bytes(), bindir.as_os_str().as_bytes(), &home);
    let settings = Settings { flavor: line.flavor.unwrap_or(Flavor::default()), ..settings };
    let node =
        hosted::Node { arguments, variables: line.variables.into_iter().collect(), emulator: line.emulator };
    let status = hosted::boot(&root, settings, &node)
        .map_err(|why| Failure::new(Code::Failed, "cannot start OTP", why, HELP))?;
    Ok(ExitCode::from(status as u8))
}
