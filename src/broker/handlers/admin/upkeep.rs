//! Housekeeping on demand, and what a master tells of replication.

use std::sync::Arc;

use super::aside;
use crate::broker::Broker;
use crate::broker::reject::system_error;
use crate::protocol::body::Json;
use crate::protocol::broker::{CleanExpiredConsumequeue, CleanUnusedTopic, DeleteExpiredCommitlog};
use crate::protocol::message::{Message, OffsetId};
use crate::protocol::upkeep::{GetBrokerHaStatus, HaStatus, ResetMasterFlushOffset, ResumeCheckHalfMessage};
use crate::remoting::{In, Out, Reject};

/// What queues of lite topics begin with; Apache's broker manages them by other means.
const LMQ_PREFIX: &str = "%LMQ%";

/// Topics whose queues stay although nobody configured them (Java: `cleanUnusedTopic`, which spares the
/// system's, and those of groups, which expire with their messages).
fn is_kept(broker: &Broker, topic: &str) -> bool {
    broker.topics.system().contains(topic)
}

pub async fn clean_queues(
    broker: Arc<Broker>,
    _: In<CleanExpiredConsumequeue>,
) -> Result<Out<CleanExpiredConsumequeue>, Reject> {
    aside(move || broker.store.delete_expired_queues(|topic| is_kept(&broker, topic)))
        .await?
        .map_err(|error| system_error(error.to_string()))?;
    Ok(Out::done())
}

pub async fn clean_topics(
    broker: Arc<Broker>,
    _: In<CleanUnusedTopic>,
) -> Result<Out<CleanUnusedTopic>, Reject> {
    aside(move || {
        let queues = broker.store.topics();
        for topic in queues.keys().filter(|topic| is_unused(&broker, topic)) {
            tracing::info!(topic, "queues of a topic that is gone are deleted");
            broker.store.delete_topic(topic).map_err(|error| system_error(error.to_string()))?;
        }
        Ok::<_, Reject>(())
    })
    .await??;
    Ok(Out::done())
}

/// Whether a topic that has queues is configured nowhere any more.
fn is_unused(broker: &Broker, topic: &str) -> bool {
    !broker.topics.contains(topic) && !is_kept(broker, topic) && !topic.starts_with(LMQ_PREFIX)
}

pub fn delete_commit_log(
    broker: &Arc<Broker>,
    _: In<DeleteExpiredCommitlog>,
) -> Result<Out<DeleteExpiredCommitlog>, Reject> {
    broker.store.request_deletion();
    Ok(Out::done())
}

/// Puts a half message that was given up back among those to be checked (Java: `resumeCheckHalfMessage`).
pub fn resume_check(
    broker: &Arc<Broker>,
    request: In<ResumeCheckHalfMessage>,
) -> Result<Out<ResumeCheckHalfMessage>, Reject> {
    let id: Option<OffsetId> = request.header.msg_id.and_then(|id| id.parse().ok());
    let message = id
        .and_then(|id| broker.store.message_at(id.offset))
        .and_then(|bytes| Message::decode(&bytes).ok())
        .ok_or_else(|| {
            system_error("Exception was thrown when putting message back to RMQ_SYS_TRANS_HALF_TOPIC.")
        })?;
    broker
        .resume_half(&message)
        .map_err(|_| system_error("Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed."))?;
    Ok(Out::done())
}

/// A lone master: nobody copies from it.
pub fn replication(broker: &Arc<Broker>, _: In<GetBrokerHaStatus>) -> Result<Out<GetBrokerHaStatus>, Reject> {
    let status = HaStatus {
        master: true,
        master_commit_log_max_offset: broker.store.max_physical_offset(),
        ..HaStatus::default()
    };
    Ok(Out::body(Json(status)))
}

/// Means something to slaves only.
pub fn master_flush_offset(
    _: &Arc<Broker>,
    _: In<ResetMasterFlushOffset>,
) -> Result<Out<ResetMasterFlushOffset>, Reject> {
    Ok(Out::done())
}
