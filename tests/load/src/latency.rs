// SPDX-License-Identifier: Apache-2.0
//! How long answers took.

use std::time::Duration;

/// Times of answers, in microseconds.
#[derive(Debug, Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// An answer took so long.
    pub fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Those of another client.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many answers there were.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// `p50 A p99 B p999 C`, in microseconds.
    pub fn percentiles(mut self) -> String {
        self.0.sort_unstable();
        let at = |thousandths: usize| {
            let place = (self.0.len() * thousandths / 1000).min(self.0.len().saturating_sub(1));
            self.0.get(place).copied().unwrap_or(0)
        };
        format!("p50 {} p99 {} p999 {}", at(500), at(990), at(999))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_sorted_times() {
        let mut latencies = Latencies::default();
        for micros in (1..=1000).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        assert_eq!(latencies.percentiles(), "p50 501 p99 991 p999 1000");
        assert_eq!(Latencies::default().percentiles(), "p50 0 p99 0 p999 0");
    }
}
