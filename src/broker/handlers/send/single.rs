//! Sending one message.

use super::rule::{self, Additions, Prepared, Retry};
use super::{Send, Stored};
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::names::{self, SCHEDULE_TOPIC, TIMER_TOPIC, TRANS_HALF_TOPIC};
use crate::broker::put;
use crate::broker::random;
use crate::broker::reject::{SEE_FAQ, forbidden, system_error};
use crate::broker::timer::rule::{self as timer, Due};
use crate::broker::topics::PERM_READ_WRITE;
use crate::protocol::code;
use crate::protocol::message::{NewMessage, SysFlag, Transaction, property};
use crate::protocol::send::SendMessageReply;
use crate::protocol::timer::RecallHandle;
use crate::protocol::topic::TopicConfig;
use crate::remoting::Reject;
use crate::store::{Appended, Store, StoreError};

/// How many queues a dead-letter topic has (Java: `DLQ_NUMS_PER_GROUP`).
pub(in crate::broker) const DLQ_QUEUES: i32 = 1;
/// The first version whose clients' own maximum of retries counts (Java: `MQVersion.V3_4_9`).
const V3_4_9: i32 = 121;
/// `topicFilterType` of topics whose messages have several tags.
const MULTI_TAG: &str = "MULTI_TAG";

/// Where a message goes at first.
struct Target {
    topic: String,
    queue: i32,
}

pub(super) fn store(broker: &Broker, send: &Send, topic: &TopicConfig, began: i64) -> Result<Stored, Reject> {
    let config = broker.config();
    let header = &send.header;
    let mut target = Target { topic: header.topic.clone(), queue: queue(header.queue_id, topic) };
    let add = Additions {
        region: &config.region_id,
        trace_on: trace_on(config.trace_on),
        cluster: &broker.identity.cluster,
    };
    let mut prepared = rule::prepare(header.properties.as_deref().unwrap_or_default(), &add);
    if send.body.is_empty() || prepared.inner_num {
        return Err(put::illegal(config.max_message_size));
    }
    give_up(broker, send, &mut target, &mut prepared, began)?;
    if prepared.unique_key().is_none() {
        prepared.push(property::UNIQ_KEY, &broker.unique_ids.next(began).to_string());
    }
    if topic.attributes.get("cleanup.policy").is_some_and(|policy| policy == "COMPACTION")
        && crate::protocol::message::find_property(&prepared.raw, property::KEYS).is_none_or(names::is_blank)
    {
        return Err(Reject::new(code::MESSAGE_ILLEGAL, "Required message key is missing"));
    }
    // Clients before 4.6.1 kept the mark of a half message on its retries.
    let is_retried = header.reconsume_times.unwrap_or(0) > 0 && prepared.delay_level > 0;
    let is_half = prepared.is_half && !is_retried;
    if is_half && config.reject_transaction_message {
        return Err(forbidden(format!(
            "the broker[{}] sending transaction message is forbidden",
            broker.ip()
        )));
    }
    let message = NewMessage {
        topic: &target.topic,
        queue_id: target.queue,
        flag: header.flag,
        sys_flag: sys_flag(header.sys_flag, topic),
        born_timestamp: header.born_timestamp,
        born_host: send.born_host,
        store_host: broker.identity.store_host,
        reconsume_times: header.reconsume_times.unwrap_or(0),
        prepared_transaction_offset: 0,
        body: &send.body,
        properties: &prepared.raw,
    };
    let kept = if is_half {
        keep_half(broker, &message, &prepared)?
    } else {
        keep_by(Store::append, broker, &message, prepared.delay_level, prepared.is_timed)?
    };
    let (topic, queue_id) = kept.place((&target.topic, target.queue));
    broker.count_put(&Moved { topic, queue_id, messages: 1, bytes: kept.appended.size, began });
    let appended = kept.appended;
    let recall_handle = kept.due.and_then(|due| {
        let retried = names::group_of_retry_topic(&target.topic).is_some();
        prepared.unique_key().filter(|_| !retried).map(|id| recall_handle(broker, &target.topic, due, id))
    });
    let reply = SendMessageReply {
        msg_id: appended.offset_id(broker.identity.store_host).to_string(),
        queue_id: target.queue,
        queue_offset: appended.queue_offset,
        transaction_id: prepared.unique_key().map(str::to_owned),
        batch_uniq_id: None,
        recall_handle,
        region: Some(config.region_id.clone()),
        trace_on: Some(trace_on(config.trace_on).to_owned()),
    };
    Ok(Stored { reply, end: appended.end(), waits_for_disk: prepared.waits_for_disk })
}

pub(super) fn trace_on(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// The queue that a send names, or any one.
pub(super) fn queue(named: i32, topic: &TopicConfig) -> i32 {
    if named < 0 { random::below(topic.write_queue_nums) } else { named }
}

pub(super) fn sys_flag(sent: i32, topic: &TopicConfig) -> i32 {
    if topic.topic_filter_type == MULTI_TAG { sent | SysFlag::MULTI_TAGS } else { sent }
}

/// Sends a message that was retried too often to its group's dead-letter topic.
fn give_up(
    broker: &Broker,
    send: &Send,
    target: &mut Target,
    prepared: &mut Prepared,
    now: i64,
) -> Result<(), Reject> {
    let Some(name) = names::group_of_retry_topic(&send.header.topic) else { return Ok(()) };
    let Some(group) = broker.find_group(name) else {
        let remark = format!("subscription group not exist, {name} {SEE_FAQ}");
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    let retry = Retry {
        times: send.header.reconsume_times.unwrap_or(0),
        header_max: send.header.max_reconsume_times,
        group_max: group.retry_max_times,
        header_counts: send.version >= V3_4_9,
        is_ordered: !broker.locks.is_free(name, now),
    };
    if rule::gives_up(&retry) {
        tracing::info!(group = name, ?retry, "a message is given up");
        let dlq = names::dlq_topic(name);
        broker.topics.create_in_send_back(&dlq, DLQ_QUEUES, PERM_READ_WRITE, false, 0);
        *target = Target { topic: dlq, queue: random::below(DLQ_QUEUES) };
        prepared.set(property::DELAY_TIME_LEVEL, "-1");
        prepared.delay_level = -1;
    }
    Ok(())
}

/// A message that was stored.
pub(in crate::broker) struct Kept {
    pub(in crate::broker) appended: Appended,
    /// The system's queue that it waits in.
    waits_in: Option<(&'static str, i32)>,
    /// The step that it is due in, of a timed message that waits.
    due: Option<i64>,
}

impl Kept {
    /// The queue that it lies in: one of the system's, or its own.
    pub(in crate::broker) fn place<'a>(&self, own: (&'a str, i32)) -> (&'a str, i32) {
        self.waits_in.unwrap_or(own)
    }
}

/// How the store takes a message: with the limit for clients, or without.
type Append = fn(&Store, &NewMessage<'_>) -> Result<Appended, StoreError>;

/// Stores a message of the broker itself, or one that was stored before: in its queue, or in that of its delay
/// level until it is due (Java: `HookUtils.handleScheduleMessage`). Only messages that are no half messages wait.
pub(in crate::broker) fn keep(
    broker: &Broker,
    message: &NewMessage<'_>,
    delay_level: i32,
    is_timed: bool,
) -> Result<Kept, Reject> {
    keep_by(Store::append_own, broker, message, delay_level, is_timed)
}

fn keep_by(
    store: Append,
    broker: &Broker,
    message: &NewMessage<'_>,
    delay_level: i32,
    is_timed: bool,
) -> Result<Kept, Reject> {
    let is_final = matches!(SysFlag(message.sys_flag).transaction(), Transaction::None | Transaction::Commit);
    let delay = rule::delay_queue(delay_level, broker.store.delay_levels().max_level()).filter(|_| is_final);
    let Some((queue, level)) = delay else {
        let due = if is_timed && is_final { timed(broker, message)? } else { None };
        return match due {
            Some(due) => keep_timed(store, broker, message, due),
            None => append(store, broker, message, None),
        };
    };
    let level = level.to_string();
    let real_queue = message.queue_id.to_string();
    let properties = rule::replace(
        message.properties,
        &[
            (property::DELAY_TIME_LEVEL, Some(&level)),
            (property::TIMER_DELIVER_MS, None),
            (property::TIMER_DELAY_SEC, None),
            (property::TIMER_DELAY_MS, None),
            (property::REAL_TOPIC, Some(message.topic)),
            (property::REAL_QUEUE_ID, Some(&real_queue)),
        ],
    );
    let waiting = NewMessage { topic: SCHEDULE_TOPIC, queue_id: queue, properties: &properties, ..*message };
    append(store, broker, &waiting, Some((SCHEDULE_TOPIC, queue)))
}

/// The step that a timed message is to wait for; `None` if it need not wait.
fn timed(broker: &Broker, message: &NewMessage<'_>) -> Result<Option<i64>, Reject> {
    let config = broker.config();
    let limits = broker.timer.limits(broker);
    let get = |name: &str| crate::protocol::message::find_property(message.properties, name);
    let Some(due) = timer::due(get, broker.now(), &limits) else { return Ok(None) };
    if !config.timer_wheel_enable {
        return Err(system_error("accurate timer message is not enabled, timerWheelEnable is false"));
    }
    match due {
        Due::Now => Ok(None),
        Due::Illegal => Err(Reject::new(code::MESSAGE_ILLEGAL, timer::illegal(&limits))),
        Due::At(step) => {
            let limit = i64::from(config.timer_congest_num_each_slot);
            let chance = i64::from(random::below(1_000));
            if timer::is_congested(broker.timer.waiting_for(step), limit, chance) {
                return Err(system_error(timer::congested(limit)));
            }
            Ok(Some(step))
        }
    }
}

/// Stores a message that waits for a step.
fn keep_timed(store: Append, broker: &Broker, message: &NewMessage<'_>, due: i64) -> Result<Kept, Reject> {
    let (step, real_queue) = (due.to_string(), message.queue_id.to_string());
    let properties = rule::replace(
        message.properties,
        &[
            (property::TIMER_OUT_MS, Some(&step)),
            (property::REAL_TOPIC, Some(message.topic)),
            (property::REAL_QUEUE_ID, Some(&real_queue)),
        ],
    );
    let waiting = NewMessage { topic: TIMER_TOPIC, queue_id: 0, properties: &properties, ..*message };
    let kept = append(store, broker, &waiting, Some((TIMER_TOPIC, 0)))?;
    Ok(Kept { due: Some(due), ..kept })
}

/// What recalls a message that is due in a step.
fn recall_handle(broker: &Broker, topic: &str, due: i64, unique_id: &str) -> String {
    RecallHandle {
        topic: topic.to_owned(),
        broker_name: broker.identity.name.clone(),
        // A time in the step, not its beginning, which belongs to the step before.
        timestamp: (due + 1).to_string(),
        unique_id: unique_id.to_owned(),
    }
    .encode()
}

/// Stores a half message (Java: `TransactionalMessageBridge.parseHalfMessageInner`).
fn keep_half(broker: &Broker, message: &NewMessage<'_>, prepared: &Prepared) -> Result<Kept, Reject> {
    let real_queue = message.queue_id.to_string();
    let properties = rule::replace(
        message.properties,
        &[
            // The broker's own: with it, a message would pass for the copy of another one.
            (property::TRANSACTION_PREPARED_QUEUE_OFFSET, None),
            (property::TRANSACTION_ID, prepared.unique_key()),
            (property::REAL_TOPIC, Some(message.topic)),
            (property::REAL_QUEUE_ID, Some(&real_queue)),
        ],
    );
    let half = NewMessage {
        topic: TRANS_HALF_TOPIC,
        queue_id: 0,
        sys_flag: SysFlag(message.sys_flag).with_transaction(Transaction::None).0,
        properties: &properties,
        ..*message
    };
    append(Store::append, broker, &half, Some((TRANS_HALF_TOPIC, 0)))
}

fn append(
    store: Append,
    broker: &Broker,
    message: &NewMessage<'_>,
    waits_in: Option<(&'static str, i32)>,
) -> Result<Kept, Reject> {
    let appended = store(&broker.store, message).map_err(|error| put::refusal(broker, &error))?;
    Ok(Kept { appended, waits_in, due: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_from_which_the_headers_maximum_counts() {
        assert_eq!(crate::protocol::version::name(V3_4_9), "V3_4_9");
    }
}
