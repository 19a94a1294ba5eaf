//! Ending a transaction.

use std::sync::Arc;

use super::ended::Place;
use super::rule;
use crate::broker::core::Broker;
use crate::broker::count::Moved;
use crate::broker::handlers::{keep, replace};
use crate::broker::names::{TRANS_HALF_TOPIC, TRANS_OP_HALF_TOPIC};
use crate::broker::reject::system_error;
use crate::protocol::code;
use crate::protocol::message::{Message, NewMessage, Properties, Transaction, property};
use crate::protocol::send::{EndTransaction, EndTransactionHeader};
use crate::remoting::{Out, Reject};
use crate::store::StoreError;

/// `commitOrRollback` of a commit (Java: `MessageSysFlag.TRANSACTION_COMMIT_TYPE`).
const COMMIT: i32 = 8;
/// `commitOrRollback` of a rollback.
const ROLLBACK: i32 = 12;
/// The tag of op messages that end half messages (Java: `TransactionalMessageUtil.REMOVE_TAG`).
const REMOVE_TAG: &str = "d";

pub(super) fn end(
    broker: &Arc<Broker>,
    header: &EndTransactionHeader,
) -> Result<Out<EndTransaction>, Reject> {
    if header.commit_or_rollback != COMMIT && header.commit_or_rollback != ROLLBACK {
        // Not known yet: the producer will be asked again.
        return Ok(Out::done());
    }
    let half = find(broker, header)?;
    let age = broker.now() - half.born_timestamp;
    let timeout = i64::try_from(broker.config().transaction_time_out).unwrap_or(i64::MAX);
    let immunity = half.properties.get(property::CHECK_IMMUNITY_TIME_IN_SECONDS);
    if rule::is_too_late(header.from_transaction_check == Some(true), immunity, age, timeout) {
        return Err(Reject::new(code::ILLEGAL_OPERATION, ""));
    }
    verify(&half, header)?;
    let _turn = broker.ended.turn();
    let (place, id) = (Place::of(&half), half.unique_key().unwrap_or_default());
    let settled = broker.settled(TRANS_HALF_TOPIC, half.queue_id);
    if !broker.ended.may_end(place, settled, id) {
        tracing::info!(offset = half.queue_offset, "a transaction is ended that had ended before");
        return Ok(Out::done());
    }
    if header.commit_or_rollback == COMMIT {
        commit(broker, &half)?;
    }
    let offsets = broker.ended.end(place, settled, id);
    if let Err(error) = write_op(broker, half.queue_id, &offsets) {
        // It is ended in memory; after a restart its producer would be asked once more.
        tracing::error!(%error, offset = half.queue_offset, "the end of a transaction is not stored");
    }
    Ok(Out::done())
}

fn find(broker: &Broker, header: &EndTransactionHeader) -> Result<Message, Reject> {
    let bytes = broker.store.message_at(header.commit_log_offset);
    let half = bytes.and_then(|bytes| Message::decode(&bytes).ok());
    half.filter(|half| half.topic == TRANS_HALF_TOPIC)
        .ok_or_else(|| system_error("Find prepared transaction message failed"))
}

/// Whether the request means this half message (Java: `checkPrepareMessage`).
fn verify(half: &Message, header: &EndTransactionHeader) -> Result<(), Reject> {
    if half.properties.get(property::PRODUCER_GROUP) != Some(&header.producer_group) {
        return Err(system_error("The producer group wrong"));
    }
    if half.queue_offset != header.tran_state_table_offset {
        return Err(system_error("The transaction state table offset wrong"));
    }
    if half.physical_offset != header.commit_log_offset {
        return Err(system_error("The commit log offset wrong"));
    }
    Ok(())
}

/// Stores the message under its own topic. Its properties stay as they are in the half message, as Apache's
/// broker leaves them, but for the place that it had first, which only the broker wants to know.
fn commit(broker: &Broker, half: &Message) -> Result<(), Reject> {
    let began = broker.now();
    let place = half
        .properties
        .get(property::REAL_TOPIC)
        .zip(half.properties.get(property::REAL_QUEUE_ID).and_then(|queue| queue.parse::<i32>().ok()));
    let (topic, queue_id) = place.ok_or_else(|| system_error("UNKNOWN_ERROR"))?;
    let properties =
        replace(&half.properties.to_raw(), &[(property::TRANSACTION_PREPARED_QUEUE_OFFSET, None)]);
    let message = NewMessage {
        topic,
        queue_id,
        sys_flag: half.sys_flag.with_transaction(Transaction::Commit).0,
        prepared_transaction_offset: half.physical_offset,
        ..half.as_new(&properties)
    };
    let level =
        half.properties.get(property::DELAY_TIME_LEVEL).and_then(|level| level.parse().ok()).unwrap_or(0);
    let kept = keep(broker, &message, level, true)?;
    let (topic, queue_id) = kept.place((topic, queue_id));
    broker.count_put(&Moved { topic, queue_id, messages: 1, bytes: kept.appended.size, began });
    Ok(())
}

/// Stores that half messages are ended. Apache's broker collects ends for some seconds; here they are stored at
/// once, so that a crash in between leads to no second delivery.
fn write_op(broker: &Broker, queue_id: i32, offsets: &[i64]) -> Result<(), StoreError> {
    let now = broker.now();
    let body = rule::op_body(offsets);
    let mut properties = Properties::new();
    properties.set(property::TAGS, REMOVE_TAG);
    properties.set(property::WAIT_STORE_MSG_OK, "false");
    properties.set(property::UNIQ_KEY, broker.unique_ids.next(now).to_string());
    let host = broker.identity.store_host;
    broker.store.append_own(&NewMessage {
        topic: TRANS_OP_HALF_TOPIC,
        queue_id,
        flag: 0,
        sys_flag: 0,
        born_timestamp: now,
        born_host: host,
        store_host: host,
        reconsume_times: 0,
        prepared_transaction_offset: 0,
        body: body.as_bytes(),
        properties: &properties.to_raw(),
    })?;
    Ok(())
}
