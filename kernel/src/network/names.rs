// SPDX-License-Identifier: Apache-2.0
//! The files from which OTP knows names of hosts: `/etc/hosts`, `/etc/resolv.conf`, and `inet`'s own configuration, which says that those are
//! what counts. Stock asks the system's resolver otherwise, by a program; here there is neither.
//!
//! `inet` looks at the files when a name is asked for, and again when they have changed, so that a lease that comes late is of use. The configuration does
//! not name them: `inet` would read them at the start then, for which it loads `string` and the tables of `unicode_util`, a third of a small start.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::net::IpAddr;

use fs::memory::{MemoryFs, User};
use fs::{At, Errno, Modes, Namespace};
use log::warn;

use crate::time;

/// The folder, which the image has for this.
const FOLDER: &[u8] = b"/etc";
/// The variable that names `inet`'s configuration (`inet_cfg`, the user's guide of ERTS).
pub const VARIABLE: &str = "ERL_INETRC";
/// The file that it names.
pub const CONFIGURATION: &str = "/etc/erl_inetrc";
/// Bytes of all these files at most.
const QUOTA: u64 = 256 * 1024;
const DEVICE: u32 = 3;

const INETRC: &str = "{lookup, [file, dns]}.\n";

/// The domain of a host that has none.
const DOMAIN: &str = "localdomain";

/// A host's name with its domain. OTP asks the system's resolver for the domain of a name without one, before it has read what is to be
/// asked (`inet_config:init/0`), and the program for that is not there.
pub fn with_domain(host_name: &str) -> String {
    if host_name.contains('.') { host_name.into() } else { format!("{host_name}.{DOMAIN}") }
}

/// Makes the folder and what does not change. Says whether there is one: an image without the folder leaves names unknown.
pub fn start(files: &mut Namespace, host_name: &str) -> bool {
    let clock = alloc::boxed::Box::new(|| time::wall_clock().as_secs().cast_signed());
    let memory = MemoryFs::new(QUOTA, User::default(), DEVICE, clock);
    if files.mount(FOLDER, alloc::boxed::Box::new(memory)).is_err() {
        return false;
    }
    let short = host_name.split('.').next().unwrap_or(host_name);
    let hosts = format!("127.0.0.1 localhost {host_name} {short}\n::1 localhost\n");
    for (name, text) in [(CONFIGURATION, INETRC), ("/etc/hosts", &*hosts), ("/etc/hostname", host_name)] {
        put(files, name, text);
    }
    true
}

/// Writes which name servers there are.
pub fn tell_servers(files: &mut Namespace, servers: &[IpAddr]) {
    let mut text = String::new();
    for server in servers {
        // A text takes what is written to it.
        let _ = writeln!(text, "nameserver {server}");
    }
    put(files, "/etc/resolv.conf", &text);
}

fn put(files: &mut Namespace, name: &str, text: &str) {
    if let Err(errno) = write(files, name, text) {
        warn!("{name} cannot be written: error {}", errno.0);
    }
}

fn write(files: &mut Namespace, name: &str, text: &str) -> Result<(), Errno> {
    let modes = Modes { write: true, create: true, truncate: true, ..Modes::default() };
    let file = files.open(name.as_bytes(), modes)?;
    let written = files.write(file, At::Position, &[text.as_bytes()]);
    files.close(file)?;
    written.map(drop)
}
