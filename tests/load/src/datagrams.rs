// SPDX-License-Identifier: Apache-2.0
//! Datagrams that port 7 sends back, some of them on their way at a time. One that has not come back in time is lost.

use std::error::Error;
use std::io::ErrorKind;
use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant};

const ECHOES: u16 = 7;
const BYTES: usize = 64;
/// How long one may take to come back.
const LOST: Duration = Duration::from_millis(500);

/// Sends for a time.
pub fn run(address: IpAddr, time: Duration, outstanding: usize) -> Result<String, Box<dyn Error>> {
    let unspecified = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(unspecified)?;
    socket.connect((address, ECHOES))?;
    socket.set_read_timeout(Some(LOST))?;
    let began = Instant::now();
    let (mut sent, mut came, mut under_way) = (0_u64, 0_u64, 0_usize);
    let mut datagram = [0; BYTES];
    while began.elapsed() < time || under_way > 0 {
        while under_way < outstanding && began.elapsed() < time {
            datagram[..8].copy_from_slice(&sent.to_le_bytes());
            socket.send(&datagram)?;
            (sent, under_way) = (sent + 1, under_way + 1);
        }
        match socket.recv(&mut datagram) {
            Ok(_) => (came, under_way) = (came + 1, under_way.saturating_sub(1)),
            // All that are under way are lost.
            Err(why) if why.kind() == ErrorKind::WouldBlock => under_way = 0,
            Err(why) => return Err(why.into()),
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(format!("datagrams {came} lost {} seconds {seconds:.3}", sent - came))
}
