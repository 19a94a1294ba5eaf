//! What to do with a commit log found on the disk: where to begin looking, and what its end means. Pure.

use super::checkpoint::OnDisk;

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
    /// Up to where log and consume queues are on the disk for certain; `None` after a clean stop, when everything
    /// is.
    pub(super) safe: Option<OnDisk>,
}

/// The file to begin with: the last one before which everything agrees.
pub(super) fn start_file(files: &[FileHead], known: Known) -> usize {
    let agreed = known.index.map_or(known.queues, |index| index.min(known.queues));
    let matches = |file: &FileHead| {
        let Some(time) = file.store_timestamp else { return false };
        let is_safe = match known.safe {
            None => true,
            Some(OnDisk::Offset(safe)) => file.base <= safe,
            Some(OnDisk::Time(safe)) => time <= safe,
        };
        time > 0 && file.base <= agreed && is_safe
    };
    files.iter().rposition(matches).unwrap_or(0)
}

/// What stands where the log can be read no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    /// Offset of that place.
    pub(super) at: i64,
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
    /// Nothing follows, though more had reached the disk: the disk has lost it.
    Lost,
    /// This had reached the disk, and messages follow: this is damage.
    Damaged,
}

/// Tells the endings apart, by up to where the log is known to be on the disk; `None` after a clean stop, when all
/// of it is. Where nothing is known, because the checkpoint is gone, nothing may be thrown away.
pub(super) fn judge(stop: Stop, log: Option<OnDisk>) -> Ending {
    let was_there = match (log, stop.next_valid) {
        (Some(OnDisk::Offset(flushed)), _) => stop.at < flushed,
        (Some(OnDisk::Time(last)), Some((_, time))) => last == 0 || time < last,
        (None, next_valid) => next_valid.is_some(),
        (_, None) => false,
    };
    match (was_there, stop.next_valid) {
        (true, Some(_)) => Ending::Damaged,
        (true, None) => Ending::Lost,
        (false, Some(_)) => Ending::Unsynced,
        (false, None) if stop.zeros => Ending::Clean,
        (false, None) => Ending::Torn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_begin() {
        let head = |base, time| FileHead { base, store_timestamp: time };
        let files = [head(0, Some(10)), head(100, Some(20)), head(200, Some(30)), head(300, None)];
        let known = |queues, index, safe| Known { queues, index, safe };
        let (time, offset) = (|time| Some(OnDisk::Time(time)), |offset| Some(OnDisk::Offset(offset)));
        let table = [
            ("clean, all agrees", known(290, Some(280), None), 2),
            ("clean, queues end earlier", known(150, Some(280), None), 1),
            ("clean, index ends earlier", known(290, Some(40), None), 0),
            ("clean, no index to keep", known(290, None, None), 2),
            ("no queues", known(-1, None, None), 0),
            ("crash, on the disk up to 25", known(290, None, time(25)), 1),
            ("crash, nothing on the disk", known(290, None, time(0)), 0),
            ("crash, queues end earlier", known(99, None, time(25)), 0),
            ("crash, on the disk up to an offset", known(290, None, offset(250)), 2),
            ("crash, on the disk up to the end of a file", known(290, None, offset(200)), 2),
            ("crash, no whole file on the disk", known(290, None, offset(99)), 0),
        ];
        for (name, known, expected) in table {
            assert_eq!(start_file(&files, known), expected, "{name}");
        }
        assert_eq!(start_file(&[], known(0, None, None)), 0);
    }

    #[test]
    fn endings() {
        let offset = |flushed| Some(OnDisk::Offset(flushed));
        let time = |last| Some(OnDisk::Time(last));
        let table = [
            (true, None, offset(50), Ending::Clean),
            (false, None, offset(50), Ending::Torn),
            (true, None, offset(51), Ending::Lost),
            (false, None, offset(51), Ending::Lost),
            // Whatever the clock said.
            (true, Some((500, 1)), offset(50), Ending::Unsynced),
            (false, Some((500, 999)), offset(51), Ending::Damaged),
            (true, None, time(100), Ending::Clean),
            (false, None, time(100), Ending::Torn),
            (false, Some((500, 99)), time(100), Ending::Damaged),
            (true, Some((500, 99)), time(100), Ending::Damaged),
            (false, Some((500, 100)), time(100), Ending::Unsynced),
            (true, Some((500, 100)), time(0), Ending::Damaged),
            (false, None, time(0), Ending::Torn),
            (true, Some((500, 100)), None, Ending::Damaged),
            (true, None, None, Ending::Clean),
            (false, None, None, Ending::Torn),
        ];
        for (zeros, next_valid, log, expected) in table {
            assert_eq!(
                judge(Stop { at: 50, zeros, next_valid }, log),
                expected,
                "{zeros} {next_valid:?} {log:?}"
            );
        }
    }
}
