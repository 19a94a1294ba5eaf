//! The tables through what brokers and clients do to them.

use super::{MinBrokerNotice, Registration, RouteTables, Rules, UnitTopics, Unregistrable, Zone};
use crate::protocol::route::{
    BrokerHeader, QueueData, RegisterBrokerHeader, RegisterBrokerReply, RouteHeader,
};
use crate::protocol::topic::{DataVersion, TopicConfig};

const ALL: Rules =
    Rules { delete_unregistered_topics: false, notify_min_broker_id: true, support_acting_master: true };

/// A broker `name`, number `id`, with topics `T` and `U` at version 1, over connection 7.
fn broker(name: &str, id: i64) -> Registration {
    let header = RegisterBrokerHeader {
        broker_name: name.into(),
        broker_addr: format!("{name}{id}:1"),
        cluster_name: "C".into(),
        ha_server_addr: format!("{name}{id}:2"),
        broker_id: id,
        enable_acting_master: Some(true),
        ..RegisterBrokerHeader::default()
    };
    let registration = Registration { header, connection: 7, ..Registration::default() };
    with_topics(registration, &["T", "U"], 1)
}

fn with_topics(mut registration: Registration, topics: &[&str], counter: i64) -> Registration {
    let table = &mut registration.body.topic_config_serialize_wrapper;
    table.data_version.counter = counter;
    table.topic_config_table = topics.iter().map(|t| ((*t).to_owned(), TopicConfig::new(*t, 4))).collect();
    registration
}

fn tables(brokers: impl IntoIterator<Item = Registration>) -> RouteTables {
    let mut tables = RouteTables::new();
    for broker in brokers {
        tables.register(broker, ALL, 0).unwrap();
    }
    tables
}

fn header(name: &str, id: i64) -> BrokerHeader {
    BrokerHeader {
        broker_name: name.into(),
        broker_addr: format!("{name}{id}:1"),
        cluster_name: "C".into(),
        broker_id: id,
    }
}

/// `name=perm` for each broker that has the topic.
fn perms(tables: &RouteTables, topic: &str) -> Vec<String> {
    let route = tables.route(topic, Rules::default());
    let queues = route.map(|route| route.queue_datas).unwrap_or_default();
    queues.iter().map(|queue| format!("{}={}", queue.broker_name, queue.perm)).collect()
}

/// `id@addr` for each broker of a topic's route.
fn addrs(tables: &RouteTables, topic: &str, rules: Rules) -> Vec<String> {
    let route = tables.route(topic, rules).unwrap();
    let brokers = route.broker_datas.iter();
    brokers.flat_map(|b| b.broker_addrs.iter().map(|(id, addr)| format!("{id}@{addr}"))).collect()
}

#[test]
fn a_route_has_every_broker_of_the_topic_with_its_slaves() {
    let tables = tables([broker("a", 0), broker("a", 1), with_topics(broker("b", 0), &["T", "V"], 1)]);
    assert_eq!(addrs(&tables, "T", ALL), ["0@a0:1", "1@a1:1", "0@b0:1"]);
    assert_eq!(perms(&tables, "T"), ["a=6", "b=6"]);
    assert_eq!(addrs(&tables, "V", ALL), ["0@b0:1"]);
    let queue = &tables.route("V", ALL).unwrap().queue_datas[0];
    assert_eq!((queue.read_queue_nums, queue.write_queue_nums), (4, 4));
    assert_eq!(tables.route("X", ALL), None);
    assert_eq!(tables.all_topics().topic_list, ["T", "U", "V"]);
}

#[test]
fn a_single_topic_needs_a_broker_that_registered_before() {
    let mut tables = RouteTables::new();
    let one = with_topics(broker("a", 0), &["N"], 2);
    assert_eq!(tables.register(one.clone(), ALL, 0), Err(Unregistrable));
    assert!(tables.cluster_info().broker_addr_table.is_empty());
    tables.register(broker("a", 0), ALL, 0).unwrap();
    tables.register(one, ALL, 0).unwrap();
    assert_eq!(tables.all_topics().topic_list, ["N", "T", "U"]);
}

#[test]
fn topics_are_taken_over_when_their_version_changed_or_they_are_missing() {
    let mut tables = tables([broker("a", 0)]);
    tables.wipe_write_perm("a");
    tables.register(broker("a", 0), ALL, 0).unwrap();
    assert_eq!(perms(&tables, "T"), ["a=4"], "the same version changes nothing");
    tables.delete_topic("T", None);
    tables.register(broker("a", 0), ALL, 0).unwrap();
    assert_eq!(perms(&tables, "T"), ["a=6"], "a missing topic comes back");
    assert_eq!(perms(&tables, "U"), ["a=4"]);
    tables.register(with_topics(broker("a", 0), &["T", "U"], 2), ALL, 0).unwrap();
    assert_eq!(perms(&tables, "U"), ["a=6"], "a new version is taken over");
}

#[test]
fn topics_that_are_not_registered_any_more_go_only_when_told_so() {
    let mut tables = tables([broker("a", 0), broker("b", 0)]);
    let less = || with_topics(broker("a", 0), &["U", "V"], 2);
    tables.register(less(), ALL, 0).unwrap();
    assert_eq!(perms(&tables, "T"), ["a=6", "b=6"]);
    tables.register(less(), Rules { delete_unregistered_topics: true, ..ALL }, 0).unwrap();
    assert_eq!(perms(&tables, "T"), ["b=6"]);
}

#[test]
fn a_slave_is_told_its_master_and_adds_no_topics() {
    let mut tables = tables([broker("a", 0)]);
    let (reply, notice) = tables.register(with_topics(broker("a", 1), &["T", "X"], 9), ALL, 0).unwrap();
    assert_eq!((reply.master_addr.as_deref(), reply.ha_server_addr.as_deref()), (Some("a0:1"), Some("a0:2")));
    assert_eq!(notice, None);
    assert_eq!(tables.all_topics().topic_list, ["T", "U"]);
    assert_eq!(tables.register(broker("a", 0), ALL, 0).unwrap().0, RegisterBrokerReply::default());
}

#[test]
fn an_address_has_one_id_and_the_newer_election_wins() {
    let mut tables = tables([broker("a", 0), broker("a", 1)]);
    let mut promoted = broker("a", 1);
    promoted.header.broker_id = 0;
    promoted.body.topic_config_serialize_wrapper.data_version.state_version = 5;
    tables.register(promoted, ALL, 0).unwrap();
    assert_eq!(addrs(&tables, "T", ALL), ["0@a1:1"]);
    tables.register(broker("a", 0), ALL, 0).unwrap();
    assert_eq!(addrs(&tables, "T", ALL), ["0@a1:1"], "an older state version is passed over");
    assert_eq!(tables.version("C", "a0:1"), None);
}

#[test]
fn the_smallest_slave_acts_as_master_while_there_is_none() {
    let mut tables = tables([broker("a", 0), broker("a", 2), broker("a", 3)]);
    let notice = tables.unregister(&header("a", 0), ALL).unwrap();
    assert_eq!(notice.recipients, ["a2:1", "a3:1"]);
    assert_eq!(
        (notice.header.min_broker_id, notice.header.min_broker_addr.as_deref()),
        (Some(2), Some("a2:1"))
    );
    assert_eq!(notice.header.offline_broker_addr.as_deref(), Some("a0:1"));
    assert_eq!(perms(&tables, "T"), ["a=4"], "nobody takes writes");
    assert_eq!(addrs(&tables, "T", ALL), ["0@a2:1", "3@a3:1"]);
    assert_eq!(addrs(&tables, "T", Rules::default()), ["2@a2:1", "3@a3:1"]);
    let (_, notice) = tables.register(broker("a", 2), ALL, 0).unwrap();
    assert_eq!(notice, None);
    let (_, notice) = tables.register(broker("a", 1), ALL, 0).unwrap();
    let MinBrokerNotice { recipients, header } = notice.unwrap();
    assert_eq!(recipients, ["a2:1", "a3:1"], "the one that came needs not be told");
    assert_eq!((header.min_broker_id, header.ha_broker_addr.as_deref()), (Some(1), Some("a1:2")));
    assert_eq!(perms(&tables, "T"), ["a=4"], "who stands in takes no writes");
}

#[test]
fn without_acting_masters_nobody_is_told_and_nothing_is_wiped() {
    let plain = |id| {
        let mut broker = broker("a", id);
        broker.header.enable_acting_master = None;
        broker
    };
    let mut tables = tables([plain(0), plain(1)]);
    assert_eq!(tables.unregister(&header("a", 0), ALL), None);
    assert_eq!(perms(&tables, "T"), ["a=6"]);
    assert_eq!(addrs(&tables, "T", ALL), ["1@a1:1"]);
}

#[test]
fn the_last_broker_of_a_name_takes_its_topics_along() {
    let mut tables = tables([broker("a", 0), with_topics(broker("b", 0), &["T", "V"], 1)]);
    assert_eq!(tables.unregister(&header("b", 0), ALL), None);
    assert_eq!(tables.all_topics().topic_list, ["T", "U"]);
    assert_eq!(perms(&tables, "T"), ["a=6"]);
    tables.unregister(&header("a", 0), ALL);
    tables.unregister(&header("a", 0), ALL);
    let info = tables.cluster_info();
    assert!(info.broker_addr_table.is_empty() && info.cluster_addr_table.is_empty());
    assert!(tables.all_topics().topic_list.is_empty());
}

#[test]
fn silence_expires_a_broker_after_its_own_time() {
    let mut short = broker("a", 0);
    short.header.heartbeat_timeout_millis = Some(1_000);
    let mut tables = tables([short, broker("b", 0)]);
    let names = |tables: &mut RouteTables, now| -> Vec<String> {
        tables.expired(now).into_iter().map(|(broker, _)| broker.broker_name).collect()
    };
    assert!(names(&mut tables, 1_000).is_empty());
    assert_eq!(names(&mut tables, 1_001), ["a"]);
    tables.touch("C", "a0:1", 119_500);
    assert!(names(&mut tables, 120_000).is_empty());
    assert_eq!(names(&mut tables, 120_501), ["a", "b"]);
    assert_eq!(names(&mut tables, i64::MAX), ["a", "b"]);
}

#[test]
fn an_address_that_lost_its_place_is_forgotten_when_silent() {
    let mut moved = broker("a", 0);
    moved.header.broker_addr = "moved:1".into();
    let mut tables = tables([broker("a", 0), moved]);
    assert!(tables.version("C", "a0:1").is_some());
    let expired = tables.expired(120_001);
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].0.broker_addr, "moved:1");
    assert_eq!(tables.version("C", "a0:1"), None);
}

#[test]
fn a_connection_stands_for_the_brokers_that_last_registered_over_it() {
    let mut later = broker("a", 0);
    later.connection = 8;
    let tables = tables([broker("a", 0), broker("b", 0), later]);
    assert_eq!(tables.on_connection(7), [header("b", 0)]);
    assert_eq!(tables.on_connection(8), [header("a", 0)]);
    assert!(tables.on_connection(9).is_empty());
}

#[test]
fn write_permission_is_wiped_and_given_back() {
    let mut tables = tables([broker("a", 0), broker("b", 0)]);
    assert_eq!(tables.wipe_write_perm("a"), 2);
    assert_eq!(perms(&tables, "T"), ["a=4", "b=6"]);
    assert_eq!(tables.add_write_perm("a"), 2);
    assert_eq!(perms(&tables, "T"), ["a=6", "b=6"]);
    assert_eq!(tables.wipe_write_perm("x"), 0);
}

#[test]
fn topics_are_deleted_in_a_cluster_or_everywhere() {
    let mut other = broker("b", 0);
    other.header.cluster_name = "D".into();
    let mut tables = tables([broker("a", 0), other]);
    tables.delete_topic("T", Some("none"));
    tables.delete_topic("X", Some("C"));
    assert_eq!(perms(&tables, "T"), ["a=6", "b=6"]);
    tables.delete_topic("T", Some("C"));
    assert_eq!(perms(&tables, "T"), ["b=6"]);
    assert_eq!(tables.topics_of_cluster("C").topic_list, ["U"]);
    assert_eq!(tables.topics_of_cluster("D").topic_list, ["T", "U"]);
    assert!(tables.topics_of_cluster("E").topic_list.is_empty());
    tables.delete_topic("T", Some("D"));
    tables.delete_topic("U", None);
    assert!(tables.all_topics().topic_list.is_empty());
}

#[test]
fn queues_of_a_topic_are_added_on_known_brokers_only() {
    let mut tables = tables([broker("a", 0)]);
    let queue = |broker: &str| QueueData { broker_name: broker.into(), perm: 6, ..QueueData::default() };
    tables.register_topic("N", vec![queue("a"), queue("x")]);
    tables.register_topic("N", vec![]);
    assert_eq!(tables.route("N", ALL), None);
    tables.register_topic("N", vec![queue("a")]);
    assert_eq!(perms(&tables, "N"), ["a=6"]);
}

#[test]
fn lists_for_operators() {
    let mut unit = with_topics(broker("a", 0), &["P", "Q", "R", "S"], 1);
    let topics = &mut unit.body.topic_config_serialize_wrapper.topic_config_table;
    for (flag, topic) in topics.values_mut().enumerate() {
        topic.topic_sys_flag = i32::try_from(flag).unwrap();
    }
    let tables = tables([unit]);
    assert_eq!(tables.unit_topics(UnitTopics::Unit).topic_list, ["Q", "S"]);
    assert_eq!(tables.unit_topics(UnitTopics::Subscribed).topic_list, ["R", "S"]);
    assert_eq!(tables.unit_topics(UnitTopics::SubscribedNotUnit).topic_list, ["R"]);
    let system = tables.system_topics();
    assert_eq!((system.topic_list.join(","), system.broker_addr.as_deref()), ("C,a".into(), Some("a0:1")));
    assert_eq!(tables.member_group("C", "a").broker_addrs.len(), 1);
    assert!(tables.member_group("C", "x").broker_addrs.is_empty());
}

#[test]
fn filter_servers_and_static_topics_are_part_of_the_route() {
    let mut filtered = broker("a", 0);
    filtered.body.filter_server_list = vec!["f:1".into()];
    let mapping = serde_json::json!({"T": {"topic": "T", "bname": "a", "totalQueues": 2}});
    filtered.body.topic_config_serialize_wrapper.topic_queue_mapping_info_map = Some(mapping);
    let mut tables = tables([filtered, broker("b", 0)]);
    let route = tables.route("T", ALL).unwrap();
    assert_eq!(route.filter_server_table["a0:1"], ["f:1"]);
    assert_eq!(route.filter_server_table.len(), 1);
    assert_eq!(route.topic_queue_mapping_by_broker.unwrap()["a"]["totalQueues"], 2);
    assert_eq!(tables.route("U", ALL).unwrap().topic_queue_mapping_by_broker, None);
    tables.unregister(&header("a", 0), ALL);
    assert_eq!(tables.route("T", ALL).unwrap().topic_queue_mapping_by_broker, None);
}

#[test]
fn a_zone_narrows_the_route_to_its_brokers_and_those_without_a_master() {
    let mut brokers = ["a", "b", "c", "d"].map(|name| broker(name, 0));
    brokers[0].header.zone_name = Some("Z1".into());
    brokers[1].header.zone_name = Some("z2".into());
    brokers[1].body.filter_server_list = vec!["f:1".into()];
    let mut tables = tables(brokers);
    tables.register(broker("c", 1), ALL, 0).unwrap();
    tables.unregister(&header("c", 0), ALL);
    let header = |mode, zone: &str| RouteHeader {
        zone_mode: mode,
        zone_name: Some(zone.into()),
        ..RouteHeader::default()
    };
    let route =
        Zone::of(&header(Some(true), "z1")).unwrap().narrow(tables.route("T", Rules::default()).unwrap());
    let names: Vec<_> = route.broker_datas.iter().map(|b| b.broker_name.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(route.queue_datas.len(), 2);
    assert!(route.filter_server_table.is_empty());
    for none in [header(None, "z1"), header(Some(false), "z1"), header(Some(true), " ")] {
        assert_eq!(Zone::of(&none), None);
    }
}

#[test]
fn versions_are_kept_by_broker() {
    let tables = tables([broker("a", 0)]);
    let version = DataVersion { counter: 1, ..DataVersion::default() };
    assert_eq!(tables.version("C", "a0:1"), Some(&version));
    assert_eq!(tables.version("D", "a0:1"), None);
}
