//! Named texts and the name server's own settings.

use super::{Running, broker, refusal, register, topics};

use rmq::protocol::code;
use rmq::protocol::route::{
    DeleteKvConfig, GetAllTopicListFromNameserver, GetKvConfig, GetKvlistByNamespace, GetNamesrvConfig,
    GetRouteinfoByTopic, GetTopicsByCluster, KvKeyHeader, NamespaceHeader, PutKvConfig, PutKvHeader,
    RegisterBroker, RouteHeader, TopicRouteData, UpdateNamesrvConfig,
};

fn key(namespace: &str, key: &str) -> KvKeyHeader {
    KvKeyHeader { namespace: namespace.into(), key: key.into() }
}

async fn put(running: &Running, namespace: &str, key: &str, value: &str) {
    let header = PutKvHeader { namespace: namespace.into(), key: key.into(), value: value.into() };
    running.call::<PutKvConfig>(header, ()).await.unwrap();
}

async fn settings(running: &Running) -> String {
    running.call::<GetNamesrvConfig>((), ()).await.unwrap().body
}

#[tokio::test]
async fn texts_are_kept_over_a_restart() {
    let running = Running::start("").await;
    put(&running, "N", "a", "1").await;
    put(&running, "N", "b", "2").await;
    running.call::<DeleteKvConfig>(key("N", "b"), ()).await.unwrap();
    running.call::<DeleteKvConfig>(key("X", "b"), ()).await.unwrap();
    let running = Running::start_in(running.stop().await, "").await;
    let value = running.call::<GetKvConfig>(key("N", "a"), ()).await.unwrap().header.value;
    assert_eq!(value.as_deref(), Some("1"));
    let missing = refusal(running.call::<GetKvConfig>(key("N", "b"), ()).await);
    assert_eq!(missing, (code::QUERY_NOT_FOUND, "No config item, Namespace: N Key: b".into()));
    let of = |namespace: &str| NamespaceHeader { namespace: namespace.into() };
    let list = running.call::<GetKvlistByNamespace>(of("N"), ()).await.unwrap().body.0;
    assert_eq!(list.table.into_iter().collect::<Vec<_>>(), [("a".to_owned(), "1".to_owned())]);
    let missing = refusal(running.call::<GetKvlistByNamespace>(of("X"), ()).await);
    assert_eq!(missing, (code::QUERY_NOT_FOUND, "No config item, Namespace: X".into()));
    running.stop().await;
}

#[tokio::test]
async fn the_order_of_queues_goes_to_brokers_and_clients_when_enabled() {
    let running = Running::start("").await;
    let bytes = serde_json::to_vec(&topics(&["T", "U"])).unwrap();
    let registered = running.call::<RegisterBroker>(broker("a", 0), bytes.clone().into()).await.unwrap();
    assert_eq!(registered.body, None);
    put(&running, "ORDER_TOPIC_CONFIG", "T", "a:4").await;
    let registered = running.call::<RegisterBroker>(broker("a", 0), bytes.into()).await.unwrap();
    assert_eq!(registered.body.unwrap().0.table["T"], "a:4");
    let route = async || {
        let header = RouteHeader { topic: "T".into(), ..RouteHeader::default() };
        let answer = running.call::<GetRouteinfoByTopic>(header, ()).await.unwrap();
        serde_json::from_slice::<TopicRouteData>(&answer.body).unwrap().order_topic_conf
    };
    assert_eq!(route().await, None);
    running.call::<UpdateNamesrvConfig>((), "orderMessageEnable=true\n".into()).await.unwrap();
    assert_eq!(route().await.as_deref(), Some("a:4"));
    running.stop().await;
}

#[tokio::test]
async fn settings_are_changed_and_kept() {
    let running = Running::start("").await;
    let file = running.dir.path().join("namesrv.properties");
    std::fs::write(&file, "# mine\nlistenPort = 0\nenableTopicList: true\n").unwrap();
    assert!(settings(&running).await.contains("\nenableTopicList=true\n"));
    running.call::<UpdateNamesrvConfig>((), "enableTopicList=false\nnone=1\n".into()).await.unwrap();
    assert!(settings(&running).await.contains("\nenableTopicList=false\n"));
    let header = rmq::protocol::route::ClusterHeader { cluster: "C".into() };
    let refused = refusal(running.call::<GetTopicsByCluster>(header, ()).await);
    assert_eq!(refused, (code::SYSTEM_ERROR, "disable".into()));
    let refused = refusal(running.call::<UpdateNamesrvConfig>((), "kvConfigPath=/x".into()).await);
    assert_eq!(refused, (code::NO_PERMISSION, "Can not update config in black list.".into()));
    let stored = std::fs::read_to_string(&file).unwrap();
    assert_eq!(stored, "# mine\nlistenPort = 0\nenableTopicList=false\n");
    running.stop().await;
}

#[tokio::test]
async fn lists_and_routes_can_be_kept_back() {
    let running = Running::start("enableAllTopicList=false\nneedWaitForService=true\n").await;
    register(&running.client, &running.addr, broker("a", 0), &topics(&["T", "U"])).await.unwrap();
    let refused = refusal(running.call::<GetAllTopicListFromNameserver>((), ()).await);
    assert_eq!(refused, (code::SYSTEM_ERROR, "disable".into()));
    let header = RouteHeader { topic: "T".into(), ..RouteHeader::default() };
    let refused = refusal(running.call::<GetRouteinfoByTopic>(header.clone(), ()).await);
    assert_eq!(refused, (code::SYSTEM_ERROR, "name server not ready".into()));
    running.clock.advance(std::time::Duration::from_secs(45));
    running.call::<GetRouteinfoByTopic>(header, ()).await.unwrap();
    running.stop().await;
}
