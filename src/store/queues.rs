//! All consume queues of the broker (`ConsumeQueueStore`).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use super::commit_log::QueueOffsets;
use super::consume_queue::ConsumeQueue;
use super::disk::Disk;
use super::error::StoreError;
use super::segments::entries;

/// Longest name of a directory.
const MAX_NAME: usize = 255;

/// Whether a topic can be the name of a directory, and of one inside the store. Brokers are far stricter;
/// this holds whoever appends, and for logs written by others. A pure rule.
pub(super) fn is_storable(topic: &str) -> bool {
    !matches!(topic, "" | "." | "..") && topic.len() <= MAX_NAME && !topic.contains(['/', '\0'])
}

/// The first queue under `dir/TOPIC/QUEUE` that has files. A topic that was deleted leaves its directories.
pub(super) fn first_queue(dir: &Path) -> Result<Option<PathBuf>, StoreError> {
    for topic in entries(dir)?.into_iter().filter(|path| path.is_dir()) {
        for queue in entries(&topic)?.into_iter().filter(|path| path.is_dir()) {
            if !entries(&queue)?.is_empty() {
                return Ok(Some(queue));
            }
        }
    }
    Ok(None)
}

type Table = HashMap<String, HashMap<i32, Arc<ConsumeQueue>>>;

/// Consume queues by topic and queue id, under one directory.
#[derive(Debug)]
pub(super) struct Queues {
    dir: PathBuf,
    file_len: usize,
    disk: Arc<dyn Disk>,
    table: RwLock<Table>,
}

impl Queues {
    /// Opens the queues that lie in `dir/TOPIC/QUEUE`, and takes out of them what lies at or behind
    /// `log_end`. `thorough` is for after a crash.
    pub(super) fn load(
        dir: PathBuf,
        file_len: usize,
        disk: &Arc<dyn Disk>,
        thorough: bool,
    ) -> Result<Self, StoreError> {
        let mut table = Table::new();
        for topic_dir in entries(&dir)?.into_iter().filter(|path| path.is_dir()) {
            let Some(topic) = topic_dir.file_name().and_then(|name| name.to_str()) else { continue };
            let mut queues = HashMap::new();
            for queue_dir in entries(&topic_dir)?.into_iter().filter(|path| path.is_dir()) {
                let id =
                    queue_dir.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
                let Some(id) = id else { continue };
                let queue = ConsumeQueue::load(queue_dir, file_len, Arc::clone(disk), thorough)?;
                queues.insert(id, Arc::new(queue));
            }
            if !queues.is_empty() {
                table.insert(topic.to_owned(), queues);
            }
        }
        Ok(Self { dir, file_len, disk: Arc::clone(disk), table: RwLock::new(table) })
    }

    /// Takes out of all queues what lies at or behind `log_end`. Returns how many units. Only before they
    /// are shared.
    pub(super) fn truncate(&mut self, log_end: i64) -> Result<i64, StoreError> {
        let mut removed = 0;
        for queue in self.table.get_mut().values_mut().flat_map(HashMap::values_mut) {
            let queue = Arc::get_mut(queue).expect("no queue is shared before recovery is over");
            removed += queue.truncate(log_end)?;
        }
        Ok(removed)
    }

    /// Deletes all queues, as happens when the commit log is gone.
    pub(super) fn delete_all(&mut self) -> Result<(), StoreError> {
        let topics: Vec<_> = self.table.get_mut().keys().cloned().collect();
        topics.iter().try_for_each(|topic| self.delete_topic(topic).map(drop))
    }

    /// One queue.
    pub(super) fn get(&self, topic: &str, queue_id: i32) -> Option<Arc<ConsumeQueue>> {
        self.table.read().get(topic)?.get(&queue_id).cloned()
    }

    /// One queue, made if need be. Nothing is written before a message enters it.
    pub(super) fn get_or_make(&self, topic: &str, queue_id: i32) -> Arc<ConsumeQueue> {
        if let Some(queue) = self.get(topic, queue_id) {
            return queue;
        }
        let mut table = self.table.write();
        let queues = table.entry(topic.to_owned()).or_default();
        let queue = queues.entry(queue_id).or_insert_with(|| {
            let dir = self.dir.join(topic).join(queue_id.to_string());
            Arc::new(ConsumeQueue::new(dir, self.file_len, Arc::clone(&self.disk)))
        });
        Arc::clone(queue)
    }

    /// All queues, by topic and queue id.
    pub(super) fn all(&self) -> BTreeMap<(String, i32), Arc<ConsumeQueue>> {
        let table = self.table.read();
        let queues = table.iter().flat_map(|(topic, queues)| {
            queues.iter().map(|(id, queue)| ((topic.clone(), *id), Arc::clone(queue)))
        });
        queues.collect()
    }

    /// Commit log offset behind the last message entered into any queue; -1 when there is none.
    pub(super) fn max_physical(&self) -> i64 {
        let table = self.table.read();
        table.values().flat_map(HashMap::values).map(|queue| queue.max_physical()).max().unwrap_or(-1)
    }

    /// The next queue offset of each queue.
    pub(super) fn next_offsets(&self) -> QueueOffsets {
        let table = self.table.read();
        let next = |queues: &HashMap<i32, Arc<ConsumeQueue>>| {
            queues.iter().map(|(id, queue)| (*id, queue.max_offset())).collect()
        };
        table.iter().map(|(topic, queues)| (topic.clone(), next(queues))).collect()
    }

    /// Syncs all queues to the disk.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        for queue in self.all().into_values() {
            if queue.segments().flushed() < queue.segments().end() {
                queue.segments().flush()?;
            }
        }
        Ok(())
    }

    /// Deletes the queues of a topic. Returns whether there were any.
    pub(super) fn delete_topic(&self, topic: &str) -> Result<bool, StoreError> {
        let Some(queues) = self.table.write().remove(topic) else { return Ok(false) };
        for queue in queues.into_values() {
            queue.segments().delete_all()?;
        }
        drop(std::fs::remove_dir(self.dir.join(topic)));
        Ok(true)
    }

    /// Deletes one queue.
    pub(super) fn delete_queue(&self, topic: &str, queue_id: i32) -> Result<(), StoreError> {
        let removed = {
            let mut table = self.table.write();
            let removed = table.get_mut(topic).and_then(|queues| queues.remove(&queue_id));
            if table.get(topic).is_some_and(HashMap::is_empty) {
                table.remove(topic);
            }
            removed
        };
        if let Some(queue) = removed {
            queue.segments().delete_all()?;
            drop(std::fs::remove_dir(self.dir.join(topic)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_that_are_directories() {
        let long = "x".repeat(256);
        let table = [
            ("TopicTest", true),
            ("%RETRY%group", true),
            ("..a", true),
            ("", false),
            (".", false),
            ("..", false),
            ("../../etc", false),
            ("a/b", false),
            ("a\0b", false),
            (&long, false),
            (&long[1..], true),
        ];
        for (topic, expected) in table {
            assert_eq!(is_storable(topic), expected, "{topic}");
        }
    }
}
