//! Delivering delayed messages (Java: `ScheduleMessageService`).
//!
//! Messages wait in one queue of the schedule topic per delay level, in the order in which they are due. One
//! task delivers for all levels: it sleeps until the first message is due or a new one comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::core::Broker;
use super::count::Moved;
use super::names::{SCHEDULE_TOPIC, TRANS_HALF_TOPIC};
use super::saved;
use crate::protocol::message::{Message, NewMessage, property};
use crate::protocol::topic::DataVersion;
use crate::store::{CqUnit, Store, StoreError};

/// The file of the offsets up to which each level is delivered.
pub(in crate::broker) const DELAY_OFFSETS_FILE: &str = "delayOffset.json";
/// After how many deliveries the offsets get a new version (Java: `delayOffsetUpdateVersionStep`).
const VERSION_STEP: i64 = 200;
/// How many messages of a level are delivered in one go.
const BATCH: usize = 256;
/// How long to wait after a message could not be delivered.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// `config/delayOffset.json` (Java: `DelayOffsetSerializeWrapper`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DelayOffsets {
    /// The version of the table.
    pub data_version: DataVersion,
    /// By level, from 1: the offset of the next message to deliver.
    pub offset_table: BTreeMap<i32, i64>,
}

#[derive(Debug, Default)]
struct Progress {
    offsets: DelayOffsets,
    deliveries: i64,
    changed: bool,
}

/// How far delivery is.
#[derive(Debug, Default)]
pub struct Schedule {
    progress: Mutex<Progress>,
    arrived: Notify,
}

impl Schedule {
    /// Goes on from the offsets of a file.
    pub(in crate::broker) fn from_file(offsets: DelayOffsets) -> Self {
        Self { progress: Mutex::new(Progress { offsets, ..Progress::default() }), arrived: Notify::new() }
    }

    /// A message arrived in the schedule topic.
    pub(in crate::broker) fn arrived(&self) {
        self.arrived.notify_one();
    }

    /// The offset of the next message to deliver of a level, from 1.
    pub fn offset(&self, level: i32) -> i64 {
        self.progress.lock().offsets.offset_table.get(&level).copied().unwrap_or(0)
    }

    /// By level, from 1: the offset of the next message to deliver.
    pub fn offsets(&self) -> BTreeMap<i32, i64> {
        self.progress.lock().offsets.offset_table.clone()
    }

    /// Takes offsets back that are ahead of their queues.
    pub(in crate::broker) fn put_right(&self, store: &Store, now: i64) {
        for (level, offset) in self.offsets() {
            let last = store.next_offset(SCHEDULE_TOPIC, level - 1);
            if offset > last {
                tracing::warn!(level, offset, last, "an offset of delayed messages was ahead of its queue");
                self.advance(level, last, now);
            }
        }
    }

    fn advance(&self, level: i32, offset: i64, now: i64) {
        let mut progress = self.progress.lock();
        if progress.offsets.offset_table.insert(level, offset) == Some(offset) {
            return;
        }
        progress.changed = true;
        progress.deliveries += 1;
        if progress.deliveries % VERSION_STEP == 0 {
            progress.offsets.data_version.advance(now);
        }
    }

    /// Saves the offsets if they changed.
    pub(in crate::broker) fn save(&self, broker: &Broker) {
        let _one = saved::one_at_a_time();
        let offsets = {
            let mut progress = self.progress.lock();
            if !std::mem::take(&mut progress.changed) {
                return;
            }
            progress.offsets.clone()
        };
        if !broker.log_is_on_disk() {
            self.progress.lock().changed = true;
            return;
        }
        if let Err(error) = saved::save(&broker.table_path(DELAY_OFFSETS_FILE), &offsets) {
            tracing::error!(%error, "offsets of delayed messages are not saved");
            self.progress.lock().changed = true;
        }
    }
}

/// When a message is due that the consume queue says is due at `due`: at once where that is later than its
/// delay allows from now, as after a clock was set back or levels were changed. A pure rule.
fn corrected(due: i64, now: i64, delay: Duration) -> i64 {
    let latest = now.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
    if due > latest { now } else { due }
}

/// When to go on with what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::broker) enum Next {
    /// When something new comes.
    Arrival,
    /// At this time, in ms since 1970.
    At(i64),
    /// As soon as others had their turn.
    Soon,
    /// After a while: something is in the way.
    Later,
}

/// The wait before the next round, given what each level wants; `None` is until an arrival. A pure rule.
pub(in crate::broker) fn wait(levels: impl IntoIterator<Item = Next>, now: i64) -> Option<Duration> {
    let until = |next| match next {
        Next::Arrival => None,
        Next::At(due) => Some(Duration::from_millis(u64::try_from(due - now).unwrap_or(0))),
        Next::Soon => Some(Duration::ZERO),
        Next::Later => Some(RETRY_AFTER),
    };
    levels.into_iter().filter_map(until).min()
}

impl Broker {
    /// Delivers delayed messages for as long as the broker runs.
    pub(in crate::broker) async fn deliver_delayed(self: Arc<Self>) {
        loop {
            let levels = 1..=self.store.delay_levels().max_level();
            let next: Vec<Next> = levels.map(|level| self.deliver_level(level)).collect();
            match wait(next, self.now()) {
                Some(Duration::ZERO) => tokio::task::yield_now().await,
                Some(limit) => {
                    // Either way the next round finds out what is due.
                    let _ = tokio::time::timeout(limit, self.schedule.arrived.notified()).await;
                }
                None => self.schedule.arrived.notified().await,
            }
        }
    }

    fn deliver_level(&self, level: i32) -> Next {
        let Some(delay) = self.store.delay_levels().delay(level) else { return Next::Arrival };
        let from = self.in_bounds(level);
        let units = self.store.units(SCHEDULE_TOPIC, level - 1, from, BATCH);
        let more = units.len() == BATCH;
        for (offset, unit) in units {
            let now = self.now();
            let due = corrected(unit.tags_code, now, delay);
            if due > now {
                self.schedule.advance(level, offset, now);
                return Next::At(due);
            }
            if let Err(error) = self.deliver(&unit) {
                tracing::warn!(level, offset, %error, "a delayed message cannot be delivered yet");
                return Next::Later;
            }
            self.schedule.advance(level, offset + 1, now);
        }
        if more { Next::Soon } else { Next::Arrival }
    }

    /// Where to go on with a level: an offset that its queue does not have any more, or not yet, is put right.
    fn in_bounds(&self, level: i32) -> i64 {
        let offset = self.schedule.offset(level);
        match (
            self.store.min_offset(SCHEDULE_TOPIC, level - 1),
            self.store.max_offset(SCHEDULE_TOPIC, level - 1),
        ) {
            (Some(min), Some(max)) => offset.min(max).max(min),
            _ => offset,
        }
    }

    /// Stores a message that is due under its own topic. One that is gone from the log is passed over.
    fn deliver(&self, unit: &CqUnit) -> Result<(), StoreError> {
        let began = self.now();
        let bytes = self.store.message_at(unit.physical_offset);
        let Some(message) = bytes.and_then(|bytes| Message::decode(&bytes).ok()) else { return Ok(()) };
        let Some((topic, queue_id)) = real_place(&message) else {
            tracing::error!(offset = unit.physical_offset, "a delayed message does not say where it belongs");
            return Ok(());
        };
        let properties = message.properties.to_raw();
        let due =
            NewMessage { topic, queue_id, prepared_transaction_offset: 0, ..message.as_new(&properties) };
        match self.store.append_own(&due) {
            Ok(appended) => {
                self.count_put(&Moved { topic, queue_id, messages: 1, bytes: appended.size, began });
                Ok(())
            }
            // It can never be stored: what is due after it must not wait for it.
            Err(error @ (StoreError::TooLarge { .. } | StoreError::Message(_))) => {
                tracing::error!(offset = unit.physical_offset, %error, "a delayed message is given up");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// The topic and queue that a message has in truth; `None` where it names none that it may be in.
pub(in crate::broker) fn real_place(message: &Message) -> Option<(&str, i32)> {
    let topic = message.properties.get(property::REAL_TOPIC).filter(|topic| *topic != TRANS_HALF_TOPIC)?;
    let queue = message.properties.get(property::REAL_QUEUE_ID)?.parse().ok()?;
    Some((topic, queue))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    #[test]
    fn a_message_never_waits_longer_than_its_delay() {
        let delay = Duration::from_secs(10);
        for (due, expected) in [(500, 500), (11_000, 11_000), (11_001, 1_000), (i64::MAX, 1_000), (0, 0)] {
            assert_eq!(corrected(due, 1_000, delay), expected, "{due}");
        }
    }

    #[test]
    fn the_next_round_is_when_the_first_level_wants_it() {
        let millis = Duration::from_millis;
        let table: [(&[Next], Option<Duration>); 6] = [
            (&[], None),
            (&[Next::Arrival, Next::Arrival], None),
            (&[Next::Arrival, Next::At(1_500), Next::At(1_200)], Some(millis(200))),
            (&[Next::At(900)], Some(Duration::ZERO)),
            (&[Next::At(1_900), Next::Later], Some(RETRY_AFTER)),
            (&[Next::Soon, Next::Later], Some(Duration::ZERO)),
        ];
        for (levels, expected) in table {
            assert_eq!(wait(levels.iter().copied(), 1_000), expected, "{levels:?}");
        }
    }

    #[test]
    fn apaches_file_is_read() {
        let apache =
            br#"{"dataVersion":{"counter":1,"stateVersion":0,"timestamp":2},"offsetTable":{1:5,18:7}}"#;
        let schedule = Schedule::from_file(fastjson::from_slice(apache).unwrap());
        assert_eq!((schedule.offset(1), schedule.offset(2), schedule.offset(18)), (5, 0, 7));
        let old: DelayOffsets = fastjson::from_slice(br#"{"offsetTable":{3:4}}"#).unwrap();
        assert_eq!(old.offset_table, BTreeMap::from([(3, 4)]));
    }
}
