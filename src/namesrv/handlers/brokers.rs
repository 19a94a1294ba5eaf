//! Brokers: they register, live and leave.

use std::sync::Arc;

use super::super::Namesrv;
use super::super::kv::ORDER_TOPIC_CONFIG;
use super::super::routes::Registration;
use super::written;
use crate::protocol::body::Json;
use crate::protocol::code;
use crate::protocol::registration;
use crate::protocol::route::{
    AddWritePermOfBroker, AddedReply, BrokerHeartbeat, ChangedReply, GetBrokerClusterInfo,
    GetBrokerMemberGroup, MemberGroupBody, QueryDataVersion, RegisterBroker, UnregisterBroker,
    WipeWritePermOfBroker, WipedReply, bare_broker_ids,
};
use crate::remoting::{In, Out, Reject};

pub(in super::super) fn register(
    server: &Arc<Namesrv>,
    request: In<RegisterBroker>,
) -> Result<Out<RegisterBroker>, Reject> {
    let In { header, body, peer, version, .. } = request;
    if !registration::intact(&header, &body) {
        tracing::warn!(broker = header.broker_name, peer = %peer.peer(), "a registration with a wrong CRC-32");
        return Err(Reject::new(code::SYSTEM_ERROR, "crc32 not match"));
    }
    let body = registration::decode(&header, version, &body).inspect_err(|error| {
        tracing::warn!(broker = header.broker_name, peer = %peer.peer(), %error, "a registration that cannot be read");
    })?;
    server.remember(&peer);
    let registration = Registration { header, body, connection: peer.id() };
    let registered = server.tables.write().register(registration, server.rules(), server.clock.now_ms());
    let (reply, notice) =
        registered.map_err(|_| Reject::new(code::SYSTEM_ERROR, "register broker failed"))?;
    server.registered();
    server.notify(notice);
    let ordered = server.config(|config| config.return_order_topic_config_to_broker);
    let order_topics = ordered.then(|| server.kv.list(ORDER_TOPIC_CONFIG)).flatten();
    Ok(Out::new(reply, order_topics.map(Json)))
}

pub(in super::super) fn unregister(
    server: &Arc<Namesrv>,
    request: In<UnregisterBroker>,
) -> Result<Out<UnregisterBroker>, Reject> {
    server.unregister(&request.header);
    Ok(Out::done())
}

pub(in super::super) fn heartbeat(
    server: &Arc<Namesrv>,
    request: In<BrokerHeartbeat>,
) -> Result<Out<BrokerHeartbeat>, Reject> {
    let header = request.header;
    server.tables.write().touch(&header.cluster_name, &header.broker_addr, server.clock.now_ms());
    Ok(Out::done())
}

pub(in super::super) fn data_version(
    server: &Arc<Namesrv>,
    request: In<QueryDataVersion>,
) -> Result<Out<QueryDataVersion>, Reject> {
    let (header, theirs) = (request.header, request.body.0);
    let mut tables = server.tables.write();
    tables.touch(&header.cluster_name, &header.broker_addr, server.clock.now_ms());
    let ours = tables.version(&header.cluster_name, &header.broker_addr).cloned();
    Ok(Out::new(ChangedReply { changed: ours.as_ref() != Some(&theirs) }, ours.map(Json)))
}

pub(in super::super) fn member_group(
    server: &Arc<Namesrv>,
    request: In<GetBrokerMemberGroup>,
) -> Result<Out<GetBrokerMemberGroup>, Reject> {
    let header = request.header;
    let group = server.tables.read().member_group(&header.cluster_name, &header.broker_name);
    Ok(Out::body(Json(MemberGroupBody { broker_member_group: Some(group) })))
}

/// Always with bare keys: Apache's name server does not look at the version here.
pub(in super::super) fn cluster_info(
    server: &Arc<Namesrv>,
    _: In<GetBrokerClusterInfo>,
) -> Result<Out<GetBrokerClusterInfo>, Reject> {
    let info = server.tables.read().cluster_info();
    Ok(Out::body(written(bare_broker_ids(&info))?))
}

pub(in super::super) fn wipe_write_perm(
    server: &Arc<Namesrv>,
    request: In<WipeWritePermOfBroker>,
) -> Result<Out<WipeWritePermOfBroker>, Reject> {
    let broker = request.header.broker_name;
    let wipe_topic_count = server.tables.write().wipe_write_perm(&broker);
    tracing::info!(broker, wipe_topic_count, peer = %request.peer.peer(), "write permission wiped");
    Ok(Out::header(WipedReply { wipe_topic_count }))
}

pub(in super::super) fn add_write_perm(
    server: &Arc<Namesrv>,
    request: In<AddWritePermOfBroker>,
) -> Result<Out<AddWritePermOfBroker>, Reject> {
    let broker = request.header.broker_name;
    let add_topic_count = server.tables.write().add_write_perm(&broker);
    tracing::info!(broker, add_topic_count, peer = %request.peer.peer(), "write permission given back");
    Ok(Out::header(AddedReply { add_topic_count }))
}
