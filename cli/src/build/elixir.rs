// SPDX-License-Identifier: Apache-2.0
//! Releases of mix: the words and variables with which their start script calls `elixir`, and that calls `erl` (Elixir 1.14,
//! `lib/mix/lib/mix/tasks/release.init.ex` and `bin/elixir`).

use super::options::{Options, Terminal};
use super::plan::{Plan, ROOT};
use crate::failure::{Code, Failure};

/// What the start script would know.
pub struct Facts {
    /// The cookie, if the release has one.
    pub cookie: Option<String>,
    /// The name of the node, if it was said.
    pub node: Option<String>,
    /// Whether the node has a name: `sname`, `name` or `none`.
    pub distribution: Option<String>,
    /// The folder of the version's files in the guest.
    pub files: String,
}

/// Adds the words that come first, and the variables.
pub fn start(plan: &mut Plan, facts: &Facts, options: &Options) -> Result<(), Failure> {
    match options.terminal() {
        Terminal::None => plan.arguments.extend(["-noshell", "-s", "elixir", "start_cli"].map(String::from)),
        Terminal::Shell => plan.arguments.extend(["-user", "Elixir.IEx.CLI"].map(String::from)),
    }
    let node = facts.node.clone().unwrap_or_else(|| plan.name.clone());
    // The script's own default is a short name. In a guest that would need a network before anything else starts.
    let distribution = facts.distribution.clone().unwrap_or_else(|| "none".into());
    if let Some(cookie) = &facts.cookie {
        plan.arguments.extend(["-setcookie".into(), cookie.clone()]);
    }
    match &*distribution {
        "none" => {}
        "sname" | "name" => plan.arguments.extend([format!("-{distribution}"), node.clone()]),
        other => {
            let why = format!("RELEASE_DISTRIBUTION is {other:?}; it can be sname, name or none");
            return Err(Failure::new(
                Code::Usage,
                "cannot tell the node's name",
                why,
                "set it to one of these",
            ));
        }
    }
    let version = plan.version.clone().unwrap_or_default();
    let variables = [
        ("RELEASE_ROOT", ROOT.into()),
        ("RELEASE_NAME", plan.name.clone()),
        ("RELEASE_VSN", version),
        ("RELEASE_COMMAND", "start".into()),
        ("RELEASE_PROG", plan.name.clone()),
        ("RELEASE_COOKIE", facts.cookie.clone().unwrap_or_default()),
        ("RELEASE_MODE", "embedded".into()),
        ("RELEASE_NODE", node),
        ("RELEASE_TMP", "/tmp".into()),
        ("RELEASE_VM_ARGS", format!("{}/vm.args", facts.files)),
        ("RELEASE_DISTRIBUTION", distribution),
        ("RELEASE_BOOT_SCRIPT", "start".into()),
        ("RELEASE_SYS_CONFIG", format!("{}/sys", facts.files)),
    ];
    plan.environment.extend(variables.map(|(name, value)| (name.into(), value)));
    Ok(())
}

/// Adds the words that come last.
pub fn finish(plan: &mut Plan, options: &Options) {
    plan.arguments.extend(["-extra", "--no-halt"].map(String::from));
    if options.terminal() == Terminal::Shell {
        plan.arguments.push("+iex".into());
    }
}
