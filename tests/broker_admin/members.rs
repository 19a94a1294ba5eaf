//! Members of a group, seen and asked through the broker.

use std::sync::Arc;

use bytes::Bytes;
use rmq::protocol::RemotingCommand;
use rmq::protocol::body::Json;
use rmq::protocol::group::{
    ConsumeDirectlyHeader, ConsumeDirectlyResult, ConsumeMessageDirectly, ConsumerGroupHeader,
    GetAllProducerInfo, GetConsumerConnectionList, GetConsumerRunningInfo, GetProducerConnectionList,
    ProducerGroupHeader, RunningInfoHeader,
};
use rmq::protocol::message::Message;
use rmq::remoting::{Connection, Outcome, Service};
use rmq::remoting::{In, Out, Pool, PoolOptions, Router};

use super::ask;
use crate::broker::node::{Client, Node, heartbeat, refusal};

/// A member that answers what its broker asks.
struct Member(Router<()>, Arc<()>);

impl Member {
    fn new() -> Self {
        let router = Router::new()
            .sync(|_: &Arc<()>, request: In<GetConsumerRunningInfo>| {
                assert_eq!(request.header.jstack_enable, Some(true));
                Ok(Out::body(Bytes::from_static(br#"{"mqTable":{{"queueId":0}:{}}}"#)).remark("mine"))
            })
            .sync(|_: &Arc<()>, request: In<ConsumeMessageDirectly>| {
                let message = Message::decode(&request.body.into_bytes()).unwrap();
                let remark = String::from_utf8(message.body.to_vec()).unwrap();
                assert_eq!(request.header.broker_name.as_deref(), Some("broker-a"));
                Ok(Out::body(Json(ConsumeDirectlyResult { remark: Some(remark), ..Default::default() })))
            });
        Self(router, Arc::new(()))
    }
}

impl Service for Member {
    fn call(&self, peer: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.0.dispatch(&self.1, peer, request)
    }
}

#[tokio::test]
async fn connections_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let consumers = || ConsumerGroupHeader { consumer_group: "g".into() };
    let nobody = refusal(ask::<GetConsumerConnectionList>(&client, consumers(), ()).await);
    assert_eq!(nobody, (206, "the consumer group[g] not online".into()));
    let producers = || ProducerGroupHeader { producer_group: "producers".into() };
    let nobody = refusal(ask::<GetProducerConnectionList>(&client, producers(), ()).await);
    assert_eq!(nobody, (1, "the producer group[producers] not exist".into()));
    client.beat(heartbeat("c1", "g", "T")).await;
    let told = ask::<GetConsumerConnectionList>(&client, consumers(), ()).await.unwrap().body.0;
    assert_eq!(told.connection_set[0].client_id, "c1");
    assert_eq!(told.subscription_table["T"].sub_string, "*");
    let told = ask::<GetProducerConnectionList>(&client, producers(), ()).await.unwrap().body.0;
    assert_eq!(told.connection_set[0].client_id, "c1");
    let told = ask::<GetAllProducerInfo>(&client, (), ()).await.unwrap().body.0;
    assert_eq!(told.data["producers"][0].client_id, "c1");
    node.stop().await;
}

#[tokio::test]
async fn a_member_is_asked_through_the_broker() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let admin = node.client();
    let member = Client {
        pool: Pool::new(PoolOptions::default(), Some(Arc::new(Member::new()))),
        addr: node.addr.clone(),
    };
    member.beat(heartbeat("c1", "g", "T")).await;
    let sent = member.send("T", "payload").await;
    member.wait_for("g", "T", 0).await;
    let info = |client_id: &str| RunningInfoHeader {
        consumer_group: "g".into(),
        client_id: client_id.into(),
        jstack_enable: Some(true),
    };
    let told = ask::<GetConsumerRunningInfo>(&admin, info("c1"), ()).await.unwrap();
    assert_eq!(
        (told.body, told.remark.as_deref()),
        (br#"{"mqTable":{{"queueId":0}:{}}}"#[..].into(), Some("mine"))
    );
    let nobody = refusal(ask::<GetConsumerRunningInfo>(&admin, info("c2"), ()).await);
    assert_eq!(nobody, (1, "The Consumer <g> <c2> not online".into()));
    let directly = |msg_id: &str| ConsumeDirectlyHeader {
        consumer_group: "g".into(),
        client_id: Some("c1".into()),
        msg_id: Some(msg_id.into()),
        ..ConsumeDirectlyHeader::default()
    };
    let result =
        ask::<ConsumeMessageDirectly>(&admin, directly(&sent.msg_id), Default::default()).await.unwrap();
    assert_eq!(result.body.0.remark.as_deref(), Some("payload"));
    let wrong = ask::<ConsumeMessageDirectly>(&admin, directly("zz"), Default::default()).await;
    assert_eq!(refusal(wrong).0, 1);
    node.stop().await;
}
