// SPDX-License-Identifier: Apache-2.0
//! Trees of servers that speak 9P2000.L (`-9p`), over the guest's own TCP or over Xen's 9pfs.
//!
//! The file system works on a stack of operations on files, the network and the devices on the kernel's, so that they meet at a line: one side leaves
//! bytes there and pauses, the other carries them through a socket or a ring. A tree is mounted before there is a network; what is asked of it waits for one.

mod call;
pub mod line;
mod ring;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use fs::Namespace;
use fs::memory::User;
use fs::ninep::{Listener, News, NinepFs, Settings, Share, XEN};
use log::{error, info, warn};
use net::Stack;

use crate::machine::Machine;
use crate::time::{self, Instant};
use call::Call;
use line::{Line, Stream};
use ring::Ring;

/// The number of the first tree as a device, behind those of any disks.
const FIRST_DEVICE: u32 = 1 << 16;

/// As whom servers are asked.
const USER: &[u8] = b"root";

/// The trees, with what carries their bytes.
#[derive(Default)]
pub struct Shares {
    carriers: Vec<Carrier>,
    places: Vec<Vec<u8>>,
}

/// What carries the bytes of a tree.
struct Carrier {
    line: Line,
    way: Way,
}

/// How a server is reached.
enum Way {
    /// By a connection.
    Socket(Call),
    /// By a device.
    Ring(Box<Ring>),
}

impl Shares {
    /// Mounts the trees. What cannot be mounted is as if nobody had asked for it, with a word on the console.
    pub fn mount(machine: &Machine, shares: &[Share], files: &mut Namespace) -> Self {
        let mut all = Self::default();
        for (share, device) in shares.iter().zip(FIRST_DEVICE..) {
            if let Err(why) = all.add(machine, share, device, files) {
                error!("{} is not mounted: {why}", name(share));
            }
        }
        all
    }

    fn add(
        &mut self,
        machine: &Machine,
        share: &Share,
        device: u32,
        files: &mut Namespace,
    ) -> Result<(), String> {
        let way = Way::to(machine, share)?;
        let line = Line::default();
        let settings =
            Settings { name: USER.into(), user: User::default(), tree: share.tree.clone().into(), device };
        let system = NinepFs::new(Stream::new(line.clone(), time::now), settings, listener(share));
        let place = share.place.as_bytes();
        let mounted = files.mount(place, Box::new(system));
        mounted.map_err(|errno| format!("it cannot be mounted at {} (error {})", share.place, errno.0))?;
        self.places.push(place.to_vec());
        self.carriers.push(Carrier { line, way });
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

    /// Does what xenstore has events for.
    pub fn attend(&mut self) {
        for carrier in &mut self.carriers {
            if let Way::Ring(ring) = &mut carrier.way {
                ring.follow();
            }
        }
    }

    /// When somebody will have waited long enough for a server.
    pub fn next(&self) -> Option<Instant> {
        self.carriers.iter().filter_map(|carrier| carrier.line.until()).min()
    }
}

impl Carrier {
    fn carry(&mut self, stack: &mut Stack) -> bool {
        match &mut self.way {
            Way::Socket(call) => call.carry(&self.line, stack),
            Way::Ring(ring) => ring.carry(&self.line),
        }
    }
}

impl Way {
    /// The way to a tree's server.
    fn to(machine: &Machine, share: &Share) -> Result<Self, String> {
        if share.is_of_xen() {
            return Ring::find(machine, &share.tree).map(|ring| Self::Ring(Box::new(ring)));
        }
        let ip: IpAddr = share.host.parse().map_err(|_| {
            format!("the server has to be named by its address, or be {XEN} for a device of the domain")
        })?;
        Ok(Self::Socket(Call::new(SocketAddr::new(ip, share.port))))
    }
}

/// A tree, for people.
fn name(share: &Share) -> String {
    if share.is_of_xen() {
        return format!("the p9 device {}", share.tree);
    }
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
