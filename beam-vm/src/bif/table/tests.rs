// SPDX-License-Identifier: Apache-2.0
//! The page that lists the BIFs, docs/bifs.md, is made of the table: `UPDATE_DOCS=1 cargo test -p beam-vm the_page_of_bifs` writes it.

use std::fmt::Write;
use std::string::String;
use std::{env, fs};

use super::BIFS;
use crate::bif::{Entry, Releases};
use crate::native::table::NATIVES;

const HEAD: &str = "# Built-in functions

The functions of OTP 25 to 28 that stock's emulator does in C (`bif.tab`), and whether they are here. One that is absent raises `undef`.
The modules `net_vif` and `voxoz` are our own.
This page is made of the table in `beam-vm/src/bif/table.rs`.
";

const NATIVES_HEAD: &str = "
# Natives

The functions that stock does in libraries in C (NIFs). One that is absent raises `nif_error`, as where the library is not loaded.
The table is `beam-vm/src/native/table.rs`.
";

fn releases(releases: Releases) -> &'static str {
    match releases {
        Releases::All | Releases::Own => "",
        Releases::Until25 => " (25)",
        Releases::Since26 => " (26 to 28)",
        Releases::Since27 => " (27, 28)",
        Releases::Since28 => " (28)",
    }
}

fn list(page: &mut String, title: &str, entries: &[&Entry]) {
    if entries.is_empty() {
        return;
    }
    let names: std::vec::Vec<String> = entries
        .iter()
        .map(|entry| std::format!("`{}/{}`{}", entry.function, entry.arity, releases(entry.releases)))
        .collect();
    writeln!(page, "\n{title}: {}", names.join(", ")).expect("a string takes all");
}

fn page() -> String {
    let here = BIFS.iter().filter(|entry| entry.implementation.is_some()).count();
    let mut page = String::from(HEAD);
    writeln!(page, "\n{here} of {} are here.", BIFS.len()).expect("a string takes all");
    modules(&mut page, BIFS);
    page.push_str(NATIVES_HEAD);
    modules(&mut page, NATIVES);
    page
}

fn modules(page: &mut String, table: &[Entry]) {
    for module in table.chunk_by(|a, b| a.module == b.module) {
        writeln!(page, "\n## {}", module[0].module).expect("a string takes all");
        let (here, absent): (std::vec::Vec<&Entry>, std::vec::Vec<&Entry>) =
            module.iter().partition(|entry| entry.implementation.is_some());
        list(page, "Here", &here);
        list(page, "Absent", &absent);
    }
}

#[test]
fn the_page_of_bifs_is_that_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bifs.md");
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/bifs.md is stale: run UPDATE_DOCS=1 cargo test -p beam-vm the_page_of_bifs"
    );
}
