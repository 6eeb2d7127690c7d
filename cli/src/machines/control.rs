// SPDX-License-Identifier: Apache-2.0
//! What is said between a machine's keeper and those who want something of it: a word on a line, answered by `ok` or by `error` and the reason on a line.
//! After `keys` everything else that is written is typed at the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// That it stops its applications and ends.
    Stop,
    /// That it ends at once.
    Kill,
    /// To be typed at.
    Keys,
}

impl Request {
    const ALL: [(Self, &'static str); 3] = [(Self::Stop, "stop"), (Self::Kill, "kill"), (Self::Keys, "keys")];
    /// No request is longer.
    const LONGEST: u64 = 16;

    /// Reads one.
    pub fn read(stream: &mut BufReader<UnixStream>) -> Option<Self> {
        let mut line = String::new();
        stream.take(Self::LONGEST).read_line(&mut line).ok()?;
        Self::ALL.iter().find(|(_, word)| line.trim_end() == *word).map(|(request, _)| *request)
    }

    /// Asks the keeper that listens there. The stream is open for keys.
    pub fn ask(self, socket: &Path) -> Result<UnixStream, String> {
        let asked = || {
            let mut stream = UnixStream::connect(socket)?;
            let word = Self::ALL.iter().find(|(request, _)| *request == self).map_or("", |(_, word)| word);
            stream.write_all(format!("{word}\n").as_bytes())?;
            let mut answer = String::new();
            BufReader::new(&stream).read_line(&mut answer)?;
            Ok((stream, answer))
        };
        let (stream, answer) = asked().map_err(|why: std::io::Error| why.to_string())?;
        match answer.trim_end() {
            "ok" => Ok(stream),
            "" => Err("its keeper has ended".into()),
            other => Err(other.strip_prefix("error ").unwrap_or(other).to_owned()),
        }
    }
}

/// Answers.
pub fn answer(stream: &mut UnixStream, result: &Result<(), String>) -> std::io::Result<()> {
    match result {
        Ok(()) => stream.write_all(b"ok\n"),
        Err(why) => stream.write_all(format!("error {}\n", why.replace('\n', "; ")).as_bytes()),
    }
}
