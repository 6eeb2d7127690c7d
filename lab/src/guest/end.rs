// SPDX-License-Identifier: Apache-2.0
//! How a guest ended, from what the `xl` that watches it writes to its log.

use std::fmt;
use std::time::Duration;

/// Why a domain ended: Xen's `SHUTDOWN_*` codes (xen/include/public/sched.h), or its destruction from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It powered off.
    Poweroff,
    /// It asked for a reboot.
    Reboot,
    /// It suspended itself.
    Suspend,
    /// It crashed.
    Crash,
    /// Its watchdog fired.
    Watchdog,
    /// It asked for a soft reset.
    SoftReset,
    /// A code that is none of these.
    Other(u32),
    /// `xl destroy`, here or by somebody else.
    Destroyed,
}

impl Reason {
    fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Poweroff,
            1 => Self::Reboot,
            2 => Self::Suspend,
            3 => Self::Crash,
            4 => Self::Watchdog,
            5 => Self::SoftReset,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poweroff => f.write_str("poweroff"),
            Self::Reboot => f.write_str("reboot"),
            Self::Suspend => f.write_str("suspend"),
            Self::Crash => f.write_str("crash"),
            Self::Watchdog => f.write_str("watchdog"),
            Self::SoftReset => f.write_str("soft reset"),
            Self::Other(code) => write!(f, "shutdown code {code}"),
            Self::Destroyed => f.write_str("destroyed"),
        }
    }
}

/// A guest's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why it ended.
    pub reason: Reason,
    /// Time from the return of `xl create` until `xl` had acted on the end.
    pub after: Duration,
}

/// What the log of an `xl create` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// The domain's number.
    pub(crate) domid: Option<u32>,
    /// Why it ended.
    pub(crate) reason: Option<Reason>,
    /// Whether `xl` has acted on the end: `destroy` is done, `preserve` left it, `restart` began.
    pub(crate) acted: bool,
}

/// Reads the log up to the first end. A last line that is not whole is left for the next time.
pub(crate) fn parse(log: &str) -> Watch {
    let mut watch = Watch::default();
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    for line in whole.lines() {
        if let Some((_, rest)) = line.split_once("(domid ")
            && watch.domid.is_none()
        {
            watch.domid = number(rest);
        } else if let Some((_, rest)) = line.split_once("has shut down, reason code ") {
            watch.reason = watch.reason.or(number(rest).map(Reason::from_code));
        } else if line.ends_with("has been destroyed.") {
            watch.reason = watch.reason.or(Some(Reason::Destroyed));
            watch.acted = true;
        } else if line.starts_with("Done. ") {
            watch.acted = true;
        }
        if watch.acted {
            break;
        }
    }
    watch
}

/// Why the domain of a log that `xl create` keeps has ended, if it has; one that was started anew counts anew.
#[must_use]
pub fn reason_of(log: &str) -> Option<Reason> {
    parse(&log[log.rfind("Waiting for domain ").unwrap_or(0)..]).reason
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITING: &str = "Waiting for domain g1 (domid 7) to die [pid 145]\n";

    #[test]
    fn a_log_is_read_line_by_line() {
        assert_eq!(parse(""), Watch::default());
        assert_eq!(parse(WAITING), Watch { domid: Some(7), ..Watch::default() });
        let down = format!(
            "{WAITING}Domain 7 has shut down, reason code 3 0x3\nAction for shutdown reason code 3 is destroy\n"
        );
        assert_eq!(parse(&down), Watch { domid: Some(7), reason: Some(Reason::Crash), acted: false });
        let done =
            format!("{down}Domain 7 needs to be cleaned up: destroying the domain\nDone. Exiting now\n");
        assert_eq!(parse(&done), Watch { domid: Some(7), reason: Some(Reason::Crash), acted: true });
        // The last line has not come whole.
        assert!(!parse(done.trim_end()).acted);
    }

    #[test]
    fn destruction_is_a_reason() {
        let log = format!("{WAITING}Domain 7 has been destroyed.\n");
        assert_eq!(parse(&log).reason, Some(Reason::Destroyed));
        assert!(parse(&log).acted);
    }

    #[test]
    fn the_last_end_counts_of_a_domain_that_is_asked_about_later() {
        let log = format!(
            "{WAITING}Domain 7 has shut down, reason code 1 0x1\nDone. Rebooting now\nWaiting for domain g1 (domid 8) to die [pid 145]\n"
        );
        assert_eq!(reason_of(&log), None);
        assert_eq!(
            reason_of(&format!("{log}Domain 8 has shut down, reason code 3 0x3\n")),
            Some(Reason::Crash)
        );
        assert_eq!(reason_of(""), None);
    }

    #[test]
    fn only_the_first_end_counts_when_a_guest_restarts() {
        let log = format!(
            "{WAITING}Domain 7 has shut down, reason code 1 0x1\nAction for shutdown reason code 1 is restart\n\
             Done. Rebooting now\nWaiting for domain g1 (domid 8) to die [pid 145]\n\
             Domain 8 has shut down, reason code 0 0x0\n"
        );
        assert_eq!(parse(&log), Watch { domid: Some(7), reason: Some(Reason::Reboot), acted: true });
    }
}
