// SPDX-License-Identifier: Apache-2.0
//! The domain's configuration for `xl` (xl.cfg(5)).

use std::path::Path;

use crate::failure::{Code, Failure};

const MIB: usize = 1 << 20;
/// What a system needs beside its image: kernel, page tables, heaps of kernel and stdlib, `/tmp`.
const BESIDES: usize = 24;
/// What it gets beside its image unless somebody says otherwise.
const USUAL: usize = 56;
/// What no domain is made smaller than without being asked.
const LEAST: usize = 64;

/// The memory in MiB: what was asked for if the image fits into it, else what is enough.
pub fn memory(asked: Option<u32>, length: usize) -> Result<u32, Failure> {
    let image = length.div_ceil(MIB);
    let enough = (image + USUAL).next_multiple_of(8).max(LEAST) as u32;
    match asked {
        None => Ok(enough),
        Some(asked) if asked as usize >= image + BESIDES => Ok(asked),
        Some(asked) => {
            let what = format!("the image does not fit into {asked} MiB of memory");
            let why = format!("it has {image} MiB, and a system needs {BESIDES} MiB besides");
            let help = format!("use --memory {enough}, or leave modules out with --prune");
            Err(Failure::new(Code::Build, what, why, help))
        }
    }
}

/// A name that `xl` takes for a domain, and not for a domain's number.
pub fn domain(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || "_-.+".contains(c) { c } else { '-' };
    let plain: String = name.chars().map(letter).collect();
    if plain.chars().all(|c| c.is_ascii_digit()) { format!("guest{plain}") } else { plain }
}

/// A text within quotes.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The text of the configuration; `devices` are lines for vifs and disks.
pub fn config(
    name: &str,
    version: Option<&str>,
    kernel: &Path,
    memory: u32,
    extra: &str,
    devices: &[String],
) -> String {
    let absolute = std::path::absolute(kernel).unwrap_or_else(|_| kernel.to_owned());
    let (path, extra) = (escape(&absolute.display().to_string()), escape(extra));
    let devices: String = devices.iter().map(|line| format!("{line}\n")).collect();
    let (domain, version) = (domain(name), version.map_or_else(String::new, |version| format!(" {version}")));
    format!(
        "# {name}{version}: start it with `xl create -c` and this file.\n\
         name = \"{domain}\"\n\
         type = \"pv\"\n\
         kernel = \"{path}\"\n\
         memory = {memory}\n\
         vcpus = 1\n\
         # More words of erl's command line, up to 1023 bytes; those in the image come first.\n\
         extra = \"{extra}\"\n\
         {devices}\
         on_poweroff = \"destroy\"\n\
         on_reboot = \"restart\"\n\
         on_crash = \"destroy\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{MIB, domain, memory};

    #[test]
    fn memory_is_enough_for_the_image() {
        assert_eq!(memory(None, 5 * MIB).expect("memory"), 64);
        assert_eq!(memory(None, 100 * MIB + 1).expect("memory"), 160);
        assert_eq!(memory(Some(32), 6 * MIB).expect("memory"), 32);
        let error = memory(Some(32), 9 * MIB).expect_err("too little").to_string();
        assert!(error.contains("does not fit into 32 MiB") && error.contains("--memory 72"), "{error}");
    }

    #[test]
    fn names_of_domains_are_plain() {
        assert_eq!([domain("my app/1"), domain("17")], ["my-app-1", "guest17"]);
    }
}
