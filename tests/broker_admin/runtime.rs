//! What the broker tells of itself.

use std::time::Duration;

use rmq::protocol::auth::{AuthListUser, UserFilterHeader};
use rmq::protocol::broker::{GetBrokerRuntimeInfo, StatsHeader, ViewBrokerStatsData};
use rmq::protocol::lite::{GetLiteGroupInfo, GetParentTopicInfo, LiteGroupHeader};
use rmq::protocol::topic::TopicHeader;
use rmq::protocol::upkeep::{GetBrokerEpochCache, GetBrokerHaStatus};

use super::ask;
use crate::broker::node::{Node, refusal};

/// What Apache's broker 5.5.0 told, apart from the path in one name and the delay levels that were used.
const NAMES: [&str; 58] = [
    "EndTransactionQueueSize",
    "EndTransactionThreadPoolQueueCapacity",
    "ackThreadPoolQueueCapacity",
    "ackThreadPoolQueueHeadWaitTimeMills",
    "ackThreadPoolQueueSize",
    "bootTimestamp",
    "brokerActive",
    "brokerVersionDesc",
    "commitLogDirCapacity",
    "commitLogDiskRatio",
    "commitLogMaxOffset",
    "commitLogMinOffset",
    "consumeQueueDiskRatio",
    "dispatchBehindBytes",
    "dispatchMaxBuffer",
    "earliestMessageTimeStamp",
    "getFoundTps",
    "getMessageEntireTimeMax",
    "getMissTps",
    "getTotalTps",
    "getTransferredTps",
    "litePullThreadPoolQueueCapacity",
    "litePullThreadPoolQueueHeadWaitTimeMills",
    "litePullThreadPoolQueueSize",
    "msgGetTotalTodayMorning",
    "msgGetTotalTodayNow",
    "msgGetTotalYesterdayMorning",
    "msgPutTotalTodayMorning",
    "msgPutTotalTodayNow",
    "msgPutTotalYesterdayMorning",
    "pageCacheLockTimeMills",
    "pullThreadPoolQueueCapacity",
    "pullThreadPoolQueueHeadWaitTimeMills",
    "pullThreadPoolQueueSize",
    "putLatency99",
    "putLatency999",
    "putMessageAverageSize",
    "putMessageDistributeTime",
    "putMessageEntireTimeMax",
    "putMessageFailedTimes",
    "putMessageSizeTotal",
    "putMessageTimesTotal",
    "putTps",
    "queryThreadPoolQueueCapacity",
    "queryThreadPoolQueueHeadWaitTimeMills",
    "queryThreadPoolQueueSize",
    "remainHowManyDataToFlush",
    "remainTransientStoreBufferNumbs",
    "runtime",
    "sendThreadPoolQueueCapacity",
    "sendThreadPoolQueueHeadWaitTimeMills",
    "sendThreadPoolQueueSize",
    "startAcceptSendRequestTimeStamp",
    "timerCongestNum",
    "timerDequeueTps",
    "timerEnqueueTps",
    "timerOffsetBehind",
    "timerReadBehind",
];

#[tokio::test]
async fn numbers_have_apaches_names_and_are_true() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    for body in ["a", "b", "c"] {
        client.send("T", body).await;
    }
    client.wait_for("g", "T", 0).await;
    let told = ask::<GetBrokerRuntimeInfo>(&client, (), ()).await.unwrap().body.0.table;
    for name in NAMES {
        assert!(told.contains_key(name), "{name}");
    }
    assert!(told.keys().any(|name| name.starts_with("commitLogDiskRatio_") && name.ends_with("commitlog")));
    assert_eq!((told["putMessageTimesTotal"].as_str(), told["msgPutTotalTodayNow"].as_str()), ("3", "3"));
    assert_ne!(told["msgGetTotalTodayNow"], "0");
    assert_eq!(told["putMessageSizeTotal"], told["commitLogMaxOffset"]);
    assert_eq!(told["brokerVersionDesc"], "V5_5_0");
    node.stop().await;
}

#[tokio::test]
async fn a_counter_is_told_once_it_counted() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let asked = || StatsHeader { stats_name: "TOPIC_PUT_NUMS".into(), stats_key: "T".into() };
    let missing = refusal(ask::<ViewBrokerStatsData>(&client, asked(), ()).await);
    assert_eq!(missing, (1, "The stats <TOPIC_PUT_NUMS> <T> not exist".into()));
    client.send("T", "x").await;
    node.broker.stats.sample(node.broker.now() + Duration::from_secs(10).as_millis() as i64, 0);
    let found = ask::<ViewBrokerStatsData>(&client, asked(), ()).await.unwrap().body.0;
    assert_eq!((found.stats_minute.sum, found.stats_day.sum), (1, 1));
    node.stop().await;
}

#[tokio::test]
async fn what_is_not_here_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path()).await;
    let client = node.client();
    let users = refusal(ask::<AuthListUser>(&client, UserFilterHeader::default(), ()).await);
    assert_eq!(users, (1, "An system error occurred, please try again later.".into()));
    let epochs = refusal(ask::<GetBrokerEpochCache>(&client, (), ()).await);
    assert_eq!(epochs, (1, "this request only for controllerMode ".into()));
    let parent = TopicHeader { topic: "TBW102".into() };
    let lite = refusal(ask::<GetParentTopicInfo>(&client, parent, ()).await);
    assert_eq!(lite, (29, "Topic [TBW102] type not match.".into()));
    let header = LiteGroupHeader { group: "plain".into(), ..LiteGroupHeader::default() };
    let lite = refusal(ask::<GetLiteGroupInfo>(&client, header, ()).await);
    assert_eq!(lite, (29, "Group [plain] is not a LITE group.".into()));
    let status = ask::<GetBrokerHaStatus>(&client, (), ()).await.unwrap().body.0;
    assert!(status.master && status.ha_connection_info.is_empty());
    node.stop().await;
}
