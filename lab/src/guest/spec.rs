// SPDX-License-Identifier: Apache-2.0
//! What a guest is to be, and the `xl.cfg(5)` text for it.

use std::path::PathBuf;

use crate::LabError;

/// What `xl` does with a domain that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Its memory is freed and its name is free.
    #[default]
    Destroy,
    /// It is built anew from the same configuration.
    Restart,
    /// It stays as it is, to be looked at, until it is destroyed.
    Preserve,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Destroy => "destroy",
            Self::Restart => "restart",
            Self::Preserve => "preserve",
        }
    }
}

/// Whether a guest runs as soon as it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// It does.
    #[default]
    Running,
    /// Its first instruction waits for [`Guest::unpause`](crate::Guest::unpause).
    Paused,
}

/// A PV guest to be created.
#[derive(Clone, Debug)]
pub struct GuestSpec {
    /// The domain's name: letters, digits, `-` and `_`; one guest of a name at a time.
    pub name: String,
    /// The kernel, a file of the host.
    pub kernel: PathBuf,
    /// The ramdisk, a file of the host.
    pub ramdisk: Option<PathBuf>,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Virtual processors.
    pub vcpus: u32,
    /// The command line.
    pub extra: String,
    /// Whether it runs at once.
    pub start: Start,
    /// What happens when it powers off.
    pub on_poweroff: Action,
    /// What happens when it asks for a reboot.
    pub on_reboot: Action,
    /// What happens when it crashes.
    pub on_crash: Action,
    /// Further lines of its `xl.cfg`: `vif`, `disk`, `p9` and so on.
    pub lines: Vec<String>,
}

impl GuestSpec {
    /// A guest with 64 MiB and one processor, that is destroyed however it ends.
    pub fn new(name: impl Into<String>, kernel: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            kernel: kernel.into(),
            ramdisk: None,
            memory_mib: 64,
            vcpus: 1,
            extra: String::new(),
            start: Start::default(),
            on_poweroff: Action::Destroy,
            on_reboot: Action::Destroy,
            on_crash: Action::Destroy,
            lines: Vec::new(),
        }
    }

    /// Checks what would confuse `xl` or a path.
    pub(super) fn check(&self) -> Result<(), LabError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let Self { name, memory_mib, vcpus, extra, .. } = self;
        if name.is_empty() || !name.chars().all(plain) || name == "Domain-0" {
            return Err(LabError::Argument(format!("{name:?} cannot be a guest's name")));
        }
        // A name of digits only is taken for a domain's number by xl.
        if name.chars().all(|c| c.is_ascii_digit()) {
            return Err(LabError::Argument(format!("{name:?} is a number and cannot be a guest's name")));
        }
        if *memory_mib == 0 || *vcpus == 0 {
            return Err(LabError::Argument(format!("guest {name} needs memory and a processor")));
        }
        // MAX_GUEST_CMDLINE of Xen's start_info, with its final zero.
        if extra.len() > 1023 || extra.contains(['\n', '\0']) {
            return Err(LabError::Argument(format!(
                "guest {name}: the command line is over 1023 bytes or has line ends"
            )));
        }
        Ok(())
    }

    /// Returns the configuration for `xl`; the files are dom0's, `cpu` is where the guest has to run.
    pub(super) fn config(&self, kernel: &str, ramdisk: Option<&str>, cpu: Option<u32>) -> String {
        let mut lines = vec![
            format!("name = {}", quote(&self.name)),
            "type = \"pv\"".to_owned(),
            format!("kernel = {}", quote(kernel)),
            format!("memory = {}", self.memory_mib),
            format!("vcpus = {}", self.vcpus),
            format!("on_poweroff = \"{}\"", self.on_poweroff.name()),
            format!("on_reboot = \"{}\"", self.on_reboot.name()),
            format!("on_crash = \"{}\"", self.on_crash.name()),
            "on_watchdog = \"destroy\"".to_owned(),
        ];
        lines.extend(ramdisk.map(|path| format!("ramdisk = {}", quote(path))));
        lines.extend((!self.extra.is_empty()).then(|| format!("extra = {}", quote(&self.extra))));
        lines.extend(cpu.map(|cpu| format!("cpus = \"{cpu}\"")));
        lines.extend(self.lines.iter().cloned());
        lines.join("\n") + "\n"
    }
}

/// A string of `xl.cfg`: in double quotes, with backslash escapes.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_has_what_was_asked_for() {
        let mut spec = GuestSpec::new("g-1", "k.elf");
        spec.extra = r#"say="a\b""#.to_owned();
        spec.on_crash = Action::Preserve;
        spec.lines.push("vif = [\"bridge=xenbr0\"]".to_owned());
        let config = spec.config("/lab/files/0-k.elf", Some("/lab/files/1-r"), Some(1));
        for line in [
            "name = \"g-1\"",
            "kernel = \"/lab/files/0-k.elf\"",
            "ramdisk = \"/lab/files/1-r\"",
            "memory = 64",
            r#"extra = "say=\"a\\b\"""#,
            "on_crash = \"preserve\"",
            "on_poweroff = \"destroy\"",
            "cpus = \"1\"",
            "vif = [\"bridge=xenbr0\"]",
        ] {
            assert!(config.lines().any(|l| l == line), "{line} is not in\n{config}");
        }
    }

    #[test]
    fn names_and_command_lines_that_confuse_xl_are_refused() {
        for name in ["", "a b", "../x", "17", "Domain-0"] {
            assert!(GuestSpec::new(name, "k").check().is_err(), "{name}");
        }
        let mut spec = GuestSpec::new("ok_1", "k");
        assert!(spec.check().is_ok());
        spec.extra = "x".repeat(1024);
        assert!(spec.check().is_err());
    }
}
