// SPDX-License-Identifier: Apache-2.0
//! Asking the C headers: builds and runs the C program, looks for words, and compares.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::claim::{Claim, Source};

/// What the machine lacks when the headers or the compiler are not there.
const NEEDS: &str =
    "the layout test needs a C compiler and Xen's headers: install the Debian packages gcc and libxen-dev";

/// What the program includes and defines ahead of the claims.
///
/// A guest chooses the version of the interface; ours is the newest that the headers have. `<errno.h>` comes
/// before `xs_wire.h`, which has its table of errors only then. `empty` is a ring with entries of no size, so
/// that its structure is the header of a ring and nothing else.
const PREAMBLE: &str = r#"
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/features.h>
#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/elfnote.h>
#include <xen/errno.h>
#include <xen/io/ring.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <xen/io/xenbus.h>
#include <xen/io/protocols.h>
#include <xen/io/netif.h>
#include <xen/io/blkif.h>
#include <xen/io/9pfs.h>

struct empty {};
struct twelve { uint32_t words[3]; };
DEFINE_RING_TYPES(empty, struct empty, struct empty);
DEFINE_RING_TYPES(byte, uint8_t, uint8_t);
DEFINE_RING_TYPES(twelve, uint16_t, struct twelve);

#define NUMBER(x) printf("%s%llu\n", (x) < 0 ? "-" : "", \
    (x) < 0 ? 0ull - (unsigned long long)(x) : (unsigned long long)(x))

static int xsd_errnum(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (strcmp(xsd_errors[i].errstring, name) == 0)
            return xsd_errors[i].errnum;
    return -1;
}
"#;

/// One line for each claim in which the headers say something else. `name` keeps the files of this run apart.
pub fn differences(name: &str, claims: &[Claim]) -> Result<Vec<String>, String> {
    let include = PathBuf::from(env::var_os("XEN_INCLUDE_DIR").unwrap_or("/usr/include".into()));
    if !include.join("xen/xen.h").is_file() {
        return Err(format!("{NEEDS} (there is no {}/xen/xen.h)", include.display()));
    }
    let output = run(name, &include, claims)?;
    let mut lines = output.lines();
    let mut texts = HashMap::new();
    let mut differences = Vec::new();
    for claim in claims {
        let theirs = match claim.source {
            Source::Program { .. } => lines.next().ok_or("the C program printed too few lines")?,
            Source::Word { path, word } => {
                if !texts.contains_key(path) {
                    let text = fs::read_to_string(include.join(path))
                        .map_err(|error| format!("{NEEDS} ({path}: {error})"))?;
                    texts.insert(path, text);
                }
                if has_word(&texts[path], word) { "yes" } else { "no" }
            }
        };
        if theirs != claim.ours {
            differences.push(format!("{}: ours is {}, theirs is {theirs}", claim.what, claim.ours));
        }
    }
    match lines.next() {
        Some(line) => Err(format!("the C program printed more lines than there are claims, next `{line}`")),
        None => Ok(differences),
    }
}

/// Builds and runs the program of the claims; returns what it prints.
fn run(name: &str, include: &Path, claims: &[Claim]) -> Result<String, String> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = directory.join(format!("layout-{name}.c"));
    let program = directory.join(format!("layout-{name}"));
    fs::write(&source, text(claims)).map_err(|error| format!("{}: {error}", source.display()))?;

    let compiler = env::var_os("CC").unwrap_or("cc".into());
    let built = Command::new(&compiler)
        .arg("-std=gnu17")
        .arg("-I")
        .arg(include)
        .arg("-o")
        .args([&program, &source])
        .output()
        .map_err(|error| format!("{NEEDS} ({}: {error})", compiler.display()))?;
    if !built.status.success() {
        return Err(format!(
            "the C program does not compile: the headers lack a name, or are not all there\n{}",
            String::from_utf8_lossy(&built.stderr),
        ));
    }
    let ran = Command::new(&program).output().map_err(|error| format!("{}: {error}", program.display()))?;
    if !ran.status.success() {
        return Err(format!("{} failed: {}", program.display(), ran.status));
    }
    String::from_utf8(ran.stdout).map_err(|error| format!("{}: {error}", program.display()))
}

/// The C program.
fn text(claims: &[Claim]) -> String {
    let mut declarations = String::new();
    let mut statements = String::new();
    for claim in claims {
        if let Source::Program { declaration, statement } = &claim.source {
            if let Some(declaration) = declaration {
                declarations += &format!("{declaration}\n");
            }
            statements += &format!("    {statement}\n");
        }
    }
    format!("{PREAMBLE}\n{declarations}\nint main(void)\n{{\n{statements}    return 0;\n}}\n")
}

/// Whether `word` stands in `text` with no letter, digit, underscore or hyphen next to it.
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part)
            && !text[at + word.len()..].chars().next().is_some_and(part)
    })
}
