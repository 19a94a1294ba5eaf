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
    /// Changes with the numbers.
    pub(in crate::broker) version: DataVersion,
}

impl Progress {
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
        let own = [MARK, self.next, version.timestamp, version.counter, precision, window, self.first];
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
        let theirs =
            Self { read_time, first: 0, next: looked_at, placed_by: (0, 0), handed_over: false, version };
        if !is_ours {
            return Some(theirs);
        }
        let placed_by = (number(11)?, number(12)?);
        Some(Self { first: number(13)?, next: number(8)?, placed_by, ..theirs })
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
            version: DataVersion { counter: 4, state_version: 0, timestamp: 77 },
        }
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
            first: 0,
            next: 11,
            placed_by: (0, 0),
            handed_over: false,
            version: DataVersion { counter: 5, state_version: 0, timestamp: 78 },
        };
        assert_eq!(Progress::from_bytes(&bytes), Some(expected));
        assert_eq!(Progress::from_bytes(&bytes[..40]), None);
    }
}
