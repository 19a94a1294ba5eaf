//! Clients and their groups: 34, 35, 38, 41, 42, 46 (Java: `ClientManageProcessor`,
//! `ConsumerManageProcessor`, and the locks of `AdminBrokerProcessor`).

use std::sync::Arc;

use super::pull::no_filter;
use crate::broker::clients::{Client, Left};
use crate::broker::core::Broker;
use crate::broker::filter::Filter;
use crate::broker::names;
use crate::broker::reject::system_error;
use crate::broker::subscription;
use crate::broker::topics::PERM_READ_WRITE;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::group::{
    CheckClientConfig, ConsumerData, ConsumerGroupHeader, ConsumerIdList, GetConsumerListByGroup, HeartBeat,
    HeartbeatReply, LockBatchMq, LockedBody, NotifyConsumerIdsChanged, UnlockBatchMq, UnregisterClient,
};
use crate::remoting::{Connection, In, Out, Reject};

/// `topicSysFlag` of a retry topic whose group is of a unit.
const UNIT_SUBSCRIPTION: i32 = 2;

/// 34.
pub fn heartbeat(broker: &Arc<Broker>, request: In<HeartBeat>) -> Result<Out<HeartBeat>, Reject> {
    let In { body: Json(data), peer, version, language, .. } = request;
    let client = Client { connection: peer, id: data.client_id, language, version, seen: broker.now() };
    let fingerprint = data.heartbeat_fingerprint;
    // A client that knows no fingerprints sends its subscriptions each time, and is told to go on so.
    let mut changed = fingerprint == 0;
    let with_subscriptions = fingerprint == 0 || !data.without_sub;
    for consumer in &data.consumer_data_set {
        changed |= broker.consumers.note_fingerprint(&consumer.group_name, fingerprint) && fingerprint != 0;
        register(broker, &client, consumer, with_subscriptions);
    }
    for producer in &data.producer_data_set {
        broker.producers.register(&producer.group_name, &client);
    }
    Ok(Out::header(HeartbeatReply { is_support_heart_beat_v2: Some(true), is_sub_change: Some(changed) }))
}

fn register(broker: &Broker, client: &Client, data: &ConsumerData, with_subscriptions: bool) {
    let Some(group) = broker.find_group(&data.group_name) else { return };
    let ordered = data.subscription_data_set.iter().any(|wanted| broker.topics.is_ordered(&wanted.topic));
    let sys_flag = if data.unit_mode { UNIT_SUBSCRIPTION } else { 0 };
    let retry = names::retry_topic(&data.group_name);
    broker.topics.create_in_send_back(&retry, group.retry_queue_nums, PERM_READ_WRITE, ordered, sys_flag);
    let joined = broker.consumers.register(client, data, with_subscriptions);
    if joined.changed {
        tracing::info!(group = data.group_name, client = client.id, "group changed by a heartbeat");
    }
    if group.notify_consumer_ids_changed_enable {
        broker.notify(&data.group_name, &joined.notify);
    }
}

/// 35.
pub fn unregister(
    broker: &Arc<Broker>,
    request: In<UnregisterClient>,
) -> Result<Out<UnregisterClient>, Reject> {
    let (header, connection) = (&request.header, request.peer.id());
    if let Some(group) = &header.producer_group {
        broker.producers.unregister(group, connection);
    }
    if let Some(group) = &header.consumer_group
        && let Some(left) = broker.consumers.unregister(group, connection)
    {
        broker.notify_left(&left);
    }
    Ok(Out::done())
}

/// 38.
pub fn list(
    broker: &Arc<Broker>,
    request: In<GetConsumerListByGroup>,
) -> Result<Out<GetConsumerListByGroup>, Reject> {
    let group = &request.header.consumer_group;
    let ids = broker.consumers.ids(group);
    if ids.is_empty() {
        return Err(system_error(format!("no consumer for this group, {group}")));
    }
    Ok(Out::body(Json(ConsumerIdList { consumer_id_list: ids })))
}

/// 41.
pub fn lock(broker: &Arc<Broker>, request: In<LockBatchMq>) -> Result<Out<LockBatchMq>, Reject> {
    let Json(wanted) = request.body;
    let locked = broker.locks.lock(&wanted.consumer_group, &wanted.mq_set, &wanted.client_id, broker.now());
    Ok(Out::body(Json(LockedBody { lock_ok_mq_set: locked })))
}

/// 42.
pub fn unlock(broker: &Arc<Broker>, request: In<UnlockBatchMq>) -> Result<Out<UnlockBatchMq>, Reject> {
    let Json(wanted) = request.body;
    broker.locks.unlock(&wanted.consumer_group, &wanted.mq_set, &wanted.client_id);
    Ok(Out::done())
}

/// 46.
pub fn check(broker: &Arc<Broker>, request: In<CheckClientConfig>) -> Result<Out<CheckClientConfig>, Reject> {
    let Json(asked) = request.body;
    let kind = &asked.subscription_data.expression_type;
    if subscription::is_tag(kind) {
        return Ok(Out::done());
    }
    if !broker.config().enable_property_filter {
        return Err(system_error(no_filter(kind)));
    }
    match Filter::new(Arc::new(asked.subscription_data), &broker.expressions) {
        Ok(_) => Ok(Out::done()),
        Err(e) => Err(Reject::new(code::SUBSCRIPTION_PARSE_FAILED, e.to_string())),
    }
}

impl Broker {
    /// Tells members that their group changed. One that is too busy to be told finds out by itself.
    pub(in crate::broker) fn notify(&self, group: &str, members: &[Arc<Connection>]) {
        if !self.config().notify_consumer_ids_changed_enable {
            return;
        }
        for member in members {
            let header = ConsumerGroupHeader { consumer_group: group.to_owned() };
            if let Err(error) = member.try_oneway::<NotifyConsumerIdsChanged>(header, ()) {
                tracing::debug!(group, %error, "a member is not told of a change");
            }
        }
    }

    /// Tells who is left in a group.
    pub(in crate::broker) fn notify_left(&self, left: &Left) {
        let group = self.groups.get(&left.group);
        if group.is_none_or(|group| group.notify_consumer_ids_changed_enable) {
            self.notify(&left.group, &left.notify);
        }
    }

    /// A connection is gone.
    pub(in crate::broker) fn forget_connection(&self, connection: u64) {
        self.producers.forget(connection);
        for left in self.consumers.forget(connection) {
            self.notify_left(&left);
        }
    }
}
