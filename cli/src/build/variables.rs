// SPDX-License-Identifier: Apache-2.0
//! Variables of the environment in `sys.config.src` and `vm.args.src`.
//!
//! Start scripts replace `${NAME}` when a release starts, with `sed`. In a guest there are neither, and its environment is made when the
//! image is built, so they are replaced then: by `--env`, or else by the environment of the build. One that nobody has set is an error and
//! not an empty string, unless the file has a default, `${NAME:-DEFAULT}`.

use std::path::Path;

use super::options::Options;
use crate::failure::{Code, Failure};

/// Where variables come from.
pub struct Variables<'a> {
    options: &'a Options,
}

impl<'a> Variables<'a> {
    /// Those of the command line and of the environment.
    pub fn new(options: &'a Options) -> Self {
        Self { options }
    }

    /// Replaces them in the text of a file.
    pub fn replace(&self, file: &Path, text: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let text = String::from_utf8(text).map_err(|_| {
            let what = format!("cannot read {}", file.display());
            Failure::new(Code::Build, what, "it is not UTF-8", "write it in UTF-8")
        })?;
        let (replaced, missing) = replace(&text, |name| self.options.variable(name));
        if missing.is_empty() {
            return Ok(replaced.into_bytes());
        }
        let what = format!("{} has variables that nobody has set", file.display());
        let help = "set them for `voxoz build`, give them as --env NAME=VALUE, or write ${NAME:-DEFAULT}";
        Err(Failure::new(Code::Build, what, missing.join(", "), help))
    }
}

/// Replaces variables in a text. Gives the names of those that have no value.
fn replace(text: &str, value: impl Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut replaced = String::new();
    let mut missing: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        replaced.push_str(&rest[..start]);
        let inside = &rest[start + 2..];
        let end = inside.find('}').unwrap_or(inside.len());
        let name_end = inside[..end].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(end);
        let (name, default) = inside[..end].split_at(name_end);
        let default = default.strip_prefix(":-").or_else(|| default.strip_prefix('-'));
        let is_variable = !name.is_empty() && end < inside.len() && (name_end == end || default.is_some());
        if !is_variable {
            replaced.push_str("${");
            rest = inside;
            continue;
        }
        match value(name).filter(|value| !value.is_empty()).or_else(|| default.map(String::from)) {
            Some(value) => replaced.push_str(&value),
            None if !missing.iter().any(|known| known == name) => missing.push(name.into()),
            None => {}
        }
        rest = &inside[end + 1..];
    }
    replaced.push_str(rest);
    (replaced, missing)
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn variables_are_replaced() {
        let value = |name: &str| match name {
            "A" => Some("1".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let (text, missing) =
            replace("[{a,${A}},{b,\"${B:-two}\"},{c,${EMPTY:-3}},${D-},$A,${,${a b},${A", value);
        assert_eq!(text, "[{a,1},{b,\"two\"},{c,3},,$A,${,${a b},${A");
        assert_eq!(missing, [""; 0]);
        let (_, missing) = replace("${X} ${Y} ${X} ${A}", value);
        assert_eq!(missing, ["X", "Y"]);
    }
}
