// SPDX-License-Identifier: Apache-2.0
//! The scripts of `tests/fixtures/scripts`, whose `$ERL` is stock's `erl` once, and guests the other time: they have to say the same, and to end alike.
//!
//! A script is about `erl`'s command line, of which a node has one from its start to its end; so each call of `$ERL` is a guest, with these words, the variables and
//! the files of the script's folder in its image. What a guest writes stays in its memory.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use lab::Lab;
use libtest_mimic::Failed;

use crate::as_erl::{self, Answer, Call};
use crate::node::{Node, library};
use crate::trial::{Outcome, amount, finish};
use crate::world::{World, target};

/// Scripts that guests cannot be compared by: the beginnings of their names, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("common_test", "it looks at the files that were written"),
    ("compile_and_run", "it looks at the files that were written"),
    ("compile_to_same_bytes", "it compiles OTP's sources, which an image does not have"),
    (
        "configuration_files",
        "it sees the carriage returns of stock's complaints, which are those of any line on a console",
    ),
    ("dialyzer_small", "a call reads what the one before has written"),
    ("elixir_", "the program elixir calls erl, with OTP's and its own folders of this host"),
    ("escript", "the program escript calls erl, and a call reads what the one before has written"),
    ("inet_local", "a guest has no local sockets"),
    ("inet_names", "a guest has the name of its domain, and no interfaces but those of its vifs"),
    ("inet_options", "a guest without a vif has no interface for groups"),
    ("io_protocol", "a guest's console is a terminal, of 80 columns, and where standard errors go as well"),
    ("ninep_mount", "it starts a server and asks it for a folder of this host; shares_mount_a_server does"),
    ("os_commands", "a guest has no programs"),
    ("os_version", "the system below is another"),
    ("parse_tools", "it looks at the files that were written"),
    ("read_input", "a guest's input is a terminal"),
    ("run_functions", "a guest tells elsewhere that it writes a dump"),
    ("shell_", "a guest's input is a terminal; otp_has_a_shell types"),
];

/// Scripts that write into their folder.
const WRITING: &[&str] = &[
    "code_old_funs",
    "code_upgrade",
    "disk_log_files",
    "edoc_and_prettypr",
    "erl_tar_and_zip",
    "error_logger_to_file",
    "ets_and_dets",
    "file_sendfile",
    "files",
    "inet_http",
    "leex_and_yecc_calculator",
    "logger_output",
    "mnesia_ram",
    "parse_transforms",
    "xref_and_cover",
];

/// Scripts that need more of OTP than `kernel` and `stdlib`.
const NEEDS: &[(&str, &[&str])] = &[
    ("applications", &["sasl"]),
    ("boot_files", &["sasl"]),
    ("code_old_funs", &["compiler"]),
    ("code_upgrade", &["compiler"]),
    ("edoc_and_prettypr", &["edoc", "syntax_tools", "xmerl"]),
    ("eunit", &["eunit"]),
    ("inet_http", &["inets"]),
    ("leex_and_yecc_calculator", &["compiler", "parsetools"]),
    ("mnesia_ram", &["mnesia"]),
    ("parse_transforms", &["compiler", "syntax_tools"]),
    ("tracing_with_dbg", &["runtime_tools"]),
    ("xmerl_reads", &["xmerl"]),
    ("xref_and_cover", &["compiler", "runtime_tools", "syntax_tools", "tools"]),
];

/// Scripts that read of OTP's modules what is stripped of them for use.
const READING: &[&str] = &["xref_and_cover"];

/// Where both sides have room for a crash dump, and say that it is.
const DUMP: &str = "/tmp/erl_crash.dump";

/// How long a guest may take on an emulated processor.
const GUEST_LIMIT: Duration = Duration::from_secs(600);

/// The scripts that are run each time: what `erl`'s command line says, ends, and programs that read and write files.
const USUAL: &str = "application_of_ones_own,arguments,arguments_file,arguments_vm_args,boot_files,code_old_funs,\
                     code_upgrade,disk_log_files,eval_halt,eval_status,files";

/// The names of the scripts that are run: the usual ones, those that the environment names, or all.
fn names() -> Result<Vec<String>, Failed> {
    let named = std::env::var("VOXOZ_TEST_SCRIPTS").ok();
    let wanted = named.or_else(|| amount(Some(USUAL.to_owned()), None));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder())? {
        let file = entry?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_left_out = LEFT_OUT.iter().any(|(beginning, _)| name.starts_with(beginning));
        let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|one| one == name));
        if file.extension().is_some_and(|end| end == "sh") && !is_left_out && is_wanted {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scripts")
}

/// The names of guests, of which there are so many at a time: one is made while another one runs.
const GUESTS: [&str; 2] = ["script-1", "script-2"];

pub fn are_as_on_stock(world: &World) -> Result<(), Failed> {
    let names = Mutex::new(names()?.into_iter());
    let lab = &*world.lab()?;
    let next = || names.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |guest| {
        let maker = Maker::new(lab, guest)?;
        let mut wrong = Vec::new();
        while let Some(name) = next() {
            wrong.extend(maker.compare(&name)?);
        }
        Ok::<_, Failed>(wrong)
    };
    let mut wrong = Vec::new();
    thread::scope(|scope| {
        let workers = GUESTS.map(|guest| scope.spawn(move || work(guest)));
        for worker in workers {
            wrong.append(&mut worker.join().map_err(|_| "a worker has panicked")??);
        }
        Ok::<_, Failed>(())
    })?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n").into()) }
}

/// Makes guests, one after the other.
struct Maker<'a> {
    lab: &'a Lab,
    guest: &'static str,
    /// Where `$ERL` asks for them.
    listener: UnixListener,
    erl: String,
}

impl<'a> Maker<'a> {
    fn new(lab: &'a Lab, guest: &'static str) -> Result<Self, Failed> {
        let work = target().join("nodes/scripts");
        fs::create_dir_all(&work)?;
        let socket = work.join(guest);
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let this = std::env::current_exe()?;
        let erl = format!("{} {} {}", this.display(), as_erl::FLAG, socket.display());
        Ok(Self { lab, guest, listener, erl })
    }

    /// Runs a script on both sides, and says what differs.
    fn compare(&self, name: &str) -> Result<Option<String>, Failed> {
        let mut stock = Script::start(name, "stock", "erl")?;
        let said = Script::start(name, "guest", &self.erl)?.end(|| match self.listener.accept() {
            Ok((mut stream, _)) => self.answer(name, &mut stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        })?;
        let expected = stock.end(|| Ok(()))?;
        Ok((said != expected).then(|| format!("{name}: stock says\n{expected}\nand guests\n{said}")))
    }

    /// Makes a guest of a call, and tells what has come of it.
    fn answer(&self, name: &str, stream: &mut UnixStream) -> Result<(), Failed> {
        stream.set_nonblocking(false)?;
        let call = Call::read(stream)?;
        let outcome = finish(&node(self.guest, name, &call)?.start(self.lab)?, GUEST_LIMIT)?;
        let answer = said(&outcome)?;
        // A script may have seen enough.
        let _ = answer.write(stream);
        Ok(())
    }
}

/// A script that runs.
struct Script {
    child: Child,
    said: PathBuf,
}

impl Script {
    /// Starts a script in an empty folder of its own, which is also its home.
    fn start(name: &str, side: &str, erl: &str) -> Result<Self, Failed> {
        let folder = target().join("nodes/scripts").join(format!("{name}.{side}"));
        let _ = fs::remove_dir_all(&folder);
        let (home, programs, said) = (folder.join("home"), folder.join("bin"), folder.join("said"));
        fs::create_dir_all(&home)?;
        fs::create_dir_all(&programs)?;
        let output = fs::File::create(&said)?;
        let mut command = Command::new("sh");
        command.arg(self::folder().join(format!("{name}.sh"))).current_dir(&home);
        // A guest has one console for both.
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        for variable in ["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        command.env("ERL", erl).env("HOME", &home).env("LC_ALL", "C.UTF-8").env("TERM", "dumb");
        command.env("ERL_CRASH_DUMP", DUMP);
        Ok(Self { child: command.spawn()?, said })
    }

    /// Waits for its end, with something to do meanwhile, and gives what it has said and how it has ended.
    fn end(&mut self, mut meanwhile: impl FnMut() -> Result<(), Failed>) -> Result<String, Failed> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if let Err(why) = meanwhile() {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return Err(why);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let said = fs::read(&self.said)?;
        // A console's lines end alike.
        Ok(format!("{}{status}", String::from_utf8_lossy(&said).replace('\r', "")))
    }
}

/// The guest of a call.
fn node(guest: &'static str, name: &str, call: &Call) -> Result<Node, Failed> {
    let home = call.folder.display().to_string();
    let is_writing = WRITING.contains(&name);
    let own: &[&str] = if is_writing { &["-pz", "/test/ebin", "-run", "copied"] } else { &[] };
    let words = own.iter().map(|word| (*word).to_owned()).chain(call.words.iter().cloned());
    let mut node = Node::of_words(guest, words.collect()).working(home).memory_mib(256);
    if !READING.contains(&name) {
        node = node.stripped();
    }
    if is_writing {
        node = node.module("copied");
    }
    for (variable, value) in &call.variables {
        node = node.variable(variable, value);
    }
    node = node.variable("ERL_CRASH_DUMP", DUMP);
    for boot in ["start_clean", "no_dot_erlang"] {
        let file = format!("/usr/lib/erlang/bin/{boot}.boot");
        node = node.file(file.clone(), file.into());
    }
    let needs = NEEDS.iter().find(|(script, _)| *script == name).map_or(&[][..], |(_, needs)| *needs);
    for application in needs {
        node = node.application(application);
        for part in ["include", "priv"] {
            node = with_files(node, &library(application)?.join(part))?;
        }
    }
    with_files(node, &call.folder)
}

/// Adds all files of a folder, if there is one, at their own places.
fn with_files(mut node: Node, folder: &Path) -> Result<Node, Failed> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(node) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            node = with_files(node.folder(path.display().to_string()), &path)?;
        } else if path.metadata().is_ok_and(|file| file.permissions().mode() & 0o400 != 0) {
            node = node.file(path.display().to_string(), path);
        }
    }
    Ok(node)
}

/// What a node has said and its status, without the kernel's log.
fn said(outcome: &Outcome) -> Result<Answer, Failed> {
    let mut status = None;
    let mut said = String::new();
    for line in outcome.console.split_inclusive('\n') {
        let Some((before, message)) = logged(line) else {
            said.push_str(line);
            continue;
        };
        said.push_str(before);
        let ended = message
            .strip_prefix("halted with status ")
            .or_else(|| message.strip_prefix("crashed, with status "));
        if let Some(number) = ended {
            status = number.trim().parse::<i32>().ok();
        } else if message.starts_with("error: the application cannot be started") {
            status = Some(1);
        }
    }
    let status = status.ok_or_else(|| format!("the node has no status:\n{}", outcome.console))?;
    Ok(Answer { status: u8::try_from(status & 0xFF)?, said: said.into_bytes() })
}

/// What stands in a line before a message of the log, and the message.
fn logged(line: &str) -> Option<(&str, &str)> {
    let at = line.find("[ ")?;
    let (time, message) = line[at + 1..].split_once("] ")?;
    let (seconds, fraction) = time.trim_start().split_once('.')?;
    let is_time = fraction.len() == 6 && (seconds.to_owned() + fraction).bytes().all(|b| b.is_ascii_digit());
    is_time.then_some((&line[..at], message))
}
