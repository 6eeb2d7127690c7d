// SPDX-License-Identifier: Apache-2.0
//! Trees of servers that speak 9P2000.L, over TCP of the host.
//!
//! Whoever asks for a file waits for the server, and the machine with him, as it does for the host's own files.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use fs::memory::User;
use fs::ninep::{Listener, Lost, News, NinepFs, Settings, Share, Transport};
use fs::{Errno, Namespace};

/// The number of the first share as a device: one that no device of the host has.
const FIRST_DEVICE: u32 = 3;

/// The most bytes of a message.
const MESSAGE: u32 = 256 << 10;

/// How long a server may take to be connected with, and how long to answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// How long a server that could not be reached is left alone: what asks for many files does not wait for each.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a share cannot be mounted.
#[derive(Debug)]
pub struct ShareError {
    share: Share,
    errno: Errno,
}

impl fmt::Display for ShareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = std::io::Error::from_raw_os_error(self.errno.0.into());
        write!(f, "{} cannot be mounted at {}: {why}", Name(&self.share), self.share.place)
    }
}

impl std::error::Error for ShareError {}

/// A share, for people.
struct Name<'a>(&'a Share);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the 9P server {}:{}", self.0.tree, self.0.host, self.0.port)
    }
}

/// A stream to a server.
struct Tcp {
    host: String,
    port: u16,
    /// How long it may take to answer.
    limit: Duration,
    stream: Option<TcpStream>,
    /// When it could not be reached, and why.
    failed: Option<(Instant, Lost)>,
}

impl Tcp {
    fn connect(&self) -> std::io::Result<TcpStream> {
        let mut last = ErrorKind::AddrNotAvailable.into();
        for address in (&*self.host, self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_LIMIT) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(self.limit))?;
                    stream.set_write_timeout(Some(self.limit))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Transport for Tcp {
    fn message_limit(&self) -> u32 {
        MESSAGE
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Lost> {
        let stream = self.stream.as_mut().ok_or(Lost::Gone)?;
        stream.write_all(message).map_err(|_| Lost::Gone)
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost> {
        let stream = self.stream.as_mut().ok_or(Lost::Gone)?;
        loop {
            match stream.read(into) {
                Ok(0) => return Err(Lost::Gone),
                Ok(count) => return Ok(count),
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Err(Lost::TimedOut),
                    _ => return Err(Lost::Gone),
                },
            }
        }
    }

    fn reconnect(&mut self) -> Result<(), Lost> {
        self.stream = None;
        if let Some((failed, lost)) = self.failed
            && failed.elapsed() < PAUSE
        {
            return Err(lost);
        }
        match self.connect() {
            Ok(stream) => {
                (self.stream, self.failed) = (Some(stream), None);
                Ok(())
            }
            Err(error) => {
                let lost = why_lost(error.kind());
                self.failed = Some((Instant::now(), lost));
                Err(lost)
            }
        }
    }
}

/// Why a server cannot be reached.
const fn why_lost(kind: ErrorKind) -> Lost {
    match kind {
        ErrorKind::ConnectionRefused => Lost::Refused,
        ErrorKind::TimedOut => Lost::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Lost::Unreachable,
        _ => Lost::Gone,
    }
}

/// The listener that says what there is to say on standard error.
fn listener(share: &Share) -> Listener {
    let name = Name(share).to_string();
    let mut was_lost = false;
    Box::new(move |news| match news {
        News::Trouble(error) => {
            eprintln!("voxoz: {name} is not there: {error}");
            was_lost = true;
        }
        News::Attached if was_lost => eprintln!("voxoz: {name} is there again"),
        News::Attached => {}
    })
}

/// Mounts trees of servers. One that is not there yet is mounted as well, and said to be missing: it is asked for again with each path.
///
/// # Errors
/// There is something at the place already, or it is no path.
pub fn mount_shares(files: &mut Namespace, shares: &[Share]) -> Result<(), ShareError> {
    mount(files, shares, ANSWER_LIMIT)
}

/// The same, with servers that may take so long to answer.
fn mount(files: &mut Namespace, shares: &[Share], limit: Duration) -> Result<(), ShareError> {
    let user = User { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
    for (share, device) in shares.iter().zip(FIRST_DEVICE..) {
        let stream = Tcp { host: share.host.clone(), port: share.port, limit, stream: None, failed: None };
        let name =
            std::env::var_os("USER").map_or_else(|| b"root".to_vec(), |name| name.into_encoded_bytes());
        let settings = Settings { name, user, tree: share.tree.clone().into_bytes(), device };
        let mut system = NinepFs::new(stream, settings, listener(share));
        // The listener has said why, if it is not there.
        let _ = system.attach();
        let mounted = files.mount(share.place.as_bytes(), Box::new(system));
        mounted.map_err(|errno| ShareError { share: share.clone(), errno })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
