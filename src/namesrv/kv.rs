//! Named texts in namespaces, kept in a file (Java: `KVConfigManager`).

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::file;
use crate::protocol::fastjson;
use crate::protocol::route::KvTable;

/// The namespace with the order of the queues of ordered topics (Java: `NamesrvUtil`).
pub const ORDER_TOPIC_CONFIG: &str = "ORDER_TOPIC_CONFIG";

type Namespaces = BTreeMap<String, BTreeMap<String, String>>;

/// The file's content (Java: `KVConfigSerializeWrapper`).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    config_table: Namespaces,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the KV configuration {path}: {reason}")]
pub struct LoadError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// The texts. Each change is on disk before it is seen.
#[derive(Debug)]
pub struct KvConfig {
    table: RwLock<Namespaces>,
    /// Held while a change is written, so that the file has the last one.
    file: Mutex<PathBuf>,
}

impl KvConfig {
    /// What the file holds; nothing if there is none. Where it is damaged, the copy that Apache's name
    /// server makes before it writes.
    ///
    /// # Errors
    /// A file that is there, and neither it nor its copy can be read.
    pub fn load(path: PathBuf) -> Result<Self, LoadError> {
        let content = match read(&path) {
            Ok(content) => content,
            Err(reason) => {
                let copy = file::with_suffix(&path, ".bak");
                let content = if copy.exists() { read(&copy).ok() } else { None };
                let Some(content) = content else { return Err(LoadError { path, reason }) };
                tracing::warn!(path = %path.display(), reason, "the KV configuration is damaged, its copy is used");
                content
            }
        };
        Ok(Self { table: RwLock::new(content.config_table), file: Mutex::new(path) })
    }

    /// A text.
    pub fn get(&self, namespace: &str, key: &str) -> Option<String> {
        self.table.read().get(namespace)?.get(key).cloned()
    }

    /// All texts of a namespace; `None` if nothing was ever put there.
    pub fn list(&self, namespace: &str) -> Option<KvTable> {
        self.table.read().get(namespace).map(|table| KvTable { table: table.clone() })
    }

    /// Puts a text. Blocks until it is on disk.
    ///
    /// # Errors
    /// Those of writing the file; nothing is changed then.
    pub fn put(&self, namespace: String, key: String, value: String) -> io::Result<()> {
        self.change(|table| {
            table.entry(namespace).or_default().insert(key, value);
        })
    }

    /// Removes a text, if it is there. Blocks until it is gone from the disk.
    ///
    /// # Errors
    /// Those of writing the file; nothing is changed then.
    pub fn delete(&self, namespace: &str, key: &str) -> io::Result<()> {
        if self.get(namespace, key).is_none() {
            return Ok(());
        }
        self.change(|table| {
            if let Some(texts) = table.get_mut(namespace) {
                texts.remove(key);
            }
        })
    }

    fn change(&self, change: impl FnOnce(&mut Namespaces)) -> io::Result<()> {
        let path = self.file.lock();
        let mut content = Content { config_table: self.table.read().clone() };
        change(&mut content.config_table);
        file::replace(&path, &serde_json::to_vec(&content)?)?;
        *self.table.write() = content.config_table;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Content, String> {
    match std::fs::read(path) {
        // Apache's name server leaves an empty file when it dies while it writes the first text.
        Ok(text) if text.trim_ascii().is_empty() => Ok(Content::default()),
        Ok(text) => fastjson::from_slice(&text).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Content::default()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(kv: &KvConfig, namespace: &str, key: &str, value: &str) {
        kv.put(namespace.into(), key.into(), value.into()).unwrap();
    }

    #[test]
    fn texts_survive_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("namesrv/kvConfig.json");
        let kv = KvConfig::load(path.clone()).unwrap();
        assert_eq!(kv.list("N"), None);
        put(&kv, "N", "a", "1");
        put(&kv, "N", "a", "2;ü");
        put(&kv, "N", "b", "");
        put(&kv, "M", "a", "3");
        kv.delete("N", "b").unwrap();
        kv.delete("M", "a").unwrap();
        kv.delete("X", "a").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, r#"{"configTable":{"M":{},"N":{"a":"2;ü"}}}"#);
        let again = KvConfig::load(path).unwrap();
        assert_eq!(again.get("N", "a").as_deref(), Some("2;ü"));
        assert_eq!(again.get("N", "b"), None);
        assert_eq!(again.list("M"), Some(KvTable::default()), "an emptied namespace is still one");
        assert_eq!(again.list("X"), None);
    }

    #[test]
    fn a_damaged_file_is_an_error_unless_its_copy_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kv.json");
        std::fs::write(&path, "{\"configTable\":{").unwrap();
        let error = KvConfig::load(path.clone()).unwrap_err();
        assert!(error.to_string().contains("kv.json"), "{error}");
        std::fs::write(dir.path().join("kv.json.bak"), r#"{"configTable":{"N":{"a":"1"}}}"#).unwrap();
        assert_eq!(KvConfig::load(path.clone()).unwrap().get("N", "a").as_deref(), Some("1"));
        std::fs::write(&path, "").unwrap();
        assert_eq!(KvConfig::load(path).unwrap().get("N", "a"), None);
    }

    #[test]
    fn what_cannot_be_written_is_not_seen() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let kv = KvConfig::load(dir.path().join("file/kv.json"));
        // A file where a directory should be: no configuration can be there.
        let Ok(kv) = kv else { return };
        assert!(kv.put("N".into(), "a".into(), "1".into()).is_err());
        assert_eq!(kv.get("N", "a"), None);
    }
}
