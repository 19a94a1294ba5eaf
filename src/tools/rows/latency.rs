//! How long things took, in percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;

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
    fn three_digits_are_shown() {
        let table = [(0, "0s"), (7, "7us"), (12_345, "12ms 300us"), (1_234_567, "1s 230ms"), (999, "999us")];
        for (micros, expected) in table {
            assert_eq!(shown(micros), expected);
        }
    }
}
