// SPDX-License-Identifier: Apache-2.0
//! The crates of the workspace and what they depend on, from `cargo metadata`.

use serde_json::Value;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// A crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its directory within the repository, which is the name of its room.
    pub room: String,
    /// The rooms that it uses outside of its tests.
    pub rooms: Vec<String>,
    /// The third-party crates that it uses outside of its tests.
    pub third_party: Vec<String>,
    /// The files in which its libraries and binaries begin.
    pub roots: Vec<String>,
}

/// Asks cargo for the members.
pub fn members(context: &Context) -> Result<Vec<Member>, Failure> {
    let mut cargo = context.cargo();
    cargo.args(["metadata", "--format-version=1", "--no-deps"]);
    let text = process::output(&mut cargo)?;
    let metadata: Value =
        serde_json::from_str(&text).during(|| "cannot read what cargo metadata prints".into())?;
    read(&metadata).ok_or_else(|| {
        Failure::new("cannot read what cargo metadata prints", "it lacks a field that format version 1 has")
    })
}

fn read(metadata: &Value) -> Option<Vec<Member>> {
    let root = metadata["workspace_root"].as_str()?;
    metadata["packages"].as_array()?.iter().map(|package| member(package, root)).collect()
}

fn member(package: &Value, root: &str) -> Option<Member> {
    let within = |path: &str| Some(path.strip_prefix(root)?.trim_start_matches('/').to_owned());
    let room = within(package["manifest_path"].as_str()?.strip_suffix("/Cargo.toml")?)?;
    let mut member = Member { room, rooms: Vec::new(), third_party: Vec::new(), roots: Vec::new() };
    for dependency in package["dependencies"].as_array()? {
        if dependency["kind"] == "dev" {
            continue;
        }
        match dependency["path"].as_str() {
            Some(path) => member.rooms.push(within(path)?),
            None => member.third_party.push(dependency["name"].as_str()?.to_owned()),
        }
    }
    for target in package["targets"].as_array()? {
        let is_root = |kind: &Value| kind == "lib" || kind == "bin";
        if target["kind"].as_array()?.iter().any(is_root) {
            member.roots.push(within(target["src_path"].as_str()?)?);
        }
    }
    Some(member)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Member, read};

    #[test]
    fn members_are_read() {
        let metadata = json!({
            "workspace_root": "/r",
            "packages": [{
                "manifest_path": "/r/tests/guest/Cargo.toml",
                "dependencies": [
                    {"name": "boot", "kind": null, "path": "/r/boot"},
                    {"name": "bitflags", "kind": null},
                    {"name": "cc", "kind": "build"},
                    {"name": "proptest", "kind": "dev"},
                ],
                "targets": [
                    {"kind": ["bin"], "src_path": "/r/tests/guest/src/main.rs"},
                    {"kind": ["custom-build"], "src_path": "/r/tests/guest/build.rs"},
                ],
            }],
        });
        let expected = Member {
            room: "tests/guest".into(),
            rooms: vec!["boot".into()],
            third_party: vec!["bitflags".into(), "cc".into()],
            roots: vec!["tests/guest/src/main.rs".into()],
        };
        assert_eq!(read(&metadata), Some(vec![expected]));
        assert_eq!(read(&json!({"workspace_root": "/r", "packages": [{}]})), None);
    }
}
