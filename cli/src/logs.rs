// SPDX-License-Identifier: Apache-2.0
//! `voxoz logs`: what the console of a machine has said, also after its end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Code, Failure};
use crate::machines::record::Place;
use crate::machines::{self, Machine, State};
use crate::out;
use crate::run::host;

/// How often new output is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// The same where a program has to be asked whether the machine is there.
const LOOK_BY_XL: Duration = Duration::from_millis(500);

/// Print what the console of a machine has said
///
/// On a Xen host that is what xenconsoled keeps, if it is told to by XENCONSOLED_TRACE=guest in /etc/default/xen.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The machine
    name: String,
    /// Go on until the machine ends
    #[arg(short, long)]
    follow: bool,
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let machine = machines::find(&options.name)?;
    let mut reader = Reader::of(&machine)?;
    let look = if machine.record.place == Place::Xen { LOOK_BY_XL } else { LOOK };
    loop {
        // Asked before reading, so that what was written last is shown.
        let goes_on = options.follow && matches!(machine.state(), State::Running(_) | State::Starting);
        match print(&reader.take()) {
            Ok(()) if goes_on => std::thread::sleep(look),
            // Whoever reads may have enough.
            written => return out::judge(written),
        }
    }
}

fn print(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A console's file, read on and on.
pub struct Reader {
    path: PathBuf,
    old: Option<PathBuf>,
    position: u64,
}

impl Reader {
    /// The reader of a machine's console, from the beginning.
    fn of(machine: &Machine) -> Result<Self, Failure> {
        if machine.record.place != Place::Xen {
            let [path, old] = machine.console();
            return Ok(Self { path, old: Some(old), position: 0 });
        }
        let path = host::log(&machine.record.name);
        if let Err(why) = File::open(&path) {
            let what = format!("cannot read {}", path.display());
            let help = "put XENCONSOLED_TRACE=guest into /etc/default/xen, restart xenconsoled, and be root";
            return Err(Failure::new(Code::Host, what, why, help));
        }
        Ok(Self { path, old: None, position: 0 })
    }

    /// The reader of a kept machine's console, from what will be said next.
    pub fn from_now(machine: &Machine) -> Self {
        let [path, _] = machine.console();
        let position = std::fs::metadata(&path).map_or(0, |file| file.len());
        Self { path, old: None, position }
    }

    /// What has come since this was called before.
    pub fn take(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(old) = self.old.take() {
            let _ = read(&old, 0, &mut bytes);
        }
        // The file made way for a new one.
        if std::fs::metadata(&self.path).is_ok_and(|file| file.len() < self.position) {
            self.position = 0;
        }
        let before = bytes.len();
        if read(&self.path, self.position, &mut bytes).is_ok() {
            self.position += (bytes.len() - before) as u64;
        }
        bytes
    }
}

/// A file that is not there has nothing.
fn read(path: &Path, from: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(bytes).map(drop)
}
