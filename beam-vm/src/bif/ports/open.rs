// SPDX-License-Identifier: Apache-2.0
//! `open_port/2`: what the options say, and which driver does it (`erts/emulator/beam/erl_bif_port.c`).

mod options;
mod text;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use options::Options;
use text::{file_name, vanilla_name};

use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context};
use crate::platform::{Command, OpenModes, Plumbing, SocketError, StreamError, StreamId, TerminalMode, Way};
use crate::port::{Attached, Charset, Descriptor, Driver, Name, Port, RamFile, Terminal, Vif};
use crate::term::{LocalPort, Term};
use crate::trace::Flag;

/// Why a port is not opened: the atom that `erts_internal:open_port/2` gives.
type Refusal = Atom;

/// What is to be opened.
enum Target {
    /// A program that the shell starts, or a driver.
    Spawn(Vec<u8>),
    /// A driver.
    Driver(Vec<u8>),
    /// A program.
    Executable(Vec<u8>),
    /// Descriptors.
    Descriptors(i64, i64),
    /// A file.
    File(Vec<u8>),
    /// The driver of frames with its interface, and how many messages may wait.
    Vif(Vec<u8>, Option<usize>),
}

impl Target {
    /// Reads the name of a port.
    fn read(cx: &Context<'_>, term: Term) -> Option<Self> {
        if let Some(name) = vanilla_name(&cx.vm.atoms, term) {
            return Some(Self::File(name));
        }
        let tuple = term.as_tuple()?;
        let (tag, rest) = tuple.elements().split_first()?;
        let name = |term| file_name(&cx.vm.atoms, term).filter(|name| !name.is_empty());
        match (tag.as_atom()?, rest) {
            (predefined::SPAWN, [command]) => Some(Self::Spawn(name(*command)?)),
            (predefined::SPAWN_DRIVER, [driver]) => Some(Self::Driver(name(*driver)?)),
            (predefined::SPAWN_EXECUTABLE, [file]) => Some(Self::Executable(name(*file)?)),
            (predefined::FD, [input, output]) => {
                Some(Self::Descriptors(input.as_small()?, output.as_small()?))
            }
            _ => None,
        }
    }

    fn is_executable(&self) -> bool {
        matches!(self, Self::Executable(_))
    }
}

/// `erts_internal:open_port/2`
pub fn open_port(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let opened = plan(cx, args[0], args[1]).and_then(|(target, options)| open(cx, &target, &options));
    Ok(match opened {
        Ok(id) => Term::port(id),
        Err(refusal) => Term::atom(refusal),
    })
}

/// Opens a port of the frames of an interface, which is an atom or a string.
///
/// # Errors
/// Why it is not opened.
pub fn open_vif(
    cx: &mut Context<'_>,
    interface: Term,
    options: Term,
    mailbox_limit: Option<usize>,
) -> Result<LocalPort, Atom> {
    let interface = file_name(&cx.vm.atoms, interface).ok_or(predefined::BADARG)?;
    let options = Options::read(&cx.vm.atoms, options).ok_or(predefined::BADARG)?;
    let command = [Name::Vif.text().as_bytes(), b" ", &interface].concat();
    open(cx, &Target::Vif(command, mailbox_limit), &options)
}

/// What the arguments say, if they fit together.
fn plan(cx: &Context<'_>, name: Term, list: Term) -> Result<(Target, Options), Refusal> {
    let options = Options::read(&cx.vm.atoms, list).ok_or(predefined::BADOPT)?;
    let target = Target::read(cx, name).ok_or(predefined::BADARG)?;
    let is_program = !matches!(target, Target::Descriptors(..) | Target::File(_));
    if options.has_arguments() && !target.is_executable() || options.exit_status && !is_program {
        return Err(predefined::BADARG);
    }
    Ok((target, options))
}

/// What a driver has when it begins, and the number of the program at its other end.
type Beginning = (Driver, Option<u32>);

fn open(cx: &mut Context<'_>, target: &Target, options: &Options) -> Result<LocalPort, Refusal> {
    let folder = match options.folder {
        Some(term) => Some(file_name(&cx.vm.atoms, term).ok_or(predefined::BADARG)?),
        None => None,
    };
    let id = cx.vm.ports.new_id().map_err(|_| predefined::SYSTEM_LIMIT)?;
    let (driver, os_pid) = match target {
        Target::Spawn(command) => match Name::of_command(command) {
            Some(name) => (named(cx, name, command, None)?, None),
            None => program(cx, shell(command), folder, options)?,
        },
        Target::Driver(command) => {
            let name = Name::of_command(command).ok_or(predefined::BADARG)?;
            (named(cx, name, command, None)?, None)
        }
        Target::Executable(file) => program(cx, file_of(file, options), folder, options)?,
        Target::File(name) => (opened(cx, name, options)?, None),
        Target::Vif(command, mailbox_limit) => (named(cx, Name::Vif, command, *mailbox_limit)?, None),
        Target::Descriptors(input, output) => (descriptors(cx, *input, *output, options)?, None),
    };
    let own = cx.process.pid;
    let tracee = cx.vm.tracing.new_ports;
    let port = Port {
        os_pid,
        framing: options.framing(),
        at_end: options.at_end,
        parallelism: options.parallelism,
        tracee,
        ..Port::new(id, target.name(), own, driver)
    };
    cx.vm.ports.put(Box::new(port));
    if tracee.flags.has(Flag::Ports) {
        let name: alloc::string::String = target.name().iter().map(|byte| char::from(*byte)).collect();
        let name = cx.vm.atoms.insert(&name).unwrap_or(predefined::UNDEFINED);
        let event = [Term::atom(predefined::OPEN), Term::pid(own), Term::atom(name)];
        cx.vm.trace_port(id, tracee, Flag::Ports, &event);
    }
    super::link(cx, id);
    cx.reach().with(id, |port, reach| port.start(reach));
    Ok(id)
}

/// A driver that is known by its name, the first word of a command.
fn named(
    cx: &mut Context<'_>,
    name: Name,
    command: &[u8],
    mailbox_limit: Option<usize>,
) -> Result<Driver, Refusal> {
    match name {
        Name::RamFile => Ok(Driver::RamFile(RamFile::default())),
        Name::Terminal => terminal(cx).ok_or(predefined::EINVAL),
        Name::Tcp => Ok(Driver::Tcp(Box::default())),
        Name::Udp => Ok(Driver::Udp(Box::default())),
        Name::Vif => {
            let mut words = command.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let interface = words.nth(1).ok_or(predefined::BADARG)?;
            let sockets = cx.vm.platform.sockets().ok_or(predefined::EINVAL)?;
            match sockets.open_frames(interface) {
                Ok(socket) => Ok(Driver::Vif(Vif::new(socket, mailbox_limit))),
                Err(SocketError::Posix(error)) => Err(cx.reach().posix(error)),
                Err(SocketError::NotNow) => Err(predefined::EAGAIN),
            }
        }
    }
}

/// The driver of the terminal, if input and output are one that understands what it is to be sent.
fn terminal(cx: &mut Context<'_>) -> Option<Driver> {
    let variable = |name: &str| {
        let value = cx.vm.environment.get(name.as_bytes()).filter(|value| !value.is_empty())?;
        core::str::from_utf8(value).ok()
    };
    variable("TERM").filter(|kind| *kind != "dumb")?;
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
    let is_unicode = locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    let charset = if is_unicode { Charset::Unicode } else { Charset::Latin1 };
    let streams = cx.vm.platform.streams()?;
    let input = streams.descriptor(0, Way::In).ok()?;
    let output = streams.descriptor(1, Way::Out).ok();
    if let Some(output) = output
        && streams.is_terminal(input)
        && streams.is_terminal(output)
        && streams.set_terminal(input, TerminalMode::Raw).is_ok()
    {
        return Some(Driver::Terminal(Terminal::new(input, output, charset)));
    }
    streams.close(input);
    output.into_iter().for_each(|output| streams.close(output));
    None
}

fn descriptors(cx: &mut Context<'_>, input: i64, output: i64, options: &Options) -> Result<Driver, Refusal> {
    let stream = |cx: &mut Context<'_>, number: i64, way: Way| -> Result<StreamId, Refusal> {
        let number = i32::try_from(number).ok().filter(|number| *number >= 0).ok_or(predefined::EINVAL)?;
        let streams = cx.vm.platform.streams().ok_or(predefined::EINVAL)?;
        streams.descriptor(number, way).map_err(|error| refusal(cx, error))
    };
    let input = if options.reads() { Some(stream(cx, input, Way::In)?) } else { None };
    let output = if options.writes() { Some(stream(cx, output, Way::Out)?) } else { None };
    Ok(Driver::Descriptor(Descriptor::new(input, output, Attached::Descriptors)))
}

/// A file of the host. Others cannot be waited for, so they are refused.
fn opened(cx: &mut Context<'_>, name: &[u8], options: &Options) -> Result<Driver, Refusal> {
    let (read, write) = (options.reads(), options.writes());
    let modes = OpenModes { read, write, create: write, ..OpenModes::default() };
    let files = cx.vm.platform.files();
    let file = files.open(name, modes).map_err(|_| predefined::EINVAL)?;
    let number = files.descriptor(file);
    let stream = number.ok().and_then(|number| cx.vm.platform.streams()?.duplicate(number).ok());
    if stream.is_some() && write && !read {
        // Not before: nothing is taken from a file that is refused. What is no ordinary file has nothing to be taken.
        let _ = cx.vm.platform.files().resize(file, 0);
    }
    // The stream goes on when the file is closed, and without one there is nothing to be told.
    let _ = cx.vm.platform.files().close(file);
    let stream = stream.ok_or(predefined::EINVAL)?;
    Ok(Driver::Descriptor(Descriptor::new(read.then_some(stream), write.then_some(stream), Attached::File)))
}

/// File, name and arguments of a program.
type Invocation = (Vec<u8>, Option<Vec<u8>>, Vec<Vec<u8>>);

/// The shell is told to become what the command says.
fn shell(command: &[u8]) -> Invocation {
    (b"/bin/sh".to_vec(), Some(b"sh".to_vec()), vec![b"-c".to_vec(), [b"exec ", command].concat()])
}

fn file_of(file: &[u8], options: &Options) -> Invocation {
    (file.to_vec(), options.name.clone(), options.arguments.clone().unwrap_or_default())
}

fn program(
    cx: &mut Context<'_>,
    (file, name, arguments): Invocation,
    folder: Option<Vec<u8>>,
    options: &Options,
) -> Result<Beginning, Refusal> {
    let plumbing = Plumbing {
        reads: options.reads(),
        writes: options.writes(),
        merges_errors: options.merges_errors,
        first: options.first_descriptor,
    };
    let mut environment = cx.vm.environment.clone();
    for (name, value) in &options.environment {
        match value {
            Some(value) => environment.insert(name.clone(), value.clone()),
            None => environment.remove(name),
        };
    }
    let environment = environment.into_iter().collect();
    let folder = folder.filter(|folder| !folder.is_empty());
    let command = Command { file, name, arguments, folder, environment, plumbing };
    // Without programs it is as if there were none of that name.
    let streams = cx.vm.platform.streams().ok_or(predefined::ENOENT)?;
    let program = streams.start(&command).map_err(|error| refusal(cx, error))?;
    let attached = match options.exit_status {
        true => Attached::Watched(program.id, None),
        false => Attached::Program(program.id),
    };
    let driver = Driver::Descriptor(Descriptor::new(program.output, program.input, attached));
    Ok((driver, Some(program.id.0)))
}

fn refusal(cx: &mut Context<'_>, error: StreamError) -> Refusal {
    match error {
        StreamError::NotNow => predefined::EAGAIN,
        StreamError::Posix(error) => cx.reach().posix(error),
    }
}

impl Target {
    /// What `port_info(_, name)` tells.
    fn name(&self) -> Vec<u8> {
        match self {
            Self::Spawn(name)
            | Self::Driver(name)
            | Self::Executable(name)
            | Self::File(name)
            | Self::Vif(name, _) => name.clone(),
            Self::Descriptors(input, output) => alloc::format!("{input}/{output}").into_bytes(),
        }
    }
}
