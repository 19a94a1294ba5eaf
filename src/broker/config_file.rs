//! The file that the broker was started with, kept in step with changes made while it runs (Java:
//! `Configuration`). Apache's broker writes every setting over it; here only the lines of the changed ones are
//! replaced, so that comments and order stay.

use std::collections::BTreeMap;
use std::path::PathBuf;

use parking_lot::Mutex;

use super::saved::{self, TableError};
use crate::config::edit_properties;
use crate::protocol::topic::DataVersion;

/// The file and the version of the configuration.
#[derive(Debug)]
pub struct ConfigFile {
    path: Option<PathBuf>,
    version: Mutex<DataVersion>,
}

impl ConfigFile {
    /// The configuration as it was read from `path`, if from a file, at `now` (ms since 1970).
    pub fn new(path: Option<PathBuf>, now: i64) -> Self {
        Self { path, version: Mutex::new(DataVersion { timestamp: now, ..DataVersion::default() }) }
    }

    /// How often the configuration was changed, and when last.
    pub fn version(&self) -> DataVersion {
        self.version.lock().clone()
    }

    /// Counts a change and writes it to the file, if there is one.
    ///
    /// # Errors
    /// `TableError`, with the file as it was.
    pub fn save(&self, changes: &BTreeMap<String, String>, now: i64) -> Result<(), TableError> {
        // Held over the file's change, so that none is lost between reading and writing it.
        let mut version = self.version.lock();
        version.advance(now);
        let Some(path) = self.path.as_ref().filter(|_| !changes.is_empty()) else { return Ok(()) };
        let before = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(TableError::Read { path: path.clone(), source }),
        };
        saved::replace(path, edit_properties(&before, changes).as_bytes())
            .map_err(|source| TableError::Save { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_change_is_counted_and_saved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("broker.conf");
        std::fs::write(&path, "# c\na=1\n").unwrap();
        let file = ConfigFile::new(Some(path.clone()), 5);
        file.save(&changes(&[("a", "2")]), 7).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# c\na=2\n");
        assert_eq!(file.version(), DataVersion { counter: 1, state_version: 0, timestamp: 7 });
        let none = ConfigFile::new(None, 5);
        none.save(&changes(&[("a", "2")]), 7).unwrap();
        assert_eq!(none.version().counter, 1);
    }
}
