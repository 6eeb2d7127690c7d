// SPDX-License-Identifier: Apache-2.0
//! The two guests with the guestbook.

use std::ffi::OsStr;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{GuestSpec, Lab, linux, network};

use crate::bench::disk::ebin_of;
use crate::bench::packing;
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// One of the two.
pub struct Side {
    pub name: &'static str,
    pub address: Ipv4Addr,
    /// dom0's device that is its disk.
    disk: &'static str,
    /// In what its time is taken; enough for it.
    pub memory_mib: u32,
    /// How finely its smallest memory is looked for.
    pub step_mib: u32,
    pub spec: fn(&Lab, &Files) -> Result<GuestSpec, Failure>,
}

/// Both, ours first.
pub static SIDES: [Side; 2] = [
    Side {
        name: "ours",
        address: Ipv4Addr::new(10, 0, 2, 163),
        disk: "/dev/vda",
        memory_mib: 256,
        step_mib: 1,
        spec: ours,
    },
    Side {
        name: "theirs",
        address: Ipv4Addr::new(10, 0, 2, 164),
        disk: "/dev/vdb",
        memory_mib: 256,
        step_mib: 8,
        spec: theirs,
    },
];

/// Applications beside OTP's own that the guestbook is made of.
const APPLICATIONS: [&str; 3] = ["inets", "mnesia", "mochiweb"];

/// What the guests are made of.
pub struct Files {
    /// Our guest.
    image: PathBuf,
    /// What is in `/app` of theirs.
    modules: Vec<PathBuf>,
}

impl Files {
    /// Builds the same sources for both.
    pub fn build(context: &Context, folder: &Path) -> Result<Self, Failure> {
        let example = context.root().join("examples/guestbook");
        packing::build_tool(context)?;
        let work = folder.join("work");
        let image = packing::pack(
            context,
            "guestbook",
            [OsStr::new("--work"), work.as_os_str(), example.as_os_str()],
        )?;

        let during = || "cannot gather the guestbook's modules".to_owned();
        let app = folder.join("app");
        fs::create_dir_all(&app).during(during)?;
        let sources = files_of(&example.join("src")).during(during)?;
        let erlang = sources.iter().filter(|file| file.extension() == Some(OsStr::new("erl")));
        process::run(Command::new("erlc").arg("-o").arg(&app).args(erlang))?;
        fs::copy(example.join("src/guestbook.app.src"), app.join("guestbook.app")).during(during)?;
        let mut modules = files_of(&app).during(during)?;
        for name in APPLICATIONS {
            let ebin =
                ebin_of(name).ok_or_else(|| Failure::new(during(), format!("erlang-{name} is missing")))?;
            modules.extend(files_of(&ebin).during(during)?);
        }
        Ok(Self { image, modules })
    }
}

fn files_of(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

impl Side {
    /// Its devices, for `xl`.
    pub fn lines(&self) -> Result<[String; 2], Failure> {
        let mac = network::mac(self.address).during(|| format!("cannot connect {}", self.name))?;
        Ok([
            format!("vif = [\"bridge={},mac={mac}\"]", network::BRIDGE),
            format!("disk = ['phy:{},xvda,w']", self.disk),
        ])
    }
}

fn ours(_: &Lab, files: &Files) -> Result<GuestSpec, Failure> {
    let mut spec = GuestSpec::new("ours", &files.image);
    let (address, prefix) = (SIDES[0].address, network::PREFIX);
    spec.extra = format!("-ipaddr {address}/{prefix} -gateway {}", network::GATEWAY);
    Ok(spec)
}

fn theirs(lab: &Lab, files: &Files) -> Result<GuestSpec, Failure> {
    linux::first_process(lab, "theirs", &script(), &files.modules)
        .during(|| "cannot make the guest with stock OTP".to_owned())
}

/// The first process of the Debian guest.
fn script() -> String {
    let (address, prefix, gateway) = (SIDES[1].address, network::PREFIX, network::GATEWAY);
    format!(
        "#!/bin/busybox sh
export PATH=/bin
/bin/busybox mkdir -p /data /proc /sys
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
exec </dev/hvc0 >/dev/hvc0 2>&1
/bin/busybox --install -s /bin
while read -r module; do insmod /lib/$module; done </lib/net
while read -r module; do insmod /lib/$module; done </lib/disk
ip link set lo up
while [ ! -e /sys/class/net/eth0 ]; do sleep 0.01; done
ip addr add {address}/{prefix} dev eth0
ip link set eth0 up
ip route add default via {gateway}
while [ ! -e /dev/xvda ]; do sleep 0.01; done
mount -t ext4 /dev/xvda /data
export ROOTDIR=/usr/lib/erlang BINDIR=$(echo /usr/lib/erlang/erts-*/bin)
export EMU=beam PROGNAME=erl HOME=/ TERM=xterm LANG=C.UTF-8 PATH=$BINDIR:/bin
$BINDIR/erlexec -boot start_clean +S 1:1 +SDcpu 1:1 +SDio 1 -noshell -pa /app -mnesia dir '\"/data/mnesia\"' \
 -eval '{{ok,_}} = application:ensure_all_started(guestbook)'
poweroff -f
"
    )
}
