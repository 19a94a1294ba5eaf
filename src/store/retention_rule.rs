//! When files are deleted, and which (`CleanCommitLogService`, `MappedFileQueue.deleteExpiredFileByTime`).
//! Pure.

/// Levels of disk use, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    /// Above it nothing more is accepted.
    pub(super) warning: f64,
    /// Above it files go before they expire.
    pub(super) forcibly: f64,
    /// Above it expired files go at any hour.
    pub(super) max_used: f64,
}

/// What the use of the disks calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pressure {
    /// Whether the store is to count as full from now on; `None` leaves that as it is.
    pub(super) full: Option<bool>,
    /// Whether expired files are to go at any hour.
    pub(super) reclaim: bool,
    /// Whether files are to go before they expire.
    pub(super) immediately: bool,
}

/// Judges the use of the disks that log and consume queues lie on. Between `forcibly` and `warning` a store
/// that counts as full goes on doing so: it must fall further before it takes messages again.
pub(super) fn pressure(log: f64, queues: f64, levels: Levels) -> Pressure {
    for ratio in [log, queues] {
        if ratio > levels.warning {
            return Pressure { full: Some(true), reclaim: true, immediately: true };
        }
        if ratio > levels.forcibly {
            return Pressure { full: None, reclaim: true, immediately: true };
        }
    }
    let reclaim = [log, queues].iter().any(|ratio| *ratio < 0.0 || *ratio > levels.max_used);
    Pressure { full: Some(false), reclaim, immediately: false }
}

/// Whether `hour` is one of those in `when`, which holds hours separated by semicolons
/// (`UtilAll.isItTimeToDo`).
pub(super) fn is_hour(when: &str, hour: u32) -> bool {
    when.split(';').any(|part| part.trim().parse() == Ok(hour))
}

/// How many of the first files can go: those not changed for `reserved` milliseconds, or any when it has to
/// be `immediately`; never the last, and at most `max` at a time.
pub(super) fn expired(modified: &[i64], now: i64, reserved: i64, immediately: bool, max: usize) -> usize {
    let candidates = modified.len().saturating_sub(1).min(max);
    modified
        .iter()
        .take(candidates)
        .take_while(|time| immediately || now >= time.saturating_add(reserved))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_of_the_disk() {
        let levels = Levels { warning: 0.9, forcibly: 0.85, max_used: 0.75 };
        let calls = |full, reclaim, immediately| Pressure { full, reclaim, immediately };
        let table = [
            ((0.5, 0.5), calls(Some(false), false, false)),
            ((0.75, 0.75), calls(Some(false), false, false)),
            ((0.8, 0.5), calls(Some(false), true, false)),
            ((0.5, 0.8), calls(Some(false), true, false)),
            ((-1.0, 0.5), calls(Some(false), true, false)),
            ((0.87, 0.5), calls(None, true, true)),
            ((0.5, 0.87), calls(None, true, true)),
            ((0.91, 0.5), calls(Some(true), true, true)),
            ((0.5, 0.91), calls(Some(true), true, true)),
        ];
        for ((log, queues), expected) in table {
            assert_eq!(pressure(log, queues, levels), expected, "{log} {queues}");
        }
    }

    #[test]
    fn hours() {
        for (when, hour, expected) in [("04", 4, true), ("4;16", 16, true), ("04", 5, false), ("", 0, false)]
        {
            assert_eq!(is_hour(when, hour), expected, "{when} {hour}");
        }
    }

    #[test]
    fn files_that_go() {
        let table = [
            ("none expired", &[90, 95, 99][..], false, 10, 0),
            ("first expired", &[40, 95, 99], false, 10, 1),
            ("a later one must wait for those before it", &[95, 40, 99], false, 10, 0),
            ("never the last", &[1, 2, 3], false, 10, 2),
            ("at most so many", &[1, 2, 3], false, 1, 1),
            ("at once", &[95, 96, 97], true, 10, 2),
            ("no files", &[], true, 10, 0),
        ];
        for (name, modified, immediately, max, expected) in table {
            assert_eq!(expired(modified, 100, 50, immediately, max), expected, "{name}");
        }
    }
}
