//! Whether a send is taken at all (Java: `AbstractSendMessageProcessor.msgCheck`).

use std::sync::Arc;

use super::Send;
use super::rule::describe;
use crate::broker::core::Broker;
use crate::broker::names::{self, RETRY_PREFIX};
use crate::broker::reject::{SEE_FAQ, forbidden, invalid, system_error};
use crate::broker::topics::PERM_READ_WRITE;
use crate::protocol::code;
use crate::protocol::route::PERM_WRITE;
use crate::protocol::topic::TopicConfig;
use crate::remoting::Reject;
use crate::runtime::time;

/// `topicSysFlag` of a topic of a unit.
const UNIT: i32 = 1;
/// `topicSysFlag` of a retry topic whose group is of a unit.
const UNIT_SUBSCRIPTION: i32 = 2;

/// Checks a send in Apache's order, and finds or makes its topic.
pub(super) fn admit(broker: &Broker, send: &Send, now: i64) -> Result<Arc<TopicConfig>, Reject> {
    let config = broker.config();
    let header = &send.header;
    let busy = i64::try_from(config.os_page_cache_busy_time_out_mills).unwrap_or(i64::MAX);
    if broker.store.page_cache_lock_time() > busy {
        return Err(Reject::new(
            code::SYSTEM_BUSY,
            "[REJECTREQUEST]system busy, start flow control for a while",
        ));
    }
    if now < config.start_accept_send_request_time_stamp {
        let until = time::millis(config.start_accept_send_request_time_stamp);
        return Err(system_error(format!("broker unable to service, until {until}")));
    }
    if config.broker_permission & PERM_WRITE.unsigned_abs() == 0 && broker.topics.is_ordered(&header.topic) {
        return Err(forbidden(format!("the broker[{}] sending message is forbidden", broker.ip())));
    }
    names::check_topic(&header.topic).map_err(invalid)?;
    if names::is_send_refused(&header.topic) {
        return Err(forbidden(format!("Sending message to topic[{}] is forbidden.", header.topic)));
    }
    let topic = find_or_make(broker, send)?;
    if header.queue_id >= topic.write_queue_nums.max(topic.read_queue_nums) {
        return Err(invalid(format!(
            "request queueId[{}] is illegal, {} Producer: {}",
            header.queue_id,
            describe(&topic),
            send.born_host
        )));
    }
    Ok(topic)
}

fn find_or_make(broker: &Broker, send: &Send) -> Result<Arc<TopicConfig>, Reject> {
    let header = &send.header;
    if let Some(topic) = broker.topics.get(&header.topic) {
        return Ok(topic);
    }
    let is_retry = header.topic.starts_with(RETRY_PREFIX);
    let sys_flag = match (header.unit_mode, is_retry) {
        (Some(true), true) => UNIT_SUBSCRIPTION,
        (Some(true), false) => UNIT,
        _ => 0,
    };
    let made = broker.topics.create_in_send(
        &header.topic,
        &header.default_topic,
        header.default_topic_queue_nums,
        sys_flag,
        broker.config().auto_create_topic_enable,
    );
    if let Some(made) = made {
        tracing::info!(topic = header.topic, producer = %send.born_host, "topic created by a send");
        return Ok(made);
    }
    if is_retry {
        return Ok(broker.topics.create_in_send_back(&header.topic, 1, PERM_READ_WRITE, false, sys_flag));
    }
    let remark = format!("topic[{}] not exist, apply first please!{SEE_FAQ}", header.topic);
    Err(Reject::new(code::TOPIC_NOT_EXIST, remark))
}
