//! Asking producers what became of their transactions.

use std::sync::Arc;

use super::ended::Place;
use super::rule::{self, Half, Limits, Verdict};
use super::{GROUP, Op};
use crate::broker::core::Broker;
use crate::broker::names::{TRANS_CHECK_MAX_TIME_TOPIC, TRANS_HALF_TOPIC, TRANS_OP_HALF_TOPIC};
use crate::broker::topics::PERM_READ_WRITE;
use crate::protocol::Payload;
use crate::protocol::message::{Message, NewMessage, Properties, property};
use crate::protocol::send::{CheckTransactionHeader, CheckTransactionState};
use crate::store::{Appended, StoreError};

/// After how many half messages others get a turn.
const TURN: usize = 256;

/// Looks at all half messages that are not settled.
pub(super) async fn round(broker: &Arc<Broker>) {
    for queue in broker.half_queues() {
        if let Err(error) = check_queue(broker, queue).await {
            tracing::warn!(queue, %error, "open transactions are checked later");
        }
    }
}

async fn check_queue(broker: &Arc<Broker>, queue: i32) -> Result<(), StoreError> {
    let started = broker.now();
    let settled = broker.settled(TRANS_HALF_TOPIC, queue);
    let max = broker.store.max_offset(TRANS_HALF_TOPIC, queue).unwrap_or(0);
    let min = broker.store.min_offset(TRANS_HALF_TOPIC, queue).unwrap_or(0);
    let mut next = settled.clamp(min, max.max(min));
    let mut result = Ok(());
    let mut turn = 0;
    while next < max {
        match check_half(broker, queue, next, started) {
            Ok(true) => next += 1,
            Ok(false) => break,
            Err(error) => {
                result = Err(error);
                break;
            }
        }
        turn += 1;
        if turn % TURN == 0 {
            tokio::task::yield_now().await;
        }
    }
    settle(broker, queue, settled, next);
    settle_ops(broker, queue, next);
    result
}

/// Passes the half messages before an offset.
fn settle(broker: &Broker, queue: i32, settled: i64, next: i64) {
    let _turn = broker.ended.turn();
    if next != settled {
        broker.offsets.commit(GROUP, TRANS_HALF_TOPIC, queue, next, broker.now());
    }
    broker.ended.settle(queue, next);
}

/// Passes op messages all of whose half messages are settled.
fn settle_ops(broker: &Broker, queue: i32, half_settled: i64) {
    let from = broker.settled(TRANS_OP_HALF_TOPIC, queue);
    let ops = broker.read_ops(queue, from);
    let done = ops.iter().take_while(|op| is_done(op, half_settled)).last();
    if let Some(last) = done {
        broker.offsets.commit(GROUP, TRANS_OP_HALF_TOPIC, queue, last.offset + 1, broker.now());
    }
}

fn is_done(op: &Op, half_settled: i64) -> bool {
    op.ended.iter().all(|offset| *offset < half_settled)
}

/// Looks at one half message. True if it may be passed.
fn check_half(broker: &Arc<Broker>, queue: i32, offset: i64, started: i64) -> Result<bool, StoreError> {
    let _turn = broker.ended.turn();
    if broker.ended.is_over(Place { queue, offset, first: offset }) {
        return Ok(true);
    }
    let bytes = broker.store.message_in_queue(TRANS_HALF_TOPIC, queue, offset);
    // One that is gone from the log cannot be asked about.
    let Some(half) = bytes.and_then(|bytes| Message::decode(&bytes).ok()) else { return Ok(true) };
    if broker.ended.is_over(Place::of(&half)) {
        return Ok(true);
    }
    let config = broker.config();
    let millis = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let limits = Limits {
        max_checks: i64::from(config.transaction_check_max),
        timeout: millis(config.transaction_time_out),
        keep: millis(config.file_reserved_time).saturating_mul(3_600_000),
    };
    let state = Half {
        is_ended: false,
        age: broker.now().saturating_sub(half.born_timestamp),
        is_fresh: half.store_timestamp >= started,
        checks: half.properties.get(property::TRANSACTION_CHECK_TIMES),
        immunity: half.properties.get(property::CHECK_IMMUNITY_TIME_IN_SECONDS),
    };
    let id = half.unique_key().unwrap_or_default().to_owned();
    let done = match rule::judge(&state, &limits) {
        Verdict::Settled => Ok(()),
        Verdict::Wait => return Ok(false),
        Verdict::Discard => discard(broker, &half),
        Verdict::Postpone => copy(broker, &half, half.properties.clone()).map(drop),
        Verdict::Ask { checks } => ask(broker, half, checks),
    };
    match done {
        // It can never be stored again with its count of checks: it must not hold up all others.
        Err(error @ (StoreError::Message(_) | StoreError::TooLarge { .. })) => {
            tracing::error!(queue, offset, %error, "a half message is given up");
            broker.ended.give_up(&id);
            Ok(true)
        }
        done => done.map(|()| true),
    }
}

/// Puts a half message that nobody ends where operators find it (Java: `resolveDiscardMsg`).
fn discard(broker: &Broker, half: &Message) -> Result<(), StoreError> {
    tracing::warn!(offset = half.queue_offset, "a transaction is given up: its producer never ended it");
    broker.topics.create_in_send_back(TRANS_CHECK_MAX_TIME_TOPIC, 1, PERM_READ_WRITE, false, 0);
    let properties = with_first(half, half.properties.clone()).to_raw();
    let message = NewMessage { topic: TRANS_CHECK_MAX_TIME_TOPIC, queue_id: 0, ..half.as_new(&properties) };
    broker.store.append_own(&message)?;
    broker.ended.give_up(half.unique_key().unwrap_or_default());
    Ok(())
}

/// Stores a half message again, so that its queue goes on, and asks a producer of its group what became of it.
fn ask(broker: &Arc<Broker>, half: Message, checks: i64) -> Result<(), StoreError> {
    let mut properties = half.properties.clone();
    properties.set(property::TRANSACTION_CHECK_TIMES, checks.to_string());
    let (appended, properties) = copy(broker, &half, properties)?;
    let group = properties.get(property::PRODUCER_GROUP).unwrap_or_default();
    let Some(producer) = broker.producers.any(group) else {
        tracing::warn!(group, "no producer is there to be asked about a transaction");
        return Ok(());
    };
    let unique = properties.get(property::UNIQ_KEY).map(str::to_owned);
    let header = CheckTransactionHeader {
        topic: Some(TRANS_HALF_TOPIC.to_owned()),
        tran_state_table_offset: appended.queue_offset,
        commit_log_offset: appended.physical_offset,
        msg_id: unique.clone(),
        transaction_id: unique,
        offset_msg_id: Some(appended.offset_id(half.store_host).to_string()),
    };
    if let Err(error) =
        producer.try_oneway::<CheckTransactionState>(header, as_sent(half, properties, &appended))
    {
        tracing::warn!(%error, "a producer is not asked about a transaction");
    }
    Ok(())
}

/// The message as its producer knows it: under its own topic, in its own queue.
fn as_sent(half: Message, properties: Properties, appended: &Appended) -> Payload {
    let topic = properties.get(property::REAL_TOPIC).unwrap_or(&half.topic).to_owned();
    let queue = properties.get(property::REAL_QUEUE_ID).and_then(|queue| queue.parse().ok());
    let message = Message {
        topic,
        queue_id: queue.unwrap_or(half.queue_id),
        queue_offset: appended.queue_offset,
        physical_offset: appended.physical_offset,
        properties,
        ..half
    };
    let mut bytes = Vec::new();
    // What was stored once can be written again: its properties have grown by little.
    if message.encode(&mut bytes).is_err() {
        bytes.clear();
    }
    bytes.into()
}

/// Stores a half message again, and with it where it lay first: so that its copies are known as such, after a
/// restart, too.
fn copy(
    broker: &Broker,
    half: &Message,
    properties: Properties,
) -> Result<(Appended, Properties), StoreError> {
    let properties = with_first(half, properties);
    let raw = properties.to_raw();
    let appended = broker.store.append_own(&half.as_new(&raw))?;
    broker.ended.copied(Place::of(half), appended.queue_offset);
    Ok((appended, properties))
}

fn with_first(half: &Message, mut properties: Properties) -> Properties {
    let first = Place::of(half).first.to_string();
    properties.set(property::TRANSACTION_PREPARED_QUEUE_OFFSET, first);
    properties
}
