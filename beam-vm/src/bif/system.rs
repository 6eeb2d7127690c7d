// SPDX-License-Identifier: Apache-2.0
//! What programs ask of the machine as a whole.

use super::{BifResult, Context, Raise, memory};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::{Term, View};

/// The release of OTP whose behaviour is followed.
const RELEASE: &str = "25";
/// The version of its run-time system.
const VERSION: &str = "13.1.5";

/// `system_info/1`
pub fn system_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if let Some(result) = memory::system_info(cx, args[0]) {
        return result;
    }
    let item = args[0].as_atom().ok_or(Raise::BADARG)?;
    Ok(match item {
        predefined::WORDSIZE => Term::small_cut(8),
        predefined::SCHEDULERS | predefined::SCHEDULERS_ONLINE => Term::small_cut(1),
        predefined::OTP_RELEASE => build::string(cx.heap(), RELEASE),
        predefined::VERSION => build::string(cx.heap(), VERSION),
        predefined::MACHINE => build::string(cx.heap(), "BEAM"),
        predefined::SYSTEM_ARCHITECTURE => build::string(cx.heap(), "x86_64-pc-linux-gnu"),
        predefined::PROCESS_COUNT => Term::count(cx.vm.processes.count()),
        predefined::PROCESS_LIMIT => Term::count(cx.vm.processes.limit() as usize),
        predefined::ATOM_COUNT => Term::count(cx.vm.atoms.count() as usize),
        predefined::ATOM_LIMIT => Term::count(cx.vm.atoms.limit().get() as usize),
        predefined::ENDIAN => Term::atom(predefined::LITTLE),
        predefined::OS_TYPE => {
            build::tuple(cx.heap(), &[Term::atom(predefined::UNIX), Term::atom(predefined::LINUX)])
        }
        predefined::BACKTRACE_DEPTH => Term::count(cx.vm.backtrace_depth),
        predefined::SMP_SUPPORT | predefined::THREADS => Term::boolean(true),
        _ => return Err(Raise::BADARG),
    })
}

/// `system_flag/2`
pub fn system_flag(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if let Some(result) = memory::system_flag(cx, args[0], args[1]) {
        return result;
    }
    match (args[0].as_atom(), args[1].view()) {
        (Some(predefined::BACKTRACE_DEPTH), View::Small(depth)) if depth >= 0 => {
            let before = core::mem::replace(&mut cx.vm.backtrace_depth, depth.min(64) as usize);
            Ok(Term::count(before))
        }
        _ => Err(Raise::BADARG),
    }
}

/// `halt/2`
pub fn halt(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let status = match args[0].view() {
        View::Small(status) if status >= 0 => status as i32 & 0xFF,
        View::Atom(predefined::ABORT) | View::Nil | View::Cons(_) => 1,
        _ => return Err(Raise::BADARG),
    };
    cx.vm.halted = Some(status);
    cx.process.exit_reason = Term::atom(predefined::NORMAL);
    Err(Raise::Ended)
}

/// `statistics/1`
pub fn statistics(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].as_atom() {
        Some(predefined::REDUCTIONS | predefined::EXACT_REDUCTIONS) => {
            let total = Term::count(cx.vm.reductions as usize);
            Ok(build::tuple(cx.heap(), &[total, total]))
        }
        Some(predefined::RUN_QUEUE) => Ok(Term::count(cx.vm.queue.len())),
        Some(predefined::WALL_CLOCK | predefined::RUNTIME) => {
            let now = Term::count(cx.vm.now_ms() as usize);
            Ok(build::tuple(cx.heap(), &[now, Term::small_cut(0)]))
        }
        _ => Err(Raise::BADARG),
    }
}

/// `io:printable_range/0`: what stock says unless it was started with `+pc unicode`.
pub fn printable_range(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::LATIN1))
}

/// `file:native_name_encoding/0`: names of files are UTF-8 everywhere here.
pub fn native_name_encoding(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::atom(predefined::UTF8))
}
