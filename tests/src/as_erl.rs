// SPDX-License-Identifier: Apache-2.0
//! `$ERL` of a script: this program, called with a socket and the words of `erl`. It tells the test that listens there what it was called with, and says and
//! ends as it is told. The test makes a guest of each call.
//!
//! A call is fields with a zero behind each: the working folder, how many words there are, the words, then variables as `NAME=VALUE`. The answer is a line with
//! the status, and what was said.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

/// The first argument of this program when it is `$ERL`; the socket follows.
pub const FLAG: &str = "--as-erl";

/// Variables that a guest gets of a script.
const VARIABLES: [&str; 9] = [
    "ERL_AFLAGS",
    "ERL_COMPILER_OPTIONS",
    "ERL_FLAGS",
    "ERL_LIBS",
    "ERL_ZFLAGS",
    "HOME",
    "LC_ALL",
    "TERM",
    "VOXOZ_TEST",
];

/// What `$ERL` was called with.
#[derive(Debug)]
pub struct Call {
    pub folder: PathBuf,
    pub words: Vec<String>,
    pub variables: Vec<(String, String)>,
}

/// What comes of it.
#[derive(Debug)]
pub struct Answer {
    pub status: u8,
    pub said: Vec<u8>,
}

/// What the program does that is `$ERL`.
pub fn ask(socket: &str, words: &[OsString]) -> io::Result<ExitCode> {
    let mut stream = UnixStream::connect(socket)?;
    let mut fields = vec![std::env::current_dir()?.into_os_string(), words.len().to_string().into()];
    fields.extend_from_slice(words);
    for name in VARIABLES {
        if let Some(value) = std::env::var_os(name) {
            let mut variable = OsString::from(format!("{name}="));
            variable.push(value);
            fields.push(variable);
        }
    }
    for field in fields {
        stream.write_all(field.as_bytes())?;
        stream.write_all(&[0])?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.iter().position(|byte| *byte == b'\n');
    let status = end.and_then(|end| std::str::from_utf8(&answer[..end]).ok()?.parse::<u8>().ok());
    let (Some(end), Some(status)) = (end, status) else {
        return Err(io::Error::other("the test has given no answer"));
    };
    // Whoever reads may have seen enough.
    let _ = io::stdout().write_all(&answer[end + 1..]);
    Ok(ExitCode::from(status))
}

impl Call {
    /// Reads one from the other end.
    pub fn read(stream: &mut UnixStream) -> io::Result<Self> {
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let mut fields = text.split_terminator('\0').map(str::to_owned);
        let folder = fields.next().unwrap_or_default().into();
        let count = fields.next().and_then(|count| count.parse().ok()).unwrap_or(0);
        let words = fields.by_ref().take(count).collect();
        let variables = fields.filter_map(|field| {
            let (name, value) = field.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Ok(Self { folder, words, variables: variables.collect() })
    }
}

impl Answer {
    /// Gives it to whoever asks.
    pub fn write(&self, stream: &mut UnixStream) -> io::Result<()> {
        stream.write_all(format!("{}\n", self.status).as_bytes())?;
        stream.write_all(&self.said)
    }
}
