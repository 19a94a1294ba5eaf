//! The table from request code to handler (Java: `DefaultRequestProcessor`, `ClientRequestProcessor`).

use super::Namesrv;
use super::handlers::{brokers, config, topics};
use crate::protocol::route::{
    AddWritePermOfBroker, BrokerHeartbeat, DeleteKvConfig, DeleteTopicInNamesrv,
    GetAllTopicListFromNameserver, GetBrokerClusterInfo, GetBrokerMemberGroup, GetHasUnitSubTopicList,
    GetHasUnitSubUnunitTopicList, GetKvConfig, GetKvlistByNamespace, GetNamesrvConfig, GetRouteinfoByTopic,
    GetSystemTopicListFromNs, GetTopicsByCluster, GetUnitTopicList, PutKvConfig, QueryDataVersion,
    RegisterBroker, RegisterTopicInNamesrv, UnregisterBroker, UpdateNamesrvConfig, WipeWritePermOfBroker,
};
use crate::remoting::Router;

pub(super) fn table() -> Router<Namesrv> {
    Router::new()
        .sync::<GetRouteinfoByTopic>(topics::route)
        .sync::<GetAllTopicListFromNameserver>(topics::all)
        .sync::<GetTopicsByCluster>(topics::of_cluster)
        .sync::<GetSystemTopicListFromNs>(topics::system)
        .sync::<GetUnitTopicList>(topics::unit)
        .sync::<GetHasUnitSubTopicList>(topics::unit_subscribed)
        .sync::<GetHasUnitSubUnunitTopicList>(topics::unit_subscribed_not_unit)
        .sync::<RegisterTopicInNamesrv>(topics::register)
        .sync::<DeleteTopicInNamesrv>(topics::delete)
        .sync::<RegisterBroker>(brokers::register)
        .sync::<UnregisterBroker>(brokers::unregister)
        .sync::<BrokerHeartbeat>(brokers::heartbeat)
        .sync::<QueryDataVersion>(brokers::data_version)
        .sync::<GetBrokerMemberGroup>(brokers::member_group)
        .sync::<GetBrokerClusterInfo>(brokers::cluster_info)
        .sync::<WipeWritePermOfBroker>(brokers::wipe_write_perm)
        .sync::<AddWritePermOfBroker>(brokers::add_write_perm)
        .sync::<GetKvConfig>(config::get)
        .sync::<GetKvlistByNamespace>(config::list)
        .later::<PutKvConfig, _>(config::put)
        .later::<DeleteKvConfig, _>(config::delete)
        .sync::<GetNamesrvConfig>(config::settings)
        .later::<UpdateNamesrvConfig, _>(config::change_settings)
}
