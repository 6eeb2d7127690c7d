// SPDX-License-Identifier: Apache-2.0
//! The fixtures of `tests/fixtures/erl` in one guest, each compared with what stock OTP on this host makes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use lab::Reason;
use libtest_mimic::Failed;

use crate::node::{Node, compiled};
use crate::trial::finish;
use crate::world::{World, target};

/// Fixtures that a guest cannot be compared by: the beginnings of their names, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("file_arguments", "it differs in a guest, and nobody has looked why"),
    ("file_devices", "a guest has no devices"),
    ("file_info", "a guest has no devices"),
    ("file_owner_ends", "it counts descriptors in /proc"),
    ("file_waiter_killed", "it counts descriptors in /proc"),
    ("inet_", "a guest has no sockets yet"),
    ("port_", "they start programs, of which a guest has none"),
    ("proc_priorities", "stock has several schedulers here"),
    ("statistics_io", "it starts a program"),
];

/// Where the modules are in the guest.
const FOLDER: &str = "/test/fixtures";
/// An emulated processor does some hundred of them.
const FIXTURES_LIMIT: Duration = Duration::from_secs(1200);

/// What stock makes of the fixtures.
struct Stock {
    /// The fixtures, compiled.
    modules: PathBuf,
    /// The beginnings of the names of those that are not run.
    left_out: Vec<String>,
    /// The others' names, with the hashes of what they come to.
    outcomes: BTreeMap<String, String>,
}

/// What stock makes of the fixtures, found out once: it takes half a minute, in which no machine should wait.
fn stock() -> Result<&'static Stock, Failed> {
    static STOCK: OnceLock<Result<Stock, String>> = OnceLock::new();
    let found = STOCK
        .get_or_init(|| run_all_on_stock().map_err(|failed| failed.message().unwrap_or_default().to_owned()));
    found.as_ref().map_err(|why| why.into())
}

fn run_all_on_stock() -> Result<Stock, Failed> {
    let folder = target().join("nodes/fixtures");
    let modules = folder.join("ebin");
    compile(&folder, &modules)?;
    let known = fs::read_to_string(fixtures().join("known_failures"))?;
    let left_out = LEFT_OUT.iter().map(|(beginning, _)| *beginning).chain(known_failures(&known));
    let left_out: Vec<String> = left_out.map(str::to_owned).collect();
    let outcomes = run_stock(&folder, &modules, &left_out)?;
    Ok(Stock { modules, left_out, outcomes })
}

/// Finds out what the test needs to know.
pub fn prepare() -> Result<(), Failed> {
    stock().map(drop)
}

pub fn are_as_on_stock(world: &World) -> Result<(), Failed> {
    let Stock { modules, left_out, outcomes: stock } = stock()?;
    let words = format!("-noshell -s fixtures -fixtures {FOLDER} -left_out {}", left_out.join(" "));
    let mut node = Node::new("fixtures", &words)
        .module("fixtures")
        .application("asn1")
        .application("compiler")
        .memory_mib(512);
    for file in fs::read_dir(modules)? {
        let file = file?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        node = node.file(format!("{FOLDER}/{name}"), file);
    }
    let outcome = finish(&node.start(&*world.lab()?)?, FIXTURES_LIMIT)?;
    outcome.must_contain(&format!("fixtures done: {}\n", stock.len()))?;
    outcome.must_end(Reason::Poweroff)?;
    let guest = outcomes(&outcome.console);
    let wrong: Vec<&str> = stock
        .iter()
        .filter(|(name, text)| guest.get(*name) != Some(text))
        .map(|(name, _)| name.as_str())
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("not as on stock: {}", wrong.join(", ")).into()) }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The fixtures that are known not to be as on stock when they are compiled without options, and the machine runs as it is used.
fn known_failures(text: &str) -> impl Iterator<Item = &str> {
    let names = text.lines().filter_map(|line| Some(line.split_once(": ")?.0));
    names
        .map(|name| name.strip_prefix("plain/").unwrap_or(name))
        .filter(|name| !name.contains(['/', '#', ' ']))
}

/// Compiles all fixtures and the driver.
fn compile(folder: &Path, modules: &Path) -> Result<(), Failed> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(modules)?;
    compiled(folder, "fixtures")?;
    let mut erl = erl(folder);
    erl.args(["-s", "fixtures", "compile", "-from"]).arg(fixtures().join("erl")).arg("-to").arg(modules);
    let output = erl.output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("the fixtures cannot be compiled: {}", String::from_utf8_lossy(&output.stdout)).into())
    }
}

fn erl(driver: &Path) -> Command {
    let mut erl = Command::new("erl");
    erl.arg("-noshell").arg("-pa").arg(driver);
    erl
}

fn run_stock(driver: &Path, modules: &Path, left_out: &[String]) -> Result<BTreeMap<String, String>, Failed> {
    let mut erl = erl(driver);
    // In a folder of its own: some of them write files.
    erl.current_dir(driver).args(["-s", "fixtures", "-fixtures"]).arg(modules);
    let output = erl.arg("-left_out").args(left_out).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("fixtures done: ") {
        return Ok(outcomes(&text));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{text}{said}\nstock OTP has ended so, with {}", output.status).into())
}

/// Names and hashes of `fixture NAME HASH`.
fn outcomes(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("fixture ")?.split_once(' '));
    lines.map(|(name, hash)| (name.to_owned(), hash.to_owned())).collect()
}
