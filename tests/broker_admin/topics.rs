//! Topics: created, changed, paged, deleted.

use rmq::protocol::body::Json;
use rmq::protocol::queue::{MessageQueue, QueueKey};
use rmq::protocol::topic::{
    CreateTopicHeader, DeleteTopicInBroker, GetAllTopicConfig, GetTopicConfig, GetTopicStatsInfo,
    QueryConsumeQueue, QueryConsumeQueueHeader, QueryTopicConsumeByWho, TopicConfig, TopicConfigList,
    TopicHeader, TopicPageHeader, UpdateAndCreateTopic, UpdateAndCreateTopicList,
};

use super::ask;
use crate::broker::node::{Client, Node, refusal};

fn topic(name: &str) -> TopicHeader {
    TopicHeader { topic: name.into() }
}

pub fn create(name: &str, attributes: Option<&str>) -> CreateTopicHeader {
    CreateTopicHeader {
        topic: name.into(),
        default_topic: "TBW102".into(),
        read_queue_nums: 2,
        write_queue_nums: 2,
        perm: 6,
        topic_filter_type: "SINGLE_TAG".into(),
        attributes: attributes.map(Into::into),
        ..CreateTopicHeader::default()
    }
}

async fn config(client: &Client, name: &str) -> TopicConfig {
    ask::<GetTopicConfig>(client, topic(name), ()).await.unwrap().body.0.config
}

#[tokio::test]
async fn a_topic_is_created_changed_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let answer = ask::<UpdateAndCreateTopic>(&client, create("T", Some("+message.type=FIFO")), ()).await;
    assert_eq!(answer.unwrap().remark.as_deref(), Some("not set any response code"));
    assert_eq!(config(&client, "T").await.attributes["message.type"], "FIFO");
    ask::<UpdateAndCreateTopic>(&client, create("T", Some("-message.type")), ()).await.unwrap();
    assert!(config(&client, "T").await.attributes.is_empty());
    client.send("T", "x").await;
    ask::<DeleteTopicInBroker>(&client, topic("T"), ()).await.unwrap();
    ask::<DeleteTopicInBroker>(&client, topic("T"), ()).await.unwrap();
    let gone = refusal(ask::<GetTopicConfig>(&client, topic("T"), ()).await);
    assert_eq!(gone, (17, "No topic in this broker. topic: T".into()));
    let gone = refusal(ask::<GetTopicStatsInfo>(&client, topic("T"), ()).await);
    assert_eq!(gone, (17, "topic[T] not exist".into()));
    node.stop().await;
}

#[tokio::test]
async fn what_apache_refuses_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let table = [
        (create("T", Some("+foo=1")), 1, "unsupported key: foo"),
        (
            create("T", Some("-message.type")),
            1,
            "only add attribute is supported while creating topic. key: message.type",
        ),
        (create("T", Some("+message.type=MIXED")), 29, "MIXED message type is not supported."),
        (create("broker-a", None), 29, "The topic[broker-a] is conflict with system topic."),
        (create(" ", None), 29, "The specified topic is blank."),
    ];
    for (header, code, remark) in table {
        let refused = refusal(ask::<UpdateAndCreateTopic>(&client, header, ()).await);
        assert_eq!(refused, (code, remark.to_owned()));
    }
    let refused = refusal(ask::<DeleteTopicInBroker>(&client, topic("TBW102"), ()).await);
    assert_eq!(refused, (29, "The topic[TBW102] is conflict with system topic.".into()));
    node.stop().await;
}

#[tokio::test]
async fn a_list_is_taken_whole_or_not_at_all_by_its_names() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let list = |names: &[&str]| {
        Json(TopicConfigList { topic_config_list: names.iter().map(|n| TopicConfig::new(*n, 4)).collect() })
    };
    ask::<UpdateAndCreateTopicList>(&client, (), list(&["A", "B"])).await.unwrap();
    assert_eq!(config(&client, "B").await.write_queue_nums, 4);
    let refused = refusal(ask::<UpdateAndCreateTopicList>(&client, (), list(&["C", "D!"])).await);
    assert_eq!(refused.0, 29);
    assert!(ask::<GetTopicConfig>(&client, topic("C"), ()).await.is_err());
    node.stop().await;
}

#[tokio::test]
async fn the_table_is_given_whole_or_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let all = ask::<GetAllTopicConfig>(&client, TopicPageHeader::default(), ()).await.unwrap();
    let names: Vec<_> = all.body.0.topic_config_table.keys().cloned().collect();
    assert_eq!(all.header.total_topic_num, Some(i32::try_from(names.len()).unwrap()));
    let mut paged = Vec::new();
    let mut version = String::new();
    while paged.len() < names.len() {
        let header = TopicPageHeader {
            topic_seq: Some(i32::try_from(paged.len()).unwrap()),
            data_version: Some(version),
            max_topic_num: Some(4),
        };
        let page = ask::<GetAllTopicConfig>(&client, header, ()).await.unwrap().body.0;
        version = serde_json::to_string(&page.data_version).unwrap();
        paged.extend(page.topic_config_table.into_keys());
    }
    assert_eq!(paged, names);
    node.stop().await;
}

#[tokio::test]
async fn what_lies_in_a_topic_and_who_consumes_it() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    ask::<UpdateAndCreateTopic>(&client, create("T", None), ()).await.unwrap();
    let entries = |queue_id, index| QueryConsumeQueueHeader {
        topic: "T".into(),
        queue_id,
        index,
        count: 5,
        consumer_group: None,
    };
    let empty = ask::<QueryConsumeQueue>(&client, entries(0, 0), ()).await.unwrap();
    assert_eq!(empty.remark.as_deref(), Some("Index 0 of 0@T is not exist!"));
    let none = refusal(ask::<QueryConsumeQueue>(&client, entries(7, 0), ()).await);
    assert_eq!(none, (1, "7@T is not exist!".into()));
    for body in ["a", "b"] {
        client.send("T", body).await;
    }
    client.wait_for("g", "T", 1).await;
    let stats = ask::<GetTopicStatsInfo>(&client, topic("T"), ()).await.unwrap().body.0.offset_table;
    let key =
        |queue_id| QueueKey(MessageQueue { topic: "T".into(), broker_name: "broker-a".into(), queue_id });
    assert_eq!((stats[&key(0)].min_offset, stats[&key(0)].max_offset), (0, 2));
    assert!(stats[&key(0)].last_update_timestamp > 1_600_000_000_000);
    assert_eq!((stats[&key(1)].max_offset, stats[&key(1)].last_update_timestamp, stats.len()), (0, 0, 2));
    let found = ask::<QueryConsumeQueue>(&client, entries(0, 1), ()).await.unwrap().body.unwrap().0;
    assert_eq!((found.max_queue_index, found.queue_data.unwrap().len()), (2, 1));
    let beyond = ask::<QueryConsumeQueue>(&client, entries(0, 7), ()).await.unwrap();
    assert!(beyond.body.is_none(), "a success without a body");
    assert_eq!(beyond.remark.as_deref(), Some("Index 7 of 0@T is not exist!"));
    node.broker.offsets.commit("g", "T", 0, 1, 0);
    let groups = ask::<QueryTopicConsumeByWho>(&client, topic("T"), ()).await.unwrap().body.0;
    assert_eq!(groups.group_list, ["g"]);
    node.stop().await;
}
