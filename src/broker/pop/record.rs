//! What is written of pops and acknowledgements to the revive topic (Java: `PopCheckPoint`, `AckMsg`,
//! `BatchAckMsg`).

use serde::{Deserialize, Serialize};

/// The tag of checkpoints.
pub(super) const CHECKPOINT_TAG: &str = "ck";
/// The tag of an acknowledgement.
pub(super) const ACK_TAG: &str = "ack";
/// The tag of several acknowledgements.
pub(super) const BATCH_ACK_TAG: &str = "bAck";

/// A pop of a queue: which messages were given out, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checkpoint {
    /// Which are acknowledged, a bit each.
    #[serde(rename = "bm")]
    pub(super) bit_map: i32,
    /// The broker.
    #[serde(rename = "bn")]
    pub(super) broker_name: String,
    /// The group.
    #[serde(rename = "c")]
    pub(super) group: String,
    /// The offset of each message, counted from the start.
    #[serde(rename = "d")]
    pub(super) offsets: Vec<i32>,
    /// For how long nobody else gets them, in ms.
    #[serde(rename = "it")]
    pub(super) invisible_time: i64,
    /// How many messages.
    #[serde(rename = "n")]
    pub(super) number: i8,
    /// When it was, in ms since 1970.
    #[serde(rename = "pt")]
    pub(super) pop_time: i64,
    /// The queue.
    #[serde(rename = "q")]
    pub(super) queue_id: i32,
    /// Its own offset in the revive queue; known to who reads it there.
    #[serde(rename = "ro")]
    pub(super) revive_offset: i64,
    /// How often it was written again.
    #[serde(rename = "rp", skip_serializing_if = "Option::is_none")]
    pub(super) written_again: Option<String>,
    /// Where the pop began.
    #[serde(rename = "so")]
    pub(super) start_offset: i64,
    /// Whether the messages come again without counting as tried.
    #[serde(rename = "sp")]
    pub(super) suspend: bool,
    /// The topic.
    #[serde(rename = "t")]
    pub(super) topic: String,
}

/// Which pop is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PopKey {
    pub(super) topic: String,
    pub(super) group: String,
    pub(super) queue_id: i32,
    pub(super) start_offset: i64,
    pub(super) pop_time: i64,
}

impl Checkpoint {
    /// When the messages come again, in ms since 1970.
    pub(super) fn revive_time(&self) -> i64 {
        self.pop_time.saturating_add(self.invisible_time)
    }

    pub(super) fn key(&self) -> PopKey {
        PopKey {
            topic: self.topic.clone(),
            group: self.group.clone(),
            queue_id: self.queue_id,
            start_offset: self.start_offset,
            pop_time: self.pop_time,
        }
    }

    /// How many messages, as far as they can be acknowledged.
    fn len(&self) -> usize {
        usize::try_from(self.number).unwrap_or(0).min(32)
    }

    fn bit(index: usize) -> i32 {
        u32::try_from(index).ok().and_then(|index| 1i32.checked_shl(index)).unwrap_or(0)
    }

    /// The offset of a message; checkpoints of old brokers name none.
    fn offset(&self, index: usize) -> Option<i64> {
        let from_start = if self.offsets.is_empty() {
            i64::try_from(index).ok()?
        } else {
            i64::from(*self.offsets.get(index)?)
        };
        self.start_offset.checked_add(from_start)
    }

    /// Notes that a message is acknowledged; false if it is none of these.
    pub(super) fn acknowledge(&mut self, offset: i64) -> bool {
        let index = (0..self.len()).find(|index| self.offset(*index) == Some(offset));
        index.inspect(|index| self.bit_map |= Self::bit(*index)).is_some()
    }

    /// The offsets of messages that are not acknowledged.
    pub(super) fn open(&self) -> Vec<i64> {
        let is_open = |index: &usize| self.bit_map & Self::bit(*index) == 0;
        (0..self.len()).filter(is_open).filter_map(|index| self.offset(index)).collect()
    }

    /// What it is called (Java: `genCkUniqueId`).
    pub(super) fn unique_id(&self) -> String {
        let Self { topic, queue_id, start_offset, group, pop_time, broker_name, .. } = self;
        format!("{topic}@{queue_id}@{start_offset}@{group}@{pop_time}@{broker_name}@{CHECKPOINT_TAG}")
    }
}

/// One or several acknowledgements of messages of a pop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Acknowledgement {
    /// The offset of the message; -1 where there is a list.
    #[serde(rename = "ao", alias = "ackOffset")]
    pub(super) offset: i64,
    /// The offsets of several.
    #[serde(rename = "aol", alias = "ackOffsetList", skip_serializing_if = "Option::is_none")]
    pub(super) offsets: Option<Vec<i64>>,
    /// The broker.
    #[serde(rename = "bn", alias = "brokerName")]
    pub(super) broker_name: Option<String>,
    /// The group.
    #[serde(rename = "c", alias = "consumerGroup")]
    pub(super) group: String,
    /// When the pop was, in ms since 1970.
    #[serde(rename = "pt", alias = "popTime")]
    pub(super) pop_time: i64,
    /// The queue.
    #[serde(rename = "q", alias = "queueId")]
    pub(super) queue_id: i32,
    /// Where the pop began.
    #[serde(rename = "so", alias = "startOffset")]
    pub(super) start_offset: i64,
    /// The topic.
    #[serde(rename = "t", alias = "topic")]
    pub(super) topic: String,
}

impl Acknowledgement {
    pub(super) fn key(&self) -> PopKey {
        PopKey {
            topic: self.topic.clone(),
            group: self.group.clone(),
            queue_id: self.queue_id,
            start_offset: self.start_offset,
            pop_time: self.pop_time,
        }
    }

    /// The offsets that it acknowledges.
    pub(super) fn all(&self) -> &[i64] {
        self.offsets.as_deref().unwrap_or(std::slice::from_ref(&self.offset))
    }

    /// The tag of its message.
    pub(super) const fn tag(&self) -> &'static str {
        if self.offsets.is_some() { BATCH_ACK_TAG } else { ACK_TAG }
    }

    /// What it is called (Java: `genAckUniqueId`).
    pub(super) fn unique_id(&self) -> String {
        let Self { topic, queue_id, offset, group, pop_time, .. } = self;
        let broker = self.broker_name.as_deref().unwrap_or("null");
        format!("{topic}@{queue_id}@{offset}@{group}@{pop_time}@{broker}@{ACK_TAG}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            broker_name: "b".into(),
            group: "g".into(),
            offsets: vec![0, 2, 3],
            invisible_time: 60_000,
            number: 3,
            pop_time: 1_000,
            start_offset: 10,
            topic: "T".into(),
            ..Checkpoint::default()
        }
    }

    #[test]
    fn acknowledged_messages_are_open_no_more() {
        let mut point = checkpoint();
        assert_eq!(point.open(), [10, 12, 13]);
        for (offset, known) in [(12, true), (11, false), (9, false), (12, true)] {
            assert_eq!(point.acknowledge(offset), known, "{offset}");
        }
        assert_eq!(point.open(), [10, 13]);
        let mut old = Checkpoint { offsets: Vec::new(), ..checkpoint() };
        assert!(old.acknowledge(11) && !old.acknowledge(13));
        assert_eq!(old.open(), [10, 12]);
        let odd = Checkpoint { number: -1, start_offset: i64::MAX, ..checkpoint() };
        assert!(odd.open().is_empty());
    }

    #[test]
    fn records_are_those_of_apache() {
        // As a broker 5.3 and 5.5 wrote them.
        let text = r#"{"bm":0,"bn":"b","c":"g","d":[0,2,3],"it":60000,"n":3,"pt":1000,"q":0,"ro":0,"so":10,"t":"T"}"#;
        assert_eq!(fastjson::from_slice::<Checkpoint>(text.as_bytes()).unwrap(), checkpoint());
        let ack = r#"{"ao":12,"bn":"b","c":"g","pt":1000,"q":0,"so":10,"t":"T"}"#;
        let ack: Acknowledgement = fastjson::from_slice(ack.as_bytes()).unwrap();
        assert_eq!((ack.all(), ack.tag(), ack.key()), (&[12][..], "ack", checkpoint().key()));
        let several = r#"{"ackOffset":-1,"aol":[12,13],"bn":"b","c":"g","pt":1000,"q":0,"so":10,"t":"T"}"#;
        let several: Acknowledgement = fastjson::from_slice(several.as_bytes()).unwrap();
        assert_eq!((several.all(), several.tag()), (&[12, 13][..], "bAck"));
    }
}
