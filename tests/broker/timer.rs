//! Messages with a delivery time of their own.

use std::time::{SystemTime, UNIX_EPOCH};

use rmq::protocol::send::SendMessageReply;
use rmq::protocol::timer::{
    GetTimerCheckPoint, GetTimerMetrics, RecallHandle, RecallMessage, RecallMessageHeader,
};
use rmq::remoting::CallError;

use super::node::{Client, Node, TIMEOUT, bodies, pull_header, refusal, send_header};

const TIMER: &str = "rmq_sys_wheel_timer";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Steps of a tenth of a second, so that nobody waits for long.
fn quick(config: &mut rmq::config::BrokerConfig) {
    config.timer_precision_ms = 100;
    config.recall_message_enable = true;
}

async fn send(client: &Client, property: (&str, &str), body: &str) -> SendMessageReply {
    client.try_send(send_header("T", &[property, ("KEYS", "k")]), body).await.unwrap()
}

async fn recall(client: &Client, topic: &str, handle: &str) -> Result<String, CallError> {
    let header = RecallMessageHeader {
        producer_group: Some("producers".into()),
        topic: topic.into(),
        recall_handle: handle.into(),
        broker_name: None,
    };
    let answer = client.pool.call::<RecallMessage>(&client.addr, header, (), TIMEOUT).await?;
    Ok(answer.header.msg_id)
}

#[tokio::test]
async fn timed_messages_come_in_the_order_of_their_times_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    let sent = now();
    send(&client, ("TIMER_DELAY_SEC", "1"), "third").await;
    send(&client, ("TIMER_DELIVER_MS", &(sent + 450).to_string()), "second").await;
    send(&client, ("TIMER_DELIVER_MS", &(sent - 5).to_string()), "first").await;
    let mut found = Vec::new();
    for offset in 0..3 {
        found.extend(client.wait_for("G", "T", offset).await);
    }
    assert_eq!(bodies(&found), ["first", "second", "third"]);
    assert!(found[1].store_timestamp >= sent + 450 && found[2].store_timestamp >= sent + 1_000);
    assert_eq!(found[2].properties.get("REAL_TOPIC"), Some("T"));
    assert!(found[2].properties.contains("TIMER_ENQUEUE_MS") && found[2].keys() == Some("k"));
    assert_eq!(node.broker.store.max_offset(TIMER, 0), Some(2));
    node.stop().await;
}

#[tokio::test]
async fn what_cannot_wait_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    let refused = |property: (&'static str, &'static str)| {
        let header = send_header("T", &[property]);
        async { refusal(client.try_send(header, "x").await) }
    };
    for property in [("TIMER_DELAY_SEC", "259201"), ("TIMER_DELAY_MS", "x"), ("TIMER_DELIVER_MS", "soon")] {
        let (code, remark) = refused(property).await;
        assert_eq!(code, 13, "{property:?}");
        assert!(remark.starts_with("timer message illegal, the delay time should not be bigger"), "{remark}");
    }
    client.try_send(send_header("T", &[("TIMER_DELAY_SEC", "259200")]), "the longest").await.unwrap();
    node.broker.change_config(|config| config.set("timerWheelEnable", "false").map(drop)).unwrap();
    let (code, remark) = refused(("TIMER_DELAY_SEC", "1")).await;
    assert_eq!((code, &*remark), (1, "accurate timer message is not enabled, timerWheelEnable is false"));
    node.stop().await;
}

#[tokio::test]
async fn what_waits_outlives_the_broker_and_comes_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    send(&client, ("TIMER_DELAY_MS", "60000"), "late").await;
    send(&client, ("TIMER_DELAY_MS", "300"), "first").await;
    send(&client, ("TIMER_DELAY_MS", "1500"), "second").await;
    client.wait_for("G", "T", 0).await;
    node.stop().await;
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    assert_eq!(bodies(&client.wait_for("G", "T", 1).await), ["second"]);
    assert_eq!(node.broker.store.max_offset("T", 0), Some(2));
    let metrics = client.pool.call::<GetTimerMetrics>(&node.addr, (), (), TIMEOUT).await.unwrap().body.0;
    assert_eq!(metrics.timing_count["T"].count, 1);
    // The first that waits is the first of the queue.
    let checkpoint = client.pool.call::<GetTimerCheckPoint>(&node.addr, (), (), TIMEOUT).await.unwrap().body;
    assert_eq!((checkpoint.len(), &checkpoint[16..32]), (56, &[0; 16][..]));
    node.stop().await;
}

#[tokio::test]
async fn a_message_is_recalled_by_its_handle() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    let due = (now() + 700).to_string();
    let recalled = send(&client, ("TIMER_DELIVER_MS", &due), "recalled").await;
    send(&client, ("TIMER_DELIVER_MS", &due), "kept").await;
    let handle = recalled.recall_handle.unwrap();
    assert_eq!(recall(&client, "T", &handle).await.unwrap(), recalled.transaction_id.unwrap());
    assert_eq!(bodies(&client.wait_for("G", "T", 0).await), ["kept"]);
    assert_eq!(client.pull(pull_header("G", "T", 1)).await.0, 19);
    assert_eq!(client.send("T", "plain").await.recall_handle, None);
    node.stop().await;
}

#[tokio::test]
async fn recalls_that_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "x").await;
    client.send("U", "x").await;
    let handle = |topic: &str, broker: &str, timestamp: i64| {
        let (topic, broker_name) = (topic.into(), broker.into());
        RecallHandle { topic, broker_name, timestamp: timestamp.to_string(), unique_id: "A".into() }.encode()
    };
    let soon = now() + 60_000;
    let table = [
        ("T", "?".to_owned(), 604, "recall handle is invalid"),
        ("None", handle("None", "broker-a", soon), 17, "recall failed, the topic[None] not exist"),
        ("U", handle("T", "broker-a", soon), 604, "recall failed, topic not match"),
        ("T", handle("T", "broker-b", soon), 604, "recall failed, broker service not available"),
        ("T", handle("T", "broker-a", now() - 1), 604, "recall failed, timestamp invalid"),
        ("T", handle("T", "broker-a", now() + 260_000_000), 604, "recall failed, timestamp invalid"),
    ];
    for (topic, handle, code, remark) in table {
        assert_eq!(refusal(recall(&client, topic, &handle).await), (code, remark.to_owned()));
    }
    node.broker.change_config(|config| config.set("recallMessageEnable", "false").map(drop)).unwrap();
    let refused = refusal(recall(&client, "T", &handle("T", "broker-a", soon)).await);
    assert_eq!(refused, (16, "recall failed, operation is forbidden".to_owned()));
    node.stop().await;
}

#[tokio::test]
async fn a_message_that_waits_for_long_is_stored_anew() {
    let dir = tempfile::tempdir().unwrap();
    let narrow = |config: &mut rmq::config::BrokerConfig| {
        quick(config);
        config.timer_roll_window_slot = 6;
    };
    let node = Node::start_with(dir.path(), narrow).await;
    let client = node.client();
    let sent = now();
    send(&client, ("TIMER_DELAY_MS", "1500"), "patient").await;
    let found = client.wait_for("G", "T", 0).await.remove(0);
    assert!(found.store_timestamp >= sent + 1_500);
    let rolled: i32 = found.properties.get("TIMER_ROLL_TIMES").unwrap().parse().unwrap();
    assert!(rolled >= 1);
    assert_eq!(node.broker.store.max_offset(TIMER, 0), Some(i64::from(rolled) + 1));
    node.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_loses_nothing_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let large = "x".repeat(2_000);
    send(&node.client(), ("TIMER_DELAY_MS", "900"), &large).await;
    node.stop().await;
    let node = Node::start_with(dir.path(), |config| {
        quick(config);
        config.max_message_size = 1_000;
    })
    .await;
    let client = node.client();
    send(&client, ("TIMER_DELAY_MS", "1500"), "small").await;
    assert_eq!(bodies(&client.wait_for("G", "T", 0).await), [large.as_str()]);
    node.stop().await;
}
