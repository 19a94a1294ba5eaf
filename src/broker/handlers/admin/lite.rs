//! Lite topics. This broker keeps the settings of parents and of groups that are bound to them, but no queues of
//! lite topics: they are answered for as by Apache's broker that has been sent no message of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::NOT_SET;
use crate::broker::Broker;
use crate::broker::attributes::MESSAGE_TYPE;
use crate::broker::reject::invalid;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::group::SubscriptionGroupConfig;
use crate::protocol::lite::{
    BIND_TOPIC, BrokerLiteInfo, EXPIRATION, GetBrokerLiteInfo, GetLiteClientInfo, GetLiteGroupInfo,
    GetLiteTopicInfo, GetParentTopicInfo, LITE, LiteClientInfo, LiteGroupInfo, LiteTopicInfo,
    ParentTopicInfo, TriggerLiteDispatch,
};
use crate::protocol::topic::{TopicConfig, TopicOffset};
use crate::remoting::{In, Out, Reject, Router};

/// Queues of lite topics that a broker may have (Java: `maxLmqConsumeQueueNum`).
const MOST_QUEUES: i32 = 20_000;
/// Consume queues are files of their own (Java: `storeType`).
const STORE_TYPE: &str = "default";
/// What is not known of a client or a group.
const UNKNOWN: i32 = -1;

pub fn serve(router: Router<Broker>) -> Router<Broker> {
    router.sync(of_broker).sync(of_parent).sync(of_topic).sync(of_client).sync(of_group).sync(dispatch)
}

/// Whether a topic is a parent.
fn is_parent(topic: &TopicConfig) -> bool {
    topic.attributes.get(MESSAGE_TYPE).is_some_and(|kind| kind == LITE)
}

/// Minutes of a lite topic's life (Java: `TopicConfig.getLiteTopicExpiration`).
fn minutes(topic: &TopicConfig) -> i32 {
    topic.attributes.get(EXPIRATION).and_then(|minutes| minutes.parse().ok()).unwrap_or(-1)
}

/// The parent that a group is bound to.
fn bound_to(group: &SubscriptionGroupConfig) -> Option<&str> {
    group.attributes.get(BIND_TOPIC).map(String::as_str)
}

/// Groups by the parent that they are bound to.
fn bindings(groups: &[Arc<SubscriptionGroupConfig>]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for group in groups {
        if let Some(parent) = bound_to(group) {
            all.entry(parent.to_owned()).or_default().insert(group.group_name.clone());
        }
    }
    all
}

/// A length as Java counts.
fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn parent(broker: &Broker, name: &str) -> Result<Arc<TopicConfig>, Reject> {
    let topic = broker
        .topics
        .get(name)
        .ok_or_else(|| Reject::new(code::TOPIC_NOT_EXIST, format!("Topic [{name}] not exist.")))?;
    if is_parent(&topic) { Ok(topic) } else { Err(invalid(format!("Topic [{name}] type not match."))) }
}

fn group(broker: &Broker, name: &str) -> Result<Arc<SubscriptionGroupConfig>, Reject> {
    broker
        .find_group(name)
        .ok_or_else(|| Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, format!("Group [{name}] not exist.")))
}

fn of_broker(broker: &Arc<Broker>, _: In<GetBrokerLiteInfo>) -> Result<Out<GetBrokerLiteInfo>, Reject> {
    let (topics, _) = broker.topics.all();
    let parents = topics.iter().filter(|(_, topic)| is_parent(topic));
    Ok(Out::body(Json(BrokerLiteInfo {
        store_type: STORE_TYPE.to_owned(),
        max_lmq_num: MOST_QUEUES,
        cq_table_size: count(broker.store.topics().len()),
        offset_table_size: count(broker.offsets.file().offset_table.len()),
        topic_meta: parents.map(|(name, topic)| (name.clone(), minutes(topic))).collect(),
        group_meta: bindings(&broker.groups.list()),
        ..BrokerLiteInfo::default()
    })))
}

fn of_parent(
    broker: &Arc<Broker>,
    request: In<GetParentTopicInfo>,
) -> Result<Out<GetParentTopicInfo>, Reject> {
    let topic = parent(broker, &request.header.topic)?;
    Ok(Out::body(Json(ParentTopicInfo {
        groups: bindings(&broker.groups.list()).remove(&topic.topic_name),
        topic: topic.topic_name.clone(),
        ttl: minutes(&topic),
        ..ParentTopicInfo::default()
    })))
}

fn of_topic(broker: &Arc<Broker>, request: In<GetLiteTopicInfo>) -> Result<Out<GetLiteTopicInfo>, Reject> {
    let topic = parent(broker, request.header.parent_topic.as_deref().unwrap_or_default())?;
    Ok(Out::body(Json(LiteTopicInfo {
        lite_topic: request.header.lite_topic.unwrap_or_default(),
        parent_topic: topic.topic_name.clone(),
        // A broker that knows of no other keeps everything itself.
        sharding_to_broker: true,
        subscriber: BTreeSet::new(),
        topic_offset: TopicOffset::default(),
    })))
}

fn of_client(broker: &Arc<Broker>, request: In<GetLiteClientInfo>) -> Result<Out<GetLiteClientInfo>, Reject> {
    let header = request.header;
    let topic = parent(broker, header.parent_topic.as_deref().unwrap_or_default())?;
    let name = header.group.unwrap_or_default();
    if bound_to(&*group(broker, &name)?) != Some(&topic.topic_name) {
        return Err(invalid(format!("Subscription [{name}]-[{}] not match.", topic.topic_name)));
    }
    Ok(Out::body(Json(LiteClientInfo {
        client_id: header.client_id.unwrap_or_default(),
        group: name,
        last_access_time: UNKNOWN.into(),
        lite_topic_count: UNKNOWN,
        parent_topic: topic.topic_name.clone(),
        ..LiteClientInfo::default()
    })))
}

fn of_group(broker: &Arc<Broker>, request: In<GetLiteGroupInfo>) -> Result<Out<GetLiteGroupInfo>, Reject> {
    let group = group(broker, &request.header.group)?;
    let Some(parent) = bound_to(&group).filter(|parent| !parent.is_empty()) else {
        return Err(invalid(format!("Group [{}] is not a LITE group.", group.group_name)));
    };
    let lite_topic = request.header.lite_topic.filter(|topic| !topic.is_empty());
    let all = lite_topic.is_none();
    Ok(Out::body(Json(LiteGroupInfo {
        earliest_unconsumed_timestamp: UNKNOWN.into(),
        group: group.group_name.clone(),
        lag_count_top_k: all.then(Vec::new),
        lag_timestamp_top_k: all.then(Vec::new),
        lite_topic,
        parent_topic: parent.to_owned(),
        total_lag_count: if all { 0 } else { UNKNOWN.into() },
        ..LiteGroupInfo::default()
    }))
    .remark(NOT_SET))
}

/// Nobody waits for messages of lite topics here, so nobody has to be told.
fn dispatch(
    broker: &Arc<Broker>,
    request: In<TriggerLiteDispatch>,
) -> Result<Out<TriggerLiteDispatch>, Reject> {
    let group = group(broker, &request.header.group)?;
    if bound_to(&group).is_none_or(str::is_empty) {
        return Err(invalid(format!("Group [{}] is not a LITE group.", group.group_name)));
    }
    Ok(Out::done().remark(NOT_SET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_and_bindings_are_attributes() {
        let mut topic = TopicConfig::new("P", 1);
        assert!(!is_parent(&topic));
        assert_eq!(minutes(&topic), -1);
        topic.attributes.insert(MESSAGE_TYPE.to_owned(), LITE.to_owned());
        topic.attributes.insert(EXPIRATION.to_owned(), "60".to_owned());
        assert!(is_parent(&topic));
        assert_eq!(minutes(&topic), 60);
        let group = |name: &str, parent: Option<&str>| {
            let mut group =
                SubscriptionGroupConfig { group_name: name.to_owned(), ..SubscriptionGroupConfig::default() };
            group.attributes.extend(parent.map(|parent| (BIND_TOPIC.to_owned(), parent.to_owned())));
            Arc::new(group)
        };
        let all = bindings(&[group("b", Some("P")), group("c", None), group("a", Some("P"))]);
        assert_eq!(all, BTreeMap::from([("P".to_owned(), BTreeSet::from(["a".to_owned(), "b".to_owned()]))]));
    }
}
