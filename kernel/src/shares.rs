// SPDX-License-Identifier: Apache-2.0
//! Trees of servers that speak 9P2000.L (`-9p`), over the guest's own TCP.
//!
//! The file system works on a stack of operations on files and the network on the kernel's, so that they meet at a line: one side leaves bytes there
//! and pauses, the other carries them through a socket. A tree is mounted before there is a network; what is asked of it waits for one.

pub mod line;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use fs::Namespace;
use fs::memory::User;
use fs::ninep::{Listener, Lost, News, NinepFs, Settings, Share};
use log::{error, info, warn};
use net::{Error, Family, Kind, Options, SocketNumber, Stack};

use crate::time::{self, Instant};
use line::{Line, Stage, Stream};

/// The number of the first tree as a device, behind those of any disks.
const FIRST_DEVICE: u32 = 1 << 16;

/// As whom servers are asked.
const USER: &[u8] = b"root";

/// Bytes that are taken from a socket at once.
const PIECE: usize = 16 << 10;

/// Bytes of a socket's buffers.
const BUFFER: usize = 256 << 10;

/// The trees, with what carries their bytes.
#[derive(Default)]
pub struct Shares {
    carriers: Vec<Carrier>,
    places: Vec<Vec<u8>>,
}

/// What carries the bytes of a tree.
struct Carrier {
    server: SocketAddr,
    line: Line,
    socket: Option<SocketNumber>,
}

impl Shares {
    /// Mounts the trees. What cannot be mounted is as if nobody had asked for it, with a word on the console.
    pub fn mount(shares: &[Share], files: &mut Namespace) -> Self {
        let mut all = Self::default();
        for (share, device) in shares.iter().zip(FIRST_DEVICE..) {
            if let Err(why) = all.add(share, device, files) {
                error!("{} is not mounted: {why}", name(share));
            }
        }
        all
    }

    fn add(&mut self, share: &Share, device: u32, files: &mut Namespace) -> Result<(), String> {
        let ip: IpAddr =
            share.host.parse().map_err(|_| "the server has to be named by its address".to_owned())?;
        let line = Line::default();
        let settings =
            Settings { name: USER.into(), user: User::default(), tree: share.tree.clone().into(), device };
        let system = NinepFs::new(Stream::new(line.clone(), time::now), settings, listener(share));
        let place = share.place.as_bytes();
        let mounted = files.mount(place, Box::new(system));
        mounted.map_err(|errno| format!("it cannot be mounted at {} (error {})", share.place, errno.0))?;
        self.places.push(place.to_vec());
        self.carriers.push(Carrier { server: SocketAddr::new(ip, share.port), line, socket: None });
        Ok(())
    }

    /// The folders where trees are mounted.
    pub fn places(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().map(Vec::as_slice)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.carriers.is_empty()
    }

    /// Carries what there is to carry. Says whether there was something.
    pub fn carry(&mut self, stack: &mut Stack) -> bool {
        self.carriers.iter_mut().fold(false, |any, carrier| carrier.carry(stack) | any)
    }

    /// When somebody will have waited long enough for a server.
    pub fn next(&self) -> Option<Instant> {
        self.carriers.iter().filter_map(|carrier| carrier.line.until()).min()
    }
}

impl Carrier {
    fn carry(&mut self, stack: &mut Stack) -> bool {
        match self.line.stage() {
            Stage::Closed => {
                self.hang_up(stack);
                false
            }
            Stage::Wanted => {
                self.hang_up(stack);
                self.call(stack)
            }
            Stage::Opening => match self.socket.map(|socket| stack.outcome(socket)) {
                Some(Err(Error::NotNow)) => false,
                Some(Ok(())) => self.turn(Stage::Open),
                Some(Err(error)) => self.close(error),
                None => self.close(Error::NotConnected),
            },
            Stage::Open => self.exchange(stack),
        }
    }

    fn turn(&self, stage: Stage) -> bool {
        self.line.turn(stage);
        true
    }

    fn close(&self, why: Error) -> bool {
        self.line.close(match why {
            Error::Refused => Lost::Refused,
            Error::TimedOut => Lost::TimedOut,
            Error::Unreachable => Lost::Unreachable,
            _ => Lost::Gone,
        });
        true
    }

    fn hang_up(&mut self, stack: &mut Stack) {
        if let Some(socket) = self.socket.take() {
            stack.close(socket);
        }
    }

    fn call(&mut self, stack: &mut Stack) -> bool {
        let family = if self.server.is_ipv4() { Family::V4 } else { Family::V6 };
        let socket = stack.open(family, Kind::Stream);
        let options =
            Options { no_delay: true, send_buffer: BUFFER, receive_buffer: BUFFER, ..Options::default() };
        let called = stack.set_options(socket, options).and_then(|()| stack.connect(socket, self.server));
        self.socket = Some(socket);
        match called {
            Ok(()) | Err(Error::NotNow) => self.turn(Stage::Opening),
            // There may be a way when an address was leased.
            Err(Error::Unreachable | Error::AddressNotAvailable | Error::NoBuffers) => {
                self.hang_up(stack);
                false
            }
            Err(error) => self.close(error),
        }
    }

    fn exchange(&mut self, stack: &mut Stack) -> bool {
        let Some(socket) = self.socket else { return self.close(Error::NotConnected) };
        let sent = self.line.take_out(|pieces| stack.send(socket, pieces));
        let mut any = match sent {
            Ok(count) => count > 0,
            Err(Error::NotNow) => false,
            Err(error) => return self.close(error),
        };
        let mut piece = [0; PIECE];
        while self.line.has_room() {
            match stack.receive(socket, &mut piece) {
                // Nothing more will come; what has come is read first.
                Ok(0) => return self.close(Error::NotConnected),
                Ok(count) => {
                    self.line.put_in(&piece[..count]);
                    any = true;
                }
                Err(Error::NotNow) => break,
                Err(error) => return self.close(error),
            }
        }
        any
    }
}

/// A tree, for people.
fn name(share: &Share) -> String {
    let host = if share.host.contains(':') { format!("[{}]", share.host) } else { share.host.clone() };
    format!("{} of the 9P server {host}:{}", share.tree, share.port)
}

fn listener(share: &Share) -> Listener {
    let (name, place) = (name(share), share.place.clone());
    Box::new(move |news| match news {
        News::Attached => info!("{place} is {name}"),
        News::Trouble(error) => warn!("{place} gives eio: {name} is not there: {error}"),
    })
}
