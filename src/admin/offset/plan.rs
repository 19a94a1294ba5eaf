//! Where a group is on every queue, and where it is to go.

use crate::admin::ask::Answers;
use crate::admin::message::pull::Queue;
use crate::admin::targets::Broker;
use crate::admin::{CommandError, Context};
use crate::protocol::group::{ConsumeStatsHeader, GetConsumeStats, OffsetWrapper};
use crate::protocol::topic::{GetTopicStatsInfo, TopicHeader, TopicOffset};
use crate::remoting::CallError;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The time that stands for the end of a queue.
pub const END: i64 = -1;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub group: &'a str,
    pub topic: &'a str,
    /// Epoch milliseconds, or [`END`].
    pub timestamp: i64,
    /// Whether a group may be moved forward.
    pub force: bool,
    /// Only this queue.
    pub queue: Option<i32>,
    /// To this offset, whatever the time.
    pub offset: Option<i64>,
}

/// Who moves the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The broker, which tells the members.
    ByBroker,
    /// We, queue by queue, where the broker does not.
    ByQueue,
}

/// One queue's move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueMove {
    pub broker_name: String,
    pub queue_id: i32,
    /// The end of the queue.
    pub broker_offset: i64,
    /// Where the group was; none where it had no offset.
    pub from_offset: Option<i64>,
    /// Where the time is in the queue.
    pub time_offset: i64,
    /// Where the group is, or in a dry run would be.
    pub to_offset: i64,
}

/// How many messages are skipped, and how many are consumed again.
pub fn totals(rows: &[QueueMove]) -> (i64, i64) {
    let moved = |row: &QueueMove| row.from_offset.map_or(0, |from| row.to_offset.saturating_sub(from));
    let skipped = rows.iter().map(|row| moved(row).max(0)).fold(0, i64::saturating_add);
    let again = rows.iter().map(|row| moved(row).saturating_neg().max(0)).fold(0, i64::saturating_add);
    (skipped, again)
}

/// Where a queue goes: to the offset asked for, or to that of the time unless that is forward without force.
pub fn destination(request: &Request<'_>, from: Option<i64>, time_offset: i64) -> i64 {
    match (request.offset, from) {
        (Some(offset), _) => offset,
        (None, Some(from)) if !request.force && time_offset > from => from,
        (None, _) => time_offset,
    }
}

/// Asks every broker where the group is and where the time is, side by side.
///
/// # Errors
/// All brokers failed.
pub async fn make(
    ctx: &Context,
    request: &Request<'_>,
    brokers: Vec<Broker>,
) -> Result<Answers<Vec<QueueMove>>, CommandError> {
    let doing = format!("read the offsets of group {}", request.group);
    ctx.ask_each(&doing, brokers, |broker| async move { of_broker(ctx, request, &broker).await }).await
}

async fn of_broker(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
) -> Result<Vec<QueueMove>, CallError> {
    let (queues, offsets) =
        tokio::try_join!(queues(ctx, request.topic, broker), offsets(ctx, request, broker))?;
    let wanted: Vec<(i32, TopicOffset)> = queues
        .into_iter()
        .filter(|(queue_id, _)| request.queue.is_none_or(|wanted| wanted == *queue_id))
        .collect();
    let results = ctx
        .fan_out(wanted, |(queue_id, held)| {
            let from = offsets.get(&queue_id).map(|found| found.consumer_offset).filter(|from| *from >= 0);
            async move {
                let queue = Queue { broker, topic: request.topic, queue_id };
                let time_offset = match (request.offset, request.timestamp) {
                    (Some(offset), _) => offset,
                    (None, END) => queue.max_offset(ctx).await?,
                    (None, timestamp) => queue.offset_at(ctx, timestamp).await?,
                };
                Ok(QueueMove {
                    broker_name: broker.broker_name.clone(),
                    queue_id,
                    broker_offset: held.max_offset,
                    from_offset: from,
                    time_offset,
                    to_offset: destination(request, from, time_offset),
                })
            }
        })
        .await;
    results.into_iter().collect()
}

/// The queues of the topic on a broker.
async fn queues(
    ctx: &Context,
    topic: &str,
    broker: &Broker,
) -> Result<BTreeMap<i32, TopicOffset>, CallError> {
    let header = TopicHeader { topic: topic.to_owned() };
    let answer = ctx.ask::<GetTopicStatsInfo>(&broker.addr, header, ()).await?;
    Ok(answer.body.0.offset_table.into_iter().map(|(key, offset)| (key.0.queue_id, offset)).collect())
}

/// The offsets of the group on the topic by queue.
pub(super) async fn offsets(
    ctx: &Context,
    request: &Request<'_>,
    broker: &Broker,
) -> Result<BTreeMap<i32, OffsetWrapper>, CallError> {
    let header = ConsumeStatsHeader {
        consumer_group: request.group.to_owned(),
        topic: Some(request.topic.to_owned()),
        topic_list: None,
    };
    let stats = ctx.ask::<GetConsumeStats>(&broker.addr, header, ()).await?.body.0;
    let of_topic = stats.offset_table.into_iter().filter(|(key, _)| key.0.topic == request.topic);
    Ok(of_topic.map(|(key, offsets)| (key.0.queue_id, offsets)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_force_a_group_is_not_moved_forward() {
        let request =
            Request { group: "g", topic: "T", timestamp: 0, force: false, queue: None, offset: None };
        let forced = Request { force: true, ..request };
        let to_seven = Request { offset: Some(7), ..request };
        let table = [
            (request, Some(5), 9, 5),
            (request, Some(5), 3, 3),
            (request, None, 9, 9),
            (forced, Some(5), 9, 9),
            (to_seven, Some(5), 7, 7),
        ];
        for (request, from, time_offset, want) in table {
            assert_eq!(destination(&request, from, time_offset), want, "{from:?} {time_offset}");
        }
    }

    #[test]
    fn what_is_skipped_and_what_comes_again_is_counted_apart() {
        let row = |from_offset, to_offset| QueueMove {
            broker_name: "b".to_owned(),
            queue_id: 0,
            broker_offset: 100,
            from_offset,
            time_offset: to_offset,
            to_offset,
        };
        assert_eq!(totals(&[row(Some(5), 9), row(Some(5), 2), row(None, 50), row(Some(1), 1)]), (4, 3));
    }
}
