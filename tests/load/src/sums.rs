// SPDX-License-Identifier: Apache-2.0
//! Bytes that nobody could make up, with their CRC-32, both ways: what has come has to be what was sent.
//!
//! Port 81 takes bytes until there are no more, so until half of the connection is closed, and then says how many there were and their sum. Port 82 gives as many
//! megabytes as a line asks for, and their sum behind them. Port 83 is as 81, and slow.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown};
use std::thread;
use std::time::{Duration, Instant};

use crate::bulk::{MEGABYTE, connect};
use crate::crc32::Crc32;

const TAKES: u16 = 81;
const GIVES: u16 = 82;
const TAKES_SLOWLY: u16 = 83;
/// How much one who is slow reads at a time, and how long he is busy with it.
const SIP: usize = 32 * 1024;
const DIGESTION: Duration = Duration::from_millis(10);

/// How fast the reader is, whoever it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    Fast,
    Slow,
}

/// Sends and takes so many megabytes at the same time.
pub fn run(address: IpAddr, megabytes: usize, pace: Pace) -> Result<String, Box<dyn Error>> {
    let began = Instant::now();
    let both = thread::scope(|scope| {
        let give = scope.spawn(|| give(address, megabytes, pace).map_err(|why| format!("giving: {why}")));
        let take = scope.spawn(|| take(address, megabytes, pace).map_err(|why| format!("taking: {why}")));
        [give, take].map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    });
    let [given, taken] = both.map(|result| result.map_err(Box::<dyn Error>::from));
    Ok(format!("given {} taken {} seconds {:.3}", given?, taken?, began.elapsed().as_secs_f64()))
}

fn give(address: IpAddr, megabytes: usize, pace: Pace) -> Result<usize, Box<dyn Error>> {
    let port = if pace == Pace::Slow { TAKES_SLOWLY } else { TAKES };
    let mut stream = connect(address, port)?;
    let (mut sum, mut bytes, mut random) = (Crc32::default(), vec![0; MEGABYTE], 0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..megabytes {
        for word in bytes.chunks_exact_mut(8) {
            // Xorshift (Marsaglia 2003).
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            word.copy_from_slice(&random.to_le_bytes());
        }
        sum.update(&bytes);
        stream.write_all(&bytes)?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let expected = format!("{} {}\n", megabytes * MEGABYTE, sum.value());
    if answer == expected {
        Ok(megabytes * MEGABYTE)
    } else {
        Err(format!("the server says {answer:?} and not {expected:?}").into())
    }
}

fn take(address: IpAddr, megabytes: usize, pace: Pace) -> Result<usize, Box<dyn Error>> {
    let mut stream = connect(address, GIVES)?;
    stream.write_all(format!("{megabytes}\n").as_bytes())?;
    let mut stream = BufReader::with_capacity(SIP, stream);
    let (mut sum, mut left) = (Crc32::default(), megabytes * MEGABYTE);
    while left > 0 {
        let bytes = stream.fill_buf()?;
        let count = bytes.len().min(left);
        if count == 0 {
            return Err(format!("{left} bytes are missing").into());
        }
        sum.update(&bytes[..count]);
        stream.consume(count);
        left -= count;
        if pace == Pace::Slow {
            thread::sleep(DIGESTION);
        }
    }
    let mut told = String::new();
    stream.read_to_string(&mut told)?;
    let expected = sum.value().to_string();
    if told == expected {
        Ok(megabytes * MEGABYTE)
    } else {
        Err(format!("the server says {told:?} and not {expected:?}").into())
    }
}
