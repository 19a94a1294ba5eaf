//! Giving messages out anew whose time is over (Java: `PopReviveService`).

use std::sync::Arc;
use std::time::Duration;

use super::pending::Pending;
use super::record::{ACK_TAG, Acknowledgement, BATCH_ACK_TAG, CHECKPOINT_TAG, Checkpoint};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::handlers::replace;
use crate::broker::names::{self, RETRY_PREFIX};
use crate::protocol::fastjson;
use crate::protocol::message::{Message, MessageView, NewMessage, property};
use crate::protocol::topic::TopicConfig;
use crate::store::StoreError;

/// The group whose consumer offsets tell how far the revive topic is read: they name the last record that is done
/// with.
pub(in crate::broker) const REVIVE_GROUP: &str = "CID_RMQ_SYS_REVIVE_GROUP";
/// How many records are read in one go.
const BATCH: usize = 256;
/// How soon what is not settled is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How often it is looked at before the round goes on without.
const LOOKS: usize = 250;
/// How long to wait after something could not be stored.
const RETRY_AFTER: Duration = Duration::from_millis(500);

impl Broker {
    /// Revives for as long as the broker runs.
    pub(in crate::broker) async fn revive_popped(self: Arc<Self>) {
        let mut pending: Vec<Pending> = Vec::new();
        loop {
            let queues = self.topics.get(&self.revive_topic()).map_or(0, |topic| topic.read_queue_nums);
            for queue in i32::try_from(pending.len()).unwrap_or(i32::MAX)..queues {
                pending.push(Pending::after(self.offsets.get(REVIVE_GROUP, &self.revive_topic(), queue)));
            }
            let settled = self.settled_time().await;
            let mut failed = false;
            for (queue, pending) in (0..).zip(&mut pending) {
                self.read_records(queue, pending).await;
                if let Some(time) = settled {
                    failed |= !self.revive_over(pending, time).await;
                }
                self.commit_revived(queue, pending);
            }
            let next = pending.iter().filter_map(Pending::first_time).min();
            self.wait_for_records(next, failed || settled.is_none()).await;
        }
    }

    /// Waits for records, no longer than until time is over for what is known (`next`, in ms since 1970).
    async fn wait_for_records(&self, next: Option<i64>, failed: bool) {
        if failed {
            return tokio::time::sleep(RETRY_AFTER).await;
        }
        let Some(next) = next else { return self.pop.revive_arrived.notified().await };
        let until = self.timer.next_step(next).saturating_sub(self.now());
        let limit = Duration::from_millis(u64::try_from(until).unwrap_or(0)).max(LOOK_AGAIN);
        // Either way the next round finds out what there is.
        let _ = tokio::time::timeout(limit, self.pop.revive_arrived.notified()).await;
    }

    fn revive_topic(&self) -> String {
        names::revive_topic(&self.identity.cluster)
    }

    /// A time, in ms since 1970, up to which every acknowledgement that waited has reached the revive topic;
    /// `None` if the timer does not get on.
    async fn settled_time(&self) -> Option<i64> {
        let time = self.timer.step(self.now());
        let seen = self.store.next_offset(names::TIMER_TOPIC, 0);
        for _ in 0..LOOKS {
            if self.timer.is_settled(seen, time) {
                return Some(time);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        tracing::warn!("timed messages are late: popped messages come again later than they should");
        None
    }

    /// Reads everything that is in a revive queue now.
    async fn read_records(&self, queue: i32, pending: &mut Pending) {
        let topic = self.revive_topic();
        let end = self.store.next_offset(&topic, queue);
        let mut looks = 0;
        while pending.next() < end {
            let min = self.store.min_offset(&topic, queue).unwrap_or(0);
            if pending.next() < min {
                pending.go_on(min);
            }
            let units = self.store.units(&topic, queue, pending.next(), BATCH);
            if units.is_empty() {
                // It is in the log, but not in the queue yet.
                looks += 1;
                if looks > LOOKS {
                    return;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            for (offset, unit) in units {
                if let Some(bytes) = self.store.message_at(unit.physical_offset) {
                    read_record(&bytes, offset, pending);
                }
                pending.go_on(offset + 1);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Revives what is over at a time; false if something could not be stored.
    async fn revive_over(&self, pending: &mut Pending, time: i64) -> bool {
        while let Some(point) = pending.over(time) {
            let topic = names::popped_topic(&point.topic, &point.group);
            if self.topics.contains(topic) && self.groups.contains(&point.group) {
                for offset in point.open() {
                    if let Err(error) = self.revive_one(&point, offset) {
                        tracing::warn!(topic, offset, %error, "a popped message cannot be revived yet");
                        return false;
                    }
                    pending.revived(point.revive_offset, offset);
                }
            }
            pending.done(point.revive_offset);
            tokio::task::yield_now().await;
        }
        true
    }

    /// Gives a message to its group anew. One that is gone from the log, or that can never be stored, is passed
    /// over.
    fn revive_one(&self, point: &Checkpoint, offset: i64) -> Result<(), StoreError> {
        let began = self.now();
        let bytes = self.store.message_in_queue(&point.topic, point.queue_id, offset);
        let Some(message) = bytes.and_then(|bytes| Message::decode(&bytes).ok()) else { return Ok(()) };
        let topic = self.retry_topic_of(point);
        let properties = properties(&message, point);
        let host = self.identity.store_host;
        let again = NewMessage {
            topic: &topic,
            queue_id: 0,
            born_host: host,
            store_host: host,
            reconsume_times: message.reconsume_times.saturating_add(i32::from(!point.suspend)),
            prepared_transaction_offset: 0,
            ..message.as_new(&properties)
        };
        match self.store.append_own(&again) {
            Ok(appended) => {
                let bytes = appended.size;
                self.count_put(&Moved { topic: &topic, queue_id: 0, messages: 1, bytes, began });
                Ok(())
            }
            Err(error @ (StoreError::TooLarge { .. } | StoreError::Message(_))) => {
                tracing::error!(topic, offset, %error, "a popped message is given up");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The retry topic for what was popped, made if need be.
    fn retry_topic_of(&self, point: &Checkpoint) -> String {
        if point.topic.starts_with(RETRY_PREFIX) {
            return point.topic.clone();
        }
        let [v1, v2] = names::pop_retry_topics(&point.topic, &point.group);
        let topic = if self.config().enable_retry_topic_v2 { v2 } else { v1 };
        if !self.topics.contains(&topic) {
            self.topics.create_if_absent(TopicConfig::new(&topic, 1));
            if self.offsets.get(&point.group, &topic, 0).is_none() {
                self.offsets.commit(&point.group, &topic, 0, 0, self.now());
            }
        }
        topic
    }

    fn commit_revived(&self, queue: i32, pending: &Pending) {
        let (topic, done) = (self.revive_topic(), pending.done_up_to());
        if done >= 0 && self.offsets.get(REVIVE_GROUP, &topic, queue) != Some(done) {
            self.offsets.commit(REVIVE_GROUP, &topic, queue, done, self.now());
        }
    }
}

/// Reads a record of a revive queue. What is none is passed over.
fn read_record(bytes: &[u8], offset: i64, pending: &mut Pending) {
    let Ok(message) = MessageView::parse(bytes) else { return };
    match message.tags() {
        Some(CHECKPOINT_TAG) => match fastjson::from_slice::<Checkpoint>(message.body()) {
            Ok(point) => pending.point(offset, point),
            Err(error) => tracing::warn!(offset, %error, "a checkpoint cannot be read"),
        },
        Some(ACK_TAG | BATCH_ACK_TAG) => match fastjson::from_slice::<Acknowledgement>(message.body()) {
            Ok(ack) => pending.acknowledge(&ack),
            Err(error) => tracing::warn!(offset, %error, "an acknowledgement cannot be read"),
        },
        _ => tracing::warn!(offset, "a record of the revive topic is neither checkpoint nor acknowledgement"),
    }
}

/// The properties of a message that comes again.
fn properties(message: &Message, point: &Checkpoint) -> String {
    let first = message.properties.get(property::FIRST_POP_TIME).filter(|_| message.reconsume_times != 0);
    let pop_time = point.pop_time.to_string();
    replace(
        &message.properties.to_raw(),
        &[
            (property::FIRST_POP_TIME, Some(first.unwrap_or(&pop_time))),
            (property::ORIGIN_GROUP, Some(&point.group)),
        ],
    )
}
