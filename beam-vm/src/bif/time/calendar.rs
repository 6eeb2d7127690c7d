// SPDX-License-Identifier: Apache-2.0
//! Dates of the Gregorian calendar and seconds since 1970.

use core::fmt;
use core::ops::RangeInclusive;

use crate::heap::{ProcessHeap, build};
use crate::term::Term;

/// Seconds that have a date here: years of up to eight digits on both sides.
pub(super) const SECONDS: RangeInclusive<i64> = -3_000_000_000_000_000..=3_000_000_000_000_000;

/// A date and a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DateTime {
    year: i64,
    month: i64,
    day: i64,
    /// Seconds of the day.
    second: i64,
}

const DAY: i64 = 86_400;

/// Seconds of local time since 1970, which display as `ctime` of C has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) i64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let date = DateTime::of_seconds(self.0);
        let day = DAYS[self.0.div_euclid(DAY).rem_euclid(7) as usize];
        let month = MONTHS[(date.month - 1) as usize];
        let (hour, minute, second) = (date.second / 3600, date.second / 60 % 60, date.second % 60);
        write!(f, "{day} {month} {:2} {hour:02}:{minute:02}:{second:02} {}", date.day, date.year)
    }
}

/// Days from 0000-03-01 to a date, in years that begin in March, so that the day of a leap year is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days(next_year, next, 1) - days(year, month, 1)
}

impl DateTime {
    /// The date of a number of seconds since 1970.
    pub(super) fn of_seconds(seconds: i64) -> Self {
        let number = seconds.div_euclid(DAY) + days(1970, 1, 1);
        let era = number.div_euclid(146_097);
        let of_era = number.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
        Self { year: 400 * era + year, month, day, second: seconds.rem_euclid(DAY) }
    }

    /// Seconds since 1970.
    pub(super) fn seconds(self) -> i64 {
        (days(self.year, self.month, self.day) - days(1970, 1, 1)) * DAY + self.second
    }

    /// `{{Year, Month, Day}, {Hour, Minute, Second}}`, if there is such a moment, from 1600 on as in stock.
    pub(super) fn read(term: Term) -> Option<Self> {
        let pair = term.as_tuple()?;
        let [date, time] = *pair.elements() else { return None };
        let [year, month, day] = triple(date)?;
        let [hour, minute, second] = triple(time)?;
        let is_date = (1600..=99_999_999).contains(&year) && (1..=12).contains(&month);
        let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        let is_moment = is_date && is_time && (1..=days_of_month(year, month)).contains(&day);
        is_moment.then_some(Self { year, month, day, second: 3600 * hour + 60 * minute + second })
    }

    /// `{Year, Month, Day}`
    pub(super) fn date_term(self, heap: &mut ProcessHeap) -> Term {
        build::tuple(heap, &[self.year, self.month, self.day].map(Term::small_cut))
    }

    /// `{Hour, Minute, Second}`
    pub(super) fn time_term(self, heap: &mut ProcessHeap) -> Term {
        let parts = [self.second / 3600, self.second / 60 % 60, self.second % 60];
        build::tuple(heap, &parts.map(Term::small_cut))
    }

    /// Both.
    pub(super) fn term(self, heap: &mut ProcessHeap) -> Term {
        let (date, time) = (self.date_term(heap), self.time_term(heap));
        build::tuple(heap, &[date, time])
    }
}

fn triple(term: Term) -> Option<[i64; 3]> {
    let tuple = term.as_tuple()?;
    let [a, b, c] = *tuple.elements() else { return None };
    Some([a.as_small()?, b.as_small()?, c.as_small()?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DateTime, SECONDS, days_of_month};

    proptest! {
        #[test]
        fn seconds_come_back(seconds in SECONDS) {
            let date = DateTime::of_seconds(seconds);
            prop_assert_eq!(date.seconds(), seconds);
            prop_assert!((1..=12).contains(&date.month));
            prop_assert!((1..=days_of_month(date.year, date.month)).contains(&date.day));
        }
    }

    #[test]
    fn moments_are_written_as_in_c() {
        use std::string::ToString;
        assert_eq!(super::Moment(0).to_string(), "Thu Jan  1 00:00:00 1970");
        assert_eq!(super::Moment(1_795_718_606).to_string(), "Thu Nov 26 18:43:26 2026");
    }

    #[test]
    fn known_dates() {
        let parts = |seconds| {
            let date = DateTime::of_seconds(seconds);
            (date.year, date.month, date.day, date.second)
        };
        assert_eq!(parts(0), (1970, 1, 1, 0));
        assert_eq!(parts(951_782_400), (2000, 2, 29, 0));
        assert_eq!(parts(-1), (1969, 12, 31, 86_399));
        assert_eq!(parts(-62_167_219_200), (0, 1, 1, 0));
    }
}
