//! How long things took, in percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::Serialize;

use crate::runtime::time::short_duration;

/// Durations, kept to three digits.
#[derive(Debug)]
pub struct Latency(Histogram<u64>);

/// Significant digits that are kept.
const DIGITS: u8 = 3;
/// What is longer counts as so long: a day, in microseconds.
const LONGEST: u64 = 86_400_000_000;

impl Default for Latency {
    fn default() -> Self {
        Self(
            Histogram::new_with_bounds(1, LONGEST, DIGITS)
                .expect("the bounds and digits are constants that fit"),
        )
    }
}

impl Latency {
    /// One more.
    pub fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
        self.0.saturating_record(micros.clamp(1, LONGEST));
    }

    /// All that another one has.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds, so all of it fits.
        let _ = self.0.add(&other.0);
    }

    /// The percentiles as numbers.
    pub fn summary(&self) -> Percentiles {
        let at = |percent: f64| self.0.value_at_percentile(percent);
        Percentiles {
            mean: (self.0.mean() * 10.0).round() / 10.0,
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            p999: at(99.9),
            max: self.0.max(),
        }
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As `p50 850us, p90 1ms 200us, p99 3ms, p99.9 4ms, max 5ms`.
    pub fn percentiles(&self) -> String {
        let at = |percent: f64| shown(self.0.value_at_percentile(percent));
        let parts: Vec<String> =
            [50.0, 90.0, 99.0, 99.9].iter().map(|percent| format!("p{percent} {}", at(*percent))).collect();
        format!("{}, max {}", parts.join(", "), shown(self.0.max()))
    }
}

/// Percentiles of durations, in microseconds; zeros where nothing was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Percentiles {
    pub mean: f64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    /// 99.9.
    pub p999: u64,
    pub max: u64,
}

/// Three digits are enough.
fn shown(micros: u64) -> String {
    let unit = 10_u64.pow(micros.checked_ilog10().unwrap_or(0).saturating_sub(2));
    short_duration(Duration::from_micros(micros / unit * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latency = Latency::default();
        assert!(latency.is_empty());
        for i in 1..=1000 {
            latency.record(Duration::from_micros(i));
        }
        latency.record(Duration::from_secs(1_000_000));
        latency.record(Duration::ZERO);
        assert_eq!(latency.percentiles(), "p50 500us, p90 901us, p99 991us, p99.9 1ms, max 1day");
    }

    #[test]
    fn two_become_one() {
        let (mut latency, mut other) = (Latency::default(), Latency::default());
        assert_eq!(latency.summary(), Percentiles::default());
        (1..=500).for_each(|i| latency.record(Duration::from_micros(i)));
        (501..=1000).for_each(|i| other.record(Duration::from_micros(i)));
        latency.add(&other);
        let expected = Percentiles { mean: 500.5, p50: 500, p90: 900, p99: 990, p999: 1000, max: 1000 };
        assert_eq!(latency.summary(), expected);
    }

    #[test]
    fn three_digits_are_shown() {
        let table = [(0, "0s"), (7, "7us"), (12_345, "12ms 300us"), (1_234_567, "1s 230ms"), (999, "999us")];
        for (micros, expected) in table {
            assert_eq!(shown(micros), expected);
        }
    }
}
