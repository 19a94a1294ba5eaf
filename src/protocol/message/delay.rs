//! The delay levels of messages (`messageDelayLevel`).

use std::time::Duration;

/// The levels a broker has unless configured otherwise.
pub const DEFAULT_DELAY_LEVELS: &str = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

/// A level of the table that is no number with a unit s, m, h or d.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no delay: a number followed by s, m, h or d is needed")]
pub struct DelayLevelError(pub String);

/// The delays of the levels, from level 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelayLevels(Vec<Duration>);

impl Default for DelayLevels {
    fn default() -> Self {
        Self::parse(DEFAULT_DELAY_LEVELS).expect("the default table is well formed")
    }
}

impl DelayLevels {
    /// Reads a table such as [`DEFAULT_DELAY_LEVELS`].
    ///
    /// # Errors
    /// The first level that cannot be read.
    pub fn parse(text: &str) -> Result<Self, DelayLevelError> {
        text.split_whitespace().map(parse_delay).collect::<Result<_, _>>().map(Self)
    }

    /// The highest level.
    pub fn max_level(&self) -> i32 {
        i32::try_from(self.0.len()).unwrap_or(i32::MAX)
    }

    /// The delay of a level, `None` below 1 and above the highest.
    pub fn delay(&self, level: i32) -> Option<Duration> {
        let index = usize::try_from(level).ok()?.checked_sub(1)?;
        self.0.get(index).copied()
    }

    /// When a message stored at `store_timestamp` (milliseconds) is due; a second later for a level that
    /// does not exist (`ScheduleMessageService.computeDeliverTimestamp`).
    pub fn deliver_at(&self, level: i32, store_timestamp: i64) -> i64 {
        let delay = self.delay(level).unwrap_or(Duration::from_secs(1));
        store_timestamp.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
    }
}

fn parse_delay(text: &str) -> Result<Duration, DelayLevelError> {
    let refuse = || DelayLevelError(text.to_owned());
    let unit = text.chars().last().ok_or_else(refuse)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(refuse()),
    };
    let number = text.strip_suffix(unit).and_then(|n| n.parse::<u32>().ok()).ok_or_else(refuse)?;
    Ok(Duration::from_secs(u64::from(number).saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_table() {
        let levels = DelayLevels::default();
        assert_eq!(levels.max_level(), 18);
        let table = [
            (0, None),
            (1, Some(1)),
            (4, Some(30)),
            (5, Some(60)),
            (17, Some(3600)),
            (18, Some(7200)),
            (19, None),
        ];
        for (level, seconds) in table {
            assert_eq!(levels.delay(level), seconds.map(Duration::from_secs), "{level}");
        }
        assert_eq!(levels.deliver_at(3, 1_000), 11_000);
        assert_eq!(levels.deliver_at(99, 1_000), 2_000);
    }

    #[test]
    fn damaged_tables_are_refused() {
        for text in ["1x", "s", "-1s", "1s 5", "é"] {
            assert!(DelayLevels::parse(text).is_err(), "{text}");
        }
    }
}
