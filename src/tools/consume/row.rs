//! A message that came, as it is shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::admin::message::java_text;
use crate::client::consumer::Delivery;
use crate::protocol::message::Message;
use crate::runtime::time;
use crate::tools::rows::{Field, Head, Row};

/// One message.
#[derive(Debug)]
pub struct ReceivedRow<'a> {
    pub delivery: &'a Delivery,
    /// The group, which the line of Java's example begins with.
    pub group: &'a str,
}

/// How it is written as JSON; names are those of the commands that look for messages.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shown<'a> {
    topic: &'a str,
    broker_name: &'a str,
    queue_id: i32,
    queue_offset: i64,
    msg_id: String,
    offset_msg_id: String,
    tags: Option<&'a str>,
    keys: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    /// In hexadecimal digits, where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hex: Option<String>,
    body_size: usize,
    born_timestamp: i64,
    born_host: String,
    store_timestamp: i64,
    store_host: String,
    commit_log_offset: i64,
    reconsume_times: i32,
    properties: BTreeMap<&'a str, &'a str>,
}

impl Serialize for ReceivedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.message();
        let body = std::str::from_utf8(&message.body).ok();
        Shown {
            topic: &message.topic,
            broker_name: &self.delivery.broker_name,
            queue_id: message.queue_id,
            queue_offset: message.queue_offset,
            msg_id: java_text::message_id(message),
            offset_msg_id: message.offset_id().to_string(),
            tags: message.tags(),
            keys: message.keys(),
            body,
            body_hex: body.is_none().then(|| hex(&message.body)),
            body_size: message.body.len(),
            born_timestamp: message.born_timestamp,
            born_host: message.born_host.to_string(),
            store_timestamp: message.store_timestamp,
            store_host: message.store_host.to_string(),
            commit_log_offset: message.physical_offset,
            reconsume_times: message.reconsume_times,
            properties: message.properties.iter().collect(),
        }
        .serialize(serializer)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl ReceivedRow<'_> {
    fn message(&self) -> &Message {
        &self.delivery.message
    }
}

impl Row for ReceivedRow<'_> {
    const HEADS: &'static [Head] = &[
        Head::text("STORED", 23),
        Head::text("BROKER", 12),
        Head::number("QUEUE", 5),
        Head::number("OFFSET", 8),
        Head::text("TAG", 6),
        Head::text("KEYS", 6),
        Head::text("BODY", 0),
    ];

    fn cells(&self) -> Vec<String> {
        let message = self.message();
        let body = match std::str::from_utf8(&message.body) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("0x{}", hex(&message.body)),
        };
        vec![
            time::millis(message.store_timestamp),
            self.delivery.broker_name.clone(),
            message.queue_id.to_string(),
            message.queue_offset.to_string(),
            message.tags().unwrap_or("-").to_owned(),
            message.keys().unwrap_or("-").to_owned(),
            body,
        ]
    }

    /// As the quickstart's consumer prints it, the blank at the end included. It has one thread here.
    fn classic(&self) -> Option<String> {
        let group: String = self.group.chars().take(100).collect();
        let delivery = self.delivery;
        let text = java_text::message_ext(&delivery.message, Some(&delivery.broker_name));
        Some(format!("ConsumeMessageThread_{group}_1 Receive New Messages: [{text}] "))
    }

    fn field(&self, field: Field, out: &mut Vec<u8>) {
        let message = self.message();
        let mut text = |value: &str| out.extend_from_slice(value.as_bytes());
        match field {
            Field::Topic => text(&message.topic),
            Field::Broker => text(&self.delivery.broker_name),
            Field::Queue => text(&message.queue_id.to_string()),
            Field::Offset => text(&message.queue_offset.to_string()),
            Field::UniqueId => text(&java_text::message_id(message)),
            Field::OffsetId => text(&message.offset_id().to_string()),
            Field::Keys => text(message.keys().unwrap_or_default()),
            Field::Tag => text(message.tags().unwrap_or_default()),
            Field::Body => out.extend_from_slice(&message.body),
            Field::BodySize => text(&message.body.len().to_string()),
            Field::StoreTime => text(&message.store_timestamp.to_string()),
            Field::BornTime => text(&message.born_timestamp.to_string()),
            Field::Times => text(&message.reconsume_times.to_string()),
            Field::Properties => {
                let pairs: Vec<_> =
                    message.properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
                text(&pairs.join(","));
            }
            Field::Status => {}
        }
    }

    fn property(&self, name: &str) -> Option<&str> {
        self.message().properties.get(name)
    }
}
