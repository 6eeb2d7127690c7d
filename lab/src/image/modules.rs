// SPDX-License-Identifier: Apache-2.0
//! Kernel modules in the order in which `insmod` has to load them, from the `depends=` line that each module carries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::LabError;

/// The modules below one kernel's module folder, by name.
pub(crate) struct Modules {
    files: BTreeMap<String, PathBuf>,
    root: PathBuf,
}

impl Modules {
    /// Finds every `*.ko` below `root`.
    pub(crate) fn find(root: &Path) -> Result<Self, LabError> {
        let mut files = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let read = || LabError::io("read the directory", &folder);
            for entry in std::fs::read_dir(&folder).map_err(read())? {
                let entry = entry.map_err(read())?;
                let path = entry.path();
                if entry.file_type().map_err(read())?.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "ko") {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    files.insert(canonical(&stem), path);
                }
            }
        }
        Ok(Self { files, root: root.to_owned() })
    }

    /// Returns the files of `names` and of all that they depend on, dependencies first.
    pub(crate) fn load_order(&self, names: &[&str]) -> Result<Vec<PathBuf>, LabError> {
        let mut order = Vec::new();
        for name in names {
            self.visit(&canonical(name), &mut order)?;
        }
        Ok(order)
    }

    fn visit(&self, name: &str, order: &mut Vec<PathBuf>) -> Result<(), LabError> {
        let path = self.files.get(name).ok_or_else(|| LabError::Format {
            path: self.root.clone(),
            detail: format!("the kernel has no module {name}"),
        })?;
        if order.contains(path) {
            return Ok(());
        }
        let module = std::fs::read(path).map_err(LabError::io("read", path))?;
        for needed in depends(&module) {
            self.visit(&canonical(&needed), order)?;
        }
        order.push(path.clone());
        Ok(())
    }
}

/// The kernel takes `-` and `_` in module names for the same.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// Returns the names in a module's `depends=` string, which is in its `.modinfo` section between two zero bytes.
fn depends(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(start) = module.windows(KEY.len()).position(|w| w == KEY) else { return Vec::new() };
    let value = module[start + KEY.len()..].split(|&b| b == 0).next().unwrap_or_default();
    String::from_utf8_lossy(value).split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_from_modinfo() {
        let names = depends(b"ELF\0license=GPL\0depends=llc,stp\0name=bridge\0");
        assert_eq!(names, ["llc", "stp"]);
        assert!(depends(b"ELF\0depends=\0name=llc\0").is_empty());
        assert!(depends(b"ELF").is_empty());
    }

    #[test]
    fn dependencies_come_first_and_once() {
        let root = std::env::temp_dir().join(format!("lab-modules-{}", std::process::id()));
        std::fs::create_dir_all(root.join("net")).unwrap();
        let module = |path: &str, depends: &str| {
            std::fs::write(root.join(path), format!("\0depends={depends}\0")).unwrap();
        };
        module("net/bridge.ko", "stp,llc");
        module("net/stp.ko", "llc");
        module("llc.ko", "");
        module("xen-netback.ko", "");
        let modules = Modules::find(&root).unwrap();
        let order = modules.load_order(&["bridge", "xen_netback", "stp"]).unwrap();
        let missing = modules.load_order(&["nothing"]).unwrap_err().to_string();
        std::fs::remove_dir_all(&root).unwrap();

        let names: Vec<_> = order.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["llc.ko", "stp.ko", "bridge.ko", "xen-netback.ko"]);
        assert!(missing.contains("no module nothing"), "{missing}");
    }
}
