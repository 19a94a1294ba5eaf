//! What every list of messages says of a message, and a message in a line.

use super::find::Found;
use super::java_text;
use crate::output::{Cell, Table};
use crate::protocol::message::Message;
use crate::runtime::time;
use encoding_rs::Encoding;
use schemars::JsonSchema;
use serde::Serialize;

/// Which message it is and where it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The unique id, or where there is none the offset id.
    pub msg_id: String,
    pub offset_msg_id: String,
    /// None where it was found by its address.
    pub broker_name: Option<String>,
    pub queue_id: i32,
    pub queue_offset: i64,
    /// Epoch milliseconds.
    pub store_timestamp: i64,
    pub tags: Option<String>,
    pub keys: Option<String>,
}

impl Summary {
    pub fn new(message: &Message, broker_name: Option<String>) -> Self {
        Summary {
            msg_id: java_text::message_id(message),
            offset_msg_id: message.offset_id().to_string(),
            broker_name,
            queue_id: message.queue_id,
            queue_offset: message.queue_offset,
            store_timestamp: message.store_timestamp,
            tags: message.tags().map(str::to_owned),
            keys: message.keys().map(str::to_owned),
        }
    }
}

/// A message in a line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[serde(flatten)]
    pub summary: Summary,
    /// Epoch milliseconds.
    pub born_timestamp: i64,
    /// The body as text; what is not in its encoding is replaced. None where it is not wanted.
    pub body: Option<String>,
}

impl Row {
    /// With the body in that encoding, if it is wanted.
    pub fn new(found: &Found, encoding: Option<&'static Encoding>) -> Self {
        let message = &found.message;
        Row {
            summary: Summary::new(message, found.broker_name.clone()),
            born_timestamp: message.born_timestamp,
            body: encoding.map(|encoding| decoded(encoding, &message.body)),
        }
    }
}

/// A body as text, as Java's `new String(body, encoding)`.
pub fn decoded(encoding: &'static Encoding, body: &[u8]) -> String {
    encoding.decode_without_bom_handling(body).0.into_owned()
}

/// A table with a line for each message.
pub fn table_of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Table {
    let mut table = Table::new()
        .text("BROKER")
        .number("QUEUE")
        .number("OFFSET")
        .text("STORED")
        .text("TAGS")
        .text("KEYS")
        .text("BODY");
    for row in rows {
        let of = &row.summary;
        table.row([
            Cell::optional(of.broker_name.as_ref()),
            Cell::new(of.queue_id),
            Cell::new(of.queue_offset),
            Cell::new(time::millis(of.store_timestamp)),
            Cell::optional(of.tags.as_ref()),
            Cell::optional(of.keys.as_ref()),
            Cell::optional(row.body.as_ref()),
        ]);
    }
    table
}
