//! What to do with a commit log found on the disk: where to begin looking, and what its end means. Pure.

/// The first message of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileHead {
    /// Offset at which the file begins.
    pub(super) base: i64,
    /// Store time of its first message; `None` when it does not begin with a whole message.
    pub(super) store_timestamp: Option<i64>,
}

/// How far what hangs on the log is known to agree with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Commit log offset up to which consume queues hold messages; -1 when there are none.
    pub(super) queues: i64,
    /// Commit log offset of the last message in the index; `None` when there is no index to keep.
    pub(super) index: Option<i64>,
    /// Store time up to which log and consume queues are on the disk for certain; `None` after a clean stop,
    /// when everything is.
    pub(super) safe_time: Option<i64>,
}

/// The file to begin with: the last one before which everything agrees.
pub(super) fn start_file(files: &[FileHead], known: Known) -> usize {
    let agreed = known.index.map_or(known.queues, |index| index.min(known.queues));
    let matches = |file: &FileHead| {
        let Some(time) = file.store_timestamp else { return false };
        time > 0 && file.base <= agreed && known.safe_time.is_none_or(|safe| time <= safe)
    };
    files.iter().rposition(matches).unwrap_or(0)
}

/// What stands where the log can be read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    /// Whether nothing but zeros follow in the file.
    pub(super) zeros: bool,
    /// Offset and store time of a whole message behind it, if there is one.
    pub(super) next_valid: Option<(i64, i64)>,
}

/// What that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The log ends here.
    Clean,
    /// The last write did not come through: what follows is no message, and goes.
    Torn,
    /// Messages follow, but none that had reached the disk for certain: the machine went down while pages
    /// were written out of order. They go, with a warning.
    Unsynced,
    /// Messages that had reached the disk follow: this is damage.
    Damaged,
}

/// Tells the endings apart. `log_time` is the store time of the last message known to be on the disk.
pub(super) fn judge(stop: Stop, log_time: i64) -> Ending {
    match stop.next_valid {
        Some((_, time)) if time < log_time => Ending::Damaged,
        Some(_) => Ending::Unsynced,
        None if stop.zeros => Ending::Clean,
        None => Ending::Torn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_begin() {
        let head = |base, time| FileHead { base, store_timestamp: time };
        let files = [head(0, Some(10)), head(100, Some(20)), head(200, Some(30)), head(300, None)];
        let known = |queues, index, safe_time| Known { queues, index, safe_time };
        let table = [
            ("clean, all agrees", known(290, Some(280), None), 2),
            ("clean, queues end earlier", known(150, Some(280), None), 1),
            ("clean, index ends earlier", known(290, Some(40), None), 0),
            ("clean, no index to keep", known(290, None, None), 2),
            ("no queues", known(-1, None, None), 0),
            ("crash, on the disk up to 25", known(290, None, Some(25)), 1),
            ("crash, nothing on the disk", known(290, None, Some(0)), 0),
            ("crash, queues end earlier", known(99, None, Some(25)), 0),
        ];
        for (name, known, expected) in table {
            assert_eq!(start_file(&files, known), expected, "{name}");
        }
        assert_eq!(start_file(&[], known(0, None, None)), 0);
    }

    #[test]
    fn endings() {
        let table = [
            (true, None, Ending::Clean),
            (false, None, Ending::Torn),
            (false, Some((500, 99)), Ending::Damaged),
            (true, Some((500, 99)), Ending::Damaged),
            (false, Some((500, 100)), Ending::Unsynced),
        ];
        for (zeros, next_valid, expected) in table {
            assert_eq!(judge(Stop { zeros, next_valid }, 100), expected, "{zeros} {next_valid:?}");
        }
    }
}
