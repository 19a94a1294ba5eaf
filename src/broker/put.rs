//! What became of a message that was to be stored, as clients are told (Java: `PutMessageStatus` and what
//! `SendMessageProcessor` makes of it).

use std::sync::atomic::{AtomicI64, Ordering};

use super::core::Broker;
use crate::config::FlushDiskType;
use crate::protocol::code;
use crate::remoting::Reject;
use crate::store::StoreError;

/// Used parts of the disks, as a refusal tells them: in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DiskUse {
    commit_log: f64,
    consume_queue: f64,
}

/// How often it is told that messages are refused, in ms.
const TELL_EVERY: i64 = 1_000;

/// When something was told last, so that what happens to each message is not told of each.
#[derive(Debug, Default)]
pub(crate) struct Told(AtomicI64);

impl Told {
    /// Whether it is to be told now, in ms since 1970; then it is told.
    fn is_due(&self, now: i64) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        (now - last).abs() >= TELL_EVERY
            && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The refusal for a message that could not be stored.
pub(crate) fn refusal(broker: &Broker, error: &StoreError) -> Reject {
    let max = broker.config().max_message_size;
    let usage = || {
        let stats = broker.store.stats();
        DiskUse { commit_log: stats.commit_log_disk_ratio, consume_queue: stats.consume_queue_disk_ratio }
    };
    let is_ours = !matches!(error, StoreError::TooLarge { .. } | StoreError::Message(_));
    if is_ours && broker.refusals.is_due(broker.now()) {
        tracing::warn!(%error, "messages are refused");
    }
    reject(error, max, usage)
}

/// A pure rule.
fn reject(error: &StoreError, max_body: usize, usage: impl FnOnce() -> DiskUse) -> Reject {
    match error {
        StoreError::TooLarge { .. } | StoreError::Message(_) => illegal(max_body),
        StoreError::Full { .. } | StoreError::Closed | StoreError::Poisoned { .. } => {
            let DiskUse { commit_log, consume_queue } = usage();
            Reject::new(
                code::SERVICE_NOT_AVAILABLE,
                format!(
                    "service not available now. It may be caused by one of the following reasons: the broker's disk \
                     is full [CL: {commit_log:5.2} CQ: {consume_queue:5.2} INDEX: {consume_queue:5.2}], messages are \
                     put to the slave, message store has been shut down, etc."
                ),
            )
        }
        _ => Reject::new(code::SYSTEM_ERROR, "create mapped file failed, server is busy or broken."),
    }
}

/// The refusal for a message that breaks a limit.
pub(crate) fn illegal(max_body: usize) -> Reject {
    Reject::new(
        code::MESSAGE_ILLEGAL,
        format!(
            "the message is illegal, maybe msg body or properties length not matched. msg body length limit \
             {max_body}B, msg properties length limit 32KB."
        ),
    )
}

/// Whether whoever sent a message waits for the disk; if only the broker is to flush, it is told to. `waits`
/// is what the message says of it.
pub(crate) fn awaits_disk(broker: &Broker, end: i64, waits: bool) -> bool {
    if broker.config().flush_disk_type == FlushDiskType::AsyncFlush {
        return false;
    }
    broker.store.request_flush(end);
    waits && broker.store.flushed() < end
}

/// How waiting for the disk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDisk {
    /// Everything up to the offset is there.
    Yes,
    /// It may come there later, or never.
    Unknown,
}

/// Waits until the log is on the disk up to `end`, no longer than `syncFlushTimeout`.
pub(crate) async fn on_disk(broker: &Broker, end: i64) -> OnDisk {
    let limit = std::time::Duration::from_millis(broker.config().sync_flush_timeout);
    let mut flushed = broker.flushed.subscribe();
    let reached = async {
        loop {
            let now = *flushed.borrow_and_update();
            if now.max(broker.store.flushed()) >= end {
                return OnDisk::Yes;
            }
            // A store that takes no more brings nothing more to the disk either.
            if matches!(broker.store.writable(), Err(StoreError::Poisoned { .. } | StoreError::Closed)) {
                return OnDisk::Unknown;
            }
            if flushed.changed().await.is_err() {
                return OnDisk::Unknown;
            }
        }
    };
    tokio::time::timeout(limit, reached).await.unwrap_or(OnDisk::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn refusals_are_told_now_and_then() {
        let told = Told::default();
        let due: Vec<i64> =
            [5_000, 5_001, 5_999, 6_000, 6_500, 4_000].into_iter().filter(|now| told.is_due(*now)).collect();
        assert_eq!(due, [5_000, 6_000, 4_000], "also after a clock was set back");
    }

    #[test]
    fn errors_of_the_store_become_what_clients_know() {
        let table = [
            (
                StoreError::TooLarge { len: 9, max: 8 },
                13,
                "the message is illegal, maybe msg body or properties",
            ),
            (
                StoreError::Full { path: PathBuf::new() },
                14,
                "the broker's disk is full [CL:  0.91 CQ:  0.50 INDEX:  0.50]",
            ),
            (StoreError::Closed, 14, "message store has been shut down"),
            (StoreError::Poisoned { reason: String::new() }, 14, "service not available now."),
            (
                StoreError::Io { action: "grow", path: PathBuf::new(), source: std::io::Error::other("x") },
                1,
                "create mapped file failed, server is busy or broken.",
            ),
        ];
        for (error, code, remark) in table {
            let got = reject(&error, 8, || DiskUse { commit_log: 0.91, consume_queue: 0.5 });
            assert_eq!(got.code, code, "{error}");
            assert!(got.remark.contains(remark), "{}", got.remark);
        }
    }
}
