// SPDX-License-Identifier: Apache-2.0
//! What the machine boots: Xen, dom0's kernel, dom0's initramfs and the Debian guests', made once and cached.
//!
//! The cache is a folder per key; the key is a hash over everything the content comes from: the archives' hashes and the
//! sources of this module. A folder is made under another name and renamed when it is whole, so a name that exists is good.

mod apt;
mod bzimage;
pub(crate) mod cpio;
mod dom0;
mod elf;
mod linux;
mod modules;
mod tree;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use self::apt::Archive;
use self::modules::Modules;
use crate::options::Options;
use crate::packages::{self, Install};
use crate::{LabError, command};

/// Sources that decide what is in the image.
const SOURCES: [&str; 15] = [
    include_str!("mod.rs"),
    include_str!("apt.rs"),
    include_str!("bzimage.rs"),
    include_str!("cpio.rs"),
    include_str!("dom0.rs"),
    include_str!("elf.rs"),
    include_str!("linux.rs"),
    include_str!("modules.rs"),
    include_str!("tree.rs"),
    include_str!("../scripts/init.sh"),
    include_str!("../scripts/agent.sh"),
    include_str!("../scripts/linux.sh"),
    include_str!("../scripts/dhcp.sh"),
    include_str!("../scripts/vif.sh"),
    include_str!("../scripts/block.sh"),
];

/// How many images the cache keeps.
const KEPT: usize = 2;

/// The files of one cached image.
pub(crate) struct Image {
    folder: PathBuf,
}

impl Image {
    /// Returns the image for `options`, from the cache or newly made.
    pub(crate) fn ensure(options: &Options) -> Result<Self, LabError> {
        packages::ensure(packages::BENCH, options.install)?;
        let cache = &options.cache;
        let archives_folder = cache.join("archives");
        fs::create_dir_all(&archives_folder).map_err(LabError::io("make the directory", &archives_folder))?;
        let _lock = lock(cache)?;

        let archives = archives(cache, options.install)?;
        let folder = cache.join(format!("image-{}", key(&archives)));
        if !folder.exists() {
            if options.install == Install::Forbidden {
                let names = archives.iter().map(|a| a.package().to_owned()).collect();
                let reason = "dom0 is not in the cache and its packages may not be downloaded".to_owned();
                return Err(LabError::Packages {
                    reason,
                    names,
                    command: "the same command with installing allowed".into(),
                });
            }
            let began = Instant::now();
            options.progress.say(|| {
                let megabytes = archives.iter().map(|archive| archive.length).sum::<u64>() / 1_000_000;
                format!(
                    "making dom0 from {} Debian packages, {megabytes} MB: once, in a minute or two",
                    archives.len()
                )
            });
            apt::download(&archives, &archives_folder)?;
            build(cache, &archives, &archives_folder, &folder)?;
            prune(cache, &archives, &archives_folder)?;
            options.progress.say(|| {
                format!("dom0 is in {}, made in {:.0} s", folder.display(), began.elapsed().as_secs_f64())
            });
        }
        Ok(Self { folder })
    }

    /// Xen, unpacked: a 32-bit ELF file for QEMU's multiboot loader.
    pub(crate) fn xen(&self) -> PathBuf {
        self.folder.join("xen")
    }

    /// The kernel of dom0 and of the Debian guest, unpacked: an ELF file.
    pub(crate) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinux")
    }

    /// dom0's initramfs.
    pub(crate) fn dom0(&self) -> PathBuf {
        self.folder.join("dom0.cpio")
    }

    /// The Debian guest's initramfs.
    pub(crate) fn linux(&self) -> PathBuf {
        self.folder.join("linux.cpio")
    }

    /// What is added to it for a guest with stock OTP.
    pub(crate) fn otp(&self) -> PathBuf {
        self.folder.join("otp.cpio")
    }
}

/// Takes the cache for this process; others wait. The lock ends with the file.
fn lock(cache: &Path) -> Result<File, LabError> {
    let path = cache.join("lock");
    let file = File::create(&path).map_err(LabError::io("create", &path))?;
    file.lock().map_err(LabError::io("lock", &path))?;
    Ok(file)
}

/// Returns what dom0 is made of. Asking apt takes seconds, so the answer is kept until apt's lists or our question change.
fn archives(cache: &Path, install: Install) -> Result<Vec<Archive>, LabError> {
    let path = cache.join("resolved");
    let lists = fs::metadata(packages::LISTS).and_then(|m| m.modified()).unwrap_or(UNIX_EPOCH);
    let age = lists.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let stamp = format!("{age} {}", hex(&Sha256::digest(include_str!("apt.rs"))));
    let kept = fs::read_to_string(&path).ok().and_then(|text| {
        let (kept_stamp, rest) = text.split_once('\n')?;
        Some((kept_stamp == stamp, parse_resolved(rest)?))
    });
    match kept {
        Some((true, archives)) => Ok(archives),
        // A container image without lists, and a cache that an earlier one filled.
        Some((false, archives)) if !packages::has_lists() => Ok(archives),
        _ => {
            let archives = apt::resolve(install)?;
            let lines = archives.iter().map(|a| format!("{} {} {}\n", a.file, a.length, a.hash));
            // Renewing the lists on the way makes this stamp an old one: the next run asks once more.
            replace(&path, format!("{stamp}\n{}", lines.collect::<String>()).as_bytes())?;
            Ok(archives)
        }
    }
}

fn parse_resolved(text: &str) -> Option<Vec<Archive>> {
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let (file, length, hash) = (words.next()?, words.next()?, words.next()?);
            Some(Archive { file: file.to_owned(), length: length.parse().ok()?, hash: hash.to_owned() })
        })
        .collect()
}

fn key(archives: &[Archive]) -> String {
    let mut hash = Sha256::new();
    let network = crate::network::shell_variables() + &crate::network::udhcpd_conf();
    for source in SOURCES.iter().copied().chain([network.as_str()]) {
        hash.update((source.len() as u64).to_le_bytes());
        hash.update(source);
    }
    for archive in archives {
        hash.update(&archive.file);
        hash.update(&archive.hash);
    }
    hex(&hash.finalize())[..16].to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Makes the image at `folder`.
fn build(cache: &Path, archives: &[Archive], archives_folder: &Path, folder: &Path) -> Result<(), LabError> {
    let new = cache.join("new");
    remove(&new)?;
    let root = new.join("root");
    fs::create_dir_all(&root).map_err(LabError::io("make the directory", &root))?;
    apt::unpack(archives, archives_folder, &root)?;

    let version = only(&root.join("lib/modules"), "")?;
    let modules = Modules::find(&version)?;
    let xen = only(&root.join("usr/lib"), "xen-4")?.join("bin");
    let hypervisor = only_with(&root.join("boot"), |name| name.starts_with("xen-") && name.ends_with(".gz"))?;
    let kernel = only(&root.join("boot"), "vmlinuz-")?;

    let result = new.join("image");
    fs::create_dir(&result).map_err(LabError::io("make the directory", &result))?;
    dom0::tree(&root, &xen, &modules)?.write(&result.join("dom0.cpio"))?;
    linux::tree(&root, &modules)?.write(&result.join("linux.cpio"))?;
    linux::otp_tree(&root)?.write(&result.join("otp.cpio"))?;
    replace(&result.join("xen"), &command::output(Command::new("gzip").arg("-dc").arg(&hypervisor))?)?;
    replace(&result.join("vmlinux"), &bzimage::kernel(&kernel)?)?;

    fs::rename(&result, folder).map_err(LabError::io("rename", &result))?;
    remove(&new)
}

/// Writes a file so that it is either whole or not there.
fn replace(path: &Path, content: &[u8]) -> Result<(), LabError> {
    let partial = path.with_extension("partial");
    let write = || {
        fs::write(&partial, content)?;
        File::open(&partial)?.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(LabError::io("write", path))
}

fn remove(folder: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(LabError::io("remove", folder)(e)),
        _ => Ok(()),
    }
}

/// Returns the single entry of `folder` whose name has this prefix.
fn only(folder: &Path, prefix: &str) -> Result<PathBuf, LabError> {
    only_with(folder, |name| name.starts_with(prefix))
}

fn only_with(folder: &Path, accept: impl Fn(&str) -> bool) -> Result<PathBuf, LabError> {
    let entries = fs::read_dir(folder).map_err(LabError::io("read the directory", folder))?;
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let mut accepted: Vec<_> = names.filter(|n| accept(n)).collect();
    match (accepted.pop(), accepted.is_empty()) {
        (Some(name), true) => Ok(folder.join(name)),
        (last, _) => Err(LabError::Format {
            path: folder.to_owned(),
            detail: format!(
                "expected one matching entry, found {}",
                accepted.len() + usize::from(last.is_some())
            ),
        }),
    }
}

/// Removes archives that are not used any more and all but the newest images.
fn prune(cache: &Path, archives: &[Archive], archives_folder: &Path) -> Result<(), LabError> {
    let entries = |folder: &Path| -> Result<Vec<fs::DirEntry>, LabError> {
        Ok(fs::read_dir(folder).map_err(LabError::io("read the directory", folder))?.flatten().collect())
    };
    for entry in entries(archives_folder)? {
        let name = entry.file_name();
        if entry.path().is_file() && !archives.iter().any(|a| *a.file == *name) {
            fs::remove_file(entry.path()).map_err(LabError::io("remove", &entry.path()))?;
        }
    }
    let age = |e: &fs::DirEntry| e.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut images = entries(cache)?;
    images.retain(|e| e.file_name().to_string_lossy().starts_with("image-"));
    images.sort_by_key(|e| std::cmp::Reverse(age(e)));
    images.iter().skip(KEPT).try_for_each(|e| remove(&e.path()))
}
