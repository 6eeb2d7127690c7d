// SPDX-License-Identifier: Apache-2.0
//! The guestbook of `examples`, packed by the host tool, on a machine that loses its power: what a visitor was answered for is there again.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lab::{Forward, Guest, GuestSpec, Lab, Options, Reason};
use libtest_mimic::Failed;

use crate::browser::Browser;
use crate::packed::{self, tool};
use crate::trial::{LIMIT, finish};
use crate::world::{World, target};

/// Where the guest serves.
const SERVER: Forward = Forward::tcp(Ipv4Addr::new(10, 0, 2, 160), 8080);

/// A disk with an empty volume.
fn disk(name: &str) -> Result<PathBuf, Failed> {
    let disk = target().join(format!("disk-{name}"));
    if disk.exists() {
        fs::remove_file(&disk)?;
    }
    tool(&["disk", "create", &disk.display().to_string(), "--size", "256M"])?;
    Ok(disk)
}

/// The guest, with the machine's disk.
fn spec(example: &str) -> Result<GuestSpec, Failed> {
    let mut spec = packed::example(example, SERVER.guest)?;
    spec.lines.push("disk = [\"phy:/dev/vda,xvda,w\"]".into());
    Ok(spec)
}

/// A machine with a guest that serves.
struct Served {
    guest: Guest,
    lab: Lab,
    address: SocketAddr,
}

impl Served {
    fn start(world: &World, spec: &GuestSpec, disk: &Path) -> Result<Self, Failed> {
        let lab =
            world.with(|usual| Options { disks: vec![disk.to_owned()], forwards: vec![SERVER], ..usual })?;
        let guest = lab.create(spec)?;
        let address = lab.forwarded(SERVER).ok_or("the port is not forwarded")?;
        let served = Self { guest, lab, address };
        served.guest.console().wait_text("serving on port 8080", LIMIT)?;
        Ok(served)
    }

    /// What is answered to a request, which is made again until somebody is there.
    fn ask(&self, request: &str) -> Result<String, Failed> {
        let deadline = Instant::now() + LIMIT;
        loop {
            match exchange(self.address, request) {
                Ok(answer) if !answer.is_empty() => return Ok(answer),
                result if Instant::now() > deadline => {
                    return Err(format!("no answer to {request:?}: {result:?}").into());
                }
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn page(&self) -> Result<String, Failed> {
        self.ask("GET / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n")
    }

    /// The power goes: QEMU is killed.
    fn cut(self) {
        drop(self.guest);
        drop(self.lab);
    }
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

/// An entry is written, the power is cut at once, and the next machine has it; that one is stopped as `xl shutdown` does it.
fn is_signed_and_cut(world: &World, example: &str) -> Result<(), Failed> {
    let (spec, disk) = (spec(example)?, disk(example)?);
    let served = Served::start(world, &spec, &disk)?;
    must_contain(&served.page()?, "Nobody has written anything yet.")?;
    let form = "name=Zo%C3%AB&text=%3Cb%3E%20%26%20more";
    let length = form.len();
    let answer = served.ask(&format!(
        "POST / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    ))?;
    must_contain(&answer, "HTTP/1.1 303 ")?;
    served.cut();

    let served = Served::start(world, &spec, &disk)?;
    let page = served.page()?;
    must_contain(&page, "<h2>Zoë</h2>")?;
    must_contain(&page, "<p>&lt;b&gt; &amp; more</p>")?;
    if page.matches("<li>").count() != 1 {
        return Err(format!("there is not one entry\n{page}").into());
    }
    served.guest.shutdown()?;
    finish(&served.guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// In Erlang, with mnesia.
pub fn outlives_a_cut(world: &World) -> Result<(), Failed> {
    is_signed_and_cut(world, "guestbook")
}

/// In Elixir, with DETS.
pub fn of_elixir_outlives_a_cut(world: &World) -> Result<(), Failed> {
    is_signed_and_cut(world, "guestbook_elixir")
}

/// The same as a visitor does it, in a browser.
pub fn is_signed_in_a_browser(world: &World) -> Result<(), Failed> {
    let (spec, disk) = (spec("guestbook")?, disk("guestbook-browser")?);
    let served = Served::start(world, &spec, &disk)?;
    let mut browser = Browser::start(&target().join("browser"))?;
    let url = format!("http://{}/", served.address);
    browser.open(&url)?;
    browser.wait_for("document.title === 'Guestbook' && document.querySelector('form') !== null")?;
    browser.wait_for("getComputedStyle(document.querySelector('button')).cursor === 'pointer'")?;
    browser.evaluate(
        "document.querySelector('[name=name]').value = 'Bj\\u00f6rk <i>'; \
         document.querySelector('[name=text]').value = 'first\\nsecond & last'; \
         document.querySelector('button').click(); true",
    )?;
    let shown = "document.querySelectorAll('li').length === 1 && document.querySelector('h2').textContent === 'Bj\\u00f6rk <i>' \
                 && document.querySelector('li p').innerText === 'first\\nsecond & last'";
    browser.wait_for(shown)?;
    // Loading the page anew adds nothing.
    browser.evaluate("location.reload(); true")?;
    browser.wait_for(shown)?;
    served.cut();

    let served = Served::start(world, &spec, &disk)?;
    browser.open(&format!("http://{}/", served.address))?;
    browser.wait_for(shown)
}
