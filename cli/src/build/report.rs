// SPDX-License-Identifier: Apache-2.0
//! What was built, for a person and for a program.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::Style;
use serde_json::{Value, json};

use super::layout::Layout;
use super::plan::Plan;
use super::strip;

const HEADING: Style = Style::new().bold();

/// Sizes and counts of what goes into an image.
#[derive(Debug, Default)]
pub struct Report {
    modules: usize,
    files: usize,
    natives: Vec<String>,
    pruned: Vec<String>,
    /// The length of the files when those that are compressed are expanded.
    expanded_bytes: usize,
    /// The modules that were translated.
    pub translated: Vec<String>,
    /// The length of the table of files.
    pub files_bytes: usize,
    /// The length of the modules' translations.
    pub library_bytes: usize,
    /// The length of the image.
    pub image_bytes: usize,
}

/// A report with all that is known when everything is written.
#[derive(Debug)]
pub struct Finished<'a> {
    report: Report,
    plan: &'a Plan,
    output: PathBuf,
    config: PathBuf,
    length: u64,
    memory: u32,
    elapsed: Duration,
}

impl Report {
    /// Counts what is in the image.
    pub fn new(layout: &Layout, pruned: Vec<String>) -> Self {
        let length = |bytes: &[u8]| strip::expanded(bytes).map_or(bytes.len(), |length| length as usize);
        let natives = layout.natives.iter().map(|(path, native)| format!("{}: {native}", path.display()));
        Self {
            modules: layout.modules(),
            files: layout.files.len(),
            natives: natives.collect(),
            pruned,
            expanded_bytes: layout.files.values().map(|file| length(&file.bytes)).sum(),
            translated: Vec::new(),
            files_bytes: 0,
            library_bytes: 0,
            image_bytes: 0,
        }
    }

    /// Adds what is known at the end.
    pub fn finish<'a>(
        self,
        plan: &'a Plan,
        output: &Path,
        config: &Path,
        memory: u32,
        elapsed: Duration,
    ) -> Finished<'a> {
        let length = std::fs::metadata(output).map_or(0, |metadata| metadata.len());
        Finished { report: self, plan, output: output.into(), config: config.into(), length, memory, elapsed }
    }
}

impl Finished<'_> {
    /// For a program: one object.
    pub fn json(&self) -> Value {
        let applications = self.plan.applications.iter().map(|application| {
            json!({"name": application.name, "version": application.version, "from": application.folder.display().to_string()})
        });
        json!({
            "output": self.output.display().to_string(),
            "config": self.config.display().to_string(),
            "name": self.plan.name,
            "version": self.plan.version,
            "erts": self.plan.erts,
            "otp": super::otp::release_of(&self.plan.erts),
            "length": self.length,
            "image_length": self.report.image_bytes,
            "memory": self.memory,
            "applications": applications.collect::<Vec<_>>(),
            "modules": self.report.modules,
            "files": self.report.files,
            "files_length": self.report.files_bytes,
            "files_expanded": self.report.expanded_bytes,
            "library_length": self.report.library_bytes,
            "arguments": self.plan.arguments,
            "remarks": self.plan.remarks,
            "natives_left_out": self.report.natives,
            "modules_translated": self.report.translated,
            "modules_left_out": self.report.pruned,
            "seconds": self.elapsed.as_secs_f64(),
        })
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let version = self.plan.version.as_deref().map_or_else(String::new, |version| format!(" {version}"));
        let otp = super::otp::release_of(&self.plan.erts).unwrap_or_default();
        writeln!(
            text,
            "{HEADING}{}{version}{HEADING:#}, OTP {otp} (erts {})",
            self.plan.name, self.plan.erts
        )?;
        let applications: Vec<String> = self
            .plan
            .applications
            .iter()
            .map(|application| match &application.version {
                Some(version) => format!("{}-{version}", application.name),
                None => application.name.clone(),
            })
            .collect();
        writeln!(text, "  applications  {}", applications.join(" "))?;
        writeln!(
            text,
            "  modules       {} in {} files, {} ({} expanded)",
            self.report.modules,
            self.report.files,
            size(self.report.files_bytes as u64),
            size(self.report.expanded_bytes as u64)
        )?;
        writeln!(
            text,
            "  translated    {} modules, {}",
            self.report.translated.len(),
            size(self.report.library_bytes as u64)
        )?;
        for native in &self.report.natives {
            writeln!(text, "  left out      {native}")?;
        }
        if !self.report.pruned.is_empty() {
            writeln!(text, "  left out      {} modules that nothing names:", self.report.pruned.len())?;
            for module in &self.report.pruned {
                writeln!(text, "                {module}")?;
            }
        }
        for remark in &self.plan.remarks {
            writeln!(text, "  note          {remark}")?;
        }
        writeln!(
            text,
            "  {}  {}, in {:.1} s",
            self.output.display(),
            size(self.length),
            self.elapsed.as_secs_f64()
        )?;
        writeln!(
            text,
            "Start it with `xl create -c {}`, or here with `voxoz run {}`.",
            self.config.display(),
            self.output.display()
        )
    }
}

/// A size in the unit that a person would choose.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.2} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(
            (size(7), size(1536), size(5 << 19)),
            ("7 bytes".into(), "1.5 KiB".into(), "2.50 MiB".into())
        );
    }
}
