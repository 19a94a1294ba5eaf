//! The lines that Apache's benchmarks print.

use std::time::Duration;

use super::tally::Totals;
use crate::output::{fixed, right};
use crate::runtime::time;

/// Which of Apache's benchmarks prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Producer,
    BatchProducer,
}

/// A line on what came since the last one, in the time that took.
pub fn interval_line(family: Family, now_ms: i64, all: Totals, since: Totals, took: Duration) -> String {
    let now = time::millis(now_ms);
    format!("Current Time: {now} | {}", figures(family, all, since, took))
}

/// The line at the end of the whole.
pub fn complete_line(family: Family, all: Totals, took: Duration) -> String {
    let total = match family {
        Family::Producer => all.requests + all.failed,
        Family::BatchProducer => all.messages + all.failed,
    };
    format!("[Complete] Send Total: {total} | {}", figures(family, all, all, took))
}

fn figures(family: Family, all: Totals, since: Totals, took: Duration) -> String {
    let a_second = |count: u64| (count as f64 / took.as_secs_f64().max(0.001)) as u64;
    let millis = |value: f64| right(fixed(value, 3), 7);
    let (rate, max, mean) = (a_second(since.requests), all.max / 1000, millis(since.mean_millis()));
    match family {
        Family::Producer => format!(
            "Send TPS: {rate} | Max RT(ms): {max} | Average RT(ms): {mean} | Send Failed: {} | Response Failed: {}",
            all.failed.saturating_sub(all.refused),
            all.refused
        ),
        Family::BatchProducer => {
            let of_message = since.mean_millis() * since.requests as f64 / since.messages.max(1) as f64;
            format!(
                "Send TPS: {rate} | Send MPS: {} | Max RT(ms): {max} | Average RT(ms): {mean} | \
                 Average Message RT(ms): {} | Send Failed: {} | Send Message Failed: {}",
                a_second(since.messages),
                millis(of_message),
                all.faulty,
                all.failed
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> Totals {
        Totals {
            messages: 16_000,
            bytes: 0,
            failed: 48,
            refused: 32,
            requests: 1000,
            faulty: 3,
            micros: 1_234_500,
            max: 7_999,
        }
    }

    #[test]
    fn lines_are_laid_out_as_apaches() {
        let second = Duration::from_secs(1);
        assert_eq!(
            complete_line(Family::Producer, totals(), second * 2),
            "[Complete] Send Total: 1048 | Send TPS: 500 | Max RT(ms): 7 | Average RT(ms):   1.235 | \
             Send Failed: 16 | Response Failed: 32"
        );
        let line = interval_line(Family::BatchProducer, 0, totals(), totals(), second);
        let (now, figures) = line.split_once(" | ").unwrap();
        assert!(now.starts_with("Current Time: 19") && now.contains(','), "{now}");
        assert_eq!(
            figures,
            "Send TPS: 1000 | Send MPS: 16000 | Max RT(ms): 7 | Average RT(ms):   1.235 | \
             Average Message RT(ms):   0.077 | Send Failed: 3 | Send Message Failed: 48"
        );
    }
}
