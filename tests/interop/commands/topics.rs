//! Topics, their queues and rates, and the name servers that know them.

use super::{Area, Cluster, step};
use crate::mask::Compare::{AnyOrder, Head, Lines, Names};

/// Why mqadmin cannot make static topics on our servers.
const NO_STATIC: &str = "our broker does not serve static topics and refuses the request";
const ONE_LESS: &str = "the static topic, which our broker does not have, is counted";

pub const AREA: Area = Area {
    cluster: Cluster::Plain,
    steps: &[
        step(Lines, "updateKvConfig -n {n} -s {x}-kv -k one -v 1"),
        step(Lines, "updateKvConfig -n {n} -s {x}-kv -k one -v 2"),
        step(Lines, "deleteKvConfig -n {n} -s {x}-kv -k one"),
        step(Lines, "deleteKvConfig -n {n} -s {x}-kv -k one").refused("there is no such key any more"),
        step(Lines, "deleteKvConfig -n {n} -s {x}-none -k one").refused("there is no such namespace"),
        step(AnyOrder, "getNamesrvConfig -n {n}"),
        step(Lines, "updateNamesrvConfig -n {n} -k orderMessageEnable -v true"),
        step(Lines, "updateNamesrvConfig -n {n} -k kvConfigPath -v /tmp/x"),
        step(Lines, "updateNamesrvConfig -n {n} -k noSuchKey -v 1")
            .refused("a setting that the name server does not have is an error"),
        step(AnyOrder, "getNamesrvConfig -n {n}"),
        step(Lines, "updateTopicList -n {n} -b {b} -f {fixtures}/../interop/commands/topics.json"),
        step(Lines, "topicRoute -n {n} -t listed-topic-one"),
        step(Lines, "topicRoute -n {n} -t listed-topic-two -l"),
        step(Lines, "updateTopicList -n {n} -c DefaultCluster -f {fixtures}/../interop/commands/topics.json")
            .differs("mqadmin prints its usage after the success"),
        step(Lines, "updateTopicList -n {n} -b {b} -f no-such-file.json")
            .refused("a file that is not there is an error"),
        step(Lines, "updateTopic -n {n} -c DefaultCluster -t {x}-perm -r 3 -w 2"),
        step(Lines, "updateTopicPerm -n {n} -b {b} -t {x}-perm -p 4"),
        step(Lines, "updateTopicPerm -n {n} -b {b} -t {x}-perm -p 4"),
        step(Lines, "topicRoute -n {n} -t {x}-perm"),
        step(Lines, "updateTopicPerm -n {n} -c DefaultCluster -t {x}-perm -p 6"),
        step(Lines, "updateTopicPerm -n {n} -c DefaultCluster -t {x}-perm -p 6"),
        step(Lines, "updateTopicPerm -n {n} -b 127.0.0.1:1 -t {x}-perm -p 4")
            .refused("a broker that is no master of the topic is an error, not a sentence"),
        step(Lines, "updateTopicPerm -n {n} -c DefaultCluster -t NoSuchTopic -p 4"),
        step(Lines, "topicRoute -n {n} -t {x}-perm"),
        step(Lines, "updateOrderConf -n {n} -t {x}-perm -m get"),
        step(Lines, "updateOrderConf -n {n} -t {x}-perm -m put -v broker-a:2"),
        step(Lines, "updateOrderConf -n {n} -t {x}-perm -m get"),
        step(Lines, "topicRoute -n {n} -t {x}-perm"),
        step(Lines, "updateOrderConf -n {n} -t {x}-perm -m delete"),
        step(Lines, "updateOrderConf -n {n} -t {x}-perm -m get"),
        step(Lines, "allocateMQ -n {n} -t FixTopic -i 10.0.0.1,10.0.0.2,10.0.0.3"),
        step(Lines, "allocateMQ -n {n} -t FixTopic -i b,a,c,d,e,f,g,h,i,j,k"),
        step(Lines, "allocateMQ -n {n} -t NoSuchTopic -i a"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 1 -i 0 -c 3"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 1 -i 2 -b {b}"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 1 -i 0 -c 2 -b {b} -g fix-online"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 1 -i 0 -c 2 -b {b} -g fix-lag"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 1 -i 5000 -b {b}"),
        step(Lines, "queryCq -n {n} -t FixTopic -q 99 -i 0 -b {b}"),
        step(Lines, "queryCq -n {n} -t NoSuchTopic -q 1 -i 0"),
        step(Lines, "checkRocksdbCqWriteProgress -n {n} -c DefaultCluster"),
        step(Lines, "checkRocksdbCqWriteProgress -n {n} -c DefaultCluster -t FixTopic -cf 1"),
        step(Lines, "checkRocksdbCqWriteProgress -n {n} -c NoSuchCluster")
            .refused("an unknown cluster is an error, not a sentence"),
        step(Names, "statsAll -n {n}"),
        step(Names, "statsAll -n {n} -t FixTopic"),
        step(Head, "statsAll -n {n} -a"),
        step(Lines, "statsAll -n {n} -t NoSuchTopic")
            .refused("an unknown topic is an error, not a table without rows"),
        step(Lines, "updateStaticTopic -n {n} -b broker-a -t {x}-static -qn 2")
            .differs("the files are named after the time")
            .servers_differ(NO_STATIC),
        step(Lines, "topicRoute -n {n} -t {x}-static").servers_differ(NO_STATIC),
        step(Lines, "remappingStaticTopic -n {n} -b broker-a -t {x}-static")
            .differs("the files are named after the time")
            .servers_differ(NO_STATIC),
        step(Lines, "updateStaticTopic -n {n} -c NoSuchCluster -t {x}-static -qn 2"),
        step(Lines, "remappingStaticTopic -n {n} -b broker-a -t NoSuchTopic"),
        step(Lines, "wipeWritePerm -n {n} -b no-such-broker")
            .refused("an unknown broker is an error, not a success with no topic"),
        step(Lines, "wipeWritePerm -n {n} -b broker-a").servers_differ(ONE_LESS),
        step(Lines, "topicRoute -n {n} -t FixTopic -l"),
        step(Lines, "addWritePerm -n {n} -b broker-a").servers_differ(ONE_LESS),
        step(Lines, "topicRoute -n {n} -t FixTopic -l"),
    ],
};
