// SPDX-License-Identifier: Apache-2.0
//! The crate's tables, broken into claims of one value each.

use xen_hypervisor_sys::layout::{Header, Row};

/// One value that the crate and the headers must agree on.
pub struct Claim {
    /// What it is, for people.
    pub what: String,
    /// How to get the value from the headers.
    pub source: Source,
    /// Our value, as the C program prints its own.
    pub ours: String,
}

/// Where the value of the headers comes from.
pub enum Source {
    /// A statement of the C program that prints one line, with the declaration that it needs.
    Program { declaration: Option<String>, statement: String },
    /// Whether a word stands anywhere in the text of a header: `yes` or `no`.
    Word { path: &'static str, word: &'static str },
}

/// All claims of the given tables.
pub fn claims(headers: &[Header]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for header in headers {
        for row in header.groups.iter().copied().flatten() {
            add_row(&mut claims, header.path, row);
        }
    }
    claims
}

fn add_row(claims: &mut Vec<Claim>, path: &'static str, row: &Row) {
    match *row {
        Row::Constant { name, c, value } => {
            let what = format!("{path}: value of {name} ({c})");
            claims.push(program(what, None, format!("NUMBER({c});"), value));
        }
        Row::Text { name, c, value } => {
            let what = format!("{path}: text of {name} ({c})");
            claims.push(program(what, None, format!("puts({c});"), value));
        }
        Row::Mention { name, text } => claims.push(Claim {
            what: format!("{path}: mention of {name} ({text})"),
            source: Source::Word { path, word: text },
            ours: "yes".into(),
        }),
        Row::Struct { name, c, size, align, fields } => {
            // A name of its own, since an expression or a nameless structure cannot stand in `offsetof`.
            let ty = format!("claim_{}", claims.len());
            let declaration = Some(format!("typedef {c} {ty};"));
            let what = format!("{path}: size of {name} ({c})");
            claims.push(program(what, declaration, format!("NUMBER(sizeof({ty}));"), size));
            let what = format!("{path}: alignment of {name} ({c})");
            claims.push(program(what, None, format!("NUMBER(_Alignof({ty}));"), align));
            for field in fields {
                let member = field.c.trim_start_matches("r#");
                let what = format!("{path}: offset of {name}.{} ({member})", field.name);
                claims.push(program(what, None, format!("NUMBER(offsetof({ty}, {member}));"), field.offset));
                let what = format!("{path}: size of {name}.{} ({member})", field.name);
                // `sizeof` of a flexible array is an error, and its size is zero by definition.
                let size = match field.size {
                    0 => "0".into(),
                    _ => format!("sizeof((({ty} *)0)->{member})"),
                };
                claims.push(program(what, None, format!("NUMBER({size});"), field.size));
            }
        }
    }
}

fn program(what: String, declaration: Option<String>, statement: String, ours: impl ToString) -> Claim {
    Claim { what, source: Source::Program { declaration, statement }, ours: ours.to_string() }
}
