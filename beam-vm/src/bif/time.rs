// SPDX-License-Identifier: Apache-2.0
//! Time: clocks, and dates.
//!
//! The monotonic clock begins where stock's does. Erlang's system time is that clock with an offset that is taken once
//! (`no_time_warp`), so it never jumps; `os:system_time` is whatever the platform says now.

mod calendar;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::term::{Term, View};
use calendar::DateTime;
pub(crate) use calendar::Moment;

/// What a unit of time is in parts of a second.
fn unit(term: Term) -> Result<i128, Raise> {
    match term.view() {
        View::Small(parts) if parts > 0 => Ok(i128::from(parts)),
        View::Atom(predefined::SECOND | predefined::SECONDS) => Ok(1),
        View::Atom(predefined::MILLISECOND | predefined::MILLI_SECONDS) => Ok(1_000),
        View::Atom(predefined::MICROSECOND | predefined::MICRO_SECONDS) => Ok(1_000_000),
        View::Atom(predefined::NANOSECOND | predefined::NANO_SECONDS | predefined::NATIVE) => {
            Ok(1_000_000_000)
        }
        View::Atom(predefined::PERF_COUNTER) => Ok(1_000_000_000),
        _ => Err(Raise::BADARG),
    }
}

fn in_unit(cx: &mut Context<'_>, nanoseconds: i128, parts: i128) -> Term {
    let whole = nanoseconds.div_euclid(1_000_000_000);
    let rest = nanoseconds.rem_euclid(1_000_000_000);
    build::wide(cx.heap(), whole * parts + (rest * parts) / 1_000_000_000)
}

/// Where stock's monotonic clock begins, in nanoseconds: close to the smallest small integer.
pub const BEGINNING: i64 = -576_460_752_000_000_000;

/// What stock says is the end of time.
pub const END: i64 = 8_646_911_283_000_000_000;

fn monotonic_now(cx: &mut Context<'_>) -> i128 {
    i128::from(cx.vm.platform.monotonic()) + i128::from(BEGINNING)
}

fn system_now(cx: &mut Context<'_>) -> i128 {
    i128::from(cx.vm.platform.monotonic()) + i128::from(cx.vm.clock_offset)
}

/// `monotonic_time/0`
pub fn monotonic_time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = monotonic_now(cx);
    Ok(build::wide(cx.heap(), now))
}

/// `monotonic_time/1`
pub fn monotonic_time1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let now = monotonic_now(cx);
    Ok(in_unit(cx, now, parts))
}

/// `system_time/0`
pub fn system_time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = system_now(cx);
    Ok(build::wide(cx.heap(), now))
}

/// `system_time/1`
pub fn system_time1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let now = system_now(cx);
    Ok(in_unit(cx, now, parts))
}

/// `time_offset/0`
pub fn time_offset(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let offset = i128::from(cx.vm.clock_offset) - i128::from(BEGINNING);
    Ok(build::wide(cx.heap(), offset))
}

/// `time_offset/1`
pub fn time_offset1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let offset = i128::from(cx.vm.clock_offset) - i128::from(BEGINNING);
    Ok(in_unit(cx, offset, parts))
}

/// `os:system_time/0`
pub fn os_system_time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = i128::from(cx.vm.platform.system_time());
    Ok(build::wide(cx.heap(), now))
}

/// `os:system_time/1`
pub fn os_system_time1(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let parts = unit(args[0])?;
    let now = i128::from(cx.vm.platform.system_time());
    Ok(in_unit(cx, now, parts))
}

/// `os:perf_counter/0`
pub fn perf_counter(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = cx.vm.platform.monotonic();
    Ok(build::unsigned(cx.heap(), now))
}

/// `erts_internal:time_unit/0`, `erts_internal:perf_counter_unit/0`: parts of a second.
pub fn time_unit(_: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(Term::small_cut(1_000_000_000))
}

fn three_parts(cx: &mut Context<'_>, micros: i64) -> Term {
    let parts = [
        micros.div_euclid(1_000_000_000_000),
        micros.div_euclid(1_000_000).rem_euclid(1_000_000),
        micros.rem_euclid(1_000_000),
    ];
    build::tuple(cx.heap(), &parts.map(Term::small_cut))
}

/// `timestamp/0`
pub fn timestamp(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let micros = (system_now(cx) / 1000) as i64;
    Ok(three_parts(cx, micros))
}

/// `os:timestamp/0`
pub fn os_timestamp(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let micros = cx.vm.platform.system_time() / 1000;
    Ok(three_parts(cx, micros))
}

/// `now/0`: never the same twice.
pub fn now(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let micros = (system_now(cx) / 1000) as i64;
    let micros = micros.max(cx.vm.last_now + 1);
    cx.vm.last_now = micros;
    Ok(three_parts(cx, micros))
}

/// Seconds of the system's clock.
fn seconds_now(cx: &mut Context<'_>) -> i64 {
    cx.vm.platform.system_time().div_euclid(1_000_000_000)
}

fn local_now(cx: &mut Context<'_>) -> DateTime {
    let seconds = seconds_now(cx);
    let offset = i64::from(cx.vm.platform.utc_offset(seconds));
    DateTime::of_seconds(seconds + offset)
}

/// `date/0`
pub fn date(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = local_now(cx);
    Ok(now.date_term(cx.heap()))
}

/// `time/0`
pub fn time(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = local_now(cx);
    Ok(now.time_term(cx.heap()))
}

/// `localtime/0`
pub fn localtime(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = local_now(cx);
    Ok(now.term(cx.heap()))
}

/// `universaltime/0`
pub fn universaltime(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    let now = DateTime::of_seconds(seconds_now(cx));
    Ok(now.term(cx.heap()))
}

/// A moment that local time is known of: since 1901-12-13, as with a `time_t` of 32 bits.
fn with_local_time(term: Term) -> Result<i64, Raise> {
    let seconds = DateTime::read(term).ok_or(Raise::BADARG)?.seconds();
    if seconds < i64::from(i32::MIN) { Err(Raise::BADARG) } else { Ok(seconds) }
}

/// `universaltime_to_localtime/1`
pub fn universaltime_to_localtime(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let seconds = with_local_time(args[0])?;
    let offset = i64::from(cx.vm.platform.utc_offset(seconds));
    Ok(DateTime::of_seconds(seconds + offset).term(cx.heap()))
}

/// `localtime_to_universaltime/2`: the second argument says whether it is summer time, which the zone knows better.
pub fn localtime_to_universaltime(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let local = with_local_time(args[0])?;
    match args[1].as_atom() {
        Some(predefined::TRUE | predefined::FALSE | predefined::UNDEFINED) => {}
        _ => return Err(Raise::BADARG),
    }
    let near = local - i64::from(cx.vm.platform.utc_offset(local));
    let offset = i64::from(cx.vm.platform.utc_offset(near));
    Ok(DateTime::of_seconds(local - offset).term(cx.heap()))
}

/// `universaltime_to_posixtime/1`
pub fn universaltime_to_posixtime(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let seconds = DateTime::read(args[0]).ok_or(Raise::BADARG)?.seconds();
    Ok(build::integer(cx.heap(), seconds))
}

/// `posixtime_to_universaltime/1`
pub fn posixtime_to_universaltime(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let seconds = args[0].as_small().ok_or(Raise::BADARG)?;
    if !calendar::SECONDS.contains(&seconds) {
        return Err(Raise::BADARG);
    }
    Ok(DateTime::of_seconds(seconds).term(cx.heap()))
}
