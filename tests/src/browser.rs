// SPDX-License-Identifier: Apache-2.0
//! Chromium without a window, led by its DevTools protocol (<https://chromedevtools.github.io/devtools-protocol/>) over a WebSocket (RFC 6455).
//!
//! A client of one's own is a hundred lines, as it has to say two things: go to an address, and evaluate an expression.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::trial::LIMIT;

/// A browser with one page.
pub struct Browser {
    child: Child,
    folder: PathBuf,
    socket: BufReader<TcpStream>,
    requests: u32,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Browser {
    /// Starts one with a profile of its own in a folder, and connects to its page.
    pub fn start(folder: &Path) -> Result<Self, Failed> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        let child = Command::new("chromium")
            // Without a sandbox, as that cannot be had in every container; the page is our own.
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--remote-debugging-port=0", "--remote-allow-origins=*"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("cannot start chromium: {why}"))?;
        let mut starting = Starting(Some(child));
        let port = wait(|| {
            let text = fs::read_to_string(folder.join("DevToolsActivePort")).ok()?;
            text.lines().next()?.parse::<u16>().ok()
        })
        .ok_or("chromium does not say its port")?;
        let path = wait(|| page_of(port).ok()?).ok_or("chromium has no page")?;
        let socket = connect(port, &path)?;
        let child = starting.0.take().ok_or("chromium is not there")?;
        Ok(Self { child, folder: folder.to_owned(), socket, requests: 0 })
    }

    /// Goes to an address.
    pub fn open(&mut self, url: &str) -> Result<(), Failed> {
        self.call("Page.navigate", &format!("{{\"url\":{}}}", quoted(url))).map(drop)
    }

    /// Evaluates an expression of JavaScript in the page, and gives what the browser answers.
    pub fn evaluate(&mut self, expression: &str) -> Result<String, Failed> {
        self.call(
            "Runtime.evaluate",
            &format!("{{\"expression\":{},\"returnByValue\":true}}", quoted(expression)),
        )
    }

    /// Waits until an expression is true.
    pub fn wait_for(&mut self, expression: &str) -> Result<(), Failed> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.evaluate(&format!("!!({expression})"))?;
            if answer.contains("\"value\":true") {
                return Ok(());
            }
            if Instant::now() > deadline {
                let page = self.evaluate("document.documentElement.outerHTML")?;
                return Err(format!("{expression} is not true: {answer}\n{page}").into());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Sends a request and waits for the answer to it; events are passed over.
    fn call(&mut self, method: &str, parameters: &str) -> Result<String, Failed> {
        self.requests += 1;
        let id = format!("{{\"id\":{},", self.requests);
        send(self.socket.get_mut(), &format!("{id}\"method\":\"{method}\",\"params\":{parameters}}}"))?;
        loop {
            let message = receive(&mut self.socket)?;
            if message.starts_with(&id) {
                return Ok(message);
            }
        }
    }
}

/// A browser that goes if it is not used in the end.
struct Starting(Option<Child>);

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

/// A text of JSON. What is escaped in it for JavaScript stays so.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The path of the WebSocket of the first page, from the list that the browser gives by HTTP. It keeps the connection whatever it is asked,
/// and has windows of its own that are no pages.
fn page_of(port: u16) -> std::io::Result<Option<String>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
    let (mut list, mut buffer) = (Vec::new(), [0; 4096]);
    // The list is an array of objects, of which none has another array.
    while !list.contains(&b']') {
        match stream.read(&mut buffer)? {
            0 => break,
            count => list.extend_from_slice(&buffer[..count]),
        }
    }
    let list = String::from_utf8_lossy(&list);
    let page = list.split_once("\"type\": \"page\"").and_then(|(_, rest)| rest.split_once("/devtools/page/"));
    Ok(page.map(|(_, rest)| format!("/devtools/page/{}", rest.split('"').next().unwrap_or_default())))
}

fn connect(port: u16, path: &str) -> Result<BufReader<TcpStream>, Failed> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )?;
    let mut socket = BufReader::new(stream);
    let mut status = String::new();
    socket.read_line(&mut status)?;
    if !status.starts_with("HTTP/1.1 101 ") {
        return Err(format!("chromium refuses a WebSocket: {status}").into());
    }
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        socket.read_line(&mut line)?;
    }
    Ok(socket)
}

/// A text in one frame, masked as a client's has to be: with zeros, which changes nothing.
fn send(socket: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65536 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    socket.write_all(&frame)
}

/// The next text, of all its frames.
fn receive(socket: &mut BufReader<TcpStream>) -> Result<String, Failed> {
    let mut text = Vec::new();
    loop {
        let mut head = [0; 2];
        socket.read_exact(&mut head)?;
        let length = match head[1] & 0x7F {
            126 => {
                let mut length = [0; 2];
                socket.read_exact(&mut length)?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                socket.read_exact(&mut length)?;
                u64::from_be_bytes(length)
            }
            short => short.into(),
        };
        let start = text.len();
        socket.take(length).read_to_end(&mut text)?;
        match head[0] & 0x0F {
            8 => return Err("chromium has closed the connection".into()),
            // Pings and pongs.
            9 | 10 => text.truncate(start),
            _ if head[0] & 0x80 != 0 => return Ok(String::from_utf8_lossy(&text).into_owned()),
            _ => {}
        }
    }
}
