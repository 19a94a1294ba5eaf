//! How far a consumer group is on every queue: asked of every broker, put together.

use super::members;
use crate::admin::ask::{LMQ_PREFIX, WHEEL_TIMER};
use crate::admin::targets::{self, Broker};
use crate::admin::{CommandError, Context};
use crate::output::Failure;
use crate::protocol::group::{ConsumeStats, ConsumeStatsHeader, GetConsumeStats, OffsetWrapper};
use crate::protocol::queue::MessageQueue;
use std::collections::BTreeMap;

/// How far a group is.
#[derive(Debug, Default)]
pub struct Lag {
    /// Messages consumed a second, on all brokers together.
    pub tps: f64,
    /// Sorted by topic, broker and queue.
    pub queues: BTreeMap<MessageQueue, OffsetWrapper>,
    pub failures: Vec<Failure>,
}

impl Lag {
    /// Messages that are not consumed yet; negative where an offset is beyond the end of its queue.
    pub fn total(&self) -> i64 {
        self.queues.values().map(lag_of).fold(0, i64::saturating_add)
    }

    /// Messages that were pulled and are not consumed yet.
    pub fn inflight(&self) -> i64 {
        self.queues.values().map(inflight_of).fold(0, i64::saturating_add)
    }

    fn add(&mut self, stats: ConsumeStats) {
        self.tps += stats.consume_tps;
        self.queues.extend(stats.offset_table.into_iter().map(|(key, offsets)| (key.0, offsets)));
    }
}

/// How many messages of a queue are not consumed yet.
pub fn lag_of(offsets: &OffsetWrapper) -> i64 {
    offsets.broker_offset.saturating_sub(offsets.consumer_offset)
}

/// How many messages of a queue were pulled and are not consumed yet.
pub fn inflight_of(offsets: &OffsetWrapper) -> i64 {
    offsets.pull_offset.saturating_sub(offsets.consumer_offset)
}

/// Asks the brokers side by side how far a group is, on one topic or on all that it consumes.
///
/// # Errors
/// All brokers failed.
pub async fn of_brokers(
    ctx: &Context,
    group: &str,
    topic: Option<&str>,
    brokers: Vec<Broker>,
) -> Result<Lag, CommandError> {
    let answers = ctx
        .ask_each(&format!("read the progress of group {group}"), brokers, |broker| async move {
            let header = ConsumeStatsHeader {
                consumer_group: group.to_owned(),
                topic: topic.map(str::to_owned),
                topic_list: None,
            };
            ctx.ask::<GetConsumeStats>(&broker.addr, header, ()).await.map(|answer| answer.body.0)
        })
        .await?;
    let mut lag = Lag { failures: answers.failures, ..Lag::default() };
    answers.given.into_iter().for_each(|(_, stats)| lag.add(stats));
    Ok(lag)
}

/// The brokers to ask about a group: those of its retry topic; without one those of the topic it is asked about,
/// of the parent of a topic without a route, or else every broker that is known. The flag says whether the group
/// was known by its retry topic.
///
/// # Errors
/// No name server is reached; the topic is not there.
pub async fn brokers_for(
    ctx: &Context,
    group: &str,
    topic: Option<&str>,
    parent: Option<&str>,
) -> Result<(Vec<Broker>, bool), CommandError> {
    if let Some(brokers) = members::brokers_of(ctx, group).await? {
        return Ok((brokers, true));
    }
    let Some(topic) = topic else { return Ok((everywhere(ctx).await?, false)) };
    if let Some(route) = ctx.find_route(topic).await? {
        return Ok((targets::of_route(&route), false));
    }
    match parent.filter(|_| topic.starts_with(LMQ_PREFIX) || topic == WHEEL_TIMER) {
        Some(parent) => Ok((targets::of_route(&ctx.route(parent).await?), false)),
        None => Err(ctx.unknown_topic(topic).await),
    }
}

/// One broker of every name.
async fn everywhere(ctx: &Context) -> Result<Vec<Broker>, CommandError> {
    let info = ctx.cluster_info().await?;
    Ok(targets::one_of_each_name(info.broker_addr_table.values()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_and_do_not_overflow() {
        let queue = |queue_id| MessageQueue { queue_id, ..MessageQueue::default() };
        let offsets = |broker_offset, consumer_offset, pull_offset| OffsetWrapper {
            broker_offset,
            consumer_offset,
            pull_offset,
            last_timestamp: 0,
        };
        let mut lag = Lag::default();
        lag.queues.insert(queue(0), offsets(39, 5, 15));
        lag.queues.insert(queue(1), offsets(3, 5, 5));
        assert_eq!((lag.total(), lag.inflight()), (32, 10));
        lag.queues.insert(queue(2), offsets(i64::MAX, i64::MIN, 0));
        assert_eq!(lag.total(), i64::MAX);
    }
}
