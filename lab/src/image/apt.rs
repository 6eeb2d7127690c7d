// SPDX-License-Identifier: Apache-2.0
//! The Debian packages that dom0 and the guests beside it are made of: which they are on this release, their download, their content.
//!
//! They are never installed on the host. Xen's and the kernel's packages would otherwise change the host's boot loader.
//! Names with a version in them (Xen's, the kernel's) come from what Debian's own meta packages depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::packages::{self, Install};
use crate::{LabError, command};

/// Packages with a fixed name.
const SEEDS: [&str; 9] = [
    "xenstore-utils",
    "busybox-static",
    "iproute2",
    "bash",
    "coreutils",
    "libgcc-s1",
    "erlang-base",
    "mount",
    "util-linux",
];

/// Dependencies that dom0 has no use for; what only they need is left out too.
const UNUSED: [&str; 11] = [
    "adduser",
    "cdebconf",
    "debconf",
    "debconf-2.0",
    "initramfs-tools",
    "linux-initramfs-tool",
    "perl",
    "perl-base",
    "python3",
    "ucf",
    "udev",
];

/// A package file as apt names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Archive {
    /// Name of the `.deb` file.
    pub(crate) file: String,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// Its hash, with the name of the hash function.
    pub(crate) hash: String,
}

/// Asks apt which archives dom0 is made of; renews the package lists when it does not know and `install` allows it.
pub(crate) fn resolve(install: Install) -> Result<Vec<Archive>, LabError> {
    match try_resolve() {
        Err(_) if install == Install::Allowed => {
            packages::update()?;
            try_resolve()
        }
        result => result,
    }
}

fn try_resolve() -> Result<Vec<Archive>, LabError> {
    let mut seeds: BTreeSet<String> = SEEDS.map(str::to_owned).into();
    let metas = ["xen-system-amd64", "linux-image-amd64"];
    let depends = depends(&metas.map(str::to_owned).into(), "--no-recommends")?;
    for (meta, prefixes) in
        metas.into_iter().zip([&["xen-hypervisor-4", "xen-utils-4"][..], &["linux-image-"]])
    {
        for prefix in prefixes {
            let name = depends.get(meta).and_then(|names| names.iter().find(|n| n.starts_with(prefix)));
            seeds.insert(name.cloned().ok_or_else(|| LabError::Packages {
                reason: format!(
                    "{meta} does not depend on a package {prefix}*; Debian 12 on amd64 is needed"
                ),
                names: vec![meta.to_owned()],
                command: "apt-get update".to_owned(),
            })?);
        }
    }
    let names = closure(&seeds)?;
    let mut list = Command::new("apt-get");
    let printed = command::output(list.args(["download", "--print-uris"]).args(&names))?;
    parse_uris(&String::from_utf8_lossy(&printed)).map_err(|line| LabError::Command {
        command: command::line(&list),
        detail: format!("unexpected line: {line}"),
    })
}

/// Downloads the archives that `folder` does not have; apt checks their signatures' chain.
pub(crate) fn download(archives: &[Archive], folder: &Path) -> Result<(), LabError> {
    let length = |a: &Archive| std::fs::metadata(folder.join(&a.file)).map_or(0, |m| m.len());
    let missing: Vec<_> = archives.iter().filter(|a| length(a) != a.length).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let versions = missing.iter().map(|a| a.package_and_version());
    let partial = folder.join("partial");
    std::fs::create_dir_all(&partial).map_err(LabError::io("make the directory", &partial))?;
    command::output(Command::new("apt-get").arg("download").args(versions).current_dir(&partial))?;
    for archive in missing {
        let from = partial.join(&archive.file);
        std::fs::rename(&from, folder.join(&archive.file)).map_err(LabError::io("move", &from))?;
    }
    Ok(())
}

/// Unpacks the archives' content into `root`.
pub(crate) fn unpack(archives: &[Archive], folder: &Path, root: &Path) -> Result<(), LabError> {
    for archive in archives {
        command::output(Command::new("dpkg-deb").arg("-x").arg(folder.join(&archive.file)).arg(root))?;
    }
    Ok(())
}

impl Archive {
    /// The package's name.
    pub(crate) fn package(&self) -> &str {
        self.file.split('_').next().unwrap_or_default()
    }

    /// `name=version`, from the file's name `name_version_architecture.deb`, in which apt writes `:` as `%3a`.
    fn package_and_version(&self) -> String {
        let version = self.file.split('_').nth(1).unwrap_or_default();
        format!("{}={}", self.package(), version.replace("%3a", ":"))
    }
}

/// Returns `seeds` and what they need, directly or not.
fn closure(seeds: &BTreeSet<String>) -> Result<BTreeSet<String>, LabError> {
    let graph = depends(seeds, "--recurse")?;
    let mut found = BTreeSet::new();
    let mut pending: Vec<_> = seeds.iter().collect();
    while let Some(name) = pending.pop() {
        if found.insert(name.clone()) {
            let needed = graph.get(name).into_iter().flatten();
            pending.extend(needed.filter(|n| !UNUSED.contains(&n.as_str())));
        }
    }
    Ok(found)
}

fn depends(names: &BTreeSet<String>, mode: &str) -> Result<BTreeMap<String, Vec<String>>, LabError> {
    let mut cache = Command::new("apt-cache");
    cache.args(["depends", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks"]);
    cache.args(["--no-replaces", "--no-enhances", mode]).args(names);
    Ok(parse_depends(&String::from_utf8_lossy(&command::output(&mut cache)?)))
}

/// Reads `apt-cache depends`: a package at the margin, below it `  Depends: name` or ` |Depends: name` for an alternative.
/// Virtual packages are written `<name>`. All alternatives are taken: what is too much does no harm.
fn parse_depends(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if !line.starts_with([' ', '<']) {
            current = Some(graph.entry(line.to_owned()).or_default());
        } else if line.starts_with('<') {
            current = None;
        } else if let Some((relation, name)) = line.trim_start_matches([' ', '|']).split_once(": ")
            && relation.ends_with("Depends")
            && !name.starts_with('<')
            && let Some(needed) = &mut current
        {
            needed.push(name.to_owned());
        }
    }
    graph
}

/// Reads `apt-get download --print-uris`: `'URI' FILE LENGTH HASH` a line. The error is the line that is not so.
fn parse_uris(text: &str) -> Result<Vec<Archive>, String> {
    let line = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (file, length, hash) = (words.next()?, words.next()?, words.next()?);
        Some(Archive { file: file.to_owned(), length: length.parse().ok()?, hash: hash.to_owned() })
    };
    let lines = text.lines().filter(|l| l.starts_with('\''));
    let mut archives = lines.map(|l| line(l).ok_or_else(|| l.to_owned())).collect::<Result<Vec<_>, _>>()?;
    archives.sort();
    Ok(archives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_without_virtual_packages() {
        let graph = parse_depends(
            "xen-utils-4.17\n  Depends: libc6\n |Depends: debconf\n  Depends: <debconf-2.0>\n    debconf\n\
             <debconf-2.0>\nlibc6\n  PreDepends: libgcc-s1\n",
        );
        assert_eq!(graph["xen-utils-4.17"], ["libc6", "debconf"]);
        assert_eq!(graph["libc6"], ["libgcc-s1"]);
        assert_eq!(graph.len(), 2);
    }

    #[test]
    fn uris_are_read_and_give_back_package_and_version() {
        let archives =
            parse_uris("'http://host/a.deb' libattr1_1%3a2.5.1-4_amd64.deb 22164 SHA256:c494\n").unwrap();
        assert_eq!(archives[0].length, 22164);
        assert_eq!(archives[0].hash, "SHA256:c494");
        assert_eq!(archives[0].package_and_version(), "libattr1=1:2.5.1-4");
        assert!(parse_uris("'http://host/a.deb' a.deb many SHA256:0\n").is_err());
    }
}
