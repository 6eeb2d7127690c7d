// SPDX-License-Identifier: Apache-2.0
//! What a machine was started as: what its keeper reads, and `voxoz ps` tells.

use lab::Keys;
use lab::packages::Install;
use serde_json::{Value, json};

use crate::resources::Resources;

/// Where a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Place {
    /// On this machine's Xen, by xl
    Xen,
    /// On Xen in QEMU
    Bench,
    /// A process of this system
    Process,
}

impl Place {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Xen, "xen"), (Self::Bench, "bench"), (Self::Process, "process")];

    /// Its name, which is that of the flag's value.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(place, _)| *place == self).map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, found)| *found == name).map(|(place, _)| *place)
    }
}

/// What a machine was started as.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Memory in MiB.
    pub memory: u32,
    /// More words of its command line.
    pub extra: String,
    /// Whether its program reads keys.
    pub keys: Keys,
    /// Whether packages may be installed for it.
    pub install: Install,
    /// Its disks, ports and network devices.
    pub resources: Resources,
}

impl Record {
    /// As it is kept.
    pub fn to_json(&self) -> Value {
        let Resources { disks, ports, vifs, .. } = &self.resources;
        let disks: Vec<String> = disks.iter().map(ToString::to_string).collect();
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        json!({
            "name": self.name,
            "place": self.place.name(),
            "memory": self.memory,
            "extra": self.extra,
            "reads_keys": self.keys == Keys::ToGuest,
            "may_install": self.install == Install::Allowed,
            "disks": disks,
            "ports": ports,
            "vifs": vifs,
        })
    }

    /// Reads it.
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
        let texts = |key: &str| {
            let items = value.get(key)?.as_array()?.iter();
            items.map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        };
        let resources = Resources {
            memory: None,
            disks: texts("disks")?.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
            ports: texts("ports")?.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
            vifs: texts("vifs")?,
        };
        let keys = if value.get("reads_keys")?.as_bool()? { Keys::ToGuest } else { Keys::ToStop };
        let may_install = value.get("may_install")?.as_bool()?;
        Some(Self {
            name: text("name")?,
            place: Place::from_name(&text("place")?)?,
            memory: u32::try_from(value.get("memory")?.as_u64()?).ok()?,
            extra: text("extra")?,
            keys,
            install: if may_install { Install::Allowed } else { Install::Forbidden },
            resources,
        })
    }
}

#[cfg(test)]
mod tests {
    use lab::Keys;
    use lab::packages::Install;

    use super::{Place, Record};
    use crate::resources::Resources;

    #[test]
    fn what_is_written_is_read() {
        let resources = Resources {
            disks: ["/d/a.img:64M", "/d/b:1G:ro"].map(|text| text.parse().expect("a disk")).into(),
            ports: ["80", "8080:81", "53:53/udp"].map(|text| text.parse().expect("a port")).into(),
            vifs: vec!["bridge=a".into()],
            ..Resources::default()
        };
        let record = Record {
            name: "web".into(),
            place: Place::Bench,
            memory: 96,
            extra: "-a \"b c\"".into(),
            keys: Keys::ToStop,
            install: Install::Forbidden,
            resources,
        };
        let read = Record::from_json(&record.to_json()).expect("a record");
        assert_eq!(format!("{read:?}"), format!("{record:?}"));
        assert!(Record::from_json(&serde_json::json!({ "name": "web" })).is_none());
    }
}
