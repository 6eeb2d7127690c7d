// SPDX-License-Identifier: Apache-2.0
//! The examples and a new project, compiled, packed and run as processes by `voxoz run --hosted`, and asked as their users would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::release::{has_otp, with_kernel};
use crate::{Scratch, voxoz};

/// How long a program may take to answer; machines may be slow.
pub const PATIENCE: Duration = Duration::from_secs(400);

/// A program that is killed when the test is over.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
}

impl Running {
    /// Starts `voxoz run --hosted` in the test's folder.
    fn start(scratch: &Scratch, project: &str, more: &[&str]) -> Self {
        Self::with_output(scratch, project, more, Stdio::inherit())
    }

    /// The same with its output in a file.
    fn start_into(scratch: &Scratch, project: &str, more: &[&str], log: &str) -> Self {
        let file = std::fs::File::create(log).expect("a file for its output");
        Self::with_output(scratch, project, more, file.into())
    }

    fn with_output(scratch: &Scratch, project: &str, more: &[&str], output: Stdio) -> Self {
        let mut words = vec!["run", "--hosted", project];
        words.extend(more);
        let mut command = Command::new(env!("CARGO_BIN_EXE_voxoz"));
        command.args(with_kernel(scratch, &words)).current_dir(&scratch.0);
        command.stdin(Stdio::piped()).stdout(output);
        let mut child = command.spawn().expect("voxoz starts");
        let input = child.stdin.take();
        Self { child, input }
    }

    fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(line.as_bytes()).and_then(|()| input.flush()).expect("it reads");
    }

    /// Calls `ask` until it gives something.
    fn until<T>(&mut self, mut ask: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(self.child.try_wait().expect("a child").is_none(), "it has ended");
            assert!(Instant::now() < deadline, "it does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // As a power cut, which is what it has to bear.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name).display().to_string()
}

/// A port that is free at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// An exchange by HTTP; none if nobody answers.
fn http(port: u16, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer).filter(|answer| !answer.is_empty())
}

fn get(port: u16, path: &str) -> Option<String> {
    http(port, &format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
}

fn post(port: u16, form: &str) -> Option<String> {
    let length = form.len();
    http(
        port,
        &format!(
            "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        ),
    )
}

/// Writes an entry into an empty guestbook, and tries others that it does not take.
fn sign(guestbook: &mut Running, port: u16) {
    let empty = guestbook.until(|| get(port, "/"));
    assert!(empty.contains("Nobody has written anything yet."), "{empty}");
    let said = post(port, "name=Zo%C3%AB&text=%3Cb%3E+%26+more%0D%0Atwo").expect("an answer");
    assert!(said.starts_with("HTTP/1.1 303 ") && said.contains("\r\nLocation: /\r\n"), "{said}");
    for form in ["name=&text=x", "name=%ff&text=x", "name=a"] {
        let said = post(port, form).expect("an answer");
        assert!(said.starts_with("HTTP/1.1 400 "), "{form}: {said}");
    }
}

#[test]
fn the_guestbook_keeps_entries() {
    if !has_otp() || !Path::new("/usr/lib/erlang/lib/mochiweb").is_dir() {
        println!("there is no mochiweb: nothing to serve with");
        return;
    }
    let scratch = Scratch::new("guestbook");
    let (port, project, work) = (free_port(), example("guestbook"), scratch.path("work"));
    let (extra, ports) = (format!("-guestbook port {port}"), port.to_string());
    let more = ["--work", &work, "--extra", &extra, "--port", &ports];
    let mut first = Running::start(&scratch, &project, &more);
    sign(&mut first, port);
    let entry = "<h2>Zoë</h2>";
    let text = "<p>&lt;b&gt; &amp; more<br>two</p>";
    let page = get(port, "/").expect("an answer");
    assert!(page.contains(entry) && page.contains(text), "{page}");
    assert!(get(port, "/style.css").expect("an answer").contains("Content-Type: text/css"));
    drop(first);

    let mut second = Running::start(&scratch, &project, &more);
    let page = second.until(|| get(port, "/"));
    assert!(page.contains(entry) && page.contains(text), "{page}");
    assert_eq!(page.matches("<li>").count(), 1, "{page}");
}

#[test]
fn the_guestbook_of_elixir_keeps_entries_and_tells_metrics() {
    if !has_otp() || Command::new("mix").arg("--version").output().is_err() {
        println!("there is no mix: nothing to build with");
        return;
    }
    let scratch = Scratch::new("guestbook-elixir");
    // mix writes into the project.
    let project = scratch.path("guestbook_elixir");
    let copied = Command::new("cp").args(["-r", &example("guestbook_elixir"), &project]).status();
    assert!(copied.expect("cp").success());
    let (port, metrics, work) = (free_port(), free_port().to_string(), scratch.path("work"));
    let (variable, ports) = (format!("GUESTBOOK_PORT={port}"), port.to_string());
    let more = ["--work", &work, "--env", &variable, "--port", &ports, "--metrics", &metrics];
    let mut first = Running::start(&scratch, &project, &more);
    sign(&mut first, port);
    // A release is started in embedded mode, in which nothing is loaded that its boot file does not name.
    let metrics: u16 = metrics.parse().expect("a port");
    let told = get(metrics, "/metrics").expect("an answer");
    assert!(told.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{told}");
    assert!(told.contains("\n# TYPE erlang_vm_memory_bytes_total gauge\n"), "{told}");
    for (request, status) in [
        ("GET /metrics?a=b HTTP/1.0\r\n\r\n", "200"),
        ("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        ("POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "404"),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let said = http(metrics, request).expect("an answer");
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {said}");
        assert!(!request.starts_with("HEAD") || said.ends_with("\r\n\r\n"), "{said}");
    }
    drop(first);

    let mut second = Running::start(&scratch, &project, &more);
    let page = second.until(|| get(port, "/"));
    assert!(page.contains("<h2>Zoë</h2>") && page.contains("<p>&lt;b&gt; &amp; more\ntwo</p>"), "{page}");
    assert_eq!(page.matches("<li>").count(), 1, "{page}");
}

/// A member of the chat.
struct Member(BufReader<TcpStream>);

impl Member {
    fn enter(port: u16) -> Option<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut member = Self(BufReader::new(stream));
        member.hears("You are ");
        Some(member)
    }

    fn says(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("it is connected");
    }

    /// The next line, which has to contain this.
    fn hears(&mut self, text: &str) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("it is told something");
        assert!(line.contains(text), "{line:?} and not {text:?}");
        line
    }
}

#[test]
fn the_chat_goes_on_with_another_protocol() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("chat");
    let (port, work) = (free_port(), scratch.path("work"));
    let (extra, ports) = (format!("-chat port {port}"), port.to_string());
    let more = ["--work", &work, "--extra", &extra, "--port", &ports];
    let mut chat = Running::start(&scratch, &example("chat"), &more);
    let mut ada = chat.until(|| Member::enter(port));
    let mut bob = Member::enter(port).expect("it is there");
    ada.hears("guest2 comes in.");
    bob.says("/name bob");
    ada.hears("guest2 is now bob.");
    bob.hears("guest2 is now bob.");
    bob.says("hello");
    assert_eq!(ada.hears("hello"), "bob: hello\n");
    bob.says("/me waves");
    bob.hears("There is no such command.");
    chat.types("chat:upgrade().\n");
    // It is loaded when the shell has done it.
    chat.until(|| {
        bob.says("/me waves");
        bob.says("/who");
        let mut line = bob.hears("");
        if line.contains("no such command") {
            line = bob.hears("");
        } else {
            assert_eq!(ada.hears("waves"), "* bob waves\n");
            return Some(line);
        }
        assert!(line.contains("bob, guest1"), "{line}");
        None
    });
    bob.says("hello");
    let line = ada.hears("bob: hello");
    assert!(line.starts_with('[') && line.as_bytes()[3] == b':', "{line}");
    bob.says("/quit");
    ada.hears("bob leaves.");
}

#[test]
fn the_time_is_told() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("time");
    let (port, work) = (free_port(), scratch.path("work"));
    let (extra, ports) = (format!("-time port {port}"), format!("{port}/udp"));
    let more = ["--work", &work, "--extra", &extra, "--port", &ports];
    let mut time = Running::start(&scratch, &example("time"), &more);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let told = time.until(|| {
        let mut answer = [0; 8];
        socket.send_to(b"?", (Ipv4Addr::LOCALHOST, port)).expect("it is sent");
        let length = socket.recv(&mut answer).ok()?;
        assert_eq!(length, 4);
        Some(u32::from_be_bytes([answer[0], answer[1], answer[2], answer[3]]))
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 2_208_988_800;
    assert!(u64::from(told).abs_diff(now) < 3600, "{told} and {now}");
}

#[test]
fn the_till_is_traced() {
    if !has_otp() || !Path::new("/var/lib/dpkg/info/erlang-runtime-tools.list").is_file() {
        println!("there is no runtime_tools: nothing to trace with");
        return;
    }
    let scratch = Scratch::new("tracing");
    let work = scratch.path("work");
    let log = scratch.path("log");
    let project = example("tracing");
    let session = std::fs::read_to_string(format!("{project}/session")).expect("a session");
    let mut till = Running::start_into(&scratch, &project, &["--work", &work], &log);
    let said = |text: &str| std::fs::read_to_string(&log).is_ok_and(|said| said.contains(text));
    till.until(|| said("the till is open").then_some(()));
    let answers = [
        "{ok,<0.",
        "{saved,x}]}",
        "returned from till_server:change/1 -> #{10 => 1,20 => 1,50 => 1,",
        " ! {'$gen_call',",
        "> ok\n",
    ];
    for (line, answer) in session.lines().zip(answers) {
        till.types(&format!("{line}\n"));
        till.until(|| said(answer).then_some(()));
    }
}

#[test]
fn a_new_project_serves() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("new");
    let folder = scratch.path("hello_there");
    let made = voxoz(&["new", &folder]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let again = voxoz(&["new", &folder]);
    assert_eq!(again.code, Some(2), "{}", again.err);
    assert_eq!(voxoz(&["new", &scratch.path("No-Name")]).code, Some(2));
    let port = free_port();
    let (extra, ports) = (format!("-hello_there port {port}"), port.to_string());
    let mut running = Running::start(&scratch, &folder, &["--extra", &extra, "--port", &ports]);
    let answer = running.until(|| get(port, "/"));
    assert!(answer.contains("Hello from Erlang/OTP "), "{answer}");
    drop(running);

    // The flags and the file are both in the configuration for xl.
    let output = scratch.path("hello.elf");
    let disk = scratch.path("d.img:64M");
    let built = voxoz(&with_kernel(
        &scratch,
        &["build", &folder, "-o", &output, "--disk", &disk, "--vif", "bridge=br0", "--quiet"],
    ));
    assert_eq!((built.code, built.err.as_str()), (Some(0), ""));
    let config = std::fs::read_to_string(scratch.path("hello.cfg")).expect("a configuration");
    let disk = format!("disk = [\"format=raw, vdev=xvda, access=rw, target={}\"]", scratch.path("d.img"));
    for line in ["name = \"hello_there\"", "vif = [\"bridge=br0\"]", &disk] {
        assert!(config.lines().any(|found| found == line), "{line}\n{config}");
    }
}

#[test]
fn mistakes_in_a_project_are_told() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("mistakes");
    let folder = scratch.path("wrong");
    std::fs::create_dir_all(&folder).expect("a folder");
    scratch.file("wrong/wrong.erl", b"-module(wrong).\nstart() -> .\n");
    let outcome = voxoz(&with_kernel(&scratch, &["run", "--hosted", &folder]));
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(outcome.err.contains("cannot compile") && outcome.err.contains("wrong.erl:2"), "{}", outcome.err);
    scratch.file("wrong/voxoz.toml", b"port = 80\n");
    let outcome = voxoz(&with_kernel(&scratch, &["run", "--hosted", &folder]));
    assert_eq!(outcome.code, Some(3), "{}", outcome.err);
    assert!(outcome.err.contains("port: there is no such key"), "{}", outcome.err);
    let outcome = voxoz(&["run", "--hosted", "--port", "1:2", &folder]);
    assert!(outcome.code != Some(0), "{}", outcome.err);
}
