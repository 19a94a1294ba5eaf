//! The tables under `config/`: topics, groups, offsets... as JSON files (`ConfigManager`).
//!
//! A table is written to a temporary file and renamed, so that a crash leaves the old one or the new one;
//! the one before is kept as `NAME.bak`, as Apache's broker does and expects.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use crate::protocol::fastjson;

/// One table on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    path: PathBuf,
}

/// A table as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<T> {
    /// The table.
    pub table: T,
    /// Why the backup was taken, where it was.
    pub backup: Option<String>,
}

impl TableFile {
    /// The table in the file `path`, such as `config/topics.json`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the table, or its backup where it is missing, empty or damaged. `None` when there is neither.
    /// JSON as fastjson writes it is understood.
    ///
    /// # Errors
    /// [`StoreError::Table`] when there is something, but none of it can be read.
    pub fn load<T: DeserializeOwned>(&self) -> Result<Option<Loaded<T>>, StoreError> {
        let main = match read(&self.path) {
            Ok(Some(table)) => return Ok(Some(Loaded { table, backup: None })),
            other => other,
        };
        let reason = match &main {
            Err(reason) => reason.clone(),
            Ok(_) => "the file is missing or empty".to_owned(),
        };
        match (read(&self.sibling(".bak")), main) {
            (Ok(Some(table)), _) => {
                tracing::warn!(file = %self.path.display(), reason, "table is read from its backup");
                Ok(Some(Loaded { table, backup: Some(reason) }))
            }
            (Ok(None), Ok(_)) => Ok(None),
            (Ok(None), Err(reason)) | (Err(reason), _) => {
                Err(StoreError::Table { path: self.path.clone(), reason })
            }
        }
    }

    /// Writes the table as strict JSON, and keeps the one before as backup. Waits for the disk.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`]; the old table stays then.
    pub fn save<T: Serialize>(&self, table: &T) -> Result<(), StoreError> {
        let json = serde_json::to_vec_pretty(table)
            .map_err(|e| StoreError::Table { path: self.path.clone(), reason: e.to_string() })?;
        self.save_bytes(&json)
    }

    /// Writes the table given as JSON text; otherwise as [`TableFile::save`].
    ///
    /// # Errors
    /// As [`TableFile::save`].
    pub fn save_bytes(&self, json: &[u8]) -> Result<(), StoreError> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).map_err(|e| StoreError::io("make directory", dir, e))?;
        let temporary = self.sibling(".tmp");
        let written = std::fs::File::create(&temporary).and_then(|mut file| {
            file.write_all(json)?;
            file.sync_all()
        });
        if let Err(e) = written {
            drop(std::fs::remove_file(&temporary));
            return Err(StoreError::io("write", &temporary, e));
        }
        self.keep_backup()?;
        std::fs::rename(&temporary, &self.path).map_err(|e| StoreError::io("replace", &self.path, e))?;
        let synced = std::fs::File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(|e| StoreError::io("sync directory", dir, e))
    }

    /// Gives the table there is the name of the backup as well.
    fn keep_backup(&self) -> Result<(), StoreError> {
        if !self.path.exists() {
            return Ok(());
        }
        let (link, backup) = (self.sibling(".bak.tmp"), self.sibling(".bak"));
        drop(std::fs::remove_file(&link));
        // Not every file system has links.
        std::fs::hard_link(&self.path, &link)
            .or_else(|_| std::fs::copy(&self.path, &link).map(drop))
            .and_then(|()| std::fs::rename(&link, &backup))
            .map_err(|e| StoreError::io("replace", &backup, e))
    }

    fn sibling(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// The table in a file; `None` when the file is missing or empty, the reason when it is damaged.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let bytes = match std::fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| e.to_string())?,
    };
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    fastjson::from_slice(&bytes).map(Some).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Table = BTreeMap<String, BTreeMap<i32, i64>>;

    fn table(value: i64) -> Table {
        BTreeMap::from([("T@G".to_owned(), BTreeMap::from([(0, value)]))])
    }

    #[test]
    fn what_is_saved_is_loaded_and_the_one_before_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = TableFile::new(dir.path().join("config/offsets.json"));
        assert_eq!(file.load::<Table>().unwrap(), None);
        for value in 1..4 {
            file.save(&table(value)).unwrap();
            assert_eq!(file.load().unwrap(), Some(Loaded { table: table(value), backup: None }));
        }
        let backup = TableFile::new(dir.path().join("config/offsets.json.bak"));
        assert_eq!(backup.load::<Table>().unwrap().unwrap().table, table(2));
        assert_eq!(std::fs::read_dir(dir.path().join("config")).unwrap().count(), 2);
    }

    #[test]
    fn loose_json_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = TableFile::new(dir.path().join("offsets.json"));
        std::fs::write(file.path(), "{\n\t\"T@G\":{0:7}\n}").unwrap();
        assert_eq!(file.load::<Table>().unwrap().unwrap().table, table(7));
    }

    #[test]
    fn damaged_tables_fall_back_to_the_backup() {
        for damage in [Some(&b"{\"T@G\":{0:"[..]), Some(b""), Some(b"\0\0\0"), None] {
            let dir = tempfile::tempdir().unwrap();
            let file = TableFile::new(dir.path().join("offsets.json"));
            file.save(&table(1)).unwrap();
            file.save(&table(2)).unwrap();
            match damage {
                Some(bytes) => std::fs::write(file.path(), bytes).unwrap(),
                None => std::fs::remove_file(file.path()).unwrap(),
            }
            let loaded = file.load::<Table>().unwrap().unwrap();
            assert_eq!((loaded.table, loaded.backup.is_some()), (table(1), true));
        }
        let dir = tempfile::tempdir().unwrap();
        let file = TableFile::new(dir.path().join("offsets.json"));
        std::fs::write(file.path(), "{").unwrap();
        assert!(matches!(file.load::<Table>(), Err(StoreError::Table { .. })));
    }
}
