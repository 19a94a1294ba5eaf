//! `config/timercheck`: how far the delivery of timed messages is (Java: `TimerCheckpoint`).
//!
//! Apache's broker keeps what waits in two files beside it, and finds it again from there. This one finds it in
//! the queue of the timer topic, for which it keeps some numbers more, behind those of Apache. Apache's broker,
//! started on the directory, reads the queue from where something waits, unless what waits was handed over to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::protocol::topic::DataVersion;

/// The bytes that Apache's broker reads and sends.
pub(in crate::broker) const SHARED: usize = 56;
/// The length of Apache's file: a page.
const LENGTH: usize = 4_096;
/// What our own numbers begin with: `rmqtimer`.
const MARK: i64 = 0x726d_7174_696d_6572;

/// Numbers of a progress that were brought to the disk behind everything they tell of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::broker) struct Synced {
    pub(in crate::broker) read_time: i64,
    pub(in crate::broker) first: i64,
    pub(in crate::broker) next: i64,
}

/// How far delivery is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::broker) struct Progress {
    /// Every message that waits for a step before this is delivered, in ms since 1970.
    pub(in crate::broker) read_time: i64,
    /// The offset in the timer topic's queue of the first message that waits.
    pub(in crate::broker) first: i64,
    /// The offset in the queue of the first message that was not looked at yet.
    pub(in crate::broker) next: i64,
    /// `timerPrecisionMs` and the window in steps that what waits was placed by; 0 where that is not known.
    pub(in crate::broker) placed_by: (i64, i64),
    /// Whether Apache's broker finds in its own files what waits.
    pub(in crate::broker) handed_over: bool,
    /// Where the log ended when this was so; 0 where that is not known.
    pub(in crate::broker) log_end: i64,
    /// What holds where the log does not go that far any more.
    pub(in crate::broker) synced: Synced,
    /// Changes with the numbers.
    pub(in crate::broker) version: DataVersion,
}

impl Progress {
    /// The progress as it is when the log ends at `end`: the file is written in between without being brought to the
    /// disk, and may have got there before what was delivered, which a power cut then has lost.
    pub(super) fn of_log(self, end: i64) -> Self {
        if self.log_end <= end {
            return self;
        }
        let Synced { read_time, first, next } = self.synced;
        Self { read_time, first, next, log_end: end, ..self }
    }

    /// Says that the disk has everything up to now.
    pub(super) fn is_synced(&mut self) {
        self.synced = Synced { read_time: self.read_time, first: self.first, next: self.next };
    }

    /// The numbers of Apache's broker: from where it reads is where something waits.
    pub(in crate::broker) fn shared(&self) -> [u8; SHARED] {
        let version = &self.version;
        let from = if self.handed_over { self.next } else { self.first };
        let numbers =
            [self.read_time, 0, from, from, version.state_version, version.timestamp, version.counter];
        let mut bytes = [0; SHARED];
        put(&mut bytes, &numbers);
        bytes
    }

    fn to_bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..SHARED].copy_from_slice(&self.shared());
        let (precision, window) = self.placed_by;
        let version = &self.version;
        let Synced { read_time, first, next } = self.synced;
        let own = [
            MARK,
            self.next,
            version.timestamp,
            version.counter,
            precision,
            window,
            self.first,
            self.log_end,
            read_time,
            first,
            next,
        ];
        put(&mut bytes[SHARED..], &own);
        bytes
    }

    /// Reads the file's numbers. Ours count if Apache's broker has not written since.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let number = |index: usize| {
            let bytes = bytes.get(index * 8..index * 8 + 8)?;
            Some(i64::from_be_bytes(bytes.try_into().ok()?))
        };
        let version = DataVersion { state_version: number(4)?, timestamp: number(5)?, counter: number(6)? };
        let looked_at = number(2)?.min(number(3)?);
        let is_ours = number(7) == Some(MARK)
            && (number(9), number(10)) == (Some(version.timestamp), Some(version.counter));
        let read_time = number(0)?;
        // What Apache's broker looked at may wait still.
        let theirs = Self { read_time, next: looked_at, version, ..Self::default() };
        if !is_ours {
            return Some(theirs);
        }
        let placed_by = (number(11)?, number(12)?);
        let synced = Synced { read_time: number(15)?, first: number(16)?, next: number(17)? };
        let (first, next, log_end) = (number(13)?, number(8)?, number(14)?);
        Some(Self { first, next, placed_by, log_end, synced, ..theirs })
    }

    /// Reads the file; `None` where it is not there or empty.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self::from_bytes(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the file. `sync` brings it to the disk; without, it outlives this process only.
    pub(super) fn save(&self, path: &Path, sync: bool) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let file: File = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.write_all_at(&self.to_bytes(), 0)?;
        if sync { file.sync_data() } else { Ok(()) }
    }
}

fn put(bytes: &mut [u8], numbers: &[i64]) {
    for (to, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        to.copy_from_slice(&number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            read_time: 5_000,
            first: 3,
            next: 9,
            placed_by: (1_000, 60),
            handed_over: false,
            log_end: 600,
            synced: Synced { read_time: 4_000, first: 2, next: 7 },
            version: DataVersion { counter: 4, state_version: 0, timestamp: 77 },
        }
    }

    #[test]
    fn a_progress_that_is_ahead_of_the_log_goes_back() {
        assert_eq!(progress().of_log(600), progress());
        let behind = Progress { read_time: 4_000, first: 2, next: 7, log_end: 599, ..progress() };
        assert_eq!(progress().of_log(599), behind);
        let mut synced = progress();
        synced.is_synced();
        assert_eq!(Progress { log_end: 599, ..synced.clone() }, synced.of_log(599));
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config").join("timercheck");
        assert_eq!(Progress::load(&path).unwrap(), None);
        progress().save(&path, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 4_096);
        assert_eq!(Progress::load(&path).unwrap(), Some(progress()));
    }

    #[test]
    fn apache_reads_from_where_something_waits_or_where_nothing_was_looked_at() {
        let from = |progress: &Progress| i64::from_be_bytes(progress.shared()[16..24].try_into().unwrap());
        let handed_over = Progress { handed_over: true, ..progress() };
        assert_eq!((from(&progress()), from(&handed_over)), (3, 9));
        // Ours are the same numbers either way.
        assert_eq!(Progress::from_bytes(&handed_over.to_bytes()), Some(progress()));
    }

    #[test]
    fn numbers_of_ours_that_apache_went_past_do_not_count() {
        let mut bytes = progress().to_bytes();
        // As Apache's broker writes it: read time, flushed, queue offsets, version.
        put(&mut bytes, &[6_000, 52, 12, 11, 0, 78, 5]);
        let expected = Progress {
            read_time: 6_000,
            next: 11,
            version: DataVersion { counter: 5, state_version: 0, timestamp: 78 },
            ..Progress::default()
        };
        assert_eq!(Progress::from_bytes(&bytes), Some(expected));
        assert_eq!(Progress::from_bytes(&bytes[..40]), None);
    }
}
