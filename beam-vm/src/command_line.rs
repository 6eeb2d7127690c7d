// SPDX-License-Identifier: Apache-2.0
//! From the words of a command line to what the machine and `init` get (`erlexec`): variables and files put words in, flags with `+` are
//! the emulator's, and all else is for `init`, in the order in which stock has it.
//!
//! A process gets its words from `erl`'s command line, a guest from its image and from Xen's.

mod emulator_flags;
mod error;
mod words;

pub use emulator_flags::Emulator;
pub use error::FlagError;
pub use words::{Source, split};

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::emu::native::Flavor;

/// The release of OTP whose `erl` this is.
const OTP_RELEASE: u32 = 25;

/// What a command line means.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CommandLine {
    /// What the machine is asked for.
    pub emulator: Emulator,
    /// What `init` gets, without the root and the home.
    pub arguments: Vec<Vec<u8>>,
    /// What follows `-extra`.
    pub extra: Vec<Vec<u8>>,
    /// Variables to be set: `-env`.
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether machine code is to be made, if it was said: `-emu_flavor`.
    pub flavor: Option<Flavor>,
    /// `-version`
    pub wants_version: bool,
    /// `-home`
    pub home: Option<Vec<u8>>,
}

/// Where words come from besides the command line itself.
pub trait Surroundings {
    /// A variable.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&self, name: &[u8]) -> Result<Vec<u8>, String>;
}

/// Reads a command line and what the surroundings put into it: `ERL_AFLAGS` before it, the other variables after it.
///
/// # Errors
/// [`FlagError`].
pub fn read(words: Vec<Vec<u8>>, around: &dyn Surroundings) -> Result<CommandLine, FlagError> {
    let mut line = CommandLine::default();
    let from = |name: &str| split(&around.variable(name).unwrap_or_default(), Source::Variable);
    let release = format!("ERL_OTP{}_FLAGS", OTP_RELEASE);
    for words in [from("ERL_AFLAGS"), words, from("ERL_FLAGS"), from(&release), from("ERL_ZFLAGS")] {
        line.add(words, around, 0)?;
    }
    Ok(line)
}

/// Files can name files so many times.
const MOST_NESTED: usize = 100;

impl CommandLine {
    fn add(&mut self, words: Vec<Vec<u8>>, around: &dyn Surroundings, depth: usize) -> Result<(), FlagError> {
        let mut rest = words.into_iter();
        while let Some(word) = rest.next() {
            let mut next = |flag: &str| rest.next().ok_or_else(|| FlagError::Missing(flag.into()));
            match word.as_slice() {
                b"-extra" => self.extra.extend(rest.by_ref()),
                b"-env" => {
                    let name = next("-env")?;
                    let value = next("-env")?;
                    self.variables.insert(name, value);
                }
                b"-args_file" => {
                    let name = next("-args_file")?;
                    if depth == MOST_NESTED {
                        return Err(FlagError::Nested);
                    }
                    let text = around.file(&name).map_err(|why| FlagError::File(lossy(&name), why))?;
                    self.add(split(&text, Source::File), around, depth + 1)?;
                }
                b"-emu_flavor" => {
                    self.flavor = Some(match next("-emu_flavor")?.as_slice() {
                        b"emu" => Flavor::Emu,
                        b"jit" | b"smp" => Flavor::Jit,
                        other => return Err(FlagError::Flavor(lossy(other))),
                    });
                }
                b"-emu_type" => {
                    let kind = next("-emu_type")?;
                    if kind != b"opt" && kind != b"smp" {
                        return Err(FlagError::Flavor(lossy(&kind)));
                    }
                }
                b"-home" => self.home = Some(next("-home")?),
                // Without input there is nobody for a shell.
                b"-noinput" => self.arguments.extend([b"-noshell".to_vec(), word]),
                // Nor where the configuration comes from there.
                b"-configfd" => {
                    let descriptor = next("-configfd")?;
                    if descriptor == b"0" {
                        self.arguments.extend([b"-noshell".to_vec(), b"-noinput".to_vec()]);
                    }
                    self.arguments.extend([word, descriptor]);
                }
                b"-version" => self.wants_version = true,
                b"-emu_args" | b"-emu_args_exit" => {}
                b"-detached" | b"-daemon" => return Err(FlagError::Unsupported(lossy(&word))),
                [b'+', flag @ ..] if !flag.is_empty() => {
                    self.emulator.read(&String::from_utf8_lossy(flag), &mut rest)?;
                }
                _ => self.arguments.push(word),
            }
        }
        Ok(())
    }

    /// All that `init` gets.
    pub fn for_init(&self, root: &[u8], bindir: &[u8], home: &[u8]) -> Vec<Vec<u8>> {
        let own: [&[u8]; 10] =
            [b"-root", root, b"-bindir", bindir, b"-progname", b"erl", b"--", b"-home", home, b"--"];
        let mut all: Vec<Vec<u8>> = own.iter().map(|word| word.to_vec()).collect();
        all.extend(self.arguments.iter().cloned());
        if !self.extra.is_empty() {
            all.push(b"-extra".to_vec());
            all.extend(self.extra.iter().cloned());
        }
        all
    }
}

fn lossy(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

#[cfg(test)]
mod tests;
