// SPDX-License-Identifier: Apache-2.0
//! OTP's own compiler, from its stock `.beam` files, compiles all modules of stdlib here, and the results are the bytes that it gives on
//! stock OTP. Abstract code is made there and comes as a literal of a module for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hosted::OtpRoot;
use libtest_mimic::Trial;

use crate::fixtures::judge;
use crate::here::{self, Call, Mode};
use crate::known::KnownFailures;
use crate::outcome;
use crate::stock;

/// The application that is compiled.
const APPLICATION: &str = "stdlib";

/// How long a module may take; `unicode_util` alone has 17,000 clauses.
const LIMIT: Duration = Duration::from_secs(600);

/// The modules, and where they are compiled.
#[derive(Debug)]
pub struct Compiler {
    modules: Vec<String>,
    work: PathBuf,
}

impl Compiler {
    /// Finds the modules.
    pub fn new(work: &Path) -> Self {
        let modules = OtpRoot::find().map(|root| root.modules(APPLICATION)).unwrap_or_default();
        Self { modules, work: work.join("compiler") }
    }

    fn name(module: &str) -> String {
        format!("compiler/{module}")
    }

    /// Makes the modules and compiles them on stock OTP, if that has not been done and one of the tests is wanted.
    ///
    /// # Errors
    /// Stock OTP does not run.
    pub fn prepare(&self, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        if !self.modules.iter().any(|module| wanted(&Self::name(module))) {
            return Ok(());
        }
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("erl");
        let parts = ["compiler_harness.erl", "compiler_driver.erl"].map(|name| sources.join(name));
        let (stamp, file) = (stock::stamp_of(&parts, APPLICATION), self.work.join("stamp"));
        if fs::read_to_string(&file).is_ok_and(|there| there == stamp) {
            return Ok(());
        }
        // Modules of another time would be found there before OTP's.
        let _ = fs::remove_dir_all(&self.work);
        fs::create_dir_all(&self.work)
            .map_err(|why| format!("cannot make {}: {why}", self.work.display()))?;
        let expression = format!(
            "{{ok,M,B}}=compile:file(\"{}\",[binary]),{{module,M}}=code:load_binary(M,\"\",B),\
             M:main(\"{}\",\"{}\",{APPLICATION}).",
            parts[0].display(),
            sources.display(),
            self.work.display(),
        );
        let mut erl = Command::new("erl");
        erl.args(["-noshell", "-noinput", "-eval", &expression]).current_dir(&self.work);
        let output = erl.output().map_err(|why| format!("cannot start erl: {why}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stdout);
            return Err(format!("stock OTP has ended with {}:\n{said}", output.status));
        }
        fs::write(&file, stamp).map_err(|why| format!("cannot write {}: {why}", file.display()))
    }

    /// A test for each module.
    pub fn trials(&self, known: &Arc<KnownFailures>, mode: Mode) -> Vec<Trial> {
        let trial = |module: &String| {
            let (module, known) = (module.clone(), known.clone());
            let call = Call {
                folder: self.work.clone(),
                module: format!("compile_{module}"),
                function: "start".into(),
                mode,
                limit: LIMIT,
            };
            Trial::test(Self::name(&module), move || {
                judge(compare(&call), known.reason(&["compiler"], &module))
            })
        };
        self.modules.iter().map(trial).collect()
    }
}

fn compare(call: &Call) -> Result<(), String> {
    let file = stock::outcome_file(&call.folder, &call.module, &call.function);
    let stock = fs::read(&file).map_err(|why| format!("stock OTP has left no {}: {why}", file.display()))?;
    let here = here::run(call)?;
    if stock == here { Ok(()) } else { Err(outcome::difference(&stock, &here)) }
}
