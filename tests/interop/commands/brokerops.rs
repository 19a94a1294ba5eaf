//! Upkeep of brokers, containers, replication, controllers and cold data.

use super::{Area, Cluster, step};
use crate::mask::Compare::{AnyOrder, Lines, Names};

/// On a name server and one broker with their defaults: no controller, no slave, no container.
pub const AREA: Area = Area {
    cluster: Cluster::Plain,
    steps: &[
        step(Lines, "cleanExpiredCQ -n {n} -b {b}"),
        step(Lines, "cleanExpiredCQ -n {n} -c DefaultCluster"),
        step(Lines, "cleanExpiredCQ -n {n}"),
        step(Lines, "cleanExpiredCQ -n {n} -c NoSuchCluster").refused("an unknown cluster is an error"),
        step(Lines, "deleteExpiredCommitLog -n {n} -b {b}"),
        step(Lines, "deleteExpiredCommitLog -n {n} -c DefaultCluster"),
        step(Lines, "deleteExpiredCommitLog -n {n} -b 127.0.0.1:1"),
        step(Lines, "cleanUnusedTopic -n {n} -b {b}"),
        step(Lines, "cleanUnusedTopic -n {n} -c DefaultCluster"),
        step(Lines, "cleanUnusedTopic -n {n} -c NoSuchCluster").refused("an unknown cluster is an error"),
        step(Lines, "switchTimerEngine -n {n} -b {b} -e F"),
        step(Lines, "switchTimerEngine -n {n} -c DefaultCluster -e F"),
        step(Lines, "switchTimerEngine -n {n} -b {b} -e R"),
        step(Lines, "resetMasterFlushOffset -n {n} -b {b} -o 0")
            .refused("a master has no such offset: it says yes and sets nothing"),
        step(Lines, "addBroker -n {n} -c {b} -b /no/such/file"),
        step(Lines, "removeBroker -n {n} -c {b} -b DefaultCluster:broker-a:0"),
        step(Names, "haStatus -n {n} -b {b}"),
        step(Names, "haStatus -n {n} -c DefaultCluster"),
        step(Lines, "getBrokerEpoch -n {n} -b broker-a"),
        step(Lines, "getControllerMetaData -n {n} -a {n}"),
        step(Lines, "getControllerConfig -n {n} -a {n}"),
        step(Lines, "updateControllerConfig -n {n} -a {n} -k notifyBrokerRoleChanged -v true"),
        step(Lines, "getSyncStateSet -n {n} -a {n} -b broker-a"),
        step(Lines, "electMaster -n {n} -a {n} -b 1 -bn broker-a -c DefaultCluster"),
        step(Lines, "cleanBrokerMetadata -n {n} -a {n} -bn broker-a -c DefaultCluster"),
        step(Lines, "getColdDataFlowCtrInfo -n {n} -b {b}"),
        step(Lines, "updateColdDataFlowCtrGroupConfig -n {n} -b {b} -g bo-cold -v 1048576"),
        step(Lines, "updateColdDataFlowCtrGroupConfig -n {n} -c DefaultCluster -g bo-colder -v 5"),
        step(Lines, "getColdDataFlowCtrInfo -n {n} -c DefaultCluster"),
        step(Lines, "updateColdDataFlowCtrGroupConfig -n {n} -b {b} -g {x}-cold -v 7"),
        step(Lines, "removeColdDataFlowCtrGroupConfig -n {n} -b {b} -g {x}-cold"),
        step(Lines, "removeColdDataFlowCtrGroupConfig -n {n} -c DefaultCluster -g {x}-none")
            .refused("there was nothing to remove"),
        step(Lines, "getColdDataFlowCtrInfo -n {n} -b {b}"),
        step(Lines, "setCommitLogReadAheadMode -n {n} -b {b} -m 1"),
        step(AnyOrder, "getBrokerConfig -n {n} -b {b}"),
        step(Lines, "setCommitLogReadAheadMode -n {n} -c DefaultCluster -m 0"),
    ],
};

/// On a controller with two replicas of one broker.
pub const GROUP: Area = Area {
    cluster: Cluster::Group,
    steps: &[
        step(Lines, "cleanExpiredCQ -n {n}"),
        step(Names, "haStatus -n {n} -b {b}"),
        step(Names, "haStatus -n {n} -b {s}"),
        step(Names, "haStatus -n {n} -c DefaultCluster"),
        step(Lines, "resetMasterFlushOffset -n {n} -b {s} -o 0"),
        step(Lines, "getControllerMetaData -n {n} -a {ctl}"),
        step(Lines, "getControllerConfig -n {n} -a {ctl}"),
        step(Lines, "updateControllerConfig -n {n} -a {ctl} -k notifyBrokerRoleChanged -v true"),
        step(Lines, "updateControllerConfig -n {n} -a {ctl} -k noSuchSetting -v 1")
            .refused("a controller drops what it does not know"),
        step(Lines, "getSyncStateSet -n {n} -a {ctl} -b broker-a"),
        step(Lines, "getSyncStateSet -n {n} -a {ctl} -c DefaultCluster"),
        step(Lines, "getSyncStateSet -n {n} -a {ctl} -b no-such-broker")
            .refused("an unknown broker is an error"),
        step(Lines, "getBrokerEpoch -n {n} -b broker-a"),
        step(Lines, "getBrokerEpoch -n {n} -c DefaultCluster"),
        step(Lines, "electMaster -n {n} -a {ctl} -b 9 -bn broker-a -c DefaultCluster"),
        step(Lines, "electMaster -n {n} -a {ctl} -b {replica} -bn broker-a -c DefaultCluster")
            .answered("mqadmin cannot read the answer"),
        step(Lines, "electMaster -n {n} -a {ctl} -b 1 -bn broker-a -c DefaultCluster"),
        step(Lines, "getBrokerEpoch -n {n} -b broker-a"),
        step(Lines, "getSyncStateSet -n {n} -a {ctl} -b broker-a"),
        step(Lines, "cleanBrokerMetadata -n {n} -a {ctl} -b 7 -bn broker-a -c DefaultCluster")
            .refused("there is no replica 7"),
        step(Lines, "cleanBrokerMetadata -n {n} -a {ctl} -b 2 -bn broker-a -c DefaultCluster"),
        step(Lines, "setCommitLogReadAheadMode -n {n} -c DefaultCluster -m 1"),
        step(Lines, "getColdDataFlowCtrInfo -n {n} -c DefaultCluster"),
    ],
};
