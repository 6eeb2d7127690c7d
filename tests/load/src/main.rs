// SPDX-License-Identifier: Apache-2.0
//! Clients that ask a server much and say how it went, in one line of names and numbers. It runs in the bench's dom0, where nothing but the C
//! library is, so it has no dependencies; a thread for each busy connection is enough, idle ones are only held.
#![forbid(unsafe_code)]

mod bulk;
mod datagrams;
mod http;
mod latency;

use std::env;
use std::error::Error;
use std::net::{IpAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a server may be silent before that counts as an error.
const PATIENCE: Duration = Duration::from_secs(30);

const USAGE: &str = "usage: load http ADDRESS SECONDS CONNECTIONS kept|each IDLE
       load pull ADDRESS MEGABYTES
       load push ADDRESS MEGABYTES
       load datagrams ADDRESS SECONDS OUTSTANDING
       load open ADDRESS PORT CONNECTIONS";

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
        ["http", address, seconds, connections, how, idle] => {
            let reuse = match *how {
                "kept" => http::Reuse::Kept,
                "each" => http::Reuse::Each,
                _ => return Err(USAGE.into()),
            };
            let address: IpAddr = address.parse()?;
            let held = open(address, http::PORT, idle.parse()?)?;
            let line =
                http::run(address, Duration::from_secs(seconds.parse()?), connections.parse()?, reuse)?;
            drop(held);
            line
        }
        ["pull", address, megabytes] => bulk::pull(address.parse()?, megabytes.parse()?)?,
        ["push", address, megabytes] => bulk::push(address.parse()?, megabytes.parse()?)?,
        ["datagrams", address, seconds, outstanding] => {
            datagrams::run(address.parse()?, Duration::from_secs(seconds.parse()?), outstanding.parse()?)?
        }
        ["open", address, port, connections] => {
            let began = Instant::now();
            let held = open(address.parse()?, port.parse()?, connections.parse()?)?;
            format!("connections {} seconds {:.3}", held.len(), began.elapsed().as_secs_f64())
        }
        _ => return Err(USAGE.into()),
    })
}

/// Opens connections and holds them.
fn open(address: IpAddr, port: u16, count: usize) -> Result<Vec<TcpStream>, Box<dyn Error>> {
    let mut held = Vec::with_capacity(count);
    for number in 0..count {
        let socket = TcpStream::connect_timeout(&(address, port).into(), PATIENCE);
        held.push(socket.map_err(|why| format!("connection {number}: {why}"))?);
    }
    Ok(held)
}
