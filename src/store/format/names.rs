//! Names of files: commit log and consume queue by offset, index by time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Name of the file that begins at `offset`: twenty digits.
pub fn offset_name(offset: i64) -> String {
    format!("{offset:020}")
}

/// The offset that a file's name says; `None` for other files.
pub fn parse_offset(name: &str) -> Option<i64> {
    if name.len() != 20 || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

/// Name of an index file made at `now`: yyyyMMddHHmmssSSS where the broker is
/// (`UtilAll.timeMillisToHumanString`).
pub fn time_name(now: i64, zone: &TimeZone) -> String {
    let time =
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(zone.clone());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{:03}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}

/// The same, or the next name after `last`: the order of names must be that of the files, though several may be made
/// in one millisecond, and clocks step back.
pub fn time_name_after(last: Option<&str>, now: i64, zone: &TimeZone) -> String {
    let name = time_name(now, zone);
    let Some(last) = last.filter(|last| *last >= name.as_str()) else { return name };
    let next = last.parse().map_or(0, |number: u64| number.saturating_add(1));
    let next = format!("{next:0width$}", width = last.len());
    // A name that no broker gave: any that is longer comes after it.
    if next.as_str() > last { next } else { format!("{last}0") }
}

/// Whether a name is that of an index file. Java takes any number.
pub fn is_time_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 18 && name.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets() {
        assert_eq!(offset_name(1 << 30), "00000000001073741824");
        assert_eq!(parse_offset("00000000001073741824"), Some(1 << 30));
        for name in ["", "1", "0000000000107374182x", "99999999999999999999", "+0000000000000000001"] {
            assert_eq!(parse_offset(name), None, "{name}");
        }
    }

    #[test]
    fn times() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::fixed(jiff::tz::offset(8)));
        assert_eq!(time_name(1_795_513_893_155, &shanghai), "20261124175133155");
        assert_eq!(time_name(1_795_513_893_155, &TimeZone::UTC), "20261124095133155");
        let table = [
            (None, "20261124095133155"),
            (Some("20261124095133154"), "20261124095133155"),
            (Some("20261124095133155"), "20261124095133156"),
            // A clock that was set back, by years.
            (Some("20991231235959999"), "20991231235960000"),
            (Some("999"), "9990"),
        ];
        for (last, expected) in table {
            assert_eq!(time_name_after(last, 1_795_513_893_155, &TimeZone::UTC), expected, "{last:?}");
        }
        assert!(is_time_name("20261124173133155"));
        assert!(!is_time_name("lock") && !is_time_name(""));
    }
}
