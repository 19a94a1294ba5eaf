//! Leaving what waits to Apache's broker, should it be started next: a file of the log in which it looks for that
//! (Java: `TimerLog`, `TimerMessageStore.recover`).
//!
//! With the log Apache's broker goes on at the message after the last; without, it reads the queue from the first
//! message that waits, and delivers once more what was delivered meanwhile.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::wheel::{Entry, Kind};
use super::{QUEUE, Timer};
use crate::broker::names::TIMER_TOPIC;
use crate::protocol::message::java_hash_code;
use crate::store::Store;

/// Apache's log, in the store's directory.
pub(super) const DIRECTORY: &str = "timerlog";
/// The name of its first file.
const FIRST_FILE: &str = "00000000000000000000";
/// Bytes of an entry.
const UNIT: usize = 52;
/// The marks of an entry: that it is one, that it is stored anew, that it recalls.
const DEFAULT: i32 = 1;
const ROLL: i32 = 2;
const DELETE: i32 = 4;

/// An entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    /// Where the entry before of the same step is in the log; -1 is nowhere.
    before: i64,
    magic: i32,
    /// When it began to wait, in ms since 1970.
    since: i64,
    /// The step that it waits for.
    slot: i64,
    physical_offset: i64,
    size: i32,
    topic_hash: i32,
}

impl Unit {
    /// `None` where it waits longer than the log can tell.
    fn to_bytes(self) -> Option<[u8; UNIT]> {
        let delay = i32::try_from(self.slot.checked_sub(self.since)?).ok()?;
        let mut bytes = Vec::with_capacity(UNIT);
        bytes.extend(i32::try_from(UNIT).ok()?.to_be_bytes());
        bytes.extend(self.before.to_be_bytes());
        bytes.extend(self.magic.to_be_bytes());
        bytes.extend(self.since.to_be_bytes());
        bytes.extend(delay.to_be_bytes());
        bytes.extend(self.physical_offset.to_be_bytes());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.topic_hash.to_be_bytes());
        bytes.extend(0i64.to_be_bytes());
        bytes.try_into().ok()
    }
}

const fn magic(kind: Kind) -> i32 {
    match kind {
        Kind::Deliver => DEFAULT,
        Kind::Roll => DEFAULT | ROLL,
        Kind::Recall => DEFAULT | DELETE,
    }
}

impl Timer {
    /// Writes the log, if it fits one file of `file_size` bytes, and that Apache's broker may go on behind it.
    ///
    /// # Errors
    /// Those of the file; nothing is left to Apache's broker then.
    pub(in crate::broker) fn hand_over(
        &self,
        root: &Path,
        store: &Store,
        file_size: u64,
        now: i64,
    ) -> io::Result<()> {
        let (entries, read_time, next) = {
            let mut state = self.state.lock();
            let over = self.limits.step(now);
            if state.wheel.first().is_some_and(|first| first >= over) {
                state.progress.read_time = state.progress.read_time.max(over);
            }
            (state.wheel.all(), state.progress.read_time, state.progress.next)
        };
        let Some(bytes) = self.log_of(&entries, store, read_time, next) else { return Ok(()) };
        if u64::try_from(bytes.len() + UNIT).map_or(true, |len| len > file_size) {
            return Ok(());
        }
        let directory = root.join(DIRECTORY);
        std::fs::create_dir_all(&directory)?;
        let file =
            OpenOptions::new().create(true).truncate(true).write(true).open(directory.join(FIRST_FILE))?;
        file.set_len(file_size)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_all()?;
        let mut state = self.state.lock();
        state.progress.handed_over = true;
        state.advance(now).save(&self.path, true)
    }

    /// The log; `None` where there is none to write, or something in it cannot be told.
    fn log_of(&self, entries: &[(i64, Entry)], store: &Store, read_time: i64, next: i64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut last = (i64::MIN, -1);
        for (slot, entry) in entries {
            let size = store.unit(TIMER_TOPIC, QUEUE, entry.queue_offset)?.size;
            let since = self.limits.step(store.store_time(TIMER_TOPIC, QUEUE, entry.queue_offset)?);
            let at = i64::try_from(bytes.len()).ok()?;
            let unit = Unit {
                before: if last.0 == *slot { last.1 } else { -1 },
                magic: magic(entry.kind),
                since,
                slot: *slot,
                physical_offset: entry.physical_offset,
                size,
                topic_hash: java_hash_code(&entry.topic),
            };
            bytes.extend(unit.to_bytes()?);
            last = (*slot, at);
        }
        let slot = read_time - self.limits.precision;
        if entries.is_empty() || slot <= 0 {
            return None;
        }
        // The last entry tells where to go on in the queue. It waits for a step that is over: nobody looks there.
        let unit = store.unit(TIMER_TOPIC, QUEUE, next - 1)?;
        let marker = Unit {
            before: -1,
            magic: DEFAULT,
            since: slot,
            slot,
            physical_offset: unit.physical_offset,
            size: unit.size,
            topic_hash: 0,
        };
        bytes.extend(marker.to_bytes()?);
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_those_of_apache() {
        let unit = Unit {
            before: -1,
            magic: magic(Kind::Roll),
            since: 0x10_0000,
            slot: 0x10_0000 + 0x1234,
            physical_offset: 0x0102_0304_0506,
            size: 300,
            topic_hash: -2,
        };
        let mut expected = vec![0, 0, 0, 52];
        expected.extend([255; 8]);
        expected.extend([0, 0, 0, 3]);
        expected.extend([0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0x12, 0x34]);
        expected.extend([0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 1, 44, 255, 255, 255, 254]);
        expected.extend([0; 8]);
        assert_eq!(unit.to_bytes().unwrap().to_vec(), expected);
        assert_eq!(Unit { slot: i64::MAX, ..unit }.to_bytes(), None);
        assert_eq!((magic(Kind::Deliver), magic(Kind::Recall)), (1, 5));
    }
}
