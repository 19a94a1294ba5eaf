//! What a broker tells of its load (Java: `BrokerRuntimeInfo` as `AdminBrokerProcessor` fills it).

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The load of a broker, read off the texts that it answers with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    pub active: bool,
    pub version: Option<String>,
    /// Messages put a second, mean of ten seconds.
    pub in_tps: f64,
    /// Messages handed to consumers a second, mean of ten seconds.
    pub out_tps: f64,
    pub send_queue: Queue,
    pub pull_queue: Queue,
    pub ack_queue: Queue,
    /// How long the last put held the lock, in milliseconds.
    pub page_cache_lock_ms: Option<i64>,
    /// When the oldest message was stored, in epoch milliseconds; none in an empty store.
    pub earliest_message_timestamp: Option<i64>,
    /// The same as the broker tells it, which for an empty store is no time.
    #[serde(skip)]
    earliest_as_told: Option<i64>,
    /// The used share of the disk of the commit log, from 0 to 1.
    pub disk_ratio: Option<f64>,
    pub timer: Timer,
    #[serde(flatten)]
    pub totals: Option<Totals>,
}

/// Requests that wait to be served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    pub size: Option<i64>,
    /// How long the first of them has waited, in milliseconds.
    pub head_wait_ms: Option<i64>,
}

/// How far the timer wheel is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timer {
    /// Milliseconds that the wheel is late.
    pub read_behind: i64,
    /// Messages that are not on the wheel yet.
    pub offset_behind: i64,
    /// Messages on the wheel.
    pub congested: i64,
    pub enqueue_tps: f64,
    pub dequeue_tps: f64,
}

/// Messages of yesterday and today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub in_yesterday: i64,
    pub out_yesterday: i64,
    pub in_today: i64,
    pub out_today: i64,
}

impl Totals {
    /// The four numbers in mqadmin's order.
    pub fn as_mqadmin(self) -> [i64; 4] {
        [self.in_yesterday, self.out_yesterday, self.in_today, self.out_today]
    }

    fn of(table: &BTreeMap<String, String>) -> Option<Self> {
        let number = |key: &str| table.get(key)?.parse::<i64>().ok();
        let between = |from: &str, to: &str| Some(number(to)?.saturating_sub(number(from)?));
        Some(Totals {
            in_yesterday: between("msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning")?,
            out_yesterday: between("msgGetTotalYesterdayMorning", "msgGetTotalTodayMorning")?,
            in_today: between("msgPutTotalTodayMorning", "msgPutTotalTodayNow")?,
            out_today: between("msgGetTotalTodayMorning", "msgGetTotalTodayNow")?,
        })
    }
}

impl Stats {
    /// Reads the table of a broker; what is missing or no number stays out.
    pub fn of(table: &BTreeMap<String, String>) -> Self {
        let number = |key: &str| table.get(key)?.parse::<i64>().ok();
        let decimal = |key: &str| table.get(key)?.split(' ').next()?.parse::<f64>().ok();
        let queue = |name: &str| Queue {
            size: number(&format!("{name}ThreadPoolQueueSize")),
            head_wait_ms: number(&format!("{name}ThreadPoolQueueHeadWaitTimeMills")),
        };
        let earliest = number("earliestMessageTimeStamp");
        Stats {
            active: table.get("brokerActive").is_some_and(|text| text.eq_ignore_ascii_case("true")),
            version: table.get("brokerVersionDesc").cloned(),
            in_tps: decimal("putTps").unwrap_or_default(),
            out_tps: decimal("getTransferredTps").unwrap_or_default(),
            send_queue: queue("send"),
            pull_queue: queue("pull"),
            ack_queue: queue("ack"),
            page_cache_lock_ms: number("pageCacheLockTimeMills"),
            earliest_message_timestamp: earliest.filter(|time| *time > 0),
            earliest_as_told: earliest,
            disk_ratio: decimal("commitLogDiskRatio"),
            timer: Timer {
                read_behind: number("timerReadBehind").unwrap_or_default(),
                offset_behind: number("timerOffsetBehind").unwrap_or_default(),
                congested: number("timerCongestNum").unwrap_or_default(),
                enqueue_tps: decimal("timerEnqueueTps").unwrap_or_default(),
                dequeue_tps: decimal("timerDequeueTps").unwrap_or_default(),
            },
            totals: Totals::of(table),
        }
    }

    /// How many hours of messages there are; none in an empty store.
    pub fn hours(&self, now: i64) -> Option<f64> {
        self.earliest_message_timestamp.map(|earliest| hours_between(earliest, now))
    }

    /// The same as mqadmin reckons it: an empty store is as old as the epoch.
    pub fn hours_as_mqadmin(&self, now: i64) -> f64 {
        self.earliest_as_told.map_or(0.0, |earliest| hours_between(earliest, now))
    }
}

#[expect(clippy::cast_precision_loss, reason = "two decimals of hours are shown")]
fn hours_between(from: i64, to: i64) -> f64 {
    to.saturating_sub(from) as f64 / 3_600_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_stays_out() {
        let table = BTreeMap::from([
            ("earliestMessageTimeStamp".to_owned(), "-1".to_owned()),
            ("putTps".to_owned(), "x".to_owned()),
            ("msgPutTotalTodayNow".to_owned(), "5".to_owned()),
        ]);
        let stats = Stats::of(&table);
        assert_eq!((stats.hours(3_600_000), stats.in_tps, stats.totals), (None, 0.0, None));
        assert!(stats.hours_as_mqadmin(3_600_000) > 1.0);
        assert_eq!(stats.ack_queue, Queue::default());
    }
}
