//! Offsets of groups and queues, and locks.

use rmq::protocol::body::Json;
use rmq::protocol::group::{LockBatchBody, LockBatchMq, UnlockBatchMq};
use rmq::protocol::pull::{
    GetEarliestMsgStoretime, GetMaxOffset, GetMinOffset, QueryConsumerOffset, QueryOffsetHeader, QueueHeader,
    SearchOffsetByTimestamp, SearchOffsetHeader, UpdateConsumerOffset, UpdateOffsetHeader,
};
use rmq::protocol::queue::MessageQueue;

use super::node::{Client, Node, TIMEOUT, committing, pull_header, refusal};

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
