//! Pulls: what they find, long polls, subscriptions.

use rmq::protocol::body::Json;
use rmq::protocol::group::{
    CheckClientBody, CheckClientConfig, ConsumerGroupHeader, GetConsumerListByGroup, SubscriptionData,
    UnregisterClient, UnregisterClientHeader,
};
use rmq::protocol::pull::PullMessageHeader;

use super::node::{Node, TIMEOUT, bodies, heartbeat, held, pull_header, refusal, send_header};

#[tokio::test]
async fn a_held_pull_is_woken_by_the_message_it_wants() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.try_send(send_header("T", &[("TAGS", "A")]), "first").await.unwrap();
    client.wait_for("G", "T", 0).await;
    let wants_b = PullMessageHeader { subscription: Some("B".into()), ..held(pull_header("G", "T", 1)) };
    let pull = client.pull(wants_b);
    let send = async {
        while node.broker.holds.is_empty() {
            tokio::task::yield_now().await;
        }
        client.try_send(send_header("T", &[("TAGS", "A")]), "not this").await.unwrap();
        node.broker.store.wait_dispatched();
        assert_eq!(node.broker.holds.len(), 1, "another tag wakes nobody");
        client.try_send(send_header("T", &[("TAGS", "B")]), "this").await.unwrap();
    };
    let ((code, header, found), ()) = tokio::join!(pull, send);
    assert_eq!((code, bodies(&found)), (0, vec!["this".to_owned()]));
    assert_eq!((header.next_begin_offset, header.min_offset, header.max_offset), (3, 0, 3));
    assert!(node.broker.holds.is_empty());
    node.stop().await;
}

#[tokio::test]
async fn the_pulls_of_a_client_that_is_gone_are_held_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "x").await;
    client.wait_for("G", "T", 0).await;
    let an_hour = PullMessageHeader { suspend_timeout_millis: 3_600_000, ..held(pull_header("G", "T", 1)) };
    tokio::select! {
        answer = client.pull(an_hour) => panic!("{answer:?}"),
        () = until(|| node.broker.holds.len() == 1) => {}
    }
    drop(client);
    let released = until(|| node.broker.holds.is_empty());
    tokio::time::timeout(TIMEOUT, released).await.expect("the pull is given up");
    node.stop().await;
}

/// Lets others run until something is so.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_held_pull_of_a_group_that_left_reads_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "first").await;
    client.wait_for("G", "T", 0).await;
    client.beat(heartbeat("one", "G", "T")).await;
    // As push consumers pull: what they want is known from their heartbeats.
    let header = PullMessageHeader { sys_flag: 0, subscription: None, ..pull_header("G", "T", 1) };
    let pull = client.try_pull(held(header));
    let leave = async {
        while node.broker.holds.is_empty() {
            tokio::task::yield_now().await;
        }
        let header = UnregisterClientHeader {
            client_id: "one".into(),
            producer_group: None,
            consumer_group: Some("G".into()),
        };
        client.pool.call::<UnregisterClient>(&node.addr, header, (), TIMEOUT).await.unwrap();
        client.send("T", "second").await;
    };
    let (pulled, ()) = tokio::join!(pull, leave);
    assert_eq!(refusal(pulled).0, 24);
    assert_eq!(node.broker.offsets.pulled("G", "T", 0), Some(1));
    node.stop().await;
}

#[tokio::test]
async fn where_a_pull_ends() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    for body in ["0", "1", "2"] {
        client.try_send(send_header("T", &[("TAGS", "A")]), body).await.unwrap();
    }
    node.broker.store.wait_dispatched();
    let at = |offset| pull_header("G", "T", offset);
    let other_queue = PullMessageHeader { queue_id: 1, ..at(7) };
    let short_hold = PullMessageHeader { suspend_timeout_millis: 20, ..held(at(3)) };
    let tag = PullMessageHeader { subscription: Some("B||C".into()), ..at(0) };
    let table = [
        (at(1), 0, 3),
        (at(3), 19, 3),
        (short_hold, 19, 3),
        (at(9), 21, 3),
        (at(-1), 21, 0),
        (other_queue, 21, 0),
        (PullMessageHeader { queue_id: 1, ..at(0) }, 19, 0),
        (tag, 20, 3),
    ];
    for (header, code, next) in table {
        let asked = format!("{header:?}");
        let (got, reply, _) = client.pull(header).await;
        assert_eq!((got, reply.next_begin_offset), (code, next), "{asked}");
    }
    let (_, _, one) = client.pull(PullMessageHeader { max_msg_nums: 1, ..at(1) }).await;
    assert_eq!(bodies(&one), ["1"]);
    node.stop().await;
}

#[tokio::test]
async fn what_may_not_be_pulled() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| config.auto_create_subscription_group = false).await;
    let client = node.client();
    client.send("T", "x").await;
    let known = "TOOLS_CONSUMER";
    let without = |header: PullMessageHeader| PullMessageHeader { sys_flag: 0, ..header };
    let sql = PullMessageHeader {
        expression_type: Some("SQL92".into()),
        subscription: Some("a > 1".into()),
        ..pull_header(known, "T", 0)
    };
    let table = [
        (pull_header("G", "T", 0), 26, "subscription group [G] does not exist, \nSee "),
        (pull_header(known, "Unknown", 0), 17, "topic[Unknown] not exist, apply first please!"),
        (
            PullMessageHeader { queue_id: 4, ..pull_header(known, "T", 0) },
            29,
            "queueId[4] is illegal, topic:[T] topicConfig.readQueueNums:[4] consumer:[127.0.0.1:",
        ),
        (without(pull_header(known, "T", 0)), 24, "the consumer's group info not exist"),
        (
            PullMessageHeader { subscription: Some("||".into()), ..pull_header(known, "T", 0) },
            23,
            "parse the consumer's subscription failed",
        ),
        (sql, 1, "The broker does not support consumer to filter message by SQL92"),
    ];
    for (header, code, remark) in table {
        let (got, text) = refusal(client.try_pull(header).await);
        assert_eq!(got, code, "{text}");
        assert!(text.contains(remark), "{text}");
    }
    let check = CheckClientBody {
        subscription_data: SubscriptionData {
            expression_type: "SQL92".into(),
            ..SubscriptionData::default()
        },
        ..CheckClientBody::default()
    };
    let refused = client.pool.call::<CheckClientConfig>(&node.addr, (), Json(check), TIMEOUT).await;
    assert_eq!(refusal(refused).1, "The broker does not support consumer to filter message by SQL92");
    node.stop().await;
}

#[tokio::test]
async fn a_heartbeat_tells_the_subscription_and_members_are_told_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let (first, mut told) = node.asked_client();
    first.send("T", "x").await;
    node.broker.store.wait_dispatched();
    let beat = first.beat(heartbeat("one", "G", "T")).await;
    assert_eq!((beat.header.is_support_heart_beat_v2, beat.header.is_sub_change), (Some(true), Some(true)));
    assert!(node.broker.topics.contains("%RETRY%G"));
    assert_eq!(told.recv().await.unwrap().code, 40);
    let from_heartbeat =
        PullMessageHeader { sys_flag: 0, subscription: None, sub_version: 5, ..pull_header("G", "T", 0) };
    assert_eq!(first.pull(from_heartbeat.clone()).await.0, 0);
    let newer = PullMessageHeader { sub_version: 6, ..from_heartbeat.clone() };
    assert_eq!(refusal(first.try_pull(newer).await).0, 25);
    let other_topic = PullMessageHeader { topic: "BenchmarkTest".into(), ..from_heartbeat };
    assert_eq!(refusal(first.try_pull(other_topic).await).0, 24);

    let second = node.client();
    second.beat(heartbeat("two", "G", "T")).await;
    assert_eq!(told.recv().await.unwrap().code, 40, "a second member");
    let list = || async {
        let group = ConsumerGroupHeader { consumer_group: "G".into() };
        first.pool.call::<GetConsumerListByGroup>(&node.addr, group, (), TIMEOUT).await
    };
    assert_eq!(list().await.unwrap().body.0.consumer_id_list, ["one", "two"]);
    drop(second);
    assert_eq!(told.recv().await.unwrap().code, 40, "it is gone");
    assert_eq!(list().await.unwrap().body.0.consumer_id_list, ["one"]);
    let leave = UnregisterClientHeader {
        client_id: "one".into(),
        producer_group: None,
        consumer_group: Some("G".into()),
    };
    first.pool.call::<UnregisterClient>(&node.addr, leave, (), TIMEOUT).await.unwrap();
    assert_eq!(refusal(list().await), (1, "no consumer for this group, G".to_owned()));
    node.stop().await;
}

#[tokio::test]
async fn fingerprints_tell_when_subscriptions_changed() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let beat = |fingerprint, without_sub| {
        let data = rmq::protocol::group::HeartbeatData {
            heartbeat_fingerprint: fingerprint,
            without_sub,
            ..heartbeat("c", "G", "T")
        };
        client.beat(data)
    };
    for (fingerprint, without, changed) in
        [(7, false, false), (7, true, false), (8, true, true), (8, false, false)]
    {
        let answer = beat(fingerprint, without).await;
        assert_eq!(answer.header.is_sub_change, Some(changed), "{fingerprint} {without}");
    }
    node.stop().await;
}
