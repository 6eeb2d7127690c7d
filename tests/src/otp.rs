// SPDX-License-Identifier: Apache-2.0
//! OTP in a guest: it starts, stops as it is asked, and ends as it is documented.

use std::fs;
use std::time::Duration;

use image::files::FileTable;
use image::pack::{Kernel, write_executable};
use image::{Image, SectionKind};
use lab::{Action, Guest, GuestSpec, Lab, Reason};
use libtest_mimic::Failed;

use crate::node::Node;
use crate::packed::tool;
use crate::storage::Loop;
use crate::trial::{LIMIT, Outcome, amount, finish};
use crate::world::{World, target};

fn hello() -> Node {
    Node::new("hello", "-noshell -s hello").module("hello")
}

/// How many nodes there are at once.
const CROWD: (usize, usize) = (12, 30);
/// They share one emulated processor.
const CROWD_LIMIT: Duration = Duration::from_secs(300);

/// The line of a node that has stopped by itself.
const STOPPED: &str = "halted with status 0\n";

pub fn says_hello(world: &World) -> Result<(), Failed> {
    let outcome = hello().to_end(&*world.lab()?)?;
    outcome.must_contain("hello, world\n")?;
    outcome.must_contain(STOPPED)?;
    outcome.must_end(Reason::Poweroff)
}

pub fn says_hello_in_32_mib(world: &World) -> Result<(), Failed> {
    let outcome = hello().stripped().memory_mib(32).to_end(&*world.lab()?)?;
    outcome.must_contain("hello, world\n")?;
    outcome.must_end(Reason::Poweroff)
}

/// The last line of the log has the status, and xenstore while the domain is kept.
pub fn tells_its_status(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let mut spec = hello().extra("-status 7").spec()?;
    spec.on_poweroff = Action::Preserve;
    let guest = lab.create(&spec)?;
    let outcome = finish(&guest, LIMIT)?;
    let script = format!("xenstore-read /local/domain/{}/data/status", guest.domid());
    let status = lab.dom0(&script, LIMIT)?;
    guest.destroy()?;
    outcome.must_contain("halted with status 7\n")?;
    outcome.must_end(Reason::Poweroff)?;
    if status.stdout == b"7\n" { Ok(()) } else { Err(format!("{script}: {status:?}").into()) }
}

/// A shell in which nobody types takes no processor time.
pub fn takes_no_time_when_idle(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest = Node::new("idle", "").start(&lab)?;
    guest.console().wait_text("1> ", LIMIT)?;
    // What OTP does once after its start.
    std::thread::sleep(Duration::from_secs(5));
    let before = processor_seconds(&lab, &guest)?;
    std::thread::sleep(Duration::from_secs(10));
    let grown = processor_seconds(&lab, &guest)? - before;
    guest.shutdown()?;
    finish(&guest, LIMIT)?.must_contain(STOPPED)?;
    // The resolution of xl list is a tenth of a second.
    if grown <= 0.1 { Ok(()) } else { Err(format!("ten idle seconds took {grown} s").into()) }
}

fn processor_seconds(lab: &Lab, guest: &Guest) -> Result<f64, Failed> {
    let domain = lab.list()?.into_iter().find(|domain| domain.domid == guest.domid());
    Ok(domain.ok_or("xl list does not show the guest")?.cpu_seconds)
}

/// Nodes of 64 MiB side by side, and all stop when they are told to.
pub fn runs_many_at_once(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let spec = supervised("").spec()?;
    let mut guests = Vec::new();
    for number in 0..amount(CROWD.0, CROWD.1) {
        let mut spec = spec.clone();
        spec.name = format!("node-{number}");
        guests.push(lab.create(&spec)?);
    }
    for guest in &guests {
        guest.console().wait_line("worker 2 is up", CROWD_LIMIT)?;
    }
    for guest in &guests {
        guest.shutdown()?;
    }
    for guest in &guests {
        let outcome = finish(guest, CROWD_LIMIT)?;
        outcome.must_contain("stopped\n")?;
        outcome.must_end(Reason::Poweroff)?;
    }
    Ok(())
}

fn supervised(extra: &str) -> Node {
    Node::new("supervised", "-noshell -s supervised").module("supervised").extra(extra)
}

pub fn restarts_children_and_stops_cleanly(world: &World) -> Result<(), Failed> {
    let guest = supervised("").start(&*world.lab()?)?;
    guest.console().wait_line("worker 2 is up", LIMIT)?;
    guest.shutdown()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("started supervised")?;
    outcome.must_contain("reason: broken")?;
    outcome.must_contain("the toolstack asks for poweroff\n")?;
    outcome.must_contain("prep_stop\nstopped\n")?;
    outcome.must_contain(STOPPED)?;
    outcome.must_end(Reason::Poweroff)
}

pub fn stops_cleanly_for_a_reboot(world: &World) -> Result<(), Failed> {
    let guest = supervised("").start(&*world.lab()?)?;
    guest.console().wait_line("worker 2 is up", LIMIT)?;
    guest.reboot()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("prep_stop\nstopped\n")?;
    outcome.must_end(Reason::Reboot)
}

/// A node that does not stop gets so much time and no more.
pub fn ends_a_node_that_does_not_stop(world: &World) -> Result<(), Failed> {
    let node = Node::new("stubborn", "-noshell -s stubborn").module("stubborn").extra("-shutdown_time 3");
    let guest = node.start(&*world.lab()?)?;
    guest.console().wait_line("nothing stops me", LIMIT)?;
    guest.shutdown()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("warning: the node has not stopped within 3 s")?;
    outcome.must_end(Reason::Poweroff)
}

fn ending(name: &'static str, function: &str) -> Node {
    Node::new(name, &format!("-noshell -s endings {function}")).module("endings")
}

/// The dump is on the console, whole, and has the slogan.
pub fn dumps_at_a_slogan(world: &World) -> Result<(), Failed> {
    let outcome = ending("slogan", "slogan").to_end(&*world.lab()?)?;
    outcome.must_contain("the end is here\n")?;
    must_have_dump(&outcome)
}

/// Fails unless the dump is what `endings:slogan/0` leaves.
fn is_whole(dump: &str) -> Result<(), Failed> {
    for part in ["=erl_crash_dump:0.5\n", "Slogan: the end is here\n", "=proc:<0.1.0>\n", "=end\n"] {
        if !dump.contains(part) {
            return Err(format!("the dump has no {part:?}").into());
        }
    }
    Ok(())
}

/// Fails unless the node has ended with the dump on its console.
fn must_have_dump(outcome: &Outcome) -> Result<(), Failed> {
    let (_, rest) = outcome.console.split_once("-----BEGIN ERL_CRASH_DUMP-----\n").ok_or("no dump")?;
    let (dump, rest) = rest.split_once("-----END ERL_CRASH_DUMP-----\n").ok_or("no whole dump")?;
    is_whole(dump)?;
    if !rest.contains("crashed, with status 1\n") {
        return Err(format!("no status after the dump: {rest}").into());
    }
    outcome.must_end(Reason::Crash)
}

/// With a disk the dump is a file there, which the host tool brings out of the volume.
pub fn leaves_its_dump_on_a_disk(world: &World) -> Result<(), Failed> {
    let disk = target().join("disk-dump");
    let _ = fs::remove_file(&disk);
    let image = disk.display().to_string();
    tool(&["disk", "create", &image, "--size", "64M"])?;
    let outcome = {
        let lab = world.with_disks(vec![disk])?;
        ending("slogan", "slogan").line("disk = [\"phy:/dev/vda,xvda,w\"]".into()).to_end(&lab)?
    };
    outcome.must_contain("Crash dump is being written to: /data/erl_crash.dump...done\n")?;
    outcome.must_contain("crashed, with status 1\n")?;
    outcome.must_end(Reason::Crash)?;
    if outcome.console.contains("ERL_CRASH_DUMP-----") {
        return Err(format!("the console has a dump as well:\n{}", outcome.console).into());
    }
    let dump = target().join("crash.dump");
    let _ = fs::remove_file(&dump);
    tool(&["disk", "get", &image, "/erl_crash.dump", &dump.display().to_string()])?;
    is_whole(&String::from_utf8_lossy(&fs::read(&dump)?))?;
    tool(&["disk", "check", &image])
}

/// A disk that is full or can only be read leaves the dump to the console, and has no half of it.
pub fn falls_back_to_the_console(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let disk = Loop::new(lab, "dump", 8 << 20, &[])?;
    let node = |how: &str| ending("slogan", &format!("slogan -endings {how}"));
    for _ in 0..2 {
        let outcome = node("full").line(format!("disk = [{}]", disk.line("xvda", "w"))).to_end(lab)?;
        outcome.must_contain("the disk is full\n")?;
        outcome.must_contain("/data/erl_crash.dump...failed: enospc\n-----BEGIN ERL_CRASH_DUMP-----\n")?;
        must_have_dump(&outcome)?;
    }
    let outcome = node("none").line(format!("disk = [{}]", disk.line("xvda", "r"))).to_end(lab)?;
    must_have_dump(&outcome)
}

pub fn crashes_at_an_abort(world: &World) -> Result<(), Failed> {
    let outcome = ending("abort", "abort").to_end(&*world.lab()?)?;
    outcome.must_contain("crashed, with status 134\n")?;
    outcome.must_end(Reason::Crash)
}

/// A node that takes all memory says so, as stock does, and ends as crashed.
pub fn reports_that_memory_is_out(world: &World) -> Result<(), Failed> {
    let node = ending("memory", "memory").extra("-env ERL_CRASH_DUMP_BYTES 10000");
    let outcome = node.to_end(&*world.lab()?)?;
    outcome.must_contain("eheap_alloc: Cannot allocate ")?;
    outcome.must_contain("=abort:CRASH DUMP SIZE LIMIT REACHED\n")?;
    outcome.must_end(Reason::Crash)
}

/// So does one that asks for more at once than there is: for a binary, or for what a built-in function works with.
pub fn reports_what_is_too_large(world: &World) -> Result<(), Failed> {
    for (function, slogan) in [
        ("binary", "binary_alloc: Cannot allocate 1000000000 bytes of memory (of type \"binary\")."),
        ("buffer", "temp_alloc: Cannot allocate "),
    ] {
        let node = ending(function, function).extra("-env ERL_CRASH_DUMP_BYTES 10000");
        let outcome = node.to_end(&*world.lab()?)?;
        outcome.must_contain(slogan)?;
        outcome.must_contain("=abort:CRASH DUMP SIZE LIMIT REACHED\n")?;
        outcome.must_end(Reason::Crash)?;
    }
    Ok(())
}

/// The boot file of a node with one bit that is another: it is not read, and the domain ends with a report.
pub fn reads_no_damaged_file(world: &World) -> Result<(), Failed> {
    let spec = hello().spec()?;
    let mut bytes = fs::read(&spec.kernel)?;
    let at = {
        let kernel = Kernel::parse(&bytes)?;
        let image = Image::parse(kernel.image().ok_or("the kernel has no image")?)?;
        let files = FileTable::parse(image.section(SectionKind::FILES).ok_or("the image has no files")?)?;
        let boot = files.find(b"/usr/lib/erlang/bin/start.boot").ok_or("there is no boot file")?.bytes;
        boot.as_ptr().addr() - bytes.as_ptr().addr() + boot.len() / 2
    };
    bytes[at] ^= 1;
    let path = spec.kernel.with_file_name("hello-damaged.elf");
    write_executable(&path, &bytes)?;
    let guest = world.lab()?.create(&GuestSpec { kernel: path, ..spec })?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("cannot get bootfile")?;
    outcome.must_end(Reason::Crash)
}

pub fn refuses_flags_that_nobody_knows(world: &World) -> Result<(), Failed> {
    let outcome = hello().extra("+foo").to_end(&*world.lab()?)?;
    outcome.must_contain("error: the application cannot be started: the command line cannot be read: ")?;
    outcome.must_end(Reason::Crash)
}

/// How long a shell may take for an answer.
const ANSWER: Duration = Duration::from_secs(240);

/// What is typed, and what comes; keys of an editor among it.
const DIALOGUE: &[(&str, &str)] = &[
    ("", "1> "),
    ("1 + 1.\r", "2\r\n2> "),
    // Backspace, and the beginning of the line.
    ("list_to_atom(\"abx\x7fc\").\r", "abc\r\n3> "),
    (".\x01lists:sum([1, 2, 4])\r", "7\r\n4> "),
    (
        "file:write_file(\"/tmp/m.erl\", \"-module(m).\\n-export([f/1]).\\nf(X) -> 2 * X.\\n\").\r",
        "ok\r\n5> ",
    ),
    ("c(\"/tmp/m\", [{outdir, \"/tmp\"}]).\r", "{ok,m}\r\n6> "),
    ("m:f(21).\r", "42\r\n7> "),
    ("dbg:tracer(), dbg:p(all, c), dbg:tpl(m, f, x), m:f(5).\r", "call m:f(5)"),
    ("", "returned from m:f/1 -> 10\r\n"),
    ("1 / 0.\r", "an error occurred when evaluating an arithmetic expression"),
    ("", "> "),
    ("exit(self(), kill).\r", "exception exit: killed"),
    ("", "> "),
    ("os:cmd(\"ls\").\r", "> "),
    ("halt(3).\r", "halted with status 3"),
];

pub fn has_a_shell(world: &World) -> Result<(), Failed> {
    let node = Node::new("shell", "").application("compiler").application("runtime_tools");
    let guest = node.start(&*world.lab()?)?;
    let mut console = guest.console();
    for (typed, expected) in DIALOGUE {
        guest.send(typed.as_bytes(), ANSWER)?;
        console.wait_text(expected, ANSWER).map_err(|why| {
            let said = guest.console().take().unwrap_or_default();
            format!("after {typed:?}: {why}:\n{}", String::from_utf8_lossy(&said))
        })?;
    }
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}
