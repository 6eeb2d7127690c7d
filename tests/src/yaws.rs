// SPDX-License-Identifier: Apache-2.0
//! Debian's yaws serves the pages of its own documentation, most of them programs, as it does on stock OTP: a browser's bytes are the same.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Reason, network};
use libtest_mimic::Failed;

use crate::brought::bring;
use crate::network::ask;
use crate::node::Node;
use crate::trial::{LIMIT, finish};
use crate::world::{World, target};

/// Where Debian has it.
const YAWS: &str = "/usr/lib/yaws-2.1.1";
/// The pages.
const PAGES: &str = "/usr/share/doc/yaws-doc/examples/www";
/// Its configuration in the guest.
const CONFIGURATION: &str = "/yaws/yaws.conf";
const APPLICATIONS: [&str; 10] =
    ["asn1", "compiler", "crypto", "inets", "mnesia", "public_key", "ssl", "syntax_tools", "tools", "xmerl"];

/// What is asked for: words of curl's, and a path. A file, a part of one, and programs, some of which include others, take a form or a query, and answer in pieces.
const REQUESTS: [(&str, &str); 15] = [
    ("", "index.yaws"),
    ("", "static.html"),
    ("", "stil.css"),
    ("", "yaws.pdf"),
    ("-r 1000-1999", "yaws.pdf"),
    ("", "simple_ex1.yaws"),
    ("", "simple_ex2.yaws"),
    ("", "simple_ex3.yaws"),
    ("", "session.yaws"),
    ("", "form.yaws"),
    ("-d 'lang=erlang&tabs=4&other=more'", "post.yaws"),
    ("", "bindings.yaws"),
    ("", "code.yaws?file=/session1.yaws"),
    ("-w '%{http_code}'", "redirect2.yaws"),
    // The page names the port.
    ("-o /dev/null -w '%{http_code}'", "nothing.yaws"),
];

/// Stock OTP with yaws on the host.
struct Stock(Child);

impl Drop for Stock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn words(configuration: &str, home: &str) -> String {
    format!(
        "-noshell -pa {YAWS}/ebin -env HOME {home} -yaws id site -yaws conf \"{configuration}\" -run yaws"
    )
}

fn configuration(port: u16, logs: &str) -> String {
    format!(
        "logdir = {logs}\n<server localhost>\n  port = {port}\n  listen = 0.0.0.0\n  docroot = {PAGES}\n</server>\n"
    )
}

fn start_stock(port: u16) -> Result<Stock, Failed> {
    let folder = target().join("yaws");
    fs::create_dir_all(&folder)?;
    let home = folder.display().to_string();
    let path = folder.join("yaws.conf");
    fs::write(&path, configuration(port, &home))?;
    let output = fs::File::create(folder.join("said"))?;
    let mut erl = Command::new("erl");
    erl.args(words(&path.display().to_string(), &home).split(' ')).env("HOME", &home).stdin(Stdio::null());
    let stock = Stock(erl.stderr(output.try_clone()?).stdout(output).spawn()?);
    let deadline = Instant::now() + LIMIT;
    while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline {
            return Err(format!("stock does not serve; see {}", folder.display()).into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(stock)
}

/// Adds the files of a folder of the host at the same place.
fn with_folder(mut node: Node, folder: &Path) -> Result<Node, Failed> {
    for entry in fs::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            node = with_folder(node, &path)?;
        } else if path.is_file() {
            node = node.file(path.display().to_string(), path);
        }
    }
    Ok(node)
}

pub fn serves_its_pages(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 167);
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let stock = start_stock(port)?;
    let curl = bring(lab, "/usr/bin/curl")?;

    let vif = format!("vif = [\"bridge={},mac={}\"]", network::BRIDGE, network::mac(address)?);
    let file = target().join("nodes/yaws.conf");
    fs::create_dir_all(target().join("nodes"))?;
    fs::write(&file, configuration(80, "/tmp"))?;
    let mut node = Node::new("yaws", &words(CONFIGURATION, "/tmp")).file(CONFIGURATION.into(), file);
    for name in APPLICATIONS {
        node = node.application(name);
    }
    for folder in [Path::new(YAWS), Path::new(PAGES)] {
        node = with_folder(node, folder)?;
    }
    let guest = node.memory_mib(256).line(vif).start(lab)?;
    guest.console().wait_text("Yaws: Listening to 0.0.0.0:80", LIMIT)?;
    ask(lab, &format!("for i in $(seq 50); do nc {address} 80 < /dev/null && break; sleep 0.2; done"))?;
    for (options, path) in REQUESTS {
        let request = |curl: &str, at: &str| {
            format!("{curl} -s -S -m 120 -H 'Host: localhost' {options} 'http://{at}/{path}' | md5sum")
        };
        let ours = ask(lab, &request(&curl, &address.to_string()))?;
        let script = request("curl", &format!("127.0.0.1:{port}"));
        let theirs = Command::new("sh").args(["-c", &script]).output()?;
        let theirs = String::from_utf8_lossy(&theirs.stdout);
        if ours != theirs {
            return Err(format!("{options} {path}: {ours:?} and not {theirs:?} as on stock").into());
        }
    }
    drop(stock);
    guest.shutdown()?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}
