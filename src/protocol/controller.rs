//! What a controller is asked: who leads, which replicas keep up, who becomes master.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::body::{Json, null_as_default};
use super::route::by_number;

/// A replica of a broker set (Java: `BrokerReplicasInfo.ReplicaIdentity`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Replica {
    /// Whether the controller hears from it.
    pub alive: bool,
    /// Where it is.
    pub broker_address: String,
    /// Its id with the controller, which stays the same whoever is master.
    pub broker_id: i64,
    /// The name of its set.
    pub broker_name: String,
}

/// A broker set (Java: `BrokerReplicasInfo.ReplicasInfo`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Replicas {
    /// Those that have all that is confirmed.
    #[serde(deserialize_with = "null_as_default")]
    pub in_sync_replicas: Vec<Replica>,
    /// Where the master is; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_address: Option<String>,
    /// The master's id with the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_broker_id: Option<i64>,
    /// Goes up with every election.
    pub master_epoch: i64,
    /// The others.
    #[serde(deserialize_with = "null_as_default")]
    pub not_in_sync_replicas: Vec<Replica>,
    /// Goes up with every change of the in-sync replicas.
    pub sync_state_set_epoch: i64,
}

/// Java: `BrokerReplicasInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicasTable {
    /// Broker sets by name; without those that the controller does not know.
    #[serde(deserialize_with = "null_as_default")]
    pub replicas_info_table: BTreeMap<String, Replicas>,
}

/// The brokers of a set (Java: `BrokerMemberGroup`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberGroup {
    /// Addresses by id.
    #[serde(with = "by_number")]
    pub broker_addrs: BTreeMap<i64, String>,
    /// The name of the set.
    pub broker_name: String,
    /// Its cluster.
    pub cluster: String,
}

/// Java: `ElectMasterResponseBody`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Elected {
    /// The set as it is now.
    pub broker_member_group: Option<MemberGroup>,
    /// The ids of the replicas that keep up.
    #[serde(deserialize_with = "null_as_default")]
    pub sync_state_set: Vec<i64>,
}

crate::header! {
    /// Java: `GetMetaDataResponseHeader`.
    pub struct MetadataReply {
        /// The group of controllers.
        group: Option<String> = "group",
        /// The leader's id; absent while there is none.
        leader_id: Option<String> = "controllerLeaderId",
        /// The leader's address.
        leader_address: Option<String> = "controllerLeaderAddress",
        /// Whether the one that answers is the leader.
        is_leader: Option<bool> = "isLeader",
        /// All of the group, as `n0:HOST:PORT;n1:HOST:PORT;`.
        peers: Option<String> = "peers",
    }
}

crate::header! {
    /// Java: `ElectMasterRequestHeader`.
    pub struct ElectMasterHeader {
        /// The cluster.
        cluster_name: String = "clusterName",
        /// The broker set.
        broker_name: String = "brokerName",
        /// The replica that is to be master, by its id with the controller.
        broker_id: i64 = "brokerId",
        /// Whether an operator names the master, rather than a broker that asks for one.
        designate_elect: bool = "designateElect",
        /// When it was asked, in ms since 1970.
        invoke_time: i64 = "invokeTime",
    }
}

crate::header! {
    /// Java: `ElectMasterResponseHeader`.
    pub struct ElectMasterReply {
        /// The master's id with the controller.
        master_broker_id: Option<i64> = "masterBrokerId",
        /// Its address.
        master_address: Option<String> = "masterAddress",
        /// The number of the election.
        master_epoch: Option<i64> = "masterEpoch",
        /// The number of the set of in-sync replicas.
        sync_state_set_epoch: Option<i64> = "syncStateSetEpoch",
    }
}

crate::header! {
    /// Java: `CleanControllerBrokerDataRequestHeader`.
    pub struct CleanBrokerDataHeader {
        /// The cluster; may be absent where living brokers are forgotten too.
        cluster_name: Option<String> = "clusterName",
        /// The broker set.
        broker_name: String = "brokerName",
        /// Ids by semicolon; absent is the whole set.
        broker_ids: Option<String> = "brokerControllerIdsToClean",
        /// Whether brokers that are alive may be forgotten.
        clean_living: bool = "isCleanLivingBroker",
        /// When it was asked, in ms since 1970.
        invoke_time: i64 = "invokeTime",
    }
}

crate::requests! {
    /// Makes a replica the master.
    ControllerElectMaster = 1002 "CONTROLLER_ELECT_MASTER"
        (ElectMasterHeader, ()) -> (ElectMasterReply, Option<Json<Elected>>);
    /// Who leads the controllers.
    ControllerGetMetadataInfo = 1005 "CONTROLLER_GET_METADATA_INFO" ((), ()) -> (MetadataReply, ());
    /// Which replicas of the named broker sets keep up.
    ControllerGetSyncStateData = 1006 "CONTROLLER_GET_SYNC_STATE_DATA"
        ((), Json<Vec<String>>) -> ((), Option<Json<ReplicasTable>>);
    /// Changes a controller's configuration, given as Java properties.
    UpdateControllerConfig = 1009 "UPDATE_CONTROLLER_CONFIG" ((), String) -> ((), ());
    /// A controller's configuration as Java properties.
    GetControllerConfig = 1010 "GET_CONTROLLER_CONFIG" ((), ()) -> ((), String);
    /// Forgets replicas of a broker set.
    CleanBrokerData = 1011 "CLEAN_BROKER_DATA" (CleanBrokerDataHeader, ()) -> ((), ());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::body::Body;

    #[test]
    fn bodies_of_a_real_controller_are_read() {
        let body = r#"{"replicasInfoTable":{"ctl-a":{"inSyncReplicas":[{"alive":true,"brokerAddress":"127.0.0.1:20111",
            "brokerId":1,"brokerName":"ctl-a"}],"masterAddress":"127.0.0.1:20111","masterBrokerId":1,
            "masterEpoch":3,"notInSyncReplicas":[],"syncStateSetEpoch":6}}}"#;
        let Json(table) = Json::<ReplicasTable>::decode(body.as_bytes().to_vec().into()).unwrap();
        let set = &table.replicas_info_table["ctl-a"];
        assert_eq!((set.master_broker_id, set.master_epoch, set.sync_state_set_epoch), (Some(1), 3, 6));
        assert_eq!(set.in_sync_replicas[0].broker_address, "127.0.0.1:20111");
        let without_master =
            r#"{"replicasInfoTable":{"ctl-a":{"inSyncReplicas":null,"masterAddress":null}}}"#;
        let Json(table) = Json::<ReplicasTable>::decode(without_master.as_bytes().to_vec().into()).unwrap();
        assert_eq!(table.replicas_info_table["ctl-a"], Replicas::default());
    }

    #[test]
    fn addresses_by_bare_number_are_read() {
        let body = r#"{"brokerMemberGroup":{"brokerAddrs":{1:"127.0.0.1:20111",2:"127.0.0.1:20211"},
            "brokerName":"ctl-a","cluster":"CtlCluster"},"syncStateSet":[2]}"#;
        let Json(elected) = Json::<Elected>::decode(body.as_bytes().to_vec().into()).unwrap();
        let group = elected.broker_member_group.unwrap();
        assert_eq!(group.broker_addrs[&2], "127.0.0.1:20211");
        assert_eq!(elected.sync_state_set, [2]);
    }
}
