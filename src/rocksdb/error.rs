//! What may be wrong with a directory of RocksDB.

use std::path::{Path, PathBuf};

/// Why a directory is not read.
#[derive(Debug, thiserror::Error)]
pub enum RocksError {
    /// A file is not there or cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file is damaged, or is something that is not read here.
    #[error("{}: {fault}", path.display())]
    File { path: PathBuf, fault: Fault },
}

impl RocksError {
    /// A file that cannot be read.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        RocksError::Io { path: path.to_owned(), source }
    }

    /// Whether a file that should be there is not.
    pub fn is_missing(&self) -> bool {
        matches!(self, RocksError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
    }
}

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not hold what it should.
    #[error("damaged: {0}")]
    Damaged(&'static str),
    /// It is fine for RocksDB, but not read here.
    #[error("{0} is not supported")]
    Unsupported(String),
}

impl Fault {
    /// As [`RocksError`], with the file.
    pub(super) fn of(self, path: &Path) -> RocksError {
        RocksError::File { path: path.to_owned(), fault: self }
    }

    /// Something that RocksDB can and this cannot.
    pub(super) fn unsupported(what: impl Into<String>) -> Self {
        Fault::Unsupported(what.into())
    }
}
