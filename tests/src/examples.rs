// SPDX-License-Identifier: Apache-2.0
//! The chat and the time service of `examples`, asked from the host; the chat's protocol is replaced by its console while members stay, and the till is
//! traced by its.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lab::{Forward, Protocol, Reason};
use libtest_mimic::Failed;

use crate::packed::{example, pack};
use crate::trial::{LIMIT, finish};
use crate::world::World;

const CHAT: Forward = Forward::tcp(Ipv4Addr::new(10, 0, 2, 161), 4040);
const TIME: Forward =
    Forward { protocol: Protocol::Udp, guest: Ipv4Addr::new(10, 0, 2, 162), port: 3737, host: None };

/// The ports of guests that are asked from the host.
pub const FORWARDS: &[Forward] = &[CHAT, TIME];

/// The address of guests that are not asked.
const NOBODY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 163);

/// Seconds from 1900 to 1970.
const EPOCH: u64 = 2_208_988_800;

/// A member of the chat.
struct Member(BufReader<TcpStream>);

impl Member {
    fn enter(address: SocketAddr) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        let mut member = Self(BufReader::new(stream));
        member.hears("You are ")?;
        Ok(member)
    }

    fn says(&mut self, line: &str) -> Result<(), Failed> {
        Ok(self.0.get_mut().write_all(format!("{line}\n").as_bytes())?)
    }

    /// The next line has to contain this.
    fn hears(&mut self, text: &str) -> Result<(), Failed> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        if line.contains(text) {
            Ok(())
        } else {
            Err(format!("a member hears {line:?} and not {text:?}").into())
        }
    }
}

/// Packs what is served.
pub fn prepare() -> Result<(), Failed> {
    ["chat", "hello_elixir", "tracing", "time"].into_iter().try_for_each(|name| pack(name).map(drop))
}

pub fn serve(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = |forward| lab.forwarded(forward).ok_or("a port is not forwarded");

    let chat = lab.create(&example("chat", CHAT.guest)?)?;
    let mut console = chat.console();
    console.wait_text("chat: protocol 1 on port 4040", LIMIT)?;
    // The listener is there before the address is.
    let enter = || wait(|| Member::enter(address(CHAT).ok()?).ok()).ok_or("nobody can enter the chat");
    let (mut ada, mut bob) = (enter()?, enter()?);
    ada.hears("comes in.")?;
    bob.says("/me waves")?;
    bob.hears("There is no such command.")?;
    chat.send(b"chat:upgrade().\r", LIMIT)?;
    console.wait_text("{ok,2}", LIMIT)?;
    bob.says("/me waves")?;
    ada.hears(" waves")?;
    chat.shutdown()?;
    finish(&chat, LIMIT)?.must_end(Reason::Poweroff)?;

    let hello = lab.create(&example("hello_elixir", NOBODY)?)?;
    hello.console().wait_text("Hello from Elixir ", LIMIT)?;
    finish(&hello, LIMIT)?.must_end(Reason::Poweroff)?;

    let till = lab.create(&example("tracing", NOBODY)?)?;
    let mut console = till.console();
    console.wait_text("the till is open", LIMIT)?;
    let session =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tracing/session"))?;
    let answers =
        ["{ok,<0.", "{saved,x}]}", "returned from till_server:change/1 -> #{", " ! {'$gen_call',", "ok\r\n"];
    for (line, answer) in session.lines().zip(answers) {
        till.send(format!("{line}\r").as_bytes(), LIMIT)?;
        console.wait_text(answer, LIMIT)?;
    }
    till.shutdown()?;
    finish(&till, LIMIT)?.must_end(Reason::Poweroff)?;

    let time = lab.create(&example("time", TIME.guest)?)?;
    time.console().wait_text("the time is told on UDP port 3737", LIMIT)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    socket.connect(address(TIME)?)?;
    let told = wait(|| {
        let mut answer = [0; 4];
        socket.send(b"?").ok()?;
        (socket.recv(&mut answer).ok()? == 4).then(|| u32::from_be_bytes(answer))
    });
    let told = told.ok_or("the time is not told")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + EPOCH;
    time.shutdown()?;
    finish(&time, LIMIT)?.must_end(Reason::Poweroff)?;
    if u64::from(told).abs_diff(now) < 3600 { Ok(()) } else { Err(format!("it is {now}, not {told}").into()) }
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    None
}
