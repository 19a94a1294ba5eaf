//! Brokers come and go, clients ask where topics are.

use super::{LONG, Running, broker, refusal, register, topics};

use std::sync::Arc;
use std::time::Duration;

use rmq::protocol::body::Json;
use rmq::protocol::request::Request;
use rmq::protocol::route::{
    AddWritePermOfBroker, BrokerHeader, BrokerHeartbeat, BrokerHeartbeatHeader, BrokerNameHeader,
    ClusterHeader, ClusterInfo, DeleteTopicInNamesrv, GetAllTopicListFromNameserver, GetBrokerClusterInfo,
    GetBrokerMemberGroup, GetRouteinfoByTopic, GetSystemTopicListFromNs, GetTopicsByCluster,
    GetUnitTopicList, MemberGroupHeader, NotifyMinBrokerIdChange, QueryDataVersion, RouteHeader,
    TopicInClusterHeader, TopicRouteData, UnregisterBroker, WipeWritePermOfBroker,
};
use rmq::protocol::topic::DataVersion;
use rmq::protocol::{RemotingCommand, code, fastjson};
use rmq::remoting::{Connection, Outcome, Pool, PoolOptions, Server, ServerOptions, Service};
use rmq::runtime::CancellationToken;
use tokio::sync::mpsc;

fn topic(name: &str) -> RouteHeader {
    RouteHeader { topic: name.into(), ..RouteHeader::default() }
}

async fn route(running: &Running, name: &str) -> Option<TopicRouteData> {
    let answer = running.call::<GetRouteinfoByTopic>(topic(name), ()).await;
    match answer {
        Ok(answer) => Some(serde_json::from_slice(&answer.body).unwrap()),
        Err(error) => {
            assert_eq!(refusal::<()>(Err(error)).0, code::TOPIC_NOT_EXIST);
            None
        }
    }
}

/// The bytes of an answer to a command as another client may send it.
async fn body(running: &Running, command: RemotingCommand) -> String {
    let connection = running.client.connection::<GetRouteinfoByTopic>(&running.addr, LONG).await.unwrap();
    let response = connection.exchange("X", command, LONG).await.unwrap();
    assert_eq!(response.code, code::SUCCESS);
    String::from_utf8(response.body.into_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_broker_registers_and_its_topics_have_a_route() {
    let running = Running::start("").await;
    let (code, remark) = refusal(running.call::<GetRouteinfoByTopic>(topic("T"), ()).await);
    assert_eq!(code, code::TOPIC_NOT_EXIST);
    assert_eq!(
        remark,
        "No topic route info in name server for the topic: T\n\
         See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."
    );
    for (id, compressed) in [(0, Some(true)), (1, None)] {
        let header = rmq::protocol::route::RegisterBrokerHeader { compressed, ..broker("a", id) };
        register(&running.client, &running.addr, header, &topics(&["T", "U"])).await.unwrap();
    }
    let route = route(&running, "T").await.unwrap();
    assert_eq!(route.broker_datas[0].broker_addrs.len(), 2);
    assert_eq!(route.queue_datas[0].read_queue_nums, 4);
    let list = running.call::<GetAllTopicListFromNameserver>((), ()).await.unwrap();
    assert_eq!(list.body.0.topic_list, ["T", "U"]);
    running.stop().await;
}

#[tokio::test]
async fn map_keys_are_quoted_for_new_clients_and_those_that_ask() {
    let running = Running::start("").await;
    register(&running.client, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    let table = [(401, None, true), (513, None, true), (400, None, false), (400, Some(true), true)];
    for (version, accept_standard_json_only, quoted) in table {
        let header = RouteHeader { accept_standard_json_only, ..topic("T") };
        let mut command = RemotingCommand::request(GetRouteinfoByTopic::CODE).with_header(&header);
        command.version = version;
        let text = body(&running, command).await;
        let expected = if quoted { r#"{"0":"a0:1"}"# } else { r#"{0:"a0:1"}"# };
        assert!(text.contains(expected), "{version} {text}");
    }
    let text = body(&running, RemotingCommand::request(GetBrokerClusterInfo::CODE)).await;
    assert!(text.contains(r#""brokerAddrs":{0:"a0:1"}"#), "{text}");
    let info: ClusterInfo = fastjson::from_slice(text.as_bytes()).unwrap();
    assert_eq!(info.cluster_addr_table["C"].len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_as_sent_is_refused() {
    let running = Running::start("").await;
    let wrong = rmq::protocol::route::RegisterBrokerHeader { body_crc32: Some(7), ..broker("a", 0) };
    let refused = register(&running.client, &running.addr, wrong, &topics(&["T", "U"])).await;
    assert_eq!(refusal(refused), (code::SYSTEM_ERROR, "crc32 not match".into()));
    let single = register(&running.client, &running.addr, broker("a", 0), &topics(&["T"])).await;
    assert_eq!(refusal(single), (code::SYSTEM_ERROR, "register broker failed".into()));
    running.stop().await;
}

#[tokio::test]
async fn a_broker_goes_with_its_connection_or_when_it_says_so() {
    let running = Running::start("").await;
    let own = Pool::new(PoolOptions::default(), None);
    register(&own, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    register(&running.client, &running.addr, broker("b", 0), &topics(&["T", "U"])).await.unwrap();
    let count = |route: Option<TopicRouteData>| route.map_or(0, |route| route.broker_datas.len());
    assert_eq!(count(route(&running, "T").await), 2);
    own.close().await;
    tokio::time::timeout(LONG, async {
        while count(route(&running, "T").await) == 2 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let header = BrokerHeader {
        broker_name: "b".into(),
        broker_addr: "b0:1".into(),
        cluster_name: "C".into(),
        broker_id: 0,
    };
    running.call::<UnregisterBroker>(header, ()).await.unwrap();
    assert_eq!(count(route(&running, "T").await), 0);
    running.stop().await;
}

#[tokio::test]
async fn a_silent_broker_expires_and_its_connection_is_closed() {
    let running = Running::start("scanNotActiveBrokerInterval=100").await;
    let own = Pool::new(PoolOptions::default(), None);
    register(&own, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    let connection = own.connection::<GetRouteinfoByTopic>(&running.addr, LONG).await.unwrap();
    running.clock.advance(Duration::from_secs(119));
    let alive = BrokerHeartbeatHeader {
        cluster_name: "C".into(),
        broker_addr: "a0:1".into(),
        broker_name: "a".into(),
        broker_id: Some(0),
    };
    running.call::<BrokerHeartbeat>(alive, ()).await.unwrap();
    running.clock.advance(Duration::from_secs(120));
    assert!(route(&running, "T").await.is_some());
    running.clock.advance(Duration::from_millis(1));
    tokio::time::timeout(LONG, async {
        while route(&running, "T").await.is_some() || !connection.is_closed() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    running.stop().await;
}

#[tokio::test]
async fn the_version_of_topics_is_compared() {
    let running = Running::start("").await;
    let mut body = topics(&["T", "U"]);
    let version = DataVersion { counter: 3, state_version: 0, timestamp: 9 };
    body.topic_config_serialize_wrapper.data_version = version.clone();
    register(&running.client, &running.addr, broker("a", 0), &body).await.unwrap();
    let header = |addr: &str| BrokerHeader {
        broker_name: "a".into(),
        broker_addr: addr.into(),
        cluster_name: "C".into(),
        broker_id: 0,
    };
    let newer = DataVersion { counter: 4, ..version.clone() };
    let table = [("a0:1", &version, false), ("a0:1", &newer, true), ("x:1", &version, true)];
    for (addr, theirs, changed) in table {
        let answer = running.call::<QueryDataVersion>(header(addr), Json(theirs.clone())).await.unwrap();
        assert_eq!(answer.header.changed, changed, "{addr} {theirs:?}");
        assert_eq!(answer.body.map(|body| body.0), (addr != "x:1").then(|| version.clone()));
    }
    running.stop().await;
}

#[tokio::test]
async fn operators_list_and_change_topics() {
    let running = Running::start("").await;
    register(&running.client, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    let name = || BrokerNameHeader { broker_name: "a".into() };
    let wiped = running.call::<WipeWritePermOfBroker>(name(), ()).await.unwrap();
    assert_eq!(wiped.header.wipe_topic_count, 2);
    assert_eq!(route(&running, "T").await.unwrap().queue_datas[0].perm, 4);
    let added = running.call::<AddWritePermOfBroker>(name(), ()).await.unwrap();
    assert_eq!(added.header.add_topic_count, 2);
    let of = |cluster: &str| ClusterHeader { cluster: cluster.into() };
    let topics = running.call::<GetTopicsByCluster>(of("C"), ()).await.unwrap().body.0.topic_list;
    assert_eq!(topics, ["T", "U"]);
    let system = running.call::<GetSystemTopicListFromNs>((), ()).await.unwrap().body.0;
    assert_eq!((system.topic_list.len(), system.broker_addr.as_deref()), (2, Some("a0:1")));
    assert!(running.call::<GetUnitTopicList>((), ()).await.unwrap().body.0.topic_list.is_empty());
    let group = MemberGroupHeader { cluster_name: "C".into(), broker_name: "a".into() };
    let group = running.call::<GetBrokerMemberGroup>(group, ()).await.unwrap().body.0;
    assert_eq!(group.broker_member_group.unwrap().broker_addrs[&0], "a0:1");
    let delete = TopicInClusterHeader { topic: "T".into(), cluster_name: Some("C".into()) };
    running.call::<DeleteTopicInNamesrv>(delete, ()).await.unwrap();
    assert!(route(&running, "T").await.is_none());
    running.stop().await;
}

/// A broker that hears of the smallest id.
struct Told(mpsc::UnboundedSender<RemotingCommand>);

impl Service for Told {
    fn call(&self, _: &Arc<Connection>, request: RemotingCommand) -> Outcome {
        self.0.send(request).unwrap();
        Outcome::Nothing
    }
}

#[tokio::test]
async fn slaves_are_told_when_the_smallest_id_is_gone() {
    let running = Running::start("notifyMinBrokerIdChanged=true").await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), ServerOptions::default()).await.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let mut slave = broker("a", 1);
    slave.broker_addr = server.local_addr().unwrap().to_string();
    let serving = tokio::spawn(server.run(Arc::new(Told(tell)), stop.clone()));
    let master = Pool::new(PoolOptions::default(), None);
    register(&master, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    register(&running.client, &running.addr, slave.clone(), &topics(&["T", "U"])).await.unwrap();
    master.close().await;
    let request = tokio::time::timeout(LONG, told.recv()).await.unwrap().unwrap();
    assert_eq!(request.code, NotifyMinBrokerIdChange::CODE);
    assert!(request.is_oneway());
    assert_eq!(request.ext.get("minBrokerId"), Some("1"));
    assert_eq!(request.ext.get("minBrokerAddr"), Some(slave.broker_addr.as_str()));
    assert_eq!(request.ext.get("offlineBrokerAddr"), Some("a0:1"));
    stop.cancel();
    serving.await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn every_code_of_a_name_server_is_served() {
    let running = Running::start("").await;
    let expected = [
        100, 101, 102, 103, 104, 105, 106, 205, 206, 216, 217, 219, 224, 304, 311, 312, 313, 318, 319, 322,
        327, 901, 904,
    ];
    assert_eq!(running.namesrv.codes(), expected);
    running.stop().await;
}
