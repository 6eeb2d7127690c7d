// SPDX-License-Identifier: Apache-2.0
//! Processes that are to be made on other nodes (`erts/emulator/beam/dist.c`): no other node is connected, so the reply is that there is no
//! connection.

use super::{Options, monitors::Settings};
use crate::atom::{Atom, predefined};
use crate::bif::lists::proper;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::term::Term;

/// Whether who asks for the process waits for it, and so may not say what the reply is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Waits,
    GetsReply,
}

/// What is asked for, as far as this node looks at it.
struct Request {
    tag: Term,
    /// Whether the reply that it has failed is wanted.
    tells_failure: bool,
    is_watched: bool,
    settings: Settings,
    error: Atom,
}

/// What is wrong with an option.
enum Wrong {
    /// The call has failed.
    Argument,
    /// The reply says so.
    Option,
}

impl Request {
    /// Reads the options, as far as the first that the reply says is wrong. Those that are for the other node are not looked at.
    fn read(list: Term, manner: Manner) -> Option<Self> {
        let mut request = Self {
            tag: Term::atom(predefined::SPAWN_REPLY),
            tells_failure: true,
            is_watched: false,
            settings: Settings::default(),
            error: predefined::NOCONNECTION,
        };
        let mut options = Options::new(list, Raise::BADARG);
        while let Some(option) = options.next().ok()? {
            match request.take(option, manner) {
                Ok(()) => {}
                Err(Wrong::Option) if manner == Manner::GetsReply => {
                    request.error = predefined::BADOPT;
                    break;
                }
                Err(_) => return None,
            }
        }
        Some(request)
    }

    fn take(&mut self, option: Term, manner: Manner) -> Result<(), Wrong> {
        let pair = option.as_tuple();
        let Some([name, value]) = pair.as_ref().map(|pair| pair.elements()) else {
            self.is_watched |= option == Term::atom(predefined::MONITOR);
            return Ok(());
        };
        match name.as_atom() {
            Some(predefined::MONITOR) => {
                self.settings = Settings::read(*value).map_err(|_| Wrong::Option)?;
                self.is_watched = true;
                return Ok(());
            }
            Some(predefined::REPLY_TAG) => self.tag = *value,
            Some(predefined::REPLY) => {
                self.tells_failure = match value.as_atom() {
                    Some(predefined::YES | predefined::ERROR_ONLY) => true,
                    Some(predefined::NO | predefined::SUCCESS_ONLY) => false,
                    _ => return Err(Wrong::Option),
                };
            }
            _ => return Ok(()),
        }
        if manner == Manner::Waits { Err(Wrong::Argument) } else { Ok(()) }
    }
}

/// `erts_internal:dist_spawn_request/4`: what is wrong is told as an atom.
pub fn dist_spawn_request(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let is_elsewhere = args[0].as_atom().is_some_and(|node| node != cx.vm.node.name);
    let is_call = args[1].as_tuple().is_some_and(|call| match call.elements() {
        [module, function, arguments] => {
            module.as_atom().is_some() && function.as_atom().is_some() && proper(*arguments).is_some()
        }
        _ => false,
    });
    let is_request = args[3] == Term::atom(predefined::SPAWN_REQUEST);
    let manner = if is_request { Manner::GetsReply } else { Manner::Waits };
    let request = if is_elsewhere && is_call { Request::read(args[2], manner) } else { None };
    let Some(request) = request else { return Ok(Term::atom(predefined::BADARG)) };
    let numbers = cx.vm.new_reference();
    let reference = request.settings.reference(cx, numbers);
    if request.tells_failure {
        let reply = [request.tag, reference, Term::atom(predefined::ERROR), Term::atom(request.error)];
        let reply = build::tuple(cx.heap(), &reply);
        cx.answer(reply);
    }
    Ok(match manner {
        Manner::GetsReply => reference,
        Manner::Waits => build::tuple(cx.heap(), &[reference, Term::boolean(request.is_watched)]),
    })
}
