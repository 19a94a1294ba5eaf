//! Consumer groups: created, changed, deleted, listed.

use std::sync::Arc;

use super::aside;
use super::page::Page;
use super::topics::{LONGEST_PAGE, existing, refuse_change};
use crate::broker::Broker;
use crate::broker::groups::FORBIDDEN_READ;
use crate::broker::names;
use crate::broker::reject::{forbidden as no_permission, invalid, system_error};
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::group::{
    DeleteSubscriptionGroup, GetAllSubscriptionGroupConfig, GetSubscriptionGroupConfig, GroupPageReply,
    QuerySubscriptionByConsumer, QueryTopicsByConsumer, SetMessageRequestMode, SubscriptionBody,
    SubscriptionData, SubscriptionGroupConfig, UpdateAndCreateSubscriptionGroup,
    UpdateAndCreateSubscriptionGroupList,
};
use crate::protocol::route::TopicList;
use crate::protocol::upkeep::{GroupForbidden, UpdateAndGetGroupForbidden};
use crate::remoting::{In, Out, Reject};

pub async fn update(
    broker: Arc<Broker>,
    request: In<UpdateAndCreateSubscriptionGroup>,
) -> Result<Out<UpdateAndCreateSubscriptionGroup>, Reject> {
    put(broker, vec![request.body.0]).await?;
    Ok(Out::done())
}

pub async fn update_list(
    broker: Arc<Broker>,
    request: In<UpdateAndCreateSubscriptionGroupList>,
) -> Result<Out<UpdateAndCreateSubscriptionGroupList>, Reject> {
    put(broker, request.body.0.group_config_list).await?;
    Ok(Out::done())
}

async fn put(broker: Arc<Broker>, groups: Vec<SubscriptionGroupConfig>) -> Result<(), Reject> {
    for group in &groups {
        names::check_group(&group.group_name).map_err(invalid)?;
    }
    aside(move || broker.groups.update_all(groups)).await?.map_err(refuse_change)
}

pub async fn delete(
    broker: Arc<Broker>,
    request: In<DeleteSubscriptionGroup>,
) -> Result<Out<DeleteSubscriptionGroup>, Reject> {
    let group = request.header.group_name;
    let with_offsets = request.header.clean_offset == Some(true);
    tracing::info!(group, with_offsets, peer = %request.peer.peer(), "group is deleted");
    aside(move || {
        broker.groups.delete(&group).map_err(|error| system_error(error.to_string()))?;
        if with_offsets {
            broker.offsets.forget_group(&group);
        }
        broker.stats.forget_group(&group);
        Ok::<_, Reject>(())
    })
    .await??;
    Ok(Out::done())
}

pub fn all(
    broker: &Arc<Broker>,
    request: In<GetAllSubscriptionGroupConfig>,
) -> Result<Out<GetAllSubscriptionGroupConfig>, Reject> {
    let mut table = broker.groups.all();
    let total = i32::try_from(table.subscription_group_table.len()).unwrap_or(i32::MAX);
    let asked = &request.header;
    let page =
        Page { from: asked.group_seq, most: asked.max_group_num, version: asked.data_version.as_deref() };
    table.subscription_group_table =
        page.of(table.subscription_group_table, &table.data_version, LONGEST_PAGE);
    let listed = &table.subscription_group_table;
    table.forbidden_table.retain(|group, _| listed.contains_key(group));
    Ok(Out::new(GroupPageReply { total_group_num: Some(total) }, Json(table)))
}

pub fn one(
    broker: &Arc<Broker>,
    request: In<GetSubscriptionGroupConfig>,
) -> Result<Out<GetSubscriptionGroupConfig>, Reject> {
    match broker.find_group(&request.header.group) {
        Some(group) => Ok(Out::body(Json(SubscriptionGroupConfig::clone(&group)))),
        None => Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, "No group in this broker")),
    }
}

pub fn forbidden(
    broker: &Arc<Broker>,
    request: In<UpdateAndGetGroupForbidden>,
) -> Result<Out<UpdateAndGetGroupForbidden>, Reject> {
    let asked = request.header;
    if let Some(readable) = asked.readable {
        broker.groups.set_forbidden(&asked.group, &asked.topic, FORBIDDEN_READ, !readable);
    }
    let readable = !broker.groups.is_forbidden(&asked.group, &asked.topic, FORBIDDEN_READ);
    let body = GroupForbidden { group: asked.group, readable, topic: asked.topic };
    Ok(Out::body(Json(body)).remark(""))
}

pub fn topics(
    broker: &Arc<Broker>,
    request: In<QueryTopicsByConsumer>,
) -> Result<Out<QueryTopicsByConsumer>, Reject> {
    let mut topic_list = broker.offsets.topics_of(&request.header.group);
    topic_list.sort_unstable();
    Ok(Out::body(Json(TopicList { broker_addr: Some(broker.identity.addr.clone()), topic_list })))
}

pub fn subscription(
    broker: &Arc<Broker>,
    request: In<QuerySubscriptionByConsumer>,
) -> Result<Out<QuerySubscriptionByConsumer>, Reject> {
    let asked = request.header;
    let topic = asked.topic.as_deref().unwrap_or_default();
    let subscription = broker.consumers.subscription(&asked.group, topic);
    Ok(Out::body(Json(SubscriptionBody {
        subscription_data: subscription.map(|data| SubscriptionData::clone(&data)),
        group: asked.group,
        topic: asked.topic,
    })))
}

/// How a group is to get the messages of a topic (Java: `QueryAssignmentProcessor.setMessageRequestMode`).
pub async fn set_request_mode(
    broker: Arc<Broker>,
    request: In<SetMessageRequestMode>,
) -> Result<Out<SetMessageRequestMode>, Reject> {
    let mode = request.body.0;
    if mode.topic.starts_with(names::RETRY_PREFIX) {
        return Err(no_permission("retry topic is not allowed to set mode"));
    }
    existing(&broker, &mode.topic)?;
    aside(move || {
        if broker.find_group(&mode.consumer_group).is_none() {
            let remark = "subscription group does not exist";
            return Err(Reject::new(code::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
        }
        broker.request_modes.set(mode).map_err(|error| system_error(error.to_string()))
    })
    .await??;
    Ok(Out::done())
}
