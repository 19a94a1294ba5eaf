//! A consume queue: where the messages of one queue of a topic lie in the commit log (`ConsumeQueue`).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::disk::Disk;
use super::error::StoreError;
use super::format::cq::{CqUnit, UNIT};
use super::segment::{Segment, offset_of};
use super::segments::Segments;

/// Room reserved on the disk at a time.
const AHEAD: usize = 64 << 10;
/// Bytes of a unit, as a distance between offsets.
const UNIT_LEN: i64 = 20;

/// The queue of one topic and queue id. Only dispatch writes to it.
#[derive(Debug)]
pub(super) struct ConsumeQueue {
    segments: Segments,
    /// First queue offset whose message is still in the commit log.
    min: AtomicI64,
    /// Commit log offset behind the last message entered: what has been entered is not entered again.
    max_physical: AtomicI64,
}

impl ConsumeQueue {
    /// A queue without files.
    pub(super) fn new(dir: PathBuf, file_len: usize, disk: Arc<dyn Disk>) -> Self {
        Self::over(Segments::new(dir, file_len, AHEAD, disk))
    }

    /// Opens the files of a queue and finds its end. `thorough` looks at every unit of the last three
    /// files, as it must after a crash; otherwise the end is searched for.
    pub(super) fn load(
        dir: PathBuf,
        file_len: usize,
        disk: Arc<dyn Disk>,
        thorough: bool,
    ) -> Result<Self, StoreError> {
        let mut queue = Self::over(Segments::load(dir, file_len, AHEAD, disk)?);
        let end = queue.find_end(thorough);
        queue.segments.truncate(end, thorough)?;
        queue.adopt_end();
        if thorough {
            queue.segments.doubt(0);
        }
        Ok(queue)
    }

    fn over(segments: Segments) -> Self {
        let min = segments.first_base().unwrap_or(0) / UNIT_LEN;
        Self { segments, min: AtomicI64::new(min), max_physical: AtomicI64::new(-1) }
    }

    /// Offset in bytes behind the last unit written.
    fn find_end(&self, thorough: bool) -> i64 {
        let files = self.segments.all();
        let looked_at = if thorough { 3 } else { 1 };
        for segment in files.iter().skip(files.len().saturating_sub(looked_at)) {
            let bytes = segment.rest(segment.base()).unwrap_or_default();
            let units = bytes.len() / UNIT;
            let written = |index: usize| unit_at(bytes, index).is_some_and(|unit| unit.is_written());
            let count = if thorough {
                (0..units).take_while(|index| written(*index)).count()
            } else {
                partition_point(units, written)
            };
            if count < units {
                return segment.base() + offset_of(count * UNIT);
            }
        }
        files.last().map_or(0, |segment| segment.limit())
    }

    /// Takes the last unit as the last one entered.
    fn adopt_end(&self) {
        let last = self.unit(self.max_offset() - 1);
        self.max_physical.store(last.map_or(-1, |unit| unit.physical_end()), Ordering::Release);
    }

    /// Takes out the units of messages at or behind `physical_offset`, which the log does not hold any more.
    /// Returns how many. Only before the queue is shared (`truncateDirtyLogicFiles`).
    pub(super) fn truncate(&mut self, physical_offset: i64) -> Result<i64, StoreError> {
        let before = self.max_offset();
        let first = self.segments.first_base().unwrap_or(0) / UNIT_LEN;
        let mut end = before;
        while end > first
            && self
                .unit(end - 1)
                .is_some_and(|unit| !unit.is_filler() && unit.physical_offset >= physical_offset)
        {
            end -= 1;
        }
        if end < before {
            self.segments.truncate(end * UNIT_LEN, true)?;
            self.adopt_end();
        }
        Ok(before - end)
    }

    /// First queue offset whose message is still in the commit log.
    pub(super) fn min_offset(&self) -> i64 {
        self.min.load(Ordering::Acquire)
    }

    /// Queue offset that the next message gets.
    pub(super) fn max_offset(&self) -> i64 {
        self.segments.end() / UNIT_LEN
    }

    /// Commit log offset behind the last message entered; -1 when none was.
    pub(super) fn max_physical(&self) -> i64 {
        self.max_physical.load(Ordering::Acquire)
    }

    /// The files.
    pub(super) fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Enters a message. One that has been entered already is passed over (`putMessagePositionInfo`).
    ///
    /// # Errors
    /// [`StoreError::Full`] when the disk is; it can be tried again then.
    pub(super) fn put(&self, queue_offset: i64, unit: CqUnit) -> Result<bool, StoreError> {
        if unit.physical_end() <= self.max_physical() {
            return Ok(false);
        }
        if queue_offset == 0 && self.max_offset() > 0 {
            self.begin_anew()?;
        }
        let expected = queue_offset * UNIT_LEN;
        let segment = self.segment_for(expected)?;
        let end = segment.end();
        if expected < end {
            tracing::warn!(queue = %self.segments.dir().display(), queue_offset, "consume queue has this offset already");
            return Ok(false);
        }
        if expected != end {
            tracing::error!(queue = %self.segments.dir().display(), queue_offset, end = end / UNIT_LEN, "gap in consume queue");
        }
        self.segments.append(&segment, &[&unit.encode()], 0)?;
        self.max_physical.store(unit.physical_end(), Ordering::Release);
        Ok(true)
    }

    /// Lets the queue begin at 0 again. That is so when it is built from a log in which its topic was deleted and made
    /// again: what was in it before is not to be seen any more, and in its way.
    fn begin_anew(&self) -> Result<(), StoreError> {
        tracing::info!(queue = %self.segments.dir().display(), end = self.max_offset(), "consume queue begins anew");
        self.segments.delete_first(usize::MAX)?;
        self.min.store(0, Ordering::Release);
        Ok(())
    }

    /// The file that the unit at byte offset `expected` goes to. The first file of a queue is filled up to
    /// there (`fillPreBlank`).
    fn segment_for(&self, expected: i64) -> Result<Arc<Segment>, StoreError> {
        let len = offset_of(self.segments.file_len());
        match self.segments.last() {
            Some(last) if last.free() >= UNIT => Ok(last),
            Some(last) => self.segments.create(last.limit(), UNIT),
            None => {
                let base = expected - expected % len;
                let fill = usize::try_from(expected - base).unwrap_or(0);
                let segment = self.segments.create(base, fill + UNIT)?;
                if fill > 0 {
                    let fillers = CqUnit::FILLER.encode().repeat(fill / UNIT);
                    self.segments.append(&segment, &[&fillers], 0)?;
                }
                self.min.store(expected / UNIT_LEN, Ordering::Release);
                Ok(segment)
            }
        }
    }

    /// The unit at a queue offset.
    pub(super) fn unit(&self, queue_offset: i64) -> Option<CqUnit> {
        let at = queue_offset.checked_mul(UNIT_LEN).filter(|at| *at >= 0)?;
        CqUnit::decode(self.segments.find(at)?.get(at, UNIT)?)
    }

    /// The units of one file from a queue offset on, at most `max` of them, given to `each` until it says
    /// false. Returns false when there is no file for the offset (`iterateFrom`).
    pub(super) fn walk(
        &self,
        queue_offset: i64,
        max: usize,
        mut each: impl FnMut(i64, CqUnit) -> bool,
    ) -> bool {
        let at = queue_offset.saturating_mul(UNIT_LEN);
        if queue_offset < self.min_offset() {
            return false;
        }
        let Some(segment) = self.segments.find(at) else { return false };
        let Some(bytes) = segment.rest(at) else { return false };
        for (index, bytes) in bytes.chunks_exact(UNIT).take(max).enumerate() {
            let Some(unit) = CqUnit::decode(bytes) else { return true };
            if !each(queue_offset + offset_of(index), unit) {
                return true;
            }
        }
        true
    }

    /// The queue offset at which the next file begins (`rollNextFile`).
    pub(super) fn next_file_offset(&self, queue_offset: i64) -> i64 {
        self.segments.next_base(queue_offset.saturating_mul(UNIT_LEN)) / UNIT_LEN
    }

    /// Moves the first offset to the first message that is still in a log beginning at `log_min`
    /// (`correctMinOffset`).
    pub(super) fn correct_min(&self, log_min: i64) {
        let max = self.max_offset();
        let mut low = self.min_offset().max(self.segments.first_base().unwrap_or(0) / UNIT_LEN);
        let mut high = max;
        // Messages enter in the order of the log, so the units are sorted by it; fillers come first.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.unit(middle) {
                Some(unit) if !unit.is_filler() && unit.physical_offset >= log_min => high = middle,
                _ => low = middle + 1,
            }
        }
        self.min.store(low, Ordering::Release);
    }

    /// Deletes files whose messages are all gone from a log beginning at `log_min`; the last one stays.
    /// Returns how many (`deleteExpiredFileByOffset`).
    pub(super) fn delete_expired(&self, log_min: i64) -> Result<usize, StoreError> {
        let files = self.segments.all();
        let count = files
            .iter()
            .take(files.len().saturating_sub(1))
            .take_while(|segment| {
                let last = segment.limit() - UNIT_LEN;
                let unit = segment.get(last, UNIT).and_then(CqUnit::decode);
                unit.is_some_and(|unit| unit.physical_offset < log_min)
            })
            .count();
        self.segments.delete_first(count)?;
        self.correct_min(log_min);
        Ok(count)
    }
}

fn unit_at(bytes: &[u8], index: usize) -> Option<CqUnit> {
    CqUnit::decode(bytes.get(index * UNIT..)?)
}

/// How many of the first `len` indices hold `written`, of which the first some do and the rest do not.
fn partition_point(len: usize, written: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if written(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;

    fn unit(index: i64) -> CqUnit {
        CqUnit { physical_offset: index * 100, size: 100, tags_code: index }
    }

    fn filled(dir: &std::path::Path, count: i64) -> ConsumeQueue {
        let queue = ConsumeQueue::new(dir.to_owned(), 10 * UNIT, Arc::new(OsDisk));
        for index in 0..count {
            assert!(queue.put(index, unit(index)).unwrap());
        }
        queue
    }

    fn load(dir: &std::path::Path, thorough: bool) -> ConsumeQueue {
        ConsumeQueue::load(dir.to_owned(), 10 * UNIT, Arc::new(OsDisk), thorough).unwrap()
    }

    #[test]
    fn units_stand_at_their_offsets_and_roll() {
        let dir = tempfile::tempdir().unwrap();
        let queue = filled(dir.path(), 25);
        assert_eq!((queue.min_offset(), queue.max_offset(), queue.max_physical()), (0, 25, 2500));
        assert_eq!((queue.unit(24), queue.unit(25), queue.unit(-1)), (Some(unit(24)), None, None));
        assert!(!queue.put(24, unit(24)).unwrap());
        let mut seen = vec![];
        assert!(queue.walk(8, 100, |offset, _| {
            seen.push(offset);
            true
        }));
        assert_eq!(seen, [8, 9]);
        assert!(!queue.walk(30, 1, |_, _| true));
        assert_eq!(queue.next_file_offset(8), 10);
    }

    #[test]
    fn the_end_is_found_again() {
        for count in [0, 1, 9, 10, 11, 25, 30] {
            let dir = tempfile::tempdir().unwrap();
            filled(dir.path(), count);
            for thorough in [false, true] {
                let queue = load(dir.path(), thorough);
                assert_eq!(queue.max_offset(), count, "{thorough}");
                assert_eq!(queue.max_physical(), if count == 0 { -1 } else { count * 100 });
            }
        }
    }

    #[test]
    fn a_queue_that_begins_late_is_filled_up() {
        let dir = tempfile::tempdir().unwrap();
        let queue = ConsumeQueue::new(dir.path().to_owned(), 10 * UNIT, Arc::new(OsDisk));
        queue.put(13, unit(13)).unwrap();
        assert_eq!((queue.min_offset(), queue.max_offset()), (13, 14));
        assert!(queue.unit(12).unwrap().is_filler());
        let queue = load(dir.path(), true);
        queue.correct_min(0);
        assert_eq!((queue.min_offset(), queue.max_offset(), queue.max_physical()), (13, 14, 1400));
    }

    #[test]
    fn what_the_log_lost_is_taken_out() {
        for (cut, left) in [(2500, 25), (2400, 24), (1100, 11), (1000, 10), (0, 0)] {
            let dir = tempfile::tempdir().unwrap();
            filled(dir.path(), 25);
            let mut queue = load(dir.path(), true);
            assert_eq!(queue.truncate(cut).unwrap(), 25 - left, "{cut}");
            assert_eq!(queue.max_offset(), left);
            assert!(queue.put(left, CqUnit { physical_offset: cut, size: 7, tags_code: 0 }).unwrap());
            assert_eq!(load(dir.path(), true).max_offset(), left + 1);
        }
    }

    #[test]
    fn expired_files_go_and_the_minimum_moves() {
        let dir = tempfile::tempdir().unwrap();
        let queue = filled(dir.path(), 25);
        for (log_min, deleted, min) in [(0, 0, 0), (550, 0, 6), (1000, 1, 10), (1900, 0, 19), (9999, 1, 25)] {
            assert_eq!(queue.delete_expired(log_min).unwrap(), deleted, "{log_min}");
            assert_eq!((queue.min_offset(), queue.max_offset()), (min, 25), "{log_min}");
        }
    }
}
