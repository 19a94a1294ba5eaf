//! The configuration, told and changed.

use rmq::config::parse_properties;
use rmq::protocol::broker::{GetBrokerConfig, UpdateBrokerConfig};
use rmq::protocol::topic::DataVersion;
use rmq::protocol::upkeep::{SwitchTimerEngine, TimerEngineHeader};

use super::ask;
use crate::broker::node::{Client, Node, refusal};

async fn told(client: &Client, key: &str) -> (Option<String>, i64) {
    let answer = ask::<GetBrokerConfig>(client, (), ()).await.unwrap();
    let version: DataVersion = serde_json::from_str(&answer.header.version).unwrap();
    let settings = parse_properties(&answer.body).unwrap();
    (settings.into_iter().find(|setting| setting.key == key).map(|setting| setting.value), version.counter)
}

#[tokio::test]
async fn a_change_is_in_force_and_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broker.conf");
    std::fs::write(&file, "# ours\nautoCreateTopicEnable=true\n").unwrap();
    let node = Node::start_with(dir.path(), |config| config.file = Some(file.clone())).await;
    let client = node.client();
    assert_eq!(told(&client, "autoCreateTopicEnable").await, (Some("true".into()), 0));
    client.send("Before", "x").await;
    ask::<UpdateBrokerConfig>(&client, (), "autoCreateTopicEnable=false\n".into()).await.unwrap();
    assert_eq!(told(&client, "autoCreateTopicEnable").await, (Some("false".into()), 1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# ours\nautoCreateTopicEnable=false\n");
    let header = crate::broker::node::send_header("After", &[]);
    assert_eq!(refusal(client.try_send(header, "x").await).0, 17);
    ask::<UpdateBrokerConfig>(&client, (), "fileReservedTime=24\nmaxMessageSize=10".into()).await.unwrap();
    let store = node.broker.store.settings();
    assert_eq!((store.file_reserved_time, store.max_message_size), (24, 10));
    let header = crate::broker::node::send_header("Before", &[]);
    assert_eq!(refusal(client.try_send(header, "more than ten").await).0, 13);
    node.stop().await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_or_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let refused = refusal(ask::<UpdateBrokerConfig>(&client, (), "rocketmqHome=/x".into()).await);
    assert_eq!(refused, (16, "Can not update config in black list.".into()));
    let answer = ask::<UpdateBrokerConfig>(&client, (), "noSuchKey=1".into()).await.unwrap();
    assert_eq!(answer.remark, None);
    let answer = ask::<UpdateBrokerConfig>(&client, (), "fileReservedTime=abc".into()).await.unwrap();
    assert!(answer.remark.unwrap().contains("fileReservedTime"));
    assert_eq!(told(&client, "fileReservedTime").await.0.as_deref(), Some("72"));
    node.stop().await;
}

#[tokio::test]
async fn a_switch_of_the_timer_engine_changes_settings_as_in_apaches_broker() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    assert_eq!(told(&client, "timerRocksDBStopScan").await.0.as_deref(), Some("false"));
    let files = TimerEngineHeader { engine: Some("F".into()) };
    let answer = ask::<SwitchTimerEngine>(&client, files, ()).await.unwrap();
    assert_eq!(answer.remark.as_deref(), Some("switch timer engine success"));
    assert_eq!(told(&client, "timerRocksDBStopScan").await, (Some("true".into()), 1));
    assert_eq!(told(&client, "timerStopEnqueue").await.0.as_deref(), Some("false"));
    node.stop().await;
}
