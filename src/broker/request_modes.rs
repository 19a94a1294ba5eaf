//! How groups get the messages of topics, where an administrator said so, and its file
//! `config/messageRequestMode.json` (Java: `MessageRequestModeManager`).

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::saved::{Document, Saved, TableError, load};
use crate::protocol::group::RequestMode;

/// The file's name.
const FILE: &str = "messageRequestMode.json";

/// By topic, by group. Also the content of the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Table {
    message_request_mode_map: BTreeMap<String, BTreeMap<String, RequestMode>>,
}

impl Document for Table {
    type File = Table;
    fn to_file(&self) -> Table {
        self.clone()
    }
}

/// The modes that were set.
#[derive(Debug)]
pub struct RequestModes {
    saved: Saved<Table>,
}

impl RequestModes {
    /// Those in the file of that directory; none where it is not there.
    ///
    /// # Errors
    /// `TableError` for a file that is there but cannot be read.
    pub fn open(config_dir: &Path) -> Result<Self, TableError> {
        let path = config_dir.join(FILE);
        let table = load(&path)?.unwrap_or_default();
        Ok(Self { saved: Saved::new(table, path) })
    }

    /// How a group gets the messages of a topic; none where nobody said it.
    pub fn get(&self, topic: &str, group: &str) -> Option<RequestMode> {
        self.saved.read(|table| table.message_request_mode_map.get(topic)?.get(group).cloned())
    }

    /// Keeps how a group gets the messages of a topic.
    ///
    /// # Errors
    /// `TableError::Save`.
    pub fn set(&self, mode: RequestMode) -> Result<(), TableError> {
        self.saved
            .change(|table| {
                let groups = table.message_request_mode_map.entry(mode.topic.clone()).or_default();
                groups.insert(mode.consumer_group.clone(), mode);
                Some(())
            })
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::group::MessageRequestMode;

    #[test]
    fn modes_are_kept_in_the_form_of_apaches_file() {
        let dir = tempfile::tempdir().unwrap();
        let modes = RequestModes::open(dir.path()).unwrap();
        assert_eq!(modes.get("T", "g"), None);
        let mode = RequestMode {
            consumer_group: "g".into(),
            mode: MessageRequestMode::Pop,
            pop_share_queue_num: 2,
            topic: "T".into(),
        };
        modes.set(mode.clone()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(
            compact,
            r#"{"messageRequestModeMap":{"T":{"g":{"consumerGroup":"g","mode":"POP","popShareQueueNum":2,"topic":"T"}}}}"#
        );
        let again = RequestModes::open(dir.path()).unwrap();
        assert_eq!(again.get("T", "g"), Some(mode));
        assert_eq!(again.get("T", "h"), None);
    }
}
