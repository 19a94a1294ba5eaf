//! Sends and what refuses them.

use bytes::Bytes;
use rmq::protocol::message::{BatchItem, MessageView, encode_batch_item};
use rmq::protocol::pull::{QueryMessage, QueryMessageHeader, ViewMessageById, ViewMessageHeader};
use rmq::protocol::send::{
    SendBatchMessage, SendMessage, SendMessageHeader, SendMessageV2, SendReplyMessageV2,
};

use super::node::{Node, TIMEOUT, bodies, heartbeat, messages, pull_header, refusal, send_header};

#[tokio::test]
async fn a_message_sent_is_the_message_pulled() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let header = send_header("T", &[("TAGS", "A"), ("UNIQ_KEY", "0A0B"), ("KEYS", "k1 k2")]);
    let sent =
        client.try_send(SendMessageHeader { flag: 7, sys_flag: 0x301, ..header }, "body").await.unwrap();
    assert_eq!((sent.queue_id, sent.queue_offset), (0, 0));
    assert_eq!(sent.transaction_id.as_deref(), Some("0A0B"));
    assert_eq!((sent.region.as_deref(), sent.trace_on.as_deref()), (Some("DefaultRegion"), Some("true")));
    let pulled = client.wait_for("G", "T", 0).await;
    assert_eq!(bodies(&pulled), ["body"]);
    let got = &pulled[0];
    assert_eq!((got.flag, got.sys_flag.0, got.born_timestamp), (7, 0x301, 1_000));
    assert_eq!(got.offset_id().to_string(), sent.msg_id);
    assert_eq!(got.tags(), Some("A"));
    assert_eq!(got.properties.get("CLUSTER"), Some("DefaultCluster"));
    assert_eq!(got.store_host.to_string(), node.addr);
    // The same message by its place and by its keys.
    let place = ViewMessageHeader { topic: None, offset: got.physical_offset };
    let viewed = client.pool.call::<ViewMessageById>(&node.addr, place, (), TIMEOUT).await.unwrap();
    assert_eq!(messages(viewed.body), pulled);
    for (key, unique) in [("k2", None), ("0A0B", Some(true))] {
        let query = QueryMessageHeader {
            topic: "T".into(),
            key: key.into(),
            max_num: 5,
            end_timestamp: i64::MAX,
            unique_key_query: unique,
            ..QueryMessageHeader::default()
        };
        node.broker.store.wait_dispatched();
        let found = client.pool.call::<QueryMessage>(&node.addr, query, (), TIMEOUT).await.unwrap();
        assert_eq!(messages(found.body), pulled, "{key}");
    }
    node.stop().await;
}

#[tokio::test]
async fn a_message_without_an_id_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let header = send_header("T", &[]);
    let answer = client
        .pool
        .call::<SendMessage>(&node.addr, header, Bytes::from_static(b"old header names"), TIMEOUT)
        .await
        .unwrap();
    let pulled = client.wait_for("G", "T", 0).await;
    assert_eq!(pulled[0].unique_key(), answer.header.transaction_id.as_deref());
    assert_eq!(answer.header.transaction_id.unwrap().len(), 32);
    node.stop().await;
}

#[tokio::test]
async fn a_batch_lies_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let mut body = Vec::new();
    for text in ["one", "two", "three"] {
        let item = BatchItem { flag: 0, body: text.as_bytes(), properties: "TAGS\u{1}x" };
        encode_batch_item(&item, &mut body).unwrap();
    }
    let header =
        SendMessageHeader { batch: Some(true), queue_id: 2, ..send_header("T", &[("WAIT", "true")]) };
    let header = header.into_v2(None);
    let sent =
        client.pool.call::<SendBatchMessage>(&node.addr, header, body.into(), TIMEOUT).await.unwrap().header;
    let ids: Vec<&str> = sent.msg_id.split(',').collect();
    assert_eq!((ids.len(), sent.queue_id, sent.queue_offset), (3, 2, 0));
    node.broker.store.wait_dispatched();
    let (_, _, pulled) =
        client.pull(rmq::protocol::pull::PullMessageHeader { queue_id: 2, ..pull_header("G", "T", 0) }).await;
    assert_eq!(bodies(&pulled), ["one", "two", "three"]);
    assert_eq!(pulled.iter().map(|m| m.offset_id().to_string()).collect::<Vec<_>>(), ids);
    assert_eq!(pulled[2].properties.to_raw(), "TAGS\u{1}x\u{2}", "its own properties and no others");
    node.stop().await;
}

#[tokio::test]
async fn what_is_refused_is_told_as_apache_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| {
        config.auto_create_topic_enable = false;
        config.max_message_size = 1_000;
    })
    .await;
    let client = node.client();
    let to = |topic: &str| send_header(topic, &[]);
    let table = [
        (to("Unknown"), "x".to_owned(), 17, "topic[Unknown] not exist, apply first please!\nSee "),
        (to("a b"), "x".to_owned(), 29, "contains illegal characters"),
        (
            to("SCHEDULE_TOPIC_XXXX"),
            "x".to_owned(),
            16,
            "Sending message to topic[SCHEDULE_TOPIC_XXXX] is forbidden.",
        ),
        (SendMessageHeader { queue_id: 99, ..to("SELF_TEST_TOPIC") }, "x".to_owned(), 16, "is forbidden"),
        (
            SendMessageHeader { queue_id: 9_999, ..to("BenchmarkTest") },
            "x".to_owned(),
            29,
            "request queueId[9999] is illegal, TopicConfig [topicName=BenchmarkTest",
        ),
        (to("BenchmarkTest"), "x".repeat(1_001), 13, "msg body length limit 1000B"),
        (to("BenchmarkTest"), String::new(), 13, "the message is illegal"),
        (send_header("BenchmarkTest", &[("a", &"x".repeat(33_000))]), "x".to_owned(), 13, "32KB"),
        (
            send_header("BenchmarkTest", &[("TIMER_DELAY_SEC", "259201")]),
            "x".to_owned(),
            13,
            "the delay time should not be bigger than the max delay 259200000ms",
        ),
    ];
    for (header, body, code, remark) in table {
        let topic = header.topic.clone();
        let (got, text) = refusal(client.try_send(header, &body).await);
        assert_eq!(got, code, "{topic}: {text}");
        assert!(text.contains(remark), "{text}");
    }
    node.stop().await;
}

#[tokio::test]
async fn with_synchronous_flush_the_disk_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let node =
        Node::start_with(dir.path(), |config| config.flush_disk_type = rmq::config::FlushDiskType::SyncFlush)
            .await;
    let client = node.client();
    let sent = client.send("T", "durable").await;
    let message = client.wait_for("G", "T", 0).await.remove(0);
    let end = message.physical_offset + i64::try_from(message.store_size).unwrap();
    assert!(node.broker.store.flushed() >= end, "{sent:?}");
    node.stop().await;
}

#[tokio::test]
async fn one_way_sends_are_stored_without_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let header = send_header("T", &[]).into_v2(None);
    client.pool.oneway::<SendMessageV2>(&node.addr, header, Bytes::from_static(b"gone")).await.unwrap();
    assert_eq!(bodies(&client.send_and_wait("T").await), ["gone", "after"]);
    let stored = node.broker.store.message_at(0).unwrap();
    assert_eq!(MessageView::parse(&stored).unwrap().body(), b"gone");
    node.stop().await;
}

impl super::node::Client {
    async fn send_and_wait(&self, topic: &str) -> Vec<rmq::protocol::message::Message> {
        self.send(topic, "after").await;
        loop {
            let found = self.wait_for("G", topic, 0).await;
            if found.len() == 2 {
                return found;
            }
        }
    }
}

#[tokio::test]
async fn a_reply_reaches_the_client_that_asked() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let (asking, mut pushed) = node.asked_client();
    asking.beat(heartbeat("asking", "G", "T")).await;
    let client = node.client();
    let reply = |to: &'static [(&'static str, &'static str)]| {
        let header = send_header("DefaultCluster_REPLY_TOPIC", to).into_v2(None);
        client.pool.call_any::<SendReplyMessageV2>(&client.addr, header, "yes".into(), TIMEOUT)
    };
    for (to, remark) in [
        (&[][..], "reply message properties[REPLY_TO_CLIENT] is null"),
        (&[("REPLY_TO_CLIENT", "gone")][..], "push reply message fail, channel of <gone> not found."),
    ] {
        let answer = reply(to).await.unwrap();
        assert_eq!((answer.code, answer.remark.as_deref()), (1, Some(remark)));
    }
    // The client takes no requests and answers nothing, but is asked.
    let asked = async {
        loop {
            let request = pushed.recv().await.unwrap();
            if request.code == 326 {
                break request;
            }
        }
    };
    let request = tokio::select! {
        answer = reply(&[("REPLY_TO_CLIENT", "asking")]) => panic!("answered before: {answer:?}"),
        request = asked => request,
    };
    assert_eq!(
        (request.ext.get("topic"), request.ext.get("storeHost")),
        (Some("DefaultCluster_REPLY_TOPIC"), Some(&*node.addr))
    );
    assert!(request.ext.get("properties").unwrap().contains("PUSH_REPLY_TIME"));
    node.stop().await;
}
