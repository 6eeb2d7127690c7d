// SPDX-License-Identifier: Apache-2.0
//! `port_info/1` and `/2`: what is known of a port.

use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::bif::{BifResult, Context};
use crate::heap::build;
use crate::port::Port;
use crate::process::Peer;
use crate::term::{LocalPort, Term, View};

/// What `port_info/1` lists, in this order, after the name if the port has one.
const ITEMS: [Atom; 7] = [
    predefined::NAME,
    predefined::LINKS,
    predefined::ID,
    predefined::CONNECTED,
    predefined::INPUT,
    predefined::OUTPUT,
    predefined::OS_PID,
];

/// The port of an identifier or name, or what there is to say if there is none.
fn subject(cx: &Context<'_>, term: Term) -> Result<LocalPort, Atom> {
    let id = match term.view() {
        View::Port(id) => Some(id),
        View::Atom(name) => cx.vm.ports.names.get(&name).copied(),
        _ => return Err(predefined::BADARG),
    };
    id.filter(|id| cx.vm.ports.get(*id).is_some()).ok_or(predefined::UNDEFINED)
}

/// The value of an item, before it is built.
enum Fact {
    Term(Term),
    Number(u64),
    Terms(Vec<Term>),
    Text(Vec<u8>),
    Monitors(Vec<Term>),
}

fn fact(port: &Port, item: Atom) -> Option<Fact> {
    Some(match item {
        predefined::NAME => Fact::Text(port.name.clone()),
        predefined::LINKS => {
            let mut links: Vec<Term> = port.links.iter().map(Peer::term).collect();
            links.reverse();
            Fact::Terms(links)
        }
        predefined::ID => Fact::Number(port.id.0 << 3),
        predefined::CONNECTED => Fact::Term(Term::pid(port.connected)),
        predefined::INPUT => Fact::Number(port.input),
        predefined::OUTPUT => Fact::Number(port.output),
        predefined::OS_PID => match port.os_pid {
            Some(number) => Fact::Number(u64::from(number)),
            None => Fact::Term(Term::atom(predefined::UNDEFINED)),
        },
        predefined::LOCKING => Fact::Term(Term::atom(predefined::PORT_LEVEL)),
        predefined::MEMORY => Fact::Number(port.memory() as u64),
        predefined::MONITORS => Fact::Monitors(Vec::new()),
        predefined::MONITORED_BY => {
            Fact::Terms(port.watchers.sorted().into_iter().rev().map(|(_, pid)| Term::pid(pid)).collect())
        }
        predefined::PARALLELISM => Fact::Term(Term::boolean(port.parallelism)),
        predefined::QUEUE_SIZE => Fact::Number(port.backlog() as u64),
        predefined::REGISTERED_NAME => Fact::Term(port.registered.map_or(Term::NIL, Term::atom)),
        _ => return None,
    })
}

fn pair(cx: &mut Context<'_>, item: Atom, fact: Fact) -> Term {
    let heap = cx.heap();
    let value = match fact {
        Fact::Term(term) => term,
        Fact::Number(number) => build::unsigned(heap, number),
        Fact::Terms(terms) | Fact::Monitors(terms) => build::list(heap, &terms),
        Fact::Text(text) => build::byte_list(heap, &text),
    };
    build::tuple(heap, &[Term::atom(item), value])
}

/// `erts_internal:port_info/1`
pub fn port_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let id = match subject(cx, args[0]) {
        Ok(id) => id,
        Err(atom) => return Ok(Term::atom(atom)),
    };
    let mut pairs = Vec::new();
    for item in [predefined::REGISTERED_NAME].into_iter().chain(ITEMS) {
        let Some(port) = cx.vm.ports.get(id) else { break };
        if item == predefined::REGISTERED_NAME && port.registered.is_none() {
            continue;
        }
        if let Some(fact) = fact(port, item) {
            pairs.push(pair(cx, item, fact));
        }
    }
    Ok(build::list(cx.heap(), &pairs))
}

/// `erts_internal:port_info/2`
pub fn port_info_item(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let id = match subject(cx, args[0]) {
        Ok(id) => id,
        Err(predefined::BADARG) => return Ok(Term::atom(predefined::BADTYPE)),
        Err(atom) => return Ok(Term::atom(atom)),
    };
    let item = args[1].as_atom();
    let known = item.zip(cx.vm.ports.get(id)).and_then(|(item, port)| Some((item, fact(port, item)?)));
    Ok(match known {
        Some((predefined::REGISTERED_NAME, Fact::Term(Term::NIL))) => Term::NIL,
        Some((item, fact)) => pair(cx, item, fact),
        None => Term::atom(predefined::BADARG),
    })
}
