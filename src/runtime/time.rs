//! Times and durations as people and mqadmin write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use std::time::Duration;
use thiserror::Error;

/// What could not be read as a time or a duration, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    #[error(
        "'{0}' is not a time; use epoch milliseconds, 'now', '2h-ago', '2026-01-02 15:04', \
         '2026-01-02T15:04:05Z' or '2026-01-02#15:04:05:000'"
    )]
    NotATime(String),
    #[error("'{0}' is not a duration; use for example 500ms, 30s, 5m or 2h")]
    NotADuration(String),
}

/// `yyyy-MM-dd HH:mm:ss,SSS` in `zone`: how mqadmin prints times with milliseconds.
pub fn millis_in(epoch_ms: i64, zone: &TimeZone) -> String {
    format_in(epoch_ms, zone, "%Y-%m-%d %H:%M:%S,%3f")
}

/// `yyyy-MM-dd HH:mm:ss` in `zone`: how mqadmin prints times without milliseconds.
pub fn seconds_in(epoch_ms: i64, zone: &TimeZone) -> String {
    format_in(epoch_ms, zone, "%Y-%m-%d %H:%M:%S")
}

/// [`millis_in`] the zone of this machine.
pub fn millis(epoch_ms: i64) -> String {
    millis_in(epoch_ms, &TimeZone::system())
}

/// [`seconds_in`] the zone of this machine.
pub fn seconds(epoch_ms: i64) -> String {
    seconds_in(epoch_ms, &TimeZone::system())
}

/// `yyyyMMddHHmmssSSS` in the zone of this machine (Java: `UtilAll.timeMillisToHumanString`).
pub fn digits(epoch_ms: i64) -> String {
    format_in(epoch_ms, &TimeZone::system(), "%Y%m%d%H%M%S%3f")
}

/// RFC 3339 with milliseconds, in UTC.
pub fn rfc3339(epoch_ms: i64) -> String {
    format_in(epoch_ms, &TimeZone::UTC, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

fn format_in(epoch_ms: i64, zone: &TimeZone, format: &str) -> String {
    match Timestamp::from_millisecond(epoch_ms) {
        Ok(timestamp) => timestamp.to_zoned_datetime(zone.clone()).strftime(format).to_string(),
        // Beyond the year 9999 there is no calendar to print; the number is still the truth.
        Err(_) => epoch_ms.to_string(),
    }
}

/// Reads a time in any of the ways people write it, in the zone of this machine.
///
/// # Errors
/// [`TimeError::NotATime`].
pub fn parse(text: &str, now_ms: i64) -> Result<i64, TimeError> {
    parse_in(text, now_ms, &TimeZone::system())
}

/// Reads a time: epoch milliseconds, `now`, `DURATION-ago`, `yyyy-MM-dd#HH:mm:ss:SSS` (mqadmin's),
/// `yyyy-MM-dd[ HH:mm[:ss[.SSS]]]` with a blank or `T`, RFC 3339. What names no zone is in `zone`.
///
/// # Errors
/// [`TimeError::NotATime`].
pub fn parse_in(text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, TimeError> {
    let text = text.trim();
    let bad = || TimeError::NotATime(text.to_owned());
    if text.eq_ignore_ascii_case("now") {
        return Ok(now_ms);
    }
    if let Ok(epoch_ms) = text.parse::<i64>() {
        return Ok(epoch_ms);
    }
    if let Some(ago) = text.strip_suffix("-ago").or_else(|| text.strip_suffix(" ago")) {
        let ago = parse_duration(ago).map_err(|_| bad())?;
        return now_ms.checked_sub(i64::try_from(ago.as_millis()).map_err(|_| bad())?).ok_or_else(bad);
    }
    if let Some(civil) = mqadmin_time(text) {
        return civil
            .to_zoned_datetime(zone.clone())
            .map(|z| z.timestamp().as_millisecond())
            .map_err(|_| bad());
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.as_millisecond());
    }
    // A full civil date is needed: a bare time of day is not a time.
    let civil: DateTime = text.parse().map_err(|_| bad())?;
    civil.to_zoned_datetime(zone.clone()).map(|z| z.timestamp().as_millisecond()).map_err(|_| bad())
}

/// `yyyy-MM-dd#HH:mm:ss:SSS`; lenient as Java's SimpleDateFormat about the number of digits of the milliseconds.
fn mqadmin_time(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once('#')?;
    let date: jiff::civil::Date = date.parse().ok()?;
    let mut parts = time.split(':');
    let mut next = || parts.next().map_or(Some(0), |part| part.parse::<i16>().ok());
    let (hour, minute, second, milli) = (next()?, next()?, next()?, next()?);
    if parts.next().is_some() || !(0..1000).contains(&milli) {
        return None;
    }
    let small = |value: i16| i8::try_from(value).ok();
    let time =
        jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, i32::from(milli) * 1_000_000);
    Some(date.to_datetime(time.ok()?))
}

/// Reads `500ms`, `30s`, `5m`, `2h`, `1d`, `1h 30m`; a bare number is seconds.
///
/// # Errors
/// [`TimeError::NotADuration`].
pub fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    let text = text.trim();
    let bad = || TimeError::NotADuration(text.to_owned());
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| bad());
    }
    humantime::parse_duration(text).map_err(|_| bad())
}

/// A duration in its two largest units: `1h 5m`, `3s 200ms`, `850us`.
pub fn short_duration(duration: Duration) -> String {
    let text = humantime::format_duration(duration).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Milliseconds since 1970 of the last midnight at or before `epoch_ms` in `zone`.
pub fn start_of_day(epoch_ms: i64, zone: &TimeZone) -> i64 {
    let day = Timestamp::from_millisecond(epoch_ms).ok().map(|t| t.to_zoned_datetime(zone.clone()));
    day.and_then(|z: ZonedDateTime| z.start_of_day().ok())
        .map_or(epoch_ms, |z| z.timestamp().as_millisecond())
}

/// Whole days, hours, minutes and seconds of a span of milliseconds, as `[d, h, m, s]`.
pub fn parts(span_ms: i64) -> [i64; 4] {
    let seconds = span_ms / 1000;
    [seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_519_817_932; // 2026-11-24T11:30:17.932Z

    fn shanghai() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(8))
    }

    #[test]
    fn prints_local_times_as_mqadmin() {
        assert_eq!(millis_in(NOW, &shanghai()), "2026-11-24 19:30:17,932");
        assert_eq!(seconds_in(NOW, &TimeZone::UTC), "2026-11-24 11:30:17");
        assert_eq!(rfc3339(NOW), "2026-11-24T11:30:17.932Z");
        assert_eq!(millis_in(0, &TimeZone::UTC), "1970-01-01 00:00:00,000");
        assert_eq!(millis_in(i64::MAX, &TimeZone::UTC), i64::MAX.to_string());
    }

    #[test]
    fn reads_times_as_people_write_them() {
        let table = [
            ("now", NOW),
            ("1795519817932", NOW),
            (" 0 ", 0),
            ("-1", -1),
            ("2h-ago", NOW - 7_200_000),
            ("30m ago", NOW - 1_800_000),
            ("2026-11-24#19:30:17:932", NOW),
            ("2026-11-24T11:30:17.932Z", NOW),
            ("2026-11-24T13:30:17.932+02:00", NOW),
            ("2026-11-24 19:30:17.932", NOW),
            ("2026-11-24 19:30", NOW - 17_932),
            ("2026-11-24T19:30:17", NOW - 932),
            ("1970-01-01", -8 * 3_600_000),
        ];
        for (text, want) in table {
            assert_eq!(parse_in(text, NOW, &shanghai()), Ok(want), "{text}");
        }
    }

    #[test]
    fn says_what_is_not_a_time() {
        for text in
            ["", "yesterday", "2026-13-01", "2026-11-24#25:00:00:000", "12:30", "-ago", "999999999999d-ago"]
        {
            assert!(parse_in(text, NOW, &shanghai()).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_and_prints_durations() {
        assert_eq!(parse_duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_duration("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_secs(5400)));
        for text in ["", "-1", "x", "1e400", "NaN"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(short_duration(Duration::from_millis(3_661_001)), "1h 1m");
    }

    #[test]
    fn finds_midnight_and_parts() {
        assert_eq!(start_of_day(NOW, &TimeZone::UTC), 1_795_478_400_000);
        assert_eq!(parts(90_061_999), [1, 1, 1, 1]);
    }
}
