// SPDX-License-Identifier: Apache-2.0
//! Machines that run detached: processes kept by the tool itself.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::examples::{PATIENCE, example, free_port};
use crate::release::{has_otp, with_kernel};
use crate::{Outcome, Scratch, voxoz_with};

/// A user's runtime folder, and what else is set.
pub struct User {
    pub scratch: Scratch,
    pub variables: Vec<(&'static str, String)>,
}

impl User {
    pub fn new(test: &str) -> Self {
        let scratch = Scratch::new(test);
        let runtime = scratch.path("run");
        Self { scratch, variables: vec![("XDG_RUNTIME_DIR", runtime)] }
    }

    pub fn voxoz(&self, words: &[&str]) -> Outcome {
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        voxoz_with(words, &variables)
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let words = with_kernel(&self.scratch, words);
        self.voxoz(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What it prints when all is well.
    pub fn out(&self, words: &[&str]) -> String {
        let outcome = self.voxoz(words);
        assert_eq!(outcome.code, Some(0), "{words:?}: {}", outcome.err);
        outcome.out
    }

    /// Waits until a console has said something.
    fn wait_for(&self, name: &str, text: &str) {
        until(text, || self.out(&["logs", name]).contains(text));
    }
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The process that keeps a machine.
fn keeper(folder: &str) -> u32 {
    let of = |entry: fs::DirEntry| {
        let words = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let is_it = words.split('\0').collect::<Vec<_>>().ends_with(&["keep", folder, ""]);
        is_it.then(|| entry.file_name().to_str()?.parse().ok()).flatten()
    };
    let entries = fs::read_dir("/proc").expect("processes");
    entries.flatten().find_map(of).expect("the machine has a keeper")
}

#[test]
fn a_process_runs_detached() {
    if !has_otp() {
        return;
    }
    let user = User::new("detached");
    let (port, chat, work) = (free_port(), example("chat"), user.scratch.path("work"));
    let (extra, ports) = (format!("-chat port {port}"), port.to_string());
    let start = ["run", "-d", "--hosted", &chat, "--work", &work, "--extra", &extra, "--port", &ports];
    assert_eq!(user.out(&["ps"]).lines().count(), 1);
    let started = user.run(&start);
    assert_eq!((started.code, started.out.as_str()), (Some(0), "chat\n"), "{}", started.err);
    assert!(started.err.contains(&format!("tcp port {port} is 127.0.0.1:{port}")), "{}", started.err);
    until("the chat", || answers(port));

    let again = user.run(&start);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("there is a machine chat already"), "{}", again.err);
    let listed = user.out(&["ps"]);
    let line = listed.lines().nth(1).expect("a machine");
    assert!(line.starts_with("chat  process  ") && line.contains("  up "), "{listed}");
    let listed = user.out(&["ps", "--json"]);
    assert!(listed.contains("\"state\":\"running\"") && listed.contains("\"name\":\"chat\""), "{listed}");

    // What is typed at its console is read by the shell, and the machine goes on without the terminal.
    user.wait_for("chat", "chat: protocol 1 on port");
    let mut console = Command::new(env!("CARGO_BIN_EXE_voxoz"));
    console.args(["console", "chat"]).env("XDG_RUNTIME_DIR", &user.variables[0].1);
    let mut console = console.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a console");
    let input = console.stdin.as_mut().expect("its input");
    input.write_all(b"chat:upgrade().\n").expect("it is written");
    user.wait_for("chat", "{ok,2}");
    console.kill().and_then(|()| console.wait()).expect("it ends");
    assert!(answers(port));

    assert_eq!(user.out(&["stop", "chat"]), "chat\n");
    assert!(!answers(port));
    assert_eq!(user.out(&["ps"]).lines().count(), 1);
    assert!(user.out(&["ps", "-a"]).contains("ago: poweroff"), "{}", user.out(&["ps", "-a"]));
    user.wait_for("chat", "{ok,2}");
    let again = user.voxoz(&["stop", "chat"]);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("it has ended: poweroff"), "{}", again.err);
    for command in ["stop", "logs", "console"] {
        let unknown = user.voxoz(&[command, "nobody"]);
        assert_eq!(unknown.code, Some(2), "{}", unknown.err);
        assert!(unknown.err.contains("there is no machine \"nobody\""), "{}", unknown.err);
    }
}

#[test]
fn a_machine_goes_with_its_keeper() {
    if !has_otp() {
        return;
    }
    let user = User::new("lost");
    let (port, chat, work) = (free_port(), example("chat"), user.scratch.path("work"));
    let (extra, ports) = (format!("-chat port {port}"), port.to_string());
    let start = [
        "run", "-d", "--name", "talk", "--hosted", &chat, "--work", &work, "--extra", &extra, "--port",
        &ports,
    ];
    assert_eq!(user.run(&start).code, Some(0));
    until("the chat", || answers(port));
    // What it has said and its keeper has not written down goes with the keeper.
    user.wait_for("talk", "chat: protocol 1 on port");
    let folder = format!("{}/voxoz/talk", user.variables[0].1);
    let killed = Command::new("kill").args(["-KILL", &keeper(&folder).to_string()]).status();
    assert!(killed.expect("kill").success());
    until("its end", || !answers(port));
    until("the lock", || user.out(&["ps"]).lines().count() == 1);
    let listed = user.out(&["ps", "-a"]);
    assert!(listed.lines().nth(1).is_some_and(|line| line.ends_with("lost")), "{listed}");
    let stopped = user.voxoz(&["stop", "talk"]);
    assert_eq!(stopped.code, Some(1), "{}", stopped.err);
    user.wait_for("talk", "chat: protocol 1 on port");

    // Its name is free.
    assert_eq!(user.run(&start).code, Some(0));
    until("the chat", || answers(port));
    assert_eq!(user.out(&["stop", "--now", "talk"]), "talk\n");
    assert!(user.out(&["ps", "-a"]).contains("ago: destroyed"), "{}", user.out(&["ps", "-a"]));
    let wrong = user.run(&["run", "-d", "--name", "a/b", "--hosted", &chat, "--work", &work]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}
