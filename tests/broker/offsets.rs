//! Offsets of groups and queues, and locks.

use rmq::protocol::body::Json;
use rmq::protocol::group::{LockBatchBody, LockBatchMq, UnlockBatchMq};
use rmq::protocol::pull::{
    GetEarliestMsgStoretime, GetMaxOffset, GetMinOffset, QueryConsumerOffset, QueryOffsetHeader, QueueHeader,
    SearchOffsetByTimestamp, SearchOffsetHeader, UpdateConsumerOffset, UpdateOffsetHeader,
};
use rmq::protocol::queue::MessageQueue;

use super::node::{Client, Node, TIMEOUT, bodies, committing, pull_header, refusal, send_header};

async fn offset(client: &Client, queue_id: i32, zero: Option<bool>) -> Result<i64, i32> {
    let header = QueryOffsetHeader {
        consumer_group: "G".into(),
        topic: "T".into(),
        queue_id,
        set_zero_if_not_found: zero,
        broker_name: None,
    };
    let answer = client.pool.call::<QueryConsumerOffset>(&client.addr, header, (), TIMEOUT).await;
    answer.map(|answer| answer.header.offset).map_err(|error| error.code().unwrap())
}

async fn commit(client: &Client, group: &str, offset: i64) -> Result<(), rmq::remoting::CallError> {
    let header = UpdateOffsetHeader {
        consumer_group: group.into(),
        topic: "T".into(),
        queue_id: 0,
        commit_offset: offset,
        broker_name: None,
    };
    client.pool.call::<UpdateConsumerOffset>(&client.addr, header, (), TIMEOUT).await.map(drop)
}

#[tokio::test]
async fn offsets_are_committed_and_outlive_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "x").await;
    node.broker.store.wait_dispatched();
    assert_eq!(refusal(commit(&client, "G", 1).await).0, 26);
    assert_eq!(offset(&client, 0, None).await, Ok(0), "all of the queue is there");
    assert_eq!(offset(&client, 0, Some(false)).await, Err(22));
    assert_eq!(offset(&client, 1, None).await, Err(22), "a queue without messages");
    client.pull(committing(pull_header("G", "T", 0), 1)).await;
    assert_eq!(offset(&client, 0, None).await, Ok(1));
    commit(&client, "G", 5).await.unwrap();
    node.stop().await;
    let node = Node::start(dir.path()).await;
    assert_eq!(offset(&node.client(), 0, None).await, Ok(5));
    node.stop().await;
}

/// Clients commit -1 for queues that they have consumed nothing of; where they read it back they take it for a word
/// of the broker, and begin at the end.
#[tokio::test]
async fn an_offset_below_0_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "x").await;
    client.wait_for("G", "T", 0).await;
    for below in [-1, -5] {
        commit(&client, "G", below).await.unwrap();
        assert_eq!(offset(&client, 0, None).await, Ok(0));
        assert_eq!(offset(&client, 0, Some(false)).await, Err(22));
    }
    client.pull(committing(pull_header("G", "T", 0), -1)).await;
    assert_eq!(offset(&client, 0, None).await, Ok(0));
    node.stop().await;
}

#[tokio::test]
async fn a_reset_is_told_to_the_next_pull() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    client.send("T", "x").await;
    client.wait_for("G", "T", 0).await;
    node.broker.offsets.reset("G", "T", 0, 0, 1);
    commit(&client, "G", 9).await.unwrap();
    assert_eq!(offset(&client, 0, None).await, Ok(0), "the commit did not count");
    let (code, header, found) = client.pull(pull_header("G", "T", 1)).await;
    assert_eq!((code, header.next_begin_offset, found.len()), (21, 0, 0));
    assert_eq!(client.pull(pull_header("G", "T", 0)).await.0, 0);
    node.stop().await;
}

#[tokio::test]
async fn bounds_and_times_of_queues() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    for body in ["0", "1"] {
        client.send("T", body).await;
    }
    node.broker.store.wait_dispatched();
    let queue = |queue_id| QueueHeader { topic: "T".into(), queue_id, committed: None, broker_name: None };
    let (pool, addr) = (&client.pool, &node.addr);
    for (id, max, has_time) in [(0, 2, true), (1, 0, false)] {
        let got = pool.call::<GetMaxOffset>(addr, queue(id), (), TIMEOUT).await.unwrap();
        assert_eq!(got.header.offset, max);
        let got = pool.call::<GetMinOffset>(addr, queue(id), (), TIMEOUT).await.unwrap();
        assert_eq!(got.header.offset, 0);
        let got = pool.call::<GetEarliestMsgStoretime>(addr, queue(id), (), TIMEOUT).await.unwrap();
        assert_eq!(got.header.timestamp > 0, has_time);
        let search = |timestamp| SearchOffsetHeader {
            topic: "T".into(),
            queue_id: id,
            timestamp,
            ..SearchOffsetHeader::default()
        };
        let got = pool.call::<SearchOffsetByTimestamp>(addr, search(0), (), TIMEOUT).await.unwrap();
        assert_eq!(got.header.offset, 0);
        let got = pool.call::<SearchOffsetByTimestamp>(addr, search(i64::MAX), (), TIMEOUT).await.unwrap();
        assert_eq!(got.header.offset, max);
    }
    node.stop().await;
}

#[tokio::test]
async fn a_queue_is_locked_for_one_member() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let queue = MessageQueue { topic: "T".into(), broker_name: "broker-a".into(), queue_id: 0 };
    let wanted = |member: &str| {
        Json(LockBatchBody {
            client_id: member.into(),
            consumer_group: "G".into(),
            mq_set: vec![queue.clone()],
            only_this_broker: false,
        })
    };
    let lock = |member: &'static str| {
        let asked = client.pool.call::<LockBatchMq>(&node.addr, (), wanted(member), TIMEOUT);
        async { asked.await.unwrap().body.0.lock_ok_mq_set }
    };
    assert_eq!(lock("a").await, std::slice::from_ref(&queue));
    assert_eq!(lock("b").await, []);
    client.pool.call::<UnlockBatchMq>(&node.addr, (), wanted("a"), TIMEOUT).await.unwrap();
    assert_eq!(lock("b").await, std::slice::from_ref(&queue));
    node.stop().await;
}

const REVIVE: &str = "rmq_sys_REVIVE_LOG_DefaultCluster";

#[tokio::test]
async fn offsets_ahead_of_the_log_are_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    node.client().send("T", "a").await;
    let offsets = &node.broker.offsets;
    for (group, topic, queue) in [("G", "T", 0), ("G", "T", 1), ("CID_RMQ_SYS_REVIVE_GROUP", REVIVE, 0)] {
        offsets.commit(group, topic, queue, 50, 1);
    }
    node.stop().await;
    // As a power cut leaves it that cost some of the log.
    std::fs::write(dir.path().join("abort"), "1").unwrap();
    std::fs::write(dir.path().join("config/delayOffset.json"), r#"{"offsetTable":{1:50}}"#).unwrap();
    let node = Node::start_with(dir.path(), |config| config.message_delay_level = "1s".into()).await;
    let offsets = &node.broker.offsets;
    assert_eq!((offsets.get("G", "T", 0), offsets.get("G", "T", 1)), (Some(1), Some(0)));
    // None of its records is done with.
    assert_eq!(offsets.get("CID_RMQ_SYS_REVIVE_GROUP", REVIVE, 0), None);
    assert_eq!(node.broker.schedule.offset(1), 0);
    let client = node.client();
    client.try_send(send_header("T", &[("DELAY", "1")]), "delayed").await.unwrap();
    assert_eq!(bodies(&client.wait_for("G", "T", 1).await), ["delayed"]);
    node.stop().await;
}

#[tokio::test]
async fn offsets_reach_the_disk_after_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| {
        config.flush_consumer_offset_interval = 10;
        // Nothing else brings the log to the disk meanwhile.
        config.flush_commit_log_least_pages = 1_000_000;
        config.flush_commit_log_thorough_interval = 3_600_000;
        config.flush_interval_consume_queue = 3_600_000;
    })
    .await;
    let file = dir.path().join("config/consumerOffset.json");
    let client = node.client();
    for number in 1..20 {
        client.send("T", "a").await;
        let end = node.broker.store.max_physical_offset();
        node.broker.offsets.commit("G", "T", 0, number, 1);
        let saved = || {
            std::fs::read_to_string(&file)
                .is_ok_and(|text| text.replace('"', "").contains(&format!("0:{number}")))
        };
        while !saved() {
            tokio::task::yield_now().await;
        }
        assert!(node.broker.store.flushed() >= end);
    }
    node.stop().await;
}
