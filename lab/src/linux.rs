// SPDX-License-Identifier: Apache-2.0
//! Debian's own kernel as a PV guest, with a busybox that says when user space started, and with stock OTP where that is asked for: the
//! peer in `cargo xtask bench`, and what the lab tests itself with.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::image::cpio::{Kind, Writer};
use crate::{GuestSpec, Lab, LabError};

/// What the guest does once it has written its first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Powers off.
    Poweroff,
    /// Reboots.
    Reboot,
    /// Crashes the kernel.
    Crash,
    /// Waits to be ended.
    Idle,
    /// Writes `linux: echo`, reads this many bytes from the console and writes them back.
    Echo(usize),
    /// Takes an address on its first vif by DHCP, writes `linux: address A/PREFIX` and echoes one TCP connection to port 7.
    Net,
}

/// Debian's `erl`.
const OTP_ERL: &str = "usr/lib/erlang/bin/erl";

/// How many files and sockets a node may have open. The kernel's own default is 1,024.
const OPEN_FILES: u32 = 65_536;

/// How the guest's first line begins; seconds since its kernel started follow: `linux: user space after 6.44 s`.
pub const FIRST_LINE: &str = "linux: user space after ";

/// Returns the specification of such a guest.
pub fn guest(lab: &Lab, name: &str, task: &Task) -> GuestSpec {
    let task = match task {
        Task::Poweroff => "lab=poweroff".to_owned(),
        Task::Reboot => "lab=reboot".to_owned(),
        Task::Crash => "lab=crash".to_owned(),
        Task::Idle => "lab=idle".to_owned(),
        Task::Echo(bytes) => format!("lab=echo lab.bytes={bytes}"),
        Task::Net => "lab=net".to_owned(),
    };
    let mut spec = GuestSpec::new(name, lab.image().kernel());
    spec.ramdisk = Some(lab.image().linux());
    // The unpacked kernel with its data takes 60 MiB.
    spec.memory_mib = 128;
    spec.extra = format!("console=hvc0 quiet panic=-1 {task}");
    spec
}

/// Returns the specification of a guest whose init starts stock OTP: `erl ARGUMENTS`, with compiled modules in `/app`, which is in the code path. A
/// vif takes its address by DHCP before. [`Processor::WithoutAvx`](crate::Processor::WithoutAvx) is for it.
///
/// # Errors
/// A module cannot be read, or the initramfs not be written.
pub fn node(lab: &Lab, name: &str, arguments: &str, modules: &[PathBuf]) -> Result<GuestSpec, LabError> {
    let start = format!("ulimit -n {OPEN_FILES}\nexec /{OTP_ERL} -pa /app {arguments}\n");
    let mut spec = with_otp(lab, name, &start, modules)?;
    spec.extra = spec.extra.replace("lab=idle", "lab=otp");
    Ok(spec)
}

/// Returns the specification of a guest with stock OTP and files in `/app`, whose first process is a script and nothing else.
///
/// # Errors
/// A file cannot be read, or the initramfs not be written.
pub fn first_process(lab: &Lab, name: &str, script: &str, files: &[PathBuf]) -> Result<GuestSpec, LabError> {
    let mut spec = with_otp(lab, name, script, files)?;
    spec.extra += " rdinit=/app/start";
    Ok(spec)
}

/// A guest with stock OTP, a script as `/app/start` and files beside it.
fn with_otp(lab: &Lab, name: &str, start: &str, modules: &[PathBuf]) -> Result<GuestSpec, LabError> {
    let ramdisk = lab.logs().join(format!("{name}.cpio"));
    let write = || -> io::Result<()> {
        let mut file = BufWriter::new(File::create(&ramdisk)?);
        // The kernel unpacks archives that stand one behind the other.
        for part in [lab.image().linux(), lab.image().otp()] {
            io::copy(&mut File::open(part)?, &mut file)?;
        }
        let mut archive = Writer::new(file);
        archive.entry("app", Kind::Directory, 0o755, &[])?;
        archive.entry("app/start", Kind::File, 0o755, start.as_bytes())?;
        for module in modules {
            let name = module.file_name().unwrap_or_default().to_string_lossy();
            archive.entry(&format!("app/{name}"), Kind::File, 0o644, &fs::read(module)?)?;
        }
        archive.finish()?.flush()
    };
    write().map_err(LabError::io("write", &ramdisk))?;
    let mut spec = guest(lab, name, &Task::Idle);
    spec.ramdisk = Some(ramdisk);
    // The archive itself, what is unpacked from it, the kernel and a node.
    spec.memory_mib = 256;
    Ok(spec)
}

/// Returns the seconds in a line that begins with [`FIRST_LINE`].
pub fn user_space_after(line: &str) -> Option<f64> {
    line.split_once(FIRST_LINE)?.1.strip_suffix(" s")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gives_its_seconds() {
        assert_eq!(user_space_after("linux: user space after 6.44 s"), Some(6.44));
        assert_eq!(user_space_after("linux: user space"), None);
    }
}
