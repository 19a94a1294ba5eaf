//! Messages with a delivery time of their own: recalling them, and what is known of those that wait.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Json;
use super::topic::DataVersion;

crate::header! {
    /// Java: `RecallMessageRequestHeader`.
    pub struct RecallMessageHeader {
        /// The producer's group.
        producer_group: Option<String> = "producerGroup",
        /// The topic.
        topic: String = "topic",
        /// What the send was answered with.
        recall_handle: String = "recallHandle",
        /// The broker's name, set by clients.
        broker_name: Option<String> = "bname",
    }
}

crate::header! {
    /// Java: `RecallMessageResponseHeader`.
    pub struct RecallMessageReply {
        /// The unique id of the message that is recalled.
        msg_id: String = "msgId",
        /// The broker's region.
        region: Option<String> = "MSG_REGION",
    }
}

/// What recalls a message that waits (Java: `RecallMessageHandle.HandleV1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallHandle {
    /// The message's topic.
    pub topic: String,
    /// The broker that keeps it.
    pub broker_name: String,
    /// When it is due, as text: it is not checked on the way in.
    pub timestamp: String,
    /// The message's unique id.
    pub unique_id: String,
}

/// The only form of handles that there is.
const VERSION: &str = "v1";

impl RecallHandle {
    /// The handle as clients keep it.
    pub fn encode(&self) -> String {
        let parts = [VERSION, &self.topic, &self.broker_name, &self.timestamp, &self.unique_id];
        URL_SAFE.encode(parts.join(" "))
    }

    /// Reads a handle; `None` where it is none.
    pub fn decode(handle: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE.decode(handle).ok()?).ok()?;
        let mut parts = text.split(' ');
        if parts.next() != Some(VERSION) {
            return None;
        }
        let mut next = || parts.next().map(str::to_owned);
        Some(Self { topic: next()?, broker_name: next()?, timestamp: next()?, unique_id: next()? })
    }
}

/// How many messages of a topic wait (Java: `TimerMetrics.Metric`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TimingCount {
    /// How many; those that recall others are taken off.
    pub count: i64,
    /// When the number changed last, in ms since 1970.
    pub time_stamp: i64,
}

/// What waits, by topic (Java: `TimerMetrics.TimerMetricsSerializeWrapper`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TimerMetrics {
    /// The version of the numbers.
    pub data_version: DataVersion,
    /// The numbers by topic.
    pub timing_count: BTreeMap<String, TimingCount>,
}

crate::requests! {
    /// Recalls a message that is not delivered yet.
    RecallMessage = 370 "RECALL_MESSAGE" (RecallMessageHeader, ()) -> (RecallMessageReply, ());
    /// How far the delivery of timed messages is: seven numbers of eight bytes (Java: `TimerCheckpoint.encode`).
    GetTimerCheckPoint = 60 "GET_TIMER_CHECK_POINT" ((), ()) -> ((), Bytes);
    /// How many timed messages wait.
    GetTimerMetrics = 61 "GET_TIMER_METRICS" ((), ()) -> ((), Json<TimerMetrics>);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_those_of_apache() {
        let handle = RecallHandle {
            topic: "T".into(),
            broker_name: "broker-a".into(),
            timestamp: "1700000000001".into(),
            unique_id: "AC1".into(),
        };
        // Of Java's `Base64.getUrlEncoder`, which pads.
        assert_eq!(handle.encode(), "djEgVCBicm9rZXItYSAxNzAwMDAwMDAwMDAxIEFDMQ==");
        assert_eq!(RecallHandle::decode(&handle.encode()), Some(handle));
        for wrong in
            ["", "djEgVCBicm9rZXItYQ==", "!!", "djIgVCBicm9rZXItYSAxNzAwMDAwMDAwMDAxIEFDMQ==", "/w=="]
        {
            assert_eq!(RecallHandle::decode(wrong), None, "{wrong}");
        }
    }
}
