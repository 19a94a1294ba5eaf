//! Static topics: logical queues that keep their number and their offsets while they move between brokers.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::body::Json;
use super::topic::{CreateTopicHeader, TopicConfig, TopicConfigAndMapping};

/// The scope of every static topic so far (Java: `MixAll.METADATA_SCOPE_GLOBAL`).
pub const GLOBAL_SCOPE: &str = "__global__";

/// A stretch of a logical queue on one broker (Java: `LogicQueueMappingItem`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MappingItem {
    /// The broker.
    pub bname: String,
    /// Where the physical queue ends, excluded; -1 while it is open.
    pub end_offset: i64,
    /// How often the queue had moved before.
    #[serde(rename = "gen")]
    pub generation: i32,
    /// The logical offset of its beginning; -1 until it is decided.
    pub logic_offset: i64,
    /// The physical queue.
    pub queue_id: i32,
    /// Where the physical queue begins: 0.
    pub start_offset: i64,
    /// Reserved.
    pub time_of_end: i64,
    /// Reserved.
    pub time_of_start: i64,
}

impl Default for MappingItem {
    fn default() -> Self {
        Self {
            bname: String::new(),
            end_offset: -1,
            generation: 0,
            logic_offset: 0,
            queue_id: 0,
            start_offset: 0,
            time_of_end: -1,
            time_of_start: -1,
        }
    }
}

/// What one broker knows of a static topic (Java: `TopicQueueMappingDetail`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MappingDetail {
    /// The broker.
    pub bname: String,
    /// Physical queues by logical queue, worked out by the broker.
    #[serde(serialize_with = "bare_numbers")]
    pub curr_id_map: BTreeMap<i32, i32>,
    /// Whether the broker began a change and did not end it.
    pub dirty: bool,
    /// When it was changed last, in ms since 1970; the same on all brokers.
    pub epoch: i64,
    /// The stretches of each logical queue that is or was on this broker, the last one leads.
    #[serde(serialize_with = "bare_numbers")]
    pub hosted_queues: BTreeMap<i32, Vec<MappingItem>>,
    /// [`GLOBAL_SCOPE`].
    pub scope: String,
    /// The topic.
    pub topic: String,
    /// How many logical queues there are on all brokers.
    pub total_queues: i32,
}

fn bare_numbers<S: Serializer, V: Serialize>(
    map: &BTreeMap<i32, V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer
        .collect_map(map.iter().map(|(key, value)| (super::fastjson::bare_key(&key.to_string()), value)))
}

/// A static topic on one broker (Java: `TopicConfigAndQueueMapping`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StaticTopic {
    /// The topic.
    #[serde(flatten)]
    pub config: TopicConfig,
    /// Its queues.
    pub mapping_detail: MappingDetail,
}

/// A static topic on all brokers, as mqadmin writes it to a file (Java: `TopicRemappingDetailWrapper`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MappingFile {
    /// The topic by broker.
    pub broker_config_map: BTreeMap<String, StaticTopic>,
    /// The brokers that queues move to.
    pub broker_to_map_in: BTreeSet<String>,
    /// The brokers that queues move from.
    pub broker_to_map_out: BTreeSet<String>,
    /// The epoch of all brokers.
    pub epoch: i64,
    /// The topic.
    pub topic: String,
    /// `CREATE_OR_UPDATE` or `REMAPPING`.
    #[serde(rename = "type")]
    pub kind: String,
}

crate::header! {
    /// A topic, with its mapping where it is a static one (Java: `GetTopicConfigRequestHeader`).
    pub struct StaticTopicHeader {
        /// The name.
        topic: String = "topic",
        /// Whether the mapping is asked for.
        with_mapping: Option<bool> = "lo",
    }
}

crate::requests! {
    /// One topic with its mapping.
    GetStaticTopicConfig = 351 "GET_TOPIC_CONFIG" (StaticTopicHeader, ()) -> ((), Json<TopicConfigAndMapping>);
    /// Creates a static topic on a broker, or changes what it knows of it.
    UpdateAndCreateStaticTopic = 513 "UPDATE_AND_CREATE_STATIC_TOPIC"
        (CreateTopicHeader, Json<MappingDetail>) -> ((), ());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_goes_out_as_java_writes_it_and_comes_back() {
        let item = MappingItem { bname: "lab-a".into(), queue_id: 1, ..MappingItem::default() };
        let detail = MappingDetail {
            bname: "lab-a".into(),
            epoch: 1_795_513_816_142,
            hosted_queues: BTreeMap::from([(3, vec![item])]),
            scope: GLOBAL_SCOPE.into(),
            topic: "T".into(),
            total_queues: 4,
            ..MappingDetail::default()
        };
        let json = crate::protocol::fastjson::to_vec(&detail).unwrap();
        let want = r#"{"bname":"lab-a","currIdMap":{},"dirty":false,"epoch":1795513816142,"hostedQueues":{3:[{"bname":"lab-a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":1,"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},"scope":"__global__","topic":"T","totalQueues":4}"#;
        assert_eq!(String::from_utf8(json.clone()).unwrap(), want);
        assert_eq!(crate::protocol::fastjson::from_slice::<MappingDetail>(&json).unwrap(), detail);
    }
}
