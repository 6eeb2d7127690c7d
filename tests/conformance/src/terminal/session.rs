// SPDX-License-Identifier: Apache-2.0
//! The file of a session: a shell script that starts what the terminal talks to, a line `---`, and then a step a line.
//!
//! - `line TEXT` types the text and the key Enter, `keys TEXT` the text alone. Keys that are no characters stand in angle brackets, as `<up>` or `<ctrl-a>`.
//! - `wait TEXT` waits until the text stands before the cursor, behind anything else in its line, and after the key Enter in another line than
//!   that in which it was typed.
//! - `see TEXT` waits until the text stands anywhere from the line on in which something was typed last, without that line after the key Enter.
//! - `hide TEXT` leaves lines with the text out of what is compared: they tell what no two runs have in common. `hide-numbers` does so with all
//!   numbers and the blanks before them.
//! - `end` waits until the program has ended.

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Types bytes.
    Type(Vec<u8>),
    /// Waits for a prompt.
    Wait(String),
    /// Waits for a text.
    See(String),
    /// Waits for the end.
    End,
}

/// Whether numbers are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Numbers {
    /// Yes.
    #[default]
    Compared,
    /// No: they are sizes and counts.
    Hidden,
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Session {
    /// What is started.
    pub script: String,
    /// What is done.
    pub steps: Vec<Step>,
    /// What is in lines that are not compared.
    pub hidden: Vec<String>,
    /// Whether numbers are compared.
    pub numbers: Numbers,
}

/// Keys that are no characters, and what a terminal sends for them.
const KEYS: &[(&str, &str)] = &[
    ("up", "\x1b[A"),
    ("down", "\x1b[B"),
    ("right", "\x1b[C"),
    ("left", "\x1b[D"),
    ("home", "\x1b[H"),
    ("end", "\x1b[F"),
    ("delete", "\x1b[3~"),
    ("ctrl-right", "\x1b[1;5C"),
    ("ctrl-left", "\x1b[1;5D"),
    ("alt-f", "\x1bf"),
    ("alt-b", "\x1bb"),
    ("alt-d", "\x1bd"),
    ("tab", "\t"),
    ("enter", "\r"),
    ("backspace", "\x7f"),
    ("escape", "\x1b"),
];

impl Session {
    /// Reads a file's text.
    ///
    /// # Errors
    /// A line is no step.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (script, steps) = text.split_once("\n---\n").ok_or("there is no line ---")?;
        let mut session = Self { script: script.into(), ..Self::default() };
        for line in steps.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let (word, text) = line.split_once(' ').unwrap_or((line, ""));
            session.steps.push(match word {
                "line" => Step::Type([bytes(text)?, b"\r".to_vec()].concat()),
                "keys" => Step::Type(bytes(text)?),
                "wait" => Step::Wait(text.trim_end().into()),
                "see" => Step::See(text.into()),
                "end" => Step::End,
                "hide-numbers" => {
                    session.numbers = Numbers::Hidden;
                    continue;
                }
                "hide" => {
                    session.hidden.push(text.into());
                    continue;
                }
                _ => return Err(format!("{line} is no step")),
            });
        }
        Ok(session)
    }
}

/// What is typed for a text: a name in angle brackets that is no key's stays as it is, because Erlang has such brackets too.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        bytes.extend_from_slice(before.as_bytes());
        let key = after.split_once('>').and_then(|(name, after)| Some((key(name)?, after)));
        match key {
            Some((key, after)) => {
                bytes.extend_from_slice(&key);
                rest = after;
            }
            None => {
                bytes.push(b'<');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    if bytes.contains(&b'\n') { Err("a text has a line feed".into()) } else { Ok(bytes) }
}

fn key(name: &str) -> Option<Vec<u8>> {
    if let Some((_, bytes)) = KEYS.iter().find(|(key, _)| *key == name) {
        return Some(bytes.as_bytes().to_vec());
    }
    match name.strip_prefix("ctrl-")?.as_bytes() {
        [letter @ (b'a'..=b'z' | b'_' | b'\\' | b']')] => Some(vec![letter & 0x1f]),
        _ => None,
    }
}
