// SPDX-License-Identifier: Apache-2.0
//! `voxoz doctor`: what this machine lacks to build and to run guests.

use std::env::consts::{ARCH, OS};
use std::fs;

use lab::packages::{BENCH, Install, ensure};

use crate::build::kernel::installed as installed_kernel;
use crate::build::otp::{Otp, release_of};
use crate::failure::{Code, Failure};
use crate::out;

/// What a check found: what is there, or what is not and what to do about it.
type Finding = Result<String, Lack>;

struct Lack {
    what: String,
    help: String,
}

/// Carries out the command. It installs nothing.
pub fn run() -> Result<(), Failure> {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let mut findings = vec![platform(OS, ARCH), memory(&meminfo, lab::Options::default().memory_mib.into())];
    findings.extend(otp());
    findings.push(kernel());
    findings.push(xen());
    findings.extend(packages());
    let mut lacking = Vec::new();
    for finding in &findings {
        match finding {
            Ok(there) => out::line(format_args!("good   {there}"))?,
            Err(lack) => {
                out::line(format_args!("lacks  {}", lack.what))?;
                lacking.push(lack);
            }
        }
    }
    let Some(first) = lacking.first() else { return Ok(()) };
    let why: Vec<&str> = lacking.iter().map(|lack| lack.what.as_str()).collect();
    Err(Failure::new(Code::Host, "this machine cannot build and run guests yet", why.join("\n"), &first.help))
}

fn platform(system: &str, architecture: &str) -> Finding {
    if (system, architecture) == ("linux", "x86_64") {
        return Ok(format!("{system} on {architecture}"));
    }
    Err(Lack {
        what: format!("Linux on x86-64: this is {system} on {architecture}"),
        help: "use a Debian machine, or a container on one".into(),
    })
}

/// Compares what `/proc/meminfo` says is available with what is needed.
fn memory(meminfo: &str, needed_mib: u64) -> Finding {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let lack = |what| Lack { what, help: format!("free memory until {needed_mib} MiB are available") };
    match kib.map(|kib| kib / 1024) {
        Some(mib) if mib >= needed_mib => Ok(format!("{mib} MiB of memory, {needed_mib} MiB are needed")),
        Some(mib) => Err(lack(format!("memory: {mib} MiB are available, {needed_mib} MiB are needed"))),
        None => Err(lack("memory: /proc/meminfo does not tell how much there is".into())),
    }
}

/// OTP, and the preloaded modules that no release has.
fn otp() -> Vec<Finding> {
    let otp = match Otp::find() {
        Ok(otp) => otp,
        Err(_) => {
            return vec![Err(Lack {
                what: "OTP: VOXOZ_OTP_ROOT names none, and there is none in /usr/lib/erlang".into(),
                help: "install erlang-base, or set VOXOZ_OTP_ROOT".into(),
            })];
        }
    };
    let versions = otp.emulators();
    if versions.is_empty() {
        return vec![Err(Lack {
            what: format!("preloaded modules: {} has no lib/erts-VERSION/ebin", otp.root().display()),
            help: "install erlang-base of Debian, which has them, or set VOXOZ_OTP_ROOT".into(),
        })];
    }
    let finding = |erts: &String| match release_of(erts) {
        Some(release) => Ok(format!("OTP {release} (erts {erts}) in {}", otp.root().display())),
        None => Err(Lack {
            what: format!("an OTP that can be built: {} has erts {erts}", otp.root().display()),
            help: "install OTP 25, or set VOXOZ_OTP_ROOT".into(),
        }),
    };
    versions.iter().map(finding).collect()
}

fn kernel() -> Finding {
    match installed_kernel() {
        Some(path) if path.is_file() => Ok(format!("kernel {}", path.display())),
        Some(path) => Err(Lack {
            what: format!("the kernel: VOXOZ_KERNEL names {}, which is not there", path.display()),
            help: "unset VOXOZ_KERNEL, or make the kernel with `cargo xtask build`".into(),
        }),
        None => Err(Lack {
            what: "the kernel: voxoz-kernel.elf is not beside this program".into(),
            help: "make it with `cargo xtask build`, or set VOXOZ_KERNEL".into(),
        }),
    }
}

/// Where guests boot: both answers are good ones.
fn xen() -> Finding {
    let answer = if crate::run::is_xen_host() {
        "Xen: guests are started by xl"
    } else {
        "no Xen: guests boot on Xen in QEMU"
    };
    Ok(answer.into())
}

fn packages() -> impl Iterator<Item = Finding> {
    BENCH.iter().map(|package| match ensure(&[*package], Install::Forbidden) {
        Ok(()) => Ok(format!("package {}", package.name)),
        Err(_) => Err(Lack {
            what: format!("package {}", package.name),
            help: "`voxoz run` installs missing packages by itself; by hand, use apt-get install".into(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::{memory, platform};

    #[test]
    fn memory_is_compared() {
        let meminfo = "MemTotal:       24000000 kB\nMemAvailable:    3145728 kB\n";
        assert_eq!(memory(meminfo, 3072).ok().unwrap(), "3072 MiB of memory, 3072 MiB are needed");
        let lack = memory(meminfo, 3073).err().unwrap();
        assert_eq!(lack.what, "memory: 3072 MiB are available, 3073 MiB are needed");
        assert!(memory("", 1).is_err());
        assert!(memory("MemAvailable: many kB\n", 1).is_err());
    }

    #[test]
    fn the_platform_is_debians() {
        assert!(platform("linux", "x86_64").is_ok());
        assert_eq!(
            platform("macos", "aarch64").err().unwrap().what,
            "Linux on x86-64: this is macos on aarch64"
        );
    }
}
