// SPDX-License-Identifier: Apache-2.0
//! What an application gets of the machine that it runs on: memory, disks, network devices, ports. The same words are read on the command
//! line, in the environment and in `voxoz.toml`, and lead to xl's configuration, to the bench in QEMU, or to a process of this system.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lab::Protocol;

use crate::build::xl;
use crate::disk;

/// The bytes of a disk that is made without a size: 1 GiB, which takes no room before it is written to.
const USUAL_SIZE: u64 = 1 << 30;

/// The variables of the environment that are read as flags are.
pub const VARIABLES: [&str; 4] = ["VOXOZ_MEMORY", "VOXOZ_DISKS", "VOXOZ_PORTS", "VOXOZ_VIFS"];

/// The resources.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Resources {
    /// Memory of the guest in MiB; enough for the image if it is not said
    #[arg(long, value_name = "MIB", env = VARIABLES[0], value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: Option<u32>,
    /// A disk for /data, then /data1 and so on: a file, which is made if it is not there, or a block device; may be given again
    #[arg(long = "disk", value_name = "IMAGE[:SIZE][:ro]", env = VARIABLES[1], value_delimiter = ',')]
    pub disks: Vec<Disk>,
    /// A port of the guest that is to be reached at this machine's loopback; may be given again
    #[arg(long = "port", value_name = "[HOST:]GUEST[/udp]", env = VARIABLES[2], value_delimiter = ',')]
    pub ports: Vec<Port>,
    /// A network device in the words of xl.cfg(5), for a Xen host; may be given again
    #[arg(long = "vif", value_name = "SPEC", env = VARIABLES[3], value_delimiter = ';', value_parser = vif)]
    pub vifs: Vec<String>,
}

impl Resources {
    /// Takes what is not said here from what a file says.
    pub fn or(mut self, file: Self) -> Self {
        self.memory = self.memory.or(file.memory);
        if self.disks.is_empty() {
            self.disks = file.disks;
        }
        if self.ports.is_empty() {
            self.ports = file.ports;
        }
        if self.vifs.is_empty() {
            self.vifs = file.vifs;
        }
        self
    }

    /// Adds a TCP port of the guest's, unless it is one already.
    pub fn reach(&mut self, guest: u16) {
        if !self.ports.iter().any(|port| port.protocol == Protocol::Tcp && port.guest == guest) {
            self.ports.push(Port { protocol: Protocol::Tcp, host: None, guest });
        }
    }

    /// The same with disks that are found from any folder.
    pub fn absolute(&self) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let disks = self.disks.iter().map(|disk| disk.clone().below(&here)).collect();
        Self { disks, ..self.clone() }
    }

    /// The network devices of a Xen host: one on its usual bridge if there are only ports.
    fn devices(&self) -> Vec<String> {
        if self.vifs.is_empty() && !self.ports.is_empty() { vec![String::new()] } else { self.vifs.clone() }
    }

    /// The lines of xl's configuration for network and disks.
    pub fn lines(&self) -> Vec<String> {
        let list = |name: &str, items: Vec<String>| {
            let quoted: Vec<String> = items.iter().map(|item| format!("\"{}\"", xl::escape(item))).collect();
            (!items.is_empty()).then(|| format!("{name} = [{}]", quoted.join(", ")))
        };
        let disks = self.disks.iter().enumerate().map(|(number, disk)| disk.of_xl(number)).collect();
        list("vif", self.devices()).into_iter().chain(list("disk", disks)).collect()
    }
}

/// What xl reads has quotes around it.
fn vif(text: &str) -> Result<String, String> {
    if text.contains(['"', '\n']) { Err("it has a quote or a line end".into()) } else { Ok(text.into()) }
}

/// Whether a disk can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can.
    ReadWrite,
    /// It can only be read.
    ReadOnly,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The file or block device.
    pub image: PathBuf,
    /// How large the file is made if it is not there.
    pub size: u64,
    /// What the guest may do with it.
    pub access: Access,
}

impl FromStr for Disk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, access) = match text.strip_suffix(":ro") {
            Some(rest) => (rest, Access::ReadOnly),
            None => (text, Access::ReadWrite),
        };
        let (image, size) = match text.rsplit_once(':') {
            Some((image, size)) => (image, disk::size(size)?),
            None => (text, USUAL_SIZE),
        };
        if image.is_empty() {
            return Err("it names no file".into());
        }
        Ok(Self { image: image.into(), size, access })
    }
}

impl Disk {
    /// The same with a relative path taken as one below a folder.
    pub fn below(self, folder: &Path) -> Self {
        Self { image: folder.join(self.image), ..self }
    }

    /// What xl is told of it: xl-disk-configuration(5).
    fn of_xl(&self, number: usize) -> String {
        let absolute = std::path::absolute(&self.image).unwrap_or_else(|_| self.image.clone());
        let letter = char::from(b'a' + (number % 26) as u8);
        format!("format=raw, vdev=xvd{letter}, access={}, target={}", self.access, absolute.display())
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadWrite => "rw",
            Self::ReadOnly => "ro",
        })
    }
}

/// As it is read.
impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.image.display(), self.size)?;
        if self.access == Access::ReadOnly { f.write_str(":ro") } else { Ok(()) }
    }
}

/// A port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// What it takes.
    pub protocol: Protocol,
    /// The port at this machine's loopback; any that is free if it is not said.
    pub host: Option<u16>,
    /// The guest's port.
    pub guest: u16,
}

/// As it is read.
impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = self.host {
            write!(f, "{host}:")?;
        }
        write!(f, "{}/{}", self.guest, self.protocol)
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (numbers, protocol) = match text.split_once('/') {
            None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), Protocol::Tcp),
            Some((numbers, "udp")) => (numbers, Protocol::Udp),
            Some((_, other)) => return Err(format!("{other} is neither tcp nor udp")),
        };
        let number = |text: &str| {
            let port = text.parse().ok().filter(|port: &u16| *port > 0);
            port.ok_or_else(|| format!("{text:?} is no port: those are 1 to 65535"))
        };
        let (host, guest) = match numbers.split_once(':') {
            Some((host, guest)) => (Some(number(host)?), guest),
            None => (None, numbers),
        };
        Ok(Self { protocol, host, guest: number(guest)? })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lab::Protocol;

    use super::{Access, Disk, Port, Resources, USUAL_SIZE};

    #[test]
    fn ports_are_read() {
        let port = |text: &str| text.parse::<Port>();
        assert_eq!(port("8080"), Ok(Port { protocol: Protocol::Tcp, host: None, guest: 8080 }));
        assert_eq!(port("80:8080/tcp"), Ok(Port { protocol: Protocol::Tcp, host: Some(80), guest: 8080 }));
        assert_eq!(port("1037:37/udp"), Ok(Port { protocol: Protocol::Udp, host: Some(1037), guest: 37 }));
        for text in ["", "0", "65536", "a", "1:2:3", ":80", "80:", "80/sctp", "80/"] {
            assert!(port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn disks_are_read() {
        let disk = |text: &str| text.parse::<Disk>();
        let with = |image: &str, size, access| Ok(Disk { image: image.into(), size, access });
        assert_eq!(disk("a.img"), with("a.img", USUAL_SIZE, Access::ReadWrite));
        assert_eq!(disk("/d/a.img:64M"), with("/d/a.img", 64 << 20, Access::ReadWrite));
        assert_eq!(disk("a.img:ro"), with("a.img", USUAL_SIZE, Access::ReadOnly));
        assert_eq!(disk("a.img:2G:ro"), with("a.img", 2 << 30, Access::ReadOnly));
        for text in ["", ":1G", "a.img:", "a.img:big"] {
            assert!(disk(text).is_err(), "{text}");
        }
        let below = disk("a.img").map(|disk| disk.below(Path::new("/w")).image);
        assert_eq!(below, Ok("/w/a.img".into()));
        assert_eq!(disk("/a.img").map(|disk| disk.below(Path::new("/w")).image), Ok("/a.img".into()));
    }

    #[test]
    fn lines_for_xl_have_devices() {
        let mut resources = Resources { ports: vec!["80".parse().expect("a port")], ..Resources::default() };
        resources.disks = ["/d/a.img", "/dev/vg/b:ro"].map(|text| text.parse().expect("a disk")).into();
        assert_eq!(
            resources.lines(),
            [
                "vif = [\"\"]",
                "disk = [\"format=raw, vdev=xvda, access=rw, target=/d/a.img\", \
                 \"format=raw, vdev=xvdb, access=ro, target=/dev/vg/b\"]"
            ]
        );
        resources.vifs = vec!["bridge=br1".into()];
        assert_eq!(resources.lines()[0], "vif = [\"bridge=br1\"]");
        assert!(Resources::default().lines().is_empty());
    }

    #[test]
    fn what_is_said_outside_of_the_file_counts() {
        let port = |text: &str| vec![text.parse::<Port>().expect("a port")];
        let flags = Resources { ports: port("1:2"), ..Resources::default() };
        let file = Resources { memory: Some(99), ports: port("3:4"), ..Resources::default() };
        let both = flags.or(file);
        assert_eq!((both.memory, both.ports), (Some(99), port("1:2")));
    }
}
