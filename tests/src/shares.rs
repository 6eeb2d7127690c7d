// SPDX-License-Identifier: Apache-2.0
//! Folders of dom0 in a guest: over TCP, from Debian's `diod`, and by xl's `p9=`, from QEMU.

use std::net::Ipv4Addr;
use std::path::Path;

use lab::{Lab, Reason, network};
use libtest_mimic::Failed;

use crate::brought::bring;
use crate::node::Node;
use crate::storage::{Loop, ask};
use crate::trial::{LIMIT, finish};
use crate::world::World;

/// Where `diod` has its files in dom0.
const SERVER: &str = "/run/diod";
/// The folder that is served.
const FOLDER: &str = "/run/share";
/// The port that it is served at.
const PORT: u16 = 5640;

/// Brings the host's `diod` to dom0.
fn bring_server(lab: &Lab) -> Result<String, Failed> {
    let server = bring(lab, "/usr/sbin/diod")?;
    // It asks for the names of its clients, and there is no DNS.
    ask(lab, &format!("echo 'hosts: files' > /etc/nsswitch.conf && mkdir -p {SERVER} {FOLDER}"))?;
    Ok(server)
}

fn start_server(lab: &Lab, server: &str) -> Result<(), Failed> {
    let address = network::GATEWAY;
    let script = format!(
        "{server} -f -n -N -c /dev/null -L {SERVER}/log -l {address}:{PORT} -e {FOLDER} \
         > /dev/null 2>&1 < /dev/null & echo $! > {SERVER}/pid
         i=0; until netstat -ltn | grep -q :{PORT} || [ $i = 50 ]; do sleep 0.1; i=$((i + 1)); done
         netstat -ltn | grep -q :{PORT} || {{ cat {SERVER}/log; false; }}"
    );
    ask(lab, &script).map(drop)
}

fn tell_server(lab: &Lab, signal: &str) -> Result<(), Failed> {
    ask(lab, &format!("kill -{signal} $(cat {SERVER}/pid)")).map(drop)
}

/// A folder of dom0 is mounted over the guest's own TCP; its server goes and returns, and hangs for a while.
pub fn mounts_a_server(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let server = bring_server(lab)?;
    ask(lab, &format!("echo 'from dom0' > {FOLDER}/given"))?;
    start_server(lab, &server)?;
    let disk = Loop::new(lab, "shares", 16 << 20, &[])?;
    let mac = network::mac(Ipv4Addr::new(10, 0, 2, 170))?;
    let guest = Node::new("shared", "-noshell -s shared")
        .module("shared")
        .module("counter")
        .line(format!("vif = [\"bridge={},mac={mac}\"]", network::BRIDGE))
        .line(format!("disk = [{}]", disk.line("xvda", "w")))
        .extra(format!("-9p {}:{PORT} {FOLDER} /mnt/share", network::GATEWAY))
        .start(lab)?;
    let mut console = guest.console();
    let mut wait = |line: &str| -> Result<(), Failed> {
        console.wait_line(line, LIMIT).map(drop).map_err(|why| {
            let said = guest.console().take().unwrap_or_default();
            let log = ask(lab, &format!("cat {SERVER}/log")).unwrap_or_default();
            format!("{why}:\n{}\nthe server says:\n{log}", String::from_utf8_lossy(&said)).into()
        })
    };
    wait("step: there and back")?;
    ask(
        lab,
        &format!(
            "[ $(wc -c < {FOLDER}/folder/deeper/moved) = 1048576 ] && cmp {FOLDER}/link {FOLDER}/folder/deeper/moved"
        ),
    )?;
    tell_server(lab, "KILL")?;
    wait("step: gone")?;
    start_server(lab, &server)?;
    wait("step: again")?;
    tell_server(lab, "STOP")?;
    wait("step: others go on")?;
    tell_server(lab, "CONT")?;
    wait("step: done")?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_end(Reason::Poweroff)?;
    let written = ask(lab, &format!("cat {FOLDER}/done"))?;
    tell_server(lab, "KILL")?;
    if written == "from the guest" { Ok(()) } else { Err(format!("dom0 finds {written:?}").into()) }
}

/// QEMU as the back end of Xen's 9pfs, which xl starts.
const BACK_END: &str = "/usr/libexec/xen-qemu-system-i386";
/// What it reads though it has no display, and where it looks for that in dom0.
const KEYMAP: &str = "/usr/share/qemu/keymaps/en-us";
const DATA: &str = "/run/qemu";

/// A folder of dom0 is mounted as xl gives it, until its back end is killed.
pub fn mounts_a_device(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let back_end = bring(lab, BACK_END)?;
    let keymap = lab.stage(Path::new(KEYMAP))?;
    ask(lab, &format!("mkdir -p {DATA}/keymaps && cp {keymap} {DATA}/keymaps/en-us"))?;
    ask(lab, "rm -rf /run/given && mkdir -p /run/given && echo 'from dom0' > /run/given/given")?;
    let guest = Node::new("given", "-noshell -s given")
        .module("given")
        .module("counter")
        .line("p9 = [\"tag=folder,path=/run/given,security_model=none\"]".to_owned())
        .line(format!("device_model_version = \"qemu-xen\"\ndevice_model_override = \"{back_end}\""))
        .line(format!("device_model_args = [\"-L\", \"{DATA}\"]"))
        .extra("-9p xen folder /mnt/share")
        .start(lab)?;
    let mut console = guest.console();
    let mut wait = |line: &str| -> Result<(), Failed> {
        console.wait_line(line, LIMIT).map(drop).map_err(|why| {
            let said = guest.console().take().unwrap_or_default();
            format!("{why}:\n{}", String::from_utf8_lossy(&said)).into()
        })
    };
    wait("step: done")?;
    ask(
        lab,
        &format!(
            "kill -KILL $(ps -o pid,args | awk '/xen-domid {} / && !/awk/ {{ print $1 }}')",
            guest.domid()
        ),
    )?;
    wait("/mnt/share gives eio")?;
    wait("step: gone")?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)?;
    let script = "cat /run/given/done; readlink /run/given/link; wc -c < /run/given/folder/deeper/moved; ls /run/given/many | wc -l";
    let written = ask(lab, script)?;
    let expected = "from the guestfolder/deeper/moved\n100\n300";
    if written == expected { Ok(()) } else { Err(format!("dom0 finds {written:?}").into()) }
}
