// SPDX-License-Identifier: Apache-2.0
//! `voxoz.toml`: what an application needs, in the words of the flags. What the command line or the environment says counts more.

use std::path::Path;
use std::str::FromStr;

use toml::{Table, Value};

use crate::build::options::Options;
use crate::failure::{Code, Failure};
use crate::file;
use crate::resources::Resources;

/// The keys, for the error that names them.
const KEYS: &str = "applications, arguments, disks, environment, memory, metrics, ports, shell, start, vifs";

/// What the file says.
#[derive(Debug, Default)]
pub struct ProjectFile {
    resources: Resources,
    start: Vec<String>,
    applications: Vec<String>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    metrics: Option<u16>,
    shell: bool,
}

impl ProjectFile {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = file::contents(path)?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(|why| {
            let what = format!("cannot use {}", path.display());
            Failure::new(Code::Build, what, why, "docs/tool.md has the keys and what they mean")
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut file = Self::default();
        for (key, value) in &table {
            match key.as_str() {
                "memory" => file.resources.memory = Some(memory(value)?),
                "metrics" => file.metrics = Some(port(value)?),
                "disks" => file.resources.disks = parsed(key, value)?,
                "ports" => file.resources.ports = parsed(key, value)?,
                "vifs" => file.resources.vifs = texts(key, value)?,
                "start" => file.start = texts(key, value)?,
                "applications" => file.applications = texts(key, value)?,
                "arguments" => file.arguments = texts(key, value)?,
                "shell" => file.shell = value.as_bool().ok_or("shell: it is neither true nor false")?,
                "environment" => file.environment = variables(value)?,
                _ => return Err(format!("{key}: there is no such key; there are {KEYS}")),
            }
        }
        Ok(file)
    }

    /// Adds to the options what they do not say. Disks that the file names without a folder are in `work`.
    pub fn complete(self, options: &mut Options, work: &Path) {
        let Self { mut resources, start, applications, arguments, environment, metrics, shell } = self;
        resources.disks = resources.disks.into_iter().map(|disk| disk.below(work)).collect();
        options.resources = std::mem::take(&mut options.resources).or(resources);
        if options.start.is_empty() && !options.shell {
            options.start = start;
            options.shell = shell;
        }
        options.metrics = options.metrics.or(metrics);
        options.applications.extend(applications);
        // The last one counts.
        options.variables.splice(0..0, environment);
        options.words.splice(0..0, arguments);
    }
}

fn memory(value: &Value) -> Result<u32, String> {
    let mib = value.as_integer().and_then(|mib| u32::try_from(mib).ok()).filter(|mib| *mib > 0);
    mib.ok_or_else(|| "memory: it is no number of MiB".into())
}

fn port(value: &Value) -> Result<u16, String> {
    let port = value.as_integer().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    port.ok_or_else(|| "metrics: it is no port, which is a number from 1 to 65535".into())
}

fn texts(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("{key}: it is no list of texts, as [\"one\", \"two\"]");
    let items = value.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn parsed<T: FromStr<Err = String>>(key: &str, value: &Value) -> Result<Vec<T>, String> {
    let parse = |text: &String| text.parse().map_err(|why| format!("{key}: {text:?}: {why}"));
    texts(key, value)?.iter().map(parse).collect()
}

fn variables(value: &Value) -> Result<Vec<(String, String)>, String> {
    let wrong = || "environment: it is no table of texts, as { NAME = \"value\" }".to_owned();
    let table = value.as_table().ok_or_else(wrong)?;
    let text = |(name, value): (&String, &Value)| {
        value.as_str().map(|value| (name.clone(), value.to_owned())).ok_or_else(wrong)
    };
    table.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::ProjectFile;
    use crate::build::options::Options;

    const TEXT: &str = "memory = 128\ndisks = [\"data.img:1G\", \"/dev/vg/x\"]\nports = [\"8080:80\"]\nvifs = [\"bridge=br0\"]\n\
                        start = [\"m\", \"f\"]\napplications = [\"sasl\"]\narguments = [\"-a\", \"1\"]\nmetrics = 9568\n[environment]\nWHO = \"file\"\n";

    #[test]
    fn the_file_completes_the_options() {
        let mut options = Options { words: vec!["-b".into()], ..Options::default() };
        options.variables = vec![("WHO".into(), "flag".into())];
        ProjectFile::parse(TEXT).expect("a file").complete(&mut options, Path::new("/w"));
        assert_eq!(options.resources.memory, Some(128));
        let disks: Vec<_> = options.resources.disks.iter().map(|disk| disk.image.as_path()).collect();
        assert_eq!(disks, [Path::new("/w/data.img"), Path::new("/dev/vg/x")]);
        assert_eq!(options.resources.ports[0].host, Some(8080));
        assert_eq!(options.resources.vifs, ["bridge=br0"]);
        assert_eq!(
            (options.start.clone(), options.applications.clone()),
            (vec!["m".into(), "f".into()], vec!["sasl".into()])
        );
        assert_eq!(options.words, ["-a", "1", "-b"]);
        assert_eq!(options.metrics, Some(9568));
        assert_eq!(options.variable("WHO").as_deref(), Some("flag"));
    }

    #[test]
    fn the_command_line_counts_more() {
        let mut options = Options { shell: true, ..Options::default() };
        options.resources.memory = Some(64);
        ProjectFile::parse(TEXT).expect("a file").complete(&mut options, Path::new("/w"));
        assert_eq!(options.resources.memory, Some(64));
        assert!(options.start.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, said) in [
            ("memroy = 1", "memroy: there is no such key"),
            ("memory = \"a\"", "memory: "),
            ("memory = 0", "memory: "),
            ("metrics = 65536", "metrics: "),
            ("ports = [\"x\"]", "ports: \"x\": "),
            ("ports = 80", "ports: it is no list"),
            ("shell = 1", "shell: "),
            ("environment = { A = 1 }", "environment: "),
            ("= 1", "TOML parse error"),
        ] {
            let error = ProjectFile::parse(text).expect_err(text);
            assert!(error.starts_with(said), "{text}: {error}");
        }
    }
}
