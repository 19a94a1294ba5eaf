//! Topics: created, changed, deleted, listed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::page::Page;
use super::{NOT_SET, aside};
use crate::broker::Broker;
use crate::broker::attributes::{self, Attributes, MESSAGE_TYPE};
use crate::broker::names::{self, SystemTopics};
use crate::broker::reject::{invalid, system_error};
use crate::broker::topics::ChangeError;
use crate::config::BrokerConfig;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::queue::{MessageQueue, QueueKey};
use crate::protocol::route::TopicList;
use crate::protocol::topic::{
    CreateTopicHeader, DataVersion, DeleteTopicInBroker, GetAllTopicConfig, GetSystemTopicListFromBroker,
    GetTopicConfig, GetTopicStatsInfo, GroupList, QueryTopicConsumeByWho, TopicConfig, TopicConfigAndMapping,
    TopicConfigTable, TopicOffset, TopicPageReply, TopicStatsTable, UpdateAndCreateTopic,
    UpdateAndCreateTopicList,
};
use crate::remoting::{In, Out, Reject};

/// How many topics or groups one answer holds at most, when asked for by page (Java: `splitMetadataSize`).
pub(super) const LONGEST_PAGE: usize = 2_000;

pub async fn update(
    broker: Arc<Broker>,
    request: In<UpdateAndCreateTopic>,
) -> Result<Out<UpdateAndCreateTopic>, Reject> {
    check_name(&request.header.topic, broker.topics.system(), &broker.config())?;
    let topic = from_header(request.header)?;
    check_type(&topic.attributes, &broker.config())?;
    put(broker, vec![topic]).await?;
    Ok(Out::done().remark(NOT_SET))
}

pub async fn update_list(
    broker: Arc<Broker>,
    request: In<UpdateAndCreateTopicList>,
) -> Result<Out<UpdateAndCreateTopicList>, Reject> {
    let topics = request.body.0.topic_config_list;
    let config = broker.config();
    for topic in &topics {
        check_name(&topic.topic_name, broker.topics.system(), &config)?;
        check_type(&topic.attributes, &config)?;
    }
    put(broker, topics).await?;
    Ok(Out::done().remark(NOT_SET))
}

/// Changes topics that are not as wanted already, and has the name servers know before it is answered: who
/// asked may look for the topic at once.
async fn put(broker: Arc<Broker>, wanted: Vec<TopicConfig>) -> Result<(), Reject> {
    let changes = wanted.into_iter();
    let changes: Vec<_> =
        changes.filter(|new| broker.topics.get(&new.topic_name).as_deref() != Some(new)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let owner = broker.clone();
    aside(move || owner.topics.update_all(changes)).await?.map_err(refuse_change)?;
    broker.registrations.caught_up(broker.topics.version().counter).await;
    Ok(())
}

pub async fn delete(
    broker: Arc<Broker>,
    request: In<DeleteTopicInBroker>,
) -> Result<Out<DeleteTopicInBroker>, Reject> {
    let topic = request.header.topic;
    if names::is_blank(&topic) {
        return Err(invalid("The specified topic is blank."));
    }
    refuse_system(&topic, broker.topics.system(), &broker.config())?;
    tracing::info!(topic, peer = %request.peer.peer(), "topic is deleted");
    aside(move || {
        for doomed in with_retry_topics(&broker, topic) {
            delete_one(&broker, &doomed)?;
        }
        Ok::<_, Reject>(())
    })
    .await??;
    Ok(Out::done())
}

/// The topic, and the retry topics that pop consumers made for it, in both of their forms
/// (Java: `clearRetryTopicWhenDeleteTopic`).
fn with_retry_topics(broker: &Broker, topic: String) -> Vec<String> {
    let groups = broker.offsets.groups_of(&topic);
    let retries = groups.iter().flat_map(|group| {
        ["+", "_"].map(|between| format!("{}{group}{between}{topic}", names::RETRY_PREFIX))
    });
    let mut topics: Vec<_> = retries.filter(|retry| broker.topics.contains(retry)).collect();
    topics.insert(0, topic);
    topics
}

fn delete_one(broker: &Broker, topic: &str) -> Result<(), Reject> {
    broker.topics.delete(topic).map_err(|error| system_error(error.to_string()))?;
    broker.offsets.forget_topic(topic);
    broker.stats.forget_topic(topic);
    broker.timer.forget_topic(topic);
    broker.store.delete_topic(topic).map_err(|error| system_error(error.to_string()))?;
    Ok(())
}

pub fn all(broker: &Arc<Broker>, request: In<GetAllTopicConfig>) -> Result<Out<GetAllTopicConfig>, Reject> {
    let (topics, version) = broker.topics.all();
    let total = i32::try_from(topics.len()).unwrap_or(i32::MAX);
    let asked = &request.header;
    let page =
        Page { from: asked.topic_seq, most: asked.max_topic_num, version: asked.data_version.as_deref() };
    let none = || Some(serde_json::Value::Object(serde_json::Map::new()));
    let no_mappings = DataVersion { timestamp: broker.opened_at, ..DataVersion::default() };
    let table = TopicConfigTable {
        topic_config_table: page.of(topics, &version, LONGEST_PAGE),
        data_version: version,
        mapping_data_version: serde_json::to_value(no_mappings).ok(),
        topic_queue_mapping_detail_map: none(),
        topic_queue_mapping_info_map: none(),
    };
    Ok(Out::new(TopicPageReply { total_topic_num: Some(total) }, Json(table)))
}

pub fn one(broker: &Arc<Broker>, request: In<GetTopicConfig>) -> Result<Out<GetTopicConfig>, Reject> {
    let name = request.header.topic;
    let Some(topic) = broker.topics.get(&name) else {
        return Err(Reject::new(code::TOPIC_NOT_EXIST, format!("No topic in this broker. topic: {name}")));
    };
    let config = TopicConfig::clone(&topic);
    Ok(Out::body(Json(TopicConfigAndMapping { config, mapping_detail: None })))
}

pub fn system(
    broker: &Arc<Broker>,
    _: In<GetSystemTopicListFromBroker>,
) -> Result<Out<GetSystemTopicListFromBroker>, Reject> {
    let topic_list = broker.topics.system().iter().map(str::to_owned).collect();
    Ok(Out::body(Json(TopicList { broker_addr: None, topic_list })))
}

pub fn stats(broker: &Arc<Broker>, request: In<GetTopicStatsInfo>) -> Result<Out<GetTopicStatsInfo>, Reject> {
    let name = request.header.topic;
    let topic = existing(broker, &name)?;
    let queues = topic.write_queue_nums.max(topic.read_queue_nums);
    let offset_table = (0..queues).map(|queue_id| {
        let max = broker.store.max_offset(&name, queue_id).unwrap_or(0).max(0);
        let last = if max > 0 { broker.store.store_time(&name, queue_id, max - 1) } else { None };
        let offset = TopicOffset {
            last_update_timestamp: if max > 0 { last.unwrap_or(-1) } else { 0 },
            max_offset: max,
            min_offset: broker.store.min_offset(&name, queue_id).unwrap_or(0).max(0),
        };
        (queue_key(broker, &name, queue_id), offset)
    });
    let table = TopicStatsTable {
        offset_table: offset_table.collect(),
        topic_put_tps: broker.stats.topic_put_tps(&name),
    };
    Ok(Out::body(Json(table)))
}

pub fn consumed_by(
    broker: &Arc<Broker>,
    request: In<QueryTopicConsumeByWho>,
) -> Result<Out<QueryTopicConsumeByWho>, Reject> {
    let topic = &request.header.topic;
    let mut groups: BTreeSet<String> = broker.consumers.groups_of(topic).into_iter().collect();
    groups.extend(broker.offsets.groups_of(topic));
    Ok(Out::body(Json(GroupList { group_list: groups.into_iter().collect() })))
}

/// The topic, or the refusal that Apache's broker has for one that is not there.
pub(super) fn existing(broker: &Broker, name: &str) -> Result<Arc<TopicConfig>, Reject> {
    let missing = || Reject::new(code::TOPIC_NOT_EXIST, format!("topic[{name}] not exist"));
    broker.topics.get(name).ok_or_else(missing)
}

/// A queue of this broker as the key of a table.
pub(super) fn queue_key(broker: &Broker, topic: &str, queue_id: i32) -> QueueKey {
    QueueKey(MessageQueue { topic: topic.to_owned(), broker_name: broker.identity.name.clone(), queue_id })
}

/// How a change of topics or groups that was not made is answered.
pub(super) fn refuse_change(error: ChangeError) -> Reject {
    system_error(error.to_string())
}

fn check_name(topic: &str, system: &SystemTopics, config: &BrokerConfig) -> Result<(), Reject> {
    names::check_topic(topic).map_err(invalid)?;
    refuse_system(topic, system, config)
}

fn refuse_system(topic: &str, system: &SystemTopics, config: &BrokerConfig) -> Result<(), Reject> {
    if config.validate_system_topic_when_update_topic && system.contains(topic) {
        return Err(invalid(format!("The topic[{topic}] is conflict with system topic.")));
    }
    Ok(())
}

/// Topics for messages of any type are to be allowed by `enableMixedMessageType`.
fn check_type(attributes: &Attributes, config: &BrokerConfig) -> Result<(), Reject> {
    let mixed = attributes.get(&format!("+{MESSAGE_TYPE}")).is_some_and(|value| value == "MIXED");
    if mixed && !config.enable_mixed_message_type {
        return Err(invalid("MIXED message type is not supported."));
    }
    Ok(())
}

fn from_header(header: CreateTopicHeader) -> Result<TopicConfig, Reject> {
    let attributes =
        attributes::parse(header.attributes.as_deref().unwrap_or_default()).map_err(system_error)?;
    Ok(TopicConfig {
        attributes,
        order: header.order.unwrap_or(false),
        perm: header.perm,
        read_queue_nums: header.read_queue_nums,
        topic_filter_type: header.topic_filter_type,
        topic_name: header.topic,
        topic_sys_flag: header.topic_sys_flag.unwrap_or(0),
        write_queue_nums: header.write_queue_nums,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_with_apaches_remarks() {
        let system = SystemTopics::with(["broker-a".to_owned()]);
        let config = BrokerConfig::default();
        let mut open = BrokerConfig::default();
        open.validate_system_topic_when_update_topic = false;
        let conflict =
            |topic: &str| Err(invalid(format!("The topic[{topic}] is conflict with system topic.")));
        assert_eq!(check_name("TopicTest", &system, &config), Ok(()));
        assert_eq!(check_name("%RETRY%g", &system, &config), Ok(()));
        assert_eq!(check_name("broker-a", &system, &config), conflict("broker-a"));
        assert_eq!(check_name("TBW102", &system, &config), conflict("TBW102"));
        assert_eq!(check_name("TBW102", &system, &open), Ok(()));
        assert_eq!(check_name(" ", &system, &open), Err(invalid("The specified topic is blank.")));
    }

    #[test]
    fn mixed_topics_are_to_be_allowed() {
        let mixed = Attributes::from([("+message.type".to_owned(), "MIXED".to_owned())]);
        let config = BrokerConfig::default();
        let mut open = BrokerConfig::default();
        open.enable_mixed_message_type = true;
        assert_eq!(check_type(&mixed, &config), Err(invalid("MIXED message type is not supported.")));
        assert_eq!(check_type(&mixed, &open), Ok(()));
        assert_eq!(check_type(&Attributes::new(), &config), Ok(()));
    }
}
