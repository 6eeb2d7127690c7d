// SPDX-License-Identifier: Apache-2.0
//! Time from the page that Xen keeps for it: `vcpu_time_info` and the wall clock fields of `shared_info` (`public/xen.h`).
//!
//! Xen publishes pairs of time-stamp counter and system time, and the factor between the two; the guest reads the counter and
//! works out the rest, without a hypercall. A version that is odd, or that changed meanwhile, says that Xen was writing.
#![expect(unsafe_code, reason = "reads the time-stamp counter and a page that Xen writes to")]

use core::arch::x86_64::_rdtsc;
use core::ops::{Add, Sub};
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, compiler_fence};
use core::time::Duration;

use xen_hypervisor_sys::xen::{SharedInfo, VcpuTimeInfo};

use crate::shared_info;

/// A point of Xen's system time: nanoseconds since the host was started. It never goes backwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Instant(pub u64);

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time from `earlier` to `self`, zero where that is the later one.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A reading of the time-stamp counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tsc(pub u64);

impl Tsc {
    /// The counter now.
    #[must_use]
    pub fn now() -> Self {
        // SAFETY: every 64-bit processor has the instruction, and Xen lets PV guests use it (or emulates it).
        Self(unsafe { _rdtsc() })
    }
}

/// Now.
///
/// # Panics
/// Before the shared info page is mapped.
#[must_use]
pub fn now() -> Instant {
    at(Tsc::now())
}

/// The system time at which the counter had this value.
///
/// # Panics
/// Before the shared info page is mapped.
#[must_use]
pub fn at(tsc: Tsc) -> Instant {
    system_time(&read_time_info(page()), tsc)
}

/// The time of day: since 1970-01-01 00:00 UTC, as far as the host knows it.
///
/// # Panics
/// Before the shared info page is mapped.
#[must_use]
pub fn wall_clock() -> Duration {
    wall_clock_at_start(page()) + Duration::from_nanos(now().0)
}

fn page() -> NonNull<SharedInfo> {
    shared_info::get().expect("the shared info page is not mapped yet")
}

fn system_time(info: &VcpuTimeInfo, tsc: Tsc) -> Instant {
    let scaled = |ticks| scale(ticks, info.tsc_to_system_mul, info.tsc_shift);
    // Xen's time stamp can lie before the counter's zero, so the difference wraps; a counter from before the last update counts
    // backwards from it.
    let ticks = tsc.0.wrapping_sub(info.tsc_timestamp).cast_signed();
    Instant(if ticks >= 0 {
        info.system_time.saturating_add(scaled(ticks.unsigned_abs()))
    } else {
        info.system_time.saturating_sub(scaled(ticks.unsigned_abs()))
    })
}

/// Ticks of the counter as nanoseconds: shifted, then multiplied by a fraction of 32 bits.
fn scale(ticks: u64, multiplier: u32, shift: i8) -> u64 {
    let shifted = if shift >= 0 { ticks << (shift & 63) } else { ticks >> (-i32::from(shift) & 63) };
    ((u128::from(shifted) * u128::from(multiplier)) >> 32) as u64
}

fn read_time_info(page: NonNull<SharedInfo>) -> VcpuTimeInfo {
    // SAFETY: the page is mapped for good.
    let info = unsafe { &raw const (*page.as_ptr()).vcpu_info[0].time };
    // SAFETY: the fields are valid; Xen writes them at any time, hence volatile, and the version says whether the copy is whole.
    consistent(|| unsafe { (&raw const (*info).version).read_volatile() }, || unsafe { info.read_volatile() })
}

fn wall_clock_at_start(page: NonNull<SharedInfo>) -> Duration {
    let info = page.as_ptr();
    consistent(
        // SAFETY: as in `read_time_info`.
        || unsafe { (&raw const (*info).wc_version).read_volatile() },
        || {
            // SAFETY: as in `read_time_info`.
            let (high, low, nanoseconds) = unsafe {
                (
                    (&raw const (*info).wc_sec_hi).read_volatile(),
                    (&raw const (*info).wc_sec).read_volatile(),
                    (&raw const (*info).wc_nsec).read_volatile(),
                )
            };
            Duration::new(u64::from(high) << 32 | u64::from(low), nanoseconds)
        },
    )
}

/// Reads until the version was even and the same before and after.
fn consistent<T>(version: impl Fn() -> u32, read: impl Fn() -> T) -> T {
    loop {
        let before = version();
        compiler_fence(Ordering::Acquire);
        let value = read();
        compiler_fence(Ordering::Acquire);
        if before & 1 == 0 && version() == before {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn info(shift: i8, multiplier: u32) -> VcpuTimeInfo {
        let mut info = VcpuTimeInfo::zeroed();
        info.tsc_timestamp = 1_000_000;
        info.system_time = 5_000_000_000;
        info.tsc_to_system_mul = multiplier;
        info.tsc_shift = shift;
        info
    }

    #[test]
    fn a_counter_at_one_gigahertz_counts_nanoseconds() {
        // 1 tick = 1 ns: shift 1 and a half of 2^32.
        let info = info(1, 1 << 31);
        assert_eq!(system_time(&info, Tsc(1_000_000)), Instant(5_000_000_000));
        assert_eq!(system_time(&info, Tsc(1_000_123)), Instant(5_000_000_123));
        assert_eq!(system_time(&info, Tsc(999_990)), Instant(4_999_999_990));
    }

    #[test]
    fn a_fast_counter_is_scaled_down() {
        // 4 GHz: shift -1 and a half.
        let info = info(-1, 1 << 31);
        assert_eq!(system_time(&info, Tsc(1_000_000 + 4_000)), Instant(5_000_001_000));
    }

    /// Seen on Xen when a processor's counter was set back at its start.
    #[test]
    fn a_time_stamp_from_before_the_counter_s_zero_counts_on() {
        let mut info = info(1, 1 << 31);
        info.tsc_timestamp = 0_u64.wrapping_sub(1_000);
        assert_eq!(system_time(&info, Tsc(500)), Instant(5_000_001_500));
        assert_eq!(system_time(&info, Tsc(0_u64.wrapping_sub(2_000))), Instant(4_999_999_000));
    }

    proptest! {
        #[test]
        fn time_does_not_go_backwards(
            shift in -8_i8..8,
            multiplier in 1_u32..,
            first in 0_u64..1 << 50,
            more in 0_u64..1 << 50,
        ) {
            let info = info(shift, multiplier);
            prop_assert!(system_time(&info, Tsc(first)) <= system_time(&info, Tsc(first + more)));
        }
    }
}
