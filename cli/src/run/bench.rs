// SPDX-License-Identifier: Apache-2.0
//! A guest's resources on the bench: its vifs are on dom0's bridge, its disks are dom0's, its ports are forwarded from this machine's loopback.

use std::env;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use lab::packages::Install;
use lab::{Forward, GuestSpec, Lab, LabError, network};

use crate::disk;
use crate::failure::Failure;
use crate::resources::{Access, Resources};

/// The address of the guest's first vif.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, network::RESERVED.0);

/// Keeps the disks from others for as long as the files are held: QEMU's own lock is of another kind.
pub fn hold(resources: &Resources) -> Result<Vec<File>, Failure> {
    resources.disks.iter().map(|disk| disk::hold(&disk.image)).collect()
}

/// The guest. The bench takes letters, digits, - and _ for a name, and no number.
pub fn spec(
    name: &str,
    image: &Path,
    memory_mib: u32,
    extra: &str,
    resources: &Resources,
) -> Result<GuestSpec, LabError> {
    let (extra, lines) = (extra.to_owned(), lines(resources)?);
    let mut name = name.replace(['.', '+'], "-");
    if name.chars().all(|c| c.is_ascii_digit()) {
        name.insert_str(0, "guest");
    }
    Ok(GuestSpec { memory_mib, extra, lines, ..GuestSpec::new(name, image) })
}

/// The machine that the guest is on.
pub fn options(memory_mib: u32, resources: &Resources, install: Install) -> lab::Options {
    let usual = lab::Options::default();
    lab::Options {
        install,
        cache: cache(),
        memory_mib: usual.memory_mib.max(memory_mib.saturating_add(lab::Options::OVERHEAD_MIB)),
        disks: resources.disks.iter().map(|disk| disk.image.clone()).collect(),
        forwards: forwards(resources),
        ..usual
    }
}

/// Where the dom0 that is made from Debian's packages is kept between runs.
fn cache() -> PathBuf {
    if let Some(folder) = env::var_os("VOXOZ_CACHE") {
        return folder.into();
    }
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    base.unwrap_or_else(env::temp_dir).join("voxoz")
}

/// Where the guest's ports are.
pub fn ports(lab: &Lab, resources: &Resources) -> Vec<String> {
    let place = |forward: &Forward| {
        let address = lab.forwarded(*forward)?;
        Some(format!("{} port {} is {address}", forward.protocol, forward.port))
    };
    forwards(resources).iter().filter_map(place).collect()
}

/// The ports.
fn forwards(resources: &Resources) -> Vec<Forward> {
    let forward = |port: &crate::resources::Port| Forward {
        protocol: port.protocol,
        guest: ADDRESS,
        port: port.guest,
        host: port.host,
    };
    resources.ports.iter().map(forward).collect()
}

/// The lines of xl's configuration. Bridges that the application names are a Xen host's; here is only one.
fn lines(resources: &Resources) -> Result<Vec<String>, LabError> {
    let mut lines = Vec::new();
    let count = resources.vifs.len().max(usize::from(!resources.ports.is_empty()));
    let vifs = (0..count).map(|number| {
        let [a, b, c, first] = ADDRESS.octets();
        // One that is beyond those of the bench is refused.
        let last = first.saturating_add(u8::try_from(number).unwrap_or(u8::MAX));
        let address = Ipv4Addr::new(a, b, c, last);
        Ok(format!("\"bridge={},mac={}\"", network::BRIDGE, network::mac(address)?))
    });
    let vifs = vifs.collect::<Result<Vec<_>, LabError>>()?;
    if !vifs.is_empty() {
        lines.push(format!("vif = [{}]", vifs.join(", ")));
    }
    let disks = resources.disks.iter().enumerate().map(|(number, disk)| {
        let letter = char::from(b'a' + (number % 26) as u8);
        let access = if disk.access == Access::ReadOnly { 'r' } else { 'w' };
        format!("\"phy:/dev/vd{letter},xvd{letter},{access}\"")
    });
    let disks: Vec<String> = disks.collect();
    if !disks.is_empty() {
        lines.push(format!("disk = [{}]", disks.join(", ")));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{forwards, lines, spec};
    use crate::resources::Resources;

    #[test]
    fn names_are_those_that_the_bench_takes() {
        let name = |name| spec(name, Path::new("k"), 64, "", &Resources::default()).expect("a guest").name;
        assert_eq!([name("web"), name("a.b+1"), name("17")], ["web", "a-b-1", "guest17"]);
    }

    #[test]
    fn the_bench_has_one_bridge_and_its_own_disks() {
        let mut resources = Resources::default();
        assert_eq!(lines(&resources).expect("lines"), Vec::<String>::new());
        resources.ports = vec!["8080:80".parse().expect("a port")];
        assert_eq!(lines(&resources).expect("lines"), ["vif = [\"bridge=xenbr0,mac=00:16:3e:00:00:82\"]"]);
        assert_eq!((forwards(&resources)[0].host, forwards(&resources)[0].port), (Some(8080), 80));
        resources.vifs = vec!["bridge=a".into(), "bridge=b".into()];
        resources.disks = vec!["x".parse().expect("a disk"), "y:ro".parse().expect("a disk")];
        assert_eq!(
            lines(&resources).expect("lines"),
            [
                "vif = [\"bridge=xenbr0,mac=00:16:3e:00:00:82\", \"bridge=xenbr0,mac=00:16:3e:00:00:83\"]",
                "disk = [\"phy:/dev/vda,xvda,w\", \"phy:/dev/vdb,xvdb,r\"]",
            ]
        );
    }
}
