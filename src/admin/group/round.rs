//! One look at all consumer groups: how far they are behind, and what is wrong with their members (Java:
//! `MonitorService.doMonitorWork`).

use super::health::{self, Finding};
use super::lag::{self, lag_of};
use super::{members, running};
use crate::admin::message::pull::{Queue, TOOLS_GROUP};
use crate::admin::targets::Broker;
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::group::OffsetWrapper;
use crate::protocol::queue::MessageQueue;
use crate::protocol::running::ConsumerRunningInfo;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A group on a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    pub group: String,
    pub topic: String,
    /// Messages that are not consumed yet.
    pub total: i64,
    /// The most on one queue.
    pub single_queue: i64,
    /// By how many ms the last consumed message of a queue is older than the newest stored one, on the worst queue.
    pub delay_millis: i64,
}

/// What was found out about a group.
#[derive(Debug, Default)]
pub struct Look {
    pub undone: Vec<Undone>,
    pub findings: Vec<Finding>,
    pub same_subscriptions: bool,
    pub failures: Vec<Failure>,
}

/// Looks at a group.
///
/// # Errors
/// None of its brokers is reached.
pub async fn look_at(ctx: &Context, group: &str) -> Result<Look, CommandError> {
    // Without a retry topic it is gone since the groups were listed.
    let Some(brokers) = members::brokers_of(ctx, group).await? else {
        return Ok(Look { same_subscriptions: true, ..Look::default() });
    };
    let lag = lag::of_brokers(ctx, group, None, brokers.clone()).await?;
    let delays = delays(ctx, &brokers, &lag.queues).await;
    let mut failures = lag.failures;
    let mut found = members::of_brokers(ctx, group, brokers.clone()).await?;
    failures.append(&mut found.failures);
    failures.dedup_by(|a, b| a.target == b.target);
    let mut given = Vec::new();
    for (member, info) in running::of_members(ctx, &brokers, group, found, false).await {
        match info {
            Ok(info) => given.push((member.client_id, info)),
            Err(error) => failures.push(error.to_failure(member.client_id)),
        }
    }
    let now = ctx.clock.now_ms();
    let infos: Vec<(&str, &ConsumerRunningInfo)> =
        given.iter().map(|(id, info)| (id.as_str(), info)).collect();
    Ok(Look {
        undone: undone(group, &lag.queues, &delays),
        findings: infos.iter().flat_map(|(id, info)| health::findings(id, info, now)).collect(),
        same_subscriptions: health::same_subscriptions(&infos, now),
        failures,
    })
}

/// By topic, what is not consumed yet. A pure rule.
fn undone(
    group: &str,
    queues: &BTreeMap<MessageQueue, OffsetWrapper>,
    delays: &BTreeMap<MessageQueue, i64>,
) -> Vec<Undone> {
    let mut by_topic: BTreeMap<&str, Undone> = BTreeMap::new();
    for (queue, offsets) in queues {
        let topic = by_topic.entry(&queue.topic).or_insert_with(|| Undone {
            group: group.to_owned(),
            topic: queue.topic.clone(),
            total: 0,
            single_queue: 0,
            delay_millis: 0,
        });
        let behind = lag_of(offsets).max(0);
        topic.total = topic.total.saturating_add(behind);
        topic.single_queue = topic.single_queue.max(behind);
        topic.delay_millis = topic.delay_millis.max(delays.get(queue).copied().unwrap_or(0));
    }
    by_topic.into_values().collect()
}

/// How old what was consumed last is beside what was stored last, for the queues that have more. A queue whose newest
/// message cannot be read has no delay, as in mqadmin.
async fn delays(
    ctx: &Context,
    brokers: &[Broker],
    queues: &BTreeMap<MessageQueue, OffsetWrapper>,
) -> BTreeMap<MessageQueue, i64> {
    let behind = queues.iter().filter(|(_, offsets)| lag_of(offsets) > 0 && offsets.last_timestamp > 0);
    let found = ctx
        .fan_out(behind, |(queue, offsets)| async move {
            let broker = brokers.iter().find(|broker| broker.broker_name == queue.broker_name)?;
            let newest = Queue { broker, topic: &queue.topic, queue_id: queue.queue_id };
            let pulled = newest.pull(ctx, TOOLS_GROUP, offsets.broker_offset - 1, 1).await.ok()?;
            let stored = pulled.messages.first()?.message.store_timestamp;
            Some((queue.clone(), stored.saturating_sub(offsets.last_timestamp)))
        })
        .await;
    found.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undone_is_summed_by_topic() {
        let queue = |topic: &str, queue_id| MessageQueue {
            topic: topic.to_owned(),
            broker_name: "a".to_owned(),
            queue_id,
        };
        let offsets = |broker_offset, consumer_offset| OffsetWrapper {
            broker_offset,
            consumer_offset,
            ..OffsetWrapper::default()
        };
        let queues = BTreeMap::from([
            (queue("T", 0), offsets(10, 4)),
            (queue("T", 1), offsets(10, 8)),
            (queue("T", 2), offsets(3, 9)),
            (queue("U", 0), offsets(5, 5)),
        ]);
        let delays = BTreeMap::from([(queue("T", 0), 700), (queue("T", 1), 900)]);
        let row = |topic: &str, total, single_queue, delay_millis| Undone {
            group: "g".to_owned(),
            topic: topic.to_owned(),
            total,
            single_queue,
            delay_millis,
        };
        assert_eq!(undone("g", &queues, &delays), [row("T", 8, 6, 900), row("U", 0, 0, 0)]);
    }
}
