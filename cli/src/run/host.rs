// SPDX-License-Identifier: Apache-2.0
//! Guests of this machine's own Xen, by the commands of `xl`.
//!
//! What `xl` says of something that fails is shown as the reason. Of a guest that shares the terminal with us it is on the terminal already. How a domain has
//! ended is only in the log of the `xl create` that stays with it (tools/xl/xl_vmcontrol.c, `xl-NAME.log`).

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use lab::Reason;

use super::Guest;
use crate::build::temporary::Temporary;
use crate::build::xl;
use crate::failure::{Code, Failure};
use crate::resources::Resources;

/// Where Debian's xenconsoled keeps what consoles say, if it is told to.
const CONSOLES: &str = "/var/log/xen/console";
/// Where xl keeps its logs.
const LOGS: &str = "/var/log/xen";

/// What to do about most that xl refuses.
const HELP: &str = "`xl dmesg` and /var/log/xen tell more";

/// How long xl may take to write down the end of a domain that is gone.
const WRITES: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

/// What has become of a guest whose console was on the terminal.
pub enum Outcome {
    /// It has ended, and this is why if xl has written it down.
    Ended(Option<Reason>),
    /// The user has left its console.
    GoesOn,
}

/// Sees that xl can do its work, before anything is built for it.
pub fn check() -> Result<(), Failure> {
    let output = call(&["list"])?;
    if output.status.success() {
        return Ok(());
    }
    let said = said(&output);
    let lower = said.to_lowercase();
    let is_forbidden = ["permission denied", "not permitted"].iter().any(|text| lower.contains(text));
    let help = if is_forbidden {
        "only root may control Xen: `sudo voxoz …`"
    } else {
        "boot this machine with Xen, or use `--on bench`, which needs none"
    };
    Err(Failure::new(Code::Host, "xl cannot reach this machine's Xen", said, help))
}

/// Starts the guest with its console on the terminal, and returns when the console has ended.
pub fn run(guest: &Guest, extra: &str, resources: &Resources) -> Result<Outcome, Failure> {
    let name = &guest.name;
    if is_there(name) {
        let help = format!("stop it with `xl shutdown {name}`, or use `voxoz run -d --name` for another one");
        let why = "a domain's name is its alone";
        return Err(Failure::new(Code::Failed, format!("there is a domain {name} already"), why, help));
    }
    let folder = Temporary::new("voxoz-domain").map_err(|why| unwritable(&env::temp_dir(), why))?;
    let config = folder.path().join(format!("{name}.cfg"));
    write(&config, &xl::config(name, None, &guest.path, guest.memory, extra, &resources.lines()))?;
    for port in ports(resources) {
        anstream::eprintln!("voxoz: {port}");
    }
    let began = SystemTime::now();
    show(&["create", "-q", "-c", &config.display().to_string()], &format!("xl cannot start {name}"))?;
    let deadline = Instant::now() + WRITES;
    loop {
        match ended(name, began) {
            Some((_, reason)) => return Ok(Outcome::Ended(Some(reason))),
            None if is_there(name) => return Ok(Outcome::GoesOn),
            None if Instant::now() > deadline => return Ok(Outcome::Ended(None)),
            None => std::thread::sleep(LOOK),
        }
    }
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
    tell(&["create", "-q", &config.display().to_string()], &format!("xl cannot start {name}"))
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
    call(&["list", name]).is_ok_and(|output| output.status.success())
}

/// Asks a domain to power off.
pub fn shutdown(name: &str) -> Result<(), Failure> {
    tell(&["shutdown", name], &format!("xl cannot stop {name}"))
}

/// Ends a domain at once.
pub fn destroy(name: &str) -> Result<(), Failure> {
    tell(&["destroy", name], &format!("xl cannot end {name}"))
}

/// Puts a domain's console on the terminal.
pub fn console(name: &str) -> Result<(), Failure> {
    show(&["console", name], &format!("xl cannot show the console of {name}"))
}

/// When and why a domain has ended that was started after a time, if xl has written it down. VOXOZ_XEN_LOGS names another folder than xl's own.
pub fn ended(name: &str, since: SystemTime) -> Option<(SystemTime, Reason)> {
    let folder = env::var_os("VOXOZ_XEN_LOGS").map_or_else(|| LOGS.into(), PathBuf::from);
    let path = folder.join(format!("xl-{name}.log"));
    let at = std::fs::metadata(&path).and_then(|file| file.modified()).ok()?;
    // One that is older is an earlier domain's. File systems keep coarser times than the clock.
    if at + Duration::from_secs(1) < since {
        return None;
    }
    let log = std::fs::read(&path).ok()?;
    Some((at, lab::reason_of(&String::from_utf8_lossy(&log))?))
}

/// Where what the console has said is; VOXOZ_CONSOLES names another folder than Debian's.
pub fn log(name: &str) -> PathBuf {
    let folder = env::var_os("VOXOZ_CONSOLES").map_or_else(|| CONSOLES.into(), PathBuf::from);
    folder.join(format!("guest-{name}.log"))
}

fn absent(why: std::io::Error) -> Failure {
    let help = "install it: Debian's package is xen-utils, and a host needs xen-system-amd64";
    Failure::new(Code::Host, "cannot start xl", why, help)
}

/// Calls xl, and keeps what it says.
fn call(words: &[&str]) -> Result<Output, Failure> {
    Command::new("xl").args(words).output().map_err(absent)
}

/// Calls xl, whose warnings are shown and whose errors are the reason.
fn tell(words: &[&str], what: &str) -> Result<(), Failure> {
    let output = call(words)?;
    if output.status.success() {
        anstream::eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Ok(());
    }
    Err(Failure::new(Code::Failed, what, said(&output), HELP))
}

/// Calls xl with the terminal.
fn show(words: &[&str], what: &str) -> Result<(), Failure> {
    let status = Command::new("xl").args(words).status().map_err(absent)?;
    if status.success() {
        return Ok(());
    }
    let why = format!("what it says is above; {status}");
    Err(Failure::new(Code::Failed, what, why, HELP))
}

/// What xl has said, or at least how it has ended.
fn said(output: &Output) -> String {
    let text = [&*output.stdout, &*output.stderr].concat();
    match String::from_utf8_lossy(&text).trim() {
        "" => output.status.to_string(),
        text => text.to_owned(),
    }
}

fn write(config: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(config, text).map_err(|why| unwritable(config, why))
}

fn unwritable(path: &Path, why: std::io::Error) -> Failure {
    let help = "free some room, or set TMPDIR to a directory that has it";
    Failure::new(Code::Build, format!("cannot write {}", path.display()), why, help)
}
