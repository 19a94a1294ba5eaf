//! The broker and its name servers.

use rmq::config::connect::{ServerCheck, TlsSettings};
use rmq::config::{NamesrvConfig, TlsMode};
use rmq::namesrv::Listening;
use rmq::protocol::fastjson;
use rmq::protocol::route::{
    GetBrokerClusterInfo, GetRouteinfoByTopic, PutKvConfig, PutKvHeader, RouteHeader, TopicRouteData,
};
use rmq::protocol::topic::UpdateAndCreateTopic;
use rmq::remoting::{CallError, ClientTls, Pool, PoolOptions};
use rmq::runtime::{CancellationToken, Clock};
use tokio::task::JoinHandle;

use super::ask;
use super::topics::create;
use crate::broker::node::{Client, Node, TIMEOUT};

struct NameServer {
    addr: String,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl NameServer {
    async fn start(dir: &std::path::Path) -> Self {
        Self::start_with(dir, |_| {}).await
    }

    async fn start_with(dir: &std::path::Path, change: impl FnOnce(&mut NamesrvConfig)) -> Self {
        let mut config = NamesrvConfig::default();
        config.listen_port = 0;
        config.bind_address = "127.0.0.1".into();
        config.order_message_enable = true;
        config.kv_config_path = dir.join("kvConfig.json").to_str().unwrap().into();
        change(&mut config);
        let listening = Listening::open(config, Clock::system()).await.unwrap();
        let addr = listening.addr().to_string();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(listening.run(shutdown.clone()));
        Self { addr, shutdown, running }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
    }
}

async fn route(client: &Client, name_server: &str, topic: &str) -> Result<TopicRouteData, CallError> {
    let header =
        RouteHeader { topic: topic.into(), accept_standard_json_only: Some(true), ..RouteHeader::default() };
    let answer = client.pool.call::<GetRouteinfoByTopic>(name_server, header, (), TIMEOUT).await?;
    Ok(fastjson::from_slice(&answer.body).unwrap())
}

#[tokio::test]
async fn all_name_servers_know_a_topic_when_its_creation_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (NameServer::start(dir.path()).await, NameServer::start(dir.path()).await);
    let list = format!("{};{}", one.addr, two.addr);
    let node = Node::start_with(dir.path(), |config| {
        config.namesrv_addr = Some(list);
        config.compressed_register = true;
    })
    .await;
    let client = node.client();
    node.broker.registrations.caught_up(0).await;
    for name_server in [&one, &two] {
        let route = route(&client, &name_server.addr, "TBW102").await.unwrap();
        assert_eq!(route.broker_datas[0].broker_addrs[&0], node.addr);
    }
    ask::<UpdateAndCreateTopic>(&client, create("T", None), ()).await.unwrap();
    for name_server in [&one, &two] {
        let route = route(&client, &name_server.addr, "T").await.unwrap();
        assert_eq!(route.queue_datas[0].write_queue_nums, 2);
    }
    node.stop().await;
    for name_server in [one, two] {
        let info =
            client.pool.call::<GetBrokerClusterInfo>(&name_server.addr, (), (), TIMEOUT).await.unwrap();
        assert!(!String::from_utf8_lossy(&info.body).contains("broker-a"), "the broker has left");
        name_server.stop().await;
    }
}

#[tokio::test]
async fn a_name_server_that_is_down_holds_up_nothing_and_is_told_of_order_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let up = NameServer::start(dir.path()).await;
    // Nobody listens there any more.
    let down = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let list = format!("{down};{}", up.addr);
    let node = Node::start_with(dir.path(), |config| config.namesrv_addr = Some(list)).await;
    let client = node.client();
    ask::<UpdateAndCreateTopic>(&client, create("T", None), ()).await.unwrap();
    assert!(route(&client, &up.addr, "T").await.is_ok());
    let header =
        PutKvHeader { namespace: "ORDER_TOPIC_CONFIG".into(), key: "T".into(), value: "broker-a:2".into() };
    client.pool.call::<PutKvConfig>(&up.addr, header, (), TIMEOUT).await.unwrap();
    let mut changes = node.broker.topics.changes();
    changes.borrow_and_update();
    ask::<UpdateAndCreateTopic>(&client, create("U", None), ()).await.unwrap();
    while !node.broker.topics.is_ordered("T") {
        changes.changed().await.unwrap();
    }
    node.stop().await;
    up.stop().await;
}

#[tokio::test]
async fn a_broker_registers_where_everything_is_encrypted() {
    let dir = tempfile::tempdir().unwrap();
    let name_server = NameServer::start_with(dir.path(), |config| {
        config.tls.mode = TlsMode::Enforcing;
        config.tls.config_file = String::new();
    })
    .await;
    let list = name_server.addr.clone();
    let node = Node::start_with(dir.path(), |config| {
        config.namesrv_addr = Some(list);
        config.tls.mode = TlsMode::Enforcing;
        config.tls.config_file = String::new();
    })
    .await;
    let unchecked = TlsSettings { check: ServerCheck::Nothing, ..TlsSettings::default() };
    let tls = Some(ClientTls::new(&unchecked).unwrap());
    let pool = Pool::new(PoolOptions { tls, ..PoolOptions::default() }, None);
    let client = Client { pool, addr: node.addr.clone() };
    ask::<UpdateAndCreateTopic>(&client, create("T", None), ()).await.unwrap();
    assert_eq!(route(&client, &name_server.addr, "T").await.unwrap().queue_datas.len(), 1);
    client.send("T", "encrypted").await;
    assert!(route(&node.client(), &name_server.addr, "T").await.is_err(), "plain");
    node.stop().await;
    name_server.stop().await;
}
