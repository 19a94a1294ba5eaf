//! Offsets of the group at the broker (Java: `RemoteBrokerOffsetStore`).

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

/// How many offsets are committed at the same time.
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
    pub(super) async fn commit(&self, held: &Held) -> Result<(), ClientError> {
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

    /// Commits all queues side by side; what fails is returned.
    pub(super) async fn commit_all(&self) -> Vec<(MessageQueue, ClientError)> {
        let held: Vec<Arc<Held>> = self.held.lock().values().cloned().collect();
        let results = fan_out(held, FAN_OUT, |held| async move {
            self.commit(&held).await.err().map(|error| (held.queue.clone(), error))
        })
        .await;
        results.into_iter().flatten().collect()
    }
}
