//! The last ordered pop of each queue, and its file `config/consumerOrderInfo.json` (Java:
//! `ConsumerOrderInfoManager`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::order::{Acked, Ordered};
use crate::broker::saved::{self, TableError};

/// The file's name.
const FILE: &str = "consumerOrderInfo.json";
/// How long a pop is kept that nothing followed, in ms (Java: `CLEAN_SPAN_FROM_LAST`).
const KEPT: i64 = 24 * 3_600_000;

/// By `TOPIC@GROUP`, by queue. Also the content of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct File {
    table: BTreeMap<String, BTreeMap<i32, Ordered>>,
}

#[derive(Debug, Default)]
struct State {
    file: File,
    changed: bool,
}

/// Which queue of which topic, for which group.
#[derive(Debug, Clone, Copy)]
pub(in crate::broker) struct Queue<'a> {
    pub(in crate::broker) topic: &'a str,
    pub(in crate::broker) group: &'a str,
    pub(in crate::broker) queue: i32,
}

impl Queue<'_> {
    fn key(&self) -> String {
        format!("{}@{}", self.topic, self.group)
    }
}

/// Ordered pops.
#[derive(Debug)]
pub(in crate::broker) struct Orders {
    state: Mutex<State>,
    path: PathBuf,
}

impl Orders {
    pub(super) fn open(config_dir: &Path) -> Result<Self, TableError> {
        let path = config_dir.join(FILE);
        let file = saved::load(&path)?.unwrap_or_default();
        Ok(Self { state: Mutex::new(State { file, changed: false }), path })
    }

    /// Whether a queue gives nothing to an attempt.
    pub(in crate::broker) fn blocks(
        &self,
        queue: Queue<'_>,
        attempt: Option<&str>,
        invisible_time: i64,
        now: i64,
    ) -> bool {
        let state = self.state.lock();
        let ordered = state.file.table.get(&queue.key()).and_then(|queues| queues.get(&queue.queue));
        ordered.is_some_and(|ordered| ordered.blocks(attempt, invisible_time, now))
    }

    /// When the first queue of a topic that gives nothing now gives something again, in ms since 1970.
    pub(in crate::broker) fn free_at(&self, topic: &str, group: &str, now: i64) -> Option<i64> {
        let state = self.state.lock();
        let queues = state.file.table.get(&Queue { topic, group, queue: 0 }.key())?;
        queues.values().filter_map(|ordered| ordered.blocked_until(0, now)).min()
    }

    /// Messages were popped. Returns what the client is told of it.
    pub(super) fn popped(
        &self,
        queue: Queue<'_>,
        topic_code: &str,
        pop: impl FnOnce(Option<&Ordered>) -> Ordered,
    ) -> Vec<String> {
        let mut state = self.state.lock();
        let queues = state.file.table.entry(queue.key()).or_default();
        let ordered = pop(queues.get(&queue.queue));
        let info = ordered.count_info(topic_code, queue.queue);
        queues.insert(queue.queue, ordered);
        state.changed = true;
        info
    }

    /// A message is acknowledged; a queue that nothing is known of is consumed up to it.
    pub(super) fn acknowledge(&self, queue: Queue<'_>, offset: i64, pop_time: i64) -> Acked {
        let mut state = self.state.lock();
        let ordered = state.file.table.get_mut(&queue.key()).and_then(|queues| queues.get_mut(&queue.queue));
        let Some(ordered) = ordered else { return Acked::Commit(offset.saturating_add(1)) };
        let acked = ordered.acknowledge(offset, pop_time);
        state.changed = true;
        acked
    }

    /// Lets a message block its queue until a time, in ms since 1970.
    pub(super) fn block_until(&self, queue: Queue<'_>, offset: i64, pop_time: i64, until: i64) {
        let mut state = self.state.lock();
        let ordered = state.file.table.get_mut(&queue.key()).and_then(|queues| queues.get_mut(&queue.queue));
        if ordered.is_some_and(|ordered| ordered.block_until(offset, pop_time, until)) {
            state.changed = true;
        }
    }

    /// A queue gives something again, whatever is not acknowledged.
    pub(super) fn clear(&self, queue: Queue<'_>) {
        let mut state = self.state.lock();
        let queues = state.file.table.get_mut(&queue.key());
        if queues.is_some_and(|queues| queues.remove(&queue.queue).is_some()) {
            state.changed = true;
        }
    }

    /// Saves the table if it changed, without pops of long ago and those of queues that are no more: `exists` is
    /// asked for topic and group, and says how many queues there are.
    pub(in crate::broker) fn save(&self, now: i64, exists: impl Fn(&str, &str) -> i32) {
        let _one = saved::one_at_a_time();
        let file = {
            let mut state = self.state.lock();
            if !std::mem::take(&mut state.changed) {
                return;
            }
            state.file.table.retain(|key, queues| {
                let number = key.split_once('@').map_or(0, |(topic, group)| exists(topic, group));
                queues.retain(|queue, ordered| *queue < number && now - ordered.last <= KEPT);
                !queues.is_empty()
            });
            state.file.clone()
        };
        if let Err(error) = saved::save(&self.path, &file) {
            tracing::error!(%error, "ordered pops are not saved");
            self.state.lock().changed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_pops_are_kept_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let orders = Orders::open(dir.path()).unwrap();
        let queue = Queue { topic: "T", group: "g", queue: 1 };
        let pop = |before: Option<&Ordered>| Ordered::new(Some("a"), 1_000, 500, &[5, 6], before);
        assert_eq!(orders.popped(queue, "0", pop), ["0 1 0"]);
        let gone = Queue { queue: 7, ..queue };
        orders.popped(gone, "0", pop);
        assert!(orders.blocks(queue, Some("b"), 0, 1_200));
        assert_eq!(orders.acknowledge(queue, 5, 1_000), Acked::Commit(6));
        orders.block_until(queue, 6, 1_000, 3_000);
        orders.save(1_200, |topic, group| if (topic, group) == ("T", "g") { 4 } else { 0 });
        let again = Orders::open(dir.path()).unwrap();
        assert!(again.blocks(queue, Some("b"), 0, 2_999) && !again.blocks(gone, Some("b"), 0, 1_200));
        assert_eq!((again.free_at("T", "g", 1_200), again.free_at("T", "g", 3_000)), (Some(3_000), None));
        again.clear(queue);
        assert_eq!(again.acknowledge(queue, 9, 1), Acked::Commit(10));
    }
}
