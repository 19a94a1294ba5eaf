//! How a member runs, as admin tools see it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::shared::Shared;
use crate::protocol::command::CURRENT_VERSION;
use crate::protocol::queue::QueueKey;
use crate::protocol::running::{ConsumeStatus, ConsumerRunningInfo, ProcessQueueInfo};
use crate::protocol::version;

pub(super) fn running_info(shared: &Shared) -> ConsumerRunningInfo {
    let mq_table = shared
        .held
        .lock()
        .values()
        .map(|held| {
            let (count, bytes, first, last) = held.waiting();
            let info = ProcessQueueInfo {
                cached_msg_count: i32::try_from(count).unwrap_or(i32::MAX),
                cached_msg_max_offset: last,
                cached_msg_min_offset: first,
                cached_msg_size_in_mib: i32::try_from(bytes >> 20).unwrap_or(i32::MAX),
                commit_offset: held.committable(),
                droped: held.released.is_cancelled(),
                last_consume_timestamp: held.last_consume_ms.load(Ordering::Relaxed),
                last_pull_timestamp: held.last_pull_ms.load(Ordering::Relaxed),
                ..ProcessQueueInfo::default()
            };
            (QueueKey(held.queue.clone()), info)
        })
        .collect();
    ConsumerRunningInfo {
        mq_table,
        properties: properties(shared),
        status_table: BTreeMap::from([(shared.options.topic.clone(), status(shared))]),
        subscription_set: shared.subscriptions.clone(),
        ..ConsumerRunningInfo::default()
    }
}

fn properties(shared: &Shared) -> BTreeMap<String, String> {
    let options = &shared.options;
    let namesrvs = shared.session.client.namesrvs().join(";");
    [
        ("PROP_NAMESERVER_ADDR", format!("{namesrvs};")),
        ("PROP_CONSUME_TYPE", "CONSUME_PASSIVELY".to_owned()),
        ("PROP_CONSUMEORDERLY", "false".to_owned()),
        ("PROP_THREADPOOL_CORE_SIZE", "1".to_owned()),
        ("PROP_CONSUMER_START_TIMESTAMP", shared.started_ms.to_string()),
        ("PROP_CLIENT_VERSION", version::name(CURRENT_VERSION)),
        ("consumerGroup", options.group.clone()),
        ("consumeFromWhere", options.from.name().to_owned()),
        ("messageModel", "CLUSTERING".to_owned()),
        ("maxReconsumeTimes", options.max_reconsume_times.to_string()),
        ("namesrvAddr", namesrvs),
        ("clientIP", shared.session.identity.ip.to_string()),
        ("language", "RUST".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn status(shared: &Shared) -> ConsumeStatus {
    let counts = &shared.counts;
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let seconds = (shared.session.clock.now_ms() - shared.started_ms).max(1) as f64 / 1000.0;
    let rate = |count: u64| count as f64 / seconds;
    let pulls = read(&counts.pulls).max(1) as f64;
    ConsumeStatus {
        consume_failed_msgs: i64::try_from(read(&counts.later)).unwrap_or(i64::MAX),
        consume_failed_tps: rate(read(&counts.later)),
        consume_ok_tps: rate(read(&counts.done)),
        consume_rt: 0.0,
        pull_rt: read(&counts.pull_ms) as f64 / pulls,
        pull_tps: rate(read(&counts.pulled)),
    }
}
