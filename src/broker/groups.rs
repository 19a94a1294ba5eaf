//! The consumer groups of a broker, in memory and in `config/subscriptionGroup.json`
//! (Java: `SubscriptionGroupManager`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::attributes::{self, OF_GROUPS};
use super::names;
use super::saved::{Document, Saved, TableError, load};
use super::topics::ChangeError;
use crate::protocol::group::{SubscriptionGroupConfig, SubscriptionGroupTable};
use crate::protocol::topic::DataVersion;
use crate::runtime::Clock;

/// What groups may not do, as bits by topic, by group.
pub type Forbidden = BTreeMap<String, BTreeMap<String, i32>>;

/// The bit of [`Forbidden`] that takes the right to read (Java: `PermName.INDEX_PERM_READ`).
pub const FORBIDDEN_READ: u32 = 2;

/// The groups.
#[derive(Debug)]
pub struct Groups {
    saved: Saved<Table>,
    clock: Clock,
}

#[derive(Debug)]
struct Table {
    by_name: HashMap<String, Arc<SubscriptionGroupConfig>>,
    forbidden: Forbidden,
    version: DataVersion,
}

impl Table {
    fn put(&mut self, group: SubscriptionGroupConfig, now: i64) -> Arc<SubscriptionGroupConfig> {
        let group = Arc::new(group);
        self.by_name.insert(group.group_name.clone(), Arc::clone(&group));
        self.version.advance(now);
        group
    }

    fn sorted(&self) -> BTreeMap<String, SubscriptionGroupConfig> {
        self.by_name
            .iter()
            .map(|(name, group)| (name.clone(), SubscriptionGroupConfig::clone(group)))
            .collect()
    }
}

impl Document for Table {
    type File = SubscriptionGroupTable;
    fn to_file(&self) -> SubscriptionGroupTable {
        SubscriptionGroupTable {
            data_version: self.version.clone(),
            forbidden_table: self.forbidden.clone(),
            subscription_group_table: self.sorted(),
        }
    }
}

impl Groups {
    /// The groups that every broker has, and those in `subscriptionGroup.json` of that directory, which win.
    ///
    /// # Errors
    /// `TableError` for a file that is there but cannot be read.
    pub fn open(config_dir: &Path, clock: Clock) -> Result<Self, TableError> {
        let path = config_dir.join("subscriptionGroup.json");
        let mut table = Table {
            by_name: HashMap::new(),
            forbidden: Forbidden::new(),
            version: DataVersion { timestamp: clock.now_ms(), ..DataVersion::default() },
        };
        for name in names::BUILT_IN_GROUPS {
            table.by_name.insert(name.to_owned(), Arc::new(named(name)));
        }
        if let Some(file) = load::<SubscriptionGroupTable>(&path)? {
            let groups = file.subscription_group_table.into_iter();
            table.by_name.extend(groups.map(|(name, group)| (name, Arc::new(group))));
            table.forbidden = file.forbidden_table;
            table.version = file.data_version;
        }
        Ok(Self { saved: Saved::new(table, path), clock })
    }

    /// A group that is there.
    pub fn get(&self, name: &str) -> Option<Arc<SubscriptionGroupConfig>> {
        self.saved.read(|table| table.by_name.get(name).cloned())
    }

    /// Whether there is such a group.
    pub fn contains(&self, name: &str) -> bool {
        self.saved.read(|table| table.by_name.contains_key(name))
    }

    /// A group: the one that is there, or a new one if groups may be created by their use
    /// (Java: `findSubscriptionGroupConfig`). `auto_create` is `autoCreateSubscriptionGroup`,
    /// `create_system` is `enableCreateSysGroup`.
    pub fn find(
        &self,
        name: &str,
        auto_create: bool,
        create_system: bool,
    ) -> Option<Arc<SubscriptionGroupConfig>> {
        if let Some(group) = self.get(name) {
            return Some(group);
        }
        if !may_create(name, auto_create, create_system) {
            return None;
        }
        let now = self.clock.now_ms();
        let mut found = None;
        self.saved_or_logged(|table| {
            if let Some(group) = table.by_name.get(name) {
                found = Some(Arc::clone(group));
                return None;
            }
            found = Some(table.put(named(name), now));
            Some(())
        });
        found
    }

    /// The names of all groups, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.saved.read(|table| table.by_name.keys().cloned().collect());
        names.sort_unstable();
        names
    }

    /// All groups, sorted by name.
    pub fn list(&self) -> Vec<Arc<SubscriptionGroupConfig>> {
        let mut groups: Vec<_> = self.saved.read(|table| table.by_name.values().cloned().collect());
        groups.sort_unstable_by(|a, b| a.group_name.cmp(&b.group_name));
        groups
    }

    /// All groups, what they may not do, and the version of both.
    pub fn all(&self) -> SubscriptionGroupTable {
        self.saved.read(Document::to_file)
    }

    /// The version of the table.
    pub fn version(&self) -> DataVersion {
        self.saved.read(|table| table.version.clone())
    }

    /// Creates a group or changes it. Its attributes are changes, with their signs
    /// (Java: `updateSubscriptionGroupConfig`).
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn update(&self, group: SubscriptionGroupConfig) -> Result<(), ChangeError> {
        self.update_all(vec![group])
    }

    /// Creates or changes groups, as [`Self::update`], up to the first that is refused
    /// (Java: `updateSubscriptionGroupConfigList`).
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn update_all(&self, groups: Vec<SubscriptionGroupConfig>) -> Result<(), ChangeError> {
        let now = self.clock.now_ms();
        let mut refused = None;
        let saved = self.saved.change(|table| {
            let mut changed = None;
            for mut group in groups {
                let current = table.by_name.get(&group.group_name).map(|old| &old.attributes);
                match attributes::alter(OF_GROUPS, current, &group.attributes) {
                    Ok(attributes) => group.attributes = attributes,
                    Err(reason) => {
                        refused = Some(reason);
                        break;
                    }
                }
                table.put(group, now);
                changed = Some(());
            }
            changed
        });
        match refused {
            Some(reason) => Err(ChangeError::Attributes(reason)),
            None => Ok(saved.map(drop)?),
        }
    }

    /// Takes a group away, with what it may not do. False if there is none
    /// (Java: `deleteSubscriptionGroupConfig`).
    ///
    /// # Errors
    /// `TableError::Save`.
    pub fn delete(&self, name: &str) -> Result<bool, TableError> {
        let now = self.clock.now_ms();
        let removed = self.saved.change(|table| {
            table.forbidden.remove(name);
            let removed = table.by_name.remove(name);
            removed.map(|_| table.version.advance(now))
        })?;
        Ok(removed.is_some())
    }

    /// What a group may not do with a topic: bits, 0 for nothing.
    pub fn forbidden(&self, group: &str, topic: &str) -> i32 {
        self.saved
            .read(|table| table.forbidden.get(group).and_then(|topics| topics.get(topic)).copied())
            .map_or(0, |bits| bits.max(0))
    }

    /// Whether that bit is set in [`Self::forbidden`].
    pub fn is_forbidden(&self, group: &str, topic: &str, bit: u32) -> bool {
        self.forbidden(group, topic) & (1 << bit) != 0
    }

    /// Sets or clears a bit of what a group may not do. As in Apache's broker, the last bit that is cleared
    /// frees the group's other topics too (Java: `updateForbidden`).
    pub fn set_forbidden(&self, group: &str, topic: &str, bit: u32, forbid: bool) {
        let now = self.clock.now_ms();
        let before = self.forbidden(group, topic);
        let bits = if forbid { before | 1 << bit } else { before & !(1 << bit) };
        self.saved_or_logged(|table| {
            if bits <= 0 {
                table.forbidden.remove(group)?;
            } else {
                table.forbidden.entry(group.to_owned()).or_default().insert(topic.to_owned(), bits);
            }
            table.version.advance(now);
            Some(())
        });
    }

    /// A change that no operator waits for: a failure to save it is only logged, as Apache's broker does.
    fn saved_or_logged(&self, change: impl FnOnce(&mut Table) -> Option<()>) {
        if let Err(error) = self.saved.change(change) {
            tracing::error!(%error, "groups are changed in memory only");
        }
    }
}

fn named(name: &str) -> SubscriptionGroupConfig {
    SubscriptionGroupConfig { group_name: name.to_owned(), ..SubscriptionGroupConfig::default() }
}

/// The rule by which a group comes into being by its use.
fn may_create(name: &str, auto_create: bool, create_system: bool) -> bool {
    (auto_create || create_system && names::is_system_group(name)) && names::check_group(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> Groups {
        Groups::open(dir, Clock::fake(1_000)).unwrap()
    }

    #[test]
    fn groups_are_created_by_their_use_as_configured() {
        // name, autoCreateSubscriptionGroup, enableCreateSysGroup -> created
        let table = [
            ("g", true, true, true),
            ("g", false, true, false),
            ("CID_RMQ_SYS_x", false, true, true),
            ("CID_RMQ_SYS_x", false, false, false),
            ("bad.name", true, true, false),
            ("", true, true, false),
        ];
        for (name, auto, system, expected) in table {
            assert_eq!(may_create(name, auto, system), expected, "{name} {auto} {system}");
        }
    }

    #[test]
    fn a_fresh_broker_has_the_groups_of_a_fresh_apache_broker() {
        let dir = tempfile::tempdir().unwrap();
        let groups = open(dir.path());
        let mut expected = names::BUILT_IN_GROUPS.to_vec();
        expected.sort_unstable();
        assert_eq!(groups.names(), expected);
        assert_eq!(groups.version(), DataVersion { counter: 0, state_version: 0, timestamp: 1_000 });
        assert!(!dir.path().join("subscriptionGroup.json").exists());
    }

    #[test]
    fn changes_are_counted_and_saved() {
        let dir = tempfile::tempdir().unwrap();
        let groups = open(dir.path());
        assert!(groups.find("g", true, true).is_some());
        assert!(groups.find("g", true, true).is_some());
        assert_eq!(groups.find("h", false, true), None);
        groups.update(SubscriptionGroupConfig { consume_enable: false, ..named("g") }).unwrap();
        groups.set_forbidden("g", "T", FORBIDDEN_READ, true);
        assert_eq!(groups.version().counter, 3);
        let again = open(dir.path());
        assert_eq!(again.version().counter, 3);
        assert!(again.is_forbidden("g", "T", FORBIDDEN_READ));
        assert!(!again.get("g").unwrap().consume_enable);
        assert!(again.delete("g").unwrap());
        assert!(!again.delete("g").unwrap());
        assert_eq!((again.forbidden("g", "T"), again.contains("g")), (0, false));
    }

    #[test]
    fn unknown_attributes_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let groups = open(dir.path());
        let with = |key: &str| SubscriptionGroupConfig {
            attributes: BTreeMap::from([(key.to_owned(), "50".to_owned())]),
            ..named("g")
        };
        assert_eq!(groups.update(with("+x")).unwrap_err().to_string(), "unsupported key: x");
        groups.update(with("+priority.factor")).unwrap();
        assert_eq!(groups.get("g").unwrap().attributes["priority.factor"], "50");
    }

    #[test]
    fn clearing_the_last_bit_frees_the_group() {
        let dir = tempfile::tempdir().unwrap();
        let groups = open(dir.path());
        groups.set_forbidden("g", "T", 2, true);
        groups.set_forbidden("g", "T", 1, true);
        groups.set_forbidden("g", "T", 1, false);
        assert_eq!(groups.forbidden("g", "T"), 4);
        groups.set_forbidden("g", "U", 2, true);
        groups.set_forbidden("g", "T", 2, false);
        assert_eq!((groups.forbidden("g", "T"), groups.forbidden("g", "U")), (0, 0));
    }
}
