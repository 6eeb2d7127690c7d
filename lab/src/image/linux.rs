// SPDX-License-Identifier: Apache-2.0
//! What is in the initramfs of the Debian guests of [`crate::linux`].

use std::path::Path;

use super::modules::Modules;
use super::only;
use super::tree::Tree;
use crate::LabError;

/// Where Debian has OTP.
const OTP: &str = "usr/lib/erlang";
/// Programs of the emulator that a node starts.
const OTP_PROGRAMS: [&str; 4] = ["beam.smp", "erlexec", "erl_child_setup", "inet_gethost"];
/// Applications of OTP that go along, as their folders' names begin.
const OTP_APPLICATIONS: [&str; 3] = ["kernel-", "stdlib-", "sasl-"];

/// Composes the tree of the Debian guest of [`crate::linux`].
pub(super) fn tree(packages: &Path, modules: &Modules) -> Result<Tree, LabError> {
    let mut tree = Tree::new(packages);
    for name in ["dev", "proc", "sys", "tmp", "usr/bin"] {
        tree.directory(name);
    }
    let busybox = packages.join("bin/busybox");
    tree.file("bin/busybox", 0o755, std::fs::read(&busybox).map_err(LabError::io("read", &busybox))?);
    // The list of a device's modules is a file of its class's name, for those who load them.
    for (class, names) in
        [("net", &["xen-netfront"][..]), ("disk", &["xen-blkfront", "crc32c_generic", "ext4"])]
    {
        let mut list = String::new();
        for path in modules.load_order(names)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let content = std::fs::read(&path).map_err(LabError::io("read", &path))?;
            tree.file(&format!("lib/{name}"), 0o644, content);
            list += &format!("{name}\n");
        }
        tree.file(&format!("lib/{class}"), 0o644, list);
    }
    tree.file("dhcp", 0o755, include_str!("../scripts/dhcp.sh"));
    tree.file("init", 0o755, include_str!("../scripts/linux.sh"));
    Ok(tree)
}

/// Composes what is added for a node of stock OTP.
pub(super) fn otp_tree(packages: &Path) -> Result<Tree, LabError> {
    let mut tree = Tree::new(packages);
    tree.link("lib64", "usr/lib64");
    let own = |path: &Path| path.strip_prefix(packages).unwrap_or(path).to_string_lossy().into_owned();
    let erts = only(&packages.join(OTP), "erts-")?.join("bin");
    for name in OTP_PROGRAMS {
        let path = erts.join(name);
        tree.elf(&path, &own(&path))?;
    }
    for application in OTP_APPLICATIONS {
        tree.copy(&own(&only(&packages.join(OTP).join("lib"), application)?.join("ebin")))?;
    }
    for name in ["erl", "start.boot", "start_clean.boot", "start_sasl.boot", "no_dot_erlang.boot"] {
        let path = packages.join(OTP).join("bin").join(name);
        let content = std::fs::read(&path).map_err(LabError::io("read", &path))?;
        tree.file(&own(&path), 0o755, content);
    }
    Ok(tree)
}
