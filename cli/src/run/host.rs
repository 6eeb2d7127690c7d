// SPDX-License-Identifier: Apache-2.0
//! Guests of this machine's own Xen, by the commands of `xl`.

use std::env;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::Guest;
use crate::build::xl;
use crate::failure::{Code, Failure};
use crate::resources::Resources;

/// Where Debian's xenconsoled keeps what consoles say, if it is told to.
const CONSOLES: &str = "/var/log/xen/console";

/// What to do about most that xl refuses.
const HELP: &str = "become root: `sudo voxoz …`; `xl dmesg` tells what Xen says";

/// Starts the guest with its console on the terminal.
pub fn run(guest: &Guest, extra: &str, resources: &Resources) -> Result<(), Failure> {
    let config = env::temp_dir().join(format!("voxoz-{}.cfg", std::process::id()));
    let text = xl::config(&guest.name, None, &guest.path, guest.memory, extra, &resources.lines());
    write(&config, &text)?;
    for port in ports(resources) {
        anstream::eprintln!("voxoz: {port}");
    }
    let status = call(Command::new("xl").args(["create", "-c"]).arg(&config));
    let _ = std::fs::remove_file(&config);
    good(status?, "xl cannot start the guest")
}

/// Starts the guest and leaves it alone. The configuration and the image have to stay: it may be started anew.
pub fn create(
    folder: &Path,
    name: &str,
    memory: u32,
    extra: &str,
    resources: &Resources,
) -> Result<(), Failure> {
    let config = folder.join(format!("{name}.cfg"));
    let image = folder.join("image.elf");
    write(&config, &xl::config(name, None, &image, memory, extra, &resources.lines()))?;
    good(call(Command::new("xl").args(["create", "-q"]).arg(&config))?, "xl cannot start the guest")
}

/// What is to be said of the ports.
pub fn ports(resources: &Resources) -> Vec<String> {
    let port = |port: &crate::resources::Port| {
        format!("{} port {} is at the guest's own address", port.protocol, port.guest)
    };
    resources.ports.iter().map(port).collect()
}

/// Whether there is a domain of this name.
pub fn is_there(name: &str) -> bool {
    let status = Command::new("xl").args(["list", name]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Asks a domain to power off.
pub fn shutdown(name: &str) -> Result<(), Failure> {
    good(call(Command::new("xl").args(["shutdown", name]))?, "xl cannot stop the guest")
}

/// Ends a domain at once.
pub fn destroy(name: &str) -> Result<(), Failure> {
    good(call(Command::new("xl").args(["destroy", name]))?, "xl cannot end the guest")
}

/// Puts a domain's console on the terminal.
pub fn console(name: &str) -> Result<(), Failure> {
    good(call(Command::new("xl").args(["console", name]))?, "xl cannot show the console")
}

/// Where what the console has said is; VOXOZ_CONSOLES names another folder than Debian's.
pub fn log(name: &str) -> PathBuf {
    let folder = env::var_os("VOXOZ_CONSOLES").map_or_else(|| CONSOLES.into(), PathBuf::from);
    folder.join(format!("guest-{name}.log"))
}

fn call(command: &mut Command) -> Result<ExitStatus, Failure> {
    command.status().map_err(|why| Failure::new(Code::Host, "cannot start xl", why, "install xen-utils"))
}

fn good(status: ExitStatus, what: &str) -> Result<(), Failure> {
    if status.success() { Ok(()) } else { Err(failed(what, &status)) }
}

fn failed(what: &str, why: &dyn Display) -> Failure {
    Failure::new(Code::Failed, what, why, HELP)
}

fn write(config: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(config, text).map_err(|why| {
        let help = "free some room, or set TMPDIR to a directory that has it";
        Failure::new(Code::Build, format!("cannot write {}", config.display()), why, help)
    })
}
