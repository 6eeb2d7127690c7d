// SPDX-License-Identifier: Apache-2.0
//! Many bytes one way: port 82 gives as many megabytes as a line asks for, port 81 takes what comes and says how much it was.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::time::Instant;

use crate::PATIENCE;

const TAKES: u16 = 81;
const GIVES: u16 = 82;
pub const MEGABYTE: usize = 1 << 20;

/// A connection, to somebody who is not silent for long.
pub fn connect(address: IpAddr, port: u16) -> Result<TcpStream, Box<dyn Error>> {
    let stream = TcpStream::connect_timeout(&(address, port).into(), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn line(bytes: usize, began: Instant) -> String {
    format!("bytes {bytes} seconds {:.3}", began.elapsed().as_secs_f64())
}

/// Takes megabytes from the server.
pub fn pull(address: IpAddr, megabytes: usize) -> Result<String, Box<dyn Error>> {
    let began = Instant::now();
    let mut stream = connect(address, GIVES)?;
    stream.write_all(format!("{megabytes}\n").as_bytes())?;
    let mut buffer = vec![0; 256 * 1024];
    let mut got = 0;
    loop {
        match stream.read(&mut buffer)? {
            0 => break,
            count => got += count,
        }
    }
    if got == megabytes * MEGABYTE {
        Ok(line(got, began))
    } else {
        Err(format!("{got} bytes have come and not {}", megabytes * MEGABYTE).into())
    }
}

/// Gives megabytes to the server.
pub fn push(address: IpAddr, megabytes: usize) -> Result<String, Box<dyn Error>> {
    let began = Instant::now();
    let mut stream = connect(address, TAKES)?;
    let bytes = vec![b'x'; MEGABYTE];
    for _ in 0..megabytes {
        stream.write_all(&bytes)?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let taken: usize = answer.trim().parse()?;
    if taken == megabytes * MEGABYTE {
        Ok(line(taken, began))
    } else {
        Err(format!("{taken} bytes were taken and not {}", megabytes * MEGABYTE).into())
    }
}
