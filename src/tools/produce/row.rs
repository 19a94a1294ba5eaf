//! A message that was sent, as it is shown.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::client::producer::{Draft, Receipt};
use crate::protocol::message::property;
use crate::tools::rows::{Field, Head, Row};

/// One message and where it went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentRow {
    pub topic: String,
    /// The unique id.
    pub msg_id: String,
    /// `SEND_OK` and the like; `ONEWAY` where nobody knows.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_msg_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_handle: Option<String>,
    /// How long the request took, in microseconds.
    pub latency_micros: u64,
    #[serde(skip)]
    draft: Draft,
    #[serde(skip)]
    classic: Option<String>,
}

impl SentRow {
    /// The messages of one request: of a batch one row each, with the line of Java's example at the first.
    pub fn of_receipt(drafts: Vec<Draft>, receipt: &Receipt, took: Duration) -> Vec<Self> {
        let mut ids = receipt.msg_id.split(',');
        let mut offset_ids = receipt.offset_msg_id.split(',');
        let mut line = Some(receipt.to_string());
        let rows = drafts.into_iter().zip(receipt.queue_offset..).map(|(draft, queue_offset)| Self {
            topic: draft.topic.clone(),
            msg_id: ids.next().unwrap_or_default().to_owned(),
            status: receipt.status.name(),
            broker_name: Some(receipt.queue.broker_name.clone()),
            queue_id: Some(receipt.queue.queue_id),
            queue_offset: Some(queue_offset),
            offset_msg_id: offset_ids.next().map(str::to_owned),
            recall_handle: receipt.recall_handle.clone(),
            latency_micros: micros(took),
            draft,
            classic: line.take(),
        });
        rows.collect()
    }

    /// A message that nobody waited for.
    pub fn oneway(draft: Draft, msg_id: String, took: Duration) -> Self {
        Self {
            topic: draft.topic.clone(),
            msg_id,
            status: "ONEWAY",
            broker_name: None,
            queue_id: None,
            queue_offset: None,
            offset_msg_id: None,
            recall_handle: None,
            latency_micros: micros(took),
            draft,
            classic: None,
        }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

impl Row for SentRow {
    const HEADS: &'static [Head] = &[
        Head::text("MSG ID", 32),
        Head::text("STATUS", 7),
        Head::text("BROKER", 12),
        Head::number("QUEUE", 5),
        Head::number("OFFSET", 8),
        Head::text("OFFSET ID", 0),
    ];

    fn cells(&self) -> Vec<String> {
        let text = |value: Option<&dyn ToString>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![
            self.msg_id.clone(),
            self.status.to_owned(),
            text(self.broker_name.as_ref().map(|v| v as &dyn ToString)),
            text(self.queue_id.as_ref().map(|v| v as &dyn ToString)),
            text(self.queue_offset.as_ref().map(|v| v as &dyn ToString)),
            text(self.offset_msg_id.as_ref().map(|v| v as &dyn ToString)),
        ]
    }

    fn classic(&self) -> Option<String> {
        self.classic.clone()
    }

    fn field(&self, field: Field, out: &mut Vec<u8>) {
        let mut text = |value: &str| out.extend_from_slice(value.as_bytes());
        match field {
            Field::Topic => text(&self.topic),
            Field::Broker => text(self.broker_name.as_deref().unwrap_or_default()),
            Field::Queue => text(&self.queue_id.map(|id| id.to_string()).unwrap_or_default()),
            Field::Offset => text(&self.queue_offset.map(|at| at.to_string()).unwrap_or_default()),
            Field::UniqueId => text(&self.msg_id),
            Field::OffsetId => text(self.offset_msg_id.as_deref().unwrap_or_default()),
            Field::Keys => text(self.draft.properties.get(property::KEYS).unwrap_or_default()),
            Field::Tag => text(self.draft.properties.get(property::TAGS).unwrap_or_default()),
            Field::Body => out.extend_from_slice(&self.draft.body),
            Field::BodySize => text(&self.draft.body.len().to_string()),
            Field::Properties => {
                let pairs: Vec<_> =
                    self.draft.properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
                text(&pairs.join(","));
            }
            Field::Status => text(self.status),
            Field::StoreTime | Field::BornTime | Field::Times => {}
        }
    }

    fn property(&self, name: &str) -> Option<&str> {
        self.draft.properties.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::producer::SendStatus;
    use crate::protocol::queue::MessageQueue;

    #[test]
    fn a_batch_has_a_row_for_each_message_and_one_line() {
        let receipt = Receipt {
            status: SendStatus::SendOk,
            msg_id: "A,B".into(),
            offset_msg_id: "X,Y".into(),
            queue: MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id: 3 },
            queue_offset: 7,
            recall_handle: None,
        };
        let drafts = vec![Draft::new("T", "1").keys("k"), Draft::new("T", "2")];
        let rows = SentRow::of_receipt(drafts, &receipt, Duration::from_micros(5));
        let seen: Vec<_> = rows.iter().map(|row| row.cells().join(" ")).collect();
        assert_eq!(seen, ["A SEND_OK b 3 7 X", "B SEND_OK b 3 8 Y"]);
        assert!(rows[0].classic().unwrap().starts_with("SendResult [sendStatus=SEND_OK, msgId=A,B,"));
        assert_eq!(rows[1].classic(), None);
        let mut out = Vec::new();
        "%k %v %o|".parse::<crate::tools::rows::Format>().unwrap().write(&rows[0], &mut out);
        assert_eq!(out, b"k 1 7|");
        assert_eq!(
            serde_json::to_string(&rows[1]).unwrap(),
            r#"{"topic":"T","msgId":"B","status":"SEND_OK","brokerName":"b","queueId":3,"queueOffset":8,"offsetMsgId":"Y","latencyMicros":5}"#
        );
    }
}
