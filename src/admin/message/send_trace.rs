//! The trace of a message that was sent, as Java's `AsyncTraceDispatcher` writes it.

use super::send::{self, Place, SendResult};
use crate::admin::{CommandError, Context};
use crate::client::producer::Draft;

/// Where traces go (Java: `TopicValidator.RMQ_SYS_TRACE_TOPIC`).
pub const TRACE_TOPIC: &str = "RMQ_SYS_TRACE_TOPIC";
/// Who sends them (Java: `TraceConstants.GROUP_NAME_PREFIX`).
const TRACE_GROUP: &str = "_INNER_TRACE_PRODUCER";
/// Between the fields of a record.
pub const FIELD: char = '\u{1}';
/// After a record.
pub const RECORD: char = '\u{2}';

/// What is told of a message.
#[derive(Debug)]
pub struct Sent<'a> {
    /// When it was sent, in epoch milliseconds.
    pub at: i64,
    /// How long that took, in milliseconds.
    pub cost: i64,
    pub group: &'a str,
    pub topic: &'a str,
    pub tags: &'a str,
    pub keys: &'a str,
    pub body_len: usize,
    /// The broker that stored it.
    pub store_host: &'a str,
}

/// Writes the trace of a message.
///
/// # Errors
/// No broker takes it; the message itself is sent all the same.
pub async fn write(ctx: &Context, sent: &Sent<'_>, result: &SendResult) -> Result<(), CommandError> {
    let mut keys = vec![result.msg_id.as_str()];
    keys.extend(sent.keys.split(' ').filter(|key| !key.is_empty()));
    let draft = Draft::new(TRACE_TOPIC, record(sent, result)).keys(&keys.join(" "));
    send::send(ctx, TRACE_GROUP, draft, Place::default()).await.map(|_| ())
}

/// `TraceDataEncoder.encoderFromContextBean` for a message that was sent.
fn record(sent: &Sent<'_>, result: &SendResult) -> String {
    let success = result.status == "SEND_OK";
    let fields = [
        "Pub",
        &sent.at.to_string(),
        // The region of brokers that have not been told another.
        "DefaultRegion",
        sent.group,
        sent.topic,
        &result.msg_id,
        sent.tags,
        sent.keys,
        sent.store_host,
        &sent.body_len.to_string(),
        &sent.cost.to_string(),
        // Java: MessageType.Normal_Msg
        "0",
        &result.offset_msg_id,
        if success { "true" } else { "false" },
    ];
    format!("{}{RECORD}", fields.join(&FIELD.to_string()))
}
