//! Exports, and lite topics.

use super::{Area, Cluster, Step, step};
use crate::mask::Compare::{Lines, Names};

const UNMATCHED: &str = "mqadmin says [broker-a] error. and is content";
const STEPS: &[Step] = &[
    step(Lines, "exportMetadata -n {n} -c DefaultCluster -f {home}/{x}"),
    step(Lines, "exportMetadata -n {n} -c DefaultCluster -t -s -f {home}/{x}"),
    step(Lines, "exportMetadata -n {n} -c DefaultCluster -g -f {home}/{x}"),
    step(Lines, "exportMetadata -n {n} -b {b} -t -f {home}/{x}"),
    step(Lines, "exportMetadata -n {n} -b {b} -g -f {home}/{x}"),
    step(Lines, "exportMetadata -n {n} -b {b} -f {home}/{x}")
        .differs("mqadmin writes nothing and says nothing, ours writes both"),
    step(Lines, "exportMetadata -n {n} -c NoSuchCluster -f {home}/{x}")
        .refused("an unknown cluster is an error, not an empty file"),
    step(Lines, "exportConfigs -n {n} -c DefaultCluster -f {home}/{x}"),
    step(Lines, "exportMetrics -n {n} -c DefaultCluster -f {home}/{x}"),
    step(Lines, "exportMetrics -n {n} -c NoSuchCluster -f {home}/{x}"),
    step(Lines, "exportPopRecord -n {n} -b {b}"),
    step(Lines, "exportPopRecord -n {n} -c DefaultCluster"),
    step(Lines, "exportPopRecord -n {n} -b {b} -d true").differs("mqadmin takes -d the wrong way round"),
    step(Lines, "exportPopRecord -n {n} -b {b} -d false").differs("mqadmin takes -d the wrong way round"),
    step(Names, "getBrokerLiteInfo -n {n} -b {b}"),
    step(Names, "getBrokerLiteInfo -n {n} -c DefaultCluster -d"),
    step(Lines, "getParentTopicInfo -n {n} -p FixTopic").refused(UNMATCHED),
    step(Lines, "getParentTopicInfo -n {n} -p NoSuchTopic"),
    step(Lines, "getLiteTopicInfo -n {n} -p FixTopic -l lite").refused(UNMATCHED),
    step(Lines, "getLiteClientInfo -n {n} -p FixTopic -g fix-lag -c client").refused(UNMATCHED),
    step(Lines, "getLiteGroupInfo -n {n} -p FixTopic -g fix-lag").refused(UNMATCHED),
    step(Lines, "triggerLiteDispatch -n {n} -p FixTopic -g fix-lag")
        .refused("mqadmin says error and is content"),
    step(Lines, "updateTopic -n {n} -b {b} -t {x}-parent -a +message.type=LITE,+lite.topic.expiration=60"),
    step(Lines, "updateSubGroup -n {n} -b {b} -g {x}-lite --attributes +lite.bind.topic={x}-parent"),
    step(Lines, "getParentTopicInfo -n {n} -p {x}-parent"),
    step(Lines, "getLiteTopicInfo -n {n} -p {x}-parent -l lite -s"),
    step(Lines, "getLiteClientInfo -n {n} -p {x}-parent -g {x}-lite -c client -s"),
    step(Lines, "getLiteClientInfo -n {n} -p {x}-parent -g fix-lag -c client").refused(UNMATCHED),
    step(Lines, "getLiteGroupInfo -n {n} -p {x}-parent -g {x}-lite"),
    step(Lines, "getLiteGroupInfo -n {n} -p {x}-parent -g {x}-lite -l lite -k 3"),
    step(Lines, "triggerLiteDispatch -n {n} -p {x}-parent -g {x}-lite"),
    step(Lines, "triggerLiteDispatch -n {n} -p {x}-parent -g {x}-lite -b broker-a -c client"),
    step(Lines, "exportMetadataInRocksDB -p {fixtures}/rocksdb/apache-5.5.0/live -t topics"),
    step(
        Lines,
        "exportMetadataInRocksDB -p {fixtures}/rocksdb/apache-5.5.0/closed -t subscriptionGroups -j true",
    ),
    step(Lines, "exportMetadataInRocksDB -p /nonexistent -t topics").refused("there is nothing to show"),
    step(Lines, "rocksDBConfigToJson -p {fixtures}/rocksdb/apache-5.5.0/closed -t topics"),
    step(Lines, "rocksDBConfigToJson -p {fixtures}/rocksdb/apache-5.5.0/live -t consumerOffsets"),
    step(
        Lines,
        "rocksDBConfigToJson -p {fixtures}/rocksdb/apache-5.5.0/closed -t subscriptionGroups -j false",
    ),
    step(Lines, "rocksDBConfigToJson -p {fixtures}/rocksdb/apache-5.5.0/closed -t topics -e {home}/{x}.json"),
    step(Lines, "rocksDBConfigToJson -p /nonexistent -t topics").refused("there is nothing to show"),
    step(Lines, "rocksDBConfigToJson -b {b}"),
    step(Lines, "rocksDBConfigToJson -n {n} -c DefaultCluster"),
    step(Lines, "rocksDBConfigToJson -b {b} -t topics"),
];

pub const AREA: Area = Area { cluster: Cluster::Plain, steps: STEPS };
