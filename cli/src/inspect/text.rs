// SPDX-License-Identifier: Apache-2.0
//! A report for a person.

use std::fmt::{self, Write};

use anstyle::Style;
use image::elf::{PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE, Segment};
use image::files::Kind;

use crate::build::strip;

use super::report::{ImageReport, NoImage, Report};

const HEADING: Style = Style::new().bold();

/// Writes the report.
pub fn render(report: &Report<'_>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, report);
    text
}

fn write(text: &mut String, report: &Report<'_>) -> fmt::Result {
    writeln!(text, "{HEADING}file{HEADING:#}")?;
    writeln!(text, "  length    {} bytes", report.length)?;
    writeln!(text, "  entry     {:#x}", report.entry)?;
    if let Some(build_id) = &report.build_id {
        writeln!(text, "  build-id  {build_id}")?;
    }
    writeln!(text, "{HEADING}segments{HEADING:#}")?;
    for segment in &report.segments {
        writeln!(
            text,
            "  {:<6} {}  virtual {:#018x}  physical {:#x}  file {:#x}  memory {:#x}",
            kind(segment),
            flags(segment),
            segment.virtual_address,
            segment.physical_address,
            segment.file_size,
            segment.memory_size
        )?;
    }
    writeln!(text, "{HEADING}notes for Xen{HEADING:#}")?;
    let width = report.xen_notes.iter().map(|note| note.name.len()).max().unwrap_or_default();
    for note in &report.xen_notes {
        writeln!(text, "  {:<width$}  {}", note.name, note.value)?;
    }
    writeln!(text, "{HEADING}image{HEADING:#}")?;
    match &report.image {
        Ok(image) => write_image(text, image),
        Err(NoImage::Foreign(why)) => writeln!(text, "  none: {why}"),
        Err(NoImage::Unpacked) => writeln!(text, "  none: the kernel has not been packed"),
        Err(NoImage::Damaged(why)) => writeln!(text, "  damaged: {why}"),
    }
}

fn write_image(text: &mut String, image: &ImageReport<'_>) -> fmt::Result {
    writeln!(text, "  length     {} bytes", image.length)?;
    for section in &image.sections {
        let verdict = if section.verify().is_ok() { "good" } else { "WRONG" };
        writeln!(
            text,
            "  section    {}: {} bytes at {:#x}, checksum {:#010x} {verdict}",
            section.kind,
            section.bytes.len(),
            section.offset,
            section.checksum
        )?;
    }
    if let Some(symbols) = image.symbols {
        writeln!(text, "  symbols    {symbols} functions")?;
    }
    match &image.library {
        Some(Ok(library)) => {
            let (modules, expanded) = (library.modules, library.expanded);
            writeln!(text, "  library    {modules} modules, {expanded} bytes expanded")?;
        }
        Some(Err(why)) => writeln!(text, "  library    {why}")?,
        None => {}
    }
    for argument in &image.arguments {
        writeln!(text, "  argument   {argument:?}")?;
    }
    for (name, value) in &image.identity {
        writeln!(text, "  {name:<9}  {}", value.escape_debug())?;
    }
    if let Some(start) = &image.start {
        for (name, folder) in [
            ("root", start.root),
            ("bindir", start.bindir),
            ("cwd", start.cwd),
            ("preloaded", start.preloaded),
        ] {
            writeln!(text, "  {name:<9}  {}", folder.escape_ascii())?;
        }
        for (name, value) in start.environment() {
            writeln!(text, "  variable   {}={}", name.escape_ascii(), value.escape_ascii())?;
        }
    }
    if image.files.is_empty() {
        return Ok(());
    }
    writeln!(text, "{HEADING}files{HEADING:#}")?;
    for file in &image.files {
        let (kind, target) = match file.kind {
            Kind::File => ('-', String::new()),
            Kind::Folder => ('d', String::new()),
            Kind::Link => ('l', format!(" -> {}", file.bytes.escape_ascii())),
        };
        let (mode, path) = (file.mode, file.path.escape_ascii());
        let length = file.bytes.len();
        let expanded = strip::expanded(file.bytes);
        let expanded = expanded.map_or_else(String::new, |length| format!(" ({length} expanded)"));
        writeln!(
            text,
            "  {kind}{mode:04o} {length:>9} {:>10} {:08x} {path}{target}{expanded}",
            file.modified, file.checksum
        )?;
    }
    Ok(())
}

/// The type of a segment by name.
pub fn kind(segment: &Segment) -> String {
    match segment.kind {
        PT_LOAD => "load".into(),
        PT_NOTE => "note".into(),
        other => format!("{other:#x}"),
    }
}

/// The permissions of a segment.
pub fn flags(segment: &Segment) -> String {
    let letters = [(PF_R, 'r'), (PF_W, 'w'), (PF_X, 'x')];
    letters.map(|(flag, letter)| if segment.flags & flag == 0 { '-' } else { letter }).iter().collect()
}
