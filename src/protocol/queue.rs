//! A queue of a topic on a broker.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Java: `MessageQueue`. Ordered by topic, broker, queue, as Java's `compareTo`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageQueue {
    /// The topic.
    pub topic: String,
    /// The broker's name, of which there may be a master and slaves.
    pub broker_name: String,
    /// The queue's number, from 0.
    pub queue_id: i32,
}

impl std::fmt::Display for MessageQueue {
    /// As Java's `toString`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "MessageQueue [topic={}, brokerName={}, queueId={}]",
            self.topic, self.broker_name, self.queue_id
        )
    }
}

/// A [`MessageQueue`] as the key of a JSON map. fastjson writes such a key as a bare object; see
/// [`super::fastjson`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct QueueKey(pub MessageQueue);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InFastjsonOrder<'a> {
    broker_name: &'a str,
    queue_id: i32,
    topic: &'a str,
}

impl Serialize for QueueKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let MessageQueue { topic, broker_name, queue_id } = &self.0;
        let key = serde_json::to_string(&InFastjsonOrder { broker_name, queue_id: *queue_id, topic })
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&super::fastjson::bare_key(&key))
    }
}

impl<'de> Deserialize<'de> for QueueKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text).map(QueueKey).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::fastjson;
    use std::collections::BTreeMap;

    #[test]
    fn a_map_by_queue_is_fastjsons() {
        let queue = MessageQueue { topic: "T".into(), broker_name: "b".into(), queue_id: 2 };
        let map = BTreeMap::from([(QueueKey(queue), 5)]);
        let json = fastjson::to_vec(&map).unwrap();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            r#"{{"brokerName":"b","queueId":2,"topic":"T"}:5}"#
        );
        assert_eq!(fastjson::from_slice::<BTreeMap<QueueKey, i64>>(&json).unwrap(), map);
    }
}
