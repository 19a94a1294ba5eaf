//! The topics of a broker, in memory and in `config/topics.json` (Java: `TopicConfigManager`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::attributes::{self, OF_TOPICS};
use super::built_in::BuiltInTopics;
use super::names::{self, SystemTopics};
use super::saved::{Document, Saved, TableError, load};
use crate::protocol::route::{PERM_INHERIT, PERM_READ, PERM_WRITE};
use crate::protocol::topic::{DataVersion, TopicConfig, TopicConfigTable};
use crate::runtime::Clock;

/// System-flag bit of a topic: of a unit (Java: `TopicSysFlag.FLAG_UNIT`).
const FLAG_UNIT: i32 = 1;
/// System-flag bit of a topic: subscribed from a unit (Java: `TopicSysFlag.FLAG_UNIT_SUB`).
const FLAG_UNIT_SUB: i32 = 1 << 1;

/// A change of topics or groups that was not made, or not saved.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The attributes are refused, in the words of Apache's broker. Nothing is changed.
    #[error("{0}")]
    Attributes(String),
    /// It is changed, but not on disk.
    #[error(transparent)]
    Save(#[from] TableError),
}

/// The topics. Reading takes no more than a shared lock for the time of a hash lookup.
#[derive(Debug)]
pub struct Topics {
    saved: Saved<Table>,
    system: SystemTopics,
    clock: Clock,
    changed: watch::Sender<DataVersion>,
}

#[derive(Debug)]
struct Table {
    by_name: HashMap<String, Arc<TopicConfig>>,
    version: DataVersion,
}

impl Table {
    fn put(&mut self, topic: TopicConfig, now: i64) -> Arc<TopicConfig> {
        let topic = Arc::new(topic);
        self.by_name.insert(topic.topic_name.clone(), Arc::clone(&topic));
        self.version.advance(now);
        topic
    }

    /// Changes a topic that is there by `edit`, which says whether it changed anything.
    fn edit(&mut self, name: &str, now: i64, edit: impl FnOnce(&mut TopicConfig) -> bool) -> Option<()> {
        let mut topic = TopicConfig::clone(self.by_name.get(name)?);
        edit(&mut topic).then(|| {
            self.put(topic, now);
        })
    }

    fn sorted(&self) -> BTreeMap<String, TopicConfig> {
        self.by_name.iter().map(|(name, topic)| (name.clone(), TopicConfig::clone(topic))).collect()
    }
}

impl Document for Table {
    type File = TopicConfigTable;
    fn to_file(&self) -> TopicConfigTable {
        TopicConfigTable {
            data_version: self.version.clone(),
            topic_config_table: self.sorted(),
            ..TopicConfigTable::default()
        }
    }
}

impl Topics {
    /// The topics that every broker has, and those in `topics.json` of that directory, which win.
    ///
    /// # Errors
    /// `TableError` for a file that is there but cannot be read.
    pub fn open(config_dir: &Path, built_in: &BuiltInTopics, clock: Clock) -> Result<Self, TableError> {
        let path = config_dir.join("topics.json");
        let own = built_in.topics();
        let system = SystemTopics::with(own.iter().map(|topic| topic.topic_name.clone()));
        let mut table = Table {
            by_name: HashMap::new(),
            version: DataVersion { timestamp: clock.now_ms(), ..DataVersion::default() },
        };
        for topic in own {
            table.by_name.insert(topic.topic_name.clone(), Arc::new(topic));
        }
        if let Some(file) = load::<TopicConfigTable>(&path)? {
            let topics = file.topic_config_table.into_iter().map(|(name, topic)| (name, Arc::new(topic)));
            table.by_name.extend(topics);
            table.version = file.data_version;
        }
        let (changed, _) = watch::channel(table.version.clone());
        Ok(Self { saved: Saved::new(table, path), system, clock, changed })
    }

    /// A topic.
    pub fn get(&self, name: &str) -> Option<Arc<TopicConfig>> {
        self.saved.read(|table| table.by_name.get(name).cloned())
    }

    /// Whether there is such a topic.
    pub fn contains(&self, name: &str) -> bool {
        self.saved.read(|table| table.by_name.contains_key(name))
    }

    /// Whether there is such a topic and it is an ordered one.
    pub fn is_ordered(&self, name: &str) -> bool {
        self.get(name).is_some_and(|topic| topic.order)
    }

    /// Which topics belong to the system on this broker.
    pub fn system(&self) -> &SystemTopics {
        &self.system
    }

    /// The names of all topics, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.saved.read(|table| table.by_name.keys().cloned().collect());
        names.sort_unstable();
        names
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.saved.read(|table| table.by_name.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The version of the table.
    pub fn version(&self) -> DataVersion {
        self.saved.read(|table| table.version.clone())
    }

    /// All topics and the version that they have together.
    pub fn all(&self) -> (BTreeMap<String, TopicConfig>, DataVersion) {
        self.saved.read(|table| (table.sorted(), table.version.clone()))
    }

    /// Wakes up whenever the table changes; holds its version.
    pub fn changes(&self) -> watch::Receiver<DataVersion> {
        self.changed.subscribe()
    }

    /// A topic for a send: the one that is there, or one made after `default_topic` if that allows it
    /// (Java: `createTopicInSendMessageMethod`). `auto_create` is `autoCreateTopicEnable`.
    pub fn create_in_send(
        &self,
        name: &str,
        default_topic: &str,
        client_queues: i32,
        sys_flag: i32,
        auto_create: bool,
    ) -> Option<Arc<TopicConfig>> {
        let now = self.clock.now_ms();
        self.change_or_log(name, |table| {
            let default = table.by_name.get(default_topic)?;
            let topic = inherit(name, default, client_queues, sys_flag, auto_create)?;
            Some(table.put(topic, now))
        })
    }

    /// A retry, dead-letter or system topic: the one that is there, with its order set as asked for, or a new
    /// one (Java: `createTopicInSendMessageBackMethod`, `createTopicOfTranCheckMaxTime`).
    pub fn create_in_send_back(
        &self,
        name: &str,
        queues: i32,
        perm: i32,
        order: bool,
        sys_flag: i32,
    ) -> Arc<TopicConfig> {
        if let Some(topic) = self.get(name)
            && topic.order != order
        {
            let now = self.clock.now_ms();
            self.saved_or_logged(|table| {
                table.edit(name, now, |topic| std::mem::replace(&mut topic.order, order) != order)
            });
        }
        let new = TopicConfig { perm, order, topic_sys_flag: sys_flag, ..TopicConfig::new(name, queues) };
        self.create_if_absent(new)
    }

    /// The topic that is there, or this one (Java: `createTopicIfAbsent`).
    pub fn create_if_absent(&self, topic: TopicConfig) -> Arc<TopicConfig> {
        let now = self.clock.now_ms();
        let wanted = Arc::new(topic.clone());
        self.change_or_log(&wanted.topic_name, |table| Some(table.put(topic, now))).unwrap_or(wanted)
    }

    /// Creates a topic or changes it. Its attributes are changes, with their signs (Java: `updateTopicConfig`).
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn update(&self, topic: TopicConfig) -> Result<(), ChangeError> {
        self.update_all(vec![topic])
    }

    /// Creates or changes topics, as [`Self::update`], up to the first that is refused
    /// (Java: `updateTopicConfigList`).
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn update_all(&self, topics: Vec<TopicConfig>) -> Result<(), ChangeError> {
        let now = self.clock.now_ms();
        let mut refused = None;
        let saved = self.change(|table| {
            let mut changed = None;
            for mut topic in topics {
                let current = table.by_name.get(&topic.topic_name).map(|old| &old.attributes);
                match attributes::alter(OF_TOPICS, current, &topic.attributes) {
                    Ok(attributes) => topic.attributes = attributes,
                    Err(reason) => {
                        refused = Some(reason);
                        break;
                    }
                }
                table.put(topic, now);
                changed = Some(());
            }
            changed
        });
        match refused {
            Some(reason) => Err(ChangeError::Attributes(reason)),
            None => Ok(saved.map(drop)?),
        }
    }

    /// Takes a topic away. False if there is none (Java: `deleteTopicConfig`).
    ///
    /// # Errors
    /// `TableError::Save`.
    pub fn delete(&self, name: &str) -> Result<bool, TableError> {
        let now = self.clock.now_ms();
        let removed = self.change(|table| {
            let removed = table.by_name.remove(name);
            removed.map(|_| table.version.advance(now))
        })?;
        Ok(removed.is_some())
    }

    /// Makes topics ordered that the name server knows as such (Java: `updateOrderTopicConfig`).
    pub fn set_ordered<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let now = self.clock.now_ms();
        self.saved_or_logged(|table| {
            let mut changed = None;
            for name in names {
                changed =
                    table.edit(name, now, |topic| !std::mem::replace(&mut topic.order, true)).or(changed);
            }
            changed
        });
    }

    /// Gives the table a new version although no topic changed, so that name servers are told anew: what they
    /// are told depends on the broker's permission too.
    pub fn touch(&self) {
        let now = self.clock.now_ms();
        self.saved_or_logged(|table| {
            table.version.advance(now);
            Some(())
        });
    }

    /// Marks a topic as one of a unit, or not (Java: `updateTopicUnitFlag`).
    pub fn set_unit(&self, name: &str, unit: bool) {
        self.set_flag(name, FLAG_UNIT, unit);
    }

    /// Marks a topic as subscribed from a unit, or not (Java: `updateTopicUnitSubFlag`).
    pub fn set_unit_subscribed(&self, name: &str, subscribed: bool) {
        self.set_flag(name, FLAG_UNIT_SUB, subscribed);
    }

    fn set_flag(&self, name: &str, bit: i32, on: bool) {
        let now = self.clock.now_ms();
        self.saved_or_logged(|table| {
            table.edit(name, now, |topic| {
                let flag = if on { topic.topic_sys_flag | bit } else { topic.topic_sys_flag & !bit };
                std::mem::replace(&mut topic.topic_sys_flag, flag) != flag
            })
        });
    }

    /// The topic that is there by the time the table is locked, or what `create` makes.
    fn change_or_log(
        &self,
        name: &str,
        create: impl FnOnce(&mut Table) -> Option<Arc<TopicConfig>>,
    ) -> Option<Arc<TopicConfig>> {
        if let Some(topic) = self.get(name) {
            return Some(topic);
        }
        let mut found = None;
        self.saved_or_logged(|table| {
            if let Some(topic) = table.by_name.get(name) {
                found = Some(Arc::clone(topic));
                return None;
            }
            let created = create(table)?;
            found = Some(created);
            Some(())
        });
        found
    }

    /// A change that no operator waits for: a failure to save it is only logged, as Apache's broker does.
    fn saved_or_logged(&self, change: impl FnOnce(&mut Table) -> Option<()>) {
        if let Err(error) = self.change(change) {
            tracing::error!(%error, "topics are changed in memory only");
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Table) -> Option<R>) -> Result<Option<R>, TableError> {
        let before = self.version();
        let result = self.saved.change(change);
        let after = self.version();
        if after != before {
            self.changed.send_replace(after);
        }
        result
    }
}

/// The rule by which a send makes a topic: after a default topic that may be inherited from.
fn inherit(
    name: &str,
    default: &TopicConfig,
    client_queues: i32,
    sys_flag: i32,
    auto_create: bool,
) -> Option<TopicConfig> {
    let closed = default.topic_name == names::AUTO_CREATE_TOPIC && !auto_create;
    if closed || default.perm & PERM_INHERIT == 0 {
        tracing::warn!(topic = name, default = default.topic_name, "the topic may not be created by a send");
        return None;
    }
    Some(TopicConfig {
        perm: default.perm & !PERM_INHERIT,
        topic_sys_flag: sys_flag,
        topic_filter_type: default.topic_filter_type.clone(),
        ..TopicConfig::new(name, client_queues.min(default.write_queue_nums).max(0))
    })
}

/// Readable and writable.
pub const PERM_READ_WRITE: i32 = PERM_READ | PERM_WRITE;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn open(dir: &Path, clock: &Clock) -> Topics {
        let built_in = BuiltInTopics::new("c", "b");
        Topics::open(dir, &built_in, clock.clone()).unwrap()
    }

    #[test]
    fn a_send_inherits_from_its_default_topic() {
        let default =
            |perm, queues| TopicConfig { perm, ..TopicConfig::new(names::AUTO_CREATE_TOPIC, queues) };
        // perm of the default, its queues, the client's queues, autoCreateTopicEnable -> queues
        let table = [
            (7, 8, 4, true, Some(4)),
            (7, 8, 16, true, Some(8)),
            (7, 8, -1, true, Some(0)),
            (6, 8, 4, true, None),
            (7, 8, 4, false, None),
        ];
        for (perm, queues, client, auto, expected) in table {
            let topic = inherit("T", &default(perm, queues), client, 1, auto);
            assert_eq!(topic.as_ref().map(|t| t.write_queue_nums), expected);
            if let Some(topic) = topic {
                assert_eq!(
                    (topic.perm, topic.read_queue_nums, topic.topic_sys_flag),
                    (6, expected.unwrap(), 1)
                );
            }
        }
        // Another default topic is not closed by autoCreateTopicEnable.
        let cluster = TopicConfig { perm: 7, ..TopicConfig::new("c", 16) };
        assert!(inherit("T", &cluster, 4, 0, false).is_some());
    }

    #[test]
    fn changes_are_counted_saved_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::fake(1_000);
        let topics = open(dir.path(), &clock);
        assert_eq!(topics.version(), DataVersion { counter: 0, state_version: 0, timestamp: 1_000 });
        assert!(!dir.path().join("topics.json").exists());
        let changes = topics.changes();
        clock.advance(Duration::from_secs(1));
        assert!(topics.create_in_send("T", "TBW102", 4, 0, true).is_some());
        assert!(changes.has_changed().unwrap());
        assert!(topics.create_in_send("T", "TBW102", 4, 0, true).is_some());
        assert_eq!(topics.create_in_send("U", "nothing", 4, 0, true), None);
        let version = DataVersion { counter: 1, state_version: 0, timestamp: 2_000 };
        assert_eq!(topics.version(), version);
        let again = open(dir.path(), &clock);
        assert_eq!((again.version(), again.all()), (version, topics.all()));
    }

    #[test]
    fn an_update_alters_attributes_and_replaces_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let topics = open(dir.path(), &Clock::fake(1));
        let with = |key: &str, value: &str, queues| TopicConfig {
            attributes: BTreeMap::from([(key.to_owned(), value.to_owned())]),
            ..TopicConfig::new("T", queues)
        };
        topics.update(with("+message.type", "FIFO", 4)).unwrap();
        topics.update(TopicConfig::new("T", 8)).unwrap();
        let topic = topics.get("T").unwrap();
        assert_eq!((topic.read_queue_nums, topic.attributes["message.type"].as_str()), (8, "FIFO"));
        let error = topics.update(with("+nothing", "1", 9)).unwrap_err();
        assert_eq!(error.to_string(), "unsupported key: nothing");
        assert_eq!(topics.get("T").unwrap().read_queue_nums, 8);
        topics.update(with("-message.type", "", 8)).unwrap();
        assert!(topics.get("T").unwrap().attributes.is_empty());
        assert_eq!(topics.version().counter, 3);
    }

    #[test]
    fn a_list_is_taken_up_to_the_first_refused() {
        let dir = tempfile::tempdir().unwrap();
        let topics = open(dir.path(), &Clock::fake(1));
        let bad = TopicConfig {
            attributes: BTreeMap::from([("+x".to_owned(), String::new())]),
            ..TopicConfig::new("B", 1)
        };
        assert!(topics.update_all(vec![TopicConfig::new("A", 1), bad, TopicConfig::new("C", 1)]).is_err());
        assert!(topics.contains("A") && !topics.contains("B") && !topics.contains("C"));
        assert!(open(dir.path(), &Clock::fake(1)).contains("A"));
    }

    #[test]
    fn delete_order_and_flags() {
        let dir = tempfile::tempdir().unwrap();
        let topics = open(dir.path(), &Clock::fake(1));
        topics.update(TopicConfig::new("T", 1)).unwrap();
        topics.set_ordered(["T", "nothing"]);
        topics.set_unit("T", true);
        topics.set_unit_subscribed("T", true);
        topics.set_unit("T", false);
        assert_eq!(topics.get("T").unwrap().topic_sys_flag, FLAG_UNIT_SUB);
        assert!(topics.is_ordered("T"));
        let counter = topics.version().counter;
        topics.set_ordered(["T"]);
        assert_eq!(topics.version().counter, counter, "nothing changed");
        assert!(topics.delete("T").unwrap());
        assert!(!topics.delete("T").unwrap());
        assert_eq!(topics.version().counter, counter + 1);
    }

    #[test]
    fn a_retry_topic_is_made_once_and_its_order_follows() {
        let dir = tempfile::tempdir().unwrap();
        let topics = open(dir.path(), &Clock::fake(1));
        let first = topics.create_in_send_back("%RETRY%g", 1, PERM_READ_WRITE, false, 0);
        let second = topics.create_in_send_back("%RETRY%g", 9, 0, true, 1);
        assert_eq!((first.order, second.order), (false, true));
        assert_eq!((second.read_queue_nums, second.perm, second.topic_sys_flag), (1, 6, 0));
    }
}
