//! Pop consumption.

use std::time::{Duration, Instant};

use base64::Engine as _;
use rmq::config::BrokerConfig;
use rmq::protocol::body::Json;
use rmq::protocol::group::{MessageRequestMode, RequestMode, SetMessageRequestMode};
use rmq::protocol::message::Message;
use rmq::protocol::pop::{
    AckHeader, AckMessage, AssignmentQuery, BatchAck, BatchAckMessage, BatchAcks, ChangeInvisibleHeader,
    ChangeInvisibleReply, ChangeInvisibleTime, Notification, NotificationHeader, PeekHeader, PeekMessage,
    PollingInfo, PollingInfoHeader, PopHandle, PopHeader, PopMessage, PopReply, PopTopic, QueryAssignment,
};
use rmq::remoting::CallError;

use super::node::{Client, Node, TIMEOUT, bodies, heartbeat, messages, refusal, send_header};

const REVIVE: &str = "rmq_sys_REVIVE_LOG_DefaultCluster";
const LONG: i64 = 60_000;

/// Steps of a tenth of a second, so that nobody waits for long.
fn quick(config: &mut BrokerConfig) {
    config.timer_precision_ms = 100;
}

fn pop_header(invisible_time: i64) -> PopHeader {
    PopHeader {
        consumer_group: "G".into(),
        topic: "T".into(),
        queue_id: -1,
        max_msg_nums: 32,
        invisible_time,
        ..PopHeader::default()
    }
}

/// Messages that were popped, and how.
struct Popped {
    code: i32,
    reply: PopReply,
    messages: Vec<Message>,
}

impl Popped {
    fn bodies(&self) -> Vec<String> {
        bodies(&self.messages)
    }

    /// The handle of a message, as clients put it together.
    fn handle(&self, message: &Message) -> PopHandle {
        if let Some(handle) = message.properties.get("POP_CK") {
            return PopHandle::parse(handle).unwrap();
        }
        let starts = self.reply.start_offset_info.as_deref().unwrap();
        let start = starts.split(';').find_map(|one| {
            let parts: Vec<&str> = one.split(' ').collect();
            (parts[1] == message.queue_id.to_string()).then(|| parts[2].parse().unwrap())
        });
        PopHandle {
            start_offset: start.unwrap(),
            pop_time: self.reply.pop_time,
            invisible_time: self.reply.invisible_time,
            revive_queue: self.reply.revive_qid,
            topic: PopTopic::Normal,
            broker_name: "broker-a".into(),
            queue_id: message.queue_id,
            offset: Some(message.queue_offset),
        }
    }
}

fn topic_of(handle: &PopHandle) -> String {
    match handle.topic {
        PopTopic::Normal => "T".into(),
        PopTopic::RetryV1 => "%RETRY%G_T".into(),
        PopTopic::RetryV2 => "%RETRY%G+T".into(),
    }
}

async fn pop(client: &Client, header: PopHeader) -> Popped {
    let answer = client.pool.call_any::<PopMessage>(&client.addr, header, (), TIMEOUT).await.unwrap();
    Popped { code: answer.code, reply: answer.header, messages: messages(answer.body) }
}

/// Pops until there is something.
async fn pop_some(client: &Client, invisible_time: i64) -> Popped {
    loop {
        let popped = pop(client, PopHeader { poll_time: 15_000, ..pop_header(invisible_time) }).await;
        if popped.code == 0 {
            return popped;
        }
    }
}

async fn ack(client: &Client, handle: &PopHandle) -> Result<(), CallError> {
    let header = AckHeader {
        consumer_group: "G".into(),
        topic: topic_of(handle),
        queue_id: handle.queue_id,
        extra_info: handle.to_string(),
        offset: handle.offset.unwrap(),
        broker_name: None,
    };
    client.pool.call::<AckMessage>(&client.addr, header, (), TIMEOUT).await.map(drop)
}

async fn change(client: &Client, handle: &PopHandle, invisible_time: i64) -> ChangeInvisibleReply {
    let header = ChangeInvisibleHeader {
        consumer_group: "G".into(),
        topic: topic_of(handle),
        queue_id: handle.queue_id,
        extra_info: handle.to_string(),
        offset: handle.offset.unwrap(),
        invisible_time,
        suspend: None,
        broker_name: None,
    };
    client.pool.call::<ChangeInvisibleTime>(&client.addr, header, (), TIMEOUT).await.unwrap().header
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    for body in ["a", "b", "c"] {
        client.try_send(send_header("T", &[("TAGS", "X")]), body).await.unwrap();
    }
    let first = pop_some(&client, 1_500).await;
    let mut got = first.bodies();
    if got.len() < 3 {
        got.extend(pop_some(&client, 1_500).await.bodies());
    }
    assert_eq!(got, ["a", "b", "c"]);
    assert_eq!(pop(&client, pop_header(1_500)).await.code, 210, "the others get nothing meanwhile");
    let b = &first.messages[0];
    ack(&client, &first.handle(b)).await.unwrap();
    let mut again = Vec::new();
    while again.len() < 2 {
        let popped = pop_some(&client, LONG).await;
        for message in &popped.messages {
            assert_eq!((message.topic.as_str(), message.reconsume_times), ("T", 1));
            assert!(message.properties.contains("1ST_POP_TIME") && message.tags() == Some("X"));
            let handle = popped.handle(message);
            assert_eq!(handle.topic, PopTopic::RetryV1);
            ack(&client, &handle).await.unwrap();
        }
        again.extend(popped.bodies());
    }
    again.sort();
    assert_eq!(again, ["b", "c"]);
    assert_eq!(pop(&client, pop_header(LONG)).await.code, 210);
    node.stop().await;
}

#[tokio::test]
async fn what_was_popped_outlives_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    for body in ["acknowledged", "open"] {
        client.send("T", body).await;
    }
    let mut popped = pop_some(&client, 2_000).await;
    if popped.messages.len() == 1 {
        popped.messages.extend(pop_some(&client, 2_000).await.messages);
    }
    let handle = popped.handle(&popped.messages[0]);
    ack(&client, &handle).await.unwrap();
    node.stop().await;
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    assert_eq!(pop_some(&client, LONG).await.bodies(), ["open"]);
    assert_eq!(pop(&client, pop_header(LONG)).await.code, 210);
    assert!(node.broker.store.max_offset(REVIVE, handle.revive_queue).is_some_and(|max| max >= 2));
    node.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_loses_nothing_that_was_popped() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let large = "x".repeat(2_000);
    let client = node.client();
    client.send("T", &large).await;
    assert_eq!(pop_some(&client, 1_000).await.bodies(), [large.as_str()]);
    node.stop().await;
    let node = Node::start_with(dir.path(), |config| {
        quick(config);
        // Less than the record of a pop has, too.
        config.max_message_size = 10;
    })
    .await;
    let again = pop_some(&node.client(), LONG).await;
    assert_eq!((again.bodies(), again.messages[0].reconsume_times), (vec![large], 1));
    node.stop().await;
}

#[tokio::test]
async fn a_message_whose_time_is_changed_in_the_ms_it_was_popped_in_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "a").await;
    let popped = pop_some(&client, 1_000).await;
    let mut handle = popped.handle(&popped.messages[0]);
    for _ in 0..20 {
        let changed = change(&client, &handle, 1_000).await;
        assert!(changed.pop_time > handle.pop_time);
        handle = PopHandle { start_offset: 0, pop_time: changed.pop_time, invisible_time: 1_000, ..handle };
    }
    assert_eq!(pop_some(&client, LONG).await.bodies(), ["a"]);
    assert_eq!(pop(&client, pop_header(LONG)).await.code, 210);
    node.stop().await;
}

#[tokio::test]
async fn a_held_pop_gets_the_next_message_that_it_wants() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.try_send(send_header("T", &[("TAGS", "B")]), "unwanted").await.unwrap();
    let wanted = PopHeader { exp: Some("A".into()), poll_time: 15_000, ..pop_header(LONG) };
    let info = || async {
        let header = PollingInfoHeader {
            consumer_group: "G".into(),
            topic: "T".into(),
            queue_id: -1,
            broker_name: None,
        };
        client.pool.call::<PollingInfo>(&client.addr, header, (), TIMEOUT).await.unwrap().header.polling_num
    };
    let send = async {
        while info().await == 0 {
            tokio::task::yield_now().await;
        }
        client.try_send(send_header("T", &[("TAGS", "B")]), "unwanted, too").await.unwrap();
        client.try_send(send_header("T", &[("TAGS", "A")]), "wanted").await.unwrap();
    };
    let (popped, ()) = tokio::join!(pop(&client, wanted), send);
    assert_eq!((popped.code, popped.bodies()), (0, vec!["wanted".to_owned()]));
    assert_eq!(info().await, 0);
    let late = PopHeader { poll_time: 100, ..pop_header(LONG) };
    let began = Instant::now();
    assert_eq!(pop(&client, late).await.code, 210);
    assert!(began.elapsed() < Duration::from_secs(10));
    node.stop().await;
}

#[tokio::test]
async fn messages_are_taken_by_their_properties() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    for number in ["1", "5", "9"] {
        client.try_send(send_header("T", &[("a", number)]), number).await.unwrap();
    }
    let wanted = PopHeader {
        exp: Some("a BETWEEN 4 AND 6".into()),
        exp_type: Some("SQL92".into()),
        poll_time: 15_000,
        ..pop_header(LONG)
    };
    assert_eq!(pop(&client, wanted).await.bodies(), ["5"]);
    node.stop().await;
}

#[tokio::test]
async fn invisible_time_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "a").await;
    let popped = pop_some(&client, LONG).await;
    let handle = popped.handle(&popped.messages[0]);
    let changed = change(&client, &handle, 1_200).await;
    assert_eq!((changed.invisible_time, changed.revive_qid), (1_200, handle.revive_queue));
    let again = pop_some(&client, LONG).await;
    assert_eq!((again.bodies(), again.messages[0].reconsume_times), (vec!["a".to_owned()], 1));
    // The new handle is what counts.
    let renewed = change(&client, &again.handle(&again.messages[0]), LONG).await;
    let handle = PopHandle {
        start_offset: again.messages[0].queue_offset,
        pop_time: renewed.pop_time,
        invisible_time: renewed.invisible_time,
        ..again.handle(&again.messages[0])
    };
    ack(&client, &handle).await.unwrap();
    node.stop().await;
}

#[tokio::test]
async fn several_messages_are_acknowledged_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    for body in ["a", "b", "c"] {
        client.send("T", body).await;
    }
    while node.broker.store.max_offset("T", 0) != Some(3) {
        tokio::task::yield_now().await;
    }
    let popped = pop_some(&client, 1_300).await;
    assert_eq!(popped.messages.len(), 3);
    let handle = popped.handle(&popped.messages[0]);
    let batch = BatchAck {
        consumer_group: "G".into(),
        topic: "T".into(),
        retry: "0".into(),
        start_offset: handle.start_offset,
        queue_id: 0,
        revive_queue_id: handle.revive_queue,
        pop_time: handle.pop_time,
        invisible_time: handle.invisible_time,
        // The first and the third.
        bit_set: base64::engine::general_purpose::STANDARD.encode([0b101]),
    };
    let acks = BatchAcks { broker_name: Some("broker-a".into()), acks: vec![batch] };
    client.pool.call::<BatchAckMessage>(&client.addr, (), Json(acks), TIMEOUT).await.unwrap();
    assert_eq!(pop_some(&client, LONG).await.bodies(), ["b"]);
    let none = Json(BatchAcks::default());
    let refused = client.pool.call::<BatchAckMessage>(&client.addr, (), none, TIMEOUT).await;
    assert_eq!(refusal(refused.map(drop)).0, 208);
    node.stop().await;
}

#[tokio::test]
async fn an_ordered_queue_gives_nothing_until_it_is_acknowledged_or_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    for body in ["a", "b"] {
        client.send("T", body).await;
    }
    let ordered = |attempt: &str, invisible_time| PopHeader {
        order: Some(true),
        max_msg_nums: 1,
        poll_time: 10_000,
        attempt_id: Some(attempt.into()),
        ..pop_header(invisible_time)
    };
    let first = pop(&client, ordered("1", LONG)).await;
    assert_eq!((first.bodies(), first.reply.revive_qid), (vec!["a".to_owned()], 999));
    assert_eq!(first.reply.order_count_info.as_deref(), Some("0 0 0"));
    let blocked = pop(&client, PopHeader { poll_time: 0, ..ordered("2", LONG) }).await;
    assert_eq!(blocked.code, 210);
    let same = pop(&client, ordered("1", LONG)).await;
    assert_eq!(same.bodies(), ["a"], "the same attempt gets the same");
    let handle = same.handle(&same.messages[0]);
    // What waits gets the next as soon as this is acknowledged.
    let (second, done) = tokio::join!(pop(&client, ordered("3", 700)), ack(&client, &handle));
    done.unwrap();
    assert_eq!(second.bodies(), ["b"]);
    // And the same again once its time is over.
    let third = pop(&client, ordered("4", LONG)).await;
    assert_eq!(third.bodies(), ["b"]);
    assert_eq!(third.reply.order_count_info.as_deref(), Some("0 qo0%1 1;0 0 1"));
    let unknown = PopHandle { offset: Some(2), ..third.handle(&third.messages[0]) };
    let (code, remark) = refusal(ack(&client, &unknown).await);
    assert!(code == 13 && remark.starts_with("offset is illegal, key:T@G@0, old:1, commit:2"), "{remark}");
    let changed = change(&client, &third.handle(&third.messages[0]), 300).await;
    assert!(changed.invisible_time >= 300);
    assert_eq!(pop(&client, ordered("5", LONG)).await.bodies(), ["b"]);
    node.stop().await;
}

#[tokio::test]
async fn what_is_there_is_told_and_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "a").await;
    client.wait_for("Other", "T", 0).await;
    let peek = PeekHeader {
        consumer_group: "G".into(),
        topic: "T".into(),
        queue_id: -1,
        max_msg_nums: 4,
        broker_name: None,
    };
    let peeked = client.pool.call_any::<PeekMessage>(&client.addr, peek.clone(), (), TIMEOUT).await.unwrap();
    assert_eq!((peeked.header.rest_num, bodies(&messages(peeked.body))), (1, vec!["a".to_owned()]));
    let notify = |poll_time| {
        let header = NotificationHeader {
            consumer_group: "G".into(),
            topic: "T".into(),
            queue_id: -1,
            poll_time,
            ..NotificationHeader::default()
        };
        async {
            client.pool.call::<Notification>(&client.addr, header, (), TIMEOUT).await.unwrap().header.has_msg
        }
    };
    assert!(notify(0).await);
    assert_eq!(pop_some(&client, LONG).await.bodies(), ["a"]);
    assert!(!notify(0).await);
    let empty = client.pool.call_any::<PeekMessage>(&client.addr, peek, (), TIMEOUT).await.unwrap();
    assert_eq!(empty.code, 19);
    let send = async {
        tokio::task::yield_now().await;
        client.send("T", "b").await;
    };
    let (told, ()) = tokio::join!(notify(15_000), send);
    assert!(told);
    node.stop().await;
}

#[tokio::test]
async fn what_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "a").await;
    node.broker.store.wait_dispatched();
    let table = [
        (PopHeader { topic: "None".into(), ..pop_header(LONG) }, 17, "topic[None] not exist"),
        (PopHeader { queue_id: 99, ..pop_header(LONG) }, 29, "queueId[99] is illegal, topic:[T]"),
        (PopHeader { max_msg_nums: 33, ..pop_header(LONG) }, 29, "num is greater than 32"),
        (PopHeader { exp: Some("||".into()), ..pop_header(LONG) }, 23, "parse the consumer's subscription"),
        (
            PopHeader { exp: Some("a >".into()), exp_type: Some("SQL92".into()), ..pop_header(LONG) },
            23,
            "parse the consumer's subscription",
        ),
        (PopHeader { born_time: Some(1_000), ..pop_header(LONG) }, 210, "is timeout too much"),
        (pop_header(300_000_000), 13, "the delay time should not be bigger"),
    ];
    for (header, code, remark) in table {
        let answer = client.pool.call::<PopMessage>(&client.addr, header, (), TIMEOUT).await;
        let (got, text) = refusal(answer.map(drop));
        assert_eq!(got, code, "{text}");
        assert!(text.contains(remark), "{text}");
    }
    let handle =
        |queue_id, offset| PopHandle::parse(&format!("0 1 2 3 0 broker-a {queue_id} {offset}")).unwrap();
    assert_eq!(refusal(ack(&client, &handle(99, 0)).await).0, 13);
    assert_eq!(refusal(ack(&client, &handle(0, 5)).await).0, 208);
    node.stop().await;
}

#[tokio::test]
async fn members_are_told_their_queues_and_how_to_get_their_messages() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_with(dir.path(), quick).await;
    let client = node.client();
    client.send("T", "a").await;
    client.beat(heartbeat("me", "G", "T")).await;
    let ask = |model: &str| {
        let query = AssignmentQuery {
            topic: "T".into(),
            consumer_group: "G".into(),
            client_id: "me".into(),
            strategy_name: Some("AVG".into()),
            message_model: model.into(),
        };
        async {
            let answer = client.pool.call::<QueryAssignment>(&client.addr, (), Json(query), TIMEOUT).await;
            let found = answer.unwrap().body.0.message_queue_assignments.unwrap();
            found.into_iter().map(|one| (one.message_queue.queue_id, one.mode)).collect::<Vec<_>>()
        }
    };
    let pull = |queue| (queue, MessageRequestMode::Pull);
    assert_eq!(ask("CLUSTERING").await, [pull(0), pull(1), pull(2), pull(3)]);
    let mode = RequestMode {
        topic: "T".into(),
        consumer_group: "G".into(),
        mode: MessageRequestMode::Pop,
        pop_share_queue_num: 0,
    };
    client.pool.call::<SetMessageRequestMode>(&client.addr, (), Json(mode), TIMEOUT).await.unwrap();
    assert_eq!(ask("CLUSTERING").await, [(-1, MessageRequestMode::Pop)]);
    assert_eq!(ask("BROADCASTING").await.len(), 4);
    node.stop().await;
}

#[tokio::test]
async fn retry_topics_of_the_second_kind() {
    let dir = tempfile::tempdir().unwrap();
    let v2 = |config: &mut BrokerConfig| {
        quick(config);
        config.enable_retry_topic_v2 = true;
    };
    let node = Node::start_with(dir.path(), v2).await;
    let client = node.client();
    client.send("T", "a").await;
    pop_some(&client, 1_100).await;
    let again = pop_some(&client, LONG).await;
    assert_eq!(again.handle(&again.messages[0]).topic, PopTopic::RetryV2);
    assert_eq!(again.messages[0].topic, "T");
    node.stop().await;
}
