//! A table in memory with a file behind it: many read it, a change is saved before it is reported as done.
//!
//! Files are written as Apache's broker writes them (Java: `ConfigManager`, `MixAll.string2File`): pretty
//! JSON, the one before kept as `.bak`, which is read when the file itself is not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, MutexGuard, RwLock};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::protocol::fastjson;

/// A table that could not be read or saved.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The table is changed in memory but not on disk.
    #[error("cannot save {path}: {source}")]
    Save {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A table and its file.
#[derive(Debug)]
pub(crate) struct Saved<T> {
    table: RwLock<T>,
    /// Held over a change and its save, so that the file never goes back to an older table.
    changing: Mutex<()>,
    path: PathBuf,
}

/// What a table's file holds.
pub(crate) trait Document {
    /// The file's content.
    type File: Serialize + DeserializeOwned;
    /// Nobody but the owner of the file may read it.
    const PRIVATE: bool = false;
    /// The table as it is saved.
    fn to_file(&self) -> Self::File;
}

impl<T: Document> Saved<T> {
    /// A table with its content so far, and where it is saved. Nothing is written yet.
    pub(crate) fn new(table: T, path: PathBuf) -> Self {
        Self { table: RwLock::new(table), changing: Mutex::new(()), path }
    }

    /// Looks at the table.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.table.read())
    }

    /// Changes the table and saves it, if `change` says by `Some` that it did change something.
    ///
    /// # Errors
    /// [`TableError::Save`]: the table is changed all the same.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&mut T) -> Option<R>,
    ) -> Result<Option<R>, TableError> {
        let _changing = self.changing.lock();
        let Some(result) = change(&mut self.table.write()) else { return Ok(None) };
        self.save()?;
        Ok(Some(result))
    }

    /// Saves the table as it is. For a caller that holds `changing`.
    fn save(&self) -> Result<(), TableError> {
        let content = self.table.read().to_file();
        pretty(&content)
            .and_then(|content| replace_with(&self.path, &content, T::PRIVATE))
            .map_err(|source| TableError::Save { path: self.path.clone(), source })
    }
}

/// What is in a table's file, or in the one before it; `None` where there is neither.
///
/// # Errors
/// [`TableError::Read`] and [`TableError::Damaged`], if both files fail.
pub(crate) fn load<F: DeserializeOwned>(path: &Path) -> Result<Option<F>, TableError> {
    match load_one(path) {
        Ok(Some(content)) => Ok(Some(content)),
        Ok(None) => load_one(&backup(path)),
        Err(error) => match load_one(&backup(path)) {
            Ok(Some(content)) => {
                tracing::warn!(%error, "the table before is taken");
                Ok(Some(content))
            }
            _ => Err(error),
        },
    }
}

fn load_one<F: DeserializeOwned>(path: &Path) -> Result<Option<F>, TableError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(TableError::Read { path: path.to_owned(), source }),
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    fastjson::from_slice(&bytes)
        .map(Some)
        .map_err(|error| TableError::Damaged { path: path.to_owned(), reason: error.to_string() })
}

/// For who takes a copy of a table and saves it: else an older copy could be written over a newer one.
pub(crate) fn one_at_a_time() -> MutexGuard<'static, ()> {
    static SAVING: Mutex<()> = Mutex::new(());
    SAVING.lock()
}

/// Writes a table's file whole, or leaves the one that was there.
pub(crate) fn save<F: Serialize>(path: &Path, content: &F) -> io::Result<()> {
    replace(path, &pretty(content)?)
}

/// Writes a file whole, or leaves the one that was there. That one is kept as `.bak`.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, content, false)
}

fn replace_with(path: &Path, content: &[u8], private: bool) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let fresh = with_suffix(path, ".tmp");
    let mut file = File::create(&fresh)?;
    if private {
        // Before anything is in it.
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    file.write_all(content)?;
    file.sync_data()?;
    match fs::rename(path, backup(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(&fresh, path)?;
    // A change is told of as done: it must not go with the power.
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn backup(path: &Path) -> PathBuf {
    with_suffix(path, ".bak")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// JSON as fastjson's pretty format has it: a tab a level, no blank after a colon.
fn pretty<F: Serialize>(content: &F) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut out, Tabs(PrettyFormatter::with_indent(b"\t")));
    content.serialize(&mut serializer)?;
    Ok(out)
}

struct Tabs<'a>(PrettyFormatter<'a>);

impl Formatter for Tabs<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b":")
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type Map = BTreeMap<String, i32>;

    impl Document for Map {
        type File = Map;
        fn to_file(&self) -> Map {
            self.clone()
        }
    }

    #[test]
    fn what_changed_is_saved_and_the_table_before_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config").join("table.json");
        assert_eq!(load::<Map>(&path).unwrap(), None);
        let saved = Saved::new(Map::new(), path.clone());
        let put = |key: &str| saved.change(|map| map.insert(key.to_owned(), 1).xor(Some(1))).unwrap();
        assert_eq!(put("a"), Some(1));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n\t\"a\":1\n}");
        put("b");
        assert_eq!(load::<Map>(&path).unwrap().unwrap().len(), 2);
        fs::remove_file(&path).unwrap();
        assert_eq!(load::<Map>(&path).unwrap().unwrap().len(), 1);
    }

    #[test]
    fn nothing_is_written_without_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.json");
        let saved = Saved::new(Map::new(), path.clone());
        assert_eq!(saved.change(|_| None::<()>).unwrap(), None);
        assert!(!path.exists());
    }

    #[test]
    fn a_damaged_file_gives_way_to_the_one_before_or_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("table.json");
        fs::write(&path, "{\"a\":").unwrap();
        let error = load::<Map>(&path).unwrap_err().to_string();
        assert!(error.contains("table.json is damaged"), "{error}");
        fs::write(dir.path().join("table.json.bak"), "{\"a\":3}").unwrap();
        assert_eq!(load::<Map>(&path).unwrap().unwrap()["a"], 3);
        fs::write(&path, " \n").unwrap();
        assert_eq!(load::<Map>(&path).unwrap().unwrap()["a"], 3);
    }

    #[test]
    fn a_save_that_fails_says_so() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let saved = Saved::new(Map::new(), dir.path().join("file").join("table.json"));
        let error = saved.change(|map| Some(map.insert("a".into(), 1))).unwrap_err();
        assert!(matches!(error, TableError::Save { .. }), "{error}");
        assert_eq!(saved.read(Map::len), 1);
    }
}
