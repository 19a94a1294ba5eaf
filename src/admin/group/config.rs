//! The configuration of groups as a broker has it.

use crate::admin::targets::Broker;
use crate::admin::{CommandError, Context, failed};
use crate::protocol::fastjson;
use crate::protocol::group::{GetAllSubscriptionGroupConfig, GroupPageHeader, SubscriptionGroupConfig};
use crate::remoting::CallError;
use std::collections::BTreeMap;

/// How many groups are asked for at once, as mqadmin does.
const PAGE: i32 = 2000;

/// The group as the broker has it. A broker that cannot say has none.
///
/// All groups are read and one is picked: asked for one group (`GET_SUBSCRIPTIONGROUP_CONFIG`), Apache's brokers
/// create it where `autoCreateSubscriptionGroup` is on, which nobody who only looks wants.
///
/// # Errors
/// The broker is not reached.
pub async fn present(
    ctx: &Context,
    addr: &str,
    group: &str,
) -> Result<Option<SubscriptionGroupConfig>, CallError> {
    match read(ctx, addr, group).await {
        Err(CallError::Refused { .. } | CallError::Malformed { .. }) => Ok(None),
        result => result,
    }
}

/// As [`present`], but a broker that cannot say has failed.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn read(
    ctx: &Context,
    addr: &str,
    group: &str,
) -> Result<Option<SubscriptionGroupConfig>, CallError> {
    let mut found = None;
    pages(ctx, addr, |mut page| {
        found = page.remove(group);
        found.is_some()
    })
    .await?;
    Ok(found)
}

/// All groups of a broker, by name.
///
/// # Errors
/// The broker is not reached, or refuses.
pub async fn all(ctx: &Context, addr: &str) -> Result<BTreeMap<String, SubscriptionGroupConfig>, CallError> {
    let mut groups = BTreeMap::new();
    pages(ctx, addr, |page| {
        groups.extend(page);
        false
    })
    .await?;
    Ok(groups)
}

/// Reads page after page until `take` says that it has seen enough.
async fn pages(
    ctx: &Context,
    addr: &str,
    mut take: impl FnMut(BTreeMap<String, SubscriptionGroupConfig>) -> bool,
) -> Result<(), CallError> {
    let mut header =
        GroupPageHeader { group_seq: Some(0), data_version: Some(String::new()), max_group_num: Some(PAGE) };
    let mut read = 0;
    loop {
        let answer = ctx.ask::<GetAllSubscriptionGroupConfig>(addr, header.clone(), ()).await?;
        let table = answer.body.0;
        let count = i32::try_from(table.subscription_group_table.len()).unwrap_or(i32::MAX);
        if take(table.subscription_group_table) {
            return Ok(());
        }
        read += count;
        // Brokers before 5.4 know no pages and give everything.
        let more = answer.header.total_group_num.is_some_and(|total| read < total);
        if !more || count == 0 {
            return Ok(());
        }
        let version = fastjson::to_vec(&table.data_version).unwrap_or_default();
        header.group_seq = Some(read);
        header.data_version = Some(String::from_utf8_lossy(&version).into_owned());
    }
}

/// Those of the brokers that have the group's configuration.
///
/// # Errors
/// All brokers failed.
pub async fn holders(ctx: &Context, group: &str, brokers: Vec<Broker>) -> Result<Vec<Broker>, CommandError> {
    let doing = format!("look for group {group}");
    let found =
        ctx.ask_each(&doing, brokers, |broker| async move { read(ctx, &broker.addr, group).await }).await?;
    Ok(found.given.into_iter().filter_map(|(broker, config)| config.map(|_| broker)).collect())
}

/// Refuses a group that none of the brokers has, before a request that would make it. Brokers that cannot say are
/// asked that request all the same.
///
/// # Errors
/// The group is not there; no broker is reached.
pub async fn expect(ctx: &Context, group: &str, brokers: &[Broker]) -> Result<(), CommandError> {
    let mut silent = None;
    let (mut there, mut refused) = (false, false);
    for answer in ctx.fan_out(brokers, |broker| read(ctx, &broker.addr, group)).await {
        match answer {
            Ok(config) => there |= config.is_some(),
            Err(CallError::Refused { .. } | CallError::Malformed { .. }) => refused = true,
            Err(error) => silent = Some(error),
        }
    }
    match silent {
        _ if there || refused => {}
        Some(error) => return Err(failed(&format!("look for group {group}"), &error)),
        None => return Err(ctx.unknown_group(group).await),
    }
    Ok(())
}

/// What a broker has after a write of `group`: the attributes are changed by those of the group, which have the signs
/// of their changes, not replaced.
pub fn after(
    before: Option<&SubscriptionGroupConfig>,
    group: &SubscriptionGroupConfig,
) -> SubscriptionGroupConfig {
    let mut attributes = before.map(|before| before.attributes.clone()).unwrap_or_default();
    for (name, value) in &group.attributes {
        match name.strip_prefix('+') {
            Some(name) => drop(attributes.insert(name.to_owned(), value.clone())),
            None => drop(attributes.remove(name.strip_prefix('-').unwrap_or(name))),
        }
    }
    SubscriptionGroupConfig { attributes, ..group.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_changed_by_their_signs() {
        let with = |pairs: &[(&str, &str)]| SubscriptionGroupConfig {
            attributes: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..SubscriptionGroupConfig::default()
        };
        let before = with(&[("a", "1"), ("b", "2")]);
        let table = [
            (&[("+a", "5"), ("-b", "")][..], &[("a", "5")][..]),
            (&[("é", ""), ("", "")], &[("a", "1"), ("b", "2")]),
        ];
        for (changes, want) in table {
            assert_eq!(after(Some(&before), &with(changes)), with(want), "{changes:?}");
        }
        assert_eq!(after(None, &with(&[("+a", "1")])), with(&[("a", "1")]));
    }
}
