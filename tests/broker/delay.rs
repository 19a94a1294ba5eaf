//! Delayed messages.

use super::node::{Node, bodies, pull_header, refusal, send_header};

#[tokio::test]
async fn a_delayed_message_arrives_when_it_is_due_and_in_its_own_queue() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| config.message_delay_level = "1s 1h".into()).await;
    let client = node.client();
    client.send("T", "now").await;
    client.try_send(send_header("T", &[("DELAY", "1"), ("KEYS", "k")]), "later").await.unwrap();
    client.try_send(send_header("T", &[("DELAY", "99")]), "much later").await.unwrap();
    let waiting = node.broker.store.message_at(0).unwrap();
    assert_eq!(bodies(&client.wait_for("G", "T", 0).await), ["now"], "{} bytes", waiting.len());
    let delivered = client.wait_for("G", "T", 1).await.remove(0);
    assert_eq!(bodies(std::slice::from_ref(&delivered)), ["later"]);
    assert_eq!(delivered.properties.get("DELAY"), Some("1"));
    assert_eq!(delivered.properties.get("REAL_TOPIC"), Some("T"));
    assert_eq!(delivered.keys(), Some("k"));
    let schedule = |queue| node.broker.store.max_offset("SCHEDULE_TOPIC_XXXX", queue);
    assert_eq!((schedule(0), schedule(1)), (Some(1), Some(1)));
    assert_eq!(client.pull(pull_header("G", "T", 2)).await.0, 19);
    node.stop().await;
}

#[tokio::test]
async fn what_waits_outlives_the_broker_and_comes_once() {
    let dir = tempfile::tempdir().unwrap();
    let levels = |config: &mut rmq::config::BrokerConfig| config.message_delay_level = "1s 2s".into();
    let node = Node::start_with(dir.path(), levels).await;
    let client = node.client();
    client.try_send(send_header("T", &[("DELAY", "1")]), "first").await.unwrap();
    client.try_send(send_header("T", &[("DELAY", "2")]), "second").await.unwrap();
    client.wait_for("G", "T", 0).await;
    node.stop().await;
    let node = Node::start_with(dir.path(), levels).await;
    let client = node.client();
    assert_eq!(bodies(&client.wait_for("G", "T", 1).await), ["second"]);
    assert_eq!(node.broker.store.max_offset("T", 0), Some(2));
    node.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_does_not_hold_up_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let levels = |config: &mut rmq::config::BrokerConfig| config.message_delay_level = "1s 2s".into();
    let node = Node::start_with(dir.path(), levels).await;
    let client = node.client();
    let large = "x".repeat(2_000);
    for body in [&large, "small"] {
        client.try_send(send_header("T", &[("DELAY", "1")]), body).await.unwrap();
    }
    node.stop().await;
    let node = Node::start_with(dir.path(), |config| {
        levels(config);
        config.max_message_size = 1_000;
    })
    .await;
    let client = node.client();
    let mut found = client.wait_for("G", "T", 0).await;
    if found.len() < 2 {
        found.extend(client.wait_for("G", "T", 1).await);
    }
    assert_eq!(bodies(&found), [large.as_str(), "small"]);
    assert_eq!(refusal(client.try_send(send_header("T", &[]), &large).await).0, 13, "of clients it is asked");
    node.stop().await;
}
