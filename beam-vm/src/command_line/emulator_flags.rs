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
use crate::bif::file_names::{NameEncoding, WrongName};
use crate::heap::HeapLimits;
use crate::process::{MessagePlace, ProcessTable};
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
    /// What names of files are, unless a letter says more: UTF-8, Latin-1, or what the locale says.
    FileNames(Names),
    /// The least words of a heap.
    MinHeap,
    /// The least words of binaries of a heap before it is collected.
    MinBinaries,
    /// The most words of a heap.
    MaxHeap,
    /// Whether a process is ended whose heap is larger.
    MaxHeapKills,
    /// Whether that is logged.
    MaxHeapLogs,
    /// Where messages are kept.
    Messages,
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

/// What names of files are, as a flag says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Names {
    Latin1,
    Utf8,
    Locale,
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
        ("fna", V::Suffix, M::FileNames(Names::Locale)),
        ("fnl", V::None, M::FileNames(Names::Latin1)),
        ("fnu", V::Suffix, M::FileNames(Names::Utf8)),
        ("hmbs", V::Joined, M::MinBinaries),
        ("hms", V::Joined, M::MinHeap),
        ("hmaxel", V::Joined, M::MaxHeapLogs),
        ("hmaxk", V::Joined, M::MaxHeapKills),
        ("hmax", V::Joined, M::MaxHeap),
        ("hmqd", V::Joined, M::Messages),
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

/// What names of files are to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileNames {
    /// This.
    Are(NameEncoding),
    /// UTF-8 with this done about wrong names if the locale has it, or else Latin-1.
    AsLocale(WrongName),
}

/// What the flags ask of the machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Emulator {
    /// `+P`
    pub process_limit: Option<u32>,
    /// `+t`
    pub atom_limit: Option<u32>,
    /// `+pc unicode`
    pub prints_unicode: bool,
    /// `+fnl`, `+fnu`, `+fna`
    pub file_names: Option<FileNames>,
    /// `+hms`
    pub min_heap: Option<u32>,
    /// `+hmbs`
    pub min_binaries: Option<u32>,
    /// `+hmax`
    pub max_heap: Option<usize>,
    /// `+hmaxk`
    pub max_heap_kills: Option<bool>,
    /// `+hmaxel`
    pub max_heap_logs: Option<bool>,
    /// `+hmqd`
    pub messages: Option<MessagePlace>,
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
            Meaning::FileNames(names) => {
                let wrong = match value {
                    "" | "w" => WrongName::Warn,
                    "i" => WrongName::Ignore,
                    "e" => WrongName::Fail,
                    _ => return Err(FlagError::Unknown(format!("+{flag}"))),
                };
                self.file_names = Some(match names {
                    Names::Latin1 => FileNames::Are(NameEncoding::Latin1),
                    Names::Utf8 => FileNames::Are(NameEncoding::Utf8(wrong)),
                    Names::Locale => FileNames::AsLocale(wrong),
                });
            }
            Meaning::MinHeap => self.min_heap = Some(HeapLimits::rounded(words(value)?)),
            Meaning::MinBinaries => self.min_binaries = Some(HeapLimits::rounded(words(value)?)),
            Meaning::MaxHeap => {
                let words = value.parse().ok().filter(|words| *words < 1 << 59);
                self.max_heap = Some(words.ok_or_else(|| bad("max heap size", value))?);
            }
            Meaning::MaxHeapKills => {
                self.max_heap_kills = Some(value.parse().map_err(|_| bad("max heap kill", value))?);
            }
            Meaning::MaxHeapLogs => {
                self.max_heap_logs = Some(value.parse().map_err(|_| bad("max heap error logger", value))?);
            }
            Meaning::Messages => {
                self.messages = Some(match value {
                    "on_heap" => MessagePlace::OnHeap,
                    "off_heap" => MessagePlace::OffHeap,
                    _ => return Err(bad("message_queue_data", value)),
                });
            }
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
        if let Some(names) = self.file_names {
            vm.file_names = match names {
                FileNames::Are(encoding) => encoding,
                FileNames::AsLocale(wrong) if has_utf8(vm) => NameEncoding::Utf8(wrong),
                FileNames::AsLocale(_) => NameEncoding::Latin1,
            };
        }
        let limits = &mut vm.heap_limits;
        limits.min_words = self.min_heap.unwrap_or(limits.min_words);
        limits.min_binary_words = self.min_binaries.unwrap_or(limits.min_binary_words);
        limits.max_words = self.max_heap.unwrap_or(limits.max_words);
        limits.max_kills = self.max_heap_kills.unwrap_or(limits.max_kills);
        limits.max_logs = self.max_heap_logs.unwrap_or(limits.max_logs);
        vm.message_place = self.messages.unwrap_or(vm.message_place);
    }

    fn remark(&mut self, flag: &str, value: &str, why: &str) {
        let value = if value.is_empty() || flag.ends_with(value) { "" } else { value };
        let shown = format!("+{flag} {value}");
        self.remarks.push(format!("{} means nothing here: {why}", shown.trim_end()));
    }
}

/// Words of a heap, of which there is one at least.
fn words(value: &str) -> Result<usize, FlagError> {
    let words = value.parse().ok().filter(|words| (1..=i32::MAX as usize).contains(words));
    words.ok_or_else(|| bad("heap size", value))
}

/// Whether the locale has UTF-8, as the environment says it.
fn has_utf8(vm: &Vm) -> bool {
    let variable = |name: &str| vm.environment.get(name.as_bytes()).filter(|value| !value.is_empty());
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
    locale.is_some_and(|locale| {
        let locale = String::from_utf8_lossy(locale).to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8")
    })
}

fn bad(what: &str, value: &str) -> FlagError {
    FlagError::Bad(format!("bad {what} {value}"))
}

#[cfg(test)]
mod tests {
    use super::{Emulator, FileNames, FlagError};
    use crate::bif::file_names::{NameEncoding, WrongName};
    use crate::process::MessagePlace;

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
    fn heaps_and_names_of_files_are_as_flags_say() {
        let emulator =
            read("+hms 1000 +hmbs100000 +hmax 500000 +hmaxk false +hmaxel true +hmqd off_heap +fnue");
        let emulator = emulator.expect("flags");
        assert_eq!((emulator.min_heap, emulator.min_binaries), (Some(1598), Some(121_536)));
        assert_eq!(emulator.max_heap, Some(500_000));
        assert_eq!((emulator.max_heap_kills, emulator.max_heap_logs), (Some(false), Some(true)));
        assert_eq!(emulator.messages, Some(MessagePlace::OffHeap));
        let utf8 = FileNames::Are(NameEncoding::Utf8(WrongName::Fail));
        assert_eq!(emulator.file_names, Some(utf8));
        assert_eq!(emulator.remarks, [""; 0]);
        let names = |flags| read(flags).map(|emulator| emulator.file_names);
        assert_eq!(names("+fnl"), Ok(Some(FileNames::Are(NameEncoding::Latin1))));
        assert_eq!(names("+fnai"), Ok(Some(FileNames::AsLocale(WrongName::Ignore))));
        assert_eq!(read("+hms 0"), Err(FlagError::Bad("bad heap size 0".into())));
        assert_eq!(read("+hmqd x"), Err(FlagError::Bad("bad message_queue_data x".into())));
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
