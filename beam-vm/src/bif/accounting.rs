// SPDX-License-Identifier: Apache-2.0
//! `statistics(microstate_accounting)` and the flag that goes with it (`erl_msacc.c`). The one thread is scheduler 1.

use super::{BifResult, Context, Raise};
use crate::accounting::Accounting;
use crate::atom::predefined;
use crate::heap::build;
use crate::term::Term;

/// `statistics(microstate_accounting)`
pub fn counters(cx: &mut Context<'_>) -> Term {
    let now = cx.vm.platform.monotonic();
    let spent = cx.vm.accounting;
    let total = spent.total + if spent.is_on { now - spent.since } else { 0 };
    // The turn in which this is asked is not over.
    let emulator = spent.turns.saturating_sub(spent.collections);
    let other = total.saturating_sub(spent.turns + spent.check_io + spent.sleep);
    let states = [
        (predefined::AUX, 0),
        (predefined::CHECK_IO, spent.check_io),
        (predefined::EMULATOR, emulator),
        (predefined::GC, spent.collections),
        (predefined::OTHER, other),
        (predefined::PORT, 0),
        (predefined::SLEEP, spent.sleep),
    ];
    let heap = cx.heap();
    let keys = build::tuple(heap, &states.map(|(name, _)| Term::atom(name)));
    let values = states.map(|(_, time)| build::unsigned(heap, time));
    let counters = build::flat_map(heap, keys, &values);
    let keys = [predefined::COUNTERS, predefined::ID, predefined::TYPE].map(Term::atom);
    let keys = build::tuple(heap, &keys);
    let values = [counters, Term::small_cut(1), Term::atom(predefined::SCHEDULER)];
    let thread = build::flat_map(heap, keys, &values);
    build::list(heap, &[thread])
}

/// `system_flag(microstate_accounting, _)`: `true`, `false` or `reset`. Gives whether time was measured.
pub fn set(cx: &mut Context<'_>, value: Term) -> BifResult {
    let now = cx.vm.platform.monotonic();
    let accounting = &mut cx.vm.accounting;
    let was_on = accounting.is_on;
    match value.as_atom() {
        Some(predefined::RESET) => {
            *accounting = Accounting { is_on: was_on, since: now, ..Accounting::default() };
        }
        Some(predefined::TRUE) if !was_on => {
            accounting.is_on = true;
            accounting.since = now;
        }
        Some(predefined::FALSE) if was_on => {
            accounting.is_on = false;
            accounting.total += now - accounting.since;
        }
        Some(predefined::TRUE | predefined::FALSE) => {}
        _ => return Err(Raise::BADARG),
    }
    Ok(Term::boolean(was_on))
}
