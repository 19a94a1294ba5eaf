//! The topics and groups of a broker that its users made: what RocketMQ itself needs is left out
//! (Java: `DefaultMQAdminExtImpl.getUserTopicConfig`, `getUserSubscriptionGroup`).

use crate::admin::Context;
use crate::admin::ask::RETRY_PREFIX;
use crate::admin::group::held_by_group::DLQ_PREFIX;
use crate::protocol::fastjson;
use crate::protocol::group::{GetAllSubscriptionGroupConfig, GroupPageHeader, SubscriptionGroupTable};
use crate::protocol::topic::{
    DataVersion, GetAllTopicConfig, GetSystemTopicListFromBroker, TopicConfig, TopicConfigTable,
    TopicPageHeader,
};
use crate::remoting::CallError;

/// How many topics or groups are asked for at once, as mqadmin does.
const PAGE: i32 = 2000;

/// What a topic of the system begins with (Java: `TopicValidator.SYSTEM_TOPIC_PREFIX`).
const SYSTEM_TOPIC: &str = "rmq_sys_";
/// What a group of the system begins with (Java: `MixAll.CID_RMQ_SYS_PREFIX`).
const SYSTEM_GROUP: &str = "CID_RMQ_SYS_";
/// Groups that brokers have from the start (Java: `MixAll.PREDEFINE_GROUP_SET`).
const BUILT_IN_GROUPS: [&str; 13] = [
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_OWNER",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_PULL",
    "CLIENT_INNER_PRODUCER",
    "DEFAULT_CONSUMER",
    "DEFAULT_PRODUCER",
    "FILTERSRV_CONSUMER",
    "SCHEDULE_CONSUMER",
    "SELF_TEST_C_GROUP",
    "SELF_TEST_P_GROUP",
    "TOOLS_CONSUMER",
    "__MONITOR_CONSUMER",
];

/// The end of the permissions that a topic may have (Java: `PermName.isValid`).
const PERM_END: i32 = 8;

/// The topics of a broker's users; `special`: also those of messages to retry and of dead letters.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn topics(ctx: &Context, addr: &str, special: bool) -> Result<TopicConfigTable, CallError> {
    let mut all = TopicConfigTable::default();
    let mut version = None;
    loop {
        let read = count(all.topic_config_table.len());
        let header = TopicPageHeader {
            topic_seq: Some(read),
            data_version: Some(as_json(version.as_ref())),
            max_topic_num: Some(PAGE),
        };
        let answer = ctx.ask::<GetAllTopicConfig>(addr, header, ()).await?;
        let mut page = answer.body.0;
        let known = all.topic_config_table.len();
        all.topic_config_table.append(&mut page.topic_config_table);
        version = Some(page.data_version);
        let read = count(all.topic_config_table.len());
        // Brokers before 5.4 know no pages and give everything.
        let more = answer.header.total_topic_num.is_some_and(|total| read < total);
        if !more || all.topic_config_table.len() == known {
            break;
        }
    }
    let system = ctx.ask::<GetSystemTopicListFromBroker>(addr, (), ()).await?.body.0.topic_list;
    all.data_version = version.unwrap_or_default();
    all.topic_config_table.retain(|_, topic| is_users_topic(topic, &system, special));
    Ok(all)
}

/// The groups of a broker's users.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn groups(ctx: &Context, addr: &str) -> Result<SubscriptionGroupTable, CallError> {
    let mut all = SubscriptionGroupTable::default();
    let mut version = None;
    loop {
        let read = count(all.subscription_group_table.len());
        let header = GroupPageHeader {
            group_seq: Some(read),
            data_version: Some(as_json(version.as_ref())),
            max_group_num: Some(PAGE),
        };
        let answer = ctx.ask::<GetAllSubscriptionGroupConfig>(addr, header, ()).await?;
        let mut page = answer.body.0;
        let known = all.subscription_group_table.len();
        all.subscription_group_table.append(&mut page.subscription_group_table);
        all.forbidden_table.append(&mut page.forbidden_table);
        version = Some(page.data_version);
        let read = count(all.subscription_group_table.len());
        let more = answer.header.total_group_num.is_some_and(|total| read < total);
        if !more || all.subscription_group_table.len() == known {
            break;
        }
    }
    all.data_version = version.unwrap_or_default();
    all.subscription_group_table.retain(|name, _| is_users_group(name));
    Ok(all)
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn as_json(version: Option<&DataVersion>) -> String {
    let json = version.and_then(|version| fastjson::to_vec(version).ok()).unwrap_or_default();
    String::from_utf8_lossy(&json).into_owned()
}

fn is_users_topic(topic: &TopicConfig, system: &[String], special: bool) -> bool {
    let name = &topic.topic_name;
    let of_group = name.starts_with(RETRY_PREFIX) || name.starts_with(DLQ_PREFIX);
    !system.contains(name)
        && !name.starts_with(SYSTEM_TOPIC)
        && (special || !of_group)
        && (0..PERM_END).contains(&topic.perm)
}

fn is_users_group(name: &str) -> bool {
    !name.starts_with(SYSTEM_GROUP) && !BUILT_IN_GROUPS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rocketmq_needs_is_left_out() {
        let system = ["TBW102".to_owned()];
        let topic = |name: &str, perm| TopicConfig { perm, ..TopicConfig::new(name, 1) };
        // topic, permission, with the special ones -> the users'
        let table = [
            ("T", 6, false, true),
            ("T", 0, false, true),
            ("T", 8, false, false),
            ("T", -1, false, false),
            ("TBW102", 6, true, false),
            ("rmq_sys_wheel_timer", 6, true, false),
            ("%RETRY%g", 6, false, false),
            ("%RETRY%g", 6, true, true),
            ("%DLQ%g", 6, false, false),
            ("%DLQ%g", 6, true, true),
        ];
        for (name, perm, special, users) in table {
            assert_eq!(
                is_users_topic(&topic(name, perm), &system, special),
                users,
                "{name} {perm} {special}"
            );
        }
        for (name, users) in [("g", true), ("CID_RMQ_SYS_TRANS", false), ("TOOLS_CONSUMER", false)] {
            assert_eq!(is_users_group(name), users, "{name}");
        }
    }
}
