//! How far each group is on each queue (Java: `ConsumerOffsetManager`), and its file
//! `config/consumerOffset.json`.

use std::collections::{BTreeMap, HashMap};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::protocol::topic::DataVersion;

/// Between topic and group in the file's keys.
const SEPARATOR: char = '@';
/// After how many commits the table gets a new version (Java: `consumerOffsetUpdateVersionStep`).
const VERSION_STEP: i64 = 500;

/// `config/consumerOffset.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetFile {
    /// The version of the table.
    pub data_version: DataVersion,
    /// Offsets by queue, by `TOPIC@GROUP`.
    pub offset_table: BTreeMap<String, BTreeMap<i32, i64>>,
}

/// What is known of a group on a topic.
#[derive(Debug, Clone, Default)]
struct Progress {
    committed: BTreeMap<i32, i64>,
    /// Up to where messages were given out.
    pulled: BTreeMap<i32, i64>,
    /// Where the next pull is sent to, by an administrator.
    reset: BTreeMap<i32, i64>,
}

#[derive(Debug, Default)]
struct Table {
    /// By topic, by group.
    topics: HashMap<String, HashMap<String, Progress>>,
    version: DataVersion,
    commits: i64,
    changed: bool,
}

impl Table {
    fn get(&self, group: &str, topic: &str) -> Option<&Progress> {
        self.topics.get(topic)?.get(group)
    }

    fn entry(&mut self, group: &str, topic: &str) -> &mut Progress {
        // Looked up by reference first: an offset is committed far more often than a group is new.
        if !self.topics.contains_key(topic) {
            self.topics.insert(topic.to_owned(), HashMap::new());
        }
        let groups = self.topics.get_mut(topic).expect("the topic was put in just now");
        if !groups.contains_key(group) {
            groups.insert(group.to_owned(), Progress::default());
        }
        groups.get_mut(group).expect("the group was put in just now")
    }

    fn count_commit(&mut self, now: i64) {
        self.changed = true;
        self.commits += 1;
        if self.commits % VERSION_STEP == 0 {
            self.version.advance(now);
        }
    }
}

/// The offsets of all groups.
#[derive(Debug, Default)]
pub struct Offsets {
    table: RwLock<Table>,
}

impl Offsets {
    /// The offsets of a file.
    pub fn from_file(file: OffsetFile) -> Self {
        let mut table = Table { version: file.data_version, ..Table::default() };
        for (key, committed) in file.offset_table {
            let (topic, group) = key.split_once(SEPARATOR).unwrap_or((&key, ""));
            table.entry(group, topic).committed = committed;
        }
        Self { table: RwLock::new(table) }
    }

    /// What to write to the file if something changed since the last call.
    pub fn take_changes(&self) -> Option<OffsetFile> {
        let mut table = self.table.write();
        std::mem::take(&mut table.changed).then(|| to_file(&table))
    }

    /// Says that what was taken could not be written.
    pub fn mark_changed(&self) {
        self.table.write().changed = true;
    }

    /// The table as it is written to its file.
    pub fn file(&self) -> OffsetFile {
        to_file(&self.table.read())
    }

    /// Commits an offset: that of the next message to consume.
    pub fn commit(&self, group: &str, topic: &str, queue: i32, offset: i64, now: i64) {
        let mut table = self.table.write();
        let before = table.entry(group, topic).committed.insert(queue, offset);
        table.count_commit(now);
        if before.is_some_and(|before| offset < before) {
            tracing::warn!(group, topic, queue, offset, before, "an offset is committed that goes back");
        }
    }

    /// Keeps up to where messages were given out.
    pub fn note_pull(&self, group: &str, topic: &str, queue: i32, offset: i64) {
        self.table.write().entry(group, topic).pulled.insert(queue, offset);
    }

    /// The committed offset, or the one it was reset to if nobody has pulled since. One below 0 is none: clients commit
    /// that for queues of which they have consumed nothing.
    pub fn get(&self, group: &str, topic: &str, queue: i32) -> Option<i64> {
        let table = self.table.read();
        let progress = table.get(group, topic)?;
        progress
            .reset
            .get(&queue)
            .or_else(|| progress.committed.get(&queue))
            .copied()
            .filter(|offset| *offset >= 0)
    }

    /// Up to where messages were given out; the committed offset if that is not known.
    pub fn pulled(&self, group: &str, topic: &str, queue: i32) -> Option<i64> {
        let pulled = self.table.read().get(group, topic).and_then(|known| known.pulled.get(&queue).copied());
        pulled.or_else(|| self.get(group, topic, queue))
    }

    /// The committed offsets of a group on a topic, by queue.
    pub fn of(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        self.table.read().get(group, topic).map(|known| known.committed.clone()).unwrap_or_default()
    }

    /// Sends the next pull of a queue to an offset (Java: `assignResetOffset`).
    pub fn reset(&self, group: &str, topic: &str, queue: i32, offset: i64, now: i64) {
        let mut table = self.table.write();
        let progress = table.entry(group, topic);
        progress.reset.insert(queue, offset);
        progress.committed.insert(queue, offset);
        table.count_commit(now);
    }

    /// Whether a reset waits for the next pull of that queue.
    pub fn is_reset(&self, group: &str, topic: &str, queue: i32) -> bool {
        self.table.read().get(group, topic).is_some_and(|known| known.reset.contains_key(&queue))
    }

    /// The offset that a pull is sent to, which is then done.
    pub fn take_reset(&self, group: &str, topic: &str, queue: i32) -> Option<i64> {
        if !self.is_reset(group, topic, queue) {
            return None;
        }
        self.table.write().entry(group, topic).reset.remove(&queue)
    }

    /// Copies the committed offsets of a group on a topic to another group.
    pub fn copy(&self, from: &str, to: &str, topic: &str, now: i64) {
        let mut table = self.table.write();
        let Some(committed) = table.get(from, topic).map(|known| known.committed.clone()) else { return };
        table.entry(to, topic).committed = committed;
        table.count_commit(now);
    }

    /// Forgets a group. True if anything was known of it.
    pub fn forget_group(&self, group: &str) -> bool {
        let mut table = self.table.write();
        let mut found = false;
        table.topics.retain(|_, groups| {
            found |= groups.remove(group).is_some();
            !groups.is_empty()
        });
        table.changed |= found;
        found
    }

    /// Forgets all groups on a topic.
    pub fn forget_topic(&self, topic: &str) {
        let mut table = self.table.write();
        table.changed |= table.topics.remove(topic).is_some();
    }

    /// The groups that committed an offset on a topic.
    pub fn groups_of(&self, topic: &str) -> Vec<String> {
        let table = self.table.read();
        let committed = |groups: &HashMap<String, Progress>| {
            groups
                .iter()
                .filter(|(_, known)| !known.committed.is_empty())
                .map(|(group, _)| group.clone())
                .collect()
        };
        table.topics.get(topic).map(committed).unwrap_or_default()
    }

    /// The topics that a group committed an offset on.
    pub fn topics_of(&self, group: &str) -> Vec<String> {
        let table = self.table.read();
        let consumed = table.topics.iter();
        let consumed =
            consumed.filter(|(_, groups)| groups.get(group).is_some_and(|p| !p.committed.is_empty()));
        consumed.map(|(topic, _)| topic.clone()).collect()
    }

    /// The groups that committed an offset, each with its topics, sorted.
    pub fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let mut groups = BTreeMap::<String, Vec<String>>::new();
        for key in self.file().offset_table.into_keys() {
            if let Some((topic, group)) = key.split_once(SEPARATOR) {
                groups.entry(group.to_owned()).or_default().push(topic.to_owned());
            }
        }
        groups
    }
}

fn to_file(table: &Table) -> OffsetFile {
    let groups = table.topics.iter().flat_map(|(topic, groups)| {
        groups.iter().filter(|(_, known)| !known.committed.is_empty()).map(move |(group, known)| {
            let key = if group.is_empty() { topic.clone() } else { format!("{topic}{SEPARATOR}{group}") };
            (key, known.committed.clone())
        })
    });
    OffsetFile { data_version: table.version.clone(), offset_table: groups.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    #[test]
    fn apaches_file_is_read_and_written_back() {
        let apache = br#"{"dataVersion":{"counter":2,"stateVersion":0,"timestamp":7},"offsetTable":{"T@g":{0:5,1:6},"odd":{0:1}}}"#;
        let file: OffsetFile = fastjson::from_slice(apache).unwrap();
        let offsets = Offsets::from_file(file.clone());
        assert_eq!(offsets.get("g", "T", 1), Some(6));
        assert_eq!(offsets.file(), file);
        assert_eq!(offsets.take_changes(), None);
        offsets.commit("g", "T", 1, 9, 0);
        assert_eq!(offsets.take_changes().unwrap().offset_table["T@g"][&1], 9);
        assert_eq!(offsets.take_changes(), None);
    }

    #[test]
    fn what_is_known_of_a_queue() {
        let offsets = Offsets::default();
        assert_eq!((offsets.get("g", "T", 0), offsets.pulled("g", "T", 0)), (None, None));
        offsets.note_pull("g", "T", 0, 8);
        assert_eq!((offsets.get("g", "T", 0), offsets.pulled("g", "T", 0)), (None, Some(8)));
        assert!(offsets.file().offset_table.is_empty());
        assert!(offsets.groups_of("T").is_empty());
        offsets.commit("g", "T", 0, 3, 0);
        assert_eq!((offsets.get("g", "T", 0), offsets.pulled("g", "T", 0)), (Some(3), Some(8)));
        assert_eq!(
            (offsets.groups_of("T"), offsets.topics_of("g")),
            (vec!["g".to_owned()], vec!["T".to_owned()])
        );
        offsets.commit("g", "T", 1, -1, 0);
        assert_eq!((offsets.get("g", "T", 1), offsets.pulled("g", "T", 1)), (None, None));
        offsets.commit("g", "T", 1, 0, 0);
        assert_eq!(offsets.get("g", "T", 1), Some(0));
        offsets.copy("g", "h", "T", 0);
        assert_eq!(offsets.of("h", "T"), BTreeMap::from([(0, 3), (1, 0)]));
        assert!(offsets.forget_group("g"));
        assert!(!offsets.forget_group("g"));
        offsets.forget_topic("T");
        assert!(offsets.groups().is_empty());
    }

    #[test]
    fn a_reset_counts_until_the_next_pull() {
        let offsets = Offsets::default();
        offsets.commit("g", "T", 0, 9, 0);
        offsets.reset("g", "T", 0, 2, 0);
        offsets.commit("g", "T", 0, 10, 0);
        assert!(offsets.is_reset("g", "T", 0));
        assert_eq!(offsets.get("g", "T", 0), Some(2));
        assert_eq!(offsets.take_reset("g", "T", 0), Some(2));
        assert_eq!(offsets.take_reset("g", "T", 0), None);
        assert_eq!(offsets.get("g", "T", 0), Some(10));
    }

    #[test]
    fn the_version_advances_every_500_commits() {
        let offsets = Offsets::default();
        (0..499).for_each(|offset| offsets.commit("g", "T", 0, offset, 5));
        assert_eq!(offsets.file().data_version.counter, 0);
        offsets.commit("g", "T", 0, 499, 5);
        assert_eq!(offsets.file().data_version, DataVersion { counter: 1, timestamp: 5, state_version: 0 });
    }
}
