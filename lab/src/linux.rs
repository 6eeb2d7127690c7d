// SPDX-License-Identifier: Apache-2.0
//! Debian's own kernel as a PV guest, with a busybox that says when user space started: the peer in `cargo xtask bench boot`,
//! and what the lab tests itself with.

use crate::{GuestSpec, Lab};

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
