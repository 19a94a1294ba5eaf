//! Puts and gets by day: the totals at the last two midnights of the machine's time zone (Java:
//! `BrokerStats`).

use parking_lot::Mutex;

/// Totals at midnights.
#[derive(Debug, Default)]
pub struct Daily(Mutex<Days>);

#[derive(Debug, Default, Clone, Copy)]
struct Days {
    /// When the next day begins, in ms since 1970; `None` before the first look at the clock.
    next_midnight: Option<i64>,
    put_yesterday: i64,
    put_today: i64,
    get_yesterday: i64,
    get_today: i64,
}

impl Daily {
    /// Begins a new day if it is past midnight. `put` and `get` are the totals so far.
    pub fn turn(&self, now: i64, put: i64, get: i64) {
        let mut days = self.0.lock();
        match days.next_midnight {
            Some(midnight) if now < midnight => return,
            Some(_) => days.turn(put, get),
            None => {}
        }
        days.next_midnight = Some(next_midnight(now));
    }

    /// The totals under Apache's names, `put` and `get` being those of now.
    pub fn entries(&self, put: i64, get: i64) -> [(&'static str, i64); 6] {
        let days = *self.0.lock();
        [
            ("msgPutTotalYesterdayMorning", days.put_yesterday),
            ("msgPutTotalTodayMorning", days.put_today),
            ("msgPutTotalTodayNow", put),
            ("msgGetTotalYesterdayMorning", days.get_yesterday),
            ("msgGetTotalTodayMorning", days.get_today),
            ("msgGetTotalTodayNow", get),
        ]
    }
}

impl Days {
    fn turn(&mut self, put: i64, get: i64) {
        (self.put_yesterday, self.put_today) = (self.put_today, put);
        (self.get_yesterday, self.get_today) = (self.get_today, get);
    }
}

/// When the day after that of `now` begins, in ms since 1970; a day later where the calendar has no answer.
fn next_midnight(now: i64) -> i64 {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    jiff::Timestamp::from_millisecond(now)
        .and_then(|now| now.to_zoned_datetime(jiff::tz::TimeZone::system()).tomorrow())
        .and_then(|tomorrow| tomorrow.start_of_day())
        .map_or(now.saturating_add(DAY), |midnight| midnight.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_move_on_at_midnight() {
        let daily = Daily::default();
        let now = 1_795_500_000_000;
        daily.turn(now, 5, 6);
        let midnight = next_midnight(now);
        assert!(midnight > now && midnight <= now + 25 * 3_600_000, "{midnight}");
        daily.turn(midnight - 1, 7, 8);
        let values = |daily: &Daily| daily.entries(100, 200).map(|(_, value)| value);
        assert_eq!(values(&daily), [0, 0, 100, 0, 0, 200]);
        daily.turn(midnight, 10, 20);
        daily.turn(midnight + 1, 11, 21);
        assert_eq!(values(&daily), [0, 10, 100, 0, 20, 200]);
        daily.turn(next_midnight(midnight), 30, 40);
        assert_eq!(values(&daily), [10, 30, 100, 20, 40, 200]);
    }
}
