// SPDX-License-Identifier: Apache-2.0
//! The guestbooks of `examples`, packed by the host tool, on a machine that loses its power: what a visitor was answered for is there again.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use lab::{Forward, Guest, GuestSpec, Lab, Options, Reason};
use libtest_mimic::Failed;

use crate::browser::Browser;
use crate::packed::{self, tool};
use crate::trial::{LIMIT, finish};
use crate::world::{World, target};

/// A guestbook in a guest of its own.
struct Book {
    spec: GuestSpec,
    server: Forward,
    disk: PathBuf,
}

impl Book {
    /// One of this example, with the machine's disk of this letter, on which there is an empty volume.
    fn new(name: &str, example: &str, server: Forward, letter: char) -> Result<Self, Failed> {
        let mut spec = packed::example(example, server.guest)?;
        spec.name = name.to_owned();
        spec.lines.push(format!("disk = [\"phy:/dev/vd{letter},xvda,w\"]"));
        let disk = target().join(format!("disk-{name}"));
        if disk.exists() {
            fs::remove_file(&disk)?;
        }
        tool(&["disk", "create", &disk.display().to_string(), "--size", "256M"])?;
        Ok(Self { spec, server, disk })
    }
}

/// A machine with guestbooks that serve.
struct Served {
    guests: Vec<Guest>,
    addresses: Vec<SocketAddr>,
    lab: Lab,
}

impl Served {
    fn start(world: &World, books: &[Book]) -> Result<Self, Failed> {
        let disks = books.iter().map(|book| book.disk.clone()).collect();
        let forwards = books.iter().map(|book| book.server).collect();
        let lab = world.with(|usual| Options { disks, forwards, ..usual })?;
        let guests = books.iter().map(|book| lab.create(&book.spec)).collect::<Result<Vec<_>, _>>()?;
        for guest in &guests {
            guest.console().wait_text("serving on port 8080", LIMIT)?;
        }
        let addresses = books.iter().map(|book| lab.forwarded(book.server)).collect::<Option<_>>();
        Ok(Self { guests, addresses: addresses.ok_or("a port is not forwarded")?, lab })
    }

    /// The power goes: QEMU is killed.
    fn cut(self) {
        drop(self.guests);
        drop(self.lab);
    }
}

/// What is answered to a request, which is made again until somebody is there.
fn ask(address: SocketAddr, request: &str) -> Result<String, Failed> {
    let deadline = Instant::now() + LIMIT;
    loop {
        match exchange(address, request) {
            Ok(answer) if !answer.is_empty() => return Ok(answer),
            result if Instant::now() > deadline => {
                return Err(format!("no answer to {request:?}: {result:?}").into());
            }
            _ => thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn page(address: SocketAddr) -> Result<String, Failed> {
    ask(address, "GET / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n")
}

fn exchange(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn must_contain(page: &str, text: &str) -> Result<(), Failed> {
    if page.contains(text) { Ok(()) } else { Err(format!("{text:?} is not in\n{page}").into()) }
}

/// Writes an entry into a book that has none.
fn sign(address: SocketAddr) -> Result<(), Failed> {
    must_contain(&page(address)?, "Nobody has written anything yet.")?;
    let form = "name=Zo%C3%AB&text=%3Cb%3E%20%26%20more";
    let length = form.len();
    let answer = ask(
        address,
        &format!(
            "POST / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ),
    )?;
    must_contain(&answer, "HTTP/1.1 303 ")
}

/// The entry of `sign` is there, and no other.
fn must_be_signed(address: SocketAddr) -> Result<(), Failed> {
    let page = page(address)?;
    must_contain(&page, "<h2>Zoë</h2>")?;
    must_contain(&page, "<p>&lt;b&gt; &amp; more</p>")?;
    if page.matches("<li>").count() == 1 {
        Ok(())
    } else {
        Err(format!("there is not one entry\n{page}").into())
    }
}

/// What a browser shows of a book in which `sign_in` has written.
const SHOWN: &str = "document.querySelectorAll('li').length === 1 && document.querySelector('h2').textContent === 'Bj\\u00f6rk <i>' \
                     && document.querySelector('li p').innerText === 'first\\nsecond & last'";

/// Writes an entry as a visitor does it.
fn sign_in(browser: &mut Browser, address: SocketAddr) -> Result<(), Failed> {
    browser.open(&format!("http://{address}/"))?;
    browser.wait_for("document.title === 'Guestbook' && document.querySelector('form') !== null")?;
    browser.wait_for("getComputedStyle(document.querySelector('button')).cursor === 'pointer'")?;
    browser.evaluate(
        "document.querySelector('[name=name]').value = 'Bj\\u00f6rk <i>'; \
         document.querySelector('[name=text]').value = 'first\\nsecond & last'; \
         document.querySelector('button').click(); true",
    )?;
    browser.wait_for(SHOWN)?;
    // Loading the page anew adds nothing.
    browser.evaluate("location.reload(); true")?;
    browser.wait_for(SHOWN)
}

/// The examples: in Erlang, with mnesia, and in Elixir, with DETS.
const EXAMPLES: [&str; 2] = ["guestbook", "guestbook_elixir"];

/// Packs them.
pub fn prepare() -> Result<(), Failed> {
    EXAMPLES.into_iter().try_for_each(|name| packed::pack(name).map(drop))
}

/// Entries are written, in one book by a browser, the power is cut at once, and the next machine has them; guests are then stopped as `xl shutdown`
/// does it.
pub fn outlive_a_cut(world: &World) -> Result<(), Failed> {
    let server = |last| Forward::tcp(Ipv4Addr::new(10, 0, 2, last), 8080);
    let [erlang, elixir] = EXAMPLES;
    let books = [
        Book::new("guestbook", erlang, server(160), 'a')?,
        Book::new("guestbook_elixir", elixir, server(174), 'b')?,
        Book::new("guestbook-browser", erlang, server(175), 'c')?,
    ];
    let mut browser = Browser::start(&target().join("browser"))?;
    let served = Served::start(world, &books)?;
    let [in_erlang, in_elixir, shown] = served.addresses[..] else { return Err("there are three".into()) };
    sign_in(&mut browser, shown)?;
    thread::scope(|scope| {
        let other = scope.spawn(|| sign(in_elixir));
        sign(in_erlang)?;
        other.join().unwrap_or_else(|_| Err("it has panicked".into()))
    })?;
    served.cut();

    let served = Served::start(world, &books)?;
    let [in_erlang, in_elixir, shown] = served.addresses[..] else { return Err("there are three".into()) };
    must_be_signed(in_erlang)?;
    must_be_signed(in_elixir)?;
    browser.open(&format!("http://{shown}/"))?;
    browser.wait_for(SHOWN)?;
    for guest in &served.guests {
        guest.shutdown()?;
        finish(guest, LIMIT)?.must_end(Reason::Poweroff)?;
    }
    Ok(())
}
