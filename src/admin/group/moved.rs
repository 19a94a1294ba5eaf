//! Offsets that brokers moved because what consumers asked for was not there (any more): the messages of
//! `OFFSET_MOVED_EVENT`, from a beginning on.

use crate::admin::message::pull::{PullStatus, Queue, TOOLS_GROUP};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context, failed};
use crate::protocol::fastjson;
use crate::protocol::pull::OffsetMovedEvent;
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

const TOPIC: &str = "OFFSET_MOVED_EVENT";
/// Messages of one pull.
const BATCH: i32 = 32;

/// An offset that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// When, in ms since 1970.
    pub timestamp: i64,
    pub group: String,
    pub topic: String,
    pub broker_name: String,
    pub queue_id: i32,
    /// What the consumer asked for.
    pub offset_request: i64,
    /// Where it was sent to.
    pub offset_new: i64,
}

impl Moved {
    fn new(timestamp: i64, event: OffsetMovedEvent) -> Self {
        let queue = event.message_queue;
        Moved {
            timestamp,
            group: event.consumer_group,
            topic: queue.topic,
            broker_name: queue.broker_name,
            queue_id: queue.queue_id,
            offset_request: event.offset_request,
            offset_new: event.offset_new,
        }
    }
}

/// How far the events were read, by broker and queue.
#[derive(Debug, Default)]
pub struct Position(BTreeMap<(String, i32), i64>);

impl Position {
    /// What came since it was called last; the first call only finds out where that begins.
    ///
    /// # Errors
    /// No name server or broker is reached.
    pub async fn news(&mut self, ctx: &Context) -> Result<Vec<Moved>, CommandError> {
        // A cluster that never moved an offset may have no such topic.
        let Some(route) = ctx.find_route(TOPIC).await? else { return Ok(Vec::new()) };
        let brokers = targets::of_route(&route);
        let mut news = Vec::new();
        for data in &route.queue_datas {
            let Some(broker) = brokers.iter().find(|broker| broker.broker_name == data.broker_name) else {
                continue;
            };
            for queue_id in 0..data.read_queue_nums {
                let read = self.of_queue(ctx, broker, queue_id, &mut news).await;
                read.map_err(|error| failed("read the offsets that were moved", &error))?;
            }
        }
        Ok(news)
    }

    async fn of_queue(
        &mut self,
        ctx: &Context,
        broker: &Broker,
        queue_id: i32,
        news: &mut Vec<Moved>,
    ) -> Result<(), CallError> {
        let queue = Queue { broker, topic: TOPIC, queue_id };
        let key = (broker.broker_name.clone(), queue_id);
        let Some(at) = self.0.get_mut(&key) else {
            self.0.insert(key, queue.max_offset(ctx).await?);
            return Ok(());
        };
        loop {
            let pulled = queue.pull(ctx, TOOLS_GROUP, *at, BATCH).await?;
            for found in pulled.messages {
                if let Ok(event) = fastjson::from_slice(&found.message.body) {
                    news.push(Moved::new(found.message.store_timestamp, event));
                }
            }
            if pulled.next_offset <= *at || pulled.status != PullStatus::Found {
                *at = pulled.next_offset;
                return Ok(());
            }
            *at = pulled.next_offset;
        }
    }
}
