// SPDX-License-Identifier: Apache-2.0
//! A report for a program: one JSON object. Addresses are strings, since JSON's readers may take numbers for floats.

use beam_vm::loader::{LibraryError, Summary};
use image::Section;
use image::elf::Segment;
use image::files::{Entry, Kind};
use image::start::Start;
use serde_json::{Map, Value, json};

use crate::build::strip;

use super::report::{ImageReport, NoImage, Report};
use super::text::{flags, kind};

/// Writes the report.
pub fn render(report: &Report<'_>) -> Value {
    let notes: Map<String, Value> =
        report.xen_notes.iter().map(|note| (note.name.clone(), json!(note.value))).collect();
    let (image, no_image) = match &report.image {
        Ok(contents) => (image(contents), None),
        Err(NoImage::Foreign(why)) => (Value::Null, Some(why.to_string())),
        Err(NoImage::Unpacked) => (Value::Null, Some("the kernel has not been packed".into())),
        Err(NoImage::Damaged(why)) => (Value::Null, Some(why.clone())),
    };
    json!({
        "length": report.length,
        "entry": hex(report.entry),
        "build_id": report.build_id,
        "segments": report.segments.iter().map(segment).collect::<Vec<_>>(),
        "xen_notes": notes,
        "image": image,
        "no_image": no_image,
    })
}

fn hex(number: u64) -> String {
    format!("{number:#x}")
}

fn segment(segment: &Segment) -> Value {
    json!({
        "type": kind(segment),
        "flags": flags(segment),
        "virtual_address": hex(segment.virtual_address),
        "physical_address": hex(segment.physical_address),
        "file_size": segment.file_size,
        "memory_size": segment.memory_size,
    })
}

fn image(image: &ImageReport<'_>) -> Value {
    let identity: Map<String, Value> =
        image.identity.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "length": image.length,
        "sections": image.sections.iter().map(section).collect::<Vec<_>>(),
        "symbols": image.symbols,
        "library": image.library.as_ref().map(library),
        "arguments": image.arguments,
        "build": identity,
        "start": image.start.as_ref().map(start),
        "files": image.files.iter().map(file).collect::<Vec<_>>(),
        "damage": image.damage,
    })
}

/// Bytes as a program gets to see them: what is not UTF-8 is replaced.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn start(start: &Start<'_>) -> Value {
    let environment: Map<String, Value> =
        start.environment().map(|(name, value)| (lossy(name), json!(lossy(value)))).collect();
    json!({
        "root": lossy(start.root),
        "bindir": lossy(start.bindir),
        "cwd": lossy(start.cwd),
        "preloaded": lossy(start.preloaded),
        "environment": environment,
    })
}

fn file(file: &Entry<'_>) -> Value {
    let target = (file.kind == Kind::Link).then(|| lossy(file.bytes));
    json!({
        "path": lossy(file.path),
        "kind": file.kind.to_string(),
        "mode": format!("{:04o}", file.mode),
        "modified": file.modified,
        "length": file.bytes.len(),
        "expanded": strip::expanded(file.bytes),
        "checksum": hex(file.checksum.into()),
        "checksum_good": file.kind == Kind::Folder || file.verify().is_ok(),
        "target": target,
    })
}

fn library(library: &Result<Summary, LibraryError>) -> Value {
    match library {
        Ok(library) => json!({"modules": library.modules, "expanded": library.expanded}),
        Err(why) => json!({"unusable": why.to_string()}),
    }
}

fn section(section: &Section<'_>) -> Value {
    json!({
        "kind": section.kind.to_string(),
        "offset": section.offset,
        "length": section.bytes.len(),
        "checksum": hex(section.checksum.into()),
        "checksum_good": section.verify().is_ok(),
    })
}
