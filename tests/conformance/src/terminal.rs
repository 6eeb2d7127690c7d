// SPDX-License-Identifier: Apache-2.0
//! The interactive shell: sessions on a pseudo-terminal, with stock's `erl` and with `voxoz erl`. What stands on the screen in the end has to be the
//! same. No step waits for a time: whoever types waits for what a person would wait for.

mod pty;
mod screen;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::Trial;

use self::pty::Pty;
use self::session::{Numbers, Session};
use crate::fixtures::judge;
use crate::known::KnownFailures;
use crate::scripts::stem;
use crate::side::Side;
use crate::{outcome, stock};

/// The line in which a machine says what it is.
const BANNER: &str = "Erlang/OTP ";

/// The sessions.
#[derive(Debug)]
pub struct Sessions {
    files: Vec<PathBuf>,
    work: PathBuf,
}

impl Sessions {
    /// Finds the sessions in a folder; none where there are no terminals.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(folder: &Path, work: &Path) -> Result<Self, String> {
        let entries =
            fs::read_dir(folder).map_err(|why| format!("cannot read {}: {why}", folder.display()))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "session"));
        files.sort();
        if let Err(why) = Pty::open() {
            eprintln!("{} sessions on a terminal are left out: {why}", files.len());
            files.clear();
        }
        Ok(Self { files, work: work.join("terminal") })
    }

    /// A test for each session.
    pub fn trials(&self, known: &Arc<KnownFailures>) -> Vec<Trial> {
        let trial = |file: &PathBuf| {
            let (file, known, work) = (file.clone(), known.clone(), self.work.clone());
            let name = stem(&file);
            Trial::test(format!("terminal/{name}"), move || {
                judge(compare(&file, &work), known.reason(&["terminal"], &name))
            })
        };
        self.files.iter().map(trial).collect()
    }
}

fn compare(file: &Path, work: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|why| format!("cannot read {}: {why}", file.display()))?;
    let session = Session::parse(&text).map_err(|why| format!("{}: {why}", file.display()))?;
    let name = stem(file);
    fs::create_dir_all(work).map_err(|why| format!("cannot make {}: {why}", work.display()))?;
    let stock = stock::kept(file, work, || run(&session, &name, work, Side::Stock))?;
    let here = run(&session, &name, work, Side::Here)?;
    if stock == here { Ok(()) } else { Err(outcome::difference(&stock, &here)) }
}

fn run(session: &Session, name: &str, work: &Path, side: Side) -> Result<Vec<u8>, String> {
    let (folder, home) = side.folder(work, name)?;
    let mut talk = Pty::open()?.start(&session.script, |command| side.set(command, &folder, &home))?;
    let mut status = None;
    for step in &session.steps {
        match talk.step(step) {
            Ok(None) => (),
            Ok(ended) => status = ended,
            Err(why) => return Err(format!("{side:?}: {why}; on the screen is\n{}", talk.text())),
        }
    }
    let is_shown = |line: &&str| {
        !line.starts_with(BANNER) && !session.hidden.iter().any(|hidden| line.contains(hidden.as_str()))
    };
    let mut text: String =
        talk.text().lines().filter(is_shown).map(|line| shown(line, session.numbers) + "\n").collect();
    if let Some(status) = status {
        text.push_str(&format!("--- {status}\n"));
    }
    Ok(text.into_bytes())
}

/// A line as it is compared.
fn shown(line: &str, numbers: Numbers) -> String {
    let line = without_names(line);
    match numbers {
        Numbers::Compared => line,
        Numbers::Hidden => {
            let mut out = String::new();
            for char in line.chars() {
                if !char.is_ascii_digit() {
                    // Columns are as wide as what is in them.
                    if char != ' ' || !out.ends_with(' ') {
                        out.push(char);
                    }
                } else if !out.ends_with('#') {
                    out.truncate(out.trim_end().len());
                    out.push('#');
                }
            }
            out
        }
    }
}

/// A line without the numbers in names of processes, ports and references and without the digits of times: no two runs have them in common.
fn without_names(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(char) = rest.chars().next() {
        let name = ["<0.", "#Port<0.", "#Ref<0."].into_iter().find(|start| rest.starts_with(start));
        let number = |char: char| char.is_ascii_digit() || char == '.';
        if let Some(start) = name
            && let Some(end) = rest[start.len()..].find(|char| !number(char))
            && rest[start.len() + end..].starts_with('>')
        {
            out.push_str(start);
            out.push('_');
            rest = &rest[start.len() + end..];
            continue;
        }
        if let Some(after) = time(rest) {
            out.push_str("TIME");
            rest = after;
            continue;
        }
        out.push(char);
        rest = &rest[char.len_utf8()..];
    }
    out
}

/// What comes after a time as logger and shell write it: `26-Nov-2026::22:01:22.123456`, or the part from the hour on.
fn time(text: &str) -> Option<&str> {
    let shape = |shape: &str| {
        let fits = |(shape, char): (char, char)| match shape {
            '0' => char.is_ascii_digit(),
            'a' => char.is_ascii_alphabetic(),
            _ => shape == char,
        };
        let is_time = text.len() >= shape.len()
            && text.is_char_boundary(shape.len())
            && shape.chars().zip(text.chars()).all(fits);
        is_time.then(|| text.split_at(shape.len()).1)
    };
    let long = ["00-aaa-0000::00:00:00.000000", "0-aaa-0000::00:00:00.000000", "00:00:00.000", "00:00:00"];
    long.into_iter().find_map(shape)
}
