// SPDX-License-Identifier: Apache-2.0
//! What modules need: each is loaded, and its import table is compared with what is there.

use std::collections::{BTreeMap, BTreeSet};

use beam_vm::beam_file::Module;
use beam_vm::bif::BifIndex;
use beam_vm::code::is_preloaded;
use beam_vm::loader;
use beam_vm::native::table::NATIVES;
use hosted::{CodePath, Settings};

use super::finding::{Finding, Severity};
use crate::build::layout::Layout;
use crate::build::plan::{Origin, Plan};
use crate::failure::Failure;

/// What has been found, by what it is.
#[derive(Default)]
struct Findings(BTreeMap<(Severity, String), BTreeSet<String>>);

impl Findings {
    fn add(&mut self, severity: Severity, what: String, who: &str) {
        self.0.entry((severity, what)).or_default().insert(who.into());
    }
}

/// Modules that ask for natives on other systems only.
const OPTIONAL: [&str; 1] = ["pubkey_os_cacerts"];

/// Whether a function is one that starts programs of a host.
fn starts_programs(module: &str, function: &str, arity: u8) -> bool {
    matches!((module, function, arity), ("os", "cmd", 1 | 2) | ("erlang", "open_port", 2))
}

/// Looks at all modules of an image.
pub fn look(plan: &Plan, layout: &Layout) -> Result<Vec<Finding>, Failure> {
    let mut machine = hosted::machine(CodePath::default(), Settings::default());
    let mut findings = Findings::default();
    let modules: BTreeMap<&str, &str> = layout
        .files
        .keys()
        .filter_map(|path| Some((path.rsplit('/').next()?.strip_suffix(".beam")?, path.as_str())))
        .collect();
    for (name, path) in &modules {
        let bytes = layout.files[*path].bytes.clone();
        let module = match Module::open(bytes.clone()) {
            Ok(module) => module,
            Err(error) => {
                findings.add(Severity::Lacking, format!("a module that cannot be read: {error}"), name);
                continue;
            }
        };
        if let Err(error) = loader::load(&mut machine, bytes.into(), None) {
            findings.add(Severity::Lacking, format!("a module that cannot be loaded: {error}"), name);
        }
        let is_users = plan.applications.iter().any(|application| {
            application.origin == Origin::User && path.starts_with(&format!("{}/", application.guest))
        });
        imports(&module, name, is_users, &modules, &mut findings);
    }
    Ok(findings.0.into_iter().map(|((severity, what), who)| Finding { severity, what, who }).collect())
}

fn imports(
    module: &Module,
    name: &str,
    is_users: bool,
    modules: &BTreeMap<&str, &str>,
    findings: &mut Findings,
) {
    // OTP itself asks before it uses what may not be there; of a user's module that is not known.
    let severity = if is_users { Severity::Lacking } else { Severity::Note };
    for import in module.imports() {
        let atom = |index| module.atoms().get(index).unwrap_or_default();
        let (called, function, arity) = (atom(import.module), atom(import.function), import.arity);
        let shown = || format!("{called}:{function}/{arity}");
        let bif = BifIndex::find(called, function, arity);
        if (called, function, arity) == ("erlang", "load_nif", 2) {
            let is_there =
                NATIVES.iter().any(|native| native.module == name && native.implementation.is_some());
            if !is_there && !OPTIONAL.contains(&name) {
                // Without its natives such a module is of no use. Of the preloaded ones, only those are meant that do it in another way.
                let severity = if is_preloaded(name) { Severity::Note } else { Severity::Lacking };
                findings.add(severity, format!("natives of the module {name}"), name);
            }
        } else if bif.is_some_and(|bif| bif.entry().implementation.is_none()) {
            findings.add(severity, format!("the built-in function {}", shown()), name);
        } else if starts_programs(called, function, arity) && is_users {
            let what = format!("a call of {}: a guest has no programs to start", shown());
            findings.add(Severity::Note, what, name);
        } else if is_users && bif.is_none() && !modules.contains_key(called) {
            findings.add(Severity::Note, format!("the module {called}, which is not in the image"), name);
        }
    }
}
