// SPDX-License-Identifier: Apache-2.0
//! Where suites are compiled and run: `target/suites`. A run has a folder of its own with the suite and a copy of its data, since suites write there.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;
use crate::suites::emulator::{Run, Side};
use crate::suites::list::Suite;
use crate::suites::read_if_there;
use crate::suites::results::Results;

/// The folders.
#[derive(Debug)]
pub struct Workshop {
    work: PathBuf,
    sources: PathBuf,
    runner: PathBuf,
    voxoz: PathBuf,
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = self.voxoz.parent().map(fs::remove_dir_all);
    }
}

impl Workshop {
    /// Copies `voxoz`, builds the runner and the modules beside the suites.
    pub fn prepare(
        context: &Context,
        sources: &Path,
        wanted: &[(&Suite, Vec<String>)],
    ) -> Result<Self, Failure> {
        let sources = fs::canonicalize(sources).during(|| format!("cannot find {}", sources.display()))?;
        let work = context.target().join("suites");
        let runner = context.root().join("tests/suites/erl");
        // A copy, so that a build meanwhile does not change what is measured.
        let voxoz = work.join("bin").join(std::process::id().to_string()).join("voxoz");
        let built = context.target().join("release/voxoz");
        let copy = || {
            fs::create_dir_all(voxoz.parent().unwrap_or(&voxoz))?;
            fs::copy(&built, &voxoz)
        };
        copy().during(|| format!("cannot copy {}", built.display()))?;
        let workshop = Self { work, sources, runner, voxoz };
        workshop.compile(&workshop.runner, "runner")?;
        let mut applications: Vec<&Suite> = Vec::new();
        for (suite, _) in wanted {
            if !applications.iter().any(|known| known.application == suite.application) {
                applications.push(suite);
            }
        }
        for suite in applications {
            workshop.compile(&suite.folder(&workshop.sources), &suite.application)?;
        }
        Ok(workshop)
    }

    fn beams(&self, name: &str) -> PathBuf {
        self.work.join("ebin").join(format!("{name}_test"))
    }

    fn compile(&self, source: &Path, name: &str) -> Result<(), Failure> {
        let target = self.beams(name);
        fs::create_dir_all(&target).during(|| format!("cannot make {}", target.display()))?;
        let expression = format!(
            "{{ok,M,B}}=compile:file(\"{}/suite_build.erl\",[binary]),{{module,M}}=code:load_binary(M,\"\",B),M:main(init:get_plain_arguments()).",
            self.runner.display()
        );
        let mut erl = Command::new("erl");
        erl.args(["-noshell", "-noinput", "-eval", &expression, "-extra"]).arg(source).arg(&target);
        erl.args(
            ["", "common_test/include", "kernel/include", "kernel/src", "stdlib/include"]
                .map(|include| self.sources.join("lib").join(include)),
        );
        process::run(&mut erl)
    }

    /// What stock gives, which is kept until the suite changes.
    pub fn stock(&self, suite: &Suite, limit: Duration, again: bool) -> Result<Results, Failure> {
        let kept = self.work.join("kept").join(format!("{}.{}", suite.application, suite.module));
        let stamp = self.stamp(suite);
        let text = read_if_there(&kept)?;
        if !again && let Some(lines) = text.strip_prefix(&stamp) {
            return Ok(Results::parse(lines));
        }
        let results = self.run(suite, Side::Stock, limit, &[])?;
        let lines = read_if_there(&self.folder(suite, Side::Stock).join("results"))?;
        let write = || {
            fs::create_dir_all(self.work.join("kept"))?;
            fs::write(&kept, format!("{stamp}{lines}"))
        };
        write().during(|| format!("cannot write {}", kept.display()))?;
        Ok(results)
    }

    fn stamp(&self, suite: &Suite) -> String {
        let mut hasher = DefaultHasher::new();
        fs::read(suite.folder(&self.sources).join(format!("{}.erl", suite.module)))
            .unwrap_or_default()
            .hash(&mut hasher);
        format!("{:016x}\n", hasher.finish())
    }

    fn folder(&self, suite: &Suite, side: Side) -> PathBuf {
        self.work.join(side.name()).join(&suite.application).join(&suite.module)
    }

    /// Runs a suite from a fresh folder. Cases that have failed before their time was up get a second chance, alone: the machine may have been busy.
    pub fn run(
        &self,
        suite: &Suite,
        side: Side,
        limit: Duration,
        only: &[String],
    ) -> Result<Results, Failure> {
        let folder = self.folder(suite, side);
        let _ = fs::remove_dir_all(&folder);
        let place = folder.join("suite");
        fs::create_dir_all(&place).during(|| format!("cannot make {}", place.display()))?;
        let beam = format!("{}.beam", suite.module);
        let from = self.beams(&suite.application).join(&beam);
        fs::copy(&from, place.join(&beam)).during(|| format!("cannot copy {}", from.display()))?;
        let data = suite.folder(&self.sources).join(format!("{}_data", suite.module));
        if data.is_dir() {
            process::run(Command::new("cp").arg("-rL").arg(&data).arg(&place))?;
            build_programs(&place.join(format!("{}_data", suite.module)))?;
        }
        let paths = [self.beams("runner"), self.beams(&suite.application)];
        let run =
            Run { side, voxoz: &self.voxoz, module: &suite.module, folder: &folder, paths: &paths, limit };
        run.clean()?;
        let results = run.cases(only)?;
        run.check()?;
        let failed =
            results.failed().filter(|(_, why)| !why.contains("{timetrap") && !why.starts_with("emulator"));
        let failed: Vec<String> = failed.map(|(case, _)| case.to_owned()).collect();
        if failed.is_empty() || !only.is_empty() {
            return Ok(results);
        }
        run.clean()?;
        let results = run.cases(&failed)?;
        run.check()?;
        Ok(results)
    }
}

/// Builds the programs that a server of HTTP runs for those who ask it (`cgi_NAME.c`), beside their sources. Other programs, drivers and natives are not built.
fn build_programs(data: &Path) -> Result<(), Failure> {
    let during = || format!("cannot read {}", data.display());
    for entry in fs::read_dir(data).during(during)? {
        let source = entry.during(during)?.path();
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("cgi_") && name.ends_with(".c") {
            process::run(Command::new("cc").arg("-w").arg("-o").arg(source.with_extension("")).arg(&source))?;
        }
    }
    Ok(())
}
