//! What consumer groups made of a message (Java: `MessageTrack`).

use super::find::Found;
use crate::admin::group::{lag, members};
use crate::admin::targets;
use crate::admin::{CommandError, Context};
use crate::output::java_order::{hashed, string_hash};
use crate::protocol::code;
use crate::protocol::message::Message;
use crate::protocol::queue::MessageQueue;
use crate::protocol::route::{ClusterInfo, MASTER_ID};
use crate::protocol::topic::{QueryTopicConsumeByWho, TopicHeader};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Java: `TrackType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackType {
    Consumed,
    ConsumedButFiltered,
    Pull,
    NotConsumeYet,
    NotOnline,
    ConsumeBroadcasting,
    Unknown,
}

impl fmt::Display for TrackType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrackType::Consumed => "CONSUMED",
            TrackType::ConsumedButFiltered => "CONSUMED_BUT_FILTERED",
            TrackType::Pull => "PULL",
            TrackType::NotConsumeYet => "NOT_CONSUME_YET",
            TrackType::NotOnline => "NOT_ONLINE",
            TrackType::ConsumeBroadcasting => "CONSUME_BROADCASTING",
            TrackType::Unknown => "UNKNOWN",
        })
    }
}

/// What one group made of a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    pub consumer_group: String,
    pub track_type: TrackType,
    /// Why it is not known, or who says that nobody is there.
    pub reason: Option<String>,
    /// The reason as mqadmin words it.
    #[serde(skip)]
    exception: Option<String>,
}

impl Track {
    fn new(group: &str, track_type: TrackType) -> Self {
        Track { consumer_group: group.to_owned(), track_type, reason: None, exception: None }
    }

    fn because(mut self, reason: String, exception: String) -> Self {
        self.reason = Some(reason);
        self.exception = Some(exception);
        self
    }
}

impl fmt::Display for Track {
    /// `MessageTrack.toString`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MessageTrack [consumerGroup={}, trackType={}, exceptionDesc={}]",
            self.consumer_group,
            self.track_type,
            self.exception.as_deref().unwrap_or("null")
        )
    }
}

/// What all groups of the message's topic made of it, in the order in which mqadmin asks them. None where it
/// cannot be found out.
///
/// # Errors
/// No name server or no broker is reached.
pub async fn of(ctx: &Context, found: &Found) -> Result<Vec<Track>, CommandError> {
    let topic = &found.message.topic;
    let Some(route) = ctx.find_route(topic).await? else { return Ok(Vec::new()) };
    let answers = ctx
        .ask_each(
            &format!("list the groups of topic {topic}"),
            targets::of_route(&route),
            |broker| async move {
                let header = TopicHeader { topic: topic.clone() };
                ctx.ask::<QueryTopicConsumeByWho>(&broker.addr, header, ()).await.map(|a| a.body.0.group_list)
            },
        )
        .await?;
    let groups: BTreeSet<String> = answers.given.into_iter().flat_map(|(_, groups)| groups).collect();
    let groups = hashed(groups, |group| string_hash(group));
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let info = ctx.cluster_info().await?;
    let (message, info) = (&found.message, &info);
    Ok(ctx.fan_out(&groups, |group| of_group(ctx, message, group, info)).await)
}

async fn of_group(ctx: &Context, message: &Message, group: &str, info: &ClusterInfo) -> Track {
    let unknown = |error: CommandError| {
        let exception = match (error.code, error.causes.first()) {
            (Some(code), Some(cause)) => format!("CODE:{code} DESC:{cause}"),
            _ => error.message.clone(),
        };
        Track::new(group, TrackType::Unknown).because(error.message, exception)
    };
    let brokers = match members::brokers_of(ctx, group).await {
        Ok(Some(brokers)) => brokers,
        Ok(None) => return without_route(group),
        Err(error) => return unknown(error),
    };
    let members = match members::of_brokers(ctx, group, brokers.clone()).await {
        Ok(members) => members,
        Err(error) => return unknown(error),
    };
    if members.connections.is_empty() {
        let remark = members.offline.unwrap_or_else(|| "Not found the consumer group connection".to_owned());
        let exception = format!("CODE:{} DESC:{remark}", code::CONSUMER_NOT_ONLINE);
        return Track::new(group, TrackType::NotOnline).because(remark, exception);
    }
    match members.consume_type.as_deref() {
        Some("CONSUME_ACTIVELY") => return Track::new(group, TrackType::Pull),
        Some("CONSUME_PASSIVELY") => {}
        _ => return Track::new(group, TrackType::Unknown),
    }
    let lag = match lag::of_brokers(ctx, group, None, brokers).await {
        Ok(lag) => lag,
        Err(error) => return unknown(error),
    };
    if lag.queues.is_empty() && members.message_model.as_deref() == Some("BROADCASTING") {
        return Track::new(group, TrackType::ConsumeBroadcasting);
    }
    let offsets = lag.queues.into_iter().map(|(queue, offsets)| (queue, offsets.consumer_offset)).collect();
    let tags = members.subscriptions.get(&message.topic).map(|data| &data.tags_set);
    Track::new(group, judge(message, &offsets, info, tags))
}

/// What a group that is online made of a message, by its offsets and by the tags that it wants.
fn judge(
    message: &Message,
    offsets: &BTreeMap<MessageQueue, i64>,
    info: &ClusterInfo,
    wanted: Option<&BTreeSet<String>>,
) -> TrackType {
    let store_host = super::java_text::host(message.store_host);
    let stored_here = |queue: &MessageQueue| {
        let data = info.broker_addr_table.get(&queue.broker_name);
        data.and_then(|data| data.broker_addrs.get(&MASTER_ID)).is_some_and(|addr| *addr == store_host)
    };
    let consumed = offsets.iter().any(|(queue, offset)| {
        queue.topic == message.topic
            && queue.queue_id == message.queue_id
            && *offset > message.queue_offset
            && stored_here(queue)
    });
    let filtered = wanted.is_some_and(|tags| {
        !tags.is_empty() && !tags.contains("*") && message.tags().is_none_or(|tag| !tags.contains(tag))
    });
    match (consumed, filtered) {
        (false, _) => TrackType::NotConsumeYet,
        (true, true) => TrackType::ConsumedButFiltered,
        (true, false) => TrackType::Consumed,
    }
}

/// A group without a retry topic: mqadmin tells it with the exception of 5.5.0.
fn without_route(group: &str) -> Track {
    let exception = format!(
        "org.apache.rocketmq.client.exception.MQClientException: CODE: 17  DESC: No topic route info in name server \
         for the topic: %RETRY%{group}\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details., \
         org.apache.rocketmq.client.impl.MQClientAPIImpl.getTopicRouteInfoFromNameServer(MQClientAPIImpl.java:2115)"
    );
    Track::new(group, TrackType::Unknown).because("the group has no retry topic".to_owned(), exception)
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;
    use crate::protocol::route::BrokerData;

    #[test]
    fn offsets_and_tags_decide() {
        let mut message = sample();
        message.queue_offset = 5;
        let broker = BrokerData {
            broker_addrs: BTreeMap::from([(0, "127.0.0.1:10911".to_owned())]),
            ..BrokerData::default()
        };
        let info = ClusterInfo {
            broker_addr_table: BTreeMap::from([("broker-a".to_owned(), broker)]),
            ..ClusterInfo::default()
        };
        let queue = |broker: &str, queue_id| MessageQueue {
            topic: "DefaultsTopic".to_owned(),
            broker_name: broker.to_owned(),
            queue_id,
        };
        let tags = |list: &[&str]| list.iter().map(|tag| (*tag).to_owned()).collect::<BTreeSet<_>>();
        let table = [
            (queue("broker-a", 1), 6, None, TrackType::Consumed),
            (queue("broker-a", 1), 5, None, TrackType::NotConsumeYet),
            (queue("broker-a", 2), 6, None, TrackType::NotConsumeYet),
            (queue("broker-b", 1), 6, None, TrackType::NotConsumeYet),
            (queue("broker-a", 1), 6, Some(tags(&["poison"])), TrackType::Consumed),
            (queue("broker-a", 1), 6, Some(tags(&["*"])), TrackType::Consumed),
            (queue("broker-a", 1), 6, Some(tags(&[])), TrackType::Consumed),
            (queue("broker-a", 1), 6, Some(tags(&["other"])), TrackType::ConsumedButFiltered),
        ];
        for (queue, offset, wanted, want) in table {
            let offsets = BTreeMap::from([(queue, offset)]);
            assert_eq!(judge(&message, &offsets, &info, wanted.as_ref()), want, "{offsets:?} {wanted:?}");
        }
    }

    #[test]
    fn a_track_is_written_as_java_does() {
        let track = Track::new("group_lag", TrackType::NotOnline)
            .because(String::new(), "CODE:206 DESC:the consumer group[group_lag] not online".to_owned());
        assert_eq!(
            track.to_string(),
            "MessageTrack [consumerGroup=group_lag, trackType=NOT_ONLINE, \
             exceptionDesc=CODE:206 DESC:the consumer group[group_lag] not online]"
        );
        assert_eq!(
            Track::new("g", TrackType::Consumed).to_string(),
            "MessageTrack [consumerGroup=g, trackType=CONSUMED, exceptionDesc=null]"
        );
    }
}
