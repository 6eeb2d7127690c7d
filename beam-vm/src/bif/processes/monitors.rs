// SPDX-License-Identifier: Apache-2.0
//! Monitors and aliases.

use super::{BADOPT, BADTYPE, Options, reference_key};
use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::process::{AliasKind, Lookup, Message, Monitor, RefNumbers, Target};
use crate::term::{LocalPid, Term, View};

/// What options of a monitor ask for.
pub(super) struct Settings {
    /// Whether its reference is an alias.
    pub(super) alias: Option<AliasKind>,
    /// What its message has in place of `'DOWN'`.
    pub(super) tag: Term,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alias: None, tag: Term::NONE }
    }
}

impl Settings {
    /// Reads a list of options.
    pub(super) fn read(list: Term) -> Result<Self, Raise> {
        let mut settings = Self::default();
        let mut options = Options::new(list, BADOPT);
        while let Some(option) = options.next()? {
            let pair = option.as_tuple().ok_or(BADOPT)?;
            let [name, value] = *pair.elements() else { return Err(BADOPT) };
            match name.as_atom() {
                Some(predefined::ALIAS) => settings.alias = Some(alias_kind(value).ok_or(BADOPT)?),
                Some(predefined::TAG) => settings.tag = value,
                _ => return Err(BADOPT),
            }
        }
        Ok(settings)
    }

    /// The reference of a monitor.
    pub(super) fn reference(&self, cx: &mut Context<'_>, numbers: RefNumbers) -> Term {
        let own = cx.process.pid;
        build::reference(cx.heap(), numbers, self.alias.map(|_| own))
    }
}

fn alias_kind(term: Term) -> Option<AliasKind> {
    match term.as_atom()? {
        predefined::EXPLICIT_UNALIAS => Some(AliasKind::Explicit),
        predefined::DEMONITOR => Some(AliasKind::Demonitor),
        predefined::REPLY_DEMONITOR => Some(AliasKind::ReplyDemonitor),
        _ => None,
    }
}

/// `monitor/2`
pub fn monitor(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    watch(cx, args, &Settings::default())
}

/// `monitor/3`
pub fn monitor3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let settings = Settings::read(args[2])?;
    watch(cx, args, &settings)
}

fn watch(cx: &mut Context<'_>, args: &[Term], settings: &Settings) -> BifResult {
    let kind = args[0].as_atom().ok_or(BADTYPE)?;
    let numbers = cx.vm.new_reference();
    let own = cx.process.pid;
    let target = match kind {
        predefined::PROCESS => process(cx, args[1])?,
        predefined::PORT => {
            check_port(cx, args[1])?;
            port(cx, args[1])
        }
        predefined::TIME_OFFSET if args[1] == Term::atom(predefined::CLOCK_SERVICE) => {
            Some(Target::TimeOffset)
        }
        predefined::TIME_OFFSET => return Err(Raise::BADARG),
        _ => return Err(BADTYPE),
    };
    let reference = settings.reference(cx, numbers);
    let is_own = target.and_then(Target::pid) == Some(own);
    if is_own && settings.alias.is_none() {
        // A process that watches itself would be told by nobody.
        return Ok(reference);
    }
    // What is not there is told of as if it had been.
    let kept = target.unwrap_or(Target::Process(own));
    let kept = if is_own { Target::None } else { kept };
    let monitor = Monitor { target: kept, alias: settings.alias, tag: settings.tag };
    cx.process.extension_mut().monitors.insert(numbers, monitor);
    match target {
        None => own_down(cx, numbers, kind, args[1]),
        Some(Target::Process(pid) | Target::Name(pid, _)) if !is_own => {
            if let Lookup::Process(process) = cx.vm.processes.lookup(pid) {
                process.watchers.insert(numbers, own);
            } else if let Some(ending) = cx.vm.find_ending(pid) {
                ending.watch(numbers, own);
            }
        }
        Some(Target::Port(id) | Target::PortName(id, _)) => {
            if let Some(port) = cx.vm.ports.get_mut(id) {
                port.watchers.insert(numbers, own);
            }
        }
        Some(_) => {}
    }
    Ok(reference)
}

/// Whom `monitor(process, _)` means, if there is one.
fn process(cx: &mut Context<'_>, term: Term) -> Result<Option<Target>, Raise> {
    let name = match term.view() {
        View::Pid(pid) => {
            // Whoever is told that a process is gone can rely on it that what it had is gone too.
            let is_there = pid == cx.process.pid || cx.vm.processes.is_there(pid);
            return Ok(is_there.then_some(Target::Process(pid)));
        }
        // A process of this node before it was started again, or of one that is not connected.
        View::ExternalPid(_) => return Ok(None),
        View::Atom(name) => name,
        View::Tuple(pair) => match *pair.elements() {
            [name, node] if node.as_atom() == Some(cx.vm.node.name) => name.as_atom().ok_or(Raise::BADARG)?,
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    };
    Ok(cx.vm.registry.get(&name).map(|pid| Target::Name(*pid, name)))
}

/// What `monitor(port, _)` means, if it is there.
fn port(cx: &Context<'_>, term: Term) -> Option<Target> {
    let named = |name: Term| {
        let name = name.as_atom()?;
        cx.vm.ports.names.get(&name).map(|id| Target::PortName(*id, name))
    };
    let target = match term.view() {
        View::Port(id) => Some(Target::Port(id)),
        View::Tuple(pair) => named(*pair.elements().first()?),
        _ => named(term),
    };
    let is_open = |target: &Target| {
        let port = target.port().and_then(|id| cx.vm.ports.get(id));
        port.is_some_and(|port| port.state == crate::port::State::Open)
    };
    target.filter(is_open)
}

/// Whether `monitor(port, _)` can mean a port.
fn check_port(cx: &Context<'_>, term: Term) -> Result<(), Raise> {
    match term.view() {
        View::Port(_) | View::Atom(_) => Ok(()),
        // One of this node before it was started again.
        View::ExternalPort(port) if port.node() == cx.vm.node.name => Ok(()),
        View::Tuple(pair) => match *pair.elements() {
            [name, node] if node.as_atom() == Some(cx.vm.node.name) && name.is_atom() => Ok(()),
            _ => Err(Raise::BADARG),
        },
        _ => Err(Raise::BADARG),
    }
}

/// Tells the process that calls that what it wants to watch is not there.
fn own_down(cx: &mut Context<'_>, numbers: RefNumbers, kind: Atom, object: Term) {
    let node = cx.vm.node.name;
    let own = cx.process.pid;
    let Some(monitor) = cx.process.extension_mut().monitors.end_watch(numbers) else { return };
    let reason = match object.view() {
        View::ExternalPid(pid) if pid.node() != node => predefined::NOCONNECTION,
        _ => predefined::NOPROC,
    };
    let heap = &mut cx.process.heap;
    let object = match object.as_atom() {
        Some(name) => build::tuple(heap, &[Term::atom(name), Term::atom(node)]),
        None => object,
    };
    let tag = if monitor.tag.is_some() { monitor.tag } else { Term::atom(predefined::UPPER_DOWN) };
    let reference = build::reference(heap, numbers, monitor.alias.map(|_| own));
    let message = [tag, reference, Term::atom(kind), object, Term::atom(reason)];
    let term = build::tuple(heap, &message);
    cx.process.mailbox.push(&mut cx.vm.nodes, Message::of_machine(term, None));
}

/// Takes a monitor away; gives whether there was one.
fn take_monitor(cx: &mut Context<'_>, numbers: RefNumbers) -> bool {
    if cx.process.extension().is_none() {
        return false;
    }
    let Some(monitor) = cx.process.extension_mut().monitors.end_watch(numbers) else { return false };
    cx.vm.unwatch(numbers, monitor.target);
    true
}

/// `demonitor/1`
pub fn demonitor(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = reference_key(args[0])?;
    take_monitor(cx, numbers);
    Ok(Term::boolean(true))
}

/// `demonitor/2`
pub fn demonitor2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (mut flush, mut info) = (false, false);
    let mut options = Options::new(args[1], Raise::BADARG);
    while let Some(option) = options.next()? {
        match option.as_atom() {
            Some(predefined::FLUSH) => flush = true,
            Some(predefined::INFO) => info = true,
            _ => return Err(Raise::BADARG),
        }
    }
    let numbers = reference_key(args[0])?;
    let was_there = take_monitor(cx, numbers);
    if flush && !was_there {
        cx.bump((cx.process.mailbox.len() / 8).min(4000) as u32);
        cx.process.mailbox.remove_where(&mut cx.vm.nodes, |term| {
            let Some(tuple) = term.as_tuple() else { return false };
            let [_, reference, _, _, _] = *tuple.elements() else { return false };
            reference_key(reference).is_ok_and(|key| key == numbers)
        });
    }
    Ok(Term::boolean(was_there || !info))
}

/// `alias/0`
pub fn alias(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(new_alias(cx, AliasKind::Explicit))
}

/// `alias/1`
pub fn alias1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut kind = AliasKind::Explicit;
    let mut options = Options::new(args[0], Raise::BADARG);
    while let Some(option) = options.next()? {
        kind = match option.as_atom() {
            Some(predefined::EXPLICIT_UNALIAS) => AliasKind::Explicit,
            Some(predefined::REPLY) => AliasKind::Reply,
            _ => return Err(Raise::BADARG),
        };
    }
    Ok(new_alias(cx, kind))
}

fn new_alias(cx: &mut Context<'_>, kind: AliasKind) -> Term {
    let numbers = cx.vm.new_reference();
    let own = cx.process.pid;
    let monitor = Monitor { target: Target::None, alias: Some(kind), tag: Term::NONE };
    cx.process.extension_mut().monitors.insert(numbers, monitor);
    build::reference(cx.heap(), numbers, Some(own))
}

/// `unalias/1`
pub fn unalias(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = reference_key(args[0])?;
    let ended = cx.process.extension().is_some() && cx.process.extension_mut().monitors.end_alias(numbers);
    Ok(Term::boolean(ended))
}

/// The process that an alias leads to now, and what it stands for. An alias for one reply ends with that.
pub(in crate::bif) fn use_alias(cx: &mut Context<'_>, numbers: RefNumbers, pid: LocalPid) -> bool {
    let Some(process) = super::find(cx, pid) else { return false };
    if process.extension().is_none() {
        return false;
    }
    let monitors = &mut process.extension_mut().monitors;
    let Some(monitor) = monitors.get(numbers).copied() else { return false };
    match monitor.alias {
        None => return false,
        Some(AliasKind::Explicit | AliasKind::Demonitor) => {}
        Some(AliasKind::Reply) => {
            monitors.remove(numbers);
        }
        Some(AliasKind::ReplyDemonitor) => {
            monitors.remove(numbers);
            if monitor.target.pid() == Some(cx.process.pid) {
                cx.process.watchers.remove(numbers);
            }
            cx.vm.unwatch(numbers, monitor.target);
        }
    }
    true
}
