//! Members of a group: sharing queues, retries, and what brokers ask of them.

use super::cluster::{Cluster, body, next, soon, until};
use std::collections::BTreeSet;

use bytes::Bytes;
use rmq::client::consumer::{ConsumerOptions, StartFrom};
use rmq::client::producer::{Draft, Target};
use rmq::protocol::fastjson;
use rmq::protocol::group::{
    ConsumeDirectlyHeader, ConsumeMessageDirectly, ConsumerStatusHeader, GetConsumerRunningInfo,
    InvokeBrokerToGetConsumerStatus, InvokeBrokerToResetOffset, ResetOffsetHeader, RunningInfoHeader,
};
use rmq::protocol::running::ConsumerRunningInfo;

#[tokio::test(flavor = "multi_thread")]
async fn members_share_the_queues_and_hand_them_over() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["x"]).await;
    let (first, mut first_events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    soon(first.assigned()).await;
    first.done(next(&mut first_events).await);
    let of_topic = |queues: Vec<rmq::protocol::queue::MessageQueue>| -> BTreeSet<_> {
        queues.into_iter().filter(|queue| queue.topic == "T").collect()
    };
    let all = of_topic(first.queues());
    assert_eq!(all.len(), 4);
    let (second, mut second_events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    until(|| of_topic(first.queues()).len() == 2 && of_topic(second.queues()).len() == 2).await;
    let both: BTreeSet<_> = &of_topic(first.queues()) | &of_topic(second.queues());
    assert_eq!(both, all);

    let producer = cluster.producer();
    for queue in &all {
        let draft = Draft::new("T", queue.queue_id.to_string());
        producer.send(draft, &Target::Queue(queue.clone())).await.unwrap();
    }
    // The new owner of a queue may have asked for its offset before the old one had committed it.
    let mut came = Vec::new();
    while came.len() < all.len() {
        let (consumer, delivery) = tokio::select! {
            delivery = next(&mut first_events) => (&first, delivery),
            delivery = next(&mut second_events) => (&second, delivery),
        };
        came.extend(Some(body(&delivery)).filter(|body| body != "x"));
        consumer.done(delivery);
    }
    came.sort();
    assert_eq!(came, ["0", "1", "2", "3"]);

    assert!(second.close().await.is_empty());
    until(|| of_topic(first.queues()) == all).await;
    assert!(first.close().await.is_empty());
    producer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_done_comes_again_to_the_next_owner() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a"]).await;
    let (first, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    assert_eq!(body(&next(&mut events).await), "a");
    first.close().await;
    let (second, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    let delivery = next(&mut events).await;
    assert_eq!(body(&delivery), "a");
    second.done(delivery);
    second.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_consumed_later_comes_from_the_retry_topic() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a"]).await;
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    let delivery = next(&mut events).await;
    assert_eq!((body(&delivery).as_str(), delivery.message.reconsume_times), ("a", 0));
    consumer.later(delivery).await.unwrap();
    let again = next(&mut events).await;
    assert_eq!((body(&again).as_str(), again.message.reconsume_times), ("a", 1));
    assert_eq!(again.message.topic, "T", "it has its first topic");
    consumer.done(again);
    assert!(consumer.close().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_answers_how_it_runs_and_consumes_on_demand() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a"]).await;
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    soon(consumer.assigned()).await;
    let first = next(&mut events).await;
    let (message, queue_id) = (first.message.clone(), first.message.queue_id);
    consumer.done(first);

    let client = cluster.client();
    let addr = cluster.broker.identity.addr.clone();
    let header = RunningInfoHeader {
        consumer_group: "g".into(),
        client_id: consumer.client_id().into(),
        jstack_enable: Some(false),
    };
    let answer = client.call::<GetConsumerRunningInfo>(&addr, header, ()).await.unwrap();
    let info: ConsumerRunningInfo = fastjson::from_slice(&answer.body).unwrap();
    assert_eq!(info.properties["PROP_CONSUME_TYPE"], "CONSUME_PASSIVELY");
    let committed =
        |(key, info): (&rmq::protocol::queue::QueueKey, &rmq::protocol::running::ProcessQueueInfo)| {
            (key.0.topic == "T").then_some((key.0.queue_id, info.commit_offset))
        };
    let offsets: Vec<_> = info.mq_table.iter().filter_map(committed).collect();
    let expected: Vec<_> = (0..4).map(|id| (id, i64::from(id == queue_id))).collect();
    assert_eq!(offsets, expected);

    let header =
        ConsumerStatusHeader { topic: "T".into(), group: "g".into(), client_addr: Some(String::new()) };
    let answer = client.call::<InvokeBrokerToGetConsumerStatus>(&addr, header, ()).await.unwrap();
    assert_eq!(answer.body.0.consumer_table[consumer.client_id()].len(), 4);

    let header = ConsumeDirectlyHeader {
        consumer_group: "g".into(),
        client_id: Some(consumer.client_id().into()),
        msg_id: Some(message.offset_id().to_string()),
        ..ConsumeDirectlyHeader::default()
    };
    let asked = client.call::<ConsumeMessageDirectly>(&addr, header, Bytes::new().into());
    let consumed = async {
        let delivery = next(&mut events).await;
        assert_eq!(body(&delivery), "a");
        consumer.done(delivery);
    };
    let (answer, ()) = tokio::join!(asked, consumed);
    assert_eq!(answer.unwrap().body.0.consume_result.as_deref(), Some("CR_SUCCESS"));
    consumer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_a_running_member_back() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["a", "b"]).await;
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    for _ in 0..2 {
        let delivery = next(&mut events).await;
        consumer.done(delivery);
    }
    let header = ResetOffsetHeader {
        group: "g".into(),
        topic: "T".into(),
        queue_id: Some(-1),
        offset: Some(-1),
        timestamp: 0,
        is_force: Some(true),
    };
    let addr = cluster.broker.identity.addr.clone();
    cluster.client().call::<InvokeBrokerToResetOffset>(&addr, header, ()).await.unwrap();
    // A pull that is held hears of it when it ends: by a message on its queue, or after a while.
    let producer = cluster.producer();
    for queue in consumer.queues().into_iter().filter(|queue| queue.topic == "T") {
        producer.send(Draft::new("T", "new"), &Target::Queue(queue)).await.unwrap();
    }
    let mut bodies = Vec::new();
    while bodies.iter().filter(|body| *body != "new").count() < 2 {
        let delivery = next(&mut events).await;
        bodies.push(body(&delivery));
        consumer.done(delivery);
    }
    bodies.retain(|body| body != "new");
    bodies.sort();
    assert_eq!(bodies, ["a", "b"]);
    producer.close().await;
    consumer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_begins_at_the_end_waits_for_what_comes() {
    let cluster = Cluster::start().await;
    cluster.send("T", &["old"]).await;
    let options = ConsumerOptions { from: StartFrom::Last, ..ConsumerOptions::new("g", "T") };
    let (consumer, mut events) = cluster.consumer(options).await;
    soon(consumer.assigned()).await;
    let producer = cluster.producer();
    producer.send(Draft::new("T", "new"), &Target::Any).await.unwrap();
    assert_eq!(body(&next(&mut events).await), "new");
    producer.close().await;
    consumer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_bodies_travel_compressed() {
    let cluster = Cluster::start().await;
    let long = "compress me ".repeat(1000);
    cluster.send("T", &[&long]).await;
    let (consumer, mut events) = cluster.consumer(ConsumerOptions::new("g", "T")).await;
    let delivery = next(&mut events).await;
    assert_eq!(body(&delivery), long);
    assert!(delivery.message.store_size < 1000, "{}", delivery.message.store_size);
    consumer.close().await;
}
