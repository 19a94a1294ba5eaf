//! Which permissions a request needs (Java: `DefaultAuthorizationContextBuilder`, and the annotations
//! `RocketMQAction` and `RocketMQResource` of the request headers).
//!
//! As in Apache's 5.5.0, requests that stand in none of the tables need none beyond being signed: settings of the
//! broker, lite pulls, replies, statistics of the broker and more.

use super::policy::{Action, Need};
use super::resource::{Kind, Resource};
use crate::broker::names::RETRY_PREFIX;
use crate::protocol::RemotingCommand;
use crate::protocol::body::{Body, Json};
use crate::protocol::group::{HeartbeatData, LockBatchBody};

use Action::{Create, Delete, Get, Pub, Sub, Update};
use Kind::{Cluster, Group, Topic};

/// A request whose needs cannot be made out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear;

/// What a request needs; nothing if it has no fields.
///
/// # Errors
/// [`Unclear`] for a body that cannot be read.
pub fn needs(request: &RemotingCommand, cluster: &str) -> Result<Vec<Need>, Unclear> {
    if request.ext.is_empty() {
        return Ok(Vec::new());
    }
    let field = |name| request.ext.get(name).unwrap_or_default();
    Ok(match request.code {
        105 if is_retry(field("topic")) => vec![of_group(field("topic"), &[Sub, Get])],
        105 => vec![of_topic(field("topic"), &[Pub, Sub, Get])],
        10 => vec![sending(field("topic"))],
        310 | 320 => vec![sending(field("b"))],
        370 => vec![of_topic(field("topic"), &[Pub])],
        37 if field("topic").trim().is_empty() => Vec::new(),
        37 => vec![of_topic(field("topic"), &[Pub])],
        36 => vec![of_group(field("group"), &[Sub])],
        11 => consuming(field("topic"), field("consumerGroup"), &[Sub]),
        12 => vec![of_topic(field("topic"), &[Sub, Get])],
        34 => of_heartbeat(&body::<HeartbeatData>(request)?),
        35 if field("consumerGroup").trim().is_empty() => Vec::new(),
        35 => vec![of_group(field("consumerGroup"), &[Sub])],
        38 => vec![of_group(field("consumerGroup"), &[Sub, Get])],
        14 => consuming(field("topic"), field("consumerGroup"), &[Sub, Get]),
        15 => consuming(field("topic"), field("consumerGroup"), &[Sub, Update]),
        41 | 42 => of_locks(&body::<LockBatchBody>(request)?),
        code => of_table(request, code, cluster),
    })
}

fn body<T: serde::de::DeserializeOwned + serde::Serialize>(request: &RemotingCommand) -> Result<T, Unclear> {
    Json::<T>::decode(request.body.clone()).map(|json| json.0).map_err(|_| Unclear)
}

fn is_retry(topic: &str) -> bool {
    topic.starts_with(RETRY_PREFIX)
}

fn of_topic(topic: &str, actions: &'static [Action]) -> Need {
    Need { resource: Resource::topic(topic), actions }
}

fn of_group(group: &str, actions: &'static [Action]) -> Need {
    Need { resource: Resource::group(group), actions }
}

/// Whoever may consume may send to the retry topic of its group.
fn sending(topic: &str) -> Need {
    if is_retry(topic) { of_group(topic, &[Sub]) } else { of_topic(topic, &[Pub]) }
}

/// The retry topic of a group needs nothing of its own.
fn consuming(topic: &str, group: &str, actions: &'static [Action]) -> Vec<Need> {
    let topic = (!is_retry(topic)).then(|| of_topic(topic, actions));
    topic.into_iter().chain([of_group(group, actions)]).collect()
}

fn of_heartbeat(heartbeat: &HeartbeatData) -> Vec<Need> {
    let of_consumer = |group: &str, topics: Vec<&str>| {
        let topics = topics.into_iter().filter(|topic| !is_retry(topic)).map(|topic| of_topic(topic, &[Sub]));
        std::iter::once(of_group(group, &[Sub])).chain(topics).collect::<Vec<_>>()
    };
    let consumers = heartbeat.consumer_data_set.iter();
    consumers
        .flat_map(|consumer| {
            let topics = consumer.subscription_data_set.iter().map(|data| data.topic.as_str()).collect();
            of_consumer(&consumer.group_name, topics)
        })
        .collect()
}

fn of_locks(locks: &LockBatchBody) -> Vec<Need> {
    let topics = locks.mq_set.iter().map(|queue| queue.topic.as_str()).filter(|topic| !is_retry(topic));
    std::iter::once(of_group(&locks.consumer_group, &[Sub]))
        .chain(topics.map(|topic| of_topic(topic, &[Sub])))
        .collect()
}

/// A request: its actions, whether it concerns the cluster where no field names a resource, and the fields that do,
/// each with what separates several names in it.
type Row = (i32, &'static [Action], bool, &'static [(&'static str, Kind, Option<char>)]);

/// The annotated headers of 5.5.0.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    (17, &[Create], false, &[("topic", Topic, None)]),
    (29, &[Get], false, &[("topic", Topic, None)]),
    (30, &[Get], false, &[("topic", Topic, None)]),
    (31, &[Get], false, &[("topic", Topic, None)]),
    (32, &[Get], false, &[("topic", Topic, None)]),
    (33, &[Get], false, &[("topic", Topic, None)]),
    (39, &[Pub], false, &[("topic", Topic, None)]),
    (40, &[Sub], false, &[("consumerGroup", Group, None)]),
    (100, &[Update], true, &[]),
    (101, &[Get], true, &[]),
    (102, &[Update], true, &[]),
    (103, &[Update], true, &[("clusterName", Cluster, None)]),
    (104, &[Update], true, &[("clusterName", Cluster, None)]),
    (202, &[Get], false, &[("topic", Topic, None)]),
    (203, &[Get], false, &[("consumerGroup", Group, None)]),
    (204, &[Get], true, &[]),
    (205, &[Update], true, &[]),
    (207, &[Delete], false, &[("groupName", Group, None)]),
    (208, &[Get], false, &[("consumerGroup", Group, None), ("topic", Topic, None), ("topicList", Topic, Some(';'))]),
    (215, &[Delete], false, &[("topic", Topic, None)]),
    (216, &[Update], true, &[("clusterName", Cluster, None)]),
    (217, &[Update], true, &[]),
    (219, &[Get], true, &[]),
    (222, &[Update], false, &[("group", Group, None), ("topic", Topic, None)]),
    (223, &[Get], false, &[("topic", Topic, None), ("group", Group, None)]),
    (300, &[Get], false, &[("topic", Topic, None)]),
    (303, &[Get], false, &[("topic", Topic, None), ("group", Group, None)]),
    (307, &[Get], false, &[("consumerGroup", Group, None)]),
    (308, &[Get], false, &[("filterGroups", Group, Some(',')), ("compareGroup", Group, None), ("topic", Topic, None)]),
    (309, &[Sub], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (314, &[Update], false, &[("destGroup", Group, None), ("topic", Topic, None)]),
    (315, &[Get], true, &[]),
    (317, &[Get], true, &[]),
    (321, &[Get], false, &[("topic", Topic, None), ("consumerGroup", Group, None)]),
    (322, &[Get], true, &[("clusterName", Cluster, None)]),
    (323, &[Update], false, &[("topic", Topic, None)]),
    (326, &[Sub], false, &[("producerGroup", Group, None), ("topic", Topic, None)]),
    (327, &[Update], true, &[]),
    (328, &[Get], true, &[]),
    (343, &[Get], false, &[("group", Group, None)]),
    (345, &[Get], false, &[("group", Group, None), ("topic", Topic, None)]),
    (351, &[Get], false, &[("topic", Topic, None)]),
    (352, &[Get], false, &[("group", Group, None)]),
    (353, &[Update], false, &[("group", Group, None), ("topic", Topic, None)]),
    (354, &[Get], false, &[("topic", Topic, None)]),
    (355, &[Get], true, &[]),
    (901, &[Get], false, &[("clusterName", Cluster, None)]),
    (902, &[Update], true, &[]),
    (903, &[Update], true, &[("brokerClusterName", Cluster, None)]),
    (904, &[Update], true, &[("clusterName", Cluster, None)]),
    (905, &[Update], true, &[]),
    (906, &[Update], true, &[]),
    (908, &[Update], true, &[]),
    (1001, &[Update], true, &[]),
    (1002, &[Update], true, &[("clusterName", Cluster, None)]),
    (1003, &[Update], true, &[("clusterName", Cluster, None)]),
    (1004, &[Get], true, &[]),
    (1008, &[Update], true, &[]),
    (1011, &[Update], true, &[("clusterName", Cluster, None)]),
    (1012, &[Get], true, &[("clusterName", Cluster, None)]),
    (1013, &[Update], true, &[("clusterName", Cluster, None)]),
    (3001, &[Update], true, &[]),
    (3002, &[Update], true, &[]),
    (3003, &[Update], true, &[]),
    (3004, &[Get], true, &[]),
    (3005, &[Get], true, &[]),
    (3006, &[Update], true, &[]),
    (3007, &[Update], true, &[]),
    (3008, &[Update], true, &[]),
    (3009, &[Get], true, &[]),
    (3010, &[Get], true, &[]),
    (200_050, &[Sub], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (200_051, &[Sub], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (200_052, &[Sub], false, &[("topic", Topic, None), ("consumerGroup", Group, None)]),
    (200_053, &[Sub], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (200_054, &[Sub], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (200_055, &[Get], false, &[("consumerGroup", Group, None), ("topic", Topic, None)]),
    (200_073, &[Sub], false, &[("consumerGroup", Group, None)]),
];

fn of_table(request: &RemotingCommand, code: i32, cluster: &str) -> Vec<Need> {
    let Ok(at) = TABLE.binary_search_by_key(&code, |row| row.0) else { return Vec::new() };
    let (_, actions, of_cluster, fields) = TABLE[at];
    let mut needs = Vec::new();
    for (field, kind, separator) in fields {
        let Some(value) = request.ext.get(field) else { continue };
        let names: Vec<&str> = match separator {
            Some(separator) => value.split(*separator).filter(|name| !name.is_empty()).collect(),
            None => vec![value],
        };
        needs.extend(names.into_iter().map(|name| Need { resource: named(*kind, name), actions }));
    }
    if needs.is_empty() && of_cluster {
        needs.push(Need { resource: Resource::cluster(cluster), actions });
    }
    needs
}

/// A group's retry topic stands for the group; as a group it stands for itself.
fn named(kind: Kind, name: &str) -> Resource {
    match kind {
        Topic if is_retry(name) => Resource::group(name),
        Topic => Resource::topic(name),
        Cluster => Resource::cluster(name),
        kind => Resource { kind, names: super::resource::Names::Literal(name.to_owned()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(code: i32, fields: &[(&str, &str)], body: &str) -> RemotingCommand {
        let mut command = RemotingCommand::request(code).with_body(body.as_bytes().to_vec());
        command.ext = fields.iter().copied().collect();
        command
    }

    fn told(code: i32, fields: &[(&str, &str)], body: &str) -> String {
        let needs = needs(&request(code, fields, body), "C").unwrap();
        let one = |need: &Need| {
            let actions: Vec<_> = need.actions.iter().map(|action| action.name()).collect();
            format!("{} {}", need.resource, actions.join("|"))
        };
        needs.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What Java's builder of 5.5.0 made of the same requests.
    #[test]
    fn what_requests_need() {
        let table = [
            (105, &[("topic", "T")][..], "Topic:T Pub|Sub|Get"),
            (105, &[("topic", "%RETRY%g")], "Group:g Sub|Get"),
            (10, &[("topic", "T"), ("producerGroup", "p")], "Topic:T Pub"),
            (310, &[("a", "p"), ("b", "T")], "Topic:T Pub"),
            (310, &[("a", "p"), ("b", "%RETRY%g")], "Group:g Sub"),
            (320, &[("b", "T")], "Topic:T Pub"),
            (37, &[("producerGroup", "p")], ""),
            (37, &[("topic", "T")], "Topic:T Pub"),
            (36, &[("group", "g"), ("originTopic", "T")], "Group:g Sub"),
            (11, &[("topic", "T"), ("consumerGroup", "g")], "Topic:T Sub, Group:g Sub"),
            (11, &[("topic", "%RETRY%g"), ("consumerGroup", "g")], "Group:g Sub"),
            (12, &[("topic", "T")], "Topic:T Sub|Get"),
            (35, &[("clientID", "c"), ("producerGroup", "p")], ""),
            (35, &[("clientID", "c"), ("consumerGroup", "g")], "Group:g Sub"),
            (38, &[("consumerGroup", "g")], "Group:g Sub|Get"),
            (14, &[("topic", "T"), ("consumerGroup", "g")], "Topic:T Sub|Get, Group:g Sub|Get"),
            (15, &[("topic", "T"), ("consumerGroup", "g")], "Topic:T Sub|Update, Group:g Sub|Update"),
            (17, &[("topic", "T")], "Topic:T Create"),
            (208, &[("consumerGroup", "g"), ("topicList", "T;U;")], "Group:g Get, Topic:T Get, Topic:U Get"),
            (202, &[("topic", "%RETRY%g")], "Group:g Get"),
            (203, &[("consumerGroup", "%RETRY%g")], "Group:%RETRY%g Get"),
            (901, &[("clusterName", "D"), ("brokerName", "b")], "Cluster:D Get"),
            (204, &[("producerGroup", "p"), ("topic", "T")], "Cluster:C Get"),
            (3001, &[("username", "u")], "Cluster:C Update"),
            (3005, &[("AccessKey", "u")], "Cluster:C Get"),
            (3005, &[], ""),
            (200_050, &[("consumerGroup", "g"), ("topic", "T")], "Group:g Sub, Topic:T Sub"),
            (25, &[("AccessKey", "u")], ""),
            (361, &[("topic", "T"), ("consumerGroup", "g")], ""),
        ];
        for (code, fields, expected) in table {
            assert_eq!(told(code, fields, ""), expected, "{code} {fields:?}");
        }
    }

    #[test]
    fn what_bodies_need() {
        let signed = &[("AccessKey", "u")][..];
        let heartbeat = r#"{"clientID":"c","consumerDataSet":[{"groupName":"g","subscriptionDataSet":[
            {"topic":"T"},{"topic":"%RETRY%g"}]}],"producerDataSet":[{"groupName":"p"}]}"#;
        assert_eq!(told(34, signed, heartbeat), "Group:g Sub, Topic:T Sub");
        let locks = r#"{"clientId":"c","consumerGroup":"g","mqSet":[{"brokerName":"b","queueId":0,"topic":"T"},
            {"brokerName":"b","queueId":0,"topic":"%RETRY%g"}]}"#;
        assert_eq!(told(41, signed, locks), "Group:g Sub, Topic:T Sub");
        assert_eq!(told(42, signed, locks), "Group:g Sub, Topic:T Sub");
        assert_eq!(needs(&request(34, signed, "{"), "C"), Err(Unclear));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }
}
