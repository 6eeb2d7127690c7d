// SPDX-License-Identifier: Apache-2.0
//! Guests of a Xen host, whose `xl` is a script here: it notes what it is told, has a file for each domain, and plays consoles. The real one is called by the
//! system tests.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::detached::{User, until};
use crate::release::{application, has_otp};
use crate::{Outcome, kernel};

/// The script. Its console takes lines: `halt` and `crash` end the domain, Ctrl-] leaves, and all else is echoed.
const XL: &str = r#"#!/bin/sh
cd "${0%/*}/.." || exit 9
echo "$@" >>calls
if [ -e forbidden ]; then
    echo "xencall: error: Could not obtain handle on privileged command interface: Permission denied" >&2
    echo "cannot init xl context" >&2
    exit 1
fi
end() {
    echo "Domain 1 has shut down, reason code $2 0x$2" >>"logs/xl-$1.log"
    rm "domain-$1"
}
console() {
    echo "the console of $1"
    while read -r line; do
        case $line in
        halt) end "$1" 0; exit ;;
        crash) end "$1" 3; exit ;;
        "$(printf '\035')") exit 0 ;;
        *) echo "echo: $line" ;;
        esac
    done
}
case $1 in
list)
    [ -z "$2" ] || [ -e "domain-$2" ] || { echo "$2 is an invalid domain identifier (rc=-6)" >&2; exit 1; }
    ;;
create)
    for config; do :; done
    cp "$config" config
    if [ -e refused ]; then
        echo "libxl: error: Domain 1:unable to add disk devices" >&2
        exit 3
    fi
    name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$config")
    : >"domain-$name"
    echo "Waiting for domain $name (domid 1) to die [pid 1]" >"logs/xl-$name.log"
    case "$*" in *" -c "*) console "$name" ;; esac
    ;;
shutdown)
    echo "Shutting down domain 1"
    [ -e stubborn ] || end "$2" 0
    ;;
destroy) rm "domain-$2" ;;
console) console "$2" ;;
esac
"#;

/// A user on a Xen host.
fn host(test: &str) -> User {
    let mut user = User::new(test);
    for folder in ["bin", "logs", "tmp"] {
        fs::create_dir(user.scratch.path(folder)).expect("a folder");
    }
    let xl = user.scratch.file("bin/xl", XL.as_bytes());
    fs::set_permissions(&xl, fs::Permissions::from_mode(0o755)).expect("a script");
    let path = format!("{}:{}", user.scratch.path("bin"), std::env::var("PATH").unwrap_or_default());
    let [consoles, logs, tmp] = ["consoles", "logs", "tmp"].map(|name| user.scratch.path(name));
    user.variables.extend([
        ("PATH", path),
        ("VOXOZ_ON", "xen".into()),
        ("VOXOZ_CONSOLES", consoles),
        ("VOXOZ_XEN_LOGS", logs),
        ("TMPDIR", tmp),
    ]);
    user
}

impl User {
    fn image(&self) -> String {
        self.scratch.file("web.elf", &kernel::packed())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxoz"));
        command.args(words).envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command.env_remove("VOXOZ_KERNEL");
        command
    }

    /// Runs the tool, and types at it.
    fn types(&self, words: &[&str], typed: &[u8]) -> Outcome {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("voxoz starts");
        // One that ends before it reads has what it needs.
        let _ = child.stdin.take().expect("its input").write_all(typed);
        let output = child.wait_with_output().expect("it ends");
        Outcome {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("output is text"),
            err: String::from_utf8(output.stderr).expect("errors are text"),
        }
    }

    /// What `xl` was told since this was asked before.
    fn calls(&self) -> Vec<String> {
        let path = self.scratch.path("calls");
        let calls = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(&path);
        calls.lines().map(str::to_owned).collect()
    }

    /// The line of the last configuration that begins so.
    fn configured(&self, key: &str) -> String {
        let config = fs::read_to_string(self.scratch.path("config")).expect("a configuration");
        let line = config.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.unwrap_or_else(|| panic!("{key} is not in\n{config}")).trim_matches('"').to_owned()
    }

    /// How many files are in a folder.
    fn count(&self, folder: &str) -> usize {
        fs::read_dir(self.scratch.path(folder)).map_or(0, Iterator::count)
    }
}

fn failed(outcome: &Outcome, code: i32, texts: &[&str]) {
    assert_eq!(outcome.code, Some(code), "{}", outcome.err);
    for text in texts.iter().chain(&["\nhelp: "]) {
        assert!(outcome.err.contains(text), "{text:?} is not in\n{}", outcome.err);
    }
}

#[test]
fn a_guest_has_the_terminal_until_the_user_leaves() {
    let user = host("host-leave");
    let image = user.image();
    let words = ["run", &image, "--memory", "80", "--extra", "-a b", "--port", "8080"];
    let left = user.types(&words, b"hello\n\x1d\nnever read\n");
    assert_eq!(
        (left.code, left.out.as_str()),
        (Some(0), "the console of web\necho: hello\n"),
        "{}",
        left.err
    );
    for text in ["tcp port 8080 is at the guest's own address\n", "web goes on; `xl console web` shows"] {
        assert!(left.err.contains(text), "{text:?} is not in\n{}", left.err);
    }
    assert_eq!(user.configured("kernel"), image);
    assert_eq!((user.configured("memory"), user.configured("extra")), ("80".into(), "-a b".into()));
    assert_eq!(user.configured("vif"), "[\"\"]");
    let calls = user.calls();
    assert_eq!(calls[..2], ["list", "list web"]);
    assert!(calls[2].starts_with("create -q -c ") && calls[2].ends_with("/web.cfg"), "{calls:?}");
    assert_eq!(calls[3..], ["list web"]);
    assert_eq!(user.count("tmp"), 0, "xl has read the configuration");

    // Its name is taken until it ends.
    failed(&user.types(&["run", &image], b""), 1, &["there is a domain web already", "`xl shutdown web`"]);
    assert!(!user.calls().iter().any(|call| call.starts_with("create")));
}

#[test]
fn the_end_of_a_guest_is_told() {
    let user = host("host-end");
    let image = user.image();
    let ended = user.types(&["run", &image], b"halt\n");
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "the console of web\n"), "{}", ended.err);
    assert_eq!(ended.err, "the guest ended: poweroff\n");
    failed(&user.types(&["run", &image], b"crash\n"), 1, &["the guest ended badly\n  crash\n"]);
}

#[test]
fn a_guest_that_is_built_for_one_run_keeps_its_file_while_it_goes_on() {
    if !has_otp() {
        return;
    }
    let user = host("host-built");
    let folder = application(&user.scratch);
    let kernel = user.scratch.file("kernel.elf", &kernel::packed());
    let words = ["run", "--kernel", &kernel, &folder, "-s", "greet"];
    let ended = user.types(&words, b"halt\n");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(user.count("tmp"), 0);
    let left = user.types(&words, b"\x1d\n");
    assert_eq!(left.code, Some(0), "{}", left.err);
    let kernel = user.configured("kernel");
    assert!(
        kernel.ends_with("/greet.elf") && Path::new(&kernel).is_file(),
        "it may be started anew: {kernel}"
    );
}

#[test]
fn what_xl_refuses_is_told_with_its_reason() {
    let user = host("host-refused");
    let image = user.image();
    user.scratch.file("refused", b"");
    let reason = "Domain 1:unable to add disk devices\n";
    failed(&user.types(&["run", &image], b""), 1, &[reason, "xl cannot start web", "exit status: 3"]);
    failed(&user.types(&["run", "-d", &image], b""), 1, &["xl cannot start web\n  libxl: error: ", reason]);
    assert_eq!(user.out(&["ps", "-a"]).lines().count(), 1, "nothing is left of it");
    assert_eq!((user.count("tmp"), user.count("run/voxoz")), (0, 0));
}

#[test]
fn a_missing_privilege_is_told_before_anything_is_done() {
    let user = host("host-forbidden");
    let image = user.image();
    assert_eq!(user.voxoz(&["run", "-d", &image]).code, Some(0));
    user.scratch.file("forbidden", b"");
    user.calls();
    let commands: [&[&str]; 6] = [
        &["run", &image],
        &["run", "-d", &image],
        &["ps"],
        &["stop", "web"],
        &["logs", "web"],
        &["console", "web"],
    ];
    for words in commands {
        let texts =
            ["xl cannot reach this machine's Xen\n  xencall: error: ", "Permission denied", "sudo voxoz"];
        failed(&user.types(words, b""), 4, &texts);
        assert_eq!(user.calls(), ["list"], "{words:?}");
    }
    // Nothing was taken for gone meanwhile.
    fs::remove_file(user.scratch.path("forbidden")).expect("it is there");
    assert!(user.out(&["ps"]).contains("web   xen"), "{}", user.out(&["ps"]));
    let mut user = user;
    user.variables.retain(|(name, _)| *name != "PATH");
    user.variables.push(("PATH", user.scratch.path("tmp")));
    failed(&user.types(&["run", &image], b""), 4, &["cannot start xl", "xen-utils"]);
}

#[test]
fn a_domain_runs_detached() {
    let user = host("host");
    let consoles = user.scratch.path("consoles");
    let image = user.image();
    let started = user.voxoz(&["run", "-d", &image, "--port", "8080", "--extra", "-a b", "--memory", "80"]);
    assert_eq!((started.code, started.out.as_str()), (Some(0), "web\n"), "{}", started.err);
    assert!(started.err.contains("tcp port 8080 is at the guest's own address"), "{}", started.err);
    assert_eq!((user.configured("name"), user.configured("memory")), ("web".into(), "80".into()));
    assert_eq!((user.configured("extra"), user.configured("vif")), ("-a b".into(), "[\"\"]".into()));
    // The domain may be started anew from it.
    assert!(Path::new(&user.configured("kernel")).is_file());

    assert!(user.out(&["ps"]).contains("web   xen    80"), "{}", user.out(&["ps"]));
    failed(&user.voxoz(&["run", "-d", &image]), 1, &["its domain is there"]);
    failed(&user.voxoz(&["logs", "web"]), 4, &["XENCONSOLED_TRACE=guest"]);
    fs::create_dir(&consoles).expect("a folder");
    let log = user.scratch.file("consoles/guest-web.log", b"it speaks\n");
    assert_eq!(user.out(&["logs", "web"]), "it speaks\n");
    let shown = user.types(&["console", "web"], b"typed\n\x1d\n");
    assert_eq!(
        (shown.code, shown.out.as_str()),
        (Some(0), "the console of web\necho: typed\n"),
        "{}",
        shown.err
    );

    // Whoever follows the log reads on until the domain ends.
    let follows = user.command(&["logs", "-f", "web"]).stdout(Stdio::piped()).spawn().expect("voxoz starts");
    let mut file = fs::File::options().append(true).open(&log).expect("the log");
    until("the follower", || user.calls().iter().filter(|call| *call == "list web").count() > 1);
    file.write_all(b"and on\n").expect("it is written");
    assert_eq!(user.out(&["stop", "web"]), "web\n");
    let followed = follows.wait_with_output().expect("it ends");
    assert_eq!((followed.status.code(), followed.stdout.as_slice()), (Some(0), &b"it speaks\nand on\n"[..]));
    assert_eq!(user.out(&["ps"]).lines().count(), 1);
    assert!(user.out(&["ps", "-a"]).contains("ago: poweroff"), "{}", user.out(&["ps", "-a"]));

    // One that does not stop is ended, and of one that ends without us is known what xl has written down.
    assert_eq!(user.voxoz(&["run", "-d", &image]).code, Some(0));
    user.scratch.file("stubborn", b"");
    let stopped = user.voxoz(&["stop", "--time", "1", "web"]);
    failed(&stopped, 1, &["did not stop in 1 s and was ended at once"]);
    let calls = user.calls();
    for call in ["create -q ", "shutdown web", "destroy web"] {
        assert!(calls.iter().any(|line| line.starts_with(call)), "{call}\n{calls:?}");
    }
    assert_eq!(user.voxoz(&["run", "-d", &image]).code, Some(0));
    assert_eq!(user.types(&["console", "web"], b"crash\n").code, Some(0));
    assert!(user.out(&["ps", "-a"]).contains("ago: crash"), "{}", user.out(&["ps", "-a"]));
    failed(&user.voxoz(&["stop", "web"]), 1, &["web does not run\n  it has ended: crash"]);
    assert_eq!(user.voxoz(&["run", "-d", &image]).code, Some(0));
    fs::remove_file(user.scratch.path("domain-web")).expect("a domain");
    assert!(user.out(&["ps", "-a"]).contains("lost"), "{}", user.out(&["ps", "-a"]));
}
