//! Pulling from one queue, as long as it is held.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::delivery::{Delivery, Item, Origin};
use super::held::Held;
use super::shared::{Counts, Shared};
use super::subscription::wants;
use crate::client::ClientError;
use crate::protocol::code;
use crate::protocol::group::SubscriptionData;
use crate::protocol::message::{Message, property};
use crate::protocol::pull::{PULL_SUSPEND, PullMessage, PullMessageHeader, PullMessageReply};
use crate::protocol::route::MASTER_ID;
use crate::remoting::{Answer, CallError};

/// How long the broker may hold a pull that finds nothing (Java: `brokerSuspendMaxTimeMillis`).
const SUSPEND: Duration = Duration::from_secs(15);
/// How long an answer may take then (Java: `consumerTimeoutMillisWhenSuspend`).
const PULL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after a failure (Java: `pullTimeDelayMillsWhenException` is 3 s; a second is kinder to who
/// waits in front of a terminal).
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How many messages a pull brings at most (Java: `pullBatchSize`) and how many bytes (`pullBatchSizeInBytes`).
const BATCH: i32 = 32;
const BATCH_BYTES: i32 = 256 * 1024;
/// How many messages of a queue may wait (Java: `pullThresholdForQueue`) and how many bytes
/// (`pullThresholdSizeForQueue`).
const MAX_WAITING: usize = 1000;
const MAX_WAITING_BYTES: usize = 100 * 1024 * 1024;
/// The longest body that a compressed one may become.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// What to do with the answer to a pull.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Take the messages in it and go on after them.
    Take,
    /// Go on from the offset given; there is nothing here that is wanted.
    Skip,
    /// The offset was out of the queue: go on from the one given.
    Move,
    /// Tell the broker who we are and ask again.
    Announce,
    /// It failed.
    Fail,
}

/// The rule (Java: `MQClientAPIImpl.processPullResponse` and the call-back of `DefaultMQPushConsumerImpl`).
fn next_by_code(response: i32) -> Next {
    match response {
        code::SUCCESS => Next::Take,
        code::PULL_NOT_FOUND | code::PULL_RETRY_IMMEDIATELY => Next::Skip,
        code::PULL_OFFSET_MOVED => Next::Move,
        code::SUBSCRIPTION_NOT_EXIST | code::SUBSCRIPTION_NOT_LATEST => Next::Announce,
        _ => Next::Fail,
    }
}

/// Pulls until the queue is released.
pub(super) async fn pull_queue(shared: Arc<Shared>, held: Arc<Held>) {
    let mut broker_id = MASTER_ID;
    let mut in_trouble = false;
    loop {
        let pulled = tokio::select! {
            biased;
            () = held.released.cancelled() => return,
            () = held.moved() => continue,
            pulled = pull_once(&shared, &held, broker_id) => pulled,
        };
        match pulled {
            Ok(suggested) => {
                broker_id = suggested;
                in_trouble = false;
            }
            Err(error) => {
                broker_id = MASTER_ID;
                recover(&shared, &held, error, &mut in_trouble).await;
            }
        }
    }
}

async fn recover(shared: &Shared, held: &Held, error: ClientError, in_trouble: &mut bool) {
    if error.code().is_some_and(|code| next_by_code(code) == Next::Announce) {
        shared.announce.notify_one();
    } else {
        if error.is_unreachable() {
            // The broker may have another address by now.
            let _ = shared.session.refresh(&held.queue.topic).await;
        }
        if !std::mem::replace(in_trouble, true) {
            shared.report(Some(held.queue.clone()), error);
        }
    }
    tokio::select! {
        () = held.released.cancelled() => {}
        () = tokio::time::sleep(AFTER_FAILURE) => {}
    }
}

/// One pull. Returns the id of the broker to pull from next.
async fn pull_once(shared: &Shared, held: &Arc<Held>, broker_id: i64) -> Result<i64, ClientError> {
    held.room(MAX_WAITING, MAX_WAITING_BYTES).await;
    let queue = &held.queue;
    let Some(subscription) = shared.subscription(&queue.topic) else {
        return Err(ClientError::TopicNotFound { topic: queue.topic.clone(), namesrv: String::new() });
    };
    let (offset, generation) = held.position();
    let addr = shared.session.readable(&queue.broker_name, broker_id)?;
    let header = header(shared, held, subscription, offset);
    let began = Instant::now();
    let answer = shared.session.client.call_any::<PullMessage>(&addr, header, (), PULL_TIMEOUT).await?;
    count(shared, held, began);
    let suggested = answer.header.suggest_which_broker_id;
    match next_by_code(answer.code) {
        Next::Take => take(shared, held, generation, subscription, answer, &addr).await?,
        Next::Skip => {
            held.pulled(generation, &[], answer.header.next_begin_offset);
        }
        Next::Move => held.reset(answer.header.next_begin_offset),
        Next::Announce | Next::Fail => {
            let remark = answer.remark.unwrap_or_default();
            return Err(
                CallError::Refused { addr, request: "PULL_MESSAGE", code: answer.code, remark }.into()
            );
        }
    }
    Ok(suggested)
}

fn count(shared: &Shared, held: &Held, began: Instant) {
    held.last_pull_ms.store(shared.session.clock.now_ms(), Ordering::Relaxed);
    Counts::add(&shared.counts.pulls, 1);
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Counts::add(&shared.counts.pull_ms, millis);
}

fn header(
    shared: &Shared,
    held: &Held,
    subscription: &SubscriptionData,
    queue_offset: i64,
) -> PullMessageHeader {
    PullMessageHeader {
        consumer_group: shared.options.group.clone(),
        topic: held.queue.topic.clone(),
        queue_id: held.queue.queue_id,
        queue_offset,
        max_msg_nums: BATCH,
        sys_flag: PULL_SUSPEND,
        commit_offset: 0,
        suspend_timeout_millis: i64::try_from(SUSPEND.as_millis()).unwrap_or(i64::MAX),
        sub_version: subscription.sub_version,
        expression_type: Some(subscription.expression_type.clone()),
        max_msg_bytes: Some(BATCH_BYTES),
        broker_name: Some(held.queue.broker_name.clone()),
        ..PullMessageHeader::default()
    }
}

async fn take(
    shared: &Shared,
    held: &Arc<Held>,
    generation: u64,
    subscription: &SubscriptionData,
    answer: Answer<PullMessage>,
    addr: &str,
) -> Result<(), ClientError> {
    let header = answer.header;
    let messages = Message::decode_all(&answer.body.into_bytes()).map_err(|error| CallError::Malformed {
        addr: addr.to_owned(),
        request: "PULL_MESSAGE",
        reason: error.to_string(),
    })?;
    let mut deliveries = Vec::with_capacity(messages.len());
    for message in messages {
        let message = prepare(message, &header, &shared.options.group);
        if !wants(subscription, message.tags()) {
            continue;
        }
        let origin = Origin::Queue { held: held.clone(), generation, offset: message.queue_offset };
        deliveries.push(Delivery { message, broker_name: held.queue.broker_name.clone(), origin });
    }
    let sizes: Vec<(i64, usize)> = deliveries
        .iter()
        .map(|delivery| (delivery.message.queue_offset, delivery.message.store_size))
        .collect();
    if held.pulled(generation, &sizes, header.next_begin_offset) && !deliveries.is_empty() {
        Counts::add(&shared.counts.pulled, u64::try_from(deliveries.len()).unwrap_or(0));
        // The application is gone when nobody receives; the queue will be released soon.
        let _ = shared.items.send(Item::Messages(deliveries)).await;
    }
    Ok(())
}

/// A message as the application gets it: decompressed, with the bounds of its queue, and under its first topic
/// if it was retried (Java: `PullAPIWrapper.processPullResult`, `resetRetryAndNamespace`).
fn prepare(mut message: Message, header: &PullMessageReply, group: &str) -> Message {
    let stored_flag = message.sys_flag;
    if let Err(error) = message.decompress(MAX_BODY) {
        // It is delivered as it is.
        tracing::warn!(queue_offset = message.queue_offset, %error, "a message does not decompress");
    }
    message.sys_flag = stored_flag;
    if let Some(delta) = header.offset_delta {
        message.queue_offset += delta;
    }
    message.properties.set(property::MIN_OFFSET, header.min_offset.to_string());
    message.properties.set(property::MAX_OFFSET, header.max_offset.to_string());
    let retry = message.topic.strip_prefix(super::subscription::RETRY_PREFIX) == Some(group);
    if retry && let Some(topic) = message.properties.get(property::RETRY_TOPIC) {
        message.topic = topic.to_owned();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::message::{Compression, SysFlag, compress};
    use bytes::Bytes;

    #[test]
    fn each_code_has_its_consequence() {
        let table = [
            (0, Next::Take),
            (19, Next::Skip),
            (20, Next::Skip),
            (21, Next::Move),
            (24, Next::Announce),
            (25, Next::Announce),
            (26, Next::Fail),
            (16, Next::Fail),
        ];
        for (code, expected) in table {
            assert_eq!(next_by_code(code), expected, "{code}");
        }
    }

    fn message(topic: &str, body: Bytes, sys_flag: SysFlag) -> Message {
        Message {
            topic: topic.into(),
            queue_id: 0,
            flag: 0,
            queue_offset: 5,
            physical_offset: 0,
            sys_flag,
            born_timestamp: 0,
            born_host: "127.0.0.1:1".parse().unwrap(),
            store_timestamp: 0,
            store_host: "127.0.0.1:1".parse().unwrap(),
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            body_crc: 0,
            body,
            properties: [("RETRY_TOPIC", "T")].into_iter().collect(),
            store_size: 0,
        }
    }

    #[test]
    fn a_message_comes_as_java_gives_it() {
        let header = PullMessageReply { min_offset: 1, max_offset: 9, ..PullMessageReply::default() };
        let small = compress(b"hello", Compression::Zlib, 5).unwrap();
        let flag = SysFlag(0).with_compression(Some(Compression::Zlib));
        let got = prepare(message("%RETRY%g", small.into(), flag), &header, "g");
        assert_eq!((got.topic.as_str(), &got.body[..], got.sys_flag), ("T", &b"hello"[..], flag));
        assert_eq!(got.properties.get("MIN_OFFSET"), Some("1"));
        assert_eq!(got.properties.get("MAX_OFFSET"), Some("9"));
        let other = prepare(message("%RETRY%h", Bytes::from_static(b"x"), flag), &header, "g");
        assert_eq!((other.topic.as_str(), &other.body[..]), ("%RETRY%h", &b"x"[..]));
    }
}
