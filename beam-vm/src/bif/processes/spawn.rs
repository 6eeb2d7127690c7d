// SPDX-License-Identifier: Apache-2.0
//! Making processes.

use alloc::vec::Vec;

use super::flags::{heap_words, message_place, priority};
use super::monitors::Settings;
use super::{BADOPT, Options};
use crate::atom::{Atom, predefined};
use crate::bif::lists::proper;
use crate::bif::memory::max_heap_size;
use crate::bif::trace::{IsLinked, spawned};
use crate::bif::{BifResult, Context, Raise};
use crate::copy;
use crate::heap::{Fragment, HeapLimits, build};
use crate::process::{Lookup, Message, MessagePlace, Monitor, Priority, Process, RefNumbers, Target};
use crate::term::{Export, LocalPid, Term, View};
use crate::trace::sequential::{Sequence, Teller, Token, Told};

/// What `spawn_opt` asks for.
#[derive(Default)]
struct Wishes {
    link: bool,
    monitor: Option<Settings>,
    priority: Option<Priority>,
    limits: HeapLimits,
    messages: MessagePlace,
}

impl Wishes {
    /// Takes an option; gives whether it is one.
    fn take(&mut self, cx: &Context<'_>, option: Term) -> Result<(), Raise> {
        match option.view() {
            View::Atom(predefined::LINK) => self.link = true,
            View::Atom(predefined::MONITOR) => self.monitor = Some(Settings::default()),
            View::Tuple(pair) => {
                let [name, value] = *pair.elements() else { return Err(BADOPT) };
                let limits = &mut self.limits;
                match name.as_atom() {
                    Some(predefined::MONITOR) => self.monitor = Some(Settings::read(value)?),
                    Some(predefined::PRIORITY) => self.priority = Some(priority(value).ok_or(BADOPT)?),
                    Some(predefined::MIN_HEAP_SIZE) => limits.min_words = heap_words(value).ok_or(BADOPT)?,
                    Some(predefined::MIN_BIN_VHEAP_SIZE) => {
                        limits.min_binary_words = heap_words(value).ok_or(BADOPT)?;
                    }
                    Some(predefined::FULLSWEEP_AFTER) => {
                        let count = value.as_small().filter(|count| *count >= 0).ok_or(BADOPT)?;
                        limits.fullsweep_after = count as u16;
                    }
                    Some(predefined::MAX_HEAP_SIZE) => {
                        max_heap_size(value, &cx.vm.heap_limits, limits).map_err(|_| BADOPT)?;
                    }
                    Some(predefined::MESSAGE_QUEUE_DATA) => {
                        self.messages = message_place(value).ok_or(BADOPT)?;
                    }
                    Some(predefined::SCHEDULER) => {
                        value.as_small().filter(|number| (0..=1).contains(number)).ok_or(BADOPT)?;
                    }
                    _ => return Err(BADOPT),
                }
            }
            _ => return Err(BADOPT),
        }
        Ok(())
    }

    fn read(cx: &Context<'_>, list: Term) -> Result<Self, Raise> {
        let mut wishes = Self::for_vm(cx);
        let mut options = Options::new(list, BADOPT);
        while let Some(option) = options.next()? {
            wishes.take(cx, option)?;
        }
        Ok(wishes)
    }

    /// What a process gets of which nothing is asked.
    fn for_vm(cx: &Context<'_>) -> Self {
        Self { limits: cx.vm.heap_limits, messages: cx.vm.message_place, ..Self::default() }
    }
}

/// Module, function and arguments of a call, checked.
fn check(args: &[Term]) -> Result<(Atom, Atom), Raise> {
    match (args[0].as_atom(), args[1].as_atom()) {
        (Some(module), Some(function)) => Ok((module, function)),
        _ => Err(Raise::BADARG),
    }
}

/// The most arguments that a function can have.
const MAX_ARITY: usize = 255;

/// The function that a new process calls, and its arguments. With more of those than a function can have the process begins, and it ends
/// as `apply` does with them.
fn target(cx: &mut Context<'_>, args: &[Term]) -> Result<(&'static Export, Vec<Term>), Raise> {
    let (module, function) = check(args)?;
    let arguments = proper(args[2]).ok_or(Raise::BADARG)?;
    let code = &mut cx.vm.code;
    if arguments.len() > MAX_ARITY {
        return Ok((code.export(predefined::ERLANG, predefined::APPLY, 3), args[..3].to_vec()));
    }
    Ok((code.export(module, function, arguments.len() as u32), arguments))
}

/// Whether who makes a process waits for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Waits,
    GetsReply,
}

/// How a process is asked for.
#[derive(Clone, Copy)]
struct Order {
    /// The reference of the request, by which the process is watched if it is to be.
    reference: Option<RefNumbers>,
    manner: Manner,
    /// What the program has said.
    options: Term,
    tag: Term,
}

impl Order {
    const PLAIN: Self = Self {
        reference: None,
        manner: Manner::Waits,
        options: Term::NIL,
        tag: Term::atom(predefined::SPAWN_REPLY),
    };
}

/// Makes a process that calls `Module:Function(Arguments…)`; gives its pid.
fn spawn(cx: &mut Context<'_>, args: &[Term], wishes: &Wishes, order: Order) -> Result<LocalPid, Raise> {
    let reference = order.reference;
    let (export, arguments) = target(cx, args)?;
    let parent = cx.process.pid;
    let leader = cx.process.group_leader;
    let made = cx.vm.new_process(parent, leader, wishes.limits, &arguments);
    let mut process = made.map_err(|_| Raise::SYSTEM_LIMIT)?;
    let pid = process.pid;
    process.priority = wishes.priority.unwrap_or(Priority::Normal);
    process.message_place = wishes.messages;
    if wishes.link {
        process.links.insert(parent);
        cx.process.links.insert(pid);
    }
    if let (Some(settings), Some(numbers)) = (&wishes.monitor, reference) {
        process.watchers.insert(numbers, parent);
        let monitor = Monitor { target: Target::Process(pid), alias: settings.alias, tag: settings.tag };
        cx.process.extension_mut().monitors.insert(numbers, monitor);
    }
    if cx.vm.tracing.sequential.is_used
        && let Some(token) = cx.vm.next_token(cx.process)
    {
        pass_token(cx, &mut process, token, args, order);
    }
    let mut address = export.address.get();
    if cx.vm.tracing.is_used {
        address = cx.vm.tracing.detours.passed(address);
        let names = [Term::atom(export.module), Term::atom(export.function)];
        let is_linked = if wishes.link { IsLinked::Yes } else { IsLinked::No };
        spawned(cx, &mut process, names, &arguments, is_linked);
    }
    cx.vm.start_at(process, export, address);
    cx.bump(20);
    Ok(pid)
}

/// A process with a token has made another: that counts as a message there, and as one back if it waits.
fn pass_token(cx: &mut Context<'_>, child: &mut Process, token: Token, args: &[Term], order: Order) {
    let (own, pid) = (Term::pid(cx.process.pid), Term::pid(child.pid));
    let teller = Teller::from(&*cx.process);
    let numbers = order.reference.unwrap_or_else(|| cx.vm.new_reference());
    let leader = cx.process.group_leader;
    let request = |heap: &mut Fragment| {
        let reference = build::reference(heap, numbers, None);
        let copy = |term, heap: &mut Fragment| copy::copy(term, heap, &(0..0));
        let parts =
            [copy(leader, heap), copy(order.options, heap), copy(order.tag, heap), copy(args[2], heap)];
        let [leader, options, tag, mut arguments] = parts;
        let mut call =
            [args[0], args[1], Term::count(proper(args[2]).map_or(0, |arguments| arguments.len()))];
        if order.manner == Manner::GetsReply {
            // Stock lets a function of its own make the call.
            let all = build::tuple(heap, &[args[0], args[1], arguments]);
            arguments = build::list(heap, &[all]);
            let [module, function] = [predefined::ERTS_INTERNAL, predefined::SPAWN_INIT];
            call = [Term::atom(module), Term::atom(function), Term::small_cut(1)];
        }
        let function = build::tuple(heap, &call);
        let name = Term::atom(predefined::SPAWN_REQUEST);
        build::tuple(heap, &[name, reference, own, leader, function, options, tag, arguments])
    };
    cx.vm.tell_sequence(token, Told::Send, teller, pid, &request);
    cx.vm.tell_sequence(token, Told::Receive, teller, pid, &request);
    let label = copy::copy(token.label, &mut child.heap, &cx.vm.literals.addresses());
    let token = Token { label, ..token };
    child.extension_mut().sequence = Sequence { token: Some(token), clock: token.serial, last: token.serial };
    if order.manner == Manner::GetsReply {
        return;
    }
    let Some(token) = cx.vm.next_token(child) else { return };
    let reply = |heap: &mut Fragment| {
        let reference = build::reference(heap, numbers, None);
        build::tuple(heap, &[order.tag, reference, Term::atom(predefined::OK), pid])
    };
    cx.vm.tell_sequence(token, Told::Send, teller, own, &reply);
    cx.vm.tell_sequence(token, Told::Receive, teller, own, &reply);
    // Stock takes the number's tag along.
    let serial = token.serial << 4 | 15;
    let sequence = &mut cx.process.extension_mut().sequence;
    (sequence.last, sequence.clock) = (serial, serial);
}

/// `spawn/3`
pub fn spawn3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wishes = Wishes::for_vm(cx);
    spawn(cx, args, &wishes, Order::PLAIN).map(Term::pid)
}

/// `spawn_link/3`
pub fn spawn_link(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wishes = Wishes { link: true, ..Wishes::for_vm(cx) };
    let options = if cx.vm.tracing.sequential.is_used {
        build::list(cx.heap(), &[Term::atom(predefined::LINK)])
    } else {
        Term::NIL
    };
    spawn(cx, args, &wishes, Order { options, ..Order::PLAIN }).map(Term::pid)
}

/// `spawn_opt/4`
pub fn spawn_opt(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wishes = Wishes::read(cx, args[3])?;
    let order = Order { options: args[3], ..Order::PLAIN };
    let Some(settings) = &wishes.monitor else { return spawn(cx, args, &wishes, order).map(Term::pid) };
    let numbers = cx.vm.new_reference();
    let pid = spawn(cx, args, &wishes, Order { reference: Some(numbers), ..order })?;
    let reference = settings.reference(cx, numbers);
    Ok(build::tuple(cx.heap(), &[Term::pid(pid), reference]))
}

/// Whom `spawn_request` tells what.
struct Reply {
    success: bool,
    failure: bool,
    tag: Term,
}

/// What `spawn_request` asks for; an option that it does not know is told in the reply.
fn request(cx: &Context<'_>, list: Term) -> (Wishes, Reply, Result<(), Raise>) {
    let mut wishes = Wishes::for_vm(cx);
    let mut reply = Reply { success: true, failure: true, tag: Term::atom(predefined::SPAWN_REPLY) };
    let mut options = Options::new(list, BADOPT);
    let mut outcome = Ok(());
    loop {
        let option = match options.next() {
            Ok(Some(option)) => option,
            Ok(None) => break,
            Err(raise) => {
                outcome = Err(raise);
                break;
            }
        };
        let pair = option.as_tuple();
        let own = match pair.as_ref().map(|pair| pair.elements()) {
            Some([name, value]) => (name.as_atom(), *value),
            _ => (None, Term::NIL),
        };
        match own {
            (Some(predefined::REPLY_TAG), tag) => reply.tag = tag,
            (Some(predefined::REPLY), value) => {
                let parts = match value.as_atom() {
                    Some(predefined::YES) => (true, true),
                    Some(predefined::NO) => (false, false),
                    Some(predefined::SUCCESS_ONLY) => (true, false),
                    Some(predefined::ERROR_ONLY) => (false, true),
                    _ => {
                        outcome = outcome.and(Err(BADOPT));
                        continue;
                    }
                };
                (reply.success, reply.failure) = parts;
            }
            _ => outcome = outcome.and(wishes.take(cx, option)),
        }
    }
    (wishes, reply, outcome)
}

/// `erts_internal:spawn_request/4`: the process is made at once, and the reply says what has come of it.
pub fn spawn_request(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if check(args).is_err() || proper(args[2]).is_none() || proper(args[3]).is_none() {
        return Ok(Term::atom(predefined::BADARG));
    }
    let (wishes, reply, outcome) = request(cx, args[3]);
    let numbers = cx.vm.new_reference();
    let reference = match &wishes.monitor {
        Some(settings) => settings.reference(cx, numbers),
        None => build::reference(cx.heap(), numbers, None),
    };
    let manner = Manner::GetsReply;
    let order = Order { reference: Some(numbers), manner, options: args[3], tag: reply.tag };
    let made = outcome.and_then(|()| spawn(cx, args, &wishes, order));
    let (asked, word, what) = match made {
        Ok(pid) => (reply.success, predefined::OK, Term::pid(pid)),
        Err(Raise::ErrorWithCause(_, cause)) => (reply.failure, predefined::ERROR, cause),
        Err(Raise::Error(reason)) => (reply.failure, predefined::ERROR, reason),
        Err(raise) => return Err(raise),
    };
    if asked {
        let term = build::tuple(cx.heap(), &[reply.tag, reference, Term::atom(word), what]);
        let token =
            what.as_pid().map_or(Term::atom(predefined::UNDEFINED), |child| reply_token(cx, child, term));
        cx.process.mailbox.push(&mut cx.vm.nodes, Message { term, fragment: None, token });
    }
    Ok(reference)
}

/// The token that comes with the reply that a process is there.
fn reply_token(cx: &mut Context<'_>, child: LocalPid, reply: Term) -> Term {
    if !cx.vm.tracing.sequential.is_used {
        return Term::NIL;
    }
    let Lookup::Process(process) = cx.vm.processes.lookup(child) else { return Term::NIL };
    if process.extension().is_none() {
        return Term::NIL;
    }
    let Some(token) = process.extension_mut().sequence.next(child) else { return Term::NIL };
    let (teller, own) = (Teller::from(&*cx.process), Term::pid(cx.process.pid));
    cx.vm.tell_sequence(token, Told::Send, teller, own, &|heap| copy::copy(reply, heap, &(0..0)));
    token.copy(cx.heap())
}

/// `spawn_request_abandon/1`: a request of this node is done when it is made, so there is none to be given up.
pub fn spawn_request_abandon(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Reference(_) => Ok(Term::boolean(false)),
        _ => Err(Raise::BADARG),
    }
}

/// `erts_internal:spawn_system_process/3`
pub fn spawn_system_process(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let wishes = Wishes::for_vm(cx);
    let pid = spawn(cx, args, &wishes, Order::PLAIN)?;
    if let Some(process) = super::find(cx, pid) {
        process.extension_mut().is_system = true;
    }
    Ok(Term::pid(pid))
}
