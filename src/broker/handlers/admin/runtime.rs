//! How the broker does, in named numbers (Java: `AdminBrokerProcessor.prepareRuntimeInfo`,
//! `DefaultMessageStore.getRuntimeInfo`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::broker::Broker;
use crate::broker::names;
use crate::broker::reject::system_error;
use crate::broker::stats::java_double;
use crate::config::BrokerConfig;
use crate::protocol::body::Json;
use crate::protocol::broker::{GetBrokerRuntimeInfo, ViewBrokerStatsData};
use crate::protocol::command::CURRENT_VERSION;
use crate::protocol::route::KvTable;
use crate::protocol::version;
use crate::remoting::{In, Out, Reject};

/// The queues of Apache's thread pools, and the setting that bounds each. Requests are answered on their
/// connection here, so that none ever waits in one.
const POOLS: [(&str, &str); 5] = [
    ("sendThreadPoolQueue", "sendThreadPoolQueueCapacity"),
    ("pullThreadPoolQueue", "pullThreadPoolQueueCapacity"),
    ("litePullThreadPoolQueue", "litePullThreadPoolQueueCapacity"),
    ("queryThreadPoolQueue", "queryThreadPoolQueueCapacity"),
    ("ackThreadPoolQueue", "ackThreadPoolQueueCapacity"),
];

pub fn info(broker: &Arc<Broker>, _: In<GetBrokerRuntimeInfo>) -> Result<Out<GetBrokerRuntimeInfo>, Reject> {
    let config = broker.config();
    let mut table = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        table.insert(name.to_owned(), value);
    };
    for (name, value) in broker.stats.throughput().entries() {
        put(name, value);
    }
    for (name, value) in broker.stats.daily() {
        put(name, value.to_string());
    }
    for (level, delivered) in broker.schedule.offsets() {
        let stored = broker.store.max_offset(names::SCHEDULE_TOPIC, level - 1).unwrap_or(0);
        put(&format!("scheduleMessageOffset_{level}"), format!("{delivered},{stored}"));
    }
    put("bootTimestamp", broker.opened_at.to_string());
    put("runtime", run_time(broker.now() - broker.opened_at));
    put("brokerActive", "true".to_owned());
    put("brokerVersionDesc", version::name(CURRENT_VERSION));
    put("startAcceptSendRequestTimeStamp", config.start_accept_send_request_time_stamp.to_string());
    store(broker, &mut put);
    timer(broker, &mut put);
    what_is_not_here(&config, &mut put);
    Ok(Out::body(Json(KvTable { table })))
}

fn store(broker: &Broker, put: &mut impl FnMut(&str, String)) {
    let stats = broker.store.stats();
    let log_dir = broker.store.config().commit_log_dir();
    let log_ratio = java_double(stats.commit_log_disk_ratio);
    put("commitLogMinOffset", stats.min_physical_offset.to_string());
    put("commitLogMaxOffset", stats.max_physical_offset.to_string());
    put("commitLogDiskRatio", log_ratio.clone());
    put(&format!("commitLogDiskRatio_{}", log_dir.display()), log_ratio);
    put("consumeQueueDiskRatio", java_double(stats.consume_queue_disk_ratio));
    put("earliestMessageTimeStamp", stats.earliest_message_timestamp.to_string());
    put("pageCacheLockTimeMills", stats.page_cache_lock_time.to_string());
    put("dispatchBehindBytes", (stats.max_physical_offset - stats.dispatched_offset).max(0).to_string());
    let to_flush = u64::try_from(stats.max_physical_offset - stats.flushed_offset).unwrap_or(0);
    put("remainHowManyDataToFlush", human_bytes(to_flush));
    if let Some((total, free)) = broker.store.disk_room() {
        put("commitLogDirCapacity", format!("Total : {}, Free : {}.", human_bytes(total), human_bytes(free)));
    }
}

/// What Apache's broker tells of parts that this one does not have, or not in this form: nothing waits there.
fn what_is_not_here(config: &BrokerConfig, put: &mut impl FnMut(&str, String)) {
    for (name, capacity) in POOLS {
        put(&format!("{name}Size"), "0".to_owned());
        put(&format!("{name}HeadWaitTimeMills"), "0".to_owned());
        put(capacity, config.get(capacity).unwrap_or_default());
    }
    put("EndTransactionQueueSize", "0".to_owned());
    put(
        "EndTransactionThreadPoolQueueCapacity",
        config.get("endTransactionPoolQueueCapacity").unwrap_or_default(),
    );
    put("dispatchMaxBuffer", "0".to_owned());
    put("remainTransientStoreBufferNumbs", i32::MAX.to_string());
}

/// How timed messages are doing.
fn timer(broker: &Broker, put: &mut impl FnMut(&str, String)) {
    let behind = broker.timer.behind(broker);
    put("timerReadBehind", behind.read_behind.to_string());
    put("timerOffsetBehind", behind.offset_behind.to_string());
    put("timerCongestNum", behind.waiting.to_string());
    put("timerEnqueueTps", java_double(behind.enqueue_tps));
    put("timerDequeueTps", java_double(behind.dequeue_tps));
}

/// A span of time as Java's `StoreStatsService` writes it.
fn run_time(span: i64) -> String {
    let seconds = span.max(0) / 1_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("[ {days} days, {hours} hours, {minutes} minutes, {} seconds ]", seconds % 60)
}

/// Bytes as Java's `MixAll.humanReadableByteCount` writes them.
fn human_bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = None;
    let mut units = "KMGTPE".chars();
    while value >= 1024.0 {
        let Some(next) = units.next() else { break };
        value /= 1024.0;
        unit = Some(next);
    }
    unit.map_or_else(|| format!("{bytes} B"), |unit| format!("{value:.1} {unit}iB"))
}

pub fn item(
    broker: &Arc<Broker>,
    request: In<ViewBrokerStatsData>,
) -> Result<Out<ViewBrokerStatsData>, Reject> {
    let (name, key) = (&request.header.stats_name, &request.header.stats_key);
    match broker.stats.item(name, key) {
        Some(data) => Ok(Out::body(Json(data))),
        None => Err(system_error(format!("The stats <{name}> <{key}> not exist"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_written_as_java_does() {
        for (span, expected) in [
            (-5, "[ 0 days, 0 hours, 0 minutes, 0 seconds ]"),
            (59_999, "[ 0 days, 0 hours, 0 minutes, 59 seconds ]"),
            (90_061_000, "[ 1 days, 1 hours, 1 minutes, 1 seconds ]"),
        ] {
            assert_eq!(run_time(span), expected);
        }
        for (bytes, expected) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_536, "1.5 KiB"),
            (270_582_939_648, "252.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(human_bytes(bytes), expected);
        }
    }
}
