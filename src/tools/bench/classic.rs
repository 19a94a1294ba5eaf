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
    Consumer,
    TransactionProducer,
}

/// What a line is about.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// What was counted in all, and since the last line, in the time that took.
    pub all: Totals,
    pub since: Totals,
    /// The same of what else is measured: a consumer's latency from the store, the checks of transactions.
    pub second: Totals,
    pub second_since: Totals,
    pub took: Duration,
}

/// A line on what came since the last one.
pub fn interval_line(family: Family, now_ms: i64, figures: &Figures) -> String {
    format!("Current Time: {} | {}", time::millis(now_ms), shown(family, figures))
}

/// The line at the end of the whole.
pub fn complete_line(family: Family, all: Totals, second: Totals, took: Duration) -> String {
    let figures = Figures { all, since: all, second, second_since: second, took };
    let total = match family {
        Family::Producer | Family::TransactionProducer => {
            format!("Send Total: {}", all.requests + all.failed)
        }
        Family::BatchProducer => format!("Send Total: {}", all.messages + all.failed),
        Family::Consumer => format!("Consume Total: {}", all.messages + all.failed),
    };
    format!("[Complete] {total} | {}", shown(family, &figures))
}

fn shown(family: Family, figures: &Figures) -> String {
    let Figures { all, since, second, second_since, took } = figures;
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
        Family::Consumer => format!(
            "Consume TPS: {rate} | AVG(B2C) RT(ms): {mean} | AVG(S2C) RT(ms): {} | MAX(B2C) RT(ms): {max} | \
             MAX(S2C) RT(ms): {} | Consume Fail: {}",
            millis(second_since.mean_millis()),
            second.max / 1000,
            since.failed
        ),
        Family::TransactionProducer => format!(
            "Send TPS: {} | Max RT(ms): {} | AVG RT(ms): {} | Send Failed: {} | Check: {} | UnexpectedCheck: {}",
            right(rate.to_string(), 5),
            right(max.to_string(), 5),
            fixed(since.mean_millis(), 1),
            since.failed,
            second_since.requests + second_since.faulty,
            second_since.faulty
        ),
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
        let later = Totals { requests: 10, faulty: 1, micros: 5_000, max: 2_000, ..Totals::default() };
        let table = [
            (
                Family::Producer,
                "[Complete] Send Total: 1048 | Send TPS: 500 | Max RT(ms): 7 | Average RT(ms):   1.235 | \
                 Send Failed: 16 | Response Failed: 32",
            ),
            (
                Family::BatchProducer,
                "[Complete] Send Total: 16048 | Send TPS: 500 | Send MPS: 8000 | Max RT(ms): 7 | \
                 Average RT(ms):   1.235 | Average Message RT(ms):   0.077 | Send Failed: 3 | Send Message Failed: 48",
            ),
            (
                Family::Consumer,
                "[Complete] Consume Total: 16048 | Consume TPS: 500 | AVG(B2C) RT(ms):   1.235 | \
                 AVG(S2C) RT(ms):   0.500 | MAX(B2C) RT(ms): 7 | MAX(S2C) RT(ms): 2 | Consume Fail: 48",
            ),
            (
                Family::TransactionProducer,
                "[Complete] Send Total: 1048 | Send TPS:   500 | Max RT(ms):     7 | AVG RT(ms): 1.2 | \
                 Send Failed: 48 | Check: 11 | UnexpectedCheck: 1",
            ),
        ];
        for (family, expected) in table {
            assert_eq!(complete_line(family, totals(), later, second * 2), expected);
        }
    }

    #[test]
    fn a_line_in_between_is_about_what_came_since() {
        let figures = Figures {
            all: totals(),
            since: Totals { requests: 7, micros: 7_000, ..Totals::default() },
            second: Totals::default(),
            second_since: Totals::default(),
            took: Duration::from_secs(1),
        };
        let line = interval_line(Family::Producer, 0, &figures);
        let (now, shown) = line.split_once(" | ").unwrap();
        assert!(now.starts_with("Current Time: 19") && now.contains(','), "{now}");
        assert_eq!(
            shown,
            "Send TPS: 7 | Max RT(ms): 7 | Average RT(ms):   1.000 | Send Failed: 16 | Response Failed: 32"
        );
    }
}
