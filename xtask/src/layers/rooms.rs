// SPDX-License-Identifier: Apache-2.0
//! The two tables of the house: which room may use which, and in which rooms a third-party crate is at home.

use super::workspace::Member;

/// What each room may use; CONTRIBUTING.md, "Layers", says it in words.
const ARROWS: &[(&str, &[&str])] = &[
    ("xen-hypervisor-sys", &[]),
    ("crc32c", &[]),
    ("drivers", &["xen-hypervisor-sys"]),
    ("image", &["crc32c"]),
    ("beam-vm", &[]),
    ("fs", &["crc32c"]),
    ("net", &[]),
    ("vm-files", &["beam-vm", "fs", "image"]),
    ("vm-net", &["beam-vm", "net"]),
    ("hosted", &["beam-vm", "fs", "image", "net", "vm-files", "vm-net"]),
    ("kernel", &["beam-vm", "drivers", "fs", "image", "net", "vm-files", "vm-net", "xen-hypervisor-sys"]),
    ("boot", &["kernel", "xen-hypervisor-sys"]),
    ("lab", &[]),
    ("cli", &["beam-vm", "hosted", "image", "lab"]),
    ("tests", &["image", "lab"]),
    ("tests/conformance", &["beam-vm", "hosted"]),
    ("tests/guest", &["boot", "kernel", "drivers", "xen-hypervisor-sys"]),
    ("tests/load", &[]),
    ("xtask", &["image", "lab"]),
];

/// Where each third-party crate may be used outside of tests. Most have one room; those with more are vocabulary
/// (flags, log lines, locks) that would be worse if it were wrapped.
const HOMES: &[(&str, &[&str])] = &[
    ("anstream", &["cli"]),
    ("anstyle", &["cli"]),
    ("bitflags", &["xen-hypervisor-sys", "drivers", "kernel"]),
    ("clap", &["cli", "xtask"]),
    ("cpufeatures", &["crc32c"]),
    ("dashu-int", &["beam-vm"]),
    ("hashbrown", &["beam-vm"]),
    ("libc", &["hosted"]),
    ("libm", &["beam-vm"]),
    ("libtest-mimic", &["tests", "tests/conformance"]),
    ("log", &["drivers", "net", "kernel", "boot", "tests/guest"]),
    ("md-5", &["beam-vm"]),
    ("object", &["xtask"]),
    ("rand_chacha", &["kernel"]),
    ("rand_core", &["kernel"]),
    ("rustc-demangle", &["image"]),
    ("rustix", &["hosted", "lab", "tests/conformance", "tests/load", "xtask"]),
    ("serde_json", &["cli", "xtask"]),
    ("sha2", &["kernel", "lab", "tests/guest"]),
    ("smoltcp", &["net"]),
    ("talc", &["kernel"]),
    ("toml", &["cli"]),
    ("zmij", &["beam-vm"]),
];

/// Every use of a room or of a third-party crate that the tables do not allow.
pub fn violations(members: &[Member]) -> Vec<String> {
    let mut violations = Vec::new();
    for member in members {
        let room = member.room.as_str();
        match allowed(ARROWS, room) {
            None => violations.push(format!("{room}: the room is not in the table of arrows")),
            Some(allowed) => {
                let forbidden = member.rooms.iter().filter(|used| !allowed.contains(&used.as_str()));
                violations.extend(forbidden.map(|used| format!("{room}: must not use {used}")));
            }
        }
        for used in &member.third_party {
            match allowed(HOMES, used) {
                None => violations.push(format!("{room}: {used} is not in the table of third-party crates")),
                Some(homes) if !homes.contains(&room) => {
                    violations.push(format!("{room}: {used} is at home in {}", homes.join(", ")));
                }
                Some(_) => {}
            }
        }
    }
    violations
}

fn allowed<'t>(table: &[(&str, &'t [&'t str])], name: &str) -> Option<&'t [&'t str]> {
    table.iter().find(|(entry, _)| *entry == name).map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ARROWS, Member, violations};

    fn member(room: &str, rooms: &[&str], third_party: &[&str]) -> Member {
        let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Member {
            room: room.into(),
            rooms: strings(rooms),
            third_party: strings(third_party),
            roots: Vec::new(),
        }
    }

    #[test]
    fn what_the_tables_allow_is_no_violation() {
        let members = [member("kernel", &["drivers", "image"], &["log"]), member("cli", &["lab"], &["clap"])];
        assert_eq!(violations(&members), Vec::<String>::new());
    }

    #[test]
    fn every_violation_is_named() {
        let members = [member("drivers", &["kernel"], &["clap", "left-pad"]), member("attic", &[], &[])];
        let expected = [
            "drivers: must not use kernel",
            "drivers: clap is at home in cli, xtask",
            "drivers: left-pad is not in the table of third-party crates",
            "attic: the room is not in the table of arrows",
        ];
        assert_eq!(violations(&members), expected);
    }

    /// The arrows of CONTRIBUTING.md, each `from → to`; `a → b → {c, d}` is three of them.
    fn documented() -> BTreeSet<(String, String)> {
        let text = include_str!("../../../CONTRIBUTING.md");
        let (_, section) = text.split_once("## Layers").expect("CONTRIBUTING.md has a section on layers");
        let mut arrows = BTreeSet::new();
        for chain in section.split('`').skip(1).step_by(2).filter(|code| code.contains('→')) {
            let rooms: Vec<Vec<&str>> = chain
                .split('→')
                .map(|rooms| rooms.trim().trim_matches(['{', '}']).split(", ").collect())
                .collect();
            for pair in rooms.windows(2) {
                for from in &pair[0] {
                    arrows.extend(pair[1].iter().map(|to| (from.to_string(), to.to_string())));
                }
            }
        }
        arrows.retain(|(_, to)| to != "nothing");
        arrows
    }

    /// The table and its words agree. The tasks themselves are no room of the house.
    #[test]
    fn the_arrows_are_those_of_the_document() {
        let table = ARROWS.iter().filter(|(room, _)| *room != "xtask");
        let table: BTreeSet<(String, String)> =
            table.flat_map(|(from, used)| used.iter().map(|to| (from.to_string(), to.to_string()))).collect();
        assert_eq!(table, documented());
    }

    /// A room may only use rooms that stand before it in the table.
    #[test]
    fn the_arrows_have_no_cycle() {
        for (position, (room, used)) in ARROWS.iter().enumerate() {
            for name in *used {
                let below = ARROWS.iter().position(|(room, _)| room == name);
                assert!(below.is_some_and(|below| below < position), "{room} uses {name}");
            }
        }
    }
}
