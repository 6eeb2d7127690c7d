// SPDX-License-Identifier: Apache-2.0
//! Processes: making and ending them, links, monitors, aliases, names, flags.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::{Atom, predefined};
use crate::heap::{HeapLimits, build};
use crate::process::{AliasKind, Lookup, Monitor, Priority, RefNumbers};
use crate::signal::{Cause, Effect, effect};
use crate::term::{LocalPid, Reference, Term, View};

/// `self/0`
pub fn self_pid(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::pid(cx.process.pid))
}

/// `node/0`
pub fn node(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(cx.vm.node.name))
}

/// `node/1`
pub fn node_of(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) | View::Port(_) | View::Reference(_) => Ok(Term::atom(cx.vm.node.name)),
        View::ExternalPid(other) | View::ExternalPort(other) | View::ExternalReference(other) => {
            Ok(Term::atom(other.node()))
        }
        _ => Err(Raise::BADARG),
    }
}

/// What `spawn_opt` asks for.
#[derive(Default)]
struct Options {
    link: bool,
    monitor: Option<Term>,
    priority: Option<Priority>,
    limits: HeapLimits,
}

fn priority(term: Term) -> Result<Priority, Raise> {
    match term.as_atom() {
        Some(predefined::MAX) => Ok(Priority::Max),
        Some(predefined::HIGH) => Ok(Priority::High),
        Some(predefined::NORMAL) => Ok(Priority::Normal),
        Some(predefined::LOW) => Ok(Priority::Low),
        _ => Err(Raise::BADARG),
    }
}

fn priority_atom(priority: Priority) -> Term {
    Term::atom(match priority {
        Priority::Max => predefined::MAX,
        Priority::High => predefined::HIGH,
        Priority::Normal => predefined::NORMAL,
        Priority::Low => predefined::LOW,
    })
}

fn natural(term: Term) -> Result<usize, Raise> {
    term.as_small().and_then(|value| usize::try_from(value).ok()).ok_or(Raise::BADARG)
}

/// `max_heap_size`: words, or a map.
fn max_heap_size(cx: &Context<'_>, limits: &mut HeapLimits, value: Term) -> Result<(), Raise> {
    if let Some(map) = value.as_map() {
        for (key, value) in crate::map::pairs(map) {
            match key.as_atom() {
                Some(predefined::SIZE) => limits.max_words = natural(value)?,
                Some(predefined::KILL) => limits.max_kills = value.as_boolean().ok_or(Raise::BADARG)?,
                Some(predefined::ERROR_LOGGER) => {
                    limits.max_logs = value.as_boolean().ok_or(Raise::BADARG)?
                }
                _ => {}
            }
        }
        return Ok(());
    }
    let _ = cx;
    limits.max_words = natural(value)?;
    Ok(())
}

fn options(cx: &Context<'_>, list: Term) -> Result<Options, Raise> {
    let mut options = Options::default();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        match cell.head().view() {
            View::Atom(predefined::LINK) => options.link = true,
            View::Atom(predefined::MONITOR) => options.monitor = Some(Term::NIL),
            View::Tuple(pair) => {
                let [name, value] = *pair.elements() else { return Err(Raise::BADARG) };
                match name.as_atom() {
                    Some(predefined::MONITOR) => options.monitor = Some(value),
                    Some(predefined::PRIORITY) => options.priority = Some(priority(value)?),
                    Some(predefined::MIN_HEAP_SIZE) => options.limits.min_words = natural(value)? as u32,
                    Some(predefined::MIN_BIN_VHEAP_SIZE) => {
                        options.limits.min_binary_words = natural(value)? as u32
                    }
                    Some(predefined::FULLSWEEP_AFTER) => {
                        options.limits.fullsweep_after = natural(value)?.min(usize::from(u16::MAX)) as u16;
                    }
                    Some(predefined::MAX_HEAP_SIZE) => max_heap_size(cx, &mut options.limits, value)?,
                    Some(predefined::MESSAGE_QUEUE_DATA | predefined::SCHEDULER | predefined::ASYNC_DIST) => {
                    }
                    _ => return Err(Raise::BADARG),
                }
            }
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(options) } else { Err(Raise::BADARG) }
}

/// Makes a process that calls `Module:Function(Arguments…)`.
fn spawn(cx: &mut Context<'_>, args: &[Term], options: &Options) -> BifResult {
    let (module, function) =
        (args[0].as_atom().ok_or(Raise::BADARG)?, args[1].as_atom().ok_or(Raise::BADARG)?);
    let arguments = super::lists::proper(args[2]).ok_or(Raise::BADARG)?;
    if arguments.len() > 255 {
        return Err(Raise::SYSTEM_LIMIT);
    }
    let export = cx.vm.code.export(module, function, arguments.len() as u32);
    let parent = cx.process.pid;
    let leader = cx.process.group_leader;
    let made = cx.vm.new_process(parent, leader, options.limits, &arguments);
    let mut process = made.map_err(|_| Raise::SYSTEM_LIMIT)?;
    let pid = process.pid;
    if let Some(priority) = options.priority {
        process.priority = priority;
    }
    if options.link {
        process.links.insert(parent);
        cx.process.links.insert(pid);
    }
    let mut result = Term::pid(pid);
    if let Some(monitor_options) = options.monitor {
        let numbers = cx.vm.new_reference();
        let (alias, tag) = monitor_settings(monitor_options)?;
        process.extension_mut().watchers.insert(numbers, parent);
        let extension = cx.process.extension_mut();
        extension.monitors.insert(numbers, Monitor { target: pid, name: None });
        if let Some(kind) = alias {
            extension.aliases.insert(numbers, kind);
        }
        if let Some(tag) = tag {
            extension.tags.insert(numbers, tag);
        }
        let heap = &mut cx.process.heap;
        let reference = build::reference(heap, numbers, alias.map(|_| parent));
        result = build::tuple(heap, &[Term::pid(pid), reference]);
    }
    cx.vm.start(process, export);
    cx.bump(20);
    Ok(result)
}

/// `spawn/3`
pub fn spawn3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    spawn(cx, args, &Options::default())
}

/// `spawn_link/3`
pub fn spawn_link(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    spawn(cx, args, &Options { link: true, ..Options::default() })
}

/// `erlang:spawn_opt/4`, `erts_internal`'s form with a list of options.
pub fn spawn_opt(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let options = options(cx, args[3])?;
    spawn(cx, &args[..3], &options)
}

/// The kind of alias and the tag that options of a monitor ask for.
fn monitor_settings(list: Term) -> Result<(Option<AliasKind>, Option<Term>), Raise> {
    let (mut alias, mut tag) = (None, None);
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let pair = cell.head().as_tuple().ok_or(Raise::BADARG)?;
        let [name, value] = *pair.elements() else { return Err(Raise::BADARG) };
        match (name.as_atom(), value.as_atom()) {
            (Some(predefined::ALIAS), Some(predefined::EXPLICIT_UNALIAS)) => {
                alias = Some(AliasKind::Explicit)
            }
            (Some(predefined::ALIAS), Some(predefined::DEMONITOR)) => alias = Some(AliasKind::Demonitor),
            (Some(predefined::ALIAS), Some(predefined::REPLY_DEMONITOR)) => {
                alias = Some(AliasKind::ReplyDemonitor)
            }
            (Some(predefined::TAG), _) => tag = Some(value),
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if rest.is_nil() { Ok((alias, tag)) } else { Err(Raise::BADARG) }
}

/// `monitor/2`
pub fn monitor(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    monitor_with(cx, args, Term::NIL)
}

/// `monitor/3`
pub fn monitor3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    monitor_with(cx, args, args[2])
}

fn monitor_with(cx: &mut Context<'_>, args: &[Term], settings: Term) -> BifResult {
    let (alias, tag) = monitor_settings(settings)?;
    if args[0] != Term::atom(predefined::PROCESS) {
        return Err(Raise::BADARG);
    }
    let (target, name) = match args[1].view() {
        View::Pid(pid) => (Some(pid), None),
        View::Atom(name) => (cx.vm.registry.get(&name).copied(), Some(name)),
        View::Tuple(pair) => match *pair.elements() {
            [name, node] if node.as_atom() == Some(cx.vm.node.name) => {
                let name = name.as_atom().ok_or(Raise::BADARG)?;
                (cx.vm.registry.get(&name).copied(), Some(name))
            }
            _ => return Err(Raise::BADARG),
        },
        _ => return Err(Raise::BADARG),
    };
    let numbers = cx.vm.new_reference();
    let own = cx.process.pid;
    let reference = build::reference(cx.heap(), numbers, alias.map(|_| own));
    let is_self = target == Some(own);
    let extension = cx.process.extension_mut();
    if let Some(kind) = alias {
        extension.aliases.insert(numbers, kind);
    }
    if is_self {
        // A process that watches itself would be told by nobody.
        return Ok(reference);
    }
    if let Some(tag) = tag {
        extension.tags.insert(numbers, tag);
    }
    let monitor = Monitor { target: target.unwrap_or(own), name };
    extension.monitors.insert(numbers, monitor);
    let alive = match target.map(|pid| (pid, cx.vm.processes.lookup(pid))) {
        Some((_, Lookup::Process(process))) => {
            process.extension_mut().watchers.insert(numbers, own);
            true
        }
        _ => false,
    };
    if !alive {
        own_down(cx, numbers, args[1]);
    }
    Ok(reference)
}

/// Tells the process that calls that what it wants to watch is not there.
fn own_down(cx: &mut Context<'_>, numbers: RefNumbers, object: Term) {
    let node = cx.vm.node.name;
    let own = cx.process.pid;
    let extension = cx.process.extension_mut();
    let Some(monitor) = extension.monitors.remove(&numbers) else { return };
    let tag = extension.tags.remove(&numbers).unwrap_or(Term::atom(predefined::UPPER_DOWN));
    let alias = extension.aliases.get(&numbers).copied();
    if alias.is_some_and(|kind| kind != AliasKind::Explicit) {
        extension.aliases.remove(&numbers);
    }
    let heap = &mut cx.process.heap;
    let object = match monitor.name {
        Some(name) => build::tuple(heap, &[Term::atom(name), Term::atom(node)]),
        None => object,
    };
    let reference = build::reference(heap, numbers, alias.map(|_| own));
    let message = [tag, reference, Term::atom(predefined::PROCESS), object, Term::atom(predefined::NOPROC)];
    let term = build::tuple(heap, &message);
    cx.process.mailbox.push(crate::process::Message { term, fragment: None });
}

fn key(reference: Reference) -> Option<RefNumbers> {
    let mut numbers = [0; crate::term::REF_NUMBERS_MAX];
    reference.numbers(&mut numbers).first_chunk::<3>().copied()
}

fn reference_key(term: Term) -> Result<RefNumbers, Raise> {
    match term.view() {
        View::Reference(reference) => key(reference).ok_or(Raise::BADARG),
        _ => Err(Raise::BADARG),
    }
}

/// Takes a monitor away; gives whether there was one.
fn take_monitor(cx: &mut Context<'_>, numbers: RefNumbers) -> bool {
    let extension = cx.process.extension_mut();
    let Some(monitor) = extension.monitors.remove(&numbers) else { return false };
    extension.tags.remove(&numbers);
    if extension.aliases.get(&numbers).is_some_and(|kind| *kind != AliasKind::Explicit) {
        extension.aliases.remove(&numbers);
    }
    if let Lookup::Process(target) = cx.vm.processes.lookup(monitor.target) {
        target.extension_mut().watchers.remove(&numbers);
    }
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
    let numbers = reference_key(args[0])?;
    let (mut flush, mut info) = (false, false);
    let mut rest = args[1];
    while let Some(cell) = rest.as_cons() {
        match cell.head().as_atom() {
            Some(predefined::FLUSH) => flush = true,
            Some(predefined::INFO) => info = true,
            _ => return Err(Raise::BADARG),
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    let was_there = take_monitor(cx, numbers);
    let mut flushed = false;
    if flush && !was_there {
        flushed = cx.process.mailbox.remove_where(|term| {
            let Some(tuple) = term.as_tuple() else { return false };
            let [_, reference, _, _, _] = *tuple.elements() else { return false };
            matches!(reference.view(), View::Reference(reference) if key(reference) == Some(numbers))
        });
    }
    let result = if info { if flush { !flushed } else { was_there } } else { true };
    Ok(Term::boolean(result))
}

/// `link/1`
pub fn link(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    let own = cx.process.pid;
    if pid == own {
        return Ok(Term::boolean(true));
    }
    match cx.vm.processes.lookup(pid) {
        Lookup::Process(other) => {
            other.links.insert(own);
            cx.process.links.insert(pid);
            Ok(Term::boolean(true))
        }
        _ if cx.process.trap_exit => {
            let heap = &mut cx.process.heap;
            let message = [Term::atom(predefined::UPPER_EXIT), args[0], Term::atom(predefined::NOPROC)];
            let term = build::tuple(heap, &message);
            cx.process.mailbox.push(crate::process::Message { term, fragment: None });
            Ok(Term::boolean(true))
        }
        _ => Err(Raise::error(predefined::NOPROC)),
    }
}

/// `unlink/1`
pub fn unlink(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = match args[0].view() {
        View::Pid(pid) => pid,
        View::Port(_) | View::ExternalPid(_) => return Ok(Term::boolean(true)),
        _ => return Err(Raise::BADARG),
    };
    let own = cx.process.pid;
    cx.process.links.remove(&pid);
    if let Lookup::Process(other) = cx.vm.processes.lookup(pid) {
        other.links.remove(&own);
    }
    Ok(Term::boolean(true))
}

/// `exit/2`
pub fn exit2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = match args[0].view() {
        View::Pid(pid) => pid,
        View::Port(_) | View::ExternalPid(_) | View::ExternalPort(_) => return Ok(Term::boolean(true)),
        _ => return Err(Raise::BADARG),
    };
    let own = cx.process.pid;
    if pid != own {
        cx.vm.exit_signal(Term::pid(own), pid, args[1], Cause::Exit);
        return Ok(Term::boolean(true));
    }
    // A process that ends itself with `normal` ends: the exception of the rule.
    if args[1] == Term::atom(predefined::NORMAL) && !cx.process.trap_exit {
        cx.process.exit_reason = args[1];
        return Err(Raise::Ended);
    }
    match effect(cx.process, args[1], Cause::Exit) {
        Effect::None => Ok(Term::boolean(true)),
        Effect::Message => {
            let message = [Term::atom(predefined::UPPER_EXIT), Term::pid(own), args[1]];
            let term = build::tuple(cx.heap(), &message);
            cx.process.mailbox.push(crate::process::Message { term, fragment: None });
            Ok(Term::boolean(true))
        }
        Effect::End(replaced) => {
            cx.process.exit_reason = replaced.map_or(args[1], Term::atom);
            Err(Raise::Ended)
        }
    }
}

/// `is_process_alive/1`
pub fn is_process_alive(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    Ok(Term::boolean(cx.vm.processes.is_alive(pid)))
}

/// `register/2`
pub fn register(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().filter(|name| *name != predefined::UNDEFINED).ok_or(Raise::BADARG)?;
    let pid = args[1].as_pid().ok_or(Raise::BADARG)?;
    if cx.vm.registry.contains_key(&name) {
        return Err(Raise::BADARG);
    }
    let process = if pid == cx.process.pid {
        &mut *cx.process
    } else {
        match cx.vm.processes.lookup(pid) {
            Lookup::Process(process) => process,
            _ => return Err(Raise::BADARG),
        }
    };
    let extension = process.extension_mut();
    if extension.registered.is_some() {
        return Err(Raise::BADARG);
    }
    extension.registered = Some(name);
    cx.vm.registry.insert(name, pid);
    Ok(Term::boolean(true))
}

/// `unregister/1`
pub fn unregister(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    let pid = cx.vm.registry.remove(&name).ok_or(Raise::BADARG)?;
    if pid == cx.process.pid {
        cx.process.extension_mut().registered = None;
    } else if let Lookup::Process(process) = cx.vm.processes.lookup(pid) {
        process.extension_mut().registered = None;
    }
    Ok(Term::boolean(true))
}

/// `whereis/1`
pub fn whereis(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let name = args[0].as_atom().ok_or(Raise::BADARG)?;
    Ok(cx.vm.registry.get(&name).map_or(Term::atom(predefined::UNDEFINED), |pid| Term::pid(*pid)))
}

/// `registered/0`
pub fn registered(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let names: Vec<Term> = cx.vm.registry.keys().map(|name| Term::atom(*name)).collect();
    Ok(build::list(cx.heap(), &names))
}

/// `processes/0`
pub fn processes(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let pids: Vec<Term> = cx.vm.processes.pids().map(Term::pid).collect();
    cx.bump((pids.len() / 20) as u32);
    Ok(build::list(cx.heap(), &pids))
}

/// `group_leader/0`
pub fn group_leader(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(cx.process.group_leader)
}

/// `erts_internal:group_leader/2`, `group_leader/2`
pub fn set_group_leader(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let leader = args[0].as_pid().ok_or(Raise::BADARG)?;
    let pid = args[1].as_pid().ok_or(Raise::BADARG)?;
    if pid == cx.process.pid {
        cx.process.group_leader = Term::pid(leader);
    } else if let Lookup::Process(process) = cx.vm.processes.lookup(pid) {
        process.group_leader = Term::pid(leader);
    } else {
        return Err(Raise::BADARG);
    }
    Ok(Term::boolean(true))
}

/// `make_ref/0`
pub fn make_ref(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let numbers = cx.vm.new_reference();
    Ok(build::reference(cx.heap(), numbers, None))
}

/// `alias/0`
pub fn alias(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    new_alias(cx, AliasKind::Explicit)
}

/// `alias/1`
pub fn alias1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut kind = AliasKind::Explicit;
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        kind = match cell.head().as_atom() {
            Some(predefined::EXPLICIT_UNALIAS) => AliasKind::Explicit,
            Some(predefined::REPLY) => AliasKind::Reply,
            _ => return Err(Raise::BADARG),
        };
        rest = cell.tail();
    }
    if rest.is_nil() { new_alias(cx, kind) } else { Err(Raise::BADARG) }
}

fn new_alias(cx: &mut Context<'_>, kind: AliasKind) -> BifResult {
    let numbers = cx.vm.new_reference();
    let own = cx.process.pid;
    cx.process.extension_mut().aliases.insert(numbers, kind);
    Ok(build::reference(cx.heap(), numbers, Some(own)))
}

/// `unalias/1`
pub fn unalias(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let numbers = reference_key(args[0])?;
    Ok(Term::boolean(cx.process.extension_mut().aliases.remove(&numbers).is_some()))
}

/// `process_flag/2`
pub fn process_flag(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let flag = args[0].as_atom().ok_or(Raise::BADARG)?;
    let boolean = |term: Term| term.as_boolean().ok_or(Raise::BADARG);
    Ok(match flag {
        predefined::TRAP_EXIT => {
            Term::boolean(core::mem::replace(&mut cx.process.trap_exit, boolean(args[1])?))
        }
        predefined::PRIORITY => {
            priority_atom(core::mem::replace(&mut cx.process.priority, priority(args[1])?))
        }
        predefined::ERROR_HANDLER => {
            let module = args[1].as_atom().ok_or(Raise::BADARG)?;
            Term::atom(core::mem::replace(&mut cx.process.error_handler, module))
        }
        predefined::MIN_HEAP_SIZE => {
            let words = natural(args[1])? as u32;
            Term::count(core::mem::replace(&mut cx.process.heap.limits_mut().min_words, words) as usize)
        }
        predefined::MIN_BIN_VHEAP_SIZE => {
            let words = natural(args[1])? as u32;
            Term::count(core::mem::replace(&mut cx.process.heap.limits_mut().min_binary_words, words) as usize)
        }
        predefined::FULLSWEEP_AFTER => {
            let count = natural(args[1])?.min(usize::from(u16::MAX)) as u16;
            let before = core::mem::replace(&mut cx.process.heap.limits_mut().fullsweep_after, count);
            Term::count(usize::from(before))
        }
        predefined::MESSAGE_QUEUE_DATA => match args[1].as_atom() {
            Some(predefined::ON_HEAP | predefined::OFF_HEAP) => Term::atom(predefined::ON_HEAP),
            _ => return Err(Raise::BADARG),
        },
        predefined::SAVE_CALLS => Term::small_cut(0),
        predefined::SENSITIVE => {
            boolean(args[1])?;
            Term::boolean(false)
        }
        _ => return Err(Raise::BADARG),
    })
}

/// Items that `process_info/2` knows here.
fn info(cx: &mut Context<'_>, pid: LocalPid, item: Atom) -> Result<Option<Term>, Raise> {
    let own = cx.process.pid;
    let literals = cx.vm.literals.addresses();
    let node = cx.vm.node.name;
    if pid == own {
        // Borrowed apart: the process that runs is not in the table.
        let facts = facts(cx.process, item, node);
        return Ok(Some(finish(cx, facts?)));
    }
    let facts = match cx.vm.processes.lookup(pid) {
        Lookup::Process(process) => facts(process, item, node)?,
        _ => return Ok(None),
    };
    let facts = facts.copied(&mut cx.process.heap, &literals);
    Ok(Some(finish(cx, facts)))
}

/// What is known of a process, before it is a term of the process that asks.
enum Facts {
    Term(Term),
    Terms(Vec<Term>),
    Pairs(Vec<(Term, Term)>),
    Named(Vec<(Atom, Term)>),
    Call(Atom, Atom, u32),
}

impl Facts {
    fn copied(self, heap: &mut crate::heap::ProcessHeap, literals: &core::ops::Range<usize>) -> Self {
        let mut copy = |term| crate::copy::copy(term, heap, literals);
        match self {
            Self::Term(term) => Self::Term(copy(term)),
            Self::Terms(terms) => Self::Terms(terms.into_iter().map(copy).collect()),
            Self::Pairs(pairs) => {
                Self::Pairs(pairs.into_iter().map(|(key, value)| (copy(key), copy(value))).collect())
            }
            other => other,
        }
    }
}

fn facts(process: &crate::process::Process, item: Atom, node: Atom) -> Result<Facts, Raise> {
    let count = |value: usize| Ok(Facts::Term(Term::count(value)));
    match item {
        predefined::MESSAGE_QUEUE_LEN => count(process.mailbox.len()),
        predefined::MESSAGES => Ok(Facts::Terms(process.mailbox.terms().collect())),
        predefined::LINKS => {
            Ok(Facts::Terms(process.links.iter().rev().map(|pid| Term::pid(*pid)).collect()))
        }
        predefined::MONITORS => {
            let monitors = process.extension().into_iter().flat_map(|extension| extension.monitors.values());
            let pair = |monitor: &Monitor| match monitor.name {
                Some(name) => (predefined::PROCESS, Term::atom(name)),
                None => (predefined::PROCESS, Term::pid(monitor.target)),
            };
            let _ = node;
            Ok(Facts::Named(monitors.map(pair).collect()))
        }
        predefined::MONITORED_BY => {
            let watchers = process.extension().into_iter().flat_map(|extension| extension.watchers.values());
            Ok(Facts::Terms(watchers.map(|pid| Term::pid(*pid)).collect()))
        }
        predefined::DICTIONARY => {
            let pairs = process.extension().map(|extension| extension.dictionary.pairs().to_vec());
            Ok(Facts::Pairs(pairs.unwrap_or_default()))
        }
        predefined::REGISTERED_NAME => {
            let name = process.extension().and_then(|extension| extension.registered);
            Ok(name.map_or(Facts::Terms(Vec::new()), |name| Facts::Term(Term::atom(name))))
        }
        predefined::STATUS => Ok(Facts::Term(Term::atom(match process.state {
            crate::process::State::Waiting => predefined::WAITING,
            crate::process::State::Suspended => predefined::SUSPENDED,
            crate::process::State::Exiting => predefined::EXITING,
            crate::process::State::Runnable => predefined::RUNNABLE,
        }))),
        predefined::TRAP_EXIT => Ok(Facts::Term(Term::boolean(process.trap_exit))),
        predefined::PRIORITY => Ok(Facts::Term(priority_atom(process.priority))),
        predefined::ERROR_HANDLER => Ok(Facts::Term(Term::atom(process.error_handler))),
        predefined::GROUP_LEADER => Ok(Facts::Term(process.group_leader)),
        predefined::PARENT => Ok(Facts::Term(Term::pid(process.parent))),
        predefined::REDUCTIONS => count(process.reductions as usize),
        predefined::HEAP_SIZE => count(process.heap.block_words()),
        predefined::STACK_SIZE => count(process.heap.stack_words()),
        predefined::TOTAL_HEAP_SIZE => count(process.heap.block_words() + process.heap.old_block_words()),
        predefined::MEMORY => {
            let words = process.heap.block_words() + process.heap.old_block_words();
            count(size_of::<crate::process::Process>() + 8 * words)
        }
        predefined::INITIAL_CALL => {
            let (module, function, arity) = process.initial_call;
            Ok(Facts::Call(module, function, arity))
        }
        predefined::MESSAGE_QUEUE_DATA => Ok(Facts::Term(Term::atom(predefined::ON_HEAP))),
        _ => Err(Raise::BADARG),
    }
}

fn finish(cx: &mut Context<'_>, facts: Facts) -> Term {
    let heap = &mut cx.process.heap;
    match facts {
        Facts::Term(term) => term,
        Facts::Terms(terms) => build::list(heap, &terms),
        Facts::Pairs(pairs) => {
            let pairs: Vec<Term> =
                pairs.iter().map(|(key, value)| build::tuple(heap, &[*key, *value])).collect();
            build::list(heap, &pairs)
        }
        Facts::Named(pairs) => {
            let pairs: Vec<Term> =
                pairs.iter().map(|(name, value)| build::tuple(heap, &[Term::atom(*name), *value])).collect();
            build::list(heap, &pairs)
        }
        Facts::Call(module, function, arity) => {
            build::tuple(heap, &[Term::atom(module), Term::atom(function), Term::small_cut(i64::from(arity))])
        }
    }
}

/// `process_info/2`
pub fn process_info2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pid = args[0].as_pid().ok_or(Raise::BADARG)?;
    if let Some(item) = args[1].as_atom() {
        return one_item(cx, pid, item);
    }
    let items = super::lists::proper(args[1]).ok_or(Raise::BADARG)?;
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let item = item.as_atom().ok_or(Raise::BADARG)?;
        let Some(value) = info(cx, pid, item)? else { return Ok(Term::atom(predefined::UNDEFINED)) };
        results.push(build::tuple(cx.heap(), &[Term::atom(item), value]));
    }
    Ok(build::list(cx.heap(), &results))
}

fn one_item(cx: &mut Context<'_>, pid: LocalPid, item: Atom) -> BifResult {
    match info(cx, pid, item)? {
        None => Ok(Term::atom(predefined::UNDEFINED)),
        // The one item that has no pair if there is nothing to say.
        Some(value) if item == predefined::REGISTERED_NAME && value.is_nil() => Ok(Term::NIL),
        Some(value) => Ok(build::tuple(cx.heap(), &[Term::atom(item), value])),
    }
}
