//! Members of groups, asked through the broker (Java: `AdminBrokerProcessor.callConsumer`, `Broker2Client`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::broker::Broker;
use crate::broker::clients::Client;
use crate::broker::reject::system_error;
use crate::protocol::body::Json;
use crate::protocol::group::{
    ConsumeDirectlyHeader, ConsumeMessageDirectly, ConsumerStatusBody, ConsumerStatusHeader,
    GetConsumerRunningInfo, GetConsumerStatusFromClient, InvokeBrokerToGetConsumerStatus,
};
use crate::protocol::message::OffsetId;
use crate::protocol::request::Request;
use crate::protocol::{Payload, code, version};
use crate::remoting::{CallError, In, Out, Reject};

/// How long a member may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to say where it is.
const STATUS_WITHIN: Duration = Duration::from_secs(5);
/// The ordinal of 3.1.8-SNAPSHOT, before which members cannot be asked.
const V3_1_8_SNAPSHOT: i32 = 62;
/// The ordinal of 3.0.7-SNAPSHOT, before which they cannot say where they are.
const V3_0_7_SNAPSHOT: i32 = 28;

pub async fn running_info(
    broker: Arc<Broker>,
    request: In<GetConsumerRunningInfo>,
) -> Result<Out<GetConsumerRunningInfo>, Reject> {
    let (group, client) = (request.header.consumer_group.clone(), request.header.client_id.clone());
    call::<GetConsumerRunningInfo>(&broker, &group, &client, request.header, ()).await
}

pub async fn consume_directly(
    broker: Arc<Broker>,
    request: In<ConsumeMessageDirectly>,
) -> Result<Out<ConsumeMessageDirectly>, Reject> {
    let asked = request.header;
    let message = message(&broker, asked.msg_id.as_deref().unwrap_or_default())?;
    let topic = asked.topic.as_deref().and_then(|topic| broker.topics.get(topic));
    let group = broker.groups.get(&asked.consumer_group);
    let header = ConsumeDirectlyHeader {
        broker_name: Some(broker.identity.name.clone()),
        topic_sys_flag: topic.map(|topic| topic.topic_sys_flag).or(asked.topic_sys_flag),
        group_sys_flag: group.map(|group| group.group_sys_flag).or(asked.group_sys_flag),
        ..asked
    };
    let (group, client) = (header.consumer_group.clone(), header.client_id.clone().unwrap_or_default());
    call::<ConsumeMessageDirectly>(&broker, &group, &client, header, message).await
}

fn message(broker: &Broker, id: &str) -> Result<Payload, Reject> {
    let parsed: OffsetId =
        id.parse().map_err(|error| system_error(format!("{id:?} is not a message id: {error}")))?;
    let found = broker.store.message_at(parsed.offset);
    found.map(Payload::from).ok_or_else(|| system_error(format!("there is no message with the id {id}")))
}

/// Passes a request on to a member, and its answer back as it is.
async fn call<R: Request>(
    broker: &Broker,
    group: &str,
    client: &str,
    header: R::Header,
    body: R::Body,
) -> Result<Out<R>, Reject> {
    let Some(member) = broker.consumers.member(group, client) else {
        return Err(system_error(format!("The Consumer <{group}> <{client}> not online")));
    };
    if member.version < V3_1_8_SNAPSHOT {
        return Err(system_error(format!(
            "The Consumer <{client}> Version <{}> too low to finish, please upgrade it to V3_1_8_SNAPSHOT",
            version::name(member.version)
        )));
    }
    match member.connection.call::<R>(header, body, ANSWER_WITHIN).await {
        Ok(answer) => {
            let out = Out::new(answer.header, answer.body);
            Ok(match answer.remark {
                Some(remark) => out.remark(remark),
                None => out,
            })
        }
        Err(error) => Err(refuse(group, client, error)),
    }
}

/// How a failed call is answered: a member's own refusal as it is.
fn refuse(group: &str, client: &str, error: CallError) -> Reject {
    match error {
        CallError::Refused { code, remark, .. } => Reject::new(code, remark),
        CallError::Timeout { .. } => {
            Reject::new(code::CONSUME_MSG_TIMEOUT, format!("consumer <{group}> <{client}> Timeout: {error}"))
        }
        error => system_error(format!("invoke consumer <{group}> <{client}> Exception: {error}")),
    }
}

pub async fn status(
    broker: Arc<Broker>,
    request: In<InvokeBrokerToGetConsumerStatus>,
) -> Result<Out<InvokeBrokerToGetConsumerStatus>, Reject> {
    let asked = request.header;
    let members = broker.consumers.members(&asked.group);
    if members.is_empty() {
        let remark = format!("No Any Consumer online in the consumer group: [{}]", asked.group);
        return Err(system_error(remark));
    }
    if let Some(old) = members.iter().find(|member| member.version < V3_0_7_SNAPSHOT) {
        let version = version::name(old.version);
        return Err(system_error(format!("the client does not support this feature. version={version}")));
    }
    let wanted = asked.client_addr.clone().filter(|id| !id.trim().is_empty());
    let members = members.into_iter().filter(|member| wanted.as_ref().is_none_or(|id| *id == member.id));
    let mut consumer_table = BTreeMap::new();
    for member in members {
        if let Some(table) = where_is(&asked, &member).await {
            consumer_table.insert(member.id, table.message_queue_table);
        }
    }
    Ok(Out::body(Json(ConsumerStatusBody { consumer_table, ..ConsumerStatusBody::default() })))
}

/// A member that does not say is left out.
async fn where_is(asked: &ConsumerStatusHeader, member: &Client) -> Option<ConsumerStatusBody> {
    let header = ConsumerStatusHeader { client_addr: None, ..asked.clone() };
    match member.connection.call::<GetConsumerStatusFromClient>(header, (), STATUS_WITHIN).await {
        Ok(answer) => Some(answer.body.0),
        Err(error) => {
            tracing::warn!(%error, asked.group, client = member.id, "a member does not say where it is");
            None
        }
    }
}
