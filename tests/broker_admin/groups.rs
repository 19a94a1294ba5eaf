//! Groups: created, changed, deleted; how far they are, and sent back.

use std::collections::BTreeMap;

use rmq::protocol::body::Json;
use rmq::protocol::broker::{BrokerConsumeStatsHeader, GetBrokerConsumeStats};
use rmq::protocol::group::{
    ConsumeStatsHeader, DeleteGroupHeader, DeleteSubscriptionGroup, GetAllSubscriptionGroupConfig,
    GetConsumeStats, GetSubscriptionGroupConfig, GroupHeader, GroupPageHeader, InvokeBrokerToResetOffset,
    MessageRequestMode, QueryTopicsByConsumer, RequestMode, ResetOffsetHeader, SetMessageRequestMode,
    SubscriptionGroupConfig, UpdateAndCreateSubscriptionGroup,
};
use rmq::protocol::upkeep::{
    CloneGroupOffset, CloneGroupOffsetHeader, GroupForbiddenHeader, UpdateAndGetGroupForbidden,
};

use super::ask;
use crate::broker::node::{Client, Node, refusal};

fn group(name: &str) -> SubscriptionGroupConfig {
    SubscriptionGroupConfig { group_name: name.into(), ..SubscriptionGroupConfig::default() }
}

/// The consumer's offset on the first queue, and the queue's end.
async fn progress(client: &Client, name: &str) -> Option<(i64, i64)> {
    let header = ConsumeStatsHeader { consumer_group: name.into(), ..ConsumeStatsHeader::default() };
    let stats = ask::<GetConsumeStats>(client, header, ()).await.unwrap().body.0;
    let first = stats.offset_table.iter().find(|(key, _)| key.0.queue_id == 0);
    first.map(|(_, queue)| (queue.consumer_offset, queue.broker_offset))
}

#[tokio::test]
async fn a_group_is_created_changed_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let wanted = SubscriptionGroupConfig { retry_max_times: 3, ..group("g") };
    ask::<UpdateAndCreateSubscriptionGroup>(&client, (), Json(wanted.clone())).await.unwrap();
    let named = |name: &str| GroupHeader { group: name.into() };
    let found = ask::<GetSubscriptionGroupConfig>(&client, named("g"), ()).await.unwrap().body.0;
    assert_eq!(found, wanted);
    let forbid = |readable| GroupForbiddenHeader { group: "g".into(), topic: "T".into(), readable };
    let told = ask::<UpdateAndGetGroupForbidden>(&client, forbid(Some(false)), ()).await.unwrap();
    assert_eq!((told.body.0.readable, told.remark.as_deref()), (false, Some("")));
    let all = ask::<GetAllSubscriptionGroupConfig>(&client, GroupPageHeader::default(), ()).await.unwrap();
    assert_eq!(all.header.total_group_num, Some(9));
    assert_eq!(all.body.0.forbidden_table["g"], BTreeMap::from([("T".to_owned(), 4)]));
    node.broker.offsets.commit("g", "T", 0, 5, 0);
    let delete = |clean| DeleteGroupHeader { group_name: "g".into(), clean_offset: clean };
    ask::<DeleteSubscriptionGroup>(&client, delete(None), ()).await.unwrap();
    assert_eq!(node.broker.offsets.get("g", "T", 0), Some(5));
    ask::<DeleteSubscriptionGroup>(&client, delete(Some(true)), ()).await.unwrap();
    assert_eq!(node.broker.offsets.get("g", "T", 0), None);
    let bad = refusal(ask::<UpdateAndCreateSubscriptionGroup>(&client, (), Json(group("a b"))).await);
    assert_eq!(bad.0, 29);
    node.stop().await;
}

#[tokio::test]
async fn progress_is_told_and_reset_on_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    for body in ["a", "b", "c"] {
        client.send("T", body).await;
    }
    client.wait_for("g", "T", 2).await;
    node.broker.groups.update(group("g")).unwrap();
    assert_eq!(progress(&client, "g").await, None);
    node.broker.offsets.commit("g", "T", 0, 1, 0);
    assert_eq!(progress(&client, "g").await, Some((1, 3)));
    let header = BrokerConsumeStatsHeader { is_order: false };
    let all = ask::<GetBrokerConsumeStats>(&client, header, ()).await.unwrap().body.0;
    assert_eq!(all.total_diff, 2);
    let reset = |name: &str, queue_id, offset| ResetOffsetHeader {
        group: name.into(),
        topic: "T".into(),
        queue_id,
        offset,
        timestamp: -1,
        is_force: Some(true),
    };
    let done = ask::<InvokeBrokerToResetOffset>(&client, reset("g", None, None), ()).await.unwrap();
    let offsets = done.body.unwrap().0.offset_table;
    assert_eq!(offsets.iter().find(|(key, _)| key.0.queue_id == 0).unwrap().1, &3);
    assert_eq!(progress(&client, "g").await, Some((3, 3)));
    assert!(node.broker.offsets.is_reset("g", "T", 0));
    ask::<InvokeBrokerToResetOffset>(&client, reset("g", Some(0), Some(2)), ()).await.unwrap();
    assert_eq!(progress(&client, "g").await, Some((2, 3)));
    let refused = refusal(ask::<InvokeBrokerToResetOffset>(&client, reset("g", Some(0), Some(9)), ()).await);
    assert_eq!(refused, (1, "Target offset 9 not in consume queue range [0-3]".into()));
    let refused = refusal(ask::<InvokeBrokerToResetOffset>(&client, reset("h", None, None), ()).await);
    assert_eq!(refused, (26, "Group h does not exist".into()));
    node.stop().await;
}

#[tokio::test]
async fn offsets_are_given_to_another_group() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "a").await;
    node.broker.offsets.commit("g", "T", 0, 1, 0);
    let header = CloneGroupOffsetHeader {
        src_group: "g".into(),
        dest_group: "h".into(),
        topic: None,
        offline: Some(true),
    };
    ask::<CloneGroupOffset>(&client, header, ()).await.unwrap();
    let named = GroupHeader { group: "h".into() };
    let topics = ask::<QueryTopicsByConsumer>(&client, named, ()).await.unwrap().body.0;
    assert_eq!((topics.topic_list, topics.broker_addr), (vec!["T".to_owned()], Some(client.addr.clone())));
    node.stop().await;
}

#[tokio::test]
async fn how_a_group_gets_messages_is_set_and_refused_as_by_apache() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "a").await;
    let mode = |topic: &str, group: &str| {
        Json(RequestMode {
            topic: topic.into(),
            consumer_group: group.into(),
            mode: MessageRequestMode::Pop,
            pop_share_queue_num: 2,
        })
    };
    ask::<SetMessageRequestMode>(&client, (), mode("T", "g")).await.unwrap();
    let kept = node.broker.request_modes.get("T", "g").unwrap();
    assert_eq!((kept.mode, kept.pop_share_queue_num), (MessageRequestMode::Pop, 2));
    let table = [
        (mode("%RETRY%g", "g"), 16, "retry topic is not allowed to set mode"),
        (mode("Nope", "g"), 17, "topic[Nope] not exist"),
        (mode("T", "bad.name"), 26, "subscription group does not exist"),
    ];
    for (body, code, remark) in table {
        let refused = refusal(ask::<SetMessageRequestMode>(&client, (), body).await);
        assert_eq!(refused, (code, remark.to_owned()));
    }
    node.stop().await;
}
