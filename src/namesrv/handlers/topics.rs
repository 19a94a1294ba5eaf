//! Topics: where they are, which there are.

use std::sync::Arc;

use super::super::Namesrv;
use super::super::kv::ORDER_TOPIC_CONFIG;
use super::super::routes::{UnitTopics, Zone};
use super::{if_enabled, json, written};
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::route::{
    DeleteTopicInNamesrv, GetAllTopicListFromNameserver, GetHasUnitSubTopicList,
    GetHasUnitSubUnunitTopicList, GetRouteinfoByTopic, GetSystemTopicListFromNs, GetTopicsByCluster,
    GetUnitTopicList, RegisterTopicInNamesrv, bare_broker_ids,
};
use crate::remoting::{In, Out, Reject};

/// The first version whose clients read map keys in quotes only when asked (Java: `MQVersion.V4_9_4`).
const V4_9_4: i32 = 401;

pub(in super::super) fn route(
    server: &Arc<Namesrv>,
    request: In<GetRouteinfoByTopic>,
) -> Result<Out<GetRouteinfoByTopic>, Reject> {
    let header = request.header;
    let (wait, ordered, rules) = server.config(|config| {
        let wait = config.need_wait_for_service.then_some(config.wait_seconds_for_service);
        (wait, config.order_message_enable, super::super::settings::rules(config))
    });
    if wait.is_some_and(|seconds| is_waiting(server.opened_at, server.clock.now_ms(), seconds)) {
        return Err(Reject::new(code::SYSTEM_ERROR, "name server not ready"));
    }
    let Some(mut route) = server.tables.read().route(&header.topic, rules) else {
        return Err(Reject::new(code::TOPIC_NOT_EXIST, no_route(&header.topic)));
    };
    if ordered {
        route.order_topic_conf = server.kv.get(ORDER_TOPIC_CONFIG, &header.topic);
    }
    if let Some(zone) = Zone::of(&header) {
        route = zone.narrow(route);
    }
    let strict = request.version >= V4_9_4 || header.accept_standard_json_only == Some(true);
    let body = if strict { json(&route)? } else { written(bare_broker_ids(&route))? };
    Ok(Out::body(body))
}

/// Whether brokers still have time to register before routes are given out (all in ms but `seconds`).
fn is_waiting(opened_at: i64, now: i64, seconds: u64) -> bool {
    let wait = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
    now.saturating_sub(opened_at) < wait
}

/// The remark that clients and mqadmin show for a topic without a route, as Apache's name server words it.
fn no_route(topic: &str) -> String {
    format!(
        "No topic route info in name server for the topic: {topic}\n\
         See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details."
    )
}

pub(in super::super) fn all(
    server: &Arc<Namesrv>,
    _: In<GetAllTopicListFromNameserver>,
) -> Result<Out<GetAllTopicListFromNameserver>, Reject> {
    let enabled = server.config(|config| config.enable_all_topic_list);
    if_enabled(enabled, || server.tables.read().all_topics()).map(Out::body)
}

pub(in super::super) fn of_cluster(
    server: &Arc<Namesrv>,
    request: In<GetTopicsByCluster>,
) -> Result<Out<GetTopicsByCluster>, Reject> {
    let enabled = server.config(|config| config.enable_topic_list);
    let cluster = request.header.cluster;
    if_enabled(enabled, || server.tables.read().topics_of_cluster(&cluster)).map(Out::body)
}

pub(in super::super) fn system(
    server: &Arc<Namesrv>,
    _: In<GetSystemTopicListFromNs>,
) -> Result<Out<GetSystemTopicListFromNs>, Reject> {
    Ok(Out::body(Json(server.tables.read().system_topics())))
}

fn units(
    server: &Arc<Namesrv>,
    wanted: UnitTopics,
) -> Result<Json<crate::protocol::route::TopicList>, Reject> {
    let enabled = server.config(|config| config.enable_topic_list);
    if_enabled(enabled, || server.tables.read().unit_topics(wanted))
}

pub(in super::super) fn unit(
    server: &Arc<Namesrv>,
    _: In<GetUnitTopicList>,
) -> Result<Out<GetUnitTopicList>, Reject> {
    units(server, UnitTopics::Unit).map(Out::body)
}

pub(in super::super) fn unit_subscribed(
    server: &Arc<Namesrv>,
    _: In<GetHasUnitSubTopicList>,
) -> Result<Out<GetHasUnitSubTopicList>, Reject> {
    units(server, UnitTopics::Subscribed).map(Out::body)
}

pub(in super::super) fn unit_subscribed_not_unit(
    server: &Arc<Namesrv>,
    _: In<GetHasUnitSubUnunitTopicList>,
) -> Result<Out<GetHasUnitSubUnunitTopicList>, Reject> {
    units(server, UnitTopics::SubscribedNotUnit).map(Out::body)
}

pub(in super::super) fn register(
    server: &Arc<Namesrv>,
    request: In<RegisterTopicInNamesrv>,
) -> Result<Out<RegisterTopicInNamesrv>, Reject> {
    server.tables.write().register_topic(&request.header.topic, request.body.0.queue_datas);
    Ok(Out::done())
}

pub(in super::super) fn delete(
    server: &Arc<Namesrv>,
    request: In<DeleteTopicInNamesrv>,
) -> Result<Out<DeleteTopicInNamesrv>, Reject> {
    let header = request.header;
    let cluster = header.cluster_name.as_deref().filter(|name| !name.is_empty());
    server.tables.write().delete_topic(&header.topic, cluster);
    Ok(Out::done())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_have_time_to_register() {
        let table = [(0, 45, true), (44_999, 45, true), (45_000, 45, false), (0, 0, false), (-5, 0, true)];
        for (since, seconds, waiting) in table {
            assert_eq!(is_waiting(1_000, 1_000 + since, seconds), waiting, "{since} {seconds}");
        }
        assert!(is_waiting(0, i64::MAX - 1, u64::MAX));
    }
}
