//! What name servers keep: routes, brokers, key-value pairs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::body::Json;
use super::topic::{DataVersion, TopicConfigTable};

/// Perm bit: readable (Java: `PermName`).
pub const PERM_READ: i32 = 1 << 2;
/// Perm bit: writable.
pub const PERM_WRITE: i32 = 1 << 1;
/// Perm bit: its configuration may be taken over by topics that are created automatically.
pub const PERM_INHERIT: i32 = 1;
/// The broker id of a master (Java: `MixAll.MASTER_ID`).
pub const MASTER_ID: i64 = 0;

/// A broker: one master and its slaves (Java: `BrokerData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BrokerData {
    /// Addresses by broker id; 0 is the master.
    #[serde(with = "by_number")]
    pub broker_addrs: BTreeMap<i64, String>,
    /// The name.
    pub broker_name: String,
    /// The cluster.
    pub cluster: String,
    /// Whether a slave may act as master.
    pub enable_acting_master: bool,
    /// The zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_name: Option<String>,
}

/// The queues of a topic on a broker (Java: `QueueData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueData {
    /// The broker.
    pub broker_name: String,
    /// The `PERM_*` bits.
    pub perm: i32,
    /// How many queues may be read.
    pub read_queue_nums: i32,
    /// The topic's system flag.
    pub topic_sys_flag: i32,
    /// How many queues may be written.
    pub write_queue_nums: i32,
}

/// Where a topic is (Java: `TopicRouteData`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicRouteData {
    /// The brokers.
    pub broker_datas: Vec<BrokerData>,
    /// Filter servers by broker address.
    pub filter_server_table: BTreeMap<String, Vec<String>>,
    /// Queues per broker in a fixed order, as `broker-a:4;broker-b:4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_topic_conf: Option<String>,
    /// The queues by broker.
    pub queue_datas: Vec<QueueData>,
    /// Static topics: which queue is where, by broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_queue_mapping_by_broker: Option<BTreeMap<String, serde_json::Value>>,
}

/// All brokers and clusters (Java: `ClusterInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterInfo {
    /// Brokers by name.
    pub broker_addr_table: BTreeMap<String, BrokerData>,
    /// Broker names by cluster.
    pub cluster_addr_table: BTreeMap<String, BTreeSet<String>>,
}

/// Topic names (Java: `TopicList`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicList {
    /// The broker they are of, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_addr: Option<String>,
    /// The names, in no order.
    pub topic_list: Vec<String>,
}

/// Named texts (Java: `KVTable`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KvTable {
    /// The texts by name.
    pub table: BTreeMap<String, String>,
}

/// What a broker tells when it registers (Java: `RegisterBrokerBody`).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisterBrokerBody {
    /// Addresses of its filter servers.
    pub filter_server_list: Vec<String>,
    /// Its topics.
    pub topic_config_serialize_wrapper: TopicConfigTable,
}

/// The brokers of one name (Java: `BrokerMemberGroup`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BrokerMemberGroup {
    /// Addresses by broker id.
    #[serde(with = "by_number")]
    pub broker_addrs: BTreeMap<i64, String>,
    /// The name.
    pub broker_name: String,
    /// The cluster.
    pub cluster: String,
}

/// Java: `GetBrokerMemberGroupResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberGroupBody {
    /// The group, where the broker is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_member_group: Option<BrokerMemberGroup>,
}

/// Maps keyed by a number: read from quoted or bare keys, written with quoted ones. A server that must write
/// bare ones ([`bare_broker_ids`]) does so on the finished text.
pub(super) mod by_number {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(in crate::protocol) fn serialize<S: Serializer>(
        map: &BTreeMap<i64, String>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_map(map)
    }

    pub(in crate::protocol) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<i64, String>, D::Error> {
        Ok(Option::<BTreeMap<i64, String>>::deserialize(d)?.unwrap_or_default())
    }
}

/// A [`TopicRouteData`] or [`ClusterInfo`] as Apache's name server writes it to those who do not ask for
/// standard JSON: the keys of every `brokerAddrs` are bare numbers.
pub fn bare_broker_ids<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut tree = serde_json::to_value(value)?;
    mark_broker_ids(&mut tree);
    super::fastjson::to_vec(&tree)
}

fn mark_broker_ids(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            for (name, member) in map.iter_mut() {
                match member {
                    Value::Object(addrs) if name == "brokerAddrs" => {
                        *addrs = std::mem::take(addrs)
                            .into_iter()
                            .map(|(id, addr)| (super::fastjson::bare_key(&id), addr))
                            .collect();
                    }
                    other => mark_broker_ids(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mark_broker_ids),
        _ => {}
    }
}

crate::header! {
    /// A key of a namespace.
    pub struct KvKeyHeader {
        /// The namespace.
        namespace: String = "namespace",
        /// The key.
        key: String = "key",
    }
}

crate::header! {
    /// Java: `PutKVConfigRequestHeader`.
    pub struct PutKvHeader {
        /// The namespace.
        namespace: String = "namespace",
        /// The key.
        key: String = "key",
        /// The value.
        value: String = "value",
    }
}

crate::header! {
    /// A value, if there is one.
    pub struct KvValueReply {
        /// The value.
        value: Option<String> = "value",
    }
}

crate::header! {
    /// A namespace.
    pub struct NamespaceHeader {
        /// The namespace.
        namespace: String = "namespace",
    }
}

crate::header! {
    /// Java: `GetRouteInfoRequestHeader`.
    pub struct RouteHeader {
        /// The topic.
        topic: String = "topic",
        /// Whether keys of maps must be quoted.
        accept_standard_json_only: Option<bool> = "acceptStandardJsonOnly",
        /// Whether only brokers of the client's zone are wanted (Java: `MixAll.ZONE_MODE`).
        zone_mode: Option<bool> = "__ZONE_MODE",
        /// The client's zone (Java: `MixAll.ZONE_NAME`).
        zone_name: Option<String> = "__ZONE_NAME",
    }
}

crate::header! {
    /// A broker by name.
    pub struct BrokerNameHeader {
        /// The name.
        broker_name: String = "brokerName",
    }
}

crate::header! {
    /// How many topics lost their write permission.
    pub struct WipedReply {
        /// The number.
        wipe_topic_count: i32 = "wipeTopicCount",
    }
}

crate::header! {
    /// How many topics got their write permission back.
    pub struct AddedReply {
        /// The number.
        add_topic_count: i32 = "addTopicCount",
    }
}

crate::header! {
    /// A topic, of one cluster or of all.
    pub struct TopicInClusterHeader {
        /// The topic.
        topic: String = "topic",
        /// The cluster.
        cluster_name: Option<String> = "clusterName",
    }
}

crate::header! {
    /// A cluster.
    pub struct ClusterHeader {
        /// The cluster.
        cluster: String = "cluster",
    }
}

crate::header! {
    /// Java: `RegisterBrokerRequestHeader`.
    pub struct RegisterBrokerHeader {
        /// The broker's name.
        broker_name: String = "brokerName",
        /// Its address.
        broker_addr: String = "brokerAddr",
        /// Its cluster.
        cluster_name: String = "clusterName",
        /// Where slaves copy from.
        ha_server_addr: String = "haServerAddr",
        /// 0 for a master.
        broker_id: i64 = "brokerId",
        /// After how many ms without a word it is gone. Absent: two minutes.
        heartbeat_timeout_millis: Option<i64> = "heartbeatTimeoutMillis",
        /// Whether a slave may act as master.
        enable_acting_master: Option<bool> = "enableActingMaster",
        /// Whether the body is deflated.
        compressed: Option<bool> = "compressed",
        /// CRC-32 of the body as sent; 0 is unchecked.
        body_crc32: Option<i32> = "bodyCrc32",
        /// The zone, from a broker in a zone.
        zone_name: Option<String> = "__ZONE_NAME",
    }
}

crate::header! {
    /// Java: `RegisterBrokerResponseHeader`.
    pub struct RegisterBrokerReply {
        /// The master's copy address.
        ha_server_addr: Option<String> = "haServerAddr",
        /// The master.
        master_addr: Option<String> = "masterAddr",
    }
}

crate::header! {
    /// Which broker (Java: `UnRegisterBrokerRequestHeader`, `QueryDataVersionRequestHeader`).
    pub struct BrokerHeader {
        /// The name.
        broker_name: String = "brokerName",
        /// The address.
        broker_addr: String = "brokerAddr",
        /// The cluster.
        cluster_name: String = "clusterName",
        /// 0 for a master.
        broker_id: i64 = "brokerId",
    }
}

crate::header! {
    /// Whether the name server has another version.
    pub struct ChangedReply {
        /// True if it has.
        changed: bool = "changed",
    }
}

crate::header! {
    /// A broker's brokers.
    pub struct MemberGroupHeader {
        /// The cluster.
        cluster_name: String = "clusterName",
        /// The name.
        broker_name: String = "brokerName",
    }
}

crate::header! {
    /// Java: `BrokerHeartbeatRequestHeader`.
    pub struct BrokerHeartbeatHeader {
        /// The cluster.
        cluster_name: String = "clusterName",
        /// The address.
        broker_addr: String = "brokerAddr",
        /// The name.
        broker_name: String = "brokerName",
        /// 0 for a master.
        broker_id: Option<i64> = "brokerId",
    }
}

crate::header! {
    /// Java: `NotifyMinBrokerIdChangeRequestHeader`.
    pub struct MinBrokerIdHeader {
        /// The smallest broker id that is there now.
        min_broker_id: Option<i64> = "minBrokerId",
        /// The name.
        broker_name: Option<String> = "brokerName",
        /// The address of the broker with that id.
        min_broker_addr: Option<String> = "minBrokerAddr",
        /// The broker that is gone, if that is why.
        offline_broker_addr: Option<String> = "offlineBrokerAddr",
        /// Where slaves copy from, if a broker came.
        ha_broker_addr: Option<String> = "haBrokerAddr",
    }
}

crate::requests! {
    /// Sets a value.
    PutKvConfig = 100 "PUT_KV_CONFIG" (PutKvHeader, ()) -> ((), ());
    /// Reads a value.
    GetKvConfig = 101 "GET_KV_CONFIG" (KvKeyHeader, ()) -> (KvValueReply, ());
    /// Removes a value.
    DeleteKvConfig = 102 "DELETE_KV_CONFIG" (KvKeyHeader, ()) -> ((), ());
    /// Tells the name server of a broker and its topics.
    RegisterBroker = 103 "REGISTER_BROKER"
        (RegisterBrokerHeader, bytes::Bytes) -> (RegisterBrokerReply, Option<Json<KvTable>>);
    /// Takes a broker away.
    UnregisterBroker = 104 "UNREGISTER_BROKER" (BrokerHeader, ()) -> ((), ());
    /// Where a topic is. The reply is a [`TopicRouteData`], strict or with bare keys.
    GetRouteinfoByTopic = 105 "GET_ROUTEINFO_BY_TOPIC" (RouteHeader, ()) -> ((), bytes::Bytes);
    /// All brokers. The reply is a [`ClusterInfo`] with bare keys.
    GetBrokerClusterInfo = 106 "GET_BROKER_CLUSTER_INFO" ((), ()) -> ((), bytes::Bytes);
    /// Takes the write permission from all topics of a broker.
    WipeWritePermOfBroker = 205 "WIPE_WRITE_PERM_OF_BROKER" (BrokerNameHeader, ()) -> (WipedReply, ());
    /// Gives it back.
    AddWritePermOfBroker = 327 "ADD_WRITE_PERM_OF_BROKER" (BrokerNameHeader, ()) -> (AddedReply, ());
    /// All topics.
    GetAllTopicListFromNameserver = 206 "GET_ALL_TOPIC_LIST_FROM_NAMESERVER" ((), ()) -> ((), Json<TopicList>);
    /// Forgets a topic.
    DeleteTopicInNamesrv = 216 "DELETE_TOPIC_IN_NAMESRV" (TopicInClusterHeader, ()) -> ((), ());
    /// Adds queues of a topic.
    RegisterTopicInNamesrv = 217 "REGISTER_TOPIC_IN_NAMESRV"
        (TopicInClusterHeader, Json<TopicRouteData>) -> ((), ());
    /// All values of a namespace.
    GetKvlistByNamespace = 219 "GET_KVLIST_BY_NAMESPACE" (NamespaceHeader, ()) -> ((), Json<KvTable>);
    /// The topics of a cluster.
    GetTopicsByCluster = 224 "GET_TOPICS_BY_CLUSTER" (ClusterHeader, ()) -> ((), Json<TopicList>);
    /// Clusters and brokers, which are topic names too.
    GetSystemTopicListFromNs = 304 "GET_SYSTEM_TOPIC_LIST_FROM_NS" ((), ()) -> ((), Json<TopicList>);
    /// Unit topics.
    GetUnitTopicList = 311 "GET_UNIT_TOPIC_LIST" ((), ()) -> ((), Json<TopicList>);
    /// Topics with a unit subscription.
    GetHasUnitSubTopicList = 312 "GET_HAS_UNIT_SUB_TOPIC_LIST" ((), ()) -> ((), Json<TopicList>);
    /// Topics with a unit subscription that are not unit topics.
    GetHasUnitSubUnunitTopicList = 313 "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST" ((), ()) -> ((), Json<TopicList>);
    /// Changes the name server's configuration, given as Java properties.
    UpdateNamesrvConfig = 318 "UPDATE_NAMESRV_CONFIG" ((), String) -> ((), ());
    /// The name server's configuration as Java properties.
    GetNamesrvConfig = 319 "GET_NAMESRV_CONFIG" ((), ()) -> ((), String);
    /// Whether the name server has this version of a broker's topics.
    QueryDataVersion = 322 "QUERY_DATA_VERSION"
        (BrokerHeader, Json<DataVersion>) -> (ChangedReply, Option<Json<DataVersion>>);
    /// The brokers of a name.
    GetBrokerMemberGroup = 901 "GET_BROKER_MEMBER_GROUP" (MemberGroupHeader, ()) -> ((), Json<MemberGroupBody>);
    /// A broker is alive.
    BrokerHeartbeat = 904 "BROKER_HEARTBEAT" (BrokerHeartbeatHeader, ()) -> ((), ());
    /// Tells a broker which of its name acts as master now.
    NotifyMinBrokerIdChange = 905 "NOTIFY_MIN_BROKER_ID_CHANGE" (MinBrokerIdHeader, ()) -> ((), ());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broker_ids_are_written_bare_on_demand_and_read_either_way() {
        let broker = BrokerData {
            broker_addrs: BTreeMap::from([(0, "127.0.0.1:10911".into()), (1, "127.0.0.1:10921".into())]),
            broker_name: "b".into(),
            cluster: "c".into(),
            ..BrokerData::default()
        };
        let route = TopicRouteData { broker_datas: vec![broker], ..TopicRouteData::default() };
        let bare = bare_broker_ids(&route).unwrap();
        let text = String::from_utf8(bare.clone()).unwrap();
        assert!(text.contains(r#"{0:"127.0.0.1:10911",1:"127.0.0.1:10921"}"#), "{text}");
        let strict = crate::protocol::fastjson::to_vec(&route).unwrap();
        for json in [bare, strict] {
            assert_eq!(crate::protocol::fastjson::from_slice::<TopicRouteData>(&json).unwrap(), route);
        }
    }
}
