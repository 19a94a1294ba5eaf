//! Bringing a store directory in order when it is opened: after a clean stop, a kill, or a power cut
//! (`recoverNormally`, `recoverAbnormally`).

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::checkpoint::{Checkpoint, OnDisk};
use super::commit_log::AHEAD;
use super::config::StoreConfig;
use super::disk::Disk;
use super::error::StoreError;
use super::index::Index;
use super::queues::Queues;
use super::record::{Record, find_message, read_record};
use super::recovery_rule::{Ending, FileHead, Known, Stop, judge, start_file};
use super::segment::{Segment, offset_of};
use super::segments::Segments;

/// What opening a directory came upon and did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Whether the broker before had stopped in order.
    pub clean: bool,
    /// Commit log offset at which reading began.
    pub scanned_from: i64,
    /// Messages read.
    pub scanned: u64,
    /// Offset at which the log was cut, if it was.
    pub truncated_at: Option<i64>,
    /// Units taken out of consume queues because the log did not hold their messages.
    pub units_removed: i64,
    /// Messages entered again into consume queues and index, where they were missing.
    pub dispatched: u64,
    /// What an operator should know: what was lost, and what looks wrong.
    pub warnings: Vec<String>,
}

impl Recovery {
    /// Tells the operator.
    pub(super) fn log(&self) {
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        if !self.clean || self.truncated_at.is_some() || self.dispatched > 0 {
            tracing::info!(recovery = ?self, "store is recovered");
        }
    }
}

/// The parts of a store in order.
pub(super) struct Recovered {
    pub(super) segments: Segments,
    pub(super) queues: Queues,
    pub(super) index: Index,
    /// Commit log offset from which messages are to be entered.
    pub(super) dispatch_from: i64,
    pub(super) report: Recovery,
}

/// Recovers the directory.
pub(super) fn recover(
    config: &StoreConfig,
    disk: &Arc<dyn Disk>,
    checkpoint: &Checkpoint,
    aborted: bool,
) -> Result<Recovered, StoreError> {
    let mut report = Recovery { clean: !aborted, ..Recovery::default() };
    let log_dir = config.commit_log_dir();
    std::fs::create_dir_all(&log_dir).map_err(|e| StoreError::io("make directory", &log_dir, e))?;
    let mut segments = Segments::load(log_dir, config.mapped_file_size_commit_log, AHEAD, Arc::clone(disk))?;
    let queue_len = config.consume_queue_file_size();
    let mut queues = Queues::load(config.consume_queue_dir(), queue_len, disk, aborted)?;
    let index_missing = !config.index_dir().exists();
    let sizes = (config.max_hash_slot_num, config.max_index_num);
    let trusted = aborted.then(|| checkpoint.index());
    let index = Index::load(config.index_dir(), sizes, Arc::clone(disk), trusted)?;

    if segments.count() == 0 {
        if !queues.all().is_empty() {
            report.warnings.push("the commit log has no files: all consume queues are deleted".to_owned());
            queues.delete_all()?;
        }
        index.drop_beyond(0)?;
        prepare_index_dir(config)?;
        return Ok(Recovered { segments, queues, index, dispatch_from: 0, report });
    }

    check_gaps(&segments, &mut report);
    let log_min = segments.first_base().unwrap_or(0);
    let index_end = index_known(config, &index, aborted || index_missing, log_min);
    let safe = aborted.then(|| checkpoint.safe());
    let known = Known { queues: queues.max_physical(), index: index_end, safe };
    let scan = scan(&segments, known, config.check_crc_on_recover, &mut report);
    let (end, clear) =
        settle(&segments, &scan, aborted.then(|| checkpoint.log()), aborted, config, &mut report)?;
    segments.truncate(end, clear)?;
    if aborted {
        // What is appended from now on must not reach the disk before what it follows.
        segments.doubt(report.scanned_from);
        segments.flush()?;
    }
    report.units_removed = queues.truncate(end)?;
    let index_lost = index.drop_beyond(end)?;
    let index_end = index_known(config, &index, aborted || index_missing || index_lost, log_min);
    let dispatch_from = report.scanned_from.min(index_end.unwrap_or(i64::MAX)).max(log_min).min(end);
    prepare_index_dir(config)?;
    Ok(Recovered { segments, queues, index, dispatch_from, report })
}

/// How far the index is known to go, where that matters: when it is missing or a crash may have cost some of
/// it. After a clean stop it is complete.
fn index_known(config: &StoreConfig, index: &Index, in_doubt: bool, log_min: i64) -> Option<i64> {
    (config.message_index_enable && in_doubt).then(|| index.end_offset().max(log_min))
}

/// An index directory that exists says that the log has been looked through for keys.
fn prepare_index_dir(config: &StoreConfig) -> Result<(), StoreError> {
    let dir = config.index_dir();
    std::fs::create_dir_all(&dir).map_err(|e| StoreError::io("make directory", &dir, e))
}

fn check_gaps(segments: &Segments, report: &mut Recovery) {
    for pair in segments.all().windows(2) {
        if let [first, second] = pair
            && first.limit() != second.base()
        {
            report.warnings.push(format!(
                "commit log files are missing between offset {} and offset {}",
                first.limit(),
                second.base()
            ));
        }
    }
}

/// Where reading stopped.
struct Scan {
    /// Offset behind the last whole record.
    end: i64,
    /// Index of the file reading stopped in.
    file: usize,
    /// Whether the log goes on where it was to go on, up to the end of its last file.
    complete: bool,
}

fn scan(segments: &Segments, known: Known, check_crc: bool, report: &mut Recovery) -> Scan {
    let files = segments.all();
    let heads: Vec<_> = files.iter().map(|file| head_of(file)).collect();
    let start = start_file(&heads, known);
    let base = files.get(start).map_or(0, |file| file.base());
    // After a clean stop everything before the last message in a consume queue agrees.
    let within = files.get(start).is_some_and(|file| (file.base()..file.limit()).contains(&known.queues));
    let mut at = base;
    if known.safe.is_none() && known.index.is_none() && within {
        let file = files.get(start).and_then(|file| file.rest(known.queues)).unwrap_or_default();
        // A damaged consume queue may lead to the middle of a message.
        if !matches!(read_record(file, known.queues, check_crc), Record::Bad(_)) {
            at = known.queues;
        }
    }
    report.scanned_from = at;
    for (index, file) in files.iter().enumerate().skip(start) {
        if index > start {
            at = file.base();
        }
        while at < file.limit() {
            match read_record(file.rest(at).unwrap_or_default(), at, check_crc) {
                Record::Message(message) => {
                    report.scanned += 1;
                    at += offset_of(message.total_len());
                }
                Record::Blank => at = file.limit(),
                Record::Empty | Record::Bad(_) => return Scan { end: at, file: index, complete: false },
            }
        }
    }
    Scan { end: at, file: files.len().saturating_sub(1), complete: true }
}

fn head_of(file: &Segment) -> FileHead {
    let bytes = file.rest(file.base()).unwrap_or_default();
    let store_timestamp = match read_record(bytes, file.base(), false) {
        Record::Message(message) => Some(message.store_timestamp()),
        _ => None,
    };
    FileHead { base: file.base(), store_timestamp }
}

/// Decides where the log ends, and whether bytes behind it have to be cleared.
fn settle(
    segments: &Segments,
    scan: &Scan,
    log: Option<OnDisk>,
    aborted: bool,
    config: &StoreConfig,
    report: &mut Recovery,
) -> Result<(i64, bool), StoreError> {
    if scan.complete {
        return Ok((scan.end, false));
    }
    let files = segments.all();
    let Some(file) = files.get(scan.file) else { return Ok((scan.end, false)) };
    let empty =
        matches!(read_record(file.rest(scan.end).unwrap_or_default(), scan.end, false), Record::Empty);
    let stop = if empty && !aborted && scan.file + 1 == files.len() {
        // The end of a log that was closed in order; its file is not searched for what cannot be there.
        Stop { at: scan.end, zeros: true, next_valid: None }
    } else {
        look_behind(file, scan.end, files.get(scan.file + 1..).unwrap_or_default())
    };
    let ending = judge(stop, log);
    let next_valid = stop.next_valid.map_or(-1, |(offset, _)| offset);
    match ending {
        Ending::Clean => return Ok((scan.end, false)),
        Ending::Torn => {}
        Ending::Lost => report.warnings.push(format!(
            "commit log ends at offset {}, though more of it had reached the disk: the disk has lost it",
            scan.end
        )),
        Ending::Unsynced => report.warnings.push(format!(
            "commit log is cut at offset {}: what follows, from offset {next_valid} on, had not reached the disk as a whole",
            scan.end
        )),
        Ending::Damaged if config.truncate_damaged_commit_log => report.warnings.push(format!(
            "commit log was damaged at offset {}: what followed, from offset {next_valid} on, is given up",
            scan.end
        )),
        Ending::Damaged => return Err(StoreError::Damaged { at: scan.end, next_valid }),
    }
    report.truncated_at = Some(scan.end);
    Ok((scan.end, true))
}

/// Looks for anything but zeros, and for whole messages, behind `at` and in later files.
fn look_behind(file: &Segment, at: i64, later: &[Arc<Segment>]) -> Stop {
    let mut stop = Stop { at, zeros: true, next_valid: None };
    for range in data_ranges(file.path(), at - file.base(), file.limit() - file.base()) {
        let Some(len) = usize::try_from(range.end - range.start).ok() else { continue };
        let base = file.base() + range.start;
        let bytes = file.get(base, len).unwrap_or_default();
        if bytes.iter().all(|byte| *byte == 0) {
            continue;
        }
        stop.zeros = false;
        stop.next_valid = find_message(bytes, base);
        if stop.next_valid.is_some() {
            return stop;
        }
    }
    stop.next_valid = later.iter().find_map(|file| {
        let head = head_of(file);
        head.store_timestamp.map(|time| (head.base, time))
    });
    stop
}

/// The parts of a file between `from` and `to` that are not holes. All of it where the system does not tell.
fn data_ranges(path: &Path, from: i64, to: i64) -> Vec<Range<i64>> {
    use rustix::fs::SeekFrom;
    let whole = || std::iter::once(from..to).collect();
    let Ok(file) = std::fs::File::open(path) else { return whole() };
    let mut ranges = Vec::new();
    let mut at = from.max(0);
    while at < to {
        let Ok(position) = u64::try_from(at) else { break };
        let data = match rustix::fs::seek(&file, SeekFrom::Data(position)) {
            Ok(data) => data,
            // No data behind this place.
            Err(rustix::io::Errno::NXIO) => break,
            Err(_) => return whole(),
        };
        let Ok(hole) = rustix::fs::seek(&file, SeekFrom::Hole(data)) else { return whole() };
        let (Ok(data), Ok(hole)) = (i64::try_from(data), i64::try_from(hole)) else { return whole() };
        if data >= to {
            break;
        }
        ranges.push(data.max(from)..hole.min(to));
        at = hole.max(at + 1);
    }
    ranges
}
