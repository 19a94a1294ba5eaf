//! Offsets of the group at the broker (Java: `RemoteBrokerOffsetStore`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::held::Held;
use super::shared::Shared;
use super::start::{Start, start_rule, zero_will_do};
use crate::client::ClientError;
use crate::protocol::code;
use crate::protocol::pull::{
    GetMaxOffset, QueryConsumerOffset, QueryOffsetHeader, QueueHeader, SearchOffsetByTimestamp,
    SearchOffsetHeader, UpdateConsumerOffset, UpdateOffsetHeader,
};
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::MASTER_ID;
use crate::runtime::fan_out;

/// How many brokers and topics are written to at the same time.
const FAN_OUT: usize = 16;

impl Shared {
    /// Where to begin on a queue, and what the group has committed there.
    pub(super) async fn start_of(&self, queue: &MessageQueue) -> Result<(i64, Option<i64>), ClientError> {
        if let Some(committed) = self.committed(queue).await? {
            return Ok((committed, Some(committed)));
        }
        let start = match start_rule(self.options.from, &queue.topic) {
            Start::Zero => 0,
            Start::End => self.end_of(queue).await?,
            Start::Time(time) => self.search(queue, time).await?,
        };
        Ok((start, None))
    }

    async fn committed(&self, queue: &MessageQueue) -> Result<Option<i64>, ClientError> {
        let addr = self.session.readable(&queue.broker_name, MASTER_ID)?;
        let header = QueryOffsetHeader {
            consumer_group: self.options.group.clone(),
            topic: queue.topic.clone(),
            queue_id: queue.queue_id,
            set_zero_if_not_found: zero_will_do(&queue.topic),
            broker_name: Some(queue.broker_name.clone()),
        };
        match self.session.client.call::<QueryConsumerOffset>(&addr, header, ()).await {
            Ok(answer) => Ok(Some(answer.header.offset).filter(|offset| *offset >= 0)),
            Err(error) if error.code() == Some(code::QUERY_NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn end_of(&self, queue: &MessageQueue) -> Result<i64, ClientError> {
        let addr = self.session.readable(&queue.broker_name, MASTER_ID)?;
        let header = QueueHeader {
            topic: queue.topic.clone(),
            queue_id: queue.queue_id,
            committed: Some(true),
            broker_name: Some(queue.broker_name.clone()),
        };
        Ok(self.session.client.call::<GetMaxOffset>(&addr, header, ()).await?.header.offset)
    }

    async fn search(&self, queue: &MessageQueue, timestamp: i64) -> Result<i64, ClientError> {
        let addr = self.session.readable(&queue.broker_name, MASTER_ID)?;
        let header = SearchOffsetHeader {
            topic: queue.topic.clone(),
            lite_topic: None,
            queue_id: queue.queue_id,
            timestamp,
            boundary_type: Some("LOWER".to_owned()),
            broker_name: Some(queue.broker_name.clone()),
        };
        Ok(self.session.client.call::<SearchOffsetByTimestamp>(&addr, header, ()).await?.header.offset)
    }

    /// Commits what is consumed of a queue, if the broker does not know it yet.
    async fn commit(&self, held: &Held) -> Result<(), ClientError> {
        if !self.options.commit {
            return Ok(());
        }
        let Some(offset) = held.uncommitted() else { return Ok(()) };
        let queue = &held.queue;
        let addr = self.session.readable(&queue.broker_name, MASTER_ID)?;
        let header = UpdateOffsetHeader {
            consumer_group: self.options.group.clone(),
            topic: queue.topic.clone(),
            queue_id: queue.queue_id,
            commit_offset: offset,
            broker_name: Some(queue.broker_name.clone()),
        };
        self.session.client.call::<UpdateConsumerOffset>(&addr, header, ()).await?;
        held.committed(offset);
        Ok(())
    }

    /// Commits all queues that are held; what fails is returned.
    pub(super) async fn commit_all(&self) -> Vec<(MessageQueue, ClientError)> {
        let held: Vec<Arc<Held>> = self.held.lock().values().cloned().collect();
        self.commit_each(held).await
    }

    /// Commits these queues; what fails is returned. The queues of a topic on one broker go one after the other:
    /// Apache's broker loses offsets when the first ones of a group on a topic arrive at the same time
    /// (`ConsumerOffsetManager.commitOffset` puts a new table of the group for each).
    pub(super) async fn commit_each(&self, held: Vec<Arc<Held>>) -> Vec<(MessageQueue, ClientError)> {
        let mut tables: BTreeMap<(String, String), Vec<Arc<Held>>> = BTreeMap::new();
        for held in held {
            let table = (held.queue.broker_name.clone(), held.queue.topic.clone());
            tables.entry(table).or_default().push(held);
        }
        let results = fan_out(tables.into_values(), FAN_OUT, |table| async move {
            let mut failed = Vec::new();
            for held in table {
                if let Err(error) = self.commit(&held).await {
                    failed.push((held.queue.clone(), error));
                }
            }
            failed
        })
        .await;
        results.into_iter().flatten().collect()
    }
}
