// SPDX-License-Identifier: Apache-2.0
//! QEMU's command line: one machine with Xen and dom0, and what dom0 needs to be driven from outside.
//!
//! - Without KVM: a `/dev/kvm` may exist and yet not carry Xen, and the tests should see the same machine everywhere.
//! - The shared folder is virtio-9p. The agent's port is QEMU's standard input and output.
//! - virtio-rng is there because `xl` asks the C library for a UUID and for random bytes at each `create`. While dom0's
//!   generator is not seeded (no RDRAND, no interrupts of interest) libuuid tries `getrandom` nine times, 125 ms apart,
//!   twice per `xl create`: 2.3 s of sleep before the domain is built. The host's entropy ends that.

use std::net::SocketAddrV4;
use std::path::Path;
use std::process::Command;

use crate::image::Image;
use crate::monitor;
use crate::options::{Clock, Forward, Options, Processor, Sampling};
use crate::run_dir::RunDir;

/// Memory of dom0.
const DOM0_MIB: u32 = 512;

/// What dom0's kernel is told, beside its console: each saves emulated time. `rodata=off` spares the walk over all page
/// tables that looks for writable code, `swiotlb` makes the bounce buffer, which is exchanged page by page with Xen, 8 MiB.
const DOM0_ARGUMENTS: &str = "console=hvc0 quiet panic=-1 rodata=off mitigations=off swiotlb=4096";

/// Number of the processor that guests run on where dom0 has one to itself.
pub const GUEST_CPU: u32 = 1;

/// Returns the command that starts the machine.
pub(crate) fn command(
    options: &Options,
    image: &Image,
    run: &RunDir,
    forwards: &[(Forward, SocketAddrV4)],
) -> Command {
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]);
    match options.clock {
        Clock::Real => qemu.args(["-accel", "tcg,thread=multi", "-smp", "2"]),
        Clock::Counted => {
            qemu.args(["-accel", "tcg,thread=single", "-smp", "1", "-icount", "shift=0,sleep=off"])
        }
    };
    qemu.args(["-cpu", processor(options.processor), "-m", &format!("{}M", options.memory_mib)]);

    // Memory is not scrubbed: it is QEMU's and zero already.
    let xen = format!(
        "console=com1 dom0_mem={DOM0_MIB}M,max:{DOM0_MIB}M dom0_max_vcpus=1 dom0_vcpus_pin bootscrub=0 guest_loglvl=all"
    );
    qemu.arg("-kernel").arg(image.xen()).args(["-append", &xen]);
    let modules = [format!("{} {DOM0_ARGUMENTS}", escape(&image.kernel())), escape(&image.dom0())];
    qemu.args(["-initrd", &modules.join(",")]);

    qemu.args(["-serial", &format!("file:{}", escape(&run.serial()))]);
    qemu.args(["-chardev", "stdio,id=control,signal=off", "-device", "virtio-serial-pci"]);
    qemu.args(["-device", "virtserialport,chardev=control,name=lab.control"]);
    let share = escape(run.share());
    qemu.args([
        "-virtfs",
        &format!("local,path={share},mount_tag=lab,security_model=none,id=lab,multidevs=remap"),
    ]);
    qemu.args(["-device", "virtio-rng-pci"]);
    if options.sampling == Sampling::On {
        qemu.args(monitor::arguments(&monitor::base(run)));
    }

    for (index, disk) in options.disks.iter().enumerate() {
        let drive = format!("file={},format=raw,if=none,id=disk{index}", escape(disk));
        qemu.args(["-drive", &drive, "-device", &format!("virtio-blk-pci,drive=disk{index},romfile=")]);
    }

    let mut net = String::from("user,id=net");
    for (forward, host) in forwards {
        net += &format!(",hostfwd={}:{host}-{}:{}", forward.protocol, forward.guest, forward.port);
    }
    qemu.args(["-netdev", &net, "-device", "virtio-net-pci,netdev=net,romfile="]);
    qemu
}

fn processor(processor: Processor) -> &'static str {
    match processor {
        Processor::Full => "max,-smap",
        Processor::WithoutAvx => "max,-smap,-avx,-avx2,-xsave",
        Processor::NoEntropy => "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt",
    }
}

/// In QEMU's option syntax a comma within a value is doubled.
fn escape(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
