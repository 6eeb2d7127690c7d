// SPDX-License-Identifier: Apache-2.0
//! What is in dom0's initramfs.

use std::path::Path;

use super::modules::Modules;
use super::tree::Tree;
use crate::{LabError, command, network};

const PROGRAM_FOLDERS: [&str; 4] = ["usr/bin", "bin", "usr/sbin", "sbin"];

/// Programs of Xen's own folder: `xl`, the daemons, and what `xl` starts.
const XEN_PROGRAMS: [&str; 7] =
    ["xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "libxl-save-helper", "xenctx"];

/// The rest that Xen's hotplug scripts and ours need and busybox has not, or has not well enough for them.
const PROGRAMS: [&str; 7] = ["bash", "dirname", "ip", "bridge", "xenstore", "flock", "losetup"];

/// Names under which the one client of xenstore is called.
const XENSTORE_COMMANDS: [&str; 8] = ["chmod", "exists", "list", "ls", "read", "rm", "watch", "write"];

/// Modules that dom0 loads, without their dependencies.
const MODULES: [&str; 16] = [
    "xen-evtchn",
    "xen-gntdev",
    "xen-gntalloc",
    "xen-privcmd",
    "xenfs",
    "xen-netback",
    "xen-blkback",
    "bridge",
    "loop",
    "virtio_pci",
    "virtio_net",
    "virtio_blk",
    // Without the host's entropy dom0's generator is never ready, and `xl` waits for it: see `qemu.rs`.
    "virtio_rng",
    "virtio_console",
    "9p",
    "9pnet_virtio",
];

/// Composes dom0's tree from unpacked packages; `xen` is the folder of Xen's programs, `modules` that of the kernel's modules.
pub(super) fn tree(packages: &Path, xen: &Path, modules: &Modules) -> Result<Tree, LabError> {
    let mut tree = Tree::new(packages);
    for name in ["bin", "sbin", "lib", "lib64"] {
        tree.link(name, &format!("usr/{name}"));
    }
    for name in ["dev", "lab", "proc", "run", "sys", "tmp", "usr/sbin", "var/lib/xen", "var/lib/xenstored"] {
        tree.directory(name);
    }
    tree.link("var/run", "/run");
    tree.link("var/lock", "/run/lock");
    tree.link("var/log/xen", "/lab/xen");

    let applets = command::output(std::process::Command::new(packages.join("bin/busybox")).arg("--list"))?;
    for applet in String::from_utf8_lossy(&applets).lines() {
        tree.link(&format!("usr/bin/{applet}"), "busybox");
    }
    tree.program("busybox", &PROGRAM_FOLDERS)?;
    for name in PROGRAMS {
        tree.program(name, &PROGRAM_FOLDERS)?;
    }
    for name in XENSTORE_COMMANDS {
        tree.link(&format!("usr/bin/xenstore-{name}"), "xenstore");
    }
    // libxl looks for its helpers in Xen's own folder.
    let own = xen.strip_prefix(packages).unwrap_or(xen).to_string_lossy().into_owned();
    for name in XEN_PROGRAMS {
        tree.program(name, &[&own])?;
        tree.link(&format!("{own}/{name}"), &format!("/usr/bin/{name}"));
    }
    // The C library opens this one by name when a thread is cancelled; without it xl's daemon aborts.
    tree.library("libgcc_s.so.1")?;
    tree.copy("etc/xen")?;
    // libxl calls them by these names; what ours do not do, they leave to Debian's.
    for (name, ours) in
        [("block", include_str!("../scripts/block.sh")), ("vif-bridge", include_str!("../scripts/vif.sh"))]
    {
        let path = format!("etc/xen/scripts/{name}");
        tree.rename(&path, &format!("{path}.debian"));
        tree.file(&path, 0o755, ours);
    }

    let mut list = String::new();
    for path in modules.load_order(&MODULES)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let content = std::fs::read(&path).map_err(LabError::io("read", &path))?;
        tree.file(&format!("usr/lib/modules/{name}"), 0o644, content);
        list += &format!("/usr/lib/modules/{name}\n");
    }
    tree.file("etc/lab/modules", 0o644, list);
    tree.file("etc/lab/network", 0o644, network::shell_variables());
    tree.file("etc/lab/udhcpd.conf", 0o644, network::udhcpd_conf());
    tree.file("etc/lab/agent.sh", 0o644, include_str!("../scripts/agent.sh"));
    tree.file("init", 0o755, include_str!("../scripts/init.sh"));
    Ok(tree)
}
