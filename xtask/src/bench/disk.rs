// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench disk`: the same Erlang program on our `/data` and on stock OTP over ext4 in a guest with Debian's kernel, on two disks of the
//! same machine.
//!
//! One guest runs at a time, so that neither waits for the other's disk. Both disks are files that were never written to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lab::{GuestSpec, Lab, linux};

use super::{Benchmark, Better, Report, Row, machine, packing};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// The benchmark.
pub const DISK: Benchmark =
    Benchmark { name: "disk", about: "/data beside ext4 and stock OTP on Debian's kernel", measure };

const MEMORY_MIB: u32 = 256;
/// Bytes of a disk, of which a part is written.
const DISK_BYTES: u64 = 2 << 30;
/// How long a guest may take.
const LIMIT: Duration = Duration::from_secs(900);
/// How often the volume is mounted where a mount is too short for the clock.
const MOUNTS: u32 = 20;

const ABOUT: &str = "The same `.beam` file, `tests/fixtures/bench_disk/bench_disk.erl`, in our guest on `/data` (ours) and on stock OTP (JIT, one scheduler, 32 threads for files) over ext4 \
in a guest with Debian's kernel (theirs): PV guests of 256 MiB with one processor, one after the other on the same Xen in QEMU without KVM, each with a disk of its own, over blkback, whose \
flushes are the host's. A file of 288 MiB is more than a cache holds. A sync is a block appended to a file of one's own, and `datasync`. Emulation makes the processor, not the disk, what most of this waits for.";

/// What is measured.
struct Trial {
    /// Its name in the program.
    key: &'static str,
    row: &'static str,
    unit: &'static str,
    /// What bounds it.
    note: &'static str,
}

const TRIALS: &[Trial] = &[
    Trial {
        key: "random_read_1",
        row: "4 KiB random reads, one at a time",
        unit: "a second",
        note: "the way of one request through blkback and dom0",
    },
    Trial {
        key: "random_read_32",
        row: "4 KiB random reads, 32 processes",
        unit: "a second",
        note: "the processors of the guest and of dom0",
    },
    Trial {
        key: "sequential_read",
        row: "sequential reads",
        unit: "MiB a second",
        note: "copies, and ours the checksum of every block",
    },
    Trial {
        key: "sequential_write",
        row: "sequential writes, synced at the end",
        unit: "MiB a second",
        note: "copies, and ours the checksum of every block",
    },
    Trial {
        key: "sync_write_1",
        row: "appends with datasync, one process",
        unit: "a second",
        note: "the host's flush",
    },
    Trial {
        key: "sync_write_32",
        row: "appends with datasync, 32 processes",
        unit: "a second",
        note: "the host's flush, which those who wait share",
    },
    Trial {
        key: "mnesia_1",
        row: "mnesia transactions, one process",
        unit: "a second",
        note: "the processor: mnesia's log is written later",
    },
    Trial {
        key: "mnesia_32",
        row: "mnesia transactions, 32 processes",
        unit: "a second",
        note: "the processor",
    },
    Trial {
        key: "mnesia_synced",
        row: "mnesia transactions with sync_log",
        unit: "a second",
        note: "the host's flush",
    },
    Trial {
        key: "files_created",
        row: "files of 1 KiB created",
        unit: "a second",
        note: "the processor: nothing is synced",
    },
];

/// What a guest has said, by name: how much a second.
type Shown = BTreeMap<String, f64>;

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    if !only.is_empty() {
        return Err(Failure::new("cannot measure single rows", "a disk is measured as a whole"));
    }
    let module = packing::compile(context, "disk", "bench_disk")?;
    let image = packing::pack_module(context, "disk", &module, &["--application", "mnesia"])?;
    let folder = context.target().join("bench/disk");
    let disks = [folder.join("ours.img"), folder.join("theirs.img")];
    for disk in &disks {
        blank(disk).during(|| format!("cannot make {}", context.shown(disk)))?;
    }
    process::run(Command::new("/usr/sbin/mkfs.ext4").arg("-q").arg(&disks[1]))?;
    let lab = machine::boot(&lab::Options { disks: disks.to_vec(), ..machine::options(context) })?;
    let mut shown = run(&lab, ours(&image, ""), "/dev/vda")?;
    // The first one has made the volume; how long it takes to mount one that is there is seen by the next.
    shown.extend(run(&lab, ours(&image, "-only_mount"), "/dev/vda")?);
    let theirs = run(&lab, theirs(&lab, &module)?, "/dev/vdb")?;
    drop(lab);
    for disk in &disks {
        fs::remove_file(disk).during(|| format!("cannot remove {}", context.shown(disk)))?;
    }
    let mut report = Report::new("Disk", ABOUT);
    for trial in TRIALS {
        let value = |shown: &Shown| shown.get(trial.key).copied();
        let Some(ours) = value(&shown) else { continue };
        let (row, unit) = (trial.row.to_owned(), trial.unit.to_owned());
        report.row(Row { row, ours, theirs: value(&theirs), better: Better::Higher, unit, note: trial.note });
    }
    if let (Some(mounts), Some(other)) = (shown.get("mount"), theirs.get("mount")) {
        report.row(Row {
            row: "mounting".to_owned(),
            ours: 1000.0 / mounts,
            theirs: Some(1000.0 / other),
            better: Better::Lower,
            unit: "ms".to_owned(),
            note: "blkback; theirs is busybox's `mount` and `umount`, with their processes",
        });
    }
    Ok(report)
}

fn blank(disk: &Path) -> std::io::Result<()> {
    let _ = fs::remove_file(disk);
    File::create(disk)?.set_len(DISK_BYTES)
}

fn ours(image: &Path, extra: &str) -> GuestSpec {
    let mut spec = GuestSpec::new("ours", image);
    spec.extra = extra.to_owned();
    spec
}

/// The folder of an application's modules where Debian has OTP.
pub fn ebin_of(application: &str) -> Option<PathBuf> {
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.strip_prefix(application).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let folders = fs::read_dir("/usr/lib/erlang/lib").ok()?.flatten().map(|entry| entry.path());
    folders.into_iter().find(is_it).map(|folder| folder.join("ebin"))
}

fn theirs(lab: &Lab, module: &Path) -> Result<GuestSpec, Failure> {
    let during = || "cannot make the guest with stock OTP".to_owned();
    let mnesia = ebin_of("mnesia").ok_or_else(|| Failure::new(during(), "erlang-mnesia is missing"))?;
    let mut files: Vec<PathBuf> = vec![module.to_owned()];
    files.extend(fs::read_dir(mnesia).during(during)?.flatten().map(|entry| entry.path()));
    linux::first_process(lab, "theirs", &script(), &files).during(during)
}

/// The first process of the Debian guest.
fn script() -> String {
    format!(
        "#!/bin/busybox sh
export PATH=/bin
/bin/busybox mkdir -p /data /proc
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
exec </dev/hvc0 >/dev/hvc0 2>&1
/bin/busybox --install -s /bin
while read -r module; do insmod /lib/$module; done </lib/disk
while [ ! -e /dev/xvda ]; do sleep 0.1; done
mount -t ext4 /dev/xvda /data
export ROOTDIR=/usr/lib/erlang BINDIR=$(echo /usr/lib/erlang/erts-*/bin)
export EMU=beam PROGNAME=erl HOME=/ TERM=xterm LANG=C.UTF-8 PATH=$BINDIR:/bin
$BINDIR/erlexec -boot start_clean +S 1:1 +SDcpu 1:1 +SDio 32 -noshell -pa /app -s bench_disk
umount /data
read -r before _ </proc/uptime
i=0; while [ $i -lt {MOUNTS} ]; do mount -t ext4 /dev/xvda /data && umount /data; i=$((i + 1)); done
read -r after _ </proc/uptime
echo \"mounts $before $after\"
poweroff -f
"
    )
}

fn run(lab: &Lab, mut spec: GuestSpec, disk: &str) -> Result<Shown, Failure> {
    let name = spec.name.clone();
    let during = || format!("cannot measure {name}");
    spec.memory_mib = MEMORY_MIB;
    spec.lines.push(format!("disk = ['phy:{disk},xvda,w']"));
    let guest = lab.create(&spec).during(during)?;
    let ended = guest.wait_end(LIMIT);
    let said = guest.console().take().unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    ended.during(|| format!("{} says:\n{said}", during()))?;
    let shown: Shown = said.lines().filter_map(read).collect();
    shown.iter().for_each(|(key, value)| eprintln!("  {name}: {key} {value:.1} a second"));
    if said.contains("disk failed") || !said.contains("disk end") {
        return Err(Failure::new(during(), said));
    }
    Ok(shown)
}

/// Reads a line of the program, of our kernel about its volume, or of the Debian guest's about its mounts.
fn read(line: &str) -> Option<(String, f64)> {
    if let Some((_, rest)) = line.split_once("disk ") {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [name, count, time] = words.as_slice() else { return volume(line) };
        let (count, time): (f64, f64) = (count.parse().ok()?, time.parse().ok()?);
        return Some(((*name).to_owned(), count * 1e6 / time));
    }
    if let Some((_, times)) = line.split_once("mounts ") {
        let (before, after) = times.trim().split_once(' ')?;
        let seconds = after.parse::<f64>().ok()? - before.parse::<f64>().ok()?;
        return Some(("mount".to_owned(), f64::from(MOUNTS) / seconds.max(0.001)));
    }
    volume(line)
}

/// `/data is on xvda: … KiB free, after N us`.
fn volume(line: &str) -> Option<(String, f64)> {
    let (_, rest) = line.split_once("/data is on ")?;
    let (_, rest) = rest.split_once("after ")?;
    let microseconds: f64 = rest.trim().strip_suffix(" us")?.parse().ok()?;
    Some(("mount".to_owned(), 1e6 / microseconds.max(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_guests_are_read() {
        let of = |name: &str, value| Some((name.to_owned(), value));
        assert_eq!(read("disk random_read_1 1000 500000\r"), of("random_read_1", 2000.0));
        assert_eq!(read("mounts 10.50 11.00\r"), of("mount", 40.0));
        assert_eq!(read("[  0.1] INFO /data is on xvda: 3 of 4 KiB free, after 2000 us"), of("mount", 500.0));
        assert_eq!(read("disk end"), None);
        assert_eq!(read("hello"), None);
    }
}
