//! Messages sent back: again after a delay, or given up.

use rmq::protocol::send::{ConsumerSendMsgBack, SendBackHeader, SendMessageHeader};

use super::node::{Client, Node, TIMEOUT, bodies, refusal, send_header};

async fn send_back(client: &Client, header: SendBackHeader) -> Result<(), rmq::remoting::CallError> {
    client.pool.call::<ConsumerSendMsgBack>(&client.addr, header, (), TIMEOUT).await.map(drop)
}

fn back(offset: i64, level: i32) -> SendBackHeader {
    SendBackHeader { offset, group: "G".into(), delay_level: level, ..SendBackHeader::default() }
}

#[tokio::test]
async fn a_message_comes_back_in_the_retry_topic_and_ends_in_the_dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), |config| config.message_delay_level = "1s 1s 1s".into()).await;
    let client = node.client();
    let sent = client.try_send(send_header("T", &[("TAGS", "A"), ("UNIQ_KEY", "U")]), "work").await.unwrap();
    let first = client.wait_for("G", "T", 0).await.remove(0);
    send_back(&client, back(first.physical_offset, 0)).await.unwrap();
    let again = client.wait_for("G", "%RETRY%G", 0).await.remove(0);
    assert_eq!((again.topic.as_str(), again.reconsume_times), ("%RETRY%G", 1));
    assert_eq!(bodies(std::slice::from_ref(&again)), ["work"]);
    assert_eq!(again.properties.get("RETRY_TOPIC"), Some("T"));
    assert_eq!(again.properties.get("ORIGIN_MESSAGE_ID"), Some(sent.msg_id.as_str()));
    assert_eq!((again.tags(), again.unique_key()), (Some("A"), Some("U")));
    assert_eq!(again.properties.get("DELAY"), Some("3"));

    let last = SendBackHeader { max_reconsume_times: Some(1), ..back(again.physical_offset, 0) };
    send_back(&client, last).await.unwrap();
    let dead = client.wait_for("G", "%DLQ%G", 0).await.remove(0);
    assert_eq!((dead.reconsume_times, dead.properties.get("RETRY_TOPIC")), (2, Some("T")));
    assert_eq!(dead.properties.get("ORIGIN_MESSAGE_ID"), Some(sent.msg_id.as_str()));

    send_back(&client, back(first.physical_offset, -1)).await.unwrap();
    let dead = client.wait_for("G", "%DLQ%G", 1).await.remove(0);
    assert_eq!(dead.reconsume_times, 1);
    let (code, remark) = refusal(send_back(&client, back(i64::MAX, 0)).await);
    assert_eq!((code, remark.as_str()), (1, "look message by offset failed, 9223372036854775807"));
    node.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_to_the_retry_topic_itself_is_held_to_the_maximum() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    node.broker.find_group("G").unwrap();
    let retry = |times| SendMessageHeader {
        reconsume_times: Some(times),
        max_reconsume_times: Some(3),
        ..send_header("%RETRY%G", &[("UNIQ_KEY", "U")])
    };
    client.try_send(retry(3), "once more").await.unwrap();
    let reply = client.try_send(retry(4), "enough").await.unwrap();
    assert_eq!(reply.transaction_id.as_deref(), Some("U"));
    assert_eq!(bodies(&client.wait_for("G", "%RETRY%G", 0).await), ["once more"]);
    assert_eq!(bodies(&client.wait_for("G", "%DLQ%G", 0).await), ["enough"]);
    node.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_does_not_hold_for_what_is_sent_back() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let large = "x".repeat(2_000);
    node.client().send("T", &large).await;
    node.stop().await;
    let node = Node::start_with(dir.path(), |config| config.max_message_size = 1_000).await;
    let client = node.client();
    let first = client.wait_for("G", "T", 0).await.remove(0);
    send_back(&client, back(first.physical_offset, 1)).await.unwrap();
    send_back(&client, back(first.physical_offset, -1)).await.unwrap();
    assert_eq!(bodies(&client.wait_for("G", "%DLQ%G", 0).await), [large.as_str()]);
    assert_eq!(bodies(&client.wait_for("G", "%RETRY%G", 0).await), [large.as_str()]);
    node.stop().await;
}
