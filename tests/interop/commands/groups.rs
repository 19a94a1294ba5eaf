//! Consumer groups, their offsets, and the messages and traces of a topic.

use super::{Area, Cluster, step};
use crate::mask::Compare::{AnyOrder, Lines, Names};

pub const AREA: Area = Area {
    cluster: Cluster::Plain,
    steps: &[
        step(Lines, "updateSubGroup -n {n} -c DefaultCluster -g {x}-fresh"),
        step(Lines, "consumerConnection -n {n} -g {x}-fresh")
            .answered("a group that has never been online has no member; it is there all the same"),
        step(Lines, "getConsumerConfig -n {n} -g {x}-fresh"),
        step(Lines, "getConsumerConfig -n {n} -g fix-online"),
        step(Lines, "getConsumerConfig -n {n} -g no-such-group")
            .refused("a group that no broker has is an error, not silence"),
        step(Lines, "updateSubGroupList -n {n} -b {b} -f {fixtures}/listed-groups.json"),
        step(Lines, "getConsumerConfig -n {n} -g listed-two"),
        step(Lines, "updateSubGroupList -n {n} -c DefaultCluster -f {fixtures}/listed-groups.json")
            .differs("mqadmin prints its usage after the success"),
        step(Lines, "getConsumerConfig -n {n} -g listed-one"),
        step(Lines, "updateSubGroupList -n {n} -b {b} -f no-such-file.json")
            .refused("a file that is not there is an error"),
        step(Lines, "setConsumeMode -n {n} -b {b} -t FixTopic -g {x}-fresh -m POP -q 2"),
        step(Lines, "setConsumeMode -n {n} -c DefaultCluster -t FixTopic -g {x}-fresh -m PULL"),
        step(Lines, "setConsumeMode -n {n} -b {b} -t NoSuchTopic -g {x}-fresh -m PULL"),
        step(Lines, "setConsumeMode -n {n} -b {b} -t FixTopic -g bad.name -m PULL"),
        step(Lines, "setConsumeMode -n {n} -b {b} -t %RETRY%fix-online -g fix-online -m PULL"),
        step(Lines, "deleteSubGroup -n {n} -b {b} -g {x}-fresh -r true"),
        step(Lines, "deleteSubGroup -n {n} -b {b} -g {x}-fresh").refused("there is no such group any more"),
        step(Lines, "updateSubGroup -n {n} -c DefaultCluster -g {x}-fresh"),
        step(Lines, "deleteSubGroup -n {n} -c DefaultCluster -g {x}-fresh -r true"),
        step(Lines, "getConsumerConfig -n {n} -g {x}-fresh").refused("it is gone"),
        step(Lines, "updateSubGroup -n {n} -c DefaultCluster -g {x}-again"),
        step(Lines, "deleteSubGroup -n {n} -c DefaultCluster -g {x}-again"),
        step(Lines, "getConsumerConfig -n {n} -g {x}-again").servers_differ(
            "Apache's broker 5.5.0 looks after a deletion whether the group was a lite one, and so creates it anew",
        ),
        step(AnyOrder, "topicList -n {n}"),
        step(AnyOrder, "producer -n {n} -b {b}"),
        step(Names, "consumerStatus -n {n} -g fix-online"),
        step(Lines, "consumerStatus -n {n} -g fix-lag")
            .answered("a group without members is an answer, not a stack trace"),
        step(Lines, "consumerStatus -n {n} -g fix-online -i no-such-client"),
        step(Names, "consumerStatus -n {n} -g fix-online -b {b}"),
        step(AnyOrder, "brokerConsumeStats -n {n} -b {b}"),
        step(AnyOrder, "brokerConsumeStats -n {n} -b {b} -l 2"),
        step(AnyOrder, "brokerConsumeStats -n {n} -b {b} -o true"),
        step(Lines, "updateSubGroup -n {n} -c DefaultCluster -g {x}-clone"),
        step(Lines, "cloneGroupOffset -n {n} -s fix-lag -d {x}-clone -t FixTopic"),
        step(Lines, "consumerProgress -n {n} -g {x}-clone -t FixTopic"),
        step(Lines, "cloneGroupOffset -n {n} -s no-such-group -d {x}-clone -t FixTopic"),
        step(Lines, "cloneGroupOffset -n {n} -s fix-lag -d no-such-group -t FixTopic"),
        step(AnyOrder, "skipAccumulatedMessage -n {n} -g {x}-clone -t FixTopic"),
        step(AnyOrder, "skipAccumulatedMessage -n {n} -g fix-online -t FixTopic"),
        step(Lines, "consumerProgress -n {n} -g {x}-clone -t FixTopic"),
        step(Lines, "skipAccumulatedMessage -n {n} -g fix-online -t NoSuchTopic"),
        step(AnyOrder, "printMsg -n {n} -t FixTopic"),
        step(AnyOrder, "printMsg -n {n} -t FixTopic -s TagA -d false -c GBK"),
        step(AnyOrder, "printMsg -n {n} -t FixTopic -s NoSuchTag"),
        step(AnyOrder, "printMsg -n {n} -t FixTopic -b 0 -e 1000"),
        step(Lines, "printMsg -n {n} -t NoSuchTopic"),
        step(Lines, "printMsgByQueue -n {n} -t FixTopic -a broker-a -i 1"),
        step(Lines, "printMsgByQueue -n {n} -t FixTopic -a broker-a -i 1 -p true -d true -f true"),
        step(Lines, "printMsgByQueue -n {n} -t FixTopic -a broker-a -i 0 -p true -s TagA"),
        step(Lines, "queryMsgTraceById -n {n} -i {unique}")
            .refused("mqadmin finds nothing without an error where there is no trace topic yet"),
        step(Lines, "queryMsgTraceById -n {n} -i {unique} -t FixTopic"),
        step(Names, "checkMsgSendRT -n {n} -t FixTopic -a 4 -s 10"),
        step(Names, "checkMsgSendRT -n {n} -t FixTopic -a 1"),
        step(Names, "sendMsgStatus -n {n} -b broker-a -c 2"),
    ],
};
