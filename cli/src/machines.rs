// SPDX-License-Identifier: Apache-2.0
//! Machines that `voxoz run -d` has started: each is a folder of the user's runtime folder, and a lock in it that is held for as long as the
//! machine is there.
//!
//! A lock goes with the process that holds it, however that ends, and is never another's, which a process's number can be. So a machine whose keeper
//! was killed is seen to be gone. On a Xen host the domain needs no keeper, and `xl` is asked.

pub mod control;
pub mod keeper;
pub mod record;

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::failure::{Code, Failure};
use crate::run::host;
use record::{Place, Record};

/// How long a name may be: the control socket's path has to fit into 108 bytes.
const LONGEST: usize = 48;
/// How long somebody who only looks may hold a lock.
const LOOKED_AT: Duration = Duration::from_millis(500);
/// How often a lock is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A machine.
pub struct Machine {
    folder: PathBuf,
    /// What it was started as.
    pub record: Record,
}

/// What a machine does.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// Its keeper is at it.
    Starting,
    /// It runs.
    Running(Started),
    /// It has ended.
    Ended(Ended),
    /// It has ended and nobody saw how.
    Lost,
}

/// When a machine was there, and where it is reached.
#[derive(Debug, PartialEq, Eq)]
pub struct Started {
    /// Seconds since 1970.
    pub at: u64,
    /// A text for each port.
    pub ports: Vec<String>,
}

/// How a machine has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Seconds since 1970.
    pub at: u64,
    /// The reason.
    pub how: String,
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The folder of all machines of this user.
fn runtime() -> Result<PathBuf, Failure> {
    let failed = |folder: &Path, why: &dyn std::fmt::Display| {
        let what = format!("cannot use {}", folder.display());
        Failure::new(Code::Host, what, why, "set XDG_RUNTIME_DIR to a folder that is yours alone")
    };
    let own = Path::new("/proc/self");
    let user = fs::metadata(own).map_err(|why| failed(own, &why))?.uid();
    let given = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match given {
        Some(given) => given.join("voxoz"),
        None => Path::new("/tmp").join(format!("voxoz-{user}")),
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|why| failed(parent, &why))?;
    }
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(why) if why.kind() != ErrorKind::AlreadyExists => return Err(failed(&folder, &why)),
        _ => {}
    }
    // Anybody can make a folder of this name in /tmp.
    let found = fs::symlink_metadata(&folder).map_err(|why| failed(&folder, &why))?;
    if !found.is_dir() || found.uid() != user || found.mode() & 0o077 != 0 {
        return Err(failed(&folder, &"it is not a folder that is yours alone"));
    }
    Ok(folder)
}

/// All machines, by name.
pub fn all() -> Result<Vec<Machine>, Failure> {
    let folder = runtime()?;
    let entries = fs::read_dir(&folder).map_err(|why| unusable(&folder, &why))?;
    // One that is being made has no record yet.
    let mut machines: Vec<Machine> =
        entries.flatten().filter_map(|entry| Machine::open(&entry.path()).ok()).collect();
    machines.sort_by(|one, other| one.record.name.cmp(&other.record.name));
    if machines.iter().any(|machine| machine.record.place == Place::Xen) {
        host::check()?;
    }
    Ok(machines)
}

/// The machine of this name.
pub fn find(name: &str) -> Result<Machine, Failure> {
    let unknown = || {
        let why = "`voxoz run -d` has started none of this name, or it was removed with the folder of running things";
        Failure::new(Code::Usage, format!("there is no machine {name:?}"), why, "`voxoz ps -a` lists them")
    };
    check(name).map_err(|_| unknown())?;
    let folder = runtime()?.join(name);
    if !folder.is_dir() {
        return Err(unknown());
    }
    let machine = Machine::open(&folder)?;
    if machine.record.place == Place::Xen {
        // Without it every domain would seem to be gone.
        host::check()?;
    }
    Ok(machine)
}

/// Checks that a name can be a folder's, a domain's, and no number, which xl takes for a domain's.
pub fn check(name: &str) -> Result<(), Failure> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "_-.+".contains(c);
    let why = if name.is_empty() || !name.chars().all(letter) {
        "it is not made of letters, digits and - _ . +"
    } else if name.starts_with(['.', '-']) || name.chars().all(|c| c.is_ascii_digit()) {
        "it is a number, or begins with . or -"
    } else if name.len() > LONGEST {
        "it has more than 48 letters"
    } else {
        return Ok(());
    };
    Err(Failure::new(Code::Usage, format!("{name:?} cannot be a machine's name"), why, "use --name NAME"))
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let help = "look at it, and remove the machine's folder if nothing runs there";
    Failure::new(Code::Build, format!("cannot use {}", path.display()), why, help)
}

/// A machine that is about to be started: its lock, and an empty folder.
pub struct Claim {
    /// The lock, held.
    pub lock: File,
    folder: PathBuf,
}

impl Claim {
    /// Takes a name that no machine has which is there.
    pub fn new(name: &str) -> Result<Self, Failure> {
        check(name)?;
        let folder = runtime()?.join(name);
        let taken = |why: &str| {
            let help = format!("stop it with `voxoz stop {name}`, or use --name for another one");
            Failure::new(Code::Failed, format!("there is a machine {name} already"), why, help)
        };
        fs::create_dir_all(&folder).map_err(|why| unusable(&folder, &why))?;
        let path = folder.join("lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|why| unusable(&path, &why))?;
        let deadline = Instant::now() + LOOKED_AT;
        while lock.try_lock().is_err() {
            if Instant::now() > deadline {
                return Err(taken("it is running"));
            }
            std::thread::sleep(LOOK);
        }
        if let Ok(machine) = Machine::open(&folder)
            && machine.record.place == Place::Xen
            && host::is_there(name)
        {
            return Err(taken("its domain is there"));
        }
        for entry in fs::read_dir(&folder).map_err(|why| unusable(&folder, &why))?.flatten() {
            if entry.path() != path {
                fs::remove_file(entry.path()).map_err(|why| unusable(&entry.path(), &why))?;
            }
        }
        Ok(Self { lock, folder })
    }

    /// Where the machine's image belongs.
    pub fn image(&self) -> PathBuf {
        self.folder.join("image.elf")
    }

    /// Gives the name back, with all that was made for it.
    pub fn abandon(self) {
        // What stays behind is removed when the name is used again.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Makes the machine of it.
    pub fn finish(self, record: Record) -> Result<(Machine, File), Failure> {
        let machine = Machine { folder: self.folder, record };
        machine.write("machine.json", &machine.record.to_json())?;
        Ok((machine, self.lock))
    }
}

impl Machine {
    /// Reads a machine's folder.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("machine.json");
        let text = fs::read(&path).map_err(|why| unusable(&path, &why))?;
        let value: Value = serde_json::from_slice(&text).map_err(|why| unusable(&path, &why))?;
        let record = Record::from_json(&value).ok_or_else(|| unusable(&path, &"it is no machine's"))?;
        Ok(Self { folder: folder.to_owned(), record })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Forgets it, with all that was made for it.
    pub fn discard(&self) {
        // What stays behind is removed when the name is used again.
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// What it boots.
    pub fn image(&self) -> PathBuf {
        self.folder.join("image.elf")
    }

    /// What its console has said, and before that what made way when the file had become long.
    pub fn console(&self) -> [PathBuf; 2] {
        ["console.log", "console.old"].map(|name| self.folder.join(name))
    }

    /// What its keeper has said.
    pub fn keeper_log(&self) -> PathBuf {
        self.folder.join("keeper.log")
    }

    /// Where its keeper listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Whether somebody keeps it.
    pub fn is_kept(&self) -> bool {
        File::open(self.folder.join("lock")).is_ok_and(|lock| lock.try_lock_shared().is_err())
    }

    /// What it does.
    pub fn state(&self) -> State {
        // Asked before reading: a keeper writes how it ended before it lets go.
        let is_there = match self.record.place {
            Place::Xen => host::is_there(&self.record.name),
            Place::Bench | Place::Process => self.is_kept(),
        };
        let started = self.read("started.json").and_then(|value| {
            let ports = value.get("ports")?.as_array()?.iter().filter_map(Value::as_str);
            Some(Started { at: value.get("at")?.as_u64()?, ports: ports.map(str::to_owned).collect() })
        });
        let ended = self.read("ended.json").and_then(|value| {
            Some(Ended { at: value.get("at")?.as_u64()?, how: value.get("how")?.as_str()?.to_owned() })
        });
        // Nobody keeps a domain, but xl writes down how it ends.
        let ended = ended.or_else(|| match &started {
            Some(started) if self.record.place == Place::Xen && !is_there => self.ended_by_xl(started.at),
            _ => None,
        });
        match (is_there, started, ended) {
            (true, Some(started), None) => State::Running(started),
            (true, None, None) => State::Starting,
            (_, _, Some(ended)) => State::Ended(ended),
            (false, _, None) => State::Lost,
        }
    }

    fn ended_by_xl(&self, started: u64) -> Option<Ended> {
        let (at, reason) = host::ended(&self.record.name, UNIX_EPOCH + Duration::from_secs(started))?;
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Some(Ended { at, how: reason.to_string() })
    }

    /// Waits until nobody keeps it.
    pub fn wait_end(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_kept() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    /// Says that it runs.
    pub fn mark_started(&self, ports: &[String]) -> Result<(), Failure> {
        self.write("started.json", &json!({ "at": now(), "ports": ports }))
    }

    /// Says that it has ended.
    pub fn mark_ended(&self, how: &str) -> Result<(), Failure> {
        self.write("ended.json", &json!({ "at": now(), "how": how }))
    }

    fn read(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.folder.join(name)).ok()?).ok()
    }

    /// Writes a file that is there whole or not at all.
    fn write(&self, name: &str, value: &Value) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let part = self.folder.join(format!("{name}.part"));
        let written = fs::write(&part, value.to_string()).and_then(|()| fs::rename(&part, &path));
        written.map_err(|why| unusable(&path, &why))
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_those_of_folders_and_domains() {
        for name in ["guestbook", "a.b-c_d+1", "7up"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "..", ".hidden", "-d", "17", "a/b", "a b", "ä", &"x".repeat(49)] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
