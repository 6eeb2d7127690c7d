// SPDX-License-Identifier: Apache-2.0
//! The emulator's flags, which begin with `+`: what each takes, and what it means here. One vCPU and one scheduler leave many without a
//! meaning; those are named on standard error and change nothing. What no `erl` knows is an error.
//!
//! `erl(1)`, "Emulator Flags", of OTP 25.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::FlagError;
use crate::atom::AtomLimit;
use crate::process::ProcessTable;
use crate::vm::Vm;

/// How a flag gets its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    /// It has none.
    None,
    /// It is the next argument.
    Next,
    /// It is what follows the name in the same argument, or the next argument if nothing does.
    Joined,
    /// It is what follows the name in the same argument, if anything does.
    Suffix,
}

/// What a flag does here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    /// How many processes there can be.
    Processes,
    /// How many atoms there can be.
    Atoms,
    /// Which letters `io` prints.
    Printable,
    /// Prints the version and ends.
    Version,
    /// One scheduler is what there is.
    Schedulers,
    /// What is asked for is how it is here.
    AsIs,
    /// This value is how it is here; others mean nothing, for this reason.
    Only(&'static str, &'static str),
    /// Nothing, for this reason.
    Nothing(&'static str),
}

const ONE_SCHEDULER: Meaning = Meaning::Nothing("there is one scheduler, which is the only thread");
const NO_ALLOCATORS: Meaning = Meaning::Nothing("there are no allocators to choose from");
const NO_WAIT: Meaning = Meaning::Nothing("the scheduler rests as soon as nobody runs");
const NO_THREADS: Meaning = Meaning::Nothing("there are no threads");

/// The flags. Of two with the same beginning the longer one is first.
const FLAGS: &[(&str, Value, Meaning)] = {
    use Meaning as M;
    use Value as V;
    &[
        ("A", V::Joined, M::Only("0", "there are no threads")),
        ("a", V::Joined, NO_THREADS),
        ("Bc", V::None, M::Nothing("there is no break handler")),
        ("B", V::Suffix, M::AsIs),
        ("C", V::Joined, M::Nothing("the clock does not warp")),
        ("c", V::Suffix, M::Nothing("the clock is corrected by the platform")),
        ("dcg", V::Next, ONE_SCHEDULER),
        ("d", V::None, M::AsIs),
        ("e", V::Joined, M::AsIs),
        ("fna", V::Suffix, M::Nothing("names of files are UTF-8")),
        ("fnl", V::None, M::Nothing("names of files are UTF-8")),
        ("fnu", V::Suffix, M::AsIs),
        ("hmbs", V::Next, M::Nothing("virtual binary heaps begin as small as they are")),
        ("hms", V::Next, M::Nothing("heaps begin as small as they are")),
        ("hmax", V::Next, M::Nothing("heaps have no common limit")),
        ("hmaxel", V::Next, M::Nothing("heaps have no common limit")),
        ("hmaxk", V::Next, M::Nothing("heaps have no common limit")),
        ("hmqd", V::Next, M::Nothing("message queues are beside the heap when they are long")),
        ("hpds", V::Next, M::AsIs),
        ("IOPp", V::Next, NO_THREADS),
        ("IOPt", V::Next, NO_THREADS),
        ("IOp", V::Next, NO_THREADS),
        ("IOt", V::Next, NO_THREADS),
        ("IOs", V::Next, NO_THREADS),
        ("i", V::Next, M::Nothing("the first module is init")),
        ("JPperf", V::Next, M::Nothing("perf is told nothing")),
        ("JMsingle", V::Next, M::AsIs),
        ("K", V::Joined, M::AsIs),
        ("L", V::None, M::Nothing("lines are kept")),
        ("l", V::None, M::AsIs),
        ("M", V::Joined, NO_ALLOCATORS),
        ("n", V::Joined, M::AsIs),
        ("pc", V::Next, M::Printable),
        ("P", V::Joined, M::Processes),
        ("Q", V::Joined, M::AsIs),
        ("R", V::Joined, M::AsIs),
        ("rg", V::Next, ONE_SCHEDULER),
        ("r", V::None, M::AsIs),
        ("SDcpu", V::Next, M::Schedulers),
        ("SDPcpu", V::Next, ONE_SCHEDULER),
        ("SDio", V::Next, NO_THREADS),
        ("SP", V::Next, ONE_SCHEDULER),
        ("S", V::Joined, M::Schedulers),
        ("sssdcpu", V::Next, NO_THREADS),
        ("sssdio", V::Next, NO_THREADS),
        ("sss", V::Next, NO_THREADS),
        ("sbt", V::Joined, M::Only("u", "the scheduler is bound to nothing")),
        ("sbwtdcpu", V::Joined, NO_THREADS),
        ("sbwtdio", V::Joined, NO_THREADS),
        ("sbwt", V::Joined, NO_WAIT),
        ("scl", V::Joined, ONE_SCHEDULER),
        ("sct", V::Joined, ONE_SCHEDULER),
        ("secio", V::Joined, ONE_SCHEDULER),
        ("sfwi", V::Joined, ONE_SCHEDULER),
        ("spp", V::Joined, M::Nothing("ports work when their turn comes")),
        ("stbt", V::Joined, M::Only("u", "the scheduler is bound to nothing")),
        ("sub", V::Joined, ONE_SCHEDULER),
        ("swct", V::Joined, NO_WAIT),
        ("sws", V::Joined, NO_WAIT),
        ("swtdcpu", V::Joined, NO_THREADS),
        ("swtdio", V::Joined, NO_THREADS),
        ("swt", V::Joined, NO_WAIT),
        ("t", V::Joined, M::Atoms),
        ("T", V::Joined, M::Nothing("timing is not modified")),
        ("V", V::None, M::Version),
        ("v", V::None, M::AsIs),
        ("W", V::Joined, M::AsIs),
        ("zdbbl", V::Next, M::Nothing("there is no distribution yet")),
        ("zdntgc", V::Next, M::Nothing("there is no distribution yet")),
        ("zebwt", V::Next, M::Nothing("there is no distribution yet")),
        ("zosrl", V::Next, M::AsIs),
    ]
};

/// What the flags ask of the machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Emulator {
    /// `+P`
    pub process_limit: Option<u32>,
    /// `+t`
    pub atom_limit: Option<u32>,
    /// `+pc unicode`
    pub prints_unicode: bool,
    /// `+V`
    pub wants_version: bool,
    /// What has no meaning here, and why.
    pub remarks: Vec<String>,
}

impl Emulator {
    /// Reads a flag, given without its `+`, and its value if it has one.
    ///
    /// # Errors
    /// [`FlagError`].
    pub fn read(&mut self, flag: &str, rest: &mut dyn Iterator<Item = Vec<u8>>) -> Result<(), FlagError> {
        let known = FLAGS.iter().find(|(name, value, _)| match value {
            Value::None | Value::Next => flag == *name,
            Value::Joined | Value::Suffix => flag.starts_with(name),
        });
        let Some((name, takes, meaning)) = known else { return Err(FlagError::Unknown(format!("+{flag}"))) };
        let suffix = &flag[name.len()..];
        // The options of allocators are some letters, and their value comes after them.
        let is_family = *name == "M";
        let value = match takes {
            Value::None => String::new(),
            Value::Suffix => suffix.into(),
            Value::Joined if !suffix.is_empty() && !is_family => suffix.into(),
            Value::Next | Value::Joined => {
                let value = rest.next().ok_or_else(|| FlagError::Missing(format!("+{flag}")))?;
                String::from_utf8_lossy(&value).into_owned()
            }
        };
        self.apply(flag, *meaning, &value)
    }

    fn apply(&mut self, flag: &str, meaning: Meaning, value: &str) -> Result<(), FlagError> {
        match meaning {
            Meaning::Processes => {
                let limit = value.parse().ok().filter(|limit| (1024..=134_217_727).contains(limit));
                self.process_limit = Some(limit.ok_or_else(|| bad("number of processes", value))?);
            }
            Meaning::Atoms => {
                let limit = value.parse().ok().filter(|limit| *limit >= 8192);
                self.atom_limit = Some(limit.ok_or_else(|| bad("atom table size", value))?);
            }
            Meaning::Printable => match value {
                "unicode" => self.prints_unicode = true,
                "latin1" => self.prints_unicode = false,
                _ => return Err(bad("printable range", value)),
            },
            Meaning::Version => self.wants_version = true,
            Meaning::Schedulers => {
                let mut numbers = value.split(':').map(str::parse::<i64>);
                if numbers.clone().any(|number| number.is_err()) {
                    return Err(bad("amount of schedulers", value));
                }
                if numbers.any(|number| number != Ok(1)) {
                    self.remark(flag, value, "there is one scheduler");
                }
            }
            Meaning::AsIs => {}
            Meaning::Only(only, _) if value == only => {}
            Meaning::Only(_, why) => self.remark(flag, value, why),
            Meaning::Nothing(why) => self.remark(flag, value, why),
        }
        Ok(())
    }

    /// Makes a new machine what the flags ask for.
    pub fn configure(&self, vm: &mut Vm) {
        if let Some(limit) = self.process_limit {
            vm.processes = ProcessTable::new(limit);
        }
        if let Some(limit) = self.atom_limit.and_then(AtomLimit::new) {
            vm.atoms.set_limit(limit);
        }
        vm.settings.prints_unicode = self.prints_unicode;
    }

    fn remark(&mut self, flag: &str, value: &str, why: &str) {
        let value = if value.is_empty() || flag.ends_with(value) { "" } else { value };
        let shown = format!("+{flag} {value}");
        self.remarks.push(format!("{} means nothing here: {why}", shown.trim_end()));
    }
}

fn bad(what: &str, value: &str) -> FlagError {
    FlagError::Bad(format!("bad {what} {value}"))
}

#[cfg(test)]
mod tests {
    use super::{Emulator, FlagError};

    fn read(flags: &str) -> Result<Emulator, FlagError> {
        let mut emulator = Emulator::default();
        let mut rest = flags.split_whitespace().map(|word| word.as_bytes().to_vec());
        while let Some(flag) = rest.next() {
            emulator.read(core::str::from_utf8(&flag[1..]).expect("text"), &mut rest)?;
        }
        Ok(emulator)
    }

    #[test]
    fn flags_with_a_meaning_are_read() {
        let emulator = read("+P 2048 +t 9000 +pc unicode +S 1:1 +K true +W w +Ww +sbtu +A0").expect("flags");
        assert_eq!(emulator.process_limit, Some(2048));
        assert_eq!(emulator.atom_limit, Some(9000));
        assert!(emulator.prints_unicode);
        assert_eq!(emulator.remarks, [""; 0]);
        assert_eq!(read("+P4096").expect("flags").process_limit, Some(4096));
        assert!(read("+V").expect("flags").wants_version);
    }

    #[test]
    fn flags_without_a_meaning_are_named() {
        let remarks = read("+A 64 +S 4:4 +sbwt none +MBas aobf").expect("flags").remarks;
        assert_eq!(remarks.len(), 4);
        assert!(remarks[0].starts_with("+A 64 means nothing here"), "{}", remarks[0]);
        assert!(remarks[2].starts_with("+sbwt none means"), "{}", remarks[2]);
    }

    #[test]
    fn other_flags_are_errors() {
        assert_eq!(read("+foo"), Err(FlagError::Unknown("+foo".into())));
        assert_eq!(read("+P"), Err(FlagError::Missing("+P".into())));
        assert_eq!(read("+P 3"), Err(FlagError::Bad("bad number of processes 3".into())));
        assert_eq!(read("+S x"), Err(FlagError::Bad("bad amount of schedulers x".into())));
    }
}
