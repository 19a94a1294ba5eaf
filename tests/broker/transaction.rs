//! Transactions: half messages, their ends, and what is asked about them.

use std::time::Duration;

use rmq::config::BrokerConfig;
use rmq::protocol::message::Message;
use rmq::protocol::send::{
    CheckTransactionHeader, EndTransaction, EndTransactionHeader, SendMessageHeader, SendMessageReply,
};
use rmq::protocol::{Header, RemotingCommand};

use super::node::{Client, Node, bodies, heartbeat, messages, pull_header, send_header};

const HALF: &str = "RMQ_SYS_TRANS_HALF_TOPIC";
const OP: &str = "RMQ_SYS_TRANS_OP_HALF_TOPIC";

fn impatient(config: &mut BrokerConfig) {
    config.transaction_time_out = 0;
    config.transaction_check_interval = 20;
}

fn half_header() -> SendMessageHeader {
    SendMessageHeader {
        sys_flag: 4,
        queue_id: 1,
        // A half message older than messages are kept is given up at once.
        born_timestamp: rmq::runtime::Clock::system().now_ms(),
        ..send_header(
            "T",
            &[("TRAN_MSG", "true"), ("PGROUP", "producers"), ("UNIQ_KEY", "U1"), ("TAGS", "A")],
        )
    }
}

async fn end(client: &Client, header: EndTransactionHeader) {
    client.pool.oneway::<EndTransaction>(&client.addr, header, ()).await.unwrap();
}

/// The end of the transaction that a reply to a half message began.
fn end_of(reply: &SendMessageReply, commit_or_rollback: i32) -> EndTransactionHeader {
    let id: rmq::protocol::message::OffsetId = reply.msg_id.parse().unwrap();
    EndTransactionHeader {
        producer_group: "producers".into(),
        tran_state_table_offset: reply.queue_offset,
        commit_log_offset: id.offset,
        commit_or_rollback,
        msg_id: "U1".into(),
        ..EndTransactionHeader::default()
    }
}

async fn pull_one(client: &Client, offset: i64) -> Option<Message> {
    let header = rmq::protocol::pull::PullMessageHeader { queue_id: 1, ..pull_header("G", "T", offset) };
    client.pull(header).await.2.into_iter().next()
}

/// Waits until `look` finds something that the broker does by itself.
async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_half_message_is_seen_after_its_commit_only_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let reply = client.try_send(half_header(), "half").await.unwrap();
    assert_eq!((reply.queue_id, reply.transaction_id.as_deref()), (1, Some("U1")));
    node.broker.store.wait_dispatched();
    assert_eq!(node.broker.store.max_offset(HALF, 0), Some(1));
    assert!(pull_one(&client, 0).await.is_none());
    end(&client, EndTransactionHeader { producer_group: "others".into(), ..end_of(&reply, 8) }).await;
    end(&client, end_of(&reply, 8)).await;
    end(&client, end_of(&reply, 8)).await;
    end(&client, end_of(&reply, 12)).await;
    let message = eventually(async || pull_one(&client, 0).await).await;
    assert_eq!(bodies(std::slice::from_ref(&message)), ["half"]);
    assert_eq!((message.topic.as_str(), message.queue_id, message.sys_flag.0 & 12), ("T", 1, 8));
    assert_eq!(message.properties.get("__transactionId__"), Some("U1"));
    assert_eq!(message.properties.get("REAL_TOPIC"), Some("T"));
    let half = end_of(&reply, 8).commit_log_offset;
    assert_eq!(message.prepared_transaction_offset, half);
    // The op message is that of Apache's broker.
    let op = eventually(async || node.broker.store.message_in_queue(OP, 0, 0)).await;
    let op = Message::decode(&op).unwrap();
    assert_eq!((op.tags(), bodies(std::slice::from_ref(&op))), (Some("d"), vec!["0,".to_owned()]));
    client.send("After", "x").await;
    node.broker.store.wait_dispatched();
    assert_eq!(
        (node.broker.store.max_offset("T", 1), node.broker.store.max_offset(OP, 0)),
        (Some(1), Some(1))
    );
    node.stop().await;
}

#[tokio::test]
async fn a_rollback_leaves_nothing_and_is_not_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| config.transaction_check_interval = 20).await;
    let client = node.client();
    let reply = client.try_send(half_header(), "half").await.unwrap();
    end(&client, end_of(&reply, 12)).await;
    let settled = || node.broker.offsets.get("CID_RMQ_SYS_TRANS", HALF, 0);
    eventually(async || settled().filter(|offset| *offset == 1)).await;
    eventually(async || node.broker.offsets.get("CID_RMQ_SYS_TRANS", OP, 0).filter(|offset| *offset == 1))
        .await;
    assert_eq!(node.broker.store.max_offset(HALF, 0), Some(1));
    assert_eq!(node.broker.store.max_offset("T", 1), None);
    node.stop().await;
}

fn asked(request: &RemotingCommand) -> (CheckTransactionHeader, Message) {
    let header = CheckTransactionHeader::read(&request.ext).unwrap();
    (header, messages(request.body.clone()).remove(0))
}

#[tokio::test]
async fn an_open_transaction_is_asked_about_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    node.client().try_send(half_header(), "half").await.unwrap();
    node.stop().await;

    let node = Node::start_with(dir.path(), impatient).await;
    let (client, mut requests) = node.asked_client();
    client.beat(heartbeat("c", "other", "T")).await;
    let request = eventually(async || requests.recv().await.filter(|request| request.code == 39)).await;
    assert!(request.is_oneway());
    let (header, message) = asked(&request);
    assert_eq!(header.topic.as_deref(), Some(HALF));
    assert_eq!((header.msg_id.as_deref(), header.transaction_id.as_deref()), (Some("U1"), Some("U1")));
    assert_eq!(
        (message.topic.as_str(), message.queue_id, bodies(std::slice::from_ref(&message))),
        ("T", 1, vec!["half".to_owned()])
    );
    assert_eq!(message.queue_offset, header.tran_state_table_offset);
    assert!(message.properties.get("TRANSACTION_CHECK_TIMES").is_some());
    let answer = EndTransactionHeader {
        producer_group: "producers".into(),
        tran_state_table_offset: header.tran_state_table_offset,
        commit_log_offset: header.commit_log_offset,
        commit_or_rollback: 8,
        from_transaction_check: Some(true),
        msg_id: "U1".into(),
        ..EndTransactionHeader::default()
    };
    end(&client, answer).await;
    let committed = eventually(async || pull_one(&client, 0).await).await;
    assert_eq!(bodies(&[committed]), ["half"]);
    node.stop().await;
}

#[tokio::test]
async fn a_transaction_that_nobody_ends_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| {
        impatient(config);
        config.transaction_check_max = 2;
    })
    .await;
    let client = node.client();
    client.try_send(half_header(), "half").await.unwrap();
    let given_up =
        eventually(async || node.broker.store.message_in_queue("TRANS_CHECK_MAX_TIME_TOPIC", 0, 0)).await;
    let given_up = Message::decode(&given_up).unwrap();
    assert_eq!(given_up.properties.get("TRANSACTION_CHECK_TIMES"), Some("2"));
    assert_eq!(node.broker.store.max_offset(HALF, 0), Some(3));
    node.stop().await;
}

/// How many messages the queue that half messages are for holds, once everything asked before is done.
async fn delivered(node: &Node, client: &Client) -> i64 {
    client.send("After", "x").await;
    node.broker.store.wait_dispatched();
    node.broker.store.max_offset("T", 1).unwrap_or(0)
}

/// Waits until rounds have passed every half message. Returns how many there were.
async fn all_settled(node: &Node) -> i64 {
    let settled = || node.broker.offsets.get("CID_RMQ_SYS_TRANS", HALF, 0).unwrap_or(0);
    eventually(async || Some(node.broker.store.next_offset(HALF, 0)).filter(|next| *next == settled())).await
}

/// Waits until a half message was stored anew so often.
async fn copies(node: &Node, times: i64) -> i64 {
    eventually(async || node.broker.store.max_offset(HALF, 0).filter(|max| *max > times)).await
}

/// The same end, of a copy of the half message.
fn end_of_copy(node: &Node, reply: &SendMessageReply, offset: i64) -> EndTransactionHeader {
    let unit = node.broker.store.unit(HALF, 0, offset).unwrap();
    EndTransactionHeader {
        tran_state_table_offset: offset,
        commit_log_offset: unit.physical_offset,
        from_transaction_check: Some(true),
        ..end_of(reply, 8)
    }
}

#[tokio::test]
async fn an_end_counts_no_more_once_a_copy_has_ended_and_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), impatient).await;
    let client = node.client();
    let reply = client.try_send(half_header(), "half").await.unwrap();
    let last = copies(&node, 2).await - 1;
    end(&client, end_of_copy(&node, &reply, last)).await;
    eventually(async || pull_one(&client, 0).await).await;
    all_settled(&node).await;
    // The producer's own end comes late.
    end(&client, end_of(&reply, 8)).await;
    end(&client, end_of_copy(&node, &reply, last)).await;
    assert_eq!(delivered(&node, &client).await, 1);
    node.stop().await;
}

#[tokio::test]
async fn copies_are_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), impatient).await;
    let reply = node.client().try_send(half_header(), "half").await.unwrap();
    copies(&node, 2).await;
    node.stop().await;
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let halves = node.broker.store.max_offset(HALF, 0).unwrap();
    end(&client, end_of(&reply, 8)).await;
    assert_eq!(delivered(&node, &client).await, 1);
    end(&client, end_of_copy(&node, &reply, halves - 1)).await;
    assert_eq!(delivered(&node, &client).await, 1);
    node.stop().await;
    let node = Node::start_with(dir.path(), impatient).await;
    assert_eq!(all_settled(&node).await, halves, "it is not asked about again");
    end(&node.client(), end_of(&reply, 8)).await;
    assert_eq!(delivered(&node, &node.client()).await, 1);
    node.stop().await;
}

#[tokio::test]
async fn offsets_lost_in_a_kill_do_not_make_several_transactions_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), impatient).await;
    let reply = node.client().try_send(half_header(), "half").await.unwrap();
    copies(&node, 3).await;
    node.stop().await;
    for name in ["consumerOffset.json", "consumerOffset.json.bak"] {
        std::fs::remove_file(dir.path().join("config").join(name)).ok();
    }
    let node = Node::start_with(dir.path(), impatient).await;
    let client = node.client();
    let halves = node.broker.store.max_offset(HALF, 0).unwrap();
    copies(&node, halves).await;
    end(&client, end_of(&reply, 8)).await;
    all_settled(&node).await;
    assert_eq!(delivered(&node, &client).await, 1);
    assert_eq!(node.broker.store.max_offset("TRANS_CHECK_MAX_TIME_TOPIC", 0), None, "nothing was left open");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_that_come_while_rounds_are_under_way_count_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| {
        impatient(config);
        config.transaction_check_max = 1_000_000;
    })
    .await;
    let client = node.client();
    let mut replies = Vec::new();
    for _ in 0..200 {
        replies.push(client.try_send(half_header(), "half").await.unwrap());
        for reply in replies.iter().rev().take(2) {
            end(&client, end_of(reply, 8)).await;
        }
    }
    all_settled(&node).await;
    assert_eq!(delivered(&node, &client).await, 200);
    node.stop().await;
}

#[tokio::test]
async fn a_transaction_that_was_given_up_may_still_be_committed_once() {
    let dir = tempfile::tempdir().unwrap();
    let give_up = |config: &mut BrokerConfig| {
        impatient(config);
        config.transaction_check_max = 1;
    };
    let node = Node::start_with(dir.path(), give_up).await;
    let reply = node.client().try_send(half_header(), "half").await.unwrap();
    eventually(async || node.broker.store.message_in_queue("TRANS_CHECK_MAX_TIME_TOPIC", 0, 0)).await;
    all_settled(&node).await;
    node.stop().await;
    let node = Node::start_with(dir.path(), give_up).await;
    let client = node.client();
    end(&client, end_of(&reply, 8)).await;
    end(&client, end_of(&reply, 8)).await;
    assert_eq!(delivered(&node, &client).await, 1);
    node.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_does_not_hold_for_half_messages() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let large = "x".repeat(2_000);
    let reply = node.client().try_send(half_header(), &large).await.unwrap();
    node.stop().await;
    let node = Node::start_with(dir.path(), |config| {
        impatient(config);
        config.max_message_size = 1_000;
    })
    .await;
    let client = node.client();
    copies(&node, 1).await;
    end(&client, end_of(&reply, 8)).await;
    let committed = eventually(async || pull_one(&client, 0).await).await;
    assert_eq!(bodies(&[committed]), [large]);
    node.stop().await;
}
