// SPDX-License-Identifier: Apache-2.0
//! Clients that ask a server much and say how it went, in one line of names and numbers. It runs in the bench's dom0, where nothing but the C
//! library is, so it depends on nothing that is not linked into it; a thread for each busy connection is enough, idle ones are only held.
#![forbid(unsafe_code)]

mod bulk;
mod crc32;
mod datagrams;
mod drip;
mod first;
mod flood;
mod http;
mod latency;
mod sums;

use std::env;
use std::error::Error;
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

/// How long a server may be silent before that counts as an error.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many connections are opened at a time.
const OPENERS: usize = 32;

const USAGE: &str = "usage: load http ADDRESS SECONDS CONNECTIONS kept|each
       load pull ADDRESS MEGABYTES
       load push ADDRESS MEGABYTES
       load sums ADDRESS MEGABYTES fast|slow
       load datagrams ADDRESS SECONDS OUTSTANDING
       load flood ADDRESS PORT SEGMENTS
       load hold ADDRESS PORT CONNECTIONS FILE
       load drip ADDRESS CONNECTIONS FILE
       load first ADDRESS:PORT SECONDS COMMAND [ARGUMENT…]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<String, Box<dyn Error>> {
    Ok(match words {
        ["http", address, seconds, connections, how] => {
            let reuse = match *how {
                "kept" => http::Reuse::Kept,
                "each" => http::Reuse::Each,
                _ => return Err(USAGE.into()),
            };
            http::run(address.parse()?, Duration::from_secs(seconds.parse()?), connections.parse()?, reuse)?
        }
        ["pull", address, megabytes] => bulk::pull(address.parse()?, megabytes.parse()?)?,
        ["push", address, megabytes] => bulk::push(address.parse()?, megabytes.parse()?)?,
        ["sums", address, megabytes, how] => {
            let pace = match *how {
                "fast" => sums::Pace::Fast,
                "slow" => sums::Pace::Slow,
                _ => return Err(USAGE.into()),
            };
            sums::run(address.parse()?, megabytes.parse()?, pace)?
        }
        ["drip", address, connections, file] => {
            drip::run(address.parse()?, connections.parse()?, Path::new(file))?
        }
        ["datagrams", address, seconds, outstanding] => {
            datagrams::run(address.parse()?, Duration::from_secs(seconds.parse()?), outstanding.parse()?)?
        }
        ["flood", address, port, segments] => flood::run(address.parse()?, port.parse()?, segments.parse()?)?,
        ["first", address, seconds, command @ ..] => {
            first::run(address.parse()?, Duration::from_secs(seconds.parse()?), command)?
        }
        ["hold", address, port, connections, file] => {
            let began = Instant::now();
            let held = open(address.parse()?, port.parse()?, connections.parse()?)?;
            let line = format!("connections {} seconds {:.3}", held.len(), began.elapsed().as_secs_f64());
            hold(Path::new(file), &line)?;
            line
        }
        _ => return Err(USAGE.into()),
    })
}

/// Opens connections, several at a time.
fn open(address: IpAddr, port: u16, count: usize) -> Result<Vec<TcpStream>, Box<dyn Error>> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut held = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(held);
            }
            let socket = TcpStream::connect_timeout(&(address, port).into(), PATIENCE);
            held.push(socket.map_err(|why| format!("connection {number}: {why}"))?);
        }
    };
    let parts: Result<Vec<Vec<TcpStream>>, String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..OPENERS).map(|_| scope.spawn(some)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("panicked".into()))).collect()
    });
    Ok(parts?.into_iter().flatten().collect())
}

/// Tells in a file that connections are there. Whoever looks for the file finds it whole.
fn show(file: &Path, line: &str) -> io::Result<()> {
    let draft = file.with_extension("draft");
    fs::write(&draft, line)?;
    fs::rename(&draft, file)
}

/// Tells it, and returns when the file is gone.
fn hold(file: &Path, line: &str) -> io::Result<()> {
    show(file, line)?;
    while file.exists() {
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
