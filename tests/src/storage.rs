// SPDX-License-Identifier: Apache-2.0
//! Disks: a guest's driver against the back ends of dom0, which looks at what has become of them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lab::{Guest, Lab, Reason};
use libtest_mimic::Failed;

use crate::node::Node;
use crate::trial::{LIMIT, Run, amount, finish};
use crate::world::{World, target};

/// Bytes of a sector.
const SECTOR: usize = 512;
/// Sectors of a test disk: 16 MiB.
const SECTORS: usize = 16 << 11;

/// What is in a sector: see the guest's program of the same name.
fn pattern(seed: u8, sectors: std::ops::Range<usize>) -> Vec<u8> {
    sectors.flat_map(|sector| [(sector % 251) as u8 ^ seed; SECTOR]).collect()
}

/// Runs a script in dom0 and gives what it prints.
pub fn ask(lab: &Lab, script: &str) -> Result<String, Failed> {
    let output = lab.dom0(script, LIMIT)?;
    if output.status != 0 {
        return Err(format!("{script}: {output:?}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A disk of dom0: a loop device on a file in its memory.
pub struct Loop<'a> {
    lab: &'a Lab,
    /// Its path in dom0.
    pub device: String,
    file: String,
}

impl<'a> Loop<'a> {
    /// A disk of this size with these contents, from the beginning on.
    pub fn new(lab: &'a Lab, name: &str, size: usize, contents: &[u8]) -> Result<Self, Failed> {
        let seed = file(name);
        fs::write(&seed, contents).map_err(|why| format!("{}: {why}", seed.display()))?;
        let seed = lab.stage(&seed)?;
        let file = format!("/run/{name}.img");
        // By its path, as the shell has one of its own, which leaves a free device to whoever comes first.
        let attach =
            format!("cp {seed} {file} && truncate -s {size} {file} && /usr/bin/losetup --find --show {file}");
        let device = ask(lab, &attach)?;
        Ok(Self { lab, device, file })
    }

    /// The line of `xl.cfg` for it.
    pub fn line(&self, name: &str, access: &str) -> String {
        format!("'phy:{},{name},{access}'", self.device)
    }

    /// Fails unless the disk holds this.
    fn must_hold(&self, name: &str, contents: &[u8]) -> Result<(), Failed> {
        let expected = file(name);
        fs::write(&expected, contents).map_err(|why| format!("{}: {why}", expected.display()))?;
        let expected = self.lab.stage(&expected)?;
        ask(self.lab, &format!("cmp {} {expected}", self.device)).map(|_| ())
    }
}

impl Drop for Loop<'_> {
    fn drop(&mut self) {
        // A machine that goes takes its disks with it.
        let _ = self.lab.dom0(&format!("losetup -d {}; rm {}", self.device, self.file), LIMIT);
    }
}

fn file(name: &str) -> PathBuf {
    target().join(format!("disk-{name}"))
}

/// What the guest's program makes of a disk.
fn worked_on() -> Vec<u8> {
    let mut disk = pattern(0, 0..SECTORS);
    let mut write = |seed, from: usize, count: usize| {
        disk[from * SECTOR..(from + count) * SECTOR].copy_from_slice(&pattern(seed, from..from + count));
    };
    write(1, 1 << 11, 4 << 11);
    write(2, 8 << 11, 200);
    write(3, (8 << 11) + 4096, 3);
    write(3, (8 << 11) + 8000, 3);
    disk[(12 << 11) * SECTOR..(13 << 11) * SECTOR].fill(0);
    disk
}

/// Linux's back end on a loop device: all operations, and a second disk that can only be read.
pub fn reads_and_writes_blkback(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "blkback", SECTORS * SECTOR, &pattern(0, 0..SECTORS))?;
    let other = Loop::new(lab, "read-only", 8 * SECTOR, &pattern(0, 0..8))?;
    let mut spec = Run::new("storage").spec();
    spec.lines.push(format!("disk = [{}, {}]", disk.line("xvda", "w"), other.line("xvdb", "r")));
    let guest = lab.create(&spec)?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("test storage: ok")?;
    outcome.must_end(Reason::Poweroff)?;
    disk.must_hold("worked-on", &worked_on())
}

/// A back end that goes while requests are under way is asked again when it comes back.
pub fn outlives_its_back_end(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "restart", SECTORS * SECTOR, &[])?;
    let mut spec = Run::new("storage").extra("rounds=300").spec();
    spec.lines.push(format!("disk = [{}]", disk.line("xvda", "w")));
    let guest = lab.create(&spec)?;
    let mut console = guest.console();
    console.wait_line("writing", LIMIT)?;
    for _ in 0..2 {
        restart_back_end(lab, &guest)?;
        console.wait_line("xvda: 16 MiB", LIMIT)?;
        std::thread::sleep(Duration::from_millis(300));
    }
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("test storage: ok")?;
    outcome.must_end(Reason::Poweroff)
}

/// Has the back end close the device and open it again, as one does that is replaced.
fn restart_back_end(lab: &Lab, guest: &Guest) -> Result<(), Failed> {
    let script = format!(
        "back=/local/domain/0/backend/vbd/{0}/51712; xenstore-write $back/state 5
         i=0; until [ \"$(xenstore-read $back/state)\" = 6 ] || [ $i = 100 ]; do sleep 0.1; i=$((i+1)); done
         xenstore-read $back/state; xenstore-write $back/state 2",
        guest.domid()
    );
    ask(lab, &script).map(|_| ())
}

/// A node that keeps what it has on `/data`.
fn node(run: &str, disk: String) -> Node {
    Node::new("stored", "-noshell -s stored")
        .module("stored")
        .application("mnesia")
        .memory_mib(128)
        .extra(format!("-stored run {run}"))
        .line(format!("disk = [{disk}]"))
}

/// Runs a node and looks for what it says at its end.
fn says(lab: &Lab, run: &str, disk: String, expected: &[&str]) -> Result<(), Failed> {
    let outcome = node(run, disk).to_end(lab)?;
    for text in expected {
        outcome.must_contain(text)?;
    }
    outcome.must_end(Reason::Poweroff)
}

/// A blank disk becomes `/data`, and files, dets, disk_log and mnesia find there what earlier guests have left.
pub fn data_lasts(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "lasts", 64 << 20, &[])?;
    for round in 1..=3 {
        says(
            lab,
            "rounds",
            disk.line("xvda", "w"),
            &["/data is on xvda", &format!("round {round} is done\n")],
        )?;
    }
    says(lab, "read_only", disk.line("xvda", "r"), &["only read\n"])
}

/// A full disk says so, and is well when something was removed.
pub fn data_can_be_full(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "full", 8 << 20, &[])?;
    says(lab, "full", disk.line("xvda", "w"), &["full and well\n"])
}

/// A disk with something else on it is left alone.
pub fn data_is_not_put_over_something(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "ext", 16 << 20, &[])?;
    let before = ask(lab, &format!("mke2fs {0} >&2 && md5sum < {0}", disk.device))?;
    says(
        lab,
        "refused",
        disk.line("xvda", "w"),
        &["xvda is not mounted: the disk has", "there is no disk\n"],
    )?;
    let after = ask(lab, &format!("md5sum < {}", disk.device))?;
    if before == after { Ok(()) } else { Err("the disk was written to".into()) }
}

/// The word before each number that is on the disk.
const ACKNOWLEDGED: &str = "acknowledged ";

/// The machine is cut off while a log and a table grow: what the guest has said to be on the disk is there afterwards.
pub fn data_outlives_cuts(world: &World) -> Result<(), Failed> {
    let file = file("cuts");
    let _ = fs::remove_file(&file);
    fs::File::create(&file)?.set_len(64 << 20)?;
    let cuts: u64 = amount(3, 100);
    let mut last = 0;
    for cut in 0..=cuts {
        let lab = world.with_disks(vec![file.clone()])?;
        let guest = node("acknowledge", "'phy:/dev/vda,xvda,w'".to_owned()).start(&lab)?;
        let mut console = guest.console();
        let found = console.wait_line("found", LIMIT)?;
        let numbers = found.rsplit("found ").next().unwrap_or_default();
        for number in numbers.split(" and ") {
            let number: u64 = number.trim().parse().map_err(|_| format!("{found:?} has no numbers"))?;
            if number < last {
                return Err(format!("after cut {cut}: {number} is left of {last}").into());
            }
        }
        if cut == cuts {
            break;
        }
        console.wait_line(ACKNOWLEDGED, LIMIT)?;
        // Anywhere within what log, table and their checkpoints do in turn.
        std::thread::sleep(Duration::from_millis(300 + 977 * cut % 2600));
        let mut all = guest.console();
        drop(lab);
        let said = String::from_utf8_lossy(&all.take()?).into_owned();
        let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let numbers = whole.lines().filter_map(|line| line.trim().split(ACKNOWLEDGED).nth(1)?.parse().ok());
        last = numbers.max().ok_or("nothing was acknowledged")?;
        eprintln!("cut {} of {cuts}: {last} were acknowledged", cut + 1);
    }
    if last > 20 { Ok(()) } else { Err(format!("only {last} were acknowledged").into()) }
}
