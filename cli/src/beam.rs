// SPDX-License-Identifier: Apache-2.0
//! `voxoz beam`: calls a function of compiled modules in the virtual machine, as a process of this system.
//!
//! The flags are `erl`'s, which have one dash, so they are read here and not by the parser of the other commands.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use beam_vm::script::Outcome;
use hosted::{CodePath, Collections, Flavor, Network, OtpRoot, Settings};

use crate::disk;
use crate::failure::{Code, Failure};

const HELP: &str = "voxoz beam -pa DIR... [-root DIR] [-tmp MIB] [-data FILE] [-net own] [-stress] [-seed NUMBER] [+P NUMBER] [-emu_flavor emu|jit] -s MODULE [FUNCTION]";

/// Call a function in the virtual machine and print its result
///
/// Usage: `voxoz beam -pa DIR... [-root DIR] [-tmp MIB] [-data FILE] [-net own] [-stress] [-seed NUMBER] [+P NUMBER] [-emu_flavor emu|jit] -s MODULE [FUNCTION]`
///
/// Calls MODULE:FUNCTION(), start() unless another is named, without OTP's boot, and prints what it returns. Modules are loaded when they are
/// called, from the folders after -pa and then from the OTP installation in the folder after -root, in VOXOZ_OTP_ROOT or in
/// /usr/lib/erlang. An exception is printed as {Class, Reason, Stacktrace} on standard error and gives exit code 1.
///
/// With +P, there can be another number of processes than 262144, rounded up to a power of two.
///
/// With -net own, sockets are those of Voxoz's own network stack, of which only the loopback leads anywhere. With -tmp, /tmp is a file system in memory of so many MiB, as it is in a guest. With -data, /data is
/// the volume on that file or block device, as a guest has it on a disk; a blank one is made into a volume.
///
/// With -stress, heaps are collected wherever they can be and looked at each time. With -seed, the clock is simulated and chance, which follows from
/// the number, decides in what order processes run and for how long. With -emu_flavor emu, no machine code is made.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The flags
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// What the flags say.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    folders: Vec<PathBuf>,
    root: Option<PathBuf>,
    settings: Settings,
    module: String,
    function: String,
}

fn usage(why: impl std::fmt::Display) -> Failure {
    Failure::new(Code::Usage, "cannot read the flags", why, HELP)
}

fn parse(flags: &[String]) -> Result<Call, Failure> {
    let mut folders = Vec::new();
    let mut root = None;
    let mut settings = Settings::default();
    let mut call: Option<(String, String)> = None;
    let mut rest = flags.iter().map(String::as_str).peekable();
    while let Some(flag) = rest.next() {
        let values: Vec<&str> =
            std::iter::from_fn(|| rest.next_if(|value| !value.starts_with(['-', '+']))).collect();
        match (flag, values.as_slice()) {
            ("-pa" | "-pz", [_, ..]) => folders.extend(values.iter().map(PathBuf::from)),
            ("-root", [folder]) => root = Some(PathBuf::from(folder)),
            ("-stress", []) => settings.collections = Collections::Stressed,
            ("-seed", [number]) => {
                let seed = number.parse().map_err(|_| usage(format!("-seed {number} is no number")))?;
                settings.seed = Some(seed);
            }
            ("-tmp", [number]) => {
                let mib: u64 = number.parse().map_err(|_| usage(format!("-tmp {number} is no number")))?;
                settings.tmp = Some(mib.saturating_mul(1 << 20));
            }
            ("-data", [file]) => settings.data = Some(disk::data(Path::new(file))?),
            ("-net", ["host"]) => settings.network = Network::Host,
            ("-net", ["own"]) => settings.network = Network::Own,
            ("-emu_flavor", ["emu"]) => settings.flavor = Flavor::Emu,
            ("-emu_flavor", ["jit"]) => settings.flavor = Flavor::Jit,
            ("+P", [number]) => {
                let limit = number.parse().map_err(|_| usage(format!("+P {number} is no number")))?;
                settings.process_limit = Some(limit);
            }
            ("-s", [module]) => call = Some(((*module).into(), "start".into())),
            ("-s", [module, function]) => call = Some(((*module).into(), (*function).into())),
            (
                "-data" | "-emu_flavor" | "-net" | "-pa" | "-pz" | "-root" | "-s" | "+P" | "-seed"
                | "-stress" | "-tmp",
                _,
            ) => {
                return Err(usage(format!("{flag} needs another number of values")));
            }
            _ => return Err(usage(format!("{flag} means nothing here"))),
        }
    }
    let (module, function) = call.ok_or_else(|| usage("-s is missing: there is no function to call"))?;
    Ok(Call { folders, root, settings, module, function })
}

fn root(named: Option<&Path>) -> Result<Option<OtpRoot>, Failure> {
    match named {
        None => Ok(OtpRoot::find()),
        Some(folder) => match OtpRoot::at(folder) {
            Some(root) => Ok(Some(root)),
            None => {
                let what = format!("{} is no OTP installation", folder.display());
                Err(Failure::new(
                    Code::Usage,
                    what,
                    "it has no folder `lib`",
                    "name the folder that `erl` calls its root",
                ))
            }
        },
    }
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let call = parse(&options.flags)?;
    let path = CodePath::new(call.folders, root(call.root.as_deref())?.as_ref());
    let outcome = hosted::call(path, call.settings, &call.module, &call.function);
    let outcome = outcome.map_err(|why| Failure::new(Code::Failed, "cannot call the function", why, HELP))?;
    let failed = |why: &str| {
        Err(Failure::new(Code::Failed, "the function has not returned", why, "look at the program"))
    };
    match outcome {
        Outcome::Returned(text) => {
            // Nobody is left to be told when the reader is gone.
            let _ = std::io::stdout().write_all(&text);
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Raised(text) => {
            let _ = std::io::stderr().write_all(&text);
            Ok(ExitCode::from(Code::Failed as u8))
        }
        Outcome::Halted(status) => Ok(ExitCode::from(status as u8)),
        Outcome::Killed(reason) => failed(&format!("its process has ended with {reason}")),
        Outcome::Stuck => failed("all processes wait, and nothing will wake them"),
    }
}

#[cfg(test)]
mod tests {
    use hosted::{Collections, Settings};

    use super::{Call, parse};

    fn flags(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn flags_are_those_of_erl() {
        let expected = Call {
            folders: vec!["a".into(), "b".into(), "c".into()],
            root: None,
            settings: Settings::default(),
            module: "m".into(),
            function: "start".into(),
        };
        assert_eq!(parse(&flags("-pa a b -s m -pz c")).expect("flags"), expected);
        assert_eq!(parse(&flags("-s m f")).expect("flags").function, "f");
        let expected = Settings {
            collections: Collections::Stressed,
            seed: Some(7),
            process_limit: Some(2048),
            tmp: Some(3 << 20),
            ..Settings::default()
        };
        assert_eq!(parse(&flags("-stress -seed 7 +P 2048 -tmp 3 -s m")).expect("flags").settings, expected);
    }

    #[test]
    fn other_flags_are_named() {
        assert!(parse(&flags("-s m -sname x")).expect_err("no such flag").to_string().contains("-sname"));
        assert!(parse(&flags("-pa a")).is_err());
        assert!(parse(&flags("-seed x -s m")).is_err());
    }
}
