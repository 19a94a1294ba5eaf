//! The index file: a header of 40 bytes, hash slots of 4, entries of 20 (`IndexFile`, `IndexHeader`).
//!
//! | header field | bytes |
//! |---|---|
//! | begin timestamp, end timestamp | 8 + 8 |
//! | begin offset, end offset in the commit log | 8 + 8 |
//! | slots used | 4 |
//! | entries, plus one | 4 |
//!
//! An entry: hash of the key 4, commit log offset 8, seconds since the begin timestamp 4, number of the entry
//! before it in the same slot 4. Entry 0 is never used.

use crate::protocol::message::java_hash_code;

/// Bytes of the header.
pub const HEADER: usize = 40;
/// Bytes of a slot.
pub const SLOT: usize = 4;
/// Bytes of an entry.
pub const ENTRY: usize = 20;

/// Bytes of an index file.
pub const fn file_len(slots: usize, entries: usize) -> usize {
    HEADER.saturating_add(slots.saturating_mul(SLOT)).saturating_add(entries.saturating_mul(ENTRY))
}

/// Hash of a key as the index uses it: never negative (`indexKeyHashMethod`).
pub fn key_hash(key: &str) -> u32 {
    java_hash_code(key).checked_abs().map_or(0, i32::unsigned_abs)
}

/// What the index keeps a message's key or unique id under.
pub fn key(topic: &str, key: &str) -> String {
    format!("{topic}#{key}")
}

/// What the index keeps a message's tag under, as brokers from 5.5 on do.
pub fn typed_key(topic: &str, key: &str, kind: &str) -> String {
    format!("{topic}#{kind}#{key}")
}

/// Seconds between the begin of the file and a message, as the entry holds them.
pub fn time_diff(begin: i64, store_timestamp: i64) -> i32 {
    if begin <= 0 {
        return 0;
    }
    let seconds = store_timestamp.saturating_sub(begin) / 1000;
    i32::try_from(seconds.max(0)).unwrap_or(i32::MAX)
}

/// Whether a file that covers `file` (first and last store time) may hold messages of `asked`
/// (`isTimeMatched`).
pub fn time_matches(file: (i64, i64), asked: (i64, i64)) -> bool {
    let ((first, last), (begin, end)) = (file, asked);
    let within = |time| (first..=last).contains(&time);
    (begin < first && end > last) || within(begin) || within(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_never_negative() {
        assert_eq!(key_hash("TopicTest"), 1_902_610_879);
        assert_eq!(key_hash("polygenelubricants"), 0);
        assert_eq!(key_hash("TagA"), 2_598_919);
    }

    #[test]
    fn default_file_is_as_long_as_javas() {
        assert_eq!(file_len(5_000_000, 20_000_000), 420_000_040);
    }

    #[test]
    fn time_differences() {
        let table = [(0, 5_000, 0), (1_000, 5_999, 4), (9_000, 5_000, 0), (1, i64::MAX, i32::MAX)];
        for (begin, time, expected) in table {
            assert_eq!(time_diff(begin, time), expected, "{begin} {time}");
        }
    }

    #[test]
    fn time_ranges() {
        let table = [
            ((1, 9), true),
            ((3, 4), true),
            ((0, 2), true),
            ((4, 9), true),
            ((0, 1), false),
            ((6, 9), false),
        ];
        for (asked, expected) in table {
            assert_eq!(time_matches((2, 5), asked), expected, "{asked:?}");
        }
    }
}
