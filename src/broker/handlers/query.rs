//! Looking messages up: 12, 33 (Java: `QueryMessageProcessor`).

use std::sync::Arc;

use crate::broker::core::Broker;
use crate::broker::reject::system_error;
use crate::protocol::pull::{QueryMessage, QueryMessageReply, ViewMessageById};
use crate::protocol::{Payload, code};
use crate::remoting::{In, Out, Reject};

/// 12.
pub fn query(broker: &Arc<Broker>, request: In<QueryMessage>) -> Result<Out<QueryMessage>, Reject> {
    let header = &request.header;
    let asked = if header.unique_key_query == Some(true) {
        broker.config().default_query_max_num
    } else {
        usize::try_from(header.max_num).unwrap_or(0)
    };
    let found = broker.store.query(
        &header.topic,
        &header.key,
        header.index_type.as_deref(),
        asked,
        header.begin_timestamp,
        header.end_timestamp,
    );
    let reply = QueryMessageReply {
        index_last_update_timestamp: found.index_last_update_timestamp,
        index_last_update_phyoffset: found.index_last_update_physical_offset,
    };
    if found.messages.is_empty() {
        let nothing = Out::new(reply, Payload::default()).code(code::QUERY_NOT_FOUND);
        return Ok(nothing.remark("can not find message, maybe time range not correct"));
    }
    Ok(Out::new(reply, found.messages.into()))
}

/// 33.
pub fn view(broker: &Arc<Broker>, request: In<ViewMessageById>) -> Result<Out<ViewMessageById>, Reject> {
    let offset = request.header.offset;
    match broker.store.message_at(offset) {
        Some(message) => Ok(Out::body(message.into())),
        None => Err(system_error(format!("can not find message by the offset, {offset}"))),
    }
}
