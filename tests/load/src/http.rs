// SPDX-License-Identifier: Apache-2.0
//! Requests of HTTP, over and over, on several connections at a time.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::latency::Latencies;

/// The port of the server.
pub const PORT: u16 = 80;

const KEPT: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
const EACH: &[u8] = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";

/// Whether connections serve for more than one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// All requests of a client go through one.
    Kept,
    /// Each request has its own.
    Each,
}

/// Asks for a time; says how many requests were answered.
pub fn run(
    address: IpAddr,
    time: Duration,
    connections: usize,
    reuse: Reuse,
) -> Result<String, Box<dyn Error>> {
    let began = Instant::now();
    let clients: Vec<_> =
        (0..connections).map(|_| thread::spawn(move || client(address, began + time, reuse))).collect();
    let (mut latencies, mut errors) = (Latencies::default(), 0);
    for client in clients {
        let (own, failed) = client.join().map_err(|_| "a client panicked")?;
        latencies.join(own);
        errors += failed;
    }
    let (count, seconds) = (latencies.count(), began.elapsed().as_secs_f64());
    Ok(format!("requests {count} seconds {seconds:.3} errors {errors} {}", latencies.percentiles()))
}

/// One client: the times of its answers, and how many requests failed.
fn client(address: IpAddr, until: Instant, reuse: Reuse) -> (Latencies, usize) {
    let (mut latencies, mut errors) = (Latencies::default(), 0);
    let mut socket = None;
    while Instant::now() < until {
        let began = Instant::now();
        match ask(address, &mut socket, reuse) {
            Ok(()) => latencies.add(began.elapsed()),
            Err(_) => {
                errors += 1;
                socket = None;
            }
        }
    }
    (latencies, errors)
}

fn ask(address: IpAddr, socket: &mut Option<TcpStream>, reuse: Reuse) -> io::Result<()> {
    let mut stream = match socket.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect_timeout(&(address, PORT).into(), PATIENCE)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream
        }
    };
    match reuse {
        Reuse::Kept => {
            stream.write_all(KEPT)?;
            read_answer(&mut stream)?;
            *socket = Some(stream);
        }
        Reuse::Each => {
            stream.write_all(EACH)?;
            read_answer(&mut stream)?;
        }
    }
    Ok(())
}

/// Reads an answer with a length.
fn read_answer(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let count = stream.read(&mut buffer[filled..])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        if let Some(length) = whole_length(&buffer[..filled])?
            && filled >= length
        {
            return Ok(());
        }
    }
}

/// The bytes of an answer, head and body, once its head is there.
fn whole_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) if head.starts_with("HTTP/1.1 200") => Ok(Some(end + 4 + length)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::whole_length;

    #[test]
    fn lengths_of_answers_are_found() {
        assert_eq!(whole_length(b"HTTP/1.1 200 OK\r\n").unwrap(), None);
        assert_eq!(whole_length(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe").unwrap(), Some(43));
        assert!(whole_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(whole_length(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n").is_err());
    }
}
