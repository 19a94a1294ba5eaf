//! What can go wrong in the store.

use std::io;
use std::path::{Path, PathBuf};

use crate::protocol::message::MessageError;

/// An operation on the store that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A message cannot be stored as it is.
    #[error("message cannot be stored: {0}")]
    Message(#[from] MessageError),
    /// A message, or a batch, is longer than `maxMessageSize` allows.
    #[error("message of {len} bytes exceeds the maximum of {max} bytes")]
    TooLarge {
        /// Bytes of the body, or of the whole batch.
        len: usize,
        /// The most that is accepted.
        max: usize,
    },
    /// The disk has no room for more; what is stored can still be read.
    #[error("disk is full: {}", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// A sync to disk failed earlier, so nothing more is accepted: what was written since may be lost.
    #[error("store takes no more messages: a sync to disk failed: {reason}")]
    Poisoned {
        /// How the sync failed.
        reason: String,
    },
    /// The store is closed, or closing.
    #[error("store is closed")]
    Closed,
    /// Another process, or another store of this one, uses the directory.
    #[error("{} is in use by another broker", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A file has another length than the configuration says.
    #[error("{} is {len} bytes long, the configuration says {expected}", path.display())]
    FileLength {
        /// The file.
        path: PathBuf,
        /// Its length.
        len: u64,
        /// The configured length.
        expected: u64,
    },
    /// The commit log is damaged, and messages that had reached the disk follow the damage.
    #[error(
        "commit log is damaged at offset {at} and goes on at offset {next_valid}; \
         set truncateDamagedCommitLog to give up what follows the damage"
    )]
    Damaged {
        /// Offset of the first record that cannot be read.
        at: i64,
        /// Offset of the first whole message after it.
        next_valid: i64,
    },
    /// Apache's broker kept a topic in batch consume queues, which are not served. Served without them, the
    /// messages would be entered again at other places.
    #[error("{} holds a queue of a topic with queue.type=BatchCQ, which is not supported", path.display())]
    BatchQueue {
        /// The queue's directory.
        path: PathBuf,
    },
    /// A setting is out of its range.
    #[error("{key} is {value}, {expected}")]
    Setting {
        /// Java's key of the setting.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A table under `config` cannot be read, nor its backup.
    #[error("{} cannot be read: {reason}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl StoreError {
    /// An error of the operating system; a full disk becomes [`StoreError::Full`].
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            Self::Full { path: path.to_owned() }
        } else {
            Self::Io { action, path: path.to_owned(), source }
        }
    }

    /// Whether room on the disk would help.
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// Whether an error of the operating system says that the disk, or a quota on it, is used up.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
