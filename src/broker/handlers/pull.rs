//! Pulling: 11, 361 (Java: `PullMessageProcessor`, `DefaultPullMessageResultHandler`).

use std::sync::Arc;
use std::time::Duration;

use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::filter::Filter;
use crate::broker::groups::FORBIDDEN_READ;
use crate::broker::reject::{SEE_FAQ, forbidden, invalid, system_error};
use crate::broker::subscription::{self, ALL, TAG};
use crate::protocol::group::{SubscriptionData, SubscriptionGroupConfig};
use crate::protocol::message::MessageView;
use crate::protocol::pull::{
    LitePullMessage, PULL_COMMIT_OFFSET, PULL_SUBSCRIPTION, PULL_SUSPEND, PullMessage, PullMessageHeader,
    PullMessageReply,
};
use crate::protocol::request::Request;
use crate::protocol::route::PERM_READ;
use crate::protocol::topic::TopicConfig;
use crate::protocol::{Payload, code};
use crate::remoting::{In, Out, Reject, Reply};
use crate::store::{ReadRequest, ReadResult, ReadStatus};

/// The most that one pull may ask for in bytes (Java: `MAX_PULL_MSG_SIZE`).
const MAX_BYTES: usize = 128 << 20;

/// 11.
pub fn pull(broker: &Arc<Broker>, request: In<PullMessage>) -> Reply<PullMessage> {
    serve(broker, request)
}

/// 361.
pub fn lite_pull(broker: &Arc<Broker>, request: In<LitePullMessage>) -> Reply<LitePullMessage> {
    if !broker.config().lite_pull_message_enable {
        let remark = format!("the broker[{}] for lite pull consumer is forbidden", broker.ip());
        return Reply::Now(Err(forbidden(remark)));
    }
    serve(broker, request)
}

fn serve<R>(broker: &Arc<Broker>, request: In<R>) -> Reply<R>
where
    R: Request<Header = PullMessageHeader, ReplyHeader = PullMessageReply, ReplyBody = Payload> + 'static,
{
    let In { header, peer, .. } = request;
    let began = broker.now();
    let pull = match admit(broker, header, peer.peer(), began) {
        Ok(pull) => pull,
        Err(reject) => return Reply::Now(Err(reject)),
    };
    let answer = pull.read(broker, true);
    let Some(limit) = pull.hold_for(broker, answer.code) else { return Reply::Now(Ok(answer.into_out())) };
    let broker = broker.clone();
    Reply::Later(Box::pin(async move {
        tokio::select! {
            () = pull.hold(&broker, limit) => {}
            // A peer that is gone gets what is known now, which nobody reads: its pull is held no longer.
            () = peer.over() => return Ok(answer.into_out()),
        }
        // The group may have left or subscribed anew meanwhile (Java runs the whole request again).
        Ok(admit(&broker, pull.header, peer.peer(), broker.now())?.read(&broker, false).into_out())
    }))
}

/// A pull that may read.
struct Pull {
    header: PullMessageHeader,
    filter: Filter,
    group: Arc<SubscriptionGroupConfig>,
    topic: Arc<TopicConfig>,
}

/// An answer, whichever request it is for.
struct Answer {
    code: i32,
    remark: &'static str,
    header: PullMessageReply,
    body: Payload,
}

impl Answer {
    fn into_out<R>(self) -> Out<R>
    where
        R: Request<ReplyHeader = PullMessageReply, ReplyBody = Payload>,
    {
        Out::new(self.header, self.body).code(self.code).remark(self.remark)
    }
}

/// Checks a pull in Apache's order.
fn admit(
    broker: &Broker,
    header: PullMessageHeader,
    peer: std::net::SocketAddr,
    now: i64,
) -> Result<Pull, Reject> {
    if broker.config().broker_permission & PERM_READ.unsigned_abs() == 0 {
        return Err(forbidden(format!("the broker[{}] pulling message is forbidden", broker.ip())));
    }
    let Some(group) = broker.find_group(&header.consumer_group) else {
        let remark = format!("subscription group [{}] does not exist, {SEE_FAQ}", header.consumer_group);
        return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    if !group.consume_enable {
        return Err(forbidden(format!("subscription group no permission, {}", header.consumer_group)));
    }
    let Some(topic) = broker.topics.get(&header.topic) else {
        let remark = format!("topic[{}] not exist, apply first please! {SEE_FAQ}", header.topic);
        return Err(Reject::new(code::TOPIC_NOT_EXIST, remark));
    };
    if topic.perm & PERM_READ == 0 {
        return Err(forbidden(format!("the topic[{}] pulling message is forbidden", header.topic)));
    }
    if header.queue_id < 0 || header.queue_id >= topic.read_queue_nums {
        return Err(invalid(format!(
            "queueId[{}] is illegal, topic:[{}] topicConfig.readQueueNums:[{}] consumer:[{peer}]",
            header.queue_id, header.topic, topic.read_queue_nums
        )));
    }
    let filter = if header.sys_flag & PULL_SUBSCRIPTION != 0 {
        Filter::new(sent_subscription(broker, &header, now)?, &broker.expressions)
            .map_err(|_| unreadable())?
    } else {
        let known = known_subscription(broker, &header, &group)?;
        Filter::new(known, &broker.expressions).map_err(|_| {
            let remark = "The broker's consumer filter data is not exist!Your expression may be wrong!";
            Reject::new(code::FILTER_DATA_NOT_EXIST, remark)
        })?
    };
    if let Some(kind) = filter.other_kind()
        && !broker.config().enable_property_filter
    {
        return Err(system_error(no_filter(kind)));
    }
    Ok(Pull { header, filter, group, topic })
}

/// The refusal of an expression that came with a pull.
pub(super) fn unreadable() -> Reject {
    Reject::new(code::SUBSCRIPTION_PARSE_FAILED, "parse the consumer's subscription failed")
}

/// The remark for expressions that are not served.
pub(super) fn no_filter(kind: &str) -> String {
    format!("The broker does not support consumer to filter message by {kind}")
}

/// The subscription that came with the pull.
fn sent_subscription(
    broker: &Broker,
    header: &PullMessageHeader,
    now: i64,
) -> Result<Arc<SubscriptionData>, Reject> {
    let (group, topic) = (&header.consumer_group, &header.topic);
    let expression = header.subscription.as_deref().unwrap_or_default();
    let kind = header.expression_type.as_deref();
    let as_kept = if expression.is_empty() { ALL } else { expression };
    let known = broker.consumers.pulled(group, topic, as_kept, kind.unwrap_or(TAG), now);
    if let Some(known) = known {
        return Ok(known);
    }
    let read = subscription::build(topic, expression, kind, now).ok_or_else(unreadable)?;
    let read = Arc::new(read);
    broker.consumers.keep_pulled(group, topic, &read, now);
    Ok(read)
}

/// The subscription that the group's heartbeats told.
fn known_subscription(
    broker: &Broker,
    header: &PullMessageHeader,
    group: &SubscriptionGroupConfig,
) -> Result<Arc<SubscriptionData>, Reject> {
    let (name, topic) = (&header.consumer_group, &header.topic);
    let missing =
        |what: &str| Reject::new(code::SUBSCRIPTION_NOT_EXIST, format!("{what} not exist{SEE_FAQ}"));
    let Some(membership) = broker.consumers.membership(name, topic) else {
        return Err(missing("the consumer's group info"));
    };
    if membership.broadcast && !group.consume_broadcast_enable {
        return Err(forbidden(format!("the consumer group[{name}] can not consume by broadcast way")));
    }
    if broker.groups.is_forbidden(name, topic, FORBIDDEN_READ) {
        return Err(forbidden(format!("the consumer group[{name}] is forbidden for topic[{topic}]")));
    }
    let subscription = membership.subscription.ok_or_else(|| missing("the consumer's subscription"))?;
    if subscription.sub_version < header.sub_version {
        let remark = "the consumer's subscription not latest";
        return Err(Reject::new(code::SUBSCRIPTION_NOT_LATEST, remark));
    }
    Ok(subscription)
}

impl Pull {
    /// Reads. `first` is false for a pull that was held: it commits nothing more and is not held again.
    fn read(&self, broker: &Broker, first: bool) -> Answer {
        let began = broker.now();
        let header = &self.header;
        let (group, topic, queue) = (&header.consumer_group, &header.topic, header.queue_id);
        let reset = broker.offsets.take_reset(group, topic, queue);
        let reset = reset.filter(|_| broker.config().use_server_side_reset_offset);
        let (code, remark, result) = match reset {
            Some(offset) => (code::PULL_OFFSET_MOVED, "OFFSET_RESET", self.moved_to(broker, offset)),
            None => {
                let result = self.read_store(broker);
                (answer_code(result.status, header.queue_offset), result.status.java_name(), result)
            }
        };
        broker.offsets.note_pull(group, topic, queue, result.next_begin_offset);
        if first && header.sys_flag & PULL_COMMIT_OFFSET != 0 {
            broker.offsets.commit(group, topic, queue, header.commit_offset, broker.now());
        }
        let suggest_slave = result.suggest_slave;
        let (messages, bytes) = (result.message_count, result.total_bytes);
        broker.count_get(group, &Moved { topic, queue_id: queue, messages, bytes, began });
        if code == code::PULL_OFFSET_MOVED {
            let (asked, next) = (header.queue_offset, result.next_begin_offset);
            tracing::info!(group, topic, queue, asked, next, "a pull is sent to another offset");
        }
        Answer {
            code,
            remark,
            header: PullMessageReply {
                suggest_which_broker_id: self.suggested_broker(broker, suggest_slave),
                next_begin_offset: result.next_begin_offset,
                min_offset: result.min_offset,
                max_offset: result.max_offset,
                offset_delta: None,
                topic_sys_flag: Some(self.topic.topic_sys_flag),
                group_sys_flag: Some(self.group.group_sys_flag),
                forbidden_type: None,
            },
            body: result.slices.into(),
        }
    }

    /// Which broker of the name to pull from next: a slave only if they may be read.
    fn suggested_broker(&self, broker: &Broker, far_behind: bool) -> i64 {
        match (broker.config().slave_read_enable, far_behind) {
            (false, _) => 0,
            (true, true) => self.group.which_broker_when_consume_slowly,
            (true, false) => self.group.broker_id,
        }
    }

    fn read_store(&self, broker: &Broker) -> ReadResult {
        let header = &self.header;
        let wants_tag = |tags_code| self.filter.wants_tag(tags_code);
        let wants_message = |message: &MessageView<'_>| self.filter.wants_message(message);
        broker.store.read(&ReadRequest {
            topic: &header.topic,
            queue_id: header.queue_id,
            offset: header.queue_offset,
            max_messages: usize::try_from(header.max_msg_nums).unwrap_or(0),
            max_bytes: header
                .max_msg_bytes
                .and_then(|max| usize::try_from(max).ok())
                .filter(|max| *max > 0)
                .unwrap_or(MAX_BYTES),
            by_tags: if self.filter.is_all() { None } else { Some(&wants_tag) },
            by_message: if self.filter.looks_at_messages() { Some(&wants_message) } else { None },
        })
    }

    /// What a pull reads whose group was reset to an offset: nothing, but from where to go on.
    fn moved_to(&self, broker: &Broker, offset: i64) -> ReadResult {
        let (topic, queue) = (&self.header.topic, self.header.queue_id);
        ReadResult {
            status: ReadStatus::OffsetOverflowBadly,
            next_begin_offset: offset,
            min_offset: broker.store.min_offset(topic, queue).unwrap_or(0),
            max_offset: broker.store.max_offset(topic, queue).unwrap_or(0),
            slices: Vec::new(),
            message_count: 0,
            total_bytes: 0,
            suggest_slave: false,
        }
    }

    /// How long to hold it, if at all.
    fn hold_for(&self, broker: &Broker, code: i32) -> Option<Duration> {
        if code != code::PULL_NOT_FOUND || self.header.sys_flag & PULL_SUSPEND == 0 {
            return None;
        }
        let config = broker.config();
        let wanted = u64::try_from(self.header.suspend_timeout_millis).unwrap_or(0);
        let millis = if config.long_polling_enable { wanted } else { config.short_polling_time_mills };
        Some(Duration::from_millis(millis))
    }

    /// Waits for a message that is wanted, no longer than `limit`.
    async fn hold(&self, broker: &Broker, limit: Duration) {
        let header = &self.header;
        let (topic, queue, offset) = (&header.topic, header.queue_id, header.queue_offset);
        let mut place = broker.holds.hold(topic, queue, offset, self.filter.clone());
        // What arrived between the read and the hold woke nobody.
        if broker.store.max_offset(topic, queue).is_none_or(|max| max <= offset) {
            let _ = tokio::time::timeout(limit, place.woken()).await;
        }
    }
}

/// The response code for how a read ended (Java: `composeResponseHeader`). A pure rule.
fn answer_code(status: ReadStatus, asked: i64) -> i32 {
    match status {
        ReadStatus::Found => code::SUCCESS,
        ReadStatus::MessageWasRemoving | ReadStatus::NoMatchedMessage => code::PULL_RETRY_IMMEDIATELY,
        ReadStatus::NoMatchedLogicQueue | ReadStatus::NoMessageInQueue if asked != 0 => {
            code::PULL_OFFSET_MOVED
        }
        ReadStatus::NoMatchedLogicQueue
        | ReadStatus::NoMessageInQueue
        | ReadStatus::OffsetFoundNull
        | ReadStatus::OffsetOverflowOne => code::PULL_NOT_FOUND,
        ReadStatus::OffsetOverflowBadly | ReadStatus::OffsetTooSmall => code::PULL_OFFSET_MOVED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_for_how_a_read_ended() {
        let table = [
            (ReadStatus::Found, 5, 0),
            (ReadStatus::NoMatchedMessage, 5, 20),
            (ReadStatus::MessageWasRemoving, 5, 20),
            (ReadStatus::NoMatchedLogicQueue, 0, 19),
            (ReadStatus::NoMatchedLogicQueue, 5, 21),
            (ReadStatus::NoMessageInQueue, 0, 19),
            (ReadStatus::NoMessageInQueue, 1, 21),
            (ReadStatus::OffsetFoundNull, 5, 19),
            (ReadStatus::OffsetOverflowOne, 5, 19),
            (ReadStatus::OffsetOverflowBadly, 5, 21),
            (ReadStatus::OffsetTooSmall, 5, 21),
        ];
        for (status, asked, expected) in table {
            assert_eq!(answer_code(status, asked), expected, "{status:?} {asked}");
        }
    }
}
